"""Text from the network is valid UTF-8 without control characters, wherever it comes out: fields, columns, tables, JSON."""

import json
import re

import pytest

from ftools import datagrams, handmade, paths, pcap, push
from test_hosts import query
from test_limits import SIGN, DEVICE, PEER, hello, tcp

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
# An escape sequence that clears a terminal, one in Latin-1, what turns a line around, and bytes that are no UTF-8.
EVIL = b"\x1b[2J\xc2\x9b2J\xe2\x80\xae\xff\xfe\x01\x7f"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]")
FIELDS = ("facetime.host.name", "facetime.call.from", "facetime.call.to", "facetime.sip.from", "facetime.sip.to", "facetime.sip.contact", "facetime.sip.call_id",
          "facetime.sip.user_agent", "facetime.sip.viceroy", "facetime.sip.body", "facetime.bplist.string", "facetime.bplist.key", "apns.carrier", "apns.host")


def invite():
    """An INVITE with such bytes in each text."""
    text = datagrams.sip(body=b"EVIL").replace(b"Content-Length: 4", b"Contact: <sip:EVIL@192.168.1.90:16402>\r\nContent-Type: text/plain\r\nContent-Length: 10")
    text = text.replace(b"+12025550134", b"AliceEVIL").replace(b"<sip:user@198.51.100.90:16402>\r\nCall-ID: ", b"\"BobEVIL\" <sip:user@198.51.100.90:16402>\r\nCall-ID: EVIL")
    return text.replace(b"Viceroy 1.4.1/GK", b"Viceroy 1.4.1/GKEVIL").replace(b"\r\n\r\nEVIL", b"\r\n\r\nbody\r\n\x1b[2J").replace(b"EVIL", EVIL)


@pytest.fixture(scope="module")
def capture(wireshark):
    """All that carries a text: DNS, TLS, HTTP, SIP, a property list, a frame of the push."""
    name = b"\x1b[2J\xff.ess.apple.com"
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b"."))
    dns = query("a.b")[:12] + labels + b"\0\0\1\0\1"
    plist = push.plist({"key": "valueXX"}).replace(b"valueXX", b"va\x1b[2J\x07")
    frames = push.frame(7, (8, EVIL)) + push.frame(10, (3, push.plist({"sP": "mailto:XXXX"}).replace(b"XXXX", b"\x1b[2J")))
    packets = [handmade.packet(("192.168.1.90", 50053), ("192.168.1.1", 53), dns),
               *tcp(push.tcp_packets([(True, hello(600, name))], 443, addresses=("192.168.1.90", "203.0.113.9")), 10),
               *tcp(push.tcp_packets([(True, b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n\r\n")], 80, addresses=("192.168.1.90", "203.0.113.8")), 30),
               *tcp(push.tcp_packets([(True, frames)], 5224, addresses=("192.168.1.90", "17.57.144.1")), 50),
               handmade.packet(("192.168.1.90", 16402), ("198.51.100.90", 16402), invite(), 100),
               handmade.packet(DEVICE, PEER, SIGN, 110),
               handmade.packet(("192.168.1.90", 16393), ("17.249.172.90", 3482),
                               datagrams.relay(datagrams.RELAY_TO_ANYONE + datagrams.link_message(6, (22, plist), (1, datagrams.u16(3)))), 120)]
    return wireshark.write("text.pcap", pcap.write(packets, pcap.RAW_IP))


def out(wireshark, capture, *args):
    """What tshark writes, which must be UTF-8 of one line each without control characters; bytes that are no UTF-8 fail here."""
    done = wireshark.run("tshark", "-n", "-r", wireshark.stage(capture), "-d", "tcp.port==5224,apns", *args, errors="surrogateescape").ok().out
    text = done.encode("utf-8", "surrogateescape").decode("utf-8")
    assert not CONTROL.search(text.replace("\r\n", "\n")), CONTROL.search(text)
    return text


@each_pass
def test_fields(wireshark, capture, passes):
    """Each of the fields is there, and its readable part is."""
    for field in FIELDS:
        lines = out(wireshark, capture, *PASSES[passes], "-T", "fields", "-e", field).split("\n")
        if field not in ("facetime.bplist.key", "apns.host"):
            assert any("\u241b[2J" in line or "\ufffd" in line for line in lines), field


@each_pass
def test_json(wireshark, capture, passes):
    """Only the plugin's own: what Wireshark's dissectors show is theirs."""
    fields = [word for field in FIELDS for word in ("-e", field)]
    assert len(json.loads(out(wireshark, capture, *PASSES[passes], "-T", "json", *fields))) > 10


def test_tables(wireshark, capture):
    text = out(wireshark, capture, "-q", *(word for name in ("calls", "nodes", "timeline", "exposure", "streams") for word in ("-z", f"facetime,{name}")))
    assert "ess.apple.com" in text and "Alice" in text


def test_only_one_way():
    """No string is taken from the network by another function. Names of the plugin's own may be copied."""
    for path in [*paths.ROOT.glob("*.c"), *(paths.ROOT / "plugin").rglob("*.c")]:
        text = path.read_text()
        taken = re.findall(r"tvb_get_string\w*|tvb_get_stringz\w*|tvb_format_text\w*", text)
        assert len(taken) <= (path.name == "bplist.c"), path
        assert not re.search(r"proto_tree_add_item\([^;]*ENC_UTF_8", text), path


def test_length_is_the_bytes(wireshark):
    """A text that was changed covers the bytes that it was."""
    packet = handmade.packet(("192.168.1.90", 16402), ("198.51.100.90", 16402), invite())
    row, = wireshark.fields(handmade.capture(wireshark, [packet]), ("facetime.sip.from",))
    assert row["facetime.sip.from"][0].startswith("Alice\u241b[2J\ufffd2J\ufffd\ufffd\ufffd\u2401\u2421")
