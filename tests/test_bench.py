"""What tests/bench measures: the same packets and the same hash seed in each run, so that two runs differ by the plugin only."""

import re
import shutil
import subprocess

import pytest

from ftools import datagrams, loads, paths, pcap, replay

QUERY = datagrams.frame(("10.0.0.1", 40000), ("203.0.113.1", 53), bytes(30))


def test_same_count_twice(wireshark):
    """Without the fixed seed two runs differ by 0.1 to 0.4 %."""
    if not shutil.which("valgrind") or not shutil.which("cc"):
        pytest.skip("needs valgrind and a C compiler")

    def measured():
        done = subprocess.run([paths.ROOT / "tests" / "bench", "--packets", "2000", "--only", "mix of programs", "--plugin", paths.plugin()],
                              capture_output=True, text=True, check=True)
        row = re.search(r"^\| a mix of programs \| `-n -r F` \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \|", done.stdout, re.M)
        assert row, done
        assert "In a capture without FaceTime a packet costs at most" in done.stdout
        return [float(value.replace(",", "")) for value in row.groups()]

    first, second = measured(), measured()
    assert first[1] == pytest.approx(second[1], rel=0.001) and first[0] == pytest.approx(second[0], rel=0.001)


def test_replayed(tmp_path):
    """As many packets as asked for, later each time, and between other hosts in each round."""
    first, later = [(1000, QUERY.data), (500, QUERY.data)], [(9000, QUERY.data)]
    replay.write(tmp_path / "load.pcap", [first, [], later], 8)
    linktype, packets = pcap.read(tmp_path / "load.pcap")
    assert (linktype, len(packets)) == (pcap.ETHERNET, 8)
    assert [packet.time for packet in packets] == sorted(packet.time for packet in packets)
    hosts = [packet.data[26:34] for packet in packets]
    assert hosts[:3] == [QUERY.data[26:34]] * 3 and len(set(hosts)) == 3 and {host[:1] for host in hosts} == {b"\x0a"}
    replay.write(tmp_path / "load.pcap", [first], 4, same_hosts=True)
    assert {packet.data for packet in pcap.read(tmp_path / "load.pcap")[1]} == {QUERY.data}


def test_chosen():
    """At most so many packets of one capture, of the wanted kind."""
    captures = [[(number, QUERY.data) for number in range(30)], [(0, bytes(60))]]
    assert [len(packets) for packets in replay.chosen(captures, lambda kinds: "dns" in kinds, 10)] == [10, 0]
    assert [len(packets) for packets in replay.chosen(captures, lambda kinds: "v6" in kinds, 10)] == [0, 0]
    assert replay.kinds(QUERY.data) == {"ip", "v4", "udp", "dns"}
    assert replay.ethernet(pcap.RAW_IP, QUERY.data[14:])[12:] == QUERY.data[12:] and replay.ethernet(147, b"E") is None


def test_no_endless_load(tmp_path):
    """Nothing to make a load of ends at once."""
    replay.write(tmp_path / "load.pcap", [[]], 4)
    loads.calls(tmp_path / "none.pcap", 0, 0)
    assert (tmp_path / "load.pcap").read_bytes() == (tmp_path / "none.pcap").read_bytes()
