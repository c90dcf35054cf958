"""One table per benchmark: medians and ratios from one run. Never a pass or a fail."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BenchRow:
    """One line of the table.

    Attributes:
        case: what was asked; rows of one case are compared with the first of them.
        name: who answered.
        value: the median, in `unit`; NaN where it did not run (say why in `note`).
        items: how many things were processed; where given, the table shows millions per second.
    """

    case: str
    name: str
    value: float
    unit: str = "s"
    items: int = 0
    note: str = ""


def median_of(call: Callable[[], object], repeats: int = 5) -> float:
    """Return the median seconds of a call, after one more call that does not count."""
    return medians_of({"": call}, repeats)[""]


def medians_of(calls: dict[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Return the median seconds of every call, taken in turns: what disturbs one disturbs all.

    The first turn does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(spent[1:] or spent) for name, spent in seconds.items()}


def machine() -> str:
    """Return cores, memory, versions and the load (what else ran) in one line."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{cores} cores, {gigabytes:.0f} GB, load {load:.1f} at the end, "
        f"Python {platform.python_version()}, {platform.machine()}"
    )


def print_table(title: str, rows: Sequence[BenchRow]) -> None:
    """Print the rows; the ratio says how many times the first row of its case a value is."""
    first: dict[str, BenchRow] = {}
    lines = [("case", "what", "median", "M/s", "ratio", "note")]
    for row in rows:
        base = first.setdefault(row.case, row)
        same = row is not base and row.unit == base.unit and base.value > 0
        lines.append(
            (
                row.case if row is base else "",
                row.name,
                f"{row.value:.4g} {row.unit}",
                f"{row.items / row.value / 1e6:.2f}" if row.items and row.value > 0 else "",
                f"{row.value / base.value:.1f}" if same else "",
                row.note,
            )
        )
    widths = [max(len(line[k]) for line in lines) for k in range(6)]
    print(f"{title}: {machine()}")
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
    print()
