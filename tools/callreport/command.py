"""tools/call-report: what the user typed, and what comes of it."""

import argparse
import pathlib
import re
import sys

from . import tables
from .calls import calls
from .masking import Mask


class Parser(argparse.ArgumentParser):
    """One sentence for a wrong argument, as the other tools have it."""

    def error(self, message):
        self.exit(2, f"call-report: {message}; tools/call-report --help\n")


def _write(path, data):
    try:
        path.write_bytes(data)
    except OSError as problem:
        raise tables.Problem(f"{path} cannot be written: {problem.strerror}.") from None


def _pdf(text, path):
    try:
        import weasyprint  # pylint: disable=import-outside-toplevel
    except ImportError:
        raise tables.Problem("for paper WeasyPrint is needed. On Debian and Ubuntu: apt-get install weasyprint. "
                             "Or print the page to PDF with a browser.") from None
    # Tables that are folded on the screen are open on paper.
    unfolded = re.sub(r"<details((?: class=\"\w+\")?)>", r"<details\1 open>", text)
    _write(path, weasyprint.HTML(string=unfolded).write_pdf())


def _report(options):
    reading = tables.Reading(options.capture)
    # While tshark reads: the libraries for pictures take half a second to load.
    from . import page  # pylint: disable=import-outside-toplevel

    form = page.template()
    found, note, version = reading.finish()
    chosen = calls(found, options.call)
    if not found["calls"].rows:
        raise tables.Problem(f"there is no FaceTime call in {options.capture}.")
    if not chosen:
        raise tables.Problem(f"there is no call {options.call} in {options.capture}; it has {len(found['calls'].rows)}.")
    mask = Mask(options.mask == "yes")
    masked = {name: mask.table(table) for name, table in found.items()}
    name = "a capture" if mask.on else options.capture.name
    text = page.html(form, calls(masked, options.call), name, mask.on, version, f"The capture is damaged or cut off: {note}" if note else None)
    out = options.output or pathlib.Path(options.capture.stem + ".html")
    _write(out, text.encode("utf-8"))
    print(f"{out}: {len(chosen)} call{'' if len(chosen) == 1 else 's'}, "
          f"{'personal data masked' if mask.on else 'WITH addresses, numbers and names (--mask=no)'}")
    if options.pdf:
        _pdf(text, options.pdf)
        print(options.pdf)


def main(arguments, usage):
    """Exit status."""
    parser = Parser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("capture", type=pathlib.Path, nargs="?")
    parser.add_argument("--call", type=int)
    parser.add_argument("-o", dest="output", type=pathlib.Path)
    parser.add_argument("--pdf", type=pathlib.Path)
    parser.add_argument("--mask", choices=("yes", "no"), default="yes")
    options = parser.parse_args(arguments)
    if options.help:
        print(usage)
        return 0
    if options.capture is None:
        parser.error("a capture is needed")
    try:
        _report(options)
    except tables.Problem as problem:
        print(f"call-report: {problem}", file=sys.stderr)
        return 1
    return 0
