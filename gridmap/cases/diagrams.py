"""The picture of a kind: its states in columns by distance from the first, steps as arrows."""

from collections.abc import Callable
from dataclasses import dataclass

from gridmap.cases.declarations import Kind, Label, State

WIDTH, HEIGHT = 148, 44
GAP_X, GAP_Y = 76, 34
MARGIN = 24


@dataclass(frozen=True)
class Box:
    """A state: its corner and words."""

    name: str
    label: str
    sign: str
    x: int
    y: int


@dataclass(frozen=True)
class Arrow:
    """A step from one box to another, as an SVG path, with its words and where they stand."""

    path: str
    label: str
    back: bool


@dataclass(frozen=True)
class Diagram:
    """Everything that the picture needs, in pixels."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


def diagram_of(kind: Kind, words: Callable[[Label], str]) -> Diagram:
    """Lay out a kind: no library is worth its weight for ten boxes."""
    columns = _columns(kind)
    tallest = max(len(column) for column in columns)
    boxes = {
        state.name: Box(
            state.name, words(state.label), state.sign,
            MARGIN + k * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y),
        )
        for k, column in enumerate(columns)
        for row, state in enumerate(column)
    }  # fmt: skip
    arrows = [
        _arrow(boxes[source], boxes[step.target], words(step.label))
        for step in kind.transitions.values()
        for source in step.sources
    ]
    return Diagram(
        width=2 * MARGIN + len(columns) * (WIDTH + GAP_X) - GAP_X,
        height=2 * MARGIN + tallest * (HEIGHT + GAP_Y) + GAP_Y,
        boxes=list(boxes.values()),
        arrows=arrows,
    )


def _columns(kind: Kind) -> list[list[State]]:
    """Put each state into the column of its distance from the first."""
    distance = {kind.first_state: 0}
    waiting = [kind.first_state]
    while waiting:
        name = waiting.pop(0)
        for step in kind.leaving(name):
            if step.target not in distance:
                distance[step.target] = distance[name] + 1
                waiting.append(step.target)
    columns: list[list[State]] = [[] for _ in range(1 + max(distance.values()))]
    for name, state in kind.states.items():
        columns[distance[name]].append(state)
    return columns


def _arrow(source: Box, target: Box, label: str) -> Arrow:
    if target.x > source.x:
        start, end = (source.x + WIDTH, source.y + HEIGHT // 2), (target.x, target.y + HEIGHT // 2)
        bend = (end[0] - start[0]) // 2
        path = (f"M{start[0]} {start[1]}C{start[0] + bend} {start[1]} "
                f"{end[0] - bend} {end[1]} {end[0]} {end[1]}")  # fmt: skip
        return Arrow(path, label, back=False)
    start = (source.x + WIDTH // 2, source.y + HEIGHT)
    end = (target.x + WIDTH // 2, target.y + HEIGHT)
    depth = max(start[1], end[1]) + GAP_Y
    path = f"M{start[0]} {start[1]}C{start[0]} {depth} {end[0]} {depth} {end[0]} {end[1]}"
    return Arrow(path, label, back=True)
