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


def pytest_configure(config):
    """The marks of the tests."""
    config.addinivalue_line("markers", "alone: measures time, so that no other test may run beside it; tools/check runs it after the others")


def pytest_collection_modifyitems(config, items):
    """Where tests run side by side, those that measure time are left to tools/check, which runs them afterwards."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        alone = [item for item in items if item.get_closest_marker("alone")]
        config.hook.pytest_deselected(items=alone)
        items[:] = [item for item in items if item not in alone]


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
