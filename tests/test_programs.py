"""Real VoIP programs on loopback, on FaceTime's own ports: SIPp's calls, a STUN and TURN server with its clients. None of it is FaceTime."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

import pytest

from test_negative import ANYTHING, PASSES, anything, each_pass

PROGRAMS = ("sipp", "turnserver", "turnutils_stunclient", "turnutils_uclient")
HOST = "127.0.0.1"
SIP, CLIENT, TURN, RELAYS = 16402, 16401, 16393, (16394, 16400)
FILTER = "udp portrange 16393-16402"


@contextlib.contextmanager
def running(*command, **more):
    """A program that runs until the end of the block."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more) as process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for(port, process, seconds=20):
    """Until the PROCESS has the UDP port."""
    end = time.monotonic() + seconds
    while not is_bound(port):
        assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}: does it know all of {process.args[1:]}?"
        assert time.monotonic() < end, f"{process.args[0]} does not listen on UDP port {port}"
        time.sleep(0.1)


def is_bound(port):
    """Does a program have the UDP port?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def talk(folder):
    """SIP calls, STUN questions, and TURN allocations with data both ways."""
    with running("sipp", "-sn", "uas", "-i", HOST, "-p", str(SIP), "-nostdin", cwd=folder) as process:
        wait_for(SIP, process)
        subprocess.run(["sipp", "-sn", "uac", f"{HOST}:{SIP}", "-i", HOST, "-p", str(CLIENT), "-m", "20", "-r", "20", "-d", "100", "-nostdin"],
                       cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    # DTLS and the command line became off by default, and the options to switch them off went, between coturn 4.6 and 4.18.
    usage = subprocess.run(["turnserver", "-h"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15, check=False)
    off = [option for option in ("--no-dtls", "--no-cli") if option in usage.stdout + usage.stderr]
    with running("turnserver", "-n", "--no-tls", *off, "--allow-loopback-peers", "-L", HOST, "-p", str(TURN), "--lt-cred-mech",
                 "-u", "user:word", "-r", "example.com", "--min-port", str(RELAYS[0]), "--max-port", str(RELAYS[1]), "--userdb", f"{folder}/turn.db",
                 "--pidfile", f"{folder}/turn.pid", "--log-file", f"{folder}/turn.log", cwd=folder) as process:
        wait_for(TURN, process)
        for command in (["turnutils_stunclient", "-p", str(TURN), HOST],
                        ["turnutils_uclient", "-y", "-c", "-u", "user", "-w", "word", "-m", "1", "-n", "20", "-p", str(TURN), HOST]):
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=15, check=False)


@pytest.fixture(scope="module")
def captured(wireshark, tmp_path_factory):
    """What the programs sent."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("only root may capture on loopback")
    folder = tmp_path_factory.mktemp("programs")
    path = folder / "programs.pcapng"
    with subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", FILTER, "-w", path], stderr=subprocess.PIPE, text=True) as capture:
        try:
            end = time.monotonic() + 10
            while not path.exists() and capture.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            if capture.poll() is not None or not path.exists():
                pytest.skip(f"no capture on loopback here: {capture.stderr.read().strip()[:200] if capture.poll() is not None else 'no file'}")
            talk(folder)
            time.sleep(1)
        finally:
            capture.terminate()
    return wireshark.stage(path)


@each_pass
def test_programs_are_not_facetime(wireshark, captured, passes):
    counts = {name: wireshark.count(captured, name, *PASSES[passes]) for name in ("sip.Method == INVITE", "stun.type.method == 1", "stun.type.method == 3")}
    found = anything(wireshark.tshark(captured, *PASSES[passes], *ANYTHING))
    print(f"{passes}: {counts}, shown as FaceTime: {len(found[0])} packets, {found[1]} calls")
    assert all(counts.values()), counts
    assert found == ([], 0)
