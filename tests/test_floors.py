"""The house: nothing runs upward, and tests/floors says so when something does."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess

import pytest

from ftools import paths

SCRIPT = paths.ROOT / "tests" / "floors"
BUILD = pathlib.Path(os.environ.get("FT_PLUGIN", paths.ROOT / "build-check" / "facetime.so")).parent


def load():
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader("floors", str(SCRIPT))
    spec = importlib.util.spec_from_loader("floors", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


floors = load()
needs_objects = pytest.mark.skipif(not shutil.which("nm") or not any(BUILD.glob("**/facetime.dir")), reason="no nm, or no objects beside the plugin")


@needs_objects
def test_house():
    wrong, taken, defined = floors.check(BUILD)
    assert wrong == []
    assert len(taken) == sum(path.suffix == ".c" for path in map(pathlib.PurePath, floors.sources())), "each source has its object"
    assert max(map(len, floors.circles(taken, defined))) == 1


@needs_objects
def test_command():
    done = subprocess.run([SCRIPT, BUILD], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.endswith("largest circle of objects: 1\n"), done
    done = subprocess.run([SCRIPT, "--no-such-option"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--help" in done.stderr


FILES = {
    "packet-facetime.h": '#include "common/wire_formats.h"\n',
    "plugin/common/wire_formats.h": "",
    "plugin/common/common.h": '#include "packet-facetime.h"\n#include "common/endpoint.h"\n',
    "plugin/common/endpoint.h": "void ft_endpoint(void);\n",
    "plugin/common/endpoint.c": '#include "common/endpoint.h"\n',
    "plugin/flow/flow.h": '#include "common/common.h"\nvoid ft_flow(void);\n',
    "plugin/flow/inner.h": '#include "flow/flow.h"\nvoid ft_inner(void);\n',
    "plugin/flow/flow.c": '#include "flow/inner.h"\n',
    "plugin/call/call.h": '#include "flow/flow.h"\nvoid ft_call(void);\n',
    "plugin/call/call.c": '#include "call/call.h"\n',
}
TAKEN = {"plugin/common/endpoint.c": set(), "plugin/flow/flow.c": {"ft_endpoint"}, "plugin/call/call.c": {"ft_flow", "memcpy"}}
DEFINED = {"ft_endpoint": "plugin/common/endpoint.c", "ft_flow": "plugin/flow/flow.c", "ft_inner": "plugin/flow/flow.c", "ft_call": "plugin/call/call.c"}


def lines(files=None, taken=None):
    """What is wrong in the small house above, with these changes."""
    files, taken = FILES | (files or {}), TAKEN | (taken or {})
    return [*floors.check_includes(files), *floors.check_symbols(taken, DEFINED, files), *floors.check_circles(taken, DEFINED)]


def test_small_house():
    assert lines() == []


@pytest.mark.parametrize("files, taken, words", [
    ({}, {"plugin/flow/flow.c": {"ft_call"}}, ("plugin/flow/flow.c (floor 2, flow): takes ft_call from plugin/call/call.c (floor 6, call), above it",
                                                "a circle of 2 objects: ")),
    ({"plugin/flow/flow.c": '#include "call/call.h"\n'}, {}, ("plugin/flow/flow.c (floor 2, flow): includes plugin/call/call.h of floor 6, call",)),
    ({"plugin/call/call.c": '#include "flow/inner.h"\n'}, {}, ("includes plugin/flow/inner.h and not the door, plugin/flow/flow.h",)),
    ({"plugin/call/call.c": '#include "common/endpoint.h"\n'}, {}, ("includes plugin/common/endpoint.h and not the door",)),
    ({}, {"plugin/call/call.c": {"ft_inner"}}, ("takes ft_inner from plugin/flow/flow.c, which the door of floor 2, flow does not declare",)),
    ({"plugin/attic/old.c": ""}, {}, ("plugin/attic/old.c: has no floor",)),
    ({"plugin/flow/flow.c": '#include "elsewhere.h"\n'}, {}, ("includes elsewhere.h, which is no file of a floor",)),
], ids=("symbol upward", "include upward", "inner header", "part of a door", "inner symbol", "no floor", "no file"))
def test_what_is_wrong(files, taken, words):
    found = lines(files, taken)
    assert len(found) == len(words)
    for line, word in zip(found, words, strict=True):
        assert word in line


def test_circle_on_one_floor():
    defined = {"a": "plugin/wire/a.c", "b": "plugin/wire/b.c", "c": "plugin/wire/c.c"}
    taken = {"plugin/wire/a.c": {"b"}, "plugin/wire/b.c": {"c"}, "plugin/wire/c.c": {"a"}}
    line, = floors.check_circles(taken, defined)
    assert line == ("a circle of 3 objects: plugin/wire/a.c takes b of plugin/wire/b.c; plugin/wire/b.c takes c of plugin/wire/c.c; "
                    "plugin/wire/c.c takes a of plugin/wire/a.c")
    assert list(floors.check_circles(taken | {"plugin/wire/c.c": set()}, defined)) == []


def test_limits():
    files = {"packet-facetime.h": "\n" * 250} | {f"plugin/{name}.c": "" for name in "abcdef"}
    assert list(floors.check_limits(files)) == []
    assert "251 lines" in next(floors.check_limits(files | {"packet-facetime.h": "\n" * 251}))
    assert "7 files straight in plugin/" in next(floors.check_limits(files | {"plugin/g.c": ""}))
