"""The page: HTML by a template that escapes, and the same on paper."""

import pathlib

import jinja2
import markupsafe

from . import beside, pictures
from .calls import NAMES, SIDES
from .story import Claim, Story

FOLDER = pathlib.Path(__file__).resolve().parent
# Rows of a table that a page shows: an hour's quality has 7,200.
MOST_ROWS = 2000
# On paper, A4 across: columns above which a table has small letters, and above which each row is a paragraph.
BROAD, CARDS = 13, 24
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


def cells(row, columns):
    """A row's cells: most of a page, so that the template does not go through them one by one. What is text is escaped."""
    return markupsafe.Markup("".join(
        f'<td class="n"><bdi>{cell(value)}</bdi></td>' if isinstance(value, (int, float)) else
        f'<td class="none"><bdi>{cell(value)}</bdi></td>' if value is None else f"<td><bdi>{markupsafe.escape(cell(value))}</bdi></td>"
        for value in map(row.get, columns)))


def labels(views):
    """Style: on paper, what each cell of a row is that is a paragraph there."""
    columns = {table["name"]: table["columns"] for view in views for table in view["tables"] if table["paper"] == "cards"}
    rules = [f'[data-table="{name}"] td:nth-child({place})::before {{ content: "{title} "; }}'
             for name, titles in columns.items() for place, title in enumerate(titles, 1)]
    return "\n".join(["@media print {", *rules, "}", ""]) if rules else ""


def _view(call):
    story = Story(call)
    marked = pictures.marks(call)
    tables = []
    for name, title, what in TABLES:
        table = call.tables.get(name)
        if table and table.rows:
            columns = [column for column in table.columns if column not in ("Call",)]
            # What a statement rests on is there however long the table is.
            led_to = {basis.row for basis in story.bases if basis.table == name}
            rows = [(place, cells(row, columns)) for place, row in enumerate(table.rows, 1) if place <= MOST_ROWS or place in led_to]
            tables.append({"name": name, "title": title, "what": what, "columns": columns, "rows": rows, "more": len(table.rows) - len(rows),
                           "paper": "cards" if len(columns) > CARDS else "broad" if len(columns) > BROAD else None})
    return {
        "call": call, "story": story, "tables": tables, "marked": marked,
        "facts": [(column, call.row[column]) for column in [*FACTS, *(one for one in call.row if one not in FACTS)]
                  if column in call.row and column not in ("Call", "Filter")],
        "steps": pictures.steps(call, marked) if call.rows("timeline") else None,
        "ladder": pictures.ladder(call), "hosts": pictures.hosts(call) if call.rows("nodes") else None,
    }


def _quality(call):
    """[(who, picture)] of the directions of which something is known."""
    marked, shown = pictures.marks(call), pictures.panels(call)
    return [(NAMES[side], picture) for side in SIDES if (picture := pictures.quality(call, side, marked, shown))]


def template():
    """The page's template, for html()."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = cell
    environment.tests["claim"] = lambda part: isinstance(part, Claim)
    return environment.get_template("page.html")


def html(form, calls, name, masked, versions, note=None):
    """The page as text. FORM: template(); NAME: of the capture."""
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    # The pictures over time take as long as all the rest.
    qualities = beside.start(lambda: [_quality(call) for call in calls])
    views = [_view(call) for call in calls]
    for view, quality in zip(views, qualities(), strict=True):
        view["quality"] = quality
    return form.render(views=views, name=name, masked=masked, versions=versions, style=style + labels(views), note=note)
