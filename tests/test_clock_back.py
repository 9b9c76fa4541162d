"""A clock that is put back while the capture runs: durations, rates and states are those of a clock that was not."""

import dataclasses

import pytest

from ftools import facts, paths, pcap, table

SECOND = 1000000
CAPTURES = ("facetime-direct", "facetime-relay", "facetime-2010-outbound")
CALLS, STREAMS = ("-q", "-z", "facetime,calls"), ("-q", "-z", "facetime,streams")
PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
# What a step shows in: the time stamp of what begins behind it, and the note.
STAMPS = ("Start (UTC)", "Notes")
# What the one gap may change, and by how much at most: kbit/s, ms, number of gaps.
EXTREMES = {"Peak (kbit/s in 1 s)": 8, "Max jitter (ms)": 5, "Longest gap (ms)": 20, "Gaps over 200 ms": 1}


def stepped(name, tmp_path, change):
    """The sample with other times: CHANGE(number from 0, number of packets, time)."""
    linktype, packets = pcap.read(paths.sample(name))
    path = tmp_path / "stepped.pcap"
    path.write_bytes(pcap.write([dataclasses.replace(packet, time=change(number, len(packets), packet.time)) for number, packet in enumerate(packets)], linktype))
    return path


def tables(wireshark, capture, passes):
    """(rows of calls, rows of streams) without the time stamps."""
    calls = table.rows(wireshark.tshark(capture, *PASSES[passes], *CALLS).ok().out)
    streams = table.streams(wireshark.tshark(capture, *PASSES[passes], *STREAMS).ok().out)
    return [{key: value for key, value in row.items() if key not in STAMPS} for row in calls], streams


def check_same(found, wanted):
    """Text is equal; times, and what is divided by them, but for what the network added in the gap in which the clock was put back."""
    assert len(found) == len(wanted)
    for row, right in zip(found, wanted):
        for key, value in right.items():
            if key in EXTREMES:
                assert row[key] == pytest.approx(value, rel=0.01, abs=EXTREMES[key]), key
            elif isinstance(value, float):
                assert row[key] == pytest.approx(value, rel=0.01, abs=0.06), key
            else:
                assert row[key] == value, key


@each_pass
@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("seconds", (2, 20, 40, 3600))
def test_put_back(wireshark, tmp_path, name, seconds, passes):
    """In the middle of the media."""
    capture = stepped(name, tmp_path, lambda number, total, time: time - seconds * SECOND * (number > total * 6 // 10))
    found, wanted = tables(wireshark, capture, passes), tables(wireshark, paths.sample(name), passes)
    check_same(found[0], wanted[0])
    check_same(found[1], wanted[1])


@each_pass
def test_put_back_twice_and_on(wireshark, tmp_path, passes):
    """Back, on again, back."""
    capture = stepped("facetime-direct", tmp_path, lambda number, total, time: time - (40 if 700 < number < 1000 else 20 if number > 1400 else 0) * SECOND)
    found, wanted = tables(wireshark, capture, passes), tables(wireshark, paths.sample("facetime-direct"), passes)
    check_same(found[0], wanted[0])
    check_same(found[1], wanted[1])


@each_pass
@pytest.mark.parametrize("seconds", (-3600, -40, 40, 3600))
def test_one_frame(wireshark, tmp_path, seconds, passes):
    """A single frame with a wrong time is no step."""
    capture = stepped("facetime-direct", tmp_path, lambda number, total, time: time + seconds * SECOND * (number == 1000))
    calls = table.rows(wireshark.tshark(capture, *PASSES[passes], *CALLS).ok().out)
    wanted = table.rows(wireshark.tshark(paths.sample("facetime-direct"), *CALLS).ok().out)
    assert [row["Notes"] for row in calls] == ["-"] and [row["Start (UTC)"] for row in calls] == [row["Start (UTC)"] for row in wanted]
    assert [row["State"] for row in calls] == ["ended"] and calls[0]["Media (s)"] == wanted[0]["Media (s)"]


@each_pass
def test_appended_file_is_no_step(wireshark, tmp_path, passes):
    """The same capture once more behind itself, as a file that was appended: its times are those of its stamps."""
    linktype, packets = pcap.read(paths.sample("facetime-direct"))
    path = tmp_path / "twice.pcap"
    path.write_bytes(pcap.write(packets + packets, linktype))
    rows = table.rows(wireshark.tshark(path, *PASSES[passes], *CALLS).ok().out)
    assert not any("put back" in row["Notes"] for row in rows)


def test_is_said(wireshark):
    """In the table, as an expert item of the call's last frame, and each packet's time in the call goes on; its time stamps are those of the file."""
    truth = facts.situation("modern-clock-put-back")
    capture = paths.CAPTURES / "situations" / truth["capture"]
    row, = table.rows(wireshark.tshark(capture, *CALLS).ok().out)
    assert row["Notes"] == "the clock was put back by 40.0 s"
    items = wireshark.tshark(capture, "-2", "-Y", "facetime.clock_put_back", "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message").ok().out
    number, message = items.rstrip("\n").split("\t")[:2]
    assert int(number) == truth["calls"][0]["last_frame"] and "put back by 40.0 s within the call" in message
    for args in ((), ("-2",)):
        times = wireshark.tshark(capture, *args, "-Y", "facetime.call", "-T", "fields", "-e", "facetime.call.time").ok().out.split()
        times = [float(time) for time in times]
        assert times == sorted(times) and times[-1] < 12
    stamps = wireshark.tshark(capture, "-T", "fields", "-e", "frame.time_epoch").ok().out.split()
    assert min(map(float, stamps)) < float(stamps[0]) - 30


@each_pass
def test_two_calls_at_once(wireshark, tmp_path, passes):
    """Two calls that the step falls into: each one's row says so, and by how much."""
    truth = facts.situation("modern-two-devices-same-relay")
    first, second = truth["calls"]
    middle = (max(first["first_frame"], second["first_frame"]) + min(first["last_frame"], second["last_frame"])) // 2
    linktype, packets = pcap.read(paths.CAPTURES / "situations" / truth["capture"])
    path = tmp_path / "stepped.pcap"
    later = [dataclasses.replace(packet, time=packet.time - 15 * SECOND * (number >= middle)) for number, packet in enumerate(packets, 1)]
    path.write_bytes(pcap.write(later, linktype))
    rows = table.rows(wireshark.tshark(path, *PASSES[passes], *CALLS).ok().out)
    assert [row["Notes"] for row in rows] == ["the clock was put back by 15.0 s"] * 2
