"""Signalling in virtual transport packets, as a patent describes them: shown on flows that are FaceTime, and never a sign of it."""

import pytest

from ftools import handmade, pdml
from ftools.relaydata import STATS, rtp, stun, u16, u32

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

ENDS = ("192.168.1.90", 16402), ("198.51.100.90", 16402)
APPLE_STUN = stun(0x0001, (0x8007, u32(0)))                     # makes the flow known
SIP = (b"INVITE sip:user@198.51.100.90:16402 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.90:16402\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n"
       b"To: <sip:b@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
DTLS = b"\x16\xfe\xff" + u16(0) + bytes(6) + u16(25) + b"\x03" + bytes(2) + b"\x0d" + bytes(8) + b"\xfe\xff" + bytes(11)
INSIDE = {"sip": (SIP, "1"), "stun": (stun(0x0001, (0x0024, u32(1))), "2"), "dtls": (DTLS, "3")}


def shown(wireshark, payloads, passes="-2", first=APPLE_STUN, kept=None):
    return pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(*ENDS, first)] + [
        handmade.packet(*ENDS, payload, 10 * number, kept) for number, payload in enumerate(payloads, 1)]), *PASSES[passes])[1:]


@each_pass
@pytest.mark.parametrize("header", [b"\x11", b"\x01\x02\x03\x04", b"\x7f" + bytes(15)], ids=("1 byte", "4 bytes", "16 bytes"))
def test_wrapped(wireshark, passes, header):
    """What is wrapped goes to its dissector, what is before it is shown as bytes, and where all this is from is said."""
    for (protocol, (payload, number)), packet in zip(INSIDE.items(), shown(wireshark, [header + payload for payload, _ in INSIDE.values()], passes)):
        assert packet.value("facetime.vtp.inside") == number and packet.value("facetime.vtp.media") == "0", protocol
        assert packet.value("facetime.vtp.header") == header.hex(":") and protocol in packet.protocols
        assert "facetime.vtp.patent" in packet.names("facetime.vtp.") and packet.value("facetime.kind") == "0"
        assert packet.value("facetime.call") == "1"


def test_other_forms_come_first(wireshark):
    """RTP has the first bit; what is not wrapped, or after a longer header than is looked for, is none of it."""
    payloads = [rtp(), SIP, INSIDE["stun"][0], b"\x81" + SIP, bytes(17) + SIP, b"\x11" + SIP[:6], b"\x11\x22\x33"]
    packets = shown(wireshark, payloads)
    assert [packet.names("facetime.vtp.") for packet in packets] == [set()] * len(payloads)


def test_never_evidence(wireshark):
    """On a flow that shows nothing else it is nothing, not even on FaceTime's ports."""
    packets = shown(wireshark, [b"\x11" + payload for payload, _ in INSIDE.values()] * 2, first=b"\x11" + SIP)
    assert [packet.number for packet in packets if packet.values("facetime.kind") or packet.values("facetime.call")] == []


@each_pass
def test_truncated_and_wrong(wireshark, passes):
    """Cut, over-long and with a length that is not right: no dissector of this plugin gives up, and the packet is of the call."""
    stun_message = INSIDE["stun"][0]
    payloads = [b"\x11" + stun_message + b"\0", b"\x11" + stun_message[:-1], b"\x11" + DTLS[:20], b"\x11" + DTLS + b"\0"]
    for packet in shown(wireshark, payloads, passes):
        assert packet.value("facetime.kind") == "0" and packet.value("facetime.call") == "1"
        assert packet.value("facetime.vtp.inside") in (None, "3")
    for kept in (2, 9, 20, 30):
        packet, = shown(wireshark, [b"\x11" + SIP], passes, kept=kept)
        assert packet.values("facetime.call") == ["1"] and "_ws.malformed" not in packet.value("frame.protocols")


def test_in_the_window(wireshark):
    made = handmade.capture(wireshark, [handmade.packet(*ENDS, payload, 10 * number)
                                        for number, payload in enumerate((APPLE_STUN, STATS, *(b"\x11" + payload for payload, _ in INSIDE.values())))])
    listing = ("frames", {"filter": "facetime.vtp.inside", "column0": "facetime.vtp.inside:1"})
    first, second = wireshark.sharkd(made, listing, listing)
    assert first == second and [frame["num"] for frame in first] == [3, 4, 5]
