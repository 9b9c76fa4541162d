"""TLS records and the parts of a handshake that travel in the clear; the rest are random bytes of the right size."""

import struct

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304


def record(kind, body, version=TLS12):
    """BODY in records of at most 16384 bytes."""
    out = b""
    for start in range(0, len(body), 16384):
        part = body[start:start + 16384]
        out += struct.pack("!BHH", kind, version, len(part)) + part
    return out


def handshake(kind, body):
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def vector(size, body):
    """BODY behind its length in SIZE bytes."""
    return len(body).to_bytes(size, "big") + body


def extension(kind, body):
    """One hello extension."""
    return struct.pack("!HH", kind, len(body)) + body


def server_name(host):
    """The extension that names the server."""
    return extension(0, vector(2, b"\0" + vector(2, host.encode())))


def alpn(*protocols):
    """The extension that offers application protocols."""
    return extension(16, vector(2, b"".join(vector(1, p.encode()) for p in protocols)))


def numbers(*values):
    """16-bit values in a row."""
    return struct.pack(f"!{len(values)}H", *values)


def client_hello(prng, version, suites, extensions=(), session=b""):
    """A ClientHello."""
    body = struct.pack("!H", version) + prng.bytes(32) + vector(1, session) + vector(2, numbers(*suites)) + b"\x01\x00"
    if extensions:
        body += vector(2, b"".join(extensions))
    return handshake(1, body)


def server_hello(prng, version, suite, extensions=(), session=b""):
    """A ServerHello."""
    body = struct.pack("!H", version) + prng.bytes(32) + vector(1, session) + numbers(suite) + b"\0"
    if extensions:
        body += vector(2, b"".join(extensions))
    return handshake(2, body)


def certificates(chain):
    """The Certificate message (TLS 1.0 to 1.2)."""
    return handshake(11, vector(3, b"".join(vector(3, certificate) for certificate in chain)))


SERVER_DONE = handshake(14, b"")
# A client of 2010: RSA key exchange, no elliptic curves
SUITES_2010 = (0x002F, 0x0005, 0x0004, 0x0035, 0x000A, 0x0009, 0x0003, 0x0008, 0x0006)
SUITES_2013 = (0x00FF, 0xC024, 0xC023, 0xC00A, 0xC009, 0xC028, 0xC027, 0xC014, 0xC013, 0x003D, 0x003C, 0x0035, 0x002F)
SUITES_2023 = (0x1301, 0x1302, 0x1303, 0xC02C, 0xC02B, 0xCCA9, 0xC030, 0xC02F, 0xCCA8)


class Session:
    """A TLS session on a TCP session; which handshake it makes depends on the era."""

    def __init__(self, tcp, prng):
        self.tcp, self.prng, self.version = tcp, prng, TLS12

    def open_2010(self, chain):
        """TLS 1.0 with RSA key exchange and no server name: the iPhone of 2010."""
        prng, self.version = self.prng, TLS10
        session = prng.bytes(32)
        self.tcp.from_client(record(HANDSHAKE, client_hello(prng, TLS10, SUITES_2010), TLS10))
        self.tcp.lane.wait(4000)
        self.tcp.from_server(record(HANDSHAKE, server_hello(prng, TLS10, 0x002F, session=session), TLS10)
                             + record(HANDSHAKE, certificates(chain), TLS10) + record(HANDSHAKE, SERVER_DONE, TLS10))
        self.tcp.lane.wait(35000)  # the phone checks the chain and makes its key
        self.tcp.from_client(record(HANDSHAKE, handshake(16, vector(2, prng.bytes(256))), TLS10)
                             + record(CHANGE_CIPHER, b"\x01", TLS10) + record(HANDSHAKE, prng.bytes(48), TLS10))
        self.tcp.lane.wait(6000)
        self.tcp.from_server(record(CHANGE_CIPHER, b"\x01", TLS10) + record(HANDSHAKE, prng.bytes(48), TLS10))
        self.tcp.lane.wait(2000)

    def open_2013(self, host, chain):
        """TLS 1.2 with a server name and elliptic-curve key exchange: the era of iOS 7."""
        prng = self.prng
        extensions = [server_name(host), extension(10, vector(2, numbers(23, 24, 25))), extension(11, b"\x01\x00"),
                      extension(13, vector(2, numbers(0x0401, 0x0201, 0x0501, 0x0601, 0x0403, 0x0203)))]
        self.tcp.from_client(record(HANDSHAKE, client_hello(prng, TLS12, SUITES_2013, extensions), TLS10))
        self.tcp.lane.wait(4000)
        point = vector(1, b"\x04" + prng.bytes(64))
        key_exchange = handshake(12, b"\x03" + numbers(23) + point + numbers(0x0401) + vector(2, prng.bytes(256)))
        hello = server_hello(prng, TLS12, 0xC014, [extension(0xFF01, b"\0"), extension(11, b"\x01\x00")], prng.bytes(32))
        self.tcp.from_server(record(HANDSHAKE, hello) + record(HANDSHAKE, certificates(chain))
                             + record(HANDSHAKE, key_exchange) + record(HANDSHAKE, SERVER_DONE))
        self.tcp.lane.wait(20000)
        self.tcp.from_client(record(HANDSHAKE, handshake(16, vector(1, b"\x04" + prng.bytes(64))))
                             + record(CHANGE_CIPHER, b"\x01") + record(HANDSHAKE, prng.bytes(64)))
        self.tcp.lane.wait(4000)
        self.tcp.from_server(record(CHANGE_CIPHER, b"\x01") + record(HANDSHAKE, prng.bytes(64)))
        self.tcp.lane.wait(2000)

    def open_2023(self, host, protocols=(), flight=3100):
        """TLS 1.3: the certificate travels encrypted, server name and application protocols in the clear."""
        prng = self.prng
        session = prng.bytes(32)
        extensions = [server_name(host), extension(23, b""), extension(0xFF01, b"\0"),
                      extension(10, vector(2, numbers(29, 23, 24, 25))), extension(11, b"\x01\x00")]
        if protocols:
            extensions.append(alpn(*protocols))
        extensions += [extension(13, vector(2, numbers(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))),
                       extension(51, vector(2, numbers(29) + vector(2, prng.bytes(32)))), extension(45, b"\x01\x01"),
                       extension(43, vector(1, numbers(TLS13, TLS12)))]
        self.tcp.from_client(record(HANDSHAKE, client_hello(prng, TLS12, SUITES_2023, extensions, session), TLS10))
        self.tcp.lane.wait(3000)
        answer = [extension(43, numbers(TLS13)), extension(51, numbers(29) + vector(2, prng.bytes(32)))]
        self.tcp.from_server(record(HANDSHAKE, server_hello(prng, TLS12, 0x1301, answer, session))
                             + record(CHANGE_CIPHER, b"\x01") + record(DATA, prng.bytes(flight)))
        self.tcp.lane.wait(5000)
        self.tcp.from_client(record(CHANGE_CIPHER, b"\x01") + record(DATA, prng.bytes(53)))
        self.tcp.lane.wait(2000)

    def on(self, lane):
        """Continue on another lane, usually one that starts later."""
        self.tcp.lane = lane
        return self

    def send(self, size):
        """The client sends SIZE bytes of (encrypted) application data."""
        self.tcp.from_client(record(DATA, self.prng.bytes(self._sealed(size)), self.version))

    def receive(self, size):
        """The server sends SIZE bytes of application data."""
        self.tcp.from_server(record(DATA, self.prng.bytes(self._sealed(size)), self.version))

    def close(self):
        """Both sides say goodbye."""
        kind = DATA if self.version == TLS13 else ALERT
        self.tcp.from_client(record(kind, self.prng.bytes(32), self.version))
        self.tcp.close()

    def _sealed(self, size):
        # AES-CBC of TLS 1.0: SHA-1 and padding fill up to whole blocks
        return (size + 20) // 16 * 16 + 16 if self.version == TLS10 else size + 16
