"""Repeatable "random" bytes: SHA-256 in counter mode, so no Python version can change them."""

import hashlib


class Prng:
    """A stream of bytes that depends on nothing but its seed text."""

    def __init__(self, seed):
        self._seed = seed
        self._counter = 0
        self._buffer = b""

    def bytes(self, count):
        """The next COUNT bytes of the stream."""
        parts = [self._buffer]
        have = len(self._buffer)
        while have < count:
            block = hashlib.sha256(f"{self._seed}/{self._counter}".encode()).digest()
            self._counter += 1
            parts.append(block)
            have += len(block)
        data = b"".join(parts)
        self._buffer = data[count:]
        return data[:count]

    def number(self, bits):
        """A number of BITS bits (a multiple of 8)."""
        return int.from_bytes(self.bytes(bits // 8), "big")

    def between(self, low, high):
        """A whole number from LOW to HIGH, both included (the tiny bias of the modulus is harmless here)."""
        return low + self.number(32) % (high - low + 1)

    def chance(self, one_in):
        """True once in ONE_IN draws."""
        return self.number(32) % one_in == 0

    def choice(self, items):
        """One of ITEMS."""
        return items[self.number(32) % len(items)]

    def uuid(self):
        """A UUID of version 4 in its 16-byte form."""
        raw = bytearray(self.bytes(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        return bytes(raw)

    def child(self, name):
        """An independent stream: adding draws to one part of a scene leaves the other parts as they were."""
        return Prng(f"{self._seed}/{name}")
