"""QUIC version 1 to the relay: real Initial packets (everyone can decrypt those), the rest random bytes of the right shape."""

import hashlib
import hmac
import struct

from . import tls
from .aes import Aes128, gcm_seal

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001


def expand(secret, label, length):
    """HKDF-Expand-Label of TLS 1.3 (never more than one block here)."""
    label = b"tls13 " + label
    info = struct.pack("!HB", length, len(label)) + label + b"\0\x01"
    return hmac.new(secret, info, hashlib.sha256).digest()[:length]


def varint(number, size=None):
    """A variable-length integer, in SIZE bytes if given."""
    for width, prefix in ((1, 0), (2, 0x40), (4, 0x80), (8, 0xC0)):
        if number < 1 << 8 * width - 2 and (size or width) == width:
            raw = number.to_bytes(width, "big")
            return bytes([raw[0] | prefix]) + raw[1:]
    raise ValueError(number)


class Keys:
    """The keys of one direction's Initial packets, from the first destination connection ID of the client."""

    def __init__(self, connection_id, label):
        secret = expand(hmac.new(SALT, connection_id, hashlib.sha256).digest(), label, 32)
        self.key, self.iv, self.mask = expand(secret, b"quic key", 16), expand(secret, b"quic iv", 12), expand(secret, b"quic hp", 16)


def initial(keys, destination_id, source_id, number, frames, total):
    """An Initial packet, padded to TOTAL bytes."""
    head = b"\xc3" + struct.pack("!I", 1) + tls.vector(1, destination_id) + tls.vector(1, source_id) + varint(0)
    length = total - len(head) - 2
    head += varint(length, 2) + number.to_bytes(4, "big")
    plain = frames + bytes(length - 4 - 16 - len(frames))
    nonce = bytes(a ^ b for a, b in zip(keys.iv, number.to_bytes(12, "big")))
    sealed = gcm_seal(keys.key, nonce, plain, head)
    mask = Aes128(keys.mask).encrypt(sealed[:16])
    protected = bytes(a ^ b for a, b in zip(head[-4:], mask[1:5]))
    return bytes([head[0] ^ mask[0] & 0x0F]) + head[1:-4] + protected + sealed


def crypto(data, offset=0):
    """A CRYPTO frame at OFFSET of the stream."""
    return b"\x06" + varint(offset) + varint(len(data)) + data


def ack(number):
    """An ACK frame for one packet."""
    return b"\x02" + varint(number) + varint(81) + varint(0) + varint(0)


def token(prng):
    """A session token as the push gives it with the allocation: 120 bytes from 90 00 00 01 on."""
    return bytes.fromhex("90000001") + prng.bytes(116)


def client_hello(prng, session_token=None, identity=None):
    """Apple's hello to a relay: ALPN h3, no server name, a pre-shared key, whose identity is a byte of 0, a salt and the session token
    (or IDENTITY). Suites, extensions and groups give the JA3 a12903058233f724258127352b49aa26, the one of all captures of the
    RTC-Measurement-Project (2025)."""
    grease = [number * 0x1010 + 0x0A0A for number in (prng.between(0, 7), prng.between(8, 15))]
    group = prng.between(0, 15) * 0x1010 + 0x0A0A
    transport = [(14, varint(64)), (15, b""), (1, varint(30000, 4)), (4, varint(1 << 24, 4)), (5, varint(1 << 21, 4)),
                 (6, varint(1 << 21, 4)), (7, varint(1 << 21, 4)), (8, varint(8)), (9, varint(8))]
    share = tls.numbers(group, 1) + b"\0" + tls.numbers(29) + tls.vector(2, prng.bytes(32))
    session_token = session_token or token(prng.child("token"))
    salt = prng.bytes(133)[:12]
    identities = tls.vector(2, tls.vector(2, b"\0" + salt + session_token if identity is None else identity) + bytes(4))
    signatures = (0x0403, 0x0804, 0x0401, 0x0503, 0x0203, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201)
    extensions = [
        tls.extension(grease[0], b""), tls.extension(10, tls.vector(2, tls.numbers(group, 29, 23, 24, 25))), tls.alpn("h3"),
        tls.extension(5, b"\x01\0\0\0\0"), tls.extension(13, tls.vector(2, tls.numbers(*signatures))), tls.extension(18, b""),
        tls.extension(51, tls.vector(2, share)), tls.extension(45, b"\x01\x01"),
        tls.extension(43, tls.vector(1, tls.numbers(group, tls.TLS13))),
        tls.extension(57, b"".join(varint(key) + varint(len(value)) + value for key, value in transport)),
        tls.extension(27, b"\x02\0\x01"), tls.extension(grease[1], b"\0"),
        tls.extension(41, identities + tls.vector(2, tls.vector(1, prng.bytes(32)))),
    ]
    return tls.client_hello(prng, tls.TLS12, (grease[0], 0x1301, 0x1302, 0x1303), extensions)


def server_hello(prng):
    """The relay's answer: AES-128-GCM, the pre-shared key accepted."""
    share = tls.extension(51, tls.numbers(29) + tls.vector(2, prng.bytes(32)))
    return tls.server_hello(prng, tls.TLS12, 0x1301, [tls.extension(43, tls.numbers(tls.TLS13)), share, tls.extension(41, b"\0\0")])


class Connection:
    """One QUIC connection of the device (empty connection ID) to a relay (8 bytes)."""

    def __init__(self, lane, local, relay, session_token=None):
        """SESSION_TOKEN: of the allocation, one for all paths of a device."""
        self.lane, self.local, self.relay = lane, local, relay
        self.prng = lane.scene.seed(f"quic {local.address} {local.port} {relay.address} {relay.port}")
        self.relay_id = self.prng.bytes(8)
        self.token = session_token or token(self.prng.child("token"))

    def open(self):
        """The handshake: Initials, Handshake packets and the first short-header packets."""
        prng, lane = self.prng, self.lane
        first_id = prng.bytes(8)
        client, server = Keys(first_id, b"client in"), Keys(first_id, b"server in")
        self._send(initial(client, first_id, b"", 0, crypto(client_hello(prng, self.token)), 1200))
        lane.wait(2 * self.relay.host.delay)
        self._receive(initial(server, b"", self.relay_id, 0, crypto(server_hello(prng)) + ack(0), 1232))
        lane.wait(60)
        self._receive(self._handshake(b"", self.relay_id, 161))
        lane.wait(60)
        self.receive(80)
        lane.wait(90)
        self._send(initial(client, self.relay_id, b"", 1, ack(0), 1200))
        lane.wait(40)
        self._send(self._handshake(self.relay_id, b"", 64))
        for size in (54, 34, 33, 101, 727, 67, 68):
            lane.wait(45)
            self.send(size)
        lane.wait(2 * self.relay.host.delay)
        self._receive(self._handshake(b"", self.relay_id, 22))
        lane.wait(50)
        self.receive(144)
        lane.wait(70)
        self.send(34)
        lane.wait(2000)
        self.receive(240)
        lane.wait(70)
        self.send(34)

    def send(self, size):
        """A short-header packet of the device, SIZE bytes in all. The spin bit stays 0, so 60 never is the first byte."""
        self._send(bytes([0x40 | self.prng.number(8) & 0x1F]) + self.relay_id + self.prng.bytes(size - 9))

    def receive(self, size):
        """A short-header packet of the relay, SIZE bytes in all."""
        self._receive(bytes([0x40 | self.prng.number(8) & 0x1F]) + self.prng.bytes(size - 1))

    def _handshake(self, destination_id, source_id, length):
        head = bytes([0xE0 | self.prng.number(8) & 0x0F]) + struct.pack("!I", 1)
        head += tls.vector(1, destination_id) + tls.vector(1, source_id)
        return head + varint(length) + self.prng.bytes(length)

    def _send(self, data):
        self.lane.udp(self.local, self.relay, data, "quic")

    def _receive(self, data):
        self.lane.udp(self.relay, self.local, data, "quic")


class Pod:
    """A connection without handshake beside the one to the relay: media in DATAGRAM frames, or messages. AllocBind gives each side a
    connection ID of four bytes: its type (0 media, 1 messages), random bits, and bit 23."""

    # The sub-packet without its channel header (flags, participant, stream ID), the frame's type, the short header, a packet number, the tag
    OVERHEAD = 14 + 1 + 1 + 4 + 2 + 16

    def __init__(self, prng, local, relay, messages=False):
        self.local, self.relay, self.prng = local, relay, prng
        self.ids = {end: ((1 if messages else 0) << 28 | 0x800000 | prng.number(32) & 0x0F7FFFFF).to_bytes(4, "big") for end in (local, relay)}

    def packet(self, lane, from_device, size, kind="quic", phase=None):
        """SIZE bytes of RTP, or of a message, and what is around them."""
        near, far = (self.local, self.relay) if from_device else (self.relay, self.local)
        data = bytes([0x40 | self.prng.number(8) & 0x1F]) + self.ids[far] + self.prng.bytes(size + self.OVERHEAD - 5)
        lane.udp(near, far, data, kind, phase)
