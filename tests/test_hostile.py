"""Bad input: captures cut to any length, datagrams out of order, cut or broken in any place. No dissector bug, no crash, nothing
that FaceTime's own dissector gives up on; and as much of the call as there is."""

import collections
import dataclasses
import random
import re
import struct
import time
import xml.etree.ElementTree

import pytest

from ftools import datagrams, facts, handmade, later, paths, pcap, push, table, wire
from ftools.datagrams import FORMS

# Two passes, all trees, the calls table; as the window, and more.
EVERYTHING = ("-2", "-V", "-z", "facetime,calls")
ONE_PASS = ("-V", "-z", "facetime,calls")

# What Wireshark prints when a dissector breaks its rules: in the tree, and beside it.
BUG_IN_TREE = re.compile(r"\[Dissector bug|failed assertion|DISSECTOR_ASSERT", re.IGNORECASE)
BUG = re.compile(r"dissector bug|assert|CRITICAL|\*\* ", re.IGNORECASE)

SNAP_LENGTHS = (20, 34, 42, 43, 44, 46, 48, 50, 54, 60, 68, 96, 128)

CAPTURES = {name: paths.sample(name) for name in paths.SAMPLES}
if paths.WIFI.exists() and paths.CELLULAR.exists():
    CAPTURES |= {"real Wi-Fi": paths.WIFI, "real cellular": paths.CELLULAR}
each_capture = pytest.mark.parametrize("name", CAPTURES)


def sound(result):
    """The program ended well, and no dissector broke a rule."""
    assert result.status == 0, result
    assert not BUG_IN_TREE.search(result.out) and not BUG.search(result.err), result.err[-2000:]


def survived(result):
    """The same; gives the rows of the calls table."""
    sound(result)
    return table.rows(result.out)


def own_malformed(out):
    """The frames of -V whose last layer before "Malformed Packet" is FaceTime's: those that our dissector gave up on."""
    found, number, layer = [], None, None
    for line in out.splitlines():
        if line.startswith("Frame "):
            number, layer = line.split(":")[0], None
        elif line.startswith("[Malformed Packet: FaceTime"):
            found.append((number, layer))
        elif line and not line.startswith((" ", "[")):
            layer = line
    return found


def read(name):
    """(link type, packets) of a capture."""
    return pcap.read(CAPTURES[name])


def some(packets, most=500):
    """The packets of the beginning and of the end: enough for each kind, for each phase and for the call's end."""
    return packets if len(packets) <= most else packets[:most - 100] + packets[-100:]


def calls(wireshark, packets, linktype, *args):
    """The rows of the calls table for PACKETS."""
    capture = wireshark.write("hostile.pcap", pcap.write(packets, linktype))
    done = wireshark.tshark(capture, *(args or EVERYTHING))
    assert own_malformed(done.out) == []
    return survived(done)


# ---- Whole captures ------------------------------------------------------------------------------


# From which snap length on the call is found: its first sign is in the headers of relay data (Ethernet: 42 bytes, then 6), in the
# RTP header extension, or in the probes. Raw IP has no Ethernet header.
FOUND_FROM = {"facetime-2010-inbound": 60, "facetime-2010-outbound": 60, "facetime-ios7": 60, "facetime-relay": 48, "facetime-direct": 48,
              "real Wi-Fi": 42, "real cellular": 34}


@each_capture
def test_cut_by_snap_length(wireshark, name):
    """Every packet is still there, with less and less of it. What the capture lost is no fault of the packet: Wireshark says
    "Packet size limited", and FaceTime is never malformed."""
    linktype, packets = read(name)
    packets = some(packets)
    jobs = []
    for length in SNAP_LENGTHS:
        cut = [dataclasses.replace(packet, data=packet.data[:length]) for packet in packets]
        jobs.append((wireshark.write(f"snap-{length}.pcap", pcap.write(cut, linktype)), *EVERYTHING))
    found = {}
    for length, done in zip(SNAP_LENGTHS, wireshark.tshark_all(jobs)):
        found[length] = len(survived(done))
        assert own_malformed(done.out) == [], length
        assert len(re.findall(r"^Frame \d+:", done.out, re.M)) == len(packets)
        assert "Packet size limited during capture" in done.out
    wireshark.forget()
    print(name, found)
    for length, number in found.items():
        if length >= FOUND_FROM.get(name, 128):
            # Checks over IPv6 stand alone once the candidates that belong to them are cut off; so does the leg over the second interface once the
            # token of the session is.
            assert 1 <= number <= (2 if name.startswith("real") else 1), length


ORDERS = {
    "reversed": lambda packets: [dataclasses.replace(packet, time=other.time) for packet, other in zip(reversed(packets), packets)],
    "reversed with its times": lambda packets: list(reversed(packets)),
    "doubled": lambda packets: [packet for packet in packets for _ in range(2)],
    "shuffled": lambda packets: random.Random(1).sample(packets, len(packets)),
    "every third": lambda packets: packets[::3],
    "from the middle on": None,
    "the end alone": None,
}


@pytest.mark.parametrize("order", ORDERS)
@each_capture
def test_order(wireshark, name, order):
    """Datagrams in another order, more than once, or without the call's beginning: the call is still found."""
    linktype, packets = read(name)
    # Without a gap in time: silence may part a call from the next one.
    packets = {"from the middle on": packets[len(packets) // 2:][:400], "the end alone": packets[-100:]}.get(order, packets[:400])
    number = len(calls(wireshark, ORDERS[order](packets) if ORDERS[order] else packets, linktype))
    wireshark.forget()
    assert number >= 1 or order == "the end alone"
    if order == "doubled":
        assert number == 1
    # What links a leg to the call may be in the part that is not there.
    if order in ("every third", "from the middle on"):
        assert number <= 2


@pytest.mark.parametrize("direction", ["from the device", "to the device"])
@each_capture
def test_one_direction(wireshark, name, direction):
    """A tap that sees only what goes one way."""
    linktype, packets = read(name)
    start = 14 if linktype == pcap.ETHERNET else 0
    row = table.rows(wireshark.tshark(CAPTURES[name], "-2", "-q", "-z", "facetime,calls").ok().out)[0]
    count = collections.Counter(packet.data[start + 12:start + 16] for packet in packets if packet.data[start] >> 4 == 4)
    device = bytes(map(int, row["Device"].split(":")[0].split("."))) if row["Device"][0] != "[" else count.most_common(1)[0][0]
    at = start + (12 if direction == "from the device" else 16)
    one_way = [packet for packet in packets if packet.data[start] >> 4 == 4 and packet.data[at:at + 4] == device]
    found = calls(wireshark, one_way[:400], linktype)
    wireshark.forget()
    assert [row["Confidence"] for row in found] == ["high"]


# ---- Each datagram, cut and broken in each place ---------------------------------------------------

# Captured bytes from which a datagram of a known flow is known again.
KNOWN_FROM = {"nat-probe": 16, "stun": 21, "link-probe": 6, "relay": 6, "rtcp": 4, "rtp": 12, "sip": 12, "quic": 7}
# A channel number of another first byte is known by the payload behind the header, too.
LATER_FROM = {"another channel number": 10}
SIGN = later.SIGN       # makes a flow FaceTime


# Datagrams in which these fields are the same have the same form.
FORM_OF = ("facetime.kind", "facetime.stun.type", "sip.Method", "sip.Status-Code", "facetime.link.command", "facetime.relay.flags",
           "facetime.rtp.extension.profile")


# Forms of one kind at most that are taken from the samples: flags of the relay have many combinations.
MOST_FORMS = 16


@dataclasses.dataclass(frozen=True)
class Known:
    """A datagram of a form, and what came before it on its flow: (from the device, payload) each, as it is itself."""

    kind: str
    payload: bytes
    before: tuple = ((True, SIGN),)
    from_device: bool = True
    known_from: int = 0         # more bytes than others of its kind need


@pytest.fixture(scope="module")
def kinds(wireshark):
    """One datagram of each form, handmade and of the samples."""
    of_kind = collections.Counter()
    quic = (True, SIGN), (True, FORMS["QUIC to the relay"].payload)
    found = {name: Known(form.kind, form.payload) for name, form in FORMS.items()}
    # Of the payload types one is enough
    found |= {f"later: {name}": Known(form.kind, form.payload, form.before or ((True, SIGN),), form.from_device, LATER_FROM.get(name, 0))
              for name, form in later.FORMS.items() if not name.startswith("payload type") or name == "payload type 99"}
    for sample in paths.SAMPLES:
        payloads = {datagram.frame: datagram.payload for datagram in wire.udp(*pcap.read(paths.sample(sample)))}
        words = facts.words(wireshark)["facetime.kind"]
        for frame, row in enumerate(wireshark.fields(paths.sample(sample), FORM_OF, "-2"), 1):
            form = tuple(map(tuple, row.values()))
            if not row["facetime.kind"] or frame not in payloads or form in found:
                continue
            kind = words[int(row["facetime.kind"][0])]
            of_kind[kind] += 1
            if of_kind[kind] <= MOST_FORMS:
                found[form] = Known(kind, payloads[frame], quic) if kind == "quic" else Known(kind, payloads[frame])
    return list(found.values())


def lengths(payload):
    """Where to cut: at each byte of the headers, now and then behind them."""
    return [length for length in range(len(payload)) if length <= 80 or length % (9 if length <= 400 else 60) == 0]


def ends(number):
    """A flow for each datagram of `kinds`."""
    return (f"192.168.3.{number % 250 + 1}", 16390 + number // 250), (datagrams.APPLE, 3482)


def prefixes(kinds, adjusted):
    """Packets, and for each the datagram it is cut from and the bytes that are left: None for the whole ones in front. ADJUSTED: the
    lengths in the headers say so too; else only the capture lost the rest."""
    packets, what = [], []
    for number, known in enumerate(kinds):
        both = {True: ends(number), False: ends(number)[::-1]}
        packets += [datagrams.frame(*both[from_device], data) for from_device, data in (*known.before, (known.from_device, known.payload))]
        what += [None] * len(known.before) + [(number, None)]
        for length in lengths(known.payload):
            packets.append(datagrams.frame(*both[known.from_device], known.payload[:length]) if adjusted else
                           datagrams.frame(*both[known.from_device], known.payload, kept=length))
            what.append((number, length))
    return packets, what


@pytest.mark.parametrize("args", [EVERYTHING, ONE_PASS], ids=["-2", "pass 1"])
@pytest.mark.parametrize("adjusted", [True, False], ids=["malformed", "cut"])
def test_every_prefix(wireshark, kinds, adjusted, args):
    """Each datagram that ends at each byte: nobody gives up on it, and all calls survive."""
    packets, _ = prefixes(kinds, adjusted)
    print(len(kinds), "datagrams,", len(packets), "packets")
    assert len(kinds) > 40
    assert calls(wireshark, [dataclasses.replace(packet, time=packet.time + 1000 * n) for n, packet in enumerate(packets)], pcap.ETHERNET, *args)
    wireshark.forget()


def shown_bytes(packet):
    """(kinds, {(name, first byte, byte after the last)}) of what FaceTime's trees in a PDML packet show, from the start of the UDP payload."""
    start = 14 + 20 + 8
    found, kinds_shown = set(), []
    for proto in packet.iter("proto"):
        if proto.get("name") != "facetime":
            continue
        for field in proto.iter("field"):
            if field.get("name") == "facetime.kind":
                kinds_shown.append(int(field.get("show"), 0))
            size, at = int(field.get("size") or 0), int(field.get("pos") or 0) - start
            # SDP may lie in a body that was inflated: its places are none of the packet's.
            # A line of text shows its bytes only if nothing is below it.
            if size and (field.get("name") or not field.findall("field")) and not field.get("name").startswith(("facetime.sdp.", "_ws.")):
                found.add((field.get("name"), at, at + size))
    return kinds_shown, found


# Records that are shown whole or not at all, and so may lack their last bytes but one: an IPv6 candidate of a link message has 18,
# address and port of a NAT probe 6, type and length of a STUN attribute or an RTP header extension 4.
RECORDS = {"facetime.link.": 18, "facetime.natprobe.": 6, "facetime.stun.": 4, "facetime.rtp.": 4}


def needed(name, length, last, link_from):
    """Must a field be shown that ends at LAST, in a datagram of which LENGTH bytes are left? A link message is known by its first
    twenty bytes."""
    if name.startswith("facetime.link.") and length < link_from + 20:
        return False
    return last <= length - next((size - 1 for prefix, size in RECORDS.items() if name.startswith(prefix)), 0)


def test_all_is_shown_up_to_the_cut(wireshark, kinds):
    """A capture that lost the end of a datagram: it is still of its kind, and what was shown of the bytes that are left is still shown."""
    packets, what = prefixes(kinds, adjusted=False)
    capture = datagrams.written(wireshark, "cut.pcap", packets)
    out = wireshark.run("tshark", "-n", "-r", capture, "-2", "-T", "pdml", "-J", "facetime").ok().out
    whole, lost, unknown = {}, [], []
    words = facts.words(wireshark)["facetime.kind"]
    for place, packet in zip(what, xml.etree.ElementTree.fromstring(out).iter("packet"), strict=True):
        if place is None:
            continue
        number, length = place
        kind = kinds[number].kind
        kinds_shown, shown = shown_bytes(packet)
        if length is None:
            whole[number] = shown
            assert [words[value] for value in kinds_shown] == [kind]
        elif length >= max(KNOWN_FROM[kind], kinds[number].known_from) and [words[value] for value in kinds_shown] != [kind]:
            unknown.append((kind, length, kinds_shown))
        elif kinds_shown and words[kinds_shown[0]] == kind:
            there = {at for _, first, last in shown for at in range(first, last)}
            link_from = min((first for name, first, _ in whole[number] if name == "facetime.link.command"), default=0)
            lost += [(kind, number, length, name, first, last) for name, first, last in whole[number]
                     if needed(name, length, last, link_from) and not there.issuperset(range(first, last))]
    assert unknown == []
    assert lost == []


def test_flipped_bits(wireshark, kinds):
    """A few thousand datagrams with some bits turned over: the same ones on every run."""
    generator = random.Random(20100624)
    packets = []
    for number in range(3000):
        kind, payload = kinds[number % len(kinds)].kind, kinds[number % len(kinds)].payload
        # Not QUIC: Wireshark's own dissector of it aborts where it gives up on the first pass and not on the second.
        if kind == "quic":
            continue
        broken = bytearray(payload)
        for _ in range(generator.choice((1, 1, 2, 4, 16))):
            # Most of the structure is in front.
            at = generator.randrange(min(len(broken), generator.choice((8, 32, 2000))))
            broken[at] ^= 1 << generator.randrange(8)
        packets.append(datagrams.frame(*ends(number % len(kinds)), bytes(broken)))
    begin = [datagrams.frame(*ends(number), SIGN) for number in range(len(kinds))]
    assert calls(wireshark, [*begin, *packets], pcap.ETHERNET)
    wireshark.forget()


def test_random_bytes_on_known_flows(wireshark):
    """Garbage on flows that are FaceTime: each datagram is shown, as unknown at least."""
    generator = random.Random(7)
    packets = [datagrams.frame(*ends(number), SIGN) for number in range(20)]
    for number in range(2000):
        payload = bytearray(generator.randbytes(generator.randint(2, 300)))
        payload[0] = generator.choice((0x00, 0x01, 0x0F, 0x40, 0x60, 0x60, 0x80, 0x90, 0xC3, payload[0]))
        if payload[0] == 0x60 and len(payload) > 6:
            payload[2:4] = datagrams.u16(len(payload) - 4)
        packets.append(datagrams.frame(*ends(number % 20), bytes(payload)))
    capture = wireshark.write("garbage.pcap", pcap.write(packets))
    assert wireshark.count(capture, "facetime.kind", "-2") == len(packets)
    assert wireshark.count(capture, "facetime.kind") == len(packets)
    done = wireshark.tshark(capture, *EVERYTHING)
    survived(done)
    assert own_malformed(done.out) == []


def in_fragments(packet, size, number):
    """An Ethernet frame with IPv4 as two frames with a fragment each; the first has SIZE bytes behind the IP header."""
    ethernet, head, data = packet.data[:14], packet.data[14:34], packet.data[34:]
    frames = []
    for offset, part in ((0, data[:size]), (size, data[size:])):
        fields = struct.pack(">HHH", 20 + len(part), number, offset // 8 | (0 if offset else 0x2000))
        frames.append(packet.with_data(ethernet + head[:2] + fields + head[8:] + part))
    return frames


def test_fragments_that_fit_the_frame(wireshark):
    """A datagram that STUN's dissector took, before its flow was known, from a fragment of eight bytes and one that is almost all of it:
    it is read where it was put together, which is not its place in the frame, which is as long."""
    ends_ = (datagrams.DEVICE, 16402), (datagrams.PEER, 16402)
    packets = in_fragments(datagrams.frame(*ends_, datagrams.stun(1, (6, b"a" * 64))), 8, 77)
    packets.append(datagrams.frame(*ends_, FORMS["STUN with a radio technology"].payload, datagrams.START + 1000))
    rows = wireshark.fields(datagrams.written(wireshark, "fragments.pcap", packets), ("facetime.kind", "facetime.call"), "-2")
    assert [(len(row["facetime.kind"]), row["facetime.call"]) for row in rows] == [(0, []), (1, ["1"]), (1, ["1"])]


def pcapng(times, data):
    """A pcapng file with a frame for each (seconds that its interface adds, microseconds)."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    interfaces = b"".join(block(1, struct.pack("<HHIHHqHH", 1, 0, 0, 14, 8, offset, 0, 0)) for offset, _ in times)
    frames = b"".join(block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)
                      for number, (_, time) in enumerate(times))
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + interfaces + frames


def test_impossible_times(wireshark):
    """A packet that is 400 years earlier than the one before it: as many nanoseconds are more than 64 bits hold, and are no pause."""
    data = datagrams.frame((datagrams.DEVICE, 16393), (datagrams.APPLE, 3482), FORMS["relay with RTP"].payload).data
    capture = wireshark.write("times.pcapng", pcapng([(6_400_000_000, 0), (-6_400_000_000, 0)], data))
    done = wireshark.tshark(capture, "-q", "-z", "facetime,streams")
    sound(done)
    assert [row["Gaps over 200 ms"] for row in table.rows(done.out, "FaceTime Streams", ())] == ["0"]


# ---- Made to take memory or time ----------------------------------------------------------------------


@pytest.mark.parametrize("args", [EVERYTHING, ONE_PASS], ids=["-2", "pass 1"])
def test_flow_between_two_calls(wireshark, args):
    """A flow goes to a second call, years later, and back, before anything says which end the device is; then the two are one. It comes to an end."""
    ends, probe = (("203.0.113.64", 16402), ("198.51.100.20", 16402)), ("17.173.254.223", 16386)
    media = [datagrams.rtp(104, 0x5EED0001 + number, sequence=7000 * number, extension=(0x4400, (1, 2))) for number in range(4)]
    asks = datagrams.u32(1, 0x12345678) + bytes((192, 168, 1, 64)) + datagrams.u16(59007, 0xAAAA)
    packets = [handmade.packet(*ends, media[0]), handmade.packet(*ends, media[1], 1_924_862_810_976), handmade.packet(*ends[::-1], media[2], 119),
               handmade.packet((ends[0][0], 59007), probe, asks, 978), handmade.packet(*ends[::-1], media[3], 1009)]
    sound(wireshark.tshark(handmade.capture(wireshark, packets), *args, timeout=20))


TABLES = ("calls", "streams", "nodes", "timeline")


@pytest.mark.parametrize("name", [*TABLES, "tree"])
def test_another_session(wireshark, name):
    """tshark -M forgets all packets now and then, and tells no table: what its rows are about is gone. The allocator of the test
    fills freed memory with other bytes."""
    done = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-M", "500", "-z", f"facetime,{name}",
                            env={"WIRESHARK_DEBUG_WMEM_OVERRIDE": "strict"})
    sound(done)
    assert name == "tree" or "what came before is forgotten" in done.out


def nested(depth):
    """A virtual transport packet with a data indication in it, that holds another virtual transport packet, and so on."""
    payload = b"\x80"
    for _ in range(depth):
        payload = b"\0" + datagrams.stun(0x0017, (0x0013, payload))
    return payload


@pytest.mark.parametrize("args", [EVERYTHING, ONE_PASS], ids=["-2", "pass 1"])
def test_packets_inside_each_other(wireshark, args):
    """STUN in a virtual transport packet in STUN in ...: it goes one level deep, not until Wireshark gives up."""
    packets = [datagrams.frame(*ends(0), FORMS["STUN with a radio technology"].payload)]
    packets += [datagrams.frame(*ends(0), nested(depth)) for depth in (1, 2, 10, 300, 2000)]
    capture = wireshark.write("nested.pcap", pcap.write(packets))
    done = wireshark.tshark(capture, *args)
    sound(done)
    assert own_malformed(done.out) == []
    assert [len(row["facetime.vtp.inside"]) for row in wireshark.fields(capture, ("facetime.vtp.inside",), "-2")] == [0, 1, 1, 1, 1, 1]


def wide_list():
    """A property list of 84 bytes that has 1,885 values: three arrays whose twelve entries are each the next one."""
    objects = [bytes([0xAC]) + bytes([level + 1]) * 12 for level in range(3)] + [b"\x09"]
    offsets = bytes(8 + 13 * level for level in range(4))
    return b"bplist00" + b"".join(objects) + offsets + bytes(6) + b"\1\1" + struct.pack(">QQQ", len(objects), 0, 8 + 13 * 3 + 1)


def test_many_property_lists(wireshark):
    """700 lists in one link message: together they show no more than one packet can hold."""
    message = datagrams.link_message(6, *[(22, wide_list())] * 700)
    packets = [datagrams.frame(*ends(0), SIGN), datagrams.frame(*ends(0), datagrams.relay(datagrams.RELAY_TO_ANYONE + message, channel=0x6000))]
    done = wireshark.tshark(wireshark.write("lists.pcap", pcap.write(packets)), *EVERYTHING)
    sound(done)
    assert done.out.count("larger or deeper than is shown") >= 690
    wireshark.forget()


# Kilobytes that tshark may take: a sample needs some 170,000 (Wireshark itself; the plugin's part is a few thousand).
MEMORY = 600_000


def resident(wireshark, capture, *args):
    """(result, kilobytes that tshark had in memory at most)."""
    done = wireshark.run("python3", "-c", "import os, resource, sys; status = os.spawnvp(os.P_WAIT, 'tshark', sys.argv[1:]);"
                         "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(status)",
                         "tshark", "-n", "-r", capture, *args)
    return done, int(done.err.split()[-1])


def test_dns_with_many_questions(wireshark):
    """2,000 times the name of a host, and 2,000 addresses of it: each address is kept once. Again and again."""
    question = b"\4init\3ess\5apple\3com\0" + datagrams.u16(1, 1)
    again = b"\xc0\x0c" + datagrams.u16(1, 1)
    answers = b"".join(b"\xc0\x0c" + datagrams.u16(1, 1, 0, 60, 4) + struct.pack(">I", 0x11010000 + number) for number in range(2000))
    payload = datagrams.u16(0x1234, 0x8180, 2000, 2000, 0, 0) + question + again * 1999 + answers
    packets = [datagrams.frame((datagrams.APPLE, 53), (datagrams.DEVICE, 50000), payload, datagrams.START + number) for number in range(3)]
    capture = wireshark.write("dns.pcap", pcap.write(packets))
    done, kilobytes = resident(wireshark, capture, "-q", "-z", "facetime,calls")
    assert done.status == 0 and kilobytes < MEMORY
    assert wireshark.count(capture, "facetime.host.name") == 3


def relayed(number, ssrc, time, participant=None, sequence=0):
    """RTP over the relay in the call of device NUMBER."""
    flags = datagrams.u16(0x2001, 0x0777) if participant is None else datagrams.u16(0x2005, 0x0777) + struct.pack(">Q", participant)
    device = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    payload = flags + datagrams.u16(0x0303) + datagrams.rtp(104, ssrc=ssrc, sequence=sequence & 0xFFFF)
    return datagrams.frame((device, 16393), (datagrams.APPLE, 3482), datagrams.relay(payload, channel=0x6000), datagrams.START + time)


def test_one_ssrc_in_many_calls(wireshark):
    """One SSRC from a hundred devices is a generator's: one call and one stream of it, and no loss is stated."""
    packets = [relayed(number, 0x1234, number * 31_000_000) for number in range(100)]
    done = wireshark.tshark(wireshark.write("ssrc.pcap", pcap.write(packets)), "-q", "-z", "facetime,streams")
    sound(done)
    row, = table.streams(done.out)
    assert row["Packets"] == 100 and row["Lost"] is None and "one SSRC from many addresses" in row["Notes"]


def seconds(wireshark, name, packets, *args, linktype=pcap.ETHERNET):
    """How long tshark takes."""
    capture = wireshark.write(name, pcap.write(packets, linktype))
    start = time.monotonic()
    assert wireshark.run("tshark", "-n", "-r", capture, *args).status == 0
    return time.monotonic() - start


def test_participants_that_collide(wireshark):
    """Participant IDs whose two halves make the same number by exclusive-or cost no more than other ones (eight times as much, on 4.6
    with its own hash function for 64-bit numbers)."""
    dice = random.Random(3)
    halves = [dice.getrandbits(32) for _ in range(40000)]
    alike = [relayed(1, 0x1234, 100 * n, half << 32 | half ^ 0x55) for n, half in enumerate(halves)]
    other = [relayed(1, 0x1234, 100 * n, half << 32 | dice.getrandbits(32)) for n, half in enumerate(halves)]
    assert seconds(wireshark, "alike.pcap", alike) < 3 * seconds(wireshark, "other.pcap", other) + 1


def test_much_before_a_call(wireshark):
    """A device whose push is busy before its call: Wireshark's queue for the tables is short, and it complains where it is full."""
    session = push.tcp_packets([(True, b"x")] * 3000, addresses=(datagrams.DEVICE, "17.57.1.1"))
    packets = [dataclasses.replace(packet, time=datagrams.START + 1000 * number) for number, packet in enumerate(session)]
    relay = datagrams.frame((datagrams.DEVICE, 16393), (datagrams.APPLE, 3482), FORMS["relay with RTP"].payload, datagrams.START + 7_000_000)
    packets.append(relay.with_data(relay.data[14:]))
    done = wireshark.tshark(wireshark.write("busy.pcap", pcap.write(packets, pcap.RAW_IP)), "-q", "-z", "facetime,nodes")
    sound(done)
    assert done.err == ""


PUSH = ("-d", "tcp.port==5223,apns")


def test_push_frame_of_many_items(wireshark):
    """A third of a million items in one frame: the first ones are shown."""
    capture = push.capture(wireshark, "items.pcap", [(True, push.frame(7, *[(200, b"")] * 300_000))])
    done = wireshark.tshark(capture, *PUSH, "-V")
    sound(done)
    assert "The frame has more items than are shown" in done.out
    wireshark.forget()


def packed(length, data):
    """LENGTH as a number of 8 bits, and DATA."""
    rest, octets = length - 255, [255]
    while rest > 127:
        octets.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*octets, rest]) + data


def test_packed_push_of_many_references(wireshark):
    """A value of 1,000 bytes, and 100,000 references to it."""
    body = b"\x43" + b"\x3f" + bytes([1000 - 63 & 127 | 128, 1000 - 63 >> 7]) + bytes(1000) + b"\x83\0" * 100_000
    capture = push.capture(wireshark, "references.pcap", [(True, b"\x0a" + packed(len(body), body))])
    done, kilobytes = resident(wireshark, capture, "-d", "tcp.port==5223,apns_pack", "-V")
    assert done.status == 0 and not BUG_IN_TREE.search(done.out)
    assert "more items or references than are shown" in done.out and kilobytes < MEMORY


def test_many_notifications(wireshark):
    """The first frame of each packet, many times: twice as many take twice as long (once four times as long)."""
    session = push.tcp_packets([(False, push.frame(10, (4, struct.pack(">I", number)))) for number in range(30000)])[3::2]
    some_, all_ = (seconds(wireshark, "notes.pcap", session[:count], *PUSH, linktype=pcap.RAW_IP) for count in (5000, 30000))
    assert all_ < 8 * some_ + 1


@pytest.mark.parametrize("length, read", [(70, True), (71, False)])
def test_long_boundary(wireshark, length, read):
    """A boundary of a multipart body has 70 characters at most (RFC 2046): looking for one of 30,000 in as many takes time."""
    mark = "-" * length
    part = f"--{mark}\r\nContent-Type: application/sdp\r\n\r\n".encode() + datagrams.sdp("a=rtpID:5") + f"\r\n--{mark}--".encode()
    message = datagrams.sip(body=part).replace(b"application/sdp\r\nContent-Length", f"multipart/mixed; boundary=\"{mark}\"\r\nContent-Length".encode(), 1)
    rows = wireshark.fields(datagrams.written(wireshark, "boundary.pcap", [datagrams.frame(*ends(0), message)]), ("facetime.sdp.rtpid",))
    assert bool(rows[0]["facetime.sdp.rtpid"]) == read
