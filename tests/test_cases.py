"""Small captures that were answered wrongly (paths.CASES), each of one kind: what is right of each, on one pass and with -2.

Each test runs the command that the list of the cases gives. What is wrong today is marked one by one, strictly: who mends a case takes its
mark away. The kinds behind the cases are situations of the project's own generator, too (tests/test_situations.py).
"""

import json
import pathlib
import re
import resource
import subprocess

import pytest

from ftools import facts, paths, pcap, table, views

pytestmark = pytest.mark.skipif(not paths.CASES.is_dir(), reason=paths.NO_CASES)

PASSES = {"pass 1": (), "-2": ("-2",)}
MEDIA_TITLES = [title for title in table.COLUMNS if title not in ("Call", "Filter")]
NOT_MARKED = "Media is not marked"      # an item on nearly every call

each_pass = pytest.mark.parametrize("passes", PASSES)


def wrong_today(reason):
    """A case that the plugin does not get right yet."""
    return pytest.mark.xfail(reason=reason, strict=True)


def either(name, reason=None):
    """A parameter for the case NAME; REASON: what is wrong with it today."""
    return pytest.param(name, id=name, marks=[wrong_today(reason)] if reason else [])


def case(name):
    """The capture of a case."""
    return paths.CASES / f"{name}.pcap"


def run(wireshark, name, passes, *args):
    """What tshark prints."""
    return wireshark.tshark(case(name), *PASSES[passes], *args).ok().out


def calls(wireshark, name, passes, *args):
    """The rows of the calls table."""
    return table.rows(run(wireshark, name, passes, *args, "-q", "-z", "facetime,calls"))


def timeline(wireshark, name, passes):
    """The rows of the timeline."""
    return views.timeline(run(wireshark, name, passes, "-q", "-z", "facetime,timeline"))


def streams(wireshark, name, passes):
    """The rows of the streams table."""
    return table.rows(run(wireshark, name, passes, "-q", "-z", "facetime,streams"), table.STREAMS, table.STREAM_NUMBERS)


def items(wireshark, name, passes):
    """The texts of the plugin's expert items, without the one on the marking of media."""
    lines = re.findall(r"^ +\d+ +\w+ +FaceTime +(.*)$", run(wireshark, name, passes, "-q", "-z", "expert"), re.M)
    return [line for line in lines if NOT_MARKED not in line]


def kinds(wireshark, name, passes):
    """(words of facetime.kind, of facetime.call.phase, numbers of calls) of each frame."""
    rows = facts.Frames(wireshark, case(name), *PASSES[passes]).rows
    return [(row["kind"], row["call.phase"], row["facetime.call"]) for row in rows]


def seconds(wireshark, name, *args, at_most=None):
    """Processor time of one run over a case; AT_MOST: it is given up after as many seconds."""
    capture, before = wireshark.stage(case(name)), resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        wireshark.run("tshark", "-n", "-r", capture, *args, **({"timeout": at_most} if at_most else {})).ok()
    except subprocess.TimeoutExpired:
        pytest.fail(f"not done after {at_most} s")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_each_case_has_a_test():
    """A case that is new asks for one."""
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in sorted(paths.CASES.glob("*.pcap*")) if f'"{path.stem}"' not in text] == []


# ---- Frames that hold several datagrams ----------------------------------------------------------


@each_pass
def test_one_aggregate(wireshark, passes):
    row, = calls(wireshark, "wifi-one-amsdu", passes)
    assert {title: row[title] for title in ("State", "Relay", "Media", "Packets")} == {
        "State": "established", "Relay": "17.249.172.60:3482", "Media": "audio+video", "Packets": 205}


@each_pass
def test_aggregates_are_no_loss(wireshark, passes):
    rtp = table.rtp_streams(run(wireshark, "wifi-amsdu-legacy", passes, "-q", "-z", "rtp,streams"))
    rows = streams(wireshark, "wifi-amsdu-legacy", passes)
    assert {(int(row["SSRC"], 16), row["Packets"], row["Lost"]) for row in rows} == {(row["ssrc"], row["packets"], 0) for row in rtp}
    assert len(rows) == 4


# ---- Whose datagram it is --------------------------------------------------------------------------


@each_pass
def test_channel_data_is_media(wireshark, stock, passes):
    """As many streams and packets as the stock dissectors find; the media of the call, over the relay."""
    options = ("--enable-heuristic", "rtp_stun", "-q", "-z", "rtp,streams")
    wanted = table.rtp_streams(stock.tshark(case("turn-channeldata-media"), *PASSES[passes], *options).ok().out)
    assert len(wanted) == 4
    found = table.rtp_streams(run(wireshark, "turn-channeldata-media", passes, *options))
    assert sorted((row["ssrc"], row["packets"]) for row in found) == sorted((row["ssrc"], row["packets"]) for row in wanted)
    row, = calls(wireshark, "turn-channeldata-media", passes)
    assert (row["Media"], row["Path"]) == ("audio+video", "relay")
    assert [frame for frame in kinds(wireshark, "turn-channeldata-media", passes) if "unknown" in frame[0]] == []


@each_pass
@pytest.mark.parametrize("name", [either("quic-elsewhere-control"), either("quic-elsewhere-before-the-call")])
def test_quic_elsewhere(wireshark, name, passes):
    """A QUIC Initial to a web server, before: Wireshark then asks QUIC's heuristic first."""
    row, = calls(wireshark, name, passes, "-o", "udp.try_heuristic_first:TRUE")
    assert (row["State"], row["Relay"], row["Packets"]) == ("established", "17.249.172.142:3482", 44)


@each_pass
@pytest.mark.parametrize("name, first", [pytest.param("quic-after-relay-control", 2, id="control"), pytest.param("quic-after-relay-is-unknown", 1, id="case")])
def test_quic_after_relay_data(wireshark, name, first, passes):
    """Behind the first relay datagram: QUIC is QUIC, and belongs to the relay's phase."""
    found = kinds(wireshark, name, passes)[first - 1:]
    assert [frame[:2] for frame in found] == [(["relay"], ["media"])] + [(["quic"], ["relay"])] * (len(found) - 1)


@each_pass
@pytest.mark.parametrize("frame", (1, 2, 3))
def test_relay_padding(wireshark, frame, passes):
    """Each frame is recognised, alone: with one, two and three bytes of padding."""
    linktype, packets = pcap.read(case("relay-padding"))
    capture = wireshark.write("one.pcap", pcap.write([packets[frame - 1]], linktype))
    assert facts.Frames(wireshark, capture, *PASSES[passes]).kinds() == {"relay": 1}


# ---- Who is who ------------------------------------------------------------------------------------


@each_pass
@pytest.mark.parametrize("name", [either("192.0.0.2-control"), either("192.0.0.1-joins-two-calls")])
def test_address_of_every_device(wireshark, name, passes):
    """192.0.0.0/29 (RFC 7335) is the address of each device behind 464XLAT."""
    assert [row["Packets"] for row in calls(wireshark, name, passes)] == [147, 147]


@each_pass
@pytest.mark.parametrize("name", [either("two-devices-ethernet-control"), either("two-devices-raw")])
def test_two_devices(wireshark, name, passes):
    assert [(row["Device"], row["Packets"]) for row in calls(wireshark, name, passes)] == [("10.201.0.1:16393", 135), ("10.202.0.1:16393", 135)]


@each_pass
def test_device_is_not_its_peer(wireshark, passes):
    row, = calls(wireshark, "device-is-its-own-peer", passes)
    assert row["Device"] == "10.201.0.1:16393" and facts.endpoint(row["Peer"])[0] == "10.201.0.3"


@each_pass
def test_softphone_calls_the_device(wireshark, passes):
    """The device is the end that speaks as Viceroy does, and the direction is as seen from it."""
    row, = calls(wireshark, "generic-sip-to-iphone", passes)
    assert (row["Device"], row["Peer"], row["Direction"], row["State"]) == ("192.168.1.64:16402", "192.168.1.99:16402", "inbound", "declined")


@each_pass
@pytest.mark.parametrize("name", [either("push-over-ipv6-raw"), either("push-over-ipv6-ethernet")])
def test_push_over_another_address(wireshark, name, passes):
    """The push over another address of the device's /64."""
    assert [row["Packets"] for row in timeline(wireshark, name, passes) if row["Step"] == "push"] == [30]


@each_pass
def test_second_interface_in_mid_call(wireshark, passes):
    row, = calls(wireshark, "mid-call-second-interface-is-a-call", passes)
    assert row["Packets"] == 116 and {facts.endpoint(device)[0] for device in row["Device"].split(", ")} == {"10.201.0.1", "10.201.0.2"}


# ---- What datagrams claim --------------------------------------------------------------------------


@each_pass
def test_strangers_merge_nothing(wireshark, passes):
    """The rows of the two calls stay as they are; the stranger's datagram may be a call of its own."""
    with_media = [[{title: re.sub(r"frame \d+", "frame", str(row[title])) for title in MEDIA_TITLES}
                   for row in calls(wireshark, name, passes) if row["Media"] != "-"]
                  for name in ("merge-before", "merge-strangers")]
    assert len(with_media[0]) == 2 and with_media[0] == with_media[1]


@each_pass
def test_after_a_flood(wireshark, passes):
    """The call is whole, or an item says what is missing."""
    before, = calls(wireshark, "limit-before", passes)
    titles = ("Device", "Peer", "Relay", "Path", "Media", "Packets")
    after = [[row[title] for title in titles] for row in calls(wireshark, "limit-after-flood", passes)]
    assert [before[title] for title in titles] in after or [text for text in items(wireshark, "limit-after-flood", passes) if re.search("limit|too many", text, re.I)]


# ---- Time, and what was not captured ---------------------------------------------------------------


@each_pass
@pytest.mark.parametrize("name", [either("gap-20-s"), either("gap-40-s")])
def test_gap(wireshark, name, passes):
    """A pause in the capture: SSRCs, sequence numbers and participant go on, so it is one call, with each stream once."""
    row, = calls(wireshark, name, passes)
    assert row["Packets"] == 188
    found = [(row["Direction"], row["SSRC"]) for row in streams(wireshark, name, passes)]
    assert len(found) == 13 and len(set(found)) == 13


@each_pass
def test_cut_off_call_id(wireshark, passes):
    assert len(calls(wireshark, "snaplen-320-sip", passes)) == 1


@each_pass
def test_loss_is_not_measurable(wireshark, passes):
    """64 bytes of each frame: the control, which has all of them, shows no loss. Nothing is lost, and the row says why it has no numbers."""
    whole, = streams(wireshark, "snaplen-64-control", passes)
    row, = streams(wireshark, "snaplen-64", passes)
    assert whole["Lost"] == 0 and row["SSRC"] == whole["SSRC"]
    assert row["Lost"] in (None, 0) and row["Lost (%)"] in (None, 0)
    assert re.search(r"captured|cut|snap", row["Notes"])


# ---- What is no call -------------------------------------------------------------------------------


@each_pass
def test_game_center(wireshark, passes):
    """No call, or one that is marked as doubtful and in which the tables agree."""
    rows, steps = calls(wireshark, "game-center-match", passes), timeline(wireshark, "game-center-match", passes)
    assert all(row["Confidence"] != "high" for row in rows)
    assert [step["What it is"] for step in steps if step["Step"] == "media" and re.search("audio|video", step["What it is"])] == [] or rows[0]["Media"] != "-"


@each_pass
def test_softphone_takes_the_port(wireshark, passes):
    row, = calls(wireshark, "softphone-reuses-port", passes)
    assert row["Packets"] == 205 and row["Relay"] == "17.249.172.60:3482"


# ---- Calls that fail -------------------------------------------------------------------------------


@each_pass
def test_firewall(wireshark, passes):
    row, = calls(wireshark, "firewall-drops-udp", passes)
    assert row["Relay"] == "17.249.172.60:3482"
    step, = [step for step in timeline(wireshark, "firewall-drops-udp", passes) if step["Step"] == "relay"]
    assert "no answer" in step["What it is"] and "set up" not in step["What it is"]
    assert [text for text in items(wireshark, "firewall-drops-udp", "-2") if re.search("answer", text)]


@each_pass
def test_one_way_for_a_while(wireshark, passes):
    row, = calls(wireshark, "one-way-then-reconnect", passes)
    assert {facts.endpoint(relay)[0] for relay in row["Relay"].split(", ")} == {"17.249.172.60", "17.249.172.71"}
    assert [text for text in items(wireshark, "one-way-then-reconnect", "-2") if re.search("one direction|one way|nothing|silent|no media|stopped", text, re.I)]


# ---- Hostile -----------------------------------------------------------------------------------------


def test_hashes_that_collide(wireshark):
    """Twice the time of the control is noise; it was a hundred times as long."""
    control = seconds(wireshark, "hash-flood-control", "-q", "-z", "facetime,calls")
    limit = 3 * control + 1
    assert seconds(wireshark, "hash-flood-candidates", "-q", "-z", "facetime,calls", at_most=5 * limit) < limit


def test_no_work_for_nobody(wireshark):
    """200 datagrams of 1.1 kB: a millisecond each would be 0.2 s more than one of them takes. The shortest of three runs counts."""
    one, all_of_them = (min(seconds(wireshark, "property-list-amplification", *count, "-q", "-z", "io,stat,0") for _ in range(3)) for count in (("-c", "1"), ()))
    assert all_of_them - one < 0.1


@each_pass
def test_host_name(wireshark, passes):
    """Valid JSON in UTF-8, and no control characters, in fields and tables."""
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

    def out(*args):
        result = wireshark.tshark(case("host-name-not-utf8"), *PASSES[passes], *args, errors="surrogateescape").ok().out
        return result.encode("utf-8", "surrogateescape").decode("utf-8")

    frames = json.loads(out("-T", "json"))
    assert len(frames) == 4
    names = out("-T", "fields", "-e", "facetime.host.name").split("\n")
    assert any(".push.apple.com" in name for name in names) and not any(map(control.search, names))
    tables = out("-q", "-z", "facetime,calls", "-z", "facetime,nodes", "-z", "facetime,timeline", "-z", "facetime,exposure")
    assert not control.search(tables)
