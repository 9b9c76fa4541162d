"""What is done to the packets of a capture. Each function takes items and gives items; what is true of them goes with them."""

import dataclasses
import ipaddress
import random
import struct

from . import items as parts
from .items import SECOND, UDP, Item

MILLISECOND = 1000
# (protocol, type) of messages that quote a packet: ICMP and ICMPv6 "unreachable"
QUOTING = ((1, 3), (58, 1))


def in_order(items):
    """By time; items of the same time stay as they were."""
    return tuple(sorted(items, key=lambda item: item.time))


def own(items):
    """The items that belong to a call."""
    return [item for item in items if item.call is not None]


# ---- Addresses and ports -----------------------------------------------------------------------------


def rewritten(items, addresses=None, ports=None):
    """Other addresses (old -> new, as text) and ports ((old address, old port) -> new port) in the headers."""
    moved = {ipaddress.ip_address(old).packed: ipaddress.ip_address(new).packed for old, new in (addresses or {}).items()}
    other = {(ipaddress.ip_address(address).packed, port): new for (address, port), new in (ports or {}).items()}

    def packet(data):
        data = bytearray(data)
        protocol, source, destination, at = parts.ends(data)
        first, size = (12, 4) if data[0] >> 4 == 4 else (8, 16)
        for place, end in ((first, source), (first + size, destination)):
            data[place:place + size] = moved.get(bytes(end), end)
        numbers = parts.ports(data)
        if numbers:
            for place, end, port in ((at, source, numbers[0]), (at + 2, destination, numbers[1])):
                data[place:place + 2] = struct.pack(">H", other.get((bytes(end), port), port))
            if protocol == UDP and size == 4:
                data[at + 6:at + 8] = b"\0\0"  # no checksum
        elif (protocol, data[at]) in QUOTING and len(data) >= at + 8 + 28:
            data[at + 8:] = packet(data[at + 8:])
        if size == 4:
            data[10:12] = b"\0\0"
            data[10:12] = header_checksum(data[:20])
        return bytes(data)
    return tuple(dataclasses.replace(item, ip=packet(item.ip), local=(addresses or {}).get(item.local, item.local)) for item in items)


def named(items, addresses):
    """The same addresses where datagrams name them, too: as they are, inverted (SNATMAP), with STUN's cookie, and as text of the same length.
    Media stays as it is."""
    pairs = []
    for old, new in addresses.items():
        before, after = ipaddress.ip_address(old).packed, ipaddress.ip_address(new).packed
        for mask in (bytes(4), b"\xff" * 4, b"\x21\x12\xa4\x42"):
            pairs.append((bytes(a ^ b for a, b in zip(before, mask)), bytes(a ^ b for a, b in zip(after, mask))))
        if len(old) == len(new):
            pairs += [(old.encode(), new.encode()), (old.replace(".", "-").encode(), new.replace(".", "-").encode())]

    def one(item):
        if not item.datagram or item.rtp:
            return item
        at = parts.ends(item.ip)[3] + 8
        found, number = bytearray(item.ip), at
        while number < len(found):
            for before, after in pairs:
                if item.ip[number:number + len(before)] == before:
                    found[number:number + len(before)] = after
                    number += len(before) - 1
                    break
            number += 1
        return item.with_ip(bytes(found))
    return tuple(map(one, items))


def header_checksum(header):
    """Of an IPv4 header whose own field is 0."""
    total = sum(struct.unpack(">10H", bytes(header)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)


def renamed(calls, addresses):
    """The calls with other addresses."""
    def moved(ends):
        return frozenset(addresses.get(end, end) for end in ends)
    return {number: dataclasses.replace(call, devices=moved(call.devices), relays=moved(call.relays), peers=moved(call.peers)) for number, call in calls.items()}


# ---- Fragments ---------------------------------------------------------------------------------------


def fragmented(items, size, order="in order", wanted=lambda item: item.datagram):
    """IPv4 packets in fragments of SIZE bytes (a multiple of 8). ORDER: "in order", "reversed", or "apart": other packets between them."""
    out = []
    for number, item in enumerate(items):
        if item.ip[0] >> 4 != 4 or len(item.ip) <= size + 20 or not wanted(item):
            out.append(item)
            continue
        body, pieces = item.ip[20:], []
        for start in range(0, len(body), size):
            more = 0x2000 if start + size < len(body) else 0
            head = bytearray(item.ip[:20])
            head[2:8] = struct.pack(">HHH", 20 + len(body[start:start + size]), 1 + number & 0xFFFF, more | start // 8)
            head[10:12] = b"\0\0"
            head[10:12] = header_checksum(head)
            pieces.append(bytes(head) + body[start:start + size])
        if order == "reversed":
            pieces.reverse()
        for place, data in enumerate(pieces):
            last = place == len(pieces) - 1
            out.append(dataclasses.replace(item, ip=data, carries=last, time=item.time + place * (4 * MILLISECOND if order == "apart" else 20)))
    return in_order(out) if order == "apart" else tuple(out)


# ---- What was captured -------------------------------------------------------------------------------


def dropped(items, percent, seed):
    """Without PERCENT of all packets."""
    prng = random.Random(f"drop {seed}")
    return tuple(item for item in items if prng.random() * 100 >= percent)


def one_way(items, sent):
    """What the device sent, or what it got, only."""
    return tuple(item for item in items if item.sent == sent)


def twice(items, delay, every=1):
    """Each packet, or each one of EVERY, is there twice; the copy DELAY microseconds later."""
    return in_order([copy for number, item in enumerate(items) for copy in ((item, item.later(delay)) if number % every == 0 else (item,))])


def shuffled(items, most, seed, times="stay"):
    """Packets stand up to MOST microseconds away from their place. TIMES: "stay" with their packets, or are "sorted" again."""
    prng = random.Random(f"order {seed}")
    keys = {id(item): item.time + prng.randrange(most) for item in items}
    out = sorted(items, key=lambda item: keys[id(item)])
    if times == "sorted":
        stamps = sorted(item.time for item in items)
        out = [dataclasses.replace(item, time=time) for item, time in zip(out, stamps)]
    return tuple(out)


def part(items, begin, end):
    """From tenth BEGIN to tenth END of the call's own packets, by their number; other traffic of that time with them."""
    mine = [number for number, item in enumerate(items) if item.call is not None]
    first = 0 if begin == 0 else mine[len(mine) * begin // 10]
    last = len(items) if end == 10 else mine[len(mine) * end // 10]
    return tuple(items[first:last])


def without(items, begin, end):
    """Without the packets of a time, in microseconds from the first one."""
    zero = items[0].time
    return tuple(item for item in items if not begin <= item.time - zero < end)


# ---- Clocks --------------------------------------------------------------------------------------------


def moved(items, offset):
    """Another clock."""
    return tuple(item.later(offset) for item in items)


def stepped(items, offset, tenth=5):
    """The clock is put forward or back by OFFSET in the middle of the capture; the packets stay in their order."""
    half = len(items) * tenth // 10
    return tuple(item.later(offset) if number >= half else item for number, item in enumerate(items))


def drifted(items, percent):
    """The clock runs by PERCENT too fast."""
    zero = items[0].time
    return tuple(dataclasses.replace(item, time=zero + int((item.time - zero) * (1 + percent / 100))) for item in items)


def one_wrong(items, offset, tenth=6):
    """One datagram of a call has a wrong time stamp."""
    mine = [number for number, item in enumerate(items) if item.datagram]
    wrong = mine[len(mine) * tenth // 10]
    return tuple(item.later(offset) if number == wrong else item for number, item in enumerate(items))


def coarse(items, step):
    """Time stamps of a clock with steps of so many microseconds."""
    return tuple(dataclasses.replace(item, time=item.time // step * step) for item in items)


# ---- Several captures ----------------------------------------------------------------------------------


def merged(*captures):
    """Captures with calls of their own, numbered one after the other: (items, calls) of all. Each: (items, calls)."""
    out, calls, before = [], {}, 0
    for items, own_calls in captures:
        out += [dataclasses.replace(item, call=None if item.call is None else item.call + before) for item in items]
        calls.update({number + before: call for number, call in own_calls.items()})
        before += max(own_calls, default=0)
    return in_order(out), calls


def starting(items, time):
    """The same, its first packet at TIME."""
    return moved(items, time - items[0].time)


def at_home(items, home):
    """Captured at another place: other MAC addresses."""
    return tuple(dataclasses.replace(item, home=home) for item in items)


# ---- Strangers -----------------------------------------------------------------------------------------


def udp(time, source, destination, payload, **more):
    """An item of no call: a UDP datagram; ends are (address, port)."""
    datagram = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    return ip(time, source[0], destination[0], UDP, datagram, **more)


def ip(time, source, destination, protocol, payload, **more):
    """An item of no call: an IP packet."""
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    if ":" in source:
        return Item(time, struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload, **more)
    head = bytearray(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + addresses)
    head[10:12] = header_checksum(head)
    return Item(time, bytes(head) + payload, **more)


def beside(items, strangers):
    """Other packets between them."""
    return in_order([*items, *strangers])
