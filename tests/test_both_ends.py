"""Both ends of a call in one capture, as at the router of both, or of two files that were merged: what is said of a side is said of that side alone."""

import pytest

from ftools import datagrams, paths, pcap, table
from generator.situations import each_end as story  # by the path that ftools.datagrams adds

assert datagrams
PASSES = {"pass 1": (), "-2": ("-2",)}
TABLES = [word for name in ("calls", "streams", "events", "quality") for word in ("-z", f"facetime,{name}")]
EVENTS = ("Call", "Frame")
QUALITY = ("Call", "Second", "Audio (kbit/s)", "Video (kbit/s)", "Frames/s", "Complete frames", "Broken frames", "Lost", "Repaired", "Paused")
# Where the other end has no say: who turned the device, took the other camera, was silent, began anew.
OWN = ("rotated", "camera", "silent", "speaks", "codec", "mode", "new stream", "new generation of streams", "media started")


def packets_of(name):
    linktype, packets = pcap.read(paths.CAPTURES / "situations" / f"{name}.pcap")
    assert linktype == pcap.ETHERNET
    return packets


def tables(wireshark, capture, passes=()):
    out = wireshark.tshark(capture, *passes, "-q", *TABLES).ok().out
    return {"calls": table.rows(out), "streams": table.streams(out), "events": table.rows(out, "FaceTime Events", EVENTS),
            "quality": table.rows(out, "FaceTime Quality", QUALITY)}


@pytest.fixture(scope="module", params=PASSES)
def both(request, wireshark, tmp_path_factory):
    """(tables of the merged capture, tables of the caller's, tables of the callee's)."""
    path = tmp_path_factory.mktemp("both") / "both.pcap"
    merged = sorted(packets_of("modern-each-end-caller") + packets_of("modern-each-end-callee"), key=lambda packet: packet.time)
    path.write_bytes(pcap.write(merged, pcap.ETHERNET))
    return [tables(wireshark, one, PASSES[request.param]) for one in
            (path, *(paths.CAPTURES / "situations" / f"modern-each-end-{end}.pcap" for end in ("caller", "callee")))]


def sent(found):
    """Second -> what the device sent in it. The last one is cut off where the call ends."""
    rows = {row["Second"]: row for row in found["quality"] if row["Sender"] == "device"}
    return [rows[second] for second in sorted(rows)][:-1]


def test_one_call_that_the_device_ended(both):
    """Which counts of the relay are the device's: those of the caller's own legs."""
    call, = both[0]["calls"]
    alone, = both[1]["calls"]
    for column in ("State", "End", "Uplink lost", "Downlink lost"):
        assert call[column] == alone[column]


@pytest.mark.parametrize("sender, alone", (("device", 1), ("peer", 2)))
def test_quality_is_of_one_sender(both, sender, alone):
    """Bit rate and frames of a side are what it sends: not that of both, and nothing is lost where it came at one of the two places."""
    rows = {row["Second"]: row for row in both[0]["quality"] if row["Sender"] == sender}
    right = sent(both[alone])
    assert len(right) > 6
    for row in right:
        found = rows[row["Second"]]
        assert found["Frames/s"] == pytest.approx(row["Frames/s"], abs=1)
        assert found["Lost"] == found["Broken frames"] == 0
        for column in ("Audio (kbit/s)", "Video (kbit/s)"):
            assert found[column] == pytest.approx(row[column], rel=0.15, abs=1.5), (row["Second"], column)


def test_events_of_a_side_are_its_own(both):
    """The callee holds its device otherwise than the caller: that does not take turns with it."""
    for who, alone in (("device", 1), ("peer", 2)):
        for kind in OWN:
            found = [row["What"] for row in both[0]["events"] if (row["Event"], row["Who"]) == (kind, who)]
            right = [row["What"] for row in both[alone]["events"] if (row["Event"], row["Who"]) == (kind, "device")]
            assert sorted(found) == sorted(right), (kind, who)


def test_whose_leg(both):
    """What happened on the callee's leg before there was media is the callee's, too."""
    for row in both[0]["events"]:
        if row["Event"] in ("relay session opened", "leg up"):
            assert row["Who"] == ("peer" if "192.168.1.65" in row["What"] else "device")


def test_no_layer_is_lost(both):
    """The relay forwards one size of the caller's picture at a time. What was not forwarded to the callee is not lost; what the caller did not get is."""
    lost = {"sent": 0, "received": 0}
    for row in both[0]["streams"]:
        lost[row["Direction"]] += row["Lost"]
    assert lost == {"sent": 0, "received": len(story.LOST_UP) + len(story.LOST_DOWN)}
