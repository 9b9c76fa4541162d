"""Streams of datagrams that a small program makes (tests/flood.c) and tshark reads from a pipe: no file has them."""

import dataclasses
import os
import re
import subprocess

from . import paths


@dataclasses.dataclass(frozen=True)
class Run:
    """What tshark printed, the memory that it had at most (KiB), and its processor time (seconds)."""

    out: str
    kilobytes: int
    seconds: float


def generator(wireshark):
    """The program, built once."""
    program = wireshark.folder("flood") / "flood"
    if not program.exists():
        subprocess.run(["cc", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program, paths.ROOT / "tests" / "flood.c"], check=True)
    return program


def read(wireshark, kind, count, *args):
    """tshark over COUNT datagrams of a KIND."""
    with subprocess.Popen([generator(wireshark), kind, str(count)], stdout=subprocess.PIPE) as source:
        with subprocess.Popen(["tshark", "-n", "-r", "-", *args], stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", cwd=wireshark.root, env=wireshark.environment, **wireshark.user) as reader:
            source.stdout.close()
            out, err = reader.stdout.read(), reader.stderr.read()
            _, status, usage = os.wait4(reader.pid, 0)
            reader.returncode = os.waitstatus_to_exitcode(status)
    assert reader.returncode == 0 and source.returncode == 0, err
    return Run(out, usage.ru_maxrss, usage.ru_utime + usage.ru_stime)


def complaints(out):
    """{summary: how often} of FaceTime's own lines in the statistics of expert items."""
    return {text.strip(): int(number) for number, text in re.findall(r"^\s*(\d+)\s+\S+\s+FaceTime\s+(.*)$", out, re.M)}
