"""Nobody can choose what collides: each map whose key comes from the network has a keyed hash, and a flood of chosen keys takes as long as another."""

import re

import pytest

from ftools import flood, paths

KEYED = {"ft_endpoint_hash", "ft_hash_id", "ft_hash_uint64", "ft_hash_string"}
# By frame numbers, or by pointers and indexes of Wireshark's and the plugin's own: a sender cannot choose them.
NOT_CHOSEN = {"streams->by_call", "streams->in_quic", "named", "services", "pairs", "quic_hellos", "holes", "alone.proto_layers", "seen_by", "quality->senders", "events", "flows", "packets", "rtp_compound", "late", "filters", "connections", "segments", "quic_depths", "refused", "rows->by_key", "window_tables"}
# Filled with the plugin's own tables once; the network's names are only looked up.
CONSTANT = {"by_name", "domains", "by_hash", "by_key"}
MAP = re.compile(r"([\w\[\]>.-]+) = (?:wmem_map_new(?:_autoreset)?\((?:(?:wmem_\w+\(\)|pinfo->pool), )+|g_hash_table_new(?:_full)?\()(\w+),")


def sources():
    """The texts of the plugin's sources."""
    return {path: path.read_text() for path in [*paths.ROOT.glob("*.c"), *(paths.ROOT / "plugin").rglob("*.c")]}


def test_all_maps():
    """A new map has a keyed hash, or stands in a list above."""
    found = []
    for path, text in sources().items():
        maps = MAP.findall(text)
        assert len(maps) + text.count("return g_hash_table_new") == len(re.findall(r"\b(?:wmem_map_new|g_hash_table_new)", text)), path
        for name, function in maps:
            found.append(name)
            own = re.search(rf"^{function}\(const void \*key\)\n(.*?)^}}", text, re.M | re.S)
            keyed = function in KEYED or own and "ft_hash_" in own[1] or own and "ft_endpoint_hash" in own[1]
            assert keyed or name.split("[")[0] in NOT_CHOSEN | CONSTANT, f"{path.name}: {name} by {function}"
    assert len(found) > 25


def test_no_hash_without_a_key():
    """Of addresses: the hashes of pair_key() in names.c are values that a map with a random factor takes."""
    for path, text in sources().items():
        assert path.name == "names.c" or not re.search(r"add_address_to_hash\((?!\))", text), path


@pytest.mark.parametrize("count", [20_000])
def test_chosen_sockets(wireshark, count):
    """Sockets, NAT tests, devices and candidates are looked up for each datagram. With one hash for all sockets 20,000 of them take many times as long."""
    chosen, others = (min(flood.read(wireshark, kind, count, "-q", "-z", "facetime,calls").seconds for _ in range(2)) for kind in ("chosen", "others"))
    print(f"chosen: {chosen:.2f} s, others: {others:.2f} s")
    assert chosen < 1.5 * others + 0.3
