"""Both ends of one call, or both sides of a NAT, in one capture."""

from .. import views
from ..scene import MILLISECOND, SECOND
from ..legacy import LegacyCall
from .cast import legacy_call, legacy_push, mapped, modern_call, situation


@situation
def legacy_both_ends_on_hub(cast):
    """A direct call between two devices of one network, captured on a hub: each packet once. The caller counts as the device."""
    caller, callee = cast.device(64), cast.device(65)
    callee.delay = 2 * MILLISECOND
    call = legacy_call(cast, caller, callee, 300 * MILLISECOND, length=4 * SECOND, bye="peer", public=caller.addresses[0],
                names=("+12025550143", "+12025550144"), devices=[caller.addresses[0], callee.addresses[0]])
    # The callee's own preparations
    other = LegacyCall(cast.scene, call.call, mapped(callee), caller, call.push_host, call.probe_hosts, call.stun_host, 59044, callee)
    lane = cast.scene.lane(420 * MILLISECOND, call.call, "push", callee)
    legacy_push(cast, lane, other, callee)
    lane.wait(20 * MILLISECOND).phase = "probe"
    other.nat_probes(lane)
    lane.wait(20 * MILLISECOND).phase = "connectivity"
    other.stun_to_apple(lane)


@situation
def legacy_both_sides_of_nat(cast):
    """A call captured before and after the router's NAT, files merged: each packet twice, once with the private and once with the public
    address; one call on two legs."""
    device = cast.device()
    legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, inbound=True, length=3 * SECOND, bye="device",
                devices=[device.addresses[0], mapped(device)])
    cast.scene.views.append(views.behind_nat(device, mapped(device)))


@situation
def legacy_outside_nat(cast):
    """A call captured outside the NAT only: all addresses are public."""
    device = cast.device()
    legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, length=3 * SECOND, bye="device", devices=[mapped(device)])
    cast.scene.views.append(views.behind_nat(device, mapped(device), both=False))


@situation
def modern_both_sides_of_nat(cast):
    """A relayed call captured before and after the router's NAT, files merged: each packet twice; one call on two legs."""
    device = cast.device()
    modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, devices=[device.addresses[0], mapped(device)])
    cast.scene.views.append(views.behind_nat(device, mapped(device)))


@situation
def modern_both_sides_of_nat_other_port(cast):
    """The same with a NAT that changes the port of the media socket too."""
    device = cast.device()
    modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, mapped_port=52999, devices=[device.addresses[0], mapped(device)])
    cast.scene.views.append(views.behind_nat(device, mapped(device), ports={16393: 52999}))


@situation
def modern_both_ends_relayed(cast):
    """Two devices of one network call each other over a relay: both legs are in the capture, with the same SSRCs and sequence numbers.
    The relay rewrites the header fields. One call."""
    scene, caller, callee = cast.scene, cast.device(64), cast.device(65)
    one = modern_call(cast, caller, callee, 300 * MILLISECOND, playing=False, checks=False, closing=False, devices=[caller.addresses[0], callee.addresses[0]],
                      state="established", peers=[callee.addresses[0], mapped(callee)], media=["audio", "video"])
    other = modern_call(cast, callee, caller, 700 * MILLISECOND, call=one.call, inbound=True, playing=False, checks=False, candidates=False, closing=False,
                        local_port=16394, links=one.links[::-1])
    other.sources = {(side, kind): one.sources["peer" if side == "device" else "device", kind] for side, kind in one.sources}
    other.participants = one.participants[::-1]
    began, there = max(one.end, other.end) + 200 * MILLISECOND, 27 * MILLISECOND

    def forwarded(sender, receiver):
        """What one device sends to the relay arrives at the other a little later."""
        up, down = sender.relayed(True), receiver.relayed(False)
        def deliver(lane, data, stream):
            up(lane, data, stream)
            down(lane.fork(delay=there), data, stream)
        return deliver

    one.play(scene.lane(began, one.call), 0, 4 * SECOND, forwarded(one, other), forwarded(other, one))
    for leg in (one, other):
        leg.pings(scene.lane(began + 7 * MILLISECOND, one.call, "relay"), 4, 990 * MILLISECOND)
