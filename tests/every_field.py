"""Captures for the golden trees that show, between them, each field which the samples and the forms of datagrams leave out: each attribute,
each item and each header once, one of each fault, and calls that deserve a remark. What is in them is that of the tests of the formats."""

import struct
import zlib

import test_apns
import test_bplist
import test_link
import test_natprobe
import test_relay
import test_rtp
import test_sip
import test_stun
import test_virtual_transport
from ftools import datagram, handmade, paths, push
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, relay, rtp, sub_packet, u16

PEER = ("198.51.100.90", 16402)


def spaced(*packets, start=10):
    """(source, destination, payload) as packets, 10 ms apart."""
    return [handmade.packet(*one, start + 10 * number) for number, one in enumerate(packets)]


def to_relay(*payloads):
    return [(DEVICE, RELAY, payload) for payload in payloads]


def each_stun(wireshark):
    """Each attribute of Apple's, those of the standards in a method of Apple's, repetitions."""
    own = [test_stun.stun(0x0001, (kind, bytes(range(1, 1 + (size or 7)))), test_stun.INTEGRITY, transaction=kind) for kind, (size, _, _) in test_stun.ATTRIBUTES.items()]
    standard = test_stun.stun(0x0813, (0x0009, struct.pack(">HBB", 0, 6, 1) + b"Unable to Find Participant"),
                              (0x0020, test_stun.xor(bytes((203, 0, 113, 64)), 16393, 5)), (0x0012, test_stun.xor(bytes(range(0x20, 0x30)), 3478, 5)),
                              (0x000C, u16(0x6000, 0)), (0x000D, struct.pack(">I", 600)), (0x0019, bytes((17, 0, 0, 0))), (0x8022, b"Relay 1"), transaction=5)
    ask, tell = (test_stun.stun(kind, (0x0025, struct.pack(">I", 7)), (0x8005, u16(2048, late)), transaction=6) for kind, late in ((0x0EE3, 0), (0x0FE3, 512)))
    ends = DEVICE, PEER
    return handmade.capture(wireshark, [test_stun.FIRST, *spaced(*((*ends, one) for one in own), (*ends, standard), (*ends, ask), (*ends, ask), (*ends[::-1], tell)),
                                        *test_natprobe.allocbind(5000)]), ()


def each_relay(wireshark):
    """Each field of the header, payloads of each kind, each TLV of a link message, a property list, RTCP, with what links them."""
    whole = relay(sub_packet({
        0: u16(0x1001), 1: b"\x02" + u16(0x2002, 0x3003), 2: bytes(range(1, 9)), 3: b"\x7f", 4: u16(0x44), 5: b"\x05", 9: u16(0x99),
        10: u16(7864, 9, 4, 3, 8273), 13: u16(0x5811), 14: b"\x01" + u16(0x5812), 17: b"\x06"}, rtp(), marks=(6, 8)))
    tlvs = [test_link.inside(link_message(6, (1, u16(number)), (kind, value), test_link.HMAC)) for number, (kind, (value, _)) in enumerate(test_link.TLVS.items(), 10)]
    long_address = test_link.inside(link_message(6, (8, b"\0\2" + u16(3489) + bytes(range(0x20, 0x30))), test_link.HMAC))
    listed = test_link.inside(link_message(6, (22, test_bplist.binary({key: value for key, value in test_bplist.VALUES.items() if value is not None})), test_link.HMAC))
    media = rtp(100, payload=b"\x5a" * 40 + test_relay.KEY + bytes(12))
    talk = [(True, media), (True, test_relay.control(b"\0", 30)), (True, test_relay.control(b"\0", 30)), (False, test_relay.control(b"\0", 4, key=test_relay.KEY[::-1]))]
    long_tag = relay(sub_packet({13: u16(0x5812)}, test_relay.ENCRYPTED + b"\x82\1\1\x55", (16,)))
    unmarked = relay(sub_packet({13: u16(0x5812)}, test_relay.ENCRYPTED))
    packets = to_relay(whole, *tlvs, tlvs[0], long_address, listed, unmarked, long_tag) + [
        ((DEVICE, RELAY) if own else (RELAY, DEVICE)) + (relay(sub_packet({2: bytes(7) + b"\1"}, payload)),) for own, payload in talk]
    acknowledged = (RELAY, DEVICE, test_link.inside(link_message(0x8006, (1, u16(10)), test_link.HMAC)))
    return handmade.capture(wireshark, [handmade.packet(DEVICE, RELAY, STATS), *spaced(*packets, acknowledged)]), ()


def each_of_2010(wireshark):
    """SIP with all its headers and a description, NAT probes that are one test, RTCP in the clear, what a patent describes."""
    contact = ["Contact: <sip:johnny@example.com@192.168.1.64:16402>;isfocus"]
    said = datagram.sip("MESSAGE sip:user@198.51.100.40:16402 SIP/2.0", ["Content-Type: text/plain"], b"state=1")
    bytes_said = datagram.sip("MESSAGE sip:user@198.51.100.40:16402 SIP/2.0", ["Content-Type: text/plain"], b"\x00\x01\x02")
    hidden = test_rtp.report()[:8] + bytes(range(0xA1, 0xB5)) + struct.pack(">I", 0x80000007) + b"\x77" * 2 + b"\x99" * 10
    of_another = test_rtp.rtcp_packet(204, 0, b"ABCD" + bytes(8))
    ends = (datagram.HERE, datagram.THERE)
    first, second = test_natprobe.FIRST, test_natprobe.SECOND
    probes = [test_natprobe.ask(first, 7, 150), test_natprobe.ask(first, 7, 160), test_natprobe.ask(second, 8, 170), test_natprobe.tell(first, 7, 180),
              test_natprobe.tell(second, 8, 190)]
    wrapped = [(*ends, b"\x11\x22" + payload) for payload, _ in test_virtual_transport.INSIDE.values()]
    payloads = (test_sip.described(headers=contact), said, bytes_said, test_rtp.RCTL, test_rtp.LTR_ACK, test_rtp.OLD_FIR, test_rtp.OLD_NACK,
                test_rtp.report() + test_rtp.PLI, test_rtp.report() + test_rtp.TMMBR, of_another, hidden)
    return handmade.capture(wireshark, spaced(*((*ends, payload) for payload in payloads), *wrapped) + probes), ()


def each_push(wireshark):
    """A session in the clear, then each command with each item."""
    frames = test_apns.script(b"")        # of a certificate each version of Wireshark shows something else
    frames += [(command not in test_apns.FROM_SERVER, push.frame(command, *items)) for command, items in test_apns.EVERY.items()]
    keys = push.plist({"c": 97, "s": 0, "u": "https://example.com/", "cT": "text/plain", "qgmc": 2, "qai": "com.example", "qat": 3, "qr": 1, "qv": 2,
                       "qrsi": bytes(range(16)), "qrip": bytes(range(0x20, 0x30))})
    rare = push.frame(10, (1, test_apns.MULTI), (3, keys), (9, b"\1"), (24, b"one-and-another"), (29, b"\x08\1"))
    unread = push.frame(10, (1, test_apns.MULTI), (3, keys[:-1]))
    return push.capture(wireshark, "push-items.pcap", [*frames, (False, rare), (False, unread)]), test_apns.DECODE


def damaged(wireshark):
    """One of each fault: what is said of it, and what is shown all the same."""
    ends, sign = (DEVICE, PEER), test_stun.SIGN
    attributes = (test_stun.stun(0x0001, (0xFFE0, bytes(3)), sign), test_stun.stun(0x0001, (0x9000, b"\x11\x22"), sign),
                  test_stun.stun(0x0001, sign, test_stun.attribute(0x8008, bytes(8), length=400)), test_stun.stun(0x0001, sign, length=200),
                  test_stun.stun(0x0001, sign) + bytes(3))
    of_stun = [(*ends, payload) for payload in attributes] + [(*ends, b"\x07" + bytes(20))]
    headers = [payload for payload, _ in {item: (payload, item) for payload, item in test_relay.WRONG.values()}.values()]
    of_relay = to_relay(*headers, test_relay.MARKED[22], relay(sub_packet({13: u16(1)}, rtp(), marks=(10,))), relay(sub_packet({2: bytes(8)}, rtp())),
                        relay(sub_packet({0: u16(0)}, rtp())), next(iter(test_relay.BAD_ENCRYPTED.values())), relay(sub_packet({2: bytes(7) + b"\1"}, test_relay.CONTROL[:11])),
                        relay(sub_packet({0: u16(1)}, b"\x01\x02\x03\x04")))
    messages = [message for message, _ in {item: (message, item) for message, item in test_link.WRONG.values()}.values()]
    every = [(kind, value) for kind, (value, _) in test_link.TLVS.items()]
    messages += [link_message(6, *every, (2, u16(1)), test_link.HMAC), link_message(7, (1, u16(1)), test_link.HMAC), link_message(6, (6, b"\1\2\3"))]
    lists = [test_bplist.BAD["shorter than its trailer"], test_bplist.BAD["data beyond the objects"], test_bplist.LIMITED["an array that holds itself"]]
    of_relay += to_relay(*(test_link.inside(message) for message in messages + [link_message(6, (22, one)) for one in lists]))
    whole = test_link.inside(link_message(6, (22, test_bplist.WHOLE)))
    cut = handmade.packet(DEVICE, RELAY, whole, 9000, len(whole) - 9)
    probes = [test_natprobe.snatmap(1, 5, *test_natprobe.DEVICE), test_natprobe.snatmap(1, 7, *test_natprobe.DEVICE)[:12],
              test_natprobe.snatmap(1, 0x80000007, *test_natprobe.DEVICE), test_natprobe.commnat(7)[:15] + b"\xfe"]
    of_probes = [(test_natprobe.DEVICE, test_natprobe.FIRST, payload) for payload in probes]
    described, old = test_sip.described, (datagram.HERE, datagram.THERE)
    of_sip = [(*old, payload) for payload in (
        described(), described(length=False, headers=["Content-Length: 5"]), described(headers=[f"X-Number: {number}" for number in range(100)]),
        described().replace(b"+12025550143", b"\xff\xfe"), datagram.sip(length=False)[:-2], described(b"this is not deflated", ["Content-Encoding: deflate"]),
        described(zlib.compress(b"a=multipoint:1\r\n" + b"x" * 3_000_000), ["Content-Encoding: deflate"]), described(b"a=FLS;\r\n" + test_sip.SDP),
        test_rtp.report() + b"\xff" * 4, datagram.rtp(77), datagram.rtp(104, extension=(0x8500, bytes(12))),
        datagram.rtp(104, extension=(0x4500, bytes(16))))]
    return handmade.capture(wireshark, [test_stun.FIRST, handmade.packet(DEVICE, RELAY, STATS, 5), *spaced(*of_stun, *of_relay, *of_probes, *of_sip), cut]), ()


def damaged_push(wireshark):
    """Lengths that do not fit, items and commands that are not known."""
    frames = (push.frame(7, (1, test_apns.TOKEN), (7, bytes(5)), (99, b"?")), struct.pack("!BI", 10, 8) + struct.pack("!BH", 1, 200) + b"12345",
              struct.pack("!BI", 11, 2) + b"\1\0", test_apns.notification(push.plist({"qrip": b"nowhere"})),
              test_apns.notification(push.plist({"u": "text"})[:-1]), push.frame(77, (1, b"?")), b"\xfe" * 8)
    return push.capture(wireshark, "push-damaged.pcap", [(True, frame) for frame in frames]), test_apns.DECODE


def damaged_pack(wireshark):
    """The packed form: unknown forms, references to what is not there, tables that may be out of step."""
    mine = test_apns.Packer()
    chunks = [b"\x0b" + mine.number(8, 4) + b"\x81\x01\x04\x87", mine.frame(10, (1, test_apns.MULTI, True), (2, test_apns.TOKEN, True), (4, 7)), b"\x0a\x02\x03\xc3",
              b"\x0b" + mine.number(8, 4) + b"\x81\x01\x04\x87", b"\x0a\x02\x01\x3f"]
    return push.capture(wireshark, "pack-damaged.pcap", [(True, chunk) for chunk in chunks]), test_apns.PACK_DECODE


MADE = {"every-stun": each_stun, "every-relay": each_relay, "every-2010": each_of_2010, "every-push": each_push,
        "damaged": damaged, "damaged-push": damaged_push, "damaged-pack": damaged_pack}

# Situation: the frames of it that are looked at.
REMARKS = {
    "legacy-only-from-device": "facetime.one_way", "legacy-cut-off": "facetime.no_bye", "modern-each-end-caller": "facetime.rtp.repair_frame || facetime.relay_loss",
    "modern-each-end-callee": "facetime.rtp.paused", "modern-clock-put-back": "facetime.clock_put_back", "modern-both-ends-clocks-apart": "facetime.clocks_differ",
    "modern-capture-paused": "facetime.unheard", "modern-three-calls": "facetime.call.caller_guess && frame.number == 174",
}
for situation, condition in REMARKS.items():
    MADE[f"remark-{situation}"] = lambda _, situation=situation, condition=condition: (paths.CAPTURES / "situations" / f"{situation}.pcap", ("-Y", condition))
