"""What a page shows of a terminal: commands, and what they print below.

A command stands behind "$ ", its further lines behind "> ". In what it prints, rulers are left out, and three dots stand for the rest of a
line, or on a line of their own for the rest of the lines.
"""

import re

PROMPT, MORE, CUT = "$ ", "> ", "…"
INDENT = "    "


def fenced(text):
    """Blocks between fences: (what the fence says they are, lines)."""
    return [(mark, body.splitlines()) for mark, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)]


def indented(text):
    """Blocks that are indented by four: lines without the indent."""
    return [[line.removeprefix(INDENT) for line in body.splitlines()] for body in re.findall(rf"(?:^{INDENT}.*\n?)+", text, re.M)]


def commands(block):
    """The commands of a block: (command, lines below it)."""
    found = []
    for line in block:
        if line.startswith(PROMPT):
            found.append((line.removeprefix(PROMPT), []))
        elif found and line.startswith(MORE) and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line.removeprefix(MORE), [])
        elif found:
            found[-1][1].append(line)
    return found


def compare(lines, out):
    """Fails unless OUT is what LINES show."""
    printed = [line.expandtabs() for line in out.splitlines() if line and set(line) != {"="}]
    if lines and lines[-1] == CUT:
        lines = lines[:-1]
        assert len(lines) < len(printed), "nothing is left out"
        printed = printed[:len(lines)]
    assert len(lines) == len(printed), out
    for line, whole in zip(lines, printed):
        cut = line.endswith(CUT)
        line = line.removesuffix(CUT).rstrip()
        assert whole.startswith(line) and (cut or line == whole.rstrip()), whole
        assert not cut or whole[len(line):][:1] == " ", "cut within a column"
