"""Captures of a few datagrams that a test makes by hand: UDP over IP without a link layer."""

import socket
import struct

from . import pcap

DEVICE, PEER = ("192.168.1.90", 16402), ("198.51.100.90", 16402)
START = 1_700_000_000_000  # milliseconds


def packet_of(protocol, source, destination, data, time=0):
    """An IP packet of a protocol between addresses, at a time in milliseconds."""
    if ":" in source:
        header = struct.pack(">IHBB", 6 << 28, len(data), protocol, 64) + b"".join(socket.inet_pton(socket.AF_INET6, end) for end in (source, destination))
    else:
        header = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(data), 0, 64, protocol, 0) + b"".join(socket.inet_aton(end) for end in (source, destination))
    return pcap.Packet((START + time) * 1000, header + data, len(header + data))


def packet(source, destination, payload, time=0, kept=None):
    """A datagram from SOURCE to DESTINATION, (address, port) each, at a time in milliseconds. KEPT: bytes of the payload that the
    capture kept."""
    datagram = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    whole = packet_of(17, source[0], destination[0], datagram, time)
    return whole if kept is None else pcap.Packet(whole.time, whole.data[:whole.length - len(payload) + kept], whole.length)


def capture(wireshark, packets, name="made.pcap"):
    """A file with these packets."""
    return wireshark.write(name, pcap.write(packets, pcap.RAW_IP))
