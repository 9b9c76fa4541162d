"""Link probes: the modem's notification, and the two forms that only Apple's parser knows."""

import struct

import pytest

from ftools import handmade, paths, pcap, pdml, wire
from ftools.relaydata import DEVICE, RELAY, u16, u32

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.is_dir(), reason=paths.NO_SHARED)

CAFE, DEAD = bytes.fromhex("deadbeefcafe0002"), bytes.fromhex("deadbeefdead0002")
NOTIFICATION = CAFE + u32(0x6DAAF59C) + b"\5\1" + u16(1) + u32(0, 17038, 453, 33305925, 76346284)
RATE_CHANGE = CAFE + u32(0x6F) + u16(3, 4)
DROPPED = DEAD + u32(0x6DAAF59C) + u16(0x77, 2) + b"\x64" + u16(2, 500, 501) + b"\x68" + u16(1, 9)

OLD = {"type": "5", "count": "17038", "value": "453", "clock1": "33305925", "clock2": "76346284"}
NEW = {"radio": "5", "queue.flushable": "17038", "queue.unflushable": "453", "transmitted": "33305925", "time": "76346284"}


def shown(wireshark, payloads, passes="-2", kept=None):
    return pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(RELAY, DEVICE, payload, 10 * number, kept)
                                                                for number, payload in enumerate(payloads)]), *PASSES[passes])


@each_pass
def test_notification(wireshark, passes):
    """All fields, also under the names that they had before their meaning was known."""
    packet, = shown(wireshark, [NOTIFICATION], passes)
    wanted = {"kind": "0", "magic": "de:ad:be:ef:ca:fe", "version": "2", "id": "0x6daaf59c", "first": "1", "one": "1", "zero": "0", "antenna": "1", "flows": "1",
              "flow_type": "0", "power": "0", **NEW, **OLD}
    assert {name: packet.value(f"facetime.linkprobe.{name}") for name in wanted} == wanted
    assert packet.value("facetime.kind") == "6"
    assert "facetime.linkprobe.bad_length" not in packet.names("facetime.linkprobe.")


@each_pass
def test_power_below_nothing(wireshark, passes):
    """The transmission power has a sign."""
    packet, = shown(wireshark, [NOTIFICATION[:16] + b"\2\xf6" + NOTIFICATION[18:]], passes)
    assert [packet.value(f"facetime.linkprobe.{name}") for name in ("flow_type", "power", "zero")] == ["2", "-10", str(0x02F60000)]


@each_pass
def test_rate_change(wireshark, passes):
    packet, = shown(wireshark, [RATE_CHANGE], passes)
    assert [packet.value(f"facetime.linkprobe.{name}") for name in ("kind", "rate.1", "rate.2", "rate.current", "rate.suggested")] == ["1", "3", "4", "3", "4"]
    assert "facetime.linkprobe.bad_length" not in packet.names("facetime.linkprobe.")


@each_pass
def test_drop_answer(wireshark, passes):
    some, none, failed = shown(wireshark, [DROPPED, DEAD + u32(1) + u16(0x78, 0), DEAD + u32(1) + u16(0x79, 0xFFFF)], passes)
    assert [some.values(f"facetime.linkprobe.drop.{name}") for name in ("transaction", "result", "payload_type", "packets", "seq")] == [
        ["0x0077"], ["2"], ["100", "104"], ["2", "1"], ["500", "501", "9"]]
    assert none.value("facetime.linkprobe.drop.result") == "0" and failed.value("facetime.linkprobe.drop.result") == "65535"
    for packet in (some, none, failed):
        assert packet.value("facetime.linkprobe.kind") == "2"
        assert "facetime.linkprobe.bad_length" not in packet.names("facetime.linkprobe.")


@each_pass
def test_as_many_as_are_taken(wireshark, passes):
    """Six groups, one of them of 500 numbers, are all read; one more of either is too many."""
    head, group = DROPPED[:16], b"\x64" + u16(1, 9)
    numbers = b"\x68" + u16(500, *range(500))
    packets = shown(wireshark, [head + group * 5 + numbers, head + group * 6 + numbers, head + b"\x68" + u16(501, *range(501))], passes)
    assert [len(packet.values("facetime.linkprobe.drop.packets")) for packet in packets] == [6, 6, 0]
    assert len(packets[0].values("facetime.linkprobe.drop.seq")) == 505
    assert ["facetime.linkprobe.bad_length" in packet.names("facetime.linkprobe.") for packet in packets] == [False, True, True]


WRONG = {"nothing after the six bytes": NOTIFICATION[:6], "notification one short": NOTIFICATION[:35], "notification over-long": NOTIFICATION + b"\0",
         "notification cut after its tag": NOTIFICATION[:12], "rate change one short": RATE_CHANGE[:15], "rate change over-long": RATE_CHANGE + b"\0",
         "drop answer one short": DEAD + u32(1) + u16(0x77) + b"\0", "drop answer cut in a group": DROPPED[:-1],
         "drop answer cut in a group's head": DROPPED[:-4], "drop answer with more than fits": DROPPED[:17] + u16(501) + DROPPED[19:],
         "failed and over-long": DEAD + u32(1) + u16(0x79, 0xFFFF) + b"\0", "seven groups": DROPPED[:16] + (b"\x64" + u16(1, 9)) * 7}


@each_pass
def test_wrong_length(wireshark, passes):
    """Each is a link probe still, and told to be of a wrong length; no byte is hidden."""
    for (name, payload), packet in zip(WRONG.items(), shown(wireshark, WRONG.values(), passes), strict=True):
        assert packet.value("facetime.kind") == "6", name
        assert "facetime.linkprobe.bad_length" in packet.names("facetime.linkprobe."), name
        assert "_ws.malformed" not in packet.value("frame.protocols"), name
        assert len({at for at in packet.covered("facetime.linkprobe.") if at >= 28}) == len(payload), name


@each_pass
def test_truncated(wireshark, passes):
    """Everything up to the cut."""
    ends = {"version": 8, "radio": 13, "zero": 20, "queue.flushable": 24, "transmitted": 32, "time": 36}
    for kept in (6, 7, 8, 13, 20, 23, 24, 32, 35):
        packet, = shown(wireshark, [NOTIFICATION], passes, kept)
        assert {name for name in ends if packet.values(f"facetime.linkprobe.{name}")} == {name for name, end in ends.items() if end <= kept}
        assert packet.value("facetime.kind") == "6" and "_ws.malformed" not in packet.value("frame.protocols")


def test_in_the_window(wireshark):
    made = handmade.capture(wireshark, [handmade.packet(RELAY, DEVICE, payload, 10 * number)
                                        for number, payload in enumerate((NOTIFICATION, RATE_CHANGE, DROPPED, *WRONG.values()))])
    listing = ("frames", {"filter": "facetime.linkprobe.magic", "column0": "facetime.linkprobe.kind:1"})
    first, second = wireshark.sharkd(made, listing, listing)
    assert first == second and len(first) == 3 + len(WRONG)


# ---- The real call --------------------------------------------------------------------------------


def independent():
    """Frame and the four numbers of each link probe of the cellular call, read without the plugin."""
    for datagram in wire.udp(*pcap.read(paths.CELLULAR)):
        if datagram.payload[:6] == CAFE[:6]:
            yield datagram.frame, *struct.unpack(">4I", datagram.payload[20:36])


@needs_real
def test_real_probes(wireshark):
    names = [f"facetime.linkprobe.{name}" for name in ("queue.flushable", "queue.unflushable", "transmitted", "time")]
    rows = wireshark.fields(paths.CELLULAR, ("frame.number", *names), "-2", "-Y", "facetime.linkprobe.magic")
    found = [(int(row["frame.number"][0]), *(int(row[name][0]) for name in names)) for row in rows]
    assert found == list(independent()) and len(found) == 400


@needs_real
def test_what_the_numbers_mean():
    """The measurements that the protocol page states: the clock is of milliseconds, and nothing runs backwards; where a longer queue
    shrinks, it shrinks by about what is transmitted."""
    probes = [numbers for _, *numbers in independent()]
    assert probes[-1][3] - probes[0][3] == 28722 and probes[-1][2] - probes[0][2] == 259452
    pairs = list(zip(probes, probes[1:]))
    assert all(later[2] >= earlier[2] and later[3] >= earlier[3] for earlier, later in pairs)
    shrunk = [(earlier[0] - later[0], later[2] - earlier[2]) for earlier, later in pairs if earlier[0] - later[0] >= 1000]
    assert len(shrunk) >= 10 and sum(sent >= drained - 100 for drained, sent in shrunk) >= len(shrunk) * 9 // 10
