"""What README shows of a terminal is what tshark prints."""

import shlex

import pytest

from ftools import paths, shown

README = (paths.ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = dict(command for block in shown.indented(README) for command in shown.commands(block))


def test_tables():
    """Those of calls, steps and hosts are there."""
    assert {command.split(",")[-1] for command in COMMANDS} >= {"calls", "timeline", "nodes"}


@pytest.mark.parametrize("command", COMMANDS)
def test_as_printed(wireshark, command):
    """Line by line."""
    program, *arguments = shlex.split(command)
    capture = arguments.pop(arguments.index("-r") + 1)
    arguments.remove("-r")
    assert program == "tshark" and COMMANDS[command]
    shown.compare(COMMANDS[command], wireshark.tshark(paths.ROOT / capture, *arguments).ok().out)
