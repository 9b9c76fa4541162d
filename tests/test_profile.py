"""The FaceTime profile: its columns fill, its filters compile and find packets, and tools/profile installs and packs it."""

import itertools
import math
import re
import shutil
import subprocess
import zipfile

import pytest

from ftools import paths

PROFILE = paths.ROOT / "profile" / "FaceTime"
FILES = {"colorfilters", "dfilter_buttons", "io_graphs", "plots", "preferences", "profile_settings", "recent"}
DIRECT, RELAY = "facetime-2010-inbound", "facetime-relay"
STYLES = {"Line", "Impulse", "Bar", "Dot", "Square", "Diamond"}
UNITS = {"Packets", "Bytes", "Bits"}
OF_FIELD = {"SUM(Y Field)", "MAX(Y Field)", "AVG(Y Field)"}


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
PLOTS = {name: expression for _, _, name, expression, *_ in records("plots")}
SWITCH = dict(line.split(": ", 1) for line in lines("profile_settings") if line)
FILTERS = {**dict(rules()), **BUTTONS, **GRAPHS, **PLOTS, "switch": SWITCH["auto_switch_filter"]}


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
    """Each packet of the sample has its call and phase in the list, and media its direction and path."""
    rows = packet_list(wireshark, name, installed, "-Y", 'facetime.call.phase == "media" && facetime.rtp.media')
    assert len(rows) > 1000
    assert all(row[2] == "1" and row[3].lower() == "media" and row[4].lower() in {"sent", "received"} and row[5].lower() == path.lower() for row in rows), rows[0]


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


def test_columns_have_a_width():
    """Each of its own, in their order; no column is there twice, by title or by what it shows."""
    text = (PROFILE / "preferences").read_text(encoding="utf-8")
    columns = re.findall(r'^ +"([^"]+)", "([^"]+)"', text, re.M)
    widths = re.findall(r'"?(%[^",]+)"?, (\d+)', next(line for line in lines("recent") if line.startswith("column.width: ")))
    # Wireshark finds the width of such a column by its field alone, without occurrence and format: seen in the windows of 4.0 and 4.4.
    assert [name for name, _ in widths] == [shows.removesuffix(":0:R") for _, shows in columns]
    assert all(40 <= int(width) <= 600 for _, width in widths)
    assert len({title for title, _ in columns}) == len({shows for _, shows in columns}) == len(columns)


@pytest.mark.parametrize("name", [DIRECT, RELAY])
def test_signalling_button(wireshark, name):
    """It finds what sets a call up, of today and of 2010: push, and the relay's or SIP's part; no media and no look-ups."""
    names = {row[2]: row[3] for row in wireshark.table("values") if row[:2] == ["V", "facetime.call.phase"]}
    rows = wireshark.fields(paths.sample(name), ["facetime.call.phase"], "-2", "-Y", BUTTONS["Signalling"])
    shown = {names[phase] for row in rows for phase in row["facetime.call.phase"]}
    assert {"push", "connectivity", "relay" if name == RELAY else "signalling"} <= shown and not shown & {"media", "lookup", "certificate"}
    # Nor what goes on all the time of a call: the modem's probes, and the counts of what was sent.
    for steady in ("facetime.kind == 6", "facetime.relay.stats_id"):
        assert wireshark.count(paths.sample(RELAY), steady, "-2") and not wireshark.count(paths.sample(RELAY), f'({BUTTONS["Signalling"]}) && {steady}', "-2")


@pytest.mark.parametrize("situation", ["modern-cut-off", "modern-only-from-device", "legacy-cut-off", "modern-relay-unreachable",
                                       "modern-no-answer-to-udp"])
def test_problems_button(wireshark, situation):
    """It finds what went wrong, in calls of today too; nothing in a call that went well."""
    assert wireshark.count(paths.CAPTURES / "situations" / f"{situation}.pcap", BUTTONS["Problems"], "-2")


def test_no_problem(wireshark):
    """A call of today that went well."""
    assert wireshark.count(paths.sample("facetime-direct"), BUTTONS["Problems"], "-2") == 0


def test_profile_switches_itself_on(wireshark):
    """Its filter finds calls of today and of 2010 among the first packets, and nothing in a capture without FaceTime."""
    assert set(SWITCH) == {"auto_switch_filter"}
    for name in (DIRECT, RELAY):
        assert wireshark.count(paths.sample(name), f'{SWITCH["auto_switch_filter"]} && frame.number <= 1000')


def test_plots():
    """Eight cells, as 4.6 reads them."""
    for enabled, number, _, _, colour, style, field, factor in records("plots"):
        assert enabled in ("TRUE", "FALSE") and 1 <= int(number) <= 20 and re.fullmatch("#[0-9a-f]{6}", colour) and style in STYLES and field and int(factor) == 1


# How colours look to those who lack one kind of cone: linear RGB, after Machado, Oliveira and Fernandes (2009), full deficiency.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def linear(colour):
    """The linear values of a colour of 16 bits each."""
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 65535 for value in colour)]


def lab(rgb):
    """CIE L*a*b* of linear values, for the white of D65."""
    rgb = [min(1, max(0, value)) for value in rgb]
    xyz = (sum(a * b for a, b in zip(row, rgb)) for row in ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0177, 0.1095, 0.8728)))
    x, y, z = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def colours():
    """{rule: (background, foreground)}."""
    found = (re.fullmatch(r"@([^@]+)@.+@\[(\d+),(\d+),(\d+)\]\[(\d+),(\d+),(\d+)\]", line).groups() for line in lines("colorfilters"))
    return {name: (tuple(map(int, numbers[:3])), tuple(map(int, numbers[3:]))) for name, *numbers in found}


@pytest.mark.parametrize("eyes", EYES)
def test_colours_can_be_told_apart(eyes):
    """Each two backgrounds differ by more than twelve in L*a*b*, with any kind of cone missing; texts have a contrast of seven (WCAG, AAA)."""
    seen = {name: lab([sum(a * b for a, b in zip(row, linear(background))) for row in EYES[eyes]]) for name, (background, _) in colours().items()}
    close = [(round(math.dist(seen[one], seen[other]), 1), one, other) for one, other in itertools.combinations(seen, 2)]
    assert min(close)[0] > 12, sorted(close)[:5]
    for name, (background, foreground) in colours().items():
        light, dark = sorted((sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(one))) for one in (background, foreground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 7, name


def test_graphs():
    """Each row has what 4.0 reads, nine cells; later versions fill in the rest."""
    for row in records("io_graphs"):
        assert len(row) == 9 and row[4] in STYLES and re.fullmatch("#[0-9a-f]{6}", row[3]), row
        assert row[5] in (OF_FIELD if row[6] else UNITS), row


def test_graphs_of_fields(wireshark):
    """The fields that graphs draw are numbers that packets of the samples have, in the direction that the graph asks for."""
    for _, name, expression, _, _, _, field, *_ in records("io_graphs"):
        if field:
            capture = paths.CAPTURES / "situations" / "modern-each-end-caller.pcap" if field == "facetime.rtp.lost" else paths.sample(RELAY)
            found = wireshark.fields(capture, (field,), "-2", "-Y", f"{expression} && {field}")
            assert [float(row[field][0]) for row in found] or name == "Lost before what is sent was captured", name


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
    # What Wireshark writes each time is no change of the user's.
    (target / "recent").write_text("# what was shown\n", encoding="utf-8")
    assert profile(home=tmp_path).returncode == 0
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
