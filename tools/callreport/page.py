"""The page: HTML by a template that escapes, and the same on paper."""

import pathlib

import jinja2

from . import pictures
from .calls import NAMES, SIDES
from .story import Claim, Story

FOLDER = pathlib.Path(__file__).resolve().parent
# Rows of a table that a page shows: an hour's quality has 7,200.
MOST_ROWS = 2000
TABLES = (
    ("timeline", "Steps", "What happened, one row for each step of the call."),
    ("events", "Events", "One row for each thing that happened, with its frame in the capture."),
    ("quality", "Quality", "One row for each sender and second."),
    ("nodes", "Hosts", "Who took part, and what each host is for."),
    ("streams", "Streams", "One row for each stream of audio or video."),
    ("exposure", "What an eavesdropper can read", "What is in the clear, and what is protected."),
)
FACTS = ("Start (UTC)", "Duration (s)", "Media (s)", "State", "End", "Direction", "From", "To", "Device", "Peer", "Relay", "Path", "Media", "Mode", "Why relay",
         "Packets", "Bytes", "Confidence")


def cell(value):
    """A cell as the tables in a terminal show it: what is not known is a dash, numbers have their decimals."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if value != int(value) else f"{value:.0f}"
    return str(value)


def _view(call):
    story = Story(call)
    marked = pictures.marks(call)
    tables = []
    for name, title, what in TABLES:
        table = call.tables.get(name)
        if table and table.rows:
            columns = [column for column in table.columns if column not in ("Call",)]
            tables.append({"name": name, "title": title, "what": what, "columns": columns, "rows": table.rows[:MOST_ROWS],
                           "more": max(len(table.rows) - MOST_ROWS, 0)})
    return {
        "call": call, "story": story, "tables": tables, "marked": marked,
        "facts": [(column, call.row[column]) for column in [*FACTS, *(one for one in call.row if one not in FACTS)]
                  if column in call.row and column not in ("Call", "Filter")],
        "steps": pictures.steps(call, marked) if call.rows("timeline") else None,
        "quality": [(NAMES[side], picture) for side in SIDES if (picture := pictures.quality(call, side, marked))],
        "ladder": pictures.ladder(call), "hosts": pictures.hosts(call) if call.rows("nodes") else None,
    }


def html(calls, name, masked, versions, note=None):
    """The page as text. NAME: of the capture."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = cell
    environment.tests["claim"] = lambda part: isinstance(part, Claim)
    environment.tests["number"] = lambda value: isinstance(value, (int, float))
    template = environment.get_template("page.html")
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    return template.render(views=[_view(call) for call in calls], name=name, masked=masked, versions=versions, style=style, note=note)
