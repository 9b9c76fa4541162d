"""Drives the windows of one program by AT-SPI, as a screen reader does: what is asked comes as lines of JSON, and so do the answers.

A process of its own, run by the system's Python (which has the bindings) as the program's user on its session bus; window.py starts it.
It waits for nothing: who asks asks again. Standard library and gi only, for it is copied to where that user may read it.
"""

import json
import os
import subprocess
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  pylint: disable=wrong-import-position

CALL_TIMEOUT = 3000     # milliseconds for one question to the program
TABLES = ("tree", "table", "tree table")
HEADERS = ("table column header", "column header")
DEPTH = 12
KEYS = {"Return": 0xff0d, "Escape": 0xff1b}     # keysyms of X
BUTTONS = {"left": "b1", "right": "b3"}


class Missing(Exception):
    """There is no such thing on the screen (yet)."""


class Screen:
    """The program and its windows."""

    def __init__(self):
        Atspi.set_timeout(CALL_TIMEOUT, 2 * CALL_TIMEOUT)
        self.program = None

    def start(self, command, log):
        """Starts the program. AT-SPI must be there before: a program looks for it once."""
        Atspi.get_desktop(0).get_child_count()
        with open(log, "ab") as output:
            self.program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # pylint: disable=consider-using-with
        return self.program.pid

    def status(self):
        """None while the program runs, else its exit status."""
        return self.program.poll()

    def top_level(self):
        """The windows, dialogs and open popup menus."""
        desktop = Atspi.get_desktop(0)
        desktop.set_cache_mask(Atspi.Cache.NONE)
        desktop.clear_cache()
        context = GLib.MainContext.default()
        while context.pending():
            context.iteration(False)
        found = []
        for program in children(desktop):
            if program.get_process_id() == self.program.pid:
                # What the library remembers of a program's windows is not always what there is.
                program.set_cache_mask(Atspi.Cache.NONE)
                program.clear_cache()
                found += children(program)
        return found

    def windows(self):
        """[role, name] of each of them."""
        return [[window.get_role_name(), window.get_name()] for window in self.top_level()]

    def window(self, title):
        """The window whose title holds TITLE; the main window, which is no dialog, for None."""
        for window in reversed(self.top_level()):
            if window.get_role_name() == "frame" if title is None else title in (window.get_name() or ""):
                return window
        raise Missing(f"no window {title!r}, there are {self.windows()}")

    def find(self, window, role, name, seen=False):
        """The first thing with this role and name in the window; those not given may be any. SEEN: one that can be seen."""
        for thing in walk(self.window(window)):
            if role in (None, thing.get_role_name()) and name in (None, thing.get_name()) and (not seen or is_seen(thing)):
                return thing
        raise Missing(f"no {role or 'thing'} {name!r} in the window {window!r}")

    def press(self, window, name, role=None):
        """Presses a button or a menu entry."""
        thing = self.find(window, role, name)
        if not thing.get_state_set().contains(Atspi.StateType.ENABLED):
            raise Missing(f"{name!r} in the window {window!r} is disabled")
        actions = thing.get_action_iface()
        names = [actions.get_action_name(i) for i in range(actions.get_n_actions())]
        for action in ("Press", "Toggle", "ShowMenu"):
            if action in names:
                try:
                    actions.do_action(names.index(action))
                except GLib.Error:  # a dialog that is open until it is answered: so is the question
                    return False
                return True
        raise Missing(f"{name!r} in the window {window!r} cannot be pressed, only {names}")

    def texts(self, window):
        """[role, name, text] of what can be seen in a window, but for cells of tables."""
        found = []
        for thing in walk(self.window(window)):
            if is_seen(thing):
                text = thing.get_text_iface()
                found.append([thing.get_role_name(), thing.get_name(), Atspi.Text.get_text(text, 0, -1) if text else ""])
        return found

    def tables(self, window, name):
        """The tables of a window, of this name if one is given, that can be seen; what opened last comes first."""
        for thing in reversed(list(walk(self.window(window)))):
            if thing.get_role_name() in TABLES and name in (None, thing.get_name()) and is_seen(thing):
                yield thing

    def table(self, window, name=None, limit=None):
        """Titles and rows of a table; the first LIMIT rows."""
        table = next(self.tables(window, name), None)
        if table is None:
            raise Missing(f"no table {name or ''} in the window {window!r}")
        titles, cells = [], []
        for i in range(table.get_child_count()):
            cell = table.get_child_at_index(i)
            if cell is not None and cell.get_role_name() in HEADERS:
                titles.append(cell.get_name())
            elif limit is not None and len(cells) >= limit * len(titles):
                break
            else:
                cells.append(cell.get_name() if cell is not None else "")
        width = len(titles) or 1
        return [titles, [cells[i:i + width] for i in range(0, len(cells), width)]]

    def cell(self, window, text, name=None, column=0):
        """The first cell with this text in the tables of a window, or the one so many columns to the right of it."""
        for table in self.tables(window, name):
            for cell in children(table):
                if (cell.get_name() or "").strip() == text:
                    return table.get_child_at_index(cell.get_index_in_parent() + column) if column else cell
        raise Missing(f"no cell {text!r} in the window {window!r}")

    def has_cell(self, window, text, name=None):
        """Is there a cell with this text?"""
        return bool(self.cell(window, text, name))

    def click(self, window, name=None, role=None, cell=None, column=0, button="left", double=False):
        """Clicks on a thing or on a cell of a table with the mouse."""
        thing = self.cell(window, cell, name, column) if cell is not None else self.find(window, role, name, True)
        box = thing.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
        if box.width <= 0 or box.height <= 0:
            raise Missing(f"{cell or name!r} in the window {window!r} is out of sight")
        x, y = box.x + min(box.width // 2, 60), box.y + box.height // 2
        Atspi.generate_mouse_event(x, y, BUTTONS[button] + ("d" if double else "c"))
        return [x, y]

    def enter(self, window, text, name=None, role="text"):
        """Replaces the text of an entry, and puts the focus there."""
        thing = self.find(window, role, name, True)
        thing.get_component_iface().grab_focus()
        return thing.get_editable_text_iface().set_text_contents(text)

    def key(self, name):
        """Types a key into the window that has the focus."""
        return Atspi.generate_keyboard_event(KEYS[name], None, Atspi.KeySynthType.SYM)

    def type(self, text):
        """Types a text into the window that has the focus."""
        return Atspi.generate_keyboard_event(0, text, Atspi.KeySynthType.STRING)

    def focus(self, window, name=None, role=None):
        """Puts the focus on a thing."""
        return self.find(window, role, name, True).get_component_iface().grab_focus()

    def dump(self, window):
        """All of a window, for one who writes a test."""
        return [[depth, thing.get_role_name(), thing.get_name(), is_seen(thing)]
                for depth, thing in walk_deep(self.window(window), 0)]


def is_seen(thing):
    """Is it on the screen, unless another window covers it?"""
    return thing.get_state_set().contains(Atspi.StateType.SHOWING)


def children(thing):
    """What is directly in a thing."""
    for i in range(thing.get_child_count()):
        child = thing.get_child_at_index(i)
        if child is not None:
            yield child


def walk_deep(thing, depth):
    """(depth, thing) of a thing and all that is in it, but for the cells of tables."""
    yield depth, thing
    if thing.get_role_name() not in TABLES and depth < DEPTH:
        for child in children(thing):
            yield from walk_deep(child, depth + 1)


def walk(thing):
    """The same without the depth."""
    return (each for _, each in walk_deep(thing, 0))


def main():
    """Answers until there are no more questions, to the file descriptor that is named."""
    screen = Screen()
    answers = os.fdopen(int(sys.argv[1]), "w")  # pylint: disable=consider-using-with
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"answer": getattr(screen, question.pop("do"))(**question)}
        except Missing as missing:
            answer = {"missing": str(missing)}
        except (GLib.Error, AttributeError, TypeError) as error:  # what was there is there no longer
            answer = {"missing": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
