"""Every statement that brings residents in or moves them; those behind pages: page_queries."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows
from gridmap.residents.models import BY_HAND, ErasedRow, Residence, Resident

Ids = npt.NDArray[np.int64]

# Where somebody is now, else was last: in force before ended, living before registered.
_PRESENT = """
SELECT DISTINCT ON (resident_id) resident_id, grid_code
FROM residences
WHERE {which}
ORDER BY resident_id, (valid @> CAST(:day AS date)) DESC,
  array_position(ARRAY['resident', 'temporary', 'registered'], kind::text), lower(valid) DESC, id
"""


def residents_of_identities(session: Session, indexes: Sequence[bytes]) -> dict[bytes, int]:
    """Return blind index of an identity number → the person, of those that may be seen."""
    if not indexes:
        return {}
    rows = session.execute(
        select(Resident.identity_index, func.min(Resident.id))
        .where(Resident.identity_index == func.any(list(indexes)))
        .group_by(Resident.identity_index)
    )
    return {bytes(index): resident for index, resident in rows if index is not None}


def known_source_ids(session: Session, source: str, source_ids: Sequence[str]) -> set[str]:
    """Return those rows of a source that are here already, of those that may be seen."""
    return set(
        session.scalars(
            select(Residence.source_id).where(
                Residence.source == source, Residence.source_id == func.any(list(source_ids))
            )
        )
    )


def erased_source_ids(session: Session, source: str, source_ids: Sequence[str]) -> set[str]:
    """Return those rows of a source whose persons were erased. Run as the system."""
    return set(
        session.scalars(
            select(ErasedRow.source_id).where(
                ErasedRow.source == source, ErasedRow.source_id == func.any(list(source_ids))
            )
        )
    )


def remember_erased(session: Session, resident_id: int, grid_code: str) -> None:
    """Keep the keyed indexes of the rows that brought a person. Run as the system."""
    session.execute(
        text(
            "INSERT INTO erased_rows (source_id, source, grid_code) "
            "SELECT source_id, source, :code FROM residences "
            "WHERE resident_id = :resident AND source <> :by_hand ON CONFLICT DO NOTHING"
        ),
        {"resident": resident_id, "code": grid_code, "by_hand": BY_HAND},
    )


def insert_residents(session: Session, columns: Mapping[str, Column]) -> None:
    """Store persons; ids are taken beforehand."""
    _insert(session, "residents", columns, returning=False)


def insert_residences(session: Session, columns: Mapping[str, Column]) -> Ids:
    """Store residences but for those that are here already, or at the same time as another one.

    Returns:
        The ids of those that were stored.
    """
    return _insert(session, "residences", columns, returning=True)


def _insert(session: Session, table: str, columns: Mapping[str, Column], *, returning: bool) -> Ids:
    """Bring columns in: COPY is refused where policies guard, so it goes through a stage."""
    names = ", ".join(columns)
    stage = f"staged_{table}"
    session.execute(text(f"CREATE TEMP TABLE {stage} (LIKE {table}) ON COMMIT DROP"))
    for column in session.scalars(
        text(
            "SELECT attname FROM pg_attribute "
            "WHERE attrelid = CAST(:stage AS regclass) AND attnum > 0 AND attnotnull"
        ),
        {"stage": stage},
    ).all():
        session.execute(text(f'ALTER TABLE {stage} ALTER "{column}" DROP NOT NULL'))
    targets = sources = names
    if "since" in columns:
        session.execute(text(f"ALTER TABLE {stage} ADD since date, ADD until date"))
        plain = ", ".join(name for name in columns if name not in ("since", "until"))
        targets, sources = f"{plain}, valid", f"{plain}, daterange(since, until)"
    copy_rows(session, stage, columns)
    statement = (
        f"INSERT INTO {table} ({targets}) SELECT {sources} FROM {stage} ORDER BY id "
        "ON CONFLICT DO NOTHING"
    )
    stored: Sequence[int] = []
    if returning:
        stored = session.scalars(text(f"{statement} RETURNING id")).all()
    else:
        session.execute(text(statement))
    session.execute(text(f"DROP TABLE {stage}"))
    return np.array(stored, dtype=np.int64)


def delete_homeless(session: Session, ids: Ids) -> int:
    """Delete those of some persons that have no residence; returns how many.

    Run as the system: a residence that may not be seen is one too.
    """
    gone = session.execute(
        delete(Resident)
        .where(
            Resident.id == func.any(ids.tolist()),
            ~exists().where(Residence.resident_id == Resident.id),
        )
        .returning(Resident.id)
    )
    return len(gone.all())


def delete_residences_of(session: Session, batch_id: int) -> tuple[Ids, Ids]:
    """Delete what one import brought; returns the persons and the grids of those rows."""
    gone = session.execute(
        delete(Residence)
        .where(Residence.batch_id == batch_id)
        .returning(Residence.resident_id, Residence.grid_id)
    ).all()
    residents = np.array([resident for resident, _ in gone], dtype=np.int64)
    grids = np.unique(np.array([grid or -1 for _, grid in gone], dtype=np.int64))
    return residents, grids[grids > 0]


def settle_grid_codes(session: Session, *, day: date, ids: Ids | None = None) -> int:
    """Give persons the code of where they live on a day, else lived last.

    Run as the system: of somebody with residences in two scopes all count.

    Args:
        session: the transaction.
        day: mostly today.
        ids: of persons; None for all.

    Returns:
        How many have another code now.
    """
    which = "true" if ids is None else "resident_id = ANY(:ids)"
    moved = session.execute(
        text(
            "UPDATE residents r SET grid_code = p.grid_code FROM ("
            + _PRESENT.format(which=which)
            + ") p WHERE r.id = p.resident_id AND r.grid_code <> p.grid_code RETURNING r.id"
        ),
        {"day": day} | ({} if ids is None else {"ids": ids.tolist()}),
    ).all()
    if moved:
        session.execute(
            text(
                "UPDATE resident_versions v SET grid_code = r.grid_code FROM residents r "
                "WHERE r.id = v.resident_id AND r.id = ANY(:ids) AND v.grid_code <> r.grid_code"
            ),
            {"ids": [resident for (resident,) in moved]},
        )
    return len(moved)


def count_living(session: Session, *, day: date, grid_ids: Ids | None = None) -> dict[int, int]:
    """Count who lives in each grid on a day, each person once; grids without anybody are absent.

    Somebody who is registered in one grid and lives in another counts where they live.

    Args:
        session: the transaction.
        day: today: persons carry the code of where they live now.
        grid_ids: None for all grids.
    """
    statement = (
        select(Residence.grid_id, func.count(Resident.id.distinct()))
        .join(Resident, Resident.id == Residence.resident_id)
        .where(
            Residence.grid_code == Resident.grid_code,
            Residence.valid.contains(day),
            Residence.grid_id.is_not(None),
        )
        .group_by(Residence.grid_id)
    )
    if grid_ids is not None:
        statement = statement.where(Residence.grid_id == func.any(grid_ids.tolist()))
    rows = session.execute(statement)
    return {grid_id: n for grid_id, n in rows if grid_id is not None}


def persons_of(session: Session, residence_ids: Ids) -> Ids:
    """Return the persons whose residences these are."""
    rows = session.scalars(
        select(Residence.resident_id)
        .where(Residence.id == func.any(residence_ids.tolist()))
        .distinct()
    )
    return np.array(rows.all(), dtype=np.int64)


def link_by_codes(session: Session) -> int:
    """Link residences that named a grid which is there by now; returns how many."""
    linked = session.execute(
        text(
            "UPDATE residences r SET grid_id = g.id, grid_code = g.code FROM grids g "
            "WHERE r.grid_id IS NULL AND g.code = r.code_given AND g.valid_to IS NULL "
            "RETURNING r.id"
        )
    )
    return len(linked.all())


def grids_of(session: Session, ids: Ids) -> Ids:
    """Return the grids in which some persons have residences."""
    found = session.scalars(
        select(Residence.grid_id)
        .where(Residence.resident_id == func.any(ids.tolist()), Residence.grid_id.is_not(None))
        .distinct()
    )
    return np.array(found.all(), dtype=np.int64)


def any_resident(session: Session) -> bool:
    """Return whether anybody is in the register, of those that may be seen."""
    return bool(session.scalar(select(exists().where(Resident.id.is_not(None)))))
