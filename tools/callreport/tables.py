"""The plugin's tables, as tshark prints them with the preference facetime.tables: JSON, never text that was taken apart."""

import json
import os
import subprocess
import sys
import time

NAMES = ("calls", "timeline", "nodes", "streams", "exposure", "events", "quality")
# Seconds between two signs of life while tshark reads.
PATIENCE = 5


class Problem(Exception):
    """What stands between the user and the page, as one sentence."""


class Table:
    """A table: its title, its columns, and its rows as dictionaries from a column's title to a cell (number, text or None)."""

    def __init__(self, title, columns, rows, left_out=0):
        self.title, self.columns, self.rows, self.left_out = title, columns, rows, left_out

    def of(self, call):
        """The same table with the rows of one call."""
        return Table(self.title, self.columns, [row for row in self.rows if row["Call"] == call], self.left_out)


def _command(capture):
    statistics = [argument for name in NAMES for argument in ("-z", f"facetime,{name}")]
    return [os.environ.get("TSHARK", "tshark"), "-n", "-q", "-r", os.fspath(capture), "-o", "facetime.tables:json", *statistics]


def _complaint(err):
    """tshark's reason in its own words, without its name and its notes."""
    lines = [line for line in err.splitlines() if line.strip() and not line.startswith("Running as user")]
    return lines[0].removeprefix("tshark: ").strip(" *") if lines else "it does not say why"


class Reading:
    """tshark at work on a capture. What is needed later can be prepared meanwhile."""

    def __init__(self, capture):
        """Raises Problem."""
        self.capture = _readable(capture)
        try:
            self.process = subprocess.Popen(_command(self.capture), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise Problem("there is no tshark here; tools/demo installs it, with the plugin.") from None
        self.began = time.monotonic()

    def finish(self, progress=sys.stderr):
        """({name of the statistic: Table}, note or None, version of Wireshark). Raises Problem."""
        while True:
            try:
                out, err = self.process.communicate(timeout=PATIENCE)
                break
            except subprocess.TimeoutExpired:
                if progress:
                    print(f"call-report: tshark reads {self.capture} ({os.path.getsize(self.capture) / 1e6:.1f} MB), {time.monotonic() - self.began:.0f} s so far",
                          file=progress, flush=True)
        return _found(self.capture, out, err, self.process.returncode)


def _readable(capture):
    """The file's name. Raises Problem."""
    capture = os.fspath(capture)
    if os.path.isdir(capture):
        raise Problem(f"{capture} is a folder; name a capture file.")
    if not os.access(capture, os.R_OK):
        raise Problem(f"{capture} cannot be read.")
    return capture


def _found(capture, out, err, status):
    """What tshark printed. Raises Problem."""
    found, version = {}, "tshark"
    for line in out.splitlines():
        if line.startswith('{"table"'):
            one = json.loads(line)
            rows = [dict(zip(one["columns"], row, strict=True)) for row in one["rows"]]
            version = f"Wireshark {one['wireshark']}"
            found[one["statistic"].removeprefix("facetime,")] = Table(one["table"], one["columns"], rows, one.get("packets_left_out", 0))
    if not found:
        if "facetime" in err and ("-z" in err or "preference" in err):
            raise Problem("tshark has no FaceTime plugin of this version; tools/demo installs it.")
        raise Problem(f"tshark cannot read {capture}: {_complaint(err)}")
    return found, _complaint(err) if status else None, version
