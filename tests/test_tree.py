"""The counters: -z facetime,tree, in sharkd stat:facetime. What they count is compared with the fields of each packet."""

import collections
import re

import pytest

from ftools import facts, paths, pcap

TREE = ("-q", "-z", "facetime,tree")
each_sample = pytest.mark.parametrize("name", paths.SAMPLES)


def counters(out):
    """(top, name) -> count, and (top, "") -> the top's own."""
    found, top = {}, None
    for line in out.splitlines():
        match = re.match(r"( ?)(\S.*?)\s{2,}(\d+)(\s|$)", line)
        if match and not match[1]:
            top = match[2]
        if match:
            found[top, match[2] if match[1] else ""] = int(match[3])
    return found


@pytest.fixture(scope="module")
def frames_of(wireshark):
    """frames_of(name): what tshark says of each frame, with -2."""
    made = {}

    def frames(name):
        if name not in made:
            made[name] = facts.Frames(wireshark, paths.sample(name), "-2")
        return made[name]

    return frames


def counted(rows, name):
    """Packets of the call by each value of a field."""
    return collections.Counter(value for row in rows for value in row[name])


@each_sample
def test_counters(wireshark, frames_of, name):
    """Kinds, phases, calls and payload types, as the fields have them."""
    tree = counters(wireshark.tshark(paths.sample(name), "-2", *TREE).ok().out)
    rows = [row for row in frames_of(name).rows if row["facetime.call"]]
    tops = collections.defaultdict(dict)
    for (top, child), count in tree.items():
        if child:
            tops[top][child] = count
    datagrams = [row for row in rows if row["kind"]]
    kinds = tops["FaceTime packets by kind"]
    assert {kind: kinds[kind] for kind in counted(datagrams, "kind") if kind != "unknown"} == {
        kind: count for kind, count in counted(datagrams, "kind").items() if kind != "unknown"}
    assert tops["FaceTime packets by phase of the call"] == counted(rows, "call.phase")
    assert tops["FaceTime packets by call"] == {f"call {number}": count for number, count in counted(rows, "facetime.call").items()}
    types = {int(child.split(":")[0]): count for child, count in tops["RTP packets by payload type"].items()}
    # Each with its name.
    assert all(re.fullmatch(r"\d+: [A-Z].*", child) for child in tops["RTP packets by payload type"])
    assert types == {int(number): count for number, count in counted([row for row in rows if "icmp" not in row["protocols"]], "rtp.p_type").items()}
    media = sum(types.values())
    assert tree["RTP packets by path", ""] == tree["RTP packets by direction", ""] == tree["RTP packet length (bytes)", ""] == media


@each_sample
def test_paths_and_directions(wireshark, name):
    """As the generator made them."""
    tree = counters(wireshark.tshark(paths.sample(name), "-2", *TREE).ok().out)
    call, = facts.expected(name)["calls"]
    ways = collections.Counter()
    for stream in call["streams"]:
        own = facts.endpoint(stream["source"])[0] in (call["device"], call.get("device_direct"))
        ways["RTP packets by path", stream["path"]] += stream["packets"]
        ways["RTP packets by direction", "sent" if own else "received"] += stream["packets"]
    assert {key: tree[key] for key in ways} == ways


@each_sample
def test_pass_1(wireshark, name):
    """On one pass what came before its flow was known counts as it does on two."""
    one, two = (counters(wireshark.tshark(paths.sample(name), *passes, *TREE).ok().out) for passes in ((), ("-2",)))
    assert one == two


@each_sample
def test_same_in_sharkd(wireshark, name):
    """The window plots it from the same counters."""
    answer, = wireshark.sharkd(paths.sample(name), ("tap", {"tap0": "stat:facetime"}))
    tap, = answer["taps"]
    found = {}
    for top in tap["stats"]:
        found[top["name"], ""] = top["count"]
        found.update({(top["name"], child["name"]): child["count"] for child in top.get("sub", [])})
    assert found == counters(wireshark.tshark(paths.sample(name), "-2", *TREE).ok().out)


def test_filter(wireshark):
    """Only what the filter lets through counts."""
    out = wireshark.tshark(paths.sample("facetime-relay"), "-2", "-q", "-z", "facetime,tree,facetime.call.phase == 9 || facetime.kind == 1").ok().out
    assert {key for key in counters(out) if key[0] == "FaceTime packets by kind"} == {("FaceTime packets by kind", ""), ("FaceTime packets by kind", "stun")}


def test_empty_capture(wireshark):
    """All counters are there, at zero."""
    tree = counters(wireshark.tshark(wireshark.write("empty.pcap", pcap.write([])), *TREE).ok().out)
    assert len(tree) == 8 and set(tree.values()) == {0}
