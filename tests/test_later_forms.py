"""Forms that are known only on a flow that is FaceTime's already, or by what came before them (ftools/later.py): each is shown, what is
nearly the same is not taken for it, and between strangers it is nothing."""

import collections

import pytest

from ftools import datagrams, facts, later
from ftools.later import FORMS

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
COLUMNS = ("facetime.kind", *sorted({form.field for form in FORMS.values()}))


@pytest.fixture(scope="module")
def shown(wireshark):
    """shown[passes]["form" or "alike" or "stranger"][name]: the fields of the datagram."""
    def rows(packets, args):
        found = wireshark.fields(datagrams.written(wireshark, "later.pcap", [packet for group in packets.values() for packet in group]), COLUMNS, *args)
        made, at = {}, 0
        for name, group in packets.items():
            at += len(group)
            made[name] = found[at - 1]
        return made

    groups = collections.defaultdict(dict)
    for number, (name, form) in enumerate(FORMS.items()):
        groups["form"][name] = later.packets(form, number)
        groups["alike"][name] = later.packets(form, len(FORMS) + number, form.alike)
        groups["stranger"][name] = [later.stranger(form, number)]
    return {passes: {what: rows(packets, args) for what, packets in groups.items()} for passes, args in PASSES.items()}


@pytest.fixture(scope="module")
def kinds(wireshark):
    """The words of facetime.kind by number."""
    return facts.words(wireshark)["facetime.kind"]


@each_pass
@pytest.mark.parametrize("name", FORMS)
def test_form(shown, kinds, passes, name):
    row = shown[passes]["form"][name]
    assert [kinds[int(kind)] for kind in row["facetime.kind"]] == [FORMS[name].kind] and row[FORMS[name].field]


@each_pass
@pytest.mark.parametrize("name", FORMS)
def test_look_alike(shown, passes, name):
    """On the same flow, behind the same datagrams."""
    assert not shown[passes]["alike"][name][FORMS[name].field]


@each_pass
@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if not form.alone])
def test_between_strangers(shown, passes, name):
    assert {field: values for field, values in shown[passes]["stranger"][name].items() if values} == {}
