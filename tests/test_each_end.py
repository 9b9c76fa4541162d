"""One call that was captured at each of its ends: what the plugin says of one end agrees with what it says of the other, and with the story that the
generator tells (captures/generator/situations/each_end.py)."""

import pytest

from ftools import datagrams, paths, table
from generator.situations import each_end as story  # by the path that ftools.datagrams adds

assert datagrams
PASSES = {"pass 1": (), "-2": ("-2",)}
TABLES = [word for name in ("calls", "streams", "events", "quality") for word in ("-z", f"facetime,{name}")]
ENDS = ("caller", "callee")
QUALITY = ("Call", "Second", "Audio (kbit/s)", "Video (kbit/s)", "Frames/s", "Complete frames", "Broken frames", "Lost", "Repaired", "Paused")
BLOCKS, FRAMES = story.LENGTH // story.FRAME, story.LENGTH // story.FRAME
each_pass = pytest.mark.parametrize("passes", PASSES)


@pytest.fixture(scope="module", params=PASSES)
def ends(request, wireshark):
    """What the tables say at each end."""
    found = {}
    for end in ENDS:
        out = wireshark.tshark(paths.CAPTURES / "situations" / f"modern-each-end-{end}.pcap", *PASSES[request.param], "-q", *TABLES).ok().out
        found[end] = {"calls": table.rows(out), "streams": table.streams(out), "events": table.rows(out, "FaceTime Events", ("Call", "Frame")),
                      "quality": table.rows(out, "FaceTime Quality", QUALITY)}
    return found


def way(ends, sender):
    """SSRC -> (row where SENDER sends it, row where the other one receives it; None: it was not forwarded)."""
    receiver, = set(ENDS) - {sender}
    received = {row["SSRC"]: row for row in ends[receiver]["streams"] if row["Direction"] == "received"}
    return {row["SSRC"]: (row, received.get(row["SSRC"])) for row in ends[sender]["streams"] if row["Direction"] == "sent"}


def first_number(text):
    return int(text.split()[0])


@pytest.mark.parametrize("sender", ENDS)
def test_packets(ends, sender):
    """What one end sent came at the other one, was lost, or was paused: as many. Nothing is lost before it is sent. (Of a layer that the relay forwards
    for a while only, what it left out before and after that is not missing.)"""
    for sent, received in way(ends, sender).values():
        assert sent["Lost"] == sent["Paused"] == sent["Repaired"] == 0
        if received["Packets"] == sent["Packets"] * (story.SMALL_TO - story.SMALL_FROM) // story.ANEW:
            assert received["Lost"] == received["Paused"] == 0      # the small picture
            continue
        assert received["Packets"] + received["Lost"] + received["Paused"] == sent["Packets"]


def test_loss(ends):
    """As the generator made it: audio of the callee is lost on both ways, a packet of its picture is repaired, of the caller's nothing is lost."""
    received = [row for row in ends["caller"]["streams"] if row["Direction"] == "received"]
    assert sum(row["Lost"] for row in received if row["Media"] == "audio") == len(story.LOST_UP) + len(story.LOST_DOWN)
    assert sum(row["Lost"] for row in received if row["Media"] == "video") == 0
    assert sum(row["Repaired"] for row in received) == len(story.REPAIRED)
    assert sum(row["Lost"] for row in ends["callee"]["streams"]) == 0


def test_loss_by_the_relay(ends):
    """The relay's count, asked for by each end, tells the two ways apart; together they are what the streams lost, and what was repaired."""
    caller, callee = ends["caller"]["calls"][0], ends["callee"]["calls"][0]
    up, down = first_number(callee["Uplink lost"]), first_number(caller["Downlink lost"])
    assert (up, down) == (len(story.LOST_UP), len(story.LOST_DOWN) + len(story.REPAIRED))
    assert up + down == sum(row["Lost"] + row["Repaired"] for row in ends["caller"]["streams"] if row["Direction"] == "received")
    assert first_number(caller["Uplink lost"]) == first_number(callee["Downlink lost"]) == 0


def test_loss_of_sender_and_medium(ends):
    """All streams of a sender and medium together, layers and generations, have one sum, on each of their rows."""
    sums = {(row["Direction"], row["Media"]): (row["Lost, all of sender and medium"], row["Lost of these (%)"]) for row in ends["caller"]["streams"]}
    blocks = (story.LENGTH + 2 * story.FRAME) // story.FRAME
    lost = len(story.LOST_UP) + len(story.LOST_DOWN)
    assert sums.pop(("received", "audio")) == (lost, pytest.approx(100 * lost / blocks, abs=0.005))
    assert set(sums.values()) == {(0, 0.0)}
    assert {row["Lost, all of sender and medium"] for row in ends["callee"]["streams"]} == {0}


def test_order(ends):
    """By sender, medium, generation and layer; each sender has one key, the same at both ends."""
    for end in ENDS:
        rows = ends[end]["streams"]
        assert [(row["Direction"], row["Media"], row["Generation"]) for row in rows] == sorted(
            ((row["Direction"], row["Media"], row["Generation"]) for row in rows), key=lambda row: (row[0] != "sent", *row[1:]))
    keys = {(end, way): {row["Key"] for row in ends[end]["streams"] if row["Direction"] == way} for end in ENDS for way in ("sent", "received")}
    assert keys["caller", "sent"] == keys["callee", "received"] != keys["callee", "sent"] == keys["caller", "received"]


def test_paused(ends):
    """The large picture while the small one was forwarded: two packets a frame."""
    paused = [row["Paused"] for row in ends["callee"]["streams"] if row["Paused"]]
    assert paused == [2 * (story.SMALL_TO - story.SMALL_FROM) // story.FRAME]
    assert sum(row["Paused"] for row in ends["caller"]["streams"]) == 0


def test_rates(ends):
    """Second by second: the caller's audio has the same bit rate at both ends, its picture the same frames; the callee's audio but for what was lost."""
    rows = {(end, row["Sender"], row["Second"]): row for end in ENDS for row in ends[end]["quality"]}
    for second in range(story.LENGTH // story.SECOND):
        sent, received = rows["caller", "device", second], rows["callee", "peer", second]
        assert sent["Audio (kbit/s)"] == received["Audio (kbit/s)"] > 0 and sent["Frames/s"] == received["Frames/s"] == story.SECOND // story.FRAME
        sent, received = rows["callee", "device", second], rows["caller", "peer", second]
        blocks = story.SECOND // story.FRAME
        lost = len([number for number in story.LOST_UP | story.LOST_DOWN if number // blocks == second])
        assert received["Audio (kbit/s)"] == pytest.approx(sent["Audio (kbit/s)"] * (blocks - lost) / blocks, abs=0.15)
        assert (received["Lost"], received["Broken frames"]) == (lost, 0)
        assert sent["Video (kbit/s)"] == received["Video (kbit/s)"]


def test_end(ends):
    """One hangs up; the other one says that the peer did."""
    found = {end: ends[end]["calls"][0] for end in ENDS}
    assert {end: (row["State"], row["End"]) for end, row in found.items()} == {
        "caller": ("ended", "link ended by the device [guess]"), "callee": ("ended", "link ended by the peer [guess]")}
    assert {row["Mode"] for row in found.values()} == {"one-to-one"}


def test_story(ends):
    """What a side does is told alike at both ends, in one order: the one that does it and the one that sees it."""
    kinds = ("rotated", "camera", "silent", "speaks", "codec", "mode", "new generation of streams")
    told = {end: {who: [(row["Event"], row["What"]) for row in ends[end]["events"] if row["Who"] == who and row["Event"] in kinds] for who in ("device", "peer")}
            for end in ENDS}
    assert told["caller"]["device"] == told["callee"]["peer"] == [
        ("mode", "multiway"), ("rotated", "landscape left, was portrait"), ("silent", "comfort noise"), ("camera", "back camera"), ("speaks", "-"),
        ("mode", "one-to-one, was multiway"), ("new generation of streams", "number 2")]
    assert told["callee"]["device"] == told["caller"]["peer"] and told["callee"]["device"][1][0] == "codec"


def test_layers(ends):
    """Only who gets one layer at a time sees it change: to the small picture and back. A new generation is no other layer."""
    layers = {end: [row["Who"] for row in ends[end]["events"] if row["Event"] == "layer"] for end in ENDS}
    assert layers == {"caller": [], "callee": ["peer", "peer"]}
