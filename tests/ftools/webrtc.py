"""A browser that joins a call by a FaceTime link: the look-up of its page, then WebRTC with a host of Apple's."""

import struct

from . import datagrams
from .datagrams import APPLE, frame, stun, u16, u32

# pylint: disable=wrong-import-order
from generator import dns  # noqa: E402  (datagrams makes it known)

BROWSER, RESOLVER = ("192.168.1.95", 51234), ("192.168.1.1", 53)
SERVER = (APPLE, 3478)
PAGE = "facetime.apple.com"
SENT, RECEIVED = 0x11110000, 0x22220000


def record(kind, body, epoch=0, number=0):
    """A DTLS 1.2 record."""
    return struct.pack(">BHHHIH", kind, 0xFEFD, epoch, 0, number, len(body)) + body


def handshake(kind, body=b"\xfe\xfd" + bytes(range(32)) + b"\0\0\0\2\xc0\x2b\1\0"):
    """A DTLS handshake message of one fragment, in its record."""
    return record(22, struct.pack(">BBHHBHBH", kind, 0, len(body), 0, 0, 0, 0, len(body)) + body)


HELLO, ANSWER = handshake(1), handshake(2, b"\xfe\xfd" + bytes(range(32)) + b"\0\xc0\x2b\0")
DATA = record(23, b"\x5a" * 40, epoch=1)
CHECK = stun(0x0001, (0x0006, b"abcd:efgh"), (0x0024, u32(1)), (0x0008, bytes(20)))
CHECKED = stun(0x0101, (0x0020, u16(1, 0x1234) + u32(0x12345678)), (0x0008, bytes(20)))


def media(ssrc, number, kind=111):
    """SRTP."""
    return bytes([0x80, kind]) + u16(number) + u32(number * 960, ssrc) + b"\x5a" * 80


REPORT = bytes([0x80, 200]) + u16(6) + u32(SENT) + b"\x5a" * 30


def look_up(name=PAGE, client=BROWSER):
    """Of the page."""
    return [(client, RESOLVER, dns.query(7, name)), (RESOLVER, client, dns.answer(7, name, [(name, dns.A, "17.253.1.1")]))]


def call(client=BROWSER, server=SERVER, packets=20):
    """Path, keys, media in both directions, and a report."""
    found = [(client, server, CHECK), (server, client, CHECKED), (client, server, HELLO), (server, client, ANSWER)]
    for number in range(packets):
        found += [(client, server, media(SENT, number)), (server, client, media(RECEIVED, number, 96))]
    return [*found, (client, server, REPORT), (client, server, DATA)]


def capture(wireshark, talk, name="web.pcap"):
    """A capture of what was said."""
    return datagrams.written(wireshark, name, [frame(*one) for one in talk])
