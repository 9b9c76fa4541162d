"""The pictures of a call, as SVG inside the page. Each reads in black and white: lines differ by their dashes, areas by hatches, events by
numbers. Both directions have the same scales. Text stays text, so that it can be searched and read aloud; matplotlib escapes it."""

import io
import math
import re

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from .calls import NAMES, SIDES, number, radio

# Inches: a picture is as wide as a telephone, where it is shown in its own size; two stand beside each other on a desk.
WIDTH = 4.4
FONT = 8.5
STYLE = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Arial", "sans-serif"], "font.size": FONT, "svg.fonttype": "none",
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd", "grid.linewidth": 0.6,
         "axes.axisbelow": True, "svg.hashsalt": "call-report"}
# Wong's colours, which the colour-blind can tell apart too.
BLUE, ORANGE, GREEN, RED, BLACK = "#0072b2", "#d55e00", "#007a5a", "#a03060", "#000000"
# Events that a picture marks; a call has many more of others.
MARKED = ("relay session opened", "relay session re-allocated", "leg up", "leg down", "invited", "ringing", "accepted", "path answered", "path nominated",
          "layer", "codec", "silent", "relay error", "socket closed", "ended", "media started", "media stopped")
MOST_MARKS = 12
# Points of a line in a picture that is 4.4 inches wide, less than two for each point of print.
MOST_INTERVALS = 240

PANELS = (
    ("Bit rate (kbit/s)", (("Audio (kbit/s)", "audio", BLUE, "-"), ("Video (kbit/s)", "video", ORANGE, "--")), "line"),
    ("Pictures/s", (("Frames/s", "pictures", BLACK, "-"),), "line"),
    ("Packets", (("Lost", "lost", RED, "////"), ("Repaired", "repaired", GREEN, ".."), ("Paused", "not forwarded", "#999999", "")), "bar"),
    ("Delay (ms)", (("One-way delay (ms, as reported)", "one-way, reported", BLUE, "-"), ("Queueing delay (ms)", "queueing", ORANGE, ":")), "line"),
    ("Bandwidth (kbit/s)", (("Bandwidth (kbit/s, as reported)", "as the far side reports", GREEN, "-."),), "line"),
)


def marks(call):
    """[(number, row)] of the events that pictures mark: the first ones of their time, and the end."""
    rows = [row for row in call.rows("events") if row["Event"] in MARKED]
    seen, chosen = set(), []
    for row in rows:
        if (row["Event"], row["Who"], row["What"]) not in seen:
            seen.add((row["Event"], row["Who"], row["What"]))
            chosen.append(row)
    if len(chosen) > MOST_MARKS:
        last = [row for row in chosen if row["Event"] in ("ended", "socket closed", "relay error")][-3:]
        chosen = [row for row in chosen if row not in last][:MOST_MARKS - len(last)] + last
    return list(enumerate(sorted(chosen, key=lambda row: row["Time (s)"]), 1))


def _svg(figure, title, description, ident):
    """The figure as an <svg> element with a title and a description for those who do not see it."""
    out = io.StringIO()
    FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    # Names inside one picture must not meet those of another one on the page.
    text = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{ident}-{match[1]}"', text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{ident}-", text)
    text = re.sub(r'<svg ([^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"', r"<svg \1", text, count=1)
    # WeasyPrint knows the size of a text only as an attribute.
    text = re.sub(r'<text style="([^"]*)"', _font, text)
    head = f'<svg role="img" aria-labelledby="{ident}-title {ident}-desc" '
    labels = f'<title id="{ident}-title">{_escape(title)}</title><desc id="{ident}-desc">{_escape(description)}</desc>'
    start = text.index(">") + 1
    return head + text[len("<svg "):start] + labels + text[start:]


def _font(match):
    """The style of a text as attributes. Matplotlib writes the font as one property until 3.9, as one for each part since."""
    known = {name.strip(): value.strip() for name, _, value in (each.partition(":") for each in match[1].split(";")) if name.strip()}
    whole = re.match(r"(?:(italic|oblique) )?(?:(\d+|bold) )?([\d.]+)px ", known.pop("font", ""))
    if whole:
        known |= {name: value for name, value in zip(("font-style", "font-weight", "font-size"), whole.groups()) if value}
    known["font-size"] = known.get("font-size", "10").removesuffix("px")
    known["font-family"] = ", ".join(STYLE["font.sans-serif"])
    return "<text " + " ".join(f'{name}="{value}"' for name, value in known.items())


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _step(call):
    """Seconds in an interval of a picture, the same for both directions: one, or as many as leave lines and bars that can be told apart."""
    first, last = call.span()
    return max(1, math.ceil((last - first) / MOST_INTERVALS))


def _intervals(rows, column, step):
    """[(middle of an interval, known values in it)] of a column, in the order of time."""
    found = {}
    for row in rows:
        value = number(row.get(column))
        if value is not None:
            time = row["Time (s)"]
            found.setdefault(time if step == 1 else (time // step + 0.5) * step, []).append(value)
    return sorted(found.items())


def _curve(intervals, step):
    """(times, lowest, middle, highest values) of a rate. Nothing is drawn between intervals of which nothing is known: nan stands there."""
    curve = []
    for time, values in intervals:
        if curve and time - curve[-1][0] > 1.5 * step:
            curve.append((time, math.nan, math.nan, math.nan))
        curve.append((time, min(values), sum(values) / len(values), max(values)))
    return tuple(zip(*curve, strict=True))


def _alone(middle):
    """Places of values with nothing known beside them: a line needs two points, so these are dots."""
    known = [False, *(not math.isnan(value) for value in middle), False]
    return [place - 1 for place in range(1, len(known) - 1) if known[place] and not known[place - 1] and not known[place + 1]]


def _draw_line(axis, intervals, step, look):
    """A rate; where an interval has several seconds, with the band between its lowest and highest one."""
    label, color, style = look
    times, lowest, middle, highest = _curve(intervals, step)
    alone = _alone(middle)
    axis.plot(times, middle, style, color=color, label=label, linewidth=1.3, marker="." if alone else None, markevery=alone or None)
    if step > 1:
        axis.fill_between(times, lowest, highest, color=color, alpha=0.2, linewidth=0)


def _draw_bars(axis, intervals, step, look, place):
    """Counts of packets. All bars are one shape: an hour has thousands."""
    label, color, hatch = look
    width = 0.3 * step
    bars = [((left, 0), (left, count), (left + width, count), (left + width, 0), (left, 0))
            for left, count in ((time + (place - 1.5) * width, sum(values)) for time, values in intervals) if count]
    shape = Path.make_compound_path(*(Path(bar, closed=True) for bar in bars)) if bars else Path([(0, 0)])
    axis.add_patch(PathPatch(shape, facecolor="white" if hatch else color, edgecolor=color, hatch=hatch, label=label, linewidth=0.8))


class Panel:
    """A figure over time, of both directions: they have the same scale."""

    def __init__(self, call, title, columns, form, step):
        self.title, self.columns, self.form, self.step = title, columns, form, step
        self.sides = {side: [_intervals(call.seconds(side), column, step) for column, *_ in columns] for side in SIDES}
        tops = [sum(values) if form == "bar" else max(values) for side in SIDES for intervals in self.sides[side] for _, values in intervals]
        self.top = max([*tops, 0])

    def words(self, side):
        """The panel in words."""
        parts = []
        for (_, label, *_), intervals in zip(self.columns, self.sides[side], strict=True):
            values = [value for _, values in intervals for value in values]
            if values:
                parts.append(f"{label} from {min(values):g} to {max(values):g}")
        return f"{self.title}: {', '.join(parts) or 'not known'}"

    def draw(self, axis, side):
        """One direction."""
        for place, ((_, *look), intervals) in enumerate(zip(self.columns, self.sides[side], strict=True)):
            if intervals and self.form == "line":
                _draw_line(axis, intervals, self.step, look)
            elif intervals:
                _draw_bars(axis, intervals, self.step, look, place)
        axis.set_ylim(0, self.top * 1.3 or 1)
        axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        # A place that is known need not be looked for, which takes longer than to draw.
        axis.set_title(f"{self.title} in {self.step} s" if self.form == "bar" and self.step > 1 else self.title, loc="left", y=1, fontsize=FONT, fontweight="bold",
                       pad=3)
        if not any(self.sides[side]):
            axis.text(0.5, 0.45, "not in this capture", transform=axis.transAxes, ha="center", color="#555555")
        elif len(self.columns) > 1:
            axis.legend(loc="upper right", fontsize=FONT - 1, frameon=False, ncols=len(self.columns), borderaxespad=0, bbox_to_anchor=(1, 1.28),
                        handlelength=2, columnspacing=0.8)


def _mark(axis, marked):
    """Dotted lines at the times of the events."""
    axis.vlines([row["Time (s)"] for _, row in marked], 0, 1, transform=axis.get_xaxis_transform(), color="#888888", linewidth=0.7, linestyle=(0, (1, 2)))


def panels(call):
    """What the pictures of both directions show."""
    step = _step(call)
    return [Panel(call, *panel, step) for panel in PANELS]


def quality(call, side, marked, shown):
    """What SIDE sent, second by second: a panel for each figure in SHOWN, one time axis. None where nothing is known of it."""
    if not call.seconds(side):
        return None
    with rc_context(STYLE):
        # Places that are known in advance, too. Five digits fit at the left.
        height = 1.35 * len(shown)
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.subplots(len(shown), 1, sharex=True, gridspec_kw={"left": 0.12, "right": 0.98, "top": 1 - 0.3 / height, "bottom": 0.45 / height,
                                                                        "hspace": 0.42})
        for axis, panel in zip(axes, shown, strict=True):
            panel.draw(axis, side)
            _mark(axis, marked)
        axes[-1].set_xlim(*call.span())
        axes[-1].set_xlabel("Time since the call's first packet (s)")
        words = "; ".join(panel.words(side) for panel in shown)
        return _svg(figure, f"What {NAMES[side]} sent, second by second", words + ".", f"quality-{call.number}-{side}")


def _groups(marked, near):
    """[(time of the first, numbers)] of marks: those that are near each other stand together."""
    groups = []
    for mark, row in marked:
        if groups and row["Time (s)"] - groups[-1][0] < near:
            groups[-1][1].append(mark)
        else:
            groups.append((row["Time (s)"], [mark]))
    return [(time, f"{marks[0]}–{marks[-1]}" if len(marks) > 2 else ", ".join(map(str, marks))) for time, marks in groups]


def steps(call, marked):
    """The steps of the call, the path of its media and the device's legs to the relay, on the time axis of the other pictures, with the events."""
    rows = call.rows("timeline")
    legs = call.legs()
    first, last = call.span()
    with rc_context({**STYLE, "axes.spines.left": False}):
        figure = Figure(figsize=(WIDTH, 0.9 + 0.3 * (len(rows) + len(legs) + 1)), layout="constrained")
        axis = figure.subplots()
        labels = []
        for place, row in enumerate(rows):
            what = row["What it is"]
            direct, relay = "directly" in what, "over the relay" in what
            label = row["Step"] + (", relay" if row["Step"] == "media" and relay else ", direct" if row["Step"] == "media" and direct else "")
            length = max(row["Duration (s)"] or 0, (last - first) / 200)
            axis.barh(place, length, 0.6, left=row["Start (s)"], color="#cfe3f1" if row["Step"] != "media" else "white", edgecolor=BLUE, linewidth=0.9,
                      hatch="" if row["Step"] != "media" else "////" if relay else "....")
            labels.append(label)
        for place, (node, start, end) in enumerate(legs, len(rows)):
            axis.barh(place, max(end - start, (last - first) / 200), 0.3, left=start, color=BLACK, linewidth=0)
            labels.append(f"leg, {radio(node)}" if radio(node) else "leg")
        axis.set_yticks(range(len(labels)), labels)
        axis.set_ylim(len(labels) - 0.4, -1.5)
        axis.grid(axis="y", visible=False)
        axis.tick_params(axis="y", length=0)
        _mark(axis, marked)
        for place, (time, label) in enumerate(_groups(marked, (last - first) / 10)):
            axis.text(time, -1.2 + 0.62 * (place % 2), label, ha="left" if time < first + (last - first) * 0.5 else "right", va="top", fontsize=FONT - 1.5,
                      bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "#888888", "linewidth": 0.6})
        axis.set_xlim(first - (last - first) * 0.01, last * 1.01)
        axis.set_xlabel("Time since the call's first packet (s)")
        said = "; ".join(f"{label} from {row['Start (s)']:.1f} s for {row['Duration (s)'] or 0:.1f} s" for label, row in zip(labels, rows, strict=False))
        said += "".join(f"; {label} from {start:.1f} s for {end - start:.1f} s" for label, (_, start, end) in zip(labels[len(rows):], legs, strict=True))
        return _svg(figure, f"Steps of call {call.number}", said + ".", f"steps-{call.number}")


def hosts(call):
    """The hosts around the device, with their roles: what each is for, and how many packets it had."""
    rows = [row for row in call.rows("nodes") if row["Role"] != "device"]
    devices = [row for row in call.rows("nodes") if row["Role"] == "device"]
    order = {"peer": 0, "relay": 1}
    rows.sort(key=lambda row: (next((place for word, place in order.items() if word in row["Role"]), 2), row["First frame"]))
    more = len(rows) - 12
    rows = rows[:12]
    height = 0.52 * max(len(rows), len(devices), 2) + 0.5
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(WIDTH, height))
        axis = figure.add_axes((0.01, 0, 0.98, 1))
        axis.set_axis_off()
        axis.set_xlim(0, 1)
        axis.set_ylim(-0.1, 1.1)
        most = max([row["Packets"] for row in rows], default=1) or 1
        left = [1 - (place + 0.5) / max(len(devices), 1) for place in range(len(devices))] or [0.5]
        for place, row in enumerate(rows):
            y = 1 - (place + 0.5) / len(rows)
            axis.plot([0.27, 0.53], [sum(left) / len(left), y], color=BLUE, linewidth=0.6 + 3 * row["Packets"] / most, solid_capstyle="round", alpha=0.7)
            name = row["Name"] if row["Name"] not in (None, "-") else row["Address"]
            axis.text(0.55, y, f"{_short(row['Role'], 24)}\n{_short(name, 28)}", va="center", fontsize=FONT - 0.5, linespacing=1.1)
        for y, row in zip(left, devices, strict=False):
            axis.text(0.0, y, f"device\n{_short(row['Address'], 18)}", va="center", fontsize=FONT - 0.5, fontweight="bold")
        if more > 0:
            axis.text(0.55, -0.08, f"and {more} more", fontsize=FONT - 1, color="#555555")
        said = "; ".join(f"{row['Role']} {row['Address']}, {row['Packets']} packets" for row in rows)
        return _svg(figure, f"Hosts of call {call.number}", said + ".", f"hosts-{call.number}")


def _short(text, length):
    text = str(text)
    return text if len(text) <= length else text[:length - 1] + "…"


LADDER = ("device", "relay", "peer")
MOST_RUNGS = 32
# What goes on all the time, or is in a picture of its own: not a rung of the ladder.
NO_RUNGS = {"mode", "new stream", "new generation of streams", "lost", "repaired", "asked for again", "silent", "speaks", "rotated", "codec", "layer"}


def ladder(call):
    """Who did what to whom, from top to bottom. None where there are no events."""
    rows = [row for row in call.rows("events") if row["Event"] not in NO_RUNGS]
    if not rows:
        return None
    left = len(rows) - MOST_RUNGS
    if left > 0:
        rows = rows[:MOST_RUNGS - 6] + rows[-6:]
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(WIDTH, 0.32 * len(rows) + 0.7))
        axis = figure.add_axes((0.01, 0, 0.98, 1))
        axis.set_axis_off()
        axis.set_xlim(-0.42, 2.35)
        axis.set_ylim(len(rows) + 0.3, -1)
        for place, name in enumerate(LADDER):
            axis.plot([place, place], [-0.4, len(rows)], color="#bbbbbb", linewidth=1)
            axis.text(place, -0.5, NAMES[name] if name != "relay" else "relay, servers", ha="center", va="bottom", fontweight="bold", fontsize=FONT - 0.5)
        for place, row in enumerate(rows):
            who = LADDER.index(row["Who"]) if row["Who"] in LADDER else None
            axis.text(-0.42, place, f"{row['Time (s)']:.2f}", va="center", fontsize=FONT - 1.5, color="#555555")
            label = f"{row['Event']}"
            if who is None:
                axis.text(1, place, label, ha="center", va="center", fontsize=FONT - 1, style="italic")
                continue
            to = 1 if who != 1 else 0
            if "direct" in row["What"] or row["Event"] in ("invited", "ringing", "accepted", "candidates"):
                to = 2 - who if who != 1 else 0
            axis.annotate("", (to, place + 0.18), (who, place + 0.18), arrowprops={"arrowstyle": "-|>", "color": BLACK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0})
            axis.text((who + to) / 2, place + 0.1, label, ha="center", va="bottom", fontsize=FONT - 1)
        if left > 0:
            axis.text(1, len(rows) + 0.2, f"{left} more events are in the table", ha="center", fontsize=FONT - 1, color="#555555")
        said = "; ".join(f"{row['Time (s)']:.2f} s {row['Who']} {row['Event']}" for row in rows)
        return _svg(figure, f"Ladder of call {call.number}", said + ".", f"ladder-{call.number}")
