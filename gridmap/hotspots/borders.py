"""Counts within the borders of another day: what is counted anew, and what is said of it."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy.orm import Session

from gridmap.core.i18n import N_
from gridmap.grids import change_queries
from gridmap.grids.displaced import RowsThen, first_grids_since
from gridmap.grids.locator import CurrentGrids, current_grids, grids_on
from gridmap.grids.queries import redrawn_since
from gridmap.hotspots.queries import GridCounts, PlacedIncidents, Window, incidents_in_grids
from gridmap.hotspots.studies import Question, Warned

BORDERS_CHANGED = N_(
    "Borders in this scope changed since the window began (%(days)s). All incidents are counted "
    "within the borders of now, also those from before; borders_on gives those of another day."
)
BORDERS_THEN = N_(
    "These are the borders of %(day)s. They changed since then (%(days)s): figures within the "
    "borders of now are others."
)
MOST_DAYS = 6

Ids = npt.NDArray[np.int64]


def grids_of(session: Session, question: Question) -> CurrentGrids:
    """Return the grids within whose borders a question is answered."""
    if question.borders_on is None:
        return current_grids(session)
    return grids_on(session, question.borders_on)


def counts_then(
    session: Session,
    found: GridCounts,
    grids: CurrentGrids,
    window: Window,
    *,
    day: date,
    categories: list[int] | None,
) -> GridCounts:
    """Return counts within the borders of a day, made of those within the borders of now.

    Only incidents in grids that were drawn anew since, and in their neighbours (a point may lie
    on the very border), are located within the old borders. One without a point is where it was
    before the first change that moved it.

    Args:
        session: the transaction.
        found: counts per grid of now.
        grids: those of the day.
        window: local days.
        day: whose borders are wanted.
        categories: ids; None for all.
    """
    redrawn = redrawn_since(session, day)
    if not redrawn.size:
        return found
    concerned = np.array([*redrawn.tolist(), *change_queries.around(session, redrawn.tolist())])
    before = first_grids_since(session, "incidents", day)
    rows = incidents_in_grids(
        session, window, grid_ids=concerned, row_ids=before.ids.tolist(), categories=categories
    )
    then = _placed_then(rows, grids, before)
    kept = ~np.isin(found.grid_ids, concerned)
    moved, n = np.unique(then[then >= 0], return_counts=True)
    ids, place = np.unique(np.concatenate([found.grid_ids[kept], moved]), return_inverse=True)
    counts = np.zeros(ids.size, dtype=np.int64)
    np.add.at(counts, place, np.concatenate([found.counts[kept], n]))
    freed = int(((then >= 0) & (rows.grid_ids < 0)).sum())
    lost = int(((then < 0) & (rows.grid_ids >= 0)).sum())
    return GridCounts(ids, counts, max(found.unlinked - freed + lost, 0))


def _placed_then(rows: PlacedIncidents, grids: CurrentGrids, before: RowsThen) -> Ids:
    """Return the grid of then of each incident; −1 where that is not known."""
    then = grids.at_points(rows.lon, rows.lat).grid_ids
    between = (then < 0) & ~np.isnan(rows.lon) & (rows.grid_ids >= 0)
    if between.any():  # by rounding between two borders that tile
        tree = shapely.STRtree(grids.table.geometries)
        near = tree.nearest(shapely.points(rows.lon[between], rows.lat[between]))
        then[between] = grids.table.ids[near]
    coded = np.isnan(rows.lon)
    then[coded] = rows.grid_ids[coded]
    listed = np.isin(rows.ids, before.ids) & coded
    then[listed] = before.grid_ids[np.searchsorted(before.ids, rows.ids[listed])]
    known = grids.positions(then) >= 0
    return np.where(known, then, -1)


def warnings_of(session: Session, question: Question, start: date) -> list[Warned]:
    """Return what is to be said of borders: that they changed, or whose they are."""
    since = start if question.borders_on is None else question.borders_on
    changes = change_queries.changes_since(session, question.scope, since)
    if not changes:
        return []
    days = _days([change.holds_from for change in changes])
    if question.borders_on is None:
        return [Warned("borders_changed", BORDERS_CHANGED, {"days": days})]
    return [Warned("borders_then", BORDERS_THEN, {"day": str(since), "days": days})]


def _days(days: Sequence[date]) -> str:
    """Return some days as text, each once."""
    each = sorted({day.isoformat() for day in days})
    return ", ".join(each[:MOST_DAYS]) + (" …" if len(each) > MOST_DAYS else "")
