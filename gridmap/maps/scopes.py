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


def scope_of(divisions: Sequence[DivisionRow], code: str, *, grids: int) -> Scope:
    """Place a code among the divisions, which come in the order of their codes.

    Args:
        divisions: all of them.
        code: of the present scope; '' is everything.
        grids: how many there are in all; a division that has them all stands for everything.
    """
    top = next((row for row in divisions if row.grids == grids and grids), None)
    root = Level("", top.name, top.kind) if top else Level("", "")
    above = [row for row in divisions if code.startswith(row.code) and row != top]
    levels = [root] + [Level(row.code, row.name, row.kind) for row in above]
    if code and levels[-1].code != code and not (top and code == top.code):
        levels.append(Level(code, code))
    here, path = levels[-1], levels[:-1]
    top_code = top.code if top else ""
    inside = _direct(divisions, here.code or top_code)
    beside = _direct(divisions, path[-1].code or top_code) if path else []
    lists = [ScopeList(inside=True, entries=inside[:LONGEST])] if inside else []
    if len(beside) > 1:
        lists.append(ScopeList(inside=False, entries=beside[:LONGEST]))
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
