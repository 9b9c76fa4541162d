"""In a German user's terminal and window the plugin's numbers are those of any other: a decimal point, and nothing between thousands."""

import pathlib
import re
import shutil
import subprocess

import pytest

from ftools import datagrams, paths
from ftools.datagrams import FORMS, frame
from test_golden import trees

SOURCE = pathlib.Path("/usr/share/i18n/locales/de_DE")
TABLES = ("calls", "timeline", "nodes", "streams", "exposure", "tree")
pytestmark = pytest.mark.skipif(not shutil.which("localedef") or not SOURCE.exists(), reason="there is nothing to make a locale of (Debian: locales)")


@pytest.fixture(scope="module", name="german")
def made_german(wireshark):
    """The variables of a German user, with a locale that is made here."""
    folder = wireshark.folder("locales")
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", "--no-archive", folder / "de_DE.UTF-8"], check=False, capture_output=True)
    variables = {"LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8"}
    said = wireshark.run("sh", "-c", "exec awk 'BEGIN { printf \"%.1f\", 1.5 }'", env=variables).out
    comma = wireshark.run("python3", "-c", "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])", env=variables)
    if comma.out.strip() != ",":
        pytest.skip(f"the locale that was made does not work here: {said} {comma.err.strip()[-100:]}")
    return variables


@pytest.mark.parametrize("name", paths.SAMPLES)
@pytest.mark.parametrize("table", TABLES)
def test_tables(wireshark, german, name, table):
    """Each table is the same."""
    args = paths.sample(name), "-q", "-z", f"facetime,{table}"
    out = wireshark.tshark(*args, env=german).ok().out
    if table == "tree":
        # Wireshark's own stats tree: rates are its own numbers.
        out = re.sub(r"(\d),(\d)", r"\1.\2", out)
    assert out == wireshark.tshark(*args).ok().out and re.search(r"\d\.\d", out)


@pytest.fixture(scope="module", name="forms")
def made_forms(wireshark):
    """A datagram of each form."""
    return datagrams.written(wireshark, "forms.pcap", [frame(*datagrams.own_ends(form, number), form.payload) for number, form in enumerate(FORMS.values())])


def test_trees(wireshark, german, forms):
    """Each line of FaceTime's trees, and each value as a field of PDML."""
    for capture in (forms, paths.sample("facetime-direct")):
        mine, theirs = (trees(wireshark.tshark(capture, "-2", "-V", **more).ok().out) for more in ({"env": german}, {}))
        assert len(mine) > 100 and mine == theirs
        mine, theirs = ([line for line in wireshark.tshark(capture, "-2", "-T", "pdml", **more).ok().out.splitlines() if '"facetime' in line or '"apns' in line]
                        for more in ({"env": german}, {}))
        assert len(mine) > 100 and mine == theirs


def test_expert(wireshark, german):
    """The texts of expert items."""
    def said(**more):
        return wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", "expert", **more).ok().out

    assert said(env=german) == said()


def test_sharkd(wireshark, german, monkeypatch):
    """What the window's table gets."""
    rows = wireshark.sharkd(paths.sample("facetime-relay"), ("tap", {"tap0": "nstat:facetime,calls"}))
    monkeypatch.setattr(wireshark, "environment", {**wireshark.environment, **german})
    assert wireshark.sharkd(paths.sample("facetime-relay"), ("tap", {"tap0": "nstat:facetime,calls"})) == rows
