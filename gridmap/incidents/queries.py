"""Every statement on incidents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows
from gridmap.core.clock import first_of_month, local_date, local_midnight
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.grids.displaced import ByRule
from gridmap.grids.models import Grid
from gridmap.incidents.models import Category, CategoryWord, Incident
from gridmap.incidents.rollups import ALL_CATEGORIES, MONTH, MonthCounts, from_rows

STAGED = (
    "position int4, source_id text, occurred_from timestamptz, occurred_to timestamptz, "
    "category_id int4, word_id int4, place_given text, geom geometry(Point, 4326), "
    "x_original float8, y_original float8, grid_id int4, grid_code text"
)


def any_incident(session: Session) -> bool:
    """Return whether there is at least one."""
    return bool(session.scalar(select(exists().where(Incident.id > 0))))


def drop_indexes_if_empty(session: Session) -> bool:
    """Drop the indexes when nothing is stored yet, and say whether."""
    return bool(session.scalar(text("SELECT incidents_drop_indexes()")))


def create_indexes(session: Session) -> None:
    """Build them again."""
    session.execute(text("SELECT incidents_create_indexes()"))


def stage_incidents(session: Session, columns: Mapping[str, Column]) -> None:
    """COPY rows into a temporary table: COPY into a table with policies is refused."""
    session.execute(text(f"CREATE TEMP TABLE staged_incidents ({STAGED}) ON COMMIT DROP"))
    copy_rows(session, "staged_incidents", columns)


def insert_staged(
    session: Session, batch_id: int, *, source: str, crs: str | None, skip_known: bool
) -> int:
    """Insert the staged rows; returns how many were new.

    Args:
        session: the transaction.
        batch_id: the import that they belong to.
        source: where they come from; together with their id it makes them unique.
        crs: system of the original coordinates; None when they were not converted.
        skip_known: leave out rows that are stored already (needs the unique index).
    """
    conflict = "ON CONFLICT (source_id, source) DO NOTHING" if skip_known else ""
    result = session.execute(
        text(
            "INSERT INTO incidents (source, source_id, occurred_from, occurred_to, category_id, "
            "word_id, place_given, geom, x_original, y_original, crs_original, grid_id, grid_code, "
            "batch_id) SELECT :source, source_id, occurred_from, occurred_to, category_id, "
            "word_id, place_given, geom, x_original, y_original, :crs, grid_id, grid_code, :batch "
            f"FROM staged_incidents {conflict}"
        ),
        {"source": source, "crs": crs, "batch": batch_id},
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - an INSERT without RETURNING
    return int(result.rowcount)


def staged_that_were_new(session: Session, batch_id: int, source: str) -> npt.NDArray[np.int64]:
    """Return the positions of the staged rows that the last insert took in."""
    rows = session.scalars(
        text(
            "SELECT s.position FROM staged_incidents s JOIN incidents i "
            "ON i.source_id = s.source_id AND i.source = :source AND i.batch_id = :batch"
        ),
        {"source": source, "batch": batch_id},
    )
    return np.array(rows.all(), dtype=np.int64)


def drop_stage(session: Session) -> None:
    """Forget the staged rows."""
    session.execute(text("DROP TABLE staged_incidents"))


def delete_batch(session: Session, batch_id: int, *, zone: str) -> tuple[int, MonthCounts]:
    """Delete what one import brought; returns the rows, and what they were worth by month."""
    rows = session.execute(
        text(
            "WITH gone AS (DELETE FROM incidents WHERE batch_id = :batch "
            "RETURNING occurred_from, category_id, grid_code, grid_id) "
            f"SELECT category_id, coalesce(grid_id, -1), grid_code, {MONTH} AS month, count(*) "
            "FROM gone GROUP BY 1, 2, 3, 4"
        ),
        {"batch": batch_id, "zone": zone},
    ).all()
    worth = from_rows(rows)
    return int(worth.counts.sum()), worth


@dataclass(frozen=True)
class UnlinkedPoints:
    """Incidents without a grid: equally long arrays."""

    ids: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    place_given: npt.NDArray[np.object_]


def unlinked_points(session: Session) -> UnlinkedPoints:
    """Return all incidents without a grid."""
    rows = session.execute(
        select(Incident.id, func.ST_X(Incident.geom), func.ST_Y(Incident.geom),
               Incident.place_given)
        .where(Incident.grid_id.is_(None))
    ).all()  # fmt: skip
    return UnlinkedPoints(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        lon=np.array([row[1] for row in rows], dtype=np.float64),
        lat=np.array([row[2] for row in rows], dtype=np.float64),
        place_given=np.array([row[3] or "" for row in rows], dtype=object),
    )


def incidents_in(session: Session, grid_ids: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return the ids of the incidents in grids."""
    rows = session.scalars(select(Incident.id).where(Incident.grid_id.in_(grid_ids)))
    return np.array(rows.all(), dtype=np.int64)


def unlink(session: Session, ids: npt.NDArray[np.int64]) -> None:
    """Take the grid from incidents: they fall back to the scope of whoever brought them.

    One that was placed by its grid's code keeps that code.
    """
    session.execute(
        text(
            "UPDATE incidents SET place_given = CASE WHEN geom IS NULL THEN grid_code "
            "ELSE place_given END, grid_id = NULL, grid_code = (SELECT b.grid_code FROM batches b "
            "WHERE b.id = incidents.batch_id) WHERE id = ANY(:ids)"
        ),
        {"ids": ids.tolist()},
    )


def unlinked_with_codes_of_grids(session: Session) -> npt.NDArray[np.int64]:
    """Return incidents in no grid whose scope is the code of a grid by now.

    The roll-up tells rows apart by their code, so no row outside a grid may carry the grid's.
    """
    rows = session.scalars(
        select(Incident.id)
        .join(Grid, (Grid.code == Incident.grid_code) & Grid.valid_to.is_(None))
        .where(Incident.grid_id.is_(None))
    )
    return np.array(rows.all(), dtype=np.int64)


def leave_scope(session: Session, ids: npt.NDArray[np.int64]) -> None:
    """Leave incidents in no grid to those who see everything."""
    session.execute(
        text("UPDATE incidents SET grid_code = '' WHERE id = ANY(:ids)"), {"ids": ids.tolist()}
    )


def keep_places(session: Session, rows: Sequence[ByRule]) -> None:
    """Let incidents that lost their grid by a split keep its code; others their place in words."""
    if not rows:
        return
    session.execute(
        text("UPDATE incidents SET place_given = :place WHERE id = :row"),
        [
            {"row": row.id, "place": row.old_code if row.grid_id is None else row.place_before}
            for row in rows
        ],
    )


def incidents_with_word(session: Session, word_id: int) -> npt.NDArray[np.int64]:
    """Return the ids of the incidents that a word named."""
    rows = session.scalars(select(Incident.id).where(Incident.word_id == word_id))
    return np.array(rows.all(), dtype=np.int64)


def set_category(session: Session, ids: npt.NDArray[np.int64], category_id: int) -> None:
    """Move incidents to another category."""
    session.execute(
        text("UPDATE incidents SET category_id = :category WHERE id = ANY(:ids)"),
        {"category": category_id, "ids": ids.tolist()},
    )


def all_categories(session: Session) -> Sequence[Category]:
    """Return the catalogue in the order of its codes."""
    return session.scalars(select(Category).order_by(Category.code)).all()


def category_words(session: Session) -> Sequence[Any]:
    """Return words with their category: (word row, category row), unknown ones first."""
    return session.execute(
        select(CategoryWord, Category)
        .join(Category, Category.id == CategoryWord.category_id)
        .order_by(Category.known, CategoryWord.source, CategoryWord.word)
    ).all()


def category_words_in(session: Session, prefixes: Sequence[str]) -> Sequence[Any]:
    """Return the same of words that incidents in some scopes came with, one read a scope."""
    found: set[int] = set()
    for prefix in prefixes:
        ends = {"lo": prefix, "hi": prefix + AFTER_EVERYTHING}
        found |= set(session.scalars(text(_WORDS_IN), ends))
    return session.execute(
        select(CategoryWord, Category)
        .join(Category, Category.id == CategoryWord.category_id)
        .where(CategoryWord.id.in_(sorted(found)))
        .order_by(Category.known, CategoryWord.source, CategoryWord.word)
    ).all()


_WORDS_IN = """
SELECT DISTINCT word_id FROM incidents
WHERE grid_id = ANY (array(SELECT id FROM grids WHERE code >= :lo AND code < :hi))
  AND grid_code >= :lo AND grid_code < :hi
UNION
SELECT DISTINCT word_id FROM incidents
WHERE grid_id IS NULL AND grid_code >= :lo AND grid_code < :hi
"""


def unlinked_page(
    session: Session,
    *,
    scope: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 25,
    offset: int = 0,
) -> tuple[int, Sequence[Any]]:
    """Return how many incidents have no grid, and one page of them, the newest first.

    Each row: id, source, source_id, occurred_from, category name, name_zh, lon, lat,
    place_given, batch_id.
    """
    condition: list[ColumnElement[bool]] = [Incident.grid_id.is_(None)]
    if scope:
        condition += [Incident.grid_code >= scope, Incident.grid_code < scope + AFTER_EVERYTHING]
    if start is not None:
        condition.append(Incident.occurred_from >= start)
    if end is not None:
        condition.append(Incident.occurred_from < end)
    total = session.scalar(select(func.count()).select_from(Incident).where(*condition)) or 0
    rows = session.execute(
        select(
            Incident.id, Incident.source, Incident.source_id, Incident.occurred_from,
            Category.name, Category.name_zh,
            func.ST_X(Incident.geom).label("lon"), func.ST_Y(Incident.geom).label("lat"),
            Incident.place_given, Incident.batch_id,
        )
        .join(Category, Category.id == Incident.category_id)
        .where(*condition)
        .order_by(Incident.occurred_from.desc(), Incident.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()  # fmt: skip
    return total, rows


def span_of_days(session: Session, *, zone: str, scope: str = "") -> tuple[date, date] | None:
    """Return the first local day with an incident and the day after the last; None if empty."""
    if scope:
        return _span_by_months(session, zone=zone, scope=scope, linked="")
    first = session.scalar(select(func.min(Incident.occurred_from)))
    last = session.scalar(select(func.max(Incident.occurred_from)))
    if first is None or last is None:
        return None
    return local_date(first, zone), local_date(last, zone) + timedelta(days=1)


_MONTHS = """
SELECT min(first_month + coalesce(cardinality(array_positions(cumulative, 0)), 0)),
  max(first_month + array_position(cumulative, cumulative[cardinality(cumulative)]))
FROM incident_months
WHERE category_id = :all {linked} AND grid_code >= :lo AND grid_code < :hi
"""
_ENDS = """
SELECT
  (SELECT min(occurred_from) FROM incidents WHERE occurred_from >= :begins
     AND occurred_from < :second {linked} AND grid_code >= :lo AND grid_code < :hi),
  (SELECT max(occurred_from) FROM incidents WHERE occurred_from >= :last
     AND occurred_from < :ends {linked} AND grid_code >= :lo AND grid_code < :hi)
"""


def span_of_linked_days(
    session: Session, *, zone: str, scope: str = ""
) -> tuple[date, date] | None:
    """Return the same of incidents in grids of a scope alone."""
    return _span_by_months(session, zone=zone, scope=scope, linked="AND grid_id IS NOT NULL")


def _span_by_months(
    session: Session, *, zone: str, scope: str, linked: str
) -> tuple[date, date] | None:
    """Return the span of days of a scope; the roll-up knows the months."""
    ends = {"lo": scope, "hi": scope + AFTER_EVERYTHING}
    found = session.execute(
        text(_MONTHS.format(linked=linked)), ends | {"all": ALL_CATEGORIES}
    ).one()
    if found[0] is None:
        return None
    begins, second, last, after = (
        local_midnight(first_of_month(month), zone)
        for month in (found[0], found[0] + 1, found[1] - 1, found[1])
    )
    first, newest = session.execute(
        text(_ENDS.format(linked=linked)),
        ends | {"begins": begins, "second": second, "last": last, "ends": after},
    ).one()
    return local_date(first, zone), local_date(newest, zone) + timedelta(days=1)
