"""An independent reading of UDP, relay channel data and RTP, to compare the plugin with. It shares no code with the plugin and
follows the description of the formats only."""

import dataclasses
import struct

from . import pcap


@dataclasses.dataclass(frozen=True)
class Datagram:
    """A UDP datagram: number of its frame, ends, payload; its time in microseconds, and the DSCP of its IP header."""

    frame: int
    source: tuple
    destination: tuple
    payload: bytes
    time: int = 0
    dscp: int = 0


@dataclasses.dataclass(frozen=True)
class Rtp:
    """The fixed header of an RTP packet."""

    frame: int
    ssrc: int
    payload_type: int
    sequence: int
    timestamp: int = 0
    marker: bool = False
    length: int = 0
    parity: bool = False


def udp(linktype, packets):
    """The UDP datagrams of a capture of whole packets."""
    for frame, packet in enumerate(packets, 1):
        data = packet.data
        if linktype == pcap.ETHERNET:
            if data[12:14] not in (b"\x08\x00", b"\x86\xdd"):
                continue
            data = data[14:]
        if data[0] >> 4 == 4 and data[9] == 17:
            at, addresses = (data[0] & 15) * 4, (data[12:16], data[16:20])
        elif data[0] >> 4 == 6 and data[6] == 17:
            at, addresses = 40, (data[8:24], data[24:40])
        else:
            continue
        source, destination, length = struct.unpack_from(">HHH", data, at)
        dscp = data[1] >> 2 if data[0] >> 4 == 4 else (data[0] & 15) << 2 | data[1] >> 6
        yield Datagram(frame, (addresses[0], source), (addresses[1], destination), data[at + 8:at + length], packet.time, dscp)


# Optional fields of a relay sub-packet, in the order in which they come: bit and bytes; a negative number is the size of each of
# the entries that a one-byte count in front announces.
RELAY_FIELDS = ((0, 2), (1, -2), (2, 8), (3, 1), (4, 2), (5, 1), (7, 2), (9, 2), (10, 10), (13, 2), (14, -2), (17, 1))


def relay_payloads(payload):
    """The payloads of the sub-packets of a relay datagram; None if it is none."""
    if len(payload) < 6 or payload[0] >> 4 != 6:
        return None
    length = struct.unpack_from(">H", payload, 2)[0]
    if not length + 4 <= len(payload) <= length + 7 or any(payload[length + 4:]):
        return None
    body, found, at = payload[4:length + 4], [], 0
    while at < len(body):
        flags = struct.unpack_from(">H", body, at)[0]
        at += 2
        if flags & 0x8000:
            flags |= struct.unpack_from(">H", body, at)[0] << 16
            at += 2
        more = None
        for bit, size in RELAY_FIELDS:
            if not flags & 1 << bit:
                continue
            if bit == 7:
                more = struct.unpack_from(">H", body, at)[0]
            if size < 0:
                at += 1 - size * body[at]
            else:
                at += size
        if at > len(body):
            return None
        end = len(body) if more is None else at + more
        found.append(body[at:end])
        at = end
    return found


def is_link_message(payload):
    """Command, exact length and sixteen zeroes."""
    return len(payload) >= 20 and payload[4:20] == bytes(16) and struct.unpack_from(">H", payload, 2)[0] == len(payload) - 20


def rtp(frame, payload):
    """The header, if PAYLOAD is RTP and not RTCP or a link message; else None."""
    if len(payload) < 12 or payload[0] >> 6 != 2 or 192 <= payload[1] <= 223 or is_link_message(payload):
        return None
    sequence, timestamp, ssrc = struct.unpack_from(">HII", payload, 2)
    return Rtp(frame, ssrc, payload[1] & 127, sequence, timestamp, payload[1] > 127, len(payload), is_parity(payload))


def is_parity(payload):
    """Is the RTP packet one of video whose header extension is that of parity? What a profile promises besides error correction comes first, but
    for the probe."""
    if payload[0] != 0x90 or payload[1] & 127 not in (100, 123, 126) or len(payload) < 16:
        return False
    profile, words = struct.unpack_from(">HH", payload, 12)
    skip = 4 * bool(profile & 2) + 4 * bool(profile & 1 and profile >> 14 == 2)
    fec = payload[16 + skip:16 + 4 * words - 4 * bool(profile & 8)]
    return bool(profile & 4) and len(fec) >= 6 and not fec[1] & 0x80 and len(fec) == 6 + 2 * struct.unpack_from(">H", fec, 4)[0]


def relayed_rtp(path):
    """All RTP packets inside the relay datagrams of a capture."""
    found = []
    for datagram in udp(*pcap.read(path)):
        for payload in relay_payloads(datagram.payload) or []:
            header = rtp(datagram.frame, payload)
            if header:
                found.append(header)
    return found
