"""RTP and RTCP: payload types, the header extension bit by bit and word by word, media, keys, SRTCP, and bad input."""

import collections
import re
import struct

import pytest

from ftools import datagram, paths, pcap, wire

PASSES = {"pass 1": (), "-2": ("-2",)}
REAL = {"wifi": paths.WIFI, "cellular": paths.CELLULAR}

each_pass = pytest.mark.parametrize("passes", PASSES)
each_real = pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.skipif(not path.exists(), reason=paths.NO_SHARED))
                                             for name, path in REAL.items()])

EXTENSION = "facetime.rtp.extension."
VIDEO = ("ltr_timestamp", "frame_packets", "frame_number", "fec", "probe")
AUDIO = ("echo_time", "received_kbytes", "audio_burst_loss", "audio_received", "queueing_delay", "send_time", "one_way_delay",
         "video_burst_loss", "video_frame_packets", "video_lost", "bandwidth", "stats.interval", "stats.secondary", "stats.primary", "stats.total")
FIELDS = ["rtp.ssrc", "rtp.p_type", "rtp.seq", "rtp.timestamp", "facetime.rtp.media", "facetime.rtp.media_by", "facetime.rtp.encrypted",
          "facetime.rtp.payload", "facetime.rtp.mki", "facetime.rtp.roc", "facetime.rtp.payload_name", "_ws.malformed",
          *(EXTENSION + name for name in ("profile", "words", "word", "version", "orientation", "ltr", "fec.length", "fec.source", *VIDEO, *AUDIO))]

VIDEO_TYPES, AUDIO_TYPES = {100, 123, 126, 34}, {104, 108, 20, 13}


# ---- An independent reading of the extension -----------------------------------------------------


def read_video(profile, words):
    """What the extension of a video packet holds, by its bits (public decompilations of AVConference)."""
    found, at, end = {}, 0, len(words)
    if profile & 2:
        found["ltr_timestamp"] = struct.unpack_from(">I", words, at)[0]
        at += 4
    if profile & 1 and profile >> 14 == 2:
        found["frame_packets"], found["frame_number"] = struct.unpack_from(">HH", words, at)
        at += 4
    if profile & 8:
        end -= 4
        found["probe"] = struct.unpack_from(">I", words, end)[0]
    if profile & 4:
        found["fec"] = words[at:end].hex()
        at = end
    assert at == end
    return found


def read_audio(profile, words):
    """The same of an audio packet."""
    found = {}
    found["echo_time"], found["received_kbytes"], loss = struct.unpack_from(">HHH", words)
    found["audio_burst_loss"], found["audio_received"] = loss >> 12, loss & 4095
    at = 6
    if profile & 0x100:
        found["queueing_delay"], found["send_time"], found["one_way_delay"] = struct.unpack_from(">HHH", words, at)
        at += 6
    if profile & 0x400:
        video, found["bandwidth"] = struct.unpack_from(">HH", words, at)
        found["video_burst_loss"], found["video_frame_packets"], found["video_lost"] = video >> 12, video >> 6 & 63, video & 63
        at += 4
    assert not profile & 0x800
    if profile & 0x200:
        for name, value in zip(("interval", "secondary", "primary", "total"), words[at:at + 4]):
            found[f"stats.{name}"] = value
        at += 4
    assert at == len(words)
    return found


def packets_of(path):
    """(frame, from the device, RTP packet) of all RTP packets inside the relay datagrams of a capture."""
    for one in wire.udp(*pcap.read(path)):
        for payload in wire.relay_payloads(one.payload) or []:
            if wire.rtp(one.frame, payload):
                yield one.frame, one.source[0][0] == 10, payload


def extension_of(packet):
    """(profile, words) or None; and where the payload begins."""
    if not packet[0] & 16:
        return None, 12
    profile, count = struct.unpack_from(">HH", packet, 12)
    return (profile, packet[16:16 + 4 * count]), 16 + 4 * count


@pytest.fixture(scope="module")
def rows_of(wireshark):
    """rows_of(capture, passes): the fields of each frame."""
    made = {}

    def rows(path, passes="pass 1"):
        if (path, passes) not in made:
            made[path, passes] = wireshark.fields(path, ["frame.number", *FIELDS], *PASSES[passes])
        return made[path, passes]

    return rows


# ---- Real calls ----------------------------------------------------------------------------------


@each_pass
@each_real
def test_streams_as_parsed_independently(rows_of, name, passes):
    """RTP per SSRC and payload type, packet by packet."""
    found = [(int(row["frame.number"][0]), int(ssrc, 16), int(kind), int(sequence)) for row in rows_of(REAL[name], passes)
             for ssrc, kind, sequence in zip(row["rtp.ssrc"], row["rtp.p_type"], row["rtp.seq"], strict=True)]
    assert found == [(one.frame, one.ssrc, one.payload_type, one.sequence) for one in wire.relayed_rtp(REAL[name])]
    assert len(found) == {"wifi": 1488, "cellular": 2501}[name]


@each_pass
@each_real
def test_extensions_as_parsed_independently(rows_of, name, passes):
    """Profile, words and every value of every extension."""
    wanted = collections.defaultdict(lambda: collections.defaultdict(list))
    for frame, _, packet in packets_of(REAL[name]):
        extension, _ = extension_of(packet)
        if extension is None:
            continue
        profile, words = extension
        values = (read_video if packet[1] & 127 in VIDEO_TYPES else read_audio)(profile, words) if words else {}
        row = wanted[frame]
        row["profile"].append(profile)
        row["words"].append(len(words) // 4)
        row["word"] += struct.unpack(f">{len(words) // 4}I", words)
        for field, value in values.items():
            row[field].append(value)
    for row in rows_of(REAL[name], passes):
        for field in ("profile", "words", "word", *VIDEO, *AUDIO):
            found = [value if field == "fec" else int(value, 0) for value in row[EXTENSION + field]]
            assert found == wanted[int(row["frame.number"][0])][field], (row["frame.number"], field)
    assert sum(len(row["profile"]) for row in wanted.values()) == {"wifi": 1351, "cellular": 2501}[name]


@each_real
def test_no_complaint_about_media(wireshark, name):
    """No expert item of ours, nothing malformed, in any RTP packet."""
    assert wireshark.count(REAL[name], 'rtp && _ws.expert.message contains "extension"') == 0
    for item in ("facetime.rtp.extension.bad_length", "facetime.rtp.extension.unknown", "facetime.rtp.unknown_type", "rtp && _ws.malformed"):
        assert wireshark.count(REAL[name], item) == 0, item


@each_pass
@each_real
def test_every_byte_is_shown(rows_of, name, passes):
    """Header, extension, encrypted payload, key identifier and counter make up the whole packet."""
    packets = collections.defaultdict(list)
    for frame, _, packet in packets_of(REAL[name]):
        packets[frame].append(packet)
    for row in rows_of(REAL[name], passes):
        ours = packets[int(row["frame.number"][0])]
        assert [bytes.fromhex(text) for text in row["facetime.rtp.payload"]] == [one[extension_of(one)[1]:-20] for one in ours]
        assert [bytes.fromhex(text) for text in row["facetime.rtp.mki"]] == [one[-20:-4] for one in ours]
        assert [int(text) for text in row["facetime.rtp.roc"]] == [struct.unpack(">I", one[-4:])[0] for one in ours]
        assert row["facetime.rtp.encrypted"] in ([], *([value] * len(ours) for value in ("1", "True")))


@each_real
def test_one_key_identifier_for_each_sender(name):
    """What the trailer is known by: 16 bytes, the same in all streams of a side, and a counter of 0."""
    found = collections.defaultdict(set)
    for _, from_device, packet in packets_of(REAL[name]):
        found[from_device].add(packet[-20:])
    assert [len(found[side]) for side in (False, True)] == [1, 1]
    assert all(one.endswith(bytes(4)) for side in found.values() for one in side)


@each_real
def test_what_the_protocol_page_says_of_video(name):
    """The frame's packets are counted rightly; time stamps that are acknowledged are those of reference frames of the other side."""
    frames, stamps, acknowledged = collections.defaultdict(list), {False: {}, True: {}}, []
    for _, from_device, packet in packets_of(REAL[name]):
        if packet[1] & 127 not in VIDEO_TYPES:
            continue
        stamp, ssrc = struct.unpack_from(">II", packet, 4)
        extension, start = extension_of(packet)
        profile, words = extension or (0, b"")
        stamps[from_device][stamp] = profile >> 4 & 15
        values = read_video(profile, words)
        if "frame_packets" in values:
            frames[ssrc, stamp].append((values["frame_packets"], values["frame_number"]))
        if "ltr_timestamp" in values:
            acknowledged.append((from_device, values["ltr_timestamp"]))
        if "fec" in values:
            length = int(values["fec"][4:8], 16) & 0x7FF
            assert length == len(packet) - start - 20
    assert len(frames) == {"wifi": 155, "cellular": 1247}[name]
    assert all(set(found) == {(len(found), found[0][1])} for found in frames.values())
    assert len(acknowledged) == {"wifi": 115, "cellular": 702}[name]
    assert all(stamps[not side][stamp] != 0 for side, stamp in acknowledged)


@each_real
def test_what_the_protocol_page_says_of_audio(name):
    """Send times are echoed by the other side, with the number of packets that had come; the same echo later says how much later."""
    sides = {False: [], True: []}
    for _, from_device, packet in packets_of(REAL[name]):
        extension, _ = extension_of(packet)
        if packet[1] & 127 in AUDIO_TYPES and extension:
            sides[from_device].append((struct.unpack_from(">H", packet, 2)[0], read_audio(*extension)))
    echoes = repeats = 0
    for side, packets in sides.items():
        packets.sort(key=lambda one: one[0])
        others = {values["send_time"]: sequence for sequence, values in sides[not side]}
        first = min(others.values())
        for _, values in packets:
            if values["echo_time"]:
                echoes += 1
                assert values["audio_received"] == others[values["echo_time"]] - first + 1
        for (_, one), (_, two) in zip(packets, packets[1:]):
            if one["echo_time"] and one["echo_time"] == two["echo_time"]:
                repeats += 1
                assert abs((two["queueing_delay"] - one["queueing_delay"]) - (two["send_time"] - one["send_time"])) <= 2
    assert (echoes, repeats) == {"wifi": (234, 76), "cellular": (581, 201)}[name]


@each_real
def test_names_in_the_stock_dissector(wireshark, rows_of, name):
    """Info column and stream list name FaceTime's types: 100 is no telephone event, 20 is not nothing."""
    names = {100: "Video HEVC", 123: "Video H.264", 104: "Audio AAC-ELD", 108: "Audio EVS", 13: "Comfort noise", 20: "Audio with redundancy"}
    lines = wireshark.tshark(REAL[name], "-Y", "rtp").ok().out.splitlines()
    rows = [row for row in rows_of(REAL[name]) if row["rtp.p_type"]]
    for row, line in zip(rows, lines, strict=True):
        assert all(names[int(kind)] in line for kind in row["rtp.p_type"]), line
    out = wireshark.tshark(REAL[name], "-q", "-z", "rtp,streams").ok().out
    listed = set(re.findall(r"FaceTime-[\w-]+", out))
    assert listed == {"wifi": {"FaceTime-HEVC", "FaceTime-H264", "FaceTime-AAC-ELD"},
                      "cellular": {"FaceTime-HEVC", "FaceTime-AAC-ELD", "FaceTime-EVS"}}[name]
    assert "telephone" not in out and "723" not in out


@each_pass
@each_real
def test_media_of_real_packets(rows_of, name, passes):
    for row in rows_of(REAL[name], passes):
        kinds = [int(kind) for kind in row["rtp.p_type"]]
        assert row["facetime.rtp.media"] == ["video" if kind in VIDEO_TYPES else "audio" for kind in kinds]
        assert row["facetime.rtp.media_by"] == ["2"] * len(kinds)


# ---- Made packets --------------------------------------------------------------------------------

HELLO = datagram.sip(body=b"v=0\r\nm=audio 16402 RTP/AVP 104\r\n", headers=["Content-Type: application/sdp"])
FEC = ("version", "step", "position", "source", "group", "last_group", "parity_packets", "length", "level", "is_parity", "redundant_bits", "parity_seq")
WANTED = ["frame.number", "facetime.kind", "facetime.rtp.media", "facetime.rtp.media_by", "facetime.rtp.payload", "facetime.rtp.mki",
          "facetime.rtp.roc", "_ws.malformed", "_ws.expert.message", "frame.protocols",
          *(EXTENSION + name for name in ("version", "profile", "word", "old.counter", "old.second", "source", "back_camera", "mirrored",
                                          "orientation", "receive_queue_target", "ecn_ect1", "ecn_ce", "fec.sources", "fec.source_length", "roc", "mki",
                                          "probe_first", "probe_audio", "video_received",
                                          *(f"fec.{part}" for part in FEC),
                                          *VIDEO, *AUDIO))]


@pytest.fixture(scope="module")
def shown(wireshark):
    """shown(datagrams, ...): the fields of each datagram, on pass 1 and with -2 (they must agree), after a SIP message that makes the
    flow FaceTime."""
    def fields(*datagrams, extra=(), hello=HELLO):
        capture = wireshark.write("made.pcap", datagram.capture([hello, *datagrams]))
        one, two = (wireshark.fields(capture, [*WANTED, *extra], *passes) for passes in PASSES.values())
        # What is said of the whole call stands on its last frame, and is not known on one pass.
        for row in two:
            if "_ws.expert.message" in row:
                row["_ws.expert.message"] = [text for text in row["_ws.expert.message"] if not text.startswith("Media i")]
        assert one == two
        return one[1:]

    return fields


def kinds(wireshark):
    return {int(row[2], 0): row[3] for row in wireshark.table("values") if row[0] == "V" and row[1] == "facetime.kind"}


def messages(row):
    return set(row["_ws.expert.message"])


def test_extension_of_old_calls(shown):
    """Profile 4400: a counter and a word, no bits of today's."""
    row, = shown(datagram.rtp(extension=(0x4400, bytes.fromhex("28f4dead00000000"))))
    assert (row[EXTENSION + "old.counter"], row[EXTENSION + "old.second"]) == (["0x28f4dead"], ["0x00000000"])
    assert row[EXTENSION + "version"] == [] and row["facetime.rtp.mki"] == []
    assert "_ws.malformed" not in row["frame.protocols"][0]


def test_all_bits_of_video(shown):
    """Every bit set: source 1, back camera, mirrored, upside down, and all words with error correction in the middle."""
    parity = bytes.fromhex("0800980a0002000a0009")
    words = struct.pack(">IHH", 777, 5, 0x2042) + parity + bytes(2) + struct.pack(">I", 4321)
    row, = shown(datagram.rtp(100, extension=(0x8000 | 0x1000 | 0x0800 | 0x0400 | 0x0100 | 0x0010 | 0x000F, words)))
    assert [row[EXTENSION + name] for name in ("version", "source", "orientation")] == [["2"], ["1"], ["1"]]
    assert all(row[EXTENSION + name] in (["1"], ["True"]) for name in ("back_camera", "mirrored"))
    assert [row[EXTENSION + name] for name in ("ltr_timestamp", "frame_packets", "frame_number", "probe")] == [["777"], ["5"], ["8258"], ["4321"]]
    # An even number of packets with media leaves two bytes of padding
    assert row[EXTENSION + "fec"] == [(parity + bytes(2)).hex()] and row[EXTENSION + "fec.source_length"] == ["10", "9"]


def fec(row):
    """The parts of the word of error correction that are shown."""
    return {name: row[EXTENSION + f"fec.{name}"][0] for name in FEC if row[EXTENSION + f"fec.{name}"]}


def test_error_correction(shown):
    """As in the calls of 2023: five packets with media, three with parity."""
    media, parity = shown(datagram.rtp(123, extension=(0x4004, bytes.fromhex("0b809853"))),
                          datagram.rtp(123, 2, extension=(0x4004, bytes.fromhex("08009b72000500530370037203720371"))))
    common = {"version": "0", "step": "1", "group": "0", "last_group": "1", "parity_packets": "3"}
    assert fec(media) == {**common, "position": "3", "source": "1", "length": "83"}
    assert fec(parity) == {**common, "position": "0", "source": "0", "length": "882"}
    assert parity[EXTENSION + "fec.source_length"] == ["83", "880", "882", "882", "881"] and media[EXTENSION + "fec.sources"] == []


def bits(*parts):
    """A word of (value, bits), the first part on top."""
    word = 0
    for value, width in parts:
        word = word << width | value
    assert sum(width for _, width in parts) == 32
    return struct.pack(">I", word)


NEWER = {
    "version 1, media": (bits((1, 2), (5, 3), (9, 4), (1, 1), (100, 7), (1, 1), (6, 4), (700, 10)), {
        "version": "1", "step": "5", "position": "9", "source": "1", "group": "100", "last_group": "1", "parity_packets": "6", "level": "700"}),
    "version 1, parity": (bits((1, 2), (1, 3), (2, 4), (0, 1), (3, 7), (0, 1), (4, 4), (50, 10)) + struct.pack(">HH", 0x1234, 77), {
        "version": "1", "step": "1", "position": "2", "source": "0", "group": "3", "last_group": "0", "parity_packets": "4", "level": "50",
        "redundant_bits": "4660", "parity_seq": "77"}),
    "version 2, media": (bits((2, 2), (0, 3), (0, 1), (600, 10), (0, 6), (5, 10)), {
        "version": "2", "is_parity": "0", "position": "600", "parity_packets": "5"}),
    "version 2, parity": (bits((2, 2), (0, 3), (1, 1), (3, 10), (0, 6), (5, 10)) + struct.pack(">HH", 1, 2), {
        "version": "2", "is_parity": "1", "position": "3", "parity_packets": "5", "redundant_bits": "1", "parity_seq": "2"}),
}


@pytest.mark.parametrize("name", NEWER)
def test_error_correction_of_newer_versions(shown, name):
    word, wanted = NEWER[name]
    row, = shown(datagram.rtp(100, extension=(0x4004, word)))
    assert fec(row) == wanted


@pytest.mark.parametrize("word", [
    "c0809853", "0b80985300000000", "08009b72", "08009b7200050053", "08009b720002005300530000" + "00000000", "4bc0985300000000", "4b009853", "84009853"],
    ids=("version 3", "media and more", "parity without a count", "a count of too many", "a count of too few", "version 1, media and more",
         "version 1, parity without its rest", "version 2, parity without its rest"))
def test_error_correction_of_wrong_length(shown, word):
    """The bytes, and no value."""
    row, = shown(datagram.rtp(100, extension=(0x4004, bytes.fromhex(word))))
    assert fec(row) == {} and row[EXTENSION + "fec"] == [word]


def test_probing_cluster(wireshark):
    """Its number is the time stamp of an audio packet of the same sender: the latest before, or the next; not one of the other side."""
    def video(number, sequence, **more):
        return datagram.rtp(100, sequence, ssrc=2, extension=(0x8008, struct.pack(">I", number)), **more)

    def audio(timestamp, sequence, **more):
        return datagram.rtp(104, sequence, ssrc=3, timestamp=timestamp, **more)

    capture = wireshark.write("probes.pcap", datagram.capture([
        HELLO, audio(4800, 1), video(4800, 1), video(4800, 2), video(5280, 3), audio(5280, 2), video(0, 4), video(9999, 5), audio(5760, 3), audio(9999, 4)]))
    for passes in PASSES.values():
        rows = wireshark.fields(capture, WANTED, *passes)
        assert [row[EXTENSION + "probe_first"] for row in rows] == [[], [], ["3"], ["3"], ["5"], [], [], ["8"], [], []]
        audio_frames = [row[EXTENSION + "probe_audio"] for row in rows]
        assert audio_frames[2:4] == [["2"], ["2"]] and audio_frames[7] == []
        if passes:
            assert audio_frames[4] == ["6"]


def test_audio_of_a_group(shown):
    """Counter and key in the place of feedback: told by the key identifier that ends the packet."""
    key = bytes.fromhex("82b9d01de78471ad0011223344556677")
    words = struct.pack(">I", 3) + key[:4]
    group, other, short = shown(datagram.rtp(104, extension=(0x4000, words), payload=b"\x5a" * 40 + key + bytes(4)),
                                datagram.rtp(104, 2, extension=(0x4000, words), payload=b"\x5a" * 40 + key[::-1] + bytes(4)),
                                datagram.rtp(104, 3, extension=(0x4000, struct.pack(">I", 3) + key[:2] + b"\0\7"), payload=b"\x5a" * 40 + key[:2] + b"\0\0\0\x20"))
    assert (group[EXTENSION + "roc"], group[EXTENSION + "mki"]) == (["3"], ["82b9d01d"]) and short[EXTENSION + "roc"] == ["3"]
    assert other[EXTENSION + "roc"] == [] and other[EXTENSION + "audio_received"] != []


def test_audio_of_version_1(shown):
    """Six bytes and padding, whatever the other bits say: those are not known there."""
    row, = shown(datagram.rtp(104, extension=(0x4007, struct.pack(">HHHH", 1, 2, 0x3004, 0))))
    assert [row[EXTENSION + name] for name in ("echo_time", "audio_burst_loss", "receive_queue_target")] == [["1"], ["3"], ["7"]]


def test_values_without_a_measurement(wireshark):
    """A queueing delay of 0 and a one-way delay of ffff."""
    capture = wireshark.write("none.pcap", datagram.capture([HELLO, datagram.rtp(108, extension=(0x8500, struct.pack(">8H", 1, 2, 3, 0, 5, 0xFFFF, 7, 8)))]))
    out = wireshark.tshark(capture, "-V").ok().out
    assert "Queueing Delay: 0 (nothing was received yet)" in out and "One-Way Delay: 65535 (none)" in out


def test_all_bits_of_audio(shown):
    words = struct.pack(">HHHHHHHHHH4B", 1, 2, 0x3004, 5, 6, 7, 0x8187, 9, 10, 11, 12, 13, 14, 15)
    row, = shown(datagram.rtp(108, extension=(0x8F05, words)))
    found = {name: row[EXTENSION + name] for name in (*AUDIO, "ecn_ect1", "ecn_ce", "receive_queue_target", "video_received")}
    wanted = {"echo_time": 1, "received_kbytes": 2, "audio_burst_loss": 3, "audio_received": 4, "queueing_delay": 5, "send_time": 6,
              "one_way_delay": 7, "video_burst_loss": 8, "video_frame_packets": 6, "video_lost": 7, "bandwidth": 9, "ecn_ect1": 10, "ecn_ce": 11,
              "stats.interval": 12, "stats.secondary": 13, "stats.primary": 14, "stats.total": 15,
              "receive_queue_target": 5, "video_received": 0x187}
    assert found == {name: [str(value)] for name, value in wanted.items()}


@pytest.mark.parametrize(("kind", "profile", "words", "message"), [
    (104, 0x8500, 12, "The profile says 16 bytes, the extension has 12"),
    (104, 0x8500, 20, "The profile says 16 bytes, the extension has 20"),
    (104, 0x8700, 16, "The profile says 20 bytes, the extension has 16"),
    (100, 0x8001, 0, "The profile says 4 bytes, the extension has 0"),
    (100, 0x8001, 8, "The profile says 4 bytes, the extension has 8"),
    (100, 0x400C, 0, "The profile says 4 bytes and error correction, the extension has 0"),
    (100, 0x4004, 40, "The profile says 0 bytes and error correction, the extension has 40"),
])
def test_extension_of_wrong_length(shown, kind, profile, words, message):
    """Named in an expert item; the words are shown, no value is made up, and the stock dissector has the packet."""
    row, = shown(datagram.rtp(kind, extension=(profile, bytes(range(words)))))
    assert message in messages(row)
    assert len(row[EXTENSION + "word"]) == words // 4
    assert all(row[EXTENSION + name] == [] for name in (*VIDEO, *AUDIO))
    assert row["frame.protocols"][0].split(":")[-1] in ("rtp", "srtp") and row["_ws.malformed"] == []


def test_longest_error_correction(shown):
    """AVConference refuses more than 36 bytes."""
    row, = shown(datagram.rtp(100, extension=(0x4004, bytes(36))))
    assert row[EXTENSION + "fec"] == [bytes(36).hex()] and not any(text.startswith("The profile says") for text in messages(row))


@pytest.mark.parametrize(("kind", "profile"), [(104, 0x0500), (104, 0xC500), (104, 0x4500), (100, 0x0001), (100, 0xC001), (77 + 20, 0xBEDE), (104, 0xB500)])
def test_extension_of_unknown_profile(shown, kind, profile):
    row, = shown(datagram.rtp(kind, extension=(profile, bytes(16))))
    assert "Profile of an unknown version, or of media that is not known" in messages(row) or kind == 97
    assert len(row[EXTENSION + "word"]) == 4 and row[EXTENSION + "send_time"] == []


def test_cut_packets_show_all_up_to_the_cut(shown):
    """Cut at each byte: never an expert error of ours, and values that are there are shown."""
    words = struct.pack(">8H", 1, 2, 3, 4, 5, 6, 7, 8)
    whole = datagram.rtp(108, extension=(0x8500, words))
    rows = shown(*((whole, kept) for kept in range(12, len(whole))))
    for kept, row in zip(range(12, len(whole)), rows, strict=True):
        values = [row[EXTENSION + name] for name in ("echo_time", "received_kbytes", "audio_received", "queueing_delay", "send_time", "one_way_delay",
                                                     "video_lost", "bandwidth")]
        assert [len(value) for value in values] == [1 if kept >= 18 + 2 * place else 0 for place in range(8)], kept
        assert len(row[EXTENSION + "word"]) == max(0, min(4, (kept - 16) // 4))
        assert "rtp" in row["frame.protocols"][0], kept


def test_too_short_and_overlong_headers(shown, wireshark):
    """Contributing sources or an extension that do not fit: no RTP, the datagram is shown as unknown."""
    whole, = shown(datagram.rtp(extension=(0x8500, bytes(16)), payload=b""))
    short, csrc, extension = shown(datagram.rtp()[:11], b"\x8f" + datagram.rtp(payload=b"abcdefgh")[1:],
                                   datagram.rtp(extension=(0x8500, bytes(16)), payload=b"")[:-4])
    words = kinds(wireshark)
    assert words[int(whole["facetime.kind"][0])] == "rtp"      # it ends with its extension
    for row in (short, csrc, extension):
        assert words[int(row["facetime.kind"][0])] == "unknown"
        assert "Datagram of a FaceTime flow in no known form" in messages(row)


def test_trailer(shown):
    """Sixteen bytes and a small counter end a packet of today; a large number, or too few bytes, is payload."""
    identifier = bytes(range(0x80, 0x90))
    body = bytes(range(1, 31))
    new, large, empty, short = shown(*(datagram.rtp(108, payload=payload) for payload in (
        body + identifier + bytes(3) + b"\x02", body + identifier + b"\x00\x01\x00\x00", identifier + bytes(4), identifier[1:] + bytes(4))))
    assert (new["facetime.rtp.payload"], new["facetime.rtp.mki"], new["facetime.rtp.roc"]) == ([body.hex()], [identifier.hex()], ["2"])
    assert (large["facetime.rtp.mki"], len(large["facetime.rtp.payload"][0])) == ([], 100)
    assert (empty["facetime.rtp.payload"], empty["facetime.rtp.mki"]) == ([], [identifier.hex()])
    assert (short["facetime.rtp.mki"], len(short["facetime.rtp.payload"][0])) == ([], 38)


# ---- Audio or video ------------------------------------------------------------------------------

BY = {"nothing": "0", "SDP": "1", "payload type": "2", "size": "3"}


def test_media_by_sdp(wireshark, shown):
    """a=rtpID names the media of an SSRC, whatever its payload type says; the m= line before it decides which."""
    sdp = b"v=0\r\nm=audio 16402 RTP/AVP 104\r\na=rtpID:1001\r\nm=video 16402 RTP/AVP 126\r\na=rtpID:1002\r\n"
    hello = datagram.sip(body=sdp, headers=["Content-Type: application/sdp"])
    rows = shown(datagram.rtp(126, ssrc=1001), datagram.rtp(104, ssrc=1002), datagram.rtp(104, ssrc=1003), hello=hello)
    assert [(row["facetime.rtp.media"], row["facetime.rtp.media_by"]) for row in rows] == [
        (["audio"], [BY["SDP"]]), (["video"], [BY["SDP"]]), (["audio"], [BY["payload type"]])]
    assert wireshark.count(wireshark.write("sdp.pcap", datagram.capture([hello])), 'facetime.sdp.rtpid.media == "video"') == 1


def test_media_by_size(shown):
    """A payload type that is not known: large packets are video's, from the first one of the stream on; small ones say nothing."""
    small, large = bytes(100), bytes(range(256)) * 3
    rows = shown(datagram.rtp(102, 1, payload=small), datagram.rtp(102, 2, payload=large), datagram.rtp(102, 3, payload=small), datagram.rtp(102, 4, ssrc=5, payload=small))
    assert [(row["facetime.rtp.media"], row["facetime.rtp.media_by"]) for row in rows] == [
        (["unknown"], [BY["nothing"]]), (["video"], [BY["size"]]), (["video"], [BY["size"]]), (["unknown"], [BY["nothing"]])]
    assert all("Payload type 102 was never seen in a FaceTime call" in messages(row) for row in rows)


def test_largest_packet_of_audio(shown):
    """500 bytes may be audio with redundancy; one more is video."""
    rows = shown(datagram.rtp(102, 1, payload=bytes(500 - 12)), datagram.rtp(102, 1, ssrc=5, payload=bytes(501 - 12)))
    assert [row["facetime.rtp.media"] for row in rows] == [["unknown"], ["video"]]


def test_session_description_says_nothing_of_earlier_packets(shown):
    """The same on each pass, as the packets before it were shown without it."""
    sdp = b"v=0\r\nm=audio 16402 RTP/AVP 104\r\na=rtpID:1001\r\n"
    rows = shown(datagram.rtp(126, 1, ssrc=1001), datagram.sip(body=sdp, headers=["Content-Type: application/sdp"]), datagram.rtp(126, 2, ssrc=1001))
    assert [(row["facetime.rtp.media"], row["facetime.rtp.media_by"]) for row in (rows[0], rows[2])] == [
        (["video"], [BY["payload type"]]), (["audio"], [BY["SDP"]])]


@pytest.mark.parametrize(("name", "clock"), [("facetime-2010-inbound", 22050), ("facetime-2010-outbound", 24000), ("facetime-ios7", 24000)])
def test_clock_of_the_session_description(wireshark, name, clock):
    """The clock that SDP gives is the one that the stock dissector reckons jitter with: what the device sends has next to none."""
    out = wireshark.tshark(paths.sample(name), "-q", "-z", "rtp,streams").ok().out
    rows = [line.split() for line in out.splitlines() if " FaceTime-AAC-ELD " in line and " 192.168." in line.split("0x")[0].split("16402")[0]]
    assert len(rows) == 1, out
    jitter = float(rows[0][rows[0].index("FaceTime-AAC-ELD") + 7 + 0])
    assert jitter < 1.0, (clock, rows[0])


# ---- RTCP and SRTCP ------------------------------------------------------------------------------


def report(ssrc=0x11223344):
    """A receiver report without blocks, and a source description."""
    return struct.pack(">BBHI", 0x80, 201, 1, ssrc) + struct.pack(">BBHIBB2s4x", 0x81, 202, 3, ssrc, 1, 2, b"me")


RTCP = ["facetime.rtcp.form", "facetime.rtcp.encrypted", "facetime.rtcp.index", "facetime.rtcp.mki", "facetime.rtcp.tag", "facetime.rtcp.rest",
        "facetime.rtcp.payload", "rtcp.pt", "rtcp.senderssrc", "srtcp.e", "srtcp.index"]
FORM = {"RTCP": ["0"], "authenticated": ["1"], "encrypted": ["2"], "broken": ["3"]}


def test_rtcp(shown, wireshark):
    row, = shown(report(), extra=RTCP)
    assert kinds(wireshark)[int(row["facetime.kind"][0])] == "rtcp"
    assert (row["facetime.rtcp.form"], row["rtcp.pt"], row["facetime.rtcp.index"]) == (FORM["RTCP"], ["201", "202"], [])
    assert row["_ws.malformed"] == []


@pytest.mark.parametrize(("mki", "tag"), [(0, 10), (0, 4), (2, 10), (2, 4), (16, 10), (16, 4)])
def test_srtcp(shown, wireshark, mki, tag):
    """Header and SSRC in the clear, the rest encrypted, then mark and index, key identifier, tag: the stock dissector has it as SRTCP."""
    hidden = bytes.fromhex("a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4")
    trailer = struct.pack(">I", 0x80000007) + b"\x77" * mki + b"\x99" * tag
    row, = shown(report()[:8] + hidden + trailer, extra=RTCP)
    assert kinds(wireshark)[int(row["facetime.kind"][0])] == "rtcp"
    assert (row["facetime.rtcp.form"], row["facetime.rtcp.index"]) == (FORM["encrypted"], ["7"])
    assert (row["facetime.rtcp.mki"], row["facetime.rtcp.tag"]) == (["77" * mki] if mki else [], ["99" * tag])
    assert row["facetime.rtcp.payload"] == [hidden.hex()]
    assert (row["rtcp.pt"], row["rtcp.senderssrc"], row["_ws.malformed"]) == (["201"], ["0x11223344"], [])
    assert (row["srtcp.e"], row["srtcp.index"]) in ((["1"], ["0x00000007"]), (["True"], ["0x00000007"]), (["1"], ["7"]), (["True"], ["7"]))


@pytest.mark.parametrize("index, known", [(0xFFFF, True), (0x10000, False)])
def test_largest_index_of_srtcp(shown, index, known):
    """And the shortest SRTCP: nothing is encrypted in it."""
    row, = shown(report()[:8] + struct.pack(">I", 0x80000000 | index) + b"\x99" * 10, extra=RTCP)
    assert (row["facetime.rtcp.form"], row["facetime.rtcp.index"]) == ((FORM["encrypted"], [str(index)]) if known else ([], []))


def test_srtcp_that_is_authenticated_only(shown):
    row, = shown(report() + struct.pack(">I", 9) + b"\x99" * 10, extra=RTCP)
    assert (row["facetime.rtcp.form"], row["facetime.rtcp.index"], row["facetime.rtcp.tag"]) == (FORM["authenticated"], ["9"], ["99" * 10])
    assert (row["rtcp.pt"], row["_ws.malformed"]) == (["201", "202"], [])


def test_rtcp_after_srtcp_is_rtcp(shown):
    """What was said of one datagram to the stock dissector is not kept for the next one."""
    secret = report()[:8] + bytes.fromhex("a1b2c3d4e5f60718") + struct.pack(">I", 0x80000001) + b"\x99" * 10
    rows = shown(report(), secret, report(), extra=RTCP)
    assert [row["facetime.rtcp.form"] for row in rows] == [FORM["RTCP"], FORM["encrypted"], FORM["RTCP"]]
    assert rows[0]["rtcp.pt"] == rows[2]["rtcp.pt"] == ["201", "202"]


@pytest.mark.parametrize(("data", "rest", "message"), [
    (report() + b"\xff\xff\xff\xff", 4, "Of 28 bytes, RTCP packets fill 24"),
    (report()[:-4], 12, "Of 20 bytes, RTCP packets fill 8"),
    (report()[:8] + b"\x12\x34\x56\x78" * 6, 24, "Of 32 bytes, RTCP packets fill 8"),
])
def test_rtcp_of_wrong_length(shown, data, rest, message):
    """Over-long, truncated, and bytes of no form: an expert item, the good packets shown, nothing malformed."""
    row, = shown(data, extra=RTCP)
    assert row["facetime.rtcp.form"] == FORM["broken"] and message in messages(row)
    assert len(row["facetime.rtcp.rest"][0]) == 2 * rest
    assert row["rtcp.pt"][0] == "201" and row["_ws.malformed"] == []


def test_rtcp_whose_first_length_is_wrong(shown, wireshark):
    """Nothing fits: no RTCP."""
    row, = shown(b"\x80\xc9\x00\x40" + bytes(8), extra=RTCP)
    assert kinds(wireshark)[int(row["facetime.kind"][0])] == "unknown"


OWN = ["facetime.rtcp.type", "facetime.rtcp.app", "facetime.rtcp.ltr_ack", "facetime.rtcp.fir.number", "facetime.rtcp.nack.first", "facetime.rtcp.nack.lost",
       "facetime.rtcp.transport", "facetime.rtcp.feedback", "facetime.rtcp.packet.data", "facetime.rtp.extension.queueing_delay",
       "facetime.rtp.extension.one_way_delay", "facetime.rtp.extension.bandwidth", "facetime.rtp.extension.audio_received", "rtcp.pt", "_ws.malformed"]


def rtcp_packet(kind, subtype, rest, ssrc=0x11223344):
    """One RTCP packet: its length is that of what is given."""
    return struct.pack(">BBHI", 0x80 | subtype, kind, 1 + len(rest) // 4, ssrc) + rest


RCTL = rtcp_packet(204, 0, b"RCTL" + bytes.fromhex("850a 0004") + struct.pack(">8H", 0x1234, 77, 0x3021, 512, 819, 4096, 0x2005, 2760))
LTR_ACK = rtcp_packet(204, 0, struct.pack(">II", 5, 0xCAFE0001))
OLD_FIR = rtcp_packet(192, 0, struct.pack(">4H", 7, 8, 9, 10))
OLD_NACK = rtcp_packet(193, 0, struct.pack(">HH", 65534, 0b101))
PLI, TMMBR = rtcp_packet(206, 1, struct.pack(">I", 2)), rtcp_packet(205, 3, struct.pack(">III", 2, 3, 4))


def test_rtcp_of_avconference(shown):
    """In the clear: rate control with its fields, acknowledgement of a picture, requests of old numbers, kinds of feedback."""
    rctl, ack, fir, nack, pli, tmmbr = shown(RCTL, LTR_ACK, OLD_FIR, OLD_NACK, report() + PLI, report() + TMMBR, extra=OWN)
    assert rctl["facetime.rtcp.app"] == ["0x5243544c"] and rctl["facetime.rtp.extension.bandwidth"] == ["2760"]
    assert [float(rctl[f"facetime.rtp.extension.{name}"][0].split()[0]) for name in ("queueing_delay", "one_way_delay")] == [512, 4096]
    assert (ack["facetime.rtcp.app"], ack["facetime.rtcp.ltr_ack"]) == (["0x00000005"], [str(0xCAFE0001)])
    assert (fir["facetime.rtcp.type"], fir["facetime.rtcp.fir.number"]) == (["192"], ["7", "8", "9", "10"])
    assert (nack["facetime.rtcp.nack.first"], nack["facetime.rtcp.nack.lost"]) == (["65534"], ["65534", "65535", "1"])
    assert (pli["facetime.rtcp.feedback"], tmmbr["facetime.rtcp.transport"]) == (["1"], ["3"])
    assert pli["rtcp.pt"][:3] == ["201", "202", "206"] and all(row["facetime.rtcp.packet.data"] == [] for row in (rctl, ack, fir, nack, pli, tmmbr))


def test_rtcp_that_is_stock_alone(shown):
    """Reports need no second tree, encrypted packets have none, and an application of another name keeps its bytes."""
    secret = RCTL[:8] + bytes.fromhex("a1b2c3d4e5f60718293a4b5c") + struct.pack(">I", 0x80000007) + b"\x99" * 10
    plain, hidden, other, short = shown(report(), secret, rtcp_packet(204, 0, b"ABCD" + bytes(8)), rtcp_packet(204, 0, struct.pack(">I", 5) + bytes(8)), extra=OWN)
    assert plain["facetime.rtcp.type"] == hidden["facetime.rtcp.type"] == [] and hidden["facetime.rtp.extension.bandwidth"] == []
    assert other["facetime.rtcp.packet.data"] == short["facetime.rtcp.packet.data"] == ["00" * 8] and short["facetime.rtcp.ltr_ack"] == []


def test_cut_rtcp_of_avconference(shown):
    rows = shown(*((whole, kept) for whole in (RCTL, LTR_ACK, OLD_FIR, OLD_NACK) for kept in range(8, len(whole))), extra=OWN)
    assert {tuple(row["facetime.rtcp.type"]) for row in rows} <= {("204",), ("192",), ("193",)}


def test_cut_rtcp(shown):
    rows = shown(*((report(), kept) for kept in range(4, len(report()))), extra=RTCP)
    for row in rows:
        assert row["facetime.rtcp.form"] == FORM["RTCP"] and not any("Of " in text for text in messages(row))


# ---- Dissected again -----------------------------------------------------------------------------


def test_in_any_order(wireshark):
    """A packet that is looked at alone shows media, extension and key as on the first pass."""
    sdp = b"v=0\r\nm=video 16402 RTP/AVP 126\r\na=rtpID:1002\r\n"
    packets = [datagram.sip(body=sdp, headers=["Content-Type: application/sdp"]),
               datagram.rtp(104, ssrc=1002, extension=(0x8001, struct.pack(">HH", 1, 9))),
               datagram.rtp(99, 2, ssrc=5), datagram.rtp(99, 3, ssrc=5, payload=bytes(range(256)) * 3)]
    capture = wireshark.write("again.pcap", datagram.capture(packets))
    trees = wireshark.sharkd(capture, *[("frame", {"frame": number, "proto": True}) for number in (4, 2, 3, 2)])

    def labels(items):
        for item in items:
            yield item["l"]
            yield from labels(item.get("n", []))

    found = [list(labels(answer["tree"])) for answer in trees]
    assert found[1] == found[3]
    assert {"Media: video", "Media Known By: size [guess] (3)"} <= set(found[0])
    assert {"Media: video", "Media Known By: SDP (a=rtpID) (1)", "Frame Number: 9"} <= set(found[1])
    assert "Media: unknown" in found[2]
