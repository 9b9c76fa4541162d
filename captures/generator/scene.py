"""The little language in which a capture is written.

A Scene owns the hosts and the packets. Each thing that happens is told on a Lane: a lane has its own clock
(wait() moves it), so that flows that overlap in time are written one after the other. Every packet goes
through Lane._add(), the one place where it is tagged with its call, phase and kind; from these tags, never from
parsing, the expected results are computed (truth.py).

All times are whole microseconds. The capture is taken on the device: a packet of the device carries the
time of sending, a packet of anyone else the time of its arrival.

What a capture point makes of the packets (copies, fragments, a lost direction, another order) is told last, as Scene.views
(views.py): each changes the list of frames, and the tags stay with them.
"""

import struct
from collections import namedtuple

from . import link, net
from .prng import Prng

MILLISECOND = 1000
SECOND = 1000000

Endpoint = namedtuple("Endpoint", "host address port")
Tag = namedtuple("Tag", "call phase kind inner stream")
Stream = namedtuple("Stream", "ssrc payload_type media sequence")


class Host:
    """A machine with one or more addresses, and how far away it is."""

    def __init__(self, scene, name, addresses, hops=0, delay=0, mac=None):
        self.scene = scene
        self.name = name
        self.addresses = addresses
        self.mac = mac             # of its own, if it is on the network of the capture; else it is behind the router
        self.ttl = 64 - hops       # what is left of it when the packet reaches the capture
        self.delay = delay         # one way, microseconds
        self._ident = scene.prng.child("ident " + name).number(16)

    def at(self, port, address=None):
        """The endpoint of this host with PORT (ADDRESS: other than the first one)."""
        return Endpoint(self, address or self.addresses[0], port)

    def toward(self, endpoint, port):
        """The endpoint of this host with PORT and the address of the family of ENDPOINT's."""
        six = net.is_ipv6(endpoint.address)
        return self.at(port, next(address for address in self.addresses if net.is_ipv6(address) == six))

    def next_ident(self):
        """The IPv4 identification of the host's next packet."""
        self._ident = self._ident + 1 & 0xFFFF
        return self._ident


class Packet:
    """One packet before it is written: the IP payload is known, the IP header not yet."""

    def __init__(self, time, order, source, destination, protocol, payload, tag, ttl, dont_fragment):
        self.time, self.order = time, order
        self.source, self.destination = source, destination
        self.protocol, self.payload, self.tag = protocol, payload, tag
        self.ttl, self.dont_fragment = ttl, dont_fragment
        self.ip_bytes = None       # as written

    def written(self):
        """The IP payload's bytes: some are known only when all packets are there."""
        return self.payload(self) if callable(self.payload) else self.payload


class Frame:
    """A packet as it was captured at one place: one packet may have several frames."""

    def __init__(self, packet, time, ip_bytes, source=None, destination=None, whole=True):
        self.packet, self.time, self.ip_bytes = packet, time, ip_bytes
        self.source, self.destination = source or packet.source, destination or packet.destination
        self.whole = whole         # False: a fragment after which others follow
        self.number = None         # in the file, from 1
        self.interface = 0         # on which it was captured (pcapng)
        self.joined = False        # True: in the same frame of the link layer as the one before

    @property
    def tag(self):
        """Of the packet."""
        return self.packet.tag


class Call:
    """What is known about a call, for the expected results."""

    def __init__(self, number, **facts):
        self.number = number
        self.facts = facts


class Scene:
    """One capture file in the making."""

    # From the documentation range of MAC addresses (RFC 7042): the device and its router.
    DEVICE_MAC = bytes.fromhex("00005e005364")
    ROUTER_MAC = bytes.fromhex("00005e005301")

    def __init__(self, name, start, vlan=None):
        self.name = name
        self.start = start         # microseconds since 1970 of the scene's time 0
        self.vlan = vlan
        self.links = [link.ETHERNET]  # the link type of each interface; more than one makes a pcapng file
        self.views = []            # what the capture makes of the packets, in this order: views.py
        self.snap = None           # bytes that are kept of each frame; None: all
        self.facts = {}            # what is true of the whole file, for the expected results
        self.prng = Prng(name)
        self.packets = []
        self.frames = []
        self.calls = []
        self.device = None
        self.drawn = {}            # how often a seed was asked for

    def host(self, name, *addresses, hops=0, delay=0, mac=None):
        """Add a host; the first one is the device that captures. MAC: other devices of the same network."""
        host = Host(self, name, addresses, hops, delay, mac)
        if self.device is None:
            self.device = host
            host.mac = host.mac or self.DEVICE_MAC
        return host

    def seed(self, name):
        """A child of the scene's random numbers, another one each time the same NAME is asked for."""
        self.drawn[name] = number = self.drawn.get(name, 0) + 1
        return self.prng.child(name if number == 1 else f"{name} #{number}")

    def call(self, **facts):
        """Start a call: FACTS go into the expected results as they are (see truth.py)."""
        call = Call(len(self.calls) + 1, **facts)
        self.calls.append(call)
        return call

    def lane(self, at, call=None, phase=None, device=None):
        """A new line of events that starts AT microseconds; without CALL it belongs to no call. DEVICE: whose, if not the first one's."""
        return Lane(self, at, call, phase, device or self.device)

    def finish(self):
        """Put the packets in order and write all headers; returns (time, frame, interface) of each frame."""
        self.packets.sort(key=lambda packet: (packet.time, packet.order))
        frames = []
        for packet in self.packets:
            payload = packet.written()
            packet.ip_bytes = net.ip(packet.source.address, packet.destination.address, packet.protocol, payload,
                                     packet.ttl, packet.source.host.next_ident(), packet.dont_fragment)
            frames.append(Frame(packet, packet.time, packet.ip_bytes))
        for view in self.views:
            frames = view(frames)
        together = []
        for frame in frames:
            if frame.joined:
                together[-1].append(frame)
            else:
                together.append([frame])
            frame.number = len(together)
        self.frames = frames
        return [(self.start + group[0].time, self._link(group), group[0].interface) for group in together]

    def _link(self, group):
        frame, link_layer = group[0], self.links[group[0].interface]
        source, destination = (end.host.mac or self.ROUTER_MAC for end in (frame.packet.source, frame.packet.destination))
        if len(group) > 1:
            return link_layer.aggregate(destination, source, [each.ip_bytes for each in group])
        return link_layer.write(destination, source, frame.ip_bytes, self.vlan)


class Lane:
    """A line of events with a clock of its own; all packets on it share a call and, unless said otherwise, a phase."""

    def __init__(self, scene, now, call, phase, device):
        self.scene, self.now, self.call, self.phase, self.device = scene, now, call, phase, device

    def wait(self, microseconds):
        """Let time pass on this lane."""
        self.now += microseconds
        return self

    def at(self, time):
        """Set this lane's clock."""
        self.now = time
        return self

    def fork(self, phase=None, delay=0):
        """A second lane of the same call that starts here (after DELAY)."""
        return Lane(self.scene, self.now + delay, self.call, phase or self.phase, self.device)

    def udp(self, source, destination, payload, kind, phase=None, inner=None, stream=None, ttl=None, dont_fragment=True):
        """Send one datagram now. KIND: as in the field facetime.kind, or "dns", "ntp"; INNER: what a relay datagram holds, in
        words; STREAM: the Streams of the RTP packets in it, bare or inside (one, or two in a compound datagram). PAYLOAD may be a function of
        the packet, called when all are there."""
        if callable(payload):
            def write(packet):
                return net.udp(source.address, source.port, destination.address, destination.port, payload(packet))
            return self._add(source, destination, net.UDP, write, kind, phase, inner, stream, ttl, dont_fragment)
        datagram = net.udp(source.address, source.port, destination.address, destination.port, payload)
        return self._add(source, destination, net.UDP, datagram, kind, phase, inner, stream, ttl, dont_fragment)

    def port_unreachable(self, source, destination, refused, phase=None):
        """Send an ICMP port-unreachable message about the packet REFUSED (which must be earlier in the capture)."""
        assert refused.time < self.now
        def quote(packet):
            return net.icmp_port_unreachable(refused.ip_bytes)
        return self._add(source, destination, net.ICMP, quote, "icmp", phase)

    def tcp(self, client, server):
        """A TCP session, opened with its three-way handshake."""
        return TcpSession(self, client, server)

    def _add(self, source, destination, protocol, payload, kind, phase=None, inner=None, stream=None, ttl=None, dont_fragment=True):
        number = self.call.number if self.call else None
        tag = Tag(number, (phase or self.phase) if number else None, kind, inner, stream)
        packet = Packet(self.now, len(self.scene.packets), source, destination, protocol, payload, tag,
                        ttl or source.host.ttl, dont_fragment)
        self.scene.packets.append(packet)
        return packet


class TcpSession:
    """A TCP session without losses: handshake, data both ways with acknowledgements, close.

    CLIENT is the capturing device. The lane's clock follows the session.
    """

    SEGMENT = 1440                 # fits IPv4 and IPv6 with their headers into 1500 bytes
    # Maximum segment size, window scale 4, selective acknowledgement permitted
    OPTIONS = struct.pack("!BBH", 2, 4, SEGMENT) + bytes([1, 3, 3, 4, 4, 2, 0, 0])
    BETWEEN = 120                  # microseconds between segments of one burst

    def __init__(self, lane, client, server):
        self.lane, self.client, self.server = lane, client, server
        prng = lane.scene.prng.child(f"tcp {client.address} {client.port} {server.address} {server.port}")
        self.client_seq, self.server_seq = prng.number(32) >> 1, prng.number(32) >> 1
        self.round_trip = 2 * server.host.delay
        self._segment(True, net.SYN, options=self.OPTIONS)
        self.client_seq += 1
        lane.wait(self.round_trip)
        self._segment(False, net.SYN | net.ACK, options=self.OPTIONS)
        self.server_seq += 1
        lane.wait(60)
        self._segment(True, net.ACK)

    def _segment(self, from_client, flags, payload=b"", options=b""):
        source, destination = (self.client, self.server) if from_client else (self.server, self.client)
        seq, ack = (self.client_seq, self.server_seq) if from_client else (self.server_seq, self.client_seq)
        if not flags & net.ACK:
            ack = 0
        segment = net.tcp(source.address, source.port, destination.address, destination.port, seq, ack, flags, payload, options)
        return self.lane._add(source, destination, net.TCP, segment, "tcp")

    def from_client(self, data, acknowledged=True):
        """The client sends DATA; without ACKNOWLEDGED the server's answer must follow at once and acknowledges it."""
        for start in range(0, len(data), self.SEGMENT):
            part = data[start:start + self.SEGMENT]
            last = start + len(part) == len(data)
            self._segment(True, net.ACK | (net.PSH if last else 0), part)
            self.client_seq += len(part)
            self.lane.wait(self.BETWEEN)
        self.lane.wait(self.round_trip)
        if acknowledged:
            self._segment(False, net.ACK)
            self.lane.wait(self.BETWEEN)

    def from_server(self, data):
        """The server sends DATA; the client acknowledges every second segment and the last."""
        parts = [data[start:start + self.SEGMENT] for start in range(0, len(data), self.SEGMENT)]
        for number, part in enumerate(parts, 1):
            self._segment(False, net.ACK | (net.PSH if number == len(parts) else 0), part)
            self.server_seq += len(part)
            self.lane.wait(self.BETWEEN)
            if number % 2 == 0 or number == len(parts):
                self._segment(True, net.ACK)
                self.lane.wait(self.BETWEEN)

    def exchange(self, request, answer, think=8 * MILLISECOND):
        """The client sends REQUEST, the server its ANSWER after THINK microseconds."""
        self.from_client(request)
        self.lane.wait(think)
        self.from_server(answer)

    def close(self):
        """The client closes, then the server."""
        self._segment(True, net.FIN | net.ACK)
        self.client_seq += 1
        self.lane.wait(self.round_trip)
        self._segment(False, net.FIN | net.ACK)
        self.server_seq += 1
        self.lane.wait(60)
        self._segment(True, net.ACK)
