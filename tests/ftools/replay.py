"""Loads for measurements from captures that exist: their packets again and again, with other addresses each time, until there are enough."""

import random
import struct

from . import datagrams, pcap
from .loads import Writer

LINKS = {pcap.RAW_IP: 0, 0: 4, 12: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20}     # bytes before the IP header, by link type
IPV4, IPV6, VLAN = b"\x08\x00", b"\x86\xdd", b"\x81\x00"
TCP, UDP = 6, 17
DNS_PORTS = {53, 5353}
# No capture stands for all: of each at most so many packets. They come from anywhere in it, so that openings are not all that is seen.
MOST_OF_A_FILE = 400
STEP = 20_000                   # microseconds between two captures
LONGEST_PAUSE = 60_000_000      # within one, whose clock may be anything


def ethernet(linktype, data):
    """The frame as Ethernet; None if it is neither that nor IP."""
    if linktype == pcap.ETHERNET:
        return data
    data = data[LINKS[linktype]:] if linktype in LINKS else b""
    kind = {4: IPV4, 6: IPV6}.get(data[0] >> 4) if data else None
    return kind and b"".join(datagrams.MACS) + kind + data


def ip_at(frame):
    """Where the IP header of an Ethernet frame begins; None if there is none."""
    at = 18 if frame[12:14] == VLAN else 14
    return at if frame[at - 2:at] in (IPV4, IPV6) and len(frame) >= at + (40 if frame[at - 2:at] == IPV6 else 20) else None


def kinds(frame):
    """What a frame is, as a set of "ip", "v6", "udp", "tcp", "dns"."""
    at = ip_at(frame)
    if at is None:
        return set()
    v6 = frame[at] >> 4 == 6
    protocol = frame[at + 6] if v6 else frame[at + 9]
    behind = at + (40 if v6 else 4 * (frame[at] & 15))
    ports = set(struct.unpack_from(">HH", frame, behind)) if len(frame) >= behind + 4 else set()
    found = {"ip", "v6" if v6 else "v4"}
    found |= {"udp"} if protocol == UDP else {"tcp"} if protocol == TCP else set()
    return found | ({"dns"} if protocol in (TCP, UDP) and ports & DNS_PORTS else set())


def frames(programs, files):
    """For each file its packets as [(time, frame)], Ethernet; a file that Wireshark cannot write as pcap is left out."""
    out = programs.folder("replay", theirs=True) / "one.pcap"
    for path in files:
        if programs.run("editcap", "-F", "pcap", programs.stage(path), out).status:
            continue
        linktype, packets = pcap.read(out)
        made = [(packet.time, ethernet(linktype, packet.data)) for packet in packets]
        yield [(time, frame) for time, frame in made if frame]


def chosen(captures, wanted, most=MOST_OF_A_FILE):
    """Of each capture the frames that wanted(kinds) takes; of more than MOST a run of so many, whose begin is chosen by chance (the same each time)."""
    dice = random.Random(1)
    for packets in captures:
        some = [packet for packet in packets if wanted(kinds(packet[1]))]
        begin = dice.choice((0, dice.randrange(len(some) - most + 1))) if most and len(some) > most else 0
        yield some[begin:begin + most if most else None]


def readdressed(frame, number):
    """The frame between other hosts: both addresses have NUMBER in their middle, the network stays."""
    at = ip_at(frame)
    if at is None or number == 0:
        return frame
    data = bytearray(frame)
    fields = (at + 8 + 6, at + 24 + 6) if data[at] >> 4 == 6 else (at + 12 + 1, at + 16 + 1)
    for field in fields:
        old, = struct.unpack_from(">H", data, field)
        struct.pack_into(">H", data, field, old ^ number)
    return bytes(data)


def write(path, captures, count, same_hosts=False):
    """COUNT packets of the captures, one behind the other and again from the beginning, each round later and between other hosts (or the SAME_HOSTS)."""
    captures = [packets for packets in captures if packets]
    rounds = count if captures else 0
    now = datagrams.START
    with Writer(path) as out:
        for number in range(rounds):
            for packets in captures:
                before = packets[0][0]
                for time, frame in packets[:count - out.packets]:
                    now += min(max(time - before, 0), LONGEST_PAUSE)
                    before = time
                    out.add(now, frame if same_hosts else readdressed(frame, number))
                now += STEP
            if out.packets >= count:
                return
