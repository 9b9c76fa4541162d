"""Several calls, and devices without any."""

from .. import dns, natprobe, tls, views
from ..scene import MILLISECOND, SECOND
from .cast import legacy_call, mapped, modern_call, situation


@situation
def legacy_two_calls(cast):
    """Two calls of one device after each other, on the same ports: the second begins 10 s after the first one's BYE."""
    device = cast.device()
    first = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, inbound=True, length=3 * SECOND, bye="peer", registration=True)
    legacy_call(cast, device, cast.peer(20), first.end + 10 * SECOND, length=3 * SECOND, bye="device", probe_port=59011)


@situation
def legacy_three_calls(cast):
    """Three calls of one device with three peers, 10 s apart: answered, declined, answered."""
    device = cast.device()
    first = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, length=2 * SECOND)
    second = legacy_call(cast, device, cast.peer(21), first.end + 10 * SECOND, final=(603, "Decline"), names=("+12025550143", "+18885550121"), probe_port=59012)
    legacy_call(cast, device, cast.peer(22), second.end + 10 * SECOND, inbound=True, length=2 * SECOND, bye="device",
                names=("+12025550143", "carol@example.org"), probe_port=59013)


@situation
def modern_two_calls_same_relay(cast):
    """Two calls of one device over the same relay and socket, 45 s apart. Push traffic between them is too far from both."""
    device = cast.device()
    first = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, state="interrupted", end_cause="timeout")
    between = cast.scene.lane(first.end + 11 * SECOND)
    first.push_session.on(between)
    first.push_session.send(20)
    first.push_session.receive(20)
    modern_call(cast, device, cast.peer(23), first.end + 45 * SECOND, inbound=True, length=4 * SECOND, links=(0x3C40, 0x3C41), look_up=False)


@situation
def modern_two_calls_soon(cast):
    """Two calls of one device, 12 s apart: another relay, other SSRCs, participants and peer; the same local socket."""
    device = cast.device()
    first = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, state="interrupted", end_cause="timeout")
    modern_call(cast, device, cast.peer(29), first.end + 12 * SECOND, relay_host=cast.relay(97), inbound=True, length=4 * SECOND, links=(0x3C40, 0x3C41))


@situation
def modern_three_calls(cast):
    """Three calls of one device, 40 s apart: two with media, between them one that only reached the relay."""
    device = cast.device()
    first = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=3 * SECOND, state="interrupted", end_cause="timeout")
    second = modern_call(cast, device, cast.peer(23), first.end + 40 * SECOND, playing=False, checks=False, links=(0x3C40, 0x3C41), end_cause="timeout")
    modern_call(cast, device, cast.peer(23), second.end + 40 * SECOND, inbound=True, length=3 * SECOND, links=(0x3D40, 0x3D41))


@situation
def legacy_two_devices(cast):
    """Two devices of one network have a call at the same time, both on port 16402, with different peers."""
    legacy_call(cast, cast.device(64), cast.peer(20), 300 * MILLISECOND, length=4 * SECOND, bye="peer")
    legacy_call(cast, cast.device(65), cast.peer(21), 900 * MILLISECOND, inbound=True, length=4 * SECOND, bye="device",
                names=("+12025550144", "+18885550177"), probe_port=59100)


@situation
def modern_two_devices_same_relay(cast):
    """Two devices of one network have a call at the same time over the same address and port of a relay, each from local port 16393."""
    modern_call(cast, cast.device(64), cast.peer(23), 300 * MILLISECOND, length=5 * SECOND)
    modern_call(cast, cast.device(65), cast.peer(29), 1300 * MILLISECOND, inbound=True, length=5 * SECOND, links=(0x3C40, 0x3C41))


@situation
def modern_two_devices_outside_nat(cast):
    """Two devices behind one NAT have a call at the same time over the same relay; captured outside, both have the same address."""
    one, other = cast.device(64), cast.device(65)
    one.public = other.public = "203.0.113.64"
    # No push here: outside, nothing tells whose it is
    modern_call(cast, one, cast.peer(23), 300 * MILLISECOND, length=4 * SECOND, prelude=False, devices=["203.0.113.64"])
    modern_call(cast, other, cast.peer(29), 1300 * MILLISECOND, inbound=True, length=4 * SECOND, prelude=False, links=(0x3C40, 0x3C41), mapped_port=40222, devices=["203.0.113.64"])
    cast.scene.views += [views.behind_nat(one, "203.0.113.64", both=False), views.behind_nat(other, "203.0.113.64", both=False, ports={16393: 40222})]


@situation
def legacy_redial(cast):
    """A call is declined, and 4 s later the device calls somebody else: its checks to the new peer come before the new INVITE."""
    device = cast.device()
    first = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, final=(603, "Decline"))
    legacy_call(cast, device, cast.peer(21), first.end + 4 * SECOND, length=2 * SECOND, push=False, probes=False, names=("+12025550143", "+18885550121"))


@situation
def modern_idle_device(cast):
    """Two devices of one network: one has a call, the other only push, look-ups of Apple's hosts and a NAT probe, at the same time."""
    modern_call(cast, cast.device(64), cast.peer(23), 300 * MILLISECOND, length=5 * SECOND)
    idle = cast.device(66)
    idle_traffic(cast, idle, 500 * MILLISECOND)
    # GameKit and the system ask for the mapping without a call, too
    natprobe.ask_snatmap(cast.scene.lane(2 * SECOND, device=idle), idle.at(16402), cast.apple("SNATMAP", "17.188.180.12").at(3480), mapped(idle), 16402)


@situation
def modern_idle_before_call(cast):
    """A device whose push is busy long before its call and long after it: that belongs to no call."""
    device = cast.device()
    idle_traffic(cast, device, 100 * MILLISECOND)
    call = modern_call(cast, device, cast.peer(23), 45 * SECOND, length=4 * SECOND, state="interrupted", end_cause="timeout", look_up=False)
    later = cast.scene.lane(call.end + 14 * SECOND)
    cast.pushes[device].on(later)
    cast.pushes[device].receive(900)
    cast.pushes[device].send(60)


def idle_traffic(cast, device, at):
    """Push from its look-up on, two look-ups of Apple's hosts, and HTTPS to one of them; in no call."""
    scene = cast.scene
    push = cast.apple("push 17.57.144.39", "17.57.144.39")
    lane = scene.lane(at, device=device)
    dns.look_up(lane, cast.resolver, "39-courier.push.apple.com", push.addresses)
    session = tls.Session(lane.tcp(device.at(49990), push.at(5223)), scene.seed("idle push"))
    session.open_2023("39-courier.push.apple.com", ("apns-security-v3",), 1200)
    session.send(420)
    lane.wait(9 * MILLISECOND)
    session.receive(240)
    dns.look_up(lane.wait(400 * MILLISECOND), cast.resolver, "init-p01md.apple.com", ["192.0.2.100"])
    dns.look_up(lane.wait(300 * MILLISECOND), cast.resolver, "gs-loc.apple.com", ["17.36.206.4"])
    session.on(lane.wait(3 * SECOND))
    session.receive(1500)
    session.send(60)
    cast.pushes.setdefault(device, session)


def redial(cast, pause, **more):
    """Two calls of one device with the same peer; PAUSE lies between them."""
    device = cast.device()
    first = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=3 * SECOND, closing=False, state="interrupted", end_cause="timeout")
    modern_call(cast, device, cast.peer(23), first.end + pause, prelude=False, length=3 * SECOND, links=(0x3C40, 0x3C41), **more)
    cast.other_traffic(device, first.end + 12 * SECOND)


@situation
def modern_redial_at_once(cast):
    """The device calls the same peer again after a second: another socket and a new session with the same relay, all identifiers are new."""
    redial(cast, SECOND, local_port=16395)


@situation
def modern_redial_after_6_s(cast):
    """The device calls the same peer again after six seconds: the same local port, another relay, all identifiers are new."""
    redial(cast, 6 * SECOND, relay_host=cast.relay(97))
