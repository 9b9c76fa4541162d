"""Limits at their edges: the last that is taken, and the first that is not."""

import ipaddress
import resource
import socket
import struct

import pytest

from ftools import datagrams, handmade, pcap, pdml, push
from ftools.datagrams import quic_initial, u16, u32
from ftools.push import Packer
from ftools.relaydata import link_message, relay, rtp, stun, sub_packet
from test_apns import PACK_DECODE, TOKEN, column
from test_hosts import query

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

DEVICE, PEER, RELAY = ("192.168.1.90", 50000), ("198.51.100.90", 50002), ("17.249.172.90", 3482)
MEDIA = ("192.168.1.90", 16402)
SIGN = stun(0x0001, (0x8007, u32(0)))           # of FaceTime by itself
WEAK = rtp(104)                                 # only beside it
SECOND = 1000


def shown(wireshark, packets, passes="-2"):
    """What is shown of packets."""
    return pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])


# ---- Sockets and flows ----------------------------------------------------------------------------


@pytest.mark.parametrize("seconds, known", [(1, True), (60, True), (60.5, False), (3600, False)])
def test_a_socket_speaks_for_a_minute(wireshark, seconds, known):
    """The port may be another program's afterwards."""
    other = ("203.0.113.5", 16402)
    packets = shown(wireshark, [handmade.packet(DEVICE, PEER, SIGN), handmade.packet(DEVICE, other, WEAK, int(seconds * SECOND))])
    assert [bool(packet.values("facetime.kind")) for packet in packets] == [True, known]
    # The other way round: what waits at the socket is taken when the socket is known.
    packets = shown(wireshark, [handmade.packet(MEDIA, other, WEAK), handmade.packet(MEDIA, PEER, SIGN, int(seconds * SECOND))])
    assert [bool(packet.values("facetime.kind")) for packet in packets] == [known, True]


def test_flows_that_wait_at_a_socket(wireshark):
    """Sixteen: more are not those of one call."""
    weak = [handmade.packet(MEDIA, (f"203.0.113.{number}", 16402), WEAK, number) for number in range(17)]
    packets = shown(wireshark, [*weak, handmade.packet(MEDIA, PEER, SIGN, 100)])
    assert [bool(packet.values("facetime.kind")) for packet in packets] == [True] * 16 + [False, True]


# ---- Relay and link ----------------------------------------------------------------------------------


@each_pass
def test_padding(wireshark, passes):
    """Up to three bytes behind relay data; each datagram is recognised alone."""
    packets = shown(wireshark, [handmade.packet((f"192.168.1.{number + 1}", 16393), (f"198.51.100.{number + 1}", 50002), datagrams.FORMS["relay with RTP"].payload
                                                + bytes(number), number) for number in range(5)], passes)
    assert [packet.values("facetime.kind") for packet in packets] == [["5"]] * 4 + [[]]
    assert [packet.values("facetime.relay.padding") for packet in packets[1:4]] == [["00"], ["00:00"], ["00:00:00"]]


@pytest.mark.parametrize("count, place, known", [(32, 31, True), (33, 31, True), (127, 31, True), (31, 31, False), (127, 0, True)])
def test_candidates(wireshark, count, place, known):
    """A message may state 127 addresses; the five bits of a candidate can name the first 32."""
    addresses = b"".join(u16(0x4000) + bytes([203, 0, 113, number]) for number in range(count))
    announced = link_message(4, (3, u16(0x2000 | count << 6 | 1) + addresses + u16(0x1020 | place, 40001)), (1, u16(1)), (9, bytes(20)))
    direct = (DEVICE, (f"203.0.113.{place}", 40001))
    device = ("192.168.1.90", 16393)
    packets = shown(wireshark, [handmade.packet(RELAY, device, relay(sub_packet(payload=announced, marks=(21,)))),
                                handmade.packet(*direct, stun(0x0001), 100), handmade.packet(*direct, WEAK, 200)])
    assert packets[0].values("facetime.link.candidate.port") == ["40001"] and packets[0].values("facetime.link.bad_length") == []
    assert [packet.values("facetime.call") for packet in packets] == [["1"]] + [["1"] if known else []] * 2


# ---- QUIC ----------------------------------------------------------------------------------------------


def test_connection_ids(wireshark):
    """Of the connection IDs that one side chose the latest four are known."""
    ids = [bytes([number]) * 8 for number in range(1, 6)]
    device = ("192.168.1.90", 16393)
    packets = [handmade.packet(device, RELAY, quic_initial())]
    packets += [handmade.packet(RELAY, device, quic_initial(destination_id=b"", source_id=one), 10 + number) for number, one in enumerate(ids)]
    packets += [handmade.packet(device, RELAY, b"\x41" + one + bytes(30), 100 + number) for number, one in enumerate(ids)]
    known = [packet.values("facetime.quic.connection_id") for packet in shown(wireshark, packets)[6:]]
    assert known == [[]] + [[one.hex(":")] for one in ids[1:]]


@pytest.mark.parametrize("length, known", [(3, False), (4, True), (20, True)])
def test_length_of_connection_ids(wireshark, length, known):
    """Fewer than four bytes may be there by chance; RFC 9000 has 20 at most. A datagram that ends with its ID has it."""
    device, one = ("192.168.1.90", 16393), bytes(range(0x31, 0x31 + length))
    packets = shown(wireshark, [handmade.packet(device, RELAY, quic_initial()), handmade.packet(RELAY, device, quic_initial(destination_id=b"", source_id=one), 10),
                                handmade.packet(device, RELAY, b"\x41" + one, 20)])
    assert packets[2].values("facetime.quic.connection_id") == ([one.hex(":")] if known else [])


# ---- Names ---------------------------------------------------------------------------------------------


def tcp(packets, start=0):
    """Packets of a TCP session with times in milliseconds after START."""
    return [pcap.Packet(handmade.START * 1000 + (start + number) * 1000, packet.data, packet.length) for number, packet in enumerate(packets)]


def around_a_call(wireshark, dns, server, chunks=((True, b"x"),)):
    """Is the TCP session with SERVER of the call that comes after this DNS answer?"""
    device = "192.168.1.90"
    session = tcp(push.tcp_packets(chunks, 443, addresses=(device, server)), 10)
    packets = shown(wireshark, [handmade.packet(("192.168.1.1", 53), (device, 50053), dns), *session, handmade.packet(DEVICE, PEER, SIGN, 1000)])
    assert packets[-1].values("facetime.call") == ["1"]
    return [bool(packet.values("facetime.call")) for packet in packets[1:-1]]


def answer(kind, data, size=None, name="query.ess.apple.com"):
    """A DNS answer with one record; SIZE: what it says of its data, if that is not the truth."""
    base = query(name, answer="192.0.2.7")
    return base[:-14] + struct.pack("!HHIH", kind, 1, 60, len(data) if size is None else size) + data


HOST = bytes([203, 0, 113, 77])


@pytest.mark.parametrize("what, dns, known", [
    ("an address", answer(1, HOST), True),
    ("five bytes", answer(1, HOST + b"\0"), False),
    ("three bytes", answer(1, HOST[:3]), False),
    ("a byte less than it says", answer(1, HOST, 5), False),
    ("an IPv6 address of four bytes", answer(28, HOST), False),
    ("another class", answer(1, HOST).replace(b"\0\1\0\1\0\0\0\x3c", b"\0\1\0\3\0\0\0\x3c"), False),
])
def test_size_of_a_dns_record(wireshark, what, dns, known):
    assert set(around_a_call(wireshark, dns, "203.0.113.77")) == {known}, what


@pytest.mark.parametrize("size, known", [(16, True), (15, False), (17, False)])
def test_size_of_a_dns_record_of_ipv6(wireshark, size, known):
    """The same of a call over IPv6."""
    device, server = "fd00::5", "2001:db8::77"
    ends = (device, server), (server, device)
    record = (ipaddress.ip_address(server).packed + b"\0")[:size]
    packets = [handmade.packet(("fd00::1", 53), (device, 50053), answer(28, record) + b"\0" * (16 - len(record)))]
    for number, one in enumerate(push.tcp_packets(((True, b"x"),), 443), 10):
        segment, to_device = one.data[20:], one.data[20:22] == b"\1\xbb"
        packets.append(handmade.packet_of(6, *ends[to_device], segment, number))
    packets.append(handmade.packet((device, 16402), ("2001:db8:1::5", 16402), SIGN, 1000))
    found = shown(wireshark, packets)
    assert found[-1].values("facetime.call") == ["1"]
    assert {bool(packet.values("facetime.call")) for packet in found[1:-1]} == {known}


@pytest.mark.parametrize("number, known", [(256, True), (257, False)])
def test_dns_records(wireshark, number, known):
    """Records that are looked at: the last one names the server."""
    other = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, 2) + b"\1x"
    base = query("query.ess.apple.com")
    head = base[:2] + struct.pack("!HHHHH", 0x8180, 1, number, 0, 0) + base[12:]
    dns = head + other * (number - 1) + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + HOST
    assert set(around_a_call(wireshark, dns, "203.0.113.77")) == {known}


def hello(size, name=b"query.ess.apple.com"):
    """A TLS ClientHello of SIZE bytes in records of at most 16 KiB, whose server name stands behind its padding."""
    def extension(kind, value):
        return u16(kind, len(value)) + value
    sni = extension(0, u16(len(name) + 3) + b"\0" + u16(len(name)) + name)
    def records(padding):
        body = b"\3\3" + bytes(32) + b"\0" + u16(2, 0x1301) + b"\1\0" + u16(len(padding) + len(sni)) + padding + sni
        message = b"\1" + struct.pack(">I", len(body))[1:] + body
        return b"".join(b"\x16\3\1" + u16(len(message[at:at + 16384])) + message[at:at + 16384] for at in range(0, len(message), 16384))
    return records(extension(21, bytes(size - len(records(extension(21, b""))) - 5 * ((size - 1) // 16389))))


def test_segment_that_is_sent_again(wireshark):
    """An opening in two segments, the first of them twice: it was read."""
    packets = push.tcp_packets([(True, hello(600))], 443, segment=300)
    capture = handmade.capture(wireshark, [*packets[:4], *packets[3:]])
    assert "query.ess.apple.com" in [name for row in wireshark.fields(capture, ("facetime.host.name",), "-2") for name in row["facetime.host.name"]]


@pytest.mark.parametrize("size, known", [(600, True), (20000, True), (32768, True), (32769, False), (33500, False)])
def test_tls_opening(wireshark, size, known):
    """Bytes of an opening that are kept."""
    data = hello(size)
    assert len(data) == size
    capture = push.capture(wireshark, "hello.pcap", [(True, data)], port=443)
    names = [name for row in wireshark.fields(capture, ("facetime.host.name",), "-2") for name in row["facetime.host.name"]]
    assert set(names) == ({"query.ess.apple.com"} if known else set())


def half_hellos(number, first=0):
    """The first half of as many hellos, each of a host of its own."""
    half = hello(600, b"www.example.com")[:300]
    return [push.tcp_packets([(True, half)], 443, addresses=(f"10.0.{host >> 8}.{host & 255}", "198.51.100.5"))[3] for host in range(first, first + number)]


def named(wireshark, packets):
    """The names that these packets show."""
    capture = wireshark.write("hellos.pcap", pcap.write([pcap.Packet(push.START + number, packet.data, packet.length) for number, packet in enumerate(packets)],
                                                         pcap.RAW_IP))
    return {name for row in wireshark.fields(capture, ("facetime.host.name",)) for name in row["facetime.host.name"]}


@pytest.mark.parametrize("before, between, known", [(0, 1023, True), (5000, 1023, True), (0, 1024, False)])
def test_tls_openings(wireshark, before, between, known):
    """Directions whose opening is kept at once: the oldest gives way. What was there before a hello does not matter."""
    data = hello(600)
    session = push.tcp_packets([(True, data[:300]), (True, data[300:])], 443)
    packets = [*half_hellos(before), *session[:4], *half_hellos(between, 30000), *session[4:]]
    assert named(wireshark, packets) == ({"query.ess.apple.com"} if known else set())


def test_bytes_of_tls_openings(wireshark):
    """And so many bytes of all: 8 MiB are more than 270 directions with 30,000 bytes each."""
    body = hello(32000, b"www.example.com")
    data = hello(600)
    session = push.tcp_packets([(True, data[:300]), (True, data[300:])], 443)
    for number, known in ((200, True), (300, False)):
        others = [packet for host in range(number) for packet in push.tcp_packets([(True, body[:30000])], 443, segment=15000,
                                                                                  addresses=(f"10.1.{host >> 8}.{host & 255}", "198.51.100.5"))[3:5]]
        assert named(wireshark, [*session[:4], *others, *session[4:]]) == ({"query.ess.apple.com"} if known else set()), number


@pytest.mark.parametrize("step", [1, 2, 7, 300])
def test_byte_by_byte(wireshark, step):
    """A hello in ever so small segments is read."""
    data = hello(400)
    capture = push.capture(wireshark, "bytes.pcap", [(True, data[:100])] + [(True, data[at:at + step]) for at in range(100, len(data), step)], port=443)
    names = [name for row in wireshark.fields(capture, ("facetime.host.name",)) for name in row["facetime.host.name"]]
    assert "query.ess.apple.com" in names


def test_byte_by_byte_takes_no_longer(wireshark):
    """Each byte is copied once: 30,000 segments of a byte each of one hello against as many of hellos that are complete at once."""
    def seconds(data, lead):
        head = push.tcp_packets([(True, data[:lead])], 443)[3].data
        packets, at = [head], lead
        while len(packets) < 30_000:
            packet = bytearray(push_segment(data[at % len(data):at % len(data) + 1] or b"x", 1001 + at))
            packets.append(bytes(packet))
            at += 1
        path = wireshark.write("segments.pcap", pcap.write([pcap.Packet(push.START + number, packet, len(packet)) for number, packet in enumerate(packets)], pcap.RAW_IP))
        before = time_of_children()
        wireshark.run("tshark", "-n", "-r", path, "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tls.desegment_ssl_records:FALSE", "-q", "-z", "facetime,calls").ok()
        return time_of_children() - before
    slow, quick = seconds(hello(32700), 100), seconds(b"y" * 32700, 100)
    print(f"of a hello {slow:.2f} s, of nothing {quick:.2f} s")
    assert slow < 2 * quick + 0.5


def push_segment(data, sequence):
    """A TCP segment of the device's."""
    packet = push.tcp_packets([(True, data)], 443)[3].data
    return packet[:24] + struct.pack(">I", sequence) + packet[28:]


def time_of_children():
    """Processor time of all programs that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# ---- Packed push ------------------------------------------------------------------------------------------


def reference(number, index):
    """An item whose value is in the table."""
    return bytes([0x80 | number]) + Packer.number(8, index)


def packed(command, body):
    return bytes([command]) + Packer.number(8, len(body)) + body


@each_pass
def test_packed_references(wireshark, passes):
    """The oldest value that is in the table, and the one before it, which is not."""
    side = Packer()
    first = side.frame(10, *((3, bytes([number]) * 40, True) for number in range(3)))
    capture = push.capture(wireshark, "packed.pcap", [(True, first), (True, packed(10, reference(3, 2))), (True, packed(10, reference(3, 3)))])
    rows = wireshark.fields(capture, ("apns.payload", "apns.pack.unresolved"), *PASSES[passes], *PACK_DECODE)
    assert [value for row in rows for value in row["apns.payload"]][3:] == ["00" * 40]
    assert len(column(rows, "apns.pack.unresolved")) == 1


def test_packed_table(wireshark):
    """Values enter until they have 4,096 bytes together, each with 32 more: 56 of 40 bytes; the coded value has one byte for its length."""
    side = Packer()
    frames = [(True, side.frame(10, (3, bytes([number]) * 39, True))) for number in range(60)]
    most = 4096 // (40 + 32)
    capture = push.capture(wireshark, "packed.pcap", [*frames, (True, packed(10, reference(3, most - 1))), (True, packed(10, reference(3, most)))])
    rows = wireshark.fields(capture, ("apns.payload", "apns.pack.unresolved"), "-2", *PACK_DECODE)
    assert column(rows, "apns.payload")[60:] == [f"{60 - most:02x}" * 39] and len(column(rows, "apns.pack.unresolved")) == 1


def test_packed_keys(wireshark):
    """Keys that enter a table of 32; the 33rd pushes the oldest out."""
    side = Packer()
    frames = [(True, packed(10, side.item(0x20 + number, 1))) for number in range(33)]
    capture = push.capture(wireshark, "packed.pcap", [*frames, (True, packed(10, bytes([0x20 | 31]) + side.value(2)))])
    assert column(wireshark.fields(capture, ("apns.pack.unresolved",), "-2", *PACK_DECODE), "apns.pack.unresolved") == []


def test_packed_bytes_of_references(wireshark):
    """What the references of one packet may show together: sixteen times 4,000 bytes are less than 65,536, one more is not."""
    side = Packer()
    frames = [(True, side.frame(10, (3, bytes(4000), True)))]
    capture = push.capture(wireshark, "packed.pcap", [*frames, (True, packed(10, reference(3, 0) * 17))])
    rows = wireshark.fields(capture, ("apns.payload", "apns.pack.many_items"), "-2", *PACK_DECODE)
    assert len(column(rows, "apns.payload")) == 1 + 16 and len(column(rows, "apns.pack.many_items")) == 1


def test_length_of_push(wireshark):
    """A frame of a mebibyte is the largest that is believed."""
    decode = ("-d", "tcp.port==5223,apns")
    for length, known in ((0x100000, True), (0x100001, False)):
        capture = push.capture(wireshark, "long.pcap", [(True, struct.pack("!BI", 10, length) + bytes(100))])
        rows = wireshark.fields(capture, ("apns.bad_length", "_ws.col.Protocol"), *decode)
        assert bool(column(rows, "apns.bad_length")) != known, length


# ---- Around a call -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before, known", [(30.0, True), (30.5, False)])
def test_push_before_the_call(wireshark, before, known):
    """More than a keep-alive, which is of no call so early."""
    device = "192.168.1.90"
    session = tcp(push.tcp_packets([(True, bytes(1600))], 5223, segment=1600, addresses=(device, "17.57.144.1")))[3:4]
    packets = shown(wireshark, [*session, handmade.packet(DEVICE, PEER, SIGN, 3 + int(before * SECOND))])
    assert [bool(packet.values("facetime.call")) for packet in packets] == [known, True]


@pytest.mark.parametrize("after, known", [(5.0, True), (5.5, False)])
def test_push_after_the_call(wireshark, after, known):
    device = "192.168.1.90"
    session = tcp(push.tcp_packets([(True, b"x")], 5223, addresses=(device, "17.57.144.1")), int(after * SECOND) - 3)[3:4]
    packets = shown(wireshark, [handmade.packet(DEVICE, PEER, SIGN), *session])
    assert [bool(packet.values("facetime.call")) for packet in packets] == [True, known]


def test_packets_that_wait_for_a_name(wireshark):
    """Of a conversation with one of Apple's hosts the latest 32 packets, until its name is known."""
    device = "192.168.1.90"
    session = tcp(push.tcp_packets([(False, bytes([number]) * 20) for number in range(20)] + [(True, hello(600))], 443, addresses=(device, "17.57.144.1")), 10)
    packets = shown(wireshark, [*session, handmade.packet(DEVICE, PEER, SIGN, 1000)])
    known = [bool(packet.values("facetime.call")) for packet in packets[:-1]]
    at = next(number for number, packet in enumerate(packets) if packet.values("facetime.host.name"))
    assert at == 43 and known == [number >= at - 32 for number in range(len(known))]


def test_packets_around_calls_are_counted_down(wireshark):
    """What waited in vain is forgotten, and does not count: after 262,144 such packets those of a call are still taken."""
    template = push.tcp_packets([(True, b"x")], 443, addresses=("192.168.1.90", "17.57.144.1"))[3]
    path = wireshark.folder("waiting") / "waiting.pcap"
    device = socket.inet_aton("192.168.1.91")
    with open(path, "wb") as out:
        out.write(pcap.write([], pcap.RAW_IP))
        head = template.data
        for number in range(262144 + 200):
            out.write(struct.pack("<IIII", handmade.START // 1000 + number // 10000, number % 10000, len(head), len(head)) + head)
        later = (handmade.START // 1000 + 100) * 1000000
        push_packet = push.tcp_packets([(True, b"x")], 5223, addresses=("192.168.1.91", "17.57.144.2"))[3]
        for time, data in ((later, push_packet.data), (later + 1000, handmade.packet((socket.inet_ntoa(device), 50000), PEER, SIGN).data)):
            out.write(struct.pack("<IIII", time // 1000000, time % 1000000, len(data), len(data)) + data)
    path.chmod(0o644)
    assert wireshark.count(path, "facetime.call", "-2") == 2


def test_arrows_of_a_call(wireshark):
    """A ladder has 200 arrows of one call, and the one that ends it. Checks are no event, which would have an arrow besides."""
    if wireshark.version < (4, 4):
        pytest.skip("sharkd has no VoIP calls before 4.4")
    device = ("192.168.1.90", 16393)
    packets = [handmade.packet(device, (f"198.51.{number >> 8}.{number & 255}", 16402), datagrams.FORMS["STUN with a radio technology"].payload, number)
               for number in range(250)]
    packets.append(handmade.packet(device, ("198.51.0.1", 16402), datagrams.FORMS["STUN with a radio technology"].payload, 300))
    calls, ladder = wireshark.sharkd(handmade.capture(wireshark, packets), ("tap", {"tap0": "voip-calls"}), ("tap", {"tap0": "voip-convs:0"}))
    assert len(calls["taps"][0]["calls"]) == 1
    assert len([entry for entry in ladder["taps"][0]["convs"] if "RTP" not in entry["label"]]) in (200, 201)


def test_ipv6_device(wireshark):
    """On the device itself all addresses of its /64 are its own; one beyond it is not."""
    call = handmade.packet(("2001:db8:1:1::90", 16393), ("2620:149::90", 3482), datagrams.FORMS["relay with RTP"].payload, 100)
    for neighbour, known in (("2001:db8:1:1:ffff::1", True), ("2001:db8:1:2::90", False)):
        source, target = ipaddress.ip_address(neighbour).packed, ipaddress.ip_address("2620:149::9").packed
        segment = struct.pack("!HHIIBBHHH", 49200, 5223, 1, 0, 0x50, 0x18, 65535, 0, 0) + b"x"
        data = struct.pack("!IHBB", 6 << 28, len(segment), 6, 64) + source + target + segment
        packets = shown(wireshark, [pcap.Packet(handmade.START * 1000, data, len(data)), call])
        assert [bool(packet.values("facetime.call")) for packet in packets] == [known, True]
