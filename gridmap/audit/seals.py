"""Sealing: every minute, what was written since, in one signed link of a chain.

A row may be committed later than rows with higher numbers. So seals go by transactions, not by
ids: a seal takes all rows of transactions below the oldest that still runs. Such a transaction
has ended, its rows are all there or never will be; none of it is left for later, and what still
runs comes with a later seal, whatever ids it holds.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from gridmap.audit import id_sets, queries, seal_files
from gridmap.audit.merkle import root_of
from gridmap.audit.queries import Leaf
from gridmap.audit.seal_lines import START, Seal, signed
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import utc_now
from gridmap.core.database import transaction
from gridmap.core.keys import named_key

KEY = "seals"
MOST_ROWS = 100_000
"""In one seal; more are sealed in several."""


def seal_all(*, folder: Path | None = None) -> list[Seal]:
    """Seal what is not sealed yet and copy the seals into the file; returns the new seals."""
    chosen = folder or seal_files.seal_folder()
    made: list[Seal] = []
    full = True
    while full:  # not "until nothing is new": others go on writing
        with transaction(SYSTEM) as session:
            seal = seal_once(session)
        full = seal is not None and seal.count >= MOST_ROWS
        made += [seal] if seal is not None else []
    copy_to_file(chosen)
    return made


def copy_to_file(folder: Path) -> None:
    """Append the seals that the file does not have yet (after a crash between the two)."""
    with transaction(SYSTEM) as session:
        queries.lock_seals(session)
        seal_files.append(folder, queries.seals_after(session, seal_files.last_number(folder)))


def seal_once(session: Session) -> Seal | None:
    """Store one seal over rows of transactions that have ended; None where there are none."""
    queries.lock_seals(session)
    last = queries.last_seal(session)
    limit = queries.horizon(session)
    since, above = (last.horizon, last.settled_id) if last else (0, 0)
    if limit < since:
        return _settle(session, last)
    leaves = queries.finished_rows(session, since=since, before=limit, above=above, limit=MOST_ROWS)
    if not leaves:
        return None
    if len(leaves) >= MOST_ROWS:
        limit = leaves[-1].xid + 1
    return _store(session, last, leaves, horizon=limit, settled_id=above)


def _settle(session: Session, last: Seal | None) -> Seal | None:
    """Seal the rest of what came with a database from another cluster.

    There transactions had other numbers, so ours say nothing about those rows. Nobody writes
    meanwhile: whatever has no seal and is there is taken; later rows have higher ids.
    """
    queries.lock_trail(session)
    sealed: set[int] = set()
    for seal in queries.seals_after(session, 0):
        sealed.update(id_sets.numbers(seal.ids))
    leaves = [leaf for leaf in queries.all_rows(session) if leaf.id not in sealed]
    return _store(
        session,
        last,
        leaves,
        horizon=queries.horizon(session),
        settled_id=queries.highest_id(session),
    )


def _store(
    session: Session, last: Seal | None, leaves: list[Leaf], *, horizon: int, settled_id: int
) -> Seal:
    leaves = sorted(leaves)
    seal = signed(
        Seal(
            number=last.number + 1 if last else 1,
            at=utc_now(),
            ids=id_sets.written(leaf.id for leaf in leaves),
            count=len(leaves),
            leaves=b"".join(leaf.name for leaf in leaves),
            root=root_of([leaf.hash for leaf in leaves]),
            previous=last.mac if last else START,
            horizon=horizon,
            settled_id=settled_id,
        ),
        named_key(KEY),
    )
    queries.store_seal(session, seal)
    return seal
