"""The streams table: -z facetime,streams. Each number of each stream of the samples, the situations and the real calls is compared
with an independent count from the bytes; what they do not show is made by hand."""

import dataclasses
import re

import pytest

from ftools import datagrams, facts, handmade, paths, pcap, streams, table

PASSES = {"pass 1": (), "-2": ("-2",)}
TABLE = ("-q", "-z", "facetime,streams")
each_pass = pytest.mark.parametrize("passes", PASSES)

# (capture, addresses of its devices) by name.
CAPTURES = {name: (paths.sample(name), [call[key] for call in facts.expected(name)["calls"] for key in ("device", "device_direct") if call.get(key)])
            for name in paths.SAMPLES}
REAL = {"real Wi-Fi call": (paths.WIFI, ["10.239.19.254", "10.127.22.118"]), "real cellular call": (paths.CELLULAR, ["10.127.22.118"])}
# Numbers of a layer that the relay did not forward (both ends of the call were captured), and the packet that it sent again.
PAUSED = {0x176BABD0: 2}
REPAIRED = {0xE8C763E2: 1}
EVERY = [pytest.param(name, id=name) for name in CAPTURES] + [
    pytest.param(name, id=name, marks=pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)) for name in REAL]
every_capture = pytest.mark.parametrize("name", EVERY)

# The clocks that the samples are made with (captures/README.md) and that the real calls show, by era and media.
OLD_CLOCKS = {"facetime-2010-inbound": 22050}


def clock_of(name, media):
    """The clock of a stream in Hz."""
    if name not in CAPTURES or facts.expected(name)["calls"][0]["era"] == "modern":
        return 24000
    return 90000 if media == "video" else OLD_CLOCKS.get(name, 24000)


def run(wireshark, name, *args):
    """The rows of a capture by direction and SSRC."""
    capture, _ = {**CAPTURES, **REAL}[name]
    rows = table.streams(wireshark.tshark(capture, *args, *TABLE).ok().out)
    found = {(row["Direction"], int(row["SSRC"], 16)): row for row in rows}
    assert len(found) == len(rows), "two rows of one stream"
    return found


def close(shown, wanted):
    """Is the shown number the wanted one, but for its decimals?"""
    if shown is None or wanted is None:
        return shown is wanted
    return shown == pytest.approx(wanted, abs=0.51) if isinstance(shown, int) and not isinstance(wanted, int) else (
        shown == wanted if isinstance(wanted, int) else shown == pytest.approx(wanted, abs=0.051 if wanted > 100 else 0.0501))


# ---- Against an independent count ----------------------------------------------------------------


@each_pass
@every_capture
def test_streams_are_those_of_the_bytes(wireshark, name, passes):
    """A row for each SSRC and sender, and no other."""
    capture, devices = {**CAPTURES, **REAL}[name]
    assert set(run(wireshark, name, *PASSES[passes])) == set(streams.by_stream(capture, devices))


@each_pass
@every_capture
def test_numbers_are_those_of_the_bytes(wireshark, name, passes):
    """Packets, bytes, rates, loss, duplicates, order, jitter, gaps and frames of each stream."""
    capture, devices = {**CAPTURES, **REAL}[name]
    rows, wrong = run(wireshark, name, *PASSES[passes]), []
    for key, stream in streams.by_stream(capture, devices).items():
        wanted, _ = streams.measure(stream, clock_of(name, rows[key]["Media"]), name in REAL, PAUSED.get(key[1], 0), REPAIRED.get(key[1], 0))
        wrong += [(f"0x{key[1]:08x}", title, rows[key][title], value) for title, value in wanted.items() if not close(rows[key][title], value)]
    assert wrong == []


@every_capture
def test_words_are_those_of_the_bytes(wireshark, name):
    """Payload types, path and DSCP of each stream; its filter and its clock."""
    capture, devices = {**CAPTURES, **REAL}[name]
    rows = run(wireshark, name)
    for key, stream in streams.by_stream(capture, devices).items():
        row, (_, wanted) = rows[key], streams.measure(stream, 24000)
        types = re.findall(r"(\d+)(?: \((\d+)\))?", row["Payload type (packets)"])
        assert {int(number): int(count or row["Packets"]) for number, count in types} == wanted["types"]
        assert wanted["types"][int(types[0][0])] == max(wanted["types"].values())
        assert set(row["Path"].split("+")) == wanted["paths"]
        assert {int(part.split()[0]) for part in row["DSCP"].split(", ")} == wanted["dscp"]
        assert int(row["Clock (Hz)"].split(",")[0]) == clock_of(name, row["Media"])
    # The filter of one row is tried: it shows the frames of the stream.
    first = min(rows, key=lambda key: rows[key]["First frame"])
    assert wireshark.count(capture, rows[first]["Filter"], "-2") == len({packet.datagram.frame for packet in streams.by_stream(capture, devices)[first]})


@pytest.mark.parametrize("name", CAPTURES)
def test_clock_of_samples_is_measured(wireshark, name):
    """Their streams run for many seconds, packet by packet: the clock shows."""
    assert {row["Clock (Hz)"].split(", ")[1] for row in run(wireshark, name).values()} == {"measured"}


@pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)
@pytest.mark.parametrize("name", REAL)
def test_batches_of_real_captures_are_said(wireshark, name):
    """They were handed over once a second: a reader is told not to take jitter and gaps for the network's."""
    rows = run(wireshark, name).values()
    assert all("captured in batches" in row["Notes"] for row in rows if row["Packets"] > 20)


@pytest.mark.parametrize("name", CAPTURES)
def test_samples_are_not_in_batches(wireshark, name):
    assert {row["Notes"] for row in run(wireshark, name).values()} == {"-"}


@pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)
def test_layers_of_a_real_call(wireshark):
    """The Wi-Fi call sends its picture in two sizes at once: frames with the same timestamps."""
    rows = {ssrc: row["Main stream (same timestamps)"] for (_, ssrc), row in run(wireshark, "real Wi-Fi call").items()}
    assert rows[0x5BB2FA12] == "0xc5f54b1b (25 of 42 frames)"
    assert rows[0xC5F54B1B] == rows[0x8F272F4F] == "this one"


@pytest.mark.parametrize("name", [name for name in CAPTURES if facts.expected(name)["calls"][0]["era"] == "modern"])
def test_redundancy_of_samples_is_a_guess(wireshark, name):
    rows = run(wireshark, name)
    for (direction, _), row in rows.items():
        if row["Payload type (packets)"] == "20":
            audio, = [other["SSRC"] for (way, _), other in rows.items() if way == direction and other["Payload type (packets)"].startswith("104")]
            assert row["Main stream (same timestamps)"] == f"{audio} [guess: the other audio]"


# ---- The same everywhere -------------------------------------------------------------------------


@every_capture
def test_same_on_both_passes(wireshark, name):
    capture, _ = {**CAPTURES, **REAL}[name]
    first, second = (table.lines(wireshark.tshark(capture, *args, *TABLE).ok().out, table.STREAMS) for args in PASSES.values())
    assert first == second


@pytest.mark.parametrize("name", paths.SITUATIONS)
def test_situations_on_both_passes(wireshark, name):
    """Media inside QUIC is known from its first packet on with -2, on one pass once it has the rate: the same rows, counted from there on."""
    capture = paths.CAPTURES / "situations" / facts.situation(name)["capture"]
    first, second = ([row if row["SSRC"] != "-" else (row["Call"], row["Direction"], row["Codec"], row["Last frame"])
                      for row in table.streams(wireshark.tshark(capture, *args, *TABLE).ok().out)] for args in PASSES.values())
    assert first == second


@every_capture
def test_same_in_sharkd(wireshark, name):
    """As the window would have it; what is not known is null."""
    capture, _ = {**CAPTURES, **REAL}[name]
    answer, = wireshark.sharkd(capture, ("tap", {"tap0": "nstat:facetime,streams"}))
    tap, = answer["taps"]
    titles = [field["c"] for field in tap["fields"]]
    assert titles == list(table.STREAM_COLUMNS)
    wanted = table.streams(wireshark.tshark(capture, "-2", *TABLE).ok().out)
    found = [dict(zip(titles, row)) for row in tap["tables"][0]["i"]]
    assert len(found) == len(wanted)
    by_frame = lambda each: (each["Call"], each["First frame"], each["SSRC"])  # noqa: E731
    for row, truth in zip(sorted(found, key=by_frame), sorted(wanted, key=by_frame)):
        assert {title: row[title] for title in table.STREAM_TEXTS} == {title: truth[title] for title in table.STREAM_TEXTS}
        assert all(close(truth[title], row[title]) for title in table.STREAM_NUMBERS), (row, truth)


@each_pass
@pytest.mark.parametrize("name, first", [("facetime-direct", 324), ("facetime-2010-inbound", 300), ("facetime-ios7", 300), ("facetime-relay", 300)])
def test_capture_that_begins_in_the_call(wireshark, name, first, passes):
    """Media that came before anything said that it is FaceTime's is there on one pass too."""
    linktype, packets = pcap.read(paths.sample(name))
    capture = wireshark.write("begins-late.pcap", pcap.write(packets[first - 1:], linktype))
    rows = table.streams(wireshark.tshark(capture, *PASSES[passes], *TABLE).ok().out)
    wanted = {}
    for packet in streams.packets(capture):
        wanted[packet.rtp.ssrc] = wanted.get(packet.rtp.ssrc, 0) + 1
    assert {int(row["SSRC"], 16): row["Packets"] for row in rows} == wanted


# ---- The command line ----------------------------------------------------------------------------


@each_pass
def test_filter(wireshark, passes):
    """Only what the filter lets through counts."""
    whole = run(wireshark, "facetime-relay", *PASSES[passes])
    row = min(whole.values(), key=lambda each: each["First frame"])
    for what, wanted in ((f"rtp.ssrc == {row['SSRC']} && rtp.seq != 18000", row["Packets"] - 1), (row["Filter"], row["Packets"])):
        out = wireshark.tshark(paths.sample("facetime-relay"), *PASSES[passes], "-q", "-z", f"facetime,streams,{what}").ok().out
        assert table.shown_filter(out, table.STREAMS) == what
        found = {each["SSRC"]: each for each in table.streams(out)}
        # A datagram with two packets brings the other one's stream along.
        assert found[row["SSRC"]]["Packets"] == wanted
        assert all(each["Packets"] == 1 for ssrc, each in found.items() if ssrc != row["SSRC"])


def test_bad_filter(wireshark):
    done = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", "facetime,streams,rtp.ssrc ==")
    assert done.status != 0 and "facetime,streams" in done.err and table.STREAMS not in done.out


def test_no_such_statistic(wireshark):
    done = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", "facetime,streamsx")
    assert done.status != 0 and table.STREAMS not in done.out


@each_pass
def test_empty_capture(wireshark, passes):
    """The table is there, with its titles."""
    out = wireshark.tshark(wireshark.write("empty.pcap", pcap.write([])), *PASSES[passes], *TABLE).ok().out
    assert [text for text, _, _ in table.spans(table.lines(out, table.STREAMS)[3])] == list(table.STREAM_COLUMNS)
    assert table.streams(out) == []


def test_it_is_listed(wireshark):
    done = wireshark.run("tshark", "-z", "help")
    assert {"facetime,streams", "facetime,tree"} <= set((done.out + done.err).split())


# ---- Made by hand --------------------------------------------------------------------------------

OTHER_INTERFACE = ("10.0.0.7", 16403)
CLOCK = 24000
MILLISECONDS = CLOCK // 1000


def rtp(sequence, timestamp, payload_type=104, ssrc=0x5EED0001, marker=False, size=40):
    """An RTP packet with FaceTime's old header extension, which is enough to be known."""
    head = bytes([0x90, payload_type | marker << 7]) + datagrams.u16(sequence % 65536) + datagrams.u32(timestamp % 2**32, ssrc)
    return head + datagrams.u16(0x4400, 2) + datagrams.u32(1, 2) + bytes(size)


def shown(wireshark, packets, *args):
    """The rows of (source, destination, payload, milliseconds); on both passes the same."""
    capture = handmade.capture(wireshark, [handmade.packet(source, destination, payload, time) for source, destination, payload, time in packets])
    first, second = (table.streams(wireshark.tshark(capture, *passes, *args, *TABLE).ok().out) for passes in PASSES.values())
    assert first == second
    return first


def sent(sequences, step=20, ssrc=0x5EED0001, **more):
    """Packets from the device with these sequence numbers, one each STEP milliseconds."""
    return [(handmade.DEVICE, handmade.PEER, rtp(sequence, 1000 + place * step * MILLISECONDS, ssrc=ssrc, **more), place * step)
            for place, sequence in enumerate(sequences)]


@pytest.mark.parametrize("sequences, lost, duplicates, late", [
    pytest.param([1, 2, 3, 4, 5], 0, 0, 0, id="in order"),
    pytest.param([1, 2, 5, 6], 2, 0, 0, id="two lost"),
    pytest.param([1, 2, 4, 3, 5], 0, 0, 1, id="out of order"),
    pytest.param([3, 1, 2, 4], 0, 0, 2, id="begins out of order"),
    pytest.param([1, 2, 2, 3, 3, 3], 0, 3, 0, id="duplicates"),
    pytest.param([65534, 65535, 0, 1], 0, 0, 0, id="wraps"),
    pytest.param([65534, 65535, 2, 3], 2, 0, 0, id="loses the wrap"),
    pytest.param([0, 65535, 1, 2], 0, 0, 1, id="out of order at the wrap"),
    pytest.param([1, 2, 2000, 2001], 1997, 0, 0, id="a long cut"),
    pytest.param([1, 2, 3, 40000, 4, 5], 0, 0, 0, id="a stray number"),
])
def test_sequence_numbers(wireshark, sequences, lost, duplicates, late):
    row, = shown(wireshark, sent(sequences))
    assert (row["Packets"], row["Lost"], row["Duplicates"], row["Reordered"]) == (len(sequences), lost, duplicates, late)


def test_restart(wireshark):
    """A sender that begins anew has not lost what lies between."""
    row, = shown(wireshark, sent([*range(100, 110), *range(30000, 30010)]))
    assert (row["Packets"], row["Lost"], row["Notes"]) == (20, 0, "numbering restarted once")


def test_many_wraps(wireshark):
    """Three times around, each tenth packet lost."""
    row, = shown(wireshark, sent([number for number in range(0, 200000, 9) if number % 10], step=1))
    kept = [number for number in range(0, 200000, 9) if number % 10]
    assert row["Lost"] == kept[-1] - kept[0] + 1 - len(kept)


def test_one_packet(wireshark):
    """Nothing to measure: no jitter, no gap, no loss; a rate over one second."""
    row, = shown(wireshark, sent([7]))
    assert (row["Packets"], row["Lost"], row["Jitter (ms)"], row["Longest gap (ms)"]) == (1, 0, None, None)
    assert row["kbit/s"] == row["Peak (kbit/s in 1 s)"] == pytest.approx(row["RTP bytes"] * 8 / 1000, abs=0.05)


def test_two_paths_at_once(wireshark):
    """Wi-Fi and cellular carry the same packets, and each loses another one: none is lost, and no copy is a duplicate."""
    packets = []
    for number in range(50):
        if number != 20:
            packets.append((handmade.DEVICE, handmade.PEER, rtp(number, number * 480), number * 20))
        if number not in (30, 31):
            packets.append((OTHER_INTERFACE, handmade.PEER, rtp(number, number * 480), number * 20 + 7))
    row, = shown(wireshark, packets)
    assert (row["Packets"], row["Lost"], row["Duplicates"], row["Copies on another path"], row["Reordered"]) == (97, 0, 0, 47, 0)
    # Each path is steady; the difference between them is no jitter.
    assert row["Jitter (ms)"] == 0 and row["Clock (Hz)"] == "24000, measured"


def test_loss_on_both_paths(wireshark):
    """What neither path brought is lost, once."""
    packets = [(source, handmade.PEER, rtp(number, number * 480), number * 20 + offset) for number in range(50) if number not in (11, 12)
               for source, offset in ((handmade.DEVICE, 0), (OTHER_INTERFACE, 3))]
    row, = shown(wireshark, packets)
    assert (row["Lost"], row["Copies on another path"]) == (2, 48)


def test_jitter_of_the_fuller_path(wireshark):
    """A few packets on an unsteady second path do not count."""
    packets = [(handmade.DEVICE, handmade.PEER, rtp(number, number * 480), number * 20) for number in range(60)]
    packets += [(OTHER_INTERFACE, handmade.PEER, rtp(number, number * 480), number * 20 + 100 + 60 * (number % 2)) for number in range(10)]
    row, = shown(wireshark, sorted(packets, key=lambda packet: packet[3]))
    assert row["Jitter (ms)"] == 0


def test_handover(wireshark):
    """From Wi-Fi to cellular in mid-call: one stream, on two paths one after the other."""
    packets = [(handmade.DEVICE if number < 30 else OTHER_INTERFACE, handmade.PEER, rtp(number, number * 480), number * 20) for number in range(60)]
    row, = shown(wireshark, packets)
    assert (row["Packets"], row["Lost"], row["Copies on another path"]) == (60, 0, 0)


def test_same_number_other_content(wireshark):
    """A sender of today repeats a frame's last number on packets of another length: no duplicates, no loss."""
    packets = sent([1, 2, 3, 4]) + [(handmade.DEVICE, handmade.PEER, rtp(4, 1000, size=52), 61)] * 3
    row, = shown(wireshark, packets)
    assert (row["Same number, other content"], row["Duplicates"], row["Lost"]) == (3, 0, 0)


def test_both_directions_of_one_ssrc(wireshark):
    """Two senders that chose the same number are two streams."""
    packets = []
    for number in range(10):
        packets.append((handmade.DEVICE, handmade.PEER, rtp(number, number * 480), number * 20))
        packets.append((handmade.PEER, handmade.DEVICE, rtp(number + 5000, number * 480), number * 20 + 5))
    rows = shown(wireshark, packets)
    assert [(row["Direction"], row["Packets"], row["Lost"]) for row in rows] == [("sent", 10, 0), ("received", 10, 0)]


def test_side_of_the_device_unknown(wireshark):
    """Two public addresses, neither Apple's: nothing says whose capture it is."""
    packets = [(("198.51.100.1", 16402), ("198.51.100.2", 16402), rtp(number, number * 480), number * 20) for number in range(10)]
    row, = shown(wireshark, packets)
    assert (row["Direction"], row["Packets"]) == ("unknown", 10)


def test_layers(wireshark):
    """Three sizes of one picture: the largest is the main stream. Another camera is none of them."""
    packets = []
    for frame in range(40):
        for number, (ssrc, size) in enumerate(((0xA1, 300), (0xA2, 900), (0xA3, 100))):
            packets.append((handmade.DEVICE, handmade.PEER, rtp(frame, 5000 + frame * 800, 100, ssrc, True, size), frame * 33 + number))
        packets.append((handmade.DEVICE, handmade.PEER, rtp(frame, 99 + frame * 800, 100, 0xB1, True, 500), frame * 33 + 9))
    rows = {int(row["SSRC"], 16): row["Main stream (same timestamps)"] for row in shown(wireshark, packets)}
    assert rows[0xA2] == "this one" and rows[0xB1] == "-"
    assert rows[0xA3].endswith("(40 of 40 frames)")


def test_gaps(wireshark):
    """Silences over 200 ms are counted; one of just 200 ms is none."""
    packets = [(handmade.DEVICE, handmade.PEER, rtp(number, time * MILLISECONDS), time) for number, time in enumerate([0, 200, 401, 500, 1500])]
    row, = shown(wireshark, packets)
    assert (row["Gaps over 200 ms"], row["Longest gap (ms)"]) == (2, 1000)


@pytest.mark.parametrize("clock", [8000, 16000, 22050, 24000, 48000, 90000])
def test_clock(wireshark, clock):
    """Read off the timestamps, whatever the payload type says; the jitter is that of this clock."""
    packets = [(handmade.DEVICE, handmade.PEER, rtp(number, number * clock // 50), number * 20 + 4 * (number % 2)) for number in range(100)]
    row, = shown(wireshark, packets)
    assert row["Clock (Hz)"] == f"{clock}, measured"
    assert row["Max jitter (ms)"] == pytest.approx(4, abs=0.05)


def test_clock_unknown(wireshark):
    """A payload type that nobody knows, and too few packets: no clock, no jitter, rather than a wrong one."""
    row, = shown(wireshark, sent([1, 2, 3], payload_type=77))
    assert (row["Clock (Hz)"], row["Jitter (ms)"], row["Media"], row["Codec"]) == ("-", None, "-", "Unknown")


def test_frame_rate(wireshark):
    """Frames of three packets, 30 a second."""
    packets = [(handmade.DEVICE, handmade.PEER, rtp(frame * 3 + part, frame * 3000, 126, marker=part == 2), frame * 1000 // 30 + part)
               for frame in range(60) for part in range(3)]
    row, = shown(wireshark, packets)
    assert row["Frames/s"] == 30 and row["Clock (Hz)"].startswith("90000")


@pytest.mark.parametrize("traffic_class, text", [(0, "0 (CS0)"), (0xB8, "46 (EF)"), (0x88, "34 (AF41)"), (0x20 | 3, "8 (CS1)"), (0x70, "28 (AF32)"), (0xFC, "63")])
@pytest.mark.parametrize("link", ["raw", "Ethernet", "VLAN"])
@pytest.mark.parametrize("version", [4, 6])
def test_dscp(wireshark, traffic_class, text, link, version):
    """Of IPv4 and IPv6, wherever the header lies in the frame; without the two bits of ECN."""
    device, peer = (handmade.DEVICE, handmade.PEER) if version == 4 else (("fd00::9", 16402), ("2001:db8::9", 16402))
    packets = []
    for number in range(3):
        packet = handmade.packet(device, peer, rtp(number, number * 480), number * 20)
        data = bytearray(packet.data)
        if version == 4:
            data[1] = traffic_class
        else:
            data[0], data[1] = 0x60 | traffic_class >> 4, traffic_class << 4 & 0xF0
        kind = b"\x08\x00" if version == 4 else b"\x86\xdd"
        tag = {"raw": b"", "Ethernet": b"".join(datagrams.MACS) + kind, "VLAN": b"".join(datagrams.MACS) + b"\x81\x00\x00\x07" + kind}[link]
        packets.append(dataclasses.replace(packet, data=tag + bytes(data), length=len(tag) + len(data)))
    capture = wireshark.write("dscp.pcap", pcap.write(packets, pcap.RAW_IP if link == "raw" else pcap.ETHERNET))
    row, = table.streams(wireshark.tshark(capture, *TABLE).ok().out)
    assert row["DSCP"] == text


def test_two_packets_in_a_datagram(wireshark):
    """Both count, each in its stream."""
    first, second = (datagrams.rtp(104, ssrc, 7) for ssrc in (0xC1, 0xC2))
    compound = datagrams.relay(datagrams.u16(0x0081, 0x0777, len(first)) + first, datagrams.u16(0x2001, 0x0777, 0x0303) + second)
    rows = shown(wireshark, [(handmade.DEVICE, ("17.249.172.90", 3482), compound, 0)])
    assert [(row["SSRC"], row["Packets"], row["RTP bytes"]) for row in rows] == [("0x000000c1", 1, 52), ("0x000000c2", 1, 52)]


def test_quoted_packets_do_not_count(wireshark):
    """An ICMP error quotes a packet; it was sent once."""
    packets = [handmade.packet(handmade.DEVICE, handmade.PEER, rtp(number, number * 480), number * 20) for number in range(5)]
    quoted = packets[4].data[:60]
    error = bytes([3, 3, 0, 0, 0, 0, 0, 0]) + quoted
    header = bytearray(packets[0].data[:20])
    header[2:4], header[9], header[12:20] = datagrams.u16(20 + len(error)), 1, packets[0].data[16:20] + packets[0].data[12:16]
    packets.append(pcap.Packet(packets[4].time + 1000, bytes(header) + error, 20 + len(error)))
    capture = handmade.capture(wireshark, packets)
    for passes in PASSES.values():
        row, = table.streams(wireshark.tshark(capture, *passes, *TABLE).ok().out)
        assert (row["Packets"], row["Duplicates"]) == (5, 0)


def test_flood_of_streams(wireshark):
    """A flood of SSRCs gets no more than the limit, and the table says that it left packets out."""
    limit = 16384
    packets = [handmade.packet(handmade.DEVICE, handmade.PEER, rtp(number, number, ssrc=0x10000 + number), number) for number in range(limit + 50)]
    out = wireshark.tshark(handmade.capture(wireshark, packets), *TABLE).ok().out
    lines = table.lines(out, table.STREAMS)
    assert lines[-2] == "More rows than are kept: 50 packets are left out."
    assert len(lines) == 4 + limit + 2
