"""Where an analyst should look: the expert items on calls, each on a capture that deserves it, and none where nothing is wrong."""

import pytest

from ftools import facts, flood, paths, pcap
from ftools.datagrams import net

ITEMS = ("one_way", "checks_unanswered", "relayed", "relay_refused", "no_bye", "long_setup", "loss", "relay_loss", "not_marked", "marked_differently", "interrupted", "number_in_clear")
FIELDS = ("frame.number", "facetime.call", *(f"facetime.{item}" for item in ITEMS), "_ws.expert.message")

IP = 14         # offset of the IPv4 header in the samples' Ethernet frames
EXPEDITED = 46  # DSCP of expedited forwarding (RFC 3246)


def items(wireshark, capture, *args):
    """Item -> the frames that have it."""
    rows = wireshark.fields(capture, FIELDS, *args)
    return {item: [int(row["frame.number"][0]) for row in rows if row[f"facetime.{item}"]] for item in ITEMS}


def present(wireshark, capture):
    """The items that a capture shows with -2; not that media is unmarked, as it is in all samples."""
    found = items(wireshark, capture, "-2")
    return {item for item, frames in found.items() if frames} - {"not_marked"}


def changed(wireshark, name, change):
    """A sample whose packets CHANGE(number, packet) gives: a packet, or None for none."""
    packets = [change(number, packet) for number, packet in enumerate(pcap.read(paths.sample(name))[1], 1)]
    return wireshark.write("changed.pcap", pcap.write([packet for packet in packets if packet]))


def situation(name):
    return paths.CAPTURES / "situations" / facts.situation(name)["capture"]


def is_media(packet):
    """UDP from port 16402 to port 16402 that begins as RTP with the extension bit."""
    data = packet.data
    return data[23] == 17 and data[34:38] == b"\x40\x12\x40\x12" and data[42] & 0xD0 == 0x90


def from_device(packet):
    return packet.data[26:30] == bytes([192, 168, 1, 64])


def later(packet, seconds):
    return pcap.Packet(packet.time + seconds * 1000000, packet.data, packet.length)


@pytest.mark.parametrize("name, wanted", [
    ("facetime-2010-inbound", {"number_in_clear"}), ("facetime-2010-outbound", {"number_in_clear"}), ("facetime-ios7", {"number_in_clear"}),
    ("facetime-relay", {"relayed"}), ("facetime-direct", set())])
def test_samples(wireshark, name, wanted):
    assert present(wireshark, paths.sample(name)) == wanted


def test_places(wireshark):
    """The number where it is, all else on the call's last frame; on one pass only the number is known in time."""
    name = "facetime-2010-inbound"
    call, = facts.expected(name)["calls"]
    invite = min(facts.numbers(call["phases"]["signalling"]["frames"]))
    two = items(wireshark, paths.sample(name), "-2")
    assert two["number_in_clear"] == [invite] and two["not_marked"] == [call["last_frame"]]
    one = items(wireshark, paths.sample(name))
    assert one["number_in_clear"] == [invite] and one["not_marked"] == []


@pytest.mark.parametrize("name, item", [
    ("modern-only-from-device", "one_way"), ("modern-only-to-device", "one_way"), ("legacy-cut-off", "no_bye"),
    ("legacy-cut-off", "interrupted"), ("modern-cut-off", "interrupted")])
def test_situations(wireshark, name, item):
    found = items(wireshark, situation(name), "-2")[item]
    assert found == [call["last_frame"] for call in facts.situation(name)["calls"]]


def test_loss(wireshark):
    """Every tenth packet of the peer is missing: a stream lost more than five per cent."""
    count = 0

    def change(_, packet):
        nonlocal count
        if is_media(packet) and not from_device(packet):
            count += 1
            return packet if count % 10 else None
        return packet

    assert "loss" in present(wireshark, changed(wireshark, "facetime-2010-inbound", change))


def test_little_loss(wireshark):
    """One packet in fifty is no item."""
    count = 0

    def change(_, packet):
        nonlocal count
        count += is_media(packet)
        return None if is_media(packet) and count % 50 == 0 else packet

    assert "loss" not in present(wireshark, changed(wireshark, "facetime-2010-inbound", change))


def test_long_setup(wireshark):
    """Media that comes six seconds after the answer; four are no item."""
    call, = facts.expected("facetime-2010-inbound")["calls"]
    first = min(facts.numbers(call["phases"]["media"]["frames"]))
    for seconds, expected in ((6, True), (4, False)):
        made = changed(wireshark, "facetime-2010-inbound", lambda number, packet, by=seconds: later(packet, by) if number >= first else packet)
        assert ("long_setup" in present(wireshark, made)) == expected, seconds


def test_marked_differently(wireshark):
    """The device marks its media, what arrives is not marked."""
    def change(_, packet):
        if is_media(packet) and from_device(packet):
            return packet.with_data(packet.data[:IP + 1] + bytes([EXPEDITED << 2]) + packet.data[IP + 2:])
        return packet

    made = changed(wireshark, "facetime-2010-inbound", change)
    assert "marked_differently" in present(wireshark, made)
    assert items(wireshark, made, "-2")["not_marked"] == []


def without_answers(_, packet):
    """A packet that is no answer to a check; IPv4 and IPv6."""
    udp = 34 if packet.data[12:14] == b"\x08\x00" else 54
    return None if packet.data[udp + 8:udp + 10] == b"\x01\x01" and packet.data[udp + 12:udp + 16] == b"\x21\x12\xa4\x42" else packet


def test_relayed(wireshark):
    """No direct check is answered, and media goes over the relay."""
    assert "relayed" in present(wireshark, changed(wireshark, "facetime-relay", without_answers))


def test_checks_without_an_answer(wireshark):
    """No direct check is answered, and media goes directly all the same: the answers were not captured, or went another way."""
    assert "checks_unanswered" in present(wireshark, changed(wireshark, "facetime-direct", without_answers))


def test_relay_refused(wireshark):
    """One ICMP error about a packet to a relay that answers otherwise."""
    packets = pcap.read(paths.sample("facetime-relay"))[1]
    to_relay = [packet for packet in packets if packet.data[12:14] == b"\x08\x00" and packet.data[23] == 17 and from_device(packet)
                and packet.data[42] == 0x60]
    quoted = to_relay[len(to_relay) // 2]
    relay = ".".join(map(str, quoted.data[30:34]))
    error = net.ip(relay, "192.168.1.64", 1, net.icmp_unreachable(quoted.data[14:], 13))
    frame = quoted.data[6:12] + quoted.data[:6] + b"\x08\x00" + error
    packets.insert(packets.index(quoted) + 1, pcap.Packet(quoted.time + 10, frame, len(frame)))
    assert "relay_refused" in present(wireshark, wireshark.write("refused.pcap", pcap.write(packets)))


@pytest.mark.skipif(not paths.WIFI.exists(), reason=paths.NO_SHARED)
def test_real_calls(wireshark):
    """Nothing is claimed of the real calls but what they show: marked differently by direction, over the relay in spite of a path that answered,
    three packets lost on the way to it."""
    assert present(wireshark, paths.WIFI) == {"marked_differently", "relayed", "relay_loss"}
    assert present(wireshark, paths.CELLULAR) == {"marked_differently", "relayed"}


@pytest.mark.parametrize("name", ["facetime-relay", "facetime-direct"])
def test_statistics_without_a_tree(wireshark, name):
    """The statistics of expert items has the same of FaceTime's whether tshark builds a tree for each packet (a filter wants one) or not."""
    bare = wireshark.tshark(paths.sample(name), "-q", "-z", "expert").ok().out
    built = wireshark.tshark(paths.sample(name), "-q", "-z", "expert", "-z", "io,stat,0,facetime").ok().out
    assert flood.complaints(bare) == flood.complaints(built) != {}
