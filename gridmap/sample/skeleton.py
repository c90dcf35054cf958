"""What a city grows around: its edge, a lake, a river, ring roads, avenues and a railway.

All shapes are drawn for a city of radius 1 and blown up, with some noise from the seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]

OLD_RADIUS = 0.29
"""Where the inner ring road follows the wall that once stood there, in city radii."""

_RIVER = ((-2.3, 0.62), (-1.5, 0.24), (-1.0, 0.22), (-0.62, -0.06), (-0.3, -0.17), (0.02, -0.12),
          (0.34, -0.17), (0.62, -0.36), (0.9, -0.38), (1.25, -0.34), (1.7, -0.4))  # fmt: skip
_BROOK = ((-0.66, 2.0), (-0.58, 1.3), (-0.5, 0.95), (-0.56, 0.62), (-0.44, 0.34), (-0.46, 0.1),
          (-0.4, -0.16))  # fmt: skip
_RAIL = ((-2.2, 0.3), (-1.4, 0.52), (-0.8, 0.68), (-0.2, 0.74), (0.3, 0.80), (0.62, 1.1),
         (1.0, 1.9))  # fmt: skip
_SHORE = ((1.7, 1.9), (1.05, 1.25), (0.92, 0.95), (0.80, 0.62), (0.86, 0.42), (0.74, 0.18),
          (0.79, -0.02), (0.72, -0.20), (0.80, -0.42), (0.72, -0.6), (0.82, -0.82), (1.0, -1.1),
          (1.35, -1.35))  # fmt: skip
_FAR_SHORE = ((1.95, -1.15), (2.35, -0.6), (2.2, -0.05), (2.45, 0.5), (2.3, 1.1), (2.05, 1.6))


@dataclass(frozen=True)
class Way:
    """One street or railway of the skeleton, on the plane."""

    line: LineString
    rank: int
    """1 ring roads and great avenues … 4 lanes; 0 a railway."""
    role: str
    """Which street it belongs to: parts of one street share it; '' where it stands alone."""


@dataclass(frozen=True)
class Skeleton:
    """The frame of a city on the plane, in metres."""

    radius: float
    land: MultiPolygon | Polygon
    """The city without its waters."""
    lake: Polygon
    river: BaseGeometry
    course: LineString
    """The middle of the river: north of it is another bank than south of it."""
    ways: list[Way]
    parks: list[Polygon]
    """Large parks, the first with a pond."""
    ponds: list[Polygon]
    campus: Polygon


def draw_skeleton(rng: np.random.Generator, *, radius: float) -> Skeleton:
    """Draw the frame of a city.

    Args:
        rng: where the noise comes from.
        radius: of the city in metres.
    """
    edge, lake, waters, course = _land_and_water(rng)
    land = shapely.difference(edge, shapely.union_all([waters, lake]))
    land = shapely.union_all([part for part in shapely.get_parts(land) if part.area > 0.004])
    parks = [_rounded(-0.13, 0.46, 0.085, 0.06, 0.2), _rounded(0.58, 0.29, 0.06, 0.10, -0.1)]
    campus = _rounded(-0.63, 0.33, 0.07, 0.055, 0.35)
    solid = shapely.union_all([*parks, campus])
    drawn = [*_rings(rng), *_avenues(rng), Way(_curve(_jitter(rng, _RAIL, 0.01)), 0, "rail")]
    drawn = [part for way in drawn for part in _clip(way, shapely.difference(edge, lake), solid)]
    rims = [shapely.boundary(shapely.difference(edge, lake)), shapely.boundary(solid)]
    ways = _without_stubs(drawn, shapely.union_all(rims))
    ways += [Way(LineString(ring.coords), 3, f"bank {i}") for i, ring in enumerate(_outlines(land))]
    ways += [Way(LineString(shape.exterior.coords), 3, "") for shape in [*parks, campus]]
    pond = _blob(rng, (-0.12, 0.455), 0.034)

    def blow_up(shape: BaseGeometry) -> Any:
        return shapely.transform(shape, lambda xy: xy * radius)

    return Skeleton(
        radius=radius,
        land=blow_up(land),
        lake=blow_up(lake),
        river=blow_up(waters),
        course=blow_up(course),
        ways=[Way(blow_up(way.line), way.rank, way.role) for way in ways],
        parks=[blow_up(park) for park in parks],
        ponds=[blow_up(pond)],
        campus=blow_up(campus),
    )


def _land_and_water(
    rng: np.random.Generator,
) -> tuple[Polygon, Polygon, BaseGeometry, LineString]:
    """Return the city's edge, the lake, the running waters, and the river's course."""
    course = _curve(_jitter(rng, _RIVER, 0.012))
    shore = _curve(_jitter(rng, _SHORE, 0.02))
    far = _curve(_jitter(rng, _FAR_SHORE, 0.05))
    lake = shapely.buffer(Polygon([*shore.coords, *far.coords]), 0)
    bed = _jitter(rng, _BROOK, 0.012)
    mouth = shapely.Point(bed[-1])
    bed[-1] = shapely.get_coordinates(course.interpolate(course.project(mouth)))[0]
    brook = _ribbon(_curve(bed), _brook_width)
    river = shapely.difference(_ribbon(course, _river_width), _island(course))
    return _edge(rng), lake, shapely.difference(shapely.union_all([river, brook]), lake), course


def _jitter(rng: np.random.Generator, points: tuple[tuple[float, float], ...], by: float) -> Floats:
    moved: Floats = np.asarray(points) + rng.normal(0.0, by, (len(points), 2))
    return moved


def _curve(points: Floats, *, closed: bool = False, step: float = 0.012) -> LineString:
    """Return a smooth line through points."""
    from scipy.interpolate import CubicSpline  # slow to load, and every command passes here

    if closed:
        points = np.vstack([points, points[:1]])
    reach = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    spline = CubicSpline(reach, points, bc_type="periodic" if closed else "natural")
    return LineString(spline(np.linspace(0.0, reach[-1], max(8, int(reach[-1] / step)))))


def _river_width(share: Floats) -> Floats:
    """Return half the river's width along its course: wider towards the lake and at the island."""
    widened: Floats = 0.015 + 0.012 * share + 0.030 * np.exp(-(((share - 0.535) / 0.035) ** 2))
    return widened


def _brook_width(share: Floats) -> Floats:
    narrow: Floats = 0.0055 + 0.002 * share
    return narrow


def _ribbon(line: LineString, half_width: Callable[[Floats], Floats]) -> BaseGeometry:
    """Return the area that follows a line."""
    xy = shapely.get_coordinates(line)
    along = np.gradient(xy, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    offset = normal * half_width(np.linspace(0.0, 1.0, len(xy)))[:, None]
    return shapely.buffer(Polygon(np.vstack([xy + offset, (xy - offset)[::-1]])), 0)


def _island(course: LineString) -> Polygon:
    """Return the island in the widest part of the river."""
    middle = course.interpolate(0.535, normalized=True)
    ahead = course.interpolate(0.545, normalized=True)
    angle = np.degrees(np.arctan2(ahead.y - middle.y, ahead.x - middle.x))
    disc = shapely.affinity.scale(shapely.Point(0, 0).buffer(1.0, 24), 0.092, 0.027)
    turned = shapely.affinity.rotate(disc, angle, origin=(0, 0))
    return shapely.affinity.translate(turned, middle.x, middle.y)


def _edge(rng: np.random.Generator) -> Polygon:
    """Return the city's limit: straight pieces, as limits along roads and ditches are."""
    n = 30
    angle = (np.arange(n) + rng.uniform(-0.3, 0.3, n)) * 2 * np.pi / n
    reach = 1 + 0.06 * np.sin(2 * angle + 0.4) + 0.05 * np.sin(3 * angle + 2.1)
    reach *= rng.uniform(0.93, 1.05, n)
    corners = np.column_stack([np.cos(angle) * reach * 1.05, np.sin(angle) * reach * 0.97])
    stepped = [corners[0]]
    for before, after in pairwise([*corners, corners[0]]):
        if rng.random() < 0.4:
            stepped.append(np.array([after[0], before[1]]) * 0.5 + 0.5 * before)
        stepped.append(after)
    return shapely.buffer(Polygon(stepped[:-1]), 0)


def _rings(rng: np.random.Generator) -> list[Way]:
    """Return the inner ring, a rounded square, and the outer one."""
    angle = np.linspace(0, 2 * np.pi, 41)[:-1]
    cos, sin = np.cos(angle), np.sin(angle)
    square = OLD_RADIUS / (np.abs(cos) ** 5 + np.abs(sin) ** 5) ** 0.2
    inner = np.column_stack([cos * square * 1.08, sin * square * 0.92 + 0.02])
    turn = np.array([[np.cos(0.12), -np.sin(0.12)], [np.sin(0.12), np.cos(0.12)]])
    wide = np.linspace(0, 2 * np.pi, 15)[:-1]
    reach = 0.63 + 0.03 * np.sin(3 * wide + 1) + rng.uniform(-0.015, 0.015, wide.size)
    outer = np.column_stack([np.cos(wide) * reach * 1.06, np.sin(wide) * reach * 0.96])
    return [
        Way(_curve(inner @ turn.T, closed=True), 1, "inner ring"),
        Way(_curve(outer, closed=True), 1, "outer ring"),
    ]


def _avenues(rng: np.random.Generator) -> list[Way]:
    """Return the two axes through the old town and the avenues that leave its gates."""
    axes = [
        ((-1.7, -0.30), (-0.9, 0.02), (-0.33, 0.09), (0.0, 0.07), (0.33, 0.08), (0.62, 0.09),
         (1.2, 0.2)),
        ((0.06, 1.6), (0.05, 0.95), (0.0, 0.5), (-0.02, 0.28), (0.0, 0.07), (-0.05, -0.25),
         (-0.14, -0.7), (-0.2, -1.6)),
    ]  # fmt: skip
    gates = [
        ((0.24, 0.24), (0.44, 0.48), (0.66, 0.72), (1.1, 1.15)),
        ((-0.22, 0.24), (-0.42, 0.54), (-0.72, 0.90), (-1.1, 1.3)),
        ((-0.30, -0.14), (-0.55, -0.42), (-0.86, -0.66), (-1.4, -1.0)),
        ((0.20, -0.22), (0.30, -0.48), (0.40, -0.80), (0.5, -1.5)),
        ((0.31, -0.08), (0.5, -0.22), (0.62, -0.52), (0.72, -0.9), (0.9, -1.5)),
        ((-0.33, 0.2), (-0.62, 0.44), (-1.0, 0.42), (-1.6, 0.5)),
        ((-0.12, -0.6), (-0.5, -0.72), (-0.9, -1.0), (-1.2, -1.2)),
        ((0.62, 0.09), (0.58, 0.5), (0.2, 0.64), (-0.3, 0.66), (-0.66, 0.62)),
        ((-0.70, 0.1), (-0.82, -0.2), (-0.66, -0.58), (-0.2, -0.84), (0.4, -0.8), (0.9, -0.72)),
    ]
    roads = [Way(_curve(_jitter(rng, a, 0.004)), 1, f"axis {i}") for i, a in enumerate(axes)]
    return roads + [
        Way(_curve(_jitter(rng, gate, 0.01)), 2, f"avenue {i}") for i, gate in enumerate(gates)
    ]


def _rounded(x: float, y: float, half_width: float, half_height: float, turn: float) -> Polygon:
    """Return a rectangle with round corners, turned by an angle in radians."""
    box = shapely.box(-half_width, -half_height, half_width, half_height)
    soft = shapely.buffer(shapely.buffer(box, -0.02), 0.02, quad_segs=4)
    turned = shapely.affinity.rotate(soft, turn, origin=(0, 0), use_radians=True)
    return shapely.affinity.translate(turned, x, y)


def _blob(rng: np.random.Generator, at: tuple[float, float], reach: float) -> Polygon:
    """Return a pond."""
    angle = np.linspace(0, 2 * np.pi, 9)[:-1]
    reaches = reach * rng.uniform(0.7, 1.15, angle.size)
    ring = np.column_stack([at[0] + np.cos(angle) * reaches * 1.4, at[1] + np.sin(angle) * reaches])
    return Polygon(_curve(ring, closed=True, step=0.006).coords)


def _outlines(land: BaseGeometry) -> list[BaseGeometry]:
    """Return all rings of the land."""
    return [ring for part in shapely.get_parts(land) for ring in (part.exterior, *part.interiors)]


def _clip(way: Way, inside: BaseGeometry, solid: BaseGeometry) -> list[Way]:
    """Return the parts of a way inside the city that cross no park."""
    kept = shapely.difference(shapely.intersection(way.line, inside), solid)
    lines = [part for part in shapely.get_parts(kept) if part.geom_type == "LineString"]
    return [Way(line, way.rank, way.role) for line in lines if line.length > 0.004]


def _without_stubs(ways: list[Way], outline: BaseGeometry) -> list[Way]:
    """Return the ways without ends that lead nowhere."""
    noded = shapely.union_all([*(way.line for way in ways), outline], grid_size=1e-6)
    _, _, stubs, _ = shapely.polygonize_full([noded])
    stub_area = shapely.buffer(stubs, 1e-5)
    return [part for way in ways for part in _clip(way, outline.envelope, stub_area)]
