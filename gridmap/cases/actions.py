"""What is done with cases: open one, move it by a step, note, hand over, take a step back."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.cases import queries, rules
from gridmap.cases.calendars import work_calendar
from gridmap.cases.clocks import Moved, after_move, clock_of, first_due, written
from gridmap.cases.declarations import Kind, Label, Transition
from gridmap.cases.errors import CaseMoved, NotUndoable
from gridmap.cases.kinds import all_kinds
from gridmap.cases.locating import Report, place_of
from gridmap.cases.models import Case, CaseEvent
from gridmap.cases.rules import Given, Standing
from gridmap.core.actor import Actor
from gridmap.core.city import today
from gridmap.core.clock import utc_now
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.staff.queries import accounts_on_duty

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that is mistaken for a figure."""
CODE_LENGTH = 6
TITLE_LENGTH = 200
OPENED, NOTED, ASSIGNED, UNDONE = "opened", "noted", "assigned", "undone"
"""Steps that every kind has."""
OWN_STEPS = {
    OPENED: Label("Opened", "登记"),
    NOTED: Label("Note", "说明"),
    ASSIGNED: Label("Handed over", "转交"),
    UNDONE: Label("Took the last step back", "撤回上一步"),
}
PUT_BACK = ("state", "outcome", "holder_id", "holder_name", "held_since", "closed_at", "fields")


@dataclass(frozen=True)
class Seen:
    """What somebody looked at when deciding on a step.

    Attributes:
        version: of the case.
        key: the same key again is the same step, not a second one.
    """

    version: int | None = None
    key: str | None = None


def open_case(session: Session, actor: Actor, report: Report, *, key: str | None = None) -> Case:
    """Open a case where it happened; the same key again returns the case that it opened.

    Raises:
        NotFound: there is no such kind or grid, or the place is another's.
        BadValue: the title is empty or too long.
    """
    kind = _kind(report.kind)
    if key:
        queries.wait_for_key(session, actor.account_id, key)
        known = queries.event_with_key(session, actor.account_id, key)
        if known is not None:
            return _by_id(session, known.case_id)
    title = rules.title_of(report.title, TITLE_LENGTH)
    now = utc_now()
    grid_id, grid_code, geom = place_of(session, actor, report)
    case = Case(
        code=_draw_code(kind, now), kind=kind.name, state=kind.first_state,
        priority=report.priority, source=report.source, title=title,
        category_id=report.category_id, incident_id=report.incident_id, geom=geom,
        place_given=report.place.strip() or None, grid_id=grid_id, grid_code=grid_code,
        opened_by=actor.account_id, opened_at=now, moved_at=now, fields={}, version=1,
    )  # fmt: skip
    session.add(case)
    session.flush()
    _move_clocks(session, kind, case, Moved(now, case.state, case.priority))
    _happened(session, actor, case, OPENED, key=key)
    record(session, actor, "case.opened", subject=("case", case.code), where=case.grid_code,
           kind=case.kind, source=case.source)  # fmt: skip
    return case


def take_step(
    session: Session, actor: Actor, code: str, name: str, given: Given, seen: Seen
) -> Case:
    """Move a case by one step of its kind.

    Args:
        session: the transaction.
        actor: who makes the step.
        code: of the case.
        name: of the transition.
        given: what comes with it.
        seen: which version the actor saw, and the key of the request.

    Raises:
        NotFound: there is no such case in the actor's scope.
        CaseMoved: somebody changed it meanwhile; says what.
        NoSuchStep, StepNotYours, StepIncomplete, BadValue: see `rules`.
    """
    case = _locked(session, code)
    if _is_repeated(session, actor, case, seen):
        return case
    _require_version(session, case, seen)
    kind = _kind(case.kind)
    standing = standing_of(case, actor)
    step = rules.step_of(kind, name, standing)
    fields = rules.filled(kind, step, standing, given)
    before = _snapshot(session, case)
    changes = _changes(case.fields, fields)
    source, now = case.state, utc_now()
    holder = _next_holder(session, case, step, actor, given)
    changed_hands = holder is not None and holder[0] != case.holder_id
    if changed_hands and holder is not None:
        changes["holder"] = [case.holder_name, holder[1]]
        case.holder_id, case.holder_name, case.held_since = holder[0], holder[1], now
    case.state, case.fields, case.moved_at = step.target, fields, now
    case.outcome = None if step.reopens else given.outcome or case.outcome
    ends = kind.states[step.target].ends
    case.closed_at = (case.closed_at or now) if ends else None
    _move_clocks(session, kind, case, Moved(now, case.state, case.priority, changed_hands))
    case.version += 1
    _happened(
        session, actor, case, step.name, from_state=source, note=given.note.strip(),
        changes=changes, before=before if step.undoable else None, key=seen.key,
    )  # fmt: skip
    record(session, actor, f"case.{step.name}", subject=("case", case.code), where=case.grid_code,
           kind=case.kind, source=source, target=case.state)  # fmt: skip
    return case


def hand_over(session: Session, actor: Actor, code: str, account: int, seen: Seen) -> Case:
    """Give a case to somebody who may have it at its place, without another state.

    Raises:
        NotFound: there is no such case, or that one may not have it.
        CaseMoved: somebody changed it meanwhile.
        NoSuchStep, StepNotYours: it has ended, or is somebody else's.
    """
    case = _locked(session, code)
    if _is_repeated(session, actor, case, seen):
        return case
    _require_version(session, case, seen)
    rules.require_hand_over(_kind(case.kind), standing_of(case, actor))
    before, now = _snapshot(session, case), utc_now()
    name = _person(session, case, account)
    changes = {"holder": [case.holder_name, name]}
    case.holder_id, case.holder_name, case.held_since = account, name, now
    case.version += 1
    kind = _kind(case.kind)
    _move_clocks(session, kind, case, Moved(now, case.state, case.priority, new_holder=True))
    _happened(session, actor, case, ASSIGNED, changes=changes, before=before, key=seen.key)
    record(session, actor, "case.assigned", subject=("case", case.code), where=case.grid_code,
           holder=account)  # fmt: skip
    return case


def add_note(session: Session, actor: Actor, code: str, note: str, seen: Seen) -> Case:
    """Write a note into the history; it changes nothing, so no version is asked for.

    Raises:
        NotFound: there is no such case.
        StepIncomplete: the note is empty.
    """
    case = _locked(session, code)
    if _is_repeated(session, actor, case, seen):
        return case
    written = rules.note_of(case.code, note)
    case.version += 1
    _happened(session, actor, case, NOTED, note=written, key=seen.key)
    record(session, actor, "case.noted", subject=("case", case.code), where=case.grid_code)
    return case


def undo_step(session: Session, actor: Actor, code: str, seen: Seen) -> Case:
    """Take the last step back, by whoever made it or a coordinator; both stay in the history.

    Raises:
        NotFound: there is no such case.
        CaseMoved: somebody changed it meanwhile.
        NotUndoable: the last thing that happened cannot be taken back, or not by this actor.
    """
    case = _locked(session, code)
    if _is_repeated(session, actor, case, seen):
        return case
    _require_version(session, case, seen)
    last = queries.last_event(session, case.id)
    if last is None or last.before is None or not may_undo(case, actor, last):
        raise NotUndoable(case=case.code)
    source, now = case.state, utc_now()
    _put_back(session, case, last.before)
    last.undone_at, case.moved_at = now, now
    case.version += 1
    _happened(session, actor, case, UNDONE, from_state=source, changes={"step": [last.step, None]},
              key=seen.key)  # fmt: skip
    record(session, actor, "case.undone", subject=("case", case.code), where=case.grid_code,
           step=last.step)  # fmt: skip
    return case


def may_undo(case: Case, actor: Actor, last: CaseEvent | None) -> bool:
    """Return whether the actor may take the last thing back that happened to a case."""
    if last is None:
        return False
    made_it = last.account_id == actor.account_id
    return rules.may_undo(
        standing_of(case, actor), made_it=made_it, can_be_undone=last.before is not None
    )


def standing_of(case: Case, actor: Actor) -> Standing:
    """Return what rules need to know of a case and an actor."""
    return Standing(
        case=case.code,
        state=case.state,
        fields=case.fields,
        roles=rules.roles_at(actor.roles, case.grid_code),
        is_holder=case.holder_id is not None and case.holder_id == actor.account_id,
    )


def _kind(name: str) -> Kind:
    kind = all_kinds().get(name)
    if kind is None:
        raise NotFound(what=N_("kind of case"), name=name)
    return kind


def _by_id(session: Session, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound(what=N_("case"), name="")
    return case


def _locked(session: Session, code: str) -> Case:
    case = queries.case_by_code(session, code, lock=True)
    if case is None:
        raise NotFound(what=N_("case"), name=code)
    return case


def _is_repeated(session: Session, actor: Actor, case: Case, seen: Seen) -> bool:
    """Return whether this request was carried out already."""
    if seen.key is None:
        return False
    known = queries.event_with_key(session, actor.account_id, seen.key)
    return known is not None and known.case_id == case.id


def _require_version(session: Session, case: Case, seen: Seen) -> None:
    if seen.version is None or seen.version == case.version:
        return
    events = queries.events_since(session, case.id, seen.version)
    told = [(event.actor, _step_label(_kind(case.kind), event.step)) for event in events]
    what = Label(
        en="; ".join(f"{actor}: {label.en}" for actor, label in told),
        zh="；".join(f"{actor}：{label.zh}" for actor, label in told),
    )
    raise CaseMoved(case=case.code, what=what)


def _step_label(kind: Kind, step: str) -> Label:
    own = kind.transitions.get(step)
    return own.label if own else OWN_STEPS[step]


def _draw_code(kind: Kind, now: datetime) -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return f"{kind.letter}-{now:%y}-{drawn}"


def _snapshot(session: Session, case: Case) -> dict[str, Any]:
    """Return what an undo has to put back."""
    found = {name: getattr(case, name) for name in PUT_BACK}
    for name in ("held_since", "closed_at"):
        found[name] = written(found[name])
    found["clocks"] = [clock.as_json() for clock in queries.clocks_of(session, case.id)]
    return found


def _put_back(session: Session, case: Case, before: Mapping[str, Any]) -> None:
    for name in PUT_BACK:
        value = before[name]
        is_instant = name in ("held_since", "closed_at") and value
        setattr(case, name, datetime.fromisoformat(value) if is_instant else value)
    clocks = [clock_of(said) for said in before["clocks"]]
    queries.keep_clocks(session, case, clocks)
    case.due_at = first_due(clocks)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {
        name: [before.get(name), after[name]] for name in after if before.get(name) != after[name]
    }


def _next_holder(
    session: Session, case: Case, step: Transition, actor: Actor, given: Given
) -> tuple[int | None, str | None] | None:
    """Return account and name of whoever has the case after a step; None: as before."""
    if step.assigns == "choose" and given.holder is not None:
        return given.holder, _person(session, case, given.holder)
    if step.assigns == "duty":
        return _on_duty(session, case)
    if step.assigns == "actor":
        return actor.account_id, actor.display_name
    if step.assigns == "nobody":
        return None, None
    if step.assigns == "previous":
        return queries.holder_before(session, case)
    return None


def _on_duty(session: Session, case: Case) -> tuple[int, str] | None:
    """Return who is on duty in the case's grid, else who leads there; None: nobody but before."""
    able = queries.people_at(session, case.grid_code)
    on_duty = accounts_on_duty(session, case.grid_code, day=today(session))
    found = [person for person in able if person.account_id in on_duty]
    found += [person for person in able if rules.LEADING in person.roles]
    return (found[0].account_id, found[0].name) if found else None


def _person(session: Session, case: Case, account: int) -> str:
    for person in queries.people_at(session, case.grid_code):
        if person.account_id == account:
            return person.name
    raise NotFound(what=N_("person who may have this case"), name=account)


def _move_clocks(session: Session, kind: Kind, case: Case, moved: Moved) -> None:
    clocks = after_move(kind, queries.clocks_of(session, case.id), moved, work_calendar(session))
    queries.keep_clocks(session, case, clocks)
    case.due_at = first_due(clocks)


def _happened(  # noqa: PLR0913 - one keyword for each column
    session: Session,
    actor: Actor,
    case: Case,
    step: str,
    *,
    from_state: str | None = None,
    note: str = "",
    changes: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> None:
    session.add(
        CaseEvent(
            case_id=case.id, grid_code=case.grid_code, account_id=actor.account_id,
            actor=actor.display_name or actor.name, step=step, from_state=from_state or case.state,
            to_state=case.state, note=note, changes=dict(changes or {}),
            before=dict(before) if before else None, version=case.version, key=key,
        )
    )  # fmt: skip
    session.flush()
