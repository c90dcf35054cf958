"""Every statement of retention: what is too old, and taking it away."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Delete, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from gridmap.batches.models import OF_PERSONS, Batch
from gridmap.core.disposals import Disposal
from gridmap.residents.models import Residence, Resident, ResidentVersion
from gridmap.staff.models import Duty, StaffMember


def _lasts(span: Any, day: date) -> Any:
    """Tell which half-open spans have not ended before a day."""
    return or_(func.upper_inf(span), func.upper(span) > day)


def residents_gone(before: date) -> Delete:
    """Select for deletion whoever has no residence that lasted until a day."""
    lasting = exists().where(Residence.resident_id == Resident.id, _lasts(Residence.valid, before))
    return delete(Resident).where(~lasting)


def residences_ended(before: date) -> Delete:
    """Select for deletion residences that ended before a day."""
    return delete(Residence).where(~_lasts(Residence.valid, before))


def versions_replaced(before: datetime) -> Delete:
    """Select for deletion what corrections replaced before a moment."""
    return delete(ResidentVersion).where(ResidentVersion.replaced_at < before)


def staff_left(before: date) -> Delete:
    """Select for deletion those who left before a day and have no duty since."""
    lasting = exists().where(Duty.staff_id == StaffMember.id, _lasts(Duty.valid, before))
    return delete(StaffMember).where(StaffMember.left_on < before, ~lasting)


def duties_ended(before: date) -> Delete:
    """Select for deletion duties that ended before a day."""
    return delete(Duty).where(~_lasts(Duty.valid, before))


def count_of(session: Session, statement: Delete) -> int:
    """Return how many rows a deletion would take."""
    counted = select(func.count()).select_from(statement.table)
    if statement.whereclause is not None:
        counted = counted.where(statement.whereclause)
    return session.scalar(counted) or 0


def delete_rows(session: Session, statement: Delete) -> int:
    """Delete; returns how many rows went."""
    return len(session.execute(statement.returning(statement.table.c.id)).all())


def reports_of_persons(session: Session, *, before: datetime) -> Sequence[str]:
    """Return the names of reports of rejected rows of persons, of imports before a moment."""
    return [
        name
        for name in session.scalars(
            select(Batch.rejects_file).where(
                Batch.kind.in_(OF_PERSONS),
                Batch.rejects_file.is_not(None),
                Batch.started_at < before,
            )
        )
        if name is not None
    ]


def page_of_disposals(
    session: Session, *, limit: int, offset: int
) -> tuple[int, Sequence[Disposal]]:
    """Return how many lines the ledger has in the scope, and one page, the newest first."""
    total = session.scalar(select(func.count()).select_from(Disposal)) or 0
    rows = session.scalars(
        select(Disposal).order_by(Disposal.id.desc()).limit(limit).offset(offset)
    ).all()
    return total, rows
