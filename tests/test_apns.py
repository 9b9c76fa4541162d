"""Push: recognised by certificate, server name or application protocol, and taken apart where the keys are known."""

import datetime
import hashlib
import plistlib
import shutil
import ssl
import struct

import pytest

from ftools import paths, pcap, push
from ftools.push import Packer

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

PASSES = {"pass 1": (), "-2": ("-2",)}
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

TOKEN = bytes(range(32))
NANOSECONDS = 1700000000123456789


def sha1(name):
    """The form in which a topic travels."""
    return hashlib.sha1(name.encode()).digest()


MULTI = sha1("com.apple.private.alloy.facetime.multi")
RELAY = sha1("com.apple.private.alloy.quickrelay")
ESS = sha1("com.apple.ess")
MADRID = sha1("com.apple.madrid")

INVITATION = push.plist({"c": 232, "i": 1234, "U": bytes(16), "E": "pair", "v": 8, "sP": "mailto:alice@example.com", "tP": "tel:+12025550171",
                         "ua": "[Example]", "t": TOKEN, "P": b"x" * 21000})
ALLOCATION = push.plist({"U": bytes(range(16)), "qids": bytes(range(16, 32)), "qgid": "11111111-2222-3333-4444-555555555555",
                         "qrip": bytes([192, 0, 2, 99]), "qrp": 3489, "qrst": b"token", "qrsk": b"key", "qri": 42,
                         "qal": [{"qri": 43, "tP": "tel:+12025550171", "t": TOKEN}], "when": True})


def connect(certificate):
    nonce = b"\0" + struct.pack("!Q", 1700000000500) + b"rand-rnd"
    return push.frame(7, (1, TOKEN), (2, b"\1"), (5, bytes.fromhex("00008242")), (6, b"\1"), (8, b"WiFi"), (9, b"17.1"), (10, b"21B74"),
                      (11, b"iPhone15,2"), (12, certificate), (13, nonce), (14, b"\1\1" + bytes(256)), (16, struct.pack("!H", 12)))


def script(certificate):
    """A session with FaceTime in it: (from the device, bytes)."""
    return [
        (True, connect(certificate)),
        (False, push.frame(8, (1, b"\0"), (3, TOKEN), (4, b"\x10\0"), (5, b"\0\2"), (6, b"\0\0\0\5"), (8, b"\x40\0"), (10, struct.pack("!Q", 1)))),
        (True, push.frame(9, (1, TOKEN), (2, MULTI), (2, ESS), (2, RELAY), (3, MADRID)) + push.frame(20, (1, b"\1"), (2, b"\x7f\xff\xff\xff"))),
        (False, push.frame(10, (4, b"\0\0\0\7"), (1, TOKEN), (2, MULTI), (3, INVITATION), (5, struct.pack("!I", 1700003600)),
                           (6, struct.pack("!Q", NANOSECONDS)), (7, b"\0"), (13, b"\n"))),
        (True, push.frame(11, (1, TOKEN), (4, b"\0\0\0\7"), (8, b"\0"))),
        (True, push.frame(10, (4, b"\0\0\0\x63"), (1, RELAY), (2, TOKEN), (3, b"{\"a\": 1}"))),
        (False, push.frame(11, (4, b"\0\0\0\x63"), (8, b"\2"))),
        (False, push.frame(10, (4, b"\0\0\0\x08"), (1, TOKEN), (2, RELAY), (3, ALLOCATION)) + push.frame(14, (1, TOKEN))),
        (True, push.frame(12, (1, b"WiFi"), (5, b"30"))),
        (False, push.frame(13, (1, b"\0"))),
    ]


COMMANDS = [7, 8, 9, 20, 10, 11, 10, 11, 10, 14, 12, 13]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Certificate and key of a courier."""
    return push.certificate(tmp_path_factory.mktemp("certificate"), "courier.push.apple.com", "*.push.apple.com")


@pytest.fixture(scope="module")
def der(files):
    return ssl.PEM_cert_to_DER_cert(files[0].read_text())


@pytest.fixture(scope="module")
def session(wireshark, files, der, tmp_path_factory):
    """session(version, protocols, name): the capture of a real session, and the option that gives tshark its keys."""
    made = {}

    def make(version, protocols=(), server_name="3-courier.push.apple.com", port=5223):
        key = (version, protocols, server_name, port)
        if key not in made:
            seen = push.tls_session(tmp_path_factory.mktemp("session"), files, script(der), version, server_name, protocols)
            keys = wireshark.write("keys.txt", seen.keys.encode())
            made[key] = push.capture(wireshark, "push.pcap", seen.chunks, port=port), ("-o", f"tls.keylog_file:{keys}")
        return made[key]

    return make


def column(rows, name):
    """All values of a field, in the order of the capture."""
    return [value for row in rows for value in row[name]]


# ---- Without keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version, protocols, name, port, evidence", [
    (TLS12, (), None, 5223, {"0"}),                                    # certificate
    (TLS12, (), "3-courier.push.apple.com", 443, {"0", "1"}),          # and server name
    (TLS13, (), "3-courier.push.apple.com", 5223, {"1"}),              # TLS 1.3 hides the certificate
    (TLS13, ("apns-security-v3",), None, 443, {"2"}),                  # application protocol alone
    (TLS12, ("apns-security-v3",), None, 9999, {"0", "2"}),            # on any port
])
def test_recognised(wireshark, session, version, protocols, name, port, evidence):
    """Every packet of the session is push and says why."""
    capture, _ = session(version, protocols, name, port)
    rows = wireshark.fields(capture, ("frame.number", "frame.protocols", "apns", "apns.evidence", "apns.command"), "-2")
    assert [row["frame.number"] for row in rows if not row["apns"]] == []
    assert {frozenset(row["apns.evidence"]) for row in rows} == {frozenset(evidence)}
    assert column(rows, "apns.command") == []


def test_recognised_on_pass_1(wireshark, session):
    """From the packet that shows it: the ClientHello."""
    capture, _ = session(TLS13)
    rows = wireshark.fields(capture, ("apns.evidence", "tls.handshake.extensions_server_name"))
    hello = next(i for i, row in enumerate(rows) if row["tls.handshake.extensions_server_name"])
    assert [i for i, row in enumerate(rows) if not row["apns.evidence"]] == list(range(hello))


def test_recognised_in_the_window(wireshark, session):
    capture, _ = session(TLS13)
    frames = wireshark.sharkd(capture, ("frames", {"filter": "apns"}), ("frames", None))
    assert len(frames[0]) == len(frames[1])


def test_not_by_port(wireshark, session, tmp_path):
    """TLS 1.3 without a name to port 5223 of somebody: nothing says push."""
    capture, _ = session(TLS13, (), None)
    assert wireshark.count(capture, "apns", "-2") == 0
    other = push.certificate(tmp_path, "www.example.com")
    seen = push.tls_session(tmp_path, other, [(True, b"hello"), (False, b"world")], TLS12, "www.example.com")
    assert wireshark.count(push.capture(wireshark, "other.pcap", seen.chunks), "apns", "-2") == 0


@pytest.mark.parametrize("name", paths.SAMPLES)
def test_samples(wireshark, name):
    """The push of the samples: all of TCP 5223, nothing else; no frames, as the bytes are random."""
    rows = wireshark.fields(paths.sample(name), ("apns", "tcp.port", "apns.command"), "-2")
    assert [row for row in rows if bool(row["apns"]) != ("5223" in row["tcp.port"])] == []
    assert column(rows, "apns.command") == []


# ---- With a key log -------------------------------------------------------------------------------

SESSIONS = [(TLS12, ()), (TLS13, ()), (TLS12, ("apns-security-v3",)), (TLS13, ("apns-security-v3",))]
each_session = pytest.mark.parametrize("version, protocols", SESSIONS)
each_pass = pytest.mark.parametrize("passes", PASSES)


@each_pass
@each_session
def test_frames(wireshark, session, version, protocols, passes):
    """Commands, topics, identifiers and times, also of a frame that is longer than a TLS record."""
    capture, keys = session(version, protocols)
    rows = wireshark.fields(capture, ("apns.command", "apns.length", "apns.topic", "apns.topic.hash", "apns.message_id", "apns.expiry", "apns.timestamp",
                                      "apns.token", "apns.status", "apns.priority", "_ws.malformed"), *PASSES[passes], *keys)
    assert list(map(int, column(rows, "apns.command"))) == COMMANDS
    assert max(map(int, column(rows, "apns.length"))) > 21000
    assert column(rows, "apns.topic") == ["com.apple.private.alloy.facetime.multi", "com.apple.ess", "com.apple.private.alloy.quickrelay",
                                          "com.apple.madrid", "com.apple.private.alloy.facetime.multi", "com.apple.private.alloy.quickrelay",
                                          "com.apple.private.alloy.quickrelay"]
    assert set(column(rows, "apns.token")) == {TOKEN.hex()}
    assert list(map(lambda value: int(value, 0), column(rows, "apns.message_id"))) == [7, 7, 0x63, 0x63, 8]
    assert column(rows, "apns.expiry")[0].startswith("Nov 14, 2023 23:13:20") or "2023-11-14" in column(rows, "apns.expiry")[0]
    assert "22:13:20.123456789" in column(rows, "apns.timestamp")[0]
    assert column(rows, "apns.status") == ["0", "0", "2", "0"]
    assert column(rows, "apns.priority") == ["10"]
    assert column(rows, "_ws.malformed") == []


@each_session
def test_all_bytes_are_named(wireshark, session, version, protocols):
    """No item of the session is unknown, none has a wrong length."""
    capture, keys = session(version, protocols)
    assert wireshark.count(capture, "apns.item.bytes || apns.rest || apns.bad_length || apns.unknown_item || apns.unknown_command || "
                           "facetime.bplist.malformed", "-2", *keys) == 0


def test_connect(wireshark, session):
    capture, keys = session(TLS13)
    names = ("apns.state", "apns.flags", "apns.carrier", "apns.system_version", "apns.system_build", "apns.hardware", "apns.nonce.time",
             "apns.version", "apns.capabilities.dual_channel", "apns.capabilities.report_rtt", "apns.message_size", "x509ce.dNSName", "apns.keep_alive.interval")
    rows = wireshark.fields(capture, names, "-2", *keys)
    assert column(rows, "apns.state") == ["1", "1"]
    assert int(column(rows, "apns.flags")[0], 0) == 0x8242
    assert column(rows, "apns.carrier") == ["WiFi", "WiFi"]
    assert [column(rows, name) for name in names[3:6]] == [["17.1"], ["21B74"], ["iPhone15,2"]]
    assert "22:13:20.5" in column(rows, "apns.nonce.time")[0]
    assert column(rows, "apns.version") == ["12"]
    assert column(rows, "apns.message_size") == ["4096"]
    assert column(rows, "apns.keep_alive.interval") == ["30"]
    assert column(rows, "apns.capabilities.dual_channel")[0] in ("1", "True")
    assert column(rows, "apns.capabilities.report_rtt")[0] in ("0", "False")
    assert "*.push.apple.com" in column(rows, "x509ce.dNSName")


@each_pass
def test_payload(wireshark, session, passes):
    """Keys of the identity service, with the session and the relay of the call."""
    capture, keys = session(TLS12)
    names = ("apns.payload.command", "apns.payload.from", "apns.payload.to", "apns.payload.encryption", "apns.payload.session_id",
             "apns.payload.group_id", "apns.payload.relay_ipv4", "apns.payload.relay_port", "apns.payload.participant", "json.key", "facetime.bplist.key")
    rows = wireshark.fields(capture, names, *PASSES[passes], *keys)
    assert [column(rows, name) for name in names[:2]] == [["232"], ["mailto:alice@example.com"]]
    assert column(rows, "apns.payload.to") == ["tel:+12025550171", "tel:+12025550171"]
    assert column(rows, "apns.payload.encryption") == ["pair"]
    assert column(rows, "apns.payload.session_id") == [bytes(range(16, 32)).hex()]
    assert column(rows, "apns.payload.group_id") == ["11111111-2222-3333-4444-555555555555"]
    assert column(rows, "apns.payload.relay_ipv4") == ["192.0.2.99"]
    assert column(rows, "apns.payload.relay_port") == ["3489"]
    assert sorted(column(rows, "apns.payload.participant")) == ["42", "43"]
    assert column(rows, "json.key") == ["a"]
    assert {"P", "qal", "when"} <= set(column(rows, "facetime.bplist.key"))


@each_pass
def test_acknowledgements(wireshark, session, passes):
    """A notification and its acknowledgement name each other, both ways."""
    capture, keys = session(TLS12)
    rows = wireshark.fields(capture, ("frame.number", "apns.command", "apns.message_id", "apns.ack_in", "apns.ack_to", "apns.ack_time"),
                            *PASSES[passes], *keys)
    to = {row["frame.number"][0]: row["apns.ack_to"] for row in rows if row["apns.ack_to"]}
    assert len(to) == 2
    for row in rows:
        for number in row["apns.ack_to"]:
            assert int(number) < int(row["frame.number"][0]) and float(row["apns.ack_time"][0]) > 0
    if passes == "-2":
        assert {row["apns.ack_in"][0]: [row["frame.number"][0]] for row in rows if row["apns.ack_in"]} == to


def test_in_the_window(wireshark, session):
    """Dissected again, a frame shows the same. The keys are in the file."""
    capture, keys = session(TLS12)
    number = next(row["frame.number"][0] for row in wireshark.fields(capture, ("frame.number", "apns.payload.session_id"), "-2", *keys)
                  if row["apns.payload.session_id"])
    whole = wireshark.folder("with-keys", theirs=True) / "push.pcapng"
    wireshark.run("editcap", "--inject-secrets", "tls," + keys[1].split(":", 1)[1], capture, whole).ok()
    results = wireshark.sharkd(whole, ("frames", {"filter": "apns.command == 10"}), ("frame", {"frame": int(number), "proto": True}))
    assert len(results[0]) == 3
    assert "com.apple.private.alloy.quickrelay" in str(results[1])


# ---- The form, piece by piece ---------------------------------------------------------------------
# Without TLS, by Decode As: each test says what one frame looks like.

DECODE = ("-d", "tcp.port==5223,apns")
CONNECT_ITEMS = ((1, TOKEN), (2, b"\1"), (5, bytes(4)))
EVERY = {
    7: CONNECT_ITEMS + ((6, b"\1"), (7, bytes(4)), (8, b"c"), (16, b"\0\x0c"), (17, b"\0\0"), (19, b"\0\1"), (20, b"\0\2"), (21, bytes(6)), (22, bytes(8)),
                        (25, b"\0\3"), (26, bytes(4)), (29, b"i"), (30, bytes(4)), (31, bytes(4)), (32, b"\2")),
    8: ((1, b"\0"), (2, b"m"), (3, TOKEN), (4, b"\x10\0"), (5, b"\0\2"), (6, bytes(4)), (7, bytes(8)), (8, b"\x10\0"), (9, b"r"), (10, bytes(8)), (11, b"EU"),
        (16, b"\5"), (17, b"\0\5"), (18, bytes(8)), (19, bytes(4)), (20, b"\0\1"), (21, b"x"), (22, b"\0")),
    9: ((1, TOKEN), (2, MULTI), (3, MADRID), (4, ESS), (5, RELAY), (6, ESS), (12, bytes(8))),
    10: ((1, MULTI), (2, TOKEN), (3, b"{}"), (4, bytes(4)), (5, bytes(4)), (6, bytes(8)), (25, b"\0\1")),
    11: ((1, TOKEN), (4, bytes(4)), (8, b"\0")),
    12: ((1, b"c"), (2, b"17"), (3, b"21A"), (4, b"iPhone"), (5, b"30"), (6, b"5"), (8, b"\0\1"), (9, b"\1"), (10, b"\1")),
    13: ((1, b"\0"), (2, b"\0\0\0\5")),
    14: ((1, TOKEN),),
    15: ((1, b"\0\5"), (2, b"\0\0")),
    16: ((2, b"\0\0"),),
    17: ((1, TOKEN), (2, ESS), (3, b"\0\1"), (4, b"\0\1"), (5, bytes(4)), (6, TOKEN)),
    18: ((1, b"\0"), (2, TOKEN), (3, ESS), (4, b"\0\1")),
    19: ((1, bytes(4)),),
    20: ((1, b"\2"), (2, bytes(4))),
    21: (),
    23: ((2, b"m"), (9, b"r")),
    27: ((1, ESS), (2, bytes(16)), (3, b"\0"), (4, TOKEN)),
    29: ((1, bytes(4)), (2, b"\x08\1"), (3, TOKEN), (4, b"\0"), (5, bytes(4))),
    30: ((1, bytes(4)), (2, b"\x08\1"), (3, TOKEN), (4, bytes(8))),
    32: ((1, bytes(4)), (2, TOKEN), (3, bytes(8)), (4, bytes(4)), (5, bytes(8))),
    33: ((1, TOKEN), (2, bytes(8)), (3, b"\0")),
}
FROM_SERVER = (8, 13, 14, 18, 23, 30, 33)
# Items whose length is not fixed.
ANY = {(8, 5), (7, 1), (7, 8), (7, 29), (8, 2), (8, 3), (8, 9), (8, 11), (8, 19), (8, 21), (9, 1), (10, 2), (10, 3), (11, 1), (14, 1), (15, 2), (16, 2), (17, 1),
       (17, 6), (18, 2), (23, 2), (23, 9), (27, 2), (27, 4), (29, 2), (29, 3), (30, 2), (30, 3), (32, 2), (33, 1)} | {(12, n) for n in range(1, 7)}
each_command = pytest.mark.parametrize("command", EVERY)


def plain(wireshark, *frames, command=7):
    return push.capture(wireshark, "plain.pcap", [(command not in FROM_SERVER, b"".join(frames))])


SHOWN = ("apns.command", "apns.item.id", "apns.item.bytes", "apns.rest", "apns.bad_length", "apns.unknown_item", "apns.unknown_command")


def shown(wireshark, capture):
    """What one run of tshark says of the frames."""
    return wireshark.fields(capture, SHOWN, *DECODE)


def experts(wireshark, capture):
    """Expert items of the push protocol and how many of each, packet by packet."""
    return [(name, len(row["apns." + name])) for row in shown(wireshark, capture)
            for name in ("bad_length", "unknown_item", "unknown_command") if row["apns." + name]]


@each_command
def test_every_item(wireshark, command):
    """Each command with all its items: a field for each, and no complaint."""
    capture = plain(wireshark, push.frame(command, *EVERY[command]), command=command)
    rows = shown(wireshark, capture)
    assert column(rows, "apns.command") == [str(command)]
    assert column(rows, "apns.item.id") == [str(number) for number, _ in EVERY[command]]
    assert column(rows, "apns.item.bytes") + column(rows, "apns.rest") == []
    assert experts(wireshark, capture) == []


@each_command
def test_wrong_length(wireshark, command):
    """Each item of fixed length with a byte more: one complaint for each, and the rest of the frame is still shown."""
    items = [(number, value + b"!") for number, value in EVERY[command] if (command, number) not in ANY and not (command == 8 and 16 <= number <= 17)
             and not (command == 13 and number == 2)]
    capture = plain(wireshark, push.frame(command, *items), push.frame(21), command=command)
    assert experts(wireshark, capture) == ([("bad_length", len(items))] if items else [])
    assert column(shown(wireshark, capture), "apns.command") == [str(command), "21"]


@each_command
def test_item_runs_over_the_frame(wireshark, command):
    """The last item says more than the frame has; and two bytes that are no item."""
    long = struct.pack("!BI", command, 8) + struct.pack("!BH", 1, 200) + b"12345"
    short = struct.pack("!BI", command, 2) + b"\1\0"
    capture = plain(wireshark, long, short, command=command)
    assert experts(wireshark, capture) == [("bad_length", 2)]


def cut(whole, start=40):
    """The packet with data, once for each length at which a capture may cut it."""
    return [pcap.Packet(whole[3].time, whole[3].data[:keep], whole[3].length) for keep in range(start, len(whole[3].data))]


def test_truncated(wireshark):
    """Each command cut at each length: all that is there is shown, nothing crashes."""
    packets = []
    for command, items in EVERY.items():
        packets += cut(push.tcp_packets([(command not in FROM_SERVER, push.frame(command, *items))]))
    wireshark.tshark(wireshark.write("cut.pcap", pcap.write(packets, pcap.RAW_IP)), "-V", "-2", *DECODE).ok()


def test_length_that_no_frame_has(wireshark):
    """Nothing is waited for; the bytes are shown."""
    capture = plain(wireshark, b"\x0a\x7f\xff\xff\xff" + b"rest")
    assert experts(wireshark, capture) == [("bad_length", 1)]
    assert column(shown(wireshark, capture), "apns.rest") == [b"rest".hex()]


def test_unknown(wireshark):
    """A command and an item that nobody knows."""
    capture = plain(wireshark, push.frame(99, (1, b"abc")), push.frame(20, (1, b"\1"), (77, b"abc")))
    assert experts(wireshark, capture) == [("unknown_item", 1), ("unknown_command", 1)]
    assert column(shown(wireshark, capture), "apns.item.bytes") == [b"abc".hex()]


def test_topic_that_is_not_in_the_table(wireshark):
    capture = plain(wireshark, push.frame(9, (2, sha1("com.example.app"))))
    rows = wireshark.fields(capture, ("apns.topic.hash", "apns.topic"), *DECODE)
    assert column(rows, "apns.topic.hash") == [sha1("com.example.app").hex()] and column(rows, "apns.topic") == []


def test_frames_over_segments(wireshark):
    """One byte a segment."""
    capture = push.capture(wireshark, "bytes.pcap", [(True, push.frame(20, (1, b"\1"), (2, bytes(4))) + push.frame(12))], segment=1)
    assert column(wireshark.fields(capture, ("apns.command",), "-2", *DECODE), "apns.command") == ["20", "12"]


# ---- Property lists ---------------------------------------------------------------------------------


def notification(payload):
    return push.frame(10, (1, MULTI), (3, payload))


def test_property_list_kinds(wireshark):
    value = {"text": "a\u00e9\u20ac", "yes": True, "no": False, "real": 1.5, "when": datetime.datetime(2024, 2, 29, 12, 0), "data": b"\0\1", "minus": -2,
             "big": 2**63 - 1, "uid": plistlib.UID(5), "list": [1, [2, {"deep": "x"}]], "many": list(range(20))}
    rows = wireshark.fields(plain(wireshark, notification(push.plist(value))), (
        "facetime.bplist.key", "facetime.bplist.string", "facetime.bplist.integer", "facetime.bplist.real", "facetime.bplist.date", "facetime.bplist.data",
        "facetime.bplist.uid", "facetime.bplist.boolean", "facetime.bplist.malformed", "facetime.bplist.limit"), *DECODE)
    assert set(column(rows, "facetime.bplist.key")) == set(value) | {"deep"}
    assert set(column(rows, "facetime.bplist.string")) == {"a\u00e9\u20ac", "x"}
    assert {"-2", str(2**63 - 1), "19"} <= set(column(rows, "facetime.bplist.integer"))
    assert column(rows, "facetime.bplist.real") == ["1.5"] and column(rows, "facetime.bplist.uid") == ["5"]
    assert "2024" in column(rows, "facetime.bplist.date")[0] and "12:00:00" in column(rows, "facetime.bplist.date")[0]
    assert column(rows, "facetime.bplist.data") == ["0001"] and len(column(rows, "facetime.bplist.boolean")) == 2
    assert column(rows, "facetime.bplist.malformed") + column(rows, "facetime.bplist.limit") == []


@pytest.mark.parametrize("what, change", [
    ("no trailer", lambda data: data[:20]),
    ("cut by one", lambda data: data[:-1]),
    ("offset size 0", lambda data: data[:-26] + b"\0" + data[-25:]),
    ("reference size 9", lambda data: data[:-25] + b"\x09" + data[-24:]),
    ("objects", lambda data: data[:-24] + b"\xff" * 8 + data[-16:]),
    ("top", lambda data: data[:-16] + b"\xff" * 8 + data[-8:]),
    ("table", lambda data: data[:-8] + b"\xff" * 8),
])
def test_broken_property_list(wireshark, what, change):
    """Each gets its expert item, and the frames behind it are shown."""
    data = change(push.plist({"a": [1, 2], "b": "text"}))
    rows = wireshark.fields(plain(wireshark, notification(data), push.frame(21)), ("apns.command", "facetime.bplist.malformed", "apns.bad_length"), *DECODE)
    assert column(rows, "facetime.bplist.malformed"), what
    assert column(rows, "apns.command") == ["10", "21"]


def bplist(objects, top=0):
    """A property list of these objects, each with its marker."""
    data, offsets = b"bplist00", []
    for one in objects:
        offsets.append(len(data))
        data += one
    table = len(data)
    data += b"".join(struct.pack("!H", offset) for offset in offsets)
    return data + struct.pack("!6xBBQQQ", 2, 1, len(objects), top, table)


@pytest.mark.parametrize("objects, field", [
    ([b"\xa1\x00"], "limit"),                               # an array that holds itself
    ([b"\xa2\x00\x00"], "limit"),                           # and twice: 2 to the 16th
    ([b"\xaf\x11\x01\x00" + b"\x01" * 256, b"\xaf\x11\x01\x00" + b"\x02" * 256, b"\x09"], "limit"),  # 65,536 members
    ([b"\xa1\x07"], "malformed"),                           # no such object
    ([b"\x5f\x10\xff"], "malformed"),                       # a text longer than the file
    ([b"\x4f\x13\xff\xff\xff\xff\xff\xff\xff\xff"], "malformed"),
    ([b"\xdf\x13\x7f\xff\xff\xff\xff\xff\xff\xff"], "malformed"),
    ([b"\x5f\x14"], "malformed"), ([b"\x17"], "malformed"), ([b"\x90"], "malformed"), ([b"\x24" + bytes(16)], "malformed"),
])
def test_hostile_property_list(wireshark, objects, field):
    capture = plain(wireshark, notification(bplist(objects)), push.frame(21))
    rows = wireshark.fields(capture, ("apns.command", "facetime.bplist." + field), *DECODE)
    assert column(rows, "facetime.bplist." + field)
    assert column(rows, "apns.command") == ["10", "21"]


def test_date_that_is_no_number(wireshark):
    """Shown or not, it does no harm."""
    capture = plain(wireshark, notification(bplist([b"\x33\x7f\xf8\0\0\0\0\0\0"])), push.frame(21))
    assert column(shown(wireshark, capture), "apns.command") == ["10", "21"]


@pytest.mark.parametrize("frame", [push.frame(7, (1, TOKEN), (12, b"a certificate"), (16, b"\0\x0c")), push.frame(7, (1, TOKEN), (12, b"\x30\x84"), (16, b"\0\x0c")),
                                   push.frame(10, (1, TOKEN), (3, b"{\"a\": "), (4, b"\0\0\0\x0c")), push.frame(10, (1, TOKEN), (3, b"<a"), (4, b"\0\0\0\x0c"))],
                         ids=["certificate", "certificate that is cut", "JSON", "XML"])
def test_what_a_stock_dissector_gives_up(wireshark, frame):
    """A broken certificate or payload says so itself; the items and frames behind it are shown, and the certificate's bytes."""
    rows = wireshark.fields(plain(wireshark, frame, push.frame(21)), ("apns.command", "apns.item.id", "apns.certificate", "apns.version", "apns.message_id"), *DECODE)
    assert column(rows, "apns.command") == [str(frame[0]), "21"] and len(column(rows, "apns.item.id")) == 3
    assert len(column(rows, "apns.version") + column(rows, "apns.message_id")) == 1 and len(column(rows, "apns.certificate")) == (frame[0] == 7)


def test_xml_property_list(wireshark):
    data = plistlib.dumps({"key": "value"}, fmt=plistlib.FMT_XML)
    rows = wireshark.fields(plain(wireshark, notification(data)), ("xml.tag", "frame.protocols"), *DECODE)
    assert any("<plist" in tag for tag in column(rows, "xml.tag"))


# ---- The packed form --------------------------------------------------------------------------------


PACK_DECODE = ("-d", "tcp.port==5223,apns_pack")


def packed_frames():
    mine, theirs = Packer(), Packer()
    return [
        (True, mine.frame(7, (1, TOKEN, True), (2, 1), (5, 0x8242), (0x10, 9), (0x1F, 300))),
        (True, mine.frame(9, (1, TOKEN, True), (2, MULTI, True), (2, ESS, True), (2, RELAY, True))),
        (False, theirs.frame(8, (1, 0), (3, TOKEN, True), (4, 4096))),
        (False, theirs.frame(10, (1, TOKEN, True), (2, MULTI, True), (3, ALLOCATION), (4, 7), (6, NANOSECONDS), (0x1C, 1))),
        (True, mine.frame(11, (1, TOKEN, True), (4, 7), (8, 0))),
        (False, theirs.frame(10, (1, TOKEN, True), (2, MULTI, True), (4, 8), (0x1C, 2))),
    ]


@each_pass
def test_packed(wireshark, passes):
    """The same commands and items; what was sent before is put in where it is referred to, on every pass."""
    capture = push.capture(wireshark, "packed.pcap", packed_frames())
    rows = wireshark.fields(capture, ("apns.command", "apns.token", "apns.topic", "apns.version", "apns.features", "apns.push_type", "apns.message_id", "apns.timestamp",
                                      "apns.payload.relay_ipv4", "apns.ack_to", "apns.pack.unresolved", "apns.pack.unknown", "_ws.malformed"),
                            *PASSES[passes], *PACK_DECODE)
    assert column(rows, "apns.command") == ["7", "9", "8", "10", "11", "10"]
    assert column(rows, "apns.token") == [TOKEN.hex()] * 6
    assert column(rows, "apns.topic") == ["com.apple.private.alloy.facetime.multi", "com.apple.ess", "com.apple.private.alloy.quickrelay",
                                          "com.apple.private.alloy.facetime.multi", "com.apple.private.alloy.facetime.multi"]
    assert column(rows, "apns.version") == ["9"] and column(rows, "apns.push_type") == ["1", "2"]
    assert int(column(rows, "apns.features")[0], 0) == 300
    assert "22:13:20.123456789" in column(rows, "apns.timestamp")[0]
    assert column(rows, "apns.payload.relay_ipv4") == ["192.0.2.99"] and len(column(rows, "apns.ack_to")) == 1
    assert column(rows, "apns.pack.unresolved") + column(rows, "apns.pack.unknown") + column(rows, "_ws.malformed") == []


PACKED_PAYLOAD = {
    "c": 210, "i": 77, "v": 8, "U": bytes(range(16)), "sP": "tel:+12025550143", "tP": "mailto:ann@example.com", "t": TOKEN, "E": "pair",
    "ua": "[iPhone OS,27.0,24A1,iPhone18,3]", "P": bytes(90), "nr": True, "deep": {"list": [1, "two", b"3", [], {}], "negative": -70000, "no": False},
    "a-key-that-is-longer-than-sixteen-bytes": "x" * 70,
}


def containers(mine=None):
    mine = mine or Packer()
    return [
        (True, mine.frame(7, (1, TOKEN, True), (2, 1))),
        (True, mine.frame(10, (1, MULTI, True), (2, TOKEN, True), (3, PACKED_PAYLOAD), (4, 7))),
        # Again: all keys and the kept values by reference, then an item that needs both tables in step
        (True, mine.frame(10, (1, MULTI, True), (2, TOKEN, True), (3, {**PACKED_PAYLOAD, "c": 211, "i": 78}), (4, 8), (0x1C, 2))),
        (True, mine.frame(11, (1, TOKEN, True), (4, 8), (8, 0))),
    ]


SHOWN_OF_CONTAINERS = ("apns.command", "apns.topic", "apns.message_id", "apns.payload.command", "apns.payload.message_id", "apns.payload.from", "apns.payload.to",
                       "apns.payload.user_agent", "apns.payload.encryption", "apns.payload.no_response", "apns.pack.key", "apns.pack.number", "apns.pack.text",
                       "apns.pack.dictionary", "apns.pack.array", "apns.push_type", "apns.pack.unresolved", "apns.pack.out_of_step", "apns.pack.unknown",
                       "apns.pack.table", "_ws.malformed")


@each_pass
def test_packed_containers(wireshark, passes):
    """Dictionaries and arrays are read to their end, with keys of any length; both tables are in step behind them."""
    rows = wireshark.fields(push.capture(wireshark, "containers.pcap", containers()), SHOWN_OF_CONTAINERS, *PASSES[passes], *PACK_DECODE)
    assert column(rows, "apns.command") == ["7", "10", "10", "11"] and [int(one, 0) for one in column(rows, "apns.message_id")] == [7, 8, 8]
    assert column(rows, "apns.payload.command") == ["210", "211"] and column(rows, "apns.payload.message_id") == ["77", "78"]
    assert column(rows, "apns.payload.from") == ["tel:+12025550143"] * 2 and column(rows, "apns.payload.to") == ["mailto:ann@example.com"] * 2
    assert column(rows, "apns.payload.user_agent") == [PACKED_PAYLOAD["ua"]] * 2 and column(rows, "apns.payload.encryption") == ["pair"] * 2
    assert column(rows, "apns.topic") == ["com.apple.private.alloy.facetime.multi"] * 2 and column(rows, "apns.push_type") == ["2"]
    names = [*PACKED_PAYLOAD, *PACKED_PAYLOAD["deep"]]
    assert sorted(column(rows, "apns.pack.key")) == sorted(names * 2) and "-70000" in column(rows, "apns.pack.number")
    assert column(rows, "apns.pack.text").count("two") == 2 and "x" * 70 in column(rows, "apns.pack.text")
    assert column(rows, "apns.pack.dictionary") == ["13", "3", "0"] * 2 and column(rows, "apns.pack.array") == ["5", "0"] * 2
    assert [column(rows, f"apns.pack.{name}") for name in ("unresolved", "out_of_step", "unknown")] == [[], [], []] and not column(rows, "_ws.malformed")


def test_packed_commands_are_named(wireshark):
    """FaceTime's messages: prekey and key material."""
    out = wireshark.tshark(push.capture(wireshark, "containers.pcap", containers()), "-V", *PACK_DECODE).ok().out
    assert "Command: prekey (210)" in out and "Command: key material (211)" in out


@each_pass
@pytest.mark.parametrize("cut", ["unknown form", "cut off", "too long", "container that enters"])
def test_packed_out_of_step(wireshark, passes, cut):
    """Behind what could not be read references to before it say so; nothing is resolved to something else, and what came since is."""
    mine = Packer()
    first = mine.frame(10, (1, MULTI, True), (2, TOKEN, True), (4, 7))
    bad = {"unknown form": b"\x0a\x02\x03\xc3",
           "cut off": b"\x0a\x06\x03\xc2\x10x\x41\x41",
           "too long": b"\x0a" + Packer.number(8, 5003 + 1) + b"\x43" + Packer.number(6, 5000) + bytes(5000),
           "container that enters": b"\x0a\x04\x43\xd1\x41y"}[cut]
    chunks = [(True, first), (True, bad), (True, b"\x0b" + Packer.number(8, 4) + b"\x81\x01\x04\x87"),
              (True, Packer().frame(10, (1, ESS, True), (4, 9))), (True, b"\x0a" + Packer.number(8, 6) + b"\x81\x00\x82\x01\x04\x8a")]
    rows = wireshark.fields(push.capture(wireshark, "step.pcap", chunks),
                            ("apns.topic", "apns.token", "apns.pack.out_of_step", "apns.pack.lost_in", "apns.pack.unresolved", "_ws.malformed"),
                            *PASSES[passes], *PACK_DECODE)
    assert column(rows, "apns.token") == [TOKEN.hex()], "the reference behind it is not resolved"
    assert column(rows, "apns.topic") == ["com.apple.private.alloy.facetime.multi", "com.apple.ess", "com.apple.ess"]
    assert len(column(rows, "apns.pack.out_of_step")) == 2 and len(set(column(rows, "apns.pack.lost_in"))) == 1
    assert column(rows, "apns.pack.unresolved") == [] and column(rows, "_ws.malformed") == []


@each_pass
def test_packed_table_sizes(wireshark, files, tmp_path, passes):
    """A real session of TLS with a key log: each side's table has the size that the courier names, the device's first."""
    mine, theirs = Packer(256), Packer(8192)
    script = [(True, mine.frame(7, (1, TOKEN, True), (2, 1))), (False, theirs.frame(8, (1, 0), (3, TOKEN, True)))]
    script += [(True, mine.frame(9, (1, TOKEN, True), *((2, bytes([number]) * 20, True) for number in range(6))))]
    script += [(False, theirs.frame(10, (1, TOKEN, True), (2, MULTI, True), (3, bytes([number]) * 900, True), (4, number))) for number in range(6)]
    # The device's token has left its table of 256 bytes; all that the server sent is still in its own
    script += [(True, b"\x0b" + Packer.number(8, 4) + b"\x81\x06\x04\x87")]
    script += [(False, theirs.frame(10, (1, TOKEN, True), (2, MULTI, True), (3, bytes(900), True), (4, 9)))]
    seen = push.tls_session(tmp_path, files, script, TLS12, None, ("apns-pack-v1:256:8192",))
    keys = wireshark.write("keys.txt", seen.keys.encode())
    capture = push.capture(wireshark, "sizes.pcap", seen.chunks, port=443)
    rows = wireshark.fields(capture, ("apns.command", "apns.token", "apns.message_id", "apns.pack.table", "apns.pack.unresolved", "apns.pack.unknown"),
                            *PASSES[passes], "-o", f"tls.keylog_file:{keys}")
    assert column(rows, "apns.command") == ["7", "8", "9", *["10"] * 6, "11", "10"]
    assert set(column(rows, "apns.pack.table")) == {"256", "8192"} and len(column(rows, "apns.pack.unresolved")) == 1
    assert int(column(rows, "apns.message_id")[-1], 0) == 9 and column(rows, "apns.pack.unknown") == []


def test_packed_over_tls(wireshark, files, tmp_path):
    """The application protocol as couriers name it, with sizes behind it."""
    seen = push.tls_session(tmp_path, files, packed_frames(), TLS13, None, ("apns-pack-v1:4096:4096",))
    keys = wireshark.write("keys.txt", seen.keys.encode())
    capture = push.capture(wireshark, "packed-tls.pcap", seen.chunks, port=443)
    rows = wireshark.fields(capture, ("apns.command", "apns.token"), "-2", "-o", f"tls.keylog_file:{keys}")
    assert column(rows, "apns.command") == ["7", "9", "8", "10", "11", "10"]


@each_pass
def test_packed_from_the_middle(wireshark, passes):
    """References to what was not captured are named as such, and never malformed."""
    capture = push.capture(wireshark, "middle.pcap", packed_frames()[4:])
    rows = wireshark.fields(capture, ("apns.command", "apns.message_id", "apns.pack.unresolved", "_ws.malformed"), *PASSES[passes], *PACK_DECODE)
    assert column(rows, "apns.command") == ["11", "10"]
    assert len(column(rows, "apns.pack.unresolved")) == 4 and column(rows, "_ws.malformed") == []


@pytest.mark.parametrize("data", [
    b"\x0a\x03\x03\xc1\x00", b"\x0a\x02\x03\xdf", b"\x0a\x04\x03\xdf\xff\xff", b"\x0a" + bytes([64]) + b"\x03" + b"\xd1" * 63, b"\x0a\x02\x01\x3f", b"\x0a\x01\x1f", b"\x0a\x03\x90\xff\xff", b"\x0a\x02\x01\x20", b"\x0a\x04\x01\xa7\x01\x02",
    b"\x0a\xff\xff\xff\xff\xff\xff\xff\x01"])
def test_packed_unknown(wireshark, data):
    """What does not fit is unknown, not malformed, and the session goes on."""
    capture = push.capture(wireshark, "unknown.pcap", [(True, data), (True, b"\x0c\x00")])
    rows = wireshark.fields(capture, ("apns.command", "apns.pack.unknown_form", "apns.unknown_command", "apns.pack.many_items", "_ws.malformed"), "-2", *PACK_DECODE)
    assert column(rows, "apns.pack.unknown_form") or column(rows, "apns.unknown_command") or column(rows, "apns.pack.many_items")
    assert column(rows, "_ws.malformed") == [] and column(rows, "apns.command")[-1:] == ["12"]


def test_packed_truncated(wireshark):
    packets = [packet for _, data in packed_frames() + containers()[:2] for packet in cut(push.tcp_packets([(True, data)]))]
    wireshark.tshark(wireshark.write("cut.pcap", pcap.write(packets, pcap.RAW_IP)), "-V", "-2", *PACK_DECODE).ok()
