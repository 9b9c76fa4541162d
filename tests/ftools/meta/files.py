"""File formats. A record is (time in nanoseconds, bytes, length on the wire, interface); each function gives the bytes of a file."""

import gzip
import struct

SECOND = 1_000_000_000


def pcap(records, linktypes, order="<", nano=False, snap=262144):
    """Classic pcap."""
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, linktypes[0])]
    for time, data, length, _ in records:
        fraction = time % SECOND
        parts.append(struct.pack(order + "IIII", time // SECOND & 0xFFFFFFFF, fraction if nano else fraction // 1000, len(data), length) + data)
    return b"".join(parts)


def _block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def _section(linktypes, order, nano):
    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nano else b""
    parts = [_block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    return parts + [_block(order, 1, struct.pack(order + "HHI", linktype, 0, 262144) + options) for linktype in linktypes]


def pcapng(records, linktypes, order="<", nano=False, sections=1, extras=False):
    """pcapng. SECTIONS: so many, each with its interfaces; EXTRAS: comments, a name, statistics and a block of a kind that nobody knows."""
    parts = []
    for number in range(sections):
        parts += _section(linktypes, order, nano)
        if extras:
            parts.append(_block(order, 4, struct.pack(order + "HH", 1, 4 + 6) + bytes([192, 0, 2, 1]) + b"a.net\0" + b"\0\0" + bytes(4)))
            parts.append(_block(order, 0x1234, struct.pack(order + "I", 42)))
        for time, data, length, interface in records[len(records) * number // sections:len(records) * (number + 1) // sections]:
            stamp = time if nano else time // 1000
            body = struct.pack(order + "IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(data), length) + data + b"\0" * (-len(data) % 4)
            if extras:
                body += struct.pack(order + "HH", 1, 7) + b"comment\0" + bytes(4)
            parts.append(_block(order, 6, body))
        if extras:
            parts.append(_block(order, 5, struct.pack(order + "III", 0, 0, 0)))
    return b"".join(parts)


def snoop(records, linktypes):
    """Snoop version 2 (RFC 1761); Ethernet is type 4."""
    assert linktypes == [1]
    parts = [b"snoop\0\0\0" + struct.pack(">II", 2, 4)]
    for time, data, length, _ in records:
        padding = -len(data) % 4
        parts.append(struct.pack(">IIIIII", length, len(data), 24 + len(data) + padding, 0, time // SECOND, time % SECOND // 1000) + data + b"\0" * padding)
    return b"".join(parts)


def zipped(function):
    """The same, compressed by gzip."""
    return lambda records, linktypes: gzip.compress(function(records, linktypes), 6, mtime=0)


FORMATS = {
    "pcap": pcap,
    "pcap-big-endian": lambda records, linktypes: pcap(records, linktypes, ">"),
    "pcap-nanoseconds": lambda records, linktypes: pcap(records, linktypes, nano=True),
    "pcap-nanoseconds-big-endian": lambda records, linktypes: pcap(records, linktypes, ">", True),
    "pcapng": pcapng,
    "pcapng-big-endian": lambda records, linktypes: pcapng(records, linktypes, ">"),
    "pcapng-nanoseconds": lambda records, linktypes: pcapng(records, linktypes, nano=True),
    "pcapng-three-sections": lambda records, linktypes: pcapng(records, linktypes, sections=3),
    "pcapng-with-extras": lambda records, linktypes: pcapng(records, linktypes, extras=True),
    "pcap-gzip": zipped(pcap),
    "pcapng-gzip": zipped(pcapng),
    "snoop": snoop,
}
