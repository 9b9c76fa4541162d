"""iOS 7, September 2013: the device calls; compact SIP headers, deflated session descriptions, push with a server name, ended by the peer's BYE."""

from .. import dns
from ..legacy import LegacyCall, everyday_traffic
from ..scene import MILLISECOND, SECOND, Scene

DEVICE, CALLEE = "+12025550171", "caroline@example.net"


def build(name):
    """The scene."""
    scene = Scene(name, 1379930400 * SECOND)
    device = scene.host("iPhone", "192.168.1.70")
    resolver = scene.host("resolver", "192.0.2.53", hops=4, delay=8 * MILLISECOND).at(53)
    peer = scene.host("callee", "198.51.100.77", hops=12, delay=33 * MILLISECOND)
    push = scene.host("push", "17.172.232.45", hops=12, delay=36 * MILLISECOND)
    neighbours = [scene.host(f"probe {last}", f"17.173.255.{last}", hops=13, delay=37 * MILLISECOND) for last in (62, 63)]
    stun_host = scene.host("STUN server", "17.173.255.30", hops=13, delay=37 * MILLISECOND)
    ess = scene.host("ESS", "17.155.5.253", hops=12, delay=38 * MILLISECOND)
    ntp = scene.host("time", "192.0.2.123", hops=8, delay=15 * MILLISECOND)
    web = scene.host("web site", "192.0.2.92", hops=9, delay=20 * MILLISECOND)

    call = scene.call(era="ios7", direction="outbound", **{"from": DEVICE, "to": CALLEE}, device=device.addresses[0],
                      mapped="203.0.113.70", peer=peer.addresses[0], relay=None, state="ended", end_cause="BYE from the peer",
                      media=["audio", "video"])
    legacy = LegacyCall(scene, call, "203.0.113.70", peer, push, neighbours, stun_host, probe_port=16403)
    everyday_traffic(scene, resolver, (150 * MILLISECOND, 10 * SECOND), ntp, web, "www.example.org", 2013)

    lane = scene.lane(300 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "7-courier.push.apple.com", push.addresses, alias="7.courier-push-apple.com.akadns.net")
    lane.phase = "push"
    legacy.push_2013(lane, "7-courier.push.apple.com", port=49310)
    lane = scene.lane(1200 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "registration.ess.apple.com", ess.addresses)
    lane.phase = "registration"
    legacy.registration(lane, ess, 2013, port=49311)
    lane = scene.lane(2400 * MILLISECOND, call, "probe")
    legacy.nat_probes(lane, (16384, 16385, 16386))
    lane.wait(60 * MILLISECOND).phase = "connectivity"
    legacy.stun_to_apple(lane)
    push_lane = scene.lane(lane.now + 20 * MILLISECOND, call, "push")
    legacy.push.on(push_lane)
    legacy.push.send(1800)
    push_lane.wait(1100 * MILLISECOND)
    legacy.push.receive(900)
    lane.at(push_lane.now + 30 * MILLISECOND)
    legacy.check(lane, from_device=True)
    legacy.check(lane, from_device=False)
    lane.wait(90 * MILLISECOND).phase = "signalling"
    legacy.dialogue(lane, DEVICE, CALLEE, "Viceroy 1.5.0/GK", "Viceroy 1.5.0/GK", device_calls=True, compact=True)
    legacy.make_sources(24000, 126)
    legacy.set_up(lane, 2900 * MILLISECOND, "1056:2:1300", "1056:2:1300")
    lane.wait(30 * MILLISECOND)
    began, length = lane.now, 15 * SECOND
    legacy.media(scene.lane(began, call), length, lost=(60, 61, 62, 300), late=(150,), video_size=(300, 600))
    legacy.reports(scene.lane(began, call), length)
    for second, from_device in ((1, True), (4, False), (9, True), (12, False)):
        legacy.message(lane.at(began + second * SECOND + 410 * MILLISECOND), from_device)
    legacy.hang_up(lane.at(began + length + 100 * MILLISECOND), by_device=False)
    legacy.push.on(lane.fork("push", 350 * MILLISECOND))
    legacy.push.send(130)
    return scene
