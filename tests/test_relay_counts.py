"""Loss by the relay's count: what the capture itself missed, has twice or begins too late for is no loss."""

import dataclasses
import itertools
import random

import pytest

from ftools import paths, pcap, table

MILLISECOND = 1000
SITUATION = "modern-each-end-caller"
FIELDS = ("facetime.call.uplink_lost", "facetime.call.downlink_lost")
BOTH = ("Uplink lost", "Downlink lost")


@pytest.fixture(name="packets", scope="module")
def fixture_packets():
    linktype, packets = pcap.read(paths.CAPTURES / "situations" / f"{SITUATION}.pcap")
    assert linktype == pcap.ETHERNET
    return packets


@pytest.fixture(name="losses")
def fixture_losses(wireshark, tmp_path):
    """What the calls table and the events say of these packets: ((up, down), events, values of the two fields)."""
    number = itertools.count()

    def losses(packets):
        path = tmp_path / f"counted-{next(number)}.pcap"
        path.write_bytes(pcap.write(packets, pcap.ETHERNET))
        out = wireshark.tshark(path, "-q", "-z", "facetime,calls", "-z", "facetime,events").ok().out
        call = max(table.rows(out), key=lambda row: row["Packets"])
        told = [row["What"] for row in table.rows(out, "FaceTime Events", ("Call", "Frame")) if row["Event"] == "lost" and "count" in row["What"]]
        fields = wireshark.fields(path, FIELDS, "-2")
        return tuple(call[column] for column in BOTH), told, {tuple(row) for row in fields} - {("", ""), FIELDS}
    return losses


def test_as_it_is(losses, packets):
    assert losses(packets)[0] == ("0 of 277 (relay's count)", "6 of 211 (relay's count)")


@pytest.mark.parametrize("every, delay", ((1, 7), (5, 0), (8, 7)))
def test_packets_that_were_captured_twice(losses, packets, every, delay):
    """A mirror port's copies did not fail to reach the relay."""
    copies = [dataclasses.replace(packet, time=packet.time + delay) for number, packet in enumerate(packets) if number % every == 0]
    twice = sorted(packets + copies, key=lambda packet: packet.time)
    assert losses(twice)[0] == losses(packets)[0]


@pytest.mark.parametrize("seed", (1, 2))
def test_packets_that_the_capture_missed(losses, packets, seed):
    """The relay had packets from the device that the capture has not, so nobody knows what else it missed: no verdict, in no place."""
    prng = random.Random(seed)
    missed = [packet for packet in packets if prng.random() > 0.04]
    assert losses(missed) == (("-", "-"), [], set())


def test_files_that_overlap(losses, packets):
    """Half a second is there twice, the second time behind the first."""
    assert losses(packets[:300] + packets[250:])[0] == ("-", "-")


def test_capture_that_begins_after_the_hello(losses, packets):
    """A packet of QUIC stands before the first one of relay data, but the relay counts since the hello, which was not captured."""
    quic = next(number for number, packet in enumerate(packets) if len(packet.data) > 1200 and packet.data[42] & 0xC0 == 0xC0)
    late = next(packet for packet in packets[quic + 1:] if packet.data[26:34] == packets[quic].data[26:34] and packet.data[42] & 0xF0 == 0xE0)
    media = 200
    assert "count" in losses(packets)[0][0]
    up, down = losses([dataclasses.replace(late, time=packets[media].time - MILLISECOND)] + packets[media:])[0]
    assert up.startswith("0 of") and int(down.split()[0]) <= 6
