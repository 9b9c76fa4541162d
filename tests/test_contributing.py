"""CONTRIBUTING's example is true: a copy of the project with its one file and one line builds, and passes its one test."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from ftools import paths

TEXT = (paths.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SOURCES = ("CHANGELOG.md", "CMakeLists.txt", "COPYING", "README.md", "cmake", "packet-facetime.c", "packet-facetime.h", "plugin")
BLOCKS = dict(zip(("file", "line", "test"), re.findall(r"```(?:c|python)\n(.*?)```", TEXT, re.S), strict=True))
BUILD_TIMEOUT = 600


def run(*command, **more):
    """Runs a command to its end."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False, **more)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with the example in it, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("project")
    for name in SOURCES:
        copy = shutil.copytree if (paths.ROOT / name).is_dir() else shutil.copy
        copy(paths.ROOT / name, folder / name)
    for name in ("conftest.py", "ftools", "test_load.py"):
        copy = shutil.copytree if (paths.ROOT / "tests" / name).is_dir() else shutil.copy
        (folder / "tests").mkdir(exist_ok=True)
        copy(paths.ROOT / "tests" / name, folder / "tests" / name)
    (folder / "captures").symlink_to(paths.CAPTURES)

    assert not (folder / "plugin" / "wire" / "switchboard.c").exists()
    (folder / "plugin" / "wire" / "switchboard.c").write_text(BLOCKS["file"], encoding="utf-8")
    (folder / "tests" / "test_switchboard.py").write_text(BLOCKS["test"], encoding="utf-8")
    formats = folder / "plugin" / "common" / "wire_formats.h"
    before, found, after = formats.read_text(encoding="utf-8").partition("    FORMAT(stun,")
    assert found and BLOCKS["line"].count("\n") == 1
    formats.write_text(before + BLOCKS["line"] + found + after, encoding="utf-8")

    # Not optimised: half the time.
    run("cmake", "-S", folder, "-B", folder / "build", "-DFT_WERROR=ON", "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", folder / "build", "--parallel", os.cpu_count() or 1)
    return folder


def test_example(project):
    """Its own test passes, and so do those of all names that the plugin registers."""
    out = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/test_switchboard.py", "tests/test_load.py",
              cwd=project, env={**os.environ, "FT_PLUGIN": str(project / "build" / "facetime.so"), "PYTHONDONTWRITEBYTECODE": "1"})
    assert re.search(r"\d+ passed", out) and "failed" not in out and "skipped" not in out


def test_example_is_made_up():
    """The plugin itself knows nothing of it: the example's test can fail."""
    assert not any("switchboard" in path.read_text(encoding="utf-8") for path in (paths.ROOT / "plugin").rglob("*.[ch]"))


def test_changes():
    """The newest section is about the version that CMakeLists.txt says."""
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", (paths.ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    sections = re.findall(r"^## (\S+),? ", (paths.ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert sections[0].rstrip(",") == version


def sources():
    """Names of the plugin's source files."""
    return [path.name for path in (paths.ROOT / "plugin").rglob("*.c")]


def test_files_are_there():
    """Every file and folder that it names exists."""
    made_up = {"plugin/wire/switchboard.c", "tests/test_switchboard.py"}
    named = set(re.findall(r"`((?:plugin|tests|tools|captures|doc)/[\w./-]+|[\w-]+\.(?:c|h|md))`", TEXT))
    named |= set(re.findall(r"\]\((\w[^)#]*)\)", TEXT))
    assert len(named) > 20
    headers = [path.name for path in (paths.ROOT / "plugin").rglob("*.h")]
    missing = [name for name in named - made_up if not (paths.ROOT / name).exists() and name not in sources() + headers]
    assert missing == []


def test_sources_are_named():
    """Every source file is in the table of what is where, by its name or by a pattern."""
    table = re.findall(r"`([\w*-]+\.[ch])`", TEXT[TEXT.index("## Where things are"):TEXT.index("### One packet")])
    patterns = [re.escape(name).replace(r"\*", r"\w*") for name in table]
    assert [name for name in sources() if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []


def test_functions_are_there():
    """Every function that the two ways through the house name exists."""
    named = set(re.findall(r"`(\w+)\(\)`", TEXT[TEXT.index("### One packet"):TEXT.index("## Rules")]))
    code = "".join(path.read_text(encoding="utf-8") for path in [paths.ROOT / "packet-facetime.c", *(paths.ROOT / "plugin").rglob("*.c")])
    assert len(named) > 10 and [name for name in named if not re.search(rf"^{name}\(", code, re.M)] == []
