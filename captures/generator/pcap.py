"""Capture files: classic pcap and pcapng, microseconds, little-endian."""

import struct


def pcap(packets, linktype, snap=None):
    """The bytes of a classic file; PACKETS are (time in microseconds since 1970, frame, interface). SNAP: bytes that are kept of each."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap or 65535, linktype)]
    for time, frame, _ in packets:
        kept = frame[:snap]
        parts.append(struct.pack("<IIII", time // 1000000, time % 1000000, len(kept), len(frame)))
        parts.append(kept)
    return b"".join(parts)


def block(kind, body):
    """A pcapng block with its padding and both lengths."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(packets, linktypes):
    """The bytes of a pcapng file; LINKTYPES: of each interface."""
    parts = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    parts += [block(1, struct.pack("<HHI", linktype, 0, 65535)) for linktype in linktypes]
    for time, frame, interface in packets:
        parts.append(block(6, struct.pack("<IIIII", interface, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) + frame))
    return b"".join(parts)


def suffix(scene):
    """How the scene's file is called."""
    return ".pcapng" if len(scene.links) > 1 else ".pcap"


def file(scene, packets):
    """The bytes of the scene's file; PACKETS: what its finish() gave."""
    if len(scene.links) > 1:
        return pcapng(packets, [link.linktype for link in scene.links])
    return pcap(packets, scene.links[0].linktype, scene.snap)
