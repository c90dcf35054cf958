"""A city for benchmarks: 10,000 five-vertex grids, incidents of two years, a cluster of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import shapely
from sqlalchemy import create_engine, text

from gridmap import cluster
from gridmap.auth import installation
from gridmap.cluster import Cluster
from gridmap.core import database, schema
from gridmap.core.actor import SYSTEM
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest, ImportResult
from gridmap.intake import Columns
from gridmap.web import wiring

SIDE = 100
CELL = 0.004
WEST, SOUTH = 120.0, 32.0
ZONE = "Asia/Shanghai"
KINDS = np.array(["theft", "burglary", "fraud", "noise", "parking", "dispute", "assault", "fire",
                  "robbery", "damage"])  # fmt: skip
COLUMNS = Columns(
    id="id", x="lon", y="lat", time="time", category="category", tz=ZONE, source="bench"
)


def grids() -> tuple[np.ndarray, list[str]]:
    """Return 10,000 quadrilaterals that share their corners, and their codes."""
    chance = np.random.default_rng(7)
    i, j = np.meshgrid(np.arange(SIDE + 1), np.arange(SIDE + 1), indexing="ij")
    inner = (i > 0) & (i < SIDE) & (j > 0) & (j < SIDE)
    corners = (
        np.stack([i, j], axis=-1) + chance.uniform(-0.25, 0.25, (*i.shape, 2)) * inner[..., None]
    )
    corners = corners * CELL + [WEST, SOUTH]
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"))
    rings = np.stack(
        [corners[i, j], corners[i + 1, j], corners[i + 1, j + 1], corners[i, j + 1]], 1
    )
    codes = [f"990101{a:03d}000{b:03d}" for a, b in zip(i, j, strict=True)]
    return shapely.polygons(rings), codes


def write_grids(path: Path) -> None:
    """Write the grids as GeoJSON."""
    shapes, codes = grids()
    features = ",\n".join(
        f'{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{shape}}}'
        for code, shape in zip(codes, shapely.to_geojson(shapes), strict=True)
    )
    path.write_text('{"type":"FeatureCollection","features":[\n' + features + "]}")


def write_incidents(path: Path, rows: int, *, seed: int) -> None:
    """Write incidents of 2024 and 2025, denser in the middle: id, lon, lat, time, category."""
    chance = np.random.default_rng(seed)
    seconds = chance.integers(0, 731 * 86_400, rows).astype("timedelta64[s]")
    place = np.clip(chance.normal(SIDE / 2, SIDE / 4.5, (2, rows)), 0.01, SIDE - 0.01) * CELL
    kind = np.minimum(chance.geometric(0.3, rows) - 1, KINDS.size - 1)
    table = pa.table(
        {
            "id": pa.array(np.char.add(f"{seed}-", np.arange(rows).astype(str))),
            "lon": np.round(WEST + place[0], 7),
            "lat": np.round(SOUTH + place[1], 7),
            "time": pa.compute.strftime(
                pa.array(np.datetime64("2024-01-01", "s") + seconds), "%Y-%m-%d %H:%M:%S"
            ),
            "category": KINDS[kind],
        }
    )
    pa.csv.write_csv(table, path)


@dataclass
class Bench:
    """A cluster with databases that are cloned and dropped."""

    folder: Path
    cluster: Cluster

    def use(self, name: str) -> None:
        """Let the process work in one database."""
        urls = {role: self.cluster.url(f"gridmap_{role}", name) for role in ("app", "owner")}
        database.configure(**urls, analysis=self.cluster.url("gridmap_analysis", name))

    def clone(self, template: str, name: str) -> str:
        """Make a copy of a database, in place of an older one of that name, and use it."""
        database.close_all()
        self.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template} OWNER gridmap_owner")
        self.admin("CHECKPOINT")
        self.use(name)
        return name

    def admin(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        url = self.cluster.url("postgres", "postgres")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def import_incidents(self, path: Path) -> ImportResult:
        """Bring a file in, as the command line does."""
        return import_file(SYSTEM, ImportRequest("incidents", path, COLUMNS))


@contextmanager
def bench() -> Iterator[Bench]:
    """Yield a cluster in which the database `gridmap` holds the grids; gone afterwards."""
    wiring.connect()
    folder = Path(tempfile.mkdtemp(prefix="gridmap-bench-"))
    folder.chmod(0o755)
    os.environ["GRIDMAP_HOME"] = str(folder)
    made = Bench(folder, cluster.start(folder))
    try:
        schema.upgrade(made.cluster.url("gridmap_owner"))
        installation.install(made.cluster.url("gridmap_owner"))
        made.use("gridmap")
        path = folder / "grids.geojson"
        write_grids(path)
        import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code")))
        yield made
    finally:
        database.close_all()
        made.cluster.stop()
        shutil.rmtree(made.cluster.layout.data, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
