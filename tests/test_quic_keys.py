"""QUIC to the relay with the keys of the connection: sub-packets of relay channel data in DATAGRAM frames, requests in STREAM frames."""

import hashlib

import pytest

from ftools import datagrams, handmade, pcap, pdml
from ftools.push import Packer
from ftools.relaydata import DEVICE, RELAY, rtp, sub_packet, u16

from generator import prng, quic  # noqa: E402
from generator.aes import Aes128, gcm_seal  # noqa: E402

assert datagrams, "it makes the generator known"
PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

FIRST_ID, RELAY_ID = bytes(range(8)), bytes(range(16, 24))
SECRETS = {name: hashlib.sha256(name.encode()).digest() for name in (
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")}
HELLO = quic.client_hello(prng.Prng("keys"))


def handshake():
    """Both Initials: from them the stock dissector has the random bytes and the cipher."""
    client, server = quic.Keys(FIRST_ID, b"client in"), quic.Keys(FIRST_ID, b"server in")
    return [(True, quic.initial(client, FIRST_ID, b"", 0, quic.crypto(HELLO), 1200)),
            (False, quic.initial(server, b"", RELAY_ID, 0, quic.crypto(quic.server_hello(prng.Prng("hello"))) + quic.ack(0), 1232))]


def packet(from_device, number, frames):
    """A short header whose contents are protected with the connection's keys (RFC 9001, 5)."""
    secret = SECRETS["CLIENT_TRAFFIC_SECRET_0" if from_device else "SERVER_TRAFFIC_SECRET_0"]
    key, iv, mask = (quic.expand(secret, label, size) for label, size in ((b"quic key", 16), (b"quic iv", 12), (b"quic hp", 16)))
    head = b"\x43" + (RELAY_ID if from_device else b"") + number.to_bytes(4, "big")
    sealed = gcm_seal(key, bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big"))), frames, head)
    hide = Aes128(mask).encrypt(sealed[:16])
    return bytes([head[0] ^ hide[0] & 0x1F]) + head[1:-4] + bytes(a ^ b for a, b in zip(head[-4:], hide[1:5])) + sealed


def datagram(data):
    """A DATAGRAM frame with its length (RFC 9221)."""
    return b"\x31" + quic.varint(len(data)) + data


MEDIA = sub_packet({0: u16(0x0777), 3: b"\x01"}, rtp(payload_type=100, ssrc=0x5EED0777), marks=(6,))
OTHER = b"\xff" * 60


def made(wireshark, *packets):
    """The capture of a connection with these packets, and the options that give its keys."""
    random = HELLO[6:38].hex()
    log = wireshark.write("keys.txt", "".join(f"{name} {random} {secret.hex()}\n" for name, secret in SECRETS.items()).encode())
    all_packets = [handmade.packet(*((DEVICE, RELAY) if from_device else (RELAY, DEVICE)), data, 20 * number)
                   for number, (from_device, data) in enumerate([*handshake(), *packets])]
    return wireshark.write("quic.pcap", pcap.write(all_packets, pcap.RAW_IP)), ("-o", f"tls.keylog_file:{log}")


def shown(wireshark, *packets, passes="-2", with_keys=True):
    capture, keys = made(wireshark, *packets)
    return pdml.packets(wireshark, capture, *PASSES[passes], *(keys if with_keys else ()))[2:]


@each_pass
def test_sub_packets(wireshark, passes):
    """Each DATAGRAM frame with their form is shown as channel data is; others are left as they are."""
    both, other, back = shown(wireshark, (True, packet(True, 5, datagram(MEDIA) + datagram(MEDIA))), (True, packet(True, 6, datagram(OTHER))),
                              (False, packet(False, 7, datagram(MEDIA))), passes=passes)
    assert both.values("quic.dg") and other.values("quic.dg"), "the stock dissector has the keys"
    assert len(both.values("facetime.relay.subpacket")) == 2 and both.values("rtp.ssrc") == ["0x5eed0777"] * 2
    assert other.values("facetime.relay.subpacket") == [] and back.values("facetime.relay.stream_id") == ["0x0777"]
    assert {one.value("facetime.kind") for one in (both, other, back)} == {"8"}


@each_pass
def test_filter(wireshark, passes):
    """A filter for what is inside finds the packet, without anybody looking at the tree."""
    capture, keys = made(wireshark, (True, packet(True, 5, datagram(MEDIA))), (True, packet(True, 6, datagram(OTHER))))
    assert wireshark.count(capture, "facetime.relay.stream_id == 0x0777", *PASSES[passes], *keys) == 1


def test_without_keys(wireshark):
    """The same packets are what they were: QUIC to the relay."""
    one, = shown(wireshark, (True, packet(True, 5, datagram(MEDIA))), with_keys=False)
    assert one.values("facetime.relay.subpacket") == one.values("quic.dg") == [] and one.value("facetime.kind") == "8"


@each_pass
def test_keys_change_no_call(wireshark, passes):
    """What the keys show is shown only: call, state and phase are the same with them and without."""
    packets = [(True, packet(True, number, datagram(MEDIA))) for number in range(5, 25)]
    names = ("facetime.call", "facetime.call.phase", "facetime.call.state", "facetime.direction")
    with_keys, without = (shown(wireshark, *packets, passes=passes, with_keys=keys) for keys in (True, False))
    assert [[one.values(name) for name in names] for one in with_keys] == [[one.values(name) for name in names] for one in without]


def test_any_contents(wireshark):
    """Frames cut at each byte, and of no form: nothing is malformed by the plugin."""
    cut = [(True, packet(True, 5 + length, datagram(MEDIA[:length]))) for length in range(1, len(MEDIA))]
    for one in shown(wireshark, *cut):
        assert one.values("_ws.malformed") == []


# ---- Requests --------------------------------------------------------------------------------------

# RFC 7541, appendix B, as far as the codes have eight bits at most: length, first code, characters.
CODES = {character: (first + place, bits) for bits, first, characters in (
    (5, 0x00, "012aceiost"), (6, 0x14, " %-./3456789=A_bdfghlmnpru"), (7, 0x5C, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"), (8, 0xF8, "&*,;XZ"))
    for place, character in enumerate(characters)}
METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")


def huffman(text):
    """The text as Huffman's code has it."""
    bits = "".join(f"{CODES[one][0]:0{CODES[one][1]}b}" for one in text)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits), 8))


def text(value, packed=True, bits=7, flags=0):
    """A text with its length."""
    data = huffman(value) if packed else value.encode()
    return Packer.number(bits, len(data), flags | packed << bits) + data


def headers(*lines, begin=b"\0\0"):
    """A HEADERS frame."""
    section = begin + b"".join(lines)
    return b"\1" + quic.varint(len(section)) + section


def method(name):
    return Packer.number(6, 15 + METHODS.index(name), 0xC0)


def request(name, path, packed=True, never=False):
    """A request as a client of today writes it: indices of the static table, texts of its own."""
    return headers(method(name), Packer.number(6, 23, 0xC0), b"\x50" + text("a.example", packed), Packer.number(4, 1, 0x70 if never else 0x50) + text(path, packed),
                   text("x-own-name", packed, 3, 0x20) + text("some value, 1", packed))


def stream(data, identifier=0):
    """A STREAM frame with its length (RFC 9000, 19.8)."""
    return b"\x0a" + quic.varint(identifier) + quic.varint(len(data)) + data


@pytest.mark.parametrize("value, code", [
    ("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"), ("no-cache", "a8eb10649cbf"), ("custom-key", "25a849e95ba97d7f"), ("custom-value", "25a849e95bb8e8b4bf"),
    ("https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"), ("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff")])
def test_the_code_of_the_tests(value, code):
    """Examples of RFC 7541, appendix C."""
    assert huffman(value).hex() == code


REQUESTS = [("PUT", "/QR/AllocBind"), ("PUT", "/QR/Material"), ("PUT", "/QR/SessionInfo"), ("PUT", "/QR/UnAllocBind"), ("GET", "/QR/Indications"),
            ("PUT", "/QR/CallModeUpdate"), ("POST", "/other")]


@each_pass
@pytest.mark.parametrize("packed", [True, False], ids=["Huffman", "plain"])
def test_requests(wireshark, passes, packed):
    """Method and path of each, and what is known of it; found by a filter."""
    capture, keys = made(wireshark, *((True, packet(True, 5 + number, stream(request(*one, packed, number % 2 == 1), 4 * number)))
                                      for number, one in enumerate(REQUESTS)))
    rows = pdml.packets(wireshark, capture, *PASSES[passes], *keys)[2:]
    assert [(row.lines("facetime.quic.request"), row.value("facetime.quic.request")) for row in rows] == [([" ".join(one)], one[1]) for one in REQUESTS]
    assert [bool(row.values("facetime.quic.request.meaning")) for row in rows] == [True] * 6 + [False]
    assert wireshark.count(capture, 'facetime.quic.request == "/QR/Material"', *PASSES[passes], *keys) == 1


NO_REQUESTS = {
    "an answer": headers(Packer.number(6, 25, 0xC0), b"\x54" + text("12", False)),
    "settings": b"\x00\x04\x04\x01\x00\x07\x00",
    "a body": b"\x00\x10" + bytes(16),
    "no path": headers(method("PUT"), Packer.number(6, 23, 0xC0)),
    "no method": headers(b"\x51" + text("/QR/AllocBind")),
    "a path of the dynamic table": headers(method("PUT"), b"\x41" + text("/QR/AllocBind"), begin=b"\2\0"),
    "a path that is none": headers(method("PUT"), b"\x51" + text("QR")),
    "a path of other characters": headers(method("PUT"), b"\x51" + Packer.number(7, 4, 0x80) + b"\xff\xff\xff\xff"),
    "a path that is too long": headers(method("PUT"), b"\x51" + text("/" + 200 * "a", False)),
    "a text behind its end": headers(method("PUT"), b"\x51" + text("/QR"), b"\x50\x7f"),
    "a number without end": headers(method("PUT"), b"\x51" + text("/QR"), b"\xff\x80\x80\x80\x80\x80\x80"),
    "a frame that is longer": request("PUT", "/QR/AllocBind")[:1] + quic.varint(2000) + request("PUT", "/QR/AllocBind")[2:],
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_no_request(wireshark, name):
    row, = shown(wireshark, (True, packet(True, 5, stream(NO_REQUESTS[name]))))
    assert row.values("facetime.quic.request") == [] and row.values("_ws.malformed") == [] and row.values("quic.stream_data")


def test_request_cut_anywhere(wireshark):
    """The first part of a request whose rest is in another packet has no name; nothing is malformed by it."""
    whole = request("PUT", "/QR/AllocBind")
    for row in shown(wireshark, *((True, packet(True, 5 + size, stream(whole[:size], 4 * size))) for size in range(1, len(whole)))):
        assert row.values("facetime.quic.request") == [] and row.values("_ws.malformed") == []


def test_lines_of_the_dynamic_table(wireshark):
    """What refers to it is passed over: the path is a text of its own."""
    row, = shown(wireshark, (True, packet(True, 5, stream(headers(method("GET"), b"\x85", b"\x13", b"\x02" + text("a"), b"\x42" + text("b"), b"\x51" + text("/QR/Indications"),
                                                                  begin=b"\4\x81")))))
    assert row.value("facetime.quic.request") == "/QR/Indications"


def test_path_that_is_no_text(wireshark):
    """Control characters are pictures."""
    row, = shown(wireshark, (True, packet(True, 5, stream(headers(method("PUT"), b"\x51\x04/a\x07b")))))
    assert row.value("facetime.quic.request") == "/a␇b"
