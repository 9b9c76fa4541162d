"""One call with all that happens in one, captured at each of its ends: what one end sent the other one got, but for what the network and the relay
did to it. The two captures come from one story, with the same packets."""

import struct

from .. import modern, relay, rtp, stun, views
from ..prng import Prng
from ..scene import MILLISECOND, SECOND
from .cast import mapped, modern_call, situation
from .moves import CELLULAR

CLOCK, FRAME, THERE = 24000, 100 * MILLISECOND, 27 * MILLISECOND
LENGTH, ANEW = 8 * SECOND, 5 * SECOND       # of the media; when both sides begin anew, as one-to-one
SMALL_FROM, SMALL_TO = 2 * SECOND, 4 * SECOND   # the relay forwards the small picture instead of the large one
TURNED, BACK_CAMERA = 2500 * MILLISECOND, 3500 * MILLISECOND
SILENT_FROM, SILENT_TO, OTHER_CODEC = 3 * SECOND, 4 * SECOND, 3 * SECOND
EVS = 108
# Of the callee's audio, by the number of the block; of its picture, by the number of the frame
LOST_UP, LOST_DOWN, REPAIRED = {20, 21, 37}, {61, 62, 63, 64, 65}, {24}
LANDSCAPE, BACK, MIRRORED = 2, 8, 4          # bits of the header extension of video, from bit 8 of its profile on
RETRANSMITTED = 18
REALLOCATE, REALLOCATE_ERROR, ERROR_CODE, REALLOCATION_TOKEN, INSUFFICIENT_CAPACITY = 0x0EE1, 0x0FF1, 0x0009, 0xFFF0, 508


class Way:
    """From a device over the relay to the other one: RTP goes up, and comes down a little later, unless something happens to it."""

    def __init__(self, sender, receiver):
        self.sender, self.receiver = sender, receiver
        self.up, self.down = sender.relayed(True), receiver.relayed(False)

    def send(self, lane, data, stream, fate="arrives"):
        """FATE: "arrives", "not forwarded" (another layer is), "lost on the way up" or "down", "repaired" (the receiver asks for it again)."""
        packet = self.up(lane, data, stream)
        below = lane.fork(delay=THERE)
        if fate == "lost on the way up":
            self.sender.never_arrived.append(packet)
        elif fate == "arrives":
            self.down(below, data, stream)
        elif fate != "not forwarded":
            self.receiver.never_came.append(below.now)
        if fate == "repaired":
            self.ask_again(below.wait(110 * MILLISECOND), data, stream)

    def ask_again(self, lane, data, stream):
        """RTCP to the relay, encrypted between the two, of the length of a request for one packet; the relay sends it again, and says so."""
        receiver = self.receiver
        receiver.to_relay(lane, relay.sub_packet(relay.hop_by_hop(receiver.prng, 16), marks=(relay.HOP_BY_HOP,), link=receiver.links[0]),
                          inner=("protobuf",), phase="relay")
        fields = {"stream": stream.ssrc & 0xFFFF, "priority": 1, "marks": (6, 8, RETRANSMITTED), "participant": receiver.participants[1]}
        receiver.from_relay(lane.wait(2 * receiver.relay.host.delay), relay.sub_packet(data, **fields), inner=("rtp",), phase="media", stream=(stream,))


def viewed(extension, view):
    """The header extension with the bits that VIEW gives: how the device is held, which camera."""
    def changed(count):
        profile, words = extension(count)
        return profile | view() << 8, words
    return changed


def make_sources(one, other):
    """Two generations of sources of the caller and the callee; all of a side share one time line, and the caller sends a small picture, too."""
    generations = []
    for name in ("", " anew"):
        one.make_sources(generation=name)
        for side in ("device", "peer"):
            video = one.sources[side, "video"]
            one.sources[side, "small"] = rtp.Source(one.prng.child(f"{side} small{name}"), one.prng.number(32), modern.VIDEO, "video", CLOCK,
                                                    modern.video_extension(lambda side=side: one.sources[side, "small"],
                                                                           lambda side=side: one.sources["peer" if side == "device" else "device", "video"]),
                                                    video.trailer)
            first = generations[0][side, "audio"].first_timestamp if generations else one.sources[side, "audio"].first_timestamp
            for kind in ("audio", "video", "small"):
                one.sources[side, kind].first_timestamp = first
                # One key for all that a sender ever sends
                one.sources[side, kind].trailer = (generations[0] if generations else one.sources)[side, "audio"].trailer
        generations.append(one.sources)
    # What the header of the relay needs of them
    other.sources = {("peer" if side == "device" else "device", kind): source for (side, kind), source in generations[0].items()}
    one.sources = generations[0]
    return generations


def audio_of_caller(lane, way, source, at):
    """With a second of comfort noise."""
    silent = SILENT_FROM <= at < SILENT_TO
    way.send(lane, *source.packet(at + 1, 4 if silent else 80, at == 0, modern.COMFORT if silent else None))


def audio_of_callee(lane, way, source, at):
    """With another codec from some time on, single losses on the way up, a burst on the way down."""
    number = at // FRAME
    fate = "lost on the way up" if number in LOST_UP else "lost on the way down" if number in LOST_DOWN else "arrives"
    way.send(lane, *source.packet(at + 1, 70, at == 0, EVS if at >= OTHER_CODEC else None), fate)


def picture(lane, way, source, at, parts, size, fate="arrives"):
    """A frame of PARTS packets, the last one marked."""
    source.frame = (parts, at // FRAME)
    for part in range(parts):
        way.send(lane.fork(delay=(1 + part) * 350), *source.packet(at + 1, size, part == parts - 1), fate if part == 0 or fate == "not forwarded" else "arrives")


def media(scene, one, other, began):
    """Both sides' media. The callee's last blocks come when the caller has hung up."""
    generations = make_sources(one, other)
    to_callee, to_caller = Way(one, other), Way(other, one)
    now = {"at": 0}
    one.ONE_TO_ONE_AFTER = other.ONE_TO_ONE_AFTER = ANEW
    for sources in generations:
        for kind in ("video", "small"):
            source = sources["device", kind]
            source.extension = viewed(source.extension, lambda: (LANDSCAPE if now["at"] >= TURNED else 0) | (BACK if now["at"] >= BACK_CAMERA else MIRRORED))
    for at in range(0, LENGTH + 2 * FRAME, FRAME):
        now["at"] = at
        sources = generations[at >= ANEW]
        if at < LENGTH:
            lane, small = scene.lane(began + at, one.call, None, one.local.host), SMALL_FROM <= at < SMALL_TO
            audio_of_caller(lane, to_callee, sources["device", "audio"], at)
            picture(lane, to_callee, sources["device", "video"], at, 2, 200, "not forwarded" if small else "arrives")
            if at < ANEW:
                picture(lane.fork(delay=2 * MILLISECOND), to_callee, sources["device", "small"], at, 1, 120, "arrives" if small else "not forwarded")
        lane = scene.lane(began + 31 * MILLISECOND + at, one.call, None, other.local.host)
        audio_of_callee(lane, to_caller, sources["peer", "audio"], at)
        picture(lane, to_caller, sources["peer", "video"], at, 2, 180, "repaired" if at // FRAME in REPAIRED else "arrives")


def reallocate(lane, leg):
    """The device wants its session to be moved; the relay cannot."""
    transaction = leg.prng.bytes(12)
    lane.udp(leg.local, leg.relay, stun.message(REALLOCATE, transaction, stun.attribute(REALLOCATION_TOKEN, leg.prng.bytes(20)), leg.link_key), "stun", "relay")
    reason = struct.pack("!HBB", 0, INSUFFICIENT_CAPACITY // 100, INSUFFICIENT_CAPACITY % 100) + b"Insufficient Capacity"
    lane.wait(2 * leg.relay.host.delay)
    lane.udp(leg.relay, leg.local, stun.message(REALLOCATE_ERROR, transaction, stun.attribute(ERROR_CODE, reason), leg.link_key), "stun", "relay")


def close(lane, leg, phase="relay"):
    """The socket is closed, and refuses what the relay still sends."""
    late = leg.from_relay(lane, lambda report: relay.sub_packet(stats=leg.stats - 1, report=report), inner=("stats",), phase=phase)
    lane.fork("teardown", 90).port_unreachable(leg.local, leg.relay, late)


def story(cast, end):
    """The call, and what of it the capture at one END has."""
    scene = cast.scene
    scene.prng = Prng("each end of a call")
    caller, callee = cast.device(64, CELLULAR), cast.device(65)
    here, there, by = (caller, callee, "device") if end == "caller" else (callee, caller, "peer")
    facts = {"devices": list(here.addresses), "peers": [there.addresses[0], mapped(there), "-"], "initiated_by": by, "state": "ended",
             "end_cause": f"link ended by the {by} [guess]", "ended_by": by, "media": ["audio", "video"]}
    one = modern_call(cast, caller, callee, 300 * MILLISECOND, playing=False, checks=False, closing=False, **facts)
    second = one.leg(caller.at(16394, CELLULAR), one.relay)
    cellular = scene.lane(one.began - 600 * MILLISECOND, one.call, "relay", caller)
    second.open_relay(cellular)
    second.pings(cellular, 2)
    other = modern_call(cast, callee, caller, 700 * MILLISECOND, call=one.call, inbound=True, playing=False, checks=False, candidates=False, closing=False,
                        local_port=16395, links=one.links[::-1])
    other.participants = one.participants[::-1]
    began = max(one.end, other.end) + 200 * MILLISECOND
    media(scene, one, other, began)
    for leg in (one, other):
        leg.pings(scene.lane(began + 7 * MILLISECOND, one.call, "relay", leg.local.host), 9, 880 * MILLISECOND)
    reallocate(scene.lane(began + 4200 * MILLISECOND, one.call, "relay", callee), other)
    close(scene.lane(began + LENGTH + 60 * MILLISECOND, one.call, "relay", caller), one)
    close(scene.lane(began + LENGTH + 90 * MILLISECOND, one.call, "relay", caller), second, "teardown")
    close(scene.lane(began + LENGTH + 400 * MILLISECOND, one.call, "relay", callee), other)
    cast.other_traffic(here, began + LENGTH + 3 * SECOND)
    scene.views.append(views.keep(lambda packet: here in (packet.source.host, packet.destination.host)))


@situation
def modern_each_end_caller(cast):
    """A call at the caller's end: of the callee's media three packets did not reach the relay, five did not come from it, one was asked for and came
    again. The caller sends its picture in two sizes, turns its device, takes the other camera, is silent; both begin anew as one-to-one; a second
    leg goes down; the caller hangs up."""
    story(cast, "caller")


@situation
def modern_each_end_callee(cast):
    """The same call at the callee's end: the relay forwards one size of the caller's picture at a time. The callee changes its codec, and asks the relay
    in vain for another session. The peer hangs up."""
    story(cast, "callee")
