"""What a perfect analyser would say about a scene, computed from the tags of its packets."""

from . import net

UDP_KINDS = ("stun", "sip", "rtp", "rtcp", "relay", "link-probe", "nat-probe", "quic")


def ranges(frames):
    """Frame numbers as a short text: [1, 2, 3, 7] becomes "1-3,7"."""
    parts = []
    for frame in frames:
        if parts and parts[-1][1] == frame - 1:
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
    packets = scene.packets
    return {
        "capture": scene.name + ".pcap",
        "packets": len(packets),
        "calls": [call_truth(call, [p for p in packets if p.tag.call == call.number]) for call in scene.calls],
        "not_in_call": ranges([p.frame for p in packets if p.tag.call is None]),
    }


def call_truth(call, packets):
    """The expected results of one call; PACKETS are its own."""
    kinds = count(p.tag.kind for p in packets)
    phases = {}
    for packet in packets:
        phases.setdefault(packet.tag.phase, []).append(packet.frame)
    return {
        "number": call.number,
        **call.facts,
        "first_frame": packets[0].frame,
        "last_frame": packets[-1].frame,
        "packets": len(packets),
        "kinds": {kind: kinds.get(kind, 0) for kind in UDP_KINDS},
        # Not carried by the call's own UDP flows: DNS and whatever is no UDP.
        "other_kinds": {kind: number for kind, number in kinds.items() if kind not in UDP_KINDS},
        "inside_relay": count(inner for p in packets if p.tag.kind == "relay" for inner in p.tag.inner),
        "phases": {phase: {"packets": len(frames), "frames": ranges(frames)} for phase, frames in sorted(phases.items())},
        "streams": streams(packets),
    }


def streams(packets):
    """One entry per SSRC, source and destination (the same SSRC on two paths gives two entries)."""
    found = {}
    for packet in packets:
        for stream in packet.tag.stream or ():
            key = (stream.ssrc, where(packet.source), where(packet.destination))
            found.setdefault(key, []).append((packet, stream))
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
            "path": "relay" if members[0][0].tag.kind == "relay" else "direct",
            "packets": len(members),
            "lost": max(numbers) - min(numbers) + 1 - len(numbers),
            "first_frame": members[0][0].frame,
            "last_frame": members[-1][0].frame,
        })
    return result
