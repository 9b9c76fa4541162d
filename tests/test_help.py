"""What a user reads before a capture is open: names and descriptions of fields, protocols and preferences, the list of statistics."""

import re

import pytest

# Written small in a name that has capitals, as in Wireshark's own.
SMALL = {"a", "an", "and", "as", "at", "be", "by", "for", "from", "has", "in", "is", "it", "of", "on", "or", "out", "per", "since", "that", "the", "to", "up", "with"}


@pytest.fixture(scope="module", name="fields")
def made_fields(wireshark):
    """(name, filter name, type, description) of the plugin's own fields, without those of expert items: these have a sentence for a name."""
    rows = [row for row in wireshark.table("fields") if row[0] == "F" and row[2].split(".")[0] in ("facetime", "apns")]
    assert len(rows) > 500
    return [(row[1], row[2], row[3], row[7]) for row in rows if not (row[3] == "FT_NONE" and not row[7])]


def test_each_field_is_described(fields):
    """In words that say more than the name, without a full stop or blanks at the ends, as Wireshark's are."""
    assert [abbrev for name, abbrev, _, text in fields if len(text) < 8 or text != text.strip(" .") or text.casefold() == name.casefold()] == []


def test_names_have_capitals(fields):
    """Title case, but for what is in brackets, times since something, and bits with a number."""
    wrong = []
    for name, abbrev, _, _ in fields:
        words = re.sub(r"\[.*?\]|\(.*?\)", "", name).split()
        if any(word[0].islower() and word not in SMALL for word in words[1:]) or words[0][0].islower():
            wrong.append((abbrev, name))
    assert wrong == []


def test_filter_names_are_unique(fields):
    """Each filter name stands for one field."""
    names = [abbrev for _, abbrev, _, _ in fields]
    assert sorted(names) == sorted(set(names))


def test_protocols(wireshark):
    """Names and short names as Wireshark's."""
    rows = {row[2]: (row[0], row[1]) for row in wireshark.table("protocols") if len(row) > 2 and row[2].startswith(("facetime", "apns"))}
    assert rows == {
        "facetime": ("Apple FaceTime", "FaceTime"),
        "facetime_ports": ("Apple FaceTime on its own ports", "FaceTime Ports"),
        "facetime_calls": ("FaceTime Call", "FaceTime Call"),
        "facetime_hosts": ("FaceTime Host", "FaceTime Host"),
        "facetime.bplist.entry": ("FaceTime Property List Entry", "FaceTime Entry"),
        "apns": ("Apple Push Notification Service", "APNs"),
        "apns_pack": ("Apple Push Notification Service, packed", "APNs packed"),
    }


def test_preferences_say_what_changes(wireshark):
    """Each has a description of at least a sentence, before its value."""
    text = wireshark.run("tshark", "-G", "currentprefs").ok().out
    found = re.findall(r"((?:^# .*\n)+)^#?(facetime\.[\w.]+|apns\.[\w.]+):", text, re.M)
    assert {name for _, name in found} == {"facetime.confidence", "facetime.relay.ports", "facetime.media.ports", "facetime.tables"}
    for description, name in found:
        assert len(description.split()) > 12 and ". " in description.replace("\n", " "), name


def test_statistics(wireshark):
    """The list of -z has each view once."""
    run = wireshark.run("tshark", "-z", "help")
    listed = [line.strip() for line in (run.out + run.err).splitlines() if line.strip().startswith("facetime")]
    assert sorted(listed) == [f"facetime,{view}" for view in ("calls", "events", "exposure", "nodes", "quality", "streams", "timeline", "tree")]
