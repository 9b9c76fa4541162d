"""The answer of one run of tshark over a changed capture, against what is true of it."""

import collections
import dataclasses
import re

from .. import facts, table
from . import files, links
from .items import lost

FIELDS = ("frame.number", "facetime.call")
TABLES = ("-z", "facetime,calls", "-z", "facetime,streams")
FEW = 3     # packets of a stream below which it may be left out of what is shown


@dataclasses.dataclass(frozen=True)
class Case:
    """A changed capture and what is true of it.

    ITEMS, CALLS: as in items.py. LINKS: the link layer of each interface (home 1 is the second one), FILE: its format, SNAP: bytes kept,
    TOGETHER: so many datagrams in one 802.11 frame. OPTIONS: of tshark. TWO: two passes.
    ASK: what is asked for: "calls" (how many), "frames" (each datagram in its call, and no stranger), "prelude" (push and look-ups, too),
    "ends", "state", "media", "streams" (packets and lost packets of each), "lost" (lost packets only), "not lost" (no more than truly).
    MORE: strangers may be calls of their own; BETWEEN: strangers' datagrams on the call's own socket may show its number."""

    items: tuple
    calls: dict
    links: tuple = ("ethernet",)
    file: str = "pcap"
    snap: int | None = None
    together: int = 1
    options: tuple = ()
    two: bool = True
    ask: frozenset = frozenset(("calls", "frames", "ends", "state", "media", "streams"))
    more: bool = False
    between: bool = False


def records(case):
    """[(time in nanoseconds, bytes, length, interface, items)] of the file."""
    out, number = [], 0
    items = list(case.items)
    while number < len(items):
        item = items[number]
        group = [item]
        if case.together > 1:
            while (len(group) < case.together and number + len(group) < len(items) and items[number + len(group)].local == item.local
                   and items[number + len(group)].sent == item.sent):
                group.append(items[number + len(group)])
        interface = item.home if len(case.links) > 1 else 0
        if case.together > 1:
            data = links.aggregate(group)
        else:
            data = links.LINKS[case.links[interface]][1](item)
        out.append((group[-1].time * 1000, data[:case.snap], len(data), interface, group))
        number += len(group)
    return out


def linktypes(case):
    """The link types of the interfaces."""
    return [127] if case.together > 1 else [links.LINKS[name][0] for name in case.links]


def written(case):
    """(bytes of the file, the items of each frame)."""
    rows = records(case)
    return files.FORMATS[case.file]([row[:4] for row in rows], linktypes(case)), [row[4] for row in rows]


def command(case):
    """The arguments of tshark."""
    return (*(("-2",) if case.two else ()), *case.options, *TABLES)


def addresses(cell):
    """The addresses of a cell with endpoints."""
    return {end if end == "-" else facts.endpoint(end)[0] for end in cell.split(", ")}


def words(cell):
    """The words of a cell as "audio+video"."""
    return {word for word in cell.split("+") if word != "-"}


class Judge:
    """Compares; deviations are (what, found, right)."""

    def __init__(self, case, groups, rows, out):
        self.case, self.groups, self.deviations = case, groups, []
        self.rows = {row["Call"]: row for row in table.rows(out)}
        self.streams = table.streams(out)
        self.shown = {int(row["frame.number"][0]): list(dict.fromkeys(int(number) for number in row["facetime.call"])) for row in rows}
        self.match = self.matched()
        for what in ("calls", "frames", "ends", "state", "media"):
            if what in case.ask:
                getattr(self, what)()
        if case.ask & {"streams", "lost", "not lost"}:
            self.loss()

    def say(self, what, found, right):
        self.deviations.append((what, found, right))

    def matched(self):
        """Call -> the plugin's number, by the datagrams that both have."""
        votes = collections.defaultdict(collections.Counter)
        for number, group in enumerate(self.groups, 1):
            for item in group:
                if item.datagram and item.carries:
                    votes[item.call].update({call for call in self.shown.get(number, ()) if call in self.rows})
        if not self.case.two:  # on one pass, the first datagrams may not show it: by the device
            for number, call in self.case.calls.items():
                votes[number].update({row["Call"]: 1000 for row in self.rows.values() if addresses(row["Device"]) & call.devices and len(self.case.calls) == 1})
        present = {item.call for item in self.case.items if item.datagram}
        return {call: max(sorted(votes[call]), key=votes[call].get) if votes[call] else None for call in sorted(present)}

    def pairs(self):
        """(what is true, row) of each call that was found."""
        return [(number, self.case.calls[number], self.rows[found]) for number, found in self.match.items() if found is not None]

    def calls(self):
        found = len(set(self.match.values()) - {None})
        if found < len(self.match):
            self.say("calls", f"{found} of them", len(self.match))
        elif len(self.rows) > len(self.match) and not self.case.more:
            self.say("calls", len(self.rows), len(self.match))

    def frames(self):
        wrong, strangers, prelude = [], [], []
        found = {number for number in self.match.values() if number is not None}
        for number, group in enumerate(self.groups, 1):
            mine = {self.match.get(item.call) for item in group if item.datagram and item.carries}
            shown = self.shown.get(number, [])
            if mine:
                if set(shown) != mine:
                    wrong.append((number, shown))
            elif all(item.free for item in group):
                continue
            elif all(item.call is None for item in group):
                if set(shown) & found and not self.case.between:
                    strangers.append((number, shown))
            elif "prelude" in self.case.ask and all(item.carries for item in group) and set(shown) != {self.match.get(item.call) for item in group}:
                prelude.append((number, shown))
        for what, frames in (("datagrams not in their call", wrong), ("other traffic in a call", strangers), ("push and look-ups not in their call", prelude)):
            if frames:
                number, shown = frames[0]
                self.say(what, f"{len(frames)}, the first is frame {number}: {', '.join(map(str, shown)) or 'none'}", "0")

    def ends(self):
        for number, call, row in self.pairs():
            mine = [item for item in self.case.items if item.call == number]
            devices, relays, peers = (addresses(row[title]) for title in ("Device", "Relay", "Peer"))
            if not devices <= call.devices:
                self.say("device", row["Device"], " or ".join(sorted(call.devices)))
            if call.peers and not peers <= call.peers:
                self.say("peer", row["Peer"], " or ".join(sorted(call.peers)))
            if not relays <= call.relays and not (relays == {"-"} and not any(item.rtp for item in mine)):
                self.say("relay", row["Relay"], " or ".join(sorted(call.relays)))

    def state(self):
        for _, call, row in self.pairs():
            if call.state and row["State"] != call.state:
                self.say("state", row["State"], call.state)

    def media(self):
        for number, call, row in self.pairs():
            mine = [(header.ssrc, item.relayed) for item in self.case.items if item.call == number and item.carries for header in item.rtp]
            for title, packets in (("Media", collections.Counter(call.media[ssrc] for ssrc, _ in mine)),
                                   ("Path", collections.Counter("relay" if relayed else "direct" for _, relayed in mine))):
                shown, least = words(row[title]), {word for word, count in packets.items() if count >= FEW}
                if not least <= shown <= set(packets):
                    self.say(title.lower(), row[title], "+".join(sorted(least)) or "-")

    def loss(self):
        ask = self.case.ask
        for number, found in self.match.items():
            if found is None:
                continue
            numbers = collections.defaultdict(list)
            for item in self.case.items:
                if item.call == number and item.carries:
                    for header in item.rtp:
                        numbers[header.ssrc, item.sent].append(header.sequence)
            rows = collections.defaultdict(list)
            for row in self.streams:
                if row["Call"] == found:
                    rows[int(row["SSRC"], 16)].append(row)
            wrong = []
            for ssrc in sorted({ssrc for ssrc, _ in numbers} | set(rows)):
                each = [sequences for (one, _), sequences in numbers.items() if one == ssrc]
                packets, missing = sum(map(len, each)), sum(map(lost, each))
                shown, gone = sum(row["Packets"] for row in rows[ssrc]), [row["Lost"] if row["Lost"] is None else row["Lost"] + (row["Paused"] or 0) for row in rows[ssrc]]
                if "not lost" in ask:
                    if sum(filter(None, gone)) > missing:
                        wrong.append(f"0x{ssrc:08x} {shown} packets, {sum(filter(None, gone))} lost instead of {missing}")
                elif packets >= FEW or rows[ssrc]:
                    if ("streams" in ask and shown != packets) or None in gone or sum(gone) != missing or (rows[ssrc] and len(rows[ssrc]) > len(each)):
                        wrong.append(f"0x{ssrc:08x} {shown} packets, {', '.join(map(str, gone)) or '-'} lost instead of {packets}, {missing}")
            if wrong:
                self.say(f"streams, {len(wrong)} of {len({ssrc for ssrc, _ in numbers})}", wrong[0], "-")


def judge(case, groups, rows, out):
    """The deviations of a case, by what tshark printed."""
    return Judge(case, groups, rows, out).deviations


def complaints(err):
    """What tshark says besides."""
    return [line for line in err.splitlines() if re.search("ERROR|BUG|assert", line)]
