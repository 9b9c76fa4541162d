"""What tools/report prints can be sent: versions and tables, and nothing of who called whom from where and when."""

import re

import pytest

from ftools import paths

PERSONAL = {
    "facetime-2010-inbound": ("8885550100", "2025550143", "192.168.1.64", "198.51.100.20", "2010-07-01"),
    "facetime-relay": ("192.168.1.64", "17.249.172.60", "198.51.100.23"),
    "facetime-direct": ("2620:149:", "2001:db8:"),
}


@pytest.mark.parametrize("name", PERSONAL)
def test_masked(wireshark, name):
    """The tables are there; addresses, numbers, SSRCs and dates are not."""
    out = wireshark.run("sh", wireshark.tool("report"), wireshark.stage(paths.sample(name))).ok().out
    assert out.startswith("TShark (Wireshark)") and re.search(r"^plugin: \d+\.\d+\.\d+", out, re.M)
    for title in ("FaceTime Calls", "FaceTime Streams", "FaceTime Counters"):
        assert title in out
    assert "<from and to>" in out and "<address 1>" in out and "facetime.call == 1" in out
    for text in PERSONAL[name]:
        assert text not in out, text
    assert not re.search(r"0x[0-9a-fA-F]{5,}|\d{4}-\d\d-\d\d", out)
    assert name not in out


def test_names_that_are_not_ascii(wireshark):
    """Nothing of a name is left, in whatever units awk counts."""
    content = paths.sample("facetime-2010-inbound").read_bytes()
    for number, name in ((b"+18885550100", "Zoë Älmqö"), (b"+12025550143", "ÄÖÜÄÖÜ")):
        assert number in content and len(name.encode()) <= len(number)
        content = content.replace(number, name.encode().ljust(len(number), b"x"))
    capture = wireshark.folder("names") / "names.pcap"
    capture.write_bytes(content)
    assert "ÄÖÜÄÖÜ" in wireshark.run("tshark", "-q", "-r", capture, "-z", "facetime,calls").ok().out
    for locale in ("C", "C.UTF-8"):
        out = wireshark.run("sh", wireshark.tool("report"), capture, env={"LC_ALL": locale}).ok().out
        row = next(line for line in out.splitlines() if line.endswith("facetime.call == 1"))
        assert re.search(r" <address 1>:16402 +<address 2>:16402 .* inbound +- +<from and to> ", row), row
        assert out.isascii()


def test_cut_short(wireshark):
    """tshark's complaint is there, and not the capture's name in it."""
    capture = wireshark.folder("of ann") / "ann calls bob.pcap"
    capture.write_bytes(paths.sample("facetime-2010-inbound").read_bytes()[:3000])
    out = wireshark.run("sh", wireshark.tool("report"), capture).ok().out
    assert re.search(r"^tshark: .*cut short", out, re.M)
    assert "ann" not in out and "bob" not in out


def test_without_a_capture(wireshark):
    """Only the versions."""
    assert len(wireshark.run("sh", wireshark.tool("report")).ok().out.splitlines()) == 3


def test_no_such_capture(wireshark):
    """One sentence."""
    run = wireshark.run("sh", wireshark.tool("report"), "/no/such/file")
    assert run.status == 1 and run.err == "report: cannot read '/no/such/file'.\n"
