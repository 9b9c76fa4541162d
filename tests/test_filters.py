"""Filters of tables on one pass: what comes before its call is known is asked for, too."""

import re

import pytest

from ftools import views

VIEWS = ("calls", "streams", "nodes", "timeline", "exposure", "quality")
NAMES = ("facetime-relay", "modern-from-the-middle", "legacy-only-media")
LINES = re.compile(r"^(?:Filter: .*|Of the latest .*)$", re.M)


def shown(wireshark, name, condition=None, *args):
    """The tables, without the lines that say the filter."""
    wanted = [word for view in VIEWS for word in ("-z", f"facetime,{view}" + (f",{condition}" if condition else ""))]
    return LINES.sub("", wireshark.tshark(views.capture(name), *args, "-q", *wanted).ok().out)


@pytest.mark.parametrize("condition", ("frame", "udp || tcp || icmp"))
@pytest.mark.parametrize("name", NAMES)
def test_true_for_all(wireshark, name, condition):
    assert shown(wireshark, name, condition) == shown(wireshark, name)


@pytest.mark.parametrize("condition", ("udp", "frame.number > 20", "dns", "tcp.port == 5223", "frame.number <= 40", "quic", "frame.number == 5"))
def test_one_pass_counts_as_two(wireshark, condition):
    """Of the calls and the time line: other tables show what is known at the time."""
    rows = [views.timeline(wireshark.tshark(views.capture("facetime-relay"), *args, "-q", "-z", f"facetime,timeline,{condition}").ok().out) for args in ((), ("-2",))]
    assert rows[0] and [(row["Step"], row["Packets"]) for row in rows[0]] == [(row["Step"], row["Packets"]) for row in rows[1]]


@pytest.mark.parametrize("view", ("streams", "quality"))
@pytest.mark.parametrize("name, condition", (("modern-from-the-middle", "rtp"), ("modern-from-the-middle", "frame.number <= 30"), ("legacy-only-media", "frame.number <= 4"),
                                             ("modern-direct-from-the-middle", "frame.number < 20")))
def test_media_before_its_call(wireshark, view, name, condition):
    """RTP that a later packet brings into its call counts by its own frame, whether or not the filter lets that later packet through."""
    found = [LINES.sub("", wireshark.tshark(views.capture(name), *args, "-q", "-z", f"facetime,{view},{condition}").ok().out) for args in ((), ("-2",))]
    assert found[0] == found[1] and re.search(r"^ +1 ", found[0], re.M)


@pytest.mark.parametrize("condition", ("dns", "tcp.port == 5223", "udp"))
def test_counters(wireshark, condition):
    """The counters, too; when they were counted, and so their rates, may differ."""
    found = [re.findall(r"^( ?\S.*?) {2,}(\d+) ", wireshark.tshark(views.capture("facetime-relay"), *args, "-q", "-z", f"facetime,tree,{condition}").ok().out, re.M)
             for args in ((), ("-2",))]
    assert found[0] == found[1] and [int(count) for name, count in found[0] if name == " call 1"] != []


def test_title_says_what_is_missing(wireshark):
    """A filter that asks for the call is asked before that is known."""
    command = views.capture("facetime-relay"), "-q", "-z", "facetime,calls,facetime.call == 1"
    assert re.search(r"^FaceTime Calls \(one pass: the filter saw \d+ packets before ", wireshark.tshark(*command).ok().out, re.M)
    assert re.search(r"^FaceTime Calls$", wireshark.tshark(*command, "-2").ok().out, re.M)
