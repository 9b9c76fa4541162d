"""One ordinary call in captures of another form: link layers, fragments, order, duplicates."""

from .. import link, natprobe, views
from ..scene import MILLISECOND, SECOND
from .cast import legacy_call, mapped, modern_call, situation


def old(cast, **more):
    """The ordinary call of 2010."""
    return legacy_call(cast, cast.device(), cast.peer(20), 300 * MILLISECOND, **{"length": 3 * SECOND, "inbound": True, **more})


def new(cast, **more):
    """The ordinary call of today."""
    return modern_call(cast, cast.device(), cast.peer(23), 300 * MILLISECOND, **{"length": 4 * SECOND, **more})


@situation
def legacy_vlan(cast):
    """802.1Q: the network has a VLAN tag."""
    old(cast)
    cast.scene.vlan = 42


@situation
def modern_vlan(cast):
    """802.1Q: the network has a VLAN tag."""
    new(cast)
    cast.scene.vlan = 42


@situation
def legacy_pppoe(cast):
    """PPPoE: captured between router and provider, with the device's public address."""
    device = cast.device()
    old(cast, devices=["203.0.113.64"])
    cast.scene.links = [link.PPPOE]
    cast.scene.views.append(views.behind_nat(device, "203.0.113.64", both=False))


@situation
def modern_pppoe(cast):
    """PPPoE: captured between router and provider, with the device's public address."""
    device = cast.device()
    new(cast, devices=["203.0.113.64"])
    cast.scene.links = [link.PPPOE]
    cast.scene.views.append(views.behind_nat(device, "203.0.113.64", both=False))


@situation
def legacy_raw_ip(cast):
    """Raw IP: no link layer."""
    old(cast)
    cast.scene.links = [link.RAW]


@situation
def modern_raw_ip(cast):
    """Raw IP: no link layer."""
    new(cast)
    cast.scene.links = [link.RAW]


@situation
def legacy_wifi_in_the_air(cast):
    """802.11 with radiotap, not encrypted: QoS data frames."""
    old(cast)
    cast.scene.links = [link.Radiotap()]


@situation
def modern_wifi_in_the_air(cast):
    """802.11 with radiotap, not encrypted: QoS data frames."""
    new(cast)
    cast.scene.links = [link.Radiotap()]


@situation
def legacy_linux_cooked(cast):
    """Linux cooked capture, version 2."""
    old(cast)
    cast.scene.links = [link.COOKED]


@situation
def modern_linux_cooked(cast):
    """Linux cooked capture, version 2."""
    new(cast)
    cast.scene.links = [link.COOKED]


@situation
def modern_pktap(cast):
    """PKTAP, as macOS writes it (tcpdump -i pktap): interface, direction and process before each Ethernet frame."""
    new(cast)
    cast.scene.links = [link.Pktap()]


@situation
def legacy_invite_in_fragments(cast):
    """The INVITE travels in two IP fragments."""
    old(cast, inbound=False)
    invite = next(packet for packet in cast.scene.packets if packet.tag.kind == "sip")
    invite.dont_fragment = False
    cast.scene.views.append(views.in_fragments(lambda packet: packet is invite, 800))


@situation
def modern_relay_in_fragments(cast):
    """Two relay datagrams travel in two IP fragments each: a link message and a video packet."""
    new(cast)
    links = [packet for packet in cast.scene.packets if packet.tag.inner == ("link",)]
    videos = [packet for packet in cast.scene.packets if packet.tag.stream and packet.tag.stream[0].media == "video"]
    chosen = [max(links, key=lambda packet: len(packet.payload)), videos[12]]
    for packet in chosen:
        packet.dont_fragment = False
    cast.scene.views.append(views.in_fragments(lambda packet: packet in chosen, 96))


@situation
def legacy_out_of_order(cast):
    """Packets stand up to 300 ms away from their place: time stamps go back and forth."""
    old(cast)
    cast.scene.views.append(views.disorder(cast.scene.seed("disorder"), 300 * MILLISECOND))


@situation
def modern_out_of_order(cast):
    """Packets stand up to 300 ms away from their place: time stamps go back and forth."""
    new(cast)
    cast.scene.views.append(views.disorder(cast.scene.seed("disorder"), 300 * MILLISECOND))


@situation
def modern_two_files_merged(cast):
    """The captures of two devices, each with a call of its own over its own relay, interleaved in one pcapng file with two interfaces,
    Ethernet and Raw IP."""
    one, other = cast.device(64), cast.device(65)
    modern_call(cast, one, cast.peer(23), 300 * MILLISECOND, length=3 * SECOND)
    modern_call(cast, other, cast.peer(29), 500 * MILLISECOND, relay_host=cast.relay(97), inbound=True, length=3 * SECOND, links=(0x3C40, 0x3C41))
    cast.scene.links = [link.ETHERNET, link.RAW]
    cast.scene.views.append(views.on_interface(1, lambda packet: other in (packet.source.host, packet.destination.host)))


@situation
def legacy_every_packet_twice(cast):
    """A mirror port captures each packet twice, 7 microseconds apart."""
    old(cast, length=2 * SECOND)
    cast.scene.views.append(views.twice())


@situation
def modern_every_packet_twice(cast):
    """A mirror port captures each packet twice, 7 microseconds apart."""
    new(cast, length=3 * SECOND)
    cast.scene.views.append(views.twice())


@situation
def modern_one_aggregate(cast):
    """802.11: one frame, an A-MSDU, holds a NAT probe and the first QUIC packet to the relay."""
    call = new(cast, length=3 * SECOND)
    first = next(packet for packet in cast.scene.packets if packet.tag.kind == "quic")
    lane = cast.scene.lane(first.time - 300, call.call, "probe")
    natprobe.ask_snatmap(lane, call.local.host.at(16402), cast.apple("SNATMAP", "17.188.180.12").at(3480), mapped(call.local.host), 16402)
    probe = next(packet for packet in cast.scene.packets if packet.time == first.time - 300)
    cast.scene.links = [link.Radiotap()]
    cast.scene.facts["aggregates"] = True
    cast.scene.views.append(views.joined(probe, first))


@situation
def legacy_aggregates(cast):
    """802.11: the media travels two datagrams to a frame, as A-MSDU. Nothing of it is lost."""
    old(cast)
    cast.scene.links = [link.Radiotap()]
    cast.scene.facts["aggregates"] = True
    cast.scene.views.append(views.in_pairs(lambda packet: packet.tag.kind == "rtp"))


@situation
def legacy_cut_at_340(cast):
    """The capture kept 340 bytes of each frame: in some SIP messages, the Call-ID is cut off in its middle."""
    old(cast)
    cast.scene.snap = cast.scene.facts["kept"] = 340


@situation
def legacy_cut_at_96(cast):
    """The capture kept 96 bytes of each frame: of SIP the first line only. That it is a BYE stands there."""
    old(cast, **{"from": None, "to": None, "direction": "unknown"})
    cast.scene.snap = cast.scene.facts["kept"] = 96


@situation
def modern_cut_at_64(cast):
    """The capture starts in mid-call, with media only, and kept 64 bytes of each frame: what was cut off is not lost."""
    call = new(cast, closing=False, peer=None)
    cast.scene.snap = cast.scene.facts["kept"] = 64
    cast.scene.views.append(views.keep(lambda packet: packet.time >= call.began + SECOND and packet.tag.stream))


@situation
def modern_name_in_fragments(cast):
    """The DNS answer that names the push host, and the hello to it, travel in IP fragments."""
    new(cast, length=2 * SECOND)
    answers = [packet for packet in cast.scene.packets if packet.tag.kind == "dns" and packet.source.port == 53]
    hello = next(packet for packet in cast.scene.packets if packet.destination.port == 5223 and len(packet.payload) > 200)
    chosen = answers[:1] + [hello]
    for packet in chosen:
        packet.dont_fragment = False
    cast.scene.views.append(views.in_fragments(lambda packet: packet in chosen, 64))


@situation
def modern_one_wrong_time(cast):
    """Two calls at the same time; one frame of the first one's media has a time stamp that is wrong by an hour."""
    one = new(cast)
    modern_call(cast, cast.device(65), cast.peer(29), 900 * MILLISECOND, relay_host=cast.relay(97), inbound=True, length=4 * SECOND, links=(0x3C40, 0x3C41))
    wrong = [packet for packet in cast.scene.packets if packet.tag.call == one.call.number and packet.tag.stream][40]
    cast.scene.views.append(views.wrong_time(3600 * SECOND, lambda packet: packet is wrong))


@situation
def modern_clock_put_back(cast):
    """The clock of the machine that captures is put back by 40 s in the middle of the call: time stamps go back, the call goes on."""
    one = new(cast, length=6 * SECOND, clock_put_back=40)
    moment = one.began + 3 * SECOND
    cast.scene.views.append(views.wrong_time(-40 * SECOND, lambda packet: packet.time >= moment))


@situation
def modern_capture_paused(cast):
    """The capture was paused for 40 s in the middle of a call: identifiers and sequence numbers go on, so it is one call."""
    call = new(cast, length=46 * SECOND)
    away = call.began + 3 * SECOND, call.began + 43 * SECOND
    cast.scene.views.append(views.keep(lambda packet: not away[0] <= packet.time < away[1]))
