"""A FaceTime flow is the plugin's, whoever is asked first: other heuristics, the port table, Decode As, TURN."""

import struct

import pytest

from ftools import facts, fragments, handmade, paths, pcap, pdml, table
from ftools.relaydata import rtp, stun, u32

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
APPLE, NOBODY = "17.249.172.60", "203.0.113.9"
RELAY_PORT = 3482


def moved(name, host, port, device_port=None):
    """The packets of a sample as raw IP, whose relay is at another place; DEVICE_PORT: instead of the device's."""
    for time, whole, _ in fragments.inner(paths.sample(name)):
        data, ports = bytearray(whole), struct.unpack_from(">HH", whole, 20)
        if whole[9] == fragments.replay.UDP and RELAY_PORT in ports:
            near, far = (0, 1) if ports[1] == RELAY_PORT else (1, 0)
            data[12 + 4 * far:16 + 4 * far] = fragments.socket.inet_aton(host)
            struct.pack_into(">H", data, 20 + 2 * far, port)
            struct.pack_into(">H", data, 20 + 2 * near, device_port or ports[near])
            data[10:12] = data[26:28] = bytes(2)
        yield pcap.Packet(time, bytes(data), len(data))


def elsewhere(packets):
    """The packets, and a QUIC Initial to a web server before them: Wireshark asks QUIC's heuristic first from there on."""
    packets = list(packets)
    initial = next(packet for packet in packets if packet.data[9] == 17 and packet.data[28] & 0xf0 == 0xc0)
    data = bytearray(initial.data)
    data[12:20] = fragments.socket.inet_aton("192.168.1.99") + fragments.socket.inet_aton("198.51.100.200")
    struct.pack_into(">HH", data, 20, 51000, 443)
    data[10:12] = data[26:28] = bytes(2)
    return [pcap.Packet(packets[0].time - 1000, bytes(data), len(data)), *packets]


def row(wireshark, packets, *args):
    """(state, relay, media, packets) of the one call."""
    out = wireshark.tshark(wireshark.write("moved.pcap", pcap.write(packets, pcap.RAW_IP)), *args, "-q", "-z", "facetime,calls").ok().out
    one, = table.rows(out)
    return one["State"], one["Relay"], one["Media"], one["Packets"]


@each_pass
@pytest.mark.parametrize("first", ("FALSE", "TRUE"))
@pytest.mark.parametrize("host, port, device_port", [(APPLE, 3482, None), (APPLE, 443, 40001), (NOBODY, 4500, 40001), (NOBODY, 50000, None)])
def test_other_ports(wireshark, host, port, device_port, first, passes):
    """The relay at any port of any host: each datagram of its flow counts, from the first one on."""
    if "whole row" not in wireshark.results:
        wireshark.results["whole row"] = row(wireshark, list(moved("facetime-relay", APPLE, RELAY_PORT)))
    whole = wireshark.results["whole row"]
    found = row(wireshark, elsewhere(moved("facetime-relay", host, port, device_port)), *PASSES[passes], "-o", f"udp.try_heuristic_first:{first}")
    assert found == (whole[0], f"{host}:{port}", *whole[2:])


@each_pass
@pytest.mark.parametrize("protocol", ("quic", "rtp", "stun", "dtls"))
def test_decode_as(wireshark, protocol, passes):
    """Another protocol that the analyst chose for the relay's port."""
    capture = paths.sample("facetime-relay")
    plain = facts.Frames(wireshark, capture, *PASSES["-2"]).kinds()
    arguments = (*PASSES[passes], "-d", f"udp.port=={RELAY_PORT},{protocol}")
    one, = table.rows(wireshark.tshark(capture, *arguments, "-q", "-z", "facetime,calls").ok().out)
    whole, = table.rows(wireshark.tshark(capture, "-q", "-z", "facetime,calls").ok().out)
    # The token of the session is in the ClientHello, and that went to the other dissector.
    assert {**one, "Relay sessions": None} == {**whole, "Relay sessions": None}
    if passes == "-2":
        assert facts.Frames(wireshark, capture, *arguments).kinds() == plain


def quic(number):
    """An Initial to a web server, then 60 packets with short headers, of which none is FaceTime's."""
    source = next(packet for packet in moved("facetime-relay", APPLE, RELAY_PORT) if packet.data[9] == 17 and packet.data[28] & 0xf0 == 0xc0)
    ends = (f"192.168.2.{number + 1}", 50000 + number), ("198.51.100.201", 443)
    return [handmade.packet(*ends, source.data[28:], number)] + [handmade.packet(*ends, bytes([0x60, n, 0, 9]) + bytes(range(n, n + 30)), number + n) for n in range(60)]


def test_other_quic(wireshark):
    """It stays what it is."""
    capture = handmade.capture(wireshark, [packet for number in range(3) for packet in quic(number)])
    for passes in PASSES.values():
        assert all("facetime" not in packet.protocols for packet in pdml.packets(wireshark, capture, *passes))


def test_flood_of_other_quic(wireshark):
    """More connections than are watched: a call after them is found all the same."""
    limit = int(next(line.split()[2] for line in (paths.ROOT / "plugin/flow/flow.c").read_text().splitlines() if "define FT_MAX_UNSURE_FLOWS" in line))
    packets = list(moved("facetime-relay", NOBODY, 443))
    initial = next(packet for packet in packets if packet.data[9] == 17 and packet.data[28] & 0xf0 == 0xc0)
    flood = []
    for number in range(limit + 10):
        data = bytearray(initial.data)
        struct.pack_into(">I", data, 12, 0x0a000000 + number)
        data[10:12] = data[26:28] = bytes(2)
        flood.append(pcap.Packet(packets[0].time - 1, bytes(data), len(data)))
    state, relay, media, _ = row(wireshark, flood + packets)
    assert (state, relay, media) == ("established", f"{NOBODY}:443", "audio+video")


# ---- TURN --------------------------------------------------------------------------------------------

DEVICE, SERVER = ("192.168.1.90", 16402), ("198.51.100.90", 3478)
APPLE_STUN = stun(0x0001, (0x8007, u32(0)))                     # makes the flow known
SIP = (b"BYE sip:user@198.51.100.90:16402 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.90:16402\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n"
       b"To: <sip:b@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")
INSIDE = {"rtp (3)": rtp(), "sip (2)": SIP, "stun (1)": stun(0x0001, (0x0024, u32(1)))}


def channel(data, number=0x4000, padding=b""):
    """TURN's ChannelData."""
    return struct.pack(">HH", number, len(data)) + data + padding


@each_pass
@pytest.mark.parametrize("server", (SERVER, ("198.51.100.90", 50001)), ids=("STUN's port", "another port"))
@pytest.mark.parametrize("number", (0x4000, 0x4FFF, 0x5000, 0x7FFE))
def test_channel_data(wireshark, server, number, passes):
    """What it carries is FaceTime's by its kind; what nobody knows is the stock dissector's, and never called unknown."""
    payloads = [*INSIDE.values(), b"\x07nobody knows"]
    packets = [handmade.packet(DEVICE, server, APPLE_STUN)] + [handmade.packet(DEVICE, server, channel(data, number, bytes(-len(data) % 4)), 10 * n)
                                                               for n, data in enumerate(payloads, 1)]
    found = pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])[1:]
    for wanted, packet in zip([*INSIDE, "stun (1)"], found):
        assert packet.lines("facetime.kind") == [wanted] and "stun" in packet.protocols and packet.value("facetime.call") == "1", wanted
        assert packet.names("facetime.vtp.") == set() and not packet.values("facetime.unknown")
    assert found[0].lines("facetime.path") == ["relay (2)"]


def test_no_virtual_transport(wireshark):
    """What has another explanation is not named by the form of a patent: empty lines, zeroes, a length, a channel."""
    ends = ("192.168.1.90", 16402), ("198.51.100.90", 16402)
    payloads = [before + data for data in INSIDE.values() for before in (b"\r\n\r\n", bytes(4), struct.pack(">H", len(data)), struct.pack(">HH", 0x4001, len(data)))]
    packets = [handmade.packet(*ends, APPLE_STUN)] + [handmade.packet(*ends, payload, 10 * n) for n, payload in enumerate(payloads, 1)]
    for packet in pdml.packets(wireshark, handmade.capture(wireshark, packets), "-2"):
        assert packet.names("facetime.vtp.") == set()
