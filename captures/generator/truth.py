"""What a perfect analyser would say about a scene, computed from the tags of its packets."""

from . import net, pcap
from .scene import SECOND

# Of a situation only: RTP in ChannelData of a TURN server
CHANNEL_DATA = "channel-data"
UDP_KINDS = ("stun", "sip", "rtp", "rtcp", "relay", "link-probe", "nat-probe", "quic")


def ranges(frames):
    """Frame numbers as a short text: [1, 2, 3, 7] becomes "1-3,7"."""
    parts = []
    for frame in frames:
        if parts and frame - 1 <= parts[-1][1] <= frame:  # the same again: a frame with several datagrams
            parts[-1][1] = frame
        else:
            parts.append([frame, frame])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def where(endpoint):
    """An endpoint as text: 192.0.2.1:5 or [2001:db8::1]:5."""
    return f"[{endpoint.address}]:{endpoint.port}" if net.is_ipv6(endpoint.address) else f"{endpoint.address}:{endpoint.port}"


def count(items):
    """How often each item occurs, in order of name."""
    found = {}
    for item in items:
        found[item] = found.get(item, 0) + 1
    return {item: found[item] for item in sorted(found)}


def truth(scene):
    """The expected results of a finished scene, ready for JSON."""
    frames = scene.frames
    return {
        "capture": scene.name + pcap.suffix(scene),
        "packets": len(frames),
        "calls": [call_truth(call.number, call, [f for f in frames if f.tag.call == call.number]) for call in scene.calls],
        "not_in_call": ranges([f.number for f in frames if f.tag.call is None]),
    }


def situation(scene, shows):
    """The same for a situation: several calls, numbered by the time of their first packet; SHOWS: one sentence."""
    frames = scene.frames
    check_push(scene)
    first = {call: min(f.time for f in frames if f.tag.call == call.number) for call in scene.calls}
    calls = []
    for number, call in enumerate(sorted(scene.calls, key=first.get), 1):
        own = [f for f in frames if f.tag.call == call.number]
        entry = call_truth(number, call, [f for f in own if f.whole])
        entry["frames"] = ranges([f.number for f in own])
        entry["datagrams"] = ranges([f.number for f in own if f.whole and f.tag.kind in (*UDP_KINDS, CHANNEL_DATA)])
        # First fragments: Wireshark shows the datagram in the last one's frame
        entry["fragments"] = ranges([f.number for f in own if not f.whole])
        entry.setdefault("paths", sorted({stream["path"] for stream in entry["streams"]}))
        calls.append(entry)
    return {
        "capture": scene.name + pcap.suffix(scene),
        "shows": shows,
        **scene.facts,
        "packets": frames[-1].number,
        "calls": calls,
        "not_in_call": ranges([f.number for f in frames if f.tag.call is None]),
    }


def check_push(scene):
    """Push belongs to a call from 30 s before its first datagram to 5 s after its end, where two calls are so close to the first of
    them: the tags must say so."""
    windows = []
    for call in scene.calls:
        own = [f for f in scene.frames if f.tag.call == call.number and f.tag.kind in UDP_KINDS]
        devices = {end.host for f in own for end in (f.source, f.destination) if end.host.mac}
        windows.append((min(f.time for f in own) - 30 * SECOND, max(f.time for f in own) + 5 * SECOND, call.number, devices))
    windows.sort(key=lambda window: window[:3])
    for frame in scene.frames:
        ends = frame.source, frame.destination
        if frame.tag.kind == "tcp" and any(end.port == 5223 for end in ends):
            hosts = {end.host for end in ends}
            wanted = next((number for start, stop, number, devices in windows if devices & hosts and start <= frame.time <= stop), None)
            assert frame.tag.call == wanted, (scene.name, frame.number, frame.tag.call, wanted)


def call_truth(number, call, frames):
    """The expected results of one call; FRAMES are its own."""
    kinds = count(f.tag.kind for f in frames)
    phases = {}
    for frame in frames:
        phases.setdefault(frame.tag.phase, []).append(frame.number)
    return {
        "number": number,
        **call.facts,
        "first_frame": frames[0].number,
        "last_frame": frames[-1].number,
        "packets": len(frames),
        "kinds": {kind: kinds.get(kind, 0) for kind in UDP_KINDS},
        # Not carried by the call's own UDP flows: DNS and whatever is no UDP.
        "other_kinds": {kind: number for kind, number in kinds.items() if kind not in UDP_KINDS},
        "inside_relay": count(inner for f in frames if f.tag.kind == "relay" for inner in f.tag.inner),
        "phases": {phase: {"packets": len(numbers), "frames": ranges(numbers)} for phase, numbers in sorted(phases.items())},
        "streams": streams(frames),
    }


def streams(frames):
    """One entry per SSRC, source and destination (the same SSRC on two paths gives two entries)."""
    found = {}
    for frame in frames:
        for stream in frame.tag.stream or ():
            key = (stream.ssrc, where(frame.source), where(frame.destination))
            found.setdefault(key, []).append((frame, stream))
    result = []
    for (ssrc, source, destination), members in found.items():
        types = [stream.payload_type for _, stream in members]
        numbers = {stream.sequence for _, stream in members}  # counted past 65535, so never ambiguous
        result.append({
            "ssrc": f"0x{ssrc:08x}",
            "payload_type": max(sorted(set(types)), key=types.count),
            "payload_types": {str(key): number for key, number in count(types).items()},
            "media": members[0][1].media,
            "source": source,
            "destination": destination,
            "path": "relay" if members[0][0].tag.kind in ("relay", CHANNEL_DATA) else "direct",
            "packets": len(members),
            "lost": max(numbers) - min(numbers) + 1 - len(numbers),
            "first_frame": members[0][0].number,
            "last_frame": members[-1][0].number,
        })
    return result
