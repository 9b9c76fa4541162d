"""Two real calls of today (paths.WIFI, paths.CELLULAR): the counts that are known of them, compared with an independent reading of
the same bytes. On one pass, with -2, and in sharkd."""

import collections
import socket

import pytest

from ftools import facts, paths, pcap, table, wire

pytestmark = pytest.mark.skipif(not (paths.WIFI.exists() and paths.CELLULAR.exists()), reason=paths.NO_SHARED)

PASSES = {"pass 1": (), "-2": ("-2",)}
CAPTURES = {"wifi": paths.WIFI, "cellular": paths.CELLULAR}

# What each file holds, as counted once and for all with other tools: datagrams of FaceTime by kind, RTP packets in the relay data.
KINDS = {
    "wifi": {"relay": 1722, "quic": 220, "stun": 13},
    "cellular": {"relay": 2620, "link-probe": 400, "quic": 123, "stun": 70, "nat-probe": 2},
}
DATAGRAMS = {"wifi": 1955, "cellular": 3215}
RTP = {"wifi": 1488, "cellular": 2501}

# The ends of the first capture: one relay, reached from both interfaces of the phone at once.
WIFI_LEG = ("10.239.19.254", 16393)
CELLULAR_LEG = ("10.127.22.118", 16394)
LEGS_RELAY = ("17.249.172.142", 3482)

each_pass = pytest.mark.parametrize("passes", PASSES)
each_capture = pytest.mark.parametrize("name", CAPTURES)


@pytest.fixture(scope="module")
def frames_of(wireshark):
    """frames_of(name, passes): what tshark says of each frame."""
    made = {}

    def frames(name, passes="-2"):
        key = (name, passes)
        if key not in made:
            made[key] = facts.Frames(wireshark, CAPTURES[name], *PASSES[passes])
        return made[key]

    return frames


@pytest.fixture(scope="module")
def read_independently():
    """read_independently(name): (frames of UDP datagrams by number, RTP headers), without Wireshark."""
    made = {}

    def read(name):
        if name not in made:
            datagrams = {datagram.frame: datagram for datagram in wire.udp(*pcap.read(CAPTURES[name]))}
            made[name] = datagrams, wire.relayed_rtp(CAPTURES[name])
        return made[name]

    return read


def text_of(packed):
    """An address of 4 or 16 bytes as text."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


# ---- Counts ------------------------------------------------------------------------------------


@each_pass
@each_capture
def test_one_call(wireshark, name, passes):
    """One call, which is established while the capture ends, with all its packets."""
    rows = table.rows(wireshark.tshark(CAPTURES[name], *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)
    assert [row["Call"] for row in rows] == [1]
    assert (rows[0]["State"], rows[0]["Path"], rows[0]["Confidence"]) == ("ended", "relay", "high")
    assert rows[0]["Packets"] >= DATAGRAMS[name]


@each_pass
@each_capture
def test_datagrams(frames_of, name, passes):
    rows = frames_of(name, passes)
    assert len([row for row in rows.rows if "facetime" in row["protocols"] and row["udp.stream"]]) == DATAGRAMS[name]
    assert rows.kinds() == KINDS[name]


@each_pass
@each_capture
def test_every_datagram_is_in_the_call(frames_of, name, passes):
    """On pass 1 a NAT probe comes before the call that it belongs to."""
    strays = [row for row in frames_of(name, passes).datagrams() if row["facetime.call"] != ["1"]]
    assert [row["kind"] for row in strays if passes == "-2" or row["kind"] != ["nat-probe"]] == []


@each_pass
@each_capture
def test_nothing_malformed(frames_of, name, passes):
    assert frames_of(name, passes).faults() == []


def test_stock_is_malformed(stock):
    """The measure of the test above."""
    assert stock.count(paths.CELLULAR, "_ws.malformed") >= 400


# ---- RTP ---------------------------------------------------------------------------------------


@each_pass
@each_capture
def test_rtp_by_ssrc_and_payload_type(frames_of, read_independently, name, passes):
    """The stock rtp dissector shows each RTP packet, with the SSRC and payload type that are in its bytes; frame by frame."""
    headers = read_independently(name)[1]
    assert len(headers) == RTP[name]
    wanted = collections.Counter((header.frame, header.ssrc, header.payload_type, header.sequence) for header in headers)
    found = collections.Counter()
    for row in frames_of(name, passes).having("rtp.ssrc"):
        assert "rtp" in row["protocols"], row["number"]
        for ssrc, payload_type, sequence in zip(row["rtp.ssrc"], row["rtp.p_type"], row["rtp.seq"], strict=True):
            found[row["number"], int(ssrc, 16), int(payload_type), int(sequence)] += 1
    assert found == wanted
    totals = collections.Counter((header.ssrc, header.payload_type) for header in headers)
    print(*(f"{name}: SSRC 0x{ssrc:08x}, payload type {payload_type}: {count}" for (ssrc, payload_type), count in sorted(totals.items())),
          sep="\n")


def independent_streams(read_independently, name):
    """Of each (source, destination, SSRC): packets, and how many numbers are missing between the first and the last of them.

    Sequence numbers are 16 bits: the one nearest to the highest so far is meant. What came before the first packet of the
    stream, late, does not count as expected."""
    datagrams, headers = read_independently(name)
    numbers = {}
    for header in headers:
        datagram = datagrams[header.frame]
        ends = tuple((text_of(address), port) for address, port in (datagram.source, datagram.destination))
        seen = numbers.setdefault((*ends, header.ssrc), [])
        top = max(seen, default=header.sequence)
        seen.append(top + ((header.sequence - top + 0x8000) & 0xFFFF) - 0x8000)
    return {key: (len(seen), max(seen) - seen[0] + 1 - len(seen)) for key, seen in numbers.items()}


@each_pass
@each_capture
def test_rtp_streams(wireshark, read_independently, name, passes):
    """Telephony > RTP: each stream once, with all its packets, and no loss that the sequence numbers do not show."""
    wanted = independent_streams(read_independently, name)
    out = wireshark.tshark(CAPTURES[name], *PASSES[passes], "-q", "-z", "rtp,streams").ok().out
    found = {(row["source"], row["destination"], row["ssrc"]): (row["packets"], row["lost"]) for row in table.rtp_streams(out)}
    assert found == wanted
    assert sum(packets for packets, _ in found.values()) == RTP[name]


@each_capture
def test_media_is_relayed(frames_of, name):
    assert {tuple(row["path"]) for row in frames_of(name).having("rtp.ssrc")} == {("relay",)}


# ---- One call ----------------------------------------------------------------------------------


@each_pass
def test_both_legs_are_in_one_call(wireshark, passes):
    """The phone sends over Wi-Fi and cellular at once: two flows, two addresses, one call."""
    for address, port in (WIFI_LEG, CELLULAR_LEG):
        leg = f"!icmp && ip.addr == {address} && udp.port == {port} && ip.addr == {LEGS_RELAY[0]} && udp.port == {LEGS_RELAY[1]}"
        all_of_it = wireshark.count(paths.WIFI, leg, *PASSES[passes])
        assert all_of_it > 100
        assert wireshark.count(paths.WIFI, f"({leg}) && facetime.call == 1", *PASSES[passes]) == all_of_it


@each_capture
def test_device_and_relay(wireshark, name):
    """The device is the phone, with each address it has, the relay one of Apple's hosts."""
    row = table.rows(wireshark.tshark(CAPTURES[name], "-2", "-q", "-z", "facetime,calls").ok().out)[0]
    devices, relay = [facts.endpoint(device) for device in row["Device"].split(", ")], facts.endpoint(row["Relay"])
    assert all(address.startswith("10.") or ":" in address for address, _ in devices) and relay[0].startswith("17.")
    if name == "wifi":
        assert (devices[0], relay) == (WIFI_LEG, LEGS_RELAY)


@each_pass
@each_capture
def test_other_traffic_is_in_no_call(frames_of, read_independently, name, passes):
    """QUIC to web sites, on the same phone at the same time, is not FaceTime and in no call; DNS is no datagram of it."""
    others = {port: {number for number, datagram in read_independently(name)[0].items() if port in (datagram.source[1], datagram.destination[1])}
              for port in (53, 443)}
    rows = frames_of(name, passes)
    assert others[53] and (others[443] or name != "wifi")
    assert {row["number"] for row in rows.datagrams()} & (others[53] | others[443]) == set()
    assert rows.numbers("facetime.call") & others[443] == set()


# ---- Dissected again, as in the window -----------------------------------------------------------


@each_capture
def test_in_sharkd(wireshark, frames_of, name):
    """Kind and call of each datagram, the table and the RTP streams: the same as with -2, and again when asked again."""
    listing = ("frames", {"filter": "facetime.kind", "column0": "facetime.kind:1", "column1": "facetime.call:1"})
    first, taps, second = wireshark.sharkd(CAPTURES[name], listing, ("tap", {"tap0": "nstat:facetime,calls", "tap1": "rtp-streams"}), listing)
    assert first == second
    found = [(frame["num"], *frame["c"]) for frame in first]
    assert found == [(row["number"], *row["kind"], *row["facetime.call"]) for row in frames_of(name).having("kind")]
    assert len(found) == DATAGRAMS[name]
    by_name = {tap["tap"]: tap for tap in taps["taps"]}
    assert len(by_name["nstat:facetime,calls"]["tables"][0]["i"]) == 1
    streams = by_name["rtp-streams"]["streams"]
    assert sum(stream["pkts"] for stream in streams) == RTP[name]
    out = wireshark.tshark(CAPTURES[name], "-2", "-q", "-z", "rtp,streams").ok().out
    assert sorted((int(str(stream["ssrc"]), 0), stream["pkts"], stream["expectednr"] - stream["totalnr"]) for stream in streams) == sorted(
        (row["ssrc"], row["packets"], row["lost"]) for row in table.rtp_streams(out))
