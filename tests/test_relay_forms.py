"""Relay channel data of 2026: base layer, transition lists, sub-packets without flags, quality metadata, channel numbers, direction."""

import pytest

from ftools import datagrams, handmade, paths, pdml
from ftools.datagrams import LOOSE, ONE, TRANSITION, relayed
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, relay, rtp, sent, sub_packet, u16

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_vectors = pytest.mark.skipif(not paths.VECTORS.exists(), reason=paths.NO_SHARED)

LISTED, REPEATED, BRIEF = "1", "2", "3"     # facetime.relay.reading
SSRCS = ["0x5eed0001", "0x5eed0002", "0x5eed0003", "0x5eed0004"]


def alone(wireshark, payload, passes="-2", first=()):
    """The payload from the relay, as the first and only datagram of its flow, or behind those of the device that are FIRST."""
    packets = [handmade.packet(DEVICE, RELAY, data, 10 * number) for number, data in enumerate(first)]
    return pdml.packets(wireshark, handmade.capture(wireshark, [*packets, handmade.packet(RELAY, DEVICE, payload, 900)]), *PASSES[passes])[-1]


def seen(packet, *names):
    return [packet.values(f"facetime.relay.{name}") for name in names]


def clean(packet):
    """Nothing is left over, nothing is complained about."""
    return not packet.values("facetime.relay.payload") and not packet.values("facetime.relay.rest") and not packet.names("facetime.relay.") & {
        f"facetime.relay.{name}" for name in ("unknown_payload", "header_short", "bad_count", "too_many", "unknown_flags", "bad_length")}


# ---- Base layer ----------------------------------------------------------------------------------


@each_pass
def test_base_layer(wireshark, passes):
    """Bit 20 without 21: a stream ID between participant and priority. That is what the flags say, no guess of a form."""
    packet = alone(wireshark, relay(relayed.sub_packet(rtp(123), priority=1, base=0xB712, marks=(6, 8), **ONE)), passes)
    assert seen(packet, "base_stream_id", "priority", "participant_id", "reading") == [["0xb712"], ["1"], ["0x0123456789abcdef"], []]
    assert packet.value("rtp.ssrc") == "0x5eed0001" and clean(packet)


def test_base_layer_without_payload(wireshark):
    packet = alone(wireshark, relay(relayed.sub_packet(priority=1, base=0xB712, marks=(6, 8), **ONE)))
    assert seen(packet, "base_stream_id", "priority", "payload.kind") == [["0xb712"], ["1"], ["0"]]


def test_no_base_layer_on_link_messages(wireshark):
    """With bit 21 nothing follows, as on all that the relay sent in real calls."""
    packet = alone(wireshark, relay(sub_packet({2: bytes(7) + b"\1"}, link_message(6, (1, u16(3)), (9, bytes(20))), marks=(20, 21))))
    assert seen(packet, "base_stream_id") == [[]] and packet.value("facetime.link.counter") == "3" and clean(packet)


# ---- Sub-packets without flags -------------------------------------------------------------------


@each_pass
def test_loose_sub_packets(wireshark, passes):
    """A repeated header, a stream ID with priority, a count: each says how it was read; all bytes are used."""
    packet = alone(wireshark, relay(*LOOSE), passes)
    assert packet.values("rtp.ssrc") == SSRCS and clean(packet)
    assert seen(packet, "reading", "data_length", "priority") == [[REPEATED, BRIEF, BRIEF], ["52"] * 3, ["127", "1"]]
    assert seen(packet, "stream_id", "secondary_stream_id") == [["0x0777", "0xe47c"], ["0xe47d", "0x3c3a"]]


def test_flags_come_first(wireshark):
    """What the flags say is no guess, though the bytes could be read as a header without them too."""
    parts = (sub_packet({0: u16(0x1001), 7: u16(52)}, rtp()), sub_packet({0: u16(0x1002)}, rtp(ssrc=0x5EED0002)))
    packet = alone(wireshark, relay(*parts))
    assert seen(packet, "reading", "guessed_form") == [[], []] and seen(packet, "stream_id") == [["0x1001", "0x1002"]]


UNREADABLE = {
    "another participant": (LOOSE[0], relayed.sub_packet(relayed.with_length(rtp(123)), marks=(8,), base=0x2A2C, participant=1)),
    "a length that does not fit": (LOOSE[0], u16(0xE47C, 51) + rtp(100)),
    "a type that is none of today's": (LOOSE[0], relayed.later(rtp(34), stream=0xE47C)),
    "a count of none": (LOOSE[0], b"\0" + rtp(100)),
    "a priority that was never seen": (LOOSE[0], relayed.later(rtp(100), stream=0xE47C, priority=2)),
    "bytes after the last": (*LOOSE[:2], b"\x33"),
}


@each_pass
@pytest.mark.parametrize("name", UNREADABLE)
def test_no_reading_fits(wireshark, passes, name):
    """Then it stays with the flags: the first sub-packet is right, the rest is shown as what is wrong, and nothing of it is a guess."""
    packet = alone(wireshark, relay(*UNREADABLE[name]), passes, (STATS,))
    assert packet.values("rtp.ssrc")[:1] == SSRCS[:1] and seen(packet, "guessed_form", "reading") == [[], []] and not clean(packet)


@each_pass
def test_loose_truncated(wireshark, passes):
    """The capture ends anywhere: what is there is shown, nothing is malformed."""
    whole = relay(*LOOSE)
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(*((RELAY, DEVICE) if number else (DEVICE, RELAY)), whole if number else STATS, 10 * number, kept if number else None)
        for number, kept in enumerate((0, *range(6, len(whole) + 1)))]), *PASSES[passes])
    for kept, packet in zip(range(6, len(whole) + 1), packets[1:], strict=True):
        assert "_ws.malformed" not in packet.value("frame.protocols"), kept
    assert packets[-1].values("rtp.ssrc") == SSRCS


def test_too_many_readings(wireshark):
    """A datagram that can be read in very many ways, and in none to its end, costs no more than any other."""
    deep = relayed.sub_packet(rtp(104, payload=b""), stream=0x0777, more=True, **ONE)
    deep += relayed.sub_packet(relayed.with_length(rtp(104, payload=b"")), **ONE) * 6 + b"\x33" * 1100
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(RELAY, DEVICE, relay(deep), 10 * number) for number in range(200)]))
    assert len(packets) == 200 and all(packet.values("rtp.ssrc")[:1] == SSRCS[:1] for packet in packets)


# ---- Transitions ---------------------------------------------------------------------------------

EIGHT = b"".join(u16(0x0777 + number) for number in range(8))
TRANSITIONS = {
    "counted": (relayed.sub_packet(TRANSITION + rtp(123, 0x5EED0777), stream=0x0777, transition=2, **ONE), ["2"], 3),
    "eight without a count": (relayed.sub_packet(EIGHT + rtp(123, 0x5EED0777), stream=0x0777, marks=(11,), **ONE), [], 8),
    "with a length": (relayed.sub_packet(TRANSITION + relayed.with_length(rtp(123, 0x5EED0777)), stream=0x0777, transition=2, **ONE), ["2"], 3),
    "with a priority": (relayed.sub_packet(TRANSITION + relayed.with_length(rtp(123, 0x5EED0777), 1, True), stream=0x0777, transition=2, **ONE), ["2"], 3),
    "of the parity's stream": (relayed.sub_packet(TRANSITION + rtp(123, 0x5EED0776), stream=0x0777, transition=2, **ONE), ["2"], 3),
}


@each_pass
@pytest.mark.parametrize("name", TRANSITIONS)
def test_transition(wireshark, passes, name):
    """Bit 11 and a list of streams before the payload: told by the payload, and marked."""
    payload, count, streams = TRANSITIONS[name]
    packet = alone(wireshark, relay(payload), passes)
    assert seen(packet, "reading", "transition_streams") == [[LISTED], count] and len(packet.values("facetime.relay.transition_stream_id")) == streams
    assert packet.values("rtp.ssrc") and clean(packet)


def test_transition_without_a_list(wireshark):
    """The 14 packets of 2023: a mark, and a priority in its place."""
    packet = alone(wireshark, relay(sub_packet({0: u16(1), 3: b"\1"}, rtp(100, 0x5EED0001), marks=(6, 8, 11))))
    assert seen(packet, "reading", "priority", "transition_streams") == [[], ["1"], []] and packet.values("rtp.ssrc") == ["0x5eed0001"]


def test_transition_of_too_many(wireshark):
    packet = alone(wireshark, relay(relayed.sub_packet(u16(*range(13)) + rtp(123, 0x5EED0777), stream=0x0777, transition=12, **ONE)))
    assert seen(packet, "reading", "transition_streams") == [[], []] and "rtp" not in packet.protocols


LENGTHS = {
    "of list and payload": (TRANSITION, lambda packet: len(TRANSITION + packet)),
    "of the payload": (TRANSITION, len),
    "of list, priority and payload": (TRANSITION + b"\1", lambda packet: len(TRANSITION + packet) + 1),
}


@each_pass
@pytest.mark.parametrize("name", LENGTHS)
def test_transition_first_of_two(wireshark, passes, name):
    """Bit 7 and a list: whether the length is that of the list too is told by what follows."""
    (before, length), packet = LENGTHS[name], rtp(123, 0x5EED0777)
    first = relayed.sub_packet(b"", stream=0x0777, transition=2, more=True, **ONE)[:-2] + u16(length(packet)) + before + packet
    shown = alone(wireshark, relay(first, relayed.later(rtp(100, 0x5EED0004), stream=0xE47D, last=True)), passes)
    assert shown.values("rtp.ssrc") == ["0x5eed0777", "0x5eed0004"] and seen(shown, "reading") == [[LISTED, BRIEF]] and clean(shown)


@each_pass
@pytest.mark.parametrize("stream", [0xA969, 0xAE0D, 0xA54D])
def test_stream_id_like_flags(wireshark, passes, stream):
    """A stream ID, priority and length that could be flags of what is encrypted hop by hop, which is bytes of any kind to the end."""
    second = relayed.later(rtp(100, 0x5EED0002, payload=bytes(range(1, 251)) + bytes(50)), stream=stream, priority=1)
    packet = alone(wireshark, relay(LOOSE[0], second, relayed.later(rtp(100, 0x5EED0003), stream=0xE47D, last=True)), passes)
    assert packet.values("rtp.ssrc") == SSRCS[:3] and seen(packet, "reading") == [[BRIEF, BRIEF]]


def test_first_of_the_list_like_a_control_message(wireshark):
    """An ID 0x40.. at the start of the list."""
    packet = alone(wireshark, relay(relayed.sub_packet(u16(0x4011, 0x0777, 0x0778) + rtp(123, 0x5EED0777), stream=0x0777, transition=2, **ONE)))
    assert packet.values("rtp.ssrc") == ["0x5eed0777"] and seen(packet, "reading", "control.id") == [[LISTED], []]


# ---- Quality metadata ----------------------------------------------------------------------------

CHUNKS = relayed.quality((0, b"\x11"), (1, b"\x22" * 3), (0, b"\x33" * 5), (2, b"\x44" * 7))
MEASURED = {
    "each kind": relay(sub_packet({13: u16(0x5811)}, CHUNKS + rtp(100))),
    "one": relay(sub_packet({13: u16(0x5811)}, relayed.quality((0, b"\x11")) + rtp(100))),
    "one that looks like RTP of a known type": relay(sub_packet({13: u16(0x5811)}, b"\x80\x68" + b"\x22" * 4 + rtp(100))),
    "one that looks like that, with a stream ID": relay(sub_packet({0: u16(0x5001)}, b"\x80\x68" + b"\x22" * 4 + rtp(100))),
    "one that looks like a control message": relay(sub_packet({13: u16(0x5811)}, b"\x40\x09\x33\x44" + rtp(100))),
    "one, and another stream ID": relay(sub_packet({0: u16(0x7777)}, relayed.quality((0, b"\x11")) + rtp(100))),
    "one that looks like RTP": relay(sub_packet({13: u16(0x5811)}, relayed.quality((0, b"\x22" * 5)) + rtp(100))),
}


def able(capability):
    return relay(sub_packet(payload=link_message(6, (12, u16(capability)), (1, u16(3)), (9, bytes(20))), marks=(21,)))


def measured(wireshark, payload, passes="-2", said=((DEVICE, RELAY, 3), (RELAY, DEVICE, 3))):
    """The payload behind link messages that say which capability each side has."""
    packets = [handmade.packet(source, target, able(capability), 10 * number) for number, (source, target, capability) in enumerate(said)]
    return pdml.packets(wireshark, handmade.capture(wireshark, [*packets, handmade.packet(RELAY, DEVICE, payload, 900)]), *PASSES[passes])[-1]


@each_pass
@pytest.mark.parametrize("name", MEASURED)
def test_quality_metadata(wireshark, passes, name):
    """Where both sides take it, it is found by the RTP behind it."""
    packet = measured(wireshark, MEASURED[name], passes)
    assert packet.value("rtp.ssrc") == "0x5eed0001" and clean(packet) and packet.values("facetime.relay.guessed_form")
    assert len(packet.values("facetime.relay.quality")) == (4 if name == "each kind" else 1)


@pytest.mark.parametrize("said", [(), ((DEVICE, RELAY, 3),), ((RELAY, DEVICE, 3),), ((DEVICE, RELAY, 3), (RELAY, DEVICE, 1))],
                         ids=("nobody", "the device", "the peer", "the peer cannot"))
def test_no_quality_metadata_without_the_capability(wireshark, said):
    packet = measured(wireshark, MEASURED["each kind"], said=(*said, (DEVICE, RELAY, 1)))
    assert packet.values("facetime.relay.quality") == [] and packet.values("facetime.relay.unknown_payload")


@each_pass
def test_quality_metadata_before_other_payloads(wireshark, passes):
    """A control message of a header that was seen, and a link message, whose forms are exact."""
    chunk = relayed.quality((0, b"\x11"))
    control = measured(wireshark, relay(sub_packet({13: u16(0x5811)}, chunk + u16(0x400F) + bytes(9) + b"\xa5" * 30)), passes)
    link = measured(wireshark, relay(sub_packet({13: u16(0x5811)}, chunk + link_message(6, (1, u16(9)), (9, bytes(20))))), passes)
    assert control.values("facetime.relay.control.tag") and link.value("facetime.link.counter") == "9"
    assert all(len(packet.values("facetime.relay.quality")) == 1 and clean(packet) for packet in (control, link))


@each_pass
@pytest.mark.parametrize("payload", [rtp(100), rtp(100)[:6] + b"\x80\x68" + rtp(100)[8:]], ids=("any", "what could be RTP six bytes on"))
def test_media_without_it_among_those_with(wireshark, passes, payload):
    """RTP right behind the header stays RTP; where both fit, the stream ID says so."""
    packet = measured(wireshark, relay(sub_packet({0: u16(0x0001)}, payload)), passes)
    assert packet.values("facetime.relay.quality") == [] and packet.value("rtp.ssrc") == "0x5eed0001"


def test_quality_metadata_without_end(wireshark):
    packet = measured(wireshark, relay(sub_packet({13: u16(0x5811)}, (b"\x08\x11" * 9) + rtp(100))))
    assert packet.values("facetime.relay.quality") == [] and packet.values("facetime.relay.unknown_payload")


# ---- Channel numbers, direction ------------------------------------------------------------------


@each_pass
@pytest.mark.parametrize("channel", [0x6000, 0x60F7, 0x6123, 0x6FFF])
def test_channel_numbers(wireshark, passes, channel):
    """The relay chooses the number: each of its first digit is known at a relay of Apple's; what is wrong is shown on a flow that uses it."""
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(DEVICE, RELAY, relay(sub_packet({0: u16(1)}, rtp()), channel=channel)),
        handmade.packet(DEVICE, RELAY, relay(sub_packet({0: u16(1)}, rtp()), channel=channel, length=51), 10),
        handmade.packet(DEVICE, RELAY, relay(sub_packet({0: u16(1)}, rtp()), channel=channel ^ 1, length=51), 20)]), *PASSES[passes])
    assert [packet.values("facetime.relay.channel") for packet in packets] == [[f"0x{channel:04x}"]] * 2 + [[]]
    assert packets[1].values("facetime.relay.bad_length")


@each_pass
@pytest.mark.parametrize("channel", [0x6100, 0x6ABC, 0x6FFF])
@pytest.mark.parametrize("far", [("198.51.100.77", 3482), ("17.249.172.91", 443), ("2001:db8::77", 3482)], ids=("nobody's", "another port", "IPv6"))
def test_channel_numbers_on_a_known_flow(wireshark, passes, channel, far):
    """Where the relay's address says nothing, the flow does; not TURN's ChannelData with RTP right behind its header."""
    near = ("2001:db8::5" if ":" in far[0] else "192.168.1.90", 16393)
    payloads = [relay(sub_packet({0: u16(1)}, rtp())), relay(sub_packet({0: u16(1)}, rtp()), channel=channel), relay(rtp(), channel=channel)]
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(near, far, payload, 10 * number)
                                                                   for number, payload in enumerate(payloads)]), *PASSES[passes])
    assert [packet.values("facetime.relay.channel") for packet in packets] == [["0x6000"], [f"0x{channel:04x}"], []]
    assert packets[1].value("rtp.ssrc") == "0x5eed0001"


def test_other_channel_numbers_are_turns(wireshark):
    """0x7000 has another first digit; 0x6100 between strangers says nothing."""
    for ends, channel in (((DEVICE, RELAY), 0x7000), ((("192.168.1.90", 50000), ("198.51.100.90", 50002)), 0x6100)):
        packet = pdml.packets(wireshark, handmade.capture(wireshark, [
            handmade.packet(*ends, relay(sub_packet({0: u16(1)}, rtp()), channel=channel))]), "-2")[0]
        assert packet.values("facetime.relay.channel") == []


def test_what_only_a_relay_writes(wireshark):
    """Between two that nobody knows, a session state counter says who is the relay: the side that receives is the device."""
    ends = ("192.168.1.90", 50000), ("192.168.1.7", 50002)
    for marks, expected in (({17: b"\1"}, "192.168.1.7"), ({}, "192.168.1.90")):
        packets = pdml.packets(wireshark, handmade.capture(wireshark, [
            handmade.packet(*ends, relay(sub_packet({0: u16(1), **marks}, rtp(sequence=number))), 10 * number) for number in range(3)]), "-2")
        assert packets[-1].values("facetime.call.device") in ([expected], []), marks


# ---- Calls of 2026 that others took down ---------------------------------------------------------


@needs_vectors
@each_pass
def test_vectors(wireshark, passes):
    """Where the sub-packets of each begin and end, as far as its publisher says it."""
    first, second, third, fourth = pdml.packets(wireshark, paths.VECTORS, *PASSES[passes])
    assert seen(first, "reading") == [[REPEATED, BRIEF]] and len(first.values("rtp.ssrc")) == 3
    assert seen(second, "base_stream_id", "priority") == [["0xb712"], ["1"]]
    assert third.values("rtp.ssrc") == ["0x50cbc4c5"] and fourth.value("facetime.link.command") == "0x0006"
    assert all(clean(packet) for packet in (first, second, third, fourth))


@needs_vectors
@pytest.mark.parametrize("number", range(4))
def test_vectors_alone(wireshark, number):
    """Each on its own: no state is needed."""
    linktype, packets = datagrams.pcap.read(paths.VECTORS)
    whole = pdml.packets(wireshark, paths.VECTORS, "-2")[number]
    own = pdml.packets(wireshark, wireshark.write("alone.pcap", datagrams.pcap.write([packets[number]], linktype)), "-2")[0]
    for name in whole.names("facetime.relay.") | {"rtp.ssrc", "rtp.seq"}:
        assert own.values(name) == whole.values(name), name
