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
    out = wireshark.run("sh", paths.ROOT / "tools" / "report", paths.sample(name)).ok().out
    assert out.startswith("TShark (Wireshark)") and re.search(r"^plugin: \d+\.\d+\.\d+", out, re.M)
    for title in ("FaceTime Calls", "FaceTime Streams", "FaceTime Counters"):
        assert title in out
    assert "<from and to>" in out and "<address 1>" in out and "facetime.call == 1" in out
    for text in PERSONAL[name]:
        assert text not in out, text
    assert not re.search(r"0x[0-9a-fA-F]{5,}|\d{4}-\d\d-\d\d", out)
    assert name not in out


def test_without_a_capture(wireshark):
    """Only the versions."""
    assert len(wireshark.run("sh", paths.ROOT / "tools" / "report").ok().out.splitlines()) == 3


def test_no_such_capture(wireshark):
    """One sentence."""
    run = wireshark.run("sh", paths.ROOT / "tools" / "report", "/no/such/file")
    assert run.status == 1 and run.err == "report: cannot read '/no/such/file'.\n"
