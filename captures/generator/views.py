"""What a capture makes of the packets: each function gives one for Scene.views, which turns a list of frames into another."""

from . import net
from .scene import Endpoint, Frame


def in_order(frames):
    """By time; frames of the same time stay as they were."""
    return sorted(frames, key=lambda frame: frame.time)


def keep(wanted):
    """Only packets for which WANTED holds are captured."""
    return lambda frames: [frame for frame in frames if wanted(frame.packet)]


def behind_nat(device, mapped, delay=240, both=True, ports=None):
    """Captured before and after the router that turns DEVICE's address into MAPPED, and merged; not BOTH: after it only.
    PORTS: the device's port -> the port outside, where they differ."""
    def view(frames):
        out = []
        for frame in frames:
            ends = frame.source, frame.destination
            if device.addresses[0] not in (ends[0].address, ends[1].address):
                out.append(frame)
                continue
            from_device = ends[0].host is device
            moved = [Endpoint(end.host, mapped, (ports or {}).get(end.port, end.port)) if end.address == device.addresses[0] else end for end in ends]
            new = net.translated(frame.ip_bytes, moved[0].address, moved[1].address, [end.port for end in moved], 1 if from_device else -1)
            other = Frame(frame.packet, frame.time + (delay if from_device else -delay), new, *moved)
            out += [frame, other] if both else [other]
        return in_order(out)
    return view


def twice(delay=7):
    """Each packet is captured twice, as on a mirror port that copies what comes in and what goes out."""
    return lambda frames: in_order([copy for frame in frames for copy in (frame, Frame(frame.packet, frame.time + delay, frame.ip_bytes))])


def in_fragments(wanted, size, delay=30):
    """Packets for which WANTED holds travel in two IP fragments."""
    def view(frames):
        out = []
        for frame in frames:
            if not wanted(frame.packet):
                out.append(frame)
                continue
            first, second = net.fragments(frame.ip_bytes, size)
            out += [Frame(frame.packet, frame.time, first, whole=False), Frame(frame.packet, frame.time + delay, second)]
        return in_order(out)
    return view


def disorder(prng, most):
    """The file's order is not that of time: each packet may stand as if it were up to MOST later."""
    def view(frames):
        keys = {frame: frame.time + prng.between(0, most) for frame in frames}
        return sorted(frames, key=keys.get)
    return view


def joined(first, *others):
    """The packets OTHERS travel in the same frame of the link layer as the packet FIRST, behind it."""
    def view(frames):
        out = []
        for frame in frames:
            if frame.packet in others:
                continue
            out.append(frame)
            if frame.packet is first:
                for other in (each for each in frames if each.packet in others):
                    other.joined, other.time = True, frame.time
                    out.append(other)
        return out
    return view


def in_pairs(wanted):
    """Of the packets for which WANTED holds, two after each other with the same ends travel in one frame of the link layer, when the
    second is there."""
    def view(frames):
        groups, waiting = [], {}
        for frame in frames:
            ends = frame.source, frame.destination
            if not wanted(frame.packet):
                groups.append((frame.time, [frame]))
            elif ends in waiting:
                first = waiting.pop(ends)
                first.time, frame.joined = frame.time, True
                groups.append((frame.time, [first, frame]))
            else:
                waiting[ends] = frame
        groups += [(frame.time, [frame]) for frame in waiting.values()]
        return [frame for _, group in sorted(groups, key=lambda group: group[0]) for frame in group]
    return view


def shifted(offset, wanted):
    """The clock of those who captured the packets for which WANTED holds goes before by OFFSET."""
    def view(frames):
        for frame in frames:
            if wanted(frame.packet):
                frame.time += offset
        return in_order(frames)
    return view


def wrong_time(offset, wanted):
    """The packets for which WANTED holds have a time stamp that is wrong by OFFSET; they stand at their place."""
    def view(frames):
        for frame in frames:
            if wanted(frame.packet):
                frame.time += offset
        return frames
    return view


def on_interface(number, wanted):
    """Packets for which WANTED holds were captured on the interface NUMBER."""
    def view(frames):
        for frame in frames:
            if wanted(frame.packet):
                frame.interface = number
        return frames
    return view
