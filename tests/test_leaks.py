"""Ten captures opened one after the other in one sharkd under valgrind: nothing of the plugin's is lost, no byte is read that nobody wrote."""

import json
import re
import shutil

import pytest

from ftools import paths, views
from test_reopen import TABLES

# Of each kind of call, and one twice.
NAMES = ["modern-two-calls-soon", "legacy-redial", "modern-group", "legacy-both-sides-of-nat", "modern-rejected"] * 2
SOURCES = {path.name for path in (paths.ROOT / "plugin").rglob("*.c")} | {"packet-facetime.c"}
TAPS = {f"tap{number}": f"nstat:facetime,{table}" for number, table in enumerate(TABLES)}


def mine(log):
    """The parts of valgrind's log that have a function of the plugin's."""
    parts = re.split(r"\n==\d+== \n", log)
    return [part for part in parts if any(f"({name}:" in part for name in SOURCES) or "facetime.so" in part]


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_nothing_is_lost(wireshark):
    calls = []
    for name in NAMES:
        calls += [("load", {"file": str(wireshark.stage(views.capture(name)))}), ("tap", TAPS), ("frames", {"filter": "facetime.call"})]
    lines = [json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) for number, (method, params) in enumerate(calls, 1)]
    lines.append(json.dumps({"jsonrpc": "2.0", "id": len(lines) + 1, "method": "bye"}))
    done = wireshark.run("valgrind", "--leak-check=full", "--keep-debuginfo=yes", "--num-callers=30", "sharkd", "-",
                         stdin="\n".join(lines) + "\n", env={"G_SLICE": "always-malloc"}, timeout=600)
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 0 and len(answers) >= len(calls) and not any("error" in answer for answer in answers), done
    assert "LEAK SUMMARY" in done.err, done.err[-2000:]
    print(re.search(r"definitely lost:.*", done.err)[0])
    wrong = [part for part in mine(done.err) if re.search(r"definitely lost|indirectly lost|Invalid|ninitialised|Mismatched", part)]
    assert wrong == [], "\n".join(wrong)
