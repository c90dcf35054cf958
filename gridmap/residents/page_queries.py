"""Statements behind the pages of residents. Each names its range; the policy guards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gridmap.audit.models import AuditEvent
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.grids.models import Grid
from gridmap.places.models import Place
from gridmap.residents.models import Residence, Resident, ResidentVersion

INDEXES: dict[str, InstrumentedAttribute[Any]] = {
    "name": Resident.name_index,
    "identity": Resident.identity_index,
    "phone": Resident.phone_index,
}


@dataclass(frozen=True)
class HomeRow:
    """A residence as it is stored, with what its dwelling and grid are called."""

    id: int
    resident_id: int
    kind: str
    since: date
    until: date | None
    detail: bytes | None
    address: str | None
    grid_code: str
    grid_name: str | None
    source: str


def resident_by_id(session: Session, resident_id: int, *, lock: bool = False) -> Resident | None:
    """Return one person that may be seen."""
    statement = select(Resident).where(Resident.id == resident_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def page_of_residents(
    session: Session, *, scope: str, limit: int, offset: int
) -> tuple[int, Sequence[Resident]]:
    """Return how many persons belong to a scope, and one page of them, by grid."""
    inside = (Resident.grid_code >= scope, Resident.grid_code < scope + AFTER_EVERYTHING)
    total = session.scalar(select(func.count()).select_from(Resident).where(*inside)) or 0
    rows = session.scalars(
        select(Resident)
        .where(*inside)
        .order_by(Resident.grid_code, Resident.id)
        .limit(limit)
        .offset(offset)
    ).all()
    return total, rows


def residents_found(
    session: Session, field: str, index: bytes, *, limit: int
) -> Sequence[Resident]:
    """Return persons whose text of one field has this keyed index."""
    return session.scalars(
        select(Resident)
        .where(INDEXES[field] == index)
        .order_by(Resident.grid_code, Resident.id)
        .limit(limit)
    ).all()


def homes_of(session: Session, resident_ids: Sequence[int]) -> dict[int, list[HomeRow]]:
    """Return person → residences, those in force first, then the newest."""
    rows = session.execute(
        select(
            Residence.id,
            Residence.resident_id,
            Residence.kind,
            func.lower(Residence.valid),
            func.upper(Residence.valid),
            Residence.detail,
            Place.address,
            Residence.grid_code,
            Grid.name,
            Residence.source,
        )
        .outerjoin(Place, Place.id == Residence.place_id)
        .outerjoin(Grid, Grid.id == Residence.grid_id)
        .where(Residence.resident_id == func.any(list(resident_ids)))
        .order_by(func.upper(Residence.valid).desc().nulls_first(),
                  func.lower(Residence.valid).desc())
    )  # fmt: skip
    found: dict[int, list[HomeRow]] = {}
    for row in rows:
        home = HomeRow(*row)
        found.setdefault(home.resident_id, []).append(home)
    return found


def residence_for_update(session: Session, residence_id: int) -> Residence | None:
    """Return a residence that may be seen, locked."""
    return session.scalar(select(Residence).where(Residence.id == residence_id).with_for_update())


def versions_of(session: Session, resident_id: int) -> Sequence[ResidentVersion]:
    """Return what stood of a person before each correction, the newest first."""
    return session.scalars(
        select(ResidentVersion)
        .where(ResidentVersion.resident_id == resident_id)
        .order_by(ResidentVersion.version.desc())
    ).all()


@dataclass(frozen=True)
class Look:
    """Somebody did or saw something with one person's record."""

    at: datetime
    actor: str
    action: str
    outcome: str
    purpose: str | None


def looks_at(
    session: Session, resident_id: int, *, limit: int, offset: int = 0
) -> tuple[int, list[Look]]:
    """Return who saw or changed one person, the newest first, and how often in all.

    Only auditors of the scope find rows.
    """
    about = (AuditEvent.subject_type == "resident", AuditEvent.subject_id == str(resident_id))
    total = session.scalar(select(func.count()).select_from(AuditEvent).where(*about)) or 0
    rows = session.execute(
        select(
            AuditEvent.at,
            AuditEvent.actor,
            AuditEvent.action,
            AuditEvent.outcome,
            AuditEvent.purpose,
        )
        .where(*about)
        .order_by(AuditEvent.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return total, [Look(*row) for row in rows]
