"""Borders drawn anew: areas cut, united and shared out, so that the parts tile exactly what was.

What is drawn by hand never meets a border to the last digit. So a drawing only says where to cut:
its lines are noded together with the border of the area, the cells between them are shared out,
and all parts are made of these cells. Cells share their vertices: no gap, no overlap. Where a
drawing misses the area or another part of itself by less than a sliver (`topology`), that is
digitising noise and settled by the longest common border; wider is refused.
"""

from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.areas import area_m2, length_m
from gridmap.analysis.neighbours import TOUCH_DEGREES
from gridmap.analysis.polygons import HAIRLINE_M, polygon_parts, width_m
from gridmap.analysis.topology import SLIVER_WIDTH_M

Floats: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]
Indices: TypeAlias = NDArray[np.int64]

THINNEST_M = 5.0
"""Mean width, in metres, that a grid must have: a lane is wider."""

SHARED_M = 1.0
"""Two areas with less common border than this only touch."""

REACH_DEGREES = 2e-5
"""A line that ends this near the border, some two metres, is meant to reach it."""

NOT_CROSSING = "not_crossing"
CROSSING_TWICE = "crossing_twice"
IN_PARTS = "in_parts"
TOO_THIN = "too_thin"
OUTSIDE = "outside"
UNCOVERED = "uncovered"
OVERLAPPING = "overlapping"
NOT_ADJACENT = "not_adjacent"
NOT_BETWEEN = "not_between"
NOT_EXACT = "not_exact"
FEWER_THAN_TWO = "fewer_than_two"


class CannotRedraw(ValueError):
    """A drawing that gives no areas; `reason` is one of the constants above.

    Attributes:
        measure: metres or square metres, where the reason has one; else 0.
        position: of the part or line that is meant; −1: none in particular.
    """

    def __init__(self, reason: str, *, measure: float = 0.0, position: int = -1) -> None:
        super().__init__(reason)
        self.reason, self.measure, self.position = reason, measure, position


def cut(area: shapely.Geometry, lines: Geometries) -> Geometries:
    """Cut an area along lines; each line must run through it once.

    Args:
        area: a valid Polygon, or a MultiPolygon of one; longitude and latitude in degrees.
        lines: shape (k,). LineStrings.

    Returns:
        shape (n,), Polygons in reading order that tile the area exactly.

    Raises:
        CannotRedraw: a line does not cross, or more than once; the area has several parts; a
            piece is too thin.
    """
    parts, _ = polygon_parts(np.array([area]))
    if parts.size != 1:
        raise CannotRedraw(IN_PARTS, measure=parts.size)
    reaching = np.array([_lengthened(line) for line in lines], dtype=object)
    for position in range(reaching.size):
        pieces = _cells(area, reaching[position : position + 1]).size
        if pieces != 2:
            reason = NOT_CROSSING if pieces < 2 else CROSSING_TWICE
            raise CannotRedraw(reason, measure=pieces, position=position)
    found = _cells(area, reaching)
    if found.size < 2:
        raise CannotRedraw(NOT_CROSSING)
    _require_wide(found)
    return found[reading_order(found)]


def share_out(
    area: shapely.Geometry, wanted: Geometries, *, rest: bool = False, most_parts: int = 1
) -> Geometries:
    """Share an area out among drawn polygons.

    Args:
        area: a valid Polygon or MultiPolygon, in degrees.
        wanted: shape (k,). Valid polygons as somebody drew them.
        rest: whether what they leave is one more part.
        most_parts: so many pieces may one part consist of.

    Returns:
        shape (k,) or (k + 1,): one valid shape each, in their order, tiling the area exactly.

    Raises:
        CannotRedraw: they leave something uncovered, overlap, reach outside, or give a part that
            is too thin or in pieces.
    """
    drawn = _with_rest(area, wanted) if rest else wanted
    if drawn.size < 2:
        raise CannotRedraw(FEWER_THAN_TWO)
    for position, beyond in enumerate(shapely.difference(drawn, area).tolist()):
        _refuse_wide(np.array([beyond]), OUTSIDE, position)
    cells = _cells(area, np.asarray(shapely.boundary(drawn)))
    inside = shapely.point_on_surface(cells)
    covered = np.array([shapely.intersects(shape, inside) for shape in drawn.tolist()])
    times = covered.sum(axis=0)
    _refuse_wide(cells[times > 1], OVERLAPPING)
    _refuse_wide(cells[times == 0], UNCOVERED)
    owner = np.where(times > 0, covered.argmax(axis=0), -1)
    _settle(cells, owner)
    parts = np.array(
        [shapely.union_all(cells[owner == part]) for part in range(drawn.size)], dtype=object
    )
    _require_wide(parts)
    for position, pieces in enumerate(shapely.get_num_geometries(parts).tolist()):
        if pieces > most_parts:
            raise CannotRedraw(IN_PARTS, measure=pieces, position=position)
    _require_exact(area, parts)
    return parts


def unite(areas: Geometries) -> shapely.Geometry:
    """Unite areas that hang together by common borders; slivers that they enclose are filled.

    Raises:
        CannotRedraw: one touches none of the others by more than a corner (`position`).
    """
    if areas.size < 2:
        raise CannotRedraw(FEWER_THAN_TWO)
    reached, left = {0}, set(range(1, areas.size))
    while left:
        near = {k for k in left if any(_common_border_m(areas[k], areas[r]) for r in reached)}
        if not near:
            raise CannotRedraw(NOT_ADJACENT, position=min(left))
        reached |= near
        left -= near
    parts, _ = polygon_parts(np.array([shapely.union_all(areas)]))
    filled = [_without_slivers(part) for part in parts.tolist()]
    return filled[0] if len(filled) == 1 else shapely.union_all(filled)


def by_overlap(pieces: Geometries, areas: Geometries) -> Geometries:
    """Return pieces in the order of the areas of which each has most.

    Raises:
        CannotRedraw: two pieces would go to one area.
    """
    overlap = np.array([area_m2(shapely.intersection(pieces, area)) for area in areas.tolist()])
    taker = overlap.argmax(axis=0)
    if pieces.size != areas.size or np.unique(taker).size != areas.size:
        raise CannotRedraw(NOT_BETWEEN, measure=pieces.size)
    ordered: Geometries = pieces[np.argsort(taker)]
    return ordered


def reading_order(areas: Geometries) -> Indices:
    """Return positions from west to east, then from north to south, as grids are numbered.

    Areas whose middle lies within the height of the northernmost one that is left form a row.

    Args:
        areas: shape (n,). Longitude and latitude in degrees.
    """
    _, south, _, north = shapely.bounds(areas).T
    centres = shapely.centroid(areas)
    x, y = shapely.get_x(centres), shapely.get_y(centres)
    left = np.lexsort((x, -y))
    order: list[int] = []
    while left.size:
        first = left[0]
        row = left[(south[first] <= y[left]) & (y[left] <= north[first])]
        order.extend(row[np.argsort(x[row], kind="stable")].tolist())
        left = left[~np.isin(left, row)]
    return np.array(order, dtype=np.int64)


def _cells(area: shapely.Geometry, lines: Geometries) -> Geometries:
    """Return the cells that lines and the border of an area enclose within it."""
    noded = shapely.union_all([shapely.boundary(area), *lines.tolist()])
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare(area)
    cells = cells[shapely.intersects(area, shapely.point_on_surface(cells))]
    _require_exact(area, cells)
    return np.asarray(cells, dtype=object)


def require_same_ground(before: Geometries, after: Geometries) -> None:
    """Make sure that areas before and after have as much ground, but for filled slivers.

    Raises:
        CannotRedraw: they differ.
    """
    apart = float(area_m2(after).sum() - area_m2(before).sum())
    if abs(apart) > SLIVER_WIDTH_M * float(length_m(before).sum()) / 100:
        raise CannotRedraw(NOT_EXACT, measure=abs(apart))


def _require_exact(area: shapely.Geometry, parts: Geometries) -> None:
    """Make sure that parts have the area's area, but for what floating point leaves."""
    apart = float(np.abs(area_m2(parts).sum() - area_m2(np.array([area]))[0]))
    if apart > HAIRLINE_M * float(length_m(np.array([area]))[0]):
        raise CannotRedraw(NOT_EXACT, measure=apart)


def _lengthened(line: shapely.Geometry) -> shapely.Geometry:
    """Draw both ends of a line a little further."""
    places = shapely.get_coordinates(line)
    if len(places) < 2:
        return line
    before, after = places[0] - places[1], places[-1] - places[-2]
    return shapely.LineString([_beyond(places[0], before), *places, _beyond(places[-1], after)])


def _beyond(end: Floats, direction: Floats) -> Floats:
    length = float(np.hypot(*direction))
    return end + direction * (REACH_DEGREES / length) if length else end


def _with_rest(area: shapely.Geometry, wanted: Geometries) -> Geometries:
    """Add what polygons leave of an area, without slivers, as one more."""
    left, _ = polygon_parts(np.array([shapely.difference(area, shapely.union_all(wanted))]))
    wide = left[width_m(left) >= SLIVER_WIDTH_M]
    return np.array([*wanted.tolist(), shapely.union_all(wide)], dtype=object)


def _refuse_wide(shapes: Geometries, reason: str, position: int = -1) -> None:
    """Refuse what is wider than digitising noise."""
    parts, _ = polygon_parts(shapes)
    wide = width_m(parts) >= SLIVER_WIDTH_M
    if wide.any():
        raise CannotRedraw(reason, measure=float(area_m2(parts[wide]).sum()), position=position)


def _settle(cells: Geometries, owner: Indices) -> None:
    """Give each cell without an owner that of the cell with the longest border along it."""
    while (owner < 0).any():
        loose = np.flatnonzero(owner < 0)
        taken = np.flatnonzero(owner >= 0)
        common = np.array(
            [length_m(shapely.intersection(cells[k], cells[taken])) for k in loose.tolist()]
        )
        most = common.max(axis=1) if taken.size else np.zeros(loose.size)
        if not (most > 0).any():
            raise CannotRedraw(UNCOVERED, measure=float(area_m2(cells[loose]).sum()))
        best = int(most.argmax())
        owner[loose[best]] = owner[taken[int(common[best].argmax())]]


def _require_wide(parts: Geometries) -> None:
    widths = width_m(parts)
    if (widths < THINNEST_M).any():
        thin = int(widths.argmin())
        raise CannotRedraw(TOO_THIN, measure=float(widths[thin]), position=thin)


def _common_border_m(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return how long two areas run along each other; 0 for less than SHARED_M."""
    near = shapely.intersection(shapely.boundary(one), shapely.buffer(other, TOUCH_DEGREES))
    common = float(length_m(np.array([near]))[0])
    return common if common >= SHARED_M else 0.0


def _without_slivers(part: shapely.Geometry) -> shapely.Geometry:
    rings = np.asarray(shapely.get_rings(part))
    holes = rings[1:]
    kept = holes[width_m(np.asarray(shapely.polygons(holes))) >= SLIVER_WIDTH_M]
    whole: shapely.Geometry = shapely.polygons(rings[0], holes=kept if kept.size else None)
    return whole
