"""Frames that hold several packets: each of them counts, on every pass, as if it had the frame for itself."""

import pytest

from ftools import aggregate, pcap, table, views

NAMES = ("facetime-relay", "facetime-2010-inbound", "modern-ipv6-only", "legacy-both-ends-on-hub")
PASSES = {"pass 1": (), "-2": ("-2",)}
TOGETHER = 6
# What may differ: the bytes of the frames' own headers, and numbers of frames.
LOOSE = {"calls": ("Bytes", "Why relay"), "streams": ("First frame", "Last frame"), "nodes": ("Bytes", "First frame"), "timeline": ("Bytes", "First frame")}


def tables(wireshark, name, maker, apart, *args):
    """The tables of a capture with APART packets in each frame, without what may differ."""
    linktype, frames, options = aggregate.MAKERS[maker](*pcap.read(views.capture(name)), TOGETHER, apart)
    path = wireshark.write(f"{name}.pcap", pcap.write(frames, linktype))
    wanted = [word for view in LOOSE for word in ("-z", f"facetime,{view}")]
    out = wireshark.tshark(path, *options, *args, "-q", *wanted).ok().out
    found = {"calls": table.rows(out), "streams": table.rows(out, table.STREAMS, table.STREAM_NUMBERS), "nodes": views.nodes(out), "timeline": views.timeline(out)}
    assert found["calls"], "there is a call"
    # Rows that begin with packets of one frame have no order in time.
    return {view: sorted(str({title: value for title, value in row.items() if title not in LOOSE[view]}) for row in rows) for view, rows in found.items()}


def alone(wireshark, name, maker):
    """The same with a frame for each packet."""
    if (name, maker) not in wireshark.results:
        wireshark.results[name, maker] = tables(wireshark, name, maker, 1)
    return wireshark.results[name, maker]


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("maker", aggregate.MAKERS)
@pytest.mark.parametrize("name", NAMES)
def test_each_packet_counts(wireshark, name, maker, passes):
    wanted = alone(wireshark, name, maker)
    found = tables(wireshark, name, maker, TOGETHER, *PASSES[passes])
    for view, rows in wanted.items():
        assert found[view] == rows, view
