"""Captures changed in ways whose effect on the answer is known: a part of what the command tests/metamorphic runs.

What deviates today is a list that is strict in both directions: who mends a kind of fault runs `tests/metamorphic --update`.
"""

import dataclasses
import os
import subprocess
import sys

import pytest

from ftools import paths
from ftools.meta import changes, combos, known, links, run

COMMAND = paths.ROOT / "tests" / "metamorphic"
BY_NAME = {one.name: one for one in combos.COMBINATIONS}
PLAIN = f"link/ethernet/{combos.NEW}"


def changed(name, **more):
    """A combination whose case is another one."""
    return combos.Combination(name, lambda: dataclasses.replace(BY_NAME[name].make(), **more))


def test_there_are_enough():
    """Six hundred of them, each with a name of its own, and thirty encapsulations."""
    assert len(BY_NAME) == len(combos.COMBINATIONS) >= (600 if paths.REAL.is_dir() else 500)
    assert len(links.LINKS) >= 30
    assert all(name.count("/") == 2 for name in BY_NAME)


def test_lists():
    """What is known not to hold is little, is there, and is not wrong today, too."""
    reasons = {name: known.reason(name) for name in BY_NAME}
    assert sum(map(bool, reasons.values())) <= len(BY_NAME) // 50
    assert [name for name in known.wrong_today((9,)) if reasons.get(name)] == []
    if paths.REAL.is_dir():
        assert [name for name in known.wrong_today((9,)) if name not in BY_NAME] == []


def test_part(wireshark):
    """One combination of each kind of change. None deviates that is not listed, and none is listed that holds."""
    chosen = combos.quick()
    deviations = run.all_of(wireshark, chosen, os.cpu_count() or 1)
    print(run.report(deviations, chosen, wireshark.version))
    unexpected = run.unexpected(deviations, chosen, wireshark.version)
    assert unexpected == [], {name: deviations.get(name) for name, _ in unexpected}


@pytest.mark.parametrize("items", [(), combos.base(combos.NEW).items[::3], combos.base(combos.NEW).items[60:]], ids=("none", "each third", "the later ones"))
def test_truth_follows_the_packets(wireshark, items):
    """A case with other packets has another answer, which is right of it: what is true is worked out from the packets."""
    assert run.one_of(wireshark, changed(PLAIN, items=items, ask=combos.NO_STATE)) == []


@pytest.mark.parametrize("what, change", [
    ("calls", lambda case: {"calls": {**case.calls, 2: case.calls[1]}, "items": tuple(dataclasses.replace(item, call=2 if item.relayed else item.call)
                                                                                      for item in case.items)}),
    ("datagrams not in their call", lambda case: {"items": changes.beside(case.items, [changes.udp(
        case.items[60].time, ("192.168.1.9", 50053), ("192.0.2.53", 53), bytes(20), call=1, datagram=True)])}),
    ("device", lambda case: {"calls": {1: dataclasses.replace(case.calls[1], devices=frozenset(("192.0.2.1",)))}}),
    ("relay", lambda case: {"calls": {1: dataclasses.replace(case.calls[1], relays=frozenset(("192.0.2.1",)))}}),
    ("peer", lambda case: {"calls": {1: dataclasses.replace(case.calls[1], peers=frozenset(("192.0.2.1",)))}}),
    ("state", lambda case: {"calls": {1: dataclasses.replace(case.calls[1], state="declined")}}),
    ("media", lambda case: {"calls": {1: dataclasses.replace(case.calls[1], media=dict.fromkeys(case.calls[1].media, "audio"))}}),
    ("path", lambda case: {"items": tuple(dataclasses.replace(item, relayed=False) for item in case.items)}),
    ("streams", lambda case: {"items": tuple(dataclasses.replace(item, rtp=item.rtp if number % 2 else ()) for number, item in enumerate(case.items))}),
    ("other traffic in a call", lambda case: {"items": tuple(dataclasses.replace(item, call=None, datagram=False) if number == 60 else item
                                                            for number, item in enumerate(case.items))}),
])
def test_oracle_can_say_no(wireshark, what, change):
    """With something else for the truth, the ordinary capture deviates."""
    found = run.one_of(wireshark, changed(PLAIN, **change(BY_NAME[PLAIN].make())))
    assert [each for each, _, _ in found if each.startswith(what)], found


def command(*args):
    """Runs the command; (status, output)."""
    done = subprocess.run([sys.executable, COMMAND, *args], capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "FT_PLUGIN": str(paths.plugin())})
    return done.returncode, done.stdout


def test_command():
    """Its list, its parts, and a run whose line says how many hold."""
    status, out = command("--list")
    assert status == 0 and out.split("\n")[:-1] == list(BY_NAME)
    parts = [command("--list", "--part", f"{number}/3")[1].split("\n")[:-1] for number in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(BY_NAME)
    status, out = command(PLAIN)
    assert status == 0 and "1 of 1 combinations hold (100.0 %)" in out
