"""What is done with divisions and grids: bring them in, take them back."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy.orm import Session

from gridmap.analysis.areas import area_m2
from gridmap.analysis.codes import code_conflicts
from gridmap.analysis.neighbours import queen_pairs
from gridmap.batches.counts import Counts
from gridmap.batches.errors import BatchInUse
from gridmap.batches.models import Batch
from gridmap.core.city import bump, lock_register
from gridmap.core.geometry import Geometries, to_web_mercator
from gridmap.grids import borders, change_queries, queries, topology
from gridmap.grids.errors import BorderDiffers, CodesConflict, NoSuchGrids
from gridmap.grids.locator import current_grids
from gridmap.grids.news import GridsChanged, grids_changed
from gridmap.grids.queries import GridTable, NewGrids
from gridmap.grids.redraw_errors import ChangesStand, CodeEnded
from gridmap.grids.topology import TopologySummary
from gridmap.intake import AreaRows, PopulationRows

SAME_BORDER_M2 = 1.0
"""Two borders that differ by no more than this are one border, written down twice."""
SINCE = date(1970, 1, 1)
"""Grids that come without a date hold for all the incidents that a city has."""


@dataclass(frozen=True)
class GridsImported:
    """What became of a file of grids."""

    counts: Counts
    topology: TopologySummary
    without_division: int


def import_grids(
    session: Session, batch: Batch, rows: AreaRows, *, rejected: int, repair: bool
) -> GridsImported:
    """Store the grids of one file and everything that is derived from their borders.

    Raises:
        CodesConflict: a code begins another.
        BorderDiffers: a grid of the same code has another border.
        GridsOverlap: grids overlap, and `repair` is off.
        CodeEnded: a grid of this code has ended.
    """
    lock_register(session, "grids")
    there = queries.current_grids(session)
    _check_codes(rows.code, there.codes)
    _refuse_ended(session, rows.code)
    new = ~_known(rows, there)
    geometries, summary = topology.check(rows.code[new], rows.geometry[new], there, repair=repair)
    new[new] = summary.keep
    geometries = geometries[summary.keep]
    if new.any():
        _store(session, batch, rows, new, geometries, there)
        bump(session, "grids")
        grids_changed.send(GridsChanged(session, []))
    stored, vanished = int(new.sum()), int((~summary.keep).sum())
    counts = Counts(
        read=rows.read,
        stored=stored,
        linked=stored,
        unlinked=0,
        duplicate=len(rows) - stored - vanished + rows.duplicate_in_file,
        rejected=rejected + vanished,
    )
    return GridsImported(counts, summary, queries.codes_without_division(session))


def _check_codes(codes: npt.NDArray[np.object_], there: npt.NDArray[np.object_]) -> None:
    conflicts = code_conflicts(codes.tolist(), there.tolist())
    if conflicts.prefixes:
        short, long = conflicts.prefixes[0]
        raise CodesConflict(
            short=short,
            long=long,
            count=len(conflicts.prefixes),
            width=max(map(len, codes.tolist())),
        )


def _refuse_ended(session: Session, codes: npt.NDArray[np.object_]) -> None:
    ended = change_queries.ended_among(session, codes.tolist())
    if ended:
        raise CodeEnded(grid=ended[0][0], day=ended[0][1], count=len(ended))


def _known(rows: AreaRows, there: GridTable) -> npt.NDArray[np.bool_]:
    """Return which rows are grids that exist already, with the same border."""
    position = {code: index for index, code in enumerate(there.codes.tolist())}
    match = np.array([position.get(code, -1) for code in rows.code.tolist()], dtype=np.int64)
    known = match >= 0
    apart = shapely.symmetric_difference(rows.geometry[known], there.geometries[match[known]])
    differs = area_m2(np.asarray(apart, dtype=object)) > SAME_BORDER_M2
    if differs.any():
        first = rows.code[known][differs][0]
        raise BorderDiffers(grid=first, count=int(differs.sum()))
    return known


def _store(
    session: Session,
    batch: Batch,
    rows: AreaRows,
    new: npt.NDArray[np.bool_],
    geometries: Geometries,
    there: GridTable,
) -> None:
    """Store new grids; simplify and neighbour them together with those that are there."""
    order = np.argsort(rows.code[new].astype(str), kind="stable")
    codes, geometries = rows.code[new][order], borders.multipolygons(geometries)[order]
    ids = queries.take_ids(session, "grids", codes.size)
    mercator, points, widths = borders.derived(geometries)
    there_mercator = to_web_mercator(there.geometries)
    low = borders.simplified(np.concatenate([mercator, there_mercator]))
    kinds = np.where(rows.kind[new][order] == "", "base", rows.kind[new][order])
    names = np.where(rows.name[new][order] == "", codes, rows.name[new][order])
    queries.insert_grids(
        session,
        NewGrids(
            ids=ids,
            codes=codes,
            names=names,
            kinds=kinds,
            communities=np.array([_community(code) for code in codes.tolist()], dtype=object),
            geometries=geometries,
            mercator=mercator,
            simplified=low[: ids.size],
            labels=points,
            label_widths_m=widths,
            area_m2=area_m2(geometries),
        ),
        batch_id=batch.id,
        since=SINCE,
    )
    if there.ids.size:
        queries.replace_simplified(session, there.ids, low[ids.size :])
    _store_neighbours(
        session,
        np.concatenate([ids, there.ids]),
        np.concatenate([geometries, there.geometries]),
    )


def _store_neighbours(session: Session, ids: npt.NDArray[np.int64], geometries: Geometries) -> None:
    one, other = queen_pairs(geometries)
    queries.replace_neighbours(session, ids[one], ids[other])


def _community(code: str) -> str | None:
    """Return the community of a code in the 12 + 3 digit scheme, None for any other."""
    return code[:12] if len(code) == 15 and code.isdecimal() else None


def undo_grids(session: Session, batch: Batch) -> int:
    """Delete the grids that one import brought; what lay in them is unlinked again.

    Raises:
        BatchInUse: counts of people stand on these grids; they would be lost.
        ChangesStand: grids of another import were joined with these.
    """
    lock_register(session, "grids")
    counted = queries.population_batches_on(session, batch.id)
    if counted:
        numbers = ", ".join(str(number) for number in counted)
        raise BatchInUse(batch=batch.id, imports=numbers)
    joined = change_queries.batch_joined_with(session, batch.id)
    if joined is not None:
        raise ChangesStand(batch=joined)
    change_queries.forget_changes_of(session, batch.id)
    removed = queries.delete_grids_of(session, batch.id)
    bump(session, "grids", "population")
    grids_changed.send(GridsChanged(session, removed))
    return len(removed)


def import_divisions(session: Session, batch: Batch, rows: AreaRows, *, rejected: int) -> Counts:
    """Store the divisions of one file; one that is there already is left as it is."""
    lock_register(session, "divisions")
    there = queries.existing_divisions(session, rows.code.tolist())
    new = ~np.isin(rows.code.astype(str), np.array(sorted(there), dtype=str))
    if new.any():
        kinds = np.where(rows.kind[new] == "", "division", rows.kind[new])
        queries.insert_divisions(
            session,
            batch.id,
            codes=rows.code[new],
            names=rows.name[new],
            kinds=kinds,
            geometries=rows.geometry[new],
        )
        bump(session, "divisions")
    stored = int(new.sum())
    return Counts(
        read=rows.read,
        stored=stored,
        linked=stored,
        unlinked=0,
        duplicate=len(rows) - stored + rows.duplicate_in_file,
        rejected=rejected,
    )


def undo_divisions(session: Session, batch: Batch) -> int:
    """Delete the divisions that one import brought."""
    lock_register(session, "divisions")
    rows = int(batch.counts.get("stored", 0))
    queries.delete_divisions_of(session, batch.id)
    bump(session, "divisions")
    return rows


def import_population(
    session: Session, batch: Batch, rows: PopulationRows, *, day: date, rejected: int
) -> Counts:
    """Store counts of people per grid; counts at points are added up per grid.

    Raises:
        NoSuchGrids: a row names a grid that does not exist.
    """
    lock_register(session, "population")
    grids = current_grids(session)
    if rows.grid_code is not None:
        links = grids.of_codes(rows.grid_code)
        if links.unlinked.any():
            missing = rows.grid_code[links.unlinked]
            raise NoSuchGrids(count=int(links.unlinked.sum()), grid=missing[0])
    else:
        links = grids.at_points(rows.lon, rows.lat)
    inside = ~links.unlinked
    ids, index = np.unique(links.grid_ids[inside], return_inverse=True)
    totals = np.bincount(index, weights=rows.count[inside], minlength=ids.size)
    fresh = queries.insert_population(
        session, batch.id, grid_ids=ids, day=day, counts=totals, source=batch.source
    )
    stored = np.isin(links.grid_ids, ids[np.isin(ids, fresh)])
    if fresh.size:
        bump(session, "population")
    linked, outside = int(stored.sum()), int((~inside).sum())
    return Counts(
        read=rows.read,
        stored=linked + outside,
        linked=linked,
        unlinked=outside,
        duplicate=len(rows) - linked - outside + rows.duplicate_in_file,
        rejected=rejected,
    )


def undo_population(session: Session, batch: Batch) -> int:
    """Delete the counts that one import brought."""
    lock_register(session, "population")
    rows = int(batch.counts.get("stored", 0))
    queries.delete_population_of(session, batch.id)
    bump(session, "population")
    return rows
