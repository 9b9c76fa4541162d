"""Today: someone calls the device; media starts on the relay and moves to a direct IPv6 path after two seconds, with the same SSRCs."""

from .. import dns, relay, rtp
from ..legacy import everyday_traffic
from ..modern import ModernCall
from ..scene import MILLISECOND, SECOND, Scene


def build(name):
    """The scene."""
    scene = Scene(name, 1736337600 * SECOND)
    device = scene.host("iPhone", "192.168.1.64", "2001:db8:64::64")
    resolver = scene.host("resolver", "192.0.2.53", hops=4, delay=6 * MILLISECOND).at(53)
    push = scene.host("push", "2620:149:a44:b0c::6", hops=11, delay=14 * MILLISECOND)
    mapper = scene.host("SNATMAP", "17.188.181.20", hops=12, delay=16 * MILLISECOND)
    relay_host = scene.host("relay", "17.249.172.71", hops=12, delay=13 * MILLISECOND)
    peer = scene.host("peer", "2001:db8:77::77", "198.51.100.77", "192.168.9.77", hops=9, delay=17 * MILLISECOND)
    ntp = scene.host("time", "192.0.2.123", hops=8, delay=12 * MILLISECOND)
    web = scene.host("web site", "192.0.2.96", hops=9, delay=12 * MILLISECOND)

    local, remote = device.at(16393), relay_host.at(3482)
    local_six, peer_six = device.at(16393, "2001:db8:64::64"), peer.at(16393)
    peer_public, peer_private = peer.at(16393, "198.51.100.77"), peer.at(16393, "192.168.9.77")
    call = scene.call(era="modern", direction="inbound", **{"from": None, "to": None}, device="192.168.1.64", device_direct="2001:db8:64::64",
                      mapped="203.0.113.64", peer=peer.addresses[0], relay=relay_host.addresses[0], state="ended",
                      end_cause="link ended by the device [guess]", media=["audio", "video"])
    modern = ModernCall(scene, call, local, remote, links=(0x3B20, 0x3B21))
    everyday_traffic(scene, resolver, (100 * MILLISECOND, 26 * SECOND), ntp, web, "www.example.org", 2025)

    lane = scene.lane(300 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "21-courier.push.apple.com", push.addresses, alias="21.courier-push-apple.com.akadns.net")
    lane.phase = "push"
    modern.push(lane, "21-courier.push.apple.com", push, port=50731)
    lane.at(1900 * MILLISECOND)
    modern.push_session.receive(3150)
    modern.push_session.send(440)
    modern.snatmap(scene.lane(2000 * MILLISECOND, call, "probe"), mapper.at(3480), "203.0.113.64")
    lane = scene.lane(2100 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "init-p01md.apple.com", ["192.0.2.100"], alias="init-p01md-lb.push-apple.com.akadns.net")

    lane = scene.lane(2600 * MILLISECOND, call, "relay")
    modern.open_relay(lane)
    modern.make_sources()
    stream = modern.sources["device", "audio"].ssrc & 0xFFFF
    for number in range(15):
        modern.ping(lane, stream, answer=number % 5 == 4)
        lane.wait(100 * MILLISECOND)
    modern.push_session.on(scene.lane(lane.now, call, "push"))  # answered: the other side is told
    modern.push_session.send(1800)
    modern.push_session.receive(90)
    lane.wait(60 * MILLISECOND)
    mine = relay.candidates(["203.0.113.64", "192.168.1.64", "2001:db8:64::64"], [(0x1020, 0, 16393), (0x0020, 1, 16393), (0x0020, 2, 16393)])
    theirs = relay.candidates(["198.51.100.77", "192.168.9.77", "2001:db8:77::77"], [(0x1020, 0, 16393), (0x0020, 1, 16393), (0x0020, 2, 16393)])
    modern.exchange_candidates(lane, mine, theirs)
    modern.probes(lane.fork(delay=50 * MILLISECOND), 6)

    began, switch, length = lane.now + 150 * MILLISECOND, 2 * SECOND, 18 * SECOND
    # Checks: private address never answers; IPv6 and public IPv4 do, in both directions
    private_transaction, private_link = modern.prng.bytes(12), modern.prng.uuid()
    six_link, public_link = modern.prng.uuid(), modern.prng.uuid()
    six_transaction, public_transaction = modern.prng.bytes(12), modern.prng.bytes(12)
    both = 2 * peer.delay
    for second in range(4):
        lane = scene.lane(began + 80 * MILLISECOND + second * 1005 * MILLISECOND, call, "connectivity")
        modern.check(lane, local, peer_private, private_transaction, private_link)
        if second < 2:  # the first round is lost on the way
            lane.wait(8 * MILLISECOND)
            modern.check(lane.fork(), local_six, peer_six, six_transaction, six_link, ("2001:db8:64::64", 16393) if second else None, both)
            lane.wait(8 * MILLISECOND)
            modern.check(lane.fork(), local, peer_public, public_transaction, public_link, ("203.0.113.64", 16393) if second else None, both)
    lane = scene.lane(began + 1300 * MILLISECOND, call, "connectivity")
    modern.check(lane, peer_six, local_six, modern.prng.bytes(12), None, ("2001:db8:77::77", 16393), 350, six_link)
    lane.wait(5 * MILLISECOND)
    modern.check(lane, peer_public, local, modern.prng.bytes(12), None, ("198.51.100.77", 16393), 350, public_link)
    # The path is chosen when both ends have seen that it works; then heartbeats, each 5 s
    modern.nominate(scene.lane(began + 1700 * MILLISECOND, call), local_six, peer_six)
    for index, at in enumerate((3000, 8000, 13000), 1):
        near, far = (local_six, peer_six) if index % 2 else (peer_six, local_six)
        modern.heartbeat(scene.lane(began + at * MILLISECOND, call), near, far, index, True)

    for side in ("device", "peer"):
        from_device = side == "device"
        near, far = (local_six, peer_six) if from_device else (peer_six, local_six)
        for media, player in modern.players(side).items():
            video = media == "video" and not from_device
            zero = began + (0 if from_device else 30 * MILLISECOND)
            rtp.run(scene.lane(zero, call), player, 0, switch, modern.relayed(from_device), (12,) if video else ())
            rtp.run(scene.lane(zero, call), player, switch, length, modern.direct(near, far),
                    (55, 56, 300) if video else (), (120,) if video else (), 200 if from_device else 3000)
    for number in range(18):  # the relay is kept as a fall-back
        modern.ping(scene.lane(began + number * 990 * MILLISECOND + 7 * MILLISECOND, call, "relay"), stream, answer=number % 4 == 3)
    modern.quic_exchange(scene.lane(began + 9 * SECOND, call, "relay"))
    modern.quic_exchange(scene.lane(began + length + 60 * MILLISECOND, call, "relay"))
    modern.push_session.on(scene.lane(began + length + 100 * MILLISECOND, call, "push"))
    modern.push_session.send(380)
    # Quiet on the call for ten seconds: only the device's own traffic
    # The device stops first and closes its socket: what still comes is refused
    modern.ping(scene.lane(began + length + 20 * MILLISECOND, call, "relay"), stream)
    late = modern.from_relay(scene.lane(began + length + 300 * MILLISECOND, call, "relay"),
                             lambda report: relay.sub_packet(stats=modern.stats - 1, report=report), inner=("stats",))
    scene.lane(late.time + 90, call, "teardown").port_unreachable(local, remote, late)
    later = scene.lane(began + length + 10 * SECOND)
    dns.look_up(later, resolver, "time.example.net", ntp.addresses)
    return scene
