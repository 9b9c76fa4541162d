"""The pictures of a call, as SVG inside the page. Each reads in black and white: lines differ by their dashes, areas by hatches, events by
numbers. Both directions have the same scales. Text stays text, so that it can be searched and read aloud; matplotlib escapes it."""

import io
import re

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

from .calls import NAMES, SIDES, number  # noqa: E402

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

PANELS = (
    ("Bit rate (kbit/s)", (("Audio (kbit/s)", "audio", BLUE, "-"), ("Video (kbit/s)", "video", ORANGE, "--")), "line"),
    ("Pictures/s", (("Frames/s", "pictures", BLACK, "-"),), "line"),
    ("Packets", (("Lost", "lost", RED, "////"), ("Repaired", "sent again in time", GREEN, ".."), ("Paused", "not forwarded", "#999999", "")), "bar"),
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
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    # Names inside one picture must not meet those of another one on the page.
    text = re.sub(r'\bid="([^"]+)"', lambda match: f'id="{ident}-{match[1]}"', text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{ident}-", text)
    text = re.sub(r'<svg ([^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"', r"<svg \1", text, count=1)
    head = f'<svg role="img" aria-labelledby="{ident}-title {ident}-desc" '
    labels = f'<title id="{ident}-title">{_escape(title)}</title><desc id="{ident}-desc">{_escape(description)}</desc>'
    start = text.index(">") + 1
    return head + text[len("<svg "):start] + labels + text[start:]


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _series(rows, column):
    known = [(row["Time (s)"], number(row.get(column))) for row in rows]
    return [time for time, value in known if value is not None], [value for _, value in known if value is not None]


def _limit(call, columns):
    """The top of a panel: the same for both directions."""
    values = [number(row.get(column)) or 0 for side in SIDES for row in call.seconds(side) for column, *_ in columns]
    return max([*values, 0])


def _said(call, side, panel):
    """A panel in words."""
    parts = []
    for column, label, *_ in panel[1]:
        values = _series(call.seconds(side), column)[1]
        if values:
            parts.append(f"{label} from {min(values):g} to {max(values):g}")
    return f"{panel[0]}: {', '.join(parts) or 'not known'}"


def quality(call, side, marked):
    """What SIDE sent, second by second: a panel for each figure, one time axis. None where nothing is known of it."""
    rows = call.seconds(side)
    if not rows:
        return None
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(PANELS), 1, figsize=(WIDTH, 1.35 * len(PANELS)), sharex=True, layout="constrained")
        for axis, (title, columns, form) in zip(axes, PANELS, strict=True):
            drawn = False
            for place, (column, label, color, style) in enumerate(columns):
                times, values = _series(rows, column)
                if not times:
                    continue
                drawn = True
                if form == "line":
                    axis.plot(times, values, style, color=color, label=label, linewidth=1.3, marker="." if len(times) == 1 else None)
                else:
                    axis.bar([time + (place - 1) * 0.3 for time in times], values, 0.3, color="white" if style else color, edgecolor=color, hatch=style,
                             label=label, linewidth=0.8)
            top = _limit(call, columns)
            axis.set_ylim(0, top * 1.3 if top else 1)
            axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axis.set_title(title, loc="left", fontsize=FONT, fontweight="bold", pad=3)
            if not drawn:
                axis.text(0.5, 0.45, "not in this capture", transform=axis.transAxes, ha="center", color="#555555")
            elif len(columns) > 1:
                axis.legend(loc="upper right", fontsize=FONT - 1, frameon=False, ncols=len(columns), borderaxespad=0, bbox_to_anchor=(1, 1.28),
                            handlelength=2.2, columnspacing=1)
            for mark, row in marked:
                axis.axvline(row["Time (s)"], color="#888888", linewidth=0.7, linestyle=(0, (1, 2)))
        first, last = call.span()
        axes[-1].set_xlim(first, last)
        axes[-1].set_xlabel("Time since the call's first packet (s)")
        words = "; ".join(_said(call, side, panel) for panel in PANELS)
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
    """The steps of the call and its path, on the time axis of the other pictures, with the events."""
    rows = call.rows("timeline")
    first, last = call.span()
    with plt.rc_context({**STYLE, "axes.spines.left": False}):
        figure, axis = plt.subplots(figsize=(WIDTH, 0.9 + 0.3 * (len(rows) + 1)), layout="constrained")
        labels = []
        for place, row in enumerate(rows):
            what = row["What it is"]
            direct, relay = "directly" in what, "over the relay" in what
            label = row["Step"] + (", relay" if row["Step"] == "media" and relay else ", direct" if row["Step"] == "media" and direct else "")
            length = max(row["Duration (s)"] or 0, (last - first) / 200)
            axis.barh(place, length, 0.6, left=row["Start (s)"], color="#cfe3f1" if row["Step"] != "media" else "white", edgecolor=BLUE, linewidth=0.9,
                      hatch="" if row["Step"] != "media" else "////" if relay else "....")
            labels.append(label)
        axis.set_yticks(range(len(rows)), labels)
        axis.set_ylim(len(rows) - 0.4, -1.5)
        axis.grid(axis="y", visible=False)
        axis.tick_params(axis="y", length=0)
        for _, row in marked:
            axis.axvline(row["Time (s)"], color="#888888", linewidth=0.7, linestyle=(0, (1, 2)))
        for place, (time, label) in enumerate(_groups(marked, (last - first) / 10)):
            axis.text(time, -1.2 + 0.62 * (place % 2), label, ha="left" if time < first + (last - first) * 0.5 else "right", va="top", fontsize=FONT - 1.5,
                      bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "#888888", "linewidth": 0.6})
        axis.set_xlim(first - (last - first) * 0.01, last * 1.01)
        axis.set_xlabel("Time since the call's first packet (s)")
        said = "; ".join(f"{label} from {row['Start (s)']:.1f} s for {row['Duration (s)'] or 0:.1f} s" for label, row in zip(labels, rows, strict=True))
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
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axis = plt.subplots(figsize=(WIDTH, height), layout="constrained")
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
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axis = plt.subplots(figsize=(WIDTH, 0.32 * len(rows) + 0.7), layout="constrained")
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
