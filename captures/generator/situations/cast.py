"""The hosts of the situations, and a short call of each era with little media: some 30 packets a second.

What the calls need differs in a few points only; these are arguments. A situation is a function that gets a Cast, marked
with @situation; its description is the sentence that goes into the expected results.
"""

import copy

from .. import dns, natprobe, relay, rtp
from ..legacy import PORT, LegacyCall
from ..modern import ModernCall
from ..scene import MILLISECOND, SECOND, Scene

SITUATIONS = {}
START = {"legacy": 1278100000 * SECOND, "modern": 1736900000 * SECOND}
CALLER, CALLEE = "+12025550143", "+18885550100"


class Situation:
    """A function that writes a scene, and its sentence."""

    def __init__(self, function):
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.shows = " ".join(function.__doc__.split())

    def build(self):
        """The scene."""
        era = "legacy" if self.name.startswith("legacy") else "modern"
        cast = Cast(Scene(self.name, START[era]))
        self.function(cast)
        return cast.scene


def situation(function):
    """Marks a function as a situation; its name is the file's."""
    found = Situation(function)
    SITUATIONS[found.name] = found
    return function


class Cast:
    """The hosts of one scene; each is made when it is first asked for."""

    def __init__(self, scene):
        self.scene = scene
        self.hosts = {}
        self.pushes = {}           # push session of each device
        self.resolver_address = "192.0.2.53"

    def device(self, number=64, *more):
        """A device of the network, 192.168.1.NUMBER; the first one is the scene's. MORE: its other addresses."""
        return self._host(f"device {number}", f"192.168.1.{number}", *more, mac=bytes.fromhex("00005e0053") + bytes([number + 36]))

    def peer(self, number=20, *more, delay=42 * MILLISECOND):
        """Somebody at 198.51.100.NUMBER."""
        return self._host(f"peer {number}", f"198.51.100.{number}", *more, hops=14, delay=delay)

    def apple(self, what, *addresses):
        """One of Apple's hosts."""
        return self._host(what, *addresses, hops=12, delay=13 * MILLISECOND)

    def _host(self, name, *addresses, **more):
        if name not in self.hosts:
            self.hosts[name] = self.scene.host(name, *addresses, **more)
        return self.hosts[name]

    @property
    def resolver(self):
        """The name server's socket."""
        return self._host("resolver", self.resolver_address, hops=4, delay=8 * MILLISECOND).at(53)

    def relay(self, number=60, *addresses):
        """A relay: 17.249.172.NUMBER, or ADDRESSES."""
        return self.apple(f"relay {addresses or number}", *(addresses or [f"17.249.172.{number}"]))

    def other_traffic(self, device, at):
        """Look-up and answer of a device's own affairs: what keeps the capture going after a call."""
        dns.look_up(self.scene.lane(at, device=device), self.resolver, "time.example.net", ["192.0.2.123"])


def mapped(device):
    """The public address of a device behind its NAT."""
    return getattr(device, "public", None) or device.addresses[0].replace("192.168.1.", "203.0.113.")


def legacy_push(cast, lane, legacy, device):
    """Opens the device's push connection, with its look-up, on LANE."""
    phase, lane.phase = lane.phase, "lookup"
    dns.look_up(lane, cast.resolver, "courier.push.apple.com", legacy.push_host.addresses)
    lane.phase = phase
    legacy.push_2010(lane, port=49100 + len(cast.pushes))
    cast.pushes[device] = legacy.push


def legacy_call(cast, device, peer, at, /, *, inbound=False, length=4 * SECOND, ring=600 * MILLISECOND, final=(200, "OK"), cancel=False, bye="peer",
                probe_port=59007, names=(CALLER, CALLEE), registration=False, refused=False, push=True, probes=True, public=None, port=PORT, **facts):
    """A call of 2010. FINAL: the answer to the INVITE (None: none comes); CANCEL: the caller gives up; BYE: who hangs up, "device",
    "peer" or None. NAMES: the device's and the peer's. FACTS: of the expected results, where they are not what follows from these.

    Returns the LegacyCall; its .end is the time of the last packet but those of push."""
    scene = cast.scene
    own, other = names
    answered = bool(final) and final[0] == 200 and not cancel
    outcome = {"state": "ended" if bye else "established", "end_cause": f"BYE from the {bye}" if bye else "capture end", "ended_by": bye}
    if cancel:
        outcome = {"state": "cancelled", "end_cause": "cancelled", "ended_by": "peer" if inbound else "device"}
    elif not final:
        outcome = {"state": "ringing" if ring else "attempted", "end_cause": "timeout", "ended_by": None}
    elif not answered:
        word = "declined" if final[0] >= 600 or final[0] in (480, 486) else "failed"
        outcome = {"state": word, "end_cause": word, "ended_by": "device" if inbound else "peer"}
    direction = "inbound" if inbound else "outbound"
    call = scene.call(**{"era": "2010", "direction": direction, "initiated_by": "peer" if inbound else "device",
                         "from": other if inbound else own, "to": own if inbound else other, "devices": [device.addresses[0]],
                         "peer": peer.addresses[0], "relays": [], **outcome, "media": ["audio", "video"] if answered else [], **facts})
    neighbours = [cast.apple(f"probe {last}", f"17.173.254.{last}") for last in (222, 223)]
    legacy = LegacyCall(scene, call, public or mapped(device), peer, cast.apple("push", "17.149.36.90"), neighbours,
                        cast.apple("STUN server", "17.173.254.30"), probe_port, device)
    legacy.local, legacy.remote = device.at(port), peer.at(port)
    lane = scene.lane(at, call, "push", device)
    if push:
        if device in cast.pushes:
            legacy.push = cast.pushes[device].on(lane)
        else:
            legacy_push(cast, lane, legacy, device)
    if probes:
        lane.wait(200 * MILLISECOND).phase = "probe"
        legacy.nat_probes(lane)
    if registration:
        lane.wait(40 * MILLISECOND).phase = "lookup"
        ess = cast.apple("ESS", "17.155.5.251")
        dns.look_up(lane, cast.resolver, "registration.ess.apple.com", ess.addresses)
        lane.phase = "registration"
        legacy.registration(lane, ess, port=49172 + call.number)
    if push:
        lane.wait(100 * MILLISECOND).phase = "push"
        legacy.push.on(lane)
        legacy.push.receive(1300 if inbound else 300)
        legacy.push.send(700)
    lane.wait(80 * MILLISECOND).phase = "connectivity"
    if probes:
        legacy.stun_to_apple(lane)
    if refused:
        legacy.refused_check(lane)
    legacy.check(lane, from_device=True)
    legacy.check(lane, from_device=False)
    lane.wait(100 * MILLISECOND).phase = "signalling"
    legacy.dialogue(lane, own, other, "Viceroy 1.4.57/GK", "Viceroy 1.4.57/GK", device_calls=not inbound)
    legacy.make_sources(22050, 126)
    talk, back = legacy.sip, 3 * MILLISECOND if inbound else 2 * peer.delay
    if answered:
        legacy.set_up(lane, ring, "1056:1:800", "1056:1:800")
        legacy.media_began = began = lane.now + 30 * MILLISECOND
        light_media(legacy, scene.lane(began, call, None, device), length)
        legacy.message(lane.at(began + length // 2), True)
        legacy.message(lane.wait(200 * MILLISECOND), False)
        lane.at(began + length + 60 * MILLISECOND)
        if bye:
            legacy.hang_up(lane, by_device=bye == "device")
    else:
        talk.request(talk.caller, "INVITE", legacy.description(talk.caller, "1056:1:800"), answered=False)
        lane.wait(back)
        talk.answer(talk.caller, 100, "Trying", "INVITE")
        if ring:
            lane.wait(60 * MILLISECOND)
            talk.answer(talk.caller, 180, "Ringing", "INVITE")
            lane.wait(ring)
        if cancel:
            branch = talk.branch[talk.caller]
            talk.request(talk.caller, "CANCEL", phase="teardown", answered=False)
            lane.wait(back)
            talk.answer(talk.caller, 200, "OK", "CANCEL", phase="teardown")
            talk.branch[talk.caller] = branch
            talk.caller.sequence -= 1
            lane.wait(2 * MILLISECOND)
            talk.answer(talk.caller, 487, "Request Terminated", "INVITE", phase="teardown")
        elif final:
            talk.answer(talk.caller, *final, "INVITE", phase="teardown")
        if cancel or final:
            lane.wait(500 if not inbound else 2 * peer.delay)
            talk.request(talk.caller, "ACK", phase="teardown")
    legacy.end = lane.now
    if push and (answered or final or cancel):
        legacy.push.on(scene.lane(lane.now + 300 * MILLISECOND, call, "push", device))
        legacy.push.send(110)
    return legacy


def light_media(legacy, lane, length):
    """Audio ten times a second and video four times, both ways."""
    legacy.media(lane, length, audio_size=(60, 90), video_size=(150, 240), samples=2400, frames=4, parts=((1, 1), (2, 2)))


class LightModern(ModernCall):
    """A modern call with little media."""

    def players(self, side, audio_size=(60, 90), video_size=(150, 240)):
        """Audio ten times a second, video five times, redundancy once."""
        return {"audio": rtp.Audio(self.sources[side, "audio"], 2400, *audio_size),
                "video": rtp.Video(self.sources[side, "video"], 5, (1, 1), (2, 2), *video_size),
                "redundancy": rtp.Audio(self.sources[side, "redundancy"], 24000, 40, 100)}

    def leg(self, local, endpoint, swapped=False):
        """The same call on another socket or relay; SWAPPED: as the other participant sees it."""
        other = copy.copy(self)
        other.local, other.relay, other.quic = local, endpoint, None
        other.never_arrived, other.never_came = [], []
        if swapped:
            other.participants, other.links = self.participants[::-1], self.links[::-1]
        return other

    def pings(self, lane, number, every=100 * MILLISECOND):
        """Stats datagrams, each third one answered."""
        stream = self.sources["device", "audio"].ssrc & 0xFFFF
        for count in range(number):
            self.ping(lane, stream, answer=count % 3 == 2)
            lane.wait(every)

    def play(self, lane, start, stop, deliver_device, deliver_peer, zero=None):
        """Media of both sides from START to STOP of its own time; LANE's clock says when its time was 0."""
        for side, deliver in (("device", deliver_device), ("peer", deliver_peer)):
            for player in self.players(side).values():
                if deliver:
                    from_device = side == "device"
                    rtp.run(lane.fork("media", 0 if from_device else 31 * MILLISECOND), player, start, stop, deliver, jitter=200 if from_device else 3000)


def modern_facts(device, peer, relay_host, inbound, /, **facts):
    """The facts of a modern call: who initiated cannot be read from what is encrypted."""
    return {"era": "modern", "direction": "unknown", "initiated_by": "peer" if inbound else "device", "from": None, "to": None,
            "devices": list(device.addresses), "peer": peer and peer.addresses[0], "relays": list(relay_host.addresses),
            "state": "established", "end_cause": "capture end", "ended_by": None, "media": ["audio", "video"], **facts}


def modern_prelude(cast, modern, lane, device, inbound, host="17.57.144.38", look_up=True, six=False):
    """Push (opened once per device) with its look-up, the exchange that announces the call, and SNATMAP."""
    push = cast.apple("push " + host, host)
    if device not in cast.pushes:
        lane.phase = "lookup"
        dns.look_up(lane, cast.resolver, "38-courier.push.apple.com", push.addresses, alias="38.courier-push-apple.com.akadns.net")
        lane.phase = "push"
        modern.push(lane, "38-courier.push.apple.com", push, port=49900 + len(cast.pushes))
        cast.pushes[device] = modern.push_session
    modern.push_session = cast.pushes[device].on(lane)
    lane.wait(100 * MILLISECOND).phase = "push"
    if inbound:
        modern.push_session.receive(2100)
        modern.push_session.send(430)
    else:
        modern.push_session.send(2100)
        modern.push_session.receive(560)
    if look_up:
        lane.phase = "lookup"
        dns.look_up(lane, cast.resolver, "init-p01md.apple.com", ["2001:db8:1::100" if six else "192.0.2.100"], alias="init-p01md-lb.push-apple.com.akadns.net")
    if not six:
        lane.wait(20 * MILLISECOND).phase = "probe"
        mapper = cast.apple("SNATMAP", "17.188.180.12").at(3480)
        natprobe.ask_snatmap(lane, device.at(16402), mapper, mapped(device), 16402)


def modern_call(cast, device, peer, at, /, *, relay_host=None, inbound=False, length=5 * SECOND, local_port=16393, relay_port=3482, links=(0x3A10, 0x3A11),
                prelude=True, set_up=True, candidates=True, playing=True, checks=True, closing=True, look_up=True, call=None, mapped_port=None, others=1, **facts):
    """A call of today, over a relay. SET_UP: QUIC and stats; CANDIDATES: link messages; CHECKS: STUN to the peer, answered the second time, or "unanswered".
    MAPPED_PORT: of the media socket outside its NAT, if it is another one. OTHERS: participants besides the device.
    PLAYING: media. CLOSING: QUIC and push say goodbye. Returns the ModernCall; its .began is when media began and .end when all ended."""
    scene, relay_host, mapped_port = cast.scene, relay_host or cast.relay(), mapped_port or local_port
    call = call or scene.call(**modern_facts(device, peer, relay_host, inbound, **{**({} if playing else {"state": "attempted", "media": []}), **facts}))
    local = device.toward(relay_host.at(relay_port), local_port)
    modern = LightModern(scene, call, local, relay_host.at(relay_port), links)
    modern.make_sources()
    modern.others = others
    lane = scene.lane(at, call, "relay", device)
    if prelude:
        modern_prelude(cast, modern, lane, device, inbound, look_up=look_up)
        lane.wait(120 * MILLISECOND)
    lane.phase = "relay"
    if set_up:
        modern.open_relay(lane)
        modern.pings(lane, 6)
    if candidates:
        modern.exchange_candidates(lane, *both_candidates(device, peer, local_port, mapped_port))
    if checks:
        transaction, link = modern.prng.bytes(12), modern.prng.uuid()
        for second in range(2):
            seen = (mapped(device), mapped_port) if second and checks != "unanswered" else None
            modern.check(lane.fork(delay=(40 + 1005 * second) * MILLISECOND), local, peer.at(52014), transaction, link, seen, 2 * peer.delay)
    modern.began = modern.end = lane.now + 100 * MILLISECOND
    if playing:
        modern.play(scene.lane(modern.began, call, None, device), 0, length, modern.relayed(True), modern.relayed(False))
        modern.pings(scene.lane(modern.began + 7 * MILLISECOND, call, "relay", device), length // SECOND, 990 * MILLISECOND)
        modern.end = modern.began + length
    if closing:
        if modern.quic:
            modern.quic_exchange(scene.lane(modern.end + 60 * MILLISECOND, call, "relay", device))
        if prelude:
            modern.push_session.on(scene.lane(modern.end + 150 * MILLISECOND, call, "push", device))
            modern.push_session.send(380)
    return modern


def both_candidates(device, peer, local_port, mapped_port):
    """TLV 3 of both sides: public and private address."""
    mine = relay.candidates([mapped(device), device.addresses[0]], [(0x1020, 0, mapped_port), (0x0020, 1, local_port)])
    # A peer on the device's own network, or one behind a NAT of its own
    addresses = [mapped(peer), peer.addresses[0]] if peer.mac else [peer.addresses[0], "192.168.7.23"]
    theirs = relay.candidates(addresses, [(0x1020, 0, 52014), (0x0020, 1, 16393)])
    return mine, theirs
