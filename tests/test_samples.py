"""Each sample shows what its generator says of it, on one pass, with -2, and dissected again in sharkd as in the window."""

import collections
import filecmp
import subprocess
import sys

import pytest

from ftools import facts, paths, table

PASSES = {"pass 1": (), "-2": ("-2",)}
OLD = ("2010", "ios7")
LEGACY = [name for name in paths.SAMPLES if facts.expected(name)["calls"][0]["era"] in OLD]
MODERN = [name for name in paths.SAMPLES if name not in LEGACY]

each_sample = pytest.mark.parametrize("name", paths.SAMPLES)
each_legacy = pytest.mark.parametrize("name", LEGACY)
each_pass = pytest.mark.parametrize("passes", PASSES)


@pytest.fixture(scope="module")
def frames_of(wireshark):
    """frames_of(name, passes): what tshark says of each frame of a sample."""
    made = {}

    def frames(name, passes="-2"):
        key = (name, passes)
        if key not in made:
            made[key] = facts.Frames(wireshark, paths.sample(name), *PASSES[passes])
        return made[key]

    return frames


def only_call(name):
    """The one call that a sample holds."""
    calls = facts.expected(name)["calls"]
    assert len(calls) == 1
    return calls[0]


def calls_table(wireshark, name, passes):
    return table.rows(wireshark.tshark(paths.sample(name), *PASSES[passes], "-q", "-z", "facetime,calls").ok().out)


def test_there_are_samples():
    assert {"facetime-2010-inbound", "facetime-2010-outbound", "facetime-ios7", "facetime-relay", "facetime-direct"} <= set(paths.SAMPLES)


def test_generator_is_deterministic(tmp_path):
    """The same bytes on every run, and they are the bytes that are kept."""
    subprocess.run([sys.executable, paths.CAPTURES / "generate", "--out", tmp_path], check=True, capture_output=True, timeout=300)
    names = [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(names) == 2 * len(paths.SAMPLES) + 2 * len(paths.SITUATIONS)
    _, different, missing = filecmp.cmpfiles(tmp_path, paths.CAPTURES, names, shallow=False)
    assert (different, missing) == ([], [])


# ---- The call ----------------------------------------------------------------------------------


@each_pass
@each_sample
def test_one_call_in_the_table(wireshark, name, passes):
    rows = calls_table(wireshark, name, passes)
    assert [row["Call"] for row in rows] == [1]


@each_pass
@each_sample
def test_table_row(wireshark, name, passes):
    """The row says of the call what is true of it."""
    call, row = only_call(name), calls_table(wireshark, name, passes)[0]
    assert row["State"] == call["state"]
    assert (row["From"], row["To"]) == (call["from"] or "-", call["to"] or "-")
    assert call["device"] in {facts.endpoint(one)[0] for one in row["Device"].split(", ")}
    assert facts.endpoint(row["Peer"])[0] == call["peer"]
    assert (row["Relay"] if row["Relay"] == "-" else facts.endpoint(row["Relay"])[0]) == (call["relay"] or "-")
    assert set(row["Path"].split("+")) == {stream["path"] for stream in call["streams"]}
    assert set(row["Media"].split("+")) == set(call["media"])
    assert row["Confidence"] == "high"


@each_pass
@each_sample
def test_direction(wireshark, name, passes):
    """Where signalling is encrypted the direction may stay unknown, but is never the wrong one."""
    call, row = only_call(name), calls_table(wireshark, name, passes)[0]
    assert row["Direction"] in ({call["direction"]} if call["era"] in OLD else {call["direction"], "unknown"})


@each_sample
def test_call_number_is_on_the_calls_packets_only(frames_of, name):
    """All its datagrams have it; what is not in the call has none; nothing has two."""
    rows = frames_of(name)
    strangers = facts.numbers(facts.expected(name)["not_in_call"])
    assert [row["number"] for row in rows.datagrams() if row["facetime.call"] != ["1"]] == []
    assert rows.numbers("facetime.call") & strangers == set()
    assert {number for row in rows.datagrams() for number in [row["number"]]} & strangers == set()


@each_sample
def test_fields_agree_with_the_table(wireshark, frames_of, name):
    """State and direction are on every packet as in the table; start, duration, packets and bytes are those of the packets."""
    row, packets = calls_table(wireshark, name, "-2")[0], frames_of(name).having("facetime.call")
    assert {tuple(packet["call.state"]) for packet in packets} == {(row["State"],)}
    assert {tuple(packet["call.direction"]) for packet in packets} == {(row["Direction"],)}
    assert row["Packets"] == len(packets)
    assert row["Bytes"] == sum(int(packet["frame.len"][0]) for packet in packets)
    times = [float(packet["frame.time_epoch"][0]) for packet in packets]
    assert row["Duration (s)"] == pytest.approx(max(times) - min(times), abs=0.0006)


@each_sample
def test_call_time(frames_of, name):
    """Time since the call's first packet: zero there, and it grows as frame times do."""
    packets = frames_of(name).having("facetime.call")
    start = float(packets[0]["frame.time_epoch"][0])
    for packet in packets:
        assert float(packet["facetime.call.time"][0]) == pytest.approx(float(packet["frame.time_epoch"][0]) - start, abs=2e-6), packet["number"]


# ---- The datagrams -----------------------------------------------------------------------------


@each_sample
def test_kinds(frames_of, name):
    expected = {kind: count for kind, count in only_call(name)["kinds"].items() if count}
    assert frames_of(name).kinds() == expected


@each_sample
def test_kinds_on_pass_1(frames_of, name):
    """On the first pass too; only plain STUN to a server may be known later, and is shown by the stock dissector until then."""
    expected = collections.Counter({kind: count for kind, count in only_call(name)["kinds"].items() if count})
    rows = frames_of(name, "pass 1")
    early = [row for row in rows.rows if "stun" in row["protocols"] and "facetime" not in row["protocols"]]
    if name in MODERN:
        assert early == []
    assert collections.Counter(rows.kinds()) + collections.Counter(stun=len(early)) == expected


@each_pass
@each_sample
def test_nothing_is_plain_data(frames_of, name, passes):
    """No UDP datagram of the call is left to the dissector for unknown data."""
    strangers = facts.numbers(facts.expected(name)["not_in_call"])
    plain = [row["number"] for row in frames_of(name, passes).having("udp.stream")
             if "data" in row["protocols"] and row["number"] not in strangers]
    assert plain == []


@each_legacy
def test_stock_shows_plain_data(stock, name):
    """The measure of the test above: without the plugin most datagrams are plain data."""
    kinds = only_call(name)["kinds"]
    assert stock.count(paths.sample(name), "udp && data && !icmp") > 0.9 * sum(kinds.values())


@each_pass
@each_sample
def test_phases(frames_of, name, passes):
    """Each packet that has a phase has the right one, and all of the call's datagrams have one with -2."""
    phase_of = {number: phase for phase, entry in only_call(name)["phases"].items() for number in facts.numbers(entry["frames"])}
    rows = frames_of(name, passes)
    wrong = [(row["number"], row["kind"], row["call.phase"], phase_of.get(row["number"])) for row in rows.having("facetime.call.phase")
             if row["call.phase"] != [phase_of.get(row["number"])]]
    assert wrong == []
    if passes == "-2":
        assert [row["number"] for row in rows.datagrams() if not row["call.phase"]] == []


@each_sample
def test_phase_counts(frames_of, name):
    """As many datagrams in each phase as the generator made (packets that are no such datagrams are left out)."""
    rows = frames_of(name)
    datagrams = {row["number"] for row in rows.rows if row["udp.stream"] and "icmp" not in row["protocols"] and "dns" not in row["protocols"]}
    for phase, entry in only_call(name)["phases"].items():
        wanted = facts.numbers(entry["frames"]) & datagrams
        assert rows.numbers("call.phase", phase) & datagrams == wanted, phase


@each_sample
def test_paths(frames_of, name):
    """Every media packet says how it travels, and says it right."""
    for row in frames_of(name).having("rtp.ssrc"):
        assert row["path"] == ["relay" if row["kind"] == ["relay"] else "direct"], row["number"]


@each_sample
def test_every_datagram_says_how_sure_and_why(frames_of, name):
    for row in frames_of(name).datagrams():
        assert len(row["confidence"]) == 1 and row["facetime.evidence"], row["number"]


@each_pass
@each_sample
def test_nothing_malformed(frames_of, name, passes):
    assert frames_of(name, passes).faults() == []


@each_pass
@each_sample
def test_sip_and_stun_are_not_rtp(frames_of, name, passes):
    rows = frames_of(name, passes)
    mixed = [row["number"] for row in rows.rows if "rtp" in row["protocols"] and ({"sip", "stun"} & set(row["protocols"])
                                                                                 or {"sip", "stun"} & set(row["kind"]))]
    assert mixed == []


@each_legacy
def test_sip_of_the_call(frames_of, name):
    """The stock SIP dissector has every message, none is lost to the media on the same port."""
    rows = frames_of(name)
    assert len(rows.having("sip.CSeq.method")) == only_call(name)["kinds"]["sip"]
    assert {row["sip.Method"][0] for row in rows.having("sip.Method")} == {"INVITE", "ACK", "MESSAGE", "BYE"}


@each_legacy
def test_call_ends_with_bye(frames_of, name):
    rows = frames_of(name)
    byes = rows.having("sip.Method", "BYE")
    assert byes and all(row["call.phase"] == ["teardown"] and row["call.state"] == ["ended"] for row in byes)
    sip = rows.having("sip.CSeq.method")
    assert sip[-1]["sip.CSeq.method"] == ["BYE"]


# ---- Media -------------------------------------------------------------------------------------


def expected_streams(name):
    return {(facts.endpoint(stream["source"]), facts.endpoint(stream["destination"]), int(stream["ssrc"], 16)): stream
            for stream in only_call(name)["streams"]}


@each_pass
@each_sample
def test_rtp_streams(wireshark, name, passes):
    """Telephony > RTP has each stream once, with its packets and losses."""
    out = wireshark.tshark(paths.sample(name), *PASSES[passes], "-q", "-z", "rtp,streams").ok().out
    found = table.rtp_streams(out)
    wanted = expected_streams(name)
    assert len(found) == len(wanted)
    for stream in found:
        truth = wanted[stream["source"], stream["destination"], stream["ssrc"]]
        assert (stream["packets"], stream["lost"]) == (truth["packets"], truth["lost"]), stream


@each_pass
@each_sample
def test_payload_types(frames_of, name, passes):
    """Packets by SSRC and payload type; one datagram may hold several RTP packets."""
    wanted, found = collections.Counter(), collections.Counter()
    for stream in only_call(name)["streams"]:
        for payload_type, count in stream["payload_types"].items():
            wanted[int(stream["ssrc"], 16), int(payload_type)] += count
    for row in frames_of(name, passes).having("rtp.ssrc"):
        for ssrc, payload_type in zip(row["rtp.ssrc"], row["rtp.p_type"], strict=True):
            found[int(ssrc, 16), int(payload_type)] += 1
    assert found == wanted


@each_legacy
def test_sip_statistics(wireshark, name):
    """Telephony > SIP counts one call: one INVITE, one BYE."""
    out = wireshark.tshark(paths.sample(name), "-q", "-z", "sip,stat").ok().out
    counts = {words[0]: int(words[2]) for words in (line.split() for line in out.splitlines()) if len(words) == 4 and words[1] == ":"}
    assert counts["INVITE"] == counts["ACK"] == counts["BYE"] == 1
    assert f"Number of SIP messages: {only_call(name)['kinds']['sip']}" in out


# ---- Dissected again, as in the window -----------------------------------------------------------

COLUMNS = {"column0": "facetime.kind:1", "column1": "facetime.call:1", "column2": "facetime.call.phase:1", "column3": "facetime.call.state:1"}


@pytest.fixture(scope="module")
def in_sharkd(wireshark):
    """in_sharkd(name): the frames of a sample (twice), its calls and its RTP streams, as the window would have them."""
    made = {}

    def answers(name):
        if name not in made:
            listing = ("frames", {"filter": "facetime.call", **COLUMNS})
            made[name] = wireshark.sharkd(paths.sample(name), listing, ("tap", {"tap0": "nstat:facetime,calls", "tap1": "rtp-streams"}), listing)
        return made[name]

    return answers


@each_sample
def test_sharkd_frames(in_sharkd, frames_of, name):
    """Kind, call, phase and state as with -2; asked twice, the same."""
    first, _, second = in_sharkd(name)
    assert first == second
    found = [(frame["num"], *frame["c"]) for frame in first]
    wanted = [(row["number"], "".join(row["kind"]), *row["facetime.call"], *row["call.phase"], *row["call.state"])
              for row in frames_of(name).having("facetime.call")]
    assert found == wanted


@each_sample
def test_sharkd_calls(in_sharkd, wireshark, name):
    """The window's table is the terminal's table."""
    taps = {tap["tap"]: tap for tap in in_sharkd(name)[1]["taps"]}
    tap = taps["nstat:facetime,calls"]
    titles = [field["c"] for field in tap["fields"]]
    rows = [dict(zip(titles, row)) for row in tap["tables"][0]["i"]]
    wanted = calls_table(wireshark, name, "-2")
    assert len(rows) == len(wanted)
    for row, truth in zip(rows, wanted):
        for title in ("Duration (s)", "Media (s)"):
            assert row.pop(title) == pytest.approx(truth.pop(title), abs=0.0006)
        assert row == truth


@each_sample
def test_sharkd_rtp_streams(in_sharkd, name):
    """SSRCs are numbers in the answer of 4.0, text since 4.4."""
    taps = {tap["tap"]: tap for tap in in_sharkd(name)[1]["taps"]}
    found = {((stream["saddr"], stream["sport"]), (stream["daddr"], stream["dport"]), int(str(stream["ssrc"]), 0)):
             (stream["pkts"], stream["expectednr"] - stream["totalnr"]) for stream in taps["rtp-streams"]["streams"]}
    assert found == {key: (stream["packets"], stream["lost"]) for key, stream in expected_streams(name).items()}


@each_sample
def test_sharkd_frame_by_frame(wireshark, frames_of, name):
    """A packet that is looked at alone, in any order, shows its call in its tree."""
    numbers = sorted(frames_of(name).numbers("facetime.call"))
    chosen = [numbers[0], numbers[-1], numbers[len(numbers) // 2], numbers[1]]
    trees = wireshark.sharkd(paths.sample(name), *[("frame", {"frame": number, "proto": True}) for number in chosen])
    for number, answer in zip(chosen, trees):
        tops = [item["l"] for item in answer["tree"]]
        assert [top for top in tops if top.startswith("FaceTime Call 1")], (number, tops)
