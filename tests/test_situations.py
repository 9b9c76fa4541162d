"""Each situation shows the calls that its generator says: no call too many, none too few, no packet in a wrong call."""

import pytest

from ftools import facts, paths, table

PASSES = {"pass 1": (), "-2": ("-2",)}

# What the plugin does not know yet: (situation, test, reason). A line goes when the code can do it; "*" stands for every situation.
EXPECTED_FAILURES = []


def cases(test, passes=None):
    """Parametrizes a test over all situations (and PASSES); what is in the table above may fail."""
    params = []
    for name in paths.SITUATIONS:
        reasons = [reason for situation, failing, reason in EXPECTED_FAILURES if situation in (name, "*") and failing == test]
        marks = [pytest.mark.xfail(reason=reasons[0], strict=False)] if reasons else []
        params += [pytest.param(*values, marks=marks, id="-".join(values)) for values in ([(name, one) for one in passes] if passes else [(name,)])]
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
    """Frame number -> call numbers that it shows."""
    return {row["number"]: [int(number) for number in row["facetime.call"]] for row in rows.rows if row["facetime.call"]}


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
    assert [line for line in EXPECTED_FAILURES if line[0] not in [*paths.SITUATIONS, "*"] or line[1] not in tests] == []


# ---- Which calls, and which packets --------------------------------------------------------------


@cases("number_of_calls", PASSES)
def test_number_of_calls(frames_of, name, passes):
    assert len(calls_table(frames_of(name, passes))) == len(facts.situation(name)["calls"])


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
    assert wrong == []


@cases("prelude_in_its_call")
def test_prelude_in_its_call(frames_of, name):
    """Push, look-ups, certificates, registration and ICMP of a call show it."""
    shown, match = shown_calls(frames_of(name)), matched(name, frames_of(name))
    missing = [(frame, shown.get(frame)) for call in facts.situation(name)["calls"]
               for frame in sorted(facts.numbers(call["frames"]) - facts.numbers(call["datagrams"]) - facts.numbers(call["fragments"]))
               if shown.get(frame) != [match[call["number"]]]]
    assert missing == []


@cases("kinds")
def test_kinds(frames_of, name):
    """As many datagrams of each kind as were made, in all calls."""
    wanted = {}
    for call in facts.situation(name)["calls"]:
        for kind, count in call["kinds"].items():
            if count:
                wanted[kind] = wanted.get(kind, 0) + count
    strangers = facts.numbers(facts.situation(name)["not_in_call"])
    found = {}
    for row in frames_of(name).rows:
        for kind in row["kind"] if row["number"] not in strangers else ():
            found[kind] = found.get(kind, 0) + 1
    assert found == wanted


@cases("phases")
def test_phases(frames_of, name):
    """Each datagram of a call that shows a phase shows the right one; all of them show one."""
    datagrams = {frame for call in facts.situation(name)["calls"] for frame in facts.numbers(call["datagrams"])}
    phase_of = {frame: phase for call in facts.situation(name)["calls"] for phase, entry in call["phases"].items() for frame in facts.numbers(entry["frames"])}
    wrong = [(row["number"], row["kind"], row["call.phase"], phase_of.get(row["number"])) for row in frames_of(name).rows
             if (row["call.phase"] or row["number"] in datagrams) and row["call.phase"] != [phase_of.get(row["number"])]]
    assert wrong == []


# ---- What is said of each call -------------------------------------------------------------------


@cases("state")
def test_state(frames_of, name):
    assert [row["State"] for _, row in pairs(frames_of, name)] == [call["state"] for call in facts.situation(name)["calls"]]


@cases("table_on_pass_1")
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
        allowed = {call["direction"]} | ({words[call["initiated_by"]]} if call["era"] == "modern" else set())
        assert row["Direction"] in allowed, call["number"]


@cases("names")
def test_names(frames_of, name):
    for call, row in pairs(frames_of, name):
        assert (row["From"], row["To"]) == (call["from"] or "-", call["to"] or "-"), call["number"]


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
        assert {word for word in row["Media"].split("+") if word != "-"} == set(call["media"]), call["number"]


@cases("end_cause")
def test_end_cause(frames_of, name):
    """How each call ended, as facetime.call.end says on its datagrams."""
    rows = {row["number"]: row["call.end"] for row in frames_of(name).rows}
    for call in facts.situation(name)["calls"]:
        assert rows[max(facts.numbers(call["datagrams"]))] == [call["end_cause"]], call["number"]


@cases("nothing_malformed", PASSES)
def test_nothing_malformed(frames_of, name, passes):
    assert frames_of(name, passes).faults() == []


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
        (row["number"], "".join(row["kind"]), *row["facetime.call"], *row["call.phase"], *row["call.state"]) for row in frames_of(name).having("facetime.call")]
    tap = taps["taps"][0]
    titles = [field["c"] for field in tap["fields"]]
    wanted = calls_table(frames_of(name))
    assert len(tap["tables"][0]["i"]) == len(wanted)
    for row, truth in zip((dict(zip(titles, row)) for row in tap["tables"][0]["i"]), wanted):
        assert row.pop("Duration (s)") == pytest.approx(truth["Duration (s)"], abs=0.0006)
        assert row == {title: value for title, value in truth.items() if title != "Duration (s)"}
