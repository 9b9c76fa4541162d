"""What README shows of a terminal is what tshark prints."""

import shlex

import pytest

from ftools import paths

README = (paths.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
PROMPT, INDENT, CUT = "    $ ", "    ", "…"
COMMANDS = [line.removeprefix(PROMPT) for line in README if line.startswith(PROMPT)]


def shown(command):
    """The lines that stand below a command."""
    lines = README[README.index(PROMPT + command) + 1:]
    end = next(number for number, line in enumerate(lines) if not line.startswith(INDENT) or line.startswith(PROMPT))
    return [line.removeprefix(INDENT) for line in lines[:end]]


def test_tables():
    """Those of calls, steps and hosts are there."""
    assert {command.split(",")[-1] for command in COMMANDS} >= {"calls", "timeline", "nodes"}


@pytest.mark.parametrize("command", COMMANDS)
def test_as_printed(wireshark, command):
    """Line by line; three dots stand for the rest of a long line, rulers are left out."""
    program, *arguments = shlex.split(command)
    capture = arguments.pop(arguments.index("-r") + 1)
    arguments.remove("-r")
    assert program == "tshark"
    out = wireshark.tshark(paths.ROOT / capture, *arguments).ok().out
    printed = [line for line in out.splitlines() if line and set(line) != {"="}]
    lines = shown(command)
    assert len(lines) == len(printed)
    for line, whole in zip(lines, printed):
        cut = line.endswith(CUT)
        line = line.removesuffix(CUT).rstrip()
        assert whole.startswith(line) and (cut or line == whole.rstrip()), whole
        assert not cut or whole[len(line):][:1] == " ", "cut within a column"
