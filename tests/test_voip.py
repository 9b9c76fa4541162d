"""Telephony > VoIP Calls and its ladder, as sharkd shows them since Wireshark 4.4 (4.0 has them in the window only)."""

import pytest

from ftools import facts, paths, pcap, views

OLD = ("2010", "ios7")
# Wireshark's row and ladder have the time stamps of the file.
WRONG_TIMES = ("modern-clock-put-back", "modern-one-wrong-time")
LADDER_MAX = 150    # entries that a person still reads
STATES = {"attempted": "CALL SETUP", "established": "IN CALL", "interrupted": "COMPLETED", "ended": "COMPLETED", "declined": "REJECTED",
          "cancelled": "CANCELLED", "failed": "REJECTED"}
each_capture = pytest.mark.parametrize("name", views.NAMES)
modern = pytest.mark.parametrize("name", [name for name in views.NAMES if views.calls(name)[0].entry["era"] not in OLD])


@pytest.fixture(scope="module")
def voip(wireshark, request):
    """voip(name): the calls of a capture, and the ladder of all of them. One sharkd opens one capture after the other."""
    if wireshark.version < (4, 4):
        pytest.skip("sharkd has no VoIP calls before 4.4")
    made = {}

    def of(name):
        if not made:
            names = views.selected(request)
            requests = []
            for each in names:
                numbers = ",".join(str(number) for number in range(len(views.calls(each))))
                requests += [("load", {"file": str(wireshark.stage(views.capture(each)))}), ("tap", {"tap0": "voip-calls"}), ("tap", {"tap0": f"voip-convs:{numbers}"})]
            answers = wireshark.sharkd(views.capture(names[0]), *requests)
            for number, each in enumerate(names):
                made[each] = answers[3 * number + 1]["taps"][0]["calls"], answers[3 * number + 2]["taps"][0]["convs"]
        return made[name]

    return of


def has_sip(name, call):
    """Did the capture see SIP of the call? Then it has its row by Wireshark's own dissector."""
    return call.entry["kinds"]["sip"] > 0


def rows_of(voip, name, protocol):
    """The rows of this protocol."""
    return [row for row in voip(name)[0] if row["protocol"] == protocol]


def times(wireshark, name):
    """Frame number -> seconds since the first frame."""
    rows = wireshark.fields(views.capture(name), ("frame.number", "frame.time_relative"))
    return {int(row["frame.number"][0]): float(row["frame.time_relative"][0]) for row in rows}


@each_capture
def test_a_row_for_each_call(voip, name):
    """One row: FaceTime's without SIP in the clear, SIP's with it. No call has two."""
    calls = views.calls(name)
    assert {row["protocol"] for row in voip(name)[0]} <= {"FaceTime", "SIP"}
    assert len(rows_of(voip, name, "FaceTime")) == sum(not has_sip(name, call) for call in calls)
    sip = rows_of(voip, name, "SIP")
    assert len(sip) == sum(has_sip(name, call) and bool(call.entry["phases"].get("signalling")) for call in calls) or name == "legacy-from-the-middle" and len(sip) <= 1


@modern
def test_row(wireshark, voip, name):
    """State, ends and the name of the filter are the call's; the row lasts as long as the call."""
    time, rows = times(wireshark, name), {row["comment"].split(",")[0]: row for row in rows_of(voip, name, "FaceTime")}
    for call in views.calls(name):
        row, entry = rows[f"facetime.call == {call.number}"], call.entry
        assert row["state"] == STATES[entry["state"]]
        assert row["comment"].split(", ")[1] == entry["state"]
        # Nobody can tell who called where all that could is encrypted: both say so, and name both ends.
        if row["from"].startswith("unknown ("):
            assert row["from"] == row["to"] and any(device in row["from"] for device in call.devices), row
        else:
            assert {row["from"], row["to"]} & call.devices, row
        assert row["comment"].split("relay ")[-1] in call.relays if call.relays else "relay" not in row["comment"]
        own = [time[number] for number in sorted(call.frames)]
        # In a capture whose times go back and forth the first packet may not be the earliest.
        first = own[0] if views.put_back(name) else min(own)
        assert first - 1e-6 <= row["start_time"] <= first + (0.3 if "out-of-order" in name else 1e-6), row
        # The window takes the end from the last event; a packet of push may come after it.
        last = own[-1] if name in WRONG_TIMES else max(own)
        assert row["stop_time"] <= last + 1e-6 and row["stop_time"] >= last - 5, row


def is_stream(entry):
    """An arrow of an RTP stream. Where an event of the call is in the same frame, the label is the event's since 4.6."""
    return "RTP" in entry["label"] or "RTP, " in entry["comment"]


def ladder(voip, name):
    """The entries of the ladder: those of FaceTime and those of RTP streams."""
    entries = voip(name)[1]
    media = [entry for entry in entries if is_stream(entry)]
    return [entry for entry in entries if entry not in media], media


@modern
def test_ladder_is_readable(voip, name):
    """Signalling and what changes; however many media packets there are."""
    own, media = ladder(voip, name)
    assert 0 < len(own) + len(media) < LADDER_MAX


@modern
def test_no_media_packet_is_an_arrow(voip, name):
    """Besides the last packet, which ends the call's row, the first of a flow, which RTP streams are filed under, and events of the call."""
    own, _ = ladder(voip, name)
    media = {number for call in views.calls(name) for number in call.phases.get("media", ())}
    arrows = [entry for entry in own if entry["frame"] in media and entry["label"] != "Last packet"]
    arrows = [entry for entry in arrows if entry["label"].split(":")[0] not in ("device", "peer", "relay", "unknown")]
    assert all(entry["label"] in ("Media, direct", "Relay channel data", "ICMP error") for entry in arrows), arrows
    assert len(arrows) <= 4


@modern
def test_arrows(wireshark, voip, name):
    """Each arrow is a packet of its call, with its ends; the ladder has the call's steps, and says who the far end is."""
    own, _ = ladder(voip, name)
    phases = {number: phase for call in views.calls(name) for phase, numbers in call.phases.items() for number in numbers}
    rows = {int(row["frame.number"][0]): row for row in wireshark.fields(views.capture(name), views.FIELDS)}
    for entry in own:
        row, phase = rows[entry["frame"]], phases[entry["frame"]]
        assert entry["src_addr"] in row["ip.src"] + row["ipv6.src"] and entry["dst_addr"] in row["ip.dst"] + row["ipv6.dst"]
        assert entry["comment"].startswith(f"FaceTime {phase}: ") or "RTP" in entry["comment"], entry
    # sharkd numbers rows in their order; all calls' ladders are asked for at once.
    wanted = set(phases.values()) - {"media"}
    # The first packet of the flow to the relay has its arrow, and that is media.
    if "from-the-middle" in name:
        wanted.discard("relay")
    assert {phases[entry["frame"]] for entry in own} >= wanted


@modern
def test_streams_are_attached(voip, name):
    """Each RTP stream of the call is in its ladder, as an entry of its own or with the arrow of its first packet."""
    found = {(entry["src_addr"], int(entry["comment"].split("SSRC: ")[1].split()[0], 16)) for entry in voip(name)[1] if "SSRC: " in entry["comment"]}
    for call in views.calls(name):
        wanted = {(facts.endpoint(stream["source"])[0], int(stream["ssrc"], 16)) for stream in call.entry["streams"]}
        assert wanted <= found, call.number


def test_no_calls(wireshark):
    """None in a capture of nothing."""
    if wireshark.version < (4, 4):
        pytest.skip("sharkd has no VoIP calls before 4.4")
    answer, = wireshark.sharkd(wireshark.write("empty.pcap", pcap.write([])), ("tap", {"tap0": "voip-calls"}))
    assert answer["taps"][0]["calls"] == []


@pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)
@pytest.mark.parametrize("capture", [paths.WIFI, paths.CELLULAR], ids=lambda path: path.stem)
def test_real_calls(wireshark, capture):
    """One row of FaceTime each, and a ladder that a person reads."""
    if wireshark.version < (4, 4):
        pytest.skip("sharkd has no VoIP calls before 4.4")
    calls, convs = wireshark.sharkd(capture, ("tap", {"tap0": "voip-calls"}), ("tap", {"tap0": "voip-convs:0"}))
    row, = calls["taps"][0]["calls"]
    assert (row["protocol"], row["state"]) == ("FaceTime", "COMPLETED")
    assert 20 < len(convs["taps"][0]["convs"]) < LADDER_MAX
