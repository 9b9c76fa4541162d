"""AES-128 in counter mode with authentication (GCM), as much of it as a QUIC Initial needs."""


def _double(byte):
    byte <<= 1
    return byte ^ 0x11B if byte & 0x100 else byte


def _make_box():
    exponent, logarithm, value = [0] * 255, [0] * 256, 1
    for power in range(255):
        exponent[power], logarithm[value] = value, power
        value ^= _double(value)    # times 3, which generates the field
    box = []
    for byte in range(256):
        inverse = exponent[-logarithm[byte] % 255] if byte else 0
        spread = inverse * 0x101
        box.append((inverse ^ spread >> 4 ^ spread >> 5 ^ spread >> 6 ^ spread >> 7) & 0xFF ^ 0x63)
    return box


BOX = _make_box()


class Aes128:
    """The block cipher with one key."""

    def __init__(self, key):
        words = [key[i:i + 4] for i in range(0, 16, 4)]
        constant = 1
        for index in range(4, 44):
            word = words[-1]
            if index % 4 == 0:
                word = bytes([BOX[word[1]] ^ constant, BOX[word[2]], BOX[word[3]], BOX[word[0]]])
                constant = _double(constant)
            words.append(bytes(a ^ b for a, b in zip(words[index - 4], word)))
        self.round_keys = [b"".join(words[i:i + 4]) for i in range(0, 44, 4)]

    def encrypt(self, block):
        """One block of 16 bytes."""
        state = [a ^ b for a, b in zip(block, self.round_keys[0])]
        for number, key in enumerate(self.round_keys[1:], 1):
            state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
            if number < 10:
                mixed = []
                for column in range(0, 16, 4):
                    a = state[column:column + 4]
                    whole = a[0] ^ a[1] ^ a[2] ^ a[3]
                    mixed += [a[i] ^ whole ^ _double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
                state = mixed
            state = [a ^ b for a, b in zip(state, key)]
        return bytes(state)


def _times(x, y):
    """Multiplication in the field of GCM."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def gcm_seal(key, nonce, plain, extra):
    """PLAIN encrypted, with the 16-byte tag that also covers EXTRA."""
    cipher = Aes128(key)
    hash_key = int.from_bytes(cipher.encrypt(bytes(16)), "big")
    sealed = b""
    for index in range(0, len(plain), 16):
        stream = cipher.encrypt(nonce + (index // 16 + 2).to_bytes(4, "big"))
        sealed += bytes(a ^ b for a, b in zip(plain[index:index + 16], stream))
    blocks = extra + bytes(-len(extra) % 16) + sealed + bytes(-len(sealed) % 16)
    blocks += (len(extra) * 8).to_bytes(8, "big") + (len(sealed) * 8).to_bytes(8, "big")
    digest = 0
    for index in range(0, len(blocks), 16):
        digest = _times(digest ^ int.from_bytes(blocks[index:index + 16], "big"), hash_key)
    first = cipher.encrypt(nonce + b"\0\0\0\1")
    return sealed + bytes(a ^ b for a, b in zip(digest.to_bytes(16, "big"), first))
