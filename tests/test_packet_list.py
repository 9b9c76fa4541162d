"""The packet list: what the columns Protocol and Info say of each datagram, at the width that Wireshark gives them."""

import re

import pytest

from ftools import handmade, paths
from ftools.datagrams import FORMS

PROTOCOL_MAX = 7        # characters that the Protocol column shows before somebody widens it: seen in Wireshark 4.0's window
NUMBERS = r"SSRC=0x[0-9A-F]+, Seq=\d+, Time=\d+(, Mark)?"
MEDIA = re.compile(rf"((Audio|Video)( [\w.-]+| with redundancy)|Comfort noise|PT=\d+)( parity)?(, (sent|received))?(, retransmitted)?, {NUMBERS}")

needs_real = pytest.mark.skipif(not paths.REAL.is_dir(), reason=paths.NO_SHARED)
CAPTURES = [*(pytest.param(paths.sample(name), id=name) for name in paths.SAMPLES),
            *(pytest.param(path, id=path.stem, marks=needs_real) for path in (paths.WIFI, paths.CELLULAR)),
            *(pytest.param(paths.sample(name), id=name) for name in ("situations/modern-cut-at-64", "situations/legacy-cut-at-96", "situations/modern-group"))]
each_capture = pytest.mark.parametrize("path", CAPTURES)


def frame_of(form):
    """The datagram of this form, between the ends that it has."""
    one = FORMS[form]
    return handmade.packet(one.source, one.destination, one.payload)


def listed(wireshark, path, *args):
    """(Protocol, Info, has RTP, retransmitted) of each datagram of FaceTime's."""
    out = wireshark.tshark(path, *args, "-Y", "facetime", "-T", "fields", "-E", "separator=|", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e",
                           "facetime.rtp.media", "-e", "facetime.rtp.retransmitted").ok().out
    for line in out.splitlines():
        protocol, *info, media, retransmitted = line.split("|")
        yield protocol, "|".join(info).strip(), media, retransmitted


@each_capture
def test_columns(wireshark, path):
    """The protocol is not cut off, Info says something else than it, and begins with words."""
    seen = 0
    for protocol, info, _, _ in listed(wireshark, path):
        seen += 1
        assert len(protocol) <= PROTOCOL_MAX and protocol.startswith("FT"), protocol
        assert re.match(r"[A-Z][a-zA-Z]", info), info
        assert not info.startswith(protocol.removeprefix("FT") + ","), info
        assert "Unassigned" not in info and "Relay, " not in info, info
    assert seen > 50


@each_capture
def test_media(wireshark, path):
    """Medium, codec, direction, whether it is sent again, and the numbers; of each packet of a datagram that holds several."""
    seen = 0
    for _, info, media, retransmitted in listed(wireshark, path, "-2"):
        if not media or info.endswith("]"):
            continue
        for kind, one in zip(media.split(","), info.removeprefix("ChannelData TURN Message ").split("; "), strict=True):
            seen += 1
            assert MEDIA.fullmatch(one), one
            assert {"Audio": "audio", "Video": "video", "Comfort": "audio"}.get(re.split(r"[ =]", one)[0], kind) == kind, one
            assert ("sent" in one) != ("received" in one), one
        assert ("retransmitted" in info) == bool(retransmitted), info
    assert seen > 100 or "cut" in path.stem


@pytest.mark.parametrize("form, protocol, info", [
    ("SNATMAP request", "FTNAT", "SNATMAP Request, own 192.168.1.90:16402"),
    ("SNATMAP answer", "FTNAT", "SNATMAP Answer, mapped 203.0.113.9:16402"),
    ("CommNAT", "FTNAT", "CommNAT Request"),
    ("link probe cafe", "FTProbe", "Notification, queue "),
    ("relay with a link message", "FTRelay", "Relay Interface Info"),
    ("relay with statistics", "FTRelay", "Statistics Request, ID=0x0042"),
    ("relay with face", "FTRelay", "Unknown Payload, 32 bytes"),
    ("relay with a control message of 2026", "FTRelay", "Control Message (SFrame), 34 bytes"),
    ("relay with RTCP, hop-by-hop", "FTRelay", "Hop-by-Hop Encrypted, "),
    ("STUN after the prefix", "FTSTUN", "Binding Request"),
])
def test_what_a_datagram_says(wireshark, form, protocol, info):
    """One datagram, alone in its file: on the first pass as on later ones."""
    path = handmade.capture(wireshark, [frame_of(form)])
    for args in ((), ("-2",)):
        (shown, text, _, _), = listed(wireshark, path, *args)
        assert shown == protocol and text.startswith(info), text


def test_first_line_of_the_tree(wireshark):
    """Kind, direction and content; without a content that is captured, the first two."""
    for form, line in (("relay with RTP", "Apple FaceTime, Relay, sent, Video HEVC"), ("SIP by Viceroy", "Apple FaceTime, SIP, sent, INVITE")):
        out = wireshark.tshark(handmade.capture(wireshark, [frame_of(form)]), "-2", "-V").ok().out
        assert re.search(rf"^{re.escape(line)}$", out, re.M), form


def test_folded_bits_are_found(wireshark):
    """What is not set is one line of the tree, and a field to filter by as before."""
    path = handmade.capture(wireshark, [frame_of("relay with RTP")])
    assert "Compound: False" not in wireshark.tshark(path, "-V").ok().out
    assert "[Not Set: More Flags, Secondary Relay Link IDs, " in wireshark.tshark(path, "-V").ok().out
    for expression, count in (("facetime.relay.flags.compound == 0", 1), ("facetime.relay.flags.compound == 1", 0), ("facetime.relay.flags.link == 1", 1)):
        assert wireshark.count(path, expression) == count, expression
