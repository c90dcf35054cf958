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
    """Divisions that one can go to."""

    where: str
    """inside, beside, or own: another scope of the viewer."""
    entries: list[DivisionRow]


@dataclass(frozen=True)
class Scope:
    """The breadcrumb: levels above, the present one, and where one can go from it.

    Attributes:
        above: names of the divisions above the viewer's scope; they lead nowhere.
        path: levels above the present one, within the viewer's scope.
    """

    above: list[Level]
    path: list[Level]
    here: Level
    lists: list[ScopeList]

    @property
    def long(self) -> bool:
        """Whether the list is worth narrowing."""
        return sum(len(found.entries) for found in self.lists) > MANY


@dataclass(frozen=True)
class Reach:
    """How far a viewer can go from the present scope.

    Attributes:
        root: the viewer's scope that the present one lies in; '' is everything.
        grids: how many it has; a division that has them all stands for it.
        above: divisions above it.
        own: all scopes of the viewer, with their grids.
    """

    root: str
    grids: int
    above: Sequence[Level] = ()
    own: Sequence[DivisionRow] = ()


def scope_of(divisions: Sequence[DivisionRow], code: str, reach: Reach) -> Scope:
    """Place a code among the divisions, which come in the order of their codes.

    Args:
        divisions: all of the viewer's scope.
        code: of the present scope; '' is everything.
        reach: how far the viewer can go.
    """
    top = next((row for row in divisions if row.grids == reach.grids and reach.grids), None)
    root = Level(reach.root, top.name, top.kind) if top else Level(reach.root, reach.root)
    above = [row for row in divisions if code.startswith(row.code) and row != top]
    levels = [root] + [Level(row.code, row.name, row.kind) for row in above]
    if code and levels[-1].code != code and not (top and code == top.code):
        levels.append(Level(code, code))
    here, path = levels[-1], levels[:-1]
    top_code = top.code if top else reach.root
    inside = _direct(divisions, _start(here, reach, top_code))
    beside = _direct(divisions, _start(path[-1], reach, top_code)) if path else []
    lists = [ScopeList("inside", inside[:LONGEST])] if inside else []
    if len(beside) > 1:
        lists.append(ScopeList("beside", beside[:LONGEST]))
    if len(reach.own) > 1:
        lists.append(ScopeList("own", list(reach.own[:LONGEST])))
    return Scope(list(reach.above), path, here, lists)


def _start(level: Level, reach: Reach, top_code: str) -> str:
    """Return the code below which a level's own divisions stand."""
    return top_code if level.code == reach.root else level.code


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
