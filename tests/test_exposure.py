"""What an eavesdropper learns of a call: -z facetime,exposure. Each fact is in the frame that the table names."""

import pytest

from ftools import facts, paths, table

PASSES = {"pass 1": (), "-2": ("-2",)}
TABLE = ("-q", "-z", "facetime,exposure")
NAME = "FaceTime Exposure"
NUMBERS = ("Call", "Since start (s)", "First frame")
LEGACY = {"who calls whom", "addresses, ports, codecs, SSRCs", "software and its version"}
ALWAYS = {"which servers the device uses", "names of the servers", "who sends audio and video, when and how much", "audio and video",
          "invitation and session keys", "how the call was authorised"}
MODERN = {"the device's own address", "the address outside its NAT", "all addresses of a device", "participant IDs",
          "what device and relay agree on"}

# What -Y must find in the frame of a fact.
SHOWN = {
    "who calls whom": "facetime.sip.from",
    "addresses, ports, codecs, SSRCs": "sdp",
    "software and its version": "facetime.sip.user_agent",
    "names of the servers": "facetime.host.name && dns",
    "configuration and certificates": "tcp.port == 80",
    "which servers the device uses": "tcp",
    "the device's own address": "facetime.natprobe.address",
    "the address outside its NAT": "facetime.natprobe.mapped_address || stun.att.type == 0x0020",
    "all addresses of a device": "facetime.link.candidate.ipv4",
    "participant IDs": "facetime.relay.participant_id",
    "who sends audio and video, when and how much": "rtp",
    "invitation and session keys": "tcp.port == 5223",
    "registration": "tcp.port == 443",
    "what device and relay agree on": "quic",
    "Wi-Fi or cellular, each interface": "facetime.link.candidate.rat || facetime.stun.cellular",
    "how a device is held, which camera": "facetime.rtp.extension.orientation",
    "who speaks when": "rtp.p_type == 13",
    "who hung up": "icmp || icmpv6 || sip",
    "audio and video": "rtp",
    "how the call was authorised": "tcp.port == 5223",
}

each_sample = pytest.mark.parametrize("name", paths.SAMPLES)


def exposure(wireshark, capture, *args):
    return table.rows(wireshark.tshark(capture, *args, *TABLE).ok().out, NAME, NUMBERS)


@each_sample
def test_facts(wireshark, name):
    """All that there is, and nothing that is not there."""
    legacy = facts.expected(name)["calls"][0]["era"] in ("2010", "ios7")
    found = {row["What"] for row in exposure(wireshark, paths.sample(name), "-2")}
    assert ALWAYS | (LEGACY if legacy else MODERN) <= found
    assert not found & (MODERN - {"the device's own address", "the address outside its NAT"} if legacy else LEGACY)


@each_sample
def test_frames(wireshark, name):
    """The first frame of each fact shows it."""
    rows = exposure(wireshark, paths.sample(name), "-2")
    shown = {row["What"]: row["First frame"] for row in rows}
    for what, frame in shown.items():
        assert wireshark.count(paths.sample(name), f"frame.number == {frame} && ({SHOWN[what]})", "-2") == 1, what


@each_sample
def test_passes(wireshark, name):
    """One pass, two, and the window."""
    capture = paths.sample(name)
    one, two = (exposure(wireshark, capture, *options) for options in PASSES.values())
    assert one == two
    answer, = wireshark.sharkd(capture, ("tap", {"tap0": "nstat:facetime,exposure"}))
    titles = [field["c"] for field in answer["taps"][0]["fields"]]
    rows = [dict(zip(titles, row)) for row in answer["taps"][0]["tables"][0]["i"]]
    assert sorted((row["Call"], row["What"], row["First frame"]) for row in rows) == sorted(
        (row["Call"], row["What"], row["First frame"]) for row in two)


def test_value(wireshark):
    rows = {row["What"]: row for row in exposure(wireshark, paths.sample("facetime-2010-inbound"))}
    call, = facts.expected("facetime-2010-inbound")["calls"]
    assert rows["who calls whom"]["Value"] == f"{call['from']} calls {call['to']}"


@pytest.mark.parametrize("passes", PASSES)
def test_values_of_today(wireshark, passes):
    """What is read there, and whose it is."""
    rows = {row["What"]: row["Value"] for row in exposure(wireshark, paths.CAPTURES / "situations" / "modern-each-end-caller.pcap", *PASSES[passes])}
    assert rows["the device's own address"] == "device: 192.168.1.64:16402"
    assert rows["the address outside its NAT"] == "device: 203.0.113.64:16402"
    assert rows["all addresses of a device"].startswith("device: 203.0.113.64:16393, 192.168.1.64:16393")
    assert rows["which servers the device uses"] == "38-courier.push.apple.com"
    assert rows["Wi-Fi or cellular, each interface"].startswith("device 203.0.113.64 Wi-Fi")
    assert rows["how a device is held, which camera"] == "device: landscape left, back camera; peer: portrait, front camera"
    assert rows["who speaks when"] == "device falls silent 1 time"
    assert rows["who hung up"] == "link ended by the device [guess]"


@pytest.mark.skipif(not (paths.WIFI.exists() and paths.CELLULAR.exists()), reason=paths.NO_SHARED)
@pytest.mark.parametrize("passes", PASSES)
def test_values_of_real_calls(wireshark, passes):
    """Radio, silence and end of the cellular call; in the Wi-Fi call the address that the answer tells is the peer's."""
    cellular, wifi = ({row["What"]: row["Value"] for row in exposure(wireshark, capture, *PASSES[passes])} for capture in (paths.CELLULAR, paths.WIFI))
    assert cellular["Wi-Fi or cellular, each interface"].startswith("device 166.198.24.114 LTE, device 10.127.22.118 LTE")
    assert cellular["who speaks when"] == "device falls silent 11 times" and "who speaks when" not in wifi
    assert (cellular["who hung up"], wifi["who hung up"]) == ("link ended by the device [guess]", "link ended by the peer [guess]")
    assert wifi["the address outside its NAT"] == "peer: 10.239.58.219:16393"


def test_filter(wireshark):
    """A filter leaves the facts of the frames that it lets through; who hung up is read from a BYE."""
    out = wireshark.tshark(paths.sample("facetime-2010-inbound"), "-q", "-z", "facetime,exposure,sip").ok().out
    assert {row["What"] for row in table.rows(out, NAME, NUMBERS)} == LEGACY | {"who hung up"}


def test_nothing(wireshark):
    """A capture without a call gives the header alone."""
    out = wireshark.tshark(paths.sample("facetime-relay"), "-c", "3", *TABLE).ok().out
    assert table.rows(out, NAME, NUMBERS) == [] and "How it travels" in out
