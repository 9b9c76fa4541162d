"""A small deflate encoder: LZ77 with fixed Huffman codes (RFC 1951) in the zlib format (RFC 1950).

Python's own zlib gives different bytes with different builds of the library; the captures must not.
"""

import zlib

LENGTHS = [(3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2), (23, 2),
           (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5),
           (195, 5), (227, 5), (258, 0)]
DISTANCES = [(1, 0), (2, 0), (3, 0), (4, 0)] + [(2 ** (n + 1) + half * 2 ** n + 1, n) for n in range(1, 14) for half in (0, 1)]


class Bits:
    """Bits packed from the lowest up."""

    def __init__(self):
        self.value, self.length = 0, 0

    def plain(self, number, count):
        """COUNT bits, lowest first."""
        self.value |= number << self.length
        self.length += count

    def code(self, number, count):
        """A Huffman code: highest bit first."""
        self.plain(int(f"{number:0{count}b}"[::-1], 2), count)

    def bytes(self):
        """All bits, filled up to a byte."""
        return self.value.to_bytes((self.length + 7) // 8, "little")


def _symbol(bits, symbol):
    if symbol < 144:
        bits.code(0x30 + symbol, 8)
    elif symbol < 256:
        bits.code(0x190 + symbol - 144, 9)
    elif symbol < 280:
        bits.code(symbol - 256, 7)
    else:
        bits.code(0xC0 + symbol - 280, 8)


def _entry(table, number):
    for index in range(len(table) - 1, -1, -1):
        if table[index][0] <= number:
            return index, number - table[index][0], table[index][1]
    raise ValueError(number)


def deflate(data):
    """DATA compressed, in the zlib format (what HTTP and SIP call "deflate")."""
    bits = Bits()
    bits.plain(1, 1)               # the last block
    bits.plain(1, 2)               # fixed codes
    seen = {}
    at = 0
    while at < len(data):
        key = data[at:at + 3]
        before = seen.get(key) if len(key) == 3 else None
        length = 0
        if before is not None and at - before <= 32768:
            while length < 258 and at + length < len(data) and data[before + length] == data[at + length]:
                length += 1
        step = length if length >= 3 else 1
        if step > 1:
            index, extra, width = _entry(LENGTHS, length)
            _symbol(bits, 257 + index)
            bits.plain(extra, width)
            index, extra, width = _entry(DISTANCES, at - before)
            bits.code(index, 5)
            bits.plain(extra, width)
        else:
            _symbol(bits, data[at])
        for position in range(at, at + step):
            seen[data[position:position + 3]] = position
        at += step
    _symbol(bits, 256)
    return b"\x78\x9c" + bits.bytes() + zlib.adler32(data).to_bytes(4, "big")
