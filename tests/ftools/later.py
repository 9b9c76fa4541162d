"""Forms that are known only on a flow that is FaceTime's already, or by what came before them: one datagram of each, with that, and one
that is nearly the same and has not the form."""

import dataclasses
import ipaddress
import struct

from . import datagrams
from .datagrams import APPLE, link_message, rtp, stun, u16, u32
from .relaydata import relay, sub_packet

# pylint: disable=wrong-import-order
from generator import prng, quic, tls  # noqa: E402  (datagrams makes it known)
from generator import relay as relayed  # noqa: E402

SIGN = datagrams.FORMS["SNATMAP request"].payload       # makes a flow FaceTime
RELAY_PORT = 3482
SSRC = 0x5EED                                           # half of each SSRC here


@dataclasses.dataclass(frozen=True)
class Later:
    """A datagram, what makes it known, and what is none of its form."""

    kind: str                   # as facetime.kind says it
    payload: bytes
    field: str                  # which only this form has
    alike: bytes                # without that field, in the same place
    before: tuple = ()          # (from the device, payload) of earlier datagrams of the flow; none: SIGN
    from_device: bool = True
    direct: bool = False        # the far end is nobody's that the plugin knows
    alone: bool = False         # it is FaceTime's without anything before, between strangers too


def changed(payload, at, data):
    """The payload with other bytes at an offset; AT may count from the end."""
    at %= len(payload)
    return payload[:at] + data + payload[at + len(data):]


# ---- Relay channel data ----------------------------------------------------------------------------


def media(packet, *marks, **fields):
    """RTP over the relay, with the link ID that it has as a rule."""
    return relay(sub_packet({13: u16(0x5811), **{int(bit[1:]): data for bit, data in fields.items()}}, packet, marks))


def cipher(number, size=60):
    """Bytes like cipher text, other ones for each packet."""
    return b"".join(u32((number * 2654435761 + index * 40503 + 0x9E3779B9) & 0xFFFFFFFF | 0x01000000) for index in range(size // 4))


def able(capability):
    """A link message that says what its sender can."""
    return relay(sub_packet(payload=link_message(6, (12, u16(capability)), (1, u16(3)), (9, bytes(20))), marks=(21,)))


BOTH_ABLE = ((True, able(3)), (False, able(3)))
CHUNKS = relayed.quality((0, b"\x11"), (1, b"\x22" * 3), (0, b"\x33" * 5), (2, b"\x44" * 7))
IV, TAG = bytes(range(12)), bytes(range(16))


def hop_by_hop(size):
    """Encrypted RTCP, with SIZE bytes of cipher text."""
    return relay(sub_packet({13: u16(0x5812)}, b"\x0a\x0c" + IV + bytes([0x12, size]) + bytes(range(size)) + b"\x1a\x10" + TAG, (16,)))


HOLE = tuple((False, media(rtp(100, sequence=number, payload=cipher(number)))) for number in (1, 2, 4))
REPAIR = media(rtp(100, sequence=3, payload=cipher(3)), 18)


def control(header, key, counter=b"\5", size=20):
    """A control message: SFrame, of a header byte."""
    return relay(sub_packet({2: bytes(7) + b"\1"}, bytes([0x40, header]) + key + counter + b"\xa5" * size + b"\x7a" * 10))


KEY = bytes.fromhex("1122334455667788")
UNREAD = b"\x01\x02" + bytes(30)        # a payload of no form

RELAY_FORMS = {
    "quality metadata": Later("relay", media(CHUNKS + rtp(100)), "facetime.relay.quality", media(rtp(100)), BOTH_ABLE, False),
    "link test packet": Later("relay", media(UNREAD, 23), "facetime.relay.payload", media(rtp(100), 23)),
    "marks of a pod": Later("relay", media(rtp(100), 6, 24), "rtp.ssrc", media(UNREAD, 6, 24)),
    "what only the relay writes": Later("relay", media(rtp(104), 20, 21, _9=u16(7), _10=bytes(10), _17=b"\1"), "facetime.relay.session_counter",
                                        media(rtp(104)), from_device=False),
    "another channel number": Later("relay", relay(sub_packet({0: u16(1)}, rtp(104)), channel=0x6123), "facetime.relay.channel",
                                    relay(sub_packet({0: u16(1)}, rtp(104)), channel=0x7123)),
    "a request for one packet": Later("relay", hop_by_hop(16), "facetime.relay.hbh.nack", hop_by_hop(20), HOLE),
    "a packet sent again": Later("relay", REPAIR, "facetime.rtp.hole_frame", media(rtp(100, sequence=5, payload=cipher(5)), 18),
                                 (*HOLE, (True, hop_by_hop(16))), False),
    "a control message sent again": Later("relay", control(0x0F, KEY), "facetime.relay.control.retransmission_of", control(0x0F, KEY, b"\6"),
                                          ((True, control(0x0F, KEY)),)),
    "a control message acknowledged": Later("relay", control(0x09, b"\0\x11", size=4), "facetime.relay.control.ack_of", control(0x09, b"\0\x11"),
                                            ((False, control(0x0F, KEY)),)),
}

# ---- RTP: what ends a packet, and the header extension -----------------------------------------------

MKI = bytes.fromhex("066da16d746c45df0123456789abcdef")
ROLLED = bytes.fromhex("0011" "82b9d01d" "00" "e78471ad") + bytes(5)
SHORT = u16(0x0011, 0, 0x0020)          # of 2 bytes, and the four behind it


def tagged(number):
    """Audio of a one-to-one call: a key identifier of two bytes, the counter in every 128th packet, a tag of four."""
    tail = u16(0x0011) + (b"" if number & 0x7F else u32(2)) + b"\x9c" * 3 + bytes([number & 0xFF | 1])
    return media(rtp(104, sequence=number, payload=cipher(number) + tail))


def extended(kind, profile, words, payload=cipher(1) + MKI + u32(0)):
    """RTP with a header extension of these bytes."""
    return media(rtp(kind, extension=(profile, struct.unpack(f">{len(words) // 4}I", words)), payload=payload))


FEC = {
    "error correction, media": "0b809853", "error correction, parity": "0800980a0002000a00090000",
    "error correction of version 1, media": f"{1 << 30 | 5 << 27 | 9 << 23 | 1 << 22 | 100 << 15 | 1 << 14 | 6 << 10 | 700:08x}",
    "error correction of version 1, parity": f"{1 << 30 | 1 << 27 | 2 << 23 | 3 << 15 | 4 << 10 | 50:08x}1234004d",
    "error correction of version 2, media": f"{2 << 30 | 600 << 16 | 5:08x}", "error correction of version 2, parity": f"{2 << 30 | 1 << 26 | 3 << 16 | 5:08x}00010002",
}
VERSION_3 = bytes.fromhex("c0809853")   # which nobody knows
GROUP = u32(3) + MKI[:4]

RTP_FORMS = {
    "a key identifier of 16 bytes": Later("relay", media(rtp(104, payload=cipher(1) + MKI + u32(0))), "facetime.rtp.roc",
                                          media(rtp(104, payload=cipher(1) + MKI + u32(0x100)))),
    "a key identifier with its parts": Later("relay", media(rtp(104, payload=cipher(1) + ROLLED + u32(0x20))), "facetime.rtp.mki.participant",
                                             media(rtp(104, payload=cipher(1) + SHORT))),
    "a tag": Later("relay", tagged(131), "facetime.rtp.tag", media(rtp(104, 0x5EED0002, 131, payload=cipher(131) + b"\x33" * 6)),
                   tuple((True, tagged(number)) for number in range(126, 131))),
    "a tag behind the counter": Later("relay", tagged(128), "facetime.rtp.roc", tagged(129), tuple((True, tagged(number)) for number in range(122, 128))),
    "a footer": Later("relay", media(changed(rtp(104, payload=cipher(1) + MKI + u32(0)), 0, b"\xa0")), "facetime.rtp.footer",
                      media(rtp(104, payload=cipher(1) + MKI + u32(0)))),
    "all words of video": Later("relay", extended(100, 0x9D1F, u32(777) + u16(5, 66) + bytes.fromhex("0b809853") + u32(48000)),
                                "facetime.rtp.extension.frame_number", extended(100, 0x9D1F, u32(777)), ((True, media(rtp(104, 0x5EED0002))),)),
    "all words of audio": Later("relay", extended(108, 0x8F05, u16(*range(1, 7), 0x8187, 9, 10, 11) + bytes((12, 13, 14, 15))),
                                "facetime.rtp.extension.stats.total", extended(108, 0x8F05, u16(*range(1, 9)))),
    "audio of version 1": Later("relay", extended(104, 0x4007, u16(1, 2, 0x3004, 0)), "facetime.rtp.extension.echo_time", extended(104, 0xC007, u16(1, 2, 0x3004, 0))),
    "nothing received yet": Later("relay", extended(108, 0x8500, u16(0, 0, 0, 0, 5, 0xFFFF, 7, 8)), "facetime.rtp.extension.queueing_delay",
                                  extended(108, 0x8500, bytes(12))),
    "counter and key of a group": Later("relay", extended(104, 0x4000, GROUP), "facetime.rtp.extension.roc", extended(104, 0x4000, u32(3) + MKI[4:8])),
    **{name: Later("relay", extended(100, 0x4004, bytes.fromhex(word)), "facetime.rtp.extension.fec.version", extended(100, 0x4004, VERSION_3))
       for name, word in FEC.items()},
    **{f"payload type {kind}": Later("relay", media(rtp(kind, payload=cipher(1) + SHORT)), "facetime.rtp.payload_name",
                                     media(changed(rtp(kind, payload=cipher(1) + SHORT), 0, b"\xc0"))) for kind in (99, 109, 110, 112, 113, 117, 121, 122, 124)},
}

# ---- RTCP in the clear -------------------------------------------------------------------------------


def rtcp(kind, subtype, rest):
    """One RTCP packet."""
    return struct.pack(">BBHI", 0x80 | subtype, kind, 1 + len(rest) // 4, 0x11223344) + rest


REPORT = rtcp(201, 0, b"") + rtcp(202, 1, b"\1\2me\0\0\0\0")
RTCP_FORMS = {
    "rate control": Later("rtcp", rtcp(204, 0, b"RCTL\x85\x0a\0\4" + u16(0x1234, 77, 0x3021, 512, 819, 4096, 0x2005, 2760)), "facetime.rtp.extension.bandwidth",
                          rtcp(204, 0, b"RCTM\x85\x0a\0\4" + bytes(16)), direct=True),
    "a picture acknowledged": Later("rtcp", rtcp(204, 0, u32(5, 0xCAFE0001)), "facetime.rtcp.ltr_ack", rtcp(204, 0, u32(5, 1, 2)), direct=True),
    "request for a picture, old number": Later("rtcp", rtcp(192, 0, u16(7, 8, 9, 10)), "facetime.rtcp.fir.number", REPORT, direct=True),
    "request for packets, old number": Later("rtcp", rtcp(193, 0, u16(65534, 5)), "facetime.rtcp.nack.lost", REPORT, direct=True),
    "feedback on a picture": Later("rtcp", REPORT + rtcp(206, 1, u32(2)), "facetime.rtcp.feedback", REPORT, direct=True),
    "feedback on the transport": Later("rtcp", REPORT + rtcp(205, 3, u32(2, 3, 4)), "facetime.rtcp.transport", REPORT, direct=True),
    "SRTCP": Later("rtcp", REPORT[:8] + cipher(1, 20) + u32(0x80000007) + b"\x99" * 10, "facetime.rtcp.index", REPORT, direct=True),
}

# ---- QUIC ----------------------------------------------------------------------------------------------

TOKEN = quic.token(prng.Prng("token"))
RELAY_ID = bytes.fromhex("1122334455667788")


def hello(parts=1, **more):
    """The Initials of a device that asks the relay: real ones, which anybody can decrypt; the hello in PARTS of them."""
    generator = prng.Prng(f"hello {parts}")
    first_id = generator.bytes(8)
    data = quic.client_hello(generator, **more)
    size, keys = -(-len(data) // parts), quic.Keys(first_id, b"client in")
    return [quic.initial(keys, first_id, b"", number, quic.crypto(data[number * size:(number + 1) * size], number * size), 1200) for number in range(parts)]


def tls_hello():
    """The record of a hello with a session token, as over TCP."""
    return tls.record(22, quic.client_hello(prng.Prng("tcp"), TOKEN))


HANDSHAKE = ((True, datagrams.quic_initial(1, RELAY_ID[::-1], b"")), (False, datagrams.quic_initial(1, b"", RELAY_ID)))
SENT, MESSAGES, NAMED = 0x00812345, 0x1A8BCDEF, 0x7A000001


def pod(connection, number, size=120):
    """A short header with a connection ID of four bytes, and cipher text."""
    return b"\x41" + u32(connection) + cipher(number, size)


def pods(connection):
    """Enough of them that their rate is known."""
    return tuple((True, pod(connection, number)) for number in range(30))


POD_CHECK = stun(0x0001, (0x8007, u32(0)), (0x9002, u32(NAMED)), (0x9003, u32(NAMED + 1)))
QUIC_FORMS = {
    "the hello's token": Later("quic", hello(session_token=TOKEN)[0], "facetime.quic.psk.token", hello(identity=b"\1" + bytes(60))[0], alone=True),
    "the hello in two Initials": Later("quic", hello(2, session_token=TOKEN)[1], "facetime.quic.psk.token", hello(2, identity=bytes(13))[1],
                                       ((True, hello(2, session_token=TOKEN)[0]),)),
    "media inside QUIC": Later("quic", pod(SENT, 99), "facetime.quic.media", pod(SENT, 99, 40), (*HANDSHAKE, *pods(SENT))),
    "messages inside QUIC": Later("quic", pod(MESSAGES, 99), "facetime.quic.pod.messages", b"\x41" + RELAY_ID + cipher(1), (*HANDSHAKE, *pods(MESSAGES))),
    "a pod between devices": Later("quic", pod(NAMED, 99), "facetime.quic.pod.named_in", pod(NAMED + 7, 99), ((True, POD_CHECK), *pods(NAMED)), direct=True),
}

# ---- Link messages, STUN, link probes, SDP -------------------------------------------------------------

HMAC = (9, bytes(range(20)))
CANDIDATES = (u16(0x2082) + u16(0x4000) + bytes((203, 0, 113, 7)) + u16(0xD600) + ipaddress.ip_address("2001:db8::7").packed
              + u16(0x1020, 40001) + u16(0x0021, 16393))
INTERFACES = u16(0x2002) + u16(0x1900, 0x5811, 1446, 0) + u32(0) + u16(0x9928, 0x5812, 1426, 1) + u32(1)
COMMANDS = {
    "connected": (1, (7, u32(170197)), (18, u16(1))), "disconnected": (2, (17, u32(9))), "heartbeat": (3, (10, u32(1, 2, 0x18000)), (12, u16(3))),
    "connection data": (4, (3, CANDIDATES), (4, b"\xaa\xbb"), (11, bytes(range(16)))), "nominate": (5, (13, bytes(range(16))), (14, bytes(range(16)))),
    "relay interface info": (6, (21, INTERFACES), (19, u16(0x85)), (8, b"\0\1" + u16(3489) + bytes((17, 1, 2, 3))), (20, u32(1))),
    "a test packet": (0x80F0, (15, bytes(8))),
}


def link(command, *tlvs):
    """A link message of the device."""
    return relay(sub_packet(payload=link_message(command, *tlvs, (1, u16(1)), HMAC), marks=(21,)))


LINK_FORMS = {
    **{f"link message: {name}": Later("relay", link(*message), "facetime.link.command", relay(sub_packet(payload=changed(link_message(*message), 19, b"\7"), marks=(21,))))
       for name, message in COMMANDS.items()},
    "link message: sent again": Later("relay", link(6), "facetime.link.retransmission_after", link(5), ((True, link(6)),)),
    "link message: nomination accepted": Later("relay", link(0x8005), "facetime.link.response_to", link(0x8004), ((True, link(3)), (False, link(5)))),
}

STUN_TYPES = {
    "AllocBind": (0x0EE0, (0xFFF7, bytes(6) + u16(0x0288)), (0xFFF2, bytes(range(40))), (0xFFF3, u32(0x18000)), (0xFFE4, u32(0x60F70001)), (0xFFF1, bytes(range(16)))),
    "AllocBind's answer": (0x0FE0, (0xFFE8, u32(1)), (0xFFE9, u32(2)), (0xFFE5, u16(0x5811)), (0xFFFC, b"\7")),
    "Reallocate": (0x0EE1, (0xFFF0, bytes(range(24)))), "UnallocBind": (0x0EE2, (0xFFE6, u32(7))),
    "Stats": (0x0EE3, (0xFFE0, u32(100)), (0xFFE1, u32(90)), (0xFFE2, u32(5)), (0xFFE3, bytes(8))), "Info": (0x0EE4, (0xFFF5, u32(3)), (0xFFD1, u32(4))),
    "Session Info": (0x0EE5, (0xEE00, b"\x9c" * 9), (0xEE01, b"\x9d" * 6), (0xFFFB, u32(3))), "Participant Update": (0x0EE7, (0xEE04, b"\x9e" * 13), (0xEE05, b"\x9f" * 8)),
    "Plugin": (0x0EE8, (0xEE07, b"\x9c" * 7), (0xFFD3, b"\5")), "Put Material": (0x0EE9, (0xFFD7, bytes(32)), (0xFFDB, bytes(20))),
    "Test": (0x0801, (0xFFE7, u32(8)), (0xFFC0, u16(0x0EE0)), (0xFFC2, u16(602)), (0xFFC1, b"reallocate")), "GoAway": (0x0810, (0xFFD2, b"\1\2\3")),
    "Diagnostic": (0x0812, (0xFFDF, b"\1\2\3\4\5")), "Data Message Error": (0x0813, (0x0009, b"\0\0\6\1Unable to Find Participant"), (0x000C, u16(0x6000, 0))),
}
STUN_FIRST = stun(0x0EE0, (0xFFF7, bytes(6) + u16(0x0008)), (0xFFE4, u32(1)))     # begins the relay's stream over TCP
MARK = bytes.fromhex("deadbeefcafe0002")
SDP_LINE = "a=FLS;LTR:3;CABAC:-1;AR:9/16,3/4;XR:1;ZZZ:4"
OTHER_FORMS = {
    **{f"STUN: {name}": Later("stun", stun(*message), "facetime.stun.attribute.type", stun(0x0001, (0x8022, b"Relay 1")))
       for name, message in STUN_TYPES.items()},
    "link probe, notification": Later("link-probe", MARK + u32(0x6DAAF59C) + b"\5\1" + u16(1) + b"\2\xf6\0\0" + u32(17038, 453, 33305925, 76346284),
                                      "facetime.linkprobe.power", MARK, alone=True),
    "link probe, rate change": Later("link-probe", MARK + u32(0x6F) + u16(3, 4), "facetime.linkprobe.rate.suggested", MARK + u32(0x6F), alone=True),
    "link probe, packets dropped": Later("link-probe", bytes.fromhex("deadbeefdead0002") + u32(1) + u16(0x77, 2) + b"\x64" + u16(2, 500, 501) + b"\x68" + u16(1, 9),
                                         "facetime.linkprobe.drop.seq", bytes.fromhex("deadbeefdead0002") + u32(1) + u16(0x77, 0), alone=True),
    "a list of features": Later("sip", datagrams.sip(body=datagrams.sdp("a=rtpID:1234567", SDP_LINE)), "facetime.sdp.fls.name",
                                datagrams.sip(body=datagrams.sdp("a=rtpID:1234567", "a=FLT" + SDP_LINE[5:])), direct=True, alone=True),
}

# Relay data is known by its exact lengths and what it carries, wherever it is: all but these.
NOT_ALONE = {"quality metadata", "link test packet", "another channel number", "a request for one packet"}
FORMS = {**RELAY_FORMS, **RTP_FORMS, **RTCP_FORMS, **QUIC_FORMS, **LINK_FORMS, **OTHER_FORMS}
FORMS = {name: dataclasses.replace(form, alone=form.alone or form.kind == "relay" and name not in NOT_ALONE) for name, form in FORMS.items()}


def ends(form, number):
    """(device, far end) of a form: a flow of its own, and a device and a peer of its own."""
    port = 16402 if form.direct else 16393
    return (f"192.168.{120 + number // 200}.{number % 200 + 1}", port), (f"198.51.100.{number % 250 + 1}", port) if form.direct else (APPLE, RELAY_PORT)


def packets(form, number, payload=None):
    """The frames of a form, or of PAYLOAD in its place, which is the last one."""
    near, far = ends(form, number)
    made = [*(form.before or ((True, SIGN),)), (form.from_device, form.payload if payload is None else payload)]
    # One SSRC of many devices would be a generator's
    return [datagrams.frame(*((near, far) if from_device else (far, near)), data.replace(u16(SSRC), u16(0x5000 + number))) for from_device, data in made]


def each_form():
    """The frames of each form, one form behind the other."""
    return [packet for number, form in enumerate(FORMS.values()) for packet in packets(form, number)]


def stranger(form, number):
    """The form's datagram between two that nobody knows, with nothing before it."""
    return datagrams.frame((f"192.168.{140 + number // 200}.{number % 200 + 1}", 50000), (f"203.0.113.{number + 1}", 50002), form.payload)
