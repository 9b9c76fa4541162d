"""One Wireshark opens several captures one after the other: each shows what it shows alone, and nothing of those before it."""

import pytest

from ftools import pcap, views

# Short ones, between long ones and one of nothing; the first comes again at the end.
ORDER = ["facetime-2010-inbound", "modern-two-calls-soon", "facetime-direct", "nothing", "legacy-redial", "modern-group", "facetime-relay",
         "legacy-both-sides-of-nat", "modern-rejected", "facetime-2010-inbound"]
TABLES = ("calls", "timeline", "nodes", "streams", "quality", "events", "exposure")
TAPS = ("tap", {**{f"tap{number}": f"nstat:facetime,{table}" for number, table in enumerate(TABLES)}, f"tap{len(TABLES)}": "stat:facetime"})
LISTING = ("frames", {"column0": "facetime.call:1", "column1": "facetime.call.phase:1", "column2": "facetime.kind:1"})


@pytest.fixture(scope="module")
def capture(wireshark):
    """capture(name): the file of a name in ORDER."""
    nothing = wireshark.write("nothing.pcap", pcap.write([]))
    return lambda name: nothing if name == "nothing" else views.capture(name)


@pytest.fixture(scope="module")
def one_after_the_other(wireshark, capture):
    """What one sharkd says of each file of ORDER: its tables, and the call of each frame."""
    requests = []
    for name in ORDER:
        requests += [("load", {"file": str(wireshark.stage(capture(name)))}), TAPS, LISTING]
    answers = wireshark.sharkd(capture(ORDER[-2]), *requests)
    return list(zip(answers[1::3], answers[2::3], strict=True))


@pytest.mark.parametrize("place", range(len(ORDER)), ids=[f"{place}-{name}" for place, name in enumerate(ORDER)])
def test_as_if_opened_alone(wireshark, capture, one_after_the_other, place):
    """Every table, all counters and the columns of all frames."""
    taps, frames = wireshark.sharkd(capture(ORDER[place]), TAPS, LISTING)
    assert {tap["tap"]: tap for tap in one_after_the_other[place][0]["taps"]} == {tap["tap"]: tap for tap in taps["taps"]}
    assert one_after_the_other[place][1] == frames
    if ORDER[place] == "nothing":
        assert all(tap["tables"][0]["i"] == [] for tap in taps["taps"] if tap["tap"].startswith("nstat:"))


def test_all_tables_are_asked_for(wireshark):
    """A new table is part of the tests here."""
    answer, = wireshark.sharkd(views.capture("facetime-direct"), ("info", {}))
    known = {tap["tap"].removeprefix("nstat:facetime,") for tap in answer["nstat"] if tap["tap"].startswith("nstat:facetime,")}
    assert known == set(TABLES)
