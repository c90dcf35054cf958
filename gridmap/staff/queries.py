"""Every statement on staff and duties."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.grids.models import Grid
from gridmap.staff.models import Duty, StaffMember


def member_by_number(session: Session, number: str) -> StaffMember | None:
    """Return a member of staff that may be seen."""
    return session.scalar(select(StaffMember).where(StaffMember.number == number))


def page_of_staff(
    session: Session, *, scope: str, limit: int, offset: int
) -> tuple[int, Sequence[StaffMember]]:
    """Return how many belong to a scope, and one page of them, by number."""
    inside = (StaffMember.grid_code >= scope, StaffMember.grid_code < scope + AFTER_EVERYTHING)
    total = session.scalar(select(func.count()).select_from(StaffMember).where(*inside)) or 0
    members = session.scalars(
        select(StaffMember).where(*inside).order_by(StaffMember.number).limit(limit).offset(offset)
    ).all()
    return total, members


def duties_of(session: Session, staff_ids: Sequence[int], *, day: date) -> dict[int, list[Any]]:
    """Return member → duties that hold on a day or later: id, code, name, since, until."""
    rows = session.execute(
        select(
            Duty.staff_id,
            Duty.id,
            Duty.grid_code.label("code"),
            Grid.name,
            func.lower(Duty.valid).label("since"),
            func.upper(Duty.valid).label("until"),
        )
        .outerjoin(Grid, Grid.id == Duty.grid_id)
        .where(
            Duty.staff_id == func.any(list(staff_ids)),
            or_(func.upper_inf(Duty.valid), func.upper(Duty.valid) > day),
        )
        .order_by(Duty.grid_code)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.staff_id, []).append(row)
    return found


def on_duty(session: Session, grid_code: str, *, day: date) -> Sequence[StaffMember]:
    """Return who is responsible for a grid on a day."""
    return session.scalars(
        select(StaffMember)
        .join(Duty, Duty.staff_id == StaffMember.id)
        .where(Duty.grid_code == grid_code, Duty.valid.contains(day))
        .order_by(StaffMember.number)
    ).all()


def accounts_on_duty(session: Session, grid_code: str, *, day: date) -> set[int]:
    """Return the accounts of those who are responsible for a grid on a day."""
    found = on_duty(session, grid_code, day=day)
    return {member.account_id for member in found if member.account_id is not None}


def duty_for_update(session: Session, duty_id: int) -> Duty | None:
    """Return a duty, locked."""
    return session.scalar(select(Duty).where(Duty.id == duty_id).with_for_update())


def insert_many(
    session: Session, table: str, columns: Mapping[str, Column], *, since: date | None = None
) -> None:
    """Store rows whose ids are taken; `since` is the beginning of duties."""
    names = ", ".join(columns)
    session.execute(text(f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {names} FROM {table} "
                         "WITH NO DATA"))  # fmt: skip
    copy_rows(session, "staged", columns)
    more = (", valid", ", daterange(:since, NULL)") if since else ("", "")
    session.execute(
        text(f"INSERT INTO {table} ({names}{more[0]}) SELECT {names}{more[1]} FROM staged"),
        {"since": since} if since else {},
    )
    session.execute(text("DROP TABLE staged"))


def delete_of_batch(session: Session, batch_id: int) -> int:
    """Delete staff of one batch, duties with them; returns the rows of staff."""
    gone = session.execute(
        delete(StaffMember).where(StaffMember.batch_id == batch_id).returning(StaffMember.id)
    )
    return len(gone.all())


def unlink_duties(session: Session, grid_ids: Sequence[int]) -> None:
    """Let duties forget grids that are gone; they keep the code."""
    session.execute(update(Duty).where(Duty.grid_id.in_(grid_ids)).values(grid_id=None))


def link_duties(session: Session) -> None:
    """Give duties the grid of their code that is in force."""
    session.execute(
        update(Duty)
        .where(Duty.grid_id.is_(None), Duty.grid_code == Grid.code, Grid.valid_to.is_(None))
        .values(grid_id=Grid.id)
    )
