"""Calls that nobody answered, and a group."""

from .. import natprobe, net, quic, relay, rtp
from ..scene import MILLISECOND, SECOND
from .cast import LightModern, legacy_call, modern_call, modern_facts, modern_prelude, situation


@situation
def legacy_declined(cast):
    """The callee declines: 603."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, final=(603, "Decline"), ring=1500 * MILLISECOND)


@situation
def legacy_declined_here(cast):
    """Somebody calls the device, which declines: 603."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, inbound=True, final=(603, "Decline"), ring=1500 * MILLISECOND)


@situation
def legacy_cancelled(cast):
    """The caller gives up while it rings: CANCEL, 487."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, cancel=True, ring=3 * SECOND)


@situation
def legacy_cancelled_inbound(cast):
    """Somebody calls the device and gives up while it rings: CANCEL, 487."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, inbound=True, cancel=True, ring=3 * SECOND)


@situation
def legacy_unanswered(cast):
    """It rings for a long time, then the callee's phone answers 480."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, final=(480, "Temporarily Unavailable"), ring=25 * SECOND)


@situation
def legacy_never_answered(cast):
    """It rings, and no final answer comes; the capture goes on for 40 s."""
    device = cast.device()
    call = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, final=None, ring=500 * MILLISECOND)
    cast.other_traffic(device, call.end + 15 * SECOND)
    cast.other_traffic(device, call.end + 40 * SECOND)


@situation
def legacy_no_reply(cast):
    """The INVITE is repeated, and nothing comes back but 100; the capture goes on."""
    device = cast.device()
    call = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, final=None, ring=0)
    again = [packet for packet in cast.scene.packets if packet.tag.kind == "sip"][0]
    lane = cast.scene.lane(again.time, call.call, "signalling")
    for pause in (500, 1000, 2000, 4000):  # RFC 3261, 17.1.1.2: timer A doubles
        lane.wait(pause * MILLISECOND).udp(call.local, call.remote, again.payload[8:], "sip")
    cast.other_traffic(device, lane.now + 20 * SECOND)


@situation
def legacy_busy(cast):
    """The callee is busy: 486."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, final=(486, "Busy Here"), ring=0)


@situation
def legacy_failed_500(cast):
    """The call fails: 500."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, final=(500, "Server Internal Error"), ring=0)


@situation
def legacy_failed_404(cast):
    """The call fails: 404."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, inbound=True, final=(404, "Not Found"), ring=0)


@situation
def modern_attempted(cast):
    """The relay is reached and link messages are exchanged, but no media follows; the capture goes on."""
    device = cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, playing=False, checks="unanswered", end_cause="timeout")
    call.pings(cast.scene.lane(call.end, call.call, "relay"), 12, 500 * MILLISECOND)
    cast.other_traffic(device, call.end + 26 * SECOND)


@situation
def modern_rejected(cast):
    """The other side rejects the call: QUIC and stats to the relay, then a push and silence. The wire does not say why."""
    device = cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, playing=False, checks=False, candidates=False, closing=False, end_cause="timeout", peer=None)
    lane = cast.scene.lane(call.end, call.call, "relay")
    call.pings(lane, 20, 150 * MILLISECOND)
    call.push_session.on(lane.fork("push"))
    call.push_session.receive(900)
    call.quic_exchange(lane.wait(40 * MILLISECOND))
    cast.other_traffic(device, lane.now + 18 * SECOND)


@situation
def modern_group(cast):
    """A group call: three other participants on the relay, each with an ID and two or three SSRCs of their own."""
    scene, device = cast.scene, cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=5 * SECOND, checks=False, closing=False, peer=None, candidates=False, others=3)
    participants = [call.participants[1]]
    for number in (2, 3):
        participant = call.prng.number(64)
        participants.append(participant)
        for media, payload_type, player in (("audio", 104, lambda source: rtp.Audio(source, 2400, 60, 90)),
                                            ("video", 100, lambda source: rtp.Video(source, 5, (1, 1), (2, 2), 150, 240))):
            prng = call.prng.child(f"participant {number} {media}")
            source = rtp.Source(prng, prng.number(32), payload_type, media, 24000)
            def deliver(lane, data, stream, participant=participant):
                call.from_relay(lane, relay.sub_packet(data, stream=stream.ssrc & 0xFFFF, participant=participant, priority=1, marks=(6,)),
                                inner=("rtp",), phase="media", stream=(stream,))
            # They join one after the other
            rtp.run(scene.lane(call.began + number * 400 * MILLISECOND, call.call), player(source), 0, 5 * SECOND - number * 400 * MILLISECOND, deliver, jitter=2500)
    call.call.facts["participants"] = [f"0x{participant:016x}" for participant in participants]


@situation
def modern_group_in_quic(cast):
    """A group call of 2026: its media travels inside QUIC, in connections without a handshake. At the same time the device downloads over
    HTTP/3 and has a WireGuard tunnel, with packets of the same sizes at the same rate."""
    scene, device = cast.scene, cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, checks=False, closing=False, peer=None, candidates=False, others=3, playing=False,
                       state="established", media=["in QUIC [guess]"], paths=["relay"])
    media, messages = (quic.Pod(call.prng.child(name), call.local, call.relay, name == "messages") for name in ("media pod", "messages pod"))
    web = scene.host("download", "192.0.2.44", hops=9, delay=9 * MILLISECOND).at(443)
    vpn = scene.host("tunnel", "192.0.2.45", hops=9, delay=9 * MILLISECOND).at(51820)
    others = [quic.Pod(call.prng.child(name), device.toward(end, port), end) for name, end, port in (("download", web, 55443), ("tunnel", vpn, 51820))]
    shares = {"sent": 0, "received": 0}
    for side in ("device", "peer"):
        from_device = side == "device"
        for player in call.players(side).values():
            def deliver(lane, data, stream, from_device=from_device):
                media.packet(lane, from_device, len(data), phase="media")
                shares["sent" if from_device else "received"] += 1
            def look_alike(lane, data, stream, from_device=from_device):
                for other in others:
                    other.packet(lane, from_device, len(data), "other")
            at = call.began + (0 if from_device else 31 * MILLISECOND)
            rtp.run(scene.lane(at, call.call, None, device), player, 0, 5 * SECOND, deliver, jitter=200 if from_device else 3000)
            rtp.run(scene.lane(at + 3 * MILLISECOND, device=device), player, 0, 5 * SECOND, look_alike, jitter=2000)
    lane = scene.lane(call.began + 90 * MILLISECOND, call.call, "relay", device)
    for _ in range(5):
        messages.packet(lane, True, 240)
        lane.wait(45 * MILLISECOND)
        messages.packet(lane, False, 60)
        lane.wait(900 * MILLISECOND)
    call.call.facts["media_in_quic"] = shares


def unanswered(cast, refused=None):
    """The device's push works, but nothing answers its UDP: NAT probes, and the first QUIC packet to the relay, which it repeats. REFUSED: the
    code of the ICMP message "unreachable" that its router sends for that."""
    scene, device, relay_host = cast.scene, cast.device(), cast.relay()
    call = scene.call(**modern_facts(device, None, relay_host, False, state="attempted", media=[], end_cause="timeout", no_answer=["relay"]))
    modern = LightModern(scene, call, device.at(16393), relay_host.at(3482))
    lane = scene.lane(300 * MILLISECOND, call, "push")
    modern_prelude(cast, modern, lane, device, False, six=True)
    mapper = cast.apple("SNATMAP", "17.188.180.12").at(3480)
    probes, nonce = lane.fork("probe"), scene.seed("nonce").number(32) >> 1
    for pause in (0, 1000, 1000, 2000):
        probes.wait(pause * MILLISECOND).udp(device.at(16402), mapper, natprobe.snatmap_request(nonce, device.at(16402)), "nat-probe")
    prng, lane = scene.seed("initial"), lane.fork("relay", 800 * MILLISECOND)
    first_id = prng.bytes(8)
    data = quic.initial(quic.Keys(first_id, b"client in"), first_id, b"", 0, quic.crypto(quic.client_hello(prng)), 1200)
    router = cast._host("router", "192.168.1.1", mac=scene.ROUTER_MAC)
    for pause in (0, 300, 600, 1200, 2400):
        packet = lane.wait(pause * MILLISECOND).udp(modern.local, modern.relay, data, "quic")
        if refused is not None:
            def quote(icmp, packet=packet):
                return net.icmp_unreachable(packet.ip_bytes, refused)
            lane.fork(delay=4 * MILLISECOND)._add(router.at(0), device.at(0), net.ICMP, quote, "icmp", "relay")
    cast.other_traffic(device, lane.now + 20 * SECOND)


@situation
def modern_no_answer_to_udp(cast):
    """A firewall drops all UDP: NAT probes and the session with the relay have no answer. The relay is named, and that it does not answer."""
    unanswered(cast)


@situation
def modern_relay_unreachable(cast):
    """The router refuses what goes to the relay: ICMP "administratively prohibited" for each packet. The relay is named, and that it does not
    answer."""
    unanswered(cast, 13)


@situation
def modern_one_way_then_other_relay(cast):
    """In the middle of a call nothing comes back for 20 s; then the device goes to another relay, and media runs both ways again."""
    scene, device, other = cast.scene, cast.device(), cast.relay(71)
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, playing=False, closing=False, state="established", media=["audio", "video"],
                       relays=["17.249.172.60", "17.249.172.71"], silent_seconds=20)
    lane, silence, again, end = scene.lane(call.began, call.call), 3 * SECOND, 23 * SECOND, 26 * SECOND
    call.play(lane, 0, silence, call.relayed(True), call.relayed(False))
    call.play(lane, silence, again, call.relayed(True), None)
    leg = call.leg(call.local, other.at(3482))
    leg.open_relay(scene.lane(call.began + again - 500 * MILLISECOND, call.call, "relay"))
    call.play(lane, again, end, leg.relayed(True), leg.relayed(False))
