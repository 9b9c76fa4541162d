"""What happened in a call, in a sentence for people who know nothing of packets. Each claim has its basis: table, cells, frame, filter, grade."""

from .calls import NAMES, SIDES, radio

# Below it (kbit/s) a sender lowers the number of pictures: on a real call with a report of 136 to 145 it did, the samples with 312 do not. And
# below that many pictures a second motion stutters. Both choose words only: the values themselves stand beside them.
NARROW_KBITS = 200
FEW_PICTURES = 12

WITHOUT_MEDIA = {
    "attempted": "It never came about: no media was seen.",
    "ringing": "It rang, and nobody answered in this capture.",
    "declined": "It was declined.",
    "cancelled": "The caller gave up before it was answered.",
    "failed": "It failed.",
}
# What a host is for, to those who do not know the word.
HOSTS = {"relay": "Apple's relay", "NAT probe": "Apple's server that tells a device its public address", "peer": "the other side",
         "push": "Apple's push service"}
MEDIA = {"audio+video": "video call", "video": "video call", "audio": "audio call"}


class Basis:
    """What a claim rests on. `value`: as the table has it; `row`: number of its row on the page, from 1."""

    def __init__(self, table, column, value, row=None, frame=None, filter_=None, note=None):
        self.table, self.column, self.value, self.row, self.frame, self.filter, self.note = table, column, value, row, frame, filter_, note
        self.grade = "guess" if "[guess]" in f"{value} {note or ''}" else "measured"
        self.id = None


class Claim:
    """Words with a basis."""

    def __init__(self, words, *basis):
        self.words, self.basis = words, [one for one in basis if one]


def _article(word):
    """a or an, before a number of seconds or a word."""
    return "An" if word[0] in "aeiou" or word.split("-")[0] in ("8", "11", "18") or word.startswith("8") else "A"


def _frame(row):
    return row.get("First frame") or row.get("Frame")


class Story:
    """The sentences of one call, and the list of what they rest on."""

    def __init__(self, call):
        self.call = call
        self.sentences = []
        self._tell()
        # Numbered as they are read.
        self.bases = [basis for sentence in self.sentences for part in sentence if isinstance(part, Claim) for basis in part.basis]
        for place, basis in enumerate(self.bases, 1):
            basis.id = f"basis-{call.number}-{place}"

    def _basis(self, table, row, column, note=None):
        rows = [self.call.row] if table == "calls" else self.call.rows(table)
        place = next((place for place, one in enumerate(rows, 1) if one is row), None)
        return Basis(table, column, row.get(column), place, _frame(row), row.get("Filter"), note)

    @staticmethod
    def _sum(table, column, value, note):
        return Basis(table, column, value, note=note)

    def _of_call(self, column, note=None):
        return self._basis("calls", self.call.row, column, note)

    def _say(self, *parts):
        self.sentences.append([part for part in parts if part])

    def _tell(self):
        state = self.call.get("State")
        media = self.call.get("Media")
        kind = MEDIA.get(media)
        if kind:
            self._with_media(kind)
        else:
            self._say(Claim("A call without media.", self._of_call("Media")),
                      " ", Claim(WITHOUT_MEDIA.get(state, "No media was seen."), self._of_call("State")))
            self._what_failed()
        self._who()
        if kind:
            self._legs()
            for side in SIDES:
                self._quality(side)
            self._end(state)

    def _with_media(self, kind):
        seconds = self.call.get("Media (s)", None)
        column = "Media (s)" if isinstance(seconds, (int, float)) else "Duration (s)"
        seconds = self.call.get(column, 0)
        length = f"{seconds:.0f}-second {kind}" if seconds < 120 else f"{seconds / 60:.0f}-minute {kind}"
        path = self.call.get("Path")
        words = {"relay": " over Apple's relay", "direct": " directly between the two devices"}.get(path)
        basis = [self._of_call("Path")]
        if path == "relay+direct":
            rows = sorted(self.call.steps("media"), key=lambda row: row["Start (s)"])
            first_direct = bool(rows) and "directly" in rows[0]["What it is"]
            words = " first directly, then over Apple's relay" if first_direct else " first over Apple's relay, then directly between the two devices"
            basis += [self._basis("timeline", row, "What it is") for row in rows]
        self._say(_article(length), " ", Claim(length, self._of_call(column), self._of_call("Media")), Claim(words, *basis) if words else "", ".")

    def _what_failed(self):
        """Hosts that were asked and never answered: the usual reason why nothing came about."""
        silent = [row for row in self.call.rows("nodes") if "silent" in row["Role"] and row["Role"].split(" (")[0] != "device"]
        if silent:
            parts = []
            for place, row in enumerate(silent):
                parts += ["" if place == 0 else " and " if place == len(silent) - 1 else ", ",
                          Claim(HOSTS.get(row["Role"].split(" (")[0], f"the {row['Role'].split(' (')[0]}"), self._basis("nodes", row, "Role", row["Address"]))]
            self._say("No answer came from ", *parts, ".")
        for row in self.call.unanswered():
            # A step with a host that was named says the same again.
            if any(node["Address"] in row["Hosts"] for node in silent):
                continue
            self._say("In the step ", Claim(row["Step"], self._basis("timeline", row, "What it is")), f": {row['What it is']}.")
        if silent:
            self._say("Where nothing answers, a firewall or the network on the way is the usual cause [guess].")

    def _who(self):
        direction = self.call.get("Direction")
        caller, called = self.call.get("From"), self.call.get("To")
        names = f" ({caller} called {called})" if "-" not in (caller, called) else ""
        if direction == "inbound":
            self._say(Claim(f"The device was called{names}.", self._of_call("Direction")))
        elif direction == "outbound":
            self._say(Claim(f"The device called{names}.", self._of_call("Direction")))
        elif str(direction).startswith(("inbound", "outbound")):
            self._say(Claim(f"Who called: {direction}.", self._of_call("Direction")))
        elif self.call.get("Caller [guess]") in SIDES:
            who = NAMES[self.call.get("Caller [guess]")].capitalize()
            self._say(Claim(f"{who} probably called [guess].", self._of_call("Caller [guess]", "[guess] by who sent first on the push connection")))
        else:
            self._say(Claim("Who called whom cannot be seen.", self._of_call("Direction")))

    def _legs(self):
        """Two networks at once, or one after the other."""
        legs = self.call.legs()
        if len({radio(node) for node, _, _ in legs}) < 2:
            return
        parts = []
        for place, (node, _, _) in enumerate(legs):
            parts += ["" if place == 0 else " and " if place == len(legs) - 1 else ", ",
                      Claim(radio(node) or "a network that it did not name", self._basis("nodes", node, "Radio (announced)", node["Address"]))]
        self._say("The device reached the relay over ", *parts, ".")

    def _quality(self, side):
        call = self.call
        other = "the other side" if side == "device" else "the device"
        owner = "The device's" if side == "device" else "The other side's"
        if not call.sends(side):
            if call.rows("quality"):
                self._say(Claim(f"{NAMES[side].capitalize()} sent no media.", self._sum("quality", "Audio (kbit/s), Video (kbit/s)", 0, f"no rows of {side}")))
            return
        highest = call.highest(side, "Bandwidth (kbit/s, as reported)")
        slow = [row for row in call.seconds(side)[1:-1] if 0 < (row["Frames/s"] or 0) < FEW_PICTURES]
        pictures = call.median(side, "Frames/s")
        if highest and highest["Bandwidth (kbit/s, as reported)"] < NARROW_KBITS and slow:
            least, most = (choose(row["Frames/s"] for row in slow) for choose in (min, max))
            worst = min(slow, key=lambda row: row["Frames/s"])
            span = f"{least:.0f}" if least == most else f"{least:.0f} to {most:.0f}"
            self._say(Claim(f"{owner} upload was limited to about {highest['Bandwidth (kbit/s, as reported)']:.0f} kbit/s",
                            self._basis("quality", highest, "Bandwidth (kbit/s, as reported)", "the highest that the far side reported")),
                      ", so for ", Claim(f"{len(slow)} second{'' if len(slow) == 1 else 's'}",
                                         self._sum("quality", "Frames/s", len(slow), f"{side}'s seconds with fewer than {FEW_PICTURES}")),
                      f" {other} saw only ", Claim(f"{span} pictures a second", self._basis("quality", worst, "Frames/s", "the fewest")), ".")
        elif pictures:
            self._say(Claim(f"{NAMES[side].capitalize()} sent {pictures:.0f} pictures a second.",
                            self._sum("quality", "Frames/s", pictures, f"the middle one of {side}'s seconds")))
        self._loss(side)

    def _loss(self, side):
        call = self.call
        # What the relay itself counted is more than what one end can see.
        column = "Uplink lost" if side == "device" else "Downlink lost"
        counted = str(call.get(column)).split(" of ")
        if len(counted) == 2 and counted[0] != "0":
            self._say("On the way from ", NAMES[side], ", ", Claim(f"{call.get(column).replace(' (', ' packets got lost (')}", self._of_call(column)), ".")
            return
        lost, repaired = call.total(side, "Lost"), call.total(side, "Repaired")
        if lost is None:
            return
        basis = self._sum("quality", "Lost", lost, f"sum of {side}'s seconds")
        if lost:
            self._say("On the way from ", NAMES[side], ", ", Claim(f"{lost:.0f} packet{'' if lost == 1 else 's'} got lost", basis), ".")
        else:
            self._say("Nothing that ", NAMES[side], " sent ", Claim("was lost", basis), " as far as the capture shows",
                      Claim(f" ({repaired:.0f} {'was' if repaired == 1 else 'were'} sent again in time)", self._sum("quality", "Repaired", repaired, f"sum of {side}'s seconds"))
                      if repaired else "", ".")

    def _end(self, state):
        ended = self.call.events("ended")
        if ended:
            row = ended[-1]
            who = {"device": "The device", "peer": "The other side"}.get(row["Who"], "Somebody")
            guess = " [guess]" if "[guess]" in row["What"] else ""
            self._say(Claim(f"{who} hung up{guess}.", self._basis("events", row, "What")))
        elif state == "established":
            self._say(Claim("The capture ends before the call does.", self._of_call("State")))
        elif state == "interrupted":
            self._say(Claim("Media stopped, and nothing shows why.", self._of_call("State")))
        else:
            self._say(Claim(f"It is {state}.", self._of_call("State")))

    def text(self):
        """The sentences as plain text."""
        return " ".join("".join(part.words if isinstance(part, Claim) else part for part in sentence) for sentence in self.sentences)
