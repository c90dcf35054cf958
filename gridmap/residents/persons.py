"""Looking at residents: masked, or in full for a purpose. Every look is on record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from gridmap.audit.actions import record, record_refusal
from gridmap.audit.rules import SEEN
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import Actor
from gridmap.core.encryption import blind_index, decrypt_column
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_
from gridmap.core.masks import MASK, mask_name, mask_number
from gridmap.intake.residents import identity_written, phone_written
from gridmap.residents import page_queries as queries
from gridmap.residents.errors import PurposeMissing
from gridmap.residents.models import DETAIL, IDENTITY, NAME, NOTE, PHONE, Resident, ResidentVersion
from gridmap.residents.page_queries import HomeRow
from gridmap.residents.rules import (
    SEARCHED,
    is_purpose,
    name_compared,
)

MOST_FOUND = 50
NO_SUCH = N_("resident")


@dataclass(frozen=True)
class Home:
    """A residence to be shown."""

    id: int
    kind: str
    since: date
    until: date | None
    address: str | None
    detail: str
    grid_code: str
    grid_name: str | None
    source: str


@dataclass(frozen=True)
class Person:
    """One resident to be shown, masked or in full."""

    id: int
    name: str
    identity: str
    phone: str
    note: str
    version: int
    grid_code: str
    changed_at: datetime
    homes: tuple[Home, ...]


def masked(person: Person) -> Person:
    """Return a person as lists show one."""
    return replace(
        person,
        name=mask_name(person.name),
        identity=mask_number(person.identity),
        phone=mask_number(person.phone),
        note=MASK if person.note else "",
        homes=tuple(replace(home, detail=MASK if home.detail else "") for home in person.homes),
    )


def opened(session: Session, residents: Sequence[Resident]) -> list[Person]:
    """Return persons in full; whoever calls masks them or records why not."""
    ids = np.array([resident.id for resident in residents], dtype=np.int64)
    versions = np.array([resident.version for resident in residents], dtype=np.int64)
    texts = {
        field.column: decrypt_column(
            field, ids, versions, [getattr(resident, field.column) for resident in residents]
        )
        for field in (NAME, IDENTITY, PHONE, NOTE)
    }
    homes = queries.homes_of(session, ids.tolist())
    return [
        Person(
            id=resident.id,
            **{column: str(values[at]) for column, values in texts.items()},
            version=resident.version,
            grid_code=resident.grid_code,
            changed_at=resident.changed_at,
            homes=tuple(_homes(homes.get(resident.id, []))),
        )
        for at, resident in enumerate(residents)
    ]


def _homes(rows: Sequence[HomeRow]) -> list[Home]:
    ids = np.array([row.id for row in rows], dtype=np.int64)
    details = decrypt_column(DETAIL, ids, np.ones_like(ids), [row.detail for row in rows])
    return [
        Home(
            id=row.id,
            kind=row.kind,
            since=row.since,
            until=row.until,
            address=row.address,
            detail=str(detail),
            grid_code=row.grid_code,
            grid_name=row.grid_name,
            source=row.source,
        )
        for row, detail in zip(rows, details, strict=True)
    ]


def list_page(
    session: Session, actor: Actor, *, scope: str, limit: int, offset: int
) -> tuple[int, list[Person]]:
    """Return how many residents a scope has, and one page of them, masked."""
    total, residents = queries.page_of_residents(session, scope=scope, limit=limit, offset=offset)
    if residents:
        record(session, actor, "residents.listed", subject=("residents", scope or "all"),
               where=scope, outcome=SEEN, rows=len(residents), offset=offset)  # fmt: skip
    return total, [masked(person) for person in opened(session, residents)]


def search(session: Session, actor: Actor, *, field: str, words: str) -> list[Person]:
    """Return residents, masked, whose name or number is exactly these words.

    Spaces, signs and small letters do not count.

    Raises:
        BadRequest: there is no such field, or the words are no such number.
    """
    if field not in SEARCHED:
        raise BadRequest(field="field", why=N_("choose name, identity or phone."))
    written = {"name": name_compared, "identity": identity_written, "phone": phone_written}
    compared = written[field](words.strip())
    if not compared:
        raise BadRequest(field=field, why=N_("this is no complete name or number."))
    of = {"name": NAME, "identity": IDENTITY, "phone": PHONE}[field]
    (index,) = blind_index(of, [compared])
    found = queries.residents_found(session, field, index, limit=MOST_FOUND)
    for prefix in actor.widest("personal"):  # each auditor concerned finds a row
        rows = sum(resident.grid_code.startswith(prefix) for resident in found)
        record(session, actor, "residents.searched", subject=("residents", field), outcome=SEEN,
               where=prefix, rows=rows)  # fmt: skip
    return [masked(person) for person in opened(session, found)]


def find(session: Session, resident_id: int, *, lock: bool = False) -> Resident:
    """Return one resident.

    Raises:
        NotFound: there is none of this number, or it may not be seen.
    """
    found = queries.resident_by_id(session, resident_id, lock=lock)
    if found is None:
        raise NotFound(what=NO_SUCH, name=resident_id)
    return found


def look(session: Session, actor: Actor, resident_id: int) -> Person:
    """Return one resident, masked."""
    resident = find(session, resident_id)
    record(session, actor, "resident.seen", subject=("resident", resident_id),
           where=resident.grid_code, outcome=SEEN)  # fmt: skip
    return masked(opened(session, [resident])[0])


def reveal(session: Session, actor: Actor, resident_id: int, *, purpose: str, words: str) -> Person:
    """Return one resident in full; purpose and words are on record in the same transaction.

    Raises:
        NotFound: there is none of this number, or it may not be seen.
        NotAllowed: values in full are not for this actor there; that is on record too.
        PurposeMissing: no purpose was chosen, or not described.
    """
    resident = find(session, resident_id)
    require_at(actor, "sensitive", "see", resident, action="resident.revealed")
    if not is_purpose(purpose, words):
        raise PurposeMissing
    record(session, actor, "resident.revealed", subject=("resident", resident_id),
           where=resident.grid_code, purpose=f"{purpose}: {words.strip()}", outcome=SEEN,
           version=resident.version)  # fmt: skip
    return opened(session, [resident])[0]


def require_at(actor: Actor, data: str, action_on: str, resident: Resident, *, action: str) -> None:
    """Raise NotAllowed, and record it, unless the actor may do something with this person."""
    if not actor.may(data, action_on, at=resident.grid_code):
        record_refusal(actor, action, subject=("resident", resident.id), where=resident.grid_code)
        refusal = NotAllowed()
        refusal.on_record = True
        raise refusal


def held_on(session: Session, actor: Actor, resident_id: int, *, words: str) -> dict[str, Any]:
    """Return everything that is held on one person, for that person; the export is on record.

    Raises:
        NotFound: there is none of this number, or it may not be seen.
        NotAllowed: exporting persons is not for this actor there.
        PurposeMissing: the words do not say why.
    """
    resident = find(session, resident_id)
    require_at(actor, "sensitive", "export", resident, action="resident.exported")
    if not is_purpose("request", words):
        raise PurposeMissing
    record(session, actor, "resident.exported", subject=("resident", resident_id),
           where=resident.grid_code, purpose=f"request: {words.strip()}")  # fmt: skip
    person = opened(session, [resident])[0]
    return {
        "number": person.id,
        "name": person.name,
        "identity_number": person.identity,
        "phone": person.phone,
        "note": person.note,
        "grid_code": person.grid_code,
        "changed_at": person.changed_at.isoformat(),
        "brought_by_import": resident.batch_id,
        "residences": [
            {
                "kind": home.kind,
                "since": home.since.isoformat(),
                "until": home.until.isoformat() if home.until else None,
                "address": home.address,
                "detail": home.detail,
                "grid_code": home.grid_code,
                "source": home.source,
            }
            for home in person.homes
        ],
        "earlier": [_earlier(version) for version in queries.versions_of(session, resident_id)],
    }


def _earlier(version: ResidentVersion) -> dict[str, Any]:
    one, number = np.array([version.resident_id]), np.array([version.version])
    texts = {
        field.column: str(decrypt_column(field, one, number, [getattr(version, field.column)])[0])
        for field in (NAME, IDENTITY, PHONE, NOTE)
    }
    texts["identity_number"] = texts.pop("identity")
    return {
        "version": version.version,
        **texts,
        "replaced_at": version.replaced_at.isoformat(),
        "replaced_by": version.replaced_by,
    }
