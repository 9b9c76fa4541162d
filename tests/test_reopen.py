"""One Wireshark opens several captures one after the other: each shows what it shows alone, and nothing of those before it."""

import struct
import subprocess

import pytest

from ftools import datagrams, flood, pcap, push, views
from test_limits import hello

# Short ones, between long ones and one of nothing; the first comes again at the end.
ORDER = ["facetime-2010-inbound", "modern-two-calls-soon", "facetime-direct", "nothing", "legacy-redial", "modern-group", "facetime-relay",
         "legacy-both-sides-of-nat", "modern-rejected", "facetime-2010-inbound"]
TABLES = ("calls", "timeline", "nodes", "streams", "quality", "events", "exposure")
TAPS = ("tap", {**{f"tap{number}": f"nstat:facetime,{table}" for number, table in enumerate(TABLES)}, f"tap{len(TABLES)}": "stat:facetime"})
LISTING = ("frames", {"column0": "facetime.call:1", "column1": "facetime.call.phase:1", "column2": "facetime.kind:1"})


@pytest.fixture(scope="module")
def capture(wireshark):
    """capture(name): the file of a name in ORDER."""
    nothing = wireshark.write("nothing.pcap", pcap.write([]))
    return lambda name: nothing if name == "nothing" else views.capture(name)


@pytest.fixture(scope="module")
def one_after_the_other(wireshark, capture):
    """What one sharkd says of each file of ORDER: its tables, and the call of each frame."""
    requests = []
    for name in ORDER:
        requests += [("load", {"file": str(wireshark.stage(capture(name)))}), TAPS, LISTING]
    answers = wireshark.sharkd(capture(ORDER[-2]), *requests)
    return list(zip(answers[1::3], answers[2::3], strict=True))


@pytest.mark.parametrize("place", range(len(ORDER)), ids=[f"{place}-{name}" for place, name in enumerate(ORDER)])
def test_as_if_opened_alone(wireshark, capture, one_after_the_other, place):
    """Every table, all counters and the columns of all frames."""
    taps, frames = wireshark.sharkd(capture(ORDER[place]), TAPS, LISTING)
    assert {tap["tap"]: tap for tap in one_after_the_other[place][0]["taps"]} == {tap["tap"]: tap for tap in taps["taps"]}
    assert one_after_the_other[place][1] == frames
    if ORDER[place] == "nothing":
        assert all(tap["tables"][0]["i"] == [] for tap in taps["taps"] if tap["tap"].startswith("nstat:"))


def test_all_tables_are_asked_for(wireshark):
    """A new table is part of the tests here."""
    answer, = wireshark.sharkd(views.capture("facetime-direct"), ("info", {}))
    known = {tap["tap"].removeprefix("nstat:facetime,") for tap in answer["nstat"] if tap["tap"].startswith("nstat:facetime,")}
    assert known == set(TABLES)


def test_openings_of_the_file_before(wireshark):
    """Those that wait for their second half there do not count here, where two wait at a time."""
    def sessions(number, net):
        return [push.tcp_packets([(True, hello(600))], 443, segment=300, addresses=(f"10.{net}.{one >> 8}.{one & 255}", "198.51.100.5")) for one in range(number)]

    before = wireshark.write("before.pcap", pcap.write([session[3] for session in sessions(1024, 8)], pcap.RAW_IP))
    one, two = sessions(2, 9)
    here = wireshark.write("here.pcap", pcap.write([*one[:4], *two[:4], *one[4:], *two[4:]], pcap.RAW_IP))
    asked = ("frames", {"filter": "facetime.host.name == \"query.ess.apple.com\""})
    alone, = wireshark.sharkd(here, asked)
    _, _, after = wireshark.sharkd(here, ("load", {"file": str(wireshark.stage(before))}), ("load", {"file": str(wireshark.stage(here))}), asked)
    assert len(alone) >= 2 and after == alone


# ---- After a flood -----------------------------------------------------------------------------------

# More than are kept: flows (and calls, streams, endpoints), packets around calls, openings of TLS.
FLOWS, AROUND, OPENINGS = 270_000, 262_200, 1_100


def add(out, seconds, data):
    """A packet of a flood."""
    out.write(struct.pack("<IIII", seconds, 0, len(data), len(data)) + data)


@pytest.fixture(scope="module")
def flooded(wireshark):
    """A capture that reaches each limit that counts what is kept."""
    path = wireshark.folder("flooded") / "flooded.pcap"
    start = datagrams.START // 1_000_000
    with open(path, "wb") as out:
        subprocess.run([flood.generator(wireshark), "calls", str(FLOWS)], stdout=out, check=True)
        out.seek(0, 2)
        # Of one push connection, within the time for which it waits for a call.
        session = push.tcp_packets([(True, b"x")], 5223, addresses=("10.9.0.1", "17.57.144.1"))[3].data
        for _ in range(AROUND):
            add(out, start, session)
        for number in range(OPENINGS):
            half = b"\x16\3\1\2\0\1\0\1\xfc" + bytes(40)
            add(out, start, push.tcp_packets([(True, half)], 443, addresses=(f"10.8.{number >> 8}.{number & 255}", "198.51.100.5"))[3].data)
    path.chmod(0o644)
    return path


def test_no_limit_is_reached_by_the_file_before(wireshark, flooded):
    """What a flood used up is there again for the next file, which has flows, openings and a push of its own."""
    name = "facetime-2010-inbound"
    alone, frames = wireshark.sharkd(views.capture(name), TAPS, LISTING)
    _, taps, after = wireshark.sharkd(flooded, ("load", {"file": str(wireshark.stage(views.capture(name)))}), TAPS, LISTING, timeout=600)
    assert {tap["tap"]: tap for tap in taps["taps"]} == {tap["tap"]: tap for tap in alone["taps"]}
    assert after == frames
