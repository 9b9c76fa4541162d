"""Fixtures of all tests: Wireshark with the plugin under test, and the two real captures where they are present."""

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
