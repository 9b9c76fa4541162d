"""The plugin loads, and its public names are there: fields, words, heuristics, Decode As, preferences."""

import re

import pytest

from ftools import facts, paths

PUBLIC_FIELDS = {
    "facetime.call": "FT_UINT32",
    "facetime.call.phase": None,
    "facetime.call.time": "FT_RELATIVE_TIME",
    "facetime.call.state": None,
    "facetime.call.direction": None,
    "facetime.path": None,
    "facetime.kind": None,
    "facetime.confidence": None,
    "facetime.evidence": "FT_STRING",
}
PUBLIC_GROUPS = ("facetime.relay.", "facetime.stun.", "facetime.natprobe.", "facetime.rtp.")
WORDS = {
    "facetime.call.phase": facts.PHASES,
    "facetime.call.state": facts.STATES,
    "facetime.call.direction": facts.DIRECTIONS,
    "facetime.kind": facts.KINDS,
}


@pytest.fixture(scope="module")
def fields(wireshark):
    """The plugin's fields by name: (name for people, type, description); expert items have type FT_NONE and no description."""
    found = {}
    for row in wireshark.table("fields"):
        if row[0] == "F" and row[4] == "facetime":
            assert row[2] not in found, f"{row[2]} is registered twice"
            found[row[2]] = (row[1], row[3], row[7] if len(row) > 7 else "")
    return found


@pytest.fixture(scope="module")
def words(wireshark):
    """The words of each field of the plugin, by number."""
    found = {}
    for row in wireshark.table("values"):
        if row[0] == "V" and row[1].startswith("facetime."):
            found.setdefault(row[1], {})[int(row[2], 0)] = row[3]
    return found


def test_listed_with_version_and_type(wireshark):
    rows = [row for row in wireshark.table("plugins") if row[0].strip() == "facetime.so"]
    assert len(rows) == 1, rows
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", (paths.ROOT / "CMakeLists.txt").read_text())[1]
    assert rows[0][1].strip() == version
    assert rows[0][2].strip().lower() == "dissector"


def test_loading_says_nothing(wireshark):
    """No complaint on the terminal: of a field, a preference or a statistic that is registered wrongly."""
    assert wireshark.run("tshark", "-G", "plugins").ok().err == ""


def test_protocol(wireshark):
    protocols = [row[:3] for row in wireshark.table("fields") if row[0] == "P"]
    assert ["P", "Apple FaceTime", "facetime"] in protocols
    assert ["P", "Apple Push Notification Service", "apns"] in protocols


@pytest.mark.parametrize("name", PUBLIC_FIELDS)
def test_public_field(fields, name):
    assert name in fields
    if PUBLIC_FIELDS[name]:
        assert fields[name][1] == PUBLIC_FIELDS[name]


@pytest.mark.parametrize("group", PUBLIC_GROUPS)
def test_public_group(fields, group):
    assert [name for name in fields if name.startswith(group)]


def test_fields_have_the_plugins_prefix(fields):
    assert [name for name in fields if not name.startswith("facetime.")] == []


def test_push_fields_have_the_protocols_prefix(wireshark):
    """Fields of the protocol apns begin with apns., are explained, and none is registered twice."""
    rows = [row for row in wireshark.table("fields") if row[0] == "F" and row[4] == "apns"]
    names = [row[2] for row in rows]
    assert rows and [name for name in names if not name.startswith("apns.")] == []
    assert len(names) == len(set(names))
    assert [row[2] for row in rows if row[3] != "FT_NONE" and (len(row) < 8 or not row[7].strip() or row[7].strip() == row[1])] == []


def test_fields_are_explained(fields):
    """Each has a description that says more than its name. Expert items have none in Wireshark."""
    bare = [name for name, (title, kind, text) in fields.items() if kind != "FT_NONE" and (not text.strip() or text.strip() == title)]
    assert bare == []


def test_experts_are_explained(fields):
    """An expert item's title is the sentence that a user reads. It has no description, other than a line of the tree."""
    assert [name for name, (title, kind, text) in fields.items() if kind == "FT_NONE" and not text.strip() and len(title) < 10] == []


@pytest.mark.parametrize("name", WORDS)
def test_words(words, name):
    extra = set(words[name].values()) - set(WORDS[name])
    assert set(words[name].values()) >= set(WORDS[name]) and (not extra or name == "facetime.kind")
    assert len(words[name]) == len(set(words[name].values()))


def test_words_of_path(words):
    """A packet has one path; a word for both is for calls."""
    assert set(facts.PATHS) <= set(words["facetime.path"].values()) <= {*facts.PATHS, "relay+direct"}


def test_words_of_confidence(words):
    assert set(facts.CONFIDENCES) <= set(words["facetime.confidence"].values()) <= {*facts.CONFIDENCES, "none"}


@pytest.mark.parametrize("table, name", [("udp", "facetime_udp"), ("stun", "facetime_stun"), ("tcp", "facetime_tcp")])
def test_heuristic(wireshark, table, name):
    """Both are in their list, on by default, and can be switched off by their name."""
    rows = [row for row in wireshark.table("heuristic-decodes") if row[1] == "facetime"]
    assert [table, "facetime"] in [row[:2] for row in rows]
    assert all(row[2] == "T" for row in rows)
    assert wireshark.tshark(paths.sample("facetime-relay"), "-c", "1", "--disable-heuristic", name).status == 0
    assert wireshark.tshark(paths.sample("facetime-relay"), "-c", "1", "--disable-heuristic", name + "_not").status != 0


def test_decode_as_target(wireshark):
    done = wireshark.tshark(paths.sample("facetime-relay"), "-c", "1", "-d", "udp.port==9999,facetime")
    assert done.status == 0, done
    refused = wireshark.tshark(paths.sample("facetime-relay"), "-c", "1", "-d", "udp.port==9999,facetime_not")
    assert refused.status != 0 and "facetime_not" in refused.err


@pytest.mark.parametrize("name, default", [
    ("facetime.confidence", "Medium"), ("facetime.relay.ports", "3478-3497"), ("facetime.media.ports", "16384-16403")])
def test_preference(wireshark, name, default):
    text = wireshark.tshark_glossary("defaultprefs")
    line = re.search(rf"^#?{re.escape(name)}: (.*)$", text, re.M)
    assert line, f"no preference {name}"
    assert line[1].startswith(default)


def test_statistic_is_listed(wireshark):
    done = wireshark.run("tshark", "-z", "help")
    assert "facetime,calls" in (done.out + done.err).split()
