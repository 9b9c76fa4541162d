"""iOS 4, July 2010: the device calls; all eight steps, other peers and ports, ended by the device's BYE."""

from .. import dns
from ..legacy import LegacyCall, everyday_traffic
from ..scene import MILLISECOND, SECOND, Scene

DEVICE, CALLEE = "+12025550143", "+18885550199"
DATE = "Fri, 02 Jul 2010 09:30:03 GMT"


def build(name):
    """The scene."""
    scene = Scene(name, 1278063000 * SECOND)
    device = scene.host("iPhone", "192.168.1.65")
    resolver = scene.host("resolver", "192.0.2.53", hops=4, delay=8 * MILLISECOND).at(53)
    peer = scene.host("callee", "198.51.100.143", hops=11, delay=27 * MILLISECOND)
    push = scene.host("push", "17.149.36.121", hops=12, delay=38 * MILLISECOND)
    neighbours = [scene.host(f"probe {last}", f"17.155.4.{last}", hops=13, delay=39 * MILLISECOND) for last in (14, 15)]
    stun_host = scene.host("STUN server", "17.155.5.30", hops=13, delay=39 * MILLISECOND)
    akamai = scene.host("Akamai", "192.0.2.84", hops=7, delay=9 * MILLISECOND)
    verisign = scene.host("Verisign", "192.0.2.85", hops=11, delay=35 * MILLISECOND)
    ess = scene.host("ESS", "17.155.5.252", hops=12, delay=38 * MILLISECOND)
    ntp = scene.host("time", "192.0.2.123", hops=8, delay=15 * MILLISECOND)
    web = scene.host("web site", "192.0.2.91", hops=9, delay=20 * MILLISECOND)

    call = scene.call(era="2010", direction="outbound", **{"from": DEVICE, "to": CALLEE}, device=device.addresses[0],
                      mapped="203.0.113.65", peer=peer.addresses[0], relay=None, state="ended", end_cause="BYE from the device",
                      media=["audio", "video"])
    legacy = LegacyCall(scene, call, "203.0.113.65", peer, push, neighbours, stun_host, probe_port=51244)
    everyday_traffic(scene, resolver, (50 * MILLISECOND, 9 * SECOND), ntp, web, "shop.example.org")

    # 1: push
    lane = scene.lane(300 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "courier.push.apple.com", push.addresses)
    lane.phase = "push"
    legacy.push_2010(lane, port=49201)
    # 2 and 3: NAT probes
    lane = scene.lane(1100 * MILLISECOND, call, "probe")
    legacy.nat_probes(lane)
    # 4: property list and certificate, 5: registration
    lane = scene.lane(1800 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "init.ess.apple.com", akamai.addresses, alias="init.ess.apple.com.akadns.net")
    lane.phase = "certificate"
    legacy.property_list(lane, akamai, DATE, port=49202)
    lane.wait(60 * MILLISECOND).phase = "lookup"
    dns.look_up(lane, resolver, "EVIntl-aia.verisign.com", verisign.addresses)
    lane.phase = "certificate"
    legacy.issuer_certificate(lane, verisign, DATE, port=49203)
    lane.wait(40 * MILLISECOND).phase = "lookup"
    dns.look_up(lane, resolver, "registration.ess.apple.com", ess.addresses)
    lane.phase = "registration"
    legacy.registration(lane, ess, port=49204)
    # 6: STUN; the invitation to exchange candidates goes through the push
    lane = scene.lane(3800 * MILLISECOND, call, "connectivity")
    legacy.stun_to_apple(lane)
    push_lane = scene.lane(lane.now + 20 * MILLISECOND, call, "push")
    legacy.push.on(push_lane)
    legacy.push.send(1200)
    push_lane.wait(900 * MILLISECOND)
    legacy.push.receive(760)
    lane.at(push_lane.now - 600 * MILLISECOND)
    legacy.refused_check(lane)
    lane.at(push_lane.now + 40 * MILLISECOND)
    legacy.check(lane, from_device=False)
    legacy.check(lane, from_device=True)
    # 7 and 8: signalling and media, at 24,000 Hz: 480 samples take 20 ms, 50 packets a second
    lane.wait(150 * MILLISECOND).phase = "signalling"
    legacy.dialogue(lane, DEVICE, CALLEE, "Viceroy 1.4.57/GK", "Viceroy 1.4.1", device_calls=True)
    legacy.make_sources(24000, 123)
    legacy.set_up(lane, 3900 * MILLISECOND, "1056:1:800", "17412:2:2800")
    lane.wait(30 * MILLISECOND)
    began, length = lane.now, 19 * SECOND
    legacy.media(scene.lane(began, call), length, lost=(88, 350), late=(201,), audio_size=(80, 124))
    legacy.reports(scene.lane(began, call), length)
    for second, from_device in ((1, False), (3, True), (8, True), (13, False), (17, True)):
        legacy.message(lane.at(began + second * SECOND + 270 * MILLISECOND), from_device)
    legacy.hang_up(lane.at(began + length + 90 * MILLISECOND), by_device=True)
    legacy.push.on(lane.fork("push", 400 * MILLISECOND))
    legacy.push.send(110)
    return scene
