"""Reading and checking 1,000,000 incidents against bare readers of the same file.

usage: script/bench intake [--rows N] [--repeats N]
"""

import argparse
import datetime as dt
import resource
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from gridmap.intake import Columns, ReadOptions, read_incidents
from tests.bench.table import BenchRow, medians_of, print_table

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
KINDS = np.array(["theft", "burglary", "robbery", "assault", "vandalism", "fraud"])


def write_incidents(path: Path, rows: int, seed: int = 1) -> None:
    """Write incidents of two years: x, y, time, category."""
    chance = np.random.default_rng(seed)
    seconds = chance.integers(0, 63_072_000, rows).astype("timedelta64[s]")
    times = pa.array(np.datetime64("2023-01-01", "s") + seconds)
    table = pa.table(
        {
            "x": np.round(chance.uniform(120.8, 121.2, rows), 7),
            "y": np.round(chance.uniform(31.8, 32.2, rows), 7),
            "time": pa.compute.strftime(times, "%Y-%m-%d %H:%M:%S"),
            "category": KINDS[chance.integers(0, KINDS.size, rows)],
        }
    )
    pa.csv.write_csv(table, path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    columns = Columns(x="x", y="y", time="time", category="category", tz="Asia/Shanghai")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.csv"
        write_incidents(path, options.rows)
        case = f"{options.rows:,} incidents, CSV of {path.stat().st_size >> 20} MB"
        ways = {
            "read_incidents": lambda: read_incidents(
                path, columns, ReadOptions(), now=NOW, source_tz=None
            ),
            "pyarrow, no checks": lambda: pa.csv.read_csv(path),
            "pandas, dates parsed, no checks": lambda: pd.read_csv(path, parse_dates=["time"]),
        }
        medians = medians_of(ways, options.repeats)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    rows = [
        BenchRow(case, name, seconds, items=options.rows, note=f"peak of all: {peak} MB")
        for name, seconds in medians.items()
    ]
    print_table("Reading and checking incidents", rows)


if __name__ == "__main__":
    main()
