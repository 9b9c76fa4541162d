"""What ends an RTP packet: key identifiers of 2 and 16 bytes, what is behind them, tags told by repetition, and the P bit."""

import struct

import pytest

from ftools import handmade, paths, pdml
from ftools.relaydata import DEVICE, RELAY, STATS, relay, rtp, sub_packet, u16

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.is_dir(), reason=paths.NO_SHARED)

NONE, LONG, SHORT, TAGGED = None, "1", "2", "3"     # facetime.rtp.trailer
SENDER = bytes.fromhex("066da16d746c45df0123456789abcdef")
ROLLED = bytes.fromhex("0011") + bytes.fromhex("82b9d01d") + b"\0" + bytes.fromhex("e78471ad") + bytes(5)
CONSTANT = b"\0\0\0\x20"


def body(number, size=60):
    """Bytes like cipher text, other ones for each packet."""
    return b"".join(struct.pack(">I", (number * 2654435761 + index * 40503 + 0x9E3779B9) & 0xFFFFFFFF | 0x01000000) for index in range(size // 4))


def shown(wireshark, *packets, passes="-2", kept=None):
    """RTP packets of one flow to the relay."""
    made = [handmade.packet(DEVICE, RELAY, STATS)]
    made += [handmade.packet(DEVICE, RELAY, relay(sub_packet({13: u16(0x5811)}, packet)), 20 + 20 * number, kept) for number, packet in enumerate(packets)]
    return pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])[1:]


def ends(packet):
    """(what ends the packet, key identifier, counter, constant, tag)."""
    return tuple(packet.value(f"facetime.rtp.{name}").replace(":", "") if packet.values(f"facetime.rtp.{name}") else None
                 for name in ("trailer", "mki", "roc", "mki_suffix", "tag"))


FORMS = {
    "2023": (SENDER + bytes(4), (LONG, SENDER.hex(), "0", None, None)),
    "2023, a counter": (SENDER + b"\0\0\0\x03", (LONG, SENDER.hex(), "3", None, None)),
    "2026, a group": (b"\0\x11" + CONSTANT, (SHORT, "0011", None, "0x00000020", None)),
    "2026, long": (ROLLED + CONSTANT, (LONG, ROLLED.hex(), None, "0x00000020", None)),
    "none": (b"\x77" * 20, (None, None, None, None, None)),
    "a large number": (SENDER + b"\0\0\1\0", (None, None, None, None, None)),
}


@each_pass
@pytest.mark.parametrize("name", FORMS)
def test_forms(wireshark, passes, name):
    """The first packet of a stream says it by itself; payload and trailer together are all bytes."""
    trailer, wanted = FORMS[name]
    packet = shown(wireshark, rtp(104, payload=body(1) + trailer), passes=passes)[0]
    assert ends(packet) == wanted
    assert len(packet.value("facetime.rtp.payload").replace(":", "")) // 2 == (60 if wanted[0] else 60 + len(trailer))


def test_parts_of_the_identifier(wireshark):
    """Roll and ratchet index, and in the newer long form the participant."""
    group, new, old = shown(wireshark, rtp(104, payload=body(1) + b"\x01\x23" + CONSTANT), rtp(104, 0x5EED0002, payload=body(1) + ROLLED + CONSTANT),
                            rtp(104, 0x5EED0003, payload=body(1) + SENDER + bytes(4)))
    assert [(packet.values("facetime.rtp.mki.roll"), packet.values("facetime.rtp.mki.ratchet"), packet.values("facetime.rtp.mki.participant"))
            for packet in (group, new, old)] == [(["18"], ["3"], []), (["1"], ["1"], ["0x82b9d01de78471ad"]), ([], [], [])]


@each_pass
def test_a_counter_behind_a_short_identifier(wireshark, passes):
    """By itself a last number of 1 would be behind a long identifier; from the second packet on what repeats says how long it is."""
    packets = shown(wireshark, *(rtp(104, sequence=number, payload=body(number) + b"\0\x11\0\0\0\1") for number in range(1, 5)), passes=passes)
    assert [ends(packet)[:3] for packet in packets[1:]] == [(SHORT, "0011", "1")] * 3
    assert (ends(packets[0])[0] == SHORT) == (passes == "-2")


@each_pass
def test_a_long_identifier_that_repeats(wireshark, passes):
    """By itself 0x20 would be the constant of a short one."""
    packets = shown(wireshark, *(rtp(104, sequence=number, payload=body(number) + SENDER + CONSTANT) for number in range(1, 5)), passes=passes)
    assert [ends(packet)[0] for packet in packets[1:]] == [LONG] * 3
    assert (ends(packets[0])[0] == LONG) == (passes == "-2")


def tagged(kind, number, key=b"\0\x11", ssrc=0x5EED0001):
    """A packet of one-to-one media: the counter where the sequence number is a multiple of 128, and a tag of the media's length."""
    tag = {104: 4, 100: 10}[kind]
    return rtp(kind, ssrc, number, payload=body(number) + key + (b"" if number & 0x7F else b"\0\0\0\2") + b"\x9c" * (tag - 1) + bytes([number & 0xFF | 1]))


@each_pass
@pytest.mark.parametrize("kind", [104, 100])
def test_tags(wireshark, passes, kind):
    """The identifier is known when it has come four times; then from the first of these on. It may change later."""
    numbers = range(125, 133)
    packets = shown(wireshark, *(tagged(kind, number, b"\0\x12" if number > 130 else b"\0\x11") for number in numbers), passes=passes)
    known = [ends(packet) for packet in packets]
    first = 3 if passes == "pass 1" else 0
    assert [row[0] for row in known] == [None] * first + [TAGGED] * (8 - first)
    assert {row[1] for row in known[first:6]} == {"0011"} and {row[1] for row in known[6:]} == {"0012"}
    assert [row[2] for row in known[first:]] == [None if number & 0x7F else "2" for number in numbers][first:]
    assert {len(row[4]) for row in known[first:]} == {2 * {104: 4, 100: 10}[kind]}


def test_bytes_that_do_not_repeat_are_no_identifier(wireshark):
    """Streams apart: what repeats across them says nothing."""
    packets = shown(wireshark, *(tagged(104, number, ssrc=0x5EED0000 + number) for number in range(1, 9)))
    assert {ends(packet)[0] for packet in packets} == {None}


def test_no_trailer_in_calls_of_2010(wireshark):
    extended = bytes([0x90, 104]) + u16(7) + struct.pack(">II", 48000, 0x5EED0001) + u16(0x4400, 2) + bytes(8) + body(1) + SENDER + bytes(4)
    assert ends(shown(wireshark, extended)[0])[0] is None


@each_pass
def test_truncated(wireshark, passes):
    """Where the end was not captured there is no trailer, and nothing is malformed by it."""
    whole = rtp(104, payload=body(1) + SENDER + bytes(4))
    for kept in (20, 40, 80, len(whole) + 7):
        packet = shown(wireshark, whole, passes=passes, kept=kept)[0]
        assert ends(packet)[0] is None and packet.value("rtp.ssrc") == "0x5eed0001"


@each_pass
@pytest.mark.parametrize("size", range(8))
def test_too_short(wireshark, passes, size):
    """Packets that have no room for an identifier."""
    zeroes, constant = shown(wireshark, rtp(104, payload=bytes(size)), rtp(104, 0x5EED0002, payload=(bytes(size) + CONSTANT)[-size:] if size else b""), passes=passes)
    assert ends(zeroes)[0] is None and ends(constant)[0] == (SHORT if size >= 6 else None)


@each_pass
def test_padding_bit(wireshark, passes):
    """FaceTime's P bit is not RFC 3550's: a footer inside the cipher text. The stock dissector must not take the last byte for a count."""
    packet = rtp(104, payload=body(1) + SENDER + bytes(4))
    found = shown(wireshark, bytes([packet[0] | 0x20]) + packet[1:], passes=passes)[0]
    assert found.values("rtp.padding.count") == found.values("rtp.padding.data") == [] and "_ws.malformed" not in found.protocols
    assert found.values("facetime.rtp.footer") == ["1"] and found.value("rtp.ssrc") == "0x5eed0001" and ends(found)[0] == LONG


@needs_real
@pytest.mark.parametrize("path, packets", [(paths.WIFI, 1488), (paths.CELLULAR, 2501)], ids=("wifi", "cellular"))
def test_real_calls(wireshark, path, packets):
    """All packets of 2023 end with a long identifier and a counter of 0."""
    assert wireshark.count(path, "facetime.rtp.trailer == 1 && facetime.rtp.roc == 0", "-2") == packets == wireshark.count(path, "rtp", "-2")
