"""Work that nobody sees is left out: what comes out is the same, byte for byte, with all of it done. The tests' build has a switch for that."""

import struct

import pytest

from ftools import paths, pcap, wire

WITHOUT = {"FT_NO_SHORTCUTS": "1"}
TABLES = [part for kind in ("calls", "streams", "nodes", "timeline", "exposure", "tree") for part in ("-z", f"facetime,{kind}")]
COMMANDS = {
    "plain": (),
    "two passes": ("-2",),
    "all details, two passes": ("-2", "-V"),
    "fields": ("-T", "fields", "-e", "frame.number", "-e", "frame.protocols", "-e", "facetime.call", "-e", "facetime.relay.flags", "-e", "rtp.extseq", "-e", "_ws.col.Info"),
    "fields, two passes": ("-2", "-T", "fields", "-e", "frame.number", "-e", "frame.protocols", "-e", "rtp.extseq", "-e", "rtp.timestamp", "-e", "_ws.expert"),
    "JSON": ("-T", "json"),
    "a filter": ("-Y", "facetime.relay.flags || _ws.expert"),
    "a filter of a stock protocol": ("-2", "-Y", "rtp.marker == 1"),
    "tables": ("-q", *TABLES),
    "tables, two passes": ("-2", "-q", *TABLES),
    "hierarchy, experts, streams": ("-q", "-z", "io,phs", "-z", "expert", "-z", "rtp,streams"),
    "streams of RTP, with columns": ("-z", "rtp,streams"),
}
REAL = [path for path in (paths.WIFI, paths.CELLULAR) if path.exists()]
CAPTURES = [*map(paths.sample, paths.SAMPLES), *REAL]
SITUATIONS = [next((paths.CAPTURES / "situations").glob(f"{name}.pcap*")) for name in paths.SITUATIONS]
BRIEF = ("plain", "two passes", "all details, two passes", "hierarchy, experts, streams")


def same(wireshark, capture, args):
    """Runs tshark with and without shortcuts; it must say the same."""
    short, whole = (wireshark.run("tshark", "-n", "-r", wireshark.stage(capture), *args, env=env).ok() for env in (None, WITHOUT))
    assert short.out, args
    # Not one long comparison: a difference of megabytes takes pytest minutes to print.
    assert short.out == whole.out or [lines for lines in zip(short.out.splitlines(), whole.out.splitlines(), strict=False) if lines[0] != lines[1]][:3] == []


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_same(wireshark, capture, name):
    """Samples and real calls."""
    same(wireshark, capture, COMMANDS[name])


@pytest.mark.parametrize("capture", SITUATIONS, ids=lambda path: path.stem)
def test_same_in_situations(wireshark, capture):
    """Each situation of the samples: what goes another way in one of them."""
    for name in BRIEF:
        same(wireshark, capture, COMMANDS[name])


def numbered(source, step_seq, step_timestamp):
    """The sample with other sequence numbers and time stamps: they wrap again and again, some packets come late."""
    linktype, packets = pcap.read(source)
    counts, whole = {}, [bytearray(packet.data) for packet in packets]
    for datagram in wire.udp(linktype, packets):
        for payload in wire.relay_payloads(datagram.payload) or []:
            header = wire.rtp(datagram.frame, payload)
            if not header:
                continue
            number = counts[header.ssrc] = counts.get(header.ssrc, 0) + 1
            place = number - 5 if number % 11 == 0 else number
            data = whole[datagram.frame - 1]
            at = data.index(struct.pack(">HII", header.sequence, header.timestamp, header.ssrc))
            struct.pack_into(">HI", data, at, (0xf000 + place * step_seq) & 0xffff, (0xf0000000 + place * step_timestamp) & 0xffffffff)
    assert max(counts.values()) > 100
    return linktype, [packet.with_data(bytes(data)) for packet, data in zip(packets, whole, strict=True)]


@pytest.fixture(scope="module", params=[(0x0301, 0x01000000), (0x1801, 0x20000000), (0x7001, 0x70000000)], ids=["few", "some", "too many"])
def wraps(wireshark, request):
    """A capture whose numbers wrap: up to the limit of what is kept, and beyond it."""
    linktype, packets = numbered(paths.sample("facetime-relay"), *request.param)
    return wireshark.write("wraps.pcap", pcap.write(packets, linktype))


def test_wraps(wireshark, wraps):
    """The stock dissector's extended numbers on the second pass, where it was not called on the first."""
    for args in (("-2", "-T", "fields", "-e", "frame.number", "-e", "rtp.seq", "-e", "rtp.extseq"), ("-2", "-V", "-O", "rtp"), ("-2", "-q", "-z", "rtp,streams")):
        same(wireshark, wraps, args)


def test_wraps_in_any_order(wireshark, wraps):
    """The same where frames are asked for backwards, as a person clicks on them; the columns, the streams and the frames again."""
    frames = [("frame", {"frame": number, "proto": True}) for number in range(500, 20, -37)]
    requests = [*frames, ("tap", {"tap0": "rtp-streams"}), ("frames", {}), *frames]
    with_them, without = wireshark.sharkd(wraps, *requests), wireshark.sharkd(wraps, *requests, env=WITHOUT)
    # 4.4 and 4.6 write there numbers that they never set.
    for answer in with_them + without:
        if wireshark.version >= (4, 4) and isinstance(answer, dict):
            answer.pop("followers", None)
    assert with_them == without


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_sharkd(wireshark, capture):
    """Loaded without columns and trees; then rows, a frame, the streams."""
    requests = [("frames", {}), ("frame", {"frame": 20, "proto": True, "columns": True}), ("tap", {"tap0": "rtp-streams"}), ("frames", {"filter": "rtp"})]
    assert wireshark.sharkd(capture, *requests) == wireshark.sharkd(capture, *requests, env=WITHOUT)
