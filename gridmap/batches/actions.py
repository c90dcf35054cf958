"""Opening a batch before its rows, closing it behind them, taking it back."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.batches import queries
from gridmap.batches.counts import Counts
from gridmap.batches.errors import AlreadyUndone, NoSuchBatch
from gridmap.batches.models import Batch
from gridmap.core.actor import EVERYTHING, Actor
from gridmap.core.clock import utc_now


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file before its rows are stored."""

    name: str
    sha256: str
    source: str
    mapping: dict[str, Any] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    is_sample: bool = False


def open_batch(
    session: Session, actor: Actor, kind: str, facts: FileFacts, *, scope: str | None = None
) -> Batch:
    """Write down that a file is being brought in; its rows will carry the batch's id.

    Args:
        session: the transaction of the import.
        actor: who imports.
        kind: one of `models.KINDS`.
        facts: about the file.
        scope: that all rows lie in; None for the first in which the actor may import.
    """
    batch = Batch(
        kind=kind,
        file_name=facts.name,
        file_hash=facts.sha256,
        source=facts.source,
        is_sample=facts.is_sample,
        mapping=facts.mapping,
        notes=facts.notes,
        counts={},
        actor=actor.name,
        grid_code=actor.narrow(EVERYTHING, "import", "add") if scope is None else scope,
    )
    session.add(batch)
    session.flush()
    return batch


def close_batch(
    session: Session, actor: Actor, batch: Batch, counts: Counts, *, rejects_file: str | None = None
) -> None:
    """Write down what became of its rows, and one audit row for all of them."""
    counted: dict[str, Any] = counts.as_dict()
    batch.counts = counted
    batch.finished_at = utc_now()
    batch.rejects_file = rejects_file
    record(
        session,
        actor,
        f"{batch.kind}.imported",
        subject=("batch", batch.id),
        where=batch.grid_code,
        file=batch.file_name,
        sha256=batch.file_hash,
        source=batch.source,
        sample=batch.is_sample,
        **counted,
    )


def batch_to_undo(session: Session, batch_id: int) -> Batch:
    """Return a batch that may be taken back, locked.

    Raises:
        NoSuchBatch: there is none.
        AlreadyUndone: it was taken back before.
    """
    batch = queries.batch_by_id(session, batch_id, lock=True)
    if batch is None:
        raise NoSuchBatch(batch=batch_id)
    if batch.undone_at is not None:
        raise AlreadyUndone(batch=batch_id, when=f"{batch.undone_at:%Y-%m-%d %H:%M} UTC")
    return batch


def mark_undone(session: Session, actor: Actor, batch: Batch, *, rows: int) -> None:
    """Write down that its rows are gone."""
    batch.undone_at = utc_now()
    record(session, actor, f"{batch.kind}.undone", subject=("batch", batch.id),
           where=batch.grid_code, rows=rows)  # fmt: skip
