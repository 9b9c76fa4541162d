"""Relay channel data: every flag and field, every kind of payload, and what is wrong with a datagram said."""

import pytest

from ftools import handmade, pdml
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, peer_address, relay, rtp, sent, stun, sub_packet, u16

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

MARKS = (6, 8, 11, 16, 18, 19, 21, 23, 24)                      # bits without data that were seen or have a name
NEVER = (12, 22, 25, 26, 27, 28, 29, 30, 31)                    # neither seen nor named
NAMES = {0: "stream", 1: "streams", 2: "participant", 3: "priority", 4: "probe_group", 5: "version", 7: "compound", 9: "stats_id",
         10: "stats", 13: "link", 14: "links", 15: "more", 16: "hbh", 17: "session",
         6: "count", 8: "opt_out", 11: "transition", 18: "retransmitted", 19: "no_retransmission", 21: "link_message",
         20: "base_stream", 23: "link_test", 24: "quic_pod"}

IV, CIPHER_TEXT, TAG = bytes(range(12)), bytes(range(40, 56)), bytes(range(80, 96))
ENCRYPTED = b"\x0a\x0c" + IV + b"\x12\x10" + CIPHER_TEXT + b"\x1a\x10" + TAG
CONTROL = u16(0x400F) + bytes.fromhex("1122334455667788") + b"\x05" + b"\xa5" * 14


def shown(wireshark, payloads, passes="-2", **more):
    """The packets as they are shown, without the one that makes the flow known."""
    return pdml.packets(wireshark, handmade.capture(wireshark, sent(*payloads, **more)), *PASSES[passes])[len(more.get("first", (STATS,))):]


def one(wireshark, payload, passes="-2", **more):
    return shown(wireshark, (payload,), passes, **more)[0]


@pytest.fixture(scope="module")
def table_of(wireshark):
    """table_of(table, passes): what is shown of each datagram of a table {name: payload or (payload, ...)}, all in one capture."""
    made = {}

    def of(table, passes="-2"):
        key = (id(table), passes)
        if key not in made:
            payloads = [value[0] if isinstance(value, tuple) else value for value in table.values()]
            made[key] = dict(zip(table, shown(wireshark, payloads, passes), strict=True))
        return made[key]

    return of


# ---- Fields ------------------------------------------------------------------------------------


@each_pass
def test_every_field(wireshark, passes):
    """One sub-packet with all fields and two marks, RTP behind it."""
    packet = one(wireshark, relay(sub_packet({
        0: u16(0x1001), 1: b"\x02" + u16(0x2002, 0x3003), 2: bytes.fromhex("0102030405060708"), 3: b"\x7f", 4: u16(0x44), 5: b"\x05",
        9: u16(0x99), 10: u16(7864, 9, 4, 3, 8273), 13: u16(0x5811), 14: b"\x01" + u16(0x5812), 17: b"\x06"}, rtp(), marks=(6, 8))), passes)
    assert {name: packet.values(f"facetime.relay.{name}") for name in (
        "channel", "flags", "stream_id", "secondary_streams", "secondary_stream_id", "participant_id", "priority", "probe_group",
        "version", "stats_id", "link_id", "secondary_links", "secondary_link_id", "session_counter")} == {
        "channel": ["0x6000"], "flags": ["0x0002e77f"], "stream_id": ["0x1001"], "secondary_streams": ["2"],
        "secondary_stream_id": ["0x2002", "0x3003"], "participant_id": ["0x0102030405060708"], "priority": ["127"], "probe_group": ["0x0044"],
        "version": ["5"], "stats_id": ["0x0099"], "link_id": ["0x5811"], "secondary_links": ["1"], "secondary_link_id": ["0x5812"],
        "session_counter": ["6"]}
    assert [packet.value(f"facetime.relay.stats.{name}") for name in ("time", "delay", "received", "sent", "bandwidth")] == \
        [packet.value(f"facetime.relay.stats.{number}") for number in (1, 2, 3, 4, 5)] == ["7864", "9", "4", "3", "8273"]
    assert packet.value("rtp.ssrc") == "0x5eed0001" and packet.value("facetime.kind") == "5"


MARKED = {bit: relay(sub_packet({13: u16(0x5811)}, ENCRYPTED if bit == 16 else rtp(), marks=(bit,))) for bit in (*MARKS, *NEVER)}


@pytest.mark.parametrize("bit", MARKED)
def test_a_mark(table_of, bit):
    """Each bit without data has a field of its own; one that was never seen is flagged, all others are not."""
    packet = table_of(MARKED)[bit]
    true = {name for name in packet.names("facetime.relay.flags.") if packet.values(name) == ["1"]} - {"facetime.relay.flags.link"}
    assert true - {"facetime.relay.flags.more"} == {f"facetime.relay.flags.{NAMES.get(bit, f'bit{bit}')}"}
    assert ("facetime.relay.unknown_flags" in packet.names("facetime.relay.")) == (bit in NEVER)


@each_pass
@pytest.mark.parametrize("number", [2, 8])
def test_compound(wireshark, passes, number):
    """Sub-packets after each other, each with its own stream: all are shown, and RTP in each."""
    parts = [rtp(ssrc=0x5EED0000 + index, payload=b"\x5a" * (20 + index)) for index in range(number)]
    subs = [sub_packet({0: u16(0x1000 + index), 7: u16(len(part))} if index < number - 1 else {0: u16(0x1000 + index)}, part)
            for index, part in enumerate(parts)]
    packet = one(wireshark, relay(*subs), passes)
    assert packet.values("facetime.relay.stream_id") == [f"0x{0x1000 + index:04x}" for index in range(number)]
    assert packet.values("rtp.ssrc") == [f"0x{0x5EED0000 + index:08x}" for index in range(number)]
    assert "facetime.relay.too_many" not in packet.names("facetime.relay.")


def test_compound_that_ends_with_its_last_data(wireshark):
    """The last sub-packet may state its length as well."""
    packet = one(wireshark, relay(sub_packet({7: u16(52)}, rtp()), sub_packet({7: u16(52)}, rtp(ssrc=0x5EED0002))))
    assert packet.values("rtp.ssrc") == ["0x5eed0001", "0x5eed0002"] and packet.values("facetime.relay.rest") == []


@each_pass
def test_statistics_only(wireshark, passes):
    """A request of the device, and the relay's answer, have no payload; that is not a fault."""
    request, answer = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(DEVICE, RELAY, STATS), handmade.packet(RELAY, DEVICE, relay(sub_packet({9: u16(7), 10: u16(7864, 9, 4, 0, 0)})), 20)]),
        *PASSES[passes])
    assert request.value("facetime.relay.stats_id") == answer.value("facetime.relay.stats_id") == "0x0007"
    assert answer.value("facetime.relay.stats.time") == "7864" and request.values("facetime.relay.stats.time") == []
    for packet in (request, answer):
        assert packet.value("facetime.relay.payload.kind") == "0"
        assert "facetime.relay.bad_stats" not in packet.names("facetime.relay.")


def test_statistics_that_do_not_belong_together(wireshark):
    """Values without an ID from the device, an ID without values from the relay."""
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        *sent(relay(sub_packet({13: u16(1)}, rtp(), marks=(10,)))), handmade.packet(RELAY, DEVICE, STATS, 40)]), "-2")
    assert ["facetime.relay.bad_stats" in packet.names("facetime.relay.") for packet in packets] == [False, True, True]
    assert packets[1].value("rtp.ssrc") == "0x5eed0001"


@pytest.mark.parametrize("bit, zero, one_more", [(0, u16(0), u16(1)), (3, b"\0", b"\1"), (4, u16(0), u16(256)), (13, u16(0), u16(1))])
def test_zero(wireshark, bit, zero, one_more):
    """A device writes these only where they are not 0; of what the relay writes that is not known."""
    assert "facetime.relay.zero" in one(wireshark, relay(sub_packet({bit: zero}, rtp()))).names("facetime.relay.")
    assert "facetime.relay.zero" not in one(wireshark, relay(sub_packet({bit: one_more}, rtp()))).names("facetime.relay.")


def test_participant_zero(wireshark):
    assert "facetime.relay.participant_zero" in one(wireshark, relay(sub_packet({2: bytes(8)}, rtp()))).names("facetime.relay.")
    assert "facetime.relay.participant_zero" not in one(wireshark, relay(sub_packet({2: bytes(7) + b"\1"}, rtp()))).names("facetime.relay.")


@pytest.mark.parametrize("padding", [b"\0", b"\0\0", b"\x14\x14\x14"])
def test_padding(wireshark, padding):
    """One to three bytes after the length are padding, of zeroes or of the 20 that Apple's code writes."""
    packet = one(wireshark, relay(sub_packet({0: u16(1)}, rtp()), padding=padding))
    assert packet.value("facetime.relay.padding") == ":".join(f"{byte:02x}" for byte in padding)
    assert "facetime.relay.bad_length" not in packet.names("facetime.relay.")


# ---- Payloads ----------------------------------------------------------------------------------


@each_pass
def test_hop_by_hop_encrypted(wireshark, passes):
    """The parts of the protocol buffer; nothing of it is taken for anything else."""
    packet = one(wireshark, relay(sub_packet({13: u16(0x5812)}, ENCRYPTED, marks=(16,))), passes)
    assert [packet.value(f"facetime.relay.hbh.{name}").replace(":", "") for name in ("iv", "cipher_text", "tag")] == \
        [IV.hex(), CIPHER_TEXT.hex(), TAG.hex()]
    assert packet.values("facetime.relay.hbh.field") == ["1", "2", "3"] and packet.values("facetime.relay.hbh.length") == ["12", "16", "16"]
    assert "facetime.relay.hbh.malformed" not in packet.names("facetime.relay.")


def test_what_is_marked_encrypted_is_not_rtp(wireshark):
    packet = one(wireshark, relay(sub_packet({13: u16(0x5812)}, rtp(), marks=(16,))))
    assert "rtp" not in packet.protocols
    assert "facetime.relay.hbh.malformed" in packet.names("facetime.relay.")


BAD_ENCRYPTED = {name: relay(sub_packet({13: u16(0x5812)}, payload, marks=(16,))) for name, payload in {
    "ends in its last field": ENCRYPTED[:-1],
    "over-long": ENCRYPTED + b"\x22",
    "a length without end": b"\x0a\x0c" + IV + b"\x12" + b"\xff" * 10 + b"\x01",
    "a huge length": b"\x0a\x0c" + IV + b"\x12" + b"\xff" * 8 + b"\x7f",
    "no such wire type": b"\x0a\x0c" + IV + b"\x17\x01",
    "field 0": b"\x0a\x0c" + IV + b"\x00\x05"}.items()}


@pytest.mark.parametrize("name", BAD_ENCRYPTED)
def test_hop_by_hop_encrypted_malformed(table_of, name):
    packet = table_of(BAD_ENCRYPTED)[name]
    assert packet.value("facetime.relay.hbh.iv").replace(":", "") == IV.hex()
    assert "facetime.relay.hbh.malformed" in packet.names("facetime.relay.")


def test_protocol_buffer_without_the_mark(wireshark):
    """Shown by its fields, without a meaning for them."""
    packet = one(wireshark, relay(sub_packet({13: u16(0x5812)}, ENCRYPTED)))
    assert packet.values("facetime.relay.hbh.iv") == [] and len(packet.values("facetime.relay.hbh.value")) == 3


# ---- Control messages ----------------------------------------------------------------------------

KEY = bytes.fromhex("1122334455667788")


def control(counter, size, header=0x0F, key=KEY, fill=b"\xa5"):
    """A control message with SIZE bytes of cipher text."""
    return bytes([0x40, header]) + key + counter + fill * size + b"\x7a" * 10


def said(wireshark, *messages, passes="-2"):
    """Control messages, (from the device, payload) each, on a flow of the relay."""
    packets = [handmade.packet(DEVICE, RELAY, STATS)]
    packets += [handmade.packet(*((DEVICE, RELAY) if device else (RELAY, DEVICE)), relay(sub_packet({2: bytes(7) + b"\1"}, payload)), 10 + 10 * number)
                for number, (device, payload) in enumerate(messages)]
    return pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])[1:]


def linked(packet):
    return [packet.values(f"facetime.relay.control.{name}") for name in ("retransmission_of", "ack_of", "acked_in")]


CONTROLS = {    # header: (bytes of the key identifier, of the counter)
    0x0F: (KEY, b"\x05"), 0x09: (b"\x00\x11", b"\x05"), 0x1F: (KEY, b"\x01\x05"), 0x7F: (KEY, bytes(6) + b"\x01\x05"), 0x03: (b"", b"\x05")}


@each_pass
@pytest.mark.parametrize("header", CONTROLS)
def test_control_message(wireshark, passes, header):
    """SFrame of each valid header: key identifier, counter, cipher text and tag."""
    key, counter = CONTROLS[header]
    packet = said(wireshark, (True, control(counter, 20, header, key)), passes=passes)[0]
    assert [value.replace(":", "") for value in packet.values("facetime.relay.control.id")] == ([key.hex()] if key else [])
    assert packet.value("facetime.relay.control.counter") == str(int.from_bytes(counter, "big"))
    assert packet.value("facetime.relay.control.encrypted").replace(":", "") == "a5" * 20 and packet.value("facetime.relay.control.tag").replace(":", "") == "7a" * 10
    assert packet.values("facetime.relay.control.ack") == [] and packet.value("facetime.relay.payload.kind") == "4"


@each_pass
def test_control_messages_are_linked(wireshark, passes):
    """A repetition to its first sending, an acknowledgement to the latest message of the other side; one side's counter is not the other's."""
    first, again, ack, second, late = said(wireshark, (True, control(b"\0", 30)), (True, control(b"\0", 30)), (False, control(b"\0", 4, key=KEY[::-1])),
                                           (False, control(b"\1", 30, key=KEY[::-1])), (True, control(b"\1", 4)), passes=passes)
    assert linked(again)[0] == ["2"] and linked(first)[0] == linked(ack)[0] == []
    assert linked(ack)[1] == ["2"] and linked(late)[1] == ["5"] and ack.values("facetime.relay.control.ack") == ["1"]
    if passes == "-2":
        assert linked(first)[2] == ["4"] and linked(second)[2] == ["6"]


def test_a_repetition_is_acknowledged_again(wireshark):
    packets = said(wireshark, (True, control(b"\0", 30)), (False, control(b"\0", 4, key=KEY[::-1])), (True, control(b"\0", 30)), (False, control(b"\1", 4, key=KEY[::-1])))
    assert [linked(packet)[1] for packet in packets] == [[], ["2"], [], ["2"]]


def test_an_acknowledgement_of_nothing(wireshark):
    """Also none of a message of the same side."""
    packets = said(wireshark, (False, control(b"\0", 4)), (True, control(b"\0", 30)), (True, control(b"\1", 4)))
    assert [linked(packet)[1] for packet in packets] == [[], [], []]


@each_pass
@pytest.mark.parametrize("key", ["long", "short"])
def test_control_message_and_the_senders_key(wireshark, passes, key):
    """Its key identifier is the beginning of that in the sender's RTP, not of the other side's."""
    mki, header = (KEY + bytes(range(8)), 0x0F) if key == "long" else (b"\x00\x11", 0x09)
    media = rtp(100, payload=b"\x5a" * 40 + mki + (bytes(4) if key == "long" else b"\0\0\0\x20"))
    packets = said(wireshark, (True, media), (True, control(b"\0", 30, header, mki[:8])), (False, control(b"\0", 30, header, mki[:8])), passes=passes)
    assert [packet.values("facetime.relay.control.key_frame") for packet in packets] == [[], ["2"], []]


@each_pass
@pytest.mark.parametrize("header, size", [(0x08, 1), (0x09, 2), (0x0B, 4), (0x0D, 6), (0x0F, 8)])
@pytest.mark.parametrize("key", ["long", "short"])
def test_control_message_with_another_part_of_the_key(wireshark, passes, key, header, size):
    """The beginning may be of any length; a short identifier in RTP is the beginning of the long one."""
    mki = b"\x00\x11" + KEY[2:] + bytes(range(8))
    media = rtp(100, payload=b"\x5a" * 40 + (mki + bytes(4) if key == "long" else mki[:2] + b"\0\0\0\x20"))
    other = bytes([mki[0] ^ 1]) + mki[1:]
    packets = said(wireshark, (True, media), (True, control(b"\0", 30, header, mki[:size])), (True, control(b"\1", 30, header, other[:size])), passes=passes)
    assert [packet.values("facetime.relay.control.key_frame") for packet in packets] == [[], ["2"], []]


NO_CONTROLS = {"a signature": control(b"\0", 30, 0x8F), "too short for its header": bytes([0x40, 0x7F]) + bytes(20), "another mark": b"\x41" + control(b"\0", 30)[1:]}


@pytest.mark.parametrize("name", NO_CONTROLS)
def test_no_control_message(wireshark, name):
    packet = said(wireshark, (True, NO_CONTROLS[name]))[0]
    assert packet.values("facetime.relay.control.mark") == [] and packet.values("facetime.relay.unknown_payload")


def test_a_control_message_of_an_odd_header_is_no_sign(wireshark):
    """Between strangers the headers of real calls are a sign; others are not."""
    ends = ("192.168.1.90", 50000), ("198.51.100.90", 50002)
    for header, known in ((0x0F, True), (0x09, True), (0x1F, False)):
        packet = pdml.packets(wireshark, handmade.capture(wireshark, [
            handmade.packet(*ends, relay(sub_packet({0: u16(1)}, bytes([0x40, header]) + bytes(40))))]), "-2")[0]
        assert bool(packet.values("facetime.kind")) == known


def test_control_message_too_short(wireshark):
    packets = shown(wireshark, [relay(sub_packet({2: bytes(7) + b"\1"}, CONTROL[:length])) for length in (2, 3, 10, 11, 20, 21, 22)])
    assert ["facetime.relay.control.short" in packet.names("facetime.relay.") for packet in packets] == [True] * 6 + [False]


@pytest.mark.parametrize("size, nack", [(16, ["1"]), (20, []), (12, [])])
def test_nack_by_its_length(wireshark, size, nack):
    """16 bytes of cipher text are as many as a NACK with one entry has."""
    payload = b"\x0a\x0c" + IV + bytes([0x12, size]) + bytes(size) + b"\x1a\x10" + TAG
    assert one(wireshark, relay(sub_packet({13: u16(0x5812)}, payload, marks=(16,)))).values("facetime.relay.hbh.nack") == nack


# ---- Others --------------------------------------------------------------------------------------


def test_payload_of_unknown_form(wireshark):
    payloads = [u16(0xFACE) + b"\x01\x02\x03", b"\x01\x02\x03\x04", b"\x01", b"\x80\x68"]
    for payload, packet in zip(payloads, shown(wireshark, [relay(sub_packet({0: u16(1)}, payload)) for payload in payloads])):
        assert packet.value("facetime.relay.payload").replace(":", "") == payload.hex()
        assert "facetime.relay.unknown_payload" in packet.names("facetime.relay.") and "rtp" not in packet.protocols


# ---- What is wrong -----------------------------------------------------------------------------

WRONG = {
    "length too small": (relay(sub_packet({0: u16(1)}, rtp()), length=51), "bad_length"),
    "length too large": (relay(sub_packet({0: u16(1)}, rtp()), length=57), "bad_length"),
    "over-long: four bytes after the length": (relay(sub_packet({0: u16(1)}, rtp()), padding=bytes(4)), "bad_length"),
    "ends inside the stream ID": (relay(sub_packet({0: b"\1"})), "header_short"),
    "ends inside the second flags word": (relay(u16(0x8000) + b"\0"), "header_short"),
    "ends inside the participant ID": (relay(sub_packet({2: bytes(7)})), "header_short"),
    "ends inside the stats": (relay(sub_packet({9: u16(1), 10: bytes(9)})), "header_short"),
    "ends inside the list of streams": (relay(sub_packet({1: b"\2" + bytes(3)})), "header_short"),
    "data longer than there is": (relay(sub_packet({7: u16(53)}, rtp())), "header_short"),
    "a flags word cut in two": (relay(sub_packet({7: u16(52)}, rtp()), b"\0"), "header_short"),
    "twelve more streams": (relay(sub_packet({1: b"\x0c" + bytes(24)}, rtp())), "bad_count"),
    "four more links": (relay(sub_packet({14: b"\4" + bytes(8)}, rtp())), "bad_count"),
    "nine sub-packets": (relay(*[sub_packet({7: u16(52)}, rtp())] * 9), "too_many"),
}


@each_pass
@pytest.mark.parametrize("name", WRONG)
def test_wrong(table_of, passes, name):
    """On a flow of the relay it is shown, with its own complaint; no dissector gives up."""
    packet = table_of(WRONG, passes)[name]
    assert packet.value("facetime.kind") == "5"
    complaints = packet.names("facetime.relay.") & {f"facetime.relay.{word}" for word in ("bad_length", "header_short", "bad_count", "too_many")}
    assert complaints == {f"facetime.relay.{WRONG[name][1]}"}
    assert "_ws.malformed" not in packet.value("frame.protocols")


def test_wrong_is_no_evidence(wireshark):
    """The same as the first datagrams of flows between unknown hosts say nothing."""
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(("192.168.1.90", 50000 + number), ("198.51.100.90", 50002), payload, 10 * number + again)
        for again in range(3) for number, (payload, _) in enumerate(WRONG.values())]), "-2")
    assert [packet.number for packet in packets if packet.values("facetime.kind")] == []


@each_pass
def test_truncated(wireshark, passes):
    """Whatever the capture kept of the header is shown, and no more; the call has the packet."""
    whole = relay(sub_packet({0: u16(0x1001), 1: b"\x02" + u16(0x2002, 0x3003), 2: bytes(range(8)), 9: u16(9), 10: u16(1, 2, 3, 4, 5),
                              17: b"\x06"}, rtp()))
    ends = {"stream_id": 10, "secondary_streams": 11, "participant_id": 23, "stats_id": 25, "stats.bandwidth": 35, "session_counter": 36}
    kept = range(6, 37)
    made = handmade.capture(wireshark, [*sent(), *(handmade.packet(DEVICE, RELAY, whole, 10 + number, number) for number in kept)])
    for number, packet in zip(kept, pdml.packets(wireshark, made, *PASSES[passes])[1:], strict=True):
        assert {name for name in ends if packet.values(f"facetime.relay.{name}")} == {name for name, end in ends.items() if end <= number}
        assert packet.values("facetime.call") == ["1"] and "_ws.malformed" not in packet.value("frame.protocols")


# ---- Inside TURN -------------------------------------------------------------------------------

LINK = link_message(6, (1, u16(1)), (9, bytes(20)))
WRAPPED = {
    "relay data": (relay(sub_packet({13: u16(0x5811)}, rtp())), "rtp.ssrc"),
    "a link message": (LINK, "facetime.link.counter"),
    "a link message in relay data": (relay(sub_packet(payload=LINK, marks=(21,))), "facetime.link.counter"),
    "RTP": (rtp(), "rtp.ssrc"),
    "a link probe": (bytes.fromhex("deadbeefcafe0002") + bytes(28), "facetime.linkprobe.version"),
}
TURN = {
    "Send indication": lambda payload: stun(0x0016, peer_address(), (0x0013, payload)),
    "Data indication": lambda payload: stun(0x0017, peer_address(), (0x0013, payload)),
    "ChannelData": lambda payload: u16(0x4001, len(payload)) + payload,
}


@each_pass
def test_inside_turn(wireshark, passes):
    """What a TURN message of a third party's server carries goes the same way, once the flow has shown a sign; the flow stays TURN's."""
    ends = ("192.168.1.90", 50000), ("198.51.100.90", 3478)
    cases = [(f"{name} in {turn}", wrap(payload), field) for name, (payload, field) in WRAPPED.items() for turn, wrap in TURN.items()]
    first = [stun(0x0001), stun(0x0017, peer_address(), (0x0013, LINK))]
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(*ends, data, 10 * number) for number, data in enumerate([*first, *(data for _, data, _ in cases)])]), *PASSES[passes])
    for (name, _, field), packet in zip(cases, packets[2:], strict=True):
        assert packet.values(field), name
        assert "stun" in packet.protocols and "facetime" in packet.protocols, name
        assert packet.values("facetime.call") == ["1"], name


def test_rtp_of_others_inside_turn_stays_theirs(wireshark):
    ends = ("192.168.1.90", 50000), ("198.51.100.90", 3478)
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(*ends, data, 10 * number) for number, data in enumerate(
        (stun(0x0001), stun(0x0016, peer_address(), (0x0013, rtp())), TURN["ChannelData"](rtp())))]), "-2")
    assert all("facetime" not in packet.protocols for packet in packets)


# ---- Dissected again ---------------------------------------------------------------------------


def test_in_the_window(wireshark):
    """What is shown after the file was read is shown again, in any order."""
    capture = handmade.capture(wireshark, sent(*(payload for payload, _ in WRONG.values()), relay(sub_packet({13: u16(1)}, rtp())),
                                               relay(sub_packet({13: u16(1)}, ENCRYPTED, marks=(16,)))))
    listing = ("frames", {"filter": "facetime.kind == 5", "column0": "facetime.relay.flags:1", "column1": "rtp.ssrc:1"})
    first, second = wireshark.sharkd(capture, listing, listing)
    assert first == second and len(first) == len(WRONG) + 3
