"""A FaceTime link in a browser: WebRTC with a host of Apple's, known by the page that was asked for before."""

import dataclasses

import pytest

from ftools import datagrams, pdml, table, views, webrtc
from ftools.webrtc import BROWSER, RESOLVER, SERVER

from generator import net, prng, tls  # pylint: disable=wrong-import-order

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)
SIX, SIX_SERVER = ("2001:db8::95", 51234), ("2620:149:a44:b0c::6", 3478)
ELSEWHERE = ("198.51.100.90", 3478)


def calls(wireshark, capture, *passes):
    """The rows of the calls table."""
    return table.rows(wireshark.tshark(capture, *passes, "-q", "-z", "facetime,calls").ok().out, "FaceTime Calls", ("Packets",))


def hello(client=BROWSER, page=webrtc.PAGE):
    """The page's TLS hello, in a segment of its own."""
    body = tls.record(22, tls.client_hello(prng.Prng("page"), tls.TLS12, (0x1301,), (tls.server_name(page),)))
    segment = net.tcp(client[0], 50000, "17.253.1.1", 443, 1, 1, 0x18, body)
    packet = net.ip(client[0], "17.253.1.1", net.TCP, segment)
    return datagrams.pcap.Packet(datagrams.START, b"".join(datagrams.MACS) + b"\x08\x00" + packet, 14 + len(packet))


@each_pass
@pytest.mark.parametrize("ends", [(BROWSER, SERVER), (SIX, SIX_SERVER)], ids=["IPv4", "IPv6"])
def test_a_call_of_its_own_kind(wireshark, passes, ends):
    """One call with media, whose mode says what it is, by DNS alone; the look-up and the STUN before the handshake belong to it."""
    talk = [*webrtc.look_up(client=(ends[0][0], 50001) if ends[0] == BROWSER else ends[0]), *webrtc.call(*ends)]
    if ends[0] == SIX:
        talk[:2] = [(SIX, ("2001:db8::1", 53), talk[0][2]), (("2001:db8::1", 53), SIX, talk[1][2])]
    row, = calls(wireshark, webrtc.capture(wireshark, talk), *PASSES[passes])
    assert (row["State"], row["Path"], row["Mode"], row["Media"], row["Packets"]) == ("established", "relay", "in a browser", "by WebRTC [guess]", len(talk))
    assert row["Confidence"] == "medium" and row["Device"].startswith(ends[0][0].join("[]" if ":" in ends[0][0] else ("", "")))


@each_pass
def test_by_the_page_itself(wireshark, passes):
    """Where DNS is encrypted, the name is in the hello to the page."""
    packets = [hello(), *(datagrams.frame(*one) for one in webrtc.call())]
    row, = calls(wireshark, datagrams.written(wireshark, "page.pcap", packets), *PASSES[passes])
    assert row["Mode"] == "in a browser"


@each_pass
def test_streams_and_steps(wireshark, passes):
    """Each direction has a row, without an SSRC and a codec; media is a step; both filters find what they say."""
    capture = webrtc.capture(wireshark, [*webrtc.look_up(), *webrtc.call()])
    out = wireshark.tshark(capture, *PASSES[passes], "-q", "-z", "facetime,streams").ok().out
    rows = table.rows(out, "FaceTime Streams", ("Packets",))
    assert [(row["Direction"], row["Codec"], row["SSRC"], row["Lost"], row["Packets"]) for row in rows] == [
        ("sent", "by WebRTC [guess]", "-", "-", 20), ("received", "by WebRTC [guess]", "-", "-", 20)]
    assert [wireshark.count(capture, row["Filter"], "-2") for row in rows] == [20, 20]
    out = wireshark.tshark(capture, *PASSES[passes], "-q", "-z", "facetime,timeline").ok().out
    steps = {row["Step"]: row for row in views.timeline(out)}
    assert steps["media"]["What it is"] == "media by WebRTC [guess], over the relay, encrypted" and steps["media"]["Packets"] == 41


def test_what_wireshark_says_of_it(wireshark):
    """Its own dissectors show all; a payload type has no name of FaceTime's."""
    packets = pdml.packets(wireshark, webrtc.capture(wireshark, [*webrtc.look_up(), *webrtc.call(packets=1)]), "-2")
    assert [packet.values("facetime.web.part") for packet in packets] == [[]] * 4 + [["1"], ["1"], ["2"], ["2"], ["3"], ["1"]]
    assert packets[4].values("dtls.handshake.type") == ["1"] and packets[6].values("rtp.ssrc") == ["0x11110000"] and packets[8].values("rtcp.pt") == ["200"]
    assert "FaceTime" not in wireshark.tshark(webrtc.capture(wireshark, [*webrtc.look_up(), *webrtc.call()]), "-T", "fields", "-e", "_ws.col.Info").ok().out


OTHERS = {
    "no look-up": webrtc.call(),
    "another name": [*webrtc.look_up("facetime.example.com"), *webrtc.call()],
    "another service of Apple's": [*webrtc.look_up("www.apple.com"), *webrtc.call()],
    "another client": [*webrtc.look_up(client=("192.168.1.96", 51234)), *webrtc.call()],
    "the resolver's own": [*webrtc.look_up(), *webrtc.call((RESOLVER[0], 51234))],
    "a host that is not Apple's": [*webrtc.look_up(), *webrtc.call(server=ELSEWHERE)],
    "no handshake": [*webrtc.look_up(), *(one for one in webrtc.call() if one[2] not in (webrtc.HELLO, webrtc.ANSWER))],
}


@each_pass
@pytest.mark.parametrize("name", OTHERS)
def test_others(wireshark, passes, name):
    """What is not a browser's call stays Wireshark's own."""
    capture = webrtc.capture(wireshark, OTHERS[name])
    assert calls(wireshark, capture, *PASSES[passes]) == [] and wireshark.count(capture, "facetime.kind || facetime.call", *PASSES[passes]) == 0


@pytest.mark.parametrize("seconds, number", [(3500, 1), (3700, 0)])
def test_how_long_a_page_counts(wireshark, seconds, number):
    """Within an hour of the look-up."""
    packets = [datagrams.frame(*one) for one in [*webrtc.look_up(), *webrtc.call()]]
    packets = [dataclasses.replace(packet, time=datagrams.START + 10000 * at + (seconds * 1_000_000 if at > 1 else 0)) for at, packet in enumerate(packets)]
    assert len(calls(wireshark, wireshark.write("later.pcap", datagrams.pcap.write(packets)))) == number


def test_many_pages(wireshark):
    """Others that opened pages take the place of who asked longest ago; who asked last is known."""
    crowd = [one for number in range(100) for one in webrtc.look_up(client=(f"192.168.2.{number + 1}", 51234))]
    assert len(calls(wireshark, webrtc.capture(wireshark, [*crowd, *webrtc.look_up(), *webrtc.call()]))) == 1
    assert calls(wireshark, webrtc.capture(wireshark, [*webrtc.look_up(), *crowd, *webrtc.call()])) == []


@each_pass
def test_no_browser_in_a_device_s_call(wireshark, passes):
    """A telephone that opened a link has a call of its own kind: a datagram that looks like DTLS on its flow changes nothing."""
    media = datagrams.FORMS["relay with RTP"].payload
    talk = [*webrtc.look_up(), *[(BROWSER, SERVER, media)] * 3, (BROWSER, SERVER, webrtc.HELLO), *[(BROWSER, SERVER, media)] * 3]
    capture = webrtc.capture(wireshark, talk)
    row, = calls(wireshark, capture, *PASSES[passes])
    assert row["Mode"] != "in a browser" and wireshark.count(capture, "facetime.web", *PASSES[passes]) == 0
    assert wireshark.count(capture, "facetime.kind == 5 && rtp", *PASSES[passes]) == 6


@each_pass
def test_truncated(wireshark, passes):
    """The capture ends anywhere: what is there is shown, and nothing is malformed."""
    for payload in (webrtc.HELLO, webrtc.media(1, 1), webrtc.REPORT):
        talk = [datagrams.frame(*one) for one in [*webrtc.look_up(), *webrtc.call(packets=1)]]
        talk += [datagrams.frame(BROWSER, SERVER, payload, kept=kept) for kept in range(len(payload) + 1)]
        for packet in pdml.packets(wireshark, datagrams.written(wireshark, "cut.pcap", talk), *PASSES[passes]):
            assert "_ws.malformed" not in packet.value("frame.protocols")
