"""What is done with the register of residents as a whole: imports, counts, grids that changed."""

from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.city import bump, lock_register, today
from gridmap.core.database import as_system
from gridmap.grids.displaced import displaced, list_moved, move_by_rule, rows_by_rule
from gridmap.grids.located_queries import link, relink
from gridmap.grids.locator import current_grids
from gridmap.grids.news import GridsChanged, Redrawn
from gridmap.grids.queries import replace_register_counts
from gridmap.intake import ResidentRows
from gridmap.residents import queries
from gridmap.residents.imports import find_homes, store
from gridmap.residents.models import Residence

REGISTER = "residents"


def import_residents(
    session: Session,
    batch: Batch,
    rows: ResidentRows,
    *,
    rejected: int,
    day: date | None = None,
) -> Counts:
    """Store the usable rows of one file, texts encrypted, and count the grids anew.

    A row that is here already, or whose person has a residence of that kind in those days, is
    left out and counted as a duplicate.

    Args:
        session: the transaction of the import.
        batch: the open batch; rows without a grid carry the code of its scope.
        rows: what intake made of the file.
        rejected: rows that cannot be used.
        day: from when rows hold that do not say it; today.
    """
    lock_register(session, REGISTER)
    homes = find_homes(session, rows, scope=batch.grid_code)
    now = today(session)
    done = store(session, batch, rows, homes, since=day or now, today=now)
    stored = int(done.new.sum())
    if stored:
        count_people(session, grid_ids=np.unique(homes.links.grid_ids[done.new]))
        bump(session, REGISTER)
    unlinked = int((done.new & homes.links.unlinked).sum())
    return Counts(
        read=rows.read,
        stored=stored,
        linked=stored - unlinked,
        unlinked=unlinked,
        duplicate=len(rows) - stored + rows.duplicate_in_file,
        rejected=rejected,
    )


def undo_residents(session: Session, batch: Batch) -> int:
    """Delete the residences that one import brought, and persons who have no other."""
    lock_register(session, REGISTER)
    residents, grids = queries.delete_residences_of(session, batch.id)
    if residents.size:
        persons = np.unique(residents)
        with as_system(session):
            queries.delete_homeless(session, persons)
        settle_persons(session, persons, grid_ids=grids)
        bump(session, REGISTER)
    return int(residents.size)


def settle_persons(session: Session, persons: queries.Ids, *, grid_ids: queries.Ids) -> None:
    """Let persons belong to where they live today, and count the grids that are concerned.

    All residences of a person count, also those outside the scope of whoever acts.

    Args:
        session: the transaction.
        persons: ids.
        grid_ids: grids in which they lived; those in which they live now are counted too.
    """
    with as_system(session):
        queries.settle_grid_codes(session, day=today(session), ids=persons)
        now = queries.grids_of(session, persons)
        count_people(session, grid_ids=np.union1d(grid_ids, now))


def count_people(session: Session, *, grid_ids: queries.Ids | None = None) -> int:
    """Write down how many residents each grid has today; returns how many were counted.

    Args:
        session: the transaction.
        grid_ids: None for all grids.
    """
    day = today(session)
    if grid_ids is not None:
        grid_ids = grid_ids[grid_ids > 0]
    counts = queries.count_living(session, day=day, grid_ids=grid_ids)
    replace_register_counts(session, day=day, counts=counts, of_grids=grid_ids)
    bump(session, "population")
    return sum(counts.values())


def settle(session: Session) -> tuple[int, int]:
    """Move persons to where they live by today, and count all grids: once a day.

    Returns:
        How many persons belong to another grid now, and how many live in grids.
    """
    lock_register(session, REGISTER)
    moved = queries.settle_grid_codes(session, day=today(session))
    counted = count_people(session)
    bump(session, REGISTER)
    return moved, counted


def follow_grids(news: GridsChanged) -> None:
    """Link residences anew when grids came or went; persons go with them."""
    session = news.session
    lock_register(session, REGISTER)
    if not queries.any_resident(session):
        return
    if news.redrawn is not None:
        _follow_redrawn(session, news.redrawn)
        return
    linked = relink(session, Residence, current_grids(session), news.removed_ids)
    linked += queries.link_by_codes(session)
    if linked or news.removed_ids:
        queries.settle_grid_codes(session, day=today(session))
        count_people(session)
        bump(session, REGISTER)


def _follow_redrawn(session: Session, redrawn: Redrawn) -> None:
    """Give residences the grid in which they lie now; ended ones too, their persons with them."""
    found = displaced(session, Residence, redrawn)
    by_rule = rows_by_rule(session, Residence, redrawn, place=Residence.code_given)
    if found.ids.size:
        link(session, Residence, found.ids, found.links)
    move_by_rule(session, Residence, by_rule)
    list_moved(session, redrawn, "residences", by_rule, by_rule=True)
    ids = np.concatenate([found.ids, np.array([row.id for row in by_rule], dtype=np.int64)])
    persons = queries.persons_of(session, ids)
    queries.settle_grid_codes(session, day=today(session), ids=persons)
    count_people(session, grid_ids=np.array(redrawn.part_ids, dtype=np.int64))
    bump(session, REGISTER)


def any_resident(session: Session) -> bool:
    """Return whether anybody is in the register."""
    return queries.any_resident(session)
