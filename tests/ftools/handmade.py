"""Captures of a few datagrams that a test makes by hand: UDP over IP without a link layer."""

import socket
import struct

from . import pcap

DEVICE, PEER = ("192.168.1.90", 16402), ("198.51.100.90", 16402)
START = 1_700_000_000_000  # milliseconds


def packet(source, destination, payload, time=0, kept=None):
    """A datagram from SOURCE to DESTINATION, (address, port) each, at a time in milliseconds. KEPT: bytes of the payload that the
    capture kept."""
    datagram = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    if ":" in source[0]:
        header = struct.pack(">IHBB", 6 << 28, len(datagram), 17, 64) + b"".join(socket.inet_pton(socket.AF_INET6, end[0])
                                                                                for end in (source, destination))
    else:
        header = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(datagram), 0, 64, 17, 0) + b"".join(socket.inet_aton(end[0])
                                                                                              for end in (source, destination))
    data = header + datagram
    return pcap.Packet((START + time) * 1000, data if kept is None else data[:len(data) - len(payload) + kept], len(data))


def capture(wireshark, packets, name="made.pcap"):
    """A file with these packets."""
    return wireshark.write(name, pcap.write(packets, pcap.RAW_IP))
