"""Reads the calls table as a terminal shows it, and measures it."""

import re
import unicodedata

# Columns that hold numbers stand to the right, all others to the left.
NUMBERS = ("Call", "Duration (s)", "Packets", "Bytes")
COLUMNS = ("Call", "Start (UTC)", "Duration (s)", "State", "Direction", "From", "To", "Device", "Peer", "Relay", "Path", "Media",
           "Packets", "Bytes", "Confidence", "Filter")
GAP = re.compile(r" {2,}")


class TableError(AssertionError):
    """The output holds no table of the form that is asked for."""


def display_width(text):
    """Cells that TEXT takes in a terminal."""
    return sum(0 if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Me", "Mn")
               else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def spans(line):
    """(text, first cell, last cell + 1) of each column's text in LINE; columns are two blanks or more apart."""
    found = []
    for match in re.finditer(r"\S+(?: \S+)*", line):
        start = display_width(line[:match.start()])
        found.append((match[0], start, start + display_width(match[0])))
    return found


def lines(out):
    """The table's lines in OUT: ruler, title, filter, header, rows, ruler."""
    all_lines = out.splitlines()
    if "FaceTime Calls" not in all_lines:
        raise TableError(f"no table in:\n{out}")
    top = all_lines.index("FaceTime Calls") - 1
    for end in range(top + 1, len(all_lines)):
        if set(all_lines[end]) == {"="}:
            return all_lines[top:end + 1]
    raise TableError(f"the table has no end:\n{out}")


def rows(out):
    """One dict for each row of the table in OUT; numbers as numbers."""
    table = lines(out)
    titles = [text for text, _, _ in spans(table[3])]
    parsed = []
    for line in table[4:-1]:
        cells = [text for text, _, _ in spans(line)]
        if len(cells) != len(titles):
            raise TableError(f"{len(cells)} cells under {len(titles)} titles:\n{line}")
        row = dict(zip(titles, cells))
        for title in NUMBERS:
            row[title] = float(row[title]) if "." in row[title] else int(row[title])
        parsed.append(row)
    return parsed


def shown_filter(out):
    """What the table says of its filter; None if it has none."""
    text = lines(out)[2].removeprefix("Filter: ")
    return None if text == "<none>" else text


def rtp_streams(out):
    """The rows of `-z rtp,streams` in OUT: ends, SSRC, packets and lost packets of each stream."""
    form = re.compile(r"\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-Fa-f]+)\s+.*?\s(\d+)\s+(-?\d+) \(")
    return [{"source": (match[1], int(match[2])), "destination": (match[3], int(match[4])), "ssrc": int(match[5], 16),
             "packets": int(match[6]), "lost": int(match[7])} for match in map(form.match, out.splitlines()) if match]
