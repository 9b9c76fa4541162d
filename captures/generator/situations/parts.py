"""Captures that hold a part of a call only: begun in its middle, one direction, cut off."""

from .. import views
from ..scene import MILLISECOND, SECOND
from .cast import legacy_call, modern_call, situation

UNKNOWN = {"direction": "unknown", "from": None, "to": None}


def begun_late(scene, moment):
    """The capture starts at MOMENT; the times of the file count on."""
    scene.views.append(views.keep(lambda packet: packet.time >= moment))


@situation
def legacy_from_the_middle(cast):
    """The capture starts in mid-call: no INVITE, but MESSAGE and the peer's BYE. Who called whom cannot be known."""
    call = legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, length=6 * SECOND, bye="peer", **UNKNOWN)
    begun_late(cast.scene, call.media_began + SECOND)


@situation
def legacy_only_media(cast):
    """The capture starts in mid-call and ends before its end: nothing but RTP with the header extension 4400."""
    call = legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, length=8 * SECOND, bye="peer", **UNKNOWN)
    call.call.facts.update(state="established", end_cause="capture end", ended_by=None)
    cast.scene.views.append(views.keep(lambda packet: packet.time >= call.media_began + SECOND and packet.tag.kind == "rtp"))


@situation
def legacy_only_from_device(cast):
    """Only the device's packets were captured."""
    device = cast.device()
    legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, length=5 * SECOND, bye="device")
    cast.scene.views.append(views.keep(lambda packet: packet.source.host is device))


@situation
def legacy_only_to_device(cast):
    """Only packets to the device were captured."""
    device = cast.device()
    legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, length=5 * SECOND, inbound=True, bye="peer")
    cast.scene.views.append(views.keep(lambda packet: packet.source.host is not device))


@situation
def legacy_cut_off(cast):
    """Media stops without BYE; the capture goes on for 20 s with the device's other traffic."""
    device = cast.device()
    call = legacy_call(cast, device, cast.peer(20), 300 * MILLISECOND, length=4 * SECOND, bye=None, state="interrupted", end_cause="timeout", push=False)
    cast.other_traffic(device, call.end + 9 * SECOND)
    cast.other_traffic(device, call.end + 20 * SECOND)


@situation
def legacy_capture_ends_first(cast):
    """The capture ends while media flows. An early check met a closed port: ICMP."""
    legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, length=4 * SECOND, bye=None, push=False, refused=True)


@situation
def modern_from_the_middle(cast):
    """The capture starts in mid-call: relay data with RTP only, neither QUIC nor link messages."""
    call = modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, length=6 * SECOND, closing=False, peer=None)
    cast.scene.views.append(views.keep(lambda packet: packet.time >= call.began + SECOND and packet.tag.stream))


@situation
def modern_direct_from_the_middle(cast):
    """The capture starts when media goes directly over IPv6: nothing but RTP. What shows that it is FaceTime, and which end is the device, is the
    session with the relay, which is kept over IPv4: same hardware address, same port."""
    device = cast.device(64, "2001:db8:64::64")
    peer = cast._host("peer six", "2001:db8:77::77", hops=14, delay=21 * MILLISECOND)
    call = modern_call(cast, device, peer, 300 * MILLISECOND, prelude=False, candidates=False, checks=False, playing=False, closing=False,
                       state="established", media=["audio", "video"])
    local, remote = device.at(16393, "2001:db8:64::64"), peer.at(16393)
    call.play(cast.scene.lane(call.began, call.call), 0, 5 * SECOND, call.direct(local, remote), call.direct(remote, local))
    call.pings(cast.scene.lane(call.began + 900 * MILLISECOND, call.call, "relay"), 4, 990 * MILLISECOND)
    begun_late(cast.scene, call.began + 600 * MILLISECOND)


@situation
def modern_only_from_device(cast):
    """Only the device's packets were captured."""
    device = cast.device()
    modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=6 * SECOND)
    cast.scene.views.append(views.keep(lambda packet: packet.source.host is device))


@situation
def modern_only_to_device(cast):
    """Only packets to the device were captured."""
    device = cast.device()
    modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=6 * SECOND)
    cast.scene.views.append(views.keep(lambda packet: packet.source.host is not device))


@situation
def modern_cut_off(cast):
    """Media stops; the capture goes on for 20 s with the device's other traffic."""
    device = cast.device()
    call = modern_call(cast, device, cast.peer(23), 300 * MILLISECOND, length=5 * SECOND, closing=False, state="interrupted", end_cause="timeout")
    cast.other_traffic(device, call.end + 9 * SECOND)
    cast.other_traffic(device, call.end + 20 * SECOND)
