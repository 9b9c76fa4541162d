"""QUIC to the relay is left to the stock dissector, tied to the call, and told from relay channel data by its connection IDs."""

import pytest

from ftools import datagrams, handmade, paths, pdml
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, relay, rtp, sub_packet, u16, u32

from generator import prng, quic    # by the path that ftools.datagrams adds

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.is_dir(), reason=paths.NO_SHARED)

RELAYED, QUIC = "5", "8"        # facetime.kind
LONG_HEADER, CONNECTION_ID, ELIMINATION = "0", "1", "2"     # facetime.quic.known_by


def long_header(first, destination, source, rest=b"", version=1, size=300):
    """A QUIC long header: RFC 9000, section 17.2; filled with bytes without meaning."""
    head = bytes([first]) + u32(version) + bytes([len(destination)]) + destination + bytes([len(source)]) + source + rest
    return head + bytes(range(256)) * 2 if size is None else head + (bytes(range(256)) * 8)[:size - len(head)]


def initial(destination, source, **more):
    return long_header(0xC3, destination, source, b"\0" + u16(0x4000 | 200), **more)


def handshake(destination, source, **more):
    return long_header(0xE3, destination, source, u16(0x4000 | 200), **more)


def retry(destination, source):
    return long_header(0xF0, destination, source)


def short(connection_id, length=None, first=0x60, rest=b""):
    """A short header whose bytes look like a relay header, as far as its connection ID lets them; LENGTH: of the datagram."""
    packet = bytes([first]) + connection_id + rest
    return packet + bytes(max(0, (length or len(packet)) - len(packet)))


CHOSEN = bytes.fromhex("0000180000aabbcc")      # the device's first guess of the relay's ID
# An ID of the relay that makes a short header look like relay data of length 0x30, with flags 0241: 60 | 00 00 30 02 41 ...
LOOKS_RELAYED = bytes.fromhex("0000300241100100")
OTHER = bytes.fromhex("1122334455667788")


def alike(connection_id=LOOKS_RELAYED):
    """A short header that has the exact length and the form of relay data."""
    packet = short(connection_id, 4 + int.from_bytes(connection_id[1:3], "big"))
    assert packet[0] == 0x60 and int.from_bytes(packet[2:4], "big") == len(packet) - 4
    return packet


def conversation(wireshark, *datagrams, passes="-2"):
    """Kinds and packets of datagrams (True: from the device)."""
    return pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet(*((DEVICE, RELAY) if device else (RELAY, DEVICE)), payload, 10 * number)
        for number, (device, payload) in enumerate(datagrams)]), *PASSES[passes])


def kinds(packets):
    return [packet.value("facetime.kind") for packet in packets]


@each_pass
def test_handshake(wireshark, passes):
    """All of the connection is of the call, and shown by the stock dissector."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", OTHER)), (False, handshake(b"", OTHER)),
                           (True, short(OTHER, 40, first=0x41)), (False, short(b"\x99" * 20, first=0x41)), passes=passes)
    assert kinds(packets) == [QUIC] * 5
    assert all("quic" in packet.protocols and packet.values("facetime.call") == ["1"] for packet in packets)
    assert [packet.value("facetime.quic.known_by") for packet in packets] == [LONG_HEADER] * 3 + [CONNECTION_ID, ELIMINATION]
    assert packets[3].value("facetime.quic.connection_id") == OTHER.hex(":")


@each_pass
def test_the_relays_connection_id(wireshark, passes):
    """A short header to it is QUIC, though it has the form of relay data; relay data that has not got it stays relay data."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", LOOKS_RELAYED)), (True, STATS), (True, alike()),
                           (True, relay(sub_packet({0: u16(1)}, rtp()))), (True, alike()), passes=passes)
    assert kinds(packets) == [QUIC, QUIC, RELAYED, QUIC, RELAYED, QUIC]
    assert [packet.value("facetime.quic.known_by") for packet in (packets[3], packets[5])] == [CONNECTION_ID] * 2


@each_pass
def test_without_the_connection_id_it_is_relay_data(wireshark, passes):
    """The counter-test: the same bytes on a flow whose connection ID is another one."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", OTHER)), (True, STATS), (True, alike()), passes=passes)
    assert kinds(packets) == [QUIC, QUIC, RELAYED, RELAYED]


@each_pass
def test_retry(wireshark, passes):
    """A Retry has a connection ID of its own; the relay's Initial after it has another; both are the flow's."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, retry(b"", OTHER)), (True, initial(OTHER, b"", size=1200)),
                           (False, initial(b"", LOOKS_RELAYED)), (True, STATS), (True, alike()), (True, short(OTHER, 50)), passes=passes)
    assert kinds(packets) == [QUIC] * 4 + [RELAYED, QUIC, QUIC]
    assert [packet.value("facetime.quic.known_by") for packet in packets[5:]] == [CONNECTION_ID] * 2


def test_version_negotiation_chooses_no_connection_id(wireshark):
    """It repeats what the device wrote."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, long_header(0xC0, b"", LOOKS_RELAYED, u32(1), version=0, size=30)),
                           (True, STATS), (True, alike()))
    assert kinds(packets) == [QUIC, QUIC, RELAYED, QUIC] and packets[3].value("facetime.quic.known_by") == ELIMINATION


@each_pass
def test_a_connection_id_of_the_device(wireshark, passes):
    """Where the device has chosen one, datagrams to it are told as well."""
    packets = conversation(wireshark, (True, initial(CHOSEN, LOOKS_RELAYED, size=1200)), (False, initial(LOOKS_RELAYED, OTHER)), (False, STATS),
                           (False, alike()), passes=passes)
    assert kinds(packets) == [QUIC, QUIC, RELAYED, QUIC]


@each_pass
def test_empty_connection_id(wireshark, passes):
    """The device's is empty in all real calls. What comes from the relay is relay data if its payload is one that was seen, else QUIC."""
    link = link_message(6, (1, u16(1)), (9, bytes(20)))
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", OTHER)),
                           (False, relay(sub_packet({9: u16(1), 10: u16(1, 2, 3, 4, 5)}))), (False, relay(sub_packet({2: bytes(7) + b"\1"}, rtp()))),
                           (False, relay(sub_packet(payload=link, marks=(20, 21)))),
                           (False, relay(sub_packet({0: u16(1)}, b"\x33\x44\x55"))),         # the form, but no payload that is known
                           (False, u16(0x6000, 48, 0x9241) + b"\x5b" * 46),                  # unknown flags
                           (False, u16(0x6000, 77, 0x0241) + b"\x5b" * 46), passes=passes)   # wrong length
    assert kinds(packets) == [QUIC, QUIC, RELAYED, RELAYED, RELAYED, QUIC, QUIC, QUIC]


@each_pass
def test_a_new_connection_id_is_encrypted(wireshark, passes):
    """What has none of the known IDs is QUIC if it has not the form of relay data."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", OTHER)), (True, STATS),
                           (True, short(b"\xfe\xdc\xba\x98\x76\x54\x32\x10", 60)), passes=passes)
    assert kinds(packets) == [QUIC, QUIC, RELAYED, QUIC] and packets[3].value("facetime.quic.known_by") == ELIMINATION


@each_pass
def test_second_connection_of_a_flow(wireshark, passes):
    """The IDs of both are known."""
    packets = conversation(wireshark, (True, initial(CHOSEN, b"", size=1200)), (False, initial(b"", LOOKS_RELAYED)), (True, STATS),
                           (True, initial(CHOSEN[::-1], b"", size=1200)), (False, initial(b"", OTHER)), (True, alike()), passes=passes)
    assert kinds(packets) == [QUIC, QUIC, RELAYED, QUIC, QUIC, QUIC]


@pytest.mark.parametrize("length, kind", [(20, QUIC), (21, None)])
def test_longest_connection_id(wireshark, length, kind):
    """RFC 9000, 17.2: 20 bytes."""
    assert kinds(conversation(wireshark, (True, initial(bytes(range(length)), OTHER)))) == [kind]


def test_truncated_and_odd_long_headers(wireshark):
    """No crash, and nothing malformed by this plugin: the cut at each byte, IDs that are too long, an unknown version."""
    whole = initial(CHOSEN, OTHER, size=1200)
    packets = [handmade.packet(DEVICE, RELAY, initial(CHOSEN, b"", size=1200))]
    packets += [handmade.packet(DEVICE, RELAY, whole, 10 + kept, kept) for kept in range(2, 30)]
    packets += [handmade.packet(DEVICE, RELAY, payload, 100 + number) for number, payload in enumerate(
        (initial(bytes(21), b""), long_header(0xC3, b"", bytes(255)), initial(b"", b"", version=0x0A0A0A0A), b"\xc3\0\0\0\1"))]
    found = pdml.packets(wireshark, handmade.capture(wireshark, packets), "-2")
    assert len(found) == len(packets) and found[0].value("facetime.kind") == QUIC


@needs_real
@pytest.mark.parametrize("capture, relayed", [(paths.WIFI, 1722), (paths.CELLULAR, 2620)], ids=("wifi", "cellular"))
def test_real_calls(wireshark, capture, relayed):
    """Every short header of the device has the relay's connection ID; no relay datagram was taken for QUIC."""
    device = "(ip.src == 10.0.0.0/8)"
    assert wireshark.count(capture, "facetime.kind == 5", "-2") == relayed
    assert wireshark.count(capture, f"facetime.quic.known_by == 2 && {device}", "-2") == 0
    assert wireshark.count(capture, f"facetime.quic.known_by == 1 && {device}", "-2") > 0


# ---- The pre-shared key of the hello -------------------------------------------------------------

TOKEN, OTHER_TOKEN = quic.token(prng.Prng("token")), quic.token(prng.Prng("another"))
PSK = ("salt", "token", "first")


def hello(session_token=TOKEN, identity=None, seed="hello", parts=1):
    """The Initials of a device that asks the relay: real ones, which anybody can decrypt; the hello in PARTS of them."""
    generator = prng.Prng(seed)
    first_id = generator.bytes(8)
    data = quic.client_hello(generator, session_token, identity)
    size = -(-len(data) // parts)
    keys = quic.Keys(first_id, b"client in")
    return [quic.initial(keys, first_id, b"", number, quic.crypto(data[number * size:(number + 1) * size], number * size), 1200)
            for number in range(parts)]


def hellos(wireshark, *payloads, passes="-2", ends=(DEVICE, RELAY), **more):
    """Initials in flows of their own."""
    return pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet((ends[0][0], ends[0][1] + flow), ends[1], payload, 100 * flow + number, **more)
        for flow, initials in enumerate(payloads) for number, payload in enumerate(initials)]), *PASSES[passes])


def psk(packet):
    return [packet.value(f"facetime.quic.psk.{name}").replace(":", "") if packet.values(f"facetime.quic.psk.{name}") else "" for name in PSK]


@each_pass
def test_psk(wireshark, passes):
    """Salt and session token; the second path of the device has the same token, and says where it was first."""
    packets = hellos(wireshark, hello(), hello(seed="second"), hello(OTHER_TOKEN, seed="third"), passes=passes)
    assert [psk(packet)[1:] for packet in packets] == [[TOKEN.hex(), ""], [TOKEN.hex(), "1"], [OTHER_TOKEN.hex(), ""]]
    assert len({psk(packet)[0] for packet in packets}) == 3 and all(len(psk(packet)[0]) == 24 for packet in packets)


@each_pass
def test_psk_of_a_hello_in_two_initials(wireshark, passes):
    """The stock dissector puts it together: shown where it ends."""
    packets = hellos(wireshark, hello(parts=2), passes=passes)
    assert [psk(packet)[1] for packet in packets] == ["", TOKEN.hex()]


def test_psk_without_a_tree(wireshark):
    """It is read when the file is read, where there is no tree, and shown when the packet is looked at."""
    capture = handmade.capture(wireshark, [handmade.packet(DEVICE, RELAY, payload, 10) for payload in hello()])
    listing = ("frames", {"filter": "frame", "column0": "facetime.quic.psk.token:1"})
    first, second = wireshark.sharkd(capture, listing, listing)
    assert first == second and TOKEN.hex()[:64] in str(first).replace(":", "")      # the column is cut


IDENTITIES = {"a session ticket": b"\x01" + bytes(60), "without a token": bytes(13), "one byte": b"\0", "a token without end": bytes(60) * 20}


@each_pass
@pytest.mark.parametrize("name", IDENTITIES)
def test_other_identities(wireshark, passes, name):
    """What has not the form is no session token; the packet is QUIC to the relay all the same."""
    packets = hellos(wireshark, hello(identity=IDENTITIES[name], parts=3 if len(IDENTITIES[name]) > 500 else 1), passes=passes)
    assert [psk(packet) for packet in packets] == [["", "", ""]] * len(packets) and kinds(packets) == [QUIC] * len(packets)


@each_pass
def test_psk_truncated(wireshark, passes):
    """The capture cut the Initial: no token, and nothing that this plugin breaks."""
    payload = hello()[0]
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [
        handmade.packet((DEVICE[0], DEVICE[1] + kept // 100), RELAY, payload, kept, kept) for kept in range(100, 1200, 100)]), *PASSES[passes])
    assert len(packets) == 11 and all(psk(packet) == ["", "", ""] for packet in packets)


def test_psk_to_another_server(wireshark):
    """The same hello to a server that is not Apple's, on another port: none of the fields."""
    packets = hellos(wireshark, hello(), ends=(("192.168.1.90", 50000), ("198.51.100.90", 443)))
    assert [psk(packet) for packet in packets] == [["", "", ""]]


@each_pass
@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("order", ["sent", "reversed"])
def test_hello_of_another_program_on_a_media_port(wireshark, passes, parts, order):
    """The stock dissector has it, and is asked again for the key: it must find the parts that it keeps, and the capture stays readable."""
    initials = hello(identity=b"\x01" + bytes(120), parts=parts)
    ends = ("192.168.1.90", 16393), ("198.51.100.90", 443)
    capture = handmade.capture(wireshark, [handmade.packet(*ends, payload, 10 * number) for number, payload in enumerate(initials if order == "sent" else initials[::-1])])
    done = wireshark.tshark(capture, *PASSES[passes], "-T", "fields", "-e", "frame.number", "-e", "facetime.quic.psk.token").ok()
    assert done.out.split() == [str(number + 1) for number in range(parts)] and "bug" not in done.err


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("token, port, known", [(TOKEN, 16393, True), (b"\x90\0\0\2" + TOKEN[4:], 16393, False), (TOKEN, 50000, False)],
                         ids=("a session's", "another beginning", "another port"))
def test_token_to_a_host_that_nobody_knows(wireshark, parts, token, port, known):
    """Where addresses were changed, the token says that it is the relay: from the device's media port only."""
    ends = ("192.168.1.90", port), ("198.51.100.90", 3482)
    packets = hellos(wireshark, hello(token, parts=parts), ends=ends)
    assert kinds(packets) == [QUIC if known else None] * parts and psk(packets[-1])[1] == (TOKEN.hex() if known else "")


LATER = {"another host": (DEVICE, ("198.51.100.90", 443)), "another port": (DEVICE, (RELAY[0], 4500)), "behind a NAT": (("192.0.2.1", 51000), (RELAY[0], 443)),
         "IPv6": (("2001:db8::5", 16393), ("2001:db8::90", 443))}


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("ends", LATER)
def test_psk_before_the_flow_was_known(wireshark, ends, parts):
    """What comes later makes the flow FaceTime: on the second pass the hello has its token, in however many Initials it came."""
    sign = u32(1, 0x12345678) + bytes((192, 168, 1, 90)) + u16(16402, 0xAAAA)
    payloads = [*hello(parts=parts), sign, *(relay(sub_packet({0: u16(1)}, rtp(sequence=number))) for number in range(3))]
    packets = pdml.packets(wireshark, handmade.capture(wireshark, [handmade.packet(*LATER[ends], payload, 10 * number)
                                                                   for number, payload in enumerate(payloads)]), "-2")
    assert [psk(packet)[1] for packet in packets[:parts]] == [""] * (parts - 1) + [TOKEN.hex()] and not any(packet.names("_ws.malformed") for packet in packets)


@needs_real
def test_psk_of_real_calls(wireshark):
    """Wi-Fi and cellular of one device have the same token and other salts; two sessions have two tokens."""
    shown = {name: wireshark.fields(path, [f"facetime.quic.psk.{part}" for part in PSK], "-2", "-Y", "facetime.quic.psk.token")
             for name, path in (("wifi", paths.WIFI), ("cellular", paths.CELLULAR))}
    for name, same in (("wifi", 1), ("cellular", 2)):
        rows = shown[name]
        assert len(rows) == 2 and len({row["facetime.quic.psk.salt"][0] for row in rows}) == 2
        assert len({row["facetime.quic.psk.token"][0] for row in rows}) == same
        assert all(row["facetime.quic.psk.token"][0].replace(":", "").startswith("90000001") for row in rows)
