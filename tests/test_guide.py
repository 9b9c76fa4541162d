"""Every command of the guide runs, prints what the guide shows, and its pictures are there."""

import hashlib
import re
import shlex
import shutil
import ssl

import pytest

from ftools import paths, push, shown

FILE = paths.ROOT / "doc" / "guide.md"
GUIDE = FILE.read_text(encoding="utf-8")
BLOCKS = shown.fenced(GUIDE)
RUN = [block for mark, block in BLOCKS if mark == "console"]
OTHER = [line for mark, block in BLOCKS if mark == "sh" for line in block]

# Not run: they need an iPhone, an adapter or root, or change the system. Commands for the window are run as tshark's.
ELSEWHERE = {"rvictl": r"-[sx] UDID", "tcpdump": r"-i rvi0 -w call\.pcap", "tshark": r"(-I )?-i wlan0 .*-w call\.pcapng", "tools/demo": "--profile"}
WINDOW = [line for line in OTHER if line.startswith("wireshark ")]

IMAGES = re.findall(r"!\[[^]]+\]\((images/[^)]+)\)", GUIDE)
MOST_IMAGES, MOST_BYTES = 9, 120 << 10

# The session whose keys the guide gives: a filter for topics from the device, and an invitation to it.
KEYS = "keys.txt"
TOPIC = "com.apple.private.alloy.facetime.multi"


@pytest.fixture(scope="module")
def files(wireshark):
    """A folder that looks like the clone to the guide's commands, which run as the programs' user."""
    folder = wireshark.folder("guide", theirs=True)
    shutil.copytree(paths.CAPTURES, folder / "captures", ignore=lambda _, names: [name for name in names if name in {"generator", "expected", "generate"}])
    shutil.copytree(paths.ROOT / "profile" / "FaceTime", folder / ".config" / "wireshark" / "profiles" / "FaceTime")
    return folder


@pytest.fixture(scope="module")
def keys(wireshark, files, tmp_path_factory):
    """A push session and its key log, as the guide names them."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    certificate = push.certificate(tmp_path_factory.mktemp("certificate"), "courier.push.apple.com", "*.push.apple.com")
    topic = hashlib.sha1(TOPIC.encode()).digest()
    script = [(True, push.frame(9, (1, bytes(32)), (2, topic))), (False, push.frame(10, (4, bytes(4)), (1, bytes(32)), (2, topic)))]
    seen = push.tls_session(tmp_path_factory.mktemp("session"), certificate, script, ssl.TLSVersion.TLSv1_2)
    shutil.copy(push.capture(wireshark, "call.pcap", seen.chunks, port=5223), files / "call.pcap")
    (files / KEYS).write_text(seen.keys, encoding="ascii")


def run(wireshark, files, command):
    """What a command prints, typed in FILES; it must not complain."""
    done = wireshark.run("sh", "-c", f"cd {shlex.quote(str(files))} && {command}").ok()
    assert done.err == "", done
    return done.out


def test_blocks():
    """Each is one of those that are run, or of those that are known not to be; each command of a console has a prompt."""
    assert {mark for mark, _ in BLOCKS} == {"console", "sh"} and GUIDE.count("\n```") == 2 * len(BLOCKS)
    assert all(block[0].startswith(shown.PROMPT) for block in RUN)
    for line in OTHER:
        program, arguments = line.removeprefix("sudo ").split(maxsplit=1)
        assert line in WINDOW or re.fullmatch(ELSEWHERE[program], arguments), line


@pytest.mark.parametrize("block", RUN, ids=lambda block: shown.commands(block)[0][0][:60])
def test_as_shown(wireshark, files, request, block):
    """Block by block: commands of a block may use the files of those before them. Nothing below a command: what it prints is not compared."""
    with_keys = any(KEYS in line for line in block)
    if with_keys:
        request.getfixturevalue("keys")
    for command, lines in shown.commands(block):
        out = run(wireshark, files, command)
        if lines:
            shown.compare(lines, out)
        elif with_keys and not command.startswith("editcap"):
            assert out.count(TOPIC) == 2
        else:
            assert out == "", command


@pytest.mark.parametrize("line", WINDOW)
def test_window(wireshark, files, line):
    """The arguments mean the same to tshark; its tables and filters are there."""
    assert wireshark.run("sh", "-c", f"cd {files} && HOME=$PWD tshark -q {line.removeprefix('wireshark ')}").ok().err == ""


def test_images():
    """Few, small, and all used; tools/screenshots makes each."""
    assert len(IMAGES) == len(set(IMAGES)) <= MOST_IMAGES
    folder = FILE.parent / "images"
    assert {path.name for path in folder.iterdir()} == {name.removeprefix("images/") for name in IMAGES}
    made = re.search(r"by default all:\n\s*(.*)", (paths.ROOT / "tools" / "screenshots").read_text(encoding="utf-8"))[1].split()
    assert {path.stem for path in folder.iterdir()} == set(made)
    for path in folder.iterdir():
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) < MOST_BYTES, path


def test_links():
    """Files and headings that the guide links to are there, and README links to it."""
    for target, heading in re.findall(r"[^!]\[[^]]+\]\(([^)#]+)(?:#([^)]+))?\)", GUIDE):
        page = (FILE.parent / target).read_text(encoding="utf-8")
        titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", page, re.M)}
        assert not heading or heading in titles, (target, heading)
    assert "(doc/guide.md)" in (paths.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lines, out", [
    (["1  2"], "1  3\n"), (["1  2"], "1  2\n2  2\n"), (["1  2", "2  2"], "1  2\n"), (["1 …"], "12\n"), (["1", "…"], "1\n"), (["a", "b"], "b\na\n")])
def test_compare_fails(lines, out):
    """What differs is found."""
    with pytest.raises(AssertionError):
        shown.compare(lines, out)


def test_compare():
    """Rulers, tabs, and what is left out."""
    shown.compare(["a       b", "1 …", "…"], "====\na\tb\n1 2\n\n3\n")
