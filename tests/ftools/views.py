"""The steps and hosts of each call, as the timeline and nodes tables show them and as they are by the truth of a capture: which frames a
call and its phases have is from captures/expected, who sent each frame and how long it is from Wireshark's own fields."""

import functools
import ipaddress
import itertools
import re

from . import facts, known, paths, table

FIELDS = ("frame.number", "frame.time_epoch", "frame.len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "dns.qry.name", "dns.a", "dns.aaaa", "icmp.type", "icmpv6.type")
TABLES = ("-z", "facetime,calls", "-z", "facetime,timeline", "-z", "facetime,nodes")
NAMES = [*paths.SAMPLES, *(name for name in paths.SITUATIONS if name not in known.REASONS and name not in known.ELSEWHERE)]
PASSES = {"pass 1": (), "-2": ("-2",)}

TIMELINE, NODES = "FaceTime Timeline", "FaceTime Nodes"
TIMELINE_COLUMNS = ("Call", "Start (s)", "Duration (s)", "Step", "Hosts", "Protocol", "Packets", "Bytes", "What it is", "First frame", "Filter")
NODES_COLUMNS = ("Call", "Address", "Role", "Ports", "Name", "Network", "Phases", "Packets", "Packets sent by it", "Bytes", "First frame", "Radio (announced)", "Filter")
TIMELINE_NUMBERS = ("Call", "Start (s)", "Duration (s)", "Packets", "Bytes", "First frame")
NODES_NUMBERS = ("Call", "Packets", "Packets sent by it", "Bytes", "First frame")

APPLE = [ipaddress.ip_network(network) for network in ("17.0.0.0/8", "2620:149::/32")]


def capture(name):
    """The capture of a sample or of a situation."""
    return paths.sample(name) if name in paths.SAMPLES else paths.CAPTURES / "situations" / facts.situation(name)["capture"]


def timeline(out):
    """The rows of the timeline in OUT."""
    return table.rows(out, TIMELINE, TIMELINE_NUMBERS)


def nodes(out):
    """The rows of the nodes table in OUT."""
    return table.rows(out, NODES, NODES_NUMBERS)


def hosts(cell):
    """[(address, name or None, role)] of a cell with hosts."""
    return [match.groups() for match in re.finditer(r"([^\s,]+)(?: (\S+))? \(([^()]*)\)", cell)]


def is_apple(address):
    """Is the address in a network of Apple's?"""
    return any(ipaddress.ip_address(address) in network for network in APPLE)


class Call:
    """A call by the truth: number, its frames by phase, addresses of the device, the relay and the peer."""

    def __init__(self, entry):
        missing = facts.numbers(entry.get("fragments", ""))
        self.number, self.entry = entry["number"], entry
        self.phases = {phase: facts.numbers(one["frames"]) - missing for phase, one in entry["phases"].items()}
        self.frames = set().union(*self.phases.values())
        self.devices = set(entry.get("devices", [entry.get("device"), entry.get("device_direct")])) - {None}
        self.relays = set(entry.get("relays", [entry.get("relay")])) - {None}

    def remote(self, frame):
        """The other end of a frame; None where both ends are devices of the call."""
        others = [end for end in (frame.source, frame.destination) if end not in self.devices]
        return others[0] if others else None

    def role(self, phase, address):
        """What the host at ADDRESS is in this phase."""
        roles = {"push": {"push"}, "lookup": {"resolver"}, "probe": {"NAT probe"}, "registration": {"registration", "identity"},
                 "certificate": {"bag", "certificate", "revocation"}}
        if phase in roles:
            return roles[phase]
        return {"relay"} if address in self.relays else {"STUN server"} if is_apple(address) else {"peer"}

    def steps(self, frames):
        """(phase, host of a probe or path of media or None) -> frames of each step."""
        found = {}
        for phase, numbers in self.phases.items():
            for number in sorted(numbers):
                remote = self.remote(frames[number])
                part = remote if phase == "probe" else "relay" if phase == "media" and remote in self.relays else None
                found.setdefault((phase, part), []).append(frames[number])
        return found


class Frame:
    """A frame by Wireshark's own fields. An ICMP error is one of the datagram that it quotes, whoever sent it: the last addresses of the frame."""

    def __init__(self, row):
        first = {name: values[0] if values else None for name, values in row.items()}
        self.number, self.time, self.length = int(first["frame.number"]), float(first["frame.time_epoch"]), int(first["frame.len"])
        self.source, self.destination = first["ip.src"] or first["ipv6.src"], first["ip.dst"] or first["ipv6.dst"]
        self.sender = self.source
        if len(row["ip.src"] + row["ipv6.src"]) > 1 and (first["icmp.type"] or first["icmpv6.type"]):
            self.source, self.destination = (row["ip.dst"] or row["ipv6.dst"])[-1], (row["ip.src"] or row["ipv6.src"])[-1]
        self.answers = [(address, first["dns.qry.name"]) for address in row["dns.a"] + row["dns.aaaa"]]


def put_back(name):
    """By how many seconds the clock of the capture was put back, by the truth."""
    return 0 if name in paths.SAMPLES else facts.situation(name)["calls"][0].get("clock_put_back", 0)


def clock_put_right(name, times):
    """TIMES of the frames, in their order; where the capture's clock was put back, they go on as if it had not been."""
    back, right = put_back(name), []
    for time in times:
        stepped = bool(right) and time < right[-1] - back / 2
        right.append(time + back * (back > 0 and stepped))
    return right


@functools.cache
def calls(name):
    """The calls of a capture by the truth."""
    entries = facts.expected(name) if name in paths.SAMPLES else facts.situation(name)
    return [Call(entry) for entry in entries["calls"]]


class View:
    """What one run of tshark says of a capture: its frames (by number), and the tables."""

    def __init__(self, wireshark, name, passes):
        rows, out = wireshark.fields_and_table(capture(name), FIELDS, *arguments(passes))
        self.frames = {frame.number: frame for frame in map(Frame, rows)}
        for frame, time in zip(self.frames.values(), clock_put_right(name, [frame.time for frame in self.frames.values()])):
            frame.time = time
        self.calls, self.timeline, self.nodes = table.rows(out), timeline(out), nodes(out)
        # tshark writes ESC of a name as four characters, since 4.6 as five, the tables as its symbol.
        self.names = dict((address, name.replace("\\\\033", "\\033").replace("\\033", "\u241b")) for address, name in (answer for frame in self.frames.values() for answer in frame.answers))


def arguments(passes):
    """What tshark is asked for, besides FIELDS."""
    return (*PASSES[passes], *TABLES)


def view_of(wireshark, names, passes):
    """view_of(...)(name, passes): the views of these captures; all of them are made at the first call, some at a time."""
    made = {}

    def view(name, one="-2"):
        if not made:
            wireshark.tshark_all([(capture(each), *arguments(other), *wireshark.fields_command(FIELDS)) for each in names for other in passes])
        if (name, one) not in made:
            made[name, one] = View(wireshark, name, one)
        return made[name, one]

    return view


def selected(request):
    """The captures that the tests of this file ask for in this run."""
    names = {item.callspec.params["name"] for item in request.session.items
             if item.path == request.path and "name" in getattr(getattr(item, "callspec", None), "params", {})}
    return sorted(names)


def window_rows(tap):
    """The rows of a table in sharkd's answer, as dicts."""
    titles = [field["c"] for field in tap["fields"]]
    return [dict(zip(titles, row, strict=True)) for row in tap["tables"][0]["i"]]


def in_sharkd(wireshark, request, tap):
    """in_sharkd(...)(name): the table that TAP makes, as the window has it; one sharkd opens one capture after the other."""
    made = {}

    def rows(name):
        if not made:
            names = selected(request)
            requests = [(("load", {"file": str(wireshark.stage(capture(each)))}), ("tap", {"tap0": tap})) for each in names]
            answers = wireshark.sharkd(capture(names[0]), *itertools.chain(*requests))
            made.update({each: window_rows(answer["taps"][0]) for each, answer in zip(names, answers[1::2], strict=True)})
        return made[name]

    return rows
