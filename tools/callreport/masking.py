"""Replaces what tells persons, places and devices: the same thing by the same name on the whole page, as tools/report does."""

import ipaddress
import re

V4 = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
V6 = r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])"
# In the order in which they are looked for: what may be part of another one comes later.
PATTERNS = (
    ("date", re.compile(r"\b(\d{4})-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?")),
    ("id", re.compile(r"[\w.%+-]+@[\w.-]+")),
    ("identifier", re.compile(r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b")),
    ("address", re.compile(rf"\[({V6})\]|{V6}")),
    ("address", re.compile(V4)),
    ("identifier", re.compile(r"\b0x[0-9A-Fa-f]{5,}\b|\b(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f])[0-9A-Fa-f]{8,}\b")),
    ("number", re.compile(r"(?<![\w.])\+?\d(?:[\s()-]?\d){8,}(?![\w.])")),
)
# Columns whose whole text is of a person.
PERSONAL = {"From", "To"}
# Columns with a filter: a filter with another address finds nothing, and is left out.
FILTERS = {"Filter"}


class Mask:
    """Names for what was seen. on=False: leaves all as it is."""

    def __init__(self, on=True):
        self.on = on
        self.names = {}
        self.masked = {}        # text that was seen, and what became of it: rows of a table repeat themselves
        self.count = {}

    def name(self, kind, text):
        """The name of this thing, a new one if it was not seen."""
        if (kind, text) not in self.names:
            self.count[kind] = self.count.get(kind, 0) + 1
            self.names[kind, text] = f"{kind}-{self.count[kind]}"
        return self.names[kind, text]

    def _address(self, match):
        """The name of an address; a time of day only looks like one."""
        try:
            return self.name("address", str(ipaddress.ip_address(match[0].strip("[]"))))
        except ValueError:
            return match[0]

    def text(self, text):
        """TEXT with all that tells something replaced."""
        if not self.on or not isinstance(text, str):
            return text
        if text not in self.masked:
            self.masked[text] = self._replaced(text)
        return self.masked[text]

    def _replaced(self, text):
        for kind, pattern in PATTERNS:
            if kind == "date":
                text = pattern.sub(lambda match: f"{match[1]}, date masked", text)
            elif kind == "address":
                text = pattern.sub(self._address, text)
            else:
                text = pattern.sub(lambda match, kind=kind: self.name(kind, match[0].strip("[]").lower()), text)
        return text

    def cell(self, column, value):
        """A cell of a table."""
        if not self.on or not isinstance(value, str) or value == "-":
            return value
        if column in PERSONAL:
            return self.name("person", value)
        if column in FILTERS:
            return value if self.text(value) == value else "masked"
        return self.text(value)

    def table(self, table):
        """A table with masked cells."""
        rows = [{column: self.cell(column, value) for column, value in row.items()} for row in table.rows]
        return type(table)(table.title, table.columns, rows, table.left_out)
