"""A flood of spoofed datagrams that look like new calls: what the plugin holds has a limit, it says that it stopped, and is not slower.

The long form is a command: tests/flood [COUNT], 10,000,000 by default.
"""

import pytest

from ftools import flood

# More flows and calls than are kept, and twice as many.
SHORT, LONG = 300_000, 600_000

# KiB that the plugin may have above what Wireshark itself has for the same stream; doc/limits.md.
MEMORY = 800 * 1024


@pytest.fixture(scope="module")
def runs(wireshark, stock):
    """{count: (with the plugin, without it)}."""
    return {count: (flood.read(wireshark, "calls", count, "-q", "-z", "expert"), flood.read(stock, "calls", count, "-q", "-z", "expert"))
            for count in (SHORT, LONG)}


def test_it_says_that_it_stopped(runs):
    for mine, _ in runs.values():
        found = flood.complaints(mine.out)
        assert found["More FaceTime-like flows than are kept: the later ones are not followed"] >= 1
        assert found["More FaceTime calls than are kept: the later ones are not followed"] >= 1


def test_memory_has_a_limit(runs):
    parts = {count: mine.kilobytes - theirs.kilobytes for count, (mine, theirs) in runs.items()}
    print(f"the plugin's part: {parts}")
    assert parts[LONG] < MEMORY and parts[LONG] < parts[SHORT] + 64 * 1024


def test_packets_after_the_limit_take_no_longer(runs):
    """Processor time, not that of a clock; twice the time would be a walk over what is kept."""
    each = {count: (mine.seconds - theirs.seconds) / count for count, (mine, theirs) in runs.items()}
    print(f"seconds for each datagram: {each}")
    assert each[LONG] < 2 * each[SHORT]


def test_random_bytes_on_all_ports(wireshark):
    """A million datagrams of random bytes on FaceTime's ports, half of them with Apple's hosts."""
    done = flood.read(wireshark, "random", 1_000_000, "-Y", "facetime || facetime.call", "-z", "facetime,calls")
    print(f"random datagrams: 1000000, shown as FaceTime: {sum(line.strip()[:1].isdigit() for line in done.out.splitlines())}")
    assert [line for line in done.out.splitlines() if line.strip()[:1].isdigit()] == []
