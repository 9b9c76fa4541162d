"""Reads and writes capture files: classic pcap, and as much of pcapng as the captures here need."""

import dataclasses
import struct

ETHERNET = 1
RAW_IP = 101


@dataclasses.dataclass(frozen=True)
class Packet:
    """One packet: time in microseconds since 1970, the bytes that were kept, and its length on the wire."""

    time: int
    data: bytes
    length: int

    def with_data(self, data):
        """The same packet with other bytes, all of them kept."""
        return Packet(self.time, data, len(data))


def write(packets, linktype=ETHERNET):
    """The bytes of a classic pcap file."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype)]
    for packet in packets:
        parts.append(struct.pack("<IIII", packet.time // 1000000, packet.time % 1000000, len(packet.data), packet.length))
        parts.append(packet.data)
    return b"".join(parts)


def read(path):
    """(linktype, packets) of a capture file."""
    data = path.read_bytes()
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return read_pcapng(data)
    assert data[:4] == b"\xd4\xc3\xb2\xa1", f"{path.name}: not a little-endian pcap with microseconds"
    packets, at = [], 24
    while at < len(data):
        seconds, micros, kept, length = struct.unpack_from("<IIII", data, at)
        packets.append(Packet(seconds * 1000000 + micros, data[at + 16:at + 16 + kept], length))
        at += 16 + kept
    return struct.unpack_from("<I", data, 20)[0], packets


def read_pcapng(data):
    """The same for pcapng with one section, one link type, and microseconds (times are not looked at elsewhere)."""
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    linktype, packets, at = None, [], 0
    while at < len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind == 1 and linktype is None:
            linktype = struct.unpack_from(order + "H", data, at + 8)[0]
        elif kind == 6:
            _, high, low, kept, length = struct.unpack_from(order + "IIIII", data, at + 8)
            packets.append(Packet(high << 32 | low, data[at + 28:at + 28 + kept], length))
        at += size
    return linktype, packets
