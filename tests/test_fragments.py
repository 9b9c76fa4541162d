"""Names, media and signalling in IP fragments: what Wireshark puts together is looked at as if it had come whole, also inside a tunnel."""

import pytest

from ftools import fragments, table, views

NAMES = ("facetime-relay", "facetime-2010-inbound", "modern-ipv6-only")
PASSES = {"pass 1": (), "-2": ("-2",)}
# A packet takes longer in fragments, and each has a header of its own.
LOOSE = {"Why relay", "Start (s)", "Start (UTC)", "Duration (s)", "Bytes", "First frame", "Last frame", "Jitter (ms)", "Max jitter (ms)", "Longest gap (ms)", "Bit rate (kbit/s)",
         "Peak (kbit/s in 1 s)", "Frames/s", "Gaps over 200 ms"}


def tables(wireshark, path, *args):
    """The tables of a capture, without what may differ."""
    out = wireshark.tshark(path, *args, "-q", "-z", "facetime,calls", "-z", "facetime,streams", "-z", "facetime,nodes", "-z", "facetime,timeline").ok().out
    found = {"calls": table.rows(out), "streams": table.rows(out, table.STREAMS, table.STREAM_NUMBERS), "nodes": views.nodes(out), "timeline": views.timeline(out)}
    return {view: [{title: value for title, value in row.items() if title not in LOOSE} for row in rows] for view, rows in found.items()}


def whole(wireshark, name):
    """The same packets, raw IP, whole."""
    if name not in wireshark.results:
        packets = [(time, data) for time, data, _ in fragments.inner(views.capture(name))]
        made = fragments.pcap.write([fragments.pcap.Packet(time, data, len(data)) for time, data in packets], fragments.pcap.RAW_IP)
        wireshark.results[name] = tables(wireshark, wireshark.write("whole.pcap", made))
    return wireshark.results[name]


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("maker", fragments.MAKERS)
@pytest.mark.parametrize("name", NAMES)
def test_same_as_whole(wireshark, name, maker, passes):
    wanted = whole(wireshark, name)
    assert wanted["calls"], "there is a call"
    found = tables(wireshark, wireshark.write("fragments.pcap", fragments.capture(views.capture(name), maker)), *PASSES[passes])
    for view, rows in wanted.items():
        assert found[view] == rows, view
