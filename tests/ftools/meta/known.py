"""What does not hold: for good, with its reason, and today."""

import pathlib
import re

# (pattern of the name, why): what is known not to hold, and will not.
KNOWN = [
    ("ends/tenth 2/legacy-raw-ip", "nothing is left but NAT probes, which devices send without a call, too"),
    (r"addresses/relay 23\.44\.55\.66.*/real-cellular", "the second session's relay is not Apple's and carries nothing but QUIC: nothing tells it from that of others"),
    (r"addresses/device 203\.0\.113\.200/real-cellular", "two sockets of a public IPv4 address may be two devices behind a NAT, and no token links them"),
    (r"merge/(ten|with legacy-capture-ends-first), equal private addresses, 0 s apart/(modern|legacy)-raw-ip", "two devices with one address at one moment, on a link without hardware addresses: "
     "whose prelude it is cannot be told"),
    ("one way/got/real-wifi", "the hello of the second leg went the other way, and so did all that names its socket"),
    ("snap/96/real-cellular", "the announcement of the IPv6 addresses is cut off, and so is what the checks between them say"),
    ("starts/tenth 1/real-cellular", "the second session's hello came before, and nothing else of it names the call"),
    ("starts/tenth 9/real-wifi", "the second leg's hello came before, and nothing else of it names the call"),
    (r"drops/[25]0 % 1/real-wifi", "the packet is lost, and one with parity that has its number is not: the truth here counts numbers"),
]

SINCE = "  since "
LEDGER = pathlib.Path(__file__).with_name("wrong_today.txt")


def reason(name):
    """Why a combination need not hold; None if it must."""
    for pattern, why in KNOWN:
        if re.fullmatch(pattern, name):
            return why
    return None


def _lines():
    """(name, first version of Wireshark) of each line of the ledger."""
    text = LEDGER.read_text(encoding="utf-8").splitlines() if LEDGER.exists() else []
    for line in text:
        if line and not line.startswith("#"):
            name, _, since = line.partition(SINCE)
            yield name, tuple(map(int, since.split("."))) if since else (4, 0)


def wrong_today(version):
    """The names of the combinations that deviate today, and should not, with this version of Wireshark."""
    return {name for name, since in _lines() if version >= since}


def write(names, tried, version):
    """Writes down which NAMES of those that were TRIED deviate; others stay, and what is wrong since a later version only."""
    lines = set(names)
    for name, since in _lines():
        if name not in tried or version < since or since > (4, 0) and name in lines:
            lines = lines - {name} | {name + (SINCE + ".".join(map(str, since)) if since > (4, 0) else "")}
    LEDGER.write_text("# Combinations that deviate today and should not: tests/metamorphic --update writes this list.\n" + "".join(f"{line}\n" for line in sorted(lines)),
                      encoding="utf-8")
