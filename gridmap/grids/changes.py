"""Grids change: one is split, some are merged, a border is moved. Each in one transaction.

A change holds from the day on which it is made; a draft may wait for a later one (`drafts`). The
grids before and after tile the same ground, so only rows in them are linked anew. Whoever changes
borders needs the right to change places in the whole community; what follows from it, in
registers that they may not see, is done by the system (`core.database.as_system`).
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import shapely
from sqlalchemy.orm import Session

from gridmap.analysis.areas import area_m2
from gridmap.analysis.neighbours import queen_pairs
from gridmap.audit.actions import record
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import Actor
from gridmap.core.city import bump, lock_register, today
from gridmap.core.clock import utc_now
from gridmap.core.database import as_system
from gridmap.core.geometry import Geometries
from gridmap.grids import borders
from gridmap.grids import change_queries as queries
from gridmap.grids.change_models import GridChange
from gridmap.grids.change_queries import GridRow
from gridmap.grids.locator import CurrentGrids
from gridmap.grids.news import GridsChanged, Redrawn, grids_changed
from gridmap.grids.planning import MERGE, MOVE, SPLIT, Plan, Wish, plan
from gridmap.grids.queries import (
    GridTable,
    NewGrids,
    insert_grids,
    insert_versions,
    replace_simplified,
    take_ids,
)
from gridmap.grids.redraw_errors import (
    ChangeCounted,
    ChangeHasHeld,
    NoSuchChange,
    NotLastChange,
)
from gridmap.grids.rules import first_day


def change_grids(
    session: Session, actor: Actor, wish: Wish, *, holds_from: date | None = None
) -> GridChange:
    """Draw borders anew, from today.

    Args:
        session: the transaction; other changes and imports of grids wait for it.
        actor: who may change places in the whole community.
        wish: what is to be changed.
        holds_from: None or today; another day is refused (`drafts` wait for one).

    Raises:
        BeginsInThePast, BeginsLater: the day is not today.
        GridmapError: see `planning.plan`.
    """
    day = first_day(holds_from, today(session))
    lock_register(session, "grids")
    lock_register(session, "population")
    found = plan(session, actor, wish)
    change = _carry_out(session, actor, found, day)
    record(
        session, actor, f"grids.{found.kind}", subject=("grid_change", change.id),
        where=found.community, before=change.before_codes, after=change.after_codes,
        holds_from=str(day),
    )  # fmt: skip
    return change


def _carry_out(session: Session, actor: Actor, found: Plan, day: date) -> GridChange:
    before_ids = [grid.id for grid in found.before]
    beside_ids = queries.around(session, before_ids)
    queries.close_versions(session, before_ids, day)
    after_ids = _store(session, found, day)
    if found.makes_new:
        queries.end_grids(session, before_ids, day)
        queries.add_lineage(session, before_ids, after_ids)
    if found.kind == MERGE:
        queries.add_up_people(session, before_ids, after_ids[0])
    change = GridChange(
        kind=found.kind, grid_code=found.community, holds_from=day,
        before_ids=before_ids, before_codes=[grid.code for grid in found.before],
        after_ids=after_ids, after_codes=found.codes, made_by=actor.display_name or actor.name,
    )  # fmt: skip
    session.add(change)
    session.flush()
    heirs = {}
    if found.kind == MERGE:
        heirs = dict.fromkeys(before_ids, (after_ids[0], found.codes[0]))
    _derive_and_tell(session, change, found.before, beside_ids, heirs=heirs)
    with as_system(session):
        if found.kind == SPLIT:
            queries.rights_follow_split(session, change)
        elif found.kind == MERGE:
            change.rights_left = queries.rights_naming(session, change.before_codes)
    return change


def _store(session: Session, found: Plan, day: date) -> list[int]:
    """Store the borders after a change; returns the ids of their grids."""
    n = len(found.codes)
    geometries = borders.multipolygons(found.geometries)
    mercator, points, widths = borders.derived(geometries)
    like = max(found.before, key=lambda grid: grid.area_m2)
    ids = (
        take_ids(session, "grids", n)
        if found.makes_new
        else np.array([grid.id for grid in found.before], dtype=np.int64)
    )
    new = NewGrids(
        ids=ids,
        codes=np.array(found.codes, dtype=object),
        names=np.array(found.names, dtype=object),
        kinds=np.full(n, like.kind, dtype=object),
        communities=np.full(n, like.community_code, dtype=object),
        geometries=geometries,
        mercator=mercator,
        simplified=mercator,
        labels=points,
        label_widths_m=widths,
        area_m2=area_m2(geometries),
    )
    if found.makes_new:
        insert_grids(session, new, batch_id=like.batch_id, since=day)
    else:
        insert_versions(session, new, since=day)
    return [int(id_) for id_ in ids]


def undo_change(session: Session, actor: Actor, change_id: int) -> GridChange:
    """Take a change back on the day on which it was made, as if it had never been.

    Raises:
        NoSuchChange: there is none, or it was taken back before.
        NotAllowed: the actor may not change places in the whole community.
        NotLastChange: it has held for a day, or something depends on it.
    """
    lock_register(session, "grids")
    lock_register(session, "population")
    change = queries.change_by_id(session, change_id, lock=True)
    if change is None or change.undone_at is not None:
        raise NoSuchChange(change=change_id)
    if not actor.may("place", "change", at=change.grid_code):
        raise NotAllowed
    _require_undoable(session, change)
    gone = queries.grids_by_id(session, change.after_ids)
    beside_ids = queries.around(session, change.after_ids)
    if change.kind == MOVE:
        queries.delete_newest_versions(session, change.after_ids)
    else:
        queries.delete_grids(session, change.after_ids)
        queries.end_grids(session, change.before_ids, None)
    queries.reopen_versions(session, change.before_ids, change.holds_from)
    change.undone_at = utc_now()
    _derive_and_tell(session, change, gone, beside_ids, heirs={}, back=True)
    if change.kind == SPLIT:
        with as_system(session):
            queries.rights_forget(session, change.after_codes)
    record(
        session, actor, "grids.change_undone", subject=("grid_change", change.id),
        where=change.grid_code, before=change.before_codes, after=change.after_codes,
    )  # fmt: skip
    return change


def _require_undoable(session: Session, change: GridChange) -> None:
    later = queries.later_change(session, change)
    if later is not None:
        raise NotLastChange(change=change.id, other=later)
    if change.holds_from < today(session):
        raise ChangeHasHeld(change=change.id, day=change.holds_from)
    if change.kind != MOVE and queries.people_counted_since(
        session, change.after_ids, change.before_ids
    ):
        raise ChangeCounted(change=change.id)


def _derive_and_tell(
    session: Session,
    change: GridChange,
    old: Sequence[GridRow],
    beside_ids: list[int],
    *,
    heirs: dict[int, tuple[int, str]],
    back: bool = False,
) -> None:
    """Renew what is derived from borders around a change, and let the registers follow."""
    part_ids = list(change.before_ids if back else change.after_ids)
    near = queries.grids_by_id(session, [*part_ids, *beside_ids])
    shapes = np.array([grid.geometry for grid in near], dtype=object)
    ids = np.array([grid.id for grid in near], dtype=np.int64)
    one, other = queen_pairs(shapes)
    changed = np.isin(ids, part_ids)
    kept = changed[one] | changed[other]
    pairs = list(zip(ids[one[kept]].tolist(), ids[other[kept]].tolist(), strict=True))
    old_ids = [grid.id for grid in old]
    queries.renew_neighbours(session, [*part_ids, *old_ids], pairs)
    _simplify_around(session, [*part_ids, *beside_ids])
    bump(session, "grids")
    gone = [grid for grid in old if grid.id not in part_ids]
    redrawn = Redrawn(
        change_id=change.id,
        back=back,
        community=change.grid_code,
        grids=CurrentGrids(_table(near), (ids[one], ids[other])),
        part_ids=part_ids,
        gone_ids=[grid.id for grid in gone],
        gone_codes=[grid.code for grid in gone],
        moved_ids=part_ids if change.kind == MOVE else [],
        beside_ids=beside_ids,
        edge=_edges([*(grid.geometry for grid in old), *shapes[changed].tolist()]),
        heirs=heirs,
    )
    with as_system(session):
        grids_changed.send(GridsChanged(session, [], redrawn))
    bump(session, "population")  # last: registers of people hold it while they wait for us


def _simplify_around(session: Session, grid_ids: list[int]) -> None:
    """Simplify borders of some grids for small scales, together with those beside them."""
    ids, mercator = queries.mercator_of(session, [*grid_ids, *queries.around(session, grid_ids)])
    renewed = np.isin(np.array(ids), grid_ids)
    low = borders.simplified(mercator)
    replace_simplified(session, np.array(ids, dtype=np.int64)[renewed], low[renewed])


def _table(grids: Sequence[GridRow]) -> GridTable:
    return GridTable(
        ids=np.array([grid.id for grid in grids], dtype=np.int64),
        codes=np.array([grid.code for grid in grids], dtype=object),
        names=np.array([grid.name for grid in grids], dtype=object),
        geometries=np.array([grid.geometry for grid in grids], dtype=object),
        area_m2=np.array([grid.area_m2 for grid in grids], dtype=np.float64),
    )


def _edges(shapes: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return the borders of some grids as one geometry."""
    rings: Geometries = shapely.get_parts(shapely.boundary(np.array(shapes, dtype=object)))
    return shapely.union_all(rings)
