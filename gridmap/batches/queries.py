"""Every statement on batches."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from gridmap.batches.models import Batch


def batch_by_id(session: Session, batch_id: int, *, lock: bool = False) -> Batch | None:
    """Return one batch; with `lock`, nobody else can undo it meanwhile."""
    statement = select(Batch).where(Batch.id == batch_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def newest_batches(
    session: Session, *, limit: int = 100, kind: str | None = None, offset: int = 0
) -> Sequence[Batch]:
    """Return batches, the newest first."""
    statement = select(Batch).order_by(Batch.id.desc()).limit(limit).offset(offset)
    if kind:
        statement = statement.where(Batch.kind == kind)
    return session.scalars(statement).all()


def sample_batches(session: Session) -> Sequence[Batch]:
    """Return what the sample city consists of, the newest first; empty when it is not loaded."""
    return session.scalars(
        select(Batch).where(Batch.is_sample, Batch.undone_at.is_(None)).order_by(Batch.id.desc())
    ).all()


def has_real_batches(session: Session) -> bool:
    """Return whether anything but the sample city was imported and not taken back."""
    found = session.scalar(select(exists().where(~Batch.is_sample, Batch.undone_at.is_(None))))
    return bool(found)


def freshness(session: Session, kind: str) -> Batch | None:
    """Return the newest batch of a kind that stands."""
    return session.scalar(
        select(Batch)
        .where(Batch.kind == kind, Batch.undone_at.is_(None), Batch.finished_at.is_not(None))
        .order_by(Batch.id.desc())
        .limit(1)
    )
