"""The parts of a call of iOS 12 and later, as the scenes put them together.

Order, sizes and rates follow captures of the RTC-Measurement-Project (2025); every byte is made here.
"""

import struct

from . import natprobe, quic, relay, rtp, stun, tls
from .scene import MILLISECOND, SECOND

AUDIO, VIDEO, REDUNDANCY, COMFORT = 104, 100, 20, 13
# The clock of send times in the header extension of audio: 1,024 units a second, 40 ms between two packets
SEND_STEP = 41


def audio_extension(prng, start, other_start):
    """The control information of audio: echo of the other side's send time, what came, delays, feedback on video; at times statistics."""
    def extension(count):
        heard = max(0, count - 1)
        words = struct.pack("!HHHHHHHH", (other_start + SEND_STEP * heard) & 0xFFFF if heard else 0, 0, heard & 0xFFF, prng.between(1, 40) if heard else 0,
                            (start + SEND_STEP * count) & 0xFFFF, prng.between(0, 90) if heard else 0, 0x0040, 312)
        if count % 25 == 24:
            return 0x8700, words + bytes((count // 25 & 0x7F, 0, 25, 25))
        return 0x8500, words
    return extension


def video_extension(source, other):
    """The control information of video: packets and number of the frame; key frames are reference frames, and are acknowledged."""
    def extension(count):
        parts, number = source().frame
        profile, words = 0x8001, struct.pack("!HH", parts, number & 0xFFFF)
        if number % 75 == 0:
            profile |= 0x10
        if number % 8 == 5:
            profile, words = profile | 2, struct.pack("!I", other().first_timestamp) + words
        if number % 6 == 2:
            profile, words = profile | 8, words + struct.pack("!I", source().timestamp // 480 * 480)
        return profile, words
    return extension

class ModernCall:
    """One call between the device and a peer, over a relay, directly, or both."""

    def __init__(self, scene, call, local, relay_endpoint, links=(0x3A10, 0x3A11)):
        """LOCAL: the device's media socket; LINKS: relay link IDs of the device and the peer."""
        self.scene, self.call, self.local, self.relay, self.links = scene, call, local, relay_endpoint, links
        self.prng = scene.seed("modern call")
        self.checks = stun.AppleChecks(self.prng.child("checks"))
        self.link_key = self.prng.bytes(20)
        self.token = quic.token(self.prng.child("session token"))
        self.participants = (self.prng.number(64), self.prng.number(64))  # the device's, the peer's
        self.others = 1          # participants besides the device
        self.quic = None
        self.stats = 0
        self.counters = [0, 0]
        self.group = self.prng.between(0x40, 0x90)
        self.never_arrived = []  # packets of the device's RTP that were lost on the way to the relay
        self.never_came = []     # times at which the relay sent RTP that was lost on the way to the device

    # Around the call

    def push(self, lane, host, push_host, port=49915):
        """TCP 5223 to Apple: TLS 1.3 with server name and ALPN, then records of the sizes seen."""
        self.push_session = session = tls.Session(lane.tcp(self.local.host.toward(push_host.at(5223), port), push_host.at(5223)),
                                                  self.prng.child("push"))
        session.open_2023(host, ("apns-security-v3",))
        session.send(420)
        lane.wait(8 * MILLISECOND)
        session.receive(240)

    def snatmap(self, lane, server, mapped, port=16402):
        """The NAT-mapping probe from local port 16402 and its answer."""
        natprobe.ask_snatmap(lane, self.local.host.at(port), server, mapped, port)

    def open_relay(self, lane):
        """The QUIC handshake to the relay."""
        self.quic = quic.Connection(lane, self.local, self.relay, self.token)
        self.quic.open()

    def quic_exchange(self, lane):
        """A later request over QUIC and its answer."""
        self.quic.lane = lane
        self.quic.send(64)
        lane.wait(60)
        self.quic.send(51)
        lane.wait(2 * self.relay.host.delay)
        self.quic.receive(112)
        lane.wait(80)
        self.quic.send(39)

    # Inside the relay

    def to_relay(self, lane, *sub_packets, inner, phase=None, stream=None):
        """A channel datagram of the device."""
        return lane.udp(self.local, self.relay, relay.channel_data(*sub_packets), "relay", phase, inner, stream)

    def from_relay(self, lane, *sub_packets, inner, phase=None, stream=None):
        """A channel datagram of the relay. Sub-packets may be functions of the five statistics values: those are known when all packets are there."""
        if any(map(callable, sub_packets)):
            def write(packet):
                report = self.report(packet)
                return relay.channel_data(*(each(report) if callable(each) else each for each in sub_packets))
            return lane.udp(self.relay, self.local, write, "relay", phase, inner, stream)
        return lane.udp(self.relay, self.local, relay.channel_data(*sub_packets), "relay", phase, inner, stream)

    def report(self, answer):
        """The relay's values in ANSWER: its clock in milliseconds, a small number; the datagrams of RTP, and of statistics alone, that
        reached it from the device before the request; the RTP datagrams that it sent to the device before the answer; a bandwidth."""
        there, received, sent = self.relay.host.delay, 0, 0
        for packet in self.scene.packets:
            inner = packet.tag.inner or ()
            if (packet.time, packet.order) >= (answer.time, answer.order) or packet.tag.kind != "relay" or packet.tag.call != answer.tag.call:
                continue
            if packet in self.never_arrived:
                continue
            if packet.source == self.local and packet.time < answer.time - 2 * there and ("rtp" in inner or "stats" in inner):
                received += max(1, inner.count("rtp"))
            elif packet.destination == self.local and "rtp" in inner:
                sent += 1
        sent += sum(time < answer.time for time in self.never_came)
        return (answer.time // MILLISECOND & 0xFFFF, 4 + self.stats % 9, received & 0xFFFF, sent & 0xFFFF, 0)

    def ping(self, lane, stream, answer=False):
        """The device's stats-only datagram (flags 0241) and, if wanted, the relay's answer with five values (0600)."""
        number = self.stats
        self.stats += 1
        self.to_relay(lane, relay.sub_packet(stream=stream, stats=number, marks=(6,)), inner=("stats",))
        if answer:
            lane.wait(2 * self.relay.host.delay)
            self.from_relay(lane, lambda report: relay.sub_packet(stats=number, report=report), inner=("stats",))

    def link(self, lane, command, values, from_device, **fields):
        """A link message through the relay, with the marks of its direction."""
        marks = (21,) if from_device else (20, 21)
        packet = relay.sub_packet(relay.link_message(command, values, self.link_key), marks=marks, **fields)
        (self.to_relay if from_device else self.from_relay)(lane, packet, inner=("link",), phase="connectivity")

    def counter(self, side):
        """TLV 1: counts each side's messages (0: the device, 1: the peer)."""
        self.counters[side] += 1
        return 1, relay.u16(self.counters[side])

    def exchange_candidates(self, lane, mine, theirs):
        """Link state and connection data both ways with their acknowledgements. MINE, THEIRS: the bytes of TLV 3."""
        info = relay.interface(self.links[0])
        their_info = relay.interface(self.links[1])
        one = relay.u16(1)
        there = 2 * self.relay.host.delay + 40 * MILLISECOND
        who = {"participant": self.participants[1]}
        at_relay = relay.mapped_address(self.relay.address, self.relay.port)
        self.link(lane, relay.LINK_STATE, [(12, one), (21, info), self.counter(0), (2, one), (5, relay.u16(0)), (6, relay.u16(1446)),
                                           (18, one), (19, relay.u16(3)), (20, stun.u32(1))], True)
        lane.wait(200)
        self.link(lane, relay.CONNECTION_DATA, [(3, mine), self.counter(0), (2, one), (11, self.prng.uuid())], True)
        lane.wait(there)
        self.link(lane, relay.LINK_STATE | relay.ACKNOWLEDGED, [self.counter(1), (2, one), (12, one), (7, stun.u32(151000))], False, **who)
        lane.wait(150)
        self.link(lane, relay.CONNECTION_DATA | relay.ACKNOWLEDGED, [self.counter(1), (2, one)], False, **who)
        lane.wait(9 * MILLISECOND)
        self.link(lane, relay.LINK_STATE, [(12, one), (21, their_info), (22, relay.key_material(self.prng)), self.counter(1), (2, one),
                                           (8, at_relay), (18, one)], False, **who)
        lane.wait(120)
        self.link(lane, relay.CONNECTION_DATA, [(3, theirs), self.counter(1), (2, one), (11, self.prng.uuid())], False, version=2, **who)
        lane.wait(300)
        self.link(lane, relay.LINK_STATE | relay.ACKNOWLEDGED, [self.counter(0), (2, one), (12, one)], True)
        lane.wait(100)
        self.link(lane, relay.CONNECTION_DATA | relay.ACKNOWLEDGED, [self.counter(0), (2, one)], True)

    def oddities(self, lane):
        """Rarer datagrams: hop-by-hop encryption with a second flags word, a session state, an unknown payload 40 0f."""
        prng = self.prng
        self.to_relay(lane, relay.sub_packet(relay.hop_by_hop(prng, 16), marks=(relay.HOP_BY_HOP,), link=self.links[0]),
                      inner=("protobuf",), phase="relay")
        lane.wait(20 * MILLISECOND)
        self.from_relay(lane, relay.sub_packet(b"\x40\x0f" + prng.bytes(49), participant=self.participants[1], session_state=3),
                        inner=("400f",), phase="relay")
        lane.wait(15 * MILLISECOND)
        self.to_relay(lane, relay.sub_packet(b"\x40\x0f" + prng.bytes(35), participant=self.participants[0]), inner=("400f",), phase="relay")
        lane.wait(10 * MILLISECOND)

    def probes(self, lane, number, every=70 * MILLISECOND):
        """Link probes, which look as if the relay sent them: IP TTL 255 and no DF bit, unlike all else from there."""
        constant, clock, second = (self.prng.number(32) >> shift for shift in (1, 6, 5))
        count = self.prng.between(0x3000, 0x5000)
        for index in range(number):
            lane.udp(self.relay, self.local, relay.link_probe(constant, index == 0, count, self.prng.between(0, 0x2FF), clock, second), "link-probe",
                     "relay", ttl=255, dont_fragment=False)
            count = max(0, count - self.prng.between(0x400, 0x1300))
            clock += self.prng.between(0, 0x12BF)
            second += 100
            lane.wait(every)

    # Media

    def make_sources(self, clock=24000, generation=""):
        """Audio, video and redundancy of both sides; audio and video share one clock of 24,000 Hz as in the captures. GENERATION: another name
        gives other SSRCs."""
        self.sources = {}
        starts = {side: self.prng.number(16) for side in ("device", "peer")}
        for side, other in (("device", "peer"), ("peer", "device")):
            # Identifier of the sender's media key, and a rollover counter of 0
            trailer = self.prng.bytes(16) + bytes(4)
            for media, payload_type in (("audio", AUDIO), ("video", VIDEO), ("redundancy", REDUNDANCY)):
                prng = self.prng.child(f"{side} {media}{generation}")
                if media == "video":
                    extension = video_extension(lambda side=side: self.sources[side, "video"], lambda other=other: self.sources[other, "video"])
                else:
                    extension = audio_extension(prng.child("extensions"), starts[side], starts[other])
                self.sources[side, media] = rtp.Source(prng, prng.number(32), payload_type, "audio" if media == "redundancy" else media, clock,
                                                       extension, trailer)

    def players(self, side, audio_size=(180, 240), video_size=(420, 860)):
        """What SIDE sends: 25 audio packets a second of 960 samples (two AAC-ELD blocks), 15 frames a second, some redundancy."""
        comfort = ((50, COMFORT, 4),)  # comfort noise shares the audio SSRC
        return {"audio": rtp.Audio(self.sources[side, "audio"], 960, *audio_size, extras=comfort),
                "video": rtp.Video(self.sources[side, "video"], 15, (1, 2), (3, 4), *video_size),
                "redundancy": rtp.Audio(self.sources[side, "redundancy"], 4800, 40, 200)}

    def relay_header(self, stream, from_device, count, one_to_one):
        """The fields of a relayed RTP packet's sub-packet: COUNT varies them over the flag words that were seen.

        First as a group of two (multiway: a stream ID, the low half of the SSRC, and other layers of it), then ONE_TO_ONE (a relay link).
        """
        number = stream.ssrc & 0xFFFF
        others = [number + 0x1101 & 0xFFFF, number + 0x2202 & 0xFFFF]
        who = {"participant": self.participants[0 if from_device else 1]}
        layers = {"stream": number, "secondary": others, "priority": 1, "marks": (6, 8)}
        group = {"stream": number, "priority": 1, "marks": (6,)}
        if from_device and stream.media == "audio":
            multiway = group, {**group, "priority": 127, **who}, {**group, "stats": 0}                             # 0049, 004d; 0249
            link = {"link": self.links[1], "marks": (6,)}, {"link": self.links[1], "marks": (6,)}                  # 2040
        elif from_device:
            multiway = layers, {**layers, "probe_group": 0}, {**layers, "probe_group": 0}                          # 014b, 015b
            link = ({"link": self.links[1], "priority": 1, "marks": (6, 8)},                                        # 2148
                    {"link": self.links[1], "priority": 1, "marks": (6, 8), "probe_group": 0})                      # 2158
        elif stream.media == "audio":
            multiway = {**group, **who}, {**group, "priority": 127, **who}, {**group, "stats": 0, "report": True, **who}  # 004d; 064d
            link = {"link": self.links[0]}, {"link": self.links[0], "marks": (6,), **who}                          # 2000, 2044
        else:
            multiway = {**layers, **who}, {**layers, "probe_group": 0, **who}, {**layers, "probe_group": 0, **who}  # 014f, 015f
            link = {"link": self.links[0], "priority": 1, "marks": (6, 8), **who}, {"link": self.links[0], "version": 2}  # 214c, 2020
        # Long runs of one shape, as in the captures; the shape with stats is rare
        fields = dict(link[count // 60 % 2] if one_to_one else multiway[count // 30 % 2] if count % 25 else multiway[2])
        if fields.get("stats") == 0:
            fields["stats"] = self.stats & 0xFFFF
            self.stats += 1
        if "probe_group" in fields:
            fields["probe_group"] = self.group + count // 120
        return fields

    # After so long both sides, if there are but two, have agreed that they are two: the header has another form from then on
    ONE_TO_ONE_AFTER = 3500 * MILLISECOND

    def relayed(self, from_device):
        """A deliver function for rtp.run: RTP inside the relay channel."""
        counts = {}
        def deliver(lane, data, stream):
            counts[stream.ssrc] = counts.get(stream.ssrc, 0) + 1
            self.media_began = min(getattr(self, "media_began", lane.now), lane.now)
            fields = self.relay_header(stream, from_device, counts[stream.ssrc], self.others == 1 and lane.now - self.media_began >= self.ONE_TO_ONE_AFTER)
            inner = ("rtp", "stats") if "stats" in fields else ("rtp",)
            send = self.to_relay if from_device else self.from_relay
            packet = relay.sub_packet(data, **fields) if "report" not in fields else (
                lambda report: relay.sub_packet(data, **{**fields, "report": report}))
            return send(lane, packet, inner=inner, phase="media", stream=(stream,))
        return deliver

    def direct(self, near, far):
        """A deliver function for rtp.run: bare RTP from NEAR to FAR."""
        def deliver(lane, data, stream):
            lane.udp(near, far, data, "rtp", "media", stream=(stream,))
        return deliver

    def compound(self, lane, offset):
        """One datagram with two sub-packets, an audio and a video packet of the device (bit 7 on the first)."""
        audio, audio_stream = self.sources["device", "audio"].packet(offset, 190)
        video, video_stream = self.sources["device", "video"].packet(offset, 300, True)
        first = relay.sub_packet(audio, link=self.links[1], marks=(6,), more=True)
        second = relay.sub_packet(video, link=self.links[1], priority=1, marks=(6, 8))
        self.to_relay(lane, first, second, inner=("rtp", "rtp"), phase="media", stream=(audio_stream, video_stream))

    def relayed_reports(self, lane, time):
        """An RTCP report of each side's audio inside the relay channel."""
        for index, (side, other) in enumerate((("device", "peer"), ("peer", "device"))):
            source, heard = self.sources[side, "audio"], self.sources[other, "audio"]
            report = rtp.rtcp_report(source.ssrc, heard.ssrc, lane.now, source.first_timestamp + time * source.clock // SECOND,
                                     time * 25 // SECOND, time * 25 // SECOND * 210, side)
            if side == "device":
                self.to_relay(lane, relay.sub_packet(report, link=self.links[1], marks=(6,)), inner=("rtcp",), phase="media")
            else:
                self.from_relay(lane, relay.sub_packet(report, link=self.links[0]), inner=("rtcp",), phase="media")
            lane.wait(1300)

    # Direct path

    def check(self, lane, near, far, transaction, link_uuid=None, seen=None, delay=0, answered_link=None, technology=0):
        """A connectivity check from NEAR to FAR; SEEN (address, port): the answer, after DELAY."""
        lane.udp(near, far, self.checks.request(transaction, link_uuid, technology), "stun", "connectivity")
        if seen:
            lane.wait(delay)
            lane.udp(far, near, self.checks.answer(transaction, *seen, answered_link), "stun", "connectivity")

    def indicated(self, lane, near, far, command, values):
        """A link message between the devices: a data indication with channel number 0 around it."""
        data = relay.link_message(command, values, self.link_key)
        lane.udp(near, far, self.checks.data_indication(self.prng.bytes(12), 0, data), "stun", "connectivity")

    def heartbeat(self, lane, near, far, counter, report=False):
        """NEAR asks, FAR answers. REPORT: of the pair that is nominated, with round-trip reports: own time; echoed time and processing delay, all in
        1/65536 s."""
        now = self.scene.start + lane.now
        time = (now // SECOND + 2208988800 & 0xFFFF) << 16 | now % SECOND * 65536 // SECOND
        asks = [(10, struct.pack("!III", time, 0, 0))] if report else []
        answers = [(10, struct.pack("!III", 0, time, 20))] if report else []
        self.indicated(lane, near, far, relay.HEARTBEAT, [(1, relay.u16(counter)), *asks])
        lane.wait(70 * MILLISECOND)
        self.indicated(lane, far, near, relay.HEARTBEAT | relay.ACKNOWLEDGED, [(1, relay.u16(counter)), *answers])

    def nominate(self, lane, near, far, number=1):
        """NEAR chooses this path, FAR agrees: media goes there from now on."""
        self.indicated(lane, near, far, relay.NOMINATE, [(1, relay.u16(number))])
        lane.wait(65 * MILLISECOND)
        self.indicated(lane, far, near, relay.NOMINATE | relay.ACKNOWLEDGED, [(1, relay.u16(number))])
