"""DNS queries and answers."""

import struct

from . import net

A, CNAME, AAAA, HTTPS = 1, 5, 28, 65


def name(text):
    """A domain name as labels."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def query(ident, host, kind=A):
    """A recursive query for HOST."""
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + name(host) + struct.pack("!HH", kind, 1)


def answer(ident, host, records, kind=A, ttl=300):
    """The answer; RECORDS are (name, type, value) with an address or, for CNAME, a name as value."""
    message = struct.pack("!HHHHHH", ident, 0x8180, 1, len(records), 0, 0) + name(host) + struct.pack("!HH", kind, 1)
    for owner, record_kind, value in records:
        data = name(value) if record_kind == CNAME else net.packed(value)
        owner_bytes = b"\xc0\x0c" if owner == host else name(owner)
        message += owner_bytes + struct.pack("!HHIH", record_kind, 1, ttl, len(data)) + data
    return message


def look_up(lane, resolver, host, addresses, alias=None, port=None):
    """Ask RESOLVER (an endpoint) for HOST on LANE and get ADDRESSES, through the CNAME ALIAS if given."""
    prng = lane.scene.prng.child(f"dns {host} {lane.now}")
    client = lane.device.toward(resolver, port or prng.between(49152, 65000))
    ident = prng.number(16)
    kind = AAAA if net.is_ipv6(addresses[0]) else A
    lane.udp(client, resolver, query(ident, host, kind), "dns")
    lane.wait(2 * resolver.host.delay + prng.between(500, 4000))
    records = [(host, CNAME, alias)] if alias else []
    records += [(alias or host, kind, address) for address in addresses]
    lane.udp(resolver, client, answer(ident, host, records, kind), "dns")
    lane.wait(300)
