"""What is wrong with a declaration: every contradiction, in words for whoever wrote it."""

from collections.abc import Callable, Container, Iterator

from gridmap.cases.declarations import (
    ASSIGNMENTS,
    CLOCKS,
    EFFECTS,
    FIELD_TYPES,
    PRIORITIES,
    SIGNS,
    Deadline,
    Field,
    Kind,
    Transition,
)
from gridmap.cases.errors import BadDeclaration

MayChange = Callable[[str], bool]
NOTES = ("required", "optional", "none")
HOLDER = "holder"


def check(kind: Kind, may_change: MayChange) -> None:
    """Refuse a declaration that contradicts itself.

    Args:
        kind: as it was read.
        may_change: whether a role may change cases at all (the permission table).

    Raises:
        BadDeclaration: with every contradiction that was found.
    """
    found = problems(kind, may_change)
    if found:
        raise BadDeclaration(where=kind.name, why="; ".join(found))


def problems(kind: Kind, may_change: MayChange) -> list[str]:
    """Return every contradiction in a declaration, in words; empty for one that holds."""
    return [
        *_of_kind(kind),
        *_of_fields(kind),
        *_of_states(kind),
        *_of_transitions(kind, may_change),
        *_of_deadlines(kind, may_change),
    ]


def _of_kind(kind: Kind) -> Iterator[str]:
    if not (len(kind.letter) == 1 and kind.letter.isascii() and kind.letter.isupper()):
        yield f"letter is {kind.letter!r}: case numbers begin with one capital letter"
    if kind.keep_years < 1:
        yield "keep_years must be at least 1"


def _of_fields(kind: Kind) -> Iterator[str]:
    asked = {name for step in kind.transitions.values() for name in step.asks}
    for name, field in kind.fields.items():
        yield from _of_field(field)
        if name not in asked:
            yield f"no step asks for field {name}, so it can never be filled"


def _of_field(field: Field) -> Iterator[str]:
    if field.type not in FIELD_TYPES:
        yield f"field {field.name} is a {field.type}: there are {', '.join(FIELD_TYPES)}"
    if (field.type == "choice") != bool(field.choices):
        yield f"field {field.name}: a choice has choices, and nothing else has"


def _of_states(kind: Kind) -> Iterator[str]:
    first = [name for name, state in kind.states.items() if state.begins]
    if len(first) != 1:
        yield f"exactly one state begins; here: {', '.join(first) or 'none'}"
        return
    for state in kind.states.values():
        if state.sign not in SIGNS:
            yield f"state {state.name} has the sign {state.sign}: there are {', '.join(SIGNS)}"
    ends = {name for name, state in kind.states.items() if state.ends}
    if not ends:
        yield "no state ends, so no case is ever done"
    forward = {name: {step.target for step in kind.leaving(name)} for name in kind.states}
    reached = _closure(first[0], forward)
    for name in kind.states:
        if name not in reached:
            yield f"state {name} cannot be reached"
        elif ends and not _closure(name, forward) & ends:
            yield f"from state {name} no end can be reached"
    yield from _of_ends(kind, ends)


def _of_ends(kind: Kind, ends: set[str]) -> Iterator[str]:
    for step in kind.transitions.values():
        out = set(step.sources) & ends
        away = out and step.target not in ends
        if away and not step.reopens:
            yield f"step {step.name} leads out of {', '.join(sorted(out))}, which ends: say reopens"
        if step.reopens and not away:
            yield f"step {step.name} reopens, but does not lead from an end back to work"
        if step.reopens and step.note != "required":
            yield f"step {step.name} reopens, so its note must be required"


def _closure(first: str, forward: dict[str, set[str]]) -> set[str]:
    found, waiting = {first}, [first]
    while waiting:
        for name in forward.get(waiting.pop(), set()) - found:
            found.add(name)
            waiting.append(name)
    return found


def _of_transitions(kind: Kind, may_change: MayChange) -> Iterator[str]:
    for step in kind.transitions.values():
        yield from _unknown(f"step {step.name} leads from", step.sources, kind.states)
        yield from _unknown(f"step {step.name} leads to", (step.target,), kind.states)
        yield from _unknown(f"step {step.name} asks for", step.asks, kind.fields)
        yield from _unknown(f"step {step.name} needs", step.needs, kind.fields)
        yield from _unknown(f"step {step.name} ends with", step.outcomes, kind.outcomes)
        yield from _unknown(f"step {step.name} sets off", step.effects, EFFECTS)
        yield from _unknown(f"step {step.name} assigns", (step.assigns,), ASSIGNMENTS)
        yield from _unknown(f"step {step.name} has the note", (step.note,), NOTES)
        yield from _unmakeable(step, may_change)
    yield from _never_filled(kind)


def _unmakeable(step: Transition, may_change: MayChange) -> Iterator[str]:
    if not step.sources:
        yield f"step {step.name} leads from nowhere"
    able = [role for role in step.by if may_change(role)]
    if not able:
        by = ", ".join(sorted(step.by)) or "nobody"
        yield f"nobody may make step {step.name}: it is for {by}, who may not change cases"
    else:
        for role in sorted(step.by - set(able)):
            yield f"step {step.name} is for {role}, who may not change cases"


def _never_filled(kind: Kind) -> Iterator[str]:
    """A step needs a field that no step before it can have asked for."""
    for step in kind.transitions.values():
        for name in step.needs:
            if name in step.asks:
                continue
            before = {
                other.name
                for other in kind.transitions.values()
                if name in other.asks and set(step.sources) & _after(kind, other.target)
            }
            if not before and name in kind.fields:
                yield f"step {step.name} needs {name}, which no step before it asks for"


def _after(kind: Kind, state: str) -> set[str]:
    forward = {name: {step.target for step in kind.leaving(name)} for name in kind.states}
    return _closure(state, forward)


def _of_deadlines(kind: Kind, may_change: MayChange) -> Iterator[str]:
    for deadline in kind.deadlines.values():
        name = deadline.name
        for words in (deadline.starts, deadline.stops, deadline.pauses):
            yield from _unknown(f"deadline {name} speaks of", words, kind.states)
        yield from _unknown(f"deadline {name} runs on", (deadline.clock,), CLOCKS)
        yield from _unknown(f"deadline {name} is for", tuple(deadline.within), PRIORITIES)
        missing = [priority for priority in PRIORITIES if priority not in deadline.within]
        if missing:
            yield f"deadline {name} says nothing of priority {', '.join(missing)}"
        if not deadline.owner:
            yield f"deadline {name} has no owner: nobody would be late"
        elif deadline.owner != HOLDER and not may_change(deadline.owner):
            yield f"deadline {name} belongs to {deadline.owner}, who may not change cases"
        yield from _endless(kind, deadline)


def _endless(kind: Kind, deadline: Deadline) -> Iterator[str]:
    if not deadline.starts:
        yield f"deadline {deadline.name} never begins"
    if not deadline.stops:
        yield f"deadline {deadline.name} cannot be kept: no state stops it"
    for state in deadline.starts:
        if state in kind.states and not _after(kind, state) & set(deadline.stops):
            yield f"deadline {deadline.name} begins in {state} and cannot be kept from there"


def _unknown(what: str, words: tuple[str, ...], known: Container[str]) -> Iterator[str]:
    for word in words:
        if word not in known:
            yield f"{what} {word}, which is not declared"
