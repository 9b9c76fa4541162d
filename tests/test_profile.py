"""The FaceTime profile: its columns fill, its filters compile and find packets, and tools/profile installs and packs it."""

import re
import shutil
import subprocess
import zipfile

import pytest

from ftools import paths

PROFILE = paths.ROOT / "profile" / "FaceTime"
FILES = {"colorfilters", "dfilter_buttons", "io_graphs", "preferences"}
DIRECT, RELAY = "facetime-2010-inbound", "facetime-relay"
STYLES = {"Line", "Impulse", "Bar", "Dot", "Square", "Diamond"}
UNITS = {"Packets", "Bytes", "Bits"}


def lines(name):
    """The lines of a file of the profile that are no comments."""
    return [line for line in (PROFILE / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def records(name):
    """The rows of a table that Wireshark writes in quotes."""
    return [[re.sub(r"\\x(..)", lambda code: chr(int(code[1], 16)), cell) for cell in re.findall(r'"([^"]*)"', line)] for line in lines(name)]


def rules():
    """Name and filter of each colour rule."""
    return [re.fullmatch(r"@([^@]+)@(.+)@\[\d+,\d+,\d+\]\[\d+,\d+,\d+\]", line).groups() for line in lines("colorfilters")]


BUTTONS = {label: expression for _, label, expression, _ in records("dfilter_buttons")}
GRAPHS = {name: expression for _, name, expression, *_ in records("io_graphs")}
FILTERS = {**dict(rules()), **BUTTONS, **GRAPHS}


@pytest.fixture(scope="module")
def installed(wireshark):
    """A home folder for the programs with the profile in it, as variables for them."""
    home = wireshark.folder("profile-home")
    shutil.copytree(PROFILE, home / ".config" / "wireshark" / "profiles" / "FaceTime")
    return {"HOME": str(home)}


def packet_list(wireshark, name, installed, *more):
    """What tshark prints with the profile's columns, a list of cells for each packet."""
    out = wireshark.tshark(paths.sample(name), "-2", "-C", "FaceTime", "-T", "tabs", *more, env=installed).ok()
    assert not re.search(r"(?i)profile|preference|colorfilter|line \d+", out.err), out.err
    return [line.strip().split("\t") for line in out.out.splitlines()]


def test_files():
    """Nothing besides these."""
    assert {path.name for path in PROFILE.iterdir()} == FILES


@pytest.mark.parametrize("name, path", [(DIRECT, "Direct"), (RELAY, "Relay")])
def test_columns(wireshark, installed, name, path):
    """Each packet of the sample has its call and phase in the list, and media its kind and path."""
    rows = packet_list(wireshark, name, installed, "-Y", 'facetime.call.phase == "media" && facetime.rtp.media')
    assert len(rows) > 1000
    assert all(row[2] == "1" and row[3].lower() == "media" and row[4].lower() in {"rtp", "relay"} and row[5].lower() == path.lower() for row in rows), rows[0]


def test_phases_have_a_rule(wireshark):
    """A colour for each phase that the plugin knows."""
    phases = {row[3] for row in wireshark.table("values") if row[:2] == ["V", "facetime.call.phase"]}
    assert phases and {f'facetime.call.phase == "{phase}"' for phase in phases} <= set(dict(rules()).values())


def test_filters_compile(wireshark):
    """All of them; one that does not fails, which shows that the check can."""
    capture = paths.sample("facetime-direct")
    assert wireshark.run("tshark", "-n", "-r", wireshark.stage(capture), "-c", "1", "-Y", "facetime.nonsense").status != 0
    for name, expression in FILTERS.items():
        assert wireshark.run("tshark", "-n", "-r", wireshark.stage(capture), "-c", "1", "-Y", expression).status == 0, (name, expression)


@pytest.mark.parametrize("names", [("Calls", "Signalling", "Audio", "Video"), ("Audio sent", "Audio received", "Video sent", "Video received")])
def test_filters_find(wireshark, names):
    """The buttons and graphs that any call must have."""
    for name in names:
        assert wireshark.count(paths.sample(DIRECT), FILTERS[name], "-2"), name


def test_directions_add_up(wireshark):
    """Each packet of media is in one graph."""
    for media in ("Audio", "Video"):
        one, other, both = (wireshark.count(paths.sample(RELAY), FILTERS[name], "-2") for name in (f"{media} sent", f"{media} received", media))
        assert one and other and one + other == both


def test_relay_button(wireshark):
    """It tells a call over the relay from a direct one."""
    assert wireshark.count(paths.sample(RELAY), BUTTONS["Relay"], "-2") > 1000
    assert wireshark.count(paths.sample(DIRECT), BUTTONS["Relay"], "-2") == 0


def test_graphs():
    """Each row has what 4.0 reads, nine cells; later versions fill in the rest."""
    for row in records("io_graphs"):
        assert len(row) == 9 and row[4] in STYLES and row[5] in UNITS and re.fullmatch("#[0-9a-f]{6}", row[3]), row


def profile(*args, home):
    """Runs tools/profile."""
    return subprocess.run([paths.ROOT / "tools" / "profile", *args], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")})


def test_tool(tmp_path):
    """Installs once and again, keeps what a user changed, and removes."""
    target = tmp_path / ".config" / "wireshark" / "profiles" / "FaceTime"
    for _ in range(2):
        assert profile(home=tmp_path).returncode == 0
        assert {path.name for path in target.iterdir()} == FILES
    (target / "io_graphs").write_text("# mine\n", encoding="utf-8")
    for option in ((), ("--remove",)):
        refused = profile(*option, home=tmp_path)
        assert refused.returncode == 1 and str(target) in refused.stderr
        assert (target / "io_graphs").read_text(encoding="utf-8") == "# mine\n"
    assert profile("--replace", home=tmp_path).returncode == 0
    assert profile("--remove", home=tmp_path).returncode == 0
    assert not target.exists()
    assert profile("--nonsense", home=tmp_path).returncode == 1


def test_zip(tmp_path):
    """One folder with the profile's name and its files, as Wireshark's import wants it."""
    archive = tmp_path / "FaceTime.zip"
    assert profile("--zip", archive, home=tmp_path).returncode == 0
    with zipfile.ZipFile(archive) as packed:
        assert {name for name in packed.namelist() if not name.endswith("/")} == {f"FaceTime/{name}" for name in FILES}
        assert packed.read("FaceTime/preferences") == (PROFILE / "preferences").read_bytes()
