"""Runs combinations, and makes the table of what deviates."""

import concurrent.futures
import pathlib
import re

from .. import table
from . import known, oracle


def one_of(wireshark, combination, keep=None):
    """The deviations of a combination: [(what, found, right)]."""
    case = combination.make()
    data, groups = oracle.written(case)
    name = re.sub(r"[^\w.-]+", "_", combination.name) + (".pcapng" if "pcapng" in case.file else ".pcap")
    path = wireshark.folder(f"meta/{name}") / name
    path.write_bytes(data)
    path.chmod(0o644)
    if keep:
        (pathlib.Path(keep) / name).write_bytes(data)
    result = wireshark.run("tshark", "-n", "-r", path, *oracle.command(case), *wireshark.fields_command(oracle.FIELDS))
    path.unlink()
    path.parent.rmdir()
    if result.status:
        return [("tshark", f"exit status {result.status}", result.err.strip().splitlines()[-1:])]
    at = ("\n" + result.out).find("\n" + 20 * "=")
    rows = [dict(zip(oracle.FIELDS, (cell.split("|") if cell else [] for cell in line.split("\t")))) for line in result.out[:max(at, 0)].split("\n") if line]
    try:
        return oracle.judge(case, groups, rows, result.out[at:])
    except table.TableError as error:
        return [("tables", str(error).splitlines()[0], "tables")]


def all_of(wireshark, combinations, jobs, keep=None):
    """Name -> deviations, of those that deviate."""
    found = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for combination, deviations in zip(combinations, pool.map(lambda one: one_of(wireshark, one, keep), combinations)):
            if deviations:
                found[combination.name] = deviations
    return found


def unexpected(deviations, combinations, version):
    """(name, what) of combinations that deviate and are not listed, and of those that are listed as wrong today and hold."""
    listed = known.wrong_today(version)
    new = [(name, "deviates") for name in deviations if name not in listed and not known.reason(name)]
    return new + [(one.name, "holds: take it out of the list") for one in combinations if one.name in listed and one.name not in deviations]


def report(deviations, combinations, version):
    """The table: a line for each deviation; then what holds and was not expected to, and how many hold."""
    rows = [("combination", "what", "found", "right", "")]
    for name, each in sorted(deviations.items()):
        why = known.reason(name) or ("wrong today" if name in known.wrong_today(version) else "NEW")
        rows += [(name, str(what), str(found), str(right), why) for what, found, right in each]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows] if deviations else []
    lines += [f"{name}: {what}" for name, what in unexpected(deviations, combinations, version) if name not in deviations]
    number, holds = len(combinations), len(combinations) - len(deviations)
    lines.append(f"Wireshark {'.'.join(map(str, version))}: {holds} of {number} combinations hold ({100 * holds / max(number, 1):.1f} %)")
    return "\n".join(lines) + "\n"
