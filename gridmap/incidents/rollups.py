"""The two roll-ups by month: what a set of incidents adds to them, and applying it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows

Months = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class MonthCounts:
    """Incidents per grid, local month and category: equally long arrays, no combination twice."""

    months: Months
    grid_ids: npt.NDArray[np.int64]
    grid_codes: npt.NDArray[np.object_]
    category_ids: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def local_months(occurred_from: npt.NDArray[np.datetime64], zone: str) -> Months:
    """Return the first day of the local month of each instant (datetime64[us], UTC)."""
    stamps = pd.DatetimeIndex(occurred_from).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return stamps.to_numpy().astype("datetime64[M]").astype("datetime64[D]")


def count_months(
    months: Months,
    grid_ids: npt.NDArray[np.int64],
    grid_codes: npt.NDArray[np.object_],
    category_ids: npt.NDArray[np.int64],
) -> MonthCounts:
    """Count rows, all arrays of shape (n,); unlinked rows carry grid id −1."""
    if not months.size:
        empty = np.empty(0, dtype=np.int64)
        return MonthCounts(months, empty, grid_codes, empty, empty)
    ids, first, grid_index = np.unique(grid_ids, return_index=True, return_inverse=True)
    month_numbers = months.astype("datetime64[M]").astype(np.int64)
    base = month_numbers.min()
    span = int(month_numbers.max() - base) + 1
    key = (category_ids * span + (month_numbers - base)) * ids.size + grid_index
    keys, counts = np.unique(key, return_counts=True)
    grids, rest = keys % ids.size, keys // ids.size
    return MonthCounts(
        months=(rest % span + base).astype("datetime64[M]").astype("datetime64[D]"),
        grid_ids=ids[grids],
        grid_codes=grid_codes[first][grids],
        category_ids=rest // span,
        counts=counts,
    )


def stage(session: Session) -> None:
    """Make the temporary table of changes."""
    session.execute(
        text(
            'CREATE TEMP TABLE month_changes (month date, grid_code text COLLATE "C", '
            "grid_id int, category_id int, n int) ON COMMIT DROP"
        )
    )


def stage_counts(session: Session, found: MonthCounts) -> None:
    """Put counts into the table of changes."""
    copy_rows(
        session,
        "month_changes",
        {
            "month": Column("date", found.months),
            "grid_code": Column("text", found.grid_codes),
            "grid_id": Column("int4", found.grid_ids, found.grid_ids < 0),
            "category_id": Column("int4", found.category_ids),
            "n": Column("int4", found.counts),
        },
    )


_ALL = (
    "INSERT INTO incident_months (month, grid_code, grid_id, n) "
    "SELECT month, grid_code, grid_id, sum(n) FROM month_changes "
    "GROUP BY month, grid_code, grid_id HAVING sum(n) <> 0"
)
_BY_CATEGORY = (
    "INSERT INTO incident_category_months (category_id, month, grid_code, grid_id, n) "
    "SELECT category_id, month, grid_code, grid_id, sum(n) FROM month_changes "
    "GROUP BY category_id, month, grid_code, grid_id HAVING sum(n) <> 0"
)


def apply_first(session: Session) -> None:
    """Store staged counts in empty roll-ups that have no index yet; drops the stage."""
    session.execute(text(_ALL))
    session.execute(text(_BY_CATEGORY))
    session.execute(text("DROP TABLE month_changes"))


def apply(session: Session) -> None:
    """Add staged counts, which may be negative, to the roll-ups; drops the stage."""
    for statement, table, key in (
        (_ALL, "incident_months", "month, grid_code"),
        (_BY_CATEGORY, "incident_category_months", "category_id, month, grid_code"),
    ):
        session.execute(
            text(f"{statement} ON CONFLICT ({key}) DO UPDATE SET n = {table}.n + excluded.n")
        )
        session.execute(text(f"DELETE FROM {table} WHERE n = 0"))
    session.execute(text("DROP TABLE month_changes"))


def rebuild(session: Session, zone: str) -> None:
    """Count everything anew: after the city's time zone changed."""
    session.execute(text("DELETE FROM incident_months"))
    session.execute(text("DELETE FROM incident_category_months"))
    stage(session)
    session.execute(
        text(
            "INSERT INTO month_changes "
            "SELECT date_trunc('month', occurred_from AT TIME ZONE :zone)::date, grid_code, "
            "grid_id, category_id, count(*) FROM incidents GROUP BY 1, 2, 3, 4"
        ),
        {"zone": zone},
    )
    apply(session)
