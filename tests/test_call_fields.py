"""facetime.call and its kin on every packet of a call, prelude included: as filter, as column, with -T fields, on one pass and on two, and
dissected again in sharkd. What they say of setup, end and participants is compared with the truth and with Wireshark's own fields."""

import pytest

from ftools import datagrams, facts, views

PASSES = views.PASSES
SETUP = ("push", "probe", "relay", "connectivity", "invite", "ringing", "answer", "media", "last_media", "end")
FIELDS = ("frame.number", "frame.time_epoch", "sip.Method", "sip.Status-Code", "sip.CSeq.method", "facetime.relay.participant_id",
          "facetime.call", "facetime.call.phase", "facetime.call.time", "facetime.call.end", "facetime.call.reason",
          "facetime.call.participants", "facetime.call.first_frame", "facetime.call.last_frame", *(f"facetime.call.setup.{name}" for name in SETUP))

# Where one number is asked for in three ways, some captures are enough.
FEW = ["facetime-2010-inbound", "facetime-relay", "facetime-direct", "legacy-redial", "modern-two-calls-soon", "modern-wifi-in-the-air"]

# Time stamps go back and forth: which packet is the first of a phase, by number or by time?
OUT_OF_ORDER = ("legacy-out-of-order", "modern-out-of-order")

# Both ends by their own clocks, merged: the last media packet is that of the first device's place.
CLOCKS_APART = ("modern-both-ends-clocks-apart",)

AROUND = {"push", "lookup", "certificate", "registration"}
each_capture = pytest.mark.parametrize("name", views.NAMES)
each_of_few = pytest.mark.parametrize("name", FEW)
each_pass = pytest.mark.parametrize("passes", PASSES)


@pytest.fixture(scope="module")
def rows_of(wireshark, request):
    """rows_of(name, passes): the fields of each frame."""
    names = views.selected(request)
    made = {}

    def rows(name, passes="-2"):
        if not made:
            jobs = [(each, "-2") for each in names] + [(each, "pass 1") for each in names if each in FEW]
            wireshark.tshark_all([(views.capture(each), *PASSES[one], *wireshark.fields_command(FIELDS)) for each, one in jobs])
        if (name, passes) not in made:
            made[name, passes] = wireshark.fields(views.capture(name), FIELDS, *PASSES[passes])
        return made[name, passes]

    return rows


def of_call(rows, call):
    """The rows of the call's frames."""
    return [row for row in rows if int(row["frame.number"][0]) in call.frames]


def phase_of(name):
    """Frame -> (call, phase) by the truth, of all frames of all calls."""
    return {number: (call.number, phase) for call in views.calls(name) for phase, numbers in call.phases.items() for number in numbers}


def words_of(wireshark, rows, field):
    """Frame number -> the word of a field with names for its numbers."""
    names = facts.words(wireshark)[field]
    return {int(row["frame.number"][0]): names[int(row[field][0])] for row in rows if row[field]}


# ---- Call and phase, in all ways -----------------------------------------------------------------


@each_capture
def test_call_and_phase_on_every_packet(wireshark, rows_of, name):
    """Of a call, and on no other; each once."""
    rows, names = rows_of(name), facts.words(wireshark)["facetime.call.phase"]
    found = {int(row["frame.number"][0]): (*map(int, row["facetime.call"]), *(names[int(value)] for value in row["facetime.call.phase"]))
             for row in rows if row["facetime.call"] or row["facetime.call.phase"]}
    assert found == phase_of(name)


@each_of_few
def test_prelude_is_part_of_it(rows_of, name):
    """The truth has packets of other protocols in these calls, or the test above says nothing of them."""
    assert {phase for _, phase in phase_of(name).values()} & AROUND or name == "legacy-redial"


@each_pass
@each_of_few
def test_as_filter(wireshark, rows_of, name, passes):
    """-Y shows the frames that have the number, by number and by phase; on one pass from where it is known."""
    rows = rows_of(name, passes)
    last = max(call.number for call in views.calls(name))
    for display_filter, wanted in [(f"facetime.call == {last}", lambda row: row["facetime.call"] == [str(last)]),
                                   ("facetime.call.phase == 8 || facetime.call.phase == 0", lambda row: row["facetime.call.phase"] in (["8"], ["0"]))]:
        out = wireshark.tshark(views.capture(name), *PASSES[passes], "-Y", display_filter, "-T", "fields", "-e", "frame.number").ok().out
        assert out.split() == [row["frame.number"][0] for row in rows if wanted(row)]


@each_pass
@each_of_few
def test_as_column(wireshark, rows_of, name, passes):
    """A custom column has number and phase of each packet; that of a phase is its name."""
    columns = '"No.","%m","Call","%Cus:facetime.call:0:R","Phase","%Cus:facetime.call.phase:0:R"'
    out = wireshark.tshark(views.capture(name), *PASSES[passes], "-o", f"gui.column.format:{columns}").ok().out
    rows, names = rows_of(name, passes), facts.words(wireshark)["facetime.call.phase"]
    assert [line.split() for line in out.splitlines()] == [
        [*row["frame.number"], *row["facetime.call"], *(names[int(value)] for value in row["facetime.call.phase"])] for row in rows]


@each_of_few
def test_pass_1_is_a_part(rows_of, name):
    """On one pass a packet says what it says on two, or nothing yet."""
    for early, late in zip(rows_of(name, "pass 1"), rows_of(name), strict=True):
        if name != "legacy-redial":     # a call may get its number later
            assert early["facetime.call"] in ([], late["facetime.call"])
        assert early["facetime.call.phase"] in ([], late["facetime.call.phase"])


@each_of_few
def test_pass_1_knows_from_the_first_sign(rows_of, name):
    """From a call's first media packet on, each of its packets has its number on one pass, too."""
    rows = {int(row["frame.number"][0]): row for row in rows_of(name, "pass 1")}
    for call in views.calls(name):
        media = call.phases.get("media")
        late = {number for number in call.frames if media and number > min(media)}
        assert {number for number in late if not rows[number]["facetime.call"]} == set()


# ---- What is said of the call --------------------------------------------------------------------


def times_of(name, rows):
    """The times of frames, the clock of the capture put right."""
    return views.clock_put_right(name, [float(row["frame.time_epoch"][0]) for row in rows])


def precision(name):
    """Of a time, in seconds: by how much the clock was put back is known as well as the network allows."""
    return 2e-3 if views.put_back(name) else 2e-6


@each_capture
def test_time(rows_of, name):
    """Since the earliest packet of the call."""
    for call in views.calls(name):
        rows = of_call(rows_of(name), call)
        times = times_of(name, rows)
        for row, time in zip(rows, times):
            assert float(row["facetime.call.time"][0]) == pytest.approx(time - min(times), abs=precision(name)), row["frame.number"]


def sip_moment(rows, wanted):
    """The time of the first SIP message for which WANTED(method, status, method of its CSeq) holds; None: there is none."""
    for row in rows:
        for at, cseq in enumerate(row["sip.CSeq.method"]):
            method = row["sip.Method"][at] if at < len(row["sip.Method"]) else None
            status = int(row["sip.Status-Code"][at]) if at < len(row["sip.Status-Code"]) else None
            if wanted(method, status, cseq):
                return float(row["frame.time_epoch"][0])
    return None


@each_capture
def test_setup_times(rows_of, name):
    """The first packet of each phase by the truth, the first SIP message of each kind by its own fields; the same on all packets."""
    if name in OUT_OF_ORDER:
        pytest.skip("time stamps go back and forth")
    for call in views.calls(name):
        rows = of_call(rows_of(name), call)
        time = {int(row["frame.number"][0]): time for row, time in zip(rows, times_of(name, rows))}
        refused = {int(row["frame.number"][0]) for row in rows} - facts.numbers(call.entry.get("datagrams", "")) if "datagrams" in call.entry else set()
        wanted = {}
        for phase in ("push", "probe", "relay", "connectivity", "media"):
            frames = [number for number in call.phases.get(phase, ()) if phase == "push" or number not in refused]
            if frames:
                wanted[phase] = time[min(frames)]
        for moment, message in (("invite", lambda method, status, cseq: method == "INVITE"),
                                ("ringing", lambda method, status, cseq: (status, cseq) == (180, "INVITE")),
                                ("answer", lambda method, status, cseq: (status, cseq) == (200, "INVITE")),
                                ("end", lambda method, status, cseq: method in ("BYE", "CANCEL") or cseq == "INVITE" and (status or 0) >= 300)):
            at = sip_moment(rows, message)
            if at is not None:
                wanted[moment] = at
        last = [stream["last_frame"] for stream in call.entry["streams"]
                if name not in CLOCKS_APART or call.entry["devices"][0] in (stream["source"].rsplit(":", 1)[0], stream["destination"].rsplit(":", 1)[0])]
        if "media_in_quic" in call.entry:
            last = [max(call.phases["media"])]
        if last:
            wanted["last_media"] = time[max(last)]
        # Today: the link went, as the refusal by the closed socket shows.
        if (call.entry["end_cause"] or "").startswith("link ended"):
            wanted["end"] = time[min(call.phases["teardown"])]
        start = min(time.values())
        for row in (rows[0], rows[-1], rows[len(rows) // 2]):
            shown = {moment: float(row[f"facetime.call.setup.{moment}"][0]) for moment in SETUP if row[f"facetime.call.setup.{moment}"]}
            assert shown == pytest.approx({moment: at - start for moment, at in wanted.items()}, abs=precision(name)), (call.number, row["frame.number"])


@each_capture
def test_end(wireshark, rows_of, name):
    """As the truth has it, on all packets of the call. Of today's samples it says "media stopped", or nothing where they just end."""
    words = {"media stopped (nothing on the wire says so)": "timeout", None: "capture end"}
    for call in views.calls(name):
        wanted = words.get(call.entry["end_cause"], call.entry["end_cause"])
        assert set(words_of(wireshark, of_call(rows_of(name), call), "facetime.call.end").values()) == {wanted}


@each_capture
def test_reason(wireshark, rows_of, name):
    """Each packet says why it belongs to its call: those of other protocols because of the device and the time, one flow begins it."""
    rows = rows_of(name)
    reasons, beginning, around = words_of(wireshark, rows, "facetime.call.reason"), "the call begins here", "flow of the device to a FaceTime server"
    assert reasons.keys() == phase_of(name).keys()
    for number, (_, phase) in phase_of(name).items():
        assert reasons[number] != "none" and reasons[number].startswith(around) == (phase in AROUND), number
    for call in views.calls(name):
        assert beginning in {reasons[number] for number in call.frames}


@each_capture
def test_participants(rows_of, name):
    """As many as there are participant IDs in the relay headers of the call; no field where there is none."""
    for call in views.calls(name):
        rows = of_call(rows_of(name), call)
        seen = {participant for row in rows for participant in row["facetime.relay.participant_id"]}
        assert {tuple(row["facetime.call.participants"]) for row in rows} == {(str(len(seen)),) if seen else ()}, call.number
        assert seen >= set(call.entry.get("participants", ()))


@pytest.mark.parametrize("others, mode", [(1, "one-to-one"), (2, "multiway"), (3, "multiway")], ids=str)
def test_mode_of_a_group(wireshark, others, mode):
    """More than two ends are a group, whatever the form of a header. The device has an ID of its own."""
    ends = (datagrams.DEVICE, 16393), (datagrams.APPLE, 3482)
    packets = []
    for number in range(12):
        who = number % (others + 1)
        sent = datagrams.relayed.sub_packet(datagrams.rtp(100, 0x5EED0001 + who, number), link=0x3A10, participant=0x59B78703F772A700 + who, marks=(6,))
        packets.append(datagrams.frame(*(ends if who == 0 else ends[::-1]), datagrams.relay(sent, channel=0x6000)))
    capture = datagrams.written(wireshark, f"mode-of-{others}.pcap", packets)
    rows = wireshark.fields(capture, ("facetime.call", "facetime.call.mode"), "-2")
    # 1: multiway, 2: one-to-one
    assert {row["facetime.call"][0] for row in rows} == {"1"} and rows[-1]["facetime.call.mode"] == [{"multiway": "1", "one-to-one": "2"}[mode]]


@each_capture
def test_first_and_last_frame(rows_of, name):
    for call in views.calls(name):
        shown = {(*row["facetime.call.first_frame"], *row["facetime.call.last_frame"]) for row in of_call(rows_of(name), call)}
        assert shown == {(str(min(call.frames)), str(max(call.frames)))}, call.number


# ---- Dissected again, as in the window -----------------------------------------------------------

SHOWN = ("facetime.call", "facetime.call.phase", "facetime.call.time", "facetime.call.end", "facetime.call.reason", "facetime.call.participants",
         "facetime.call.setup.push", "facetime.call.setup.media")


@pytest.fixture(scope="module")
def in_sharkd(wireshark, request):
    """in_sharkd(name): frame number -> its columns; asked twice. One sharkd opens one capture after the other."""
    made = {}

    def frames(name):
        if not made:
            names = views.selected(request)
            columns = {f"column{number}": f"{field}:1" for number, field in enumerate(SHOWN)}
            requests = []
            for each in names:
                listing = ("frames", columns)
                requests += [("load", {"file": str(wireshark.stage(views.capture(each)))}), listing, listing]
            answers = wireshark.sharkd(views.capture(names[0]), *requests)
            made.update({each: (answers[3 * at + 1], answers[3 * at + 2]) for at, each in enumerate(names)})
        return made[name]

    return frames


def as_column(wireshark, field, values):
    """The text of a field in a column."""
    if not values:
        return ""
    names = facts.words(wireshark).get(field)
    return names[int(values[0])] if names else values[0]


@each_capture
def test_sharkd(wireshark, in_sharkd, rows_of, name):
    """The same in the window's packet list, on every packet, as often as it is asked."""
    first, second = in_sharkd(name)
    assert first == second
    found = {frame["num"]: frame["c"] for frame in first}
    for row in rows_of(name):
        shown = found[int(row["frame.number"][0])]
        for field, text in zip(SHOWN, shown, strict=True):
            wanted = as_column(wireshark, field, row[field])
            if wanted and field.startswith(("facetime.call.time", "facetime.call.setup")):
                assert float(text) == pytest.approx(float(wanted), abs=1e-9), (row["frame.number"], field)
            else:
                assert text == wanted, (row["frame.number"], field)
