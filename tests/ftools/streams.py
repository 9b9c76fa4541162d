"""An independent count of RTP streams from the bytes of a capture: with sets of numbers and lists of packets, in the order in which
they came. It follows RFC 3550 and the titles of the streams table, and shares no code with the plugin."""

import collections
import dataclasses
import ipaddress

from . import pcap, wire

MEDIA_PORTS = range(16384, 16404)
GAP = 200_000       # microseconds
SECOND = 1_000_000
VIDEO = {34, 100, 123, 126}


@dataclasses.dataclass(frozen=True)
class Packet:
    """An RTP packet and how it travelled."""

    datagram: wire.Datagram
    rtp: wire.Rtp
    relayed: bool


def packets(path):
    """All RTP packets of a capture that run between FaceTime's ports or inside relay datagrams."""
    found = []
    for datagram in wire.udp(*pcap.read(path)):
        relayed = wire.relay_payloads(datagram.payload)
        if relayed is None and not all(end[1] in MEDIA_PORTS for end in (datagram.source, datagram.destination)):
            continue
        for payload in [datagram.payload] if relayed is None else relayed:
            header = wire.rtp(datagram.frame, payload)
            if header:
                found.append(Packet(datagram, header, relayed is not None))
    return found


def by_stream(path, devices):
    """(direction, SSRC) -> its packets; DEVICES are the addresses of devices, as text."""
    devices = {ipaddress.ip_address(device).packed for device in devices}
    found = collections.OrderedDict()
    for packet in packets(path):
        direction = "sent" if packet.datagram.source[0] in devices else "received" if packet.datagram.destination[0] in devices else "unknown"
        found.setdefault((direction, packet.rtp.ssrc), []).append(packet)
    return found


def extended(numbers):
    """Sequence numbers without their wraps: each is the one that is nearest to the highest so far."""
    found, highest = [], None
    for number in numbers:
        if highest is None:
            highest = number
        step = (number - highest + 0x8000) % 0x10000 - 0x8000
        found.append(highest + step)
        highest = max(highest, highest + step)
    return found


def jitter(leg, clock):
    """Mean and maximum of RFC 3550's jitter (A.8), in milliseconds, over packets in the order of arrival."""
    values, now = [], 0.0
    for before, after in zip(leg, leg[1:]):
        step = (after.rtp.timestamp - before.rtp.timestamp + 2**31) % 2**32 - 2**31
        difference = abs((after.datagram.time - before.datagram.time) / SECOND - step / clock)
        now += (difference - now) / 16
        values.append(now)
    return (1000 * sum(values) / len(values), 1000 * max(values)) if values else (None, None)


def measure(stream, clock, batched=False, paused=0, repaired=0):
    """The columns of the table that can be computed, by their titles. BATCHED: the capture was handed over now and then. PAUSED, REPAIRED: numbers and
    packets that are known to have been."""
    everything, stream = stream, [packet for packet in stream if not packet.rtp.parity]
    numbers = dict(zip(map(id, stream), extended([packet.rtp.sequence for packet in stream])))
    legs, anywhere = collections.OrderedDict(), set()
    counts = collections.Counter()
    news = []
    for packet in stream:
        leg = legs.setdefault((packet.datagram.source, packet.datagram.destination), {"seen": {}, "first": [], "all": 0})
        leg["all"] += 1
        number, form = numbers[id(packet)], (packet.rtp.length, packet.rtp.marker)
        if number in leg["seen"]:
            counts["same" if leg["seen"][number] == form else "other"] += 1
            continue
        if leg["seen"] and number < max(leg["seen"]):
            counts["late"] += 1
        leg["seen"][number] = form
        leg["first"].append(packet)
        if number in anywhere:
            counts["copies"] += 1
            continue
        anywhere.add(number)
        news.append(packet)
    stamps = extended_timestamps(news)
    parity, stream = len(everything) - len(stream), everything
    times = [packet.datagram.time for packet in stream]
    octets = sum(packet.rtp.length for packet in stream)
    duration = (max(stamps) - min(stamps)) / clock if batched else (times[-1] - times[0]) / SECOND
    seconds = collections.Counter()
    for packet in stream:
        seconds[(packet.datagram.time - times[0]) // SECOND] += packet.rtp.length
    gaps = [after - before for before, after in zip(times, times[1:]) if after - before > GAP]
    types = collections.Counter(packet.rtp.payload_type for packet in stream)
    expected = max(anywhere) - min(anywhere) + 1
    longest = max(legs.values(), key=lambda leg: leg["all"])
    mean, most = jitter(longest["first"], clock)
    rate = octets * 8 / max(duration, 1) / 1000
    return {
        "Packets": len(stream),
        "RTP bytes": octets,
        "Duration (s)": duration,
        "kbit/s": rate,
        "Peak (kbit/s in 1 s)": None if batched else max(max(seconds.values()) * 8 / 1000, rate),
        "Lost": expected - len(anywhere) - paused,
        "Lost (%)": 100 * (expected - len(anywhere) - paused) / (expected - paused),
        "Repaired": repaired,
        "Paused": paused,
        "Parity": parity,
        "Duplicates": counts["same"],
        "Copies on another path": counts["copies"],
        "Same number, other content": counts["other"],
        "Reordered": counts["late"] - repaired,
        "Jitter (ms)": None if batched else mean,
        "Max jitter (ms)": None if batched else most,
        "Gaps over 200 ms": None if batched else len(gaps),
        "Longest gap (ms)": max(gaps) / 1000 if gaps and not batched else None,
        "Frames/s": (len(stamps) - 1) * clock / (max(stamps) - min(stamps)) if types.most_common(1)[0][0] in VIDEO and len(stamps) > 1 else None,
        "First frame": stream[0].datagram.frame,
        "Last frame": stream[-1].datagram.frame,
    }, {
        "types": dict(types),
        "paths": {"relay" if packet.relayed else "direct" for packet in stream},
        "dscp": {packet.datagram.dscp for packet in stream},
    }


def extended_timestamps(stream):
    """The different timestamps, without their wraps."""
    first = stream[0].rtp.timestamp
    return {(packet.rtp.timestamp - first + 2**31) % 2**32 - 2**31 for packet in stream}
