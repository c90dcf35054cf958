"""Importing 1,000,000 incidents end to end, against bare COPY and against to_postgis with a join.

usage: script/bench imports [--rows N] [--repeats N] [--without-peer]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import geopandas
import pandas as pd
import psycopg2
from sqlalchemy import create_engine, text

from tests.bench.city import Bench, bench, write_incidents
from tests.bench.table import BenchRow, print_table

COPIED = (
    "source, source_id, occurred_from, occurred_to, category_id, word_id, batch_id, place_given, "
    "geom, x_original, y_original, crs_original, grid_id, grid_code"
)
JOIN = """
CREATE TABLE joined AS
SELECT i.*, g.code AS grid_code FROM peer i LEFT JOIN LATERAL (
  SELECT code FROM grids JOIN grid_versions v ON v.grid_id = grids.id
  WHERE ST_Intersects(v.geom, i.geometry) ORDER BY code LIMIT 1
) AS g ON true
"""


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call took."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def dump(at: Bench, name: str, path: Path, *, where: str = "true") -> None:
    """Write rows of `incidents` as a binary COPY file."""
    statement = f"COPY (SELECT {COPIED} FROM incidents WHERE {where}) TO STDOUT (FORMAT binary)"
    connection = psycopg2.connect(at.cluster.libpq("postgres", name))
    with path.open("wb") as file:
        connection.cursor().copy_expert(statement, file)
    connection.close()


def bare_copy(at: Bench, name: str, path: Path, *, table: str) -> None:
    """COPY a binary file into a table, as the owner."""
    connection = psycopg2.connect(at.cluster.libpq("postgres", name))
    with path.open("rb") as file:
        connection.cursor().copy_expert(
            f"COPY {table} ({COPIED}) FROM STDIN (FORMAT binary)", file, 1 << 20
        )
    connection.commit()
    connection.close()


def make_bare(at: Bench, name: str) -> None:
    """Make a table like `incidents` without index or constraint."""
    engine = create_engine(at.cluster.url("gridmap_owner", name))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (LIKE incidents)"))
        connection.execute(text("ALTER TABLE bare ALTER id DROP NOT NULL"))
    engine.dispose()


def peer(at: Bench, name: str, path: Path) -> None:
    """Do the same with geopandas: read, to_postgis, spatial join in SQL."""
    frame = pd.read_csv(path, parse_dates=["time"])
    points = geopandas.points_from_xy(frame.pop("lon"), frame.pop("lat"), crs=4326)
    engine = create_engine(at.cluster.url("gridmap_owner", name))
    geopandas.GeoDataFrame(frame, geometry=points).to_postgis("peer", engine, chunksize=100_000)
    with engine.begin() as connection:
        connection.execute(text(JOIN))
    engine.dispose()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    with bench() as at:
        first, second = at.folder / "first.csv", at.folder / "second.csv"
        write_incidents(first, options.rows, seed=1)
        write_incidents(second, options.rows, seed=2)
        rows = _measure(at, first, second, options)
    print_table("Importing incidents, end to end", rows)


def _measure(at: Bench, first: Path, second: Path, options: argparse.Namespace) -> list[BenchRow]:
    n = options.rows
    spent: dict[str, list[float]] = {}

    def note(name: str, call: Callable[[], object]) -> None:
        spent.setdefault(name, []).append(seconds(call))

    at.clone("gridmap", "warm")
    at.import_incidents(first)  # compiles, and shows what the rows look like
    dump(at, "warm", at.folder / "first.bin")
    at.clone("warm", "twice")
    at.import_incidents(second)
    dump(at, "twice", at.folder / "second.bin", where="source_id LIKE '2-%'")
    for _ in range(options.repeats):
        at.clone("gridmap", "run")
        make_bare(at, "run")
        note("bare first", lambda: bare_copy(at, "run", at.folder / "first.bin", table="bare"))
        at.clone("gridmap", "run")
        note("ours first", lambda: at.import_incidents(first))
        at.clone("warm", "run")
        note("bare second",
             lambda: bare_copy(at, "run", at.folder / "second.bin", table="incidents"))  # fmt: skip
        at.clone("warm", "run")
        note("ours second", lambda: at.import_incidents(second))
    if not options.without_peer:
        at.clone("gridmap", "run")
        note("peer", lambda: peer(at, "run", first))
    median = {name: statistics.median(values) for name, values in spent.items()}
    into_empty, into_full = f"{n:,} rows into an empty table", f"into one that holds {n:,}"
    rows = [
        BenchRow(into_empty, "bare binary COPY, no index", median["bare first"], items=n),
        BenchRow(into_empty, "import", median["ours first"], items=n,
                 note="goal: ratio <= 6; reading, checking, linking, indexes, months, VACUUM"),
        BenchRow(into_full, "bare binary COPY, indexed", median["bare second"], items=n),
        BenchRow(into_full, "import", median["ours second"], items=n, note="goal: ratio <= 2"),
    ]  # fmt: skip
    if "peer" in median:
        rows += [
            BenchRow("against geopandas", "import", median["ours first"], items=n),
            BenchRow("against geopandas", "to_postgis + SQL join", median["peer"], items=n,
                     note="goal: ratio >= 4; once, without indexes, checks, repeats"),
        ]  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
