"""NAT probes: every byte has a field, requests and answers are linked, several probes are one test with an outcome."""

import socket
import struct

import pytest

from ftools import handmade, paths, pcap, pdml, wire
from ftools.handmade import packet

PASSES = {"pass 1": (), "-2": ("-2",)}
PROBE = "facetime.natprobe."
ITEMS = {"bad_length", "bad_nonce", "unknown_form"}

DEVICE = ("192.168.1.90", 16402)
OUTSIDE = ("203.0.113.9", 40000)
# Neighbouring hosts of Apple's, as in 2010.
FIRST, SECOND = ("17.173.254.222", 16385), ("17.173.254.223", 16385)
OUTCOMES = {"no answer": 0, "only one answer": 1, "same mapping": 2, "different mapping": 3, "answers of unknown form": 4}
MAPPINGS = {"no translation": 1, "endpoint-independent": 2, "not by port": 3, "by address or port": 4, "by address and port": 5, "changed": 6}

each_pass = pytest.mark.parametrize("passes", PASSES)
needs_real = pytest.mark.skipif(not paths.REAL.exists(), reason=paths.NO_SHARED)


def snatmap(kind, nonce, address, port):
    """SNATMAP: 1 request, 2 answer; an answer's address and port travel inverted."""
    body = socket.inet_aton(address) + struct.pack(">H", port)
    if kind == 2:
        body = bytes(byte ^ 0xFF for byte in body)
    return struct.pack(">II", kind, nonce) + body + b"\xaa\xaa"


def commnat(nonce):
    return struct.pack(">II", 0x00010001, nonce) + b"\xff" * 8


def ask(host, nonce, time, own=DEVICE, source=None):
    return packet(source or own, host, snatmap(1, nonce, *own), time)


def tell(host, nonce, time, mapped=OUTSIDE, to=DEVICE):
    return packet(host, to, snatmap(2, nonce, *mapped), time)


def shown(wireshark, made, passes="-2"):
    return pdml.packets(wireshark, handmade.capture(wireshark, made), *PASSES[passes])


def experts(found):
    return sorted(field.name.removeprefix(PROBE) for field in found.fields if field.name.removeprefix(PROBE) in ITEMS)


def payload_bytes(found, size):
    """The places of the payload in the frame."""
    end = int(found.value("frame.len"))
    return set(range(end - size, end))


# ---- Fields --------------------------------------------------------------------------------------


@needs_real
@each_pass
def test_real_probe(wireshark, passes):
    """The probe of the cellular call as an independent parser reads it, its answer upright, every byte covered."""
    linktype, packets = pcap.read(paths.CELLULAR)
    truth = [datagram for datagram in wire.udp(linktype, packets) if len(datagram.payload) == 16
             and datagram.payload[:4] in (b"\0\0\0\1", b"\0\0\0\2") and datagram.payload[14:] == b"\xaa\xaa"]
    assert len(truth) == 2
    found = pdml.packets(wireshark, paths.CELLULAR, "-Y", "facetime.natprobe.protocol", *PASSES[passes])
    assert [probe.number for probe in found] == [datagram.frame for datagram in truth]
    for probe, datagram in zip(found, truth):
        kind, nonce, address, port = struct.unpack(">II4sH", datagram.payload[:14])
        assert probe.value(PROBE + "nonce") == f"0x{nonce:08x}"
        assert probe.covered(PROBE) == payload_bytes(probe, 16)
        assert experts(probe) == []
        if kind == 1:
            assert probe.value(PROBE + "address") == socket.inet_ntoa(address)
            assert probe.value(PROBE + "port") == str(port)
    request, answer = found
    assert (answer.value(PROBE + "mapped_address"), answer.value(PROBE + "mapped_port")) == ("166.198.24.114", "46256")
    assert answer.value(PROBE + "response_to") == str(request.number)
    assert float(answer.value(PROBE + "response_time")) == pytest.approx(
        (packets[answer.number - 1].time - packets[request.number - 1].time) / 1e6, abs=2e-6)
    assert answer.lines(PROBE + "nat") == ["True"]
    if passes == "-2":
        assert request.value(PROBE + "response_in") == str(answer.number)
        assert request.lines(PROBE + "nat") == ["True"]
        for probe in found:
            assert (probe.value(PROBE + "outcome"), probe.value(PROBE + "hosts")) == (str(OUTCOMES["only one answer"]), "1")
            assert probe.values(PROBE + "mapping") == []


@needs_real
def test_no_probe_in_the_other_call(wireshark):
    assert wireshark.count(paths.WIFI, "facetime.natprobe.protocol") == 0


@each_pass
def test_fields(wireshark, passes):
    """All bytes of a request, an answer and a CommNAT probe; the mapped address upright."""
    request, answer, other = shown(wireshark, [ask(FIRST, 0x12345678, 0), tell(FIRST, 0x12345678, 40),
                                               packet(DEVICE, SECOND, commnat(0xCAFE0001), 50)], passes)
    assert (request.value(PROBE + "type"), answer.value(PROBE + "type")) == ("1", "2")
    assert (request.value(PROBE + "address"), request.value(PROBE + "port")) == (DEVICE[0], str(DEVICE[1]))
    assert (answer.value(PROBE + "mapped_address"), answer.value(PROBE + "mapped_port")) == (OUTSIDE[0], str(OUTSIDE[1]))
    assert other.value(PROBE + "nonce") == "0xcafe0001"
    assert other.value(PROBE + "marker") == "0x00010001"
    for found in (request, answer, other):
        assert found.covered(PROBE) == payload_bytes(found, 16)
        assert experts(found) == []
        assert found.value("facetime.kind") == "7"


@each_pass
@pytest.mark.parametrize("size", [8, 11, 12, 15, 17, 24])
@pytest.mark.parametrize("form", ["request", "answer", "CommNAT"])
def test_wrong_lengths(wireshark, form, size, passes):
    """On a flow with probes: what is there, a complaint, and every byte covered."""
    whole = {"request": snatmap(1, 7, *DEVICE), "answer": snatmap(2, 7, *OUTSIDE), "CommNAT": commnat(7)}[form]
    payload = (whole + b"\x11" * 8)[:size]
    ends = (FIRST, DEVICE) if form == "answer" else (DEVICE, FIRST)
    _, found = shown(wireshark, [ask(FIRST, 5, 0), packet(*ends, payload, 10)], passes)
    assert experts(found) == ["bad_length"]
    assert found.value(PROBE + "nonce") == "0x00000007"
    assert found.covered(PROBE) == payload_bytes(found, size)
    assert bool(found.values(PROBE + "unknown")) == (size != 8)


@each_pass
@pytest.mark.parametrize("payload", [snatmap(1, 7, *DEVICE)[:12], snatmap(1, 7, *DEVICE) + b"\0", commnat(7)[:15], commnat(7) + b"\0"])
def test_wrong_lengths_elsewhere(wireshark, payload, passes):
    """On a flow that nothing else makes FaceTime, they do not either."""
    found, = shown(wireshark, [packet(DEVICE, FIRST, payload)], passes)
    assert "facetime" not in found.protocols


@each_pass
def test_capture_is_cut(wireshark, passes):
    """Up to the cut, nothing malformed, no complaint."""
    forms = [(snatmap(1, 7, *DEVICE), "address"), (commnat(8), "fill")]
    for whole, last in forms:
        made = [ask(FIRST, 5, 0)] + [packet(DEVICE, FIRST, whole, 10 + kept, kept) for kept in range(8, 16)]
        for kept, found in zip(range(8, 16), shown(wireshark, made, passes)[1:], strict=True):
            assert found.value(PROBE + "nonce") is not None, kept
            assert experts(found) == [], kept
            assert "_ws.short" in found.protocols and "_ws.malformed" not in found.protocols, kept
            assert bool(found.values(PROBE + last)) == (last == "address" and kept >= 12), kept


@each_pass
def test_look_alikes(wireshark, passes):
    """Sixteen bytes that are nearly a probe, on a flow that is FaceTime: said to be unknown, or what is wrong with them."""
    sign = struct.pack(">HHI", 1, 8, 0x2112A442) + bytes(12) + struct.pack(">HHI", 0x8007, 4, 0)
    peer = ("198.51.100.90", 16402)
    near = {
        "another type": struct.pack(">I", 3) + snatmap(1, 7, *DEVICE)[4:],
        "another end": snatmap(1, 7, *DEVICE)[:14] + b"\xab\xaa",
        "32-bit nonce": snatmap(1, 0x80000007, *DEVICE),
        "CommNAT, other fill": commnat(7)[:8] + b"\xff" * 7 + b"\xfe",
    }
    # On a flow of another kind none of them is a probe.
    found = shown(wireshark, [packet(DEVICE, peer, sign)] + [packet(DEVICE, peer, payload, 10) for payload in near.values()], passes)[1:]
    for name, one in zip(near, found, strict=True):
        assert one.names(PROBE) == set(), name
        assert one.value("facetime.kind") == "0" and one.values("facetime.unknown"), name
    # On a flow with probes the first two are none either; of the others it is said what is wrong.
    found = shown(wireshark, [ask(FIRST, 5, 0)] + [packet(DEVICE, FIRST, payload, 10) for payload in near.values()], passes)[1:]
    wanted = {"another type": None, "another end": None, "32-bit nonce": ["bad_nonce"], "CommNAT, other fill": ["unknown_form"]}
    for (name, items), one in zip(wanted.items(), found, strict=True):
        if items is None:
            assert one.names(PROBE) == set() and one.values("facetime.unknown"), name
        else:
            assert experts(one) == items, name
            assert one.covered(PROBE) == payload_bytes(one, 16), name


# ---- Requests and answers ------------------------------------------------------------------------


def test_links(wireshark):
    """Repetitions, the answer's time, what has no answer; with -2 all, on the first pass what came before."""
    made = [ask(FIRST, 7, 0), ask(FIRST, 7, 500), tell(FIRST, 7, 540), tell(FIRST, 7, 1040), ask(FIRST, 8, 1100)]
    links = ("response_in", "response_to", "response_time", "response_time_latest", "retransmission", "retransmission_of", "transmissions")
    late = [{name: found.value(PROBE + name) for name in links if found.value(PROBE + name)} for found in shown(wireshark, made)]
    assert late == [
        {"response_in": "3", "transmissions": "2"},
        {"response_in": "3", "transmissions": "2", "retransmission": "1", "retransmission_of": "1"},
        {"response_to": "1", "response_time": "0.540000000", "response_time_latest": "0.040000000"},
        {"response_to": "1", "response_time": "1.040000000", "response_time_latest": "0.540000000", "retransmission": "1", "retransmission_of": "3"},
        {"transmissions": "1"},
    ]
    early = [{name: found.value(PROBE + name) for name in links if found.value(PROBE + name)} for found in shown(wireshark, made, "pass 1")]
    assert early == [{}, {"retransmission": "1", "retransmission_of": "1"}, late[2], late[3], {}]
    assert [bool(found.values(PROBE + "no_answer")) for found in shown(wireshark, made)] == [False] * 4 + [True]
    assert [found.lines(PROBE + "unanswered") for found in shown(wireshark, made)] == [[], [], [], [], ["True"]]


@each_pass
@pytest.mark.parametrize("before", [b"", b"\0\2\0\1", b"\0\2\0\1\0\0\0\0"])
def test_commnat_answer(wireshark, before, passes):
    """An answer of a form that nobody has seen: linked if the request's nonce is in it, its bytes shown as unknown."""
    payload = before + struct.pack(">I", 0xCAFE0001) + b"\x33" * 10
    made = [packet(DEVICE, FIRST, commnat(0xCAFE0001), 0), packet(FIRST, DEVICE, payload, 40), packet(FIRST, DEVICE, b"\0\2\0\1" + b"\x44" * 12, 50)]
    request, answer, stranger = shown(wireshark, made, passes)
    assert answer.value(PROBE + "response_to") == "1"
    assert answer.value(PROBE + "response_time") == "0.040000000"
    assert experts(answer) == ["unknown_form"]
    assert answer.covered(PROBE) == payload_bytes(answer, len(payload))
    assert stranger.names(PROBE) == set() and stranger.values("facetime.unknown")
    if passes == "-2":
        assert request.value(PROBE + "response_in") == "2"
        assert {found.value(PROBE + "outcome") for found in (request, answer)} == {str(OUTCOMES["only one answer"])}


def test_long_commnat_answer(wireshark):
    """Of at most 64 bytes."""
    made = [packet(DEVICE, FIRST, commnat(0xCAFE0001), 0)]
    made += [packet(FIRST, DEVICE, b"\0\2\0\1" + struct.pack(">I", 0xCAFE0001) + b"\x33" * (size - 8), 40 + size) for size in (64, 65)]
    assert [bool(found.values(PROBE + "response_to")) for found in shown(wireshark, made)[1:]] == [True, False]


@each_pass
def test_commnat_echo(wireshark, passes):
    """The same bytes from the other side are an answer too."""
    made = [packet(DEVICE, FIRST, commnat(7), 0), packet(FIRST, DEVICE, commnat(7), 40)]
    assert shown(wireshark, made, passes)[1].value(PROBE + "response_to") == "1"


# ---- Tests of the NAT ----------------------------------------------------------------------------


def outcome_of(wireshark, made, passes="-2"):
    """(hosts, destinations, outcome, mapping) of each packet."""
    names = [PROBE + name for name in ("test", "hosts", "destinations", "outcome", "mapping")]
    return [tuple(found.value(name) and int(found.value(name)) for name in names) for found in shown(wireshark, made, passes)]


def two_hosts(first=OUTSIDE, second=OUTSIDE, hosts=(FIRST, SECOND), own=DEVICE):
    return [ask(hosts[0], 7, 0, own), ask(hosts[1], 8, 5, own), tell(hosts[0], 7, 40, first, own), tell(hosts[1], 8, 45, second, own)]


PORT = (FIRST[0], 16386)
CASES = {
    "same for both hosts": (two_hosts(), (1, 2, 2, OUTCOMES["same mapping"], MAPPINGS["endpoint-independent"])),
    "same for two ports of one host": (two_hosts(hosts=(FIRST, PORT)), (1, 1, 2, OUTCOMES["same mapping"], MAPPINGS["not by port"])),
    "another port for the second host": (two_hosts(second=(OUTSIDE[0], 40001)),
                                         (1, 2, 2, OUTCOMES["different mapping"], MAPPINGS["by address or port"])),
    "another address for the second host": (two_hosts(second=("203.0.113.10", OUTSIDE[1])),
                                            (1, 2, 2, OUTCOMES["different mapping"], MAPPINGS["by address or port"])),
    "another port for the second port": (two_hosts(second=(OUTSIDE[0], 40001), hosts=(FIRST, PORT)),
                                         (1, 1, 2, OUTCOMES["different mapping"], MAPPINGS["by address and port"])),
    "no NAT": (two_hosts(first=DEVICE, second=DEVICE), (1, 2, 2, OUTCOMES["same mapping"], MAPPINGS["no translation"])),
    "one host answers": (two_hosts()[:3], (1, 2, 2, OUTCOMES["only one answer"], None)),
    "no host answers": (two_hosts()[:2], (1, 2, 2, OUTCOMES["no answer"], None)),
    "one host is asked": ([ask(FIRST, 7, 0), tell(FIRST, 7, 40)], (1, 1, 1, OUTCOMES["only one answer"], None)),
    "one host answers twice, differently": ([ask(FIRST, 7, 0), tell(FIRST, 7, 40), ask(FIRST, 8, 100), tell(FIRST, 8, 140, (OUTSIDE[0], 40001))],
                                            (1, 1, 1, OUTCOMES["different mapping"], MAPPINGS["changed"])),
    "CommNAT is not answered, SNATMAP is": ([packet(DEVICE, FIRST, commnat(3), 0), packet(DEVICE, SECOND, commnat(3), 1)] +
                                            [ask(FIRST, 7, 2), ask(SECOND, 8, 5), tell(FIRST, 7, 40), tell(SECOND, 8, 45)],
                                            (1, 2, 2, OUTCOMES["same mapping"], MAPPINGS["endpoint-independent"])),
    "answers of unknown form": ([packet(DEVICE, FIRST, commnat(3), 0), packet(DEVICE, SECOND, commnat(4), 1),
                                 packet(FIRST, DEVICE, struct.pack(">II", 0x00020001, 3), 40),
                                 packet(SECOND, DEVICE, struct.pack(">II", 0x00020001, 4), 41)],
                                (1, 2, 2, OUTCOMES["answers of unknown form"], None)),
    "nine ports are asked": ([ask((FIRST[0], 16384 + number), 7, number) for number in range(9)], (1, 1, 8, OUTCOMES["no answer"], None)),
}


@pytest.mark.parametrize("name", CASES)
def test_outcome(wireshark, name):
    """On each packet of the test, once the capture has been read."""
    made, wanted = CASES[name]
    assert outcome_of(wireshark, made) == [wanted] * len(made)


def test_outcome_on_the_first_pass(wireshark):
    """On the packet that completes the test, not before."""
    made, wanted = CASES["same for both hosts"]
    assert outcome_of(wireshark, made, "pass 1") == [(1, None, None, None, None)] * 3 + [wanted]
    made, _ = CASES["one host answers"]
    assert outcome_of(wireshark, made, "pass 1") == [(1, None, None, None, None)] * 3


def test_outcome_in_sharkd(wireshark):
    made, wanted = CASES["another port for the second host"]
    capture = handmade.capture(wireshark, made)
    columns = {f"column{number}": f"{PROBE}{name}:1" for number, name in enumerate(("test", "hosts", "destinations"))}
    listing = ("frames", {"filter": f"facetime.natprobe.outcome == {wanted[3]} && facetime.natprobe.mapping == {wanted[4]}", **columns})
    first, second = wireshark.sharkd(capture, listing, listing)
    assert first == second
    assert [frame["c"] for frame in first] == [[str(value) for value in wanted[:3]]] * 4


def test_tests_are_told_apart(wireshark):
    """By the local port, by the local address, and by a pause; an answer that comes late belongs to its request's test."""
    other = (DEVICE[0], 16403)
    made = [ask(FIRST, 7, 0), ask(FIRST, 8, 5, other), ask(FIRST, 9, 9000), ask(FIRST, 10, 19500), tell(FIRST, 9, 19600)]
    found = shown(wireshark, made)
    assert [one.value(PROBE + "test") for one in found] == ["1", "2", "1", "3", "1"]
    assert [one.value(PROBE + "test.first_frame") for one in found] == ["1", "2", "1", "4", "1"]


def test_answers_alone(wireshark):
    """A capture that begins after the requests: mappings are compared all the same."""
    made = [tell(FIRST, 7, 40), tell(SECOND, 8, 45)]
    assert outcome_of(wireshark, made) == [(1, 2, 2, OUTCOMES["same mapping"], MAPPINGS["endpoint-independent"])] * 2


@each_pass
def test_behind_nat(wireshark, passes):
    """Own address and port against the mapped ones; a capture behind the NAT's outer side sees it in the request."""
    def nat(*made):
        return [(found.lines(PROBE + "nat") or [None])[0] for found in shown(wireshark, list(made), passes)]

    late = {"pass 1": None, "-2": "True"}[passes]
    assert nat(ask(FIRST, 7, 0), tell(FIRST, 7, 40)) == [late, "True"]
    assert nat(ask(FIRST, 7, 0), tell(FIRST, 7, 40, DEVICE)) == [late and "False", "False"]
    assert nat(ask(FIRST, 7, 0), tell(FIRST, 7, 40, (DEVICE[0], 5))) == [late, "True"]
    assert nat(ask(FIRST, 7, 0)) == [None]
    assert nat(ask(FIRST, 7, 0, source=OUTSIDE), tell(FIRST, 7, 40, to=OUTSIDE)) == ["True", "True"]
    assert nat(tell(FIRST, 7, 40)) == ["True"]


@pytest.mark.parametrize("name", ["facetime-2010-inbound", "facetime-2010-outbound"])
def test_samples_of_2010(wireshark, name):
    """The two neighbouring hosts are one test, and both see the same mapping."""
    names = ["frame.number", *(PROBE + field for field in ("test", "hosts", "outcome", "mapping"))]
    rows = wireshark.fields(paths.sample(name), names, "-2", "-Y", "facetime.natprobe.protocol")
    assert len(rows) == 8
    for row in rows:
        assert [row[key] for key in names[1:]] == [["1"], ["2"], [str(OUTCOMES["same mapping"])], [str(MAPPINGS["endpoint-independent"])]]


def test_tests_are_bounded(wireshark):
    """A flood of probes from ever new sockets: half of 16,384 have a test, the others are shown without one."""
    limit = 8192
    made = [ask(FIRST, number, number // 10, (f"10.0.{number >> 8}.{number & 255}", 16402)) for number in range(limit + 2)]
    rows = wireshark.fields(handmade.capture(wireshark, made), [PROBE + "test", PROBE + "nonce"], "-2")
    assert [row[PROBE + "test"] for row in rows] == [[str(number + 1)] for number in range(limit)] + [[], []]
    assert all(row[PROBE + "nonce"] for row in rows)


# ---- AllocBind, today's test -------------------------------------------------------------------------------------

THIRD = ("17.249.172.90", 3478 + 4)


def stun(kind, number, *attributes):
    body = b"".join(struct.pack(">HH", code, len(value)) + value for code, value in attributes)
    return struct.pack(">HHI", kind, len(body), 0x2112A442) + bytes([number]) * 12 + body


def xor_mapped(at=OUTSIDE):
    address = int.from_bytes(socket.inet_aton(at[0]), "big") ^ 0x2112A442
    return 0x0020, struct.pack(">HHI", 1, at[1] ^ 0x2112, address)


def allocbind(time, mapped=OUTSIDE, relay=THIRD, answered=True, last=None):
    """A request and its answer, which has the device's address in it; LAST: one more datagram on the flow."""
    made = [packet(DEVICE, relay, stun(0x0EE0, 5, (0xFFF7, bytes(8))), time)]
    made += [packet(relay, DEVICE, stun(0x0FE0, 5, xor_mapped(mapped)), time + 20)] if answered else []
    return made + ([packet(DEVICE, relay, last, time + 900)] if last else [])


@each_pass
def test_allocbind_of_its_own(wireshark, passes):
    """Nothing else on its flow: a NAT test, compared with the other probes of its socket."""
    found = shown(wireshark, [ask(FIRST, 7, 0), tell(FIRST, 7, 30), *allocbind(100)], passes)
    assert found[3].value(PROBE + "test") == "1" and found[3].values("facetime.stun.nat_test") == (["1"] if passes == "-2" else [])
    assert found[3].value(PROBE + "hosts") == "2" and found[3].value(PROBE + "outcome") == str(OUTCOMES["same mapping"])
    assert found[3].value(PROBE + "mapping") == str(MAPPINGS["endpoint-independent"])


def test_allocbind_that_sees_another_address(wireshark):
    found = shown(wireshark, [ask(FIRST, 7, 0), tell(FIRST, 7, 30), *allocbind(100, ("203.0.113.9", 40001))])
    assert found[3].value(PROBE + "outcome") == str(OUTCOMES["different mapping"])


@each_pass
@pytest.mark.parametrize("more", [stun(0x0EE3, 6, (0xFFF3, bytes(4))), bytes.fromhex("6000000602410777 0001"), None], ids=("Stats", "relay data", "no answer"))
def test_allocbind_of_a_session(wireshark, passes, more):
    """Something follows, or no answer came: no NAT test of its own."""
    found = shown(wireshark, [ask(FIRST, 7, 0), tell(FIRST, 7, 30), *allocbind(100, answered=more is not None, last=more)], passes)
    assert found[2].value("facetime.kind") == "1" and not any(one.values("facetime.stun.nat_test") for one in found)


def test_cut_allocbind(wireshark):
    """Cut anywhere, the answer says no wrong address."""
    whole = stun(0x0FE0, 5, xor_mapped())
    for kept in range(2, len(whole)):
        found = shown(wireshark, [ask(FIRST, 7, 0), tell(FIRST, 7, 30), *allocbind(100)[:1], packet(THIRD, DEVICE, whole, 120, kept)])
        assert found[-1].values(PROBE + "outcome") in ([], [str(OUTCOMES["only one answer"])], [str(OUTCOMES["answers of unknown form"])])
