"""What happened in a call: -z facetime,events. Each event is at the frame that the table names, and is what that frame shows."""

import re

import pytest

from ftools import facts, paths, table

PASSES = {"pass 1": (), "-2": ("-2",)}
NAME = "FaceTime Events"
NUMBERS = ("Call", "Time (s)", "Frame")

# Two captures of one call in which all happens that can happen.
ENDS_OF_A_CALL = ("modern-each-end-caller", "modern-each-end-callee")
CAPTURES = {**{name: paths.sample(name) for name in paths.SAMPLES}, **{name: paths.CAPTURES / "situations" / f"{name}.pcap" for name in ENDS_OF_A_CALL}}
each_sample = pytest.mark.parametrize("name", CAPTURES)
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not (paths.WIFI.exists() and paths.CELLULAR.exists()), reason=paths.NO_SHARED)

# Numbers of facetime.call.end.
ENDS = {"link ended by the device [guess]": "9", "link ended by the peer [guess]": "10"}

# Fields of a frame, and what they must hold in the frame of an event.
FIELDS = ("frame.number", "frame.protocols", "sip.CSeq.method", "sip.Status-Code", "facetime.link.command", "stun.type", "rtp.p_type",
          "facetime.stun.method", "facetime.stun.class", "facetime.relay.flags.stats", "facetime.relay.flags.hbh",
          "facetime.relay.flags.retransmitted", "icmp.code", "icmpv6.code")
SHOWN = {
    "invited": lambda frame: frame["sip.CSeq.method"] == ["INVITE"] or "tcp" in frame["frame.protocols"][0],
    "ringing": lambda frame: frame["sip.Status-Code"] == ["180"],
    "accepted": lambda frame: frame["sip.Status-Code"] == ["200"] or {"0x0006", "0x8006"} & set(frame["facetime.link.command"]),
    "relay session opened": lambda frame: "quic" in frame["frame.protocols"][0],
    "candidates": lambda frame: "0x0004" in frame["facetime.link.command"],
    "path answered": lambda frame: frame["stun.type"] == ["0x0101"],
    "path nominated": lambda frame: {"0x0005", "0x8005"} & set(frame["facetime.link.command"]),
    "media started": lambda frame: frame["rtp.p_type"],
    "media stopped": lambda frame: frame["rtp.p_type"],
    "new stream": lambda frame: frame["rtp.p_type"],
    "mode": lambda frame: frame["rtp.p_type"],
    "rotated": lambda frame: frame["rtp.p_type"],
    "camera": lambda frame: frame["rtp.p_type"],
    "codec": lambda frame: frame["rtp.p_type"],
    "layer": lambda frame: frame["rtp.p_type"],
    "relay session re-allocated": lambda frame: frame["facetime.stun.method"] == ["0x03f1"],
    "relay error": lambda frame: frame["facetime.stun.method"] and frame["facetime.stun.class"] == ["0x0110"],
    "leg down": lambda frame: frame["icmp.code"] == ["3"] or frame["icmpv6.code"] == ["4"],
    "silent": lambda frame: "13" in frame["rtp.p_type"],
    "speaks": lambda frame: set(frame["rtp.p_type"]) - {"13"},
    "lost": lambda frame: frame["rtp.p_type"] or "1" in frame["facetime.relay.flags.stats"],
    "asked for again": lambda frame: "1" in frame["facetime.relay.flags.hbh"],
    "repaired": lambda frame: "1" in frame["facetime.relay.flags.retransmitted"],
    "socket closed": lambda frame: frame["icmp.code"] == ["3"] or frame["icmpv6.code"] == ["4"],
}


def events(wireshark, capture, *args, filter_=""):
    return table.rows(wireshark.tshark(capture, *args, "-q", "-z", "facetime,events" + filter_).ok().out, NAME, NUMBERS)


def story(rows, *without):
    """(event, who, what, frame) of the rows, without some events."""
    return [(row["Event"], row["Who"], row["What"], row["Frame"]) for row in rows if row["Event"] not in without]


@needs_real
@each_pass
def test_cellular_call(wireshark, passes):
    """The whole of it, but who speaks when."""
    rows = events(wireshark, paths.CELLULAR, *PASSES[passes])
    assert story(rows, "silent", "speaks", "new stream", "mode", "relay session opened", "candidates", "leg up", "path answered", "media started", "invited",
                 "accepted") == [
        ("codec", "device", "audio 0x2ba588db, EVS, was AAC-ELD", 531),
        ("leg down", "device", "10.127.22.118:16396 to 17.249.172.172:3495", 687),
        ("lost", "peer", "video 0xe8c763e2, 1 from number 56814 on", 2868),
        ("asked for again", "device", "0xe8c763e2, 1 from number 56814 on, missing in frame 2868 [guess]", 2869),
        ("repaired", "peer", "0xe8c763e2, number 56814, missing in frame 2868", 2899),
        ("media stopped", "device", "video", 3457),
        ("path nominated", "device", "10.127.22.118:16394 to 172.58.223.197:38489", 3462),
        ("media stopped", "device", "audio", 3466),
        ("media stopped", "peer", "audio", 3471),
        ("media stopped", "peer", "video", 3473),
        ("socket closed", "device", "10.127.22.118:16394", 3480),
        ("ended", "device", "link ended by the device [guess]", 3480),
        ("path nominated", "peer", "accepted: 10.127.22.118:16394 to 172.58.223.197:38489", 3494),
    ]
    assert [row["Event"] for row in rows if row["Event"] in ("silent", "speaks")][:2] == ["silent", "speaks"]
    assert all(row["Who"] == "device" for row in rows if row["Event"] in ("silent", "speaks"))


@needs_real
@each_pass
def test_wifi_call(wireshark, passes):
    """A group of two that becomes one-to-one; layers come and go; the peer hangs up."""
    rows = events(wireshark, paths.WIFI, *PASSES[passes])
    found = story(rows)
    assert [one for one in found if one[0] in ("mode", "new generation of streams")] == [
        ("mode", "device", "multiway", 352),
        ("mode", "peer", "multiway", 466),
        ("mode", "peer", "one-to-one, was multiway", 1194),
        ("new generation of streams", "peer", "number 2", 1194),
        ("mode", "device", "one-to-one, was multiway", 1223),
        ("new generation of streams", "device", "number 2", 1223),
    ]
    assert [one for one in found if one[0] == "layer" and one[1] == "peer"][:2] == [
        ("layer", "peer", "0x04bd365a, HEVC, was 0x176babd0", 485),
        ("layer", "peer", "0x176babd0, H.264, was 0x04bd365a", 537),
    ]
    assert found[-2:] == [("ended", "peer", "link ended by the peer [guess]", 2165),
                          ("leg down", "device", "10.127.22.118:16394 to 17.249.172.142:3482", 2174)]


@needs_real
@pytest.mark.parametrize("capture, by, cause, frame", [(paths.CELLULAR, "the device", "link ended by the device [guess]", 3480),
                                                      (paths.WIFI, "the peer", "link ended by the peer [guess]", 2165)])
def test_end(wireshark, capture, by, cause, frame):
    """State, end and phase on the packets themselves: the end is teardown, media that still comes is media."""
    assert wireshark.count(capture, "facetime.call.state == 3", "-2") == wireshark.count(capture, "facetime.call", "-2"), by
    ends = {tuple(row["facetime.call.end"]) for row in wireshark.fields(capture, ("facetime.call.end",), "-2", "-Y", "facetime.call")}
    assert ends == {(ENDS[cause],)}
    assert wireshark.count(capture, f"facetime.call.phase == 9 && frame.number < {frame}", "-2") == 0
    assert wireshark.count(capture, "icmp && facetime.call.phase == 8", "-2") == 0
    assert wireshark.count(capture, f"icmp && facetime.call.phase != 9 && frame.number >= {frame}", "-2") == 0


@each_sample
def test_frames(wireshark, name):
    """Each event is in a frame that shows it."""
    capture = CAPTURES[name]
    frames = {int(frame["frame.number"][0]): frame for frame in wireshark.fields(capture, FIELDS, "-2")}
    for row in events(wireshark, capture):
        assert SHOWN.get(row["Event"], bool)(frames[row["Frame"]]), row


@each_sample
def test_passes(wireshark, name):
    """One pass, two, and the window; with a filter, only the events at frames that it lets through."""
    capture = CAPTURES[name]
    one, two = (events(wireshark, capture, *options) for options in PASSES.values())
    assert one == two and one
    answer, = wireshark.sharkd(capture, ("tap", {"tap0": "nstat:facetime,events"}))
    titles = [field["c"] for field in answer["taps"][0]["fields"]]
    rows = [dict(zip(titles, row)) for row in answer["taps"][0]["tables"][0]["i"]]
    assert sorted((row["Call"], row["Event"], row["What"], row["Frame"]) for row in rows) == sorted(
        (row["Call"], row["Event"], row["What"], row["Frame"]) for row in two)
    frame = one[0]["Frame"]
    assert {row["Frame"] for row in events(wireshark, capture, filter_=f",frame.number == {frame}")} == {frame}


def test_each_kind_has_a_sample(wireshark):
    """All kinds of events, and no other, are shown by the project's own captures."""
    kinds = set(re.findall(r'{ FT_EVENT_\w+, "([^"]+)" }', (paths.ROOT / "plugin" / "call" / "history.c").read_text()))
    assert len(kinds) > 20
    assert {row["Event"] for capture in CAPTURES.values() for row in events(wireshark, capture)} == kinds


def test_legacy(wireshark):
    """SIP says who invites, rings, accepts and hangs up."""
    call, = facts.expected("facetime-2010-inbound")["calls"]
    found = [(event, who) for event, who, _, _ in story(events(wireshark, paths.sample("facetime-2010-inbound")))
             if event in ("invited", "ringing", "accepted", "ended")]
    assert found == [("invited", "peer"), ("ringing", "device"), ("accepted", "device"), ("ended", "peer")]
    assert call["end_cause"] == "BYE from the peer"


@needs_real
@each_pass
def test_uplink_loss(wireshark, passes):
    """Three packets never reached the relay (the other end of the call has not got them either): seen from one side, by the relay's count. The other
    call has no statistics: no verdict."""
    wifi, = table.rows(wireshark.tshark(paths.WIFI, *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
    assert (wifi["Uplink lost"], wifi["Downlink lost"]) == ("3 of 918 (relay's count)", "0 of 706 (relay's count)")
    cellular, = table.rows(wireshark.tshark(paths.CELLULAR, *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
    assert (cellular["Uplink lost"], cellular["Downlink lost"]) == ("-", "-")
    lost, = [one for one in story(events(wireshark, paths.WIFI, *PASSES[passes])) if one[0] == "lost"]
    assert lost == ("lost", "device", "3 did not reach the relay, by its count", 648)


@needs_real
def test_why_relay(wireshark):
    """A path answered, and media stayed on the relay: in the table and as a note."""
    for capture, why in ((paths.CELLULAR, "a direct path answered in frame 615, was nominated in frame 3462 when media stopped, and media stayed on the relay "
                                          "for 22.2 s"),
                         (paths.WIFI, "a direct path answered in frame 1164, was nominated in frame 2039 when media stopped, and media stayed on the relay "
                                      "for 4.0 s")):
        row, = table.rows(wireshark.tshark(capture, "-q", "-z", "facetime,calls").ok().out)
        assert row["Why relay"] == why
        assert wireshark.count(capture, f'_ws.expert.message == "Media went over the relay: {why}"', "-2") == 1


@needs_real
def test_fields(wireshark):
    """A hole, the request for what is missing, and its repair are linked; direction, mode and media time stand on the packets."""
    names = ("facetime.rtp.lost", "facetime.rtp.hole_frame", "facetime.rtp.nack_frame", "facetime.rtp.repair_frame", "facetime.rtp.retransmitted",
             "facetime.direction", "facetime.call.mode", "facetime.call.media_time", "facetime.call.event")
    hole, nack, repair = wireshark.fields(paths.CELLULAR, names, "-2", "-Y", "frame.number in {2868, 2869, 2899}")
    assert (hole["facetime.rtp.lost"], hole["facetime.rtp.nack_frame"], hole["facetime.rtp.repair_frame"]) == (["1"], ["2869"], ["2899"])
    assert (nack["facetime.rtp.hole_frame"], nack["facetime.rtp.repair_frame"], nack["facetime.direction"]) == (["2868"], ["2899"], ["1"])
    assert (repair["facetime.rtp.hole_frame"], repair["facetime.rtp.nack_frame"], repair["facetime.direction"]) == (["2868"], ["2869"], ["2"])
    assert (hole["facetime.rtp.retransmitted"], repair["facetime.rtp.retransmitted"]) == ([], ["1"])
    assert repair["facetime.call.mode"] == ["2"] and float(repair["facetime.call.media_time"][0]) == pytest.approx(24.205, abs=0.001)
    assert repair["facetime.call.event"] == ["peer: repaired, 0xe8c763e2, number 56814, missing in frame 2868"]
    assert wireshark.count(paths.WIFI, "facetime.rtp.paused == 2", "-2") == 1 and wireshark.count(paths.WIFI, "facetime.rtp.lost", "-2") == 0


def test_samples_agree_with_their_relay(wireshark):
    """The relay's statistics in a sample are counted from its packets: nothing is lost on either way."""
    for name in ("facetime-relay", "facetime-direct"):
        row, = table.rows(wireshark.tshark(paths.sample(name), "-q", "-z", "facetime,calls").ok().out)
        assert row["Uplink lost"].startswith("0 of ") and row["Downlink lost"].startswith("0 of "), row


@needs_real
@each_pass
def test_invitation(wireshark, passes):
    """Both real calls were made by the device: its push connection's burst begins with it. A keep-alive twelve seconds earlier begins no call; the
    other side says how long it took to accept."""
    wifi, = table.rows(wireshark.tshark(paths.WIFI, *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
    cellular, = table.rows(wireshark.tshark(paths.CELLULAR, *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
    assert (wifi["Caller [guess]"], cellular["Caller [guess]"]) == ("device", "device")
    assert (wifi["Start (UTC)"], wifi["Direction"]) == ("2023-07-12 23:08:37.830", "unknown")
    invited, = [row for row in events(wireshark, paths.WIFI, *PASSES[passes]) if row["Event"] == "invited"]
    assert (invited["Who"], invited["Frame"]) == ("device", 30)
    accepted, = [row for row in events(wireshark, paths.CELLULAR, *PASSES[passes]) if row["Event"] == "accepted"]
    assert (accepted["Who"], accepted["What"]) == ("peer", "after 2.6 s, by its link message")
