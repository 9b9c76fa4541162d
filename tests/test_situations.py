"""Each situation shows the calls that its generator says: no call too many, none too few, no packet in a wrong call."""

import json
import re

import pytest

from ftools import facts, known, paths, table, views

PASSES = {"pass 1": (), "-2": ("-2",)}


def cases(test, passes=None, having=lambda truth: True):
    """Parametrizes a test over all situations (and PASSES) of which HAVING holds; what the table of ftools/known.py names must fail."""
    params = []
    for name in paths.SITUATIONS:
        if not having(facts.situation(name)):
            continue
        for values in [(name, one) for one in passes] if passes else [(name,)]:
            wrong = (name, test) in known.WRONG_TODAY or (*values[:1], test, *values[1:]) in known.WRONG_TODAY
            marks = [pytest.mark.xfail(reason=known.REASONS[name], strict=True)] if wrong else []
            params.append(pytest.param(*values, marks=marks, id="-".join(values)))
    return pytest.mark.parametrize("name, passes" if passes else "name", params)


@pytest.fixture(scope="module")
def selected(request):
    """The situations that this run asks for."""
    names = {item.callspec.params["name"] for item in request.session.items if item.path == request.path and hasattr(item, "callspec")}
    return sorted(names)


@pytest.fixture(scope="module")
def frames_of(wireshark, selected):
    """frames_of(name, passes): what tshark says of each frame of a situation, and its calls table. One run gives both."""
    arguments = {passes: (*options, "-z", "facetime,calls") for passes, options in PASSES.items()}
    made = {}

    def frames(name, passes="-2"):
        if not made:
            wireshark.tshark_all([(capture(each), *options, *wireshark.fields_command(facts.FIELDS)) for each in selected for options in arguments.values()])
        if (name, passes) not in made:
            made[name, passes] = facts.Frames(wireshark, capture(name), *arguments[passes])
        return made[name, passes]

    return frames


def capture(name):
    """The capture of a situation."""
    return paths.CAPTURES / "situations" / facts.situation(name)["capture"]


def calls_table(frames):
    """The rows of the calls table."""
    return table.rows(frames.table)


def shown_calls(rows):
    """Frame number -> call numbers that it shows; a frame with several datagrams may show one several times."""
    return {row["number"]: list(dict.fromkeys(int(number) for number in row["facetime.call"])) for row in rows.rows if row["facetime.call"]}


def matched(name, rows):
    """Truth's call number -> the plugin's, by the datagrams that both have; each the most frequent one."""
    shown, found = shown_calls(rows), {}
    for call in facts.situation(name)["calls"]:
        numbers = [number for frame in facts.numbers(call["datagrams"]) for number in shown.get(frame, [])]
        found[call["number"]] = max(sorted(set(numbers)), key=numbers.count) if numbers else None
    return found


def pairs(frames_of, name):
    """(truth, row of the table) of each call."""
    rows = {row["Call"]: row for row in calls_table(frames_of(name))}
    match = matched(name, frames_of(name))
    assert set(match.values()) <= set(rows), f"calls without a row: {match}"
    return [(call, rows[match[call["number"]]]) for call in facts.situation(name)["calls"]]


def test_there_are_situations():
    assert len(paths.SITUATIONS) > 50


def test_table_of_failures():
    """Its lines name what is there."""
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert [line for line in known.WRONG_TODAY if line[0] not in paths.SITUATIONS or line[1] not in tests] == []
    assert set(known.REASONS) == {line[0] for line in known.WRONG_TODAY}
    assert set(known.ELSEWHERE) <= set(paths.SITUATIONS)


# ---- Which calls, and which packets --------------------------------------------------------------


@cases("number_of_calls", PASSES)
def test_number_of_calls(frames_of, name, passes):
    """As many as there were; strangers' datagrams may be calls of their own, and what looks like a call is marked as doubtful."""
    truth, rows = facts.situation(name), calls_table(frames_of(name, passes))
    if truth.get("doubtful"):
        rows = [row for row in rows if row["Confidence"] == "high"]
    assert len(truth["calls"]) <= len(rows) <= len(truth["calls"]) + truth.get("may_be_calls", 0)


@cases("order_of_calls")
def test_order_of_calls(frames_of, name):
    """Numbered from 1 by the time of their first packet."""
    assert all(shown == number for number, shown in matched(name, frames_of(name)).items())


@cases("datagrams_in_their_call")
def test_datagrams_in_their_call(frames_of, name):
    """Each datagram of FaceTime shows its call and no other; two calls do not share a number."""
    shown, match = shown_calls(frames_of(name)), matched(name, frames_of(name))
    assert len(set(match.values())) == len(match)
    wrong = {call["number"]: [(frame, shown.get(frame)) for frame in sorted(facts.numbers(call["datagrams"])) if shown.get(frame) != [match[call["number"]]]]
             for call in facts.situation(name)["calls"]}
    assert not any(wrong.values()), {number: (len(frames), frames[:8]) for number, frames in wrong.items() if frames}


@cases("nothing_in_a_wrong_call")
def test_nothing_in_a_wrong_call(frames_of, name):
    """Whatever shows a call, look-ups and push too, belongs to it; the devices' other traffic shows none."""
    truth, match = facts.situation(name), matched(name, frames_of(name))
    call_of = {frame: match[call["number"]] for call in truth["calls"] for frame in facts.numbers(call["frames"])}
    wrong = [(frame, numbers, call_of.get(frame)) for frame, numbers in shown_calls(frames_of(name)).items() if numbers != [call_of.get(frame)]]
    if truth.get("may_be_calls") or truth.get("doubtful"):
        wrong = [(frame, numbers, call) for frame, numbers, call in wrong if call is not None or set(numbers) & set(match.values())]
    assert wrong == []


@cases("prelude_in_its_call")
def test_prelude_in_its_call(frames_of, name):
    """Push, look-ups, certificates, registration and ICMP of a call show it."""
    shown, match = shown_calls(frames_of(name)), matched(name, frames_of(name))
    missing = [(frame, shown.get(frame)) for call in facts.situation(name)["calls"]
               for frame in sorted(facts.numbers(call["frames"]) - facts.numbers(call["datagrams"]) - facts.numbers(call["fragments"]))
               if shown.get(frame) != [match[call["number"]]]]
    assert missing == []


@cases("kinds", having=lambda truth: "kept" not in truth)
def test_kinds(frames_of, name):
    """As many datagrams of each kind as were made, in all calls."""
    wanted = {}
    for call in facts.situation(name)["calls"]:
        # TURN's ChannelData is of the kind that it carries: in these captures, media.
        for kind, count in [*call["kinds"].items(), ("rtp", call["other_kinds"].get("channel-data", 0))]:
            if count:
                wanted[kind] = wanted.get(kind, 0) + count
    strangers = facts.numbers(facts.situation(name)["not_in_call"])
    found = {}
    for row in frames_of(name).rows:
        for kind in row["kind"] if row["number"] not in strangers else ():
            found[kind] = found.get(kind, 0) + 1
    assert found == wanted


@cases("phases", having=lambda truth: truth.get("kept", 96) >= 96)
def test_phases(frames_of, name):
    """Each datagram of a call that shows a phase shows the right one; all of them show one. Of a frame with several datagrams, one may stand
    for all."""
    truth, phases_of = facts.situation(name), {}
    datagrams = {frame for call in truth["calls"] for frame in facts.numbers(call["datagrams"])}
    may_be = facts.numbers(truth["not_in_call"]) if truth.get("may_be_calls") or truth.get("doubtful") else set()
    for call in truth["calls"]:
        for phase, entry in call["phases"].items():
            for frame in facts.numbers(entry["frames"]):
                phases_of.setdefault(frame, set()).add(phase)
    wrong = [(row["number"], row["kind"], row["call.phase"], phases_of.get(row["number"])) for row in frames_of(name).rows
             if (row["call.phase"] or row["number"] in datagrams) and row["number"] not in may_be
             and not (row["call.phase"] and set(row["call.phase"]) <= phases_of.get(row["number"], set()))]
    assert wrong == []


# ---- What is said of each call -------------------------------------------------------------------


@cases("state")
def test_state(frames_of, name):
    assert [row["State"] for _, row in pairs(frames_of, name)] == [call["state"] for call in facts.situation(name)["calls"]]


@cases("table_on_pass_1", having=lambda truth: "kept" not in truth)
def test_table_on_pass_1(frames_of, name):
    """The table after one pass says of each call what that of two says."""
    titles = ("Call", "State", "Direction", "From", "To", "Device", "Peer", "Relay", "Path", "Media", "Packets", "Bytes")
    one, two = ([[row[title] for title in titles] for row in calls_table(frames_of(name, passes))] for passes in PASSES)
    assert one == two


@cases("direction")
def test_direction(frames_of, name):
    """Where the capture does not show it, the plugin says "unknown"; if it knows more than that, it is right."""
    words = {"device": "outbound", "peer": "inbound"}
    for call, row in pairs(frames_of, name):
        allowed = {call["direction"]} | ({words[call["initiated_by"]]} if call["era"] == "modern" or "kept" in facts.situation(name) else set())
        assert row["Direction"] in allowed, call["number"]


@cases("names")
def test_names(frames_of, name):
    for call, row in pairs(frames_of, name):
        assert (row["From"], row["To"]) in ([(call["from"] or "-", call["to"] or "-")] + [("-", "-")] * ("kept" in facts.situation(name))), call["number"]


@cases("ends")
def test_ends(frames_of, name):
    """Device, peer and relay of the call are addresses of its own."""
    for call, row in pairs(frames_of, name):
        devices, peers, relays = ({cell if cell == "-" else facts.endpoint(cell)[0] for cell in row[title].split(", ")} for title in ("Device", "Peer", "Relay"))
        assert devices <= set(call["devices"]), call["number"]
        assert peers <= set(call.get("peers", [call["peer"] or "-"])), call["number"]
        assert relays <= set(call["relays"] or ["-"]), call["number"]


@cases("paths")
def test_paths(frames_of, name):
    for call, row in pairs(frames_of, name):
        assert {word for word in row["Path"].split("+") if word != "-"} == set(call["paths"]), call["number"]
        media = {word for word in row["Media"].split("+") if word != "-"}
        assert media == set(call["media"]) or (media and media <= set(call["media"]) and facts.situation(name).get("kept", 96) < 96), call["number"]


@cases("end_cause")
def test_end_cause(frames_of, name):
    """How each call ended, as facetime.call.end says on its datagrams."""
    rows = {row["number"]: row["call.end"] for row in frames_of(name).rows}
    for call in facts.situation(name)["calls"]:
        assert rows[max(facts.numbers(call["datagrams"]))] == [call["end_cause"]], call["number"]


@cases("nothing_malformed", PASSES, having=lambda truth: "kept" not in truth)
def test_nothing_malformed(frames_of, name, passes):
    assert frames_of(name, passes).faults() == []


# ---- What some situations are there for ----------------------------------------------------------


def shown(wireshark, name, *tables, passes="-2"):
    """The tables of a situation, as text."""
    return wireshark.tshark(capture(name), *PASSES[passes], "-q", *(word for each in tables for word in ("-z", f"facetime,{each}"))).ok().out


def items(wireshark, name):
    """The texts of the plugin's expert items."""
    return re.findall(r"^ +\d+ +\w+ +FaceTime +(.*)$", wireshark.tshark(capture(name), "-2", "-q", "-z", "expert").ok().out, re.M)


@cases("no_answer", PASSES, having=lambda truth: any("no_answer" in call for call in truth["calls"]))
def test_no_answer(wireshark, name, passes):
    """The timeline says of the relay that it does not answer, and not that the session is set up; an expert item says so, too."""
    steps = [step["What it is"] for step in views.timeline(shown(wireshark, name, "timeline", passes=passes)) if step["Step"] == "relay"]
    assert len(steps) == 1 and "no answer" in steps[0] and "set up" not in steps[0]
    assert [text for text in items(wireshark, name) if "answer" in text]


@cases("silence", having=lambda truth: any("silent_seconds" in call for call in truth["calls"]))
def test_silence(wireshark, frames_of, name):
    """Both relays are named, and an expert item is on the spell in which nothing came back."""
    for call, row in pairs(frames_of, name):
        assert {facts.endpoint(relay)[0] for relay in row["Relay"].split(", ")} == set(call["relays"])
    assert [text for text in items(wireshark, name) if re.search("one direction|one way|nothing|silent|no media|stopped", text, re.I)]


@cases("doubtful", PASSES, having=lambda truth: truth.get("doubtful"))
def test_doubtful(wireshark, name, passes):
    """What is called a call at all is marked as doubtful, and the tables say the same of it."""
    out = shown(wireshark, name, "calls", "timeline", passes=passes)
    for row in table.rows(out):
        assert row["Confidence"] != "high"
        assert row["Media"] != "-" or not [step for step in views.timeline(out) if step["Call"] == row["Call"] and re.search("audio|video", step["What it is"])]


@cases("cut_is_not_lost", PASSES, having=lambda truth: truth.get("kept", 96) < 96)
def test_cut_is_not_lost(wireshark, name, passes):
    """Of what was cut off, nothing is lost; the rows say why they have no numbers."""
    rows = table.streams(shown(wireshark, name, "streams", passes=passes))
    assert rows and all(row["Lost"] in (None, 0) for row in rows)
    assert all(re.search("captured|cut|snap", row["Notes"]) for row in rows)


@cases("aggregates_lose_nothing", PASSES, having=lambda truth: truth.get("aggregates"))
def test_aggregates_lose_nothing(wireshark, name, passes):
    """Each datagram of a frame counts in its stream."""
    rows = table.streams(shown(wireshark, name, "streams", passes=passes))
    assert {(row["SSRC"], row["Packets"], row["Lost"]) for row in rows} == {
        (stream["ssrc"], stream["packets"], stream["lost"]) for call in facts.situation(name)["calls"] for stream in call["streams"]}


@cases("texts_are_utf8", PASSES, having=lambda truth: "not UTF-8" in truth["shows"])
def test_texts_are_utf8(wireshark, name, passes):
    """JSON that can be read, and no control characters in fields and tables."""
    def out(*args):
        result = wireshark.tshark(capture(name), *PASSES[passes], *args, errors="surrogateescape").ok().out
        return result.encode("utf-8", "surrogateescape").decode("utf-8")

    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
    assert len(json.loads(out("-T", "json"))) == facts.situation(name)["packets"]
    hosts = out("-T", "fields", "-e", "facetime.host.name")
    assert "push.apple.com" in hosts and not control.search(hosts)
    assert not control.search(out("-q", *(word for each in ("calls", "nodes", "timeline", "exposure") for word in ("-z", f"facetime,{each}"))))


# ---- Dissected again, as in the window -----------------------------------------------------------


@pytest.fixture(scope="module")
def in_sharkd(wireshark, selected):
    """in_sharkd(name): the frames of a situation, its calls, and its frames again; one sharkd opens one file after the other."""
    columns = {f"column{number}": field + ":1" for number, field in enumerate(("facetime.kind", "facetime.call", "facetime.call.phase", "facetime.call.state"))}
    made = {}

    def answers(name):
        if not made:
            requests = []
            for number, each in enumerate(selected):
                # sharkd remembers what a filter found by its text, from one file to the next: so each file gets another text
                listing = ("frames", {"filter": f"facetime.call && frame.number < {100000 + number}", **columns})
                requests += [("load", {"file": str(wireshark.stage(capture(each)))}), listing, ("tap", {"tap0": "nstat:facetime,calls"}), listing]
            found = wireshark.sharkd(capture(selected[0]), *requests)
            made.update({each: found[4 * number + 1:4 * number + 4] for number, each in enumerate(selected)})
        return made[name]

    return answers


@cases("sharkd")
def test_sharkd(in_sharkd, frames_of, name):
    """The window's packets and table of calls are those of -2; asked twice, the same; nothing is left of the file before."""
    first, taps, second = in_sharkd(name)
    assert first == second
    assert [(frame["num"], *frame["c"]) for frame in first] == [
        (row["number"], "".join(row["kind"][:1]), *(row[field][0] for field in ("facetime.call", "call.phase", "call.state")))
        for row in frames_of(name).having("facetime.call")]
    tap = taps["taps"][0]
    titles = [field["c"] for field in tap["fields"]]
    wanted = calls_table(frames_of(name))
    assert len(tap["tables"][0]["i"]) == len(wanted)
    for row, truth in zip((dict(zip(titles, row)) for row in tap["tables"][0]["i"]), wanted):
        # The window has more decimals than the terminal.
        for title in ("Duration (s)", "Media (s)"):
            shown, printed = row.pop(title), truth[title]
            assert shown == (pytest.approx(printed, abs=0.0006) if isinstance(printed, float) else None), title
        assert row == {title: value for title, value in truth.items() if title not in ("Duration (s)", "Media (s)")}
