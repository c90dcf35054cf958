"""What a kind of case is: read from one TOML file, into values that cannot contradict a reader.

Everything else (list, form, detail, timeline, deadlines, statistics, API) is made from it.
`gridmap.cases.checking` says what is wrong with a declaration that reads well.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gridmap.cases.errors import BadDeclaration
from gridmap.cases.spans import Span, read_span

SIGNS = ("reported", "accepted", "in_hand", "waiting", "to_check", "closed", "refused")
"""Seven signs that states are shown with, the same for every kind."""
FIELD_TYPES = ("text", "long_text", "number", "choice", "date", "yes_no")
ASSIGNMENTS = ("keep", "choose", "duty", "actor", "above", "previous", "nobody")
"""Who has the case after a transition: as before, somebody who is named, whoever is on duty in
the grid, the one who acts, the level above, the one before, nobody."""
EFFECTS = ("tell_holder", "tell_reporter", "tell_watchers", "ask_for_rating")
CLOCKS = ("reporter", "holder")
PRIORITIES = ("urgent", "normal", "low")

Part = TypeVar("Part")


@dataclass(frozen=True)
class Label:
    """A name in both languages."""

    en: str
    zh: str

    def __str__(self) -> str:
        """Return the English one: logs and the command line speak English."""
        return self.en


@dataclass(frozen=True)
class Field:
    """One thing that a case of this kind knows, besides what every case knows.

    Attributes:
        sees: roles that see it; empty: all who see the case.
        choices: value → label, of a choice.
    """

    name: str
    label: Label
    type: str
    choices: Mapping[str, Label] = field(default_factory=dict)
    sees: frozenset[str] = frozenset()
    sensitive: bool = False


@dataclass(frozen=True)
class State:
    """Where a case stands.

    Attributes:
        sign: how it is drawn, one of SIGNS.
        begins: new cases begin here.
        ends: no work is left.
    """

    name: str
    label: Label
    sign: str
    begins: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Transition:
    """One step, and what it takes.

    Attributes:
        sources: states that it leads out of.
        target: where it leads.
        by: roles that may make it.
        holder_only: only whoever has the case, or a coordinator.
        needs: fields that must be filled afterwards; those that it asks for are filled with it.
        asks: fields that it asks for.
        note: "required", "optional" or "none".
        outcomes: results of which one is chosen; empty: it says nothing about the result.
        assigns: who has the case afterwards, one of ASSIGNMENTS.
        effects: what it sets off.
        reopens: it leads back from an end.
        undoable: the last step may be taken back by whoever made it.
    """

    name: str
    label: Label
    sources: tuple[str, ...]
    target: str
    by: frozenset[str]
    holder_only: bool = False
    needs: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    note: str = "optional"
    outcomes: tuple[str, ...] = ()
    assigns: str = "keep"
    effects: tuple[str, ...] = ()
    reopens: bool = False
    undoable: bool = True


@dataclass(frozen=True)
class Deadline:
    """How long something may take.

    Attributes:
        clock: "reporter" runs from the beginning, "holder" from each new holder.
        starts: states on whose entry it begins.
        stops: states on whose entry it is kept.
        pauses: states in which it stands still.
        within: priority → span.
        owner: "holder", or a role in the case's scope: who is late.
        escalates_after: from then on, how much later the level above has it; None: never.
    """

    name: str
    label: Label
    clock: str
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    within: Mapping[str, Span]
    owner: str
    pauses: tuple[str, ...] = ()
    escalates_after: Span | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of case, whole."""

    name: str
    letter: str
    label: Label
    about: Label
    keep_years: int
    fields: Mapping[str, Field]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    deadlines: Mapping[str, Deadline]
    outcomes: Mapping[str, Label]
    never_a_point: bool = False
    """Cases of this kind are shown below the name of their grid, never as a point."""

    @property
    def first_state(self) -> str:
        """Return the state in which a case begins."""
        return next(name for name, state in self.states.items() if state.begins)

    def leaving(self, state: str) -> list[Transition]:
        """Return the transitions that lead out of a state, in the declaration's order."""
        return [step for step in self.transitions.values() if state in step.sources]


class _Table:
    """One table of the file: its values are taken out once; what is left is a mistake."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise BadDeclaration(where=where, why="it must be a table")
        self.left = dict(values)
        self.where = where

    def take(self, name: str, wanted: type[Part], default: Part | None = None) -> Part:
        """Return a value of a type; the default where there is none."""
        if name not in self.left:
            if default is None:
                raise BadDeclaration(where=self.where, why=f"{name} is missing")
            return default
        value = self.left.pop(name)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise BadDeclaration(where=self.where, why=f"{name} must be a {wanted.__name__}")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of words; none where there is none."""
        found = self.take(name, list, [])
        if not all(isinstance(word, str) for word in found):
            raise BadDeclaration(where=self.where, why=f"{name} must be a list of words")
        return tuple(found)

    def label(self, name: str = "label") -> Label:
        """Return a name in both languages."""
        part = _Table(self.take(name, dict), f"{self.where}.{name}")
        found = Label(part.take("en", str), part.take("zh", str))
        part.nothing_left()
        return found

    def span(self, name: str) -> Span | None:
        """Return a span of time; None where there is none."""
        if name not in self.left:
            return None
        try:
            return read_span(self.take(name, str))
        except ValueError as problem:
            raise BadDeclaration(where=f"{self.where}.{name}", why=str(problem)) from problem

    def parts(self, name: str) -> list[tuple[str, "_Table"]]:
        """Return the tables of tables below a name, with their names."""
        found = self.take(name, dict, {})
        return [(key, _Table(value, f"{self.where}.{name}.{key}")) for key, value in found.items()]

    def nothing_left(self) -> None:
        """Refuse words that mean nothing here: a misspelt one would be silently ignored."""
        if self.left:
            raise BadDeclaration(
                where=self.where, why=f"it does not know {', '.join(sorted(self.left))}"
            )


def read_kind(text: str, *, file: str) -> Kind:
    """Read a declaration.

    Args:
        text: of the TOML file.
        file: its name, for messages.

    Raises:
        BadDeclaration: it is no TOML, a word is missing, of the wrong type or unknown.
    """
    try:
        whole = _Table(tomllib.loads(text), file)
    except tomllib.TOMLDecodeError as problem:
        raise BadDeclaration(where=file, why=str(problem)) from problem
    kind = Kind(
        name=whole.take("kind", str),
        letter=whole.take("letter", str),
        label=whole.label(),
        about=whole.label("about"),
        keep_years=whole.take("keep_years", int),
        never_a_point=whole.take("never_a_point", bool, False),
        outcomes={name: _label_of(part) for name, part in whole.parts("outcomes")},
        fields=_all(whole, "fields", _field),
        states=_all(whole, "states", _state),
        transitions=_all(whole, "transitions", _transition),
        deadlines=_all(whole, "deadlines", _deadline),
    )
    whole.nothing_left()
    return kind


def _all(whole: _Table, name: str, make: Callable[[str, _Table], Part]) -> dict[str, Part]:
    found = {}
    for key, part in whole.parts(name):
        found[key] = make(key, part)
        part.nothing_left()
    return found


def _label_of(part: _Table) -> Label:
    found = Label(part.take("en", str), part.take("zh", str))
    part.nothing_left()
    return found


def _field(name: str, part: _Table) -> Field:
    return Field(
        name=name,
        label=part.label(),
        type=part.take("type", str),
        choices={value: _label_of(choice) for value, choice in part.parts("choices")},
        sees=frozenset(part.words("sees")),
        sensitive=part.take("sensitive", bool, False),
    )


def _state(name: str, part: _Table) -> State:
    return State(
        name=name,
        label=part.label(),
        sign=part.take("sign", str),
        begins=part.take("begins", bool, False),
        ends=part.take("ends", bool, False),
    )


def _transition(name: str, part: _Table) -> Transition:
    return Transition(
        name=name,
        label=part.label(),
        sources=part.words("from"),
        target=part.take("to", str),
        by=frozenset(part.words("by")),
        holder_only=part.take("holder_only", bool, False),
        needs=part.words("needs"),
        asks=part.words("asks"),
        note=part.take("note", str, "optional"),
        outcomes=part.words("outcomes"),
        assigns=part.take("assigns", str, "keep"),
        effects=part.words("effects"),
        reopens=part.take("reopens", bool, False),
        undoable=part.take("undoable", bool, True),
    )


def _deadline(name: str, part: _Table) -> Deadline:
    within = _Table(part.take("within", dict), f"{part.where}.within")
    spans = {priority: within.span(priority) for priority in list(within.left)}
    return Deadline(
        name=name,
        label=part.label(),
        clock=part.take("clock", str),
        starts=part.words("starts"),
        stops=part.words("stops"),
        pauses=part.words("pauses"),
        within={priority: span for priority, span in spans.items() if span is not None},
        owner=part.take("owner", str, ""),
        escalates_after=part.span("escalates_after"),
    )
