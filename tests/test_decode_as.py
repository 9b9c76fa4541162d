"""What the analyst chooses: Decode As, heuristics and protocols that are switched off, preferences."""

import pytest

from ftools import datagrams, facts, paths, table
from ftools.datagrams import DEVICE, PEER, frame

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
# One call of 2010 and one of today: each has the relay or SIP, and media between the devices.
each_sample = pytest.mark.parametrize("name", ["facetime-2010-outbound", "facetime-direct"])
CALLS = ("-q", "-z", "facetime,calls")

ANY_PORT = ((DEVICE, 9999), (PEER, 9998))
OFF = ("--disable-protocol", "facetime")


def media_port(name):
    """The device's port in a sample."""
    return {facts.endpoint(stream["source"])[1] for call in facts.expected(name)["calls"] for stream in call["streams"]
            if facts.endpoint(stream["source"])[0] == call["device"]}.pop()


# ---- Decode As -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strangers(wireshark):
    """A flow on nobody's ports, without any sign of FaceTime: one datagram of each of these kinds."""
    payloads = {"rtp": datagrams.rtp(104), "stun": datagrams.stun(1, (0x0006, b"abcd")), "sip": datagrams.sip("Other 1.0"),
                "rtcp": bytes.fromhex("80c90001") + b"ssrc", "unknown": b"\xee" * 20}
    return list(payloads), datagrams.written(wireshark, "strangers.pcap", [frame(*ANY_PORT, payload) for payload in payloads.values()])


@each_pass
def test_decode_as_facetime(wireshark, strangers, passes):
    """Every datagram of the port is FaceTime then, because the analyst says so; each goes to its dissector by its own bytes."""
    kinds, capture = strangers
    assert not facts.Frames(wireshark, capture, *PASSES[passes]).datagrams()
    rows = facts.Frames(wireshark, capture, *PASSES[passes], "-d", "udp.port==9999,facetime").rows
    assert [row["kind"] for row in rows] == [[kind] for kind in kinds]
    assert all("chosen by Decode As" in row["facetime.evidence"] and row["confidence"] == ["high"] for row in rows)
    assert [row["protocols"][-1] for row in rows] == ["rtp", "stun", "sip", "rtcp", "data"]


def test_decode_as_finds_one_dissector(wireshark, strangers):
    """No warning that the name is ambiguous."""
    assert wireshark.tshark(strangers[1], "-d", "udp.port==9999,facetime").ok().err == ""


@each_pass
@each_sample
def test_forced_rtp_elsewhere(wireshark, name, passes):
    """RTP that is forced on another port changes nothing on FaceTime's flows."""
    forced = facts.Frames(wireshark, paths.sample(name), *PASSES[passes], "-d", "udp.port==5004,rtp", "-d", "udp.port==16403,rtp").rows
    assert forced == facts.Frames(wireshark, paths.sample(name), *PASSES[passes]).rows


@each_pass
def test_forced_rtp_on_a_flow_of_the_same_capture(wireshark, passes):
    """The analyst's own flow is RTP as forced; FaceTime's flow beside it keeps SIP and STUN."""
    other = ((DEVICE, 5004), (PEER, 5006))
    packets = [frame(*other, datagrams.rtp(96)), frame((DEVICE, 16402), (PEER, 16402), datagrams.sip()),
               frame((DEVICE, 16402), (PEER, 16402), datagrams.stun(1, (0x0006, b"abcd"))), frame(*other, datagrams.rtp(96, sequence=8))]
    rows = facts.Frames(wireshark, datagrams.written(wireshark, "both.pcap", packets), *PASSES[passes], "-d", "udp.port==5004,rtp").rows
    assert [row["protocols"][4:] for row in rows] == [["rtp"], ["facetime", "sip"], ["facetime", "stun"], ["rtp"]]


@each_sample
def test_forced_rtp_on_the_calls_own_port(wireshark, name):
    """What is known to be FaceTime's is not RTP's, whatever the port: with -2 and in the window all is as without it."""
    port = media_port(name)
    forced = facts.Frames(wireshark, paths.sample(name), "-2", "-d", f"udp.port=={port},rtp")
    assert forced.kinds() == facts.Frames(wireshark, paths.sample(name), "-2").kinds()
    assert [row["number"] for row in forced.rows if "rtp" in row["protocols"] and {"sip", "stun"} & set(row["protocols"])] == []


@each_sample
def test_forced_rtp_on_the_calls_own_port_on_pass_1(wireshark, name):
    """Only what comes before the flow is known stays with the rtp dissector; that one gives STUN to STUN's. No SIP is RTP."""
    plain = facts.Frames(wireshark, paths.sample(name))
    forced = facts.Frames(wireshark, paths.sample(name), "-d", f"udp.port=={media_port(name)},rtp")
    mixed = [row for row in forced.rows if "rtp" in row["protocols"] and "sip" in row["protocols"]]
    assert mixed == []
    assert {kind: count for kind, count in forced.kinds().items() if kind != "stun"} == {
        kind: count for kind, count in plain.kinds().items() if kind != "stun"}
    assert len(forced.having("kind")) >= len(plain.having("kind")) - 10


# ---- Heuristics and the protocol switched off ------------------------------------------------------


@each_pass
@each_sample
def test_without_the_heuristic(wireshark, name, passes):
    """facetime_udp off: nothing is recognised but what is found inside TURN messages, by the other heuristic."""
    rows = facts.Frames(wireshark, paths.sample(name), *PASSES[passes], "--disable-heuristic", "facetime_udp").datagrams()
    assert [row["number"] for row in rows if "stun" not in row["protocols"]] == []
    assert len(rows) < 10


@each_pass
@each_sample
def test_without_both_heuristics(wireshark, name, passes):
    """Nothing is recognised, and the table is empty."""
    off = ("--disable-heuristic", "facetime_udp", "--disable-heuristic", "facetime_stun")
    assert wireshark.count(paths.sample(name), "facetime || facetime.call", *PASSES[passes], *off) == 0
    assert table.rows(wireshark.tshark(paths.sample(name), *PASSES[passes], *off, *CALLS).ok().out) == []


@each_pass
def test_without_the_heuristic_inside_turn(wireshark, passes):
    """facetime_stun off: the link message inside TURN is STUN's data, nothing more."""
    form = datagrams.FORMS["link message inside TURN"]
    capture = datagrams.written(wireshark, "turn.pcap", [frame(form.source, form.destination, form.payload)])
    assert wireshark.count(capture, "facetime.link.command == 6", *PASSES[passes]) == 1
    assert wireshark.count(capture, "facetime", *PASSES[passes], "--disable-heuristic", "facetime_stun") == 0
    assert wireshark.count(capture, "stun", *PASSES[passes], "--disable-heuristic", "facetime_stun") == 1


@each_pass
@each_sample
def test_protocol_off(wireshark, stock, name, passes):
    """--disable-protocol facetime: packet by packet what Wireshark shows without the plugin."""
    shown = ("-T", "fields", "-e", "frame.number", "-e", "frame.protocols", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info")
    off = wireshark.tshark(paths.sample(name), *PASSES[passes], *OFF, *shown).ok()
    assert off.out == stock.tshark(paths.sample(name), *PASSES[passes], *shown).ok().out
    assert "facetime" not in off.out
    assert table.rows(wireshark.tshark(paths.sample(name), *PASSES[passes], *OFF, *CALLS).ok().out) == []


def test_protocol_off_with_decode_as(wireshark, strangers):
    """Off is off: Decode As does not bring it back, and nothing crashes."""
    assert wireshark.count(strangers[1], "facetime", "-2", *OFF, "-d", "udp.port==9999,facetime") == 0


# ---- Preferences ---------------------------------------------------------------------------------


def low(kind, payload, source, destination):
    """A flow of one kind that only its ports speak for."""
    return pytest.param(kind, payload, source, destination, id=kind)


@each_pass
@pytest.mark.parametrize("kind, payload, source, destination", [
    low("stun", datagrams.stun(1, (0x0006, b"abcd")), (DEVICE, 16402), (PEER, 16402)),
    low("rtp", datagrams.rtp(104), (DEVICE, 16402), (PEER, 16402)),
    low("sip", datagrams.sip("Other 1.0"), (DEVICE, 16402), (PEER, 16402)),
    low("quic", datagrams.quic_initial(), (DEVICE, 50000), (PEER, 3482))])
def test_confidence_low(wireshark, passes, kind, payload, source, destination):
    """What has the ports alone is FaceTime only for who asks for it."""
    capture = datagrams.written(wireshark, "low.pcap", [frame(source, destination, payload)])
    for level, shown in (("low", [kind]), ("medium", []), ("high", [])):
        row, = facts.Frames(wireshark, capture, *PASSES[passes], "-o", f"facetime.confidence:{level}").rows
        assert row["kind"] == shown, level
        assert row["confidence"] == (["low"] if shown else []), level


@each_pass
def test_confidence_medium_and_high(wireshark, passes):
    """QUIC to a relay port at an Apple address needs its surroundings: medium shows it, high does not."""
    form = datagrams.FORMS["QUIC to the relay"]
    capture = datagrams.written(wireshark, "medium.pcap", [frame(form.source, form.destination, form.payload)])
    for level, shown in (("low", ["quic"]), ("medium", ["quic"]), ("high", [])):
        row, = facts.Frames(wireshark, capture, *PASSES[passes], "-o", f"facetime.confidence:{level}").rows
        assert row["kind"] == shown, level


@each_pass
@pytest.mark.parametrize("name", [name for name, form in datagrams.FORMS.items() if form.kind != "quic"])
def test_confidence_high(wireshark, passes, name):
    """What nothing but FaceTime sends is shown at every level."""
    form = datagrams.FORMS[name]
    capture = datagrams.written(wireshark, "high.pcap", [frame(form.source, form.destination, form.payload)])
    assert wireshark.count(capture, "facetime.kind", *PASSES[passes], "-o", "facetime.confidence:high") == 1


@each_pass
def test_relay_ports(wireshark, passes):
    """Another relay port: QUIC to it is the relay's then, and that to the old one is not."""
    # Each from a device of its own, or the second would be FaceTime by the first.
    packets = [frame((f"192.168.5.{number}", 50000), (datagrams.APPLE, port), datagrams.quic_initial()) for number, port in enumerate((3482, 5898), 1)]
    capture = datagrams.written(wireshark, "ports.pcap", packets)
    for ports, shown in (("3478-3497", [["quic"], []]), ("5898", [[], ["quic"]]), ("3482,5897-5899", [["quic"], ["quic"]]), ("", [[], []])):
        rows = facts.Frames(wireshark, capture, *PASSES[passes], "-o", f"facetime.relay.ports:{ports}").rows
        assert [row["kind"] for row in rows] == shown, ports


@each_pass
def test_media_ports(wireshark, passes):
    """The RTP header extension counts between the device's ports only, which the analyst may change."""
    packets = [frame((f"192.168.5.{number}", port), (f"198.51.100.{number}", port), datagrams.rtp(104, ssrc=number, extension=(0x4400, (1, 2))))
               for number, port in enumerate((16402, 5898), 1)]
    capture = datagrams.written(wireshark, "media.pcap", packets)
    for ports, shown in (("16384-16403", [["rtp"], []]), ("5898", [[], ["rtp"]]), ("16402,5898", [["rtp"], ["rtp"]]), ("", [[], []])):
        rows = facts.Frames(wireshark, capture, *PASSES[passes], "-o", f"facetime.media.ports:{ports}").rows
        assert [row["kind"] for row in rows] == shown, ports


def test_preferences_change_no_file_that_is_sure(wireshark):
    """A call that strong evidence shows does not depend on the ports."""
    plain = table.rows(wireshark.tshark(paths.sample("facetime-relay"), "-2", *CALLS).ok().out)
    assert plain and plain == table.rows(wireshark.tshark(
        paths.sample("facetime-relay"), "-2", "-o", "facetime.media.ports:1", *CALLS).ok().out)
