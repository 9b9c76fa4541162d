"""iOS 4, July 2010: someone calls the device; all eight steps of the published description, ended by the peer's BYE."""

from .. import dns
from ..legacy import LegacyCall, everyday_traffic
from ..scene import MILLISECOND, SECOND, Scene

CALLER, DEVICE = "+18885550100", "+12025550143"
DATE = "Thu, 01 Jul 2010 16:00:04 GMT"


def build(name):
    """The scene."""
    scene = Scene(name, 1278000000 * SECOND)
    device = scene.host("iPhone", "192.168.1.64")
    resolver = scene.host("resolver", "192.0.2.53", hops=4, delay=8 * MILLISECOND).at(53)
    peer = scene.host("caller", "198.51.100.20", hops=14, delay=42 * MILLISECOND)
    push = scene.host("push", "17.149.36.90", hops=12, delay=38 * MILLISECOND)
    neighbours = [scene.host(f"probe {last}", f"17.173.254.{last}", hops=13, delay=39 * MILLISECOND) for last in (222, 223)]
    stun_host = scene.host("STUN server", "17.173.254.30", hops=13, delay=39 * MILLISECOND)
    akamai = scene.host("Akamai", "192.0.2.80", hops=7, delay=9 * MILLISECOND)
    verisign = scene.host("Verisign", "192.0.2.81", hops=11, delay=35 * MILLISECOND)
    ess = scene.host("ESS", "17.155.5.251", hops=12, delay=38 * MILLISECOND)
    ntp = scene.host("time", "192.0.2.123", hops=8, delay=15 * MILLISECOND)
    web = scene.host("web site", "192.0.2.90", hops=9, delay=20 * MILLISECOND)

    call = scene.call(era="2010", direction="inbound", **{"from": CALLER, "to": DEVICE}, device=device.addresses[0],
                      mapped="203.0.113.64", peer=peer.addresses[0], relay=None, state="ended", end_cause="BYE from the peer",
                      media=["audio", "video"])
    legacy = LegacyCall(scene, call, "203.0.113.64", peer, push, neighbours, stun_host, probe_port=59007)
    everyday_traffic(scene, resolver, (100 * MILLISECOND, 14 * SECOND), ntp, web, "www.example.com")

    # 1: push
    lane = scene.lane(400 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "courier.push.apple.com", push.addresses)
    lane.phase = "push"
    legacy.push_2010(lane)
    # 2 and 3: NAT probes
    lane = scene.lane(1400 * MILLISECOND, call, "probe")
    legacy.nat_probes(lane)
    # 4: property list and certificate, 5: registration
    lane = scene.lane(2100 * MILLISECOND, call, "lookup")
    dns.look_up(lane, resolver, "init.ess.apple.com", akamai.addresses, alias="init.ess.apple.com.akadns.net")
    lane.phase = "certificate"
    legacy.property_list(lane, akamai, DATE)
    lane.wait(80 * MILLISECOND).phase = "lookup"
    dns.look_up(lane, resolver, "EVIntl-aia.verisign.com", verisign.addresses)
    lane.phase = "certificate"
    legacy.issuer_certificate(lane, verisign, DATE)
    lane.wait(50 * MILLISECOND).phase = "lookup"
    dns.look_up(lane, resolver, "registration.ess.apple.com", ess.addresses)
    lane.phase = "registration"
    legacy.registration(lane, ess)
    # The push announces the caller; 6: STUN
    lane = scene.lane(4500 * MILLISECOND, call, "push")
    legacy.push.on(lane)
    legacy.push.receive(1300)
    legacy.push.send(90)
    lane.wait(180 * MILLISECOND).phase = "connectivity"
    legacy.stun_to_apple(lane)
    legacy.push.on(scene.lane(lane.now + 30 * MILLISECOND, call, "push"))
    legacy.push.send(700)
    lane.wait(300 * MILLISECOND)
    legacy.check(lane, from_device=True)
    legacy.check(lane, from_device=False)
    # 7 and 8: signalling and media. 22,050 Hz as in the published SDP: 480 samples take 21.77 ms
    lane.wait(200 * MILLISECOND).phase = "signalling"
    legacy.dialogue(lane, DEVICE, CALLER, "Viceroy 1.4.57/GK", "Viceroy 1.4.57/GK", device_calls=False)
    legacy.make_sources(22050, 126)
    legacy.set_up(lane, 2600 * MILLISECOND, "1056:1:800", "1056:1:800")
    lane.wait(40 * MILLISECOND)
    began, length = lane.now, 20 * SECOND
    legacy.media(scene.lane(began, call), length, lost=(131, 132, 407), late=(290,))
    legacy.reports(scene.lane(began, call), length)
    for second, from_device in ((1, True), (2, False), (7, False), (12, True), (16, True), (18, False)):
        legacy.message(lane.at(began + second * SECOND + 330 * MILLISECOND), from_device)
    legacy.hang_up(lane.at(began + length + 120 * MILLISECOND), by_device=False)
    # A media packet of the peer that was under way meets a closed socket
    lane.wait(30 * MILLISECOND)
    data, stream = legacy.sources[2].packet(length + 200 * MILLISECOND, 100)
    late = lane.udp(legacy.remote, legacy.local, data, "rtp", "media", stream=(stream,))
    lane.wait(200)
    lane.port_unreachable(legacy.local, legacy.remote, late, "teardown")
    legacy.push.on(lane.fork("push", 300 * MILLISECOND))
    legacy.push.send(110)
    legacy.push.receive(60)
    return scene
