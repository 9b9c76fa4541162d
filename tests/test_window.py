"""Wireshark's own window, on a screen of its own: menus, tables, VoIP Calls with its ladder, filters, reload, preferences, profiles, files.

What the tables hold is what tshark prints; here it is read from the screen. FT_ARTEFACTS names a folder that gets a picture of each step.
"""

import os
import re

import pytest

from ftools import facts, paths, table, window

MISSING = window.absent()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no window to test: {MISSING}")

RELAY, INBOUND, IOS7 = "facetime-relay", "facetime-2010-inbound", "facetime-ios7"
TABLES = {"FaceTime Calls": "calls", "FaceTime Timeline": "timeline", "FaceTime Nodes": "nodes", "FaceTime Streams": "streams",
          "FaceTime Quality": "quality", "FaceTime Events": "events", "FaceTime Exposure": "exposure"}
LADDER_MAX = 150    # arrows that a person still reads
PROFILE = "Calls only"
PROFILES = {"FaceTime": paths.ROOT / "profile" / "FaceTime",
            PROFILE: 'gui.column.format: "No.", "%m", "Call of FaceTime", "%Cus:facetime.call:0:R", "Info", "%i"\n'}


@pytest.fixture(name="opened")
def fixture_opened(wireshark, request):
    """opened(name): Wireshark with this sample open; ended after the test, also if it hangs."""
    windows = []

    def start(name):
        test = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_")).strip("-")
        windows.append(window.Window(wireshark, wireshark.stage(paths.sample(name)), test, PROFILES, os.environ.get("FT_ARTEFACTS")))
        windows[-1].loaded(packets(wireshark, name))
        return windows[-1]

    yield start
    for each in windows:
        each.kill()


def packets(wireshark, name, display_filter="frame"):
    """How many packets of a sample the filter shows."""
    return wireshark.count(paths.sample(name), display_filter, "-2")


def printed(wireshark, name, title):
    """The rows of a table as tshark prints them, as texts."""
    out = wireshark.tshark(paths.sample(name), "-2", "-q", "-z", f"facetime,{TABLES[title]}").ok().out
    return table.rows(out, title, ())


def in_order(rows):
    """Rows in an order of their own: the window sorts by the column that was chosen; a number that is not known is an empty cell there."""
    return sorted(tuple((title, value or "-") for title, value in row.items()) for row in rows)


def counters(wireshark, name):
    """(item, count) of each row of the tree as tshark prints it."""
    out = wireshark.tshark(paths.sample(name), "-2", "-q", "-z", "facetime,tree").ok().out
    return sorted((match[1], match[2]) for match in re.finditer(r"^ ?(\S.*?) {2,}(\d+) ", out, re.M))


@pytest.mark.parametrize("name", [RELAY, INBOUND])
def test_statistics_are_those_of_the_terminal(wireshark, opened, name):
    """Each view opens from the Statistics menu and holds the rows that tshark prints, no text of its own."""
    screen = opened(name)
    for title in TABLES:
        rows = printed(wireshark, name, title)
        assert rows, f"tshark prints no row for {title}"
        assert in_order(screen.view(title, lambda shown, n=len(rows): len(shown) == n)) == in_order(rows), title
    expected = counters(wireshark, name)
    shown = screen.view("FaceTime Counters", lambda rows: len(rows) == len(expected))
    assert sorted((row["Topic / Item"], row["Count"]) for row in shown) == expected


def test_voip_calls_and_ladder(opened):
    """VoIP Calls has one row for the call; its ladder has the events, and not an arrow for each packet."""
    screen = opened(RELAY)
    call = facts.expected(RELAY)["calls"][0]
    screen.dialog("VoIP Calls", "· VoIP Calls ·")
    rows = screen.table("· VoIP Calls ·")
    screen.picture("voip-calls")
    # Nothing in the clear says who called whom.
    caller = f"unknown ({call['device'].rsplit(':', 1)[0]} or {call['peer'].rsplit(':', 1)[0]})"
    assert [(row["Protocol"], row["From"], row["To"], row["State"]) for row in rows] == [
        ("FaceTime", caller, caller, "IN CALL")]
    assert rows[0]["Comments"].startswith("facetime.call == 1, established")
    screen.click("· VoIP Calls ·", cell="FaceTime")
    screen.open_ladder("· VoIP Calls ·", int(rows[0]["Packets"]))
    ladder = screen.ladder()
    screen.picture("ladder")
    arrows = re.findall(window.ARROW, ladder, re.M)
    assert int(rows[0]["Packets"]) <= len(arrows) <= LADDER_MAX
    # Each packet has an arrow of its own, or is the one that a stream's arrow begins with: Wireshark draws these for each payload type in turn.
    own = ladder.count("|FaceTime ")
    assert own < int(rows[0]["Packets"]) <= own + ladder.count("|SRTP, ")
    for text in ("DNS look-up", "Push (TLS)", "NAT probe", "QUIC Initial", "Relay Interface Info", "STUN Binding Request", "SRTP (FaceTime-AAC-ELD)", "device: media started, video"):
        assert text in ladder, text


def test_voip_calls_show_a_call_with_sip_once(opened):
    """A call with SIP in the clear has Wireshark's own row, and no second one."""
    screen = opened(INBOUND)
    screen.dialog("VoIP Calls", "· VoIP Calls ·")
    assert [row["Protocol"] for row in screen.table("· VoIP Calls ·")] == ["SIP"]
    screen.picture("voip-calls-sip")


def test_filter_of_the_call(wireshark, opened):
    """The filter that the calls table names shows the call's packets."""
    screen = opened(INBOUND)
    text = printed(wireshark, INBOUND, "FaceTime Calls")[0]["Filter"]
    screen.filter(text)
    screen.displayed(packets(wireshark, INBOUND, text))
    screen.picture("filter")


def test_conversation_filter(wireshark, opened):
    """The menu entry of a packet's call filters for it; the views are the same after it."""
    screen = opened(RELAY)
    number = facts.expected(RELAY)["calls"][0]["first_frame"]
    screen.click(name="Packet list", cell=str(number))
    screen.menu("FaceTime Call")
    screen.displayed(packets(wireshark, RELAY, "facetime.call == 1"))
    assert screen.shown_filter() == "facetime.call == 1"
    screen.picture("conversation-filter")
    assert in_order(screen.view("FaceTime Calls")) == in_order(printed(wireshark, RELAY, "FaceTime Calls"))


def test_conversation_filter_of_media(wireshark, opened):
    """Of a media packet it also has what its sender sent in the call, and its stream alone."""
    screen = opened(RELAY)
    video = 'facetime.rtp.media == "video" && facetime.direction == "sent"'
    row = wireshark.fields(paths.sample(RELAY), ["frame.number", "rtp.ssrc"], "-2", "-Y", video)[0]
    (number,), (ssrc,) = row["frame.number"], row["rtp.ssrc"]
    for entry, expected in (("FaceTime Stream", f"facetime.call == 1 && rtp.ssrc == {ssrc}"),
                            ("FaceTime Sender", 'facetime.call == 1 && facetime.direction == "sent"')):
        screen.filter(video)
        screen.displayed(packets(wireshark, RELAY, video))
        screen.click(name="Packet list", cell=number)
        screen.menu(entry)
        screen.displayed(packets(wireshark, RELAY, expected))
        assert screen.shown_filter() == expected


def test_reload(wireshark, opened):
    """After reload all is as before; nothing is there twice. The table from before stays on the screen, without a file, as any of Wireshark's."""
    screen = opened(RELAY)
    rows = in_order(printed(wireshark, RELAY, "FaceTime Calls"))
    assert in_order(screen.view("FaceTime Calls")) == rows
    screen.menu("Reload")
    screen.loaded(packets(wireshark, RELAY))
    screen.wait_for_window("· FaceTime Calls · [no capture file]")
    assert in_order(screen.view("FaceTime Calls")) == rows
    assert in_order(screen.view("FaceTime Streams")) == in_order(printed(wireshark, RELAY, "FaceTime Streams"))


def test_preference(wireshark, opened):
    """A changed preference dissects the file anew: without the ports of media the call is another, and with them all is as before."""
    screen = opened(IOS7)
    other = wireshark.tshark(paths.sample(IOS7), "-2", "-o", "facetime.media.ports:1", "-q", "-z", "facetime,calls").ok().out
    after = in_order(table.rows(other, numbers=()))
    assert after != in_order(printed(wireshark, IOS7, "FaceTime Calls"))
    screen.preference("facetime.media.ports", "1")
    assert in_order(screen.view("FaceTime Calls")) == after
    screen.preference("facetime.media.ports", "16384-16403")
    assert in_order(screen.view("FaceTime Streams")) == in_order(printed(wireshark, IOS7, "FaceTime Streams"))
    assert in_order(screen.view("FaceTime Timeline")) == in_order(printed(wireshark, IOS7, "FaceTime Timeline"))


def test_profile(wireshark, opened):
    """Another profile: its column of the call fills, and the views are the same."""
    screen = opened(RELAY)
    screen.profile(PROFILE)
    number = facts.expected(RELAY)["calls"][0]["first_frame"]
    shown = screen.table(window.MAIN, lambda rows: len(rows) == number and "Call of FaceTime" in rows[0], name="Packet list", limit=number)
    assert [row["Call of FaceTime"] for row in shown] == [""] * (number - 1) + ["1"]
    screen.picture("profile")
    assert in_order(screen.view("FaceTime Calls")) == in_order(printed(wireshark, RELAY, "FaceTime Calls"))


def test_the_profile_that_comes_with_it(opened):
    """Its columns of call, phase, direction and path fill."""
    screen = opened(RELAY)
    screen.profile("FaceTime")
    call = facts.expected(RELAY)["calls"][0]["first_frame"]
    rows = screen.table(window.MAIN, lambda rows: len(rows) == 60 and "Phase" in rows[0], name="Packet list", limit=60)
    screen.picture("profile-facetime")
    assert [(row["Call"], row["Phase"]) for row in rows[call - 1:call + 2]] == [("1", "lookup"), ("1", "lookup"), ("1", "push")]
    assert {row["Direction"] for row in rows} >= {"", "sent", "received"}


def test_another_file_then_none(wireshark, opened):
    """Nothing is left over from the file before, with its tables still open; after closing, the same file opens again as at first."""
    screen = opened(RELAY)
    screen.view("FaceTime Calls")
    screen.view("FaceTime Streams")
    screen.open(wireshark.stage(paths.sample(INBOUND)))
    screen.loaded(packets(wireshark, INBOUND))
    for title in ("FaceTime Calls", "FaceTime Nodes", "FaceTime Streams"):
        rows = in_order(printed(wireshark, INBOUND, title))
        assert in_order(screen.view(title, lambda shown, n=len(rows): len(shown) == n)) == rows, title
    screen.menu("Close")
    screen.wait_for_window(window.NO_FILE)
    screen.picture("closed")
    screen.open(wireshark.stage(paths.sample(RELAY)))
    screen.loaded(packets(wireshark, RELAY))
    assert in_order(screen.view("FaceTime Exposure")) == in_order(printed(wireshark, RELAY, "FaceTime Exposure"))
