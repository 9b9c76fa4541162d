"""Short forms of the two fuzzers, with fixed seeds: tests/fuzz over a plugin with sanitizers, and the harness that coverage guides."""

import os
import shutil
import subprocess
import sys
import tarfile

import pytest

from ftools import paths

ROUNDS = 20         # of tests/fuzz: each takes half a second
MIXED = 4           # of tests/fuzz --state: each takes some seconds
RUNS = 2000         # of the harness, besides the kept inputs and the seeds


def built(folder, target, *options):
    """A build of its own."""
    for command in (["cmake", "-S", paths.ROOT, "-B", folder, "-DFT_WERROR=ON", *options],
                    ["cmake", "--build", folder, "--target", target, "--parallel", str(os.cpu_count() or 1)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """run(arguments of tests/fuzz): what it says, with sanitizers in the plugin."""
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(library):
        pytest.skip("gcc has no address sanitizer here")
    folder = tmp_path_factory.mktemp("sanitized")
    plugin = built(folder / "build", "facetime", "-DCMAKE_C_COMPILER=gcc", "-DFT_SANITIZE=ON") / "facetime.so"

    def run(*args):
        done = subprocess.run([sys.executable, paths.ROOT / "tests" / "fuzz", "--seed", "1", *map(str, args), "--env", f"LD_PRELOAD={library}",
                               "--env", "ASAN_OPTIONS=detect_leaks=0"], cwd=folder, env={**os.environ, "FT_PLUGIN": str(plugin)},
                              capture_output=True, text=True, check=False, timeout=900)
        return done

    return run


def test_broken_captures(sanitized):
    """A few hundred packets of a sample, broken, missing, doubled and in another order, with sanitizers in the plugin."""
    done = sanitized("--rounds", ROUNDS)
    assert done.returncode == 0 and f"{ROUNDS} rounds, 0 failed" in done.stdout, done.stdout + done.stderr


def test_mixed_captures(sanitized):
    """Two captures mixed, a flood between them, several in one sharkd: what must agree does, and nothing is read that is not there."""
    done = sanitized("--state", "--rounds", MIXED)
    assert done.returncode == 0 and f"{MIXED} rounds, 0 failed" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed")
def test_guided_by_coverage(tmp_path):
    """The kept inputs, the seeds, and a few thousand changes of them."""
    harness = built(tmp_path / "build", "fuzz_facetime", "-DCMAKE_C_COMPILER=clang", "-DFT_FUZZ=ON") / "fuzz_facetime"
    inputs = [tmp_path / name for name in ("grown", "kept", "seeds")]
    for folder in inputs:
        folder.mkdir()
    # Not by tar: a small system has no xz.
    with tarfile.open(paths.ROOT / "tests" / "fuzzing" / "corpus.tar.xz") as corpus:
        for number, member in enumerate(file for file in corpus if file.isfile()):
            (inputs[1] / str(number)).write_bytes(corpus.extractfile(member).read())
    subprocess.run([sys.executable, paths.ROOT / "tests" / "fuzzing" / "seeds", inputs[2]], check=True, capture_output=True)
    number = RUNS + sum(len(list(folder.iterdir())) for folder in inputs)
    done = subprocess.run([harness, "-seed=1", f"-runs={number}", "-detect_leaks=0", "-close_fd_mask=1", "-rss_limit_mb=6000", "-max_len=6000",
                           *inputs], cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False, timeout=900)
    assert done.returncode == 0 and "DONE" in done.stderr, done.stderr[-4000:]
