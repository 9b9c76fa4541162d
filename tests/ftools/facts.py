"""What is true of each sample (captures/expected, made by the generator), and what tshark says of each frame."""

import json
import re

from . import paths

# The words of facetime.kind, facetime.call.phase, .state, .direction, facetime.path and facetime.confidence that are public.
KINDS = ("unknown", "stun", "sip", "rtp", "rtcp", "relay", "link-probe", "nat-probe", "quic", "web")
PHASES = ("push", "lookup", "probe", "certificate", "registration", "relay", "connectivity", "signalling", "media", "teardown")
STATES = ("attempted", "ringing", "established", "ended", "declined", "cancelled", "failed", "interrupted")
DIRECTIONS = ("inbound", "outbound", "unknown")
PATHS = ("direct", "relay")
CONFIDENCES = ("low", "medium", "high")

# What is asked for each frame; one run of tshark gives it to all tests.
FIELDS = ("frame.number", "frame.time_epoch", "frame.len", "frame.protocols", "ip.proto", "ipv6.nxt", "udp.stream",
          "facetime.call", "facetime.call.phase", "facetime.call.time", "facetime.call.state", "facetime.call.direction", "facetime.call.end",
          "facetime.kind", "facetime.path", "facetime.confidence", "facetime.evidence",
          "rtp.ssrc", "rtp.p_type", "rtp.seq", "sip.Method", "sip.CSeq.method",
          "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")

EXPERT_ERROR = 0x00800000  # epan/proto.h, PI_ERROR

# What Wireshark's own SIP and SDP dissectors hold against Viceroy's messages, which are as they were sent: a=fmtp with a name where
# a payload type belongs, and (as an error in some versions) a compressed body after the header.
STOCK_COMPLAINTS = {"Invalid media format", "Trailing stray characters"}


def expected(name):
    """captures/expected/NAME.json."""
    return json.loads((paths.CAPTURES / "expected" / f"{name}.json").read_text(encoding="ascii"))


def situation(name):
    """captures/situations/expected/NAME.json."""
    return json.loads((paths.CAPTURES / "situations" / "expected" / f"{name}.json").read_text(encoding="ascii"))


def numbers(ranges):
    """The set of the numbers in a text as "1-4,7"."""
    found = set()
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def endpoint(text):
    """(address, port) of "192.0.2.1:5" or "[2001:db8::1]:5"."""
    address, port = re.fullmatch(r"\[?(.*?)\]?:(\d+)", text).groups()
    return address, int(port)


def words(wireshark):
    """The words of each field of the plugin, by number. Wireshark's list of all words is long: it is read once."""
    if "facetime words" not in wireshark.results:
        found = wireshark.results["facetime words"] = {}
        for line in wireshark.tshark_glossary("values").splitlines():
            if line.startswith("V\tfacetime."):
                _, field, number, text = line.split("\t")[:4]
                found.setdefault(field, {})[int(number, 0)] = text
    return wireshark.results["facetime words"]


class Frames:
    """What tshark says of each frame of a capture, on one pass or (with "-2") two; table: of a "-z" among the arguments."""

    def __init__(self, wireshark, capture, *args):
        self.rows, self.table = wireshark.fields_and_table(capture, FIELDS, *args)
        text_of = words(wireshark)
        for row in self.rows:
            row["number"] = int(row["frame.number"][0])
            row["protocols"] = row["frame.protocols"][0].split(":")
            for name in ("kind", "path", "confidence", "call.phase", "call.state", "call.direction", "call.end"):
                field = f"facetime.{name}"
                row[name] = [text_of[field][int(value)] for value in row[field]]

    def having(self, name, *values):
        """The rows in which the field NAME is there, or has one of VALUES."""
        return [row for row in self.rows if (any(value in row[name] for value in values) if values else row[name])]

    def numbers(self, name, *values):
        """The frame numbers of having()."""
        return {row["number"] for row in self.having(name, *values)}

    def kinds(self):
        """How many datagrams of each kind there are; a datagram has one kind."""
        found = {}
        for row in self.rows:
            assert len(row["kind"]) <= 1, row
            for kind in row["kind"]:
                found[kind] = found.get(kind, 0) + 1
        return found

    def datagrams(self):
        """The rows that are of FaceTime: named so, or in a call."""
        return [row for row in self.rows if "facetime" in row["protocols"] or row["kind"]]

    def faults(self):
        """Frames with something malformed or an expert error: number and message. Without what stock Wireshark says of SIP."""
        found = []
        for row in self.rows:
            messages = list(zip(row["_ws.expert.severity"], row["_ws.expert.message"], strict=True))
            excused = "sip" in row["protocols"] and any(text in STOCK_COMPLAINTS for _, text in messages)
            errors = [text for severity, text in messages
                      if int(severity) >= EXPERT_ERROR and not (excused and text in STOCK_COMPLAINTS)]
            # The field is also set by an expert item of the group "malformed", the layer only by a dissector that gave up.
            if errors or "_ws.malformed" in row["protocols"] or (row["_ws.malformed"] and not excused):
                found.append((row["number"], errors))
        return found
