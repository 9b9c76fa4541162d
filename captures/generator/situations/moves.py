"""A call that changes its path: another interface, another address family, relay to direct and back."""

from .. import link, relay, views
from ..scene import MILLISECOND, SECOND
from .cast import modern_call, modern_prelude, situation

CELLULAR, CELLULAR_SIX = "10.27.122.118", "2001:db8:381::98bc"


def handover(cast, cellular, relay_endpoint, lead):
    """Wi-Fi until 2.5 s, then cellular; LEAD: the new socket sends stats to the relay so long before its first media."""
    device = cast.device(64, cellular)
    scene = cast.scene
    relays = [cast.relay()] + ([relay_endpoint.host] if relay_endpoint else [])
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, playing=False, closing=False, state="established",
                       relays=[address for host in relays for address in host.addresses], media=["audio", "video"])
    leg = call.leg(device.at(16394, cellular), relay_endpoint or call.relay)
    switch, length = 2500 * MILLISECOND, 5500 * MILLISECOND
    lane = scene.lane(call.began, call.call)
    call.play(lane, 0, switch, call.relayed(True), call.relayed(False))
    call.pings(scene.lane(call.began + 9 * MILLISECOND, call.call, "relay"), 2, 990 * MILLISECOND)
    initial = scene.lane(call.began + switch - lead, call.call, "relay")
    leg.open_relay(initial)
    leg.probes(initial.fork(), 4)
    leg.pings(initial, 5)
    leg.play(lane, switch, length, leg.relayed(True), leg.relayed(False))
    leg.pings(scene.lane(call.began + switch + 300 * MILLISECOND, call.call, "relay"), 3, 990 * MILLISECOND)
    scene.links = [link.RAW]


@situation
def modern_handover_raw_ip(cast):
    """A call moves from Wi-Fi to cellular in a Raw IP capture taken on the device: a second local address, the same relay, the same SSRCs."""
    handover(cast, CELLULAR, None, 900 * MILLISECOND)


@situation
def modern_handover_raw_ip_to_ipv6(cast):
    """A call moves from IPv4 on Wi-Fi to IPv6 on cellular in a Raw IP capture: another local address and another relay address, the same SSRCs."""
    handover(cast, CELLULAR_SIX, cast.relay(0, "2620:149:a44:1::60").at(3482), 900 * MILLISECOND)


@situation
def modern_handover_two_interfaces(cast):
    """The same with both interfaces in one pcapng file: Wi-Fi with Ethernet headers, cellular as Raw IP."""
    handover(cast, CELLULAR, None, 900 * MILLISECOND)
    cast.scene.links = [link.ETHERNET, link.RAW]
    cast.scene.views.append(views.on_interface(1, lambda packet: CELLULAR in (packet.source.address, packet.destination.address)))


@situation
def modern_relay_direct_relay(cast):
    """Media moves from the relay to a direct path and back to the relay, with the same SSRCs."""
    scene, device = cast.scene, cast.device()
    peer = cast.peer(23, delay=17 * MILLISECOND)
    call = modern_call(cast, device, peer, 300 * MILLISECOND, playing=False, closing=False, state="established", media=["audio", "video"])
    local, remote = device.at(16393), peer.at(52014)
    lane = scene.lane(call.began, call.call)
    first, second, length = 1500 * MILLISECOND, 3500 * MILLISECOND, 5 * SECOND
    call.play(lane, 0, first, call.relayed(True), call.relayed(False))
    call.check(scene.lane(call.began + 1300 * MILLISECOND, call.call), remote, local, call.prng.bytes(12), None, (peer.addresses[0], 52014), 350, call.prng.uuid())
    call.play(lane, first, second, call.direct(local, remote), call.direct(remote, local))
    call.play(lane, second, length, call.relayed(True), call.relayed(False))
    call.pings(scene.lane(call.began + 7 * MILLISECOND, call.call, "relay"), 5, 990 * MILLISECOND)


@situation
def modern_ipv6_only(cast):
    """A call of a device that has IPv6 only, over a relay and push with IPv6 addresses."""
    scene = cast.scene
    cast.resolver_address = "2001:db8:53::53"
    device = cast._host("device six", "2001:db8:64::64")
    relay_host = cast.relay(0, "2620:149:a44:1::60")
    peer = cast._host("peer six", "2001:db8:77::77", hops=14, delay=21 * MILLISECOND)
    call = modern_call(cast, device, peer, 1400 * MILLISECOND, relay_host=relay_host, prelude=False, candidates=False, checks=False, closing=False, length=4 * SECOND)
    # Before and beside it: push, and the candidates
    modern_prelude(cast, call, scene.lane(300 * MILLISECOND, call.call, "push"), device, False, "2620:149:a44:b0c::6", six=True)
    mine = relay.candidates(["2001:db8:64::64"], [(0x1020, 0, 16393)])
    theirs = relay.candidates(["2001:db8:77::77"], [(0x1020, 0, 16402)])
    lane = scene.lane(call.began - 90 * MILLISECOND, call.call, "relay")
    call.exchange_candidates(lane, mine, theirs)
    for second in range(2):
        call.check(lane.fork(delay=(300 + 1005 * second) * MILLISECOND), device.at(16393), peer.at(16402), b"sixsixsixsix", call.prng.uuid(),
                   ("2001:db8:64::64", 16393) if second else None, 2 * peer.delay)
