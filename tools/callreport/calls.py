"""One call, with its rows of all tables."""

import statistics

SIDES = ("device", "peer")
# How a page calls the two ends.
NAMES = {"device": "the device", "peer": "the other side", "relay": "the relay", "unknown": "somebody"}


def number(value):
    """A cell as a number; None where it is none."""
    return value if isinstance(value, (int, float)) else None


def radio(node):
    """The radio that a host announced, in short; None where it announced none."""
    text = node.get("Radio (announced)")
    return None if text in (None, "-") else text.split(" (")[0]


class Call:
    """A call: `row`, its row in the table of calls, and its rows in the others."""

    def __init__(self, row, tables):
        self.row, self.number = row, row["Call"]
        self.tables = {name: table.of(self.number) for name, table in tables.items() if name != "calls"}

    def rows(self, name):
        """The call's rows of a table; none where tshark has no such table."""
        return self.tables[name].rows if name in self.tables else []

    def get(self, column, default="-"):
        """A cell of the call's row."""
        return self.row.get(column, default)

    def seconds(self, side):
        """Rows of the quality table in which SIDE sends."""
        return [row for row in self.rows("quality") if row["Sender"] == side]

    def sends(self, side):
        """Has SIDE sent media?"""
        return any((row.get("Audio (kbit/s)") or 0) + (row.get("Video (kbit/s)") or 0) > 0 for row in self.seconds(side))

    def median(self, side, column):
        """The middle one of the known values of a column, of seconds that are whole: the first and the last one are not."""
        values = [number(row.get(column)) for row in self.seconds(side)[1:-1]]
        values = [value for value in values if value is not None]
        return statistics.median_low(values) if values else None

    def highest(self, side, column):
        """The row of the highest value; None where nothing is known."""
        known = [row for row in self.seconds(side) if number(row.get(column)) is not None]
        return max(known, key=lambda row: row[column]) if known else None

    def total(self, side, column):
        """Sum of a column; None where nothing is known."""
        known = [value for value in (number(row.get(column)) for row in self.seconds(side)) if value is not None]
        return sum(known) if known else None

    def steps(self, name):
        """Rows of the timeline of this step."""
        return [row for row in self.rows("timeline") if row["Step"] == name]

    def unanswered(self):
        """Steps that got no answer, as the timeline has them."""
        return [row for row in self.rows("timeline") if "no answer" in row["What it is"]]

    def events(self, *names):
        """Rows of the events table of these kinds."""
        return [row for row in self.rows("events") if row["Event"] in names]

    def legs(self):
        """[(node of the device, start, end)] of its legs, pairs of sockets with a relay, in seconds: a device may have several at once, by Wi-Fi and by a
        mobile network."""
        def at(role):
            return {start: node for node in self.rows("nodes") if role in node["Role"] for start in (f"{node['Address']}:", f"[{node['Address']}]:")}

        devices, relays, pairs = at("device"), at("relay"), {}
        for row in self.events("relay session opened", "leg up", "leg down"):
            # "address:port to address:port", and behind a comma what else is known
            pair = row["What"].split(",")[0]
            ends = pair.split(" to ")
            node = next((node for start, node in devices.items() if ends[0].startswith(start)), None)
            if node and ends[-1].startswith(tuple(relays)):
                pairs.setdefault(pair, (node, []))[1].append(row)
        found = []
        for node, rows in pairs.values():
            down = [row["Time (s)"] for row in rows if row["Event"] == "leg down"]
            found.append((node, rows[0]["Time (s)"], down[-1] if down else self.span()[1]))
        return found

    def span(self):
        """(first, last) second of the common time axis: the whole call."""
        ends = [row["Start (s)"] + (row["Duration (s)"] or 0) for row in self.rows("timeline")] + [self.get("Duration (s)", 0) or 0]
        return 0.0, max(ends) or 1.0


def calls(tables, only=None):
    """The calls of a capture, or one of them."""
    return [Call(row, tables) for row in tables["calls"].rows if only in (None, row["Call"])]
