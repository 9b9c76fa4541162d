"""One ordinary call in captures of another form: link layers, fragments, order, duplicates."""

from .. import link, views
from ..scene import MILLISECOND, SECOND
from .cast import legacy_call, modern_call, situation


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
