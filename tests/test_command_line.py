"""What a user types after tshark, right and wrong: each ends with a clear message or a table, never with a crash."""

import json
import re
import struct

import pytest

from ftools import datagrams, facts, paths, pcap, table

SAMPLE = "facetime-2010-outbound"
TABLE = ("-q", "-z", "facetime,calls")

# What a program says when it should have said something else.
UGLY = re.compile(r"assert|\*\*|CRITICAL|WARNING|Segmentation|core dumped|dissector bug|0x[0-9a-f]{8,}|\(null\)", re.IGNORECASE)

# tshark's exit status for a file that is not there, and for one that ends in a packet: 2 in 4.0, values of its own since 4.4 and 4.6.
NO_FILE = (2, 3)
CUT_FILE = (2, 14)


def refused(result, *words):
    """The program ended with the status of a wrong argument and one sentence that has WORDS; it printed no table."""
    assert result.status == 1, result
    assert not UGLY.search(result.out + result.err), result
    assert "FaceTime Calls" not in result.out
    sentence = result.err.splitlines()[0] if result.err.startswith("tshark: ") else result.err.strip().splitlines()[0]
    for word in words:
        assert word in sentence, result


def empty_table(result):
    """The program ended well with a table that has its header and no row."""
    assert not UGLY.search(result.out + result.err), result
    assert table.rows(result.out) == []
    assert [text for text, _, _ in table.spans(table.lines(result.out)[3])] == list(table.COLUMNS)


# ---- The statistic and its filter ----------------------------------------------------------------


@pytest.mark.parametrize("argument", ["facetime,nonsense", "facetime", "facetime,", "facetime,call", "FaceTime,calls"])
def test_no_such_statistic(wireshark, argument):
    """tshark's own sentence, with the list of what there is."""
    done = wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", argument)
    refused(done, f'Invalid -z argument "{argument}"')
    assert "facetime,calls" in done.err.split()


@pytest.mark.parametrize("argument", ["facetime,callsign", "facetime,calls facetime", "facetime,calls=1"])
def test_almost_the_statistic(wireshark, argument):
    refused(wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", argument), argument, "facetime,calls,FILTER")


@pytest.mark.parametrize("bad", ["not a filter(", "facetime.nonsense == 1", "udp.port ==", "facetime.call == one", ","])
def test_bad_filter(wireshark, bad):
    """The message names the statistic and the filter, and says what Wireshark holds against it."""
    refused(wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", f"facetime,calls,{bad}"), "facetime,calls", bad)


def test_filter_that_is_empty(wireshark):
    """A comma and no filter is no filter, as with Wireshark's own statistics."""
    with_comma = wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", "facetime,calls,").ok()
    assert with_comma.out == wireshark.tshark(paths.sample(SAMPLE), *TABLE).ok().out
    assert table.shown_filter(with_comma.out) is None


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["pass 1", "-2"])
def test_filter(wireshark, passes):
    """The counts are those of the packets that the filter lets through; the call itself stays whole."""
    done = wireshark.tshark(paths.sample(SAMPLE), *passes, "-q", "-z", "facetime,calls,sip").ok()
    row, = table.rows(done.out)
    whole, = table.rows(wireshark.tshark(paths.sample(SAMPLE), *passes, *TABLE).ok().out)
    assert table.shown_filter(done.out) == "sip"
    assert row["Packets"] == wireshark.count(paths.sample(SAMPLE), "sip && facetime.call", *passes) < whole["Packets"]
    assert {title: row[title] for title in row if title not in ("Packets", "Bytes")} == {
        title: whole[title] for title in whole if title not in ("Packets", "Bytes")}


def test_filter_with_commas(wireshark):
    """All after the second comma is the filter."""
    done = wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", "facetime,calls,udp.port in {16402, 16403} && sip").ok()
    assert table.shown_filter(done.out) == "udp.port in {16402, 16403} && sip"
    assert len(table.rows(done.out)) == 1


def test_filter_that_matches_nothing(wireshark):
    done = wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", "facetime,calls,udp.port == 9").ok()
    empty_table(done)
    assert table.shown_filter(done.out) == "udp.port == 9"


def test_two_tables_in_one_run(wireshark):
    """Each with its own filter."""
    done = wireshark.tshark(paths.sample(SAMPLE), "-q", "-z", "facetime,calls,udp.port == 9", "-z", "facetime,calls").ok()
    assert done.out.count("FaceTime Calls\n") == 2
    assert done.out.count("facetime.call == 1") == 1


def test_help_lists_the_statistic(wireshark):
    done = wireshark.run("tshark", "-z", "help")
    assert "facetime,calls" in (done.out + done.err).split()
    assert not UGLY.search(done.out + done.err)


# ---- Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["pass 1", "-2"])
@pytest.mark.parametrize("what", ["header only", "zero bytes", "no FaceTime"])
def test_nothing_there(wireshark, what, passes):
    """An empty table with its header."""
    data = {"header only": pcap.write([]),
            "zero bytes": b"",
            "no FaceTime": pcap.write([datagrams.frame(("192.0.2.1", 4000), ("192.0.2.2", 53), bytes(40))])}[what]
    done = wireshark.tshark(wireshark.write("nothing.pcap", data), *passes, *TABLE).ok()
    empty_table(done)
    assert done.err == ""


def test_no_file(wireshark):
    """tshark's own sentence; no table of a file that is not there."""
    done = wireshark.tshark(wireshark.root / "absent.pcap", *TABLE)
    assert done.status in NO_FILE and "absent.pcap" in done.err and "FaceTime Calls" not in done.out


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["pass 1", "-2"])
def test_file_that_ends_in_a_packet(wireshark, passes):
    """tshark's own warning and status, and the table of what was there before."""
    whole = paths.sample(SAMPLE).read_bytes()
    cut = wireshark.write("cut.pcap", whole[:len(whole) // 2 + 7])
    done = wireshark.tshark(cut, *passes, *TABLE)
    assert done.status in CUT_FILE and "cut short in the middle of a packet" in done.err and not UGLY.search(done.out + done.err), done
    row, = table.rows(done.out)
    assert row["State"] == "established" and row["Packets"] > 1000


# ---- Preferences ---------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["facetime.relay.ports:abc", "facetime.media.ports:70000"])
def test_wrong_value_of_a_preference(wireshark, argument):
    refused(wireshark.tshark(paths.sample(SAMPLE), "-o", argument, *TABLE), "-o flag", argument)


def test_no_such_preference(wireshark):
    refused(wireshark.tshark(paths.sample(SAMPLE), "-o", "facetime.nonsense:1", *TABLE), "unknown preference", "facetime.nonsense")


def test_wrong_word_of_a_preference(wireshark):
    """Wireshark leaves a preference of words as it was when the word is none of them: here and everywhere."""
    assert (wireshark.tshark(paths.sample(SAMPLE), "-o", "facetime.confidence:sure", *TABLE).ok().out ==
            wireshark.tshark(paths.sample(SAMPLE), *TABLE).ok().out)


# ---- The layout of the table ---------------------------------------------------------------------

# A name of a caller as it may come from the network, and as the table shows it.
NAMES = {
    "ordinary": ("+12025550134", "+12025550134"),
    "one letter": ("x", "x"),
    "blanks inside": ("Anna   Maria  Example", "Anna   Maria  Example"),
    "blanks around": ("   Anna ", "Anna"),
    "blanks only": ("    ", "-"),
    "wide": ("田中太郎", "田中太郎"),
    "emoji": ("\U0001F600 Anna \U0001F680\U0001F680", "\U0001F600 Anna \U0001F680\U0001F680"),
    "combining": ("Ame\u0301lie Zoe\u0308", "Ame\u0301lie Zoe\u0308"),
    "joined emoji": ("\U0001F468\u200d\U0001F469", "\U0001F468\ufffd\U0001F469"),
    "right to left": ("\u05d3\u05d5\u05d2\u05de\u05d4", "\u05d3\u05d5\u05d2\u05de\u05d4"),
    "direction marks": ("a\u202eb\u200fc\u2066d", "a\ufffdb\ufffdc\ufffdd"),
    "line separators": ("a\u2028b\u2029c\u0085d", "a\ufffdb\ufffdc\ufffdd"),
    "control characters": ("a\x1b[2Jb\x07c\x08d\te", "a\u241b[2Jb\u2407c\u2408d e"),
    "format of printf": ("%s%n%100d", "%s%n%100d"),
    "not UTF-8": (b"a\xff\xc3(b", "a\ufffd\ufffd(b"),
    "500 letters": ("n" * 500, "n" * 128 + "..."),
    "500 letters of two bytes": ("x" + "\u00e9" * 500, "x" + "\u00e9" * 63 + "..."),
    "looks like a ruler": ("====", "===="),
}


def named_call(number, name):
    """An INVITE of a caller with this name, between ends of its own."""
    name = name if isinstance(name, bytes) else name.encode()
    device, peer = f"192.168.2.{number + 1}", f"198.51.100.{number + 1}"
    message = datagrams.sip().replace(b'"+12025550134"', b'"' + name + b'"').replace(b"7b1e2f30", b"%08x" % number)
    return datagrams.frame((device, 16402), (peer, 16402), message)


@pytest.fixture(scope="module")
def named_calls(wireshark):
    """A capture with a call from each of NAMES."""
    return datagrams.written(wireshark, "names.pcap", [named_call(number, name) for number, (name, _) in enumerate(NAMES.values())])


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["pass 1", "-2"])
def test_columns_are_aligned(wireshark, named_calls, passes):
    """With every odd name in one table."""
    out = wireshark.tshark(named_calls, *passes, *TABLE).ok().out
    names = [name for name, _ in table.check_layout(out)]
    assert names == [shown for _, shown in NAMES.values()]


@pytest.mark.parametrize("name", NAMES)
def test_columns_fit_one_name(wireshark, name):
    """The column is as wide as its one name, or its title."""
    capture = datagrams.written(wireshark, "name.pcap", [named_call(0, NAMES[name][0])])
    done = wireshark.tshark(capture, *TABLE).ok()
    assert table.check_layout(done.out) == [(NAMES[name][1], "-")]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", done.out)


@pytest.mark.parametrize("name", paths.SAMPLES)
def test_columns_of_samples_are_aligned(wireshark, name):
    table.check_layout(wireshark.tshark(paths.sample(name), "-2", *TABLE).ok().out)


def test_names_in_the_window(wireshark, named_calls):
    """sharkd gives the same texts, in JSON that can be read."""
    tap, = wireshark.sharkd(named_calls, ("tap", {"tap0": "nstat:facetime,calls"}))
    stat = tap["taps"][0]
    titles = [field["c"] for field in stat["fields"]]
    assert titles == list(table.COLUMNS)
    assert [row[titles.index("From")] for row in stat["tables"][0]["i"]] == [shown for _, shown in NAMES.values()]


def test_names_in_the_tree(wireshark, named_calls):
    """The packet's own field has the name; a filter finds the call by it, of a long one by the 256 bytes that the call keeps."""
    assert wireshark.count(named_calls, f'facetime.sip.from == "{NAMES["wide"][0]}"') == 1
    assert wireshark.count(named_calls, f'facetime.call.from == "{"n" * 256}"', "-2") == 1


def test_numbers_of_the_table(wireshark):
    """Times of any epoch: a capture that begins in 1970, one in 2106."""
    for seconds, shown in ((0, "1970-01-01 00:00:00.000"), (0xFFFFFFFF, "2106-02-07 06:28:15.000")):
        packet = named_call(0, "x")
        data = pcap.write([packet])
        capture = wireshark.write("epoch.pcap", data[:24] + struct.pack("<I", seconds) + bytes(4) + data[32:])
        row, = table.rows(wireshark.tshark(capture, *TABLE).ok().out)
        assert row["Start (UTC)"] == shown


def test_many_calls(wireshark):
    """Numbers of several digits stand to the right under their title; the filter column selects each call."""
    capture = datagrams.written(wireshark, "many.pcap", [
        datagrams.frame((f"192.168.{number // 200}.{number % 200 + 1}", 16402), ("198.51.100.1", 16402),
                        datagrams.sip().replace(b"7b1e2f30", b"%08x" % number)) for number in range(1200)])
    out = wireshark.tshark(capture, "-2", *TABLE).ok().out
    table.check_layout(out)
    rows = table.rows(out)
    assert [row["Call"] for row in rows] == list(range(1, 1201))
    assert [row["Filter"] for row in rows] == [f"facetime.call == {number}" for number in range(1, 1201)]
    assert facts.endpoint(rows[-1]["Device"]) == ("192.168.5.200", 16402)


TABLES = ("calls", "timeline", "nodes", "streams", "exposure", "events", "quality")


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=("pass 1", "-2"))
def test_tables_as_json(wireshark, passes):
    """The preference facetime.tables: one object on a line for each table, with the titles, cells and order that sharkd has."""
    capture = paths.sample("facetime-relay")
    arguments = [argument for name in TABLES for argument in ("-z", f"facetime,{name}")]
    out = wireshark.tshark(capture, *passes, "-q", "-o", "facetime.tables:json", *arguments).ok().out
    printed = {one["statistic"]: one for one in map(json.loads, filter(None, out.splitlines()))}
    answer, = wireshark.sharkd(capture, ("tap", {f"tap{number}": f"nstat:facetime,{name}" for number, name in enumerate(TABLES)}))
    assert printed.keys() == {f"facetime,{name}" for name in TABLES} and len(answer["taps"]) == len(TABLES)
    for tap in answer["taps"]:
        one, table_of_sharkd = printed[tap["tap"].removeprefix("nstat:")], tap["tables"][0]
        assert one["table"] == table_of_sharkd["t"] and one["columns"] == [field["c"] for field in tap["fields"]]
        assert one["rows"] == table_of_sharkd["i"] and one["rows"]
        assert tuple(map(int, one["wireshark"].split(".")[:2])) == wireshark.version[:2]
        assert one["filter"] is None and one["packets_left_out"] == 0 and "note" not in one


def test_json_has_filter_and_names_from_the_network(wireshark, named_calls):
    out = wireshark.tshark(named_calls, "-q", "-o", "facetime.tables:json", "-z", "facetime,calls,facetime.call").ok().out
    one = json.loads(out)
    assert one["filter"] == "facetime.call" and len(one["rows"]) > 1
    answer, = wireshark.sharkd(named_calls, ("tap", {"tap0": "nstat:facetime,calls"}))
    assert one["rows"] == answer["taps"][0]["tables"][0]["i"]
