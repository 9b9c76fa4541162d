"""tools/demo with real tshark and the plugin under test: which captures it takes, what it says of them, and how its table fits a terminal."""

import os
import pty
import re
import shutil
import struct
import subprocess
import fcntl
import termios

import pytest

from ftools import paths, pcap

SAMPLE = paths.sample("facetime-relay")
LEGACY = paths.sample("facetime-2010-inbound")   # with names in the clear
THREE = paths.CAPTURES / "situations" / "legacy-three-calls.pcap"
SIX = paths.CAPTURES / "situations" / "modern-ipv6-only.pcap"
pytestmark = [
    pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="tools/demo installs packages here in another way"),
    pytest.mark.skipif(subprocess.run(["sh", "-c", '. "$1"; global_copies', "sh", paths.ROOT / "tools" / "lib.sh"], capture_output=True, check=True).stdout != b"",
                       reason="the plugin is installed for all users, which tools/demo then would replace"),
]


class Demo:
    """A clone whose build is done: CMake has nothing but the plugin under test to copy."""

    def __init__(self, wireshark):
        self.wireshark = wireshark
        self.clone = wireshark.folder("demo/clone", theirs=True)
        self.home = wireshark.folder("demo/home", theirs=True)
        self.here = wireshark.folder("demo/here", theirs=True)
        for name in ("tools", "profile"):
            shutil.copytree(paths.ROOT / name, self.clone / name)
        (self.clone / "captures").mkdir()
        shutil.copy(SAMPLE, self.clone / "captures")
        shutil.copy(wireshark.plugin, self.clone / "plugin.so")
        programs = wireshark.folder("demo/bin")
        for name, script in (("cmake", f'case "$*" in *--build*) cp "{self.clone}/plugin.so" "{self.clone}/build/facetime.so" ;; esac'), ("sudo", "exit 9"),
                             ("wireshark", f'printf "%s\\n" "$@" >"{self.here}/window"')):
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        self.variables = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.home), "WIRESHARK_PLUGIN_DIR": None, "COLUMNS": None,
                          "TMPDIR": str(self.here), "DISPLAY": None, "WAYLAND_DISPLAY": None}

    def __call__(self, *args, stdin=None, **more):
        """tools/demo with these arguments, in a folder of its own."""
        return self.wireshark.run("sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", self.here, self.clone / "tools" / "demo", *args, stdin=stdin,
                                  env={**self.variables, **more})

    def put(self, name, content):
        """A capture in the folder where tools/demo runs."""
        path = self.here / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
        return path


@pytest.fixture(scope="module", name="demo")
def made_demo(wireshark):
    """One for all tests."""
    return Demo(wireshark)


def rows(out):
    """The numbers of the calls in the table."""
    return [int(number) for number in re.findall(r"^ *(\d+)  .*facetime\.call == \1$", out, re.M)]


def test_sample(demo):
    """Without a capture; twice: the second time all is there already."""
    for _ in range(2):
        run = demo().ok()
        assert rows(run.out) == [1] and run.err == ""
    assert (demo.home / ".local" / "lib" / "wireshark" / "plugins").is_dir()
    assert not list(demo.here.glob("facetime-demo*"))


@pytest.mark.parametrize("name", ["it's.pcap", "-r.pcap", "$HOME `x` \\ *.pcap", "new\nline é.pcap", "--"])
def test_odd_names(demo, name):
    """They are read, and what is suggested is a command for this very file."""
    path = demo.put(name, SAMPLE.read_bytes())
    run = demo(*(["--"] if name.startswith("-") else []), name).ok()
    assert rows(run.out) == [1] and run.err == ""
    suggested = re.search(r"^  wireshark (-r .*?) -z facetime,calls$", run.out, re.M | re.S)[1]
    assert subprocess.run(["sh", "-c", f"printf '%s\\n' {suggested}"], capture_output=True, text=True, check=True).stdout == f"-r\n{path}\n"


@pytest.mark.parametrize("args", [("x.pcap", "--wide"), ("--wide", "--", "x.pcap")])
def test_options_before_and_after(demo, args):
    """Options after the capture count too."""
    demo.put("x.pcap", THREE.read_bytes())
    assert rows(demo(*args, COLUMNS="80").ok().out) == [1, 2, 3]


def test_profile_after_the_capture(demo):
    """The profile is there afterwards, and the command for the window has it."""
    demo.put("x.pcap", SAMPLE.read_bytes())
    run = demo("x.pcap", "--profile").ok()
    assert (demo.home / ".config" / "wireshark" / "profiles" / "FaceTime" / "preferences").exists() and "wireshark -C FaceTime -r " in run.out
    # Once it is there, the command has it always.
    assert "wireshark -C FaceTime -r " in demo(SAMPLE).ok().out


@pytest.mark.parametrize("way", ["standard input", "pipe"])
def test_what_can_be_read_once(demo, way):
    """From standard input and from a named pipe; nothing is left of it."""
    path = demo.here / "a pipe"
    content = THREE.read_bytes()
    if way == "pipe":
        os.mkfifo(path, 0o644)
        path.chmod(0o644)
        with subprocess.Popen(["sh", "-c", 'cat "$1" >"$2"', "sh", THREE, path]) as writer:
            run = demo("a pipe").ok()
            writer.wait()
        path.unlink()
    else:
        made = demo.put("source", content)
        run = demo.wireshark.run("sh", "-c", 'cd "$1"; "$2" - <"$3"', "sh", demo.here, demo.clone / "tools" / "demo", made, env=demo.variables).ok()
    assert rows(run.out) == [1, 2, 3] and "tools/demo --window FILE" in run.out
    assert not list(demo.here.glob("facetime-demo*"))


def test_cut_off(demo):
    """The calls up to there, and that it is cut off; that is no failure."""
    demo.put("cut.pcap", SAMPLE.read_bytes()[:-7])
    run = demo("cut.pcap").ok()
    assert rows(run.out) == [1] and "The capture is cut off in the middle of a packet" in run.out and run.err == ""


def test_no_call(demo):
    """Said, with what to look at; a capture of nothing likewise."""
    packets = pcap.read(SAMPLE)[1]
    for content in (SAMPLE.read_bytes()[:24], pcap.write(packets[:2])):
        demo.put("none.pcap", content)
        run = demo("none.pcap").ok()
        assert "There is no FaceTime call in it. What to look at:" in run.out and "-z conv,udp" in run.out and rows(run.out) == []
        assert "wireshark -r" not in run.out


@pytest.mark.parametrize("content, words", [(b"", "could not read"), (b"this is no capture, but a text of some length\n" * 9, "could not read")], ids=["empty", "text"])
def test_no_capture(demo, content, words):
    """An ordinary failure."""
    demo.put("no.pcap", content)
    run = demo("no.pcap")
    if content == b"" and run.status == 0:
        pytest.skip("this tshark takes an empty file for a capture")
    assert run.status == 1 and words in run.err and "no.pcap" in run.err


def test_folder(demo):
    """Names a capture in it."""
    path = demo.put("a folder/x's.pcap", SAMPLE.read_bytes())
    run = demo("a folder")
    assert run.status == 1 and "is a folder; name a capture, for example: tools/demo " in run.err and run.err.count("\n") == 1
    suggested = run.err.strip().split("tools/demo ", 1)[1]
    assert subprocess.run(["sh", "-c", f"printf '%s' {suggested}"], capture_output=True, text=True, check=True).stdout == str(path)


@pytest.mark.parametrize("args, words", [(("nothing.pcap",), "there is no capture 'nothing.pcap'."), (("a", "b"), "one capture at a time"), (("--nonsense",), "unknown option: --nonsense"),
                                         (("x.pcap", "-q"), "unknown option: -q")])
def test_refused(demo, args, words):
    """Before anything is built."""
    shutil.rmtree(demo.clone / "build", ignore_errors=True)
    run = demo(*args)
    assert run.status == 1 and words in run.err and not (demo.clone / "build").exists()


def test_it_says_how_long(demo):
    """Before what is silent for a while: the first build, and reading a large capture."""
    shutil.rmtree(demo.clone / "build", ignore_errors=True)
    assert "Building in build/, half a minute\n" in demo().ok().out
    assert "Building in build/\n" in demo().ok().out
    header, packet = SAMPLE.read_bytes()[:24], struct.pack("<IIII", 1, 0, 60000, 60000) + bytes(60000)
    demo.put("large.pcap", header + packet * 700)
    assert "Reading 42 MB; that can take 10 seconds or more." in demo("large.pcap").ok().out


# ---- The window --------------------------------------------------------------------------------

def test_window(demo):
    """Opens the capture with the profile and the table."""
    path = demo.put("it's.pcap", SAMPLE.read_bytes())
    demo("it's.pcap", "--window", DISPLAY=":99").ok()
    assert (demo.here / "window").read_text() == f"-C\nFaceTime\n-r\n{path}\n-z\nfacetime,calls\n"


def test_window_without_a_screen(demo):
    """Says the command for where there is one."""
    (demo.here / "window").unlink(missing_ok=True)
    run = demo("--window")
    assert run.status == 1 and "wireshark -C FaceTime -r '" in run.err and rows(run.out) == [1] and not (demo.here / "window").exists()


def test_window_is_offered(demo):
    """Where Wireshark's window is not installed, the command that installs and opens it."""
    programs = demo.wireshark.folder("demo/without")
    for folder in ("/usr/bin", "/bin"):
        for name in os.listdir(folder):
            if name != "wireshark" and not (programs / name).exists():
                (programs / name).symlink_to(f"{folder}/{name}")
    path = demo.put("x.pcap", SAMPLE.read_bytes())
    path_of = f"{demo.wireshark.folder('demo/bin')}"
    (demo.wireshark.folder("demo/bin") / "wireshark").rename(demo.here / "wireshark")
    try:
        run = demo("x.pcap", PATH=f"{path_of}:{programs}").ok()
    finally:
        (demo.here / "wireshark").rename(demo.wireshark.folder("demo/bin") / "wireshark")
    assert f"In the window, which this installs: tools/demo --window -- '{path}'\n" in run.out


# ---- How wide ----------------------------------------------------------------------------------

def terminal(demo, columns, *args):
    """What tools/demo prints to a terminal of this width."""
    try:
        master, slave = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal is to be had here: {error}")
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in {**demo.wireshark.environment, **demo.variables}.items() if value is not None}

    def controlling():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    # pylint: disable-next=subprocess-popen-preexec-fn
    with subprocess.Popen([demo.clone / "tools" / "demo", *args], stdin=slave, stdout=slave, stderr=slave, cwd=demo.here, env=environment, preexec_fn=controlling,
                          **demo.wireshark.user) as process:
        os.close(slave)
        out = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
    os.close(master)
    assert process.returncode == 0, out
    return out.decode().replace("\r\n", "\n")


def table_lines(out):
    """The lines between the title and the suggestions."""
    return out.split(":\n", 1)[1].split("\nIn the window", 1)[0].rstrip("\n").splitlines()


@pytest.mark.parametrize("columns", [80, 120])
def test_fits_a_terminal(demo, columns):
    """No line is wider; every call is there, with the columns that answer first; what is left out is named."""
    demo.put("x.pcap", THREE.read_bytes())
    lines = [line for line in table_lines(terminal(demo, columns, "x.pcap")) if not line.startswith("Left out")]
    assert max(map(len, lines)) <= columns
    text = "\n".join(lines)
    for words in ("2010-07-02 19:46:40.300", "declined", "192.168.1.64:16402", "198.51.100.22:16402", "direct"):
        assert words in text
    if columns == 120:
        assert [line.split()[0] for line in lines if line.strip()] == ["Call", "1", "2", "3"] and "Peer" in lines[0]
    else:
        assert [line for line in lines if not line.startswith(" ")] == ["Call 1", "Call 2", "Call 3"]


def test_wide(demo):
    """All columns in a terminal of 80, as tshark prints them; and as they are where the output is no terminal."""
    demo.put("x.pcap", THREE.read_bytes())
    wide = table_lines(terminal(demo, 80, "--wide", "x.pcap"))
    assert wide == table_lines(demo("x.pcap").ok().out) and max(map(len, wide)) > 150 and rows("\n".join(wide)) == [1, 2, 3]


AWKS = [words for words in (["mawk"], ["gawk"], ["busybox", "awk"], ["original-awk"]) if shutil.which(words[0])]


@pytest.fixture(params=AWKS, ids=" ".join, name="fitted")
def each_awk(wireshark, request):
    """fitted(capture, columns): the lines of the table of calls, and those that tshark printed, with each awk that is here."""
    def fit(capture, columns):
        table = wireshark.tshark(capture, "-q", "-z", "facetime,calls").ok().out
        done = subprocess.run([*request.param, "-v", f"columns={columns}", "-f", paths.ROOT / "tools" / "fit.awk"], input=table, capture_output=True, text=True,
                              check=True, env={**os.environ, "LC_ALL": "C"})
        return done.stdout.splitlines(), table.splitlines()

    return fit


def test_names_what_is_left_out(fitted):
    """With the way to see it; where all has room, nothing."""
    assert re.fullmatch(r"Left out, to fit 120 columns: .*Filter\. All: tools/demo --wide", fitted(THREE, 120)[0][-1])
    assert not any(line.startswith("Left out") for line in fitted(THREE, 400)[0])


@pytest.mark.parametrize("columns", [40, 79, 100, 130, 400])
@pytest.mark.parametrize("capture", [SIX, THREE, paths.sample("facetime-relay")], ids=lambda path: path.stem)
def test_every_value_is_whole(fitted, capture, columns):
    """Each value that is shown is one that tshark prints, whatever is left out; in blocks of lines each one is shown."""
    lines, table = fitted(capture, columns)
    wide = max(map(len, [line for line in lines if not line.startswith("Left out")]))
    # A text that is longer than a line goes on further to the right.
    lines = "\n".join(lines).replace("\n    ", " ").splitlines() if any(line.startswith("Call 1") for line in lines) else lines
    values = {cell for line in table for cell in re.split(r" {2,}", line.strip())}
    shown = set()
    for line in lines:
        if line.startswith("  ") and ": " in line:
            shown |= {part.split(": ", 1)[1] for part in re.split(r" {3,}", line.strip())}
        elif not line.startswith(("Left out", "Call ")) or "  " in line:
            shown |= set(re.split(r" {2,}", line.strip()))
    assert shown - {""} <= values
    if columns < 79:
        assert {cell for line in table if line.startswith("  ") for cell in re.split(r" {2,}", line.strip())[1:]} <= shown
    else:
        assert wide <= columns


def test_wide_characters(wireshark, fitted):
    """Names of East Asian characters and emoji, and combining ones: the table is cut at the same cells of the screen."""
    content = LEGACY.read_bytes()
    for number, name in ((b"+18885550100", "\u30e6\u30cb\U0001f600"), (b"+12025550143", "Zoe\u0308 \u0394")):
        content = content.replace(number, name.encode().ljust(len(number), b"x"))
    capture = wireshark.write("wide.pcap", content)
    block, table = fitted(capture, 80)
    found = [re.search(r"inbound +\S+ +(\S+) +(Zoe\u0308 \u0394\S*)  ", line) for line in table]
    first, second = next(match.groups() for match in found if match)
    assert all(item in "\n".join(block) for item in (f"From: {first}", f"To: {second}", "Device: 192.168.1.64:16402", "Peer: 198.51.100.20:16402"))
    assert any(re.search(rf"inbound +(\S+ +)*{first} +{second}  ", line) for line in fitted(capture, 180)[0])


@pytest.mark.parametrize("text", ["", "no table\n", "\n====\nFaceTime Calls\nFilter: <none>\nCall  State\n====\n", "====\nCall  x\nnonsense that does not fit\n====\n"])
def test_what_is_no_such_table(text):
    """Ends, and loses no line of what it does not know."""
    done = subprocess.run(["awk", "-v", "columns=80", "-f", paths.ROOT / "tools" / "fit.awk"], input=text, capture_output=True, text=True, check=True, timeout=20)
    assert "nonsense" not in text or "nonsense that does not fit" in done.stdout
