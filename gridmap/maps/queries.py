"""Statements of the map page: scope, one grid's card, points in view, search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from gridmap.core.clock import month_number
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.core.matching import matches_words
from gridmap.grids.models import Division, Grid, GridNeighbour, GridPopulation, GridVersion
from gridmap.grids.queries import counts_once, in_force
from gridmap.incidents.models import (
    Category,
    Incident,
    IncidentMonth,
)
from gridmap.incidents.rollups import ALL_CATEGORIES
from gridmap.places.models import BaseFeature, Place
from gridmap.resources.models import Resource

POINT_CAP = 2000
Box = tuple[float, float, float, float]


def below(column: Any, scope: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a code begins with the scope's, as a range the index knows."""
    return [column >= scope, column < scope + AFTER_EVERYTHING] if scope else []


@dataclass(frozen=True)
class Extent:
    """How many grids a scope has, and where: west, south, east, north in degrees."""

    grids: int
    bounds: Box | None


def extent_of(session: Session, scope: str) -> Extent:
    """Return number and bounds of the grids in force below a code."""
    box = func.ST_Extent(GridVersion.geom)
    row = session.execute(
        select(func.count(), func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box),
               func.ST_YMax(box))
        .select_from(GridVersion)
        .join(Grid, Grid.id == GridVersion.grid_id)
        .where(in_force(), *below(Grid.code, scope))
    ).one()  # fmt: skip
    n, west, south, east, north = row
    return Extent(n, (west, south, east, north) if n else None)


@dataclass(frozen=True)
class DivisionRow:
    """A division in a list: its grids are counted."""

    code: str
    name: str
    kind: str
    grids: int


def divisions_in(session: Session, scope: str) -> list[DivisionRow]:
    """Return the divisions of a scope with their number of grids in force, by code."""
    counted = (
        select(func.count())
        .select_from(Grid)
        .where(Grid.valid_to.is_(None), Grid.code >= Division.code,
               Grid.code < Division.code + AFTER_EVERYTHING)
        .correlate(Division)
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Division.code, Division.name, Division.kind, counted)
        .where(*below(Division.code, scope))
        .order_by(Division.code)
    )
    return [DivisionRow(*row) for row in rows]


def divisions_named(session: Session, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return code → name and kind of those codes that are divisions."""
    rows = session.execute(
        select(Division.code, Division.name, Division.kind).where(Division.code.in_(codes))
    )
    return {code: (name, kind) for code, name, kind in rows}


def codes_and_names(session: Session, scope: str) -> Sequence[Any]:
    """Return id, code and name of the grids in force in a scope, by id."""
    return session.execute(
        select(Grid.id, Grid.code, Grid.name)
        .where(Grid.valid_to.is_(None), *below(Grid.code, scope))
        .order_by(Grid.id)
    ).all()


def has_base_map(session: Session) -> bool:
    """Return whether the city has streets or water of its own."""
    return session.scalar(select(BaseFeature.id).limit(1)) is not None


@dataclass(frozen=True)
class GridRow:
    """One grid as its card shows it."""

    id: int
    code: str
    name: str
    kind: str
    valid_from: date
    area_m2: float
    bounds: Box


def grid_by_code(session: Session, code: str) -> GridRow | None:
    """Return one grid in force."""
    row = session.execute(
        select(Grid.id, Grid.code, Grid.name, Grid.kind, func.lower(GridVersion.valid),
               GridVersion.area_m2,
               func.ST_XMin(GridVersion.geom), func.ST_YMin(GridVersion.geom),
               func.ST_XMax(GridVersion.geom), func.ST_YMax(GridVersion.geom))
        .join(GridVersion, GridVersion.grid_id == Grid.id)
        .where(Grid.code == code, in_force())
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    id_, code_, name, kind, since, area_m2, *box = row
    return GridRow(id_, code_, name, kind, since, area_m2, (box[0], box[1], box[2], box[3]))


def neighbours_of(session: Session, grid_id: int, *, scope: str) -> list[int]:
    """Return the ids of the grids of a scope that touch one."""
    return list(
        session.scalars(
            select(GridNeighbour.neighbour_id)
            .join(Grid, Grid.id == GridNeighbour.neighbour_id)
            .where(GridNeighbour.grid_id == grid_id, *below(Grid.code, scope))
            .order_by(GridNeighbour.neighbour_id)
        )
    )


def population_of(session: Session, grid_id: int) -> tuple[float, date] | None:
    """Return the newest count of people in a grid and its day; imported sources are added up."""
    row = session.execute(
        select(func.sum(GridPopulation.n), GridPopulation.date)
        .where(GridPopulation.grid_id == grid_id, counts_once())
        .group_by(GridPopulation.date)
        .order_by(GridPopulation.date.desc())
        .limit(1)
    ).one_or_none()
    return (float(row[0]), row[1]) if row else None


def dwellings_of(session: Session, grid_id: int) -> int | None:
    """Return the dwellings in a grid; None where the city has no places at all."""
    found = session.scalar(
        select(func.sum(func.coalesce(Place.dwellings, 1)))
        .where(Place.grid_id == grid_id, Place.kind.in_(("dwelling", "building")))
    )  # fmt: skip
    if found is not None:
        return int(found)
    return 0 if session.scalar(select(Place.id).limit(1)) is not None else None


def resources_of(session: Session, grid_id: int) -> dict[str, tuple[int, int]]:
    """Return kind → (how many stand in a grid, how many of them are out of order)."""
    broken = func.count().filter(Resource.status == "out_of_order")
    rows = session.execute(
        select(Resource.kind, func.count(), broken)
        .where(Resource.grid_id == grid_id)
        .group_by(Resource.kind)
    )
    return {kind: (n, out) for kind, n, out in rows}


def counts_by_category(
    session: Session, grid_id: int, *, start: datetime, end: datetime
) -> dict[int, int]:
    """Return category id → incidents in one grid with start <= occurred_from < end."""
    rows = session.execute(
        select(Incident.category_id, func.count())
        .where(Incident.grid_id == grid_id, Incident.occurred_from >= start,
               Incident.occurred_from < end)
        .group_by(Incident.category_id)
    )  # fmt: skip
    return {category: n for category, n in rows}  # noqa: C416 - rows are not tuples


def _rolled_up(categories: Sequence[int] | None) -> Sequence[int]:
    return [ALL_CATEGORIES] if categories is None else categories


def counts_by_month(
    session: Session, code: str, months: Sequence[date], categories: Sequence[int] | None
) -> dict[date, int]:
    """Return first day of the month → incidents in one grid.

    Args:
        session: the transaction.
        code: of the grid.
        months: first days of months.
        categories: ids; None for all.
    """
    rows = session.execute(
        select(IncidentMonth.first_month, IncidentMonth.cumulative).where(
            IncidentMonth.grid_code == code, IncidentMonth.category_id.in_(_rolled_up(categories))
        )
    ).all()
    numbers = np.array([month_number(day) for day in months])
    found = np.zeros(len(months), dtype=np.int64)
    for first, cumulative in rows:  # one row a category
        steps = np.concatenate([[0], cumulative])
        last = steps.size - 1
        found += (
            steps[np.clip(numbers + 1 - first, 0, last)] - steps[np.clip(numbers - first, 0, last)]
        )
    return dict(zip(months, found.tolist(), strict=True))


@dataclass(frozen=True)
class CategoryRow:
    """A category and how many incidents it has in all."""

    id: int
    code: str
    name: str
    name_zh: str
    n: int


def categories_with_counts(session: Session, *, scope: str) -> list[CategoryRow]:
    """Return the categories that have incidents in a scope, the most frequent first."""
    whole = IncidentMonth.cumulative[func.cardinality(IncidentMonth.cumulative)]
    totals = (
        select(IncidentMonth.category_id, func.sum(whole).label("n"))
        .where(IncidentMonth.category_id != ALL_CATEGORIES,
               *below(IncidentMonth.grid_code, scope))
        .group_by(IncidentMonth.category_id)
        .having(func.sum(whole) > 0)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Category.id, Category.code, Category.name, Category.name_zh, totals.c.n)
        .join(totals, totals.c.category_id == Category.id)
        .order_by(totals.c.n.desc(), Category.code)
    )
    return [CategoryRow(id_, code, name, name_zh, int(n)) for id_, code, name, name_zh, n in rows]


@dataclass(frozen=True)
class Points:
    """Points in view: shape (n,) each; `total` counts those beyond the cap too."""

    total: int
    pointless: int
    """How many more lie in the grids in view and have no point: a file gave their grid's code."""
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]


_INCIDENTS = """
WITH box AS (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4326) AS geom),
near AS (SELECT array(SELECT v.grid_id FROM grid_versions v, box
                      WHERE v.geom && box.geom AND upper_inf(v.valid)) AS ids),
seen AS MATERIALIZED (
  SELECT i.geom FROM incidents i, box, near
  WHERE i.occurred_from >= :start AND i.occurred_from < :end
    AND i.grid_id = ANY (near.ids) AND (i.geom IS NULL OR i.geom && box.geom) {scope} {categories}
)
SELECT ST_X(geom), ST_Y(geom), sums.total, sums.pointless
FROM (SELECT count(geom) AS total, count(*) - count(geom) AS pointless FROM seen) AS sums
LEFT JOIN (SELECT geom FROM seen WHERE geom IS NOT NULL LIMIT :cap) AS shown ON true
"""


def incidents_in_view(
    session: Session,
    box: Box,
    *,
    start: datetime,
    end: datetime,
    scope: str = "",
    categories: Sequence[int] | None = None,
) -> Points:
    """Return incidents with a grid inside a box of degrees, up to POINT_CAP of them.

    The way leads through the grids: a box alone would scan the scope once policies stand.
    """
    west, south, east, north = box
    statement = _INCIDENTS.format(
        scope="AND i.grid_code >= :lo AND i.grid_code < :hi" if scope else "",
        categories="AND i.category_id = ANY (:categories)" if categories is not None else "",
    )
    values: dict[str, Any] = {
        "west": west, "south": south, "east": east, "north": north,
        "start": start, "end": end, "cap": POINT_CAP,
    }  # fmt: skip
    if scope:
        values |= {"lo": scope, "hi": scope + AFTER_EVERYTHING}
    if categories is not None:
        values["categories"] = list(categories)
    return _points(session.execute(text(statement), values).all())


def _points(rows: Sequence[Any]) -> Points:
    table = np.array([tuple(row) for row in rows], dtype=np.float64)
    total, pointless = int(table[0, 2]), int(table[0, 3])
    places = table[:, :2] if total else table[:0, :2]
    return Points(total, pointless, places[:, 0], places[:, 1])


@dataclass(frozen=True)
class ResourcesInView:
    """Resources in view: equally long lists."""

    total: int
    rows: Sequence[Any]
    """lon, lat, kind, status, name, total."""


_RESOURCES = """
WITH box AS (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4326) AS geom),
near AS (SELECT array(SELECT v.grid_id FROM grid_versions v, box
                      WHERE v.geom && box.geom AND upper_inf(v.valid)) AS ids),
seen AS MATERIALIZED (
  SELECT r.id, r.geom, r.kind, r.status, r.name FROM resources r, box, near
  WHERE r.grid_id = ANY (near.ids) AND r.geom && box.geom AND r.kind = ANY (:kinds) {scope}
  UNION ALL
  SELECT r.id, r.geom, r.kind, r.status, r.name FROM resources r, box
  WHERE r.grid_id IS NULL AND r.geom && box.geom AND r.kind = ANY (:kinds) {scope}
)
SELECT ST_X(geom), ST_Y(geom), kind, status, name, count(*) OVER () FROM seen
ORDER BY id LIMIT :cap
"""


def resources_in_view(
    session: Session, box: Box, *, kinds: Sequence[str], scope: str = ""
) -> ResourcesInView:
    """Return resources of some kinds inside a box of degrees, up to POINT_CAP of them.

    The way leads through the grids in view, as for incidents; what lies in no grid is few.
    """
    west, south, east, north = box
    inside = "AND r.grid_code >= :lo AND r.grid_code < :hi" if scope else ""
    values: dict[str, Any] = {
        "west": west, "south": south, "east": east, "north": north, "cap": POINT_CAP,
        "kinds": list(kinds), "lo": scope, "hi": scope + AFTER_EVERYTHING,
    }  # fmt: skip
    rows = session.execute(text(_RESOURCES.format(scope=inside)), values).all()
    return ResourcesInView(int(rows[0][5]) if rows else 0, rows)


@dataclass(frozen=True)
class Hit:
    """One answer to a search."""

    kind: str
    """division, grid or address."""
    code: str
    name: str
    detail: str


def search(session: Session, words: str, *, scope: str = "", limit: int = 6) -> list[Hit]:
    """Return grids, divisions and addresses in which every word occurs, best kinds first."""
    grids = session.execute(
        select(Grid.code, Grid.name, Grid.kind)
        .where(Grid.valid_to.is_(None), matches_words(words, Grid.name, code=Grid.code),
               *below(Grid.code, scope))
        .order_by(func.lower(Grid.name) != words.lower(), Grid.code != words, Grid.code)
        .limit(limit)
    ).all()  # fmt: skip
    divisions = session.execute(
        select(Division.code, Division.name, Division.kind)
        .where(matches_words(words, Division.name, code=Division.code),
               *below(Division.code, scope))
        .order_by(func.length(Division.code), Division.code)
        .limit(limit)
    ).all()  # fmt: skip
    places = session.execute(
        select(Place.grid_code, func.coalesce(Place.address, Place.name), Place.name)
        .where(Place.grid_code != "",
               matches_words(words, Place.address, Place.name),
               *below(Place.grid_code, scope))
        .order_by(Place.id)
        .limit(limit)
    ).all()  # fmt: skip
    return [
        *(Hit("division", code, name, kind) for code, name, kind in divisions),
        *(Hit("grid", code, name or code, kind) for code, name, kind in grids),
        *(Hit("address", code, address or name, name) for code, address, name in places),
    ]
