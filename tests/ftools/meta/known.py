"""What does not hold: for good, with its reason, and today."""

import pathlib
import re

# (pattern of the name, why): what is known not to hold, and will not.
KNOWN = [
    ("ends/tenth 2/legacy-raw-ip", "nothing is left but NAT probes, which devices send without a call, too"),
]

LEDGER = pathlib.Path(__file__).with_name("wrong_today.txt")


def reason(name):
    """Why a combination need not hold; None if it must."""
    for pattern, why in KNOWN:
        if re.fullmatch(pattern, name):
            return why
    return None


def wrong_today():
    """The names of the combinations that deviate today, and should not."""
    lines = LEDGER.read_text(encoding="utf-8").splitlines() if LEDGER.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def write(names):
    """Writes them down."""
    LEDGER.write_text("# Combinations that deviate today and should not: tests/metamorphic --update writes this list.\n" + "".join(f"{name}\n" for name in sorted(names)),
                      encoding="utf-8")
