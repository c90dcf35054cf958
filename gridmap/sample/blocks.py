"""Grids from streets: a lattice in each quarter, noded into faces, the odd ones joined."""

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString

from gridmap.sample.quarters import Quarter
from gridmap.sample.skeleton import Way

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

NODING_M = 0.05
"""Streets are noded on a lattice of this width, so that corners are exactly equal."""
CRUMB_M2 = 100.0
"""Where three noded lines do not quite meet, a face up to this size may lie between quarters."""
SPARE = 1.22
"""How many more blocks than grids the lattices draw: the odd ones at the rims are joined."""


@dataclass(frozen=True)
class Character:
    """How the streets of a quarter look."""

    aspect: float
    """Length of a block by its depth."""
    uneven: float
    """Standard deviation of the distances between streets, as a share of them."""
    bend: float
    """How far streets wander, as a share of a block."""
    offset: float
    """Share of cross streets that do not go on beyond the next street."""


CHARACTERS = {
    "old": Character(aspect=1.25, uneven=0.26, bend=0.30, offset=0.75),
    "town": Character(aspect=1.45, uneven=0.18, bend=0.10, offset=0.35),
    "new": Character(aspect=1.2, uneven=0.07, bend=0.02, offset=0.10),
    "works": Character(aspect=1.5, uneven=0.22, bend=0.04, offset=0.45),
    "suburb": Character(aspect=1.35, uneven=0.28, bend=0.22, offset=0.55),
}


@dataclass(frozen=True)
class Blocks:
    """A partition of the land into grids, on the plane."""

    shapes: Shapes
    quarter: Ints
    """shape (n,): which quarter a grid belongs to."""


def lay_blocks(
    rng: np.random.Generator, quarters: list[Quarter], *, grids: int
) -> tuple[Blocks, list[Way]]:
    """Fill the quarters with streets and return exactly `grids` blocks between them.

    Args:
        rng: where the noise comes from.
        quarters: a partition of the land.
        grids: how many blocks are wanted.

    Returns:
        The blocks, and the streets and lanes that were added.

    Raises:
        ValueError: so few grids that there are fewer than quarters.
    """
    if grids < len(quarters):
        raise ValueError(f"{len(quarters)} quarters cannot be cut into {grids} grids")
    spare = SPARE
    while True:
        streets = [way for q in quarters if not q.whole for way in _lattice(rng, q, spare=spare)]
        faces, owner = _cut(quarters, streets)
        if len(faces) >= grids:
            break
        spare *= 1.25
    want = np.array([q.shape.area / q.grids for q in quarters])
    group = _join_odd(faces, owner, want[owner], grids=grids)
    return _dissolve(faces, owner, group), streets


def _lattice(rng: np.random.Generator, quarter: Quarter, *, spare: float) -> list[Way]:
    """Return the streets inside one quarter: long ones, and cross streets between them."""
    look = CHARACTERS[quarter.use]
    block = quarter.shape.area / (quarter.grids * spare)
    length, depth = np.sqrt(block * look.aspect), np.sqrt(block / look.aspect)
    centre = shapely.get_coordinates(quarter.shape.centroid)[0]
    turn = np.array([[np.cos(quarter.turn), -np.sin(quarter.turn)],
                     [np.sin(quarter.turn), np.cos(quarter.turn)]])  # fmt: skip
    local = (shapely.get_coordinates(quarter.shape) - centre) @ turn
    (u_low, v_low), (u_high, v_high) = local.min(axis=0), local.max(axis=0)
    rows = _marks(rng, v_low, v_high, depth, look.uneven)
    columns = _marks(rng, u_low - length, u_high + length, length, look.uneven)
    waves = _Waves(rng, size=np.sqrt(block), amount=look.bend)
    strips = [columns + length * rng.uniform(-0.5, 0.5, columns.size)
              * (rng.random(columns.size) < look.offset) for _ in range(rows.size + 1)]  # fmt: skip
    ends = [v_low - depth, *rows, v_high + depth]
    lines: list[tuple[Floats, int]] = []
    for i, row in enumerate(rows):
        u = np.unique(np.concatenate([strips[i], strips[i + 1]]))
        lines.append((np.column_stack([u, np.full(u.size, row)]), 3 if i % 3 == 1 else 4))
    for i, strip in enumerate(strips):
        v = np.linspace(ends[i], ends[i + 1], 4)
        v[0], v[-1] = ends[i], ends[i + 1]
        lines += [(np.column_stack([np.full(4, u), v]), 4) for u in strip]
    drawn = [LineString(waves.move(uv) @ turn.T + centre) for uv, _ in lines]
    kept = shapely.intersection(drawn, quarter.shape)
    return [
        Way(part, rank, "")
        for shape, (_, rank) in zip(kept, lines, strict=True)
        for part in shapely.get_parts(shape)
        if part.geom_type == "LineString" and part.length > depth * 0.15
    ]


def _marks(rng: np.random.Generator, low: float, high: float, gap: float, uneven: float) -> Floats:
    """Return places along a line, about `gap` apart, none on its ends."""
    n = max(0, round((high - low) / gap) - 1)
    even = low + (high - low) * np.arange(1, n + 1) / (n + 1)
    marks: Floats = np.sort(even + rng.normal(0.0, 1.0, n).clip(-1.3, 1.3) * uneven * gap)
    return marks


class _Waves:
    """A gentle displacement that keeps streets from being ruled lines."""

    def __init__(self, rng: np.random.Generator, *, size: float, amount: float) -> None:
        self.directions = rng.normal(0.0, 1.0, (4, 2))
        self.directions /= np.hypot(*self.directions.T)[:, None]
        self.lengths = size * rng.uniform(3.0, 8.0, 4) / (2 * np.pi)
        self.phases = rng.uniform(0, 2 * np.pi, (4, 2))
        self.amount = amount * size

    def move(self, uv: Floats) -> Floats:
        """Return points moved by the waves."""
        along = uv @ self.directions.T / self.lengths
        shift = np.stack([np.sin(along + self.phases[:, k]).sum(axis=1) for k in (0, 1)], axis=1)
        moved: Floats = uv + self.amount * shift / 2
        return moved


def _cut(quarters: list[Quarter], streets: list[Way]) -> tuple[Shapes, Ints]:
    """Return the faces between all streets and the quarter that each lies in."""
    shapes = np.array([q.shape for q in quarters], dtype=object)
    lines = [*shapely.boundary(shapes), *(way.line for way in streets)]
    noded = shapely.union_all(lines, grid_size=NODING_M)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    tree = shapely.STRtree(shapes)
    inside = shapely.point_on_surface(faces)
    owner = np.full(faces.size, -1, dtype=np.int64)
    face, quarter = tree.query(inside, predicate="within")
    owner[face] = quarter
    crumbs = (owner < 0) & (shapely.area(faces) < CRUMB_M2)
    owner[crumbs] = tree.nearest(inside[crumbs])
    return faces[owner >= 0], owner[owner >= 0]


def _join_odd(faces: Shapes, owner: Ints, want: Floats, *, grids: int) -> Ints:
    """Join the smallest and thinnest faces to neighbours until `grids` are left.

    Returns:
        shape (n,): the number of the group that a face belongs to.
    """
    shared = shared_borders(faces)
    return _Joining(faces, owner, want, shared).until(grids)


def shared_borders(faces: Shapes) -> tuple[Ints, Ints, Floats]:
    """Return pairs of faces and the length of the border that they share; each pair once."""
    xy, face = shapely.get_coordinates(faces, return_index=True)
    same = face[1:] == face[:-1]
    whole = np.round(xy / (NODING_M / 2)).astype(np.int64)
    _, corner = np.unique(whole, axis=0, return_inverse=True)
    start, end = corner[:-1][same], corner[1:][same]
    length = np.hypot(*(xy[1:] - xy[:-1]).T)[same]
    key = np.minimum(start, end) * (corner.max() + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    key, of, length = key[order], face[:-1][same][order], length[order]
    twin = np.flatnonzero(key[1:] == key[:-1])
    a, b = np.minimum(of[twin], of[twin + 1]), np.maximum(of[twin], of[twin + 1])
    pairs, where = np.unique(a * len(faces) + b, return_inverse=True)
    total: Floats = np.bincount(where, weights=length[twin]).astype(np.float64)
    low: Ints = (pairs // len(faces)).astype(np.int64)
    high: Ints = (pairs % len(faces)).astype(np.int64)
    return low, high, total


class _Joining:
    """Faces that grow together, the oddest first."""

    def __init__(
        self, faces: Shapes, owner: Ints, want: Floats, shared: tuple[Ints, Ints, Floats]
    ) -> None:
        self.area = shapely.area(faces)
        self.edge = shapely.length(faces)
        self.owner, self.want = owner, want
        self.group = np.arange(len(faces))
        self.members = {i: [i] for i in range(len(faces))}
        self.near: list[dict[int, float]] = [{} for _ in faces]
        for a, b, length in zip(*(column.tolist() for column in shared), strict=True):
            self.near[a][b] = self.near[b][a] = length
        self.heap = [(self.size(i), i) for i in range(len(faces))]
        heapq.heapify(self.heap)

    def size(self, i: int) -> float:
        """Return how large a face is against what is wanted there; thin ones count as small."""
        round_ = 4 * np.pi * self.area[i] / self.edge[i] ** 2
        return float(self.area[i] / self.want[i] * min(1.0, round_ / 0.5))

    def until(self, grids: int) -> Ints:
        """Join until `grids` groups are left."""
        while len(self.members) > grids:
            size, i = heapq.heappop(self.heap)
            if i not in self.members or size != self.size(i):
                continue
            partner = self.partner(i)
            if partner is not None:
                self.join(i, partner)
        return np.unique(self.group, return_inverse=True)[1].astype(np.int64)

    def partner(self, i: int) -> int | None:
        """Return the neighbour that a face joins best: long common border, small, same quarter."""
        best, best_score = None, -np.inf
        for j, length in self.near[i].items():
            edge = self.edge[i] + self.edge[j] - 2 * length
            area = self.area[i] + self.area[j]
            compact = 4 * np.pi * area / edge**2
            score = compact - 0.35 * area / self.want[j] - (self.owner[i] != self.owner[j])
            if score > best_score:
                best, best_score = j, score
        return best

    def join(self, i: int, j: int) -> None:
        """Let `i` go into `j`."""
        self.edge[j] += self.edge[i] - 2 * self.near[i][j]
        self.area[j] += self.area[i]
        self.members[j] += self.members.pop(i)
        self.group[self.members[j]] = j
        for k, length in self.near[i].items():
            del self.near[k][i]
            if k != j:
                self.near[j][k] = self.near[k][j] = self.near[j].get(k, 0.0) + length
        self.near[i] = {}
        heapq.heappush(self.heap, (self.size(j), j))


def _dissolve(faces: Shapes, owner: Ints, group: Ints) -> Blocks:
    """Return one polygon a group; a group has the quarter of its largest face."""
    order = np.lexsort([-shapely.area(faces), group])
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    shapes = faces[order[first]].copy()
    for k in np.flatnonzero(np.diff(np.append(first, order.size)) > 1):
        until = first[k + 1] if k + 1 < first.size else order.size
        shapes[k] = shapely.coverage_union_all(faces[order[first[k] : until]])
    return Blocks(shapes=shapes, quarter=owner[order[first]])
