"""Fixtures of all tests: Wireshark with the plugin under test, and the two real captures where they are present."""

import collections
import os
import pathlib

import pytest

from ftools import paths
from ftools.wireshark import Wireshark


@pytest.fixture(scope="session")
def wireshark():
    """Wireshark's programs with the plugin under test."""
    plugin = paths.plugin()
    if plugin is None or not plugin.exists():
        pytest.exit("There is no plugin to test: build it (cmake -S . -B build && cmake --build build) or set FT_PLUGIN.", 2)
    programs = Wireshark(plugin)
    yield programs
    programs.close()


@pytest.fixture(scope="session")
def stock():
    """The same Wireshark without the plugin."""
    programs = Wireshark(None)
    yield programs
    programs.close()


def pytest_terminal_summary(terminalreporter):
    """For tools/check: what was skipped, and why; and how many passed."""
    path = os.environ.get("FT_SUMMARY")
    if not path:
        return
    stats = terminalreporter.stats
    why = collections.Counter(report.longrepr[2].removeprefix("Skipped: ") for report in stats.get("skipped", ()))
    passed, bad = len(stats.get("passed", ())), len(stats.get("failed", ())) + len(stats.get("error", ()))
    lines = [f"{number} skipped: {reason}" for reason, number in why.most_common()]
    if bad:
        lines.append(f"{bad} tests failed, {passed} passed, {sum(why.values())} were skipped.")
    elif why:
        lines.append(f"{passed} tests passed, {sum(why.values())} were skipped: not all was tested.")
    else:
        lines.append(f"All {passed} tests passed, none was skipped." if passed else "No test was run.")
    pathlib.Path(path).write_text("\n".join([*lines, ""]), encoding="utf-8")
