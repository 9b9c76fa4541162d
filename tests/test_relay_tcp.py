"""The relay over TCP: STUN and channel data in a stream, however it is cut into segments; and what is none of it."""

import pytest

from ftools import datagrams, handmade, pcap, pdml, push, table
from ftools.relaydata import DEVICE, RELAY, link_message, relay, rtp, stun, sub_packet, u16, u32

from generator import prng, quic, tls  # noqa: E402

assert datagrams, "it makes the generator known"

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

ENDS = (DEVICE[0], RELAY[0])
ALLOCBIND = stun(0x0EE0, (0xFFF7, bytes(6) + u16(0x0008)), (0xFFE4, u32(1)))
ALLOCATED = stun(0x0FE0, (0xFFE8, u32(1)))


def padded(message):
    """Channel data as TCP has it: a multiple of four bytes, filled with 14 as Apple does."""
    return message + b"\x14" * (-len(message) % 4)


def media(number, from_device=True, size=41):
    """A relayed RTP packet."""
    ssrc = 0x5EED0001 if from_device else 0xFEED0002
    return padded(relay(sub_packet({0: u16(ssrc & 0xFFFF)}, rtp(ssrc=ssrc, sequence=number, payload=bytes([number & 0xFF]) * size), marks=(6,))))


LINK = padded(relay(sub_packet({}, link_message(0x0003, (1, u16(7))), marks=(21,))))
TALK = [(True, ALLOCBIND), (False, ALLOCATED), (True, LINK)] + [(number % 2 == 0, media(number, number % 2 == 0)) for number in range(20)]


def shown(wireshark, chunks, passes="-2", **more):
    more.setdefault("addresses", ENDS)
    more.setdefault("port", RELAY[1])
    return pdml.packets(wireshark, push.capture(wireshark, "tcp.pcap", chunks, **more), *PASSES[passes])


def kinds(packets):
    return [kind for packet in packets for kind in packet.values("facetime.kind")]


STUN, RTP_IN_RELAY = "1", "5"


@each_pass
def test_messages_are_datagrams(wireshark, passes):
    """A segment each: kinds, call, SSRCs, the call's phases."""
    packets = [packet for packet in shown(wireshark, TALK, passes) if packet.values("facetime.kind")]
    assert len(packets) == len(TALK) and {packet.values("facetime.call")[0] for packet in packets} == {"1"}
    assert [packet.values("rtp.ssrc") != [] for packet in packets] == [False] * 3 + [True] * 20
    assert packets[0].values("facetime.stun.type") or packets[0].values("stun.type")
    assert {packet.value("facetime.path") for packet in packets[3:]} == {"2"}


@each_pass
def test_no_nat_test(wireshark, passes):
    """The address of a connection says nothing of what the NAT does to a socket's datagrams."""
    packets = shown(wireshark, TALK, passes)
    assert packets[3].values("facetime.kind") == [STUN] and not any(packet.names("facetime.natprobe.") for packet in packets)


@each_pass
def test_cut_anywhere(wireshark, passes):
    """All of it as one chunk from each side, in segments of other lengths than the messages': nothing is lost, and each message counts once."""
    mine, theirs = (b"".join(data for side, data in TALK if side == device) for device in (True, False))
    packets = shown(wireshark, [(True, ALLOCBIND), (True, mine[len(ALLOCBIND):]), (False, ALLOCATED), (False, theirs[len(ALLOCATED):])], passes, segment=97)
    assert sorted(kinds(packets)) == sorted(kinds(shown(wireshark, TALK, passes)))
    out = wireshark.tshark(push.capture(wireshark, "tcp.pcap", [(True, ALLOCBIND), (True, mine[len(ALLOCBIND):]), (False, theirs)], addresses=ENDS,
                                        port=RELAY[1], segment=97), *PASSES[passes], "-q", "-z", "facetime,streams").ok().out
    assert [(row["Direction"], row["Packets"], row["Lost"]) for row in table.streams(out)] == [("sent", 10, 9), ("received", 10, 9)]


@each_pass
def test_the_call(wireshark, passes):
    """One call with media over the relay."""
    out = wireshark.tshark(push.capture(wireshark, "tcp.pcap", TALK, addresses=ENDS, port=RELAY[1]), *PASSES[passes], "-q", "-z", "facetime,calls").ok().out
    row, = table.rows(out)
    assert (row["State"], row["Path"]) == ("established", "relay") and row["Relay"] == f"{RELAY[0]}:{RELAY[1]}"


NONE = {
    "another host": dict(chunks=TALK, addresses=(DEVICE[0], "198.51.100.7")),
    "TURN of others": dict(chunks=[(True, stun(0x0003, (0x0019, u32(17 << 24)))), (True, padded(u16(0x4001, 12) + bytes(12)))]),
    "TLS": dict(chunks=[(True, b"\x16\x03\x01\x00\x20" + bytes(32)), (False, b"\x17\x03\x03\x00\x40" + bytes(64))]),
    "HTTP": dict(chunks=[(True, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")]),
    "text": dict(chunks=[(True, b"USER anonymous, who has more to say than that\r\n" * 4)]),
    "STUN without the cookie": dict(chunks=[(True, ALLOCBIND[:4] + bytes(4) + ALLOCBIND[8:])]),
    "a length beyond the segment": dict(chunks=[(True, u16(0x6000, 4000) + media(1)[4:])]),
    "channel data of no known form": dict(chunks=[(True, padded(u16(0x6000, 40) + b"\xff" * 40))]),
    "something behind it": dict(chunks=[(True, media(1) + b"\xff\xff\xff\xff\xff")]),
}


@each_pass
@pytest.mark.parametrize("name", NONE)
def test_none(wireshark, passes, name):
    case = dict(NONE[name])
    packets = shown(wireshark, case.pop("chunks"), passes, **case)
    assert kinds(packets) == [] and not any(packet.values("facetime.call") for packet in packets)


def test_out_of_step(wireshark):
    """Bytes of no message are shown as unknown up to the end of their segment, and the stream goes on."""
    packets = [packet for packet in shown(wireshark, [*TALK[:6], (True, b"\xff" * 60), *TALK[6:8]]) if packet.values("facetime.kind")]
    assert [packet.value("facetime.kind") == "0" for packet in packets] == [False] * 6 + [True] + [False] * 2


def test_udp_and_tcp_of_the_same_ports(wireshark):
    """Two flows: nothing of the one's state is the other's."""
    tcp = push.tcp_packets(TALK, addresses=ENDS, port=RELAY[1])
    udp = [handmade.packet((DEVICE[0], 49200), RELAY, media(number)[:-1 if number % 2 else None][:16 + 41 + 4], number) for number in range(40, 44)]
    packets = pdml.packets(wireshark, wireshark.write("both.pcap", pcap.write(tcp + udp, pcap.RAW_IP)), "-2")
    assert len([packet for packet in packets if packet.values("facetime.kind")]) >= len(TALK)


def test_truncated(wireshark):
    """The capture kept 80 bytes of each segment."""
    packets = [pcap.Packet(packet.time, packet.data[:80], packet.length) for packet in push.tcp_packets(TALK, addresses=ENDS, port=RELAY[1])]
    for options in PASSES.values():
        wireshark.tshark(wireshark.write("cut.pcap", pcap.write(packets, pcap.RAW_IP)), "-V", *options).ok()


# ---- Encrypted: named by address and token --------------------------------------------------------------------------


def hello(**more):
    """A TLS record with a hello that has a relay session's token for a pre-shared key."""
    return tls.record(22, quic.client_hello(prng.Prng("tcp"), **more))


def with_call(wireshark, addresses, passes, port=443, **more):
    """A session of TLS, and a call of the same device over UDP two seconds later."""
    tcp = push.tcp_packets([(True, hello(**more)), (False, b"\x16\x03\x03\x00\x7a" + bytes(122)), (True, b"\x17\x03\x03\x00\x40" + bytes(64))],
                           addresses=addresses, port=port)
    udp = [handmade.packet(DEVICE, RELAY, media(number)[:-3], 2000 + number) for number in range(5)]
    return pdml.packets(wireshark, wireshark.write("tls.pcap", pcap.write(tcp + udp, pcap.RAW_IP)), *PASSES[passes])


@each_pass
@pytest.mark.parametrize("port", [443, 5001])
def test_named_by_its_token(wireshark, passes, port):
    packets = with_call(wireshark, ENDS, passes, port)
    assert packets[-1].values("facetime.call") == ["1"], "the call"
    if passes == "-2":
        assert all(packet.values("facetime.call") == ["1"] and packet.value("facetime.call.phase") == "5" for packet in packets[3:5])


@each_pass
@pytest.mark.parametrize("what", ["another host", "another identity"])
def test_not_named(wireshark, passes, what):
    packets = with_call(wireshark, (DEVICE[0], "198.51.100.7") if what == "another host" else ENDS, passes, 5001,
                        **({"identity": bytes(120)} if what == "another identity" else {}))
    assert not any(packet.values("facetime.call") for packet in packets[:-5]) and packets[-1].values("facetime.call") == ["1"]
