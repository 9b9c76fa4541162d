"""The IP packets of a capture again, in fragments, bare or inside a tunnel (GTP-U). Each fragment but the first comes so much later."""

import socket
import struct

from . import pcap, replay

PIECE = 64          # bytes of payload of a fragment: a multiple of eight
GAP = 10            # microseconds
GTP_PORT, G_PDU = 2152, 255
TUNNEL = "192.0.2.200", "192.0.2.201"


def ip_header(source, destination, protocol, length, number, flags):
    """An IPv4 header without options, with its checksum. FLAGS: with the offset in units of eight bytes."""
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, number, flags, 64, protocol, 0) + source + destination
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xffff) + (total >> 16)
    return header[:10] + struct.pack(">H", ~((total & 0xffff) + (total >> 16)) & 0xffff) + header[12:]


def v4(packet, number):
    """An IPv4 packet without options in fragments."""
    payload, frames = packet[20:struct.unpack_from(">H", packet, 2)[0]], []
    for at in range(0, len(payload), PIECE):
        piece = payload[at:at + PIECE]
        flags = at // 8 | (0x2000 if at + PIECE < len(payload) else 0)
        frames.append(ip_header(packet[12:16], packet[16:20], packet[9], len(piece), number, flags) + piece)
    return frames


def v6(packet, number):
    """An IPv6 packet without extension headers in fragments (RFC 8200, 4.5)."""
    payload, frames = packet[40:40 + struct.unpack_from(">H", packet, 4)[0]], []
    for at in range(0, len(payload), PIECE):
        piece = payload[at:at + PIECE]
        extension = struct.pack(">BBHI", packet[6], 0, at | (at + PIECE < len(payload)), number)
        frames.append(packet[:4] + struct.pack(">HBB", 8 + len(piece), 44, packet[7]) + packet[8:40] + extension + piece)
    return frames


def tunnel(packet, number, pieces=False):
    """An IP packet in GTP-U over UDP over IPv4 (3GPP TS 29.281); PIECES: the outer packet in fragments."""
    gtp = struct.pack(">BBHI", 0x30, G_PDU, len(packet), 0x5eed) + packet
    datagram = struct.pack(">HHHH", GTP_PORT, GTP_PORT, 8 + len(gtp), 0) + gtp
    outer = ip_header(*map(socket.inet_aton, TUNNEL), replay.UDP, len(datagram), number, 0) + datagram
    return v4(outer, number) if pieces else [outer]


def inner(path, shorten=lambda packet: len(packet) > 4 * PIECE):
    """[(time, IP packet, its fragments)] of a capture; those that SHORTEN is not true of are left whole."""
    linktype, packets = pcap.read(path)
    for number, packet in enumerate(packets, 1):
        frame = replay.ethernet(linktype, packet.data)
        at = frame and replay.ip_at(frame)
        if at is None or len(packet.data) != packet.length:
            continue
        whole = frame[at:]
        whole = whole[:40 + struct.unpack_from(">H", whole, 4)[0]] if whole[0] >> 4 == 6 else whole[:struct.unpack_from(">H", whole, 2)[0]]
        yield packet.time, whole, (v6 if whole[0] >> 4 == 6 else v4)(whole, number & 0xffff) if shorten(whole) else [whole]


def bare(path):
    """Without a tunnel."""
    return [(time + n * GAP, one) for time, _, frames in inner(path) for n, one in enumerate(frames)]


def in_tunnel(path):
    """Fragments inside the tunnel."""
    return [(time + n * GAP, tunnel(one, n + 1)[0]) for time, _, frames in inner(path) for n, one in enumerate(frames)]


def of_tunnel(path):
    """Whole packets inside; the tunnel's are in fragments."""
    return [(time + n * GAP, one) for number, (time, whole, _) in enumerate(inner(path), 1) for n, one in enumerate(tunnel(whole, number & 0xffff, True))]


MAKERS = {"fragments": bare, "fragments in GTP-U": in_tunnel, "GTP-U in fragments": of_tunnel}


def capture(path, maker):
    """The bytes of a file with those packets."""
    return pcap.write([pcap.Packet(time, data, len(data)) for time, data in MAKERS[maker](path)], pcap.RAW_IP)
