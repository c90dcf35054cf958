"""Changing one resident: correction with history, moving in and out, erasure."""

from dataclasses import dataclass, field, replace
from datetime import date
from secrets import token_hex

import numpy as np
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import Actor
from gridmap.core.city import bump, lock_register
from gridmap.core.clock import utc_now
from gridmap.core.database import as_system, violates
from gridmap.core.disposals import ERASURE, Gone, write_down
from gridmap.core.encryption import blind_index, encrypt, encrypt_optional, lock_ring
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_
from gridmap.grids.locator import current_grids
from gridmap.grids.queries import take_ids
from gridmap.intake.residents import MAX_DETAIL, MAX_NAME, MAX_NOTE, identity_written, phone_written
from gridmap.places.queries import point_of_place
from gridmap.residents import page_queries, queries
from gridmap.residents.actions import REGISTER, count_people, settle_persons
from gridmap.residents.errors import (
    ChangedMeanwhile,
    NotLivingThere,
    PurposeMissing,
    ResidenceOverlaps,
)
from gridmap.residents.models import (
    BY_HAND,
    DETAIL,
    IDENTITY,
    NAME,
    NOTE,
    PHONE,
    Residence,
    Resident,
    ResidentVersion,
)
from gridmap.residents.persons import Person, find, opened, require_at
from gridmap.residents.rules import KINDS, is_purpose, name_compared

KEPT = "="
"""In place of a text: leave it as it is."""

STAYS = (
    N_(
        "Rows of the audit record that name the person's number, no value of theirs. They say who "
        "looked and may not be changed; erasing old ones is not built yet."
    ),
    N_("One line in the ledger of what was erased: number, day, by whom and why."),
    N_("Numbers of people of past days: counts, no persons."),
    N_("Backups from before, until they are replaced; a restored one is followed by the ledger."),
    N_(
        "The record of the import that brought the person: file name, hash, counts. Rows of that "
        "file that were rejected stay in a list as long as its rule says (What we hold and why)."
    ),
    N_(
        "A keyed index of the rows of files that brought the person, which tells nothing of them: "
        "with it the same file does not bring them back."
    ),
)
"""What erasing one person does not take away, and why."""


@dataclass(frozen=True)
class Correction:
    """New texts of a person; KEPT leaves one as it is, '' takes it away."""

    name: str = KEPT
    identity: str = KEPT
    phone: str = KEPT
    note: str = KEPT


@dataclass(frozen=True)
class NewHome:
    """Where somebody moves: to a place that is known, else into a grid."""

    kind: str
    since: date
    place_id: int | None = None
    grid_code: str = ""
    detail: str = field(default="", repr=False)


def correct(
    session: Session,
    actor: Actor,
    resident_id: int,
    correction: Correction,
    *,
    version: int,
    reason: str,
) -> Person:
    """Correct what stands of a person; what stood before is kept beside it.

    Args:
        session: the transaction.
        actor: who corrects.
        resident_id: whom.
        correction: the new texts.
        version: of the person when the form was opened.
        reason: in words, without personal values; goes into the record.

    Raises:
        ChangedMeanwhile: somebody else was faster.
        PurposeMissing: the reason says nothing.
        BadRequest: a text cannot be used.
    """
    resident = find(session, resident_id, lock=True)
    require_at(actor, "personal", "change", resident, action="resident.corrected")
    if not is_purpose("correction", reason):
        raise PurposeMissing
    if resident.version != version:
        raise ChangedMeanwhile
    before = opened(session, [resident])[0]
    after = _corrected(before, correction)
    changed = [name for name in vars(correction) if getattr(before, name) != getattr(after, name)]
    if not changed:
        return before
    session.add(_as_version(resident, actor))
    _write(session, resident, after)
    session.flush()
    record(session, actor, "resident.corrected", subject=("resident", resident_id),
           where=resident.grid_code, purpose=f"correction: {reason.strip()}",
           fields=changed, version=resident.version)  # fmt: skip
    bump(session, REGISTER)
    return opened(session, [resident])[0]


def _corrected(before: Person, correction: Correction) -> Person:
    said = {name: text.strip() for name, text in vars(correction).items() if text != KEPT}
    for name, longest in (("name", MAX_NAME), ("note", MAX_NOTE)):
        if len(said.get(name, "")) > longest:
            raise BadRequest(field=name, why=N_("this is too long."))
    if said.get("name") == "":
        raise BadRequest(field="name", why=N_("a person has a name."))
    for name, write in (("identity", identity_written), ("phone", phone_written)):
        if said.get(name):
            written = write(said[name])
            if written is None:
                raise BadRequest(field=name, why=N_("this is no complete number."))
            said[name] = written
    return replace(before, **said)


def _as_version(resident: Resident, actor: Actor) -> ResidentVersion:
    """Return what stands of a person as history: ciphertexts stay bound to their version."""
    return ResidentVersion(
        resident_id=resident.id,
        version=resident.version,
        name=resident.name,
        identity=resident.identity,
        phone=resident.phone,
        note=resident.note,
        key_number=resident.key_number,
        grid_code=resident.grid_code,
        replaced_by=actor.name,
    )


def _write(session: Session, resident: Resident, person: Person) -> None:
    """Encrypt all texts of a person under the next version."""
    ring, row, version = lock_ring(session), resident.id, resident.version + 1
    resident.version, resident.key_number = version, ring.current
    resident.name = encrypt(ring, NAME, row, version, person.name)
    resident.identity = encrypt_optional(ring, IDENTITY, row, version, person.identity)
    resident.phone = encrypt_optional(ring, PHONE, row, version, person.phone)
    resident.note = encrypt_optional(ring, NOTE, row, version, person.note)
    resident.name_index = blind_index(NAME, [name_compared(person.name)])[0]
    resident.identity_index = blind_index(IDENTITY, [person.identity])[0]
    resident.phone_index = blind_index(PHONE, [person.phone])[0]
    resident.changed_at = utc_now()


def move_in(session: Session, actor: Actor, resident_id: int, home: NewHome) -> Residence:
    """Write down that somebody lives, or is registered, somewhere from a day on.

    Raises:
        NotFound: there is no such person, place or grid.
        NotAllowed: the grid, or the person, belongs to somebody else's scope.
        ResidenceOverlaps: they have a residence of that kind at that time already.
    """
    lock_register(session, REGISTER)
    resident = find(session, resident_id, lock=True)
    require_at(actor, "personal", "change", resident, action="resident.moved_in")
    residence = _residence(session, actor, resident, home)
    try:
        with session.begin_nested():
            session.add(residence)
    except IntegrityError as problem:
        if not violates(problem, "ex_residences_one_of_a_kind_at_a_time"):
            raise
        raise ResidenceOverlaps from problem
    record(session, actor, "resident.moved_in", subject=("resident", resident_id),
           where=residence.grid_code, kind=home.kind, since=str(home.since))  # fmt: skip
    _settle(session, resident, residence)
    return residence


def _residence(session: Session, actor: Actor, resident: Resident, home: NewHome) -> Residence:
    if home.kind not in KINDS:
        raise BadRequest(field="kind", why=N_("choose one from the list."))
    if len(home.detail) > MAX_DETAIL:
        raise BadRequest(field="detail", why=N_("this is too long."))
    grids, point = current_grids(session), None
    if home.place_id is not None:
        point = point_of_place(session, home.place_id)
        if point is None:
            raise NotFound(what=N_("place"), name=home.place_id)
        links = grids.at_points(np.array([point[0]]), np.array([point[1]]))
    else:
        links = grids.of_codes(np.array([home.grid_code], dtype=object))
    if links.unlinked[0]:
        raise NotFound(what=N_("grid"), name=home.grid_code)
    code = str(links.grid_codes[0])
    if not actor.may("personal", "add", at=code):
        raise NotAllowed
    ring = lock_ring(session)
    (row,) = take_ids(session, "residences", 1).tolist()
    return Residence(
        id=row,
        resident_id=resident.id,
        source=BY_HAND,
        source_id=token_hex(16),
        kind=home.kind,
        valid=Range(home.since, None),
        place_id=home.place_id,
        detail=encrypt_optional(ring, DETAIL, row, 1, home.detail),
        key_number=ring.current,
        geom=None if point is None else f"SRID=4326;POINT({point[0]!r} {point[1]!r})",
        code_given=home.grid_code or None,
        grid_id=int(links.grid_ids[0]),
        grid_code=code,
    )


def move_out(session: Session, actor: Actor, residence_id: int, *, on: date) -> Residence:
    """End a residence: `on` is the first day no longer there.

    Raises:
        NotFound: there is no such residence.
        NotLivingThere: it does not hold on that day.
    """
    lock_register(session, REGISTER)
    residence = page_queries.residence_for_update(session, residence_id)
    if residence is None:
        raise NotFound(what=N_("residence"), name=residence_id)
    resident = find(session, residence.resident_id, lock=True)
    require_at(actor, "personal", "change", resident, action="resident.moved_out")
    since, until = residence.valid.lower, residence.valid.upper
    if since is None or on <= since or (until is not None and on > until):
        raise NotLivingThere
    residence.valid = Range(since, on)
    session.flush()
    record(session, actor, "resident.moved_out", subject=("resident", resident.id),
           where=residence.grid_code, kind=residence.kind, on=str(on))  # fmt: skip
    _settle(session, resident, residence)
    return residence


def _settle(session: Session, resident: Resident, residence: Residence) -> None:
    """Let the person belong to where they live, and count the grids that are concerned."""
    codes = np.array([resident.grid_code, residence.grid_code], dtype=object)
    links = current_grids(session).of_codes(codes)
    settle_persons(session, np.array([resident.id]), grid_ids=links.grid_ids)
    session.expire(resident)
    bump(session, REGISTER)


def erase(session: Session, actor: Actor, resident_id: int, *, reason: str) -> int:
    """Erase a person with residences and history; returns the rows that went.

    What stays is listed in STAYS.

    Args:
        session: the transaction.
        actor: who erases.
        resident_id: whom.
        reason: in words, without personal values; goes into record and ledger.
    """
    lock_register(session, REGISTER)
    resident = find(session, resident_id, lock=True)
    require_at(actor, "personal", "erase", resident, action="resident.erased")
    if not is_purpose("request", reason):
        raise PurposeMissing
    code = resident.grid_code
    with as_system(session):  # homes outside the actor's scope go with the person
        homes = page_queries.homes_of(session, [resident_id]).get(resident_id, [])
        rows = 1 + len(homes) + len(page_queries.versions_of(session, resident_id))
        queries.remember_erased(session, resident_id, code)
        session.delete(resident)
        session.flush()
        codes = np.array([home.grid_code for home in homes] or [code], dtype=object)
        count_people(session, grid_ids=np.unique(current_grids(session).of_codes(codes).grid_ids))
    write_down(session, actor, Gone(ERASURE, "residents", rows, reason.strip(), resident_id, code))
    record(session, actor, "resident.erased", subject=("resident", resident_id), where=code,
           purpose=f"request: {reason.strip()}", rows=rows)  # fmt: skip
    bump(session, REGISTER)
    return rows
