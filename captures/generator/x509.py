"""X.509 certificates: well-formed DER with keys and signatures of random bytes. Nothing verifies, nothing is a copy."""


def tlv(tag, *parts):
    """One DER element."""
    body = b"".join(parts)
    length = len(body)
    if length < 128:
        return bytes([tag, length]) + body
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def oid(dotted):
    """An object identifier."""
    numbers = [int(n) for n in dotted.split(".")]
    body = bytes([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        groups = [number & 0x7F]
        while number > 0x7F:
            number >>= 7
            groups.append(number & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return tlv(0x06, body)


def integer(number):
    """A non-negative INTEGER."""
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


SEQUENCE, SET, NULL = 0x30, 0x31, tlv(0x05)
NAME_PARTS = {"C": ("2.5.4.6", 0x13), "O": ("2.5.4.10", 0x0C), "OU": ("2.5.4.11", 0x0C), "L": ("2.5.4.7", 0x0C),
              "ST": ("2.5.4.8", 0x0C), "CN": ("2.5.4.3", 0x0C)}


def distinguished_name(parts):
    """A name from (kind, text) pairs."""
    rows = []
    for kind, text in parts:
        dotted, string_tag = NAME_PARTS[kind]
        rows.append(tlv(SET, tlv(SEQUENCE, oid(dotted), tlv(string_tag, text.encode()))))
    return tlv(SEQUENCE, *rows)


def algorithm(dotted):
    """An algorithm identifier without parameters of interest."""
    return tlv(SEQUENCE, oid(dotted), NULL)


def extension(dotted, value, critical=False):
    """One certificate extension around the DER bytes VALUE."""
    flag = [tlv(0x01, b"\xff")] if critical else []
    return tlv(SEQUENCE, oid(dotted), *flag, tlv(0x04, value))


def certificate(prng, subject, issuer, not_before, not_after, authority=False, names=()):
    """A certificate. SUBJECT, ISSUER: (kind, text) pairs; times as YYMMDDHHMMSSZ; NAMES: DNS names of a server."""
    rsa_key = tlv(SEQUENCE, integer(prng.number(2048) | 1 << 2047 | 1), integer(65537))
    key = tlv(SEQUENCE, algorithm("1.2.840.113549.1.1.1"), tlv(0x03, b"\0", rsa_key))
    extensions = [extension("2.5.29.19", tlv(SEQUENCE, tlv(0x01, b"\xff")) if authority else tlv(SEQUENCE), authority),
                  extension("2.5.29.15", tlv(0x03, b"\x01\x06" if authority else b"\x05\xa0"), True),
                  extension("2.5.29.14", tlv(0x04, prng.bytes(20)))]
    if names:
        extensions.append(extension("2.5.29.37", tlv(SEQUENCE, oid("1.3.6.1.5.5.7.3.1"))))
        extensions.append(extension("2.5.29.17", tlv(SEQUENCE, *[tlv(0x82, name.encode()) for name in names])))
    signing = algorithm("1.2.840.113549.1.1.5")  # SHA-1 with RSA, as everywhere in 2010
    body = tlv(SEQUENCE, tlv(0xA0, integer(2)), integer(prng.number(64) >> 1), signing, distinguished_name(issuer),
               tlv(SEQUENCE, tlv(0x17, not_before.encode()), tlv(0x17, not_after.encode())),
               distinguished_name(subject), key, tlv(0xA3, tlv(SEQUENCE, *extensions)))
    return tlv(SEQUENCE, body, signing, tlv(0x03, b"\0", prng.bytes(256)))


ENTRUST_ROOT = [("O", "Entrust.net"), ("OU", "(c) 1999 Entrust.net Limited"), ("CN", "Entrust.net Certification Authority (2048)")]
ENTRUST_L1C = [("C", "US"), ("O", "Entrust, Inc."), ("OU", "(c) 2009 Entrust, Inc."),
               ("CN", "Entrust Certification Authority - L1C")]
APPLE = [("C", "US"), ("ST", "California"), ("L", "Cupertino"), ("O", "Apple Inc.")]


def apple_chain(prng, host, year=10):
    """A chain of two as Apple's servers of 2010 showed it: HOST, issued by Entrust (packetstan.com, July 2010, part 1)."""
    return [certificate(prng, APPLE + [("CN", host)], ENTRUST_L1C, f"{year - 1:02}1210000000Z", f"{year + 2:02}1210000000Z", names=[host]),
            certificate(prng, ENTRUST_L1C, ENTRUST_ROOT, "091210204343Z", "191210211343Z", authority=True)]
