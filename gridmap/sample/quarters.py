"""Quarters: what avenues, rails and river banks cut out of the land; each has its own lattice.

A quarter knows how large its blocks should be and which way its streets run. Quarters are cut
by further avenues until each holds only a few dozen grids.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon

from gridmap.sample.skeleton import OLD_RADIUS, Skeleton, Way

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

MOST_GRIDS = 34
"""A quarter with more grids than that gets an avenue through it."""


@dataclass(frozen=True)
class Quarter:
    """An area of one character between main streets, on the plane."""

    shape: Polygon
    use: str
    """old, town, new, suburb or works (industry); park or campus, which are one grid each."""
    grids: float
    """How many grids it should hold."""
    turn: float
    """Which way its streets run, in radians."""

    @property
    def whole(self) -> bool:
        """Whether the quarter is one grid."""
        return self.use in {"park", "campus"}


def cut_quarters(
    rng: np.random.Generator, skeleton: Skeleton, *, grids: int
) -> tuple[list[Quarter], list[Way]]:
    """Cut the land into quarters.

    Args:
        rng: where the noise comes from.
        skeleton: the frame.
        grids: how many grids the city shall have.

    Returns:
        The quarters, their numbers of grids adding up to about `grids`, and the avenues
        that were added to cut them.
    """
    shapes = _merge_small(
        _faces(skeleton), at_least=0.002 * skeleton.radius**2, at_most=max(1, grids // 2)
    )
    uses = [_use(shape, skeleton) for shape in shapes]
    each = list(zip(shapes, uses, strict=True))
    per_area = np.array([1 / _room(shape, use, skeleton) for shape, use in each])
    wish = shapely.area(shapes) * per_area
    single = np.array([use in {"park", "campus"} for use in uses])
    wish[~single] *= max(1.0, grids - single.sum()) / wish[~single].sum()
    wish[single] = 1.0
    done: list[Quarter] = []
    added: list[Way] = []
    stack = [(shape, use, n) for shape, use, n in zip(shapes, uses, wish, strict=True)]
    while stack:
        shape, use, n = stack.pop()
        turn = _direction(shape)
        if n <= MOST_GRIDS or use in {"park", "campus"}:
            done.append(Quarter(shape, use, n, turn))
            continue
        parts, ways = _halve(rng, shape, turn=turn, rank=2 if n > 4 * MOST_GRIDS else 3)
        added += ways
        stack += [(part, use, n * part.area / shape.area) for part in parts]
    return done, added


def _faces(skeleton: Skeleton) -> list[Polygon]:
    """Return what the frame's ways cut out of the land."""
    lines = [way.line for way in skeleton.ways]
    noded = shapely.union_all([*lines, shapely.boundary(skeleton.land)], grid_size=0.05)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    inside = shapely.contains(skeleton.land, shapely.point_on_surface(faces))
    return list(faces[inside])


def _merge_small(shapes: list[Polygon], *, at_least: float, at_most: int) -> list[Polygon]:
    """Join faces that are too small or too thin to be a quarter to the neighbour they touch most.

    Args:
        shapes: the faces.
        at_least: area in m² under which a face is too small.
        at_most: how many may be left; islands stay for themselves, whatever it says.
    """
    shapes = list(shapes)
    while True:
        area = shapely.area(shapes)
        size = area * np.minimum(1.0, 4 * np.pi * area / shapely.length(shapes) ** 2 / 0.25)
        few = len(shapes) <= at_most
        order = [i for i in np.argsort(size, kind="stable") if size[i] < at_least or not few]
        pair = next((pair for i in order if (pair := _touching_most(shapes, int(i)))), None)
        if pair is None:
            return shapes
        joined: Any = shapely.union(shapes[pair[0]], shapes[pair[1]])
        shapes = [shape for j, shape in enumerate(shapes) if j not in pair] + [joined]


def _touching_most(shapes: list[Polygon], i: int) -> tuple[int, int] | None:
    """Return a face and the neighbour with which it shares most border, None for an island."""
    shared = shapely.length(shapely.intersection(shapes[i], shapes))
    shared[i] = 0
    return (i, int(np.argmax(shared))) if shared.max() > 0 else None


def _use(shape: Polygon, skeleton: Skeleton) -> str:
    """Return what an area is used for, from where it lies."""
    at = shape.representative_point()
    if any(park.buffer(1).covers(at) for park in skeleton.parks):
        return "park"
    if skeleton.campus.covers(at):
        return "campus"
    x, y = (np.array([shape.centroid.x, shape.centroid.y])) / skeleton.radius
    reach = float(np.hypot(x, y))
    if reach < OLD_RADIUS * 1.05:
        return "old"
    if x > 0.25 and y < -0.2:
        return "new"
    if x < -0.66 and y > -0.4:
        return "works"
    return "town" if reach < 0.68 else "suburb"


def _room(shape: Polygon, use: str, skeleton: Skeleton) -> float:
    """Return how large a grid is there, relative to others."""
    reach = float(np.hypot(shape.centroid.x, shape.centroid.y)) / skeleton.radius
    factor = {"old": 0.75, "new": 1.45, "works": 1.35}.get(use, 1.0)
    return factor * (0.42 + 1.5 * reach**2)


def _direction(shape: Polygon) -> float:
    """Return the direction of the longer side of the smallest rectangle around a shape."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = np.diff(corners[:3], axis=0)
    longer = sides[int(np.argmax(np.hypot(*sides.T)))]
    return float(np.arctan2(longer[1], longer[0]) % np.pi)


def _halve(
    rng: np.random.Generator, shape: Polygon, *, turn: float, rank: int
) -> tuple[list[Polygon], list[Way]]:
    """Cut a shape across its longer side with a slightly bent avenue."""
    reach = float(np.hypot(*np.ptp(shapely.get_coordinates(shape), axis=0)))
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    centre = shapely.get_coordinates(shape.centroid)[0] + along * reach * rng.uniform(-0.04, 0.04)
    t = np.linspace(-1.1, 1.1, 25)[:, None]
    bow, sway, tilt = rng.uniform(-1, 1, 3) * (0.04, 0.02, 0.08) * reach
    line = LineString(centre + across * reach * t + along * (bow * t**2 + sway * np.sin(2 * t)
                                                             + tilt * t))  # fmt: skip
    noded = shapely.union_all([shapely.boundary(shape), line], grid_size=0.05)
    parts = shapely.get_parts(shapely.polygonize([noded]))
    parts = parts[shapely.contains(shape, shapely.point_on_surface(parts))]
    cuts = shapely.get_parts(shapely.intersection(line, shape))
    return list(parts), [Way(cut, rank, "") for cut in cuts if cut.geom_type == "LineString"]
