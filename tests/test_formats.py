"""What other programs read of a packet: JSON, the bulk format of search engines (EK), PDML. Each name in them is one that the plugin registered, and
none is there twice where a reader would lose one of the two."""

import collections
import json
import re
import xml.etree.ElementTree

import pytest

from ftools import paths, views

# A part of the situations: each of another kind. The samples have the rest.
SITUATIONS = ("modern-group", "legacy-declined", "modern-handover-two-interfaces", "modern-rejected", "legacy-both-sides-of-nat")
CAPTURES = [*paths.SAMPLES, *SITUATIONS, *sorted(paths.REAL.glob("*.pcapng"))]
MINE = ("facetime", "apns")


def capture_of(name):
    """A sample, a situation, or a file."""
    return views.capture(name) if isinstance(name, str) else name


def is_mine(name):
    """Is the field or protocol one of the plugin's?"""
    return re.split(r"[._]", name)[0] in MINE


@pytest.fixture(scope="module")
def registered(wireshark):
    """Names of all fields and protocols."""
    lines = wireshark.run("tshark", "-G", "fields").ok().out.splitlines()
    return {line.split("\t")[2] for line in lines if line[:1] in "FP"}


def test_names_fold_to_different_ones(registered):
    """EK writes a point as an underscore: two names that differ in it only are one there."""
    folded = collections.defaultdict(set)
    for name in registered:
        folded[name.replace(".", "_")].add(name)
    assert [names for names in folded.values() if len(names) > 1 and any(map(is_mine, names))] == []


def objects(text):
    """The JSON in TEXT, each object as a list of pairs: a dictionary would drop what is there twice."""
    return json.loads(text, object_pairs_hook=list)


def walk(value):
    """All objects inside of a value."""
    if isinstance(value, list):
        if value and all(isinstance(one, tuple) for one in value):
            yield value
            for _, inner in value:
                yield from walk(inner)
        else:
            for one in value:
                yield from walk(one)


@pytest.mark.parametrize("name", CAPTURES, ids=str)
def test_ek(wireshark, name):
    """No key of the plugin's twice in an object, which Elasticsearch refuses."""
    twice = collections.Counter()
    seen = 0
    for line in wireshark.tshark(capture_of(name), "-T", "ek").ok().out.splitlines():
        for one in walk(objects(line)):
            keys = collections.Counter(key for key, _ in one)
            seen += sum(is_mine(key) for key in keys)
            twice.update(key for key, count in keys.items() if count > 1 and is_mine(key))
    assert seen > 100 and not twice


@pytest.mark.parametrize("name", CAPTURES, ids=str)
def test_json(wireshark, registered, name):
    """Keys are registered names, never the text of a line, which changes from packet to packet; call and host are layers of their own."""
    keys = set()
    for layers in (value for one in walk(objects(wireshark.tshark(capture_of(name), "-2", "-T", "json").ok().out)) for key, value in one if key == "layers"):
        for layer, content in layers:
            if is_mine(layer):
                keys.add(layer)
                keys |= {key for one in walk(content) for key, _ in one}
    plain = {key.removesuffix("_tree").removesuffix("_raw") for key in keys}
    assert plain - registered - {"filtered"} <= {"_ws.expert", "_ws.expert.message", "_ws.expert.severity", "_ws.expert.group", "_ws.malformed"} | {""}
    assert {"facetime", "facetime_calls"} <= plain


@pytest.mark.parametrize("name", [*paths.SAMPLES, "modern-group"])
def test_pdml(wireshark, registered, name):
    """Programs that read PDML layer by layer find the plugin's fields in its layers."""
    wrong, layers = set(), set()
    for proto in xml.etree.ElementTree.fromstring(wireshark.tshark(capture_of(name), "-T", "pdml").ok().out).iter("proto"):
        mine = [field.get("name") for field in proto.iter("field") if is_mine(field.get("name", ""))]
        layers.add(proto.get("name"))
        wrong |= {(proto.get("name"), field) for field in mine if proto.get("name") == "fake-field-wrapper" or field not in registered}
    assert not wrong and {"facetime", "facetime_calls"} <= layers


def test_hierarchy(wireshark):
    """The call is no protocol of its own in the protocol hierarchy."""
    out = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", "io,phs").ok().out
    assert "facetime " in out and "facetime_calls" not in out and "facetime_hosts" not in out
