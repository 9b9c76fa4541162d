"""Push sessions for tests: frames of the push protocol, and real TLS sessions on loopback whose bytes a relay writes down."""

import contextlib
import dataclasses
import plistlib
import select
import socket
import ssl
import struct
import subprocess
import threading

from . import pcap

START = 1700000000 * 1000000
DEVICE, SERVER = "192.0.2.10", "198.51.100.5"


# ---- Frames --------------------------------------------------------------------------------------


def item(number, value):
    """One item of a frame."""
    return struct.pack("!BH", number, len(value)) + value


def frame(command, *items):
    """A frame with (number, value) pairs."""
    body = b"".join(item(*pair) for pair in items)
    return struct.pack("!BI", command, len(body)) + body


def plist(value):
    """A binary property list."""
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY)


# ---- The packed form --------------------------------------------------------------------------------


class Packer:
    """Writes the packed form, with the tables of one side; SIZE: bytes of its table of values."""

    def __init__(self, size=4096):
        self.keys, self.values, self.size = [], [], size

    @staticmethod
    def number(width, value, flags=0):
        """A number with a prefix of WIDTH bits, flags above them (RFC 7541, 5.1)."""
        most = (1 << width) - 1
        if value < most:
            return bytes([value | flags])
        out, value = bytes([most | flags]), value - most
        while True:
            out += bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
            value >>= 7
            if not value:
                return out

    def value(self, value):
        if isinstance(value, dict):
            return self.number(4, len(value), 0xC0) + b"".join(self.pair(key, one) for key, one in value.items())
        if isinstance(value, list):
            return self.number(4, len(value), 0xD0) + b"".join(map(self.value, value))
        if isinstance(value, bytes):
            return self.number(6, len(value)) + value
        if isinstance(value, str):
            return self.number(5, len(value.encode()), 0x40) + value.encode()
        if isinstance(value, bool):
            return bytes([0xE0 | value])
        if value < 0:
            size = (-value).to_bytes((value.bit_length() + 7) // 8, "big")
            return bytes([0xA8 | len(size) - 1]) + size
        if value <= 0x1F:
            return bytes([0x80 | value])
        size = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return bytes([0xA0 | len(size) - 1]) + size

    # Keys of a dictionary whose values enter the table
    KEPT = ("sT", "tP", "ua", "t", "sP", "E", "H", "cT", "sI")

    def keep(self, value):
        """Flags of a value that may be in the table, and how it is sent; it enters the table."""
        coded = self.value(value)
        if coded in self.values:
            return 0x80, self.number(8, len(self.values) - 1 - self.values.index(coded))
        if len(coded) <= self.size - 32:
            self.values.append(coded)
            while sum(len(one) + 32 for one in self.values) > self.size:
                del self.values[0]
            return 0x40, coded
        return 0, coded

    def key(self, key, flags):
        if key in self.keys:
            return bytes([0x20 | flags | len(self.keys) - 1 - self.keys.index(key)])
        self.keys = [*self.keys, key][-32:]
        return self.number(4, len(key) - 1, 0x10 | flags) + key

    def pair(self, key, value):
        """A pair of a dictionary. The key is read, and enters its table, before the value."""
        known = key.encode() in self.keys
        kept = key in self.KEPT and isinstance(value, (bytes, str))
        if kept:
            flags, coded = self.keep(value)
            return self.key(key.encode(), flags) + coded
        head = self.key(key.encode(), 0)
        assert known or head[0] & 0x10
        return head + self.value(value)

    def item(self, number, value, kept=False):
        flags, coded = self.keep(value) if kept else (0, None)
        head = bytes([number | flags]) if number < 0x10 else self.key(bytes([number]), flags)
        return head + (self.value(value) if coded is None else coded)

    def frame(self, command, *items):
        body = b"".join(self.item(*one) for one in items)
        return bytes([command]) + self.number(8, len(body)) + body


# ---- Captures ------------------------------------------------------------------------------------


def _checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_packets(chunks, port=5223, segment=1400, addresses=(DEVICE, SERVER), own_port=49200, sequences=(1000, 5000)):
    """The packets of a TCP session; CHUNKS are (from the client, bytes). SEQUENCES: the first number of client and server."""
    device, server = map(socket.inet_aton, addresses)
    sequence, packets = {True: sequences[0], False: sequences[1]}, []

    def add(from_client, flags, data=b""):
        source, target = (device, server) if from_client else (server, device)
        ports = (own_port, port) if from_client else (port, own_port)
        acknowledged = sequence[not from_client] if flags & 0x10 else 0
        head = struct.pack("!HHIIBBHHH", *ports, sequence[from_client], acknowledged, 0x50, flags, 65535, 0, 0)
        pseudo = source + target + struct.pack("!BBH", 0, 6, len(head) + len(data))
        head = head[:16] + struct.pack("!H", _checksum(pseudo + head + data)) + head[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(data), len(packets), 0x4000, 64, 6, 0, source, target)
        ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        packet = ip + head + data
        packets.append(pcap.Packet(START + 1000 * len(packets), packet, len(packet)))
        sequence[from_client] = sequence[from_client] + len(data) + (1 if flags & 3 else 0) & 0xFFFFFFFF

    add(True, 0x02)
    add(False, 0x12)
    add(True, 0x10)
    for from_client, data in chunks:
        for at in range(0, len(data), segment):
            add(from_client, 0x18, data[at:at + segment])
        add(not from_client, 0x10)
    return packets


def capture(wireshark, name, chunks, **more):
    """A capture file of a TCP session that the programs may read."""
    return wireshark.write(name, pcap.write(tcp_packets(chunks, **more), pcap.RAW_IP))


# ---- A real TLS session ----------------------------------------------------------------------------


def certificate(folder, name, alternative=None):
    """A key and a certificate that OpenSSL makes for NAME."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    extra = ["-addext", f"subjectAltName=DNS:{alternative}"] if alternative else []
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/C=US/O=Example/CN={name}", *extra,
                    "-out", files[0], "-keyout", files[1]], check=True, capture_output=True, timeout=60)
    return files


@dataclasses.dataclass
class Session:
    """What a relay saw of a TLS session, and its keys."""

    chunks: list
    keys: str


def _relay(client, server, chunks):
    """Passes bytes on between two sockets until both have ended, and keeps them with their direction."""
    ends = {client: server, server: client}
    while ends:
        for near in select.select(list(ends), [], [], 20)[0]:
            data = near.recv(65536)
            if data:
                chunks.append((near is client, data))
                ends[near].sendall(data)
                continue
            with contextlib.suppress(OSError):
                ends[near].shutdown(socket.SHUT_WR)
            del ends[near]
            if not ends:
                break


def tls_session(folder, files, script, version=ssl.TLSVersion.TLSv1_2, server_name="3-courier.push.apple.com", protocols=()):
    """A client and a server of OpenSSL on loopback say SCRIPT, (from the client, bytes) pairs in turn, through a relay."""
    keys = folder / "keys.txt"
    keys.write_text("")
    theirs, mine = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.load_cert_chain(*files)
    mine.check_hostname, mine.verify_mode = False, ssl.CERT_NONE
    mine.keylog_filename = str(keys)
    for context in (theirs, mine):
        context.minimum_version = context.maximum_version = version
        if protocols:
            context.set_alpn_protocols(list(protocols))
    listener, front = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    chunks, failed = [], []

    def read(connection, size):
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            assert part, "the session ended early"
            data += part

    def play(connection, client):
        for from_client, data in script:
            if from_client == client:
                connection.sendall(data)
            else:
                read(connection, len(data))

    def guard(job):
        def run():
            try:
                job()
            except Exception as error:  # shown by the main thread
                failed.append(error)
        return threading.Thread(target=run, daemon=True)

    def serve():
        with theirs.wrap_socket(listener.accept()[0], server_side=True) as connection:
            play(connection, False)

    def pass_on():
        with front.accept()[0] as client, socket.create_connection(listener.getsockname()) as server:
            _relay(client, server, chunks)

    threads = [guard(serve), guard(pass_on)]
    for thread in threads:
        thread.start()
    raw = socket.create_connection(front.getsockname(), timeout=20)
    with mine.wrap_socket(raw, server_hostname=server_name) as connection:
        play(connection, True)
    for thread in threads:
        thread.join(20)
    listener.close()
    front.close()
    assert failed == []
    return Session(chunks, keys.read_text())
