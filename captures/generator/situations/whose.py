"""Whose datagram it is: other programs beside a call, on its ports, or asked before FaceTime; and datagrams of a call in another wrapping."""

import struct

from .. import natprobe, net, quic, relay, stun
from ..scene import MILLISECOND, SECOND
from .cast import legacy_call, mapped, modern_call, situation


def web_quic(cast, device, at):
    """A QUIC Initial to a web server and its answer, in no call."""
    web = cast._host("web", "192.0.2.44", hops=11, delay=9 * MILLISECOND)
    lane = cast.scene.lane(at, device=device)
    quic.Connection(lane, device.at(50443), web.at(443)).open()


@situation
def modern_quic_before(cast):
    """QUIC to a web server before the call, whose relay listens on a port that is no port of FaceTime's: whoever was asked first, the flow is a call's."""
    device = cast.device()
    web_quic(cast, device, 100 * MILLISECOND)
    modern_call(cast, device, cast.peer(23), 600 * MILLISECOND, relay_port=3500, length=3 * SECOND)


@situation
def modern_relay_on_4500(cast):
    """The relay listens on UDP 4500, the port of IPsec behind NAT."""
    modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, relay_port=4500, length=3 * SECOND)


@situation
def modern_quic_after_relay_data(cast):
    """The capture starts in mid-call, with relay data; later there is QUIC with short headers on the same socket."""
    call = modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, peer=None)
    # In the middle of the media, the relay's packet first, and again at the end
    call.quic.lane = cast.scene.lane(call.began + 2 * SECOND, call.call, "relay")
    call.quic.receive(108)
    call.quic.lane.wait(300)
    call.quic.send(54)
    moment = call.began + SECOND
    cast.scene.views.append(lambda frames: [frame for frame in frames if frame.time >= moment and frame.packet.tag.kind in ("relay", "quic")])


@situation
def modern_relay_data_padded(cast):
    """Relay datagrams are filled up with one, two or three zeroes behind their length."""
    modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, length=3 * SECOND)
    relayed = [packet for packet in cast.scene.packets if packet.tag.kind == "relay"]
    for number, packet in enumerate(relayed):
        packet.payload = net.udp(packet.source.address, packet.source.port, packet.destination.address, packet.destination.port,
                                 packet.written()[8:] + bytes(number % 4))


@situation
def legacy_media_in_channel_data(cast):
    """A call of 2010 whose media runs over a TURN server of Apple's, in ChannelData."""
    device, peer = cast.device(), cast.peer(20)
    call = legacy_call(cast, device, peer, 300 * MILLISECOND, inbound=True, length=3 * SECOND, relays=["17.173.254.30"])
    server = call.stun_host.at(3478)
    for packet in [packet for packet in cast.scene.packets if packet.tag.kind == "rtp"]:
        from_device, data = packet.source.host is device, packet.payload[8:]
        near, far = (call.local, server) if from_device else (server, call.local)
        packet.source, packet.destination, packet.ttl = near, far, near.host.ttl
        packet.tag = packet.tag._replace(kind="channel-data")
        packet.payload = net.udp(near.address, near.port, far.address, far.port, struct.pack("!HH", 0x4000, len(data)) + data)


@situation
def modern_port_of_another_program(cast):
    """Thirty seconds after the call a softphone has its port: PCMU to a telephone exchange, which is no call of FaceTime's."""
    device = cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=3 * SECOND, state="interrupted", end_cause="timeout")
    exchange = cast._host("exchange", "192.0.2.200", hops=3, delay=6 * MILLISECOND)
    near, far, prng = device.at(16393), exchange.at(18000), cast.scene.seed("pcmu")
    for number in range(100):
        lane = cast.scene.lane(call.end + 30 * SECOND + number * 20 * MILLISECOND, device=device)
        for source, target, ssrc in ((near, far, 0x2C41), (far, near, 0x77F2)):
            head = struct.pack("!BBHII", 0x80, 0x80 if not number else 0, 500 + number, 160 * number, ssrc)
            lane.udp(source, target, head + prng.bytes(160), "pcmu")
            lane.wait(3 * MILLISECOND)


@situation
def modern_game_match(cast):
    """A match of Game Center: SNATMAP, ICE checks and a game's own datagrams between two devices. No call; one that is shown is marked as
    doubtful."""
    device, peer = cast.device(), cast.peer(20)
    scene, prng = cast.scene, cast.scene.seed("game")
    scene.facts["doubtful"] = True
    lane = scene.lane(300 * MILLISECOND)
    near, far = device.at(16401), peer.at(16401)
    natprobe.ask_snatmap(lane, near, cast.apple("SNATMAP", "17.188.180.12").at(3480), mapped(device), 16401)
    lane.wait(400 * MILLISECOND)
    for source, target, seen in ((near, far, (mapped(device), 16401)), (far, near, (peer.addresses[0], 16401))):
        transaction = prng.bytes(12)
        attributes = stun.attribute(stun.USERNAME, b"c2e1:9f4b") + stun.attribute(0x0024, stun.u32(0x6E0001FF)) + stun.attribute(0x802A, prng.bytes(8))
        lane.udp(source, target, stun.message(stun.BINDING_REQUEST, transaction, attributes, b"synthetic"), "game")
        lane.wait(2 * peer.delay)
        lane.udp(target, source, stun.message(stun.BINDING_ANSWER, transaction, stun.xor_mapped(*seen, transaction), b"synthetic"), "game")
        lane.wait(30 * MILLISECOND)
    for number in range(60):
        for source, target in ((near, far), (far, near)):
            lane.udp(source, target, b"\x0d\x01" + relay.u16(number) + prng.bytes(prng.between(20, 60)), "game")
            lane.wait(16 * MILLISECOND)
