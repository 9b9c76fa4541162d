"""The packets of a capture again, several in one frame: 802.11 A-MSDUs (in the clear, or encrypted with WEP), and PPP with multiplexing (RFC 3153).

Each maker gives (linktype, frames, options of tshark). The packets keep their order; those of one frame get one time. With most=1 each packet has
a frame of its own, with the same times: what is said of it must not depend on how many share a frame.
"""

import struct
import zlib

from . import replay
from .datagrams import MACS
from .pcap import Packet

WIFI, PPP = 105, 9
# A pause that ends a frame, in microseconds; the most bytes of an A-MSDU (IEEE 802.11-2020, table 9-34).
PAUSE, MOST_BYTES = 30_000, 7935
SNAP = bytes.fromhex("aaaa03000000")
WEP_KEY = bytes.fromhex("0102030405")


def groups(packets, together, apart):
    """Runs of packets [(time, frame)] that one sender has together; each as (time of the first, frames), cut into parts of APART."""
    run = []
    for time, frame in packets:
        sender = frame[6:12]
        if run and (time - run[0][0] > PAUSE or len(run) == together or sender != run[0][1][6:12] or
                    sum(len(one) + 20 for _, one in run) + len(frame) > MOST_BYTES):
            yield from parts(run, apart)
            run = []
        run.append((time, frame))
    if run:
        yield from parts(run, apart)


def parts(run, apart):
    """A run in parts of APART frames, all of them at its time."""
    for at in range(0, len(run), apart):
        yield run[0][0], [frame for _, frame in run[at:at + apart]]


def ethernet(linktype, packets):
    """[(time, frame)] of packets, as Ethernet frames whose source tells the device from all others where the link has none."""
    made = []
    for packet in packets:
        frame = replay.ethernet(linktype, packet.data)
        if frame and replay.ip_at(frame) is not None and len(packet.data) == packet.length:
            made.append((packet.time, frame))
    return made


def subframe(frame, last):
    """An Ethernet frame as a subframe of an A-MSDU: padded to four bytes, but the last."""
    at = 12
    data = frame[:12] + struct.pack(">H", len(frame) - at + len(SNAP)) + SNAP + frame[at:]
    return data if last else data + bytes(-len(data) % 4)


def rc4(key, data):
    """RC4 of DATA."""
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def wep(number, data):
    """What IEEE 802.11 makes of a frame's body with WEP: initialization vector, encrypted body and check value."""
    vector = struct.pack(">I", number)[1:]
    return vector + b"\0" + rc4(vector + WEP_KEY, data + struct.pack("<I", zlib.crc32(data)))


def wifi(packets, together, apart, protect=None):
    """802.11 data frames with quality of service, from the station or from the access point as the source is."""
    frames = []
    for number, (time, found) in enumerate(groups(packets, together, apart)):
        to_ap = found[0][6:12] == MACS[1] or found[0][6:12] < found[0][:6]
        several = len(found) > 1
        body = b"".join(subframe(frame, n + 1 == len(found)) for n, frame in enumerate(found)) if several else SNAP + found[0][12:]
        if protect:
            body = protect(number, body)
        station, other = (found[0][6:12], found[0][:6]) if to_ap else (found[0][:6], found[0][6:12])
        bssid = bytes.fromhex("020000009001")
        addresses = bssid + station + other if to_ap else station + bssid + other
        header = bytes([0x88, (1 if to_ap else 2) | (0x40 if protect else 0), 0, 0]) + addresses + struct.pack("<HH", (number & 0xfff) << 4, 0x80 if several else 0)
        frames.append(Packet(time, header + body, len(header + body)))
    return frames


def a_msdu(linktype, packets, together, apart):
    """802.11 in the clear."""
    return WIFI, wifi(ethernet(linktype, packets), together, apart), ()


def protected(linktype, packets, together, apart):
    """802.11 with WEP, and the key."""
    options = ("-o", "wlan.enable_decryption:TRUE", "-o", 'uat:80211_keys:"wep","' + WEP_KEY.hex(":") + '"')
    return WIFI, wifi(ethernet(linktype, packets), together, apart, wep), options


def multiplexed(linktype, packets, together, apart):
    """PPP, several packets in one frame (RFC 3153): each with its length, in two bytes, and its protocol."""
    frames = []
    for time, found in groups(ethernet(linktype, packets), together, apart):
        parts_of_one = [(b"\x57" if frame[replay.ip_at(frame)] >> 4 == 6 else b"\x21") + frame[replay.ip_at(frame):] for frame in found]
        data = b"\xff\x03" + (b"\x00" + parts_of_one[0] if len(found) == 1 else
                              b"\x00\x59" + b"".join(struct.pack(">H", 0xc000 | len(part)) + part for part in parts_of_one))
        frames.append(Packet(time, data, len(data)))
    return PPP, frames, ()


MAKERS = {"A-MSDU": a_msdu, "A-MSDU with WEP": protected, "PPP multiplexing": multiplexed}
