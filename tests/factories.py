"""Small real things for tests: files on disk and rows in the database."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely
from shapely.geometry import mapping

from gridmap.core.actor import SYSTEM, Actor
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest, ImportResult
from gridmap.intake import Columns

SIDE = 0.01
"""Degrees; about a kilometre."""


def square(column: int, row: int, *, side: float = SIDE):
    """A square of a chessboard whose lower left corner is 120 E, 32 N."""
    west, south = 120 + column * side, 32 + row * side
    return shapely.box(west, south, west + side, south + side)


def centre(column: int, row: int, *, side: float = SIDE) -> tuple[float, float]:
    """The middle of a square."""
    return 120 + (column + 0.5) * side, 32 + (row + 0.5) * side


def chessboard_code(column: int, row: int) -> str:
    """A 15-digit code: the community of the row and the number of the column."""
    return f"990101001{row:03d}{column:03d}"


def write_grids(path: Path, shapes: dict[str, object]) -> Path:
    """A GeoJSON file of grids by code."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"Grid {code[-3:]}"},
            "geometry": mapping(shape),
        }
        for code, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_chessboard(path: Path, columns: int, rows: int) -> Path:
    """A GeoJSON file of a whole chessboard."""
    shapes = {
        chessboard_code(column, row): square(column, row)
        for row in range(rows)
        for column in range(columns)
    }
    return write_grids(path, shapes)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def import_chessboard(folder: Path, columns: int = 4, rows: int = 4) -> ImportResult:
    """Grids in the database."""
    path = write_chessboard(folder / "grids.geojson", columns, rows)
    return import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))


INCIDENT_HEADER = ("id", "lon", "lat", "time", "category")
INCIDENT_COLUMNS = Columns(
    id="id", x="lon", y="lat", time="time", category="category", tz="Asia/Shanghai", source="test"
)


def import_incidents(
    folder: Path, rows: Iterable[Sequence[object]], *, columns: Columns = INCIDENT_COLUMNS
) -> ImportResult:
    """Incidents in the database: rows of id, lon, lat, time, category."""
    path = write_csv(folder / "incidents.csv", INCIDENT_HEADER, rows)
    return import_file(SYSTEM, ImportRequest("incidents", path, columns))


RESIDENT_HEADER = ("name", "identity", "phone", "lon", "lat", "room", "kind", "since", "until")
IDENTITIES = ("11010519491231002X", "440524188001010014", "110101199003078515")
"""Numbers with a right last digit that nobody has: examples of GB 11643 and made ones."""


def import_residents(
    folder: Path, rows: Iterable[Sequence[object]], *, actor: Actor = SYSTEM, **request: object
) -> ImportResult:
    """Residents in the database: rows as RESIDENT_HEADER has them, shorter ones too."""
    path = write_csv(folder / "residents.csv", RESIDENT_HEADER, [
        (*row, *[""] * (len(RESIDENT_HEADER) - len(row))) for row in rows
    ])  # fmt: skip
    columns = Columns(source="register")
    return import_file(actor, ImportRequest("residents", path, columns, **request))
