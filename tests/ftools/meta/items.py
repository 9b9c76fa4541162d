"""The packets of a capture without their link layer, each with what is true of it."""

import dataclasses
import functools
import ipaddress
import struct

from .. import facts, paths, pcap, streams, wire

SECOND = 1_000_000
DNS, PUSH = 53, 5223
UDP, TCP = 17, 6
# UDP ports of a call's own datagrams in the real captures: the device's, the relays', NAT probe.
REAL_PORTS = (*range(16384, 16404), *range(3478, 3498))


@dataclasses.dataclass(frozen=True)
class Item:
    """An IP packet as it was captured.

    TIME in microseconds since 1970; CALL: its number, None for other traffic; DATAGRAM: it is one of FaceTime's own datagrams; RTP: the
    headers of the RTP packets in it; LOCAL: the address of the device that sent or got it, by which its MAC address is chosen, and SENT:
    the device sent it; HOME: 1, 2 ... where captures of several places are merged; CARRIES: False for a fragment before the last one; RELAYED: a
    datagram of the relay channel; FREE: nobody says whether it belongs to the call."""

    time: int
    ip: bytes
    call: int | None = None
    datagram: bool = False
    rtp: tuple = ()
    local: str = ""
    sent: bool = True
    home: int = 0
    carries: bool = True
    relayed: bool = False
    free: bool = False

    def later(self, microseconds):
        """The same packet at another time."""
        return dataclasses.replace(self, time=self.time + microseconds)

    def with_ip(self, data):
        """The same with other bytes."""
        return dataclasses.replace(self, ip=data)


@dataclasses.dataclass(frozen=True)
class Call:
    """What is true of a call: sets of addresses as text (PEERS and RELAYS hold "-" where it may be that none is shown), its state (None: not
    asked for), media by SSRC."""

    devices: frozenset
    relays: frozenset
    peers: frozenset
    state: str | None
    media: dict


@dataclasses.dataclass(frozen=True)
class Base:
    """A capture: its items and calls (number -> Call)."""

    name: str
    items: tuple
    calls: dict


def ends(data):
    """(protocol, source, destination, offset of the payload) of an IP packet; addresses are packed."""
    if data[0] >> 4 == 4:
        return data[9], data[12:16], data[16:20], (data[0] & 15) * 4
    return data[6], data[8:24], data[24:40], 40


def text(packed):
    """An address as text."""
    return str(ipaddress.ip_address(packed))


def ports(data):
    """(source, destination) of UDP or TCP; None for others and for fragments behind the first one."""
    protocol, _, _, at = ends(data)
    if protocol not in (UDP, TCP) or (data[0] >> 4 == 4 and struct.unpack_from(">H", data, 6)[0] & 0x1FFF):
        return None
    return struct.unpack_from(">HH", data, at)


def stripped(linktype, data):
    """The IP packet of a frame, without the padding of Ethernet; None for other protocols."""
    if linktype == pcap.ETHERNET:
        if data[12:14] not in (b"\x08\x00", b"\x86\xdd"):
            return None
        data = data[14:]
    length = struct.unpack_from(">H", data, 2)[0] if data[0] >> 4 == 4 else struct.unpack_from(">H", data, 4)[0] + 40
    return data[:length]


def rtp_of(data, ssrcs, number):
    """The RTP headers of a UDP packet, inside the relay channel or bare; SSRCS: those that there are."""
    found = []
    for datagram in wire.udp(pcap.RAW_IP, [pcap.Packet(0, data, len(data))]):
        relayed = wire.relay_payloads(datagram.payload)
        for payload in [datagram.payload] if relayed is None else relayed:
            header = wire.rtp(number, payload)
            if header and (ssrcs is None and relayed is not None or ssrcs is not None and header.ssrc in ssrcs):
                found.append(header)
    return tuple(found)


def built(name, path, call_of, datagrams, devices, ssrcs, calls):
    """A Base. CALL_OF: frame -> call; DATAGRAMS: frames with a datagram of FaceTime; DEVICES: addresses as text."""
    linktype, packets = pcap.read(path)
    items = []
    for number, packet in enumerate(packets, 1):
        data = stripped(linktype, packet.data)
        if data is None:
            continue
        source, destination = (text(each) for each in ends(data)[1:3])
        local = source if source in devices else destination if destination in devices else ""
        relayed = any(wire.relay_payloads(datagram.payload) is not None for datagram in wire.udp(pcap.RAW_IP, [pcap.Packet(0, data, len(data))]))
        items.append(Item(packet.time, data, call_of.get(number), number in datagrams, rtp_of(data, ssrcs, number) if number in datagrams else (),
                          local, source == local, relayed=relayed))
    return Base(name, tuple(items), calls)


def by_truth(name):
    """A sample or a situation."""
    if name in paths.SAMPLES:
        truth, path = facts.expected(name), paths.sample(name)
    else:
        truth = facts.situation(name)
        path = paths.CAPTURES / "situations" / truth["capture"]
    call_of, datagrams, calls, devices, ssrcs = {}, set(), {}, set(), set()
    linktype, packets = pcap.read(path)
    for entry in truth["calls"]:
        frames = set().union(*(facts.numbers(phase["frames"]) for phase in entry["phases"].values()))
        call_of.update(dict.fromkeys(frames, entry["number"]))
        own = set(entry.get("devices", [entry.get("device"), entry.get("device_direct")])) - {None}
        devices |= own
        ssrcs |= {int(stream["ssrc"], 16) for stream in entry["streams"]}
        for frame in frames:
            data = stripped(linktype, packets[frame - 1].data)
            if ends(data)[0] == UDP and DNS not in (ports(data) or (DNS,)):
                datagrams.add(frame)
        relays = set(entry.get("relays", [entry.get("relay")])) - {None}
        peers = set(entry.get("peers", [entry["peer"]])) - {None}
        calls[entry["number"]] = Call(frozenset(own), frozenset(relays or {"-"}), frozenset(peers | {"-"}), entry["state"],
                                      {int(stream["ssrc"], 16): stream["media"] for stream in entry["streams"]})
    return built(name, path, call_of, datagrams, devices, ssrcs, calls)


def real(name, path, devices, relays):
    """One of the two real calls: all of its datagrams by their ports."""
    datagrams, media = set(), {}
    for datagram in wire.udp(*pcap.read(path)):
        if any(end[1] in REAL_PORTS for end in (datagram.source, datagram.destination)):
            datagrams.add(datagram.frame)
    for header in wire.relayed_rtp(path):
        media[header.ssrc] = "video" if header.payload_type in streams.VIDEO else "audio"
    call = Call(frozenset(devices), frozenset(relays), frozenset(), "ended", media)
    one = built(name, path, dict.fromkeys(datagrams, 1), datagrams, devices, None, {1: call})
    return Base(name, tuple(dataclasses.replace(item, free=not item.datagram) for item in one.items), one.calls)


@functools.cache
def base(name):
    """The capture called NAME."""
    if name == "real-wifi":
        return real(name, paths.WIFI, {"10.239.19.254", "10.127.22.118"}, {"17.249.172.142"})
    if name == "real-cellular":
        return real(name, paths.CELLULAR, {"10.127.22.118", "2600:381:ce1f:1053:5431:f13:898a:98bc"}, {"17.249.172.172"})
    return by_truth(name)


def lost(numbers):
    """How many of the sequence numbers between the lowest and the highest are missing."""
    seen = set(streams.extended(numbers))
    return max(seen) - min(seen) + 1 - len(seen) if seen else 0
