"""The classic pcap file format, microseconds, little-endian."""

import struct

ETHERNET = 1  # LINKTYPE_ETHERNET


def pcap(packets, linktype=ETHERNET):
    """The bytes of a capture file; PACKETS are (time in microseconds since 1970, frame) pairs."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype)]
    for time, frame in packets:
        parts.append(struct.pack("<IIII", time // 1000000, time % 1000000, len(frame), len(frame)))
        parts.append(frame)
    return b"".join(parts)
