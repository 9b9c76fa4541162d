"""Who ended a call of today, and which packets behind its end do not take it back."""

import dataclasses

import pytest

from ftools import paths, pcap, table, wire

SECOND = 1000000
ENDS = {"modern-each-end-caller": "device", "modern-each-end-callee": "peer"}


def situation(name):
    linktype, packets = pcap.read(paths.CAPTURES / "situations" / f"{name}.pcap")
    assert linktype == pcap.ETHERNET
    return packets


def calls(wireshark, tmp_path, packets):
    path = tmp_path / f"{len(packets)}.pcap"
    path.write_bytes(pcap.write(packets, pcap.ETHERNET))
    return table.rows(wireshark.tshark(path, "-q", "-z", "facetime,calls").ok().out)


def media(name, sent):
    """Indices of packets with media that the device of the situation sent, or got."""
    device = bytes([192, 168, 1, 64 if name.endswith("caller") else 65])
    packets, place = situation(name), slice(26, 30) if sent else slice(30, 34)
    found = [header.frame - 1 for header in wire.relayed_rtp(paths.CAPTURES / "situations" / f"{name}.pcap")]
    return [number for number in found if packets[number].data[place] == device]


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("sent", (True, False))
def test_who_was_muted_did_not_hang_up(wireshark, tmp_path, name, sent):
    """One side sends nothing any more, four seconds before the end: it is muted, its camera off. Who then hung up cannot be told."""
    packets = situation(name)
    mine = media(name, sent)
    last = packets[mine[-1]].time
    gone = {number for number in mine if packets[number].time > last - 4 * SECOND}
    call, = calls(wireshark, tmp_path, [packet for number, packet in enumerate(packets) if number not in gone])
    assert (call["State"], call["End"]) == ("ended", "link ended [guess]")
    call, = calls(wireshark, tmp_path, packets)
    assert call["End"] == f"link ended by the {ENDS[name]} [guess]"


def test_media_that_stands_behind_the_error(wireshark, tmp_path):
    """What the device sent last stands 30 ms behind the ICMP error of its closed socket, as in a capture of two cards: the call has ended."""
    packets = situation("modern-each-end-caller")
    last = packets[media("modern-each-end-caller", True)[-1]]
    closed = next(packet for packet in packets if packet.time > last.time and packet.data[23] == 1)
    late = dataclasses.replace(last, time=closed.time + 30000)
    packets = sorted([packet for packet in packets if packet is not last] + [late], key=lambda packet: packet.time)
    call, = calls(wireshark, tmp_path, packets)
    assert (call["State"], call["End"]) == ("ended", "link ended by the device [guess]")


def test_older_file_behind_the_newer_one(wireshark, tmp_path):
    """Two captures of one device, the newer one first: two calls, each with its own media."""
    newer, (_, older) = situation("modern-each-end-caller"), pcap.read(paths.sample("facetime-relay"))
    found = calls(wireshark, tmp_path, newer + older)
    assert [(call["Media (s)"] > 5, call["Start (UTC)"][:10]) for call in found] == [(True, "2025-01-15"), (True, "2025-01-01")]


# ---- Between two calls ------------------------------------------------------------------------------


@pytest.mark.parametrize("goes_on", [False, True], ids=["nothing more", "the call goes on"])
def test_probe_after_the_media(wireshark, goes_on):
    """A NAT probe half a minute after the media, on the socket pair of the call's own: of no call, for the next one has not begun, or of the call that goes
    on. Both passes say the same, also of how many packets there are."""
    packets = pcap.read(paths.sample("facetime-relay"))[1]
    probes = [packet for packet in packets if packet.data[42:45] == b"\0\0\0" and packet.data[56:58] == b"\xaa\xaa"]
    media = [packet for packet in packets if packet.data[42:43] == b"\x60" and len(packet.data) > 120][-3:]
    end = packets[-1].time
    more = [dataclasses.replace(packet, time=end + 30_000_000 + 1000 * number) for number, packet in enumerate(probes)]
    if goes_on:
        more += [dataclasses.replace(packet, time=end + 30_500_000 + 1000 * number) for number, packet in enumerate(media)]
    assert len(probes) == 2
    capture = wireshark.write("after.pcap", pcap.write(packets + more))
    calls = [table.rows(wireshark.tshark(capture, *args, "-q", "-z", "facetime,calls").ok().out, "FaceTime Calls", ("Call",)) for args in ((), ("-2",))]
    assert calls[0] == calls[1]
    rows = wireshark.fields(capture, ("facetime.call",), "-2", "-Y", f"frame.number > {len(packets)}")
    assert [row["facetime.call"] for row in rows] == ([["1"]] * 5 if goes_on else [[]] * 2)
