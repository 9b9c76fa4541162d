"""Makes captures of a few datagrams for a test: Raw IP, one packet a millisecond, and whole unless they are cut."""

import struct

from . import pcap

HERE, THERE = ("192.168.1.64", 16402), ("198.51.100.40", 16402)
START = 1_300_000_000_000_000


def address(text):
    return bytes(map(int, text.split(".")))


def ipv4(payload, source=HERE, destination=THERE):
    """An IPv4 packet with one UDP datagram, without checksums."""
    length = len(payload) + 8
    head = struct.pack("!BBHHHBBH", 0x45, 0, length + 20, 0, 0, 64, 17, 0) + address(source[0]) + address(destination[0])
    return head + struct.pack("!HHHH", source[1], destination[1], length, 0) + payload


def capture(datagrams):
    """The bytes of a capture; each datagram is its payload, or (payload, source, destination), or (payload, kept): payload bytes that
    the capture has."""
    packets = []
    for number, datagram in enumerate(datagrams):
        kept, ends = None, ()
        if isinstance(datagram, tuple):
            datagram, *rest = datagram
            if isinstance(rest[0], int):
                kept = rest[0]
            else:
                ends = rest
        data = ipv4(datagram, *ends)
        packets.append(pcap.Packet(START + 1000 * number, data if kept is None else data[:28 + kept], len(data)))
    return pcap.write(packets, pcap.RAW_IP)


def sip(first="INVITE sip:user@198.51.100.40:16402 SIP/2.0", headers=(), body=b"", end="\r\n", length=True, agent="Viceroy 1.4.57/GK"):
    """A SIP message of Viceroy. HEADERS: lines, added to the ones that each message has."""
    lines = [first, "Via: SIP/2.0/UDP 192.168.1.64:16402;branch=z9hG4bK1f0e", "Max-Forwards: 70",
             'From: "+12025550143" <sip:user@192.168.1.64:16402>;tag=11', 'To: "johnny@example.com" <sip:user@198.51.100.40:16402>',
             "Call-ID: 01234567-89AB-4CDE-8F01-23456789ABCD@192-168-1-64", f"CSeq: 1 {first.split()[0] if 'SIP/2.0' != first[:7] else 'INVITE'}",
             f"User-Agent: {agent}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "".join(line + end for line in [*lines, ""]).encode("utf-8", "surrogateescape") + body


def rtp(payload_type=104, sequence=1, timestamp=480, ssrc=0x11223344, payload=bytes(range(1, 41)), extension=None, marker=False):
    """An RTP packet; EXTENSION: (profile, bytes in whole words)."""
    head = struct.pack("!BBHII", 0x90 if extension else 0x80, payload_type | 0x80 * marker, sequence, timestamp, ssrc)
    if extension:
        head += struct.pack("!HH", extension[0], len(extension[1]) // 4) + extension[1]
    return head + payload
