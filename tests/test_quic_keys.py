"""QUIC to the relay with the keys of the connection: sub-packets of relay channel data in DATAGRAM frames."""

import hashlib

import pytest

from ftools import datagrams, handmade, pcap, pdml
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
