"""Every statement on batches."""

from collections.abc import Sequence

from sqlalchemy import column, exists, select
from sqlalchemy import table as table_named
from sqlalchemy.orm import Session

from gridmap.batches.models import Batch


def batch_by_id(session: Session, batch_id: int, *, lock: bool = False) -> Batch | None:
    """Return one batch; with `lock`, nobody else can undo it meanwhile."""
    statement = select(Batch).where(Batch.id == batch_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def newest_batches(session: Session, *, limit: int, offset: int = 0) -> Sequence[Batch]:
    """Return batches, the newest first."""
    return session.scalars(
        select(Batch).order_by(Batch.id.desc()).limit(limit).offset(offset)
    ).all()


def sample_batches(session: Session) -> Sequence[Batch]:
    """Return what the sample city consists of, the newest first; empty when it is not loaded."""
    return session.scalars(
        select(Batch).where(Batch.is_sample, Batch.undone_at.is_(None)).order_by(Batch.id.desc())
    ).all()


def has_real_batches(session: Session, *, kind: str | None = None) -> bool:
    """Return whether anything (of a kind) but the sample city was imported and stands."""
    statement = exists().where(~Batch.is_sample, Batch.undone_at.is_(None))
    if kind is not None:
        statement = statement.where(Batch.kind == kind)
    return bool(session.scalar(select(statement)))


def has_rows(session: Session, table: str, batch_id: int) -> bool:
    """Return whether rows of a table were brought by one import, of those that may be seen."""
    rows = table_named(table, column("batch_id"))
    return bool(session.scalar(select(exists().where(rows.c.batch_id == batch_id))))
