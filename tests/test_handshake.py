"""The handshake of TCP belongs to its service, also where only the hello or the request behind it says which service that is."""

import socket
import struct

import pytest

from ftools import fragments, paths, pcap, views

PASSES = {"pass 1": (), "-2": ("-2",)}
PORTS = {80, 443, 5223}
ELSEWHERE = socket.inet_aton("203.0.113.0")


def moved(name):
    """The packets of a sample as raw IP, without DNS, and with servers that nobody's network says anything of."""
    for time, whole, _ in fragments.inner(paths.sample(name)):
        protocol, ports = whole[9], struct.unpack_from(">HH", whole, 20)
        if protocol == fragments.replay.UDP and 53 in ports:
            continue
        if protocol == fragments.replay.TCP and PORTS & set(ports):
            at = 16 if ports[1] in PORTS else 12
            data = bytearray(whole)
            data[at:at + 4] = ELSEWHERE[:3] + bytes([whole[at + 3] % 100 + 1])
            data[10:12] = bytes(2)
            whole = bytes(data)
        yield pcap.Packet(time, whole, len(whole))


def steps(wireshark, path, *args):
    """Step -> packets, of those that go over TCP."""
    out = wireshark.tshark(path, *args, "-q", "-z", "facetime,timeline").ok().out
    found = {}
    for row in views.timeline(out):
        if row["Protocol"] in ("TLS", "HTTP"):
            found[row["Step"]] = found.get(row["Step"], 0) + row["Packets"]
    return found


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("name", ("facetime-relay", "facetime-2010-inbound"))
def test_from_the_syn_on(wireshark, name, passes):
    wanted = steps(wireshark, paths.sample(name))
    assert wanted and steps(wireshark, wireshark.write("moved.pcap", pcap.write(list(moved(name)), pcap.RAW_IP)), *PASSES[passes]) == wanted
