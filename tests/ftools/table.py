"""Reads tables as a terminal shows them, and measures the calls table."""

import re
import unicodedata

# Columns that hold numbers stand to the right, all others to the left.
NUMBERS = ("Call", "Duration (s)", "Media (s)", "Packets", "Bytes")
COLUMNS = ("Call", "Media (s)", "State", "Path", "Peer", "Device", "Start (UTC)", "Relay", "Notes", "End", "Direction", "Caller [guess]", "From", "To", "Why relay",
           "Mode", "Media", "Uplink lost", "Downlink lost", "Duration (s)", "Packets", "Bytes", "Confidence", "Relay sessions", "Filter")
CALLS = "FaceTime Calls"

STREAMS = "FaceTime Streams"
STREAM_COLUMNS = ("Call", "Direction", "Media", "Codec", "kbit/s", "Frames/s", "Lost", "Notes", "SSRC", "Path", "Lost (%)",
                  "Payload type (packets)", "Packets", "RTP bytes", "Duration (s)", "Peak (kbit/s in 1 s)", "Repaired", "Paused", "Parity", "Duplicates",
                  "Copies on another path", "Same number, other content", "Reordered", "Clock (Hz)", "Jitter (ms)", "Max jitter (ms)", "Gaps over 200 ms",
                  "Longest gap (ms)", "DSCP", "Main stream (same timestamps)", "First frame", "Last frame", "Generation", "Key",
                  "Lost, all of sender and medium", "Lost of these (%)", "Filter")
STREAM_TEXTS = ("Direction", "SSRC", "Media", "Codec", "Payload type (packets)", "Path", "Clock (Hz)", "DSCP",
                "Main stream (same timestamps)", "Notes", "Key", "Filter")
STREAM_NUMBERS = tuple(title for title in STREAM_COLUMNS if title not in STREAM_TEXTS)
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


def cells(line):
    """The characters of LINE by the cells in which they stand; the second cell of a wide one is "", combining ones share a cell."""
    found = []
    for char in line:
        width = display_width(char)
        if width == 0 and found:
            found[-1] += char
        else:
            found += [char] + [""] * (width - 1)
    return found


def check_layout(out):
    """Columns of text begin, and columns of numbers end, under their titles in each row, and are no wider than their widest text.

    Looks at places and not at gaps, for a name may hold blanks itself. Gives the names in From and To of each row."""
    table = lines(out)
    grid = [cells(line) for line in table[3:-1]]
    starts = {text: start for text, start, _ in spans(table[3])}
    for title, start, end in spans(table[3]):
        for row in grid:
            good = (row[end - 1] in "0123456789-" + title and not "".join(row[end:end + 2]).strip() if title in NUMBERS
                    else row[start] not in ("", " ") and set(row[max(start - 2, 0):start]) <= {" "})
            if not good:
                raise TableError(f"{title} is not under its title in:\n{''.join(row)}")
        if title not in NUMBERS and start and all(row[start - 3] == " " for row in grid):
            raise TableError(f"the column before {title} is wider than its texts")
    if {len(cells(table[0])), len(cells(table[-1]))} != {max(map(len, grid))}:
        raise TableError("the rulers are not as wide as the table")
    return [("".join(row[starts["From"]:starts["To"]]).strip(), "".join(row[starts["To"]:starts["Why relay"]]).strip()) for row in grid[1:]]


def lines(out, name=CALLS):
    """The lines of the table NAME in OUT: ruler, title, filter, header, rows, ruler."""
    all_lines = out.splitlines()
    # Behind its name a title line has the limits that were reached.
    titles = [number for number, line in enumerate(all_lines) if line.split("; limit reached: ")[0] == name]
    if not titles:
        raise TableError(f"no table in:\n{out}")
    top = titles[0] - 1
    for end in range(top + 1, len(all_lines)):
        if set(all_lines[end]) == {"="}:
            return all_lines[top:end + 1]
    raise TableError(f"the table has no end:\n{out}")


def number(text):
    """The number of a cell, None where it is not known."""
    return None if text == "-" else float(text) if "." in text else int(text)


def rows(out, name=CALLS, numbers=NUMBERS):
    """One dict for each row of the table NAME in OUT; NUMBERS: the columns that hold numbers."""
    table = lines(out, name)
    titles = [text for text, _, _ in spans(table[3])]
    parsed = []
    for line in table[4:-1]:
        cells = [text for text, _, _ in spans(line)]
        if len(cells) != len(titles):
            raise TableError(f"{len(cells)} cells under {len(titles)} titles:\n{line}")
        row = dict(zip(titles, cells))
        for title in numbers:
            row[title] = number(row[title])
        parsed.append(row)
    return parsed


def streams(out):
    """The rows of the streams table in OUT."""
    return rows(out, STREAMS, STREAM_NUMBERS)


def shown_filter(out, name=CALLS):
    """What the table says of its filter; None if it has none."""
    text = lines(out, name)[2].removeprefix("Filter: ")
    return None if text == "<none>" else text


def rtp_streams(out):
    """The rows of `-z rtp,streams` in OUT: ends, SSRC, packets and lost packets of each stream."""
    form = re.compile(r"\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x([0-9A-Fa-f]+)\s+.*?\s(\d+)\s+(-?\d+) \(")
    return [{"source": (match[1], int(match[2])), "destination": (match[3], int(match[4])), "ssrc": int(match[5], 16),
             "packets": int(match[6]), "lost": int(match[7])} for match in map(form.match, out.splitlines()) if match]
