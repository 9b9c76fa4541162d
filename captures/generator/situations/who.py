"""Who is who: addresses that many devices have, ends that are known late, and datagrams that claim what is not so."""

from .. import dns, link, net, relay, sip, tls, views
from ..modern import ModernCall
from ..scene import MILLISECOND, SECOND
from .both_ends import modern_both_ends_relayed
from .cast import mapped, modern_call, modern_facts, situation

XLAT = "192.0.0.1"      # RFC 7335: the address of each device behind 464XLAT
SECOND_MAC = bytes.fromhex("00005e005388")


@situation
def modern_two_devices_behind_464xlat(cast):
    """Two devices have calls at the same time. All four ends name 192.0.0.1 as an address of theirs, as each device behind 464XLAT has it, and
    it is checked in both calls."""
    for number, (device, peer, at) in enumerate(((cast.device(64), cast.peer(23), 300 * MILLISECOND), (cast.device(65), cast.peer(29), 1300 * MILLISECOND))):
        xlat = cast._host("xlat", XLAT, hops=20, delay=30 * MILLISECOND)
        call = modern_call(cast, device, peer, at, candidates=False, length=3 * SECOND, links=(0x3A10 + 512 * number, 0x3A11 + 512 * number),
                           peers=[peer.addresses[0], XLAT])
        lane = cast.scene.lane(call.began - 90 * MILLISECOND, call.call, "relay", device)
        mine = relay.candidates([mapped(device), device.addresses[0], XLAT], [(0x1020, 0, 16393), (0x0020, 1, 16393), (0x0020, 2, 16393)])
        call.exchange_candidates(lane, mine, relay.candidates([peer.addresses[0], XLAT], [(0x1020, 0, 52014), (0x0020, 1, 16393)]))
        call.check(lane.fork(delay=20 * MILLISECOND), call.local, xlat.at(16393), call.prng.bytes(12), call.prng.uuid())


@situation
def modern_two_devices_raw_ip(cast):
    """Two devices have a call at the same time over the same relay, captured as Raw IP on a gateway: Raw IP does not mean "on the device"."""
    modern_call(cast, cast.device(64), cast.peer(23), 300 * MILLISECOND, length=3 * SECOND)
    modern_call(cast, cast.device(65), cast.peer(29), 1300 * MILLISECOND, inbound=True, length=3 * SECOND, links=(0x3C40, 0x3C41))
    cast.scene.links = [link.RAW]


@situation
def modern_two_homes_same_address(cast):
    """Devices of two homes, each with the address 192.168.1.64, captured on two interfaces: another MAC address, another device."""
    one = cast.device(64)
    other = cast._host("device of the other home", "192.168.1.64", mac=SECOND_MAC)
    other.public = "203.0.113.99"
    modern_call(cast, one, cast.peer(23), 300 * MILLISECOND, length=3 * SECOND)
    modern_call(cast, other, cast.peer(29), 700 * MILLISECOND, relay_host=cast.relay(97), inbound=True, length=3 * SECOND, links=(0x3C40, 0x3C41))
    cast.scene.links = [link.ETHERNET, link.Ethernet()]
    cast.scene.views.append(views.on_interface(1, lambda packet: other in (packet.source.host, packet.destination.host)))


@situation
def modern_checks_from_the_peer_first(cast):
    """Raw IP with nothing but checks on a private network, the peer's first: the device is only known when it sends to others. It is not its
    own peer."""
    device, peer, other = cast.device(64), cast.device(70), cast.peer(23)
    call = cast.scene.call(**modern_facts(device, peer, cast.relay(), True, state="attempted", media=[], relays=[]))
    modern = ModernCall(cast.scene, call, device.at(16393), cast.relay().at(3482))
    lane = cast.scene.lane(300 * MILLISECOND, call, "connectivity")
    modern.check(lane, peer.at(16393), device.at(16393), modern.prng.bytes(12), modern.prng.uuid(), (peer.addresses[0], 16393), 20)
    modern.check(lane.wait(20), device.at(16393), peer.at(16393), modern.prng.bytes(12), modern.prng.uuid())
    modern.check(lane.wait(200), device.at(16393), other.at(20699), modern.prng.bytes(12), modern.prng.uuid())
    call.facts["peers"] = [peer.addresses[0], other.addresses[0]]
    cast.scene.links = [link.RAW]


@situation
def legacy_called_by_softphone(cast):
    """A softphone of the same network dials an iPhone, which declines. The device is the one that speaks as Viceroy does; seen from it, the call
    comes in."""
    scene, device = cast.scene, cast.device(64)
    phone = cast._host("softphone", "192.168.1.99", mac=bytes.fromhex("00005e005399"))
    call = scene.call(era="2010", direction="inbound", initiated_by="peer", to=None, **{"from": "+12025550143"}, devices=["192.168.1.64"],
                      peer="192.168.1.99", relays=[], state="declined", end_cause="declined", ended_by="device", media=[])
    prng = scene.seed("softphone")
    caller = sip.Party(prng, "+12025550143", "192.168.1.99", 16402, phone.at(16402), "X-Lite release 1011s")
    callee = sip.Party(prng, "", "192.168.1.64", 16402, device.at(16402), "Viceroy 1.4.57/GK")
    lane = scene.lane(300 * MILLISECOND, call, "signalling")
    talk = sip.Dialogue(lane, prng.child("sip"), caller, callee)
    talk.request(caller, "INVITE", sip.session_description(prng, caller, "0:0:0", [104], [126, 123, 34], 1, 2, 24000), answered=False)
    for code, reason, pause, phase in ((100, "Trying", 9, None), (180, "Ringing", 3, None), (603, "Decline", 2000, "teardown")):
        lane.wait(pause * MILLISECOND)
        talk.answer(caller, code, reason, "INVITE", phase=phase)
    lane.wait(17 * MILLISECOND)
    talk.request(caller, "ACK", phase="teardown")


@situation
def modern_push_over_another_address(cast):
    """Ethernet. The call runs over one IPv6 address of the device, its push over another address of the same /64: the MAC address is the same."""
    scene = cast.scene
    cast.resolver_address = "2001:db8:53::53"
    device = cast._host("device six", "2001:db8:64::64", "2001:db8:64::99")
    peer = cast._host("peer six", "2001:db8:77::77", hops=14, delay=21 * MILLISECOND)
    relay_host = cast.relay(0, "2620:149:a44:1::60")
    call = modern_call(cast, device, peer, 1400 * MILLISECOND, relay_host=relay_host, prelude=False, candidates=False, checks=False, closing=False,
                       length=3 * SECOND, peer=None)
    push = cast.apple("push six", "2620:149:a44:b0c::6")
    lane = scene.lane(300 * MILLISECOND, call.call, "lookup")
    dns.look_up(lane, cast.resolver, "38-courier.push.apple.com", push.addresses)
    lane.phase = "push"
    session = tls.Session(lane.tcp(device.at(49900, "2001:db8:64::99"), push.at(5223)), scene.seed("push"))
    session.open_2023("38-courier.push.apple.com", ("apns-security-v3",))
    session.send(2100)
    lane.wait(8 * MILLISECOND)
    session.receive(560)


@situation
def modern_second_interface_from_the_middle(cast):
    """The capture starts in mid-call. The device's second interface only checks the peer, whom the first one checks, too: one call."""
    cellular = "10.27.122.118"
    device = cast.device(64, cellular)
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, closing=False)
    remote = cast.peer(23).at(52014)
    for number in range(4):
        lane = cast.scene.lane(call.began + SECOND + number * 700 * MILLISECOND, call.call)
        call.check(lane, device.at(16393), remote, call.prng.bytes(12), call.prng.uuid())
        call.check(lane.wait(40 * MILLISECOND), device.at(16394, cellular), remote, call.prng.bytes(12), call.prng.uuid())
    cast.scene.links = [link.RAW]
    cast.scene.views.append(views.keep(lambda packet: packet.time >= call.began + 600 * MILLISECOND))


@situation
def modern_stranger_names_two_devices(cast):
    """Two calls, and one datagram of a stranger who names the addresses of both devices as its own: a claim joins no two calls. The stranger's
    datagram is in neither, but may be a call of its own."""
    one, other = cast.device(64), cast.device(65)
    first = modern_call(cast, one, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND)
    modern_call(cast, other, cast.peer(29), 900 * MILLISECOND, inbound=True, length=4 * SECOND, links=(0x3C40, 0x3C41))
    stranger = cast._host("stranger", "203.0.113.77", hops=9, delay=11 * MILLISECOND)
    mine = relay.candidates([mapped(one), mapped(other), one.addresses[0], other.addresses[0]],
                            [(0x1020, 0, 16393), (0x1020, 1, 16393), (0x0020, 2, 16393), (0x0020, 3, 16393)])
    message = relay.link_message(relay.CONNECTION_DATA, [(3, mine), (1, relay.u16(1)), (2, relay.u16(1))], bytes(20))
    cast.scene.lane(first.began + 2 * SECOND).udp(stranger.at(50000), first.relay, relay.channel_data(relay.sub_packet(message, marks=(21,))), "stranger")
    cast.scene.facts["may_be_calls"] = 1


@situation
def modern_both_ends_clocks_apart(cast):
    """Two devices call each other over a relay. Each was captured at its own place, the callee's clock goes before by 20 s; the files are
    merged. One call."""
    modern_both_ends_relayed(cast)
    callee = cast.device(65)
    cast.scene.views.append(views.shifted(20 * SECOND, lambda packet: callee in (packet.source.host, packet.destination.host)))


@situation
def modern_name_not_utf8(cast):
    """The name of the push host, as DNS gives it, holds bytes that are not UTF-8 and an escape character."""
    modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, length=2 * SECOND, checks=False)
    for packet in [packet for packet in cast.scene.packets if packet.tag.kind == "dns"]:
        data = packet.payload[8:]
        if b"\x0a38-courier" in data:
            data = data.replace(b"\x0a38-courier", b"\x0a38-\xff\xfe\x1b[2Jr")
            from_ends = packet.source.address, packet.source.port, packet.destination.address, packet.destination.port
            packet.payload = net.udp(*from_ends, data)
