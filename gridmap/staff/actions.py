"""What is done with staff: somebody comes, gets a grid, gives it back, leaves."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.actor import Actor
from gridmap.core.bulk import Column
from gridmap.core.city import bump, lock_register, share_register
from gridmap.core.database import violates
from gridmap.core.encryption import (
    decrypt_column,
    encrypt,
    encrypt_column,
    encrypt_optional,
    lock_ring,
)
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.grids.locator import current_grids
from gridmap.grids.queries import take_ids
from gridmap.staff import queries
from gridmap.staff.errors import BadSpan, DutyOverlaps, MemberRefused, NumberTaken
from gridmap.staff.models import NAME, PHONE, Duty, StaffMember

REGISTER = "staff"
OF_ONE_MEMBER = ("uq_staff_number", "uq_staff_account_id", "ck_staff_number_not_empty")
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class NewMember:
    """Somebody who begins to work here.

    Attributes:
        number: of the service.
        area: beginning of the codes of the grids to which they belong.
        account_id: of their account, where they have one.
    """

    number: str
    name: str
    phone: str = ""
    area: str = ""
    account_id: int | None = None


def add_member(session: Session, actor: Actor, new: NewMember) -> StaffMember:
    """Write somebody down; name and telephone number are encrypted.

    Raises:
        NumberTaken: the number is that of somebody whom the actor sees.
        MemberRefused: it is somebody else's, or the account is: nobody learns whose.
    """
    ring = lock_ring(session)
    (identity,) = take_ids(session, "staff", 1).tolist()
    member = StaffMember(
        id=identity,
        number=new.number,
        name=encrypt(ring, NAME, identity, 1, new.name),
        phone=encrypt_optional(ring, PHONE, identity, 1, new.phone),
        version=1,
        key_number=ring.current,
        account_id=new.account_id,
        grid_code=new.area,
    )
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError as problem:
        if not violates(problem, *OF_ONE_MEMBER):
            raise
        if queries.member_by_number(session, new.number) is not None:
            raise NumberTaken(number=new.number) from problem
        raise MemberRefused(number=new.number) from problem
    record(session, actor, "staff.added", subject=("staff", identity), where=new.area)
    bump(session, REGISTER)
    return member


def assign(
    session: Session, actor: Actor, number: str, grid_code: str, *, since: date, until: date | None
) -> Duty:
    """Make somebody responsible for a grid from a day, to a day (the first without the duty).

    Raises:
        NotFound: there is no such member or grid.
        DutyOverlaps: they have it in those days already.
    """
    if until is not None and until <= since:
        raise BadSpan
    member = _member(session, number)
    if not actor.may("personal", "add", at=grid_code):
        raise NotFound.outside(what=N_("grid"), name=grid_code)
    share_register(session, "grids")  # a change of borders waits for us, or we for it
    links = current_grids(session).of_codes(np.array([grid_code], dtype=object))
    if links.unlinked[0]:
        raise NotFound(what=N_("grid"), name=grid_code)
    duty = Duty(
        staff_id=member.id,
        grid_id=int(links.grid_ids[0]),
        grid_code=grid_code,
        valid=Range(since, until),
    )
    try:
        with session.begin_nested():
            session.add(duty)
    except IntegrityError as problem:
        if not violates(problem, "ex_duties_once_at_a_time"):
            raise
        raise DutyOverlaps(number=number, grid=grid_code) from problem
    record(session, actor, "staff.assigned", subject=("staff", member.id), where=grid_code,
           since=str(since), until=str(until or ""))  # fmt: skip
    bump(session, REGISTER)
    return duty


def end_duty(session: Session, actor: Actor, duty_id: int, *, on: date) -> Duty:
    """End a duty: `on` is the first day without it.

    Raises:
        NotFound: there is no such duty.
        BadSpan: it begins later.
    """
    duty = queries.duty_for_update(session, duty_id)
    if duty is None:
        raise NotFound(what=N_("duty"), name=duty_id)
    since = duty.valid.lower
    if since is None or on <= since or (duty.valid.upper is not None and on > duty.valid.upper):
        raise BadSpan
    duty.valid = Range(since, on)
    record(session, actor, "staff.duty_ended", subject=("staff", duty.staff_id),
           where=duty.grid_code, on=str(on))  # fmt: skip
    bump(session, REGISTER)
    return duty


def leave(session: Session, actor: Actor, number: str, *, on: date) -> StaffMember:
    """Write down that somebody is no longer here from a day on."""
    member = _member(session, number)
    member.left_on = on
    record(session, actor, "staff.left", subject=("staff", member.id), where=member.grid_code,
           on=str(on))  # fmt: skip
    bump(session, REGISTER)
    return member


def _member(session: Session, number: str) -> StaffMember:
    member = queries.member_by_number(session, number)
    if member is None:
        raise NotFound(what=N_("member of staff"), name=number)
    return member


def names_of(members: list[StaffMember]) -> dict[int, tuple[str, str]]:
    """Return member → name and telephone number."""
    ids = np.array([member.id for member in members], dtype=np.int64)
    versions = np.array([member.version for member in members], dtype=np.int64)
    names = decrypt_column(NAME, ids, versions, [member.name for member in members])
    phones = decrypt_column(PHONE, ids, versions, [member.phone for member in members])
    return {
        one: (name, phone) for one, name, phone in zip(ids.tolist(), names, phones, strict=True)
    }


@dataclass(frozen=True)
class ManyMembers:
    """Staff with one grid each: equally long arrays."""

    number: Texts
    name: Texts
    phone: Texts
    area: Texts
    grid_code: Texts


def store_many(session: Session, batch: Batch, many: ManyMembers, *, since: date) -> Counts:
    """Store staff and their duties at once; the sample city does."""
    lock_register(session, REGISTER)
    ring = lock_ring(session)
    n = many.number.size
    ids, ones = take_ids(session, "staff", n), np.ones(n, dtype=np.int64)
    columns = {
        "id": Column("int8", ids),
        "number": Column("text", many.number),
        "name": Column("bytes", encrypt_column(ring, NAME, ids, ones, many.name)),
        "phone": Column("bytes", encrypt_column(ring, PHONE, ids, ones, many.phone)),
        "key_number": Column("int2", np.full(n, ring.current)),
        "grid_code": Column("text", many.area),
        "batch_id": Column("int4", np.full(n, batch.id)),
    }
    queries.insert_many(session, "staff", columns)
    links = current_grids(session).of_codes(many.grid_code)
    duties = {
        "staff_id": Column("int8", ids),
        "grid_id": Column("int4", links.grid_ids, links.unlinked),
        "grid_code": Column("text", many.grid_code),
    }
    queries.insert_many(session, "duties", duties, since=since)
    bump(session, REGISTER)
    return Counts(read=n, stored=n, linked=n, unlinked=0, duplicate=0, rejected=0)


def undo_staff(session: Session, batch: Batch) -> int:
    """Delete the staff of one batch with their duties; returns the rows of staff."""
    lock_register(session, REGISTER)
    rows = queries.delete_of_batch(session, batch.id)
    bump(session, REGISTER)
    return rows
