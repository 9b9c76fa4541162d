"""Relay channel data, link messages and what travels beside them, made by hand from the descriptions of the formats."""

import struct

from . import handmade

DEVICE, RELAY = ("192.168.1.90", 16393), ("17.249.172.90", 3482)


def u16(*numbers):
    """Numbers of 16 bits, one after the other."""
    return struct.pack(f">{len(numbers)}H", *numbers)


def u32(*numbers):
    """Numbers of 32 bits, one after the other."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def sub_packet(fields=None, payload=b"", marks=()):
    """A sub-packet: FIELDS gives the bytes of each bit that has some, MARKS are bits without. Two flags words where one is not enough."""
    fields = fields or {}
    flags = sum(1 << bit for bit in {*fields, *marks})
    head = u16(flags & 0x7FFF) if flags < 0x8000 else u16(flags & 0xFFFF | 0x8000, flags >> 16)
    return head + b"".join(fields[bit] for bit in sorted(fields)) + payload


def relay(*sub_packets, length=None, padding=b"", channel=0x6000):
    """A datagram of relay channel data; LENGTH: what its header says, if that is not the truth."""
    body = b"".join(sub_packets)
    return u16(channel, len(body) if length is None else length) + body + padding


STATS = relay(sub_packet({0: u16(0x1001), 9: u16(7)}, marks=(6,)))      # what the device sends first, and most


def link_message(command, *tlvs, length=None, rest=b""):
    """A link message; TLVs are (type, value) or (type, value, length that the TLV states)."""
    body = b"".join(u16(kind, *(stated or (len(value),))) + value for kind, value, *stated in tlvs) + rest
    return u16(command, len(body) if length is None else length) + bytes(16) + body


def rtp(payload_type=104, ssrc=0x5EED0001, sequence=7, payload=b"\x5a" * 40):
    """An RTP packet without extension."""
    return bytes([0x80, payload_type]) + u16(sequence) + u32(48000, ssrc) + payload


def stun(kind, *attributes):
    """A STUN message; attributes are (type, value)."""
    body = b"".join(u16(number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes)
    return u16(kind, len(body)) + u32(0x2112A442) + bytes(range(12)) + body


def peer_address(address=(198, 51, 100, 9), port=16402):
    """STUN's XOR-PEER-ADDRESS."""
    return 0x0012, u16(1, port ^ 0x2112) + u32(int.from_bytes(bytes(address), "big") ^ 0x2112A442)


def sent(*payloads, kept=None, first=(STATS,)):
    """Packets of the device to the relay, 10 ms apart: FIRST, which make the flow known, then PAYLOADS. KEPT: bytes that the capture
    kept of each of these."""
    return [handmade.packet(DEVICE, RELAY, payload, 10 * number, kept if number >= len(first) else None)
            for number, payload in enumerate((*first, *payloads))]
