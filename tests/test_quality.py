"""How good a call was in each second: -z facetime,quality, against an independent reading of the bytes of a real call."""

import collections
import struct

import pytest

from ftools import paths, pcap, table

PASSES = {"pass 1": (), "-2": ("-2",)}
TABLE = ("-q", "-z", "facetime,quality")
NAME = "FaceTime Quality"
NUMBERS = ("Call", "Second", "Time (s)", "Audio (kbit/s)", "Video (kbit/s)", "Frames/s", "Complete frames", "Broken frames", "Lost", "Repaired", "Paused",
           "Redundancy (% of audio)", "Parity (% of video)", "One-way delay (ms, as reported)", "Max one-way delay (ms)", "Queueing delay (ms)",
           "Bandwidth (kbit/s, as reported)", "Lowest bandwidth (kbit/s)", "Silence (% of audio packets)")
CLOCK = 24000
COMFORT_NOISE = 13

each_sample = pytest.mark.parametrize("name", paths.SAMPLES)
needs_real = pytest.mark.skipif(not paths.CELLULAR.exists(), reason=paths.NO_SHARED)


def quality(wireshark, capture, *args, filter_=""):
    return table.rows(wireshark.tshark(capture, *args, "-q", "-z", "facetime,quality" + filter_).ok().out, NAME, NUMBERS)


# ---- An independent reading of today's media over a relay ---------------------------------------------

# Bits of the first flags word that have data, in the order of the fields, with bytes.
FIELDS = ((0, 2), (1, "list"), (2, 8), (3, 1), (4, 2), (5, 1), (7, 2), (9, 2), (10, 10), (13, 2), (14, "list"), (17, 1))


def sub_payload(data):
    """What follows the header of the sub-packet of relay channel data; nothing of a link message (bit 21) and of what is encrypted (bit 16)."""
    flags, at = struct.unpack("!H", data[:2])[0], 2
    if flags & 0x8000:
        flags |= struct.unpack("!H", data[2:4])[0] << 16
        at = 4
    for bit, size in FIELDS:
        if flags >> bit & 1:
            at += 1 + 2 * data[at] if size == "list" else size
    return b"" if flags & (1 << 16 | 1 << 21) else data[at:]


def media(path):
    """(from the relay, payload type, number, time stamp, marker, bytes of RTP, profile and words of the extension) of each RTP packet of the file."""
    for record in pcap.read(path)[1]:
        data = record.data
        if len(data) < 44 or data[0] >> 4 != 4 or data[9] != 17:
            continue
        udp = data[4 * (data[0] & 15):]
        load = udp[8:]
        if len(load) < 6 or load[0] != 0x60:
            continue
        length = struct.unpack("!H", load[2:4])[0]
        if not 0 <= len(load) - 4 - length <= 3:  # the device pads to whole words
            continue
        rtp = sub_payload(load[4:4 + length])
        if len(rtp) < 16 or rtp[0] >> 6 != 2 or 192 <= rtp[1] <= 223:
            continue
        number, stamp = struct.unpack("!HI", rtp[2:8])
        profile, words = 0, b""
        if rtp[0] & 0x10:
            profile, count = struct.unpack("!HH", rtp[12:16])
            words = rtp[16:16 + 4 * count]
        yield data[12] == 17, rtp[1] & 0x7F, number, stamp, rtp[1] >> 7, len(rtp), profile, words


def read_by_hand(path):
    """{(sender, second): facts}: kbit/s of audio and video, pictures, noise, the bandwidth that the other side reports."""
    seconds = collections.defaultdict(lambda: {"audio": 0, "video": 0, "stamps": set(), "noise": 0, "packets": 0, "bandwidth": []})
    first, latest = {}, {}
    for received, kind, _, stamp, _, length, profile, words in media(path):
        sender = "peer" if received else "device"
        first.setdefault(sender, stamp)
        second = (stamp - first[sender]) // CLOCK
        latest[sender] = max(latest.get(sender, 0), second)
        facts = seconds[sender, second]
        if kind == 100:
            facts["video"] += length
            facts["stamps"].add(stamp)
            continue
        facts["audio"] += length
        facts["packets"] += 1
        facts["noise"] += kind == COMFORT_NOISE
        other = "device" if received else "peer"
        if profile & 0x0400 and other in latest:
            value, = struct.unpack("!H", words[14:16] if profile & 0x0100 else words[8:10])
            if value:
                seconds[other, latest[other]]["bandwidth"].append(value)
    return seconds


@needs_real
@pytest.mark.parametrize("passes", PASSES)
def test_cellular_call(wireshark, passes):
    """Second by second, as the bytes say."""
    rows = {(row["Sender"], row["Second"]): row for row in quality(wireshark, paths.CELLULAR, *PASSES[passes])}
    expected = read_by_hand(paths.CELLULAR)
    assert set(rows) == set(expected)
    for key, facts in expected.items():
        row = rows[key]
        assert row["Audio (kbit/s)"] == pytest.approx(facts["audio"] * 8 / 1000, abs=0.06), key
        assert row["Video (kbit/s)"] == pytest.approx(facts["video"] * 8 / 1000, abs=0.06), key
        assert row["Frames/s"] == len(facts["stamps"]), key
        assert row["Silence (% of audio packets)"] == pytest.approx(100 * facts["noise"] / facts["packets"], abs=0.51), key
        assert row["Bandwidth (kbit/s, as reported)"] == (facts["bandwidth"][-1] if facts["bandwidth"] else None), key
        assert row["Lowest bandwidth (kbit/s)"] == (min(facts["bandwidth"]) if facts["bandwidth"] else None), key


@needs_real
def test_cellular_story(wireshark):
    """The far side has no estimate at first, then reports 136 and some 145 kbit/s for what the device sends, whose picture falls to 6 or 7 frames/s
    meanwhile; the device reports 2,760 for what it receives. One packet was lost and repaired."""
    rows = quality(wireshark, paths.CELLULAR)
    sent = [row for row in rows if row["Sender"] == "device"]
    received = [row for row in rows if row["Sender"] == "peer"]
    reported = [row["Lowest bandwidth (kbit/s)"] for row in sent if row["Lowest bandwidth (kbit/s)"] is not None]
    assert [row["Lowest bandwidth (kbit/s)"] for row in sent[:2]] == [None, None]
    assert reported[0] == 136 and set(reported[-10:]) <= {136, 137, 144, 145}
    assert {row["Frames/s"] for row in sent if row["Lowest bandwidth (kbit/s)"] == 136} >= {6, 7}
    assert {row["Bandwidth (kbit/s, as reported)"] for row in received[3:]} == {2760}
    assert sum(row["Lost"] for row in rows) == 0 and sum(row["Repaired"] for row in received) == 1
    assert all(row["Broken frames"] == 0 for row in rows)


@needs_real
def test_wifi_call(wireshark):
    """The relay forwards one layer at a time: what is missing of a layer is paused, nothing was lost."""
    rows = quality(wireshark, paths.WIFI)
    assert sum(row["Lost"] for row in rows) == 0
    assert sum(row["Paused"] for row in rows if row["Sender"] == "peer") == 2
    assert [row["Parity (% of video)"] > 0 for row in rows if row["Sender"] == "device"] == [False, False, True, True, False, False, False]


@needs_real
@pytest.mark.parametrize("capture", [paths.CELLULAR, paths.WIFI], ids=("cellular", "wifi"))
def test_fields(wireshark, capture):
    """What a graph draws is what the table sums up: mean delay and latest bandwidth of each second, by the fields of single packets."""
    names = ("facetime.direction", "facetime.report.one_way_delay", "facetime.report.queueing_delay", "facetime.report.bandwidth")
    frames = wireshark.fields(capture, names, "-2", "-Y", "facetime.report.one_way_delay || facetime.report.bandwidth")
    rows = quality(wireshark, capture, "-2")
    for sender, direction in (("device", "2"), ("peer", "1")):
        reports = [frame for frame in frames if frame["facetime.direction"] == [direction]]
        told = [row for row in rows if row["Sender"] == sender]
        delays = [float(frame["facetime.report.one_way_delay"][0]) for frame in reports if frame["facetime.report.one_way_delay"]]
        assert max(delays) == pytest.approx(max(row["Max one-way delay (ms)"] or 0 for row in told), abs=0.06)
        bandwidths = [int(frame["facetime.report.bandwidth"][0]) for frame in reports if frame["facetime.report.bandwidth"]]
        assert bandwidths[-1] == [row["Bandwidth (kbit/s, as reported)"] for row in told if row["Bandwidth (kbit/s, as reported)"] is not None][-1]
        assert min(bandwidths) == min(row["Lowest bandwidth (kbit/s)"] for row in told if row["Lowest bandwidth (kbit/s)"] is not None)


@each_sample
def test_passes(wireshark, name):
    """One pass, two, and the window; with a filter, only what it lets through."""
    capture = paths.sample(name)
    one, two = (quality(wireshark, capture, *options) for options in PASSES.values())
    assert one == two and one
    answer, = wireshark.sharkd(capture, ("tap", {"tap0": "nstat:facetime,quality"}))
    titles = [field["c"] for field in answer["taps"][0]["fields"]]
    rows = [dict(zip(titles, row)) for row in answer["taps"][0]["tables"][0]["i"]]
    assert sorted((row["Call"], row["Sender"], row["Second"], row["Frames/s"]) for row in rows) == sorted(
        (row["Call"], row["Sender"], row["Second"], row["Frames/s"]) for row in two)
    assert quality(wireshark, capture, filter_=",facetime.call == 99") == []
