"""A new key for all that is encrypted: in batches, resumable, both keys readable meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.core.actor import SYSTEM
from gridmap.core.bulk import Column, copy_rows
from gridmap.core.database import transaction
from gridmap.core.encryption import Field, decrypt_column, encrypt_column, lock_ring
from gridmap.core.key_ring import KeyRing, add_key, retire_keys
from gridmap.residents import models as residents
from gridmap.staff import models as staff

Report = Callable[[str], None]
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class SealedTable:
    """A table with encrypted columns and, in `key_number`, the key that closed each row.

    Attributes:
        name: of the table.
        fields: its encrypted columns, as their ciphertexts are bound.
        bound_id: the column whose number ciphertexts are bound to.
        version: the column of the version, or a constant.
    """

    name: str
    fields: tuple[Field, ...]
    bound_id: str = "id"
    version: str = "version"


_PERSON = (residents.NAME, residents.IDENTITY, residents.PHONE, residents.NOTE)
SEALED = (
    SealedTable("residents", _PERSON),
    SealedTable("resident_versions", _PERSON, bound_id="resident_id"),
    SealedTable("residences", (residents.DETAIL,), version="1"),
    SealedTable("staff", (staff.NAME, staff.PHONE)),
)
"""Every table with encrypted columns; a test compares it with the models."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation did."""

    key: int
    rows: int
    resumed: bool
    retired: list[int]


def rotate(*, report: Report, rows_at_once: int = ROWS_AT_ONCE) -> Rotated:
    """Make a new key and encrypt everything with it; or end what an earlier run began.

    Each batch is one transaction, so a run that is killed loses at most one batch; the next run
    goes on. Whoever writes meanwhile uses the new key. The old keys are put aside at the end.

    Args:
        report: told after each batch.
        rows_at_once: rows of a batch.

    Raises:
        MissingKey: an old key is not there; nothing more is changed.
        WrongKey: a key file holds something else; likewise.
    """
    with transaction(SYSTEM) as session:
        ring = lock_ring(session, alone=True)  # waits for those who write under the old key
        resumed = len(ring.numbers) > 1 or any(_waiting(session, ring, t) for t in SEALED)
        if not resumed:
            ring = add_key()
            record(session, SYSTEM, "keys.rotation_begun", subject=("key", ring.current))
    report(f"key {ring.current} is in use" + (" (going on with it)" if resumed else ""))
    rows = sum(_rotate_table(table, rows_at_once, report) for table in SEALED)
    with transaction(SYSTEM) as session:
        ring = lock_ring(session, alone=True)
        left = sum(_waiting(session, ring, table) for table in SEALED)
        retired = [] if left else retire_keys()
        record(session, SYSTEM, "keys.rotated", subject=("key", ring.current), rows=rows,
               left=left, retired=retired)  # fmt: skip
    return Rotated(ring.current, rows, resumed, retired)


def _waiting(session: Session, ring: KeyRing, table: SealedTable) -> int:
    """Count rows that another key than the current one closed."""
    found = session.scalar(
        text(f"SELECT count(*) FROM {table.name} WHERE key_number <> :current"),
        {"current": ring.current},
    )
    return int(found or 0)


def _rotate_table(table: SealedTable, rows_at_once: int, report: Report) -> int:
    done, last = 0, 0
    while True:
        with transaction(SYSTEM) as session:
            ring = lock_ring(session)
            last, rows = _rotate_batch(session, ring, table, after=last, limit=rows_at_once)
        if not rows:
            return done
        done += rows
        report(f"{table.name}: {done:,} rows")


def _rotate_batch(
    session: Session, ring: KeyRing, table: SealedTable, *, after: int, limit: int
) -> tuple[int, int]:
    """Encrypt some rows anew; returns the last id and how many they were."""
    columns = [field.column for field in table.fields]
    rows = session.execute(
        text(
            f"SELECT id, {table.bound_id}, {table.version}, {', '.join(columns)} "
            f"FROM {table.name} WHERE id > :after AND key_number <> :current "
            "ORDER BY id LIMIT :limit FOR UPDATE"
        ),
        {"after": after, "current": ring.current, "limit": limit},
    ).all()
    if not rows:
        return after, 0
    ids, bound, versions = (np.array([row[at] for row in rows], dtype=np.int64) for at in range(3))
    session.execute(
        text("CREATE TEMP TABLE resealed ON COMMIT DROP AS "
             f"SELECT id, {', '.join(columns)} FROM {table.name} WITH NO DATA")
    )  # fmt: skip
    sealed = {"id": Column("int8", ids)}
    for at, field in enumerate(table.fields, start=3):
        texts = decrypt_column(field, bound, versions, [row[at] for row in rows])
        again = encrypt_column(ring, field, bound, versions, texts)
        sealed[field.column] = Column("bytes", again)
    copy_rows(session, "resealed", sealed)
    changes = ", ".join(f"{column} = s.{column}" for column in columns)
    session.execute(
        text(f"UPDATE {table.name} t SET {changes}, key_number = :current "
             "FROM resealed s WHERE t.id = s.id"),
        {"current": ring.current},
    )  # fmt: skip
    session.execute(text("DROP TABLE resealed"))
    return int(ids[-1]), len(rows)
