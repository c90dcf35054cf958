"""Counting incidents per grid over a window of local days."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.clock import first_of_month, local_midnight, month_number
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.incidents.rollups import ALL_CATEGORIES


@dataclass(frozen=True)
class Window:
    """Local days, start <= day < end, in the city's zone."""

    start: date
    end: date
    zone: str

    @property
    def begins(self) -> datetime:
        """Return the instant at which the window begins."""
        return local_midnight(self.start, self.zone)

    @property
    def ends(self) -> datetime:
        """Return the first instant after the window."""
        return local_midnight(self.end, self.zone)

    @property
    def whole_months(self) -> tuple[date, date] | None:
        """Return the first whole month and the month after the last one; None if there is none."""
        first = self.start if self.start.day == 1 else first_of_month(month_number(self.start) + 1)
        last = self.end.replace(day=1)
        return (first, last) if first < last else None


@dataclass(frozen=True)
class GridCounts:
    """Incidents per grid: equally long arrays; empty grids are absent.

    Attributes:
        grid_ids: shape (k,).
        counts: shape (k,).
        unlinked: how many more lie in the scope and in no grid.
    """

    grid_ids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    unlinked: int


def count_by_grid(
    session: Session, window: Window, *, scope: str = "", categories: list[int] | None = None
) -> GridCounts:
    """Count the incidents of a window per grid.

    Whole months come from the roll-up, the days before and behind them from the index.

    Args:
        session: the transaction.
        window: local days.
        scope: beginning of the grid codes that count; '' for all.
        categories: ids; None for all, an empty list for none.
    """
    by_category = categories is not None
    parts, values = _parts(
        window,
        column="grid_id",
        months="category_id = " + ("ANY(:categories)" if by_category else str(ALL_CATEGORIES)),
        days=" AND category_id = ANY(:categories)" if by_category else "",
    )
    values |= {"lo": scope, "hi": scope + AFTER_EVERYTHING, "categories": categories or []}
    inside = " AND grid_code >= :lo AND grid_code < :hi" if scope else ""
    union = " UNION ALL ".join(part + inside + " GROUP BY grid_id" for part in parts)
    grids, counts = session.execute(
        text(
            "SELECT array_agg(grid_id), array_agg(n) FROM "
            f"(SELECT grid_id, sum(n)::int AS n FROM ({union}) AS parts GROUP BY grid_id "
            "HAVING sum(n) > 0) AS sums"
        ),
        values,
    ).one()
    ids = np.array([-1 if grid is None else grid for grid in grids or []], dtype=np.int64)
    found = np.array(counts or [], dtype=np.int64)
    linked = ids >= 0
    return GridCounts(ids[linked], found[linked], int(found[~linked].sum()))


@dataclass(frozen=True)
class PlacedIncidents:
    """Incidents with their places: equally long arrays.

    Attributes:
        ids: of the incidents.
        lon, lat: NaN where only the grid is known.
        grid_ids: the grids in which they lie now; −1 for none.
    """

    ids: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    grid_ids: npt.NDArray[np.int64]


def incidents_in_grids(
    session: Session,
    window: Window,
    *,
    grid_ids: npt.NDArray[np.int64],
    row_ids: list[int],
    categories: list[int] | None,
) -> PlacedIncidents:
    """Return the incidents of a window in some grids, and some others by their ids."""
    by_category = "" if categories is None else " AND category_id = ANY(:categories)"
    rows = session.execute(
        text(
            "SELECT id, ST_X(geom), ST_Y(geom), coalesce(grid_id, -1) FROM incidents "
            "WHERE occurred_from >= :begins AND occurred_from < :ends "
            f"AND (grid_id = ANY(:grids) OR id = ANY(:rows)){by_category}"
        ),
        {
            "begins": window.begins,
            "ends": window.ends,
            "grids": grid_ids.tolist(),
            "rows": row_ids,
            "categories": categories or [],
        },
    ).all()
    ids, lon, lat, grids = list(zip(*rows, strict=True)) or [()] * 4
    return PlacedIncidents(
        np.array(ids, dtype=np.int64),
        np.array(lon, dtype=np.float64),
        np.array(lat, dtype=np.float64),
        np.array(grids, dtype=np.int64),
    )


def count_by_category(session: Session, window: Window, *, scope: str = "") -> dict[int, int]:
    """Return category id → incidents of a window in grids of a scope; others are absent."""
    parts, values = _parts(
        window, column="category_id", months=f"category_id <> {ALL_CATEGORIES}", days=""
    )
    values |= {"lo": scope, "hi": scope + AFTER_EVERYTHING}
    inside = " AND grid_id IS NOT NULL AND grid_code >= :lo AND grid_code < :hi"
    union = " UNION ALL ".join(part + inside + " GROUP BY category_id" for part in parts)
    rows = session.execute(
        text(f"SELECT category_id, sum(n)::int FROM ({union}) AS parts GROUP BY category_id"),
        values,
    )
    return {category: n for category, n in rows if n}


def _parts(
    window: Window, *, column: str, months: str, days: str
) -> tuple[list[str], dict[str, Any]]:
    """Return one SELECT for each piece of the window.

    Args:
        window: local days.
        column: what is counted by.
        months: condition on the roll-up.
        days: further conditions on incidents, each after an AND.
    """
    from_index = (
        f"SELECT {column}, count(*) AS n FROM incidents "
        "WHERE occurred_from >= :{0} AND occurred_from < :{1}" + days
    )
    whole = window.whole_months
    if whole is None:
        return [from_index.format("begins", "ends")], {
            "begins": window.begins,
            "ends": window.ends,
        }
    first, last = whole
    parts = [
        f"SELECT {column}, sum({_before('last_month')} - {_before('first_month')}) AS n "
        f"FROM incident_months WHERE {months}"
    ]
    values: dict[str, Any] = {"first_month": month_number(first), "last_month": month_number(last)}
    if window.start < first:
        parts.append(from_index.format("begins", "first"))
        values |= {"begins": window.begins, "first": local_midnight(first, window.zone)}
    if last < window.end:
        parts.append(from_index.format("last", "ends"))
        values |= {"last": local_midnight(last, window.zone), "ends": window.ends}
    return parts, values


def _before(month: str) -> str:
    """Return SQL for the count before a month; an element outside the array is NULL."""
    return (
        f"coalesce(cumulative[least(:{month} - incident_months.first_month, "
        "cardinality(cumulative))], 0)"
    )
