"""The steps of a call of iOS 4 to 8, as the scenes put them together.

Order and content follow packetstan.com, July 2010, "Special Look: Face Time" parts 1 and 2; what these leave open is
named in README.md.
"""

from . import dns, http, natprobe, net, rtp, sip, stun, tls, x509
from .scene import MILLISECOND, SECOND

PORT = 16402


class LegacyCall:
    """One call between the device and a peer, with all hosts that take part in it.

    The steps are methods; each takes the lane it happens on.
    """

    def __init__(self, scene, call, mapped, peer, push, probe_hosts, stun_host, probe_port, device=None):
        """MAPPED: the device's address outside its NAT; PEER, PUSH, STUN_HOST: hosts; PROBE_HOSTS: two neighbours."""
        self.scene, self.call, self.mapped = scene, call, mapped
        self.device, self.peer, self.push_host = device or scene.device, peer, push
        self.probe_hosts, self.stun_host, self.probe_port = probe_hosts, stun_host, probe_port
        self.local, self.remote = self.device.at(PORT), peer.at(PORT)
        self.prng = scene.seed("legacy call")
        self.push = None
        self.sources = []

    # Step 1

    def push_2010(self, lane, host="courier.push.apple.com", port=49165):
        """TCP 5223 to Apple with TLS 1.0; the certificate names the push service."""
        self.push = tls.Session(lane.tcp(self.device.at(port), self.push_host.at(5223)), self.prng.child("push"))
        self.push.open_2010(x509.apple_chain(self.prng.child("push chain"), host))
        self.push.send(120)
        lane.wait(9 * MILLISECOND)
        self.push.receive(60)

    def push_2013(self, lane, host, port=49165):
        """The same with TLS 1.2 and a server name."""
        self.push = tls.Session(lane.tcp(self.device.at(port), self.push_host.at(5223)), self.prng.child("push"))
        self.push.open_2013(host, x509.apple_chain(self.prng.child("push chain"), "courier.push.apple.com", 13))
        self.push.send(180)
        lane.wait(9 * MILLISECOND)
        self.push.receive(80)

    # Steps 2 and 3

    def nat_probes(self, lane, server_ports=(16385, 16386)):
        """CommNAT to both neighbours on each server port (unanswered), SNATMAP to one port of each with its answer."""
        local = self.device.at(self.probe_port)
        nonce = self.prng.number(32)
        for host in self.probe_hosts:
            for port in server_ports:
                lane.udp(local, host.at(port), natprobe.commnat(nonce), "nat-probe")
                lane.wait(2 * MILLISECOND)
        for host, port in zip(self.probe_hosts, server_ports):
            natprobe.ask_snatmap(lane, local, host.at(port), self.mapped, self.probe_port)
            lane.wait(3 * MILLISECOND)

    # Step 4

    def property_list(self, lane, host, date, port=49170):
        """The property list with Apple's service certificate, in plain HTTP from Akamai (its keys inside "bag" are made up)."""
        prng = self.prng.child("bag")
        certificate = x509.certificate(prng, x509.APPLE + [("OU", "FaceTime"), ("CN", "profile.ess.apple.com")],
                                       [("C", "US"), ("O", "Apple Inc."), ("CN", "Apple Server Authentication CA")],
                                       "100601000000Z", "120601000000Z", names=["profile.ess.apple.com"])
        settings = http.plist({"registration-url": "https://registration.ess.apple.com/", "probe-port-main": 16385,
                               "probe-port-cohort": 16386, "refresh-seconds": 86400})
        body = http.plist({"signature": prng.bytes(256), "certs": [certificate], "bag": settings})
        session = lane.tcp(self.device.at(port), host.at(80))
        session.exchange(http.get("init.ess.apple.com", "/WebObjects/VCInit.woa/wa/getBag?ix=1", "FaceTime/1.0 CFNetwork/485.2 Darwin/10.3.1"),
                         http.ok(body, "application/xml", date))
        session.close()

    def issuer_certificate(self, lane, host, date, port=49171):
        """The issuer's certificate from Verisign (named by the service certificate; theiphonewiki.com, FaceTime)."""
        body = x509.certificate(self.prng.child("issuer"), [("C", "US"), ("O", "VeriSign, Inc."), ("CN", "VeriSign Class 3 Extended Validation SSL SGC CA")],
                                [("C", "US"), ("O", "VeriSign, Inc."), ("CN", "VeriSign Class 3 Public Primary Certification Authority - G5")],
                                "061108000000Z", "161107235959Z", authority=True)
        session = lane.tcp(self.device.at(port), host.at(80))
        session.exchange(http.get("EVIntl-aia.verisign.com", "/EVIntl2006.cer", "securityd (unknown version) CFNetwork/485.2 Darwin/10.3.1"),
                         http.ok(body, "application/pkix-cert", date))
        session.close()

    # Step 5

    def registration(self, lane, host, year=2010, port=49172):
        """HTTPS to registration.ess.apple.com."""
        session = tls.Session(lane.tcp(self.device.at(port), host.at(443)), self.prng.child("registration"))
        chain = x509.apple_chain(self.prng.child("registration chain"), "registration.ess.apple.com", year - 2000)
        if year < 2012:
            session.open_2010(chain)
        else:
            session.open_2013("registration.ess.apple.com", chain)
        session.send(1400)
        lane.wait(60 * MILLISECOND)
        session.receive(900)
        session.close()

    # Step 6

    def stun_to_apple(self, lane):
        """The device asks Apple's STUN server for its mapped address, from the call's own port."""
        server = self.stun_host.at(3478)
        for _ in range(2):
            transaction = self.prng.bytes(12)
            lane.udp(self.local, server, stun.message(stun.BINDING_REQUEST, transaction), "stun")
            lane.wait(2 * server.host.delay)
            lane.udp(server, self.local, stun.message(stun.BINDING_ANSWER, transaction, stun.xor_mapped(self.mapped, PORT, transaction)), "stun")
            lane.wait(20 * MILLISECOND)

    def check(self, lane, from_device):
        """One connectivity check between the peers and its answer, with the ICE attributes of RFC 5245."""
        near, far = (self.local, self.remote) if from_device else (self.remote, self.local)
        seen = self.mapped if from_device else self.peer.addresses[0]
        transaction, key = self.prng.bytes(12), b"synthetic"
        request = stun.attribute(stun.USERNAME, b"c2e1:9f4b") + stun.attribute(0x0024, stun.u32(0x6E0001FF))
        sent = lane.udp(near, far, stun.message(stun.BINDING_REQUEST, transaction, request, key), "stun")
        lane.wait(2 * self.peer.delay if from_device else 400)
        lane.udp(far, near, stun.message(stun.BINDING_ANSWER, transaction, stun.xor_mapped(seen, PORT, transaction), key), "stun")
        lane.wait(15 * MILLISECOND)
        return sent

    def refused_check(self, lane):
        """A check that comes before the peer's socket is open: its host answers with ICMP port unreachable."""
        packet = lane.udp(self.local, self.remote, stun.message(stun.BINDING_REQUEST, self.prng.bytes(12), b"", b"synthetic"), "stun")
        lane.wait(2 * self.peer.delay)
        lane.port_unreachable(self.remote, self.local, packet)
        lane.wait(500 * MILLISECOND)

    # Step 7

    def dialogue(self, lane, device_name, peer_name, device_agent, peer_agent, device_calls, compact=False):
        """The SIP dialogue; Via, Contact and request URIs hold the public addresses."""
        self.me = sip.Party(self.prng, device_name, self.mapped, PORT, self.local, device_agent)
        self.other = sip.Party(self.prng, peer_name, self.peer.addresses[0], PORT, self.remote, peer_agent)
        parties = (self.me, self.other) if device_calls else (self.other, self.me)
        self.sip = sip.Dialogue(lane, self.prng.child("sip"), *parties, compact=compact)
        return self.sip

    def make_sources(self, clock, video_type):
        """The four streams; SSRCs are made here because the session descriptions announce them."""
        self.clock, self.video_type = clock, video_type
        for side in ("device", "peer"):
            for media, payload_type, rate in (("audio", 104, clock), ("video", video_type, 90000)):
                prng = self.prng.child(f"{side} {media}")
                # Profile 4400 with two words: the first counts up, the second is 0 (IXIA's capture in USTC-TFC2016)
                first = prng.number(32) >> 1
                def words(count, first=first):
                    return 0x4400, (first + count).to_bytes(4, "big") + bytes(4)
                self.sources.append(rtp.Source(prng, prng.number(32), payload_type, media, rate, words))

    def description(self, party, hardware):
        """The SDP body of PARTY."""
        audio, video = self.sources[:2] if party is self.me else self.sources[2:]
        kinds = [self.video_type] + [number for number in (126, 123, 34) if number != self.video_type]
        return sip.session_description(self.prng, party, hardware, [104], kinds, audio.ssrc, video.ssrc, self.clock)

    def set_up(self, lane, ring, device_hardware, peer_hardware):
        """INVITE, 100, 180, ringing for RING microseconds, 200, ACK."""
        talk, caller, callee = self.sip, self.sip.caller, self.sip.callee
        hardware = {self.me: device_hardware, self.other: peer_hardware}
        there = caller is self.me
        back = 2 * self.peer.delay if there else 3 * MILLISECOND
        talk.request(caller, "INVITE", self.description(caller, hardware[caller]), answered=False)
        lane.wait(back)
        talk.answer(caller, 100, "Trying", "INVITE")
        lane.wait(60 * MILLISECOND)
        talk.answer(caller, 180, "Ringing", "INVITE")
        lane.wait(ring)
        talk.answer(caller, 200, "OK", "INVITE", self.description(callee, hardware[callee]))
        lane.wait(400 if there else 2 * self.peer.delay)
        talk.request(caller, "ACK")

    def message(self, lane, from_device):
        """An in-call MESSAGE and its 200."""
        sender = self.me if from_device else self.other
        # What FaceTime wrote into them was not published: a placeholder, and nothing in iOS 7
        self.sip.request(sender, "MESSAGE", b"" if self.sip.compact else b"state=1", "text/plain")
        lane.wait(2 * self.peer.delay if from_device else 2 * MILLISECOND)
        self.sip.answer(sender, 200, "OK", "MESSAGE")

    def hang_up(self, lane, by_device):
        """BYE and its 200."""
        sender = self.me if by_device else self.other
        self.sip.request(sender, "BYE", phase="teardown")
        lane.wait(2 * self.peer.delay if by_device else 2 * MILLISECOND)
        self.sip.answer(sender, 200, "OK", "BYE", phase="teardown")

    # Step 8

    def media(self, lane, length, lost=(), late=(), audio_size=(88, 132), video_size=(250, 480), samples=480, frames=15, parts=((1, 3), (4, 6))):
        """Both streams of both sides for LENGTH microseconds; LOST, LATE: counts of the peer's video packets
        that do not arrive or arrive behind their successors (what the device sends is captured before it can be lost).
        SAMPLES of an audio packet, video FRAMES a second, PARTS: fewest and most packets of a frame and of a key frame."""
        for index, source in enumerate(self.sources):
            near, far = (self.local, self.remote) if index < 2 else (self.remote, self.local)
            def deliver(lane, data, stream, near=near, far=far):
                lane.udp(near, far, data, "rtp", "media", stream=(stream,))
            if source.media == "audio":
                play = rtp.Audio(source, samples, *audio_size)
            else:
                play = rtp.Video(source, frames, *parts, *video_size)
            from_peer = index >= 2
            # The peer's media begins one way later than ours
            part = lane.fork("media", self.peer.delay if from_peer else 0)
            rtp.run(part, play, 0, length, deliver, lost if index == 3 else (), late if index == 3 else (), 3000 if from_peer else 300)

    def reports(self, lane, length, every=5 * SECOND):
        """RTCP sender reports on the same port (a=rtcp names it); phase media."""
        mine, theirs = self.sources[:2], self.sources[2:]
        for number in range(1, length // every + 1):
            time = number * every
            for sources, others, near, far, name in ((mine, theirs, self.local, self.remote, "device"), (theirs, mine, self.remote, self.local, "peer")):
                for source, other in zip(sources, others):
                    sent = source.count * time // length
                    report = rtp.rtcp_report(source.ssrc, other.ssrc, lane.now + time, source.first_timestamp + time * source.clock // SECOND,
                                             sent, source.octets * time // length, name)
                    lane.fork("media", time + 700 * (1 + self.prng.between(0, 20))).udp(near, far, report, "rtcp")


def everyday_traffic(scene, resolver, times, ntp_host, web_host, web_name, year=2010):
    """What the device does besides: time, another HTTPS site, and look-ups. Belongs to no call. TIMES: two moments."""
    prng = scene.prng.child("everyday")
    lane = scene.lane(times[0])
    dns.look_up(lane, resolver, "time.example.net", [ntp_host.addresses[0]])
    local, server = scene.device.at(123), ntp_host.at(123)
    stamp = (3900000000 + lane.now // SECOND).to_bytes(4, "big")
    lane.udp(local, server, bytes.fromhex("230006ec") + bytes(36) + stamp + prng.bytes(4), "ntp")
    lane.wait(2 * ntp_host.delay)
    lane.udp(server, local, bytes.fromhex("240106ec0000001000000020") + net.packed("192.0.2.123") + (stamp + prng.bytes(4)) * 4, "ntp")
    lane = scene.lane(times[1])
    dns.look_up(lane, resolver, web_name, [web_host.addresses[0]])
    session = tls.Session(lane.tcp(scene.device.at(49300), web_host.at(443)), prng)
    if year < 2012:
        session.open_2010([x509.certificate(prng, [("O", "Example"), ("CN", web_name)], [("O", "Example"), ("CN", "Example CA")],
                                            "100101000000Z", "130101000000Z", names=[web_name])])
    elif year < 2018:
        session.open_2013(web_name, [x509.certificate(prng, [("O", "Example"), ("CN", web_name)], [("O", "Example"), ("CN", "Example CA")],
                                                      "130101000000Z", "160101000000Z", names=[web_name])])
    else:
        session.open_2023(web_name, ("h2", "http/1.1"))
    session.send(420)
    lane.wait(40 * MILLISECOND)
    session.receive(3000)
    session.close()
