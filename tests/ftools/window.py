"""Wireshark's window on a screen of its own (Xvfb), driven and read by AT-SPI (accessible.py), with pictures of the screen.

Nothing here sleeps for a fixed time: wait_for() asks until the answer is right, or fails with what it saw last. What hangs is killed.
"""

import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import struct
import subprocess
import time
import zlib

SCREEN = "1900x1000x24"
WAIT = 60           # seconds for a step; the slowest takes three here
ANSWER = 45         # seconds for one answer of accessible.py: a program that hangs
PAUSE = 0.1         # between two questions
PYTHON = "/usr/bin/python3"     # the system's own: the bindings are packages
MAIN = None         # the main window, whatever its title is
FILTER = "Display filter entry"
OPEN, LADDER = "· Open Capture File", "· Call Flow ·"
ARROW = r"^\|\d+\.\d+ *\|"      # in the text of a ladder
NO_FILE = "The Wireshark Network Analyzer"

PROGRAMS = ("wireshark", "Xvfb", "dbus-run-session")
BINDINGS = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"

# Nothing asks, nothing looks for updates.
PREFERENCES = "gui.ask_unsaved: FALSE\ngui.update.enabled: FALSE\n"

# x, y, width and height of the windows: so wide that the tables show all columns, as far as a screen goes.
SIZES = {"main": (0, 0, 1880, 900), "SequenceDialog": (60, 60, 1500, 860), "VoipCallsDialog": (40, 100, 1700, 400),
         "PreferencesDialog": (40, 60, 1400, 700), "FaceTime Calls": (20, 120, 1860, 320), "FaceTime Timeline": (20, 120, 1860, 460),
         "FaceTime Nodes": (20, 120, 1860, 460), "FaceTime Streams": (20, 120, 1860, 460), "FaceTime Exposure": (20, 120, 1860, 560)}


def recent():
    """Wireshark's file of window sizes."""
    lines = []
    for name, values in SIZES.items():
        prefix = "gui.geometry_main_" if name == "main" else f"gui.geom.{name}."
        lines += [f"{prefix}{key}: {value}\n" for key, value in zip(("x", "y", "width", "height"), values)] + [f"{prefix}maximized: FALSE\n"]
    return "".join(lines)


class WindowError(AssertionError):
    """The window did not do what it should."""


def absent():
    """What is missing here for these tests; None if nothing is."""
    for program in PROGRAMS:
        if not shutil.which(program):
            return f"{program} is not installed"
    if not pathlib.Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", BINDINGS], capture_output=True, check=False).returncode:
        return "gir1.2-atspi-2.0 or python3-gi is not installed"
    if not any(pathlib.Path(folder, "at-spi2-registryd").exists() for folder in ("/usr/libexec", "/usr/lib/at-spi2-core")):
        return "at-spi2-core is not installed"
    return None


def png(xwd):
    """A PNG of the screen that Xvfb keeps as XWD: 32 bits for a pixel, blue first."""
    header, = struct.unpack_from(">I", xwd)
    width, height = struct.unpack_from(">2I", xwd, 16)
    bits, line = struct.unpack_from(">2I", xwd, 44)
    colours, = struct.unpack_from(">I", xwd, 76)
    if bits != 32:
        raise WindowError(f"the screen has {bits} bits for a pixel")
    start, rows = header + 12 * colours, []
    for y in range(height):
        pixels = xwd[start + y * line:start + y * line + 4 * width]
        row = bytearray(1 + 3 * width)
        row[1::3], row[2::3], row[3::3] = pixels[2::4], pixels[1::4], pixels[0::4]
        rows.append(bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"".join(rows), 6)) + chunk(b"IEND", b""))


class Window:
    """Wireshark in a window, with the capture at PATH. PROFILES: name -> preferences; NAME: of the test, for ARTEFACTS, a folder."""

    def __init__(self, wireshark, path, name="window", profiles=None, artefacts=None):
        self.wireshark, self.name, self.artefacts = wireshark, name, artefacts and pathlib.Path(artefacts)
        self.file = path.name
        number = len(list(wireshark.root.glob("window*")))
        self.home = wireshark.folder(f"window{number}", theirs=True)
        self.processes = []
        self.screen = wireshark.folder(f"window{number}/screen", theirs=True)
        runtime = wireshark.folder(f"window{number}/run", theirs=True)
        runtime.chmod(0o700)
        for profile, preferences in {"": "", **(profiles or {})}.items():
            settings = self.home / ".config" / "wireshark" / (f"profiles/{profile}" if profile else "")
            settings.mkdir(parents=True, exist_ok=True)
            if isinstance(preferences, pathlib.Path):   # a whole profile
                shutil.copytree(preferences, settings, dirs_exist_ok=True)
                preferences = (preferences / "preferences").read_text(encoding="utf-8")
            (settings / "preferences").write_text(PREFERENCES + preferences, encoding="utf-8")
        (self.home / ".config" / "wireshark" / "recent_common").write_text(recent(), encoding="utf-8")
        if wireshark.user:
            for folder, _, files in os.walk(self.home):
                for each in (folder, *(os.path.join(folder, file) for file in files)):
                    os.chown(each, *[wireshark.user["user"]] * 2)
        self.log = self.home / "log"
        self.environment = {**wireshark.environment, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(runtime), "QT_ACCESSIBILITY": "1",
                            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_QPA_PLATFORM": "xcb", "NO_AT_BRIDGE": "0"}
        try:
            self.start(path)
        except BaseException:
            self.kill()
            raise

    # ---- Processes

    def spawn(self, command, **more):
        """Starts a process in a group of its own."""
        process = subprocess.Popen(command, env=self.environment, cwd=self.home, start_new_session=True, **self.wireshark.user, **more)
        self.processes.append(process)
        return process

    def start(self, path):
        """Starts screen, session bus and Wireshark."""
        ours, theirs = os.pipe()
        with open(self.home / "xvfb.log", "wb") as log:
            self.spawn(["Xvfb", "-screen", "0", SCREEN, "-fbdir", str(self.screen), "-noreset", "-nolisten", "tcp", "-displayfd", str(theirs)],
                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs])
        os.close(theirs)
        display = b""
        with selectors.DefaultSelector() as selector:
            selector.register(ours, selectors.EVENT_READ)
            while not display.endswith(b"\n"):
                part = os.read(ours, 16) if selector.select(WAIT) else b""
                if not part:
                    raise WindowError("Xvfb does not start:\n" + (self.home / "xvfb.log").read_text(errors="replace"))
                display += part
        os.close(ours)
        self.environment["DISPLAY"] = f":{display.decode().strip()}"
        script = self.wireshark.write("accessible.py", pathlib.Path(__file__).with_name("accessible.py").read_bytes())
        # Not by standard output: the registry of AT-SPI writes there too.
        ours, theirs = os.pipe()
        self.answers = os.fdopen(ours, "rb")
        with open(self.home / "at-spi.log", "wb") as log:
            self.driver = self.spawn(["dbus-run-session", "--", PYTHON, str(script), str(theirs)], stdin=subprocess.PIPE, stdout=log, stderr=log,
                                     pass_fds=[theirs])
        os.close(theirs)
        self.ask("start", command=["wireshark", "-r", str(path)], log=str(self.log))
        self.wait_for("Wireshark's window", self.windows)

    def kill(self):
        """Ends all processes, also one that hangs."""
        for process in reversed(self.processes):
            for each in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, each)
                except ProcessLookupError:
                    break
                try:
                    process.wait(5)
                    break
                except subprocess.TimeoutExpired:
                    continue
            if process.stdin:
                process.stdin.close()
        self.processes = []

    # ---- Questions

    def request(self, do, **question):
        """The answer to one question, and what was missing."""
        line = json.dumps({"do": do, **question}) + "\n"
        try:
            self.driver.stdin.write(line.encode())
            self.driver.stdin.flush()
        except BrokenPipeError:
            raise WindowError("the driver has ended:\n" + (self.home / "at-spi.log").read_text(errors="replace")) from None
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            if not selector.select(ANSWER):
                self.kill()
                raise WindowError(f"no answer within {ANSWER} s to {line.strip()}: killed.\n{self.printed()}")
        answer = json.loads(self.answers.readline() or '{"missing": "the driver has ended"}')
        return answer.get("answer"), answer.get("missing")

    def printed(self):
        """What Wireshark wrote."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def ask(self, do, **question):
        """The answer to a question, as soon as there is what it asks for."""
        return self.wait_for(f"{do} {question}", lambda: self.request(do, **question), lambda reply: reply[1] is None)[0]

    def wait_for(self, what, question, right=bool, within=WAIT):
        """Asks until the answer is right; gives it."""
        end = time.monotonic() + within
        while True:
            answer = question()
            if right(answer):
                return answer
            if time.monotonic() > end:
                self.picture("failed")
                status = self.request("status")[0]
                raise WindowError(f"{what}: not within {within:.0f} s, last {answer!r}; exit status {status}; windows "
                                  f"{self.request('windows')}\n{self.printed()}")
            time.sleep(PAUSE)

    def windows(self):
        """The titles of all windows."""
        return [name for _, name in self.request("windows")[0] or []]

    def press(self, name, window=MAIN, **more):
        """Presses a button or a menu entry."""
        return self.ask("press", window=window, name=name, **more)

    def labels(self, window=MAIN):
        """The labels that can be seen in a window."""
        return [name for role, name, _ in self.request("texts", window=window)[0] or [] if role == "label"]

    def wait_for_label(self, text, window=MAIN):
        """Waits until a label holds TEXT."""
        self.wait_for(f"a label with {text!r}", lambda: self.labels(window), lambda labels: any(text in label for label in labels))

    def wait_for_window(self, title):
        """Waits for a window with TITLE in its title."""
        self.wait_for(f"a window {title!r}", self.windows, lambda titles: any(title in each for each in titles))

    def wait_for_no_window(self, title):
        """Waits until there is none."""
        self.wait_for(f"no window {title!r}", self.windows, lambda titles: not any(title in each for each in titles))

    def table(self, window, right=lambda rows: rows, **more):
        """The rows of a window's table, as dicts of stripped texts, once they are RIGHT."""
        def rows():
            answer, missing = self.request("table", window=window, **more)
            if missing:
                return []
            titles = [title.strip() for title in answer[0]]
            return [dict(zip(titles, map(str.strip, row))) for row in answer[1]]
        return self.wait_for(f"rows of {window}", rows, right)

    # ---- What a user does

    def menu(self, name):
        """Chooses an entry of the menus."""
        return self.press(name, role="menu item")

    def dialog(self, name, title):
        """Opens a dialog from its menu entry."""
        self.menu(name)
        self.wait_for_window(title)

    def click(self, window=MAIN, **more):
        """Clicks with the mouse."""
        return self.ask("click", window=window, **more)

    def type(self, text, key=None):
        """Types a text, then perhaps a key."""
        if text:
            self.ask("type", text=text)
        if key:
            self.ask("key", name=key)

    def loaded(self, packets):
        """Waits until a file with so many packets is open and all are shown."""
        # 4.0 says that all are shown, 4.4 nothing.
        every = f"Packets: {packets}", f"Packets: {packets} · Displayed: {packets} (100.0%)"
        self.wait_for(f"{packets} packets", self.labels, lambda labels: any(label.strip() in every for label in labels))

    def displayed(self, packets):
        """Waits until so many packets are shown."""
        self.wait_for_label(f"Displayed: {packets} ")

    def filter(self, text):
        """Applies a display filter."""
        self.click(name=FILTER, role="text")
        self.ask("enter", window=MAIN, name=FILTER, text=text)
        self.type("", "Return")

    def shown_filter(self):
        """The text in the filter's entry."""
        return next(text for role, name, text in self.ask("texts", window=MAIN) if (role, name) == ("text", FILTER))

    def view(self, title, right=bool):
        """Opens a statistic from its menu entry and reads its table. It stays open: Qt shows a table that is opened soon after another
        one was closed on the screen, but not to AT-SPI."""
        window = f"· {title} · {self.file}"
        self.dialog(title, window)
        rows = self.table(window, right)
        self.picture(title.lower().replace(" ", "-"))
        return rows

    def open(self, path):
        """Opens a file with the dialog for that."""
        self.dialog("Open", OPEN)
        self.ask("enter", window=OPEN, name="File name:", text=str(path))
        self.press("Open", window=OPEN)
        self.wait_for_no_window(OPEN)
        self.file = path.name

    def profile(self, name):
        """Switches to another profile."""
        dialog = "Configuration Profiles"
        self.dialog(f"{dialog}…", dialog)
        self.click(dialog, cell=name)
        self.press("OK", window=dialog)
        self.wait_for_no_window(dialog)
        self.wait_for_label(f"Profile: {name}")

    def preference(self, name, value):
        """Changes a preference, under Advanced."""
        dialog = "· Preferences"
        self.dialog("Preferences…", dialog)
        self.click(dialog, cell="Advanced")
        self.click(dialog, role="text")
        self.type(name)
        self.wait_for("the list holds only this preference", lambda: self.request("has_cell", window=dialog, text="capture.auto_scroll"),
                      lambda reply: not reply[0])
        self.click(dialog, cell=name, column=3, double=True)
        self.type(value, "Return")
        self.wait_for("the new value", lambda: self.request("has_cell", window=dialog, text=value), lambda reply: reply[0])
        self.press("OK", window=dialog)
        self.wait_for_no_window(dialog)

    def arrows(self):
        """The number of arrows of the ladder that is open, as the window says it."""
        label = self.wait_for("the number of arrows", lambda: " ".join(self.labels(LADDER)), lambda text: re.search(r"\d+ item", text), WAIT / 3)
        return int(re.search(r"(\d+) item", label)[1])

    def open_ladder(self, voip, events):
        """Opens the ladder of the call that is chosen in the window VOIP. It has more arrows than the call has EVENTS once Wireshark has also read
        the streams; a ladder that was opened before does not get them."""
        def opened():
            self.press("Flow Sequence", window=voip)
            try:
                arrows = self.arrows()
            except WindowError:
                # The button was pressed while Wireshark still read the streams: nothing, or nothing whole, came of it.
                arrows = 0
            if arrows <= events and LADDER in self.windows():
                self.press("Close", window=LADDER)
                self.wait_for_no_window(LADDER)
            return arrows

        self.wait_for("a ladder with the streams", opened, lambda arrows: arrows > events)

    def ladder(self):
        """The text of the ladder that is open, as Export writes it, with as many arrows as the window says."""
        dialog, path = "Save Graph As", self.home / "ladder.txt"
        arrows = self.arrows()
        self.press("Export", window=LADDER)
        self.wait_for_window(dialog)
        self.click(dialog, role="combo box", name="Portable Document Format (*.pdf)")
        self.type("ASCII", "Return")
        self.wait_for("ASCII is chosen", lambda: self.request("texts", window=dialog)[0] or [],
                      lambda texts: any(role == "combo box" and "ASCII" in name for role, name, _ in texts))
        self.ask("enter", window=dialog, name="File name:", text=str(path))
        self.press("Save", window=dialog)
        self.wait_for_no_window(dialog)
        return self.wait_for(f"an exported ladder with {arrows} arrows", lambda: path.read_text(encoding="utf-8") if path.exists() else "",
                             lambda text: text.endswith("\n") and len(re.findall(ARROW, text, re.M)) == arrows)

    def picture(self, name):
        """Keeps a picture of the screen, where artefacts are wanted: version of Wireshark, name of the test, what it shows."""
        if self.artefacts:
            self.artefacts.mkdir(parents=True, exist_ok=True)
            version = ".".join(map(str, self.wireshark.version[:2]))
            (self.artefacts / f"{version}-{self.name}-{name}.png").write_bytes(png((self.screen / "Xvfb_screen0").read_bytes()))
