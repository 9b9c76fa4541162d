"""Relay channel data (Apple's QuickRelay): the channel header and its sub-packets; link messages; link probes.

Bits, sizes and order were worked out on captures of the RTC-Measurement-Project (2025) and public decompilations of
Apple's IDSFoundation framework; the names are those of its log messages. The forms of calls of 2026 are those that the
OpenBubbles project's rustpush reads.
"""

import hashlib
import hmac
import struct

from . import net

# Bits of the flags words that have no data. 20 and 21 mark link messages: 21 those of the device, both those of the relay
# (words 0x208000 and 0x308000 in the captures).
MARKS = (6, 8, 11, 16, 18, 19, 20, 21, 23, 24)
TRANSITION, HOP_BY_HOP, BASE_LAYER, LINK_MESSAGE = 11, 16, 20, 21


def u16(number):
    """A 16-bit value."""
    return struct.pack("!H", number)


def sub_packet(payload=b"", *, marks=(), stream=None, secondary=None, participant=None, priority=None, probe_group=None, version=None,
               stats=None, report=None, link=None, secondary_links=None, session_state=None, more=False, base=None, transition=None):
    """One sub-packet. Every field that is given sets its bit.

    MARKS: bits without data; STATS: the stats ID, REPORT: the relay's five values; MORE: another sub-packet follows
    (bit 7: the data's length is written); BASE: stream ID of the base layer (bit 20 without 21); TRANSITION: the number of the
    transition's streams without the first, in the priority's place (bits 11 and 3; the IDs themselves stand before the payload).
    """
    assert set(marks) <= set(MARKS) and (report is None or stats is not None)
    assert base is None or LINK_MESSAGE not in marks
    if transition is not None:
        assert priority is None
        marks, priority = (*marks, TRANSITION), transition
    fields = [(0, stream is not None and u16(stream)),
              (1, secondary is not None and bytes([len(secondary)]) + b"".join(map(u16, secondary))),
              (2, participant is not None and struct.pack("!Q", participant)),
              (3, priority is not None and bytes([priority])),
              (4, probe_group is not None and u16(probe_group)),
              (5, version is not None and bytes([version])),
              (7, more and u16(len(payload))),
              (9, stats is not None and u16(stats)),
              (10, report is not None and struct.pack("!5H", *report)),
              (13, link is not None and u16(link)),
              (14, secondary_links is not None and bytes([len(secondary_links)]) + b"".join(map(u16, secondary_links))),
              (17, session_state is not None and bytes([session_state]))]
    if base is not None:
        # Its bit is the 20th, its place is behind the participant
        fields.insert(3, (BASE_LAYER, u16(base)))
    flags = sum(1 << mark for mark in marks) + sum(1 << bit for bit, data in fields if data)
    head = u16(flags & 0x7FFF)
    if flags >> 16:
        head = u16(flags & 0xFFFF | 0x8000) + u16(flags >> 16)
    return head + b"".join(data for _, data in fields if data) + payload


def later(payload, *, stream=None, secondary=(), priority=None, last=False):
    """A sub-packet behind the first one, without flags: a stream ID, or a count and secondary ones; then the data's length, but for the LAST."""
    head = u16(stream) if stream is not None else bytes([len(secondary)]) + b"".join(map(u16, secondary))
    return head + with_length(payload, priority, last)


def with_length(payload, priority=None, last=False):
    """Data behind a header that has no bit for its length: a PRIORITY may stand before, a length does, but for the LAST one."""
    return (b"" if priority is None else bytes([priority])) + (b"" if last else u16(len(payload))) + payload


def quality(*chunks):
    """Quality metadata: parts of 2, 4, 6 or 8 bytes. CHUNKS: the six bits of each that are free, and its other bytes."""
    out = b""
    for number, (bits, rest) in enumerate(chunks):
        assert not bits & 0xC8
        out += bytes([(len(rest) - 1) // 2 << 6 | (8 if number < len(chunks) - 1 else 0) | bits]) + rest
    return out


def channel_data(*sub_packets, channel=0x6000):
    """A datagram: the channel header, then the sub-packets."""
    body = b"".join(sub_packets)
    return u16(channel) + u16(len(body)) + body


# Link messages

# Heartbeat, connection data, nominate, relay interface info: the names of a public decompilation of IDSFoundation of iOS 26.1.
HEARTBEAT, CONNECTION_DATA, NOMINATE, LINK_STATE, ACKNOWLEDGED = 0x0003, 0x0004, 0x0005, 0x0006, 0x8000


def link_message(command, values, key):
    """A link message: VALUES are (type, bytes); the HMAC (type 9) comes last."""
    tlvs = b"".join(u16(kind) + u16(len(value)) + value for kind, value in values)
    head = u16(command) + u16(len(tlvs) + 24) + bytes(16) + tlvs
    return head + u16(9) + u16(20) + hmac.new(key, head, hashlib.sha1).digest()


def candidates(addresses, ports):
    """Connection data: ADDRESSES as text; PORTS: (kind, address index, port), kind 0x1020 for a mapped one and 0x0020 for the device's own.

    Layout as measured, and as a public implementation (OpenBubbles rustpush) reads it: version 1, the counts, then each address with
    the bits "IPv6", "active" and its radio technology (0: Wi-Fi), then each port with its type and its address' index.
    """
    out = u16(0x2000 | len(addresses) << 6 | len(ports))
    for address in addresses:
        out += u16(0xC000 if net.is_ipv6(address) else 0x4000) + net.packed(address)
    return out + b"".join(u16(kind | index) + u16(port) for kind, index, port in ports)


def mapped_address(address, port):
    """An address in the form of STUN's MAPPED-ADDRESS."""
    return bytes([0, 2 if net.is_ipv6(address) else 1]) + u16(port) + net.packed(address)


def interface(*links):
    """Interface information: version 1 and a count, then 12 bytes per interface: type 3, transport 2, Wi-Fi; relay link ID, MTU, link
    flags and a socket mask. 14 bytes for one interface and 26 for two, as in the captures."""
    entries = [u16(0x1900) + u16(link) + u16(1446) + u16(0) + struct.pack("!I", 1) for link in links]
    return u16(0x2000 | len(links)) + b"".join(entries)


def key_material(prng):
    """A binary property list {"p": data, "r": UUID as text}, as long as those seen."""
    digits = prng.uuid().hex().upper()
    name = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode("ascii")
    objects = [b"\xd2\1\2\3\4", b"\x51p", b"\x51r", b"\x4f\x11" + u16(453) + prng.bytes(453), b"\x5f\x10\x24" + name]
    out, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(out))
        out += item
    trailer = bytes(6) + bytes([2, 1]) + struct.pack("!QQQ", len(objects), 0, len(out))
    return out + b"".join(map(u16, offsets)) + trailer


def hop_by_hop(prng, size):
    """A hop-by-hop encrypted payload: a protocol buffer with initialization vector, cipher text and authentication tag."""
    return b"\x0a\x0c" + prng.bytes(12) + bytes([0x12, size]) + prng.bytes(size) + b"\x1a\x10" + prng.bytes(16)


def link_probe(constant, first, count, small, clock, second_clock):
    """The 36 bytes that begin with deadbeefcafe (meaning unknown; very probably the phone's own modem report)."""
    return (bytes.fromhex("deadbeefcafe0002") + struct.pack("!I", constant) + bytes([5, 1 if first else 0]) + u16(1) + bytes(4)
            + struct.pack("!IIII", count, small, clock & 0xFFFFFFFF, second_clock & 0xFFFFFFFF))
