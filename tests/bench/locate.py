"""Locating points in 10,000 grids: ours against geopandas, shapely, SedonaDB and PostGIS.

The grids are a clean partition of four-cornered polygons (five coordinates), and the same with
25 pieces to a side (101 coordinates). The others get their points, tables and spatial indexes
ready-made and only find pairs; ours starts from two arrays and also applies the rule of the
lowest code. usage: script/bench locate [--postgis URL|none] [--points N] [--repeats N]
"""

import argparse
import contextlib
import resource
from collections.abc import Callable

import geopandas
import numpy as np
import pyarrow
import shapely

from gridmap.analysis.locate import GridLocator, warm_up
from tests.bench.city import bench
from tests.bench.table import BenchRow, medians_of, print_table

SIDE = 100
OURS = "GridLocator"


def make_grids(pieces: int, seed: int = 1) -> np.ndarray:
    """Return SIDE² polygons that share their wavy borders, `pieces` segments to a side."""
    rng = np.random.default_rng(seed)
    corner = np.stack(np.meshgrid(np.arange(SIDE + 1.0), np.arange(SIDE + 1.0)), axis=-1)
    corner[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, (SIDE - 1, SIDE - 1, 2))
    east = _pieces(corner[:, :-1], corner[:, 1:], pieces, rng, axis=1)
    north = _pieces(corner[:-1], corner[1:], pieces, rng, axis=0)
    rings = np.concatenate(
        (east[:-1], north[:, 1:], east[1:, :, ::-1], north[:, :-1, ::-1]), axis=2
    )
    rings = np.delete(rings, np.arange(1, 4) * (pieces + 1), axis=2)
    return shapely.polygons(rings.reshape(SIDE * SIDE, -1, 2) / SIDE)


def _pieces(start, end, pieces, rng, *, axis):
    """Cut each side into pieces and shake the cuts across it, except at the city's border."""
    share = np.linspace(0, 1, pieces + 1)[:, None]
    sides = start[:, :, None] * (1 - share) + end[:, :, None] * share
    shake = rng.uniform(-0.02, 0.02, sides.shape[:3])
    shake[..., [0, -1]] = 0
    if axis == 1:
        shake[[0, -1]] = 0
        sides[..., 1] += shake
    else:
        shake[:, [0, -1]] = 0
        sides[..., 0] += shake
    sides[:, :, 0], sides[:, :, -1] = start, end
    return sides


def sedona_join(grids: geopandas.GeoDataFrame, points: geopandas.GeoDataFrame) -> Callable:
    """Return a call that joins both by SedonaDB, tables in memory."""
    import sedonadb

    sedona = sedonadb.connect()
    for name, frame in (("grids", grids), ("points", points)):
        table = frame.assign(id=np.arange(len(frame)))
        sedona.create_data_frame(table).to_memtable().to_view(name, overwrite=True)
    sql = (
        "SELECT points.id AS point, grids.id AS grid FROM points JOIN grids "
        "ON ST_Intersects(grids.geometry, points.geometry)"
    )
    return lambda: pyarrow.table(sedona.sql(sql))


def postgis_join(url: str, grids: np.ndarray, x: np.ndarray, y: np.ndarray) -> Callable:
    """Return a call that joins both in PostGIS: tables, indexes and statistics are ready."""
    import io

    import pandas as pd
    from sqlalchemy import create_engine

    cursor = create_engine(url).raw_connection().cursor()
    cursor.execute("CREATE TEMP TABLE xy (id int, x float8, y float8)")
    cursor.execute("CREATE TEMP TABLE g (id int, geom geometry)")
    text = io.StringIO()
    pd.DataFrame({"x": x, "y": y}).to_csv(text, header=False)
    cursor.copy_expert("COPY xy FROM STDIN CSV", io.StringIO(text.getvalue()))
    text = io.StringIO()
    pd.Series(shapely.to_wkb(grids, hex=True)).to_csv(text, header=False)
    cursor.copy_expert("COPY g FROM STDIN CSV", io.StringIO(text.getvalue()))
    cursor.execute("CREATE TEMP TABLE p AS SELECT id, ST_MakePoint(x, y) AS geom FROM xy")
    for table in ("p", "g"):
        cursor.execute(f"CREATE INDEX ON {table} USING gist (geom)")
        cursor.execute(f"ANALYZE {table}")
    return lambda: cursor.execute("SELECT count(*) FROM p JOIN g ON ST_Intersects(g.geom, p.geom)")


def _compare(grids, case, *, points, repeats, postgis_url) -> list[BenchRow]:
    """Time all on the same points and grids, in turns."""
    rng = np.random.default_rng(2)
    x, y = rng.random(points), rng.random(points)
    codes = [f"{k:05d}" for k in range(len(grids))]
    locator = GridLocator(grids, codes)
    locator.prepare()
    many = shapely.points(x, y)
    point_frame = geopandas.GeoDataFrame(geometry=many)
    grid_frame = geopandas.GeoDataFrame(geometry=grids)
    tree = shapely.STRtree(grids)
    calls: dict[str, Callable] = {
        OURS: lambda: locator.locate(x, y),
        "shapely STRtree": lambda: tree.query(many, predicate="intersects"),
        "geopandas.sjoin": lambda: geopandas.sjoin(point_frame, grid_frame, predicate="intersects"),
        "SedonaDB": sedona_join(grid_frame, point_frame),
    }
    pairs = calls["shapely STRtree"]()[1]
    found = locator.locate(x, y)
    same = f"{(found >= 0).sum():,} in a grid; the tree finds {pairs.size:,} pairs"
    medians = medians_of(calls, repeats)
    if postgis_url:
        slow = {"PostGIS": postgis_join(postgis_url, grids, x, y)}
        medians |= medians_of(slow, 1)
    return [
        BenchRow(case, name, seconds, items=points, note=same if name == OURS else "")
        for name, seconds in medians.items()
    ]


def _build(kinds: dict[str, np.ndarray], repeats: int) -> list[BenchRow]:
    """Time the making of a locator, its index included."""
    rows = []
    for name, grids in kinds.items():
        codes = [f"{k:05d}" for k in range(len(grids))]
        seconds = medians_of({name: lambda g=grids, c=codes: GridLocator(g, c).prepare()}, repeats)
        rows.append(BenchRow(f"build, {name}", OURS, seconds[name]))
    return rows


def run(
    postgis_url: str | None = None, *, points: int = 1_000_000, repeats: int = 5
) -> list[BenchRow]:
    """Run all comparisons.

    Args:
        postgis_url: SQLAlchemy address of a database with PostGIS, any role that may make
            temporary tables; without it PostGIS is left out.
        points: for each comparison.
        repeats: of each call but PostGIS's, which runs once after a warm-up.
    """
    warm_up()
    kinds = {
        "10,000 grids × 5 vertices": make_grids(1),
        "10,000 grids × 101 vertices": make_grids(25),
    }
    rows = _build(kinds, repeats)
    for name, grids in kinds.items():
        case = f"{points / 1e6:g} M points, {name}"
        rows += _compare(grids, case, points=points, repeats=repeats, postgis_url=postgis_url)
    return rows + _ten_million(kinds, repeats)


def _ten_million(kinds: dict[str, np.ndarray], repeats: int) -> list[BenchRow]:
    """Time ours alone on ten million points."""
    rng = np.random.default_rng(3)
    x, y = rng.random(10_000_000), rng.random(10_000_000)
    rows = []
    for name, grids in kinds.items():
        locator = GridLocator(grids, [f"{k:05d}" for k in range(len(grids))])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = medians_of({OURS: lambda found=locator: found.locate(x, y)}, min(repeats, 3))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        note = f"peak memory grew by {grown:.0f} MB" if grown else "peak memory did not grow"
        rows.append(BenchRow(f"10 M points, {name}", OURS, seconds[OURS], items=x.size, note=note))
    return rows


def main() -> None:
    """Run and print; without an address PostGIS runs in a private cluster of this benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgis", metavar="URL", help="none leaves PostGIS out")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = options.postgis
        if url is None:
            url = stack.enter_context(bench()).cluster.url("postgres")
        rows = run(None if url == "none" else url, points=options.points, repeats=options.repeats)
    print_table("locate", rows)


if __name__ == "__main__":
    main()
