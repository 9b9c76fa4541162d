"""Streams of datagrams that a small program makes (tests/flood.c) and tshark reads from a pipe: no file has them."""

import dataclasses
import fcntl
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import termios
import time

from . import paths


@dataclasses.dataclass(frozen=True)
class Run:
    """What tshark printed, the memory that it asked for (KiB, see held()), and its processor time (seconds)."""

    out: str
    kilobytes: int
    seconds: float


def generator(wireshark):
    """The program, built once."""
    program = wireshark.folder("flood") / "flood"
    if not program.exists():
        subprocess.run(["cc", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program, paths.ROOT / "tests" / "flood.c"], check=True)
    return program


def held(process, pipe):
    """The memory in KiB that a program has asked for, once it has read all that is in the PIPE and waits for more: its own data, whether or not
    it lies in the machine's memory at that moment. What does lie there (the resident set) depends on what else the machine does. None where
    there is no /proc."""
    status = pathlib.Path(f"/proc/{process.pid}/status")
    while True:
        text = status.read_text() if status.exists() else ""
        if "VmData" not in text:
            return None
        waiting = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] == 0
        if waiting and re.search(r"^State:\s+S", text, re.M):
            return int(re.search(r"^VmData:\s+(\d+) kB", text, re.M)[1])
        time.sleep(0.05)


def read(wireshark, kind, count, *args):
    """tshark over COUNT datagrams of a KIND."""
    with subprocess.Popen([generator(wireshark), kind, str(count), "hold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
        # Into a file: tshark never waits for somebody to read what it prints.
        with tempfile.TemporaryFile() as printed, subprocess.Popen(["tshark", "-n", "-r", "-", *args], stdin=source.stdout, stdout=printed,
                                                                   stderr=subprocess.STDOUT, cwd=wireshark.root, env=wireshark.environment,
                                                                   **wireshark.user) as reader:
            source.stderr.read(1)
            kilobytes = held(reader, source.stdout)
            source.stdin.close()
            source.stdout.close()
            _, status, usage = os.wait4(reader.pid, 0)
            reader.returncode = os.waitstatus_to_exitcode(status)
            printed.seek(0)
            out = printed.read().decode(errors="replace")
    assert reader.returncode == 0 and source.returncode == 0, out[-2000:]
    return Run(out, kilobytes or usage.ru_maxrss, usage.ru_utime + usage.ru_stime)


def complaints(out):
    """{summary: how often} of FaceTime's own lines in the statistics of expert items."""
    return {text.strip(): int(number) for number, text in re.findall(r"^\s*(\d+)\s+\S+\s+FaceTime\s+(.*)$", out, re.M)}
