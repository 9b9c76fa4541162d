"""Binary property lists: every type of value, the limits, and lists that point outside themselves. Python's plistlib writes the lists."""

import datetime
import plistlib
import struct

import pytest

from ftools import handmade, pdml
from ftools.relaydata import DEVICE, RELAY, STATS, link_message, relay, sub_packet

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
COMPLAINTS = {"facetime.bplist.malformed", "facetime.bplist.limit"}


def shown(wireshark, lists, passes="-2", kept=None):
    """What is shown of lists, each as the key material of a link message."""
    payloads = [relay(sub_packet(payload=link_message(6, (22, data)), marks=(21,))) for data in lists]
    packets = [handmade.packet(DEVICE, RELAY, STATS)] + [
        handmade.packet(DEVICE, RELAY, payload, 10 * number, None if kept is None else len(payload) - kept) for number, payload in enumerate(payloads, 1)]
    return pdml.packets(wireshark, handmade.capture(wireshark, packets), *PASSES[passes])[1:]


def complaints(packet):
    return packet.names("facetime.bplist.") & COMPLAINTS


def binary(value):
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY, sort_keys=False)


def assembled(objects, *, top=0, offset_size=1, reference_size=1, count=None, table=None, offsets=None):
    """A list made of the bytes of its objects; what is given is written instead of the truth."""
    out, places = b"bplist00", []
    for item in objects:
        places.append(len(out))
        out += item
    start = len(out)
    out += b"".join(place.to_bytes(max(1, offset_size if offset_size <= 8 else 1), "big") for place in (places if offsets is None else offsets))
    return out + bytes(6) + bytes([offset_size, reference_size]) + struct.pack(">QQQ", len(objects) if count is None else count, top,
                                                                              start if table is None else table)


VALUES = {
    "none": None, "no": False, "yes": True, "zero": 0, "byte": 200, "word": 40000, "long": 3_000_000_000, "huge": 2 ** 62, "minus": -5, "beyond": 2 ** 63,
    "real": 0.5, "date": datetime.datetime(2025, 3, 4, 5, 6, 7), "data": b"\xde\xad", "much": bytes(300), "text": "plain", "more": "x" * 200, "wide": "ü ∑ 語",
    "uid": plistlib.UID(77), "list": [1, [2], {}], "dictionary": {"inside": "it"},
}


@each_pass
def test_every_type(wireshark, passes):
    listed = {key: value for key, value in VALUES.items() if value is not None}
    packet, = shown(wireshark, [binary(listed)], passes)
    assert complaints(packet) == set()
    assert set(listed) | {"inside"} == set(packet.values("facetime.bplist.key"))
    assert packet.values("facetime.bplist.boolean") == ["0", "1"]
    assert packet.values("facetime.bplist.integer") == ["0", "200", "40000", "3000000000", str(2 ** 62), "-5", str(2 ** 63 - 2 ** 64), "1", "2"]
    assert packet.value("facetime.bplist.real") == "0.5" and packet.value("facetime.bplist.uid") == "77"
    assert "Mar  4, 2025 05:06:07" in packet.value("facetime.bplist.date") or "2025-03-04" in packet.value("facetime.bplist.date")
    assert [len(value.replace(":", "")) for value in packet.values("facetime.bplist.data")] == [4, 600]
    assert packet.values("facetime.bplist.string") == ["plain", "x" * 200, "ü ∑ 語", "it"]


def test_null_sets_and_short_floats(wireshark):
    packet, = shown(wireshark, [assembled([b"\xa5\1\2\3\4\5", b"\0", b"\xc1\6", b"\xb1\6", b"\x22" + struct.pack(">f", 1.5), b"\x73abc", b"\x09"])])
    assert packet.value("facetime.bplist.real") == "1.5" and packet.value("facetime.bplist.string") == "abc"
    assert packet.values("facetime.bplist.boolean") == ["1", "1"] and complaints(packet) == set()


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return binary(value)


WHOLE = binary({"p": b"abc", "r": "here"})
ARRAY_OF_ITSELF = assembled([b"\xa1\0"])
BAD = {
    "nothing behind the magic": b"bplist00",
    "shorter than its trailer": b"bplist00" + bytes(31),
    "one byte short": WHOLE[:-1],
    "one byte over": WHOLE + b"\0",
    "no objects": assembled([b"\x09"], count=0),
    "top object beyond the objects": assembled([b"\x09"], top=1),
    "offsets of no bytes": assembled([b"\x09"], offset_size=0),
    "offsets of nine bytes": assembled([b"\x09"], offset_size=9),
    "references of no bytes": assembled([b"\x09"], reference_size=0),
    "references of nine bytes": assembled([b"\x09"], reference_size=9),
    "table before the objects": assembled([b"\x09"], table=7),
    "table behind the end": assembled([b"\x09"], table=99),
    "table at an offset of 64 bits": assembled([b"\x09"], table=2 ** 64 - 1),
    "more objects than the table has": assembled([b"\x09"], count=2),
    "an object in the magic": assembled([b"\x09"], offsets=[7]),
    "an object in the table": assembled([b"\x09"], offsets=[9]),
    "an object of an unknown type": assembled([b"\xe0"]),
    "a reference to an object that is not there": assembled([b"\xa1\5"]),
    "a key that is not there": assembled([b"\xd1\5\0"]),
    "data beyond the objects": assembled([b"\x45abcd"]),
    "a string beyond the objects": assembled([b"\x54abc"]),
    "a wide string beyond the objects": assembled([b"\x62abc"]),
    "an integer of 32 bytes": assembled([b"\x15" + bytes(32)]),
    "an integer beyond the objects": assembled([b"\x13" + bytes(7)]),
    "a date of one byte": assembled([b"\x30\0"]),
    "a count that is no integer": assembled([b"\x4f\x50"]),
    "a count of 16 bytes": assembled([b"\x4f\x14" + bytes(16)]),
    "a count beyond the objects": assembled([b"\x4f\x13" + b"\xff" * 8]),
    "a dictionary with too few references": assembled([b"\xd2\1\1\1", b"\x09"]),
}
LIMITED = {
    "an array that holds itself": ARRAY_OF_ITSELF,
    "a dictionary that holds itself": assembled([b"\xd1\1\0", b"\x51k"]),
    "two arrays that hold each other twice": assembled([b"\xa2\1\1", b"\xa2\0\0"]),
    "eighteen arrays in each other": nested(18),
    "more objects than are read": assembled([b"\x09"] * 4097, offset_size=2, reference_size=2),
    "one object referred to 3000 times": assembled([b"\xaf\x11" + (3000).to_bytes(2, "big") + b"\1" * 3000, b"\x09"], offset_size=2),
}


@each_pass
def test_malformed(wireshark, passes):
    for name, packet in zip(BAD, shown(wireshark, BAD.values(), passes), strict=True):
        assert complaints(packet) == {"facetime.bplist.malformed"}, name
        assert "_ws.malformed" not in packet.value("frame.protocols"), name
        assert packet.value("facetime.bplist.magic") == "bplist00", name


@each_pass
def test_limits(wireshark, passes):
    for name, packet in zip(LIMITED, shown(wireshark, LIMITED.values(), passes), strict=True):
        assert complaints(packet) == {"facetime.bplist.limit"}, name


def test_not_quite_the_limits(wireshark):
    """Sixteen arrays in each other are read, and a key that is no string has no name."""
    deep, key = shown(wireshark, [nested(16), assembled([b"\xd1\1\1", b"\x09"])])
    assert complaints(deep) == complaints(key) == set()
    assert len(deep.values("facetime.bplist.type")) == 17 and key.values("facetime.bplist.key") == ["[key that is no string]"]


@pytest.mark.parametrize("number, complaint", [(4096, set()), (4097, {"facetime.bplist.limit"})])
def test_objects_of_a_list(wireshark, number, complaint):
    packet, = shown(wireshark, [assembled([b"\x09"] * number, offset_size=2, reference_size=2)])
    assert complaints(packet) == complaint


@pytest.mark.parametrize("length", [1024, 1025])
def test_length_of_a_string(wireshark, length):
    """1,024 characters are shown."""
    text = "x" * (length - 1) + "y"
    packet, = shown(wireshark, [binary([text])])
    assert [len(value) for value in packet.values("facetime.bplist.string")] == [1024]
    assert packet.value("facetime.bplist.string").endswith("y") == (length == 1024)


def test_reference_to_the_object_behind_the_last(wireshark):
    """Also where the bytes behind the table, which mean nothing, would be the place of one."""
    data = bytearray(assembled([b"\xa1\1"]))
    data[-32] = 8
    packet, = shown(wireshark, [bytes(data)])
    assert complaints(packet) == {"facetime.bplist.malformed"}


@pytest.mark.parametrize("number, complaint", [(2047, set()), (2048, {"facetime.bplist.limit"})])
def test_values_of_a_list(wireshark, number, complaint):
    """The array and what it refers to: 2048 values are visited."""
    packet, = shown(wireshark, [assembled([b"\xaf\x11" + number.to_bytes(2, "big") + b"\1" * number, b"\x09"], offset_size=2)])
    assert complaints(packet) == complaint


def test_what_the_bytes_of_a_list_are_is_all_shown(wireshark):
    """Every byte of a list is under a field."""
    data = binary({key: value for key, value in VALUES.items() if value is not None})
    packet, = shown(wireshark, [data])
    start = min(field.at for field in packet.fields if field.name == "facetime.bplist.magic")
    assert packet.covered("facetime.bplist.") >= set(range(start, start + len(data)))


def test_truncated(wireshark):
    """The index is at the end: without it there are only bytes, and no complaint but Wireshark's own about the cut."""
    for kept_back in (1, 20, len(WHOLE) - 8, len(WHOLE) - 9):
        packet, = shown(wireshark, [WHOLE], kept=kept_back)
        assert packet.value("facetime.bplist.magic") == "bplist00" and complaints(packet) == set()
        assert packet.values("facetime.bplist.key") == [] and "_ws.malformed" not in packet.value("frame.protocols")
