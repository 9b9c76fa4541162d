"""The tests see small mistakes: the list of mutations is kept up to date, and a sample of ten is tried where FT_MUTANTS is set, as .ci/run does."""

import os
import subprocess

import pytest

from ftools import mutations, paths

SAMPLE = 10


def places(old):
    """How often the text stands in the sources."""
    files = [path for kind in ("*.c", "*.h") for folder in (paths.ROOT.glob(kind), (paths.ROOT / "plugin").rglob(kind)) for path in folder]
    return sum(path.read_text().count(old) for path in files)


def test_mutations_have_their_places():
    """Code that was changed takes some away: nine of ten are still there, and their tests are. Each changes something."""
    listed = mutations.mutations()
    assert len(listed) >= 100
    assert len({(old, new) for _, old, new in listed}) == len(listed) and all(old != new for _, old, new in listed)
    assert sum(places(old) == 1 for _, old, _ in listed) >= 0.9 * len(listed)
    assert {test for tests, _, _ in listed for test in tests if not (paths.ROOT / "tests" / test).exists()} == set()
    assert set(mutations.SAME) <= {old for _, old, _ in listed}


@pytest.mark.skipif(not os.environ.get("FT_MUTANTS"), reason="FT_MUTANTS is not set: half an hour")
def test_sample():
    """Nine of ten are seen, those apart that are the same program."""
    done = subprocess.run([paths.ROOT / "tests" / "mutants", "--sample", str(SAMPLE)], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
