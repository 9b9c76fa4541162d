"""The two NAT-type probes: SNATMAP with its answer, and CommNAT."""

import struct

from . import net


def snatmap_request(nonce, endpoint):
    """The request carries the sender's own address and port in the clear."""
    return struct.pack("!II", 1, nonce) + net.packed(endpoint.address) + struct.pack("!H", endpoint.port) + b"\xaa\xaa"


def snatmap_answer(nonce, address, port):
    """The answer carries the mapped address and port with every bit inverted (so that no NAT rewrites them)."""
    inverted = bytes(byte ^ 0xFF for byte in net.packed(address) + struct.pack("!H", port))
    return struct.pack("!II", 2, nonce) + inverted + b"\xaa\xaa"


def commnat(nonce):
    """GameKit's probe: 16 bytes, a nonce and eight bytes of ff. Its answer has not been seen in public."""
    return struct.pack("!HHI", 1, 1, nonce) + b"\xff" * 8


def ask_snatmap(lane, local, server, mapped_address, mapped_port, think=0):
    """One request and its answer on LANE."""
    nonce = lane.scene.seed(f"snatmap {local.port} {server.address} {server.port}").number(32) >> 1
    lane.udp(local, server, snatmap_request(nonce, local), "nat-probe")
    lane.wait(2 * server.host.delay + think)
    lane.udp(server, local, snatmap_answer(nonce, mapped_address, mapped_port), "nat-probe")
