"""What FaceTime's trees and the calls table look like, word by word: compared with the files in tests/golden/.

After a change that is meant to be seen, write them anew and look at the difference:

    FT_GOLDEN=write tools/check -q tests/test_golden.py
    git diff tests/golden

The captures are some tens of packets each: one datagram of each form that is recognised by itself; one of each that is known by what came
before it, with that, of which only the last one is looked at; the relay over TCP, the push in its packed form and QUIC with its keys; and of each
sample the first two packets and the last one of each phase of its call. The files hold for all versions of Wireshark; what differs between them is written alike (see alike())."""

import difflib
import itertools
import os
import re

import pytest

import every_field
import test_apns
import test_quic_keys
import test_relay_tcp
from ftools import datagrams, facts, later, paths, pcap, push, webrtc

SECONDS = {None: 1, "milli": 1e-3, "micro": 1e-6, "nano": 1e-9}
WRITE = os.environ.get("FT_GOLDEN") == "write"
FORMS_NAME, LATER_NAME = "forms", "later"
# Captures with options that show what is in them.
OTHERS = {
    "relay-tcp": lambda wireshark: (push.capture(wireshark, "relay-tcp.pcap", test_relay_tcp.TALK[:6], addresses=test_relay_tcp.ENDS, port=3482), ()),
    "web": lambda wireshark: (webrtc.capture(wireshark, [*webrtc.look_up(), *webrtc.call(packets=1)]), ()),
    "push-packed": lambda wireshark: (push.capture(wireshark, "push-packed.pcap", test_apns.containers()), test_apns.PACK_DECODE),
    "quic-keys": lambda wireshark: test_quic_keys.made(wireshark, (True, test_quic_keys.packet(True, 5, test_quic_keys.datagram(test_quic_keys.MEDIA) * 2)),
                                                     (True, test_quic_keys.packet(True, 6, test_quic_keys.stream(test_quic_keys.request("PUT", "/QR/AllocBind"))))),
    **every_field.MADE,
}
TREES_ONLY = [LATER_NAME, *OTHERS]
NAMES = [FORMS_NAME, *TREES_ONLY, *[name for name in paths.SAMPLES if (paths.GOLDEN / f"{name}.tree.txt").exists() or WRITE]]
each_capture = pytest.mark.parametrize("name", NAMES)

# Which end is the device may only be known after the first datagram of a flow.
DIRECTION = re.compile(r"(?<=^Apple FaceTime, )(\w+), (?:sent|received)")
# Lines that begin a tree of FaceTime's in the output of -V.
OURS = ("Apple FaceTime", "[FaceTime Call ", "Apple Push Notification Service")


def excerpt(name):
    """The packets of a sample that are looked at."""
    packets = pcap.read(paths.sample(name))[1]
    chosen = set()
    for call in facts.expected(name)["calls"]:
        for phase in call["phases"].values():
            frames = sorted(facts.numbers(phase["frames"]))
            chosen |= {*frames[:2], *frames[-1:]}
    return [packets[number - 1] for number in sorted(chosen)]


@pytest.fixture(scope="module")
def captures(wireshark):
    """captures[name]: the small capture of this name, and options of tshark."""
    made = {FORMS_NAME: datagrams.written(wireshark, "forms.pcap", datagrams.each_form())}
    made[LATER_NAME] = datagrams.written(wireshark, "later.pcap", later.each_form())
    made = {name: (capture, looked_at(name)) for name, capture in made.items()} | {name: make(wireshark) for name, make in OTHERS.items()}
    for name in NAMES[1 + len(TREES_ONLY):]:
        made[name] = wireshark.write(f"{name}.pcap", pcap.write(excerpt(name))), ()
    return made


def looked_at(name):
    """Arguments of tshark that leave the packets of a capture that are looked at."""
    if name != LATER_NAME:
        return ()
    last = itertools.accumulate(len(later.packets(form, 0)) for form in later.FORMS.values())
    return "-Y", f"frame.number in {{{','.join(map(str, last))}}}"


def alike(line):
    """The line as every version of Wireshark writes it: times without trailing zeroes, three dots for what is left out, long bytes cut."""
    # Since 4.6 in the unit that fits.
    line = re.sub(r"(\d+(?:\.\d+)?) (milli|micro|nano)?seconds?\b",
                  lambda match: f"{float(match[1]) * SECONDS[match[2]]:.9f}".rstrip("0").rstrip(".") + " seconds", line)
    line = re.sub(r" ?\[?…\]?", "...", line.replace(" […]:", ":").replace(" [truncated]:", ":")).rstrip()
    # Versions differ in how many bytes they show, and in whether the bracket of what is generated is closed behind them: 32 are enough here.
    return re.sub(r"\b([0-9a-f]{64})[0-9a-f]+(?:\.\.\.)?\]?", r"\1...", line)


def trees(out):
    """FaceTime's trees in the output of -V, below the number of each frame that has one."""
    found, ours, number = [], False, None
    for line in out.splitlines():
        if line.startswith("Frame "):
            number, ours = re.match(r"Frame (\d+):", line)[1], False
        elif line and line[0] != " ":
            ours = line.startswith(OURS)
            if ours and number:
                found += ["", f"Frame {number}"]
                number = None
        if ours and line:
            found.append(alike(line))
    return found[1:]


def compare(path, lines):
    """LINES are those of the golden file PATH; or they become so."""
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return
    wanted = path.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(wanted, lines, str(path.relative_to(paths.ROOT)), "shown now", lineterm="", n=4))
    assert not difference, "\n".join([*difference, "", "If this is what it should be: FT_GOLDEN=write tools/check -q tests/test_golden.py"])


def test_golden_files_are_complete():
    """A new sample has its files too, and no file is left of one that is gone."""
    wanted = {f"{name}.{kind}.txt" for name in [FORMS_NAME, *paths.SAMPLES] for kind in ("tree", "calls")} | {f"{name}.tree.txt" for name in TREES_ONLY}
    assert {path.name for path in paths.GOLDEN.glob("*.txt")} == wanted or WRITE


@each_capture
def test_trees(wireshark, captures, name):
    """tshark -2 -V, FaceTime's part."""
    compare(paths.GOLDEN / f"{name}.tree.txt", trees(wireshark.tshark(captures[name][0], "-2", "-V", *captures[name][1]).ok().out))


# Fields that no golden tree shows, and the test that shows them.
ELSEWHERE = {
    # Of a certificate each version of Wireshark shows something else.
    "apns.certificate": "test_apns",
    # What is shown once in thousands of flows, items or lines.
    "apns.many_items": "test_hostile", "apns.pack.many_items": "test_apns", "facetime.sdp.too_long": "test_sip",
    "facetime.stun.too_many_attributes": "test_stun", "facetime.call_limit": "test_flood", "facetime.exchange_limit": "test_stun",
    "facetime.flow_limit": "test_flood", "facetime.limit": "test_limit_items",
    # Remarks on a call that is changed for them.
    "facetime.checks_unanswered": "test_expert", "facetime.long_setup": "test_expert", "facetime.loss": "test_expert",
    "facetime.marked_differently": "test_expert", "facetime.relay_refused": "test_expert", "facetime.scattered": "test_scattered",
}


def test_each_field_is_in_a_golden_tree(wireshark, captures):
    """Each field and expert item of the plugin is shown by a capture above, or by a test that is named: none comes unseen, none is left in the list."""
    seen = set()
    for capture, args in captures.values():
        seen.update(re.findall(r'<(?:field|proto) name="((?:facetime|apns)[^"]*)"', wireshark.tshark(capture, "-2", "-T", "pdml", *args).ok().out))
    titles = {row[2]: row[1] for row in wireshark.table("fields") if row[0] == "F" and re.match(r"(?:facetime|apns)\b", row[2])}
    assert set(titles) - seen == set(ELSEWHERE)
    for name, test in ELSEWHERE.items():
        source = (paths.ROOT / "tests" / f"{test}.py").read_text(encoding="utf-8")
        assert name.rpartition(".")[2] in source or titles[name] in source, name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TREES_ONLY])
def test_calls(wireshark, captures, name):
    """tshark -z facetime,calls, on one pass and with -2."""
    lines = []
    for args in ((), ("-2",)):
        lines += [f"tshark {' '.join([*args, '-q', '-z', 'facetime,calls'])}"]
        lines += [line.rstrip() for line in wireshark.tshark(captures[name][0], *args, "-q", "-z", "facetime,calls").ok().out.splitlines()]
        lines += [""]
    compare(paths.GOLDEN / f"{name}.calls.txt", lines[:-1])


def test_forms_look_the_same_on_one_pass(wireshark, captures):
    """What a datagram's own bytes say is shown on the first pass as later; what others say of it, in brackets and as direction, may grow."""
    def of_the_bytes(*args):
        lines = trees(wireshark.tshark(captures[FORMS_NAME][0], *args, "-V").ok().out)
        return [DIRECTION.sub(r"\1", line) for line in lines if not line.lstrip().startswith("[")]

    assert of_the_bytes() == of_the_bytes("-2")
