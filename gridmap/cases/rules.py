"""Which steps may be taken, and what they take: decisions without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.cases.declarations import Field, Kind, Transition
from gridmap.cases.errors import BadValue, NoSuchStep, StepIncomplete, StepNotYours
from gridmap.core.i18n import N_

LEADING = "coordinator"
"""The role that may make a holder's steps in the holder's place."""
LONGEST_TEXT = 4000
NOTE = N_("a note")
OUTCOME = N_("the outcome")
HOLDER = N_("who gets it")

A_CHOICE = N_("choose one of the list.")
A_NUMBER = N_("write a number.")
A_DATE = N_("write a day as year-month-day.")
YES_OR_NO = N_("say yes or no.")
TITLE = N_("the title")
SAY_WHAT = N_("say in a few words what it is about.")
MARKED = frozenset({NOTE, OUTCOME, HOLDER, TITLE})
"""Names in messages that are translated like the message."""
TITLE_TOO_LONG = N_("at most 200 characters; the rest belongs into a note.")
TOO_LONG = N_("at most 4,000 characters.")


class Roles(tuple[str, ...]):
    """Roles in a message; whoever shows it names them in the reader's language."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return their codes."""
        return ", ".join(self)


@dataclass(frozen=True)
class Standing:
    """What rules need to know of a case and of whoever looks at it.

    Attributes:
        roles: the actor's roles that hold at the case's place.
        is_holder: whether the actor has the case.
    """

    case: str
    state: str
    fields: Mapping[str, Any]
    roles: frozenset[str]
    is_holder: bool


@dataclass(frozen=True)
class Given:
    """What comes with a step.

    Attributes:
        fields: name → value as it was typed or chosen.
        holder: account that gets the case, where the step lets one choose.
    """

    note: str = ""
    fields: Mapping[str, str] | None = None
    outcome: str | None = None
    holder: int | None = None


def may_make(step: Transition, standing: Standing) -> bool:
    """Return whether the actor may make a step, whatever the state."""
    if LEADING in standing.roles & step.by:
        return True
    return bool(standing.roles & step.by) and (standing.is_holder or not step.holder_only)


def open_steps(kind: Kind, standing: Standing) -> list[Transition]:
    """Return the steps that the actor may make now, in the declaration's order."""
    return [step for step in kind.leaving(standing.state) if may_make(step, standing)]


def step_of(kind: Kind, name: str, standing: Standing) -> Transition:
    """Return a step that may be made now.

    Raises:
        NoSuchStep: it does not lead out of the case's state.
        StepNotYours: none of the actor's roles at this place may make it.
    """
    step = kind.transitions.get(name)
    if step is None or standing.state not in step.sources:
        raise NoSuchStep(case=standing.case, state=kind.states[standing.state].label)
    if not may_make(step, standing):
        raise StepNotYours(case=standing.case, who=Roles(sorted(step.by)))
    return step


def require_hand_over(kind: Kind, standing: Standing) -> None:
    """Refuse to hand a case over that has ended, or that is somebody else's.

    Raises:
        NoSuchStep: it has ended.
        StepNotYours: the actor neither has it nor leads at its place.
    """
    if kind.states[standing.state].ends:
        raise NoSuchStep(case=standing.case, state=kind.states[standing.state].label)
    if not may_hand_over(kind, standing):
        raise StepNotYours(case=standing.case, who=Roles([LEADING]))


def may_hand_over(kind: Kind, standing: Standing) -> bool:
    """Return whether the actor may give the case to somebody else."""
    is_open = not kind.states[standing.state].ends
    return is_open and (standing.is_holder or LEADING in standing.roles)


def may_undo(standing: Standing, *, made_it: bool, can_be_undone: bool) -> bool:
    """Return whether the actor may take the last step back: their own, or one that they lead."""
    return can_be_undone and (made_it or LEADING in standing.roles)


def filled(kind: Kind, step: Transition, standing: Standing, given: Given) -> dict[str, Any]:
    """Return the case's fields after a step.

    Raises:
        StepIncomplete: a note, an outcome, a holder or a field is missing.
        BadValue: a value does not fit its field.
    """
    _require_whole(step, standing, given)
    after = dict(standing.fields)
    for name in step.asks:
        written = (given.fields or {}).get(name, "").strip()
        if written:
            after[name] = value_of(kind.fields[name], written)
    for name in step.needs:
        if after.get(name) in (None, ""):
            raise StepIncomplete(case=standing.case, field=kind.fields[name].label)
    return after


def _require_whole(step: Transition, standing: Standing, given: Given) -> None:
    """Raise StepIncomplete or BadValue for what every step may ask for."""
    asked = (
        (NOTE, step.note == "required" and not given.note.strip()),
        (OUTCOME, bool(step.outcomes) and given.outcome is None),
        (HOLDER, step.assigns == "choose" and given.holder is None),
    )
    for name, is_missing in asked:
        if is_missing:
            raise StepIncomplete(case=standing.case, field=name)
    if given.outcome is not None and given.outcome not in step.outcomes:
        raise BadValue(field=OUTCOME, value=given.outcome, why=A_CHOICE)


def title_of(written: str, longest: int) -> str:
    """Return a case's title in one line.

    Raises:
        BadValue: it is empty or too long.
    """
    title = " ".join(written.split())
    if not title:
        raise BadValue(field=TITLE, value="", why=SAY_WHAT)
    if len(title) > longest:
        raise BadValue(field=TITLE, value=f"{title[:20]}…", why=TITLE_TOO_LONG)
    return title


def note_of(case: str, written: str) -> str:
    """Return a note without space around it.

    Raises:
        StepIncomplete: it is empty.
        BadValue: it is too long.
    """
    note = written.strip()
    if not note:
        raise StepIncomplete(case=case, field=NOTE)
    if len(note) > LONGEST_TEXT:
        raise BadValue(field=NOTE, value=f"{note[:20]}…", why=TOO_LONG)
    return note


def value_of(field: Field, written: str) -> Any:
    """Return a field's value as it is kept (JSON).

    Raises:
        BadValue: it does not fit the field's type.
    """
    if len(written) > LONGEST_TEXT:
        raise BadValue(field=field.label, value=f"{written[:20]}…", why=TOO_LONG)
    if field.type == "choice" and written not in field.choices:
        raise BadValue(field=field.label, value=written, why=A_CHOICE)
    if field.type == "yes_no" and written not in ("yes", "no"):
        raise BadValue(field=field.label, value=written, why=YES_OR_NO)
    if field.type == "date":
        return _day(field, written)
    if field.type == "number":
        return _number(field, written)
    return written


def _day(field: Field, written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError as problem:
        raise BadValue(field=field.label, value=written, why=A_DATE) from problem


def _number(field: Field, written: str) -> float:
    try:
        found = float(written.replace(",", ""))
    except ValueError as problem:
        raise BadValue(field=field.label, value=written, why=A_NUMBER) from problem
    if found != found or found in (float("inf"), float("-inf")):
        raise BadValue(field=field.label, value=written, why=A_NUMBER)
    return found


def visible_fields(kind: Kind, fields: Mapping[str, Any], roles: frozenset[str]) -> dict[str, Any]:
    """Return the fields that somebody with these roles at the case's place may see."""
    return {
        name: value
        for name, value in fields.items()
        if name in kind.fields and (not kind.fields[name].sees or kind.fields[name].sees & roles)
    }


def roles_at(grants: Iterable[tuple[str, Sequence[str]]], code: str) -> frozenset[str]:
    """Return the roles of some grants that hold at a code."""
    return frozenset(role for role, prefixes in grants if code.startswith(tuple(prefixes)))
