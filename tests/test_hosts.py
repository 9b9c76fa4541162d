"""Hosts of FaceTime's are named by role where DNS, HTTP, TLS and certificates show them."""

import re
import socket
import struct

import pytest

from ftools import paths, pcap, push

PASSES = {"pass 1": (), "-2": ("-2",)}
each_pass = pytest.mark.parametrize("passes", PASSES)


@pytest.fixture(scope="module")
def roles(wireshark):
    """The words of facetime.host.role by number."""
    return {row[2]: row[3] for row in wireshark.table("values") if row[0] == "V" and row[1] == "facetime.host.role"}


def query(name, number=1, answer=None):
    """A DNS message: a query, or an answer with an address."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack("!HHHHHH", number, 0x8180 if answer else 0x0100, 1, 1 if answer else 0, 0, 0)
    body = head + labels + b"\0\0\1\0\1"
    return body + (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(answer) if answer else b"")


def udp_packet(number, data, ports=(50000, 53)):
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), number, 0, 64, 17, 0, socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.53"))
    packet = ip + struct.pack("!HHHH", *ports, 8 + len(data), 0) + data
    return pcap.Packet(push.START + number * 1000, packet, len(packet))


NAMES = {
    "init.ess.apple.com": "bag",
    "INIT.ess.Apple.com": "bag",
    "init-p01md.apple.com": "bag",
    "init-p01st.push.apple.com": "bag",
    "EVIntl-aia.verisign.com": "certificate",
    "static.ess.apple.com": "certificate",
    "registration.ess.apple.com": "registration",
    "identity.ess.apple.com": "registration",
    "query.ess.apple.com": "identity",
    "something.else.ess.apple.com": "identity",
    "query.ess-apple.com.akadns.net": "identity",
    "evintl-crl.verisign.com": "revocation",
    "evsecure-crl.verisign.com": "revocation",
    "ocsp.apple.com": "revocation",
    "crl.apple.com": "revocation",
    "invitation.ess.apple.com": "relay allocation",
    "commnat-main.ess.apple.com": "nat probe",
    "courier.push.apple.com": "push",
    "7-courier.push.apple.com": "push",
    "123-courier.push.apple.com": "push",
    "1.courier.push.apple.com": "push",
    "api.push.apple.com": "device, not call",
    "captive.apple.com": "connectivity test",
    "gs-loc.apple.com": "device, not call",
    "mask.icloud.com": "device, not call",
    "facetime.apple.com": "call link",
    # With the lengths of its labels and the final zero as long as a name can be: RFC 1035, 2.3.4.
    ".".join(["x" * 63] * 3 + ["x" * 47, "ess.apple.com"]): "identity",
    # None of FaceTime's.
    ".".join(["x" * 63] * 3 + ["x" * 48, "ess.apple.com"]): None,
    "query.ess.apple1com": None,
    "a\0b.ess.apple.com": None,
    "www.apple.com": None,
    "apple.com": None,
    "push.apple.com": None,
    "ess.apple.com": None,
    "courier.push.apple.com.example.com": None,
    "xcourier-push.apple.com": None,
    "notess.apple.com": None,
    "a.b": None,
    "com": None,
    "www.example.com": None,
}


@each_pass
def test_dns(wireshark, roles, passes):
    """Queries and answers; the most special line of the table wins."""
    packets = []
    for name in NAMES:
        packets += [udp_packet(len(packets), query(name)), udp_packet(len(packets) + 1, query(name, answer="192.0.2.7"), (53, 50000))]
    capture = wireshark.write("dns.pcap", pcap.write(packets, pcap.RAW_IP))
    rows = wireshark.fields(capture, ("facetime.host.name", "facetime.host.role", "facetime.host.source", "facetime"), *PASSES[passes])
    for number, (name, role) in enumerate(NAMES.items()):
        for row in rows[2 * number:2 * number + 2]:
            assert row["facetime.host.name"] == ([name] if role else []), name
            assert [roles[value] for value in row["facetime.host.role"]] == ([role] if role else []), name
            assert bool(row["facetime.host.source"]) == bool(role)
            assert row["facetime"] == []    # the protocol means a datagram of a flow


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "VERSION-CONTROL", "ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNOP", "get"])
def test_methods_of_http(wireshark, method):
    """Up to fifteen capital letters."""
    request = f"{method} / HTTP/1.1\r\nHost: init.ess.apple.com\r\n\r\n".encode()
    capture = push.capture(wireshark, "method.pcap", [(True, request)], port=80)
    names = {name for row in wireshark.fields(capture, ("facetime.host.name",), "-2") for name in row["facetime.host.name"]}
    assert names == ({"init.ess.apple.com"} if method.isupper() and method.isalpha() and len(method) <= 15 else set())


@pytest.mark.parametrize("host, path, role", [
    ("www.apple.com", "/library/test/success.html", "connectivity test"),
    ("www.apple.com", "/", None),
    ("static.ess.apple.com", "/connectivity.txt", "connectivity test"),
    ("static.ess.apple.com:80", "/identity/validation/cert-1.0.plist", "certificate"),
    ("init.ess.apple.com", "/WebObjects/VCInit.woa/wa/getBag?ix=1", "bag"),
    ("www.example.com", "/init.ess.apple.com", None),
])
def test_http(wireshark, roles, host, path, role):
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    capture = push.capture(wireshark, "http.pcap", [(True, request), (False, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")], port=80)
    rows = wireshark.fields(capture, ("facetime.host.role",), "-2")
    found = [[roles[value] for value in row["facetime.host.role"]] for row in rows]
    assert [one for one in found if one][:1] == ([[role]] if role else [])
    assert {tuple(one) for one in found} <= {(), (role,)}   # the answer names the request's host, too, since Wireshark 4.4


EXPECTED = {
    "facetime-2010-inbound": {"courier.push.apple.com": "push", "init.ess.apple.com": "bag", "EVIntl-aia.verisign.com": "certificate",
                              "registration.ess.apple.com": "registration"},
    "facetime-ios7": {"7-courier.push.apple.com": "push", "courier.push.apple.com": "push", "registration.ess.apple.com": "registration"},
    "facetime-relay": {"38-courier.push.apple.com": "push", "init-p01md.apple.com": "bag", "gs-loc.apple.com": "device, not call"},
}


@each_pass
@pytest.mark.parametrize("name", EXPECTED)
def test_samples(wireshark, roles, name, passes):
    """DNS, HTTP, server names and certificates of the samples."""
    rows = wireshark.fields(paths.sample(name), ("facetime.host.name", "facetime.host.role"), *PASSES[passes])
    found = {}
    for row in rows:
        for host, role in zip(row["facetime.host.name"], row["facetime.host.role"], strict=True):
            found[host] = roles[role]
    assert found == EXPECTED[name]


def test_in_the_window(wireshark):
    results = wireshark.sharkd(paths.sample("facetime-2010-inbound"), ("frames", {"filter": "facetime.host.role == 1"}), ("frames", {"filter": "facetime.host.name"}))
    assert len(results[0]) >= 3 and len(results[1]) > 8


def test_answers_are_shown_by_stock_dissectors(wireshark):
    """The bag is XML, the issuer's certificate X.509: nothing of ours is needed."""
    rows = wireshark.fields(paths.sample("facetime-2010-inbound"), ("xml.tag", "x509af.serialNumber", "frame.protocols", "http.content_type"), "-2")
    bag = [row for row in rows if row["http.content_type"] == ["application/xml"]]
    issuer = [row for row in rows if row["http.content_type"] == ["application/pkix-cert"]]
    assert bag and any("<plist" in tag for tag in bag[0]["xml.tag"])
    assert issuer and issuer[0]["x509af.serialNumber"]


def test_apples_media_type_is_xml(wireshark):
    """Apple's servers call property lists application/x-apple-plist, or text/xml."""
    body = b'<?xml version="1.0"?><plist version="1.0"><dict><key>a</key></dict></plist>'
    for kind in ("application/x-apple-plist", "text/xml", "application/xml"):
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        capture = push.capture(wireshark, "plist.pcap", [(True, b"GET /bag HTTP/1.1\r\nHost: init-p01md.apple.com\r\n\r\n"), (False, answer)], port=80)
        assert wireshark.count(capture, "xml.tag contains \"<plist\"", "-2") == 1, kind


def test_application_plist_binary(wireshark):
    """A binary one of the same media type is shown as what it is."""
    body = push.plist({"bag": "value"})
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-apple-plist\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    capture = push.capture(wireshark, "plist.pcap", [(True, b"GET /bag HTTP/1.1\r\nHost: init-p01md.apple.com\r\n\r\n"), (False, answer)], port=80)
    assert wireshark.count(capture, "facetime.bplist.key == \"bag\" && !facetime", "-2") == 1


def test_each_line_has_its_source():
    """No line of the table without a source, and no pattern twice."""
    text = (paths.ROOT / "plugin" / "names" / "hosts.c").read_text()
    lines = re.findall(r'^    \{ "([^"]+)", (NULL|"[^"]+"), FT_ROLE_(\w+), "([^"]+)" \},$', text, re.M)
    assert len(lines) > 40 and len({line[:2] for line in lines}) == len(lines)
    roles = re.findall(r'^    \{ FT_ROLE_\w+, "', text, re.M)    # the value strings
    assert len(lines) == text.count("FT_ROLE_") - len(roles)
