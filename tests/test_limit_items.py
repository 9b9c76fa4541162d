"""Each limit that is reached says so once, in the frame where it is and in the title line of the tables; and no flood is for good."""

import re
import struct
import subprocess

import pytest

from ftools import datagrams, flood, handmade, pcap, push
from ftools.relaydata import link_message, relay, rtp, stun, sub_packet, u16, u32
from test_limits import half_hellos, query

PASSES = {"pass 1": (), "-2": ("-2",)}
SIGN = stun(0x0001, (0x8007, u32(0)))
HOUR = 3600


def written(wireshark, name, packets):
    """A file of (seconds after START, bytes), raw IP."""
    path = wireshark.folder("limits") / name
    with open(path, "wb") as out:
        out.write(pcap.write([], pcap.RAW_IP))
        for number, (seconds, data) in enumerate(packets):
            out.write(struct.pack("<IIII", handmade.START // 1000 + seconds, number % 1000, len(data), len(data)) + data)
    path.chmod(0o644)
    return path


def items(wireshark, capture, *args):
    """{what the limit is of: frames that say so}."""
    rows = wireshark.fields(capture, ("frame.number", "_ws.expert.message"), *args, "-Y", "facetime.limit")
    found = {}
    for row in rows:
        for message in row["_ws.expert.message"]:
            if "Limit reached: " in message:
                found.setdefault(re.search("Limit reached: ([^,;]*)", message)[1], []).append(int(row["frame.number"][0]))
    return found


def probe(number, seconds):
    """A SNATMAP request of a socket of its own."""
    host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return seconds, handmade.packet((host, 16402), ("17.249.172.90", 16385), u32(1, number) + bytes(map(int, host.split("."))) + u16(16402, 0xAAAA)).data


def look_up(number, seconds):
    """A DNS query for a host of FaceTime's."""
    return seconds, handmade.packet(("10.0.0.1", 50000 + number % 1000), ("10.0.0.53", 53), query("query.ess.apple.com", number & 0xFFFF)).data


def announcement(number, seconds):
    """A link message with 24 candidates: the device itself, without whom it is the list of another, and 23 that no other has."""
    addresses = u16(0x4000) + bytes([10, 0, 0, 1]) + b"".join(u16(0x4000) + struct.pack(">I", 0x0B000000 + number * 23 + place) for place in range(23))
    candidates = b"".join(u16(0x1020 | place, 40000) for place in range(24))
    message = link_message(6, (3, u16(0x2000 | 24 << 6 | 24) + addresses + candidates), (1, u16(number & 0xFFFF)), (9, bytes(20)))
    return seconds, handmade.packet(("10.0.0.1", 16393), ("17.249.172.90", 3482), relay(sub_packet(payload=message, marks=(21,)))).data


def participant(number, seconds):
    """Relay data with a participant of its own."""
    head = u16(0x2005, 0x0777) + struct.pack(">Q", number + 1) + u16(0x0303)
    return seconds, handmade.packet(("10.0.0.1", 16393), ("17.249.172.90", 3482), datagrams.relay(head + rtp())).data


def hello(number, seconds):
    """The first half of a hello."""
    return seconds, half_hellos(1, number)[0].data


def notification(number, seconds):
    """A push notification; each begins at the end of the one before."""
    frame = push.frame(10, (4, u32(number)))
    segment = push.tcp_packets([(True, frame)], 5223)[3].data
    return seconds, segment[:24] + struct.pack(">I", 1001 + number * len(frame)) + segment[28:]


# What is made, as what it is known, how many may be kept in ten minutes, and whether the oldest give way.
FLOODS = {
    "NAT tests": (probe, 16384 // 2),
    "packets that name a host": (look_up, 65536 // 2),
    "incomplete TLS handshakes": (hello, 1024),
    "candidates": (announcement, (262144 - 1) // 23),
    "push notifications": (notification, 65536 // 2),
}


@pytest.mark.parametrize("what", FLOODS)
def test_said_once(wireshark, what):
    """In the frame of the first that is one too many; on one pass and on two; and in the title lines."""
    make, most = FLOODS[what]
    args = ("-d", "tcp.port==5223,apns") if make is notification else ()
    capture = written(wireshark, f"{make.__name__}.pcap", [make(number, 0) for number in range(most + 3)])
    assert items(wireshark, capture, *args) == {what: [most + 1]}
    assert items(wireshark, capture, *args, "-2") == {what: [most + 1]}
    title = wireshark.tshark(capture, *args, "-q", "-z", "facetime,calls", "-z", "facetime,nodes").ok().out
    assert len(re.findall(rf"^FaceTime [^\n]*; limit reached: {what}$", title, re.M)) == 2, title


@pytest.mark.parametrize("what", FLOODS)
def test_not_said_before(wireshark, what):
    """As many as may be kept are no news."""
    make, most = FLOODS[what]
    args = ("-d", "tcp.port==5223,apns") if make is notification else ()
    capture = written(wireshark, f"{make.__name__}-few.pcap", [make(number, 0) for number in range(most)])
    assert items(wireshark, capture, *args) == {}
    assert "limit reached" not in wireshark.tshark(capture, *args, "-q", "-z", "facetime,calls").ok().out


@pytest.mark.parametrize("passes", PASSES)
def test_a_call_an_hour_after_a_flood(wireshark, passes):
    """Whatever was flooded, the call at ten is as it is without the flood at nine."""
    def call(seconds):
        device, relay_ = ("192.168.1.90", 16393), ("17.249.172.60", 3482)
        yield seconds, handmade.packet(("192.168.1.90", 50053), ("192.168.1.1", 53), query("query.ess.apple.com")).data
        yield seconds, handmade.packet(device, ("17.249.172.90", 16385), u32(1, 7) + bytes([192, 168, 1, 90]) + u16(16393, 0xAAAA)).data
        yield seconds, handmade.packet(device, relay_, datagrams.relay(u16(0x2005, 0x0777) + struct.pack(">Q", 1 << 60) + u16(0x0303) + rtp())).data
        yield announcement(1 << 20, seconds)
        yield seconds, handmade.packet(("192.168.1.90", 50000), ("198.51.100.90", 50002), SIGN).data

    def shown(capture):
        rows = wireshark.fields(capture, ("facetime.kind", "facetime.host.name", "facetime.natprobe.test", "facetime.call"), *PASSES[passes], "-Y", "frame.time_relative >= 3500")
        return [[row["facetime.kind"], row["facetime.host.name"], bool(row["facetime.natprobe.test"]), bool(row["facetime.call"])] for row in rows]

    few = written(wireshark, f"few-{passes}.pcap", [probe(1, 0), *call(HOUR)])
    many = [probe(number, 0) for number in range(9000)] + [look_up(number, 1) for number in range(33000)] + [announcement(number, 2) for number in range(11000)]
    flooded = written(wireshark, f"many-{passes}.pcap", [*many, *call(HOUR)])
    assert shown(flooded) == shown(few) and len(shown(few)) == 5 and all(row[0] or row[1] for row in shown(few))


def test_flows_after_a_flood(wireshark):
    """262,144 flows are kept; of 150,000 at once only half of them. An hour later there is room for a call's."""
    path = wireshark.folder("limits") / "flows.pcap"
    with open(path, "wb") as out:
        subprocess.run([flood.generator(wireshark), "calls", "150000"], stdout=out, check=True)
        out.seek(0, 2)
        data = handmade.packet(("192.168.77.90", 50000), ("198.51.100.90", 50002), SIGN).data
        out.write(struct.pack("<IIII", 1700000000 + HOUR, 0, len(data), len(data)) + data)
    path.chmod(0o644)
    row, = wireshark.fields(path, ("facetime.kind", "facetime.call"), "-Y", "frame.number == 150001")
    assert row["facetime.kind"] and row["facetime.call"]


def test_long_identities(wireshark):
    """A number of sixty thousand digits is not kept; what is, is cut between two characters."""
    name = "é" * 200
    invite = datagrams.sip().replace(b"+12025550134", name.encode())
    packet = handmade.packet(("192.168.1.90", 16402), ("198.51.100.90", 16402), invite)
    row, = wireshark.fields(handmade.capture(wireshark, [packet]), ("facetime.call.from", "facetime.sip.from"))
    assert row["facetime.sip.from"] == [name] and row["facetime.call.from"] == ["é" * 128]
