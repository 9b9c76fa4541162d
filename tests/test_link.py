"""Link messages: each TLV under a field of its own, candidates learned, messages linked to their acknowledgements, bad lengths told."""

import ipaddress

import pytest

from ftools import handmade, paths, pcap, pdml, wire
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, relay, rtp, stun, sub_packet, u16, u32

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.is_dir(), reason=paths.NO_SHARED)

HMAC = (9, bytes(range(20)))
UUID = bytes(range(0x10, 0x20))
CANDIDATES = (u16(0x2082) + u16(0x4000) + bytes([203, 0, 113, 7]) + u16(0xD600) + ipaddress.ip_address("2001:db8::7").packed
              + u16(0x1020, 40001) + u16(0x0021, 16393))
INTERFACES = u16(0x2002) + u16(0x1900, 0x5811, 1446, 0) + u32(0) + u16(0x9928, 0x5812, 1426, 1) + u32(1)

# Each TLV: value, and what its fields hold.
TLVS = {
    1: (u16(7), {"counter": ["7"]}),
    2: (u16(1), {"transport": ["1"]}),
    3: (CANDIDATES, {"candidate.header": ["0x2082"], "candidate.version": ["1"], "candidate.addresses": ["2"], "candidate.count": ["2"],
                     "candidate.ipv4": ["203.0.113.7"], "candidate.ipv6": ["2001:db8::7"], "candidate.rat": ["0", "5"],
                     "candidate.is_ipv6": ["0", "1"], "candidate.active": ["1", "1"], "candidate.delegated": ["0", "1"],
                     "candidate.type": ["1", "0"], "candidate.transport": ["1", "1"], "candidate.index": ["0", "1"],
                     "candidate.port": ["40001", "16393"]}),
    4: (b"\xaa\xbb", {"key_exchange": ["aa:bb"]}),
    5: (u16(5), {"rat": ["5"]}),
    6: (u16(1446), {"mtu": ["1446"]}),
    7: (u32(170197), {"accept_delay": ["170197"]}),
    8: (b"\0\1" + u16(3489) + bytes([17, 1, 2, 3]), {"remote.reserved": ["0"], "remote.family": ["1"], "remote.port": ["3489"],
                                                     "remote.ipv4": ["17.1.2.3"]}),
    10: (u32(0x937195D9, 5, 6), {"rtt.requester_time": ["2473694681"], "rtt.echoed_time": ["5"], "rtt.delay": ["6"]}),
    11: (UUID, {"uuid": ["10111213-1415-1617-1819-1a1b1c1d1e1f"]}),
    12: (u16(1), {"capability": ["0x0001"]}),
    13: (UUID, {"local_binding": [UUID.hex(":")]}),
    14: (UUID, {"remote_binding": [UUID.hex(":")]}),
    15: (b"\1", {"generic": ["01"]}),
    17: (u32(9), {"error": ["9"]}),
    18: (u16(1), {"version": ["1"]}),
    19: (u16(3), {"flags": ["0x0003"]}),
    20: (u32(1), {"socket_mask": ["0x00000001"]}),
    21: (INTERFACES, {"interface.count": ["2"], "interface.is_ipv6": ["0", "1"], "interface.type": ["3", "3"], "interface.transport": ["2", "2"],
                      "interface.rat": ["0", "5"], "interface.link_id": ["0x5811", "0x5812"], "interface.mtu": ["1446", "1426"],
                      "interface.flags": ["0x0000", "0x0001"], "interface.socket_mask": ["0x00000000", "0x00000001"]}),
}
LINK = "facetime.link."
COMPLAINTS = {"bad_length", "unknown_tlv", "bad_header_length", "unknown_command", "hmac_not_last", "too_many"}


def inside(message):
    """A link message in a relay datagram, with the mark of its kind."""
    return relay(sub_packet(payload=message, marks=(21,)))


def shown(wireshark, messages, passes="-2"):
    """What is shown of link messages of the device, each in a datagram of its own."""
    packets = [handmade.packet(DEVICE, RELAY, STATS)] + [handmade.packet(DEVICE, RELAY, inside(message), 10 * number)
                                                         for number, message in enumerate(messages, 1)]
    return pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])[1:]


def complaints(packet):
    return packet.names("facetime.link.") & {f"facetime.link.{word}" for word in COMPLAINTS}


# ---- Fields ------------------------------------------------------------------------------------


@each_pass
def test_every_tlv(wireshark, passes):
    """In one message each: its fields hold the value, the rest of the message is there, and nothing is complained about."""
    packets = shown(wireshark, [link_message(6, (kind, value), HMAC) for kind, (value, _) in TLVS.items()], passes)
    for (kind, (value, fields)), packet in zip(TLVS.items(), packets, strict=True):
        assert {name: packet.values(f"facetime.link.{name}") for name in fields} == fields, kind
        assert packet.values("facetime.link.tlv.type") == [str(kind), "9"] and packet.values("facetime.link.tlv.length") == [str(len(value)), "20"]
        assert packet.value("facetime.link.hmac") == HMAC[1].hex(":")
        assert complaints(packet) == set(), kind


def test_remote_address_ipv6(wireshark):
    packet, = shown(wireshark, [link_message(6, (8, b"\0\2" + u16(3489) + ipaddress.ip_address("2001:db8::8").packed), HMAC)])
    assert packet.value("facetime.link.remote.ipv6") == "2001:db8::8" and complaints(packet) == set()


def test_candidates_end_with_an_address(wireshark):
    """The last address of a list without candidates ends with it."""
    packet, = shown(wireshark, [link_message(4, (3, u16(0x2040, 0x4000) + bytes([203, 0, 113, 7])), (1, u16(1)), HMAC)])
    assert packet.values(LINK + "candidate.ipv4") == ["203.0.113.7"] and complaints(packet) == set()


def test_all_in_one_message(wireshark):
    """Twenty TLVs and the HMAC are one more than Apple's code reads; one less is not too many."""
    all_tlvs = [(kind, value) for kind, (value, _) in TLVS.items()]
    many, most = shown(wireshark, [link_message(6, *all_tlvs, (2, u16(1)), HMAC), link_message(6, *all_tlvs, HMAC)])
    assert complaints(many) == {"facetime.link.too_many"} and complaints(most) == set()
    assert len(many.values("facetime.link.tlv.type")) == 21


@each_pass
def test_commands(wireshark, passes):
    """Acknowledgements look like RTP of payload type 4 or 6, and are not; a command that was never seen is said to be one."""
    commands = (1, 2, 3, 4, 5, 6, 0xF0, 0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0x8006, 0x80F0, 7, 0x80FF)
    for command, packet in zip(commands, shown(wireshark, [link_message(command, (1, u16(1)), HMAC) for command in commands], passes)):
        assert packet.value("facetime.link.command") == f"0x{command:04x}" and packet.value("facetime.link.ack") == str(command >> 15)
        assert complaints(packet) == (set() if command & 0x7FFF in (1, 2, 3, 4, 5, 6, 0xF0) else {"facetime.link.unknown_command"})
        assert "rtp" not in packet.protocols


@each_pass
def test_bits_and_seconds(wireshark, passes):
    """Link flags and capability bit by bit, and times in seconds: 1/65536 s, as Apple logs them."""
    packet, = shown(wireshark, [link_message(6, (19, u16(0x85)), (12, u16(3)), (7, u32(170197)), (10, u32(0, 0x937195D9, 0x8000)), HMAC)], passes)
    assert [packet.value(f"facetime.link.flags.{name}") for name in ("expensive", "constrained", "vpn", "slice", "slicing")] == ["1", "0", "1", "1", "0x0000"]
    assert [packet.value(f"facetime.link.capability.{name}") for name in ("base", "quality")] == ["1", "1"]
    assert float(packet.value("facetime.link.accept_delay.seconds")) == pytest.approx(2.597, abs=1e-3)
    assert float(packet.value("facetime.link.rtt.delay.seconds")) == 0.5 and complaints(packet) == set()


def test_count_of_interfaces(wireshark):
    """Five bits; the eight before them are spare."""
    entry = u16(0x1900, 0x5811, 1446, 0) + u32(1)
    packet, = shown(wireshark, [link_message(6, (21, u16(0x2000 | 31) + entry * 31), HMAC)])
    assert packet.value("facetime.link.interface.count") == "31" and packet.value("facetime.link.interface.zero") == "0x0000" and complaints(packet) == set()


@each_pass
def test_nomination(wireshark, passes):
    """It and its acceptance are linked; what follows on the pair says that it is the active one, what was before does not."""
    heartbeat, nominate, accept = (link_message(command, (1, u16(1)), HMAC) for command in (3, 5, 0x8005))
    before, asked, accepted, after = shown(wireshark, [heartbeat, nominate, accept, link_message(3, (1, u16(2)), HMAC)], passes)
    assert [packet.values("facetime.link.nominated") for packet in (before, asked, accepted, after)] == [[], ["3"], ["3"], ["3"]]


def test_nomination_of_an_old_number(wireshark):
    """The other side ignores what has a lower number than the latest of the same side; the same number is the message sent again."""
    packets = shown(wireshark, [link_message(5, (1, u16(number)), HMAC) for number in (7, 6, 7, 8)])
    events = [packet.value("facetime.call.event") for packet in packets]
    assert ["an old number" in event for event in events] == [False, True, False, False] and all("path nominated" in event for event in events)


def test_test_packets_are_not_answered(wireshark):
    """They have the bit of an answer, and none is missed."""
    packet, = shown(wireshark, [link_message(0x80F0, (15, bytes(8)), (1, u16(1)), HMAC)])
    assert packet.values("facetime.link.unanswered") == packet.values("facetime.link.response_to") == [] and complaints(packet) == set()


@each_pass
def test_timer_of_a_retransmission(wireshark, passes):
    """The time since the latest sending."""
    message = link_message(6, (1, u16(1)), HMAC)
    first, second, third = shown(wireshark, [message] * 3, passes)
    assert first.values("facetime.link.retransmission_after") == []
    assert [float(packet.value("facetime.link.retransmission_after")) for packet in (second, third)] == [pytest.approx(0.01)] * 2
    assert third.value("facetime.link.retransmission") == "2"


def test_rtp_that_looks_alike_stays_rtp(wireshark):
    """Payload type 4, an SSRC, and a length that fits by chance."""
    packet, = shown(wireshark, [rtp(4, sequence=32)])
    assert packet.value("rtp.p_type") == "4" and packet.values("facetime.link.command") == []


# ---- Key material --------------------------------------------------------------------------------

BPLIST = (b"bplist00" + b"\xd2\1\2\3\4" + b"\x51p" + b"\x51r" + b"\x43abc" + b"\x54here" + bytes([8, 13, 15, 17, 21])
          + bytes(6) + b"\1\1" + (5).to_bytes(8, "big") + bytes(8) + (26).to_bytes(8, "big"))


@each_pass
def test_key_material(wireshark, passes):
    """A property list is taken apart; what is none is shown as bytes."""
    listed, other = shown(wireshark, [link_message(6, (22, BPLIST), HMAC), link_message(6, (22, b"\1\2\3"), HMAC)], passes)
    assert listed.values("facetime.bplist.key") == ["p", "r"]
    assert listed.value("facetime.bplist.data") == "61:62:63" and listed.value("facetime.bplist.string") == "here"
    assert other.value("facetime.link.tlv.bytes") == "01:02:03"
    assert complaints(listed) == complaints(other) == set()


# ---- What is wrong -------------------------------------------------------------------------------

# Every TLV with one byte less, with one byte more, and with none; the HMAC is one of them.
FIXED = {kind: value for kind, (value, _) in TLVS.items() if kind not in (4, 13, 14, 15)} | {9: bytes(20)}
WRONG_TLVS = {f"{kind} {what}": link_message(6, (kind, changed)) for kind, value in FIXED.items()
              for what, changed in (("short", value[:-1]), ("long", value + b"\0"), ("empty", b""))}
WRONG = {
    "TLV longer than the message": (link_message(6, (1, u16(1)), (15, b"\1\2", 3)), "bad_length"),
    "three bytes after the last TLV": (link_message(6, (1, u16(1)), rest=b"\0\1\0"), "bad_length"),
    "connection data with an address that is not there": (link_message(6, (3, u16(0x20C2) + CANDIDATES[2:])), "bad_length"),
    "connection data with a candidate that is not there": (link_message(6, (3, u16(0x2083) + CANDIDATES[2:])), "bad_length"),
    "connection data with more candidates than it says": (link_message(6, (3, u16(0x2081) + CANDIDATES[2:])), "bad_length"),
    "more interfaces than there are": (link_message(6, (21, u16(0x2003) + INTERFACES[2:])), "bad_length"),
    "fewer interfaces than there are": (link_message(6, (21, u16(0x2001) + INTERFACES[2:])), "bad_length"),
    "unknown TLV": (link_message(6, (16, b"\1")), "unknown_tlv"),
    "unknown TLV without value": (link_message(6, (999, b"")), "unknown_tlv"),
    "header's length too small": (link_message(6, (1, u16(1)), HMAC, length=6), "bad_header_length"),
    "header's length too large": (link_message(6, (1, u16(1)), HMAC, length=99), "bad_header_length"),
    "HMAC first": (link_message(6, HMAC, (1, u16(1))), "hmac_not_last"),
}


@each_pass
def test_wrong_length_of_each_tlv(wireshark, passes):
    for name, packet in zip(WRONG_TLVS, shown(wireshark, WRONG_TLVS.values(), passes), strict=True):
        assert complaints(packet) == {"facetime.link.bad_length"}, name
        assert "_ws.malformed" not in packet.value("frame.protocols"), name


@each_pass
def test_wrong(wireshark, passes):
    for (name, (_, item)), packet in zip(WRONG.items(), shown(wireshark, [message for message, _ in WRONG.values()], passes), strict=True):
        assert complaints(packet) == {f"facetime.link.{item}"}, name
        assert packet.value("facetime.link.command") == "0x0006" and "_ws.malformed" not in packet.value("frame.protocols"), name


def test_what_is_wrong_is_not_undecoded(wireshark):
    """A value of the wrong length stays visible as bytes."""
    packet, = shown(wireshark, [link_message(6, (6, b"\1\2\3"))])
    assert packet.value("facetime.link.tlv.bytes") == "01:02:03" and packet.values("facetime.link.mtu") == []


@each_pass
def test_truncated(wireshark, passes):
    """The TLVs that the capture kept are shown, and the message is linked if its counter is among them."""
    whole = inside(link_message(6, (1, u16(1)), (6, u16(1446)), (20, u32(1)), HMAC))
    start = len(whole) - len(link_message(6, (1, u16(1)), (6, u16(1446)), (20, u32(1)), HMAC))
    kept = range(start + 20, len(whole))
    packets = [handmade.packet(DEVICE, RELAY, STATS)] + [handmade.packet(DEVICE, RELAY, whole, 10 + number, number) for number in kept]
    ends = {"counter": 26, "mtu": 32, "socket_mask": 40}
    for number, packet in zip(kept, pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])[1:], strict=True):
        assert {name for name in ends if packet.values(f"facetime.link.{name}")} == {name for name, end in ends.items() if end <= number - start}
        assert "_ws.malformed" not in packet.value("frame.protocols")


def test_command_0_is_none(wireshark):
    """Nor is an answer to it, with all else in its place; 0x00ff is one that was never seen."""
    messages = [link_message(command, (1, u16(1)), HMAC) for command in (0, 0x8000, 0x00FF, 0x0100)]
    packets = [handmade.packet(DEVICE, RELAY, STATS)] + [handmade.packet(DEVICE, RELAY, relay(sub_packet({0: u16(1)}, message)), 10 * number)
                                                         for number, message in enumerate(messages, 1)]
    found = pdml.packets(wireshark, handmade.capture(wireshark, packets), "-2")[1:]
    assert [bool(packet.values("facetime.link.command")) for packet in found] == [False, False, True, False]


def test_wrong_length_is_no_evidence(wireshark):
    """Between unknown hosts such a message, alone or in the form of relay data, says nothing; the exact one does."""
    exact, wrong = link_message(6, (1, u16(1)), HMAC), link_message(6, (1, u16(1)), HMAC, length=6)
    # A capture each: since 4.2 Wireshark takes the wrong one for HiPerConTracer, and then asks that dissector first.
    for message, kind in ((wrong, []), (exact, ["5"])):
        packet, = pdml.packets(wireshark, handmade.capture(wireshark, [
            handmade.packet(("192.168.1.90", 50000), ("198.51.100.90", 50002), inside(message))]), "-2")
        assert packet.values("facetime.kind") == kind


# ---- Linked to each other -------------------------------------------------------------------------


def conversation(wireshark, *messages):
    """A capture of link messages: (time in ms, from the device, message)."""
    return handmade.capture(wireshark, [handmade.packet(DEVICE, RELAY, STATS)] + [
        handmade.packet(*((DEVICE, RELAY) if device else (RELAY, DEVICE)), inside(message), time) for time, device, message in messages])


def message(command, counter):
    return link_message(command, (1, u16(counter)), HMAC)


@each_pass
def test_acknowledged(wireshark, passes):
    """By command, counter and direction: both sides count alike, and each command counts for itself."""
    made = conversation(wireshark, (10, True, message(6, 1)), (20, False, message(6, 1)), (30, True, message(4, 1)), (45, False, message(0x8006, 1)),
                        (50, True, message(0x8006, 1)), (60, False, message(0x8004, 1)))
    packets = pdml.packets(wireshark, made, *PASSES[passes])
    assert [packet.value("facetime.link.response_to") for packet in packets] == [None] * 4 + ["2", "3", "4"]
    assert [packet.value("facetime.link.response_time") for packet in packets[4:]] == ["0.035000000", "0.030000000", "0.030000000"]
    if passes == "-2":
        assert [packet.value("facetime.link.response_in") for packet in packets] == [None, "5", "6", "7", None, None, None]


def test_sent_again(wireshark):
    """Retransmissions and repeated acknowledgements; the answer's time runs from the first sending, and from the latest."""
    made = conversation(wireshark, (10, True, message(6, 3)), (510, True, message(6, 3)), (600, False, message(0x8006, 3)),
                        (700, False, message(0x8006, 3)))
    packets = pdml.packets(wireshark, made, "-2")
    assert [packet.value("facetime.link.retransmission_of") for packet in packets] == [None, None, "2", None, "4"]
    assert [packet.value("facetime.link.response_in") for packet in packets] == [None, "4", "4", None, None]
    assert packets[3].value("facetime.link.response_time") == "0.590000000"
    assert packets[3].value("facetime.link.response_time_latest") == "0.090000000"


def test_not_acknowledged(wireshark):
    made = conversation(wireshark, (10, True, message(6, 3)), (20, False, message(0x8006, 4)), (30, False, message(0x8004, 3)),
                        (40, True, message(0x8006, 3)))
    packets = pdml.packets(wireshark, made, "-2")
    assert packets[1].value("facetime.link.unanswered") == "1"
    assert [packet.value("facetime.link.response_to") for packet in packets] == [None] * 5


def test_in_the_window(wireshark):
    """The links are there whenever a packet is shown."""
    made = conversation(wireshark, (10, True, message(6, 1)), (510, True, message(6, 1)), (600, False, message(0x8006, 1)))
    listing = ("frames", {"filter": "facetime.link.command", "column0": "facetime.link.response_in:1", "column1": "facetime.link.response_to:1",
                          "column2": "facetime.link.retransmission_of:1"})
    first, second = wireshark.sharkd(made, listing, listing)
    assert [frame["c"] for frame in first] == [["4", "", ""], ["4", "", "2"], ["", "2", ""]] and first == second


# ---- Candidates -----------------------------------------------------------------------------------


def test_candidates_join_flows(wireshark):
    """RTP to an announced candidate is of the call, though nothing in it says so."""
    announced = inside(link_message(4, (3, CANDIDATES), (1, u16(1)), HMAC))
    direct = (("192.168.1.90", 50007), ("203.0.113.7", 40001))
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(RELAY, DEVICE, announced), handmade.packet(*direct, stun(0x0001), 100), handmade.packet(*direct, rtp(), 200)]), "-2")
    assert [packet.values("facetime.call") for packet in packets] == [["1"], ["1"], ["1"]]


# ---- The real calls --------------------------------------------------------------------------------


def independent(capture):
    """Of each link message in relay data of a capture: frame, command, types of its TLVs, counter. Another reading than the plugin's."""
    for datagram in wire.udp(*pcap.read(capture)):
        for payload in wire.relay_payloads(datagram.payload) or []:
            if not wire.is_link_message(payload):
                continue
            at, kinds, counter = 20, [], None
            while at < len(payload):
                kind, size = int.from_bytes(payload[at:at + 2], "big"), int.from_bytes(payload[at + 2:at + 4], "big")
                kinds.append(str(kind))
                counter = str(int.from_bytes(payload[at + 4:at + 4 + size], "big")) if kind == 1 else counter
                at += 4 + size
            assert at == len(payload)
            yield datagram.frame, f"0x{int.from_bytes(payload[:2], 'big'):04x}", kinds, counter


@needs_real
@pytest.mark.parametrize("capture, number", [(paths.WIFI, 19), (paths.CELLULAR, 67)], ids=("wifi", "cellular"))
def test_real_messages(wireshark, capture, number):
    rows = wireshark.fields(capture, ("frame.number", "facetime.link.command", "facetime.link.tlv.type", "facetime.link.counter"), "-2",
                            "-Y", "facetime.link.command && facetime.relay.channel")
    found = [(int(row["frame.number"][0]), row["facetime.link.command"][0], row["facetime.link.tlv.type"], row["facetime.link.counter"][0])
             for row in rows]
    assert found == list(independent(capture)) and len(found) == number


@needs_real
def test_real_candidates(wireshark):
    """The device's mapped, private and IPv6 candidates of the cellular call."""
    row = wireshark.fields(paths.CELLULAR, ("facetime.link.candidate.ipv4", "facetime.link.candidate.ipv6", "facetime.link.candidate.port"), "-Y",
                           "frame.number == 300")[0]
    assert row == {"facetime.link.candidate.ipv4": ["166.198.24.114", "10.127.22.118"],
                   "facetime.link.candidate.ipv6": ["2600:381:ce1f:1053:5431:f13:898a:98bc"],
                   "facetime.link.candidate.port": ["46257", "16394", "16394"]}


@needs_real
@pytest.mark.parametrize("capture, number", [(paths.WIFI, 11), (paths.CELLULAR, 39)], ids=("wifi", "cellular"))
def test_real_acknowledgements(wireshark, capture, number):
    """All acknowledgements find their message."""
    assert wireshark.count(capture, "facetime.link.ack == 1", "-2") == number
    assert wireshark.count(capture, "facetime.link.ack == 1 && facetime.link.response_to", "-2") == number
