"""The relay over TCP, however its stream comes: cut at each byte, byte by byte, out of order, sent again, with holes, from its middle on."""

import random

import pytest

from ftools import datagrams, pcap, pdml, push
from ftools.relaydata import DEVICE, RELAY, link_message, relay, rtp, stun, sub_packet, u16, u32

assert datagrams, "it makes the generator known"

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
ENDS = (DEVICE[0], RELAY[0])
STUN, RELAY_KIND = "1", "5"


def padded(message):
    return message + b"\x14" * (-len(message) % 4)


def media(number, from_device=True, size=37):
    ssrc = 0x5EED0001 if from_device else 0xFEED0002
    return padded(relay(sub_packet({0: u16(ssrc & 0xFFFF)}, rtp(ssrc=ssrc, sequence=number, payload=bytes([number & 0xFF]) * size), marks=(6,))))


ALLOCBIND = stun(0x0EE0, (0xFFF7, bytes(6) + u16(0x0008)), (0xFFE4, u32(1)))
LINK = padded(relay(sub_packet({}, link_message(0x0003, (1, u16(7))), marks=(21,))))
MESSAGES = [ALLOCBIND, LINK, *(media(number, size=33 + 5 * number) for number in range(4))]
STREAM = b"".join(MESSAGES)
SEQUENCES = [0, 1, 2, 3]                    # of their RTP


def data_of(packets):
    """Places of the packets with data among these."""
    return [place for place, packet in enumerate(packets) if packet.length > 40]


def capture(wireshark, sessions):
    """A file of TCP sessions, a list of packets each, one after the other."""
    packets = [packet for session in sessions for packet in session]
    packets = [pcap.Packet(push.START + 1000 * place, packet.data, packet.length) for place, packet in enumerate(packets)]
    return wireshark.write("tcp.pcap", pcap.write(packets, pcap.RAW_IP))


def session(*parts, number=0, **more):
    """The packets of a session whose client sends these parts, a segment each."""
    more.setdefault("addresses", ENDS)
    more.setdefault("port", RELAY[1])
    return push.tcp_packets([(True, part) for part in parts if part], own_port=49200 + number, segment=100000, **more)


def found(wireshark, sessions, passes):
    """{client's port: (kinds, RTP sequence numbers) of the messages in their order}."""
    out = {}
    for packet in pdml.packets(wireshark, capture(wireshark, sessions), *PASSES[passes]):
        kinds, numbers = out.setdefault(int(packet.value("tcp.srcport")), ([], []))
        kinds += packet.values("facetime.kind")
        numbers += map(int, packet.values("rtp.seq"))
    return {port: both for port, both in out.items() if both[0]}


WHOLE = ([STUN] + [RELAY_KIND] * 5, SEQUENCES)


def cut(*places):
    """STREAM, cut at these places."""
    edges = [0, *places, len(STREAM)]
    return [STREAM[start:end] for start, end in zip(edges, edges[1:])]


@each_pass
def test_cut_at_each_byte(wireshark, passes):
    """Two segments, the boundary at each place."""
    sessions = [session(*cut(place), number=place) for place in range(1, len(STREAM))]
    assert found(wireshark, sessions, passes) == {49200 + place: WHOLE for place in range(1, len(STREAM))}


@each_pass
def test_small_segments(wireshark, passes):
    """Of some sizes, down to a byte each."""
    sizes = (1, 2, 3, 5, 19, 21, 43)
    sessions = [session(*cut(*range(size, len(STREAM), size)), number=size) for size in sizes]
    assert found(wireshark, sessions, passes) == {49200 + size: WHOLE for size in sizes}


@each_pass
def test_one_segment(wireshark, passes):
    assert found(wireshark, [session(STREAM)], passes) == {49200: WHOLE}


def swapped(packets, place):
    """The PLACEth segment comes after the next one."""
    packets, data = list(packets), data_of(packets)
    first, second = data[place], data[place + 1]
    packets[first], packets[second] = packets[second], packets[first]
    return packets


@each_pass
def test_two_out_of_order(wireshark, passes):
    """Three segments, cut at each pair of places a little apart, the first two or the last two in the wrong order."""
    sessions, number = [], 0
    for place in range(1, len(STREAM) - 31, 3):
        for which in (0, 1):
            sessions.append(swapped(session(*cut(place, place + 31), number=number), which))
            number += 1
    out = found(wireshark, sessions, passes)
    assert len(out) == number
    for kinds, numbers in out.values():
        assert sorted(kinds) == sorted(WHOLE[0]) and sorted(numbers) == SEQUENCES


@each_pass
def test_any_order(wireshark, passes):
    """Segments of some bytes, shuffled and turned round; as many sessions as there are seeds."""
    sessions = []
    for number in range(40):
        packets = session(*cut(*range(7 + number, len(STREAM), 7 + number)), number=number)
        data = data_of(packets)
        order = data[::-1] if number % 4 == 0 else random.Random(number).sample(data, len(data))
        sessions.append([packets[order.pop(0)] if place in data else packet for place, packet in enumerate(packets)])
    out = found(wireshark, sessions, passes)
    assert len(out) == 40
    for kinds, numbers in out.values():
        assert sorted(kinds) == sorted(WHOLE[0]) and sorted(numbers) == SEQUENCES


@each_pass
def test_sent_again(wireshark, passes):
    """Each segment twice, later, with others' bytes around it, and a keep-alive: nothing is shown a second time."""
    sessions = []
    for number in range(1, 60):
        packets = session(*cut(*range(number, len(STREAM), number)), number=number)
        data = [packets[place] for place in data_of(packets)]
        sessions.append([*packets, *data[::2]] if number % 2 else [again for packet in packets for again in ([packet] * (2 if packet in data else 1))])
    assert found(wireshark, sessions, passes) == {49200 + number: WHOLE for number in range(1, 60)}


@each_pass
def test_overlap(wireshark, passes):
    """Segments that have bytes of the one before again, and more."""
    whole = session(STREAM)
    place, = data_of(whole)
    head, data = whole[place].data[:40], whole[place].data[40:]
    parts = [(start, min(start + 61, len(data))) for start in range(0, len(data), 40)]
    first = int.from_bytes(head[24:28], "big")
    packets = [pcap.Packet(0, head[:2] + u16(40 + end - start) + head[4:24] + u32(first + start) + head[28:] + data[start:end], 40 + end - start)
               for start, end in parts]
    assert found(wireshark, [[*whole[:place], *packets]], passes) == {49200: WHOLE}


@each_pass
def test_sequence_numbers_wrap(wireshark, passes):
    """Past 2^32, at each place of the stream."""
    sessions = [session(*cut(*range(50, len(STREAM), 50)), number=number, sequences=(0xFFFFFFFF - number * 20, 77)) for number in range(20)]
    assert found(wireshark, sessions, passes) == {49200 + number: WHOLE for number in range(20)}


@each_pass
def test_from_the_middle_on(wireshark, passes):
    """The capture begins within the stream, at each byte: what begins before is lost, the rest is not."""
    sessions, expected = [], {}
    ends = [sum(map(len, MESSAGES[:number])) for number in range(len(MESSAGES))]
    for place in range(1, ends[-1] + 1, 2):
        packets = session(*cut(place, *range(place + 90, len(STREAM), 90)), number=place)
        sessions.append(packets[data_of(packets)[1]:])
        left = sum(end >= place for end in ends)
        expected[49200 + place] = (WHOLE[0][-left:], SEQUENCES[-left:])
    assert found(wireshark, sessions, passes) == expected


@each_pass
def test_a_segment_is_missing(wireshark, passes):
    """One that the capture lost: its messages, and those that it is part of, are, and no other."""
    sessions, expected = [], {}
    for number in range(2, 20):
        places = list(range(55, len(STREAM), 55))
        packets = session(*cut(*places), number=number)
        data, lost = data_of(packets), number % (len(places) + 1)
        sessions.append([packet for place, packet in enumerate(packets) if place != data[lost]])
        start, end = ([0, *places, len(STREAM)])[lost:lost + 2]
        kept, at = [], 0
        for message, kind, rtp_number in zip(MESSAGES, WHOLE[0], [None, None, *SEQUENCES]):
            if at + len(message) <= start or at >= end:
                kept.append((kind, rtp_number))
            at += len(message)
        expected[49200 + number] = ([kind for kind, _ in kept], [one for _, one in kept if one is not None])
    assert found(wireshark, sessions, passes) == expected


def record(data, kind=0x17):
    return bytes([kind, 3, 3]) + u16(len(data)) + data


# A TLS that is one in form only: a hello each, then records with messages, or messages alone.
HELLO = record(b"\x01\x00\x00\x26\x03\x03" + bytes(36), 0x16)


@each_pass
def test_tls_in_form_only(wireshark, passes):
    ports = (RELAY[1], 443, 3478, 50999)
    sessions = [session(HELLO, *parts, port=port, number=10 * place + form) for place, port in enumerate(ports)
                for form, parts in enumerate((MESSAGES, map(record, MESSAGES)))]
    assert found(wireshark, sessions, passes) == {49200 + 10 * place + form: WHOLE for place in range(len(ports)) for form in (0, 1)}


@each_pass
def test_ports_of_others(wireshark, passes):
    """Ports that a stock dissector owns: a message a segment, and the first ones byte by byte."""
    ports = (443, 3478, 5223)
    sessions = [session(*parts, port=port, number=10 * place + form) for place, port in enumerate(ports)
                for form, parts in enumerate((MESSAGES, cut(*range(1, 60))))]
    assert found(wireshark, sessions, passes) == {49200 + 10 * place + form: WHOLE for place in range(len(ports)) for form in (0, 1)}


@each_pass
def test_others_are_left_alone(wireshark, passes):
    """What hosts of Apple's send otherwise, cut into pieces: never FaceTime's, and shown as without the plugin."""
    texts = (b"GET /bag HTTP/1.1\r\nHost: a.example\r\n\r\n", record(bytes(range(200))), b"a line of text\r\n" * 20,
             stun(0x0001, (0x8022, b"agent   ")) * 3, bytes(random.Random(3).randbytes(9000)), ALLOCBIND[:4] + bytes(4) + ALLOCBIND[8:] + LINK[:30])
    sessions = [session(*(text[at:at + size] for at in range(0, len(text), size)), number=16 * place + turn, port=port)
                for place, text in enumerate(texts) for turn, (size, port) in enumerate([(1, 5001), (13, 5001), (9000, 443), (90, 443)])
                if len(text) // size < 2000]
    file = capture(wireshark, sessions)
    packets = pdml.packets(wireshark, file, *PASSES[passes])
    assert {name for packet in packets for name in packet.names("facetime.")} == set()
