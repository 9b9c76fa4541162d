"""Large captures for measurements, written straight to a file: the same bytes each time, thousands of packets a second.

Sequence numbers, timestamps and addresses change from packet to packet as those of real traffic do; checksums are those of the pattern (Wireshark
does not check those of UDP and TCP unless it is told to)."""

import random
import struct

from . import datagrams, paths, pcap, push, wire

ETHERNET_IPV4 = 14              # bytes before the IPv4 header
PAYLOAD = ETHERNET_IPV4 + 28    # of UDP
STEP = 500                      # microseconds between two packets of a mix
ADDRESSES = ETHERNET_IPV4 + 12


class Writer:
    """A pcap file (Ethernet) that packets are added to."""

    def __init__(self, path):
        self.file = open(path, "wb")  # noqa: SIM115  (closed by __exit__)
        self.file.write(pcap.write([]))
        self.packets = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def add(self, time, data):
        """A packet; TIME in microseconds."""
        self.file.write(struct.pack("<IIII", time // 1000000, time % 1000000, len(data), len(data)))
        self.file.write(data)
        self.packets += 1


# ---- Calls -----------------------------------------------------------------------------------------


def _is_media(payload):
    """Exactly one RTP packet inside a relay datagram, or a bare one."""
    inner = wire.relay_payloads(payload)
    return wire.rtp(0, inner[0]) if inner and len(inner) == 1 else None if inner else wire.rtp(0, payload)


def _parts(name):
    """(packets before media, the packets of the media, packets behind it) of a sample; a media packet is (packet, offset of RTP)."""
    linktype, packets = pcap.read(paths.sample(name))
    found = {}
    for datagram in wire.udp(linktype, packets):
        header = _is_media(datagram.payload)
        if header:
            found[datagram.frame - 1] = header
    numbers = sorted(found)
    # Whole seconds of the middle, where all streams flow.
    first, last = numbers[len(numbers) // 4], numbers[3 * len(numbers) // 4]
    media = [(packets[number], len(packets[number].data) - _padding(packets[number].data) - found[number].length, found[number])
             for number in numbers if first <= number < last]
    return packets[:first], media, packets[last:]


def _padding(data):
    """Bytes behind the relay's data."""
    if data[PAYLOAD] >> 4 != 6:
        return 0
    return len(data) - PAYLOAD - 4 - struct.unpack_from(">H", data, PAYLOAD + 2)[0]


def _repeat(media, count):
    """COUNT media packets, (time since the first one, bytes, offset of RTP): the same again and again, each time further on."""
    span = media[-1][0].time - media[0][0].time + 20000
    per_stream, ticks = {}, {}
    for _, _, header in media:
        per_stream[header.ssrc] = per_stream.get(header.ssrc, 0) + 1
        stamps = ticks.setdefault(header.ssrc, [])
        stamps.append(header.timestamp)
    rounds = 0
    made = 0
    while made < count:
        seen = {}
        for packet, at, header in media[:count - made]:
            data = bytearray(packet.data)
            low, high = min(ticks[header.ssrc]), max(ticks[header.ssrc])
            first = seen.setdefault(header.ssrc, header.sequence)
            sequence = first + rounds * per_stream[header.ssrc] + (header.sequence - first)
            struct.pack_into(">HI", data, at + 2, sequence & 0xFFFF, header.timestamp + rounds * (high - low + 480) & 0xFFFFFFFF)
            yield packet.time - media[0][0].time + rounds * span, data, at
            made += 1
        rounds += 1


def call(path, name, count):
    """One long call: the sample's beginning, its media again and again, its end; COUNT packets in all."""
    before, media, behind = _parts(name)
    with Writer(path) as out:
        for packet in before:
            out.add(packet.time, packet.data)
        start = media[0][0].time
        time = 0
        for time, data, _ in _repeat(media, max(1, count - len(before) - len(behind))):
            out.add(start + time, data)
        for packet in behind:
            out.add(start + time + packet.time - media[-1][0].time, packet.data)


def media(path, name, count, bare=False):
    """COUNT media packets of the sample and nothing else; BARE: only RTP itself, in UDP between the same ends."""
    _, packets, _ = _parts(name)
    start = packets[0][0].time
    with Writer(path) as out:
        for time, data, at in _repeat(packets, count):
            if bare:
                payload = data[at:]
                data = data[:PAYLOAD] + payload
                struct.pack_into(">H", data, ETHERNET_IPV4 + 2, 28 + len(payload))
                struct.pack_into(">H", data, PAYLOAD - 4, 8 + len(payload))
            out.add(start + time, data)


def calls(path, number, packets_per_call, bare=False):
    """NUMBER relayed calls of different devices, 50 at a time: audio in both directions, each call with its own addresses, SSRCs and participants.
    BARE: the same RTP without the relay's header."""
    with Writer(path) as out:
        for group in range(0, number, 50):
            members = range(group, min(group + 50, number))
            patterns = [_relayed(member, bare) for member in members]
            for n in range(packets_per_call):
                for index, pair in enumerate(patterns):
                    data, at = pair[n % 2]
                    struct.pack_into(">HI", data, at + 2, n // 2 & 0xFFFF, n // 2 * 480)
                    out.add(datagrams.START + group * 20000 * packets_per_call // 50 + n * 20000 + index * 50, bytes(data))


def _relayed(number, bare):
    """One relayed audio packet of call NUMBER to the relay and one from it, as (bytes, offset of RTP)."""
    device = (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 16393)
    relay = (f"17.{number >> 16}.{number >> 8 & 255}.{number & 255}", 3478 + number % 8)
    made = []
    for from_device in (True, False):
        ssrc = number * 2 + from_device + 0x10000000
        media = datagrams.rtp(104, ssrc=ssrc)
        header = datagrams.u16(0x2005, 0x0777) + struct.pack(">Q", (number * 2 + from_device + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) + datagrams.u16(0x0303)
        payload = media if bare else datagrams.relay(header + media, channel=0x6000)
        packet = datagrams.frame(*((device, relay) if from_device else (relay, device)), payload)
        made.append((bytearray(packet.data), len(packet.data) - 52))
    return made


# ---- Other traffic ---------------------------------------------------------------------------------


def _udp(payloads, port, client_port=50000):
    """UDP datagrams between a client and a server in turn."""
    ends = ("10.0.0.1", client_port), ("203.0.113.1", port)
    return [datagrams.frame(*(ends if from_client else ends[::-1]), payload).data for from_client, payload in payloads]


def _tcp(chunks, port):
    """A TCP session as Ethernet frames."""
    head = b"".join(datagrams.MACS) + b"\x08\x00"
    return [head + packet.data for packet in push.tcp_packets(chunks, port, addresses=("10.0.0.1", "203.0.113.1"))]


def _others_tcp(noise):
    """Two TCP sessions of programs that have nothing to do with FaceTime, TLS and HTTP: (from the client, bytes)."""
    # pylint: disable=import-outside-toplevel  (datagrams has put the generator into the path)
    from generator import http, prng, tls
    grain = prng.Prng(b"other traffic")
    hello = tls.record(tls.HANDSHAKE, tls.client_hello(grain, tls.TLS12, (0x1301, 0xC02F), (tls.server_name("www.example.com"), tls.alpn("h2"))))
    answer = tls.record(tls.HANDSHAKE, tls.server_hello(grain, tls.TLS12, 0xC02F))
    records = [(n % 8 == 0, tls.record(tls.DATA, noise(300 if n % 8 == 0 else 1300))) for n in range(160)]
    pages = [part for n in range(6) for part in ((True, http.get("www.example.com", f"/{n}", "curl/8")),
                                                  (False, http.ok(b"text " * 1200, "text/plain", "Thu, 01 Jul 2010 16:00:00 GMT")))]
    return [(True, hello), (False, answer), *records], pages


def others_udp(noise):
    """Datagrams of programs that have nothing to do with FaceTime, by protocol: (from the client, bytes)."""
    # pylint: disable=import-outside-toplevel
    from generator import dns
    names = [part for n in range(4) for part in ((True, dns.query(n, f"host{n}.example.net")),
                                                  (False, dns.answer(n, f"host{n}.example.net", [(f"host{n}.example.net", dns.A, "192.0.2.7")])))]
    rtp = [(n % 2 == 0, b"\x80\x00" + struct.pack(">HII", n // 2, n // 2 * 160, 0x12345678 + n % 2) + noise(160)) for n in range(300)]
    quic = [(True, datagrams.quic_initial()), (False, datagrams.quic_initial())] + [(n % 5 == 0, b"\x40" + noise(80 if n % 5 == 0 else 1200)) for n in range(250)]
    stun = [part for n in range(3) for part in ((True, datagrams.stun(0x0001)), (False, datagrams.stun(0x0101, (0x0020, b"\0\1" + noise(6)))))]
    dtls = [(n % 2 == 0, b"\x17\xfe\xfd\0\1" + struct.pack(">HIH", 0, n, 100) + noise(100)) for n in range(60)]
    game = [(n % 2 == 0, bytes([n & 0xFF]) + noise(90)) for n in range(150)]
    ntp = [(n % 2 == 0, (b"\x23" if n % 2 == 0 else b"\x24\x02") + bytes(47)) for n in range(4)]
    return {"dns": names, "rtp": rtp, "quic": quic, "stun": stun, "dtls": dtls, "game": game, "ntp": ntp}


def _sessions():
    """Sessions of programs that have nothing to do with FaceTime: (how many at a time, frames)."""
    noise = random.Random(2010).randbytes
    tls, http = _others_tcp(noise)
    udp = others_udp(noise)
    ports = {"dns": (8, 53), "rtp": (1, 30000), "quic": (2, 443), "stun": (2, 19302), "dtls": (1, 5061), "game": (1, 27015), "ntp": (2, 123)}
    return [(3, _tcp(tls, 443)), (2, _tcp(http, 80)), *((times, _udp(udp[name], port)) for name, (times, port) in ports.items())]


def others_on(path, device_ports, server_ports):
    """The same programs, and TURN and SIP, on each pair of these UDP ports; returns {protocol: packets}."""
    noise = random.Random(2011).randbytes
    programs = others_udp(noise)
    programs["turn"] = ([(True, datagrams.stun(0x0003, (0x0019, b"\x11\0\0\0"))), (False, datagrams.stun(0x0103, (0x0016, b"\0\1" + noise(6)))),
                         (True, datagrams.stun(0x0009, (0x000C, b"\x40\0\0\0"), (0x0012, b"\0\1" + noise(6))))] +
                        [(n % 2 == 0, b"\x40\0" + struct.pack(">H", 172) + datagrams.rtp(0, sequence=n)[:12] + noise(160)) for n in range(60)])
    programs["sip"] = [(n % 2 == 0, datagrams.sip("Other 1.0")) for n in range(4)]
    with Writer(path) as out:
        for host, payloads in enumerate(programs.values(), 1):
            for device_port in device_ports:
                for server_port in server_ports:
                    for data in _udp(payloads, server_port, device_port):
                        # Each program's sockets are its own.
                        data = bytearray(data)
                        for side in (ADDRESSES, ADDRESSES + 4):
                            data[side + 3] = host
                        out.add(datagrams.START + out.packets * STEP, bytes(data))
    return {name: len(payloads) * len(device_ports) * len(server_ports) for name, payloads in programs.items()}


def other(path, count):
    """COUNT packets of DNS, HTTP, TLS, QUIC, RTP, STUN, DTLS, NTP and a game, mixed; no FaceTime among them."""
    dice = random.Random(1)
    sessions = [frames for times, frames in _sessions() for _ in range(times)]
    client = 0
    with Writer(path) as out:
        running = []
        while out.packets < count:
            while len(running) < 100:
                client += 1
                running.append([client, sessions[client * 7 % len(sessions)], 0])
            index = dice.randrange(len(running))
            who, frames, at = running[index]
            # A session sends some packets in a row.
            for frame in frames[at:at + 4][:count - out.packets]:
                data = bytearray(frame)
                from_client = data[ADDRESSES] == 10
                side = ADDRESSES if from_client else ADDRESSES + 4
                struct.pack_into(">BBH", data, side, 10, 1 + (who >> 16 & 0x3F), who & 0xFFFF)
                struct.pack_into(">H", data, ETHERNET_IPV4 + (20 if from_client else 22), 20000 + who * 13 % 40000)
                out.add(datagrams.START + out.packets * STEP, bytes(data))
            if at + 4 >= len(frames):
                running[index] = running[-1]
                running.pop()
            else:
                running[index][2] = at + 4
