"""The hosts: -z facetime,nodes. Each host of each call is a row that says of it what is true, in samples and in all situations."""

import pytest

from ftools import facts, paths, pcap, table, views

each_capture = pytest.mark.parametrize("name", views.NAMES)
NODES = ("-q", "-z", "facetime,nodes")

# The hosts of the article's inbound call of 2010: name, network, role, phases.
ARTICLE = {
    "192.168.1.64": ("-", "private", "device", "push, lookup, probe, certificate, registration, connectivity, signalling, media, teardown"),
    "192.0.2.53": ("-", "documentation", "resolver", "lookup"),
    "17.149.36.90": ("courier.push.apple.com", "Apple", "push", "push"),
    "17.173.254.222": ("-", "Apple", "NAT probe", "probe"),
    "17.173.254.223": ("-", "Apple", "NAT probe", "probe"),
    "192.0.2.80": ("init.ess.apple.com", "documentation", "bag", "certificate"),
    "192.0.2.81": ("EVIntl-aia.verisign.com", "documentation", "certificate", "certificate"),
    "17.155.5.251": ("registration.ess.apple.com", "Apple", "registration", "registration"),
    "17.173.254.30": ("-", "Apple", "STUN server", "connectivity"),
    "198.51.100.20": ("-", "documentation", "peer", "connectivity, signalling, media, teardown"),
}


@pytest.fixture(scope="module")
def view_of(wireshark, request):
    """view_of(name): the tables of a capture on one pass, and its frames."""
    view = views.view_of(wireshark, views.selected(request), ("pass 1",))
    return lambda name: view(name, "pass 1")


def truth(call, frames):
    """address -> [(frame, phase, did the host send it)] of a call."""
    found = {}
    for phase, numbers in call.phases.items():
        for number in numbers:
            frame = frames[number]
            found.setdefault(frame.source, []).append((frame, phase, frame.sender == frame.source))
            found.setdefault(frame.destination, []).append((frame, phase, False))
    return found


def row_of(view, call, address):
    """The row of a host."""
    row, = [row for row in view.nodes if (row["Call"], row["Address"]) == (call.number, address)]
    return row


@pytest.mark.skipif(not (paths.WIFI.exists() and paths.CELLULAR.exists()), reason=paths.NO_SHARED)
@pytest.mark.parametrize("passes", views.PASSES)
def test_radio(wireshark, passes):
    """What the devices say of their interfaces: Wi-Fi and cellular of one device, and of the peer; not of servers."""
    for capture, wanted in ((paths.WIFI, {"10.239.19.254": "Wi-Fi (not cellular)", "10.127.22.118": "LTE", "10.239.58.219": "Wi-Fi (not cellular)"}),
                            (paths.CELLULAR, {"10.127.22.118": "LTE", "128.197.29.233": "Wi-Fi (not cellular)", "172.58.223.197": "LTE"})):
        rows = views.nodes(wireshark.tshark(capture, *views.PASSES[passes], "-q", "-z", "facetime,nodes").ok().out)
        found = {row["Address"]: row["Radio (announced)"] for row in rows}
        assert wanted.items() <= found.items()
        assert {found[row["Address"]] for row in rows if row["Role"] in ("relay", "push", "NAT probe", "bag")} == {"-"}


def test_article(view_of):
    """The hosts of the published call in the order in which they came, each with name, network, role and phases."""
    rows = view_of("facetime-2010-inbound").nodes
    assert {row["Address"]: (row["Name"], row["Network"], row["Role"], row["Phases"]) for row in rows} == ARTICLE
    assert [row["Address"] for row in rows] == list(ARTICLE)
    assert tuple(rows[0]) == views.NODES_COLUMNS


@each_capture
def test_a_row_for_each_host(view_of, name):
    """All hosts of a call are there, none twice, and no others."""
    view = view_of(name)
    shown = [(row["Call"], row["Address"]) for row in view.nodes]
    assert len(shown) == len(set(shown))
    assert set(shown) == {(call.number, address) for call in views.calls(name) for address in truth(call, view.frames)}


@each_capture
def test_numbers(view_of, name):
    """Packets, those that the host sent, bytes, phases and first frame."""
    view = view_of(name)
    for call in views.calls(name):
        for address, packets in truth(call, view.frames).items():
            row = row_of(view, call, address)
            assert (row["Packets"], row["Packets sent by it"], row["Bytes"], row["First frame"]) == (
                len(packets), sum(sent for _, _, sent in packets), sum(frame.length for frame, _, _ in packets),
                min(frame.number for frame, _, _ in packets)), (call.number, address)
            assert row["Phases"].split(", ") == [phase for phase in facts.PHASES if phase in {phase for _, phase, _ in packets}], address


@each_capture
def test_sums(view_of, name):
    """Each packet of a call has two ends, and counts for both; one of them sent it, but for the errors of a router between them."""
    view = view_of(name)
    for row, call in zip(view.calls, views.calls(name), strict=True):
        routers = sum(view.frames[number].sender not in (view.frames[number].source, view.frames[number].destination)
                      for numbers in call.phases.values() for number in numbers)
        hosts = [host for host in view.nodes if host["Call"] == row["Call"]]
        assert sum(host["Packets"] for host in hosts) == 2 * row["Packets"]
        assert sum(host["Bytes"] for host in hosts) == 2 * row["Bytes"]
        assert sum(host["Packets sent by it"] for host in hosts) == row["Packets"] - routers


@each_capture
def test_roles_and_networks(view_of, name):
    """Device, relay, peer and servers are called so; a host that never sent is silent; Apple's networks are Apple's."""
    view = view_of(name)
    for call in views.calls(name):
        for address, packets in truth(call, view.frames).items():
            row = row_of(view, call, address)
            roles = set(row["Role"].removesuffix(" (silent)").split(", "))
            if address in call.devices:
                assert "device" in roles and roles <= {"device", "peer"}, address
            else:
                assert roles <= set().union(*(call.role(phase, address) for _, phase, _ in packets)), address
            assert row["Role"].endswith(" (silent)") == (not any(sent for _, _, sent in packets)), address
            assert (row["Network"] == "Apple") == views.is_apple(address), address


@each_capture
def test_names(view_of, name):
    """The name that the capture's DNS gave to the host's address; the device and its peer have none."""
    view = view_of(name)
    for call in views.calls(name):
        for address, packets in truth(call, view.frames).items():
            host = row_of(view, call, address)["Name"]
            phases = {phase for _, phase, _ in packets}
            if address in call.devices or call.role("media", address) == {"peer"} and phases & {"media", "connectivity"}:
                assert host == "-", address
            elif address in view.names and phases & {"push", "certificate", "registration"}:
                assert host == view.names[address] or host.removeprefix("*") in view.names[address], address


def test_ports(view_of):
    """The server's ports as they were used."""
    rows = {row["Role"]: row["Ports"] for row in view_of("facetime-2010-inbound").nodes}
    assert (rows["push"], rows["resolver"], rows["NAT probe"], rows["registration"], rows["peer"]) == ("5223", "53", "16385, 16386", "443", "16402")


@pytest.fixture(scope="module")
def in_sharkd(wireshark, request):
    """in_sharkd(name): the hosts as the window has them."""
    return views.in_sharkd(wireshark, request, "nstat:facetime,nodes")


@each_capture
def test_sharkd(in_sharkd, view_of, name):
    """The window's rows, after all was read, are those that a terminal shows after one pass; each stands where its first packet is."""
    def key(row):
        return row["Call"], row["Address"]

    assert sorted(in_sharkd(name), key=key) == sorted(view_of(name).nodes, key=key)


def test_filters_select_the_hosts(wireshark, view_of):
    """What the last column says, as a display filter, has the packets of its row."""
    for name in ("legacy-two-calls", "modern-relay-direct-relay"):
        rows = view_of(name).nodes
        found = wireshark.tshark_all([(views.capture(name), "-2", "-Y", row["Filter"], "-T", "fields", "-e", "frame.number") for row in rows])
        assert [len(one.ok().out.splitlines()) for one in found] == [row["Packets"] for row in rows], name


# ---- Filter, nothing, nonsense -------------------------------------------------------------------


def test_filter(wireshark):
    """Only what the filter lets through counts; the table says so."""
    out = wireshark.tshark(paths.sample("facetime-relay"), "-2", "-q", "-z", "facetime,nodes,facetime.call.phase == 0").ok().out
    assert table.shown_filter(out, views.NODES) == "facetime.call.phase == 0"
    assert [row["Role"] for row in views.nodes(out)] == ["device", "push"]


def test_empty_capture(wireshark):
    """The header only."""
    out = wireshark.tshark(wireshark.write("empty.pcap", pcap.write([])), *NODES).ok().out
    assert views.nodes(out) == []
    assert [text for text, _, _ in table.spans(table.lines(out, views.NODES)[3])] == list(views.NODES_COLUMNS)


@pytest.mark.parametrize("argument, words", [
    ("facetime,nodes,no such filter", "Couldn't register the facetime,nodes statistic"),
    ("facetime,nodes,ip.addr ==", "Couldn't register the facetime,nodes statistic"),
    ("facetime,node", "facetime,node"),
])
def test_bad_arguments(wireshark, argument, words):
    """A clear message, and no table."""
    result = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", argument)
    assert result.status != 0 and words in result.err and views.NODES not in result.out, result
