"""Datagrams made by hand from the descriptions of the formats: one of each form that is recognised by itself, and frames around
them. What a test changes in them is the only thing that is wrong with them."""

import dataclasses
import struct
import sys

from . import paths, pcap

sys.path.insert(0, str(paths.CAPTURES))
# pylint: disable=wrong-import-position
from generator import net  # noqa: E402  (addresses and checksums)
from generator import relay as relayed  # noqa: E402  (the forms of 2026)

COOKIE = 0x2112A442
DEVICE = "192.168.1.90"
PEER = "198.51.100.90"          # nobody's that the plugin knows
APPLE = "17.249.172.90"
START = 1_700_000_000_000_000   # microseconds
MACS = b"\x00\x00\x5e\x00\x53\x01", b"\x00\x00\x5e\x00\x53\x02"


def frame(source, destination, payload, time=START, kept=None):
    """An Ethernet frame with a UDP datagram; source and destination are (address, port). KEPT: bytes of the payload that the
    capture kept, all without it."""
    (from_address, from_port), (to_address, to_port) = source, destination
    datagram = net.udp(from_address, from_port, to_address, to_port, payload)
    packet = net.ip(from_address, to_address, net.UDP, datagram)
    whole = b"".join(MACS) + (b"\x86\xdd" if net.is_ipv6(from_address) else b"\x08\x00") + packet
    return pcap.Packet(time, whole if kept is None else whole[:len(whole) - len(payload) + kept], len(whole))


def u16(*numbers):
    """Numbers of 16 bits, one after the other."""
    return struct.pack(f">{len(numbers)}H", *numbers)


def u32(*numbers):
    """Numbers of 32 bits, one after the other."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def stun(kind, *attributes):
    """A STUN message; attributes are (type, value)."""
    body = b"".join(u16(number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes)
    return u16(kind, len(body)) + u32(COOKIE) + bytes(range(12)) + body


def relay(*sub_packets, channel=0x6001):
    """Relay channel data."""
    body = b"".join(sub_packets)
    return u16(channel, len(body)) + body


def rtp(payload_type, ssrc=0x5EED0001, sequence=7, extension=None, payload=b"\x5a" * 40):
    """An RTP packet; the extension is (profile, words)."""
    head = bytes([0x80 if extension is None else 0x90, payload_type]) + u16(sequence) + u32(48000, ssrc)
    if extension is not None:
        head += u16(extension[0], len(extension[1])) + u32(*extension[1])
    return head + payload


def link_message(command, *tlvs):
    """A link message; TLVs are (type, value)."""
    body = b"".join(u16(number, len(value)) + value for number, value in tlvs)
    return u16(command, len(body)) + bytes(16) + body


def sip(user_agent="Viceroy 1.4.1/GK", body=b"", compact=False):
    """An INVITE to the literal user "user"."""
    lines = ["INVITE sip:user@198.51.100.90:16402 SIP/2.0",
             "Via: SIP/2.0/UDP 192.168.1.90:16402;branch=z9hG4bK6f1c",
             "From: \"+12025550134\" <sip:user@192.168.1.90:16402>;tag=1801",
             "To: <sip:user@198.51.100.90:16402>",
             "Call-ID: 7b1e2f30-made-by-hand@192.168.1.90",
             "CSeq: 1 INVITE",
             "Max-Forwards: 70",
             f"User-Agent: {user_agent}"]
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body)}", "", ""]
    text = "\r\n".join(lines)
    if compact:
        for long, short in (("From:", "f:"), ("To:", "t:"), ("Call-ID:", "i:"), ("Via:", "v:")):
            text = text.replace(f"\r\n{long}", f"\r\n{short}")
    return text.encode() + body


def sdp(*lines):
    """A session description with an audio stream, and LINES after it."""
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 192.168.1.90", "s=-", "c=IN IP4 192.168.1.90", "t=0 0",
                        "m=audio 16402 RTP/AVP 104", *lines, ""]).encode()


def link_probe(marks="deadbeefcafe", rest=bytes(range(30))):
    """A link probe: the six bytes by which it is known, and thirty more."""
    return bytes.fromhex(marks) + rest


def quic_initial(version=1, destination_id=bytes(range(8)), source_id=b""):
    """A QUIC long header of the type Initial, filled to 1200 bytes."""
    head = b"\xc3" + u32(version) + bytes([len(destination_id)]) + destination_id + bytes([len(source_id)]) + source_id + b"\0"
    return head + u16(0x4000 | 1200 - len(head) - 2) + b"\xa5" * (1200 - len(head) - 2)


@dataclasses.dataclass(frozen=True)
class Form:
    """A datagram that makes its flow FaceTime by itself."""

    kind: str               # as facetime.kind says it
    payload: bytes
    source: tuple = (DEVICE, 50000)         # ports that are nobody's, so that only the bytes speak
    destination: tuple = (PEER, 50002)


RTP_4400 = rtp(104, extension=(0x4400, (1, 2)))
RELAY_TO_ANYONE = u16(0x2001, 0x0777, 0x0303)           # stream ID and relay link ID
MEDIA_PORTS = {"source": (DEVICE, 16402), "destination": (PEER, 16402)}
LINK_STATE = link_message(6, (1, u16(3)), (9, bytes(20)))

# Calls of 2026: sub-packets for whose forms there is no flag.
ONE = {"participant": 0x0123456789ABCDEF}
LOOSE = (relayed.sub_packet(rtp(104), stream=0x0777, priority=127, marks=(6,), more=True, **ONE),
         relayed.sub_packet(relayed.with_length(rtp(123, 0x5EED0002)), marks=(8,), base=0x2A2C, **ONE),
         relayed.later(rtp(100, 0x5EED0003), stream=0xE47C, priority=1),
         relayed.later(rtp(100, 0x5EED0004), secondary=(0xE47D, 0x3C3A), last=True))
TRANSITION = b"".join(map(relayed.u16, (0x0777, 0x0778, 0x0779)))

FORMS = {
    "SNATMAP request": Form("nat-probe", u32(1, 0x12345678) + net.packed(DEVICE) + u16(16402, 0xAAAA)),
    "SNATMAP answer": Form("nat-probe", u32(2, 0x12345678) + bytes(255 - byte for byte in net.packed("203.0.113.9") + u16(16402)) + u16(0xAAAA)),
    "CommNAT": Form("nat-probe", u32(0x00010001, 0x12345678) + b"\xff" * 8),
    "STUN with a radio technology": Form("stun", stun(0x0001, (0x8007, u32(0)))),
    "STUN with a link UUID": Form("stun", stun(0x0101, (0x8008, bytes(range(16))))),
    "STUN with a socket mask": Form("stun", stun(0x0001, (0x8024, u32(1)))),
    "STUN data indication by channel": Form("stun", stun(0x0017, (0x000C, u16(0x6001, 0)), (0x0013, bytes(8)))),
    "STUN after the prefix": Form("stun", b"\x0f" + stun(0x0001, (0x8007, u32(0)))),
    "link probe cafe": Form("link-probe", link_probe()),
    "link probe dead": Form("link-probe", link_probe("deadbeefdead")),
    "relay with RTP": Form("relay", relay(RELAY_TO_ANYONE + rtp(100))),
    "relay with a link message": Form("relay", relay(RELAY_TO_ANYONE + LINK_STATE)),
    "relay with 400f": Form("relay", relay(RELAY_TO_ANYONE + u16(0x400F) + bytes(30))),
    "relay with face": Form("relay", relay(RELAY_TO_ANYONE + u16(0xFACE) + bytes(30))),
    "relay with statistics": Form("relay", relay(u16(0x0200, 0x0042))),
    "relay with two sub-packets": Form("relay", relay(u16(0x0081, 0x0777, 52) + rtp(104), RELAY_TO_ANYONE + rtp(100))),
    "relay with a base layer": Form("relay", relay(relayed.sub_packet(rtp(123), marks=(6, 8), priority=1, base=0x2A2C, **ONE))),
    "relay with loose sub-packets": Form("relay", relay(*LOOSE)),
    "relay with a listed transition": Form("relay", relay(relayed.sub_packet(TRANSITION + rtp(123, 0x5EED0777), stream=0x0777, transition=2, **ONE))),
    "relay with a control message of 2026": Form("relay", relay(RELAY_TO_ANYONE + u16(0x4009, 0x0011) + bytes(30))),
    "relay with media of 2026": Form("relay", relay(RELAY_TO_ANYONE + rtp(100, 0x5EED0005, payload=b"\x5a" * 40 + u16(0x0011, 0, 0x0020)))),
    "relay with RTCP, hop-by-hop": Form("relay", relay(u16(0xA000, 0x0001, 0x0303) + b"\x0a\x0c" + bytes(12) + b"\x12\x10" + bytes(16) + b"\x1a\x10" + bytes(16)), destination=(APPLE, 50002)),
    "relay at an Apple address": Form("relay", relay(u16(0x0001, 0x0777) + b"\x01\x02\x03\x04"), destination=(APPLE, 50002)),
    "RTP with extension 4400": Form("rtp", RTP_4400, **MEDIA_PORTS),
    "SIP by Viceroy": Form("sip", sip()),
    "SIP by Viceroy, compact": Form("sip", sip(compact=True)),
    "SDP with rtpID": Form("sip", sip("Other 1.0", sdp("a=rtpID:1234567"))),
    "SDP with X-AAC_ELD": Form("sip", sip("Other 1.0", sdp("a=rtpmap:104 X-AAC_ELD/24000"))),
    "SDP with iChatEncryption": Form("sip", sip("Other 1.0", sdp("a=iChatEncryption:NO"))),
    "QUIC to the relay": Form("quic", quic_initial(), (DEVICE, 50000), (APPLE, 3482)),
    "link message inside TURN": Form("stun", stun(0x0017, (0x0012, u16(1, 0x2112) + u32(COOKIE)), (0x0013, LINK_STATE))),
}


def own_ends(form, number):
    """The form's ends, with a device address of its own and, where it is nobody's, a peer of its own: no flow is another's
    surroundings."""
    device, peer = f"192.168.{100 + number // 200}.{number % 200 + 1}", f"198.51.100.{number % 250 + 1}"
    destination = form.destination if form.destination[0] == APPLE else (peer, form.destination[1])
    return (device, form.source[1]), destination


def each_form():
    """A frame of each form."""
    return [frame(*own_ends(form, number), form.payload) for number, form in enumerate(FORMS.values())]


def written(wireshark, name, packets):
    """A capture of PACKETS with their times spread a hundredth of a second apart."""
    return wireshark.write(name, pcap.write([dataclasses.replace(packet, time=START + 10000 * number)
                                             for number, packet in enumerate(packets)]))
