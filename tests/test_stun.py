"""STUN in Apple's dialect: every byte of an attribute has a field, requests and answers are linked, what is wrong is said."""

import collections
import dataclasses
import ipaddress
import struct
import uuid

import pytest

from ftools import handmade, paths, pcap, pdml, wire
from ftools.handmade import DEVICE, PEER, packet
from ftools.relaydata import link_message, u16

PASSES = {"pass 1": (), "-2": ("-2",)}
COOKIE = 0x2112A442
STUN = "facetime.stun."

each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)

# Bytes of a value (None: any), how the field shows a value, and the name of the field: one line for each attribute of Apple's.
NUMBER, HEX, BYTES, UUID = "number", "hex", "bytes", "uuid"
ATTRIBUTES = {
    0x0025: (4, NUMBER, "request_count"), 0x8005: (4, HEX, "echo_time"), 0x8007: (4, NUMBER, "cellular"),
    0x8008: (16, UUID, "link_uuid"), 0x8023: (4, HEX, "link_attributes"), 0x8024: (4, HEX, "socket_mask"),
    0x9001: (None, BYTES, "p2p_blob"), 0x9002: (4, HEX, "p2p_avc_id"), 0x9003: (4, HEX, "p2p_ids_id"),
    0xEE00: (None, BYTES, "participants"), 0xEE01: (None, BYTES, "published_streams"), 0xEE02: (None, BYTES, "subscribed_streams"),
    0xEE04: (None, BYTES, "peer_published_streams"), 0xEE05: (None, BYTES, "peer_subscribed_streams"), 0xEE06: (None, BYTES, "encryption_marker"),
    0xEE07: (None, BYTES, "plugin_name"), 0xEE08: (None, BYTES, "encrypted_ee08"), 0xEE0A: (None, BYTES, "encrypted_ee0a"),
    0xEE0B: (None, BYTES, "encrypted_ee0b"), 0xFFC0: (2, NUMBER, "test_message"), 0xFFC1: (None, BYTES, "test_operation"),
    0xFFC2: (2, NUMBER, "test_error"), 0xFFD1: (4, NUMBER, "session_counter"), 0xFFD2: (None, BYTES, "truncated"), 0xFFD3: (1, NUMBER, "plugin_operation"),
    0xFFD7: (None, BYTES, "public_key"), 0xFFDB: (None, BYTES, "relay_materials"), 0xFFDF: (None, BYTES, "server_blob"),
    0xFFE0: (4, NUMBER, "packets_sent"), 0xFFE1: (4, NUMBER, "packets_received"), 0xFFE2: (4, NUMBER, "uplink_bandwidth"),
    0xFFE3: (8, HEX, "server_time"), 0xFFE4: (4, HEX, "channel_binding"), 0xFFE5: (2, NUMBER, "link_id"),
    0xFFE6: (4, NUMBER, "relay_request_id"), 0xFFE7: (4, HEX, "test_options"), 0xFFE8: (4, HEX, "channel_settings"),
    0xFFE9: (4, HEX, "relay_cookie"), 0xFFEE: (2, NUMBER, "session_type"), 0xFFF0: (None, BYTES, "reallocation_token"),
    0xFFF1: (16, UUID, "session_id"), 0xFFF2: (None, BYTES, "session_token"), 0xFFF3: (4, NUMBER, "client_time"),
    0xFFF4: (4, NUMBER, "client_latency"), 0xFFF5: (4, HEX, "information_flags"), 0xFFF7: (8, HEX, "capability_flags"),
    0xFFFB: (4, NUMBER, "generation"), 0xFFFC: (1, NUMBER, "max_streams"),
}
ENCRYPTED = {0xEE00, 0xEE01, 0xEE02, 0xEE04, 0xEE05, 0xEE06, 0xEE07, 0xEE08, 0xEE0A, 0xEE0B}
# What the stock dissector makes of a type of Apple's, by the length.
STOCKS = {(0x0025, 0), (0x8008, 4), (0x8023, 8), (0x8023, 20)}


# ---- An independent parser -----------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Attribute:
    """An attribute: where it begins in the message, its type and value, and its length with padding."""

    at: int
    type: int
    value: bytes

    @property
    def end(self):
        return self.at + 4 + -(-len(self.value) // 4) * 4

    @property
    def is_apple(self):
        return self.type in ATTRIBUTES and (self.type, len(self.value)) not in STOCKS


@dataclasses.dataclass(frozen=True)
class Message:
    """A STUN message in a frame."""

    frame: int
    time: int
    ends: tuple
    at: int             # of the message in the frame
    type: int
    transaction: bytes
    attributes: tuple

    @property
    def is_request(self):
        return self.type & 0x0110 == 0

    @property
    def is_answer(self):
        return bool(self.type & 0x0100)


def parse(payload):
    """Type, transaction ID and attributes of a STUN message; None if PAYLOAD is none."""
    if len(payload) < 20 or payload[0] >> 6 or struct.unpack_from(">HI", payload, 2) != (len(payload) - 20, COOKIE):
        return None
    attributes, at = [], 20
    while at < len(payload):
        kind, length = struct.unpack_from(">HH", payload, at)
        attributes.append(Attribute(at, kind, payload[at + 4:at + 4 + length]))
        at = attributes[-1].end
    return struct.unpack_from(">H", payload)[0], payload[8:20], tuple(attributes)


def messages(path):
    """The STUN messages of a capture."""
    linktype, packets = pcap.read(path)
    found = []
    for datagram in wire.udp(linktype, packets):
        parsed = parse(datagram.payload)
        if parsed:
            whole = packets[datagram.frame - 1]
            found.append(Message(datagram.frame, whole.time, (datagram.source, datagram.destination),
                                 whole.data.rindex(datagram.payload), *parsed))
    return found


def shown(kind, value):
    """A value as tshark shows it."""
    if kind == NUMBER:
        return str(int.from_bytes(value, "big"))
    if kind == HEX:
        return f"0x{int.from_bytes(value, 'big'):0{2 * len(value)}x}"
    return str(uuid.UUID(bytes=value)) if kind == UUID else value.hex()


def plain(text):
    """A value of PDML without the colons that bytes may have between them."""
    return text.replace(":", "")


# ---- Real captures -------------------------------------------------------------------------------

REAL = {"cellular": (paths.CELLULAR, 70), "wifi": (paths.WIFI, 13)}
each_real = pytest.mark.parametrize("name", REAL)


@pytest.fixture(scope="module")
def real():
    """real(name): the messages of a real capture, parsed independently."""
    made = {}

    def parsed(name):
        if name not in made:
            made[name] = messages(REAL[name][0])
        return made[name]

    return parsed


@needs_real
@each_pass
@each_real
def test_real_messages_and_attributes(wireshark, real, name, passes):
    """All messages, with the values of Apple's attributes as an independent parser reads them."""
    path, count = REAL[name]
    truth = real(name)
    assert len(truth) == count
    names = [STUN + field for _, _, field in ATTRIBUTES.values()]
    rows = wireshark.fields(path, ["frame.number", STUN + "type", *names], "-Y", "facetime.stun.type", *PASSES[passes])
    assert [int(row["frame.number"][0]) for row in rows] == [message.frame for message in truth]
    for row, message in zip(rows, truth):
        wanted = collections.defaultdict(list)
        for attribute in message.attributes:
            if attribute.is_apple:
                _, kind, field = ATTRIBUTES[attribute.type]
                wanted[STUN + field].append(shown(kind, attribute.value))
        assert row[STUN + "type"] == [f"0x{message.type:04x}"]
        assert {key: row[key] for key in names if row[key]} == wanted, message.frame


@needs_real
@each_pass
@each_real
def test_real_bytes_are_covered(wireshark, real, name, passes):
    """Each byte of each attribute of Apple's, type, length, value and padding, belongs to a named field."""
    found = pdml.packets(wireshark, REAL[name][0], "-Y", "facetime.stun.type", *PASSES[passes])
    seen = 0
    for shown_packet, message in zip(found, real(name), strict=True):
        covered = shown_packet.covered(STUN)
        for attribute in message.attributes:
            if attribute.is_apple:
                missing = set(range(message.at + attribute.at, message.at + attribute.end)) - covered
                assert not missing, (message.frame, attribute, missing)
                seen += 1
        assert shown_packet.covered(STUN + "type") == {message.at, message.at + 1}
    assert seen > REAL[name][1]


def exchanges(found):
    """What links the messages: for each frame, the fields and values that the plugin should show when the capture was read."""
    groups = collections.defaultdict(lambda: ([], []))
    for message in found:
        if message.is_request:
            groups[message.ends, message.transaction][0].append(message)
        elif message.is_answer:
            groups[message.ends[::-1], message.transaction][1].append(message)
    wanted = {}
    for requests, answers in groups.values():
        for number, request in enumerate(requests):
            fields = wanted[request.frame] = {"transmissions": len(requests)}
            if answers:
                fields["response_in"] = answers[0].frame
            else:
                fields["unanswered"] = 1
            if number:
                fields.update(retransmission=number, retransmission_of=requests[0].frame)
        for number, answer in enumerate(answers):
            before = [request for request in requests if request.frame < answer.frame]
            fields = wanted[answer.frame] = {}
            if before:
                fields.update(response_to=before[0].frame, response_time=(answer.time - before[0].time) / 1e6)
                if len(before) > 1:
                    fields["response_time_latest"] = (answer.time - before[-1].time) / 1e6
            if number:
                fields.update(retransmission=number, retransmission_of=answers[0].frame)
    return wanted


LINKS = ("response_in", "response_to", "response_time", "response_time_latest", "retransmission", "retransmission_of",
         "transmissions", "unanswered")
KNOWN_LATER = ("response_in", "transmissions", "unanswered")


def check_links(rows, wanted):
    """ROWS of tshark against what exchanges() says."""
    for row in rows:
        number = int(row["frame.number"][0])
        found = {name: row[STUN + name] for name in LINKS if row[STUN + name]}
        assert found.keys() == wanted.get(number, {}).keys(), number
        for name, (text,) in found.items():
            value = {"True": 1, "False": 0}.get(text, text)
            assert float(value) == pytest.approx(wanted[number][name], abs=2e-6), (number, name)


@needs_real
@each_real
def test_real_exchanges(wireshark, real, name):
    names = ["frame.number", *(STUN + link for link in LINKS)]
    wanted = exchanges(real(name))
    check_links(wireshark.fields(REAL[name][0], names, "-Y", "facetime.stun.type", "-2"), wanted)
    # On the first pass, what comes later is not known; what came before is.
    early = {frame: {key: value for key, value in fields.items() if key not in KNOWN_LATER} for frame, fields in wanted.items()}
    late = [link for link in LINKS if link not in KNOWN_LATER]
    rows = wireshark.fields(REAL[name][0], ["frame.number", *(STUN + link for link in late)], "-Y", "facetime.stun.type")
    for row in rows:
        row.update({STUN + link: [] for link in KNOWN_LATER})
    check_links(rows, early)


@needs_real
def test_real_exchange_counts(wireshark):
    """The figures that the protocol page gives: two checks that are sent 25 times and never answered."""
    unanswered = wireshark.fields(paths.CELLULAR, ["frame.number", STUN + "transmissions"], "-2", "-Y", "facetime.stun.no_answer")
    assert [(row["frame.number"], row[STUN + "transmissions"]) for row in unanswered] == [(["3434"], ["25"]), (["3435"], ["25"])]


@needs_real
@each_pass
@each_real
def test_real_expert_items(wireshark, name, passes):
    """Nothing is against the format; a note on the last sending of what stays unanswered, when that is known."""
    found = collections.Counter(name for shown_packet in pdml.packets(wireshark, REAL[name][0], "-Y", "facetime.stun.type", *PASSES[passes])
                                for name in shown_packet.names(STUN))
    items = {"bad_length", "attribute_overrun", "unknown_attribute", "bad_message_length", "too_many_attributes"}
    assert items & {field.removeprefix(STUN) for field in found} == set()
    assert found[STUN + "no_answer"] == (2 if passes == "-2" else 0)


@needs_real
@each_pass
@each_real
def test_real_endings(wireshark, real, name, passes):
    """MESSAGE-INTEGRITY is the last attribute of every check, none has a FINGERPRINT; data indications have neither."""
    rows = wireshark.fields(REAL[name][0], ["frame.number", STUN + "integrity"], "-Y", "facetime.stun.type", *PASSES[passes])
    wanted = [["0"] if message.type == 0x0017 else ["1"] for message in real(name)]
    assert [row[STUN + "integrity"] for row in rows] == wanted
    for message in real(name):
        assert 0x8028 not in {attribute.type for attribute in message.attributes}


@needs_real
@each_real
def test_real_in_sharkd(wireshark, real, name):
    """Dissected again as in the window, the links are there, asked twice the same."""
    columns = {f"column{number}": f"{STUN}{link}:1" for number, link in enumerate(("response_in", "response_to", "retransmission"))}
    listing = ("frames", {"filter": "facetime.stun.type", **columns})
    first, second = wireshark.sharkd(REAL[name][0], listing, listing)
    assert first == second
    wanted = exchanges(real(name))
    for frame in first:
        fields = wanted.get(frame["num"], {})
        assert frame["c"] == [str(fields.get(link, "")) for link in ("response_in", "response_to", "retransmission")], frame["num"]


# ---- Messages made by hand -----------------------------------------------------------------------

ONE_UUID = bytes.fromhex("6f1c2d3e4a5b4c6d8e7f90a1b2c3d4e5")
SIGN = (0x8007, bytes(4))           # makes a flow FaceTime's by itself
INTEGRITY = (0x0008, bytes(20))


def attribute(kind, value, length=None):
    """One attribute with its padding; LENGTH: what it says of its length."""
    return struct.pack(">HH", kind, len(value) if length is None else length) + value + bytes(-len(value) % 4)


def stun(kind, *attributes, transaction=1, length=None):
    """A message; attributes are (type, value) or bytes."""
    body = b"".join(one if isinstance(one, bytes) else attribute(*one) for one in attributes)
    return struct.pack(">HHI", kind, len(body) if length is None else length, COOKIE) + transaction.to_bytes(12, "big") + body


# Opens the flow that most tests use.
FIRST = packet(DEVICE, PEER, stun(0x0001, SIGN, INTEGRITY, transaction=99))


def after_opening(wireshark, *payloads, passes="-2", kept=None):
    """What is shown of messages on a flow that a proper message has opened."""
    made = [FIRST] + [packet(DEVICE, PEER, payload, 10 + number, kept) for number, payload in enumerate(payloads)]
    return pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])[1:]


def experts(shown_packet):
    """The plugin's expert items of a packet, without those on missing answers."""
    items = {"bad_length", "attribute_overrun", "unknown_attribute", "bad_message_length", "too_many_attributes"}
    return sorted(field.name.removeprefix(STUN) for field in shown_packet.fields if field.name.removeprefix(STUN) in items)


def body_of(shown_packet, payload):
    """Offset of the payload in the frame."""
    return int(shown_packet.values("frame.len")[0]) - len(payload)


@each_pass
def test_every_attribute(wireshark, passes):
    """Each attribute with a right length: its field with its value, all its bytes covered, no expert item."""
    values = {kind: bytes(range(1, 1 + (size or 7))) for kind, (size, _, _) in ATTRIBUTES.items()}
    payloads = [stun(0x0001, (kind, value), INTEGRITY, transaction=kind) for kind, value in values.items()]
    for found, payload, (kind, value) in zip(after_opening(wireshark, *payloads, passes=passes), payloads, values.items(), strict=True):
        _, form, field = ATTRIBUTES[kind]
        assert plain(found.value(STUN + field)) == plain(shown(form, value)), field
        assert found.value(STUN + "attribute.type") == f"0x{kind:04x}"
        assert found.value(STUN + "attribute.length") == str(len(value))
        assert bool(found.values(STUN + "encrypted")) == (kind in ENCRYPTED), field
        assert experts(found) == [], field
        at = body_of(found, payload)
        assert found.covered(STUN) >= set(range(at + 20, at + len(payload) - 24)), field
        assert bool(found.values(STUN + "attribute.padding")) == bool(len(value) % 4)
        assert not found.values("_ws.malformed")


@each_pass
def test_wrong_lengths(wireshark, passes):
    """An attribute that has not its length: an expert item, the bytes, and what follows is still shown."""
    cases = [(kind, size) for kind, (right, _, _) in ATTRIBUTES.items() if right
             for size in {0, right - 1, right + 1, right + 4} if (kind, size) not in STOCKS]
    payloads = [stun(0x0001, (kind, bytes(size)), SIGN, INTEGRITY, transaction=number) for number, (kind, size) in enumerate(cases)]
    for found, payload, (kind, size) in zip(after_opening(wireshark, *payloads, passes=passes), payloads, cases, strict=True):
        assert experts(found) == ["bad_length"], (hex(kind), size)
        if kind != 0x8007:
            assert found.values(STUN + ATTRIBUTES[kind][2]) == []
        assert [len(plain(value)) // 2 for value in found.values(STUN + "attribute.value")] == ([size] if size else [])
        assert "0" in found.values(STUN + "cellular")
        at = body_of(found, payload)
        assert found.covered(STUN) >= set(range(at + 20, at + len(payload) - 24)), (hex(kind), size)


@each_pass
def test_types_that_are_also_others(wireshark, passes):
    """USE-CANDIDATE, MS-VERSION and ALTERNATE-SERVER are left to the stock dissector."""
    payloads = [stun(0x0001, (kind, bytes(size)), INTEGRITY, transaction=size) for kind, size in sorted(STOCKS)]
    for found in after_opening(wireshark, *payloads, passes=passes):
        assert experts(found) == []
        assert found.names(STUN + "attribute") == set()


@each_pass
def test_unknown_attributes(wireshark, passes):
    """In Apple's ranges: a note and the bytes. Elsewhere the stock dissector has it."""
    ours = [0x8009, 0x8021, 0x9000, 0x9FFF, 0xEE03, 0xEEFF, 0xFF00, 0xFFFF]
    others = [0x8004, 0x8006, 0x8020, 0x8022, 0x8025, 0x8FFF, 0xA000, 0xEDFF, 0xEF00, 0xFEFF, 0xFF04, 0xFF05, 0x0024]
    payloads = [stun(0x0001, (kind, b"\x11\x22\x33\x44\x55"), INTEGRITY, transaction=kind) for kind in ours + others]
    found = after_opening(wireshark, *payloads, passes=passes)
    for shown_packet, kind in zip(found, ours):
        assert experts(shown_packet) == ["unknown_attribute"], hex(kind)
        assert plain(shown_packet.value(STUN + "attribute.value")) == "1122334455"
        assert shown_packet.value(STUN + "attribute.type") == f"0x{kind:04x}"
    for shown_packet, kind in zip(found[len(ours):], others, strict=True):
        assert experts(shown_packet) == [], hex(kind)
        assert shown_packet.values(STUN + "attribute.type") == [], hex(kind)


@each_pass
def test_attribute_runs_over_the_message(wireshark, passes):
    """An error on it, its bytes up to the end, and what comes before it is shown."""
    over = attribute(0x8008, ONE_UUID[:8], length=400)
    found, = after_opening(wireshark, stun(0x0001, SIGN, over), passes=passes)
    assert experts(found) == ["attribute_overrun"]
    assert found.value(STUN + "cellular") == "0"
    assert plain(found.value(STUN + "attribute.value")) == ONE_UUID[:8].hex()
    # One without a value: nothing is left for it.
    found, = after_opening(wireshark, stun(0x0001, SIGN, attribute(0xFFF2, b"", length=12)), passes=passes)
    assert experts(found) == ["attribute_overrun"]


@each_pass
def test_message_length_is_wrong(wireshark, passes):
    """On a flow that has STUN: an error, and the message is shown by the plugin, for the stock dissector refuses it."""
    good = stun(0x0001, SIGN, (0x8008, ONE_UUID))
    cases = {
        "too long": stun(0x0001, SIGN, (0x8008, ONE_UUID), length=200),
        "too short": stun(0x0001, SIGN, (0x8008, ONE_UUID), length=28 - 20),
        "no whole words": stun(0x0001, SIGN, (0x8008, ONE_UUID), b"\1\2"),
        "bytes after it": good + bytes(8),
    }
    for name, found in zip(cases, after_opening(wireshark, *cases.values(), passes=passes), strict=True):
        payload = cases[name]
        assert experts(found) == ["bad_message_length"], name
        assert found.value("facetime.kind") == "1"
        assert found.value(STUN + "cellular") == "0", name
        assert "stun" not in found.protocols and "data" not in found.protocols
        at = body_of(found, payload)
        assert found.covered(STUN) == set(range(at, at + len(payload))), name


@each_pass
def test_message_length_is_wrong_elsewhere(wireshark, passes):
    """On a flow that nothing else makes FaceTime, such a message does not either."""
    made = [packet(DEVICE, PEER, stun(0x0001, SIGN, (0x8008, ONE_UUID), length=200))]
    found, = pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])
    assert "facetime" not in found.protocols


@each_pass
def test_datagram_ends_in_the_header(wireshark, passes):
    """A message of eight to nineteen bytes on a known flow: what is there, and an error."""
    whole = stun(0x0001, SIGN)
    payloads = [whole[:size] for size in range(8, 20)]
    for found, payload in zip(after_opening(wireshark, *payloads, passes=passes), payloads, strict=True):
        assert experts(found) == ["bad_message_length"], len(payload)
        at = body_of(found, payload)
        assert found.covered(STUN) == set(range(at, at + len(payload))), len(payload)


@each_pass
@pytest.mark.parametrize("kind", [0x0001, 0x0EE3])
def test_capture_is_cut(wireshark, kind, passes):
    """Wherever the capture is cut: everything up to the cut, nothing malformed, no complaint."""
    whole = stun(kind, (0xFFD3, b"\x05"), (0x8008, ONE_UUID), (0x8007, bytes(4)), INTEGRITY)
    made = [FIRST] + [packet(DEVICE, PEER, whole, 10 + kept, kept) for kept in range(8, len(whole))]
    shown_packets = pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])[1:]
    for kept, found in zip(range(8, len(whole)), shown_packets, strict=True):
        assert found.value(STUN + "type") == f"0x{kind:04x}", kept
        assert experts(found) == [], kept
        assert "_ws.malformed" not in found.protocols and "_ws.short" in found.protocols, kept
        assert (found.value(STUN + "plugin_operation") == "5") == (kept >= 25), kept
        assert (found.value(STUN + "link_uuid") is not None) == (kept >= 48), kept
        assert bool(found.values(STUN + "cellular")) == (kept >= 56), kept
        at = int(found.values("frame.len")[0]) - len(whole)
        if kept >= 24:
            assert found.covered(STUN) >= set(range(at + 20, at + min(kept // 4 * 4, 56))), kept


@each_pass
def test_prefix_byte(wireshark, passes):
    """The internal form: one byte 0x0f, then a message that the stock dissector shows."""
    payload = b"\x0f" + stun(0x0001, SIGN, INTEGRITY)
    found, = pdml.packets(wireshark, handmade.capture(wireshark, [packet(DEVICE, PEER, payload)]), *PASSES[passes])
    assert found.value(STUN + "prefix") == "0x0f"
    assert found.value("stun.type") == "0x0001"
    assert found.value(STUN + "cellular") == "0"
    at = body_of(found, payload)
    assert found.covered(STUN) >= {at, at + 1, at + 2} | set(range(at + 21, at + 29))


@each_pass
def test_echo(wireshark, passes):
    """Messages of a method which the stock dissector refuses: named, every byte shown, request and answer linked, times split."""
    request = stun(0x0EE3, (0x0025, struct.pack(">I", 7)), (0x8005, struct.pack(">HH", 2048, 0)), INTEGRITY, transaction=5)
    answer = stun(0x0FE3, (0x0025, struct.pack(">I", 7)), (0x8005, struct.pack(">HH", 2048, 512)), INTEGRITY, transaction=5)
    made = [FIRST, packet(DEVICE, PEER, request, 100), packet(PEER, DEVICE, answer, 180)]
    _, asked, answered = pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])
    assert asked.lines(STUN + "type") == ["Stats Request (0x0ee3)"]
    assert answered.lines(STUN + "type") == ["Stats Success Response (0x0fe3)"]
    assert answered.value(STUN + "method") == "0x03f3"
    assert asked.value(STUN + "request_count") == "7"
    assert [answered.value(STUN + "echo_time.sent"), answered.value(STUN + "echo_time.delay")] == ["2048", "512"]
    assert answered.lines(STUN + "echo_time.sent") == ["2048 (2.000 s)"]
    assert answered.lines(STUN + "echo_time.delay") == ["512 (0.500 s)"]
    assert answered.value(STUN + "response_to") == "2"
    assert float(answered.value(STUN + "response_time")) == pytest.approx(0.08)
    assert asked.value(STUN + "response_in") == ("3" if passes == "-2" else None)
    for found, payload in ((asked, request), (answered, answer)):
        assert experts(found) == [] and "data" not in found.protocols
        at = body_of(found, payload)
        assert found.covered(STUN) == set(range(at, at + len(payload)))


@each_pass
def test_message_names(wireshark, passes):
    """Any type is named by method and class."""
    names = {0x0001: "Binding Request", 0x0011: "Binding Indication", 0x0101: "Binding Success Response", 0x0111: "Binding Error Response",
             0x0003: "Allocate Request", 0x0103: "Allocate Success Response", 0x0113: "Allocate Error Response", 0x0017: "Data Indication",
             0x0004: "Refresh Request", 0x0810: "GoAway Indication", 0x0801: "Test Request", 0x0901: "Test Success Response",
             0x0812: "Diagnostic Indication", 0x0813: "Data Message Error Indication", 0x0EE0: "AllocBind Request", 0x0FE0: "AllocBind Success Response",
             0x0FF0: "AllocBind Error Response", 0x0EE1: "Reallocate Request", 0x0EF1: "Reallocate Indication", 0x0EE2: "UnallocBind Request",
             0x0EE3: "Stats Request", 0x0FE3: "Stats Success Response", 0x0FF3: "Stats Error Response", 0x0EE4: "Info Request",
             0x0EE5: "Session Info Request", 0x0EE7: "Participant Update Request", 0x0EF8: "Plugin Indication", 0x0EE9: "Put Material Request",
             0x0020: "Method 0x010 Request", 0x3EEF: "Method 0xfff Request", 0x3FFF: "Method 0xfff Error Response"}
    payloads = [stun(kind, SIGN, INTEGRITY, transaction=kind) for kind in names]
    for found, (kind, name) in zip(after_opening(wireshark, *payloads, passes=passes), names.items(), strict=True):
        assert found.lines(STUN + "type") == [f"{name} (0x{kind:04x})"]
        assert "data" not in found.protocols


MAPPED = {"203.0.113.9": ("ipv4", struct.pack(">HHI", 1, 16393 ^ 0x2112, int.from_bytes(bytes([203, 0, 113, 9]), "big") ^ COOKIE)),
          "2001:db8::9": ("ipv6", struct.pack(">HH", 2, 16393 ^ 0x2112) + bytes(a ^ b for a, b in zip(
              ipaddress.ip_address("2001:db8::9").packed, struct.pack(">I", COOKIE) + (7).to_bytes(12, "big"))))}


@each_pass
@pytest.mark.parametrize("mapped", MAPPED)
def test_error_of_the_relay(wireshark, passes, mapped):
    """What the stock dissector refuses: the error with its name and reason, the device's address, the channel; and in Info."""
    family, value = MAPPED[mapped]
    reason = b"Unable to Find Participant"
    payload = stun(0x0813, (0x0009, bytes([0, 0, 6, 1]) + reason), (0x0020, value), (0x000C, struct.pack(">HH", 0x6000, 0)), transaction=7)
    found, = after_opening(wireshark, payload, passes=passes)
    assert found.value(STUN + "error") == "601" and found.value(STUN + "error.reason") == reason.decode()
    assert (found.value(STUN + "xor." + family), found.value(STUN + "xor.port")) == (mapped, "16393")
    assert "No session state" in found.lines(STUN + "error")[0]
    assert int(found.value(STUN + "channel"), 0) == 0x6000 and experts(found) == []


NAMED_ERRORS = {300: "Try Alternate", 400: "Bad Request", 403: "Forbidden", 420: "Unknown Attribute", 437: "Allocation Mismatch", 438: "Stale Nonce",
                487: "Role Conflict", 500: "Server Error", 603: "Blocked", 610: "Error indication 1", 699: "Unknown"}


def test_errors_have_names(wireshark):
    """Those of the standards too, in the answers of Apple's methods."""
    payloads = [stun(0x0FF0, (0x0009, bytes([0, 0, *divmod(number, 100)])), transaction=number) for number in NAMED_ERRORS]
    assert [found.lines(STUN + "error")[0] for found in after_opening(wireshark, *payloads)] == [
        f"{name} ({number})" for number, name in NAMED_ERRORS.items()]


BITS = {(0xFFE4, 0x231): {"channel_binding.cellular": "1", "channel_binding.additional": "0x00000003", "channel_binding.may_disconnect": "1"},
        (0xFFE4, 0x10): {"channel_binding.cellular": "0", "channel_binding.additional": "0x00000001", "channel_binding.may_disconnect": "0"},
        (0xFFE7, 0x8): {"test_options.error": "1"}, (0xFFE7, 0xFFFFFFF7): {"test_options.error": "0"}}


def test_bits_have_names(wireshark):
    payloads = [stun(0x0EE0, (kind, struct.pack(">I", value)), transaction=number) for number, (kind, value) in enumerate(BITS)]
    for found, named in zip(after_opening(wireshark, *payloads), BITS.values(), strict=True):
        assert {name: found.value(STUN + name) for name in named} == named


@each_pass
def test_error_in_the_info_column(wireshark, passes):
    payload = stun(0x0813, (0x0009, bytes([0, 0, 6, 2]) + b"Idle Client"), transaction=7)
    capture = handmade.capture(wireshark, [FIRST, packet(DEVICE, PEER, payload, 10)])
    assert "error 602: Idle Client" in wireshark.tshark(capture, *PASSES[passes]).ok().out


@pytest.mark.parametrize("attributes", [[(0x0009, b"\0\0\6")], [(0x0020, bytes(6))], [(0x000C, bytes(2))], [(0x0009, b"")]],
                         ids=("an error of three bytes", "an address of six", "a channel of two", "an empty error"))
def test_standard_attributes_of_wrong_length(wireshark, attributes):
    """Bytes; no value is made up."""
    found, = after_opening(wireshark, stun(0x0813, *attributes, transaction=7))
    assert not any(found.values(STUN + name) for name in ("error", "error.reason", "xor.ipv4", "xor.port", "channel"))


def test_capability_and_client_time(wireshark):
    found, = after_opening(wireshark, stun(0x0EE0, (0xFFF7, (0x02880000).to_bytes(8, "big")), (0xFFF3, struct.pack(">I", 0x18000)), transaction=7))
    assert [found.value(STUN + f"capability.{name}") for name in ("lightweight", "uplink_nack", "quic_pod", "short_mki", "no_participant_id")] == ["0", "1", "0", "1", "1"]
    assert found.lines(STUN + "client_time") == ["98304 (1.500000 s)"]


@each_pass
def test_radio_names(wireshark, passes):
    names = ["Wi-Fi (not cellular)", "UMTS", "GSM", "CDMA2000", "1X", "LTE", "HSPA+", "TD-SCDMA", "NR", "wired", "unknown", "Unknown"]
    payloads = [stun(0x0001, (0x8007, struct.pack(">I", number)), transaction=number) for number in range(len(names))]
    for number, found in enumerate(after_opening(wireshark, *payloads, passes=passes)):
        assert found.lines(STUN + "cellular") == [f"{names[number]} ({number})"]


def test_marker_in_the_clear(wireshark):
    """Only what it decrypts to is not encrypted."""
    clear, cipher = after_opening(wireshark, stun(0x0001, (0xEE06, b"JAVT"), transaction=1), stun(0x0001, (0xEE06, b"\x9c\x01\x7f\x33"), transaction=2))
    assert clear.values(STUN + "encrypted") == []
    assert len(cipher.values(STUN + "encrypted")) == 1


@each_pass
def test_endings(wireshark, passes):
    """No integrity; last; before a FINGERPRINT as in ICE; before something else."""
    finger = (0x8028, bytes(4))
    endings = [(SIGN,), (SIGN, INTEGRITY), (SIGN, INTEGRITY, finger), (INTEGRITY, SIGN)]
    payloads = [stun(0x0001, *attributes, transaction=number) for number, attributes in enumerate(endings)]
    found = after_opening(wireshark, *payloads, passes=passes)
    assert [shown_packet.value(STUN + "integrity") for shown_packet in found] == ["0", "1", "2", "3"]


@each_pass
def test_too_many_attributes(wireshark, passes):
    """64 are shown, then a warning; the stock dissector shows all."""
    found, = after_opening(wireshark, stun(0x0001, *[(0xFFE0, bytes(4))] * 65), passes=passes)
    assert len(found.values(STUN + "packets_sent")) == 64
    assert experts(found) == ["too_many_attributes"]
    found, = after_opening(wireshark, stun(0x0001, *[(0xFFE0, bytes(4))] * 64), passes=passes)
    assert experts(found) == []


# ---- Requests and answers ------------------------------------------------------------------------


def rows_of(wireshark, made, *args):
    return wireshark.fields(handmade.capture(wireshark, made), ["frame.number", *(STUN + link for link in LINKS)], *args)


def test_retransmissions(wireshark):
    """Three sendings, two answers; the answer shows the time since the first and since the latest sending."""
    request, answer = stun(0x0001, SIGN, transaction=3), stun(0x0101, SIGN, transaction=3)
    made = [packet(DEVICE, PEER, request, 0), packet(DEVICE, PEER, request, 1000), packet(PEER, DEVICE, answer, 1100),
            packet(DEVICE, PEER, request, 2000), packet(PEER, DEVICE, answer, 2100)]
    check_links(rows_of(wireshark, made, "-2"), {
        1: {"transmissions": 3, "response_in": 3},
        2: {"transmissions": 3, "response_in": 3, "retransmission": 1, "retransmission_of": 1},
        3: {"response_to": 1, "response_time": 1.1, "response_time_latest": 0.1},
        4: {"transmissions": 3, "response_in": 3, "retransmission": 2, "retransmission_of": 1},
        5: {"response_to": 1, "response_time": 2.1, "response_time_latest": 0.1, "retransmission": 1, "retransmission_of": 3},
    })
    # While it is read: nothing that comes later.
    check_links(rows_of(wireshark, made), {
        2: {"retransmission": 1, "retransmission_of": 1},
        3: {"response_to": 1, "response_time": 1.1, "response_time_latest": 0.1},
        4: {"response_in": 3, "retransmission": 2, "retransmission_of": 1},
        5: {"response_to": 1, "response_time": 2.1, "response_time_latest": 0.1, "retransmission": 1, "retransmission_of": 3},
    })


def test_errors_answer_and_indications_do_not(wireshark):
    made = [packet(DEVICE, PEER, stun(0x0003, SIGN, transaction=3), 0), packet(PEER, DEVICE, stun(0x0017, SIGN, transaction=3), 10),
            packet(PEER, DEVICE, stun(0x0013, SIGN, transaction=3), 15), packet(PEER, DEVICE, stun(0x0113, SIGN, transaction=3), 20)]
    check_links(rows_of(wireshark, made, "-2"), {1: {"transmissions": 1, "response_in": 4}, 2: {}, 3: {}, 4: {"response_to": 1, "response_time": 0.02}})


def test_what_does_not_belong_together(wireshark):
    """The same transaction ID from the other side, on another flow, of another method, or an answer in the request's direction."""
    other = (PEER[0], 16403)
    made = [packet(DEVICE, PEER, stun(0x0001, SIGN, transaction=3), 0), packet(PEER, DEVICE, stun(0x0001, SIGN, transaction=3), 10),
            packet(DEVICE, other, stun(0x0001, SIGN, transaction=3), 20), packet(DEVICE, PEER, stun(0x0101, SIGN, transaction=3), 30),
            packet(other, DEVICE, stun(0x0101, SIGN, transaction=4), 40), packet(DEVICE, PEER, stun(0x0EE3, SIGN, transaction=3), 50)]
    check_links(rows_of(wireshark, made, "-2"), {
        1: {"transmissions": 1, "unanswered": 1}, 2: {"transmissions": 1, "response_in": 4}, 3: {"transmissions": 1, "unanswered": 1},
        4: {"response_to": 2, "response_time": 0.02}, 5: {}, 6: {"transmissions": 1, "unanswered": 1}})


def test_answer_to_a_copy(wireshark):
    """The same request over two legs, of which one is answered: the other one is answered, too."""
    leg = (DEVICE[0], 16394)
    made = [packet(DEVICE, PEER, stun(0x0001, SIGN, transaction=3), 0), packet(leg, PEER, stun(0x0001, SIGN, transaction=3), 10),
            packet(PEER, leg, stun(0x0101, SIGN, transaction=3), 40)]
    check_links(rows_of(wireshark, made, "-2"), {1: {"transmissions": 1, "response_in": 3}, 2: {"transmissions": 1, "response_in": 3},
                                                 3: {"response_to": 2, "response_time": 0.03}})


def test_expert_without_a_tree(wireshark):
    """The tap of expert items asks for no tree."""
    made = handmade.capture(wireshark, [packet(DEVICE, PEER, stun(0x0001, SIGN, transaction=3), 1000 * number) for number in range(3)])
    out = wireshark.tshark(made, "-2", "-q", "-z", "expert").ok().out
    assert "No answer in this capture, the request was sent 3 times" in out


def xor(address, port, transaction):
    """The value of an XOR address of IPv4 or IPv6."""
    mask = struct.pack(">I", COOKIE) + transaction.to_bytes(12, "big")
    return struct.pack(">BBH", 0, 1 if len(address) == 4 else 2, port ^ COOKIE >> 16) + bytes(a ^ b for a, b in zip(address, mask))


@pytest.mark.parametrize("ends", [(("192.168.1.90", 16402), ("198.51.100.90", 16402), "203.0.113.64", ("198.51.100.91", 40001)),
                                  (("2001:db8::5", 16402), ("2001:db8:1::5", 16402), "2001:db8::64", ("2001:db8:2::5", 40001))], ids=("IPv4", "IPv6"))
def test_mapped_address_joins_flows(wireshark, ends):
    """What comes to the address that the peer saw is of the call."""
    device, peer, mapped, other = ends
    made = [packet(device, peer, stun(0x0001, SIGN, INTEGRITY, transaction=5)),
            packet(peer, device, stun(0x0101, (0x0020, xor(ipaddress.ip_address(mapped).packed, 50001, 5)), transaction=5), 10),
            packet(other, (mapped, 50001), stun(0x0001, transaction=6), 20), packet((mapped, 50001), other, stun(0x0101, transaction=6), 30)]
    assert [row["facetime.call"] for row in wireshark.fields(handmade.capture(wireshark, made), ["facetime.call"], "-2")] == [["1"]] * 4


def test_standard_attributes_of_other_methods(wireshark):
    """What the standards say of their attributes, in a message that no stock dissector shows: the relay's error indication."""
    v6 = bytes(range(0x20, 0x30))
    reason = b"Unable to Find Participant"
    shown, = after_opening(wireshark, stun(0x0813, (0x0009, struct.pack(">HBB", 0, 6, 1) + reason), (0x0020, xor(bytes((203, 0, 113, 64)), 16393, 5)),
                                           (0x0012, xor(v6, 3478, 5)), (0x000C, struct.pack(">HH", 0x6000, 0)), (0x000D, struct.pack(">I", 600)),
                                           (0x0019, bytes((17, 0, 0, 0))), (0x8022, b"Relay 1"), transaction=5))
    assert shown.value(STUN + "error") == "601" and shown.value(STUN + "error.reason") == reason.decode()
    assert shown.value(STUN + "xor.ipv4") == "203.0.113.64" and shown.values(STUN + "xor.port") == ["16393", "3478"]
    assert shown.value(STUN + "xor.ipv6") == str(ipaddress.ip_address(v6))
    assert int(shown.value(STUN + "channel"), 16) == 0x6000 and shown.value(STUN + "lifetime") == "600"
    assert shown.value(STUN + "transport") == "17" and shown.value(STUN + "software") == "Relay 1"
    assert shown.values(STUN + "error_answer")
    capture = handmade.capture(wireshark, [FIRST, packet(PEER, DEVICE, stun(0x0813, (0x0009, struct.pack(">HBB", 0, 6, 1) + reason), transaction=5), 9)])
    info = wireshark.fields(capture, ["_ws.col.Info" if wireshark.version >= (4, 2) else "_ws.col.Info"], "-2")[1]
    assert "error 601: Unable to Find Participant" in str(info)


@pytest.mark.parametrize("kind, value", [(0x0009, b"\0\0\6"), (0x0020, bytes(7)), (0x000C, bytes(3)), (0x000D, bytes(5)), (0x8022, b"")])
def test_standard_attributes_of_a_wrong_length(wireshark, kind, value):
    """The bytes, and no more."""
    shown, = after_opening(wireshark, stun(0x0813, (kind, value), transaction=5))
    assert len(shown.values(STUN + "attribute.value")) == bool(value)
    for name in ("error", "xor.port", "channel", "lifetime", "software"):
        assert not shown.values(STUN + name)


def test_no_answer(wireshark):
    """A note, not an error, on the last sending only, and only when the capture has been read."""
    request = stun(0x0001, SIGN, transaction=3)
    capture = handmade.capture(wireshark, [packet(DEVICE, PEER, request, 1000 * number) for number in range(3)])
    assert [bool(found.values(STUN + "no_answer")) for found in pdml.packets(wireshark, capture, "-2")] == [False, False, True]
    assert [bool(found.values(STUN + "no_answer")) for found in pdml.packets(wireshark, capture)] == [False] * 3
    rows = wireshark.fields(capture, ["_ws.expert.severity", "_ws.expert.message"], "-2", "-Y", "facetime.stun.no_answer")
    note = ("4194304", "No answer in this capture, the request was sent 3 times")
    assert note in zip(rows[0]["_ws.expert.severity"], rows[0]["_ws.expert.message"], strict=True)


def test_known_later(wireshark):
    """Messages that the stock dissector shows on the first pass, because nothing is FaceTime's yet, are linked too."""
    plain_request, plain_answer = stun(0x0001, INTEGRITY, transaction=3), stun(0x0101, INTEGRITY, transaction=3)
    made = [packet(DEVICE, PEER, plain_request, 0), packet(DEVICE, PEER, plain_request, 500), packet(PEER, DEVICE, plain_answer, 580),
            packet(DEVICE, PEER, stun(0x0001, SIGN, transaction=4), 600)]
    check_links(rows_of(wireshark, made, "-2"), {
        1: {"transmissions": 2, "response_in": 3}, 2: {"transmissions": 2, "response_in": 3, "retransmission": 1, "retransmission_of": 1},
        3: {"response_to": 1, "response_time": 0.58, "response_time_latest": 0.08}, 4: {"transmissions": 1, "unanswered": 1}})


def test_agrees_with_the_stock_dissector(wireshark):
    """Where both link: the same frames, and the same time since the first sending."""
    for name in paths.SAMPLES:
        names = ["frame.number", "stun.response-in", "stun.response-to", "stun.time", *(STUN + link for link in LINKS)]
        rows = wireshark.fields(paths.sample(name), names, "-2", "-Y", "stun && facetime.stun.type")
        assert rows
        for row in rows:
            for ours, theirs in (("response_in", "stun.response-in"), ("response_to", "stun.response-to"), ("response_time", "stun.time")):
                if row[STUN + ours]:
                    assert row[STUN + ours] == row[theirs], (name, row["frame.number"], ours)


def test_exchanges_are_bounded(wireshark):
    """A flood of requests: half of 131,072 are kept, then a warning says so, and nothing else changes."""
    limit = 65536
    made = [packet(DEVICE, PEER, stun(0x0001, SIGN, transaction=number), number // 100) for number in range(limit + 2)]
    capture = handmade.capture(wireshark, made)
    rows = wireshark.fields(capture, ["frame.number", "facetime.kind"], "-Y", "facetime.exchange_limit")
    assert [row["frame.number"] for row in rows] == [[str(limit + 1)], [str(limit + 2)]]
    assert [row["facetime.kind"] for row in rows] == [["1"], ["1"]]


@pytest.mark.parametrize("kind", [0x0016, 0x0017])
def test_data_with_a_channel_number(wireshark, kind):
    """Apple's indications have CHANNEL-NUMBER where TURN's have XOR-PEER-ADDRESS: to a relay, and between devices."""
    message = (0x0013, link_message(0x0003, (1, u16(7))))
    for place, (attribute, apples) in enumerate([((0x000C, u16(0x6000, 0)), True), ((0x0012, u16(1, 0x4002) + bytes(4)), False)]):
        made = [packet(DEVICE, (PEER[0], PEER[1] + place), stun(kind, attribute, message, (0xFFE5, u16(5))), 0)]
        shown, = pdml.packets(wireshark, handmade.capture(wireshark, made))
        assert (shown.values("facetime.stun.link_id") == ["5"]) == apples
        assert shown.values("facetime.link.command") == ["0x0003"], "the message itself is known in each"
