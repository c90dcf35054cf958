"""The breadcrumb: where a scope stands among the divisions, what lies beside and inside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridmap.maps.queries import DivisionRow

LONGEST = 300
MANY = 10
"""From this many entries on, the list can be narrowed by typing."""


@dataclass(frozen=True)
class Level:
    """One level of the breadcrumb."""

    code: str
    name: str
    kind: str = ""


@dataclass(frozen=True)
class ScopeList:
    """Divisions inside the present one, or beside it."""

    inside: bool
    entries: list[DivisionRow]


@dataclass(frozen=True)
class Scope:
    """The breadcrumb: levels above, the present one, and where one can go from it."""

    path: list[Level]
    here: Level
    lists: list[ScopeList]

    @property
    def long(self) -> bool:
        """Whether the list is worth narrowing."""
        return sum(len(found.entries) for found in self.lists) > MANY


def scope_of(divisions: Sequence[DivisionRow], code: str) -> Scope:
    """Place a code among the divisions, which come in the order of their codes."""
    above = [row for row in divisions if code.startswith(row.code)]
    parents = [Level("", "")] + [Level(row.code, row.name, row.kind) for row in above]
    if parents[-1].code != code:
        parents.append(Level(code, code))
    here, path = parents[-1], parents[:-1]
    inside = _direct(divisions, here.code)
    beside = _direct(divisions, path[-1].code) if path else []
    lists = [ScopeList(True, inside[:LONGEST])] if inside else []
    if len(beside) > 1:
        lists.append(ScopeList(False, beside[:LONGEST]))
    return Scope(path, here, lists)


def _direct(divisions: Sequence[DivisionRow], code: str) -> list[DivisionRow]:
    """Return the divisions below a code that no other one below it stands above."""
    found: list[DivisionRow] = []
    for row in divisions:
        if row.code == code or not row.code.startswith(code):
            continue
        if found and row.code.startswith(found[-1].code):
            continue
        found.append(row)
    return found
