"""IPv4, IPv6, UDP, TCP and ICMP, with right checksums."""

import ipaddress
import struct

ICMP, TCP, UDP = 1, 6, 17


def packed(address):
    """The 4 or 16 bytes of an address written as text."""
    return ipaddress.ip_address(address).packed


def is_ipv6(address):
    """True for an IPv6 address written as text."""
    return ":" in address


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo_header(source, destination, protocol, length):
    """What UDP and TCP checksums cover in front of the datagram."""
    if is_ipv6(source):
        return packed(source) + packed(destination) + struct.pack("!IBBBB", length, 0, 0, 0, protocol)
    return packed(source) + packed(destination) + struct.pack("!BBH", 0, protocol, length)


def ip(source, destination, protocol, payload, ttl=64, ident=0, dont_fragment=True):
    """An IPv4 or IPv6 packet, by the kind of its addresses (IPv6 has neither IDENT nor DONT_FRAGMENT)."""
    if is_ipv6(source):
        return struct.pack("!IHBB", 0x60000000, len(payload), protocol, ttl) + packed(source) + packed(destination) + payload
    flags = 0x4000 if dont_fragment else 0
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, flags, ttl, protocol, 0)
    head += packed(source) + packed(destination)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(source, source_port, destination, destination_port, payload):
    """A UDP datagram."""
    length = 8 + len(payload)
    head = struct.pack("!HHHH", source_port, destination_port, length, 0)
    check = checksum(pseudo_header(source, destination, UDP, length) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", check) + payload


FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def tcp(source, source_port, destination, destination_port, seq, ack, flags, payload=b"", options=b"", window=65535):
    """A TCP segment; OPTIONS must be a multiple of four bytes."""
    offset = (20 + len(options)) // 4
    head = struct.pack("!HHIIBBHHH", source_port, destination_port, seq, ack, offset << 4, flags, window, 0, 0) + options
    check = checksum(pseudo_header(source, destination, TCP, len(head) + len(payload)) + head + payload)
    return head[:16] + struct.pack("!H", check) + head[18:] + payload


def icmp_port_unreachable(refused):
    """An ICMP message that REFUSED, an IPv4 packet, found no listener."""
    return icmp_unreachable(refused, 3)


def icmp_unreachable(refused, code):
    """An ICMP message that REFUSED, an IPv4 packet, did not arrive (RFC 792: quotes its header and 8 bytes); CODE says why."""
    message = struct.pack("!BBHI", 3, code, 0, 0) + refused[:28]
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def translated(packet, source, destination, ports, hops=1):
    """An IPv4 packet with UDP or TCP after HOPS routers with other addresses (as text) and PORTS (source, destination)."""
    header, body = packet[:20], struct.pack("!HH", *ports) + packet[24:]
    header = header[:8] + bytes([header[8] - hops]) + header[9:10] + b"\0\0" + packed(source) + packed(destination)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    at = {UDP: 6, TCP: 16}[header[9]]
    body = body[:at] + b"\0\0" + body[at + 2:]
    check = checksum(pseudo_header(source, destination, header[9], len(body)) + body) or (0xFFFF if header[9] == UDP else 0)
    return header + body[:at] + struct.pack("!H", check) + body[at + 2:]


def fragments(packet, size):
    """An IPv4 packet in two fragments; SIZE: bytes of the first one's payload, a multiple of eight."""
    flags = struct.unpack_from("!H", packet, 6)[0] & 0x8000
    parts = []
    for start, body, more in ((0, packet[20:20 + size], 0x2000), (size, packet[20 + size:], 0)):
        header = packet[:2] + struct.pack("!H", 20 + len(body)) + packet[4:6] + struct.pack("!H", flags | more | start // 8) + packet[8:10] + b"\0\0" + packet[12:20]
        parts.append(header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body)
    return parts
