"""SIP and SDP of Viceroy: parties, the stack's name, bodies in all encodings, the description's lines, and bad input."""

import gzip
import re
import zlib

import pytest

from ftools import datagram, paths

PASSES = {"pass 1": (), "-2": ("-2",)}

SDP = b"".join(line + b"\r\n" for line in (
    b"v=0", b"o=user 1 0 IN IP4 192.168.1.64", b"s=user", b"c=IN IP4 192.168.1.64", b"b=AS:200", b"t=0 0", b"a=hwi:17412:2:2800",
    b"a=iChatEncryption:NO", b"a=bandwidthDetection:YES", b"a=multipoint:1", b"a=FLS;VRA:0;RVRA:1;AS:2", b"m=audio 16402 RTP/AVP 105 0",
    b"a=rtcp:16402", b"a=RTCP:AUDIO 16402 VIDEO 16403", b"a=rtpmap:105 X-AAC_ELD/22050", b"a=fmtp:AAC SamplesPerBlock 480",
    b"a=rtpID:1000000001", b"m=video 16402 RTP/AVP 126 34", b"a=rtpmap:126 X-H264/90000", b"a=fmtp:126 imagesize 0 rules 15:320:240:352:288:30",
    b"a=framerate:15", b"a=rtpID:2000000002"))

SDP_FIELDS = {
    "facetime.sdp.address": ["192.168.1.64"], "facetime.sdp.bandwidth": ["200"], "facetime.sdp.hwi": ["17412:2:2800"],
    "facetime.sdp.hwi.model": ["17412"], "facetime.sdp.hwi.cpus": ["2"], "facetime.sdp.hwi.mhz": ["2800"], "facetime.sdp.encryption": [False],
    "facetime.sdp.bandwidth_detection": [True], "facetime.sdp.multipoint": ["1"], "facetime.sdp.fls": [";VRA:0;RVRA:1;AS:2"],
    "facetime.sdp.fls.key": ["VRA", "RVRA", "AS"], "facetime.sdp.fls.value": ["0", "1", "2"], "facetime.sdp.fls.place": ["0", "1", "2"], "facetime.sdp.port": ["16402", "16402"],
    "facetime.sdp.format": ["105", "0", "126", "34"], "facetime.sdp.rtcp": ["16402"], "facetime.sdp.rtcp.audio": ["16402"],
    "facetime.sdp.rtcp.video": ["16403"], "facetime.sdp.rtpmap.type": ["105", "126"], "facetime.sdp.rtpmap.codec": ["X-AAC_ELD", "X-H264"],
    "facetime.sdp.rtpmap.clock": ["22050", "90000"], "facetime.sdp.samples_per_block": ["480"], "facetime.sdp.imagesize": ["0"],
    "facetime.sdp.rule.framerate": ["15"], "facetime.sdp.rule.width": ["320"], "facetime.sdp.rule.height": ["240"],
    "facetime.sdp.rule.width2": ["352"], "facetime.sdp.rule.height2": ["288"], "facetime.sdp.rule.framerate2": ["30"],
    "facetime.sdp.framerate": ["15"], "facetime.sdp.rtpid": ["0x3b9aca01", "0x77359402"], "facetime.sdp.rtpid.media": ["audio", "video"],
}
SIP_FIELDS = ["from", "from.kind", "to", "to.kind", "contact", "contact.kind", "contact.host", "contact.port", "isfocus", "literal_user",
              "compact", "call_id", "user_agent", "viceroy.full_version", "viceroy", "viceroy.product", "viceroy.version", "viceroy.gamekit",
              "viceroy.generation", "encoding", "body_length", "body", "body_bytes"]
OTHERS = ["facetime.sdp.fls.name", "frame.protocols", "_ws.expert.message", "_ws.malformed", "sdp.media", "facetime.call", "facetime.sdp.media"]
BOOLEAN = {"1": True, "True": True, "0": False, "False": False}


@pytest.fixture(scope="module")
def shown(wireshark):
    """shown(datagrams): the fields of each datagram on pass 1, which -2 must show too."""
    def fields(*datagrams):
        capture = wireshark.write("made.pcap", datagram.capture(datagrams))
        names = [*SDP_FIELDS, *(f"facetime.sip.{name}" for name in SIP_FIELDS), *OTHERS]
        one, two = (wireshark.fields(capture, names, *passes) for passes in PASSES.values())
        for row, again in zip(one, two, strict=True):
            assert all(row[name] == again[name] for name in names if name.startswith("facetime.s"))
            for name in ("facetime.sdp.encryption", "facetime.sdp.bandwidth_detection", "facetime.sip.isfocus", "facetime.sip.literal_user",
                         "facetime.sip.compact", "facetime.sip.viceroy.gamekit"):
                row[name] = [BOOLEAN[value] for value in row[name]]
        return one

    return fields


@pytest.fixture(scope="module")
def kinds(wireshark):
    """The words of facetime.sip.from.kind by number."""
    return {row[2]: row[3] for row in wireshark.table("values") if row[0] == "V" and row[1] == "facetime.sip.from.kind"}


def described(body=SDP, headers=(), **more):
    """An INVITE with a session description."""
    return datagram.sip(body=body, headers=["Content-Type: application/sdp", *headers], **more)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def has_sdp(row):
    return {name: row[name] for name in SDP_FIELDS} == SDP_FIELDS


# ---- Session descriptions ------------------------------------------------------------------------


def test_every_line_of_a_description(shown):
    row, = shown(described())
    assert {name: row[name] for name in SDP_FIELDS} == SDP_FIELDS
    assert row["facetime.sdp.media"] == ["audio 16402 RTP/AVP 105 0", "video 16402 RTP/AVP 126 34"]


@pytest.mark.parametrize("how", ["zlib", "raw deflate", "gzip"])
@pytest.mark.parametrize("header", ["e: deflate", "Content-Encoding: deflate", "content-encoding:  DEFLATE", "E:gzip"])
def test_deflated_descriptions(shown, how, header):
    """Whatever the form of the compressed body is: ours shows its lines, the stock sdp dissector shows it, and shows it once."""
    body = {"zlib": zlib.compress, "raw deflate": raw_deflate, "gzip": lambda data: gzip.compress(data, mtime=0)}[how](SDP)
    row, = shown(described(body, [header]))
    assert has_sdp(row)
    assert row["sdp.media"] == ["audio 16402 RTP/AVP 105 0", "video 16402 RTP/AVP 126 34"]
    assert row["frame.protocols"][0].split(":").count("sdp") == 1
    assert row["facetime.sip.body_length"] == [str(len(body))]


def test_streams_of_a_deflated_description(wireshark):
    """iOS 7: compact names, deflated description; its streams are media of the call, by SDP, with SDP's clock."""
    sample = paths.sample("facetime-ios7")
    invites = wireshark.fields(sample, ["sip.Method", "sdp.media", "facetime.sdp.rtpid", "facetime.sip.compact"], "-Y", "facetime.sdp.rtpid")
    assert len(invites) == 2 and all(len(row["sdp.media"]) == len(row["facetime.sdp.rtpid"]) == 2 and row["facetime.sip.compact"] for row in invites)
    announced = {int(ssrc, 16) for row in invites for ssrc in row["facetime.sdp.rtpid"]}
    rows = wireshark.fields(sample, ["rtp.ssrc", "facetime.rtp.media_by", "facetime.call"], "-Y", "rtp")
    assert {int(row["rtp.ssrc"][0], 16) for row in rows} == announced
    assert all((row["facetime.rtp.media_by"], row["facetime.call"]) == (["1"], ["1"]) for row in rows)


@pytest.mark.parametrize("line", ["a=hwi:17412:2", "a=hwi:17412:x:2800", "a=hwi:", "a=FLS", "a=FLS;", "a=iChatEncryption:perhaps", "a=rtpID:", "a=rtpID:0",
                                  "a=rtpID:4294967296", "a=rtpID:-1", "a=rtcp:65536", "a=RTCP:AUDIO VIDEO", "a=rtpmap:128 X-H264/90000", "a=rtpmap:x",
                                  "a=rtpmap:105 X-AAC_ELD", "a=rtpmap:105 X-AAC_ELD/", "a=fmtp:AAC SamplesPerBlock many", "a=fmtp:126 imagesize x",
                                  "a=fmtp:126 imagesize 0 rules 15:320:240", "a=fmtp:126 imagesize 0 rules 15:320:240:320:240:15:9",
                                  "m=", "m=audio", "m=audio 0 RTP/AVP 104", "m=audio 65536 RTP/AVP 104", "m=audio 16402", "c=IN IP4 300.1.1.1", "b=AS:",
                                  "a=framerate:fast", "a=multipoint:"])
def test_lines_of_wrong_form(shown, line):
    """A line of FaceTime's own that cannot be read gets an expert item; the rest is read."""
    row, = shown(described(line.encode() + b"\r\n" + SDP))
    assert "A line of FaceTime's own has not its form" in row["_ws.expert.message"]
    assert row["facetime.sdp.rtpid"] == SDP_FIELDS["facetime.sdp.rtpid"]
    assert row["facetime.sdp.samples_per_block"] == ["480"]


def test_feature_list(shown):
    """Names and places of keys that are known; ratios, unknown keys and what is no number have no place."""
    line = b"a=FLS;LTR:3;CABAC:-1;AR:9/16,3/4;XR:1;QP:x;ZZZ:4;VRA:32;SW;POSE:31;CF:-2\r\n"
    row, = shown(described(line + SDP.replace(b"a=FLS;VRA:0;RVRA:1;AS:2\r\n", b"")), )
    fields = ("key", "name", "place")
    assert [row.get(f"facetime.sdp.fls.{name}", []) for name in fields] == [
        ["LTR", "CABAC", "AR", "XR", "QP", "ZZZ", "VRA", "SW", "POSE", "CF"],
        ["long-term reference pictures", "entropy coding of H.264", "aspect ratios", "aspect ratios"], ["3", "-1", "31"]]


@pytest.mark.parametrize("line, keys", [(b"a=FLS:VRA:0;RVRA:1", ["VRA", "RVRA"]), (b"a=FLS:VRA:0", ["VRA"]), (b"a=FLSX;VRA:0", []), (b"a=FLS VRA:0", [])])
def test_beginning_of_the_feature_list(shown, line, keys):
    """With SDP's colon too; an attribute of a longer name is another one."""
    row, = shown(described(SDP.replace(b"a=FLS;VRA:0;RVRA:1;AS:2", line)), )
    assert row.get("facetime.sdp.fls.key", []) == keys


def test_descriptions_without_fault_have_no_item(shown):
    """Lines of others, line ends of any kind, no line end at all: nothing is held against them."""
    for body in (SDP, SDP.replace(b"\r\n", b"\n"), SDP[:-2], b"", b"\r\n\r\n", b"a=fmtp:97 profile=1\r\n", b"c=IN IP6 ::1\r\n", b"x"):
        row, = shown(described(body))
        assert not any("FaceTime's own" in text for text in row["_ws.expert.message"]), body


def test_too_long_a_description(shown):
    row, = shown(described(b"a=multipoint:1\r\n" * 300))
    assert "The session description has more lines or bytes than are read" in row["_ws.expert.message"]
    assert len(row["facetime.sdp.multipoint"]) == 256


# ---- Parties -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "party", "kind"), [
    ('"+12025550143" <sip:user@192.168.1.64:16402>;tag=1', "+12025550143", "phone number"),
    ('"(202) 555-0143" <sip:user@192.168.1.64>', "(202) 555-0143", "phone number"),
    ("<sip:+12025550143@192.168.1.64>", "+12025550143", "phone number"),
    ("<tel:+12025550143>", "+12025550143", "phone number"),
    ('"johnny@example.com" <sip:user@192.168.1.64>', "johnny@example.com", "e-mail address (Apple ID)"),
    ("sip:johnny%40example.com@192.168.1.64", "johnny@example.com", "e-mail address (Apple ID)"),
    ('"Johnny Appleseed" <sip:user@192.168.1.64>', "Johnny Appleseed", "name"),
    ("Johnny <sip:user@192.168.1.64>", "Johnny", "name"),
    ('"Jörg" <sip:user@192.168.1.64>', "Jörg", "name"),
    ('"+-" <sip:user@192.168.1.64>', "+-", "unknown"),
    ('"112" <sip:user@192.168.1.64>', "112", "phone number"), ('"12" <sip:user@192.168.1.64>', "12", "unknown"),
    ("<sip:user@192.168.1.64>", None, None), ("", None, None), ('"', None, None), ("<", None, None), ('"" <sip:user@1.2.3.4>', None, None),
    ("sip:", None, None), ("sip:@", None, None), ("sip:%00@1.2.3.4", "%00", "name"), ("sip:%ff@1.2.3.4", "%ff", "name"),
])
def test_parties(shown, kinds, value, party, kind):
    """Phone number, Apple ID or name; the user part "user" is nobody's. The same in From, To and Contact."""
    message = datagram.sip().decode()
    message = re.sub("From: .*", f"From: {value}", message)
    message = re.sub("To: .*", f"To: {value}", message).replace("Max-Forwards", f"Contact: {value}\r\nMax-Forwards").replace("\r\r\n", "\r\n")
    row, = shown(message.encode())
    for name in ("from", "to", "contact"):
        assert row[f"facetime.sip.{name}"] == ([party] if party else []), name
        assert [kinds[one] for one in row[f"facetime.sip.{name}.kind"]] == ([kind] if kind else []), name


@pytest.mark.parametrize(("value", "host", "port", "focus"), [
    ("<sip:user@192.168.1.64:16402>;isfocus", ["192.168.1.64"], ["16402"], True), ("sip:user@192.168.1.64", ["192.168.1.64"], [], False),
    ("<sip:user@[2001:db8::1]:16402>;isfocus", ["2001:db8::1"], ["16402"], True), ("<sip:user@192.168.1.64:99999>", ["192.168.1.64"], [], False),
    ("*", [], [], False)])
def test_contact(shown, value, host, port, focus):
    row, = shown(datagram.sip(headers=[f"m: {value}"]))
    assert (row["facetime.sip.contact.host"], row["facetime.sip.contact.port"], row["facetime.sip.isfocus"]) == (host, port, [focus])


def test_literal_user(shown):
    rows = shown(datagram.sip(), datagram.sip("BYE sip:+12025550143@198.51.100.40:16402 SIP/2.0"), datagram.sip("SIP/2.0 200 OK"))
    assert [row["facetime.sip.literal_user"] for row in rows] == [[True], [False], []]


# ---- The stack -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("agent", "version", "gamekit", "generation"), [
    ("Viceroy 1.3", "1.3", False, "iChat of Mac OS X 10.5"), ("Viceroy 1.4.1", "1.4.1", False, "iChat of Mac OS X 10.6"),
    ("Viceroy 1.4.57/GK", "1.4.57", True, "iOS 4 or 5"), ("Viceroy 1.5.0/GK", "1.5.0", True, "iOS 6 or 7"),
    ("Viceroy 1.7.0", "1.7.0", False, "today's systems"), ("Viceroy 1.40/GK", "1.40", True, "unknown"), ("Viceroy 9", "9", False, "unknown"),
    ("Viceroy/1.5/GK (x)", "1.5", True, "iOS 6 or 7")])
def test_viceroy(shown, agent, version, gamekit, generation):
    for row in shown(datagram.sip(agent=agent), datagram.sip("SIP/2.0 180 Ringing", agent=agent)):
        assert (row["facetime.sip.user_agent"], row["facetime.sip.viceroy.product"]) == ([agent], ["Viceroy"])
        assert row["facetime.sip.viceroy.version"] == [version]
        assert row["facetime.sip.viceroy.gamekit"] == [gamekit]
        assert row["facetime.sip.viceroy.generation"] == [generation]


def test_viceroy_without_a_version(shown):
    row, = shown(datagram.sip(agent="Viceroy"))
    assert (row["facetime.sip.viceroy.version"], row["facetime.sip.viceroy.generation"]) == ([], ["unknown"])


# ---- Headers -------------------------------------------------------------------------------------


def test_compact_names(shown):
    long, short = shown(described(), described().replace(b"From:", b"f:").replace(b"To:", b"T :").replace(b"Call-ID:", b"i:")
                        .replace(b"Content-Type:", b"c:").replace(b"Content-Length:", b"L:"))
    for name in ("from", "to", "call_id", "body_length"):
        assert long[f"facetime.sip.{name}"] == short[f"facetime.sip.{name}"] != []
    assert has_sdp(short) and (long["facetime.sip.compact"], short["facetime.sip.compact"]) == ([], [True])


@pytest.mark.parametrize("change", [lambda text: text.replace(b"\r\n", b"\n"), lambda text: text.replace(b"From: ", b"FROM:\r\n\t "),
                                    lambda text: text.replace(b"Content-Type: ", b"content-type:\r\n  \r\n  "),
                                    lambda text: text.replace(b"To: ", b"tO\t:  ")], ids=["LF only", "folded", "folded twice", "blanks"])
def test_forms_of_headers(shown, change):
    """Line ends without CR, folded headers, upper and lower case, blanks before the colon."""
    head, _, body = described().partition(b"\r\n\r\n")
    row, = shown(change(head + b"\r\n\r\n") + body)
    assert row["facetime.sip.from"] == ["+12025550143"] and row["facetime.sip.to"] == ["johnny@example.com"]
    assert has_sdp(row)


@pytest.mark.parametrize("given", [0, 1, len(SDP) - 1, len(SDP) + 1, 99999, 4294967295])
def test_content_length_that_is_wrong(shown, given):
    head, _, body = described(length=False, headers=[f"Content-Length: {given}"]).partition(b"\r\n\r\n")
    row, = shown(head + b"\r\n\r\n" + body)
    assert f"Content-Length is {given}, but {len(SDP)} bytes follow the headers" in row["_ws.expert.message"]
    assert row["facetime.sip.body_length"] == ([str(min(given, len(SDP)))] if given else [])
    assert row["facetime.sdp.bandwidth"] == (["200"] if given > 100 else [])


def test_content_length_that_is_missing_or_no_number(shown):
    """The body is what is left of the datagram, as RFC 3261 says for UDP."""
    for row in shown(described(length=False), described(length=False, headers=["Content-Length: many"])):
        assert has_sdp(row)


def test_many_headers(shown):
    row, = shown(described(headers=[f"X-Number: {number}" for number in range(100)]))
    assert "110 header lines, 64 were read" in row["_ws.expert.message"]
    assert row["facetime.sip.from"] == ["+12025550143"]
    assert row["facetime.sip.body_length"] == [str(len(SDP))]  # the body is found all the same


@pytest.mark.parametrize("bad", [b"\0", b"\xff\xfe", b"\xc3", b"+1\x00202"])
def test_text_that_is_none(shown, bad):
    row, = shown(described().replace(b"+12025550143", bad))
    assert "A header has a NUL byte, or bytes that are not UTF-8" in row["_ws.expert.message"]
    assert row["facetime.sip.to"] == ["johnny@example.com"] and has_sdp(row)


def test_headers_without_end(shown):
    """No empty line; and lines without any end."""
    for row in shown(datagram.sip(length=False)[:-2], datagram.sip(length=False).replace(b"\r\n", b"  ")):
        assert "No empty line ends the headers" in row["_ws.expert.message"]
        assert row["facetime.sip.body_length"] == []


# ---- Bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "text"), [(b"state=1", "state=1"), ("grüß".encode(), "grüß"), (b"\x00\x01\x02", None), (b"\xff\xfe", None)])
def test_message_bodies(shown, body, text):
    row, = shown(datagram.sip("MESSAGE sip:user@198.51.100.40:16402 SIP/2.0", ["Content-Type: text/plain"], body))
    assert row["facetime.sip.body_length"] == [str(len(body))]
    assert row["facetime.sip.body"] == ([text] if text else [])
    assert row["facetime.sip.body_bytes"] == ([] if text else [body.hex()])


def test_message_without_body(shown):
    row, = shown(datagram.sip("MESSAGE sip:user@198.51.100.40:16402 SIP/2.0"))
    assert row["facetime.sip.body_length"] == row["facetime.sip.body"] == row["facetime.sip.body_bytes"] == []


@pytest.mark.parametrize("boundary", ["b1", '"b 1"'])
def test_description_in_a_multipart_body(shown, boundary):
    mark = boundary.strip('"').encode()
    body = (b"--" + mark + b"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--" + mark + b"\r\nContent-TYPE: Application/SDP\r\n\r\n" + SDP
            + b"\r\n--" + mark + b"--\r\n")
    row, = shown(datagram.sip(body=body, headers=[f"Content-Type: multipart/mixed; boundary={boundary}"]))
    assert has_sdp(row)


@pytest.mark.parametrize("before, found", [(7, True), (8, False)])
def test_parts_of_a_multipart_body(shown, before, found):
    """Eight are looked at."""
    body = b"--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n" * before + b"--b1\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--b1--\r\n"
    row, = shown(datagram.sip(body=body, headers=["Content-Type: multipart/mixed; boundary=b1"]))
    assert has_sdp(row) == found


@pytest.mark.parametrize("body", [b"", b"--", b"--b1", b"--b1--", b"--b1\r\n--b1\r\n--b1", b"--b1\r\nContent-Type: application/sdp\r\n\r\n--b1", b"--b1\r\n\r\n" * 20])
def test_multipart_bodies_of_wrong_form(shown, body):
    row, = shown(datagram.sip(body=body, headers=["Content-Type: multipart/mixed; boundary=b1"]))
    assert row["facetime.sdp.rtpid"] == [] and row["facetime.sip.from"] == ["+12025550143"]


@pytest.mark.parametrize("body", [b"this is not deflated", b"\x78\x9c", b"\x1f\x8b\x08\x00", zlib.compress(SDP)[:2] + b"\xff" * 30])
def test_deflate_that_is_wrong(shown, body):
    """An expert item, and the bytes are shown."""
    row, = shown(described(body, ["Content-Encoding: deflate"]))
    assert "The body does not inflate" in row["_ws.expert.message"]
    assert row["facetime.sip.body_bytes"] == [body.hex()] and row["facetime.sip.from"] == ["+12025550143"]


def test_deflate_that_is_cut_short(shown):
    """What can be inflated is shown, or nothing is: never an error that ends the dissection."""
    whole = zlib.compress(SDP)
    for row in shown(*(described(whole[:length], ["Content-Encoding: deflate"]) for length in range(2, len(whole), 17))):
        assert row["facetime.sip.from"] == ["+12025550143"]
        assert row["facetime.sip.body_bytes"] or row["facetime.sdp.media"] or not row["facetime.sdp.rtpid"]


@pytest.mark.parametrize("length, limited", [(4096, False), (4097, True)])
def test_length_of_a_deflated_body(shown, length, limited):
    """Bytes that are inflated: of a body that is stored, so that its length is known."""
    body = zlib.compress(SDP + b"a=x:" + b"y" * (length - len(zlib.compress(SDP, 0)) - 6) + b"\r\n", 0)
    assert len(body) == length
    row, = shown(described(body, ["Content-Encoding: deflate"]))
    assert ("The deflated body is larger than what is read of it" in row["_ws.expert.message"]) == limited
    assert row["facetime.sdp.multipoint"] == ["1"]


def test_bomb(shown):
    """A body that inflates to megabytes is read up to the limit."""
    row, = shown(described(zlib.compress(b"a=multipoint:1\r\n" + b"x" * 3_000_000), ["Content-Encoding: deflate"]))
    assert "The deflated body is larger than what is read of it" in row["_ws.expert.message"]
    assert row["facetime.sdp.multipoint"] == ["1"]


def test_cut_at_each_byte(shown):
    """The capture ends anywhere: no header or line is shown wrongly, nothing is held against the message."""
    whole = described()
    rows = shown(whole, *((whole, kept) for kept in range(12, len(whole), 7)))
    seen = 0
    for kept, row in zip(range(12, len(whole), 7), rows[1:], strict=True):
        assert "No empty line ends the headers" not in row["_ws.expert.message"], kept
        assert not any("Content-Length is" in text for text in row["_ws.expert.message"]), kept
        if row["facetime.sip.call_id"]:
            seen += 1
            assert row["facetime.sip.from"] == ["+12025550143"]
    assert seen > 80


def test_not_viceroy_is_not_facetime(shown):
    """Somebody else's SIP on other ports, with all the same headers: none of ours."""
    other = datagram.sip(agent="Linphone/3.5").replace(b":16402", b":5060")
    row, = shown((other, ("192.168.1.64", 5060), ("198.51.100.40", 5060)))
    assert "facetime" not in row["frame.protocols"][0]


def test_in_any_order(wireshark):
    """A message that is looked at alone shows the same tree each time."""
    capture = wireshark.write("again.pcap", datagram.capture([described(zlib.compress(SDP), ["e: deflate"]), datagram.sip("SIP/2.0 200 OK")]))
    one, _, two = wireshark.sharkd(capture, *[("frame", {"frame": number, "proto": True}) for number in (1, 2, 1)])
    assert one["tree"] == two["tree"]
    assert "Second Width [guess]: 352" in str(one["tree"])
