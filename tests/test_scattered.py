"""No verdict without a basis: a traffic generator's file, in which one SSRC comes from more addresses than a call has paths."""

import pytest

from ftools import datagrams, handmade, table

PASSES = {"pass 1": (), "-2": ("-2",)}
TABLES = [word for name in ("calls", "streams", "nodes", "events", "quality") for word in ("-z", f"facetime,{name}")]
SSRC, PORT = 0x5EED0001, 16402
each_pass = pytest.mark.parametrize("passes", PASSES)


def rtp(number, timestamp, ssrc=SSRC):
    """RTP with the header extension of 2010, which is known by itself."""
    head = bytes([0x90, 104]) + datagrams.u16(number % 65536) + datagrams.u32(timestamp % 2 ** 32, ssrc)
    return head + datagrams.u16(0x4400, 2) + datagrams.u32(1, 2) + bytes(60)


def generated(pairs, packets=6, step=20):
    """PAIRS of addresses, one after the other, each with PACKETS of the one SSRC: most of its numbers are missing."""
    for pair in range(pairs):
        here, there = (f"192.0.{2 + pair // 250}.{1 + pair % 250}", PORT), (f"198.51.{100 + pair // 250}.{1 + pair % 250}", PORT)
        for count in range(packets):
            number = pair * 90 + count
            yield handmade.packet(here, there, rtp(number, 480 * number), pair * step + count)


def shown(wireshark, capture, passes):
    out = wireshark.tshark(capture, *PASSES[passes], "-q", *TABLES).ok().out
    return {name: table.rows(out, f"FaceTime {name}", ("Call",)) for name in ("Calls", "Streams", "Nodes", "Events", "Quality")}


@each_pass
def test_generated(wireshark, passes):
    """One call, less sure than its form says; no loss; one row for all hosts; no event that something was lost; a note that says why."""
    capture = handmade.capture(wireshark, generated(300))
    found = shown(wireshark, capture, passes)
    call, = found["Calls"]
    assert call["Confidence"] != "high" and "299 pairs of addresses" in call["Notes"]
    assert found["Streams"] and all((row["Lost"], row["Lost (%)"]) == ("-", "-") and "many addresses" in row["Notes"] for row in found["Streams"])
    node, = found["Nodes"]
    assert node["Address"] == "192.0.2.1 and 599 more" and node["Filter"] == "facetime.call == 1" and node["Packets"] == str(2 * 1800)
    assert not [row for row in found["Events"] if row["Event"] == "lost"]
    assert all(row["Lost"] == row["Broken frames"] == "-" for row in found["Quality"])
    assert wireshark.count(capture, "facetime.loss || facetime.rtp.lost", "-2") == 0
    assert wireshark.count(capture, "facetime.scattered", "-2") == 1


def test_in_the_window(wireshark):
    """The same row, asked for twice."""
    capture = handmade.capture(wireshark, generated(300))
    request = ("tap", {"tap0": "nstat:facetime,nodes"})
    first, second = wireshark.sharkd(capture, request, request)
    assert first == second
    row, = first["taps"][0]["tables"][0]["i"]
    assert row[1] == "192.0.2.1 and 599 more"


@each_pass
def test_as_many_as_a_call_may_have(wireshark, passes):
    """Up to 80 paths beside the first one, a call has its verdicts."""
    for pairs, scattered in ((81, False), (82, True)):
        found = shown(wireshark, handmade.capture(wireshark, generated(pairs)), passes)
        assert len(found["Nodes"]) == (1 if scattered else 2 * pairs)
        assert {row["Lost"] == "-" for row in found["Streams"]} == {scattered}
        assert ["one SSRC" in row["Notes"] for row in found["Calls"]] == [scattered]
