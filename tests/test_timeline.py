"""The timeline: -z facetime,timeline. Each step of each call is a row that says of it what is true, in samples and in all situations."""

import dataclasses
import re

import pytest

from ftools import paths, pcap, table, views

PASSES = views.PASSES
each_capture = pytest.mark.parametrize("name", views.NAMES)
each_pass = pytest.mark.parametrize("passes", PASSES)
TIMELINE = ("-q", "-z", "facetime,timeline")

# The article's steps of the inbound call of 2010: step, protocols, hosts with names and roles.
ARTICLE = [
    ("push", "TLS", [("17.149.36.90", "courier.push.apple.com", "push")]),
    ("probe", "NAT probe", [("17.173.254.222", None, "NAT probe")]),
    ("probe", "NAT probe", [("17.173.254.223", None, "NAT probe")]),
    ("certificate", "HTTP", [("192.0.2.80", "init.ess.apple.com", "bag"), ("192.0.2.81", "EVIntl-aia.verisign.com", "certificate")]),
    ("registration", "TLS", [("17.155.5.251", "registration.ess.apple.com", "registration")]),
    ("connectivity", "STUN", [("17.173.254.30", None, "STUN server"), ("198.51.100.20", None, "peer")]),
    ("signalling", "SIP", [("198.51.100.20", None, "peer")]),
    ("media", "RTP, RTCP", [("198.51.100.20", None, "peer")]),
]


@pytest.fixture(scope="module")
def view_of(wireshark, request):
    """view_of(name, passes): the tables of a capture and its frames."""
    return views.view_of(wireshark, views.selected(request), PASSES)


def part(row):
    """Whose step the row is: its call, phase, and the host of a probe or the path of media."""
    hosts = views.hosts(row["Hosts"])
    return row["Call"], row["Step"], (hosts[0][0] if row["Step"] == "probe" else
                                      "relay" if row["What it is"].endswith("over the relay, encrypted") else None)


def test_article(view_of):
    """The steps of the published time line, in its order, each with its hosts; before them the look-ups, behind them the end."""
    rows = view_of("facetime-2010-inbound").timeline
    assert [(row["Step"], row["Protocol"], views.hosts(row["Hosts"])) for row in rows[1:-1]] == ARTICLE
    assert (rows[0]["Step"], rows[0]["Protocol"], rows[0]["Hosts"]) == ("lookup", "DNS", "192.0.2.53 (resolver)")
    assert (rows[-1]["Step"], rows[-1]["Protocol"], rows[-1]["What it is"]) == ("teardown", "SIP, ICMP", "end of the call: BYE from the peer")


@each_capture
def test_columns(view_of, name):
    assert tuple(view_of(name).timeline[0]) == views.TIMELINE_COLUMNS


@each_capture
def test_a_row_for_each_step(view_of, name):
    """No step is missing, none is there twice."""
    view = view_of(name)
    shown = [part(row) for row in view.timeline]
    assert len(shown) == len(set(shown))
    assert set(shown) == {(call.number, *step) for call in views.calls(name) for step in call.steps(view.frames)}


@each_capture
def test_numbers(view_of, name):
    """Packets, bytes, first frame, start and duration of each step are those of its frames."""
    view = view_of(name)
    rows = {part(row): row for row in view.timeline}
    for call in views.calls(name):
        start = min(view.frames[number].time for number in call.frames)
        for step, frames in call.steps(view.frames).items():
            row, times = rows[call.number, *step], [frame.time for frame in frames]
            assert (row["Packets"], row["Bytes"], row["First frame"]) == (
                len(frames), sum(frame.length for frame in frames), min(frame.number for frame in frames)), step
            assert row["Start (s)"] == pytest.approx(min(times) - start, abs=0.0006), step
            assert row["Duration (s)"] == pytest.approx(max(times) - min(times), abs=0.0006), step


@each_capture
def test_sums(view_of, name):
    """The steps of a call have its packets and bytes in the calls table."""
    view = view_of(name)
    for row in view.calls:
        steps = [step for step in view.timeline if step["Call"] == row["Call"]]
        assert [sum(step[title] for step in steps) for title in ("Packets", "Bytes")] == [row["Packets"], row["Bytes"]], row["Call"]


@each_capture
def test_order(view_of, name):
    """By call, then by time."""
    order = [(row["Call"], row["Start (s)"]) for row in view_of(name).timeline]
    assert order == sorted(order)
    assert all(start >= 0 for _, start in order)


@each_capture
def test_hosts_and_roles(view_of, name):
    """Each host of a step is named once, the earliest first, with its role, and with the name that DNS gave to it."""
    view = view_of(name)
    rows = {part(row): row for row in view.timeline}
    for call in views.calls(name):
        for step, frames in call.steps(view.frames).items():
            shown = views.hosts(rows[call.number, *step]["Hosts"])
            if len(call.devices) > 1 and any(call.remote(frame) is None for frame in frames):
                assert all(address in call.devices or role in call.role(step[0], address) for address, _, role in shown)
                continue
            wanted = list(dict.fromkeys(call.remote(frame) for frame in sorted(frames, key=lambda frame: frame.time)))
            assert [address for address, _, _ in shown] == wanted, step
            for address, host, role in shown:
                assert role in call.role(step[0], address), (step, address)
                if step[0] in ("push", "certificate", "registration") and address in view.names:
                    assert host and (host == view.names[address] or host.removeprefix("*") in view.names[address]), (step, address)


def test_neighbours(view_of):
    """The two hosts of the NAT probe of 2010 are neighbours."""
    rows = [row for row in view_of("facetime-2010-inbound").timeline if row["Step"] == "probe"]
    assert [row["Hosts"] for row in rows] == ["17.173.254.222 (NAT probe)", "17.173.254.223 (NAT probe)"]


@each_capture
def test_pass_1(view_of, name):
    """One pass and two give the same tables, to the last word."""
    one, two = view_of(name, "pass 1"), view_of(name)
    assert one.timeline == two.timeline
    assert one.nodes == two.nodes


def test_filters_select_the_steps(wireshark, view_of):
    """What the last column says, as a display filter, has the packets of its row; where media takes two ways, too."""
    for name in ("legacy-two-calls", "modern-relay-direct-relay"):
        rows = view_of(name).timeline
        found = wireshark.tshark_all([(views.capture(name), "-2", "-Y", row["Filter"], "-T", "fields", "-e", "frame.number") for row in rows])
        assert [len(one.ok().out.splitlines()) for one in found] == [row["Packets"] for row in rows], name


# ---- Filter, nothing, nonsense -------------------------------------------------------------------


@each_pass
def test_filter(wireshark, passes):
    """Only what the filter lets through counts; the table says so."""
    out = wireshark.tshark(paths.sample("facetime-relay"), *PASSES[passes], "-q", "-z", "facetime,timeline,facetime.kind == 1 || dns").ok().out
    assert table.shown_filter(out, views.TIMELINE) == "facetime.kind == 1 || dns"
    assert {row["Step"] for row in views.timeline(out)} == {"connectivity", "lookup"}
    steps, = [row for row in views.timeline(out) if row["Step"] == "connectivity"]
    assert steps["Packets"] == wireshark.count(paths.sample("facetime-relay"), "facetime.call && facetime.kind == 1", *PASSES[passes])


def test_empty_capture(wireshark):
    """The header only."""
    out = wireshark.tshark(wireshark.write("empty.pcap", pcap.write([])), *TIMELINE).ok().out
    lines = table.lines(out, views.TIMELINE)
    assert views.timeline(out) == [] and [text for text, _, _ in table.spans(lines[3])] == list(views.TIMELINE_COLUMNS)


@pytest.mark.parametrize("argument, words", [
    ("facetime,timeline,no such filter", "Couldn't register the facetime,timeline statistic"),
    ("facetime,timeline,facetime.nosuch == 1", "facetime.nosuch"),
    ("facetime,timelines", "facetime,timeline"),
])
def test_bad_arguments(wireshark, argument, words):
    """A clear message, and no table."""
    result = wireshark.tshark(paths.sample("facetime-relay"), "-q", "-z", argument)
    assert result.status != 0 and words in result.err and views.TIMELINE not in result.out, result


def test_columns_are_aligned(wireshark):
    """Text under the beginning of its title, numbers under the end."""
    out = wireshark.tshark(paths.sample("facetime-2010-inbound"), *TIMELINE).ok().out
    header, *rows = table.lines(out, views.TIMELINE)[3:-1]
    for title, start, end in table.spans(header):
        for row in rows:
            assert re.match(r"\d(  |$)" if title in views.TIMELINE_NUMBERS else r"\S", row[end - 1 if title in views.TIMELINE_NUMBERS else start:]), (title, row)


# ---- Dissected again, as in the window -----------------------------------------------------------


@pytest.fixture(scope="module")
def in_sharkd(wireshark, request):
    """in_sharkd(name): the timeline as the window has it."""
    return views.in_sharkd(wireshark, request, "nstat:facetime,timeline")


@each_capture
def test_sharkd(in_sharkd, view_of, name):
    """The window's rows are the terminal's; there each stands where its first packet is."""
    wanted = view_of(name).timeline
    found = sorted(in_sharkd(name), key=lambda row: (row["Call"], row["Start (s)"], row["First frame"]))
    assert len(found) == len(wanted)
    for row, truth in zip(found, wanted):
        for title in ("Start (s)", "Duration (s)"):
            assert row[title] == pytest.approx(truth[title], abs=0.0006)
        assert {**row, "Start (s)": 0, "Duration (s)": 0} == {**truth, "Start (s)": 0, "Duration (s)": 0}


@pytest.mark.parametrize("passes", ((), ("-2",)))
def test_ports_used_again(wireshark, tmp_path, passes):
    """A connection that begins once more, on the same ports: each of its packets counts once, the earlier attempt's too."""
    linktype, packets = pcap.read(paths.sample("facetime-relay"))
    place = next(number for number, packet in enumerate(packets) if packet.data[23] == 6 and packet.data[36:38] == (5223).to_bytes(2, "big"))
    syn = packets[place].data
    attempt = dataclasses.replace(packets[place], data=syn[:38] + (1).to_bytes(4, "big") + syn[42:], time=packets[place].time - 1000)
    path = tmp_path / "again.pcap"
    path.write_bytes(pcap.write([*packets[:place], attempt, *packets[place:]], linktype))
    counted = [row["Packets"] for row in views.timeline(wireshark.tshark(path, *passes, *TIMELINE).ok().out) if row["Step"] == "push"]
    once = [row["Packets"] for row in views.timeline(wireshark.tshark(paths.sample("facetime-relay"), *TIMELINE).ok().out) if row["Step"] == "push"]
    assert counted == [once[0] + 1]
