"""Where things are."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "captures"
GOLDEN = ROOT / "tests" / "golden"

SHARED = pathlib.Path(os.environ.get("FT_SHARED_CAPTURES") or ROOT.parent / "shared" / "captures")
CASES = SHARED.parent / "cases"
REAL = SHARED / "real"
WIFI = REAL / "facetime-wifi-relay-caller.pcapng"
CELLULAR = REAL / "facetime-cellular-relay.pcapng"
VECTORS = SHARED / "vectors" / "relay-2026.pcap"

SAMPLES = sorted(path.stem for path in (CAPTURES / "expected").glob("*.json"))
SITUATIONS = sorted(path.stem for path in (CAPTURES / "situations" / "expected").glob("*.json"))
NO_SHARED = f"shared captures are absent (set FT_SHARED_CAPTURES): {SHARED.name}/ not found"
NO_CASES = f"shared cases are absent (they lie beside the shared captures): {CASES.name}/ not found"


def sample(name):
    """The capture of a sample."""
    return CAPTURES / f"{name}.pcap"


def negatives():
    """Captures without FaceTime, in the order of their names."""
    return [path for folder in ("negative", "negative-on-our-ports") for path in sorted((SHARED / folder).glob("*.pcap*"))]


def plugin():
    """The plugin under test: $FT_PLUGIN, else the tests' build, else the ordinary one; None if there is none."""
    if os.environ.get("FT_PLUGIN"):
        return pathlib.Path(os.environ["FT_PLUGIN"]).resolve()
    for build in ("build-check", "build"):
        if (ROOT / build / "facetime.so").exists():
            return ROOT / build / "facetime.so"
    return None
