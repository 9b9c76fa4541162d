"""STUN messages (RFC 5389) and Apple's attributes. No FINGERPRINT; MESSAGE-INTEGRITY is last, its bytes are synthetic."""

import hashlib
import hmac
import struct

from . import net

COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_ANSWER, BINDING_ERROR = 0x0001, 0x0101, 0x0111
DATA_INDICATION = 0x0017
USERNAME, INTEGRITY, CHANNEL_NUMBER, DATA, XOR_MAPPED = 0x0006, 0x0008, 0x000C, 0x0013, 0x0020
CELLULAR_TECHNOLOGY, LINK_UUID, SOFTWARE, LINK_ATTRIBUTES, SOCKET_MASK = 0x8007, 0x8008, 0x8022, 0x8023, 0x8024


def attribute(kind, value):
    """One attribute with its padding."""
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def u32(number):
    """A 32-bit value."""
    return struct.pack("!I", number)


def xor_mapped(endpoint_address, port, transaction):
    """XOR-MAPPED-ADDRESS."""
    raw = net.packed(endpoint_address)
    mask = u32(COOKIE) + transaction
    family = 1 if len(raw) == 4 else 2
    value = bytes(a ^ b for a, b in zip(raw, mask))
    return attribute(XOR_MAPPED, struct.pack("!BBH", 0, family, port ^ COOKIE >> 16) + value)


def message(kind, transaction, attributes=b"", key=None):
    """A STUN message; KEY adds MESSAGE-INTEGRITY as the last attribute."""
    length = len(attributes) + (24 if key else 0)
    out = struct.pack("!HHI", kind, length, COOKIE) + transaction + attributes
    if key:
        out += attribute(INTEGRITY, hmac.new(key, out, hashlib.sha1).digest())
    return out


class AppleChecks:
    """Connectivity checks in Apple's dialect as in captures of the RTC-Measurement-Project (2025):
    request 8008 8007 0008, answer 0020 8023 8024 [8008] 0008."""

    def __init__(self, prng):
        self.prng, self.key = prng, prng.bytes(20)

    def request(self, transaction, link_uuid=None, technology=0):
        """A binding request; the called side leaves the link UUID out."""
        attributes = attribute(LINK_UUID, link_uuid) if link_uuid else b""
        return message(BINDING_REQUEST, transaction, attributes + attribute(CELLULAR_TECHNOLOGY, u32(technology)), self.key)

    def answer(self, transaction, address, port, link_uuid=None):
        """The answer with the address seen (and the link UUID when the request left it out)."""
        attributes = xor_mapped(address, port, transaction) + attribute(LINK_ATTRIBUTES, u32(1)) + attribute(SOCKET_MASK, u32(1))
        if link_uuid:
            attributes += attribute(LINK_UUID, link_uuid)
        return message(BINDING_ANSWER, transaction, attributes, self.key)

    def data_indication(self, transaction, channel, data):
        """A data indication (000c, 0013)."""
        return message(DATA_INDICATION, transaction, attribute(CHANNEL_NUMBER, struct.pack("!HH", channel, 0)) + attribute(DATA, data), self.key)
