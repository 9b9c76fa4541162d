"""Today: the device calls over Wi-Fi; all media through Apple's relay, which QUIC sets up; the capture ends while media flows."""

from .. import dns, relay, rtp
from ..legacy import everyday_traffic
from ..modern import ModernCall
from ..scene import MILLISECOND, SECOND, Scene


def build(name):
    """The scene."""
    scene = Scene(name, 1735732800 * SECOND)
    device = scene.host("iPhone", "192.168.1.64")
    resolver = scene.host("resolver", "192.0.2.53", hops=4, delay=6 * MILLISECOND).at(53)
    push = scene.host("push", "17.57.144.38", hops=11, delay=14 * MILLISECOND)
    mapper = scene.host("SNATMAP", "17.188.180.12", hops=12, delay=16 * MILLISECOND)
    relay_host = scene.host("relay", "17.249.172.60", hops=12, delay=13 * MILLISECOND)
    peer = scene.host("peer", "198.51.100.23", "192.168.7.23", hops=15, delay=31 * MILLISECOND)
    ntp = scene.host("time", "192.0.2.123", hops=8, delay=12 * MILLISECOND)
    web = scene.host("web site", "192.0.2.95", hops=9, delay=12 * MILLISECOND)

    local, remote = device.at(16393), relay_host.at(3482)
    call = scene.call(era="modern", direction="outbound", **{"from": None, "to": None}, device=device.addresses[0], mapped="203.0.113.64",
                      peer=peer.addresses[0], relay=relay_host.addresses[0], state="established", end_cause=None, media=["audio", "video"])
    modern = ModernCall(scene, call, local, remote)
    everyday_traffic(scene, resolver, (100 * MILLISECOND, 12 * SECOND), ntp, web, "www.example.com", 2025)
    dns.look_up(scene.lane(4300 * MILLISECOND), resolver, "gs-loc.apple.com", ["17.36.206.4"], alias="gs-loc.ls-apple.com.akadns.net")

    lane = scene.lane(300 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "38-courier.push.apple.com", push.addresses, alias="38.courier-push-apple.com.akadns.net")
    lane.phase = "push"
    modern.push(lane, "38-courier.push.apple.com", push)
    lane = scene.lane(1500 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "init-p01md.apple.com", ["192.0.2.100"], alias="init-p01md-lb.push-apple.com.akadns.net")
    lane.at(2 * SECOND).phase = "push"
    modern.push_session.on(lane)
    modern.push_session.send(3100)
    lane.wait(140 * MILLISECOND)
    modern.push_session.receive(3200)
    modern.push_session.send(430)
    modern.push_session.receive(560)
    modern.snatmap(scene.lane(2150 * MILLISECOND, call, "probe"), mapper.at(3480), "203.0.113.64")

    # The relay: QUIC, then stats while it rings
    lane = scene.lane(2900 * MILLISECOND, call, "relay")
    modern.open_relay(lane)
    modern.make_sources()
    stream = modern.sources["device", "audio"].ssrc & 0xFFFF
    for number in range(24):
        modern.ping(lane, stream, answer=number % 5 == 4)
        lane.wait(100 * MILLISECOND)
        if number in (10, 20):
            modern.quic_exchange(lane)
    # Candidates are exchanged as link messages; the checks that follow mostly stay unanswered
    lane.at(5800 * MILLISECOND)
    mine = relay.candidates(["203.0.113.64", "192.168.1.64"], [(0x1020, 0, 16393), (0x0020, 1, 16393)])
    theirs = relay.candidates(["198.51.100.23", "192.168.7.23"], [(0x1020, 0, 52014), (0x0020, 1, 16393)])
    modern.exchange_candidates(lane, mine, theirs)
    modern.oddities(lane.fork(delay=120 * MILLISECOND))
    modern.probes(scene.lane(6200 * MILLISECOND, call, "relay"), 12)
    peer_public, peer_private = peer.at(52014), peer.at(16393, "192.168.7.23")
    public_link, private_link = modern.prng.uuid(), modern.prng.uuid()
    public_transaction, private_transaction = modern.prng.bytes(12), modern.prng.bytes(12)
    for second in range(6):  # the same transaction again every second, until it is given up
        lane = scene.lane(6300 * MILLISECOND + second * 1010 * MILLISECOND, call, "connectivity")
        modern.check(lane, local, peer_private, private_transaction, private_link)
        lane.wait(30 * MILLISECOND)
        answered = ("203.0.113.64", 16393) if second == 4 else None
        modern.check(lane, local, peer_public, public_transaction, public_link, answered, 2 * peer.delay)
    lane.wait(100 * MILLISECOND)
    modern.check(lane, peer_public, local, modern.prng.bytes(12), None, ("198.51.100.23", 52014), 300, public_link)
    for counter in range(3):  # the path that was answered is kept, and not nominated: media stays on the relay
        lane = scene.lane((13 + 2 * counter) * SECOND, call, "connectivity")
        modern.heartbeat(lane, *((peer_public, local) if counter % 2 else (local, peer_public)), counter + 1)

    # Media from 6.6 s to the end of the capture
    began, length = 6600 * MILLISECOND, 20 * SECOND
    for side in ("device", "peer"):
        from_device = side == "device"
        deliver = modern.relayed(from_device)
        for media, player in modern.players(side).items():
            video = media == "video" and not from_device
            rtp.run(scene.lane(began + (0 if from_device else 45 * MILLISECOND), call, "media"), player, 0, length, deliver,
                    (71, 72, 190) if video else (), (140,) if video else (), 200 if from_device else 4000)
    modern.compound(scene.lane(began + length + 10 * MILLISECOND, call), length)
    for second in (5, 10, 15):
        modern.relayed_reports(scene.lane(began + second * SECOND + 3 * MILLISECOND, call), second * SECOND)
    for number in range(38):
        lane = scene.lane(began + number * 520 * MILLISECOND + 7 * MILLISECOND, call, "relay")
        modern.ping(lane, stream, answer=number % 4 == 3)
        if number % 10 == 5:
            modern.quic_exchange(lane)
    modern.push_session.on(scene.lane(14300 * MILLISECOND, call, "push"))
    modern.push_session.send(20)
    modern.push_session.receive(20)
    return scene
