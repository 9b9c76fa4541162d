"""What is not FaceTime is not shown as FaceTime: real captures of other protocols, and datagrams that lack just one of the things
by which FaceTime's are known."""

import random

import pytest

from ftools import datagrams, facts, loads, paths, table
from ftools.datagrams import APPLE, DEVICE, FORMS, LINK_STATE, MEDIA_PORTS, PEER, RELAY_TO_ANYONE, Form, frame, u16, u32

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)

# With this, a bug that Wireshark's own dissectors show on a broken capture does not end the run.
GO_ON = {"WIRESHARK_ABORT_ON_DISSECTOR_BUG": None}

# One run shows what a test here asks: the frames that have anything of FaceTime or of the push, then the calls table.
ANYTHING = ("-Y", "facetime || facetime.call || apns", "-T", "fields", "-e", "frame.number", "-z", "facetime,calls")


def anything(result):
    """(frames with anything of FaceTime, calls) of a run with ANYTHING."""
    out = result.ok().out
    return [int(line) for line in out.splitlines() if line.isdigit()], len(table.rows(out))


@each_pass
@pytest.mark.skipif(not paths.negatives(), reason=paths.NO_SHARED)
def test_captures_of_other_protocols(wireshark, stock, passes):
    """No packet and no call, in any of them. Where a dissector gives up on a broken one, it is Wireshark's own."""
    jobs = {capture.name: (capture, *PASSES[passes], *ANYTHING) for capture in paths.negatives()}
    results = dict(zip(jobs, wireshark.tshark_all(list(jobs.values()))))
    for name, job in jobs.items():
        if results[name].status != 0:
            assert stock.tshark(job[0], *PASSES[passes], "-V").status == results[name].status, results[name]
            results[name] = wireshark.tshark(*job, env=GO_ON)
    found = {name: anything(result) for name, result in results.items()}
    print(f"{passes}: {len(found)} captures, {sum(len(frames) for frames, _ in found.values())} packets shown as FaceTime or in a call, "
          f"{sum(calls for _, calls in found.values())} calls")
    assert {name: what for name, what in found.items() if what != ([], 0)} == {}


@each_pass
def test_the_measure(wireshark, passes):
    """The same run does find what is there."""
    frames, calls = anything(wireshark.tshark(paths.sample("facetime-relay"), *PASSES[passes], *ANYTHING))
    assert len(frames) > 1000 and calls == 1


# ---- One thing wrong -----------------------------------------------------------------------------


def at(offset, data):
    """A change: the bytes at OFFSET are others."""
    return lambda payload: payload[:offset] + data + payload[offset + len(data):]


def is_now(payload):
    """A change: the payload is another one."""
    return lambda _: payload


def longer(payload):
    """A change: a byte more."""
    return payload + b"\0"


def shorter(payload):
    """A change: a byte less."""
    return payload[:-1]


def same(payload):
    """No change of the bytes: the ends are others."""
    return payload


def without(text):
    """A change: a word of the same length in the place of TEXT."""
    return lambda payload: payload.replace(text, b"x" * len(text))


RELAYED = FORMS["relay with RTP"].payload
UNKNOWN_BODY = b"\x01\x02" + bytes(30)

# Form, number of the condition in its match function and what it asks for, the change, and other ends if those are the change.
LOOK_ALIKES = [
    ("SNATMAP request", "1: sixteen bytes, not more", longer),
    ("SNATMAP request", "1: sixteen bytes, not less", shorter),
    ("SNATMAP request", "2: type 1 or 2", at(0, u32(3))),
    ("SNATMAP answer", "2: type 1 or 2", at(0, u32(0x102))),
    ("SNATMAP request", "2: nonce of 31 bits", at(4, b"\x92")),
    ("SNATMAP request", "2: aaaa at the end", at(14, b"\xaa\xab")),
    ("CommNAT", "1: sixteen bytes, not more", longer),
    ("CommNAT", "1: sixteen bytes, not less", shorter),
    ("CommNAT", "3: start", at(0, u32(0x00010002))),
    ("CommNAT", "3: eight bytes of ff", at(15, b"\xfe")),
    ("STUN with a radio technology", "1: two zero bits", at(0, b"\x40")),
    ("STUN with a radio technology", "1: cookie", at(7, b"\x43")),
    ("STUN with a radio technology", "1: length of whole words", is_now(datagrams.stun(1, (0x8007, u32(0)))[:2] + u16(9) +
                                                                        datagrams.stun(1, (0x8007, u32(0)))[4:] + b"\0")),
    ("STUN with a radio technology", "2: length of the datagram", longer),
    ("STUN with a radio technology", "type of the attribute", is_now(datagrams.stun(1, (0x8006, u32(0))))),
    ("STUN with a radio technology", "length of the attribute", is_now(datagrams.stun(1, (0x8007, bytes(8))))),
    ("STUN with a link UUID", "length of the attribute (MS-VERSION)", is_now(datagrams.stun(0x0101, (0x8008, u32(6))))),
    ("STUN with a socket mask", "length of the attribute", is_now(datagrams.stun(1, (0x8024, bytes(8))))),
    ("STUN data indication by channel", "a data indication", at(0, u16(0x0016))),
    ("STUN data indication by channel", "channel number", is_now(datagrams.stun(0x0017, (0x0012, u16(1, 0x2112) + u32(1)), (0x0013, bytes(8))))),
    ("STUN data indication by channel", "data", is_now(datagrams.stun(0x0017, (0x000C, u16(0x6001, 0))))),
    ("STUN after the prefix", "the prefix is 0f", at(0, b"\x0e")),
    ("link probe cafe", "1: first four bytes", at(3, b"\xee")),
    ("link probe cafe", "1: fifth and sixth byte", at(5, b"\xff")),
    ("link probe dead", "1: fifth and sixth byte", at(4, b"\xdf")),
    ("relay with RTP", "1: channel number", at(0, b"\x61")),
    ("relay with RTP", "1: channel number of TURN", at(0, b"\x40")),
    ("relay with RTP", "2: length not larger than the datagram", at(2, u16(len(RELAYED) - 3))),
    ("relay with RTP", "2: length with at most three bytes of padding", at(2, u16(len(RELAYED) - 8))),
    ("relay with RTP", "4: the header fits", is_now(datagrams.relay(u16(0x0004, 0x8000)))),
    ("relay with RTP", "4: at most eleven secondary streams", is_now(datagrams.relay(u16(0x0002) + b"\x0c" + bytes(24) + datagrams.rtp(100)))),
    ("relay with RTP", "4: at most three secondary links", is_now(datagrams.relay(u16(0x4000) + b"\x04" + bytes(8) + datagrams.rtp(100)))),
    ("relay with RTP", "4: no bit that was never seen, low word", is_now(datagrams.relay(u16(0x3001, 0x0777, 0x0303) + datagrams.rtp(100)))),
    ("relay with RTP", "4: no bit that was never seen, high word", is_now(datagrams.relay(u16(0xA001, 0x8000, 0x0777, 0x0303) + datagrams.rtp(100)))),
    ("relay with RTP", "4: a payload of a known kind", is_now(datagrams.relay(RELAY_TO_ANYONE + UNKNOWN_BODY))),
    ("relay with a link message", "4: a payload of a known kind", is_now(datagrams.relay(RELAY_TO_ANYONE + LINK_STATE[:-1]))),
    ("relay with 400f", "4: a payload of a known kind", at(10, u16(0x410F))),
    ("relay with face", "4: a payload of a known kind", at(10, u16(0x7ACE))),
    ("relay with statistics", "4: nothing only with statistics", is_now(datagrams.relay(u16(0x0001, 0x0042)))),
    ("relay with two sub-packets", "4: the first sub-packet's data fits", at(8, u16(1000))),
    ("relay with a base layer", "4: the header fits with the base layer's stream", is_now(datagrams.relay(u16(0x8004, 0x0010) + bytes(9)))),
    ("relay with loose sub-packets", "4: the first sub-packet's data fits", at(17, u16(1000))),
    ("relay with a control message of 2026", "4: a header that was seen", at(10, u16(0x4019))),
    ("relay with a control message of 2026", "4: a header without a signature", at(10, u16(0x4089))),
    ("relay with RTCP, hop-by-hop", "4: the host is Apple's", same, {"destination": (PEER, 50002)}),
    ("relay at an Apple address", "4: the host is Apple's", same, {"destination": (PEER, 50002)}),
    ("RTP with extension 4400", "1: version 2", at(0, b"\x50")),
    ("RTP with extension 4400", "2: not RTCP", at(1, b"\xc8")),
    ("RTP with extension 4400", "3: the CSRC list fits", at(0, b"\x9f")),
    ("RTP with extension 4400", "3: the extension fits", at(14, u16(200))),
    ("RTP with extension 4400", "4: there is an extension", at(0, b"\x80")),
    ("RTP with extension 4400", "4: extension 4400", at(12, u16(0x4500))),
    ("RTP with extension 4400", "4: of two words", at(14, u16(3))),
    ("RTP with extension 4400", "4: source is a media port", same, {"source": (DEVICE, 16404)}),
    ("RTP with extension 4400", "4: destination is a media port", same, {"destination": (PEER, 16383)}),
    ("SIP by Viceroy", "1: a method", at(0, b"INVENT")),
    ("SIP by Viceroy", "1: a method and a blank", at(6, b"\t")),
    ("SIP by Viceroy", "2: the word Viceroy", without(b"Viceroy")),
    ("SIP by Viceroy, compact", "2: the word Viceroy", without(b"Viceroy")),
    ("SDP with rtpID", "3: a=rtpID", without(b"a=rtpID")),
    ("SDP with X-AAC_ELD", "3: X-AAC_ELD", without(b"X-AAC_ELD")),
    ("SDP with iChatEncryption", "3: a=iChatEncryption", without(b"a=iChatEncryption")),
    ("QUIC to the relay", "1: the fixed bit", at(0, b"\x83")),
    ("QUIC to the relay", "2: a long header", at(0, b"\x43")),
    ("QUIC to the relay", "3: a known version", at(1, u32(2))),
    ("QUIC to the relay", "3: no version negotiation", at(1, u32(0))),
    ("QUIC to the relay", "3: a connection ID of at most 20 bytes", at(5, b"\x15")),
    ("QUIC to the relay", "4: a relay port", same, {"destination": (APPLE, 443)}),
    ("QUIC to the relay", "4: one of Apple's addresses", same, {"destination": (PEER, 3482)}),
    ("link message inside TURN", "1: a command", at(36, u16(0))),
    ("link message inside TURN", "1: a command of one byte", at(36, u16(0x0106))),
    ("link message inside TURN", "2: the exact length", at(38, u16(len(LINK_STATE) - 21))),
    ("link message inside TURN", "3: sixteen zeroes", at(55, b"\x01")),
]


def look_alike(number):
    """The frame of a look-alike."""
    name, _, change, *ends = LOOK_ALIKES[number]
    form = FORMS[name]
    if ends:
        form = Form(form.kind, form.payload, **{"source": form.source, "destination": form.destination, **ends[0]})
    return frame(*datagrams.own_ends(form, number), change(form.payload))


@pytest.fixture(scope="module")
def forms_shown(wireshark):
    """forms_shown[passes][name]: what tshark says of a form."""
    capture = datagrams.written(wireshark, "forms.pcap",
                                [frame(*datagrams.own_ends(form, number), form.payload) for number, form in enumerate(FORMS.values())])
    return {passes: dict(zip(FORMS, facts.Frames(wireshark, capture, *args).rows, strict=True)) for passes, args in PASSES.items()}


@pytest.fixture(scope="module")
def look_alikes_shown(wireshark):
    """look_alikes_shown[passes][number]: what tshark says of a look-alike."""
    capture = datagrams.written(wireshark, "look-alikes.pcap", [look_alike(number) for number in range(len(LOOK_ALIKES))])
    return {passes: facts.Frames(wireshark, capture, *args).rows for passes, args in PASSES.items()}


@each_pass
@pytest.mark.parametrize("name", FORMS)
def test_form_is_recognised(forms_shown, passes, name):
    """The measure of the next test: before the change each of them makes its flow FaceTime by itself."""
    row = forms_shown[passes][name]
    assert row["kind"] == [FORMS[name].kind] and "facetime" in row["protocols"]
    assert row["confidence"] == ["medium" if FORMS[name].kind == "quic" else "high"]


@each_pass
@pytest.mark.parametrize("number", range(len(LOOK_ALIKES)), ids=[f"{name}: {condition}" for name, condition, *_ in LOOK_ALIKES])
def test_look_alike(look_alikes_shown, passes, number):
    row = look_alikes_shown[passes][number]
    assert row["kind"] == [] and "facetime" not in row["protocols"] and row["facetime.call"] == []


@each_pass
def test_quic_connection_id_is_not_relay_data(wireshark, passes):
    """wire_relay, condition 3: bytes that have the form of relay data, but begin with the connection ID of the flow's QUIC."""
    payload = datagrams.relay(u16(0x0001, 0x0777) + datagrams.rtp(100))
    there, back = (DEVICE, 50000), (APPLE, 3482)
    packets = [frame(there, back, datagrams.quic_initial()), frame(back, there, payload)]
    mine = [frame(there, back, datagrams.quic_initial(source_id=payload[1:9])), frame(back, there, payload)]
    assert facts.Frames(wireshark, datagrams.written(wireshark, "relay.pcap", packets), *PASSES[passes]).rows[1]["kind"] == ["relay"]
    assert facts.Frames(wireshark, datagrams.written(wireshark, "short.pcap", mine), *PASSES[passes]).rows[1]["kind"] == ["quic"]


# ---- Weak signs stay weak ------------------------------------------------------------------------


@each_pass
def test_many_weak_signs_are_not_one_strong_one(wireshark, passes):
    """STUN, RTP and SIP of other programs on FaceTime's own ports, a hundred of each on one flow: evidence.c, rule 3."""
    packets = []
    for number in range(100):
        packets += [frame(MEDIA_PORTS["source"], MEDIA_PORTS["destination"], datagrams.stun(1, (0x0006, b"abcd"))),
                    frame(MEDIA_PORTS["destination"], MEDIA_PORTS["source"], datagrams.rtp(104, sequence=number)),
                    frame(MEDIA_PORTS["source"], MEDIA_PORTS["destination"], datagrams.sip("Other 1.0"))]
    capture = datagrams.written(wireshark, "weak.pcap", packets)
    assert anything(wireshark.tshark(capture, *PASSES[passes], *ANYTHING)) == ([], 0)


@each_pass
def test_other_programs_on_our_ports(wireshark, passes):
    """STUN, TURN, SIP, RTP, QUIC, DTLS, games, DNS and NTP on FaceTime's ports."""
    path = wireshark.write("others.pcap", b"")
    count = loads.others_on(path, (16393, 16402, 3478), (3478, 3482, 3497, 16384, 16393, 16402))
    found = anything(wireshark.tshark(path, *PASSES[passes], *ANYTHING))
    print(f"{passes}: {count}, shown as FaceTime: {len(found[0])} packets, {found[1]} calls")
    assert found == ([], 0)


# First bytes that lead into each of the forms.
FIRST = (0x00, 0x01, 0x0F, 0x40, 0x45, 0x60, 0x80, 0x90, 0xC3, 0xDE, ord("I"), ord("S"))


@each_pass
def test_random_datagrams(wireshark, passes):
    """Random bytes on FaceTime's ports, also at Apple's addresses; in flows of one datagram and of many."""
    generator = random.Random(20260101)
    packets = []
    for number in range(4000):
        payload = bytearray(generator.randbytes(generator.randint(1, 400)))
        if number % 3:
            payload[0] = generator.choice(FIRST)
        remote = (APPLE if number % 2 else PEER, generator.choice((3478, 3482, 3497, 16384, 16402)))
        device = (f"192.168.{number // 250 % 8}.{number % 250 + 1}" if number % 5 else DEVICE, generator.randint(16384, 16403))
        ends = (device, remote) if number % 4 else (remote, device)
        packets.append(frame(*ends, bytes(payload)))
    capture = datagrams.written(wireshark, "random.pcap", packets)
    assert anything(wireshark.tshark(capture, *PASSES[passes], *ANYTHING)) == ([], 0)
