"""RTP and RTCP packets, and sources that produce a stream of them."""

import struct

from .scene import SECOND, Stream


def rtp(payload_type, sequence, timestamp, ssrc, payload, marker=False, extension=None):
    """An RTP packet; EXTENSION: (profile, bytes in whole words)."""
    first = 0x90 if extension else 0x80
    head = struct.pack("!BBHII", first, payload_type | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    if extension:
        profile, words = extension
        head += struct.pack("!HH", profile, len(words) // 4) + words
    return head + payload


def rtcp_report(ssrc, other, time, timestamp, packets, octets, name):
    """A sender report about one's own stream with a block about the OTHER's, and a source description."""
    ntp = 3900000000 * 2 ** 32 + time * 2 ** 32 // SECOND
    block = struct.pack("!IIIIII", other, 0, packets & 0xFFFF, 40, 0, 0)
    report = struct.pack("!BBHIQIII", 0x81, 200, 12, ssrc, ntp, timestamp & 0xFFFFFFFF, packets, octets) + block
    item = struct.pack("!I", ssrc) + bytes([1, len(name)]) + name.encode()
    item += b"\0" * (4 - len(item) % 4)
    return report + struct.pack("!BBH", 0x81, 202, len(item) // 4) + item


class Source:
    """One SSRC: keeps sequence number and time stamp over every path that carries it."""

    def __init__(self, prng, ssrc, payload_type, media, clock, extension=None, trailer=b""):
        """EXTENSION: a function of the packet's count, giving (profile, words) or None. TRAILER ends each packet."""
        self.prng, self.ssrc, self.payload_type, self.media, self.clock = prng, ssrc, payload_type, media, clock
        self.extension = extension or (lambda count: None)
        self.trailer = trailer
        self.frame = (1, 0)  # of video: packets and number of the frame at hand
        self.first_sequence = prng.number(16)
        self.first_timestamp = prng.number(32) >> 1
        self.count = self.octets = self.timestamp = 0

    def packet(self, offset, size, marker=False, payload_type=None):
        """The next packet, at OFFSET microseconds into the stream; returns its bytes and its Stream tag."""
        payload_type = self.payload_type if payload_type is None else payload_type
        sequence = self.first_sequence + self.count
        self.timestamp = self.first_timestamp + offset * self.clock // SECOND
        data = rtp(payload_type, sequence, self.timestamp, self.ssrc, self.prng.bytes(size) + self.trailer, marker, self.extension(self.count))
        self.count += 1
        self.octets += size
        return data, Stream(self.ssrc, payload_type, self.media, sequence)


class Audio:
    """Blocks of samples at an even pace."""

    def __init__(self, source, samples, low, high, marker=False, extras=()):
        """SAMPLES per packet; LOW to HIGH bytes; EXTRAS: (every how many packets, payload type, bytes) of the same SSRC."""
        self.source, self.samples, self.low, self.high, self.marker, self.extras = source, samples, low, high, marker, extras

    def play(self, start, stop):
        """Yields (offset, bytes, tag) for the time from START to STOP, offsets from the stream's beginning."""
        clock, prng = self.source.clock, self.source.prng
        index = -(-start * clock // (self.samples * SECOND))
        while (offset := index * self.samples * SECOND // clock) < stop:
            # One more microsecond: the division above rounds down, the time stamp must not fall to the block before
            yield (offset, *self.source.packet(offset + 1, prng.between(self.low, self.high), self.marker or not index))
            for every, payload_type, size in self.extras:
                if index % every == every - 1:
                    yield (offset + 900, *self.source.packet(offset + 1, size, False, payload_type))
            index += 1


class Video:
    """Frames at an even pace, each in several packets, the last one marked; key frames are bigger."""

    def __init__(self, source, frames_per_second, parts, key_parts, low, high, key_every=75):
        """PARTS, KEY_PARTS: (fewest, most) packets of a frame; LOW to HIGH bytes of a packet."""
        self.source, self.rate, self.parts, self.key_parts = source, frames_per_second, parts, key_parts
        self.low, self.high, self.key_every = low, high, key_every

    def play(self, start, stop):
        """Yields (offset, bytes, tag) as Audio.play does."""
        prng = self.source.prng
        index = -(-start * self.rate // SECOND)
        while (offset := index * SECOND // self.rate) < stop:
            parts = prng.between(*(self.key_parts if index % self.key_every == 0 else self.parts))
            self.source.frame = (parts, index)
            for part in range(parts):
                last = part == parts - 1
                size = prng.between(self.low, self.high) // (2 if last and parts > 1 else 1)
                yield (offset + part * 350, *self.source.packet(offset + 1, size, last))
            index += 1


def run(lane, source, start, stop, deliver, lost=(), late=(), jitter=0):
    """Play SOURCE (Audio or Video) from START to STOP of its own time on LANE, whose clock says when its time was 0.

    DELIVER(lane, bytes, stream tag) sends a packet. LOST: counts of packets that never arrive; LATE: counts of packets
    that arrive 45 ms late, so behind their successors; JITTER: greatest random delay.
    """
    zero, prng = lane.now, lane.scene.prng.child(f"jitter {source.source.ssrc} {start}")
    latest = 0
    for count, (offset, data, stream) in enumerate(source.play(start, stop)):
        if count in lost:
            continue
        time = zero + offset + (prng.between(0, jitter) if jitter else 0)
        latest = time = max(time, latest + 20)  # jitter alone never changes the order
        lane.at(time + 45000 if count in late else time)
        deliver(lane, data, stream)
