"""A capture that goes on, as tshark sees it: packets from a pipe, written to one file or to a ring of files, stopped and started again."""

import dataclasses
import os
import subprocess

import pytest

from ftools import paths, pcap

PER_FILE = 500          # packets of a file of the ring
HOUR = 3600 * 1_000_000
NOTE = "Of the latest file, or session of -M, only"
CALLS = ("-q", "-z", "facetime,calls")


def live(wireshark, data, *args):
    """(tables, KiB that tshark had at most) of a capture of the packets of DATA, a pcap file, from a pipe."""
    with subprocess.Popen(["tshark", "-n", "-i", "-", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          cwd=wireshark.home, env=wireshark.environment, **wireshark.user) as program:
        program.stdin.write(data)
        program.stdin.close()
        out = program.stdout.read().decode()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode == 0
    return out, usage.ru_maxrss


def body(out):
    """The lines of a table without its rulers, which are as long as its longest row."""
    return [line for line in out.splitlines() if line.strip("= ") and not line.startswith(NOTE)]


@pytest.fixture(scope="module")
def sample():
    """(link type, packets) of a relayed call."""
    return pcap.read(paths.sample("facetime-relay"))


def test_stop_and_restart(wireshark, sample):
    """A live capture shows what the file shows that it wrote, and so does the next one."""
    data = pcap.write(sample[1], sample[0])
    shown = body(wireshark.tshark(paths.sample("facetime-relay"), *CALLS).ok().out)
    for _ in range(2):
        out, _ = live(wireshark, data, *CALLS, "-w", str(wireshark.home / "one.pcapng"))
        assert body(out) == shown
        assert body(wireshark.run("tshark", "-n", "-r", wireshark.home / "one.pcapng", *CALLS).ok().out) == shown


def test_ring(wireshark, stock, sample):
    """An hour's packets in a ring of files: Wireshark begins anew with each file, so the table is that of the latest one, as if it were
    opened alone; and what tshark holds does not grow with the number of files. No limit of files: a pipe that is faster than tshark would
    have files removed before they are read."""
    linktype, packets = sample
    copies = {}
    for parts in (2, 12):       # of the hour: the call comes again in each
        some = [dataclasses.replace(packet, time=packet.time + number * HOUR // 12) for number in range(parts) for packet in packets]
        for programs in (wireshark, stock):
            args = CALLS if programs is wireshark else ("-q", "-z", "io,phs")
            out, kilobytes = live(programs, pcap.write(some, linktype), *args, "-b", f"packets:{PER_FILE}",
                                  "-w", str(programs.folder(f"ring-{parts}", theirs=True) / "ring.pcapng"))
            copies[parts, programs is wireshark] = kilobytes
            if programs is wireshark:
                files = sorted((wireshark.root / f"ring-{parts}").iterdir())
                assert len(files) == -(-len(some) // PER_FILE) and NOTE in out
                assert body(out) == body(wireshark.run("tshark", "-n", "-r", files[-1], *CALLS).ok().out)
    print(f"KiB: {copies}")
    assert copies[12, True] - copies[2, True] < copies[12, False] - copies[2, False] + 16 * 1024
