"""Shapes as files bring them, made into valid multipolygons or refused with a reason."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.areas import area_m2, length_m

Floats: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]
Indices: TypeAlias = NDArray[np.int64]
Masks: TypeAlias = NDArray[np.bool_]

HAIRLINE_M = 1e-4
"""Shapes thinner than this, a tenth of a millimetre, are traces of computation and mean nothing.

Cutting 10,000 tilted cells whose corners lie on each other's sides leaves traces 1e-9 m wide, and
up to 1e-5 m where GEOS has to snap nearly parallel borders; nine decimals round to 1e-4 m.
"""

NO_SHAPE = "no_shape"
NOT_FINITE = "not_finite"
OUT_OF_RANGE = "out_of_range"
NOT_AN_AREA = "not_an_area"
NOTHING_LEFT = "nothing_left"

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


@dataclass(frozen=True, eq=False)
class RepairedPolygons:
    """The outcome of repair_polygons: arrays of shape (n,), in the order of the input.

    Attributes:
        geometries: valid MultiPolygons without a third dimension; None where problem is set.
        repaired: whether the area had to be changed to be valid; a Polygon that only becomes a
            MultiPolygon, or loses its third dimension, was not.
        problem: None, or why the shape is beyond repair (module constants): no_shape (missing or
            empty), not_finite (NaN or infinite coordinate), out_of_range (not longitude and
            latitude), not_an_area (point, line), nothing_left (its rings enclose nothing).
    """

    geometries: Geometries
    repaired: Masks
    problem: Geometries


def repair_polygons(geometries: Geometries) -> RepairedPolygons:
    """Make shapes valid: GEOS' "structure" method, polygonal parts only, without hairline parts.

    "structure" keeps what any outer ring encloses, less the holes. (The "linework" method counts
    crossings and so punches a hole where a ring overlaps itself: in one precinct of Memphis, a
    loop of 0.155 square metres.)

    Args:
        geometries: shape (n,). Any geometries, or None; longitude and latitude in degrees.
    """
    shapes: Geometries = shapely.force_2d(np.asarray(geometries, dtype=object))
    problem = _problems(shapes)
    usable = ~problem.astype(bool)
    repaired = np.zeros(shapes.shape, dtype=bool)
    repaired[usable] = _is_collection(shapes[usable]) | ~shapely.is_valid(shapes[usable])
    made = shapely.make_valid(shapes[repaired], method="structure", keep_collapsed=False)
    shapes[repaired] = polygonal(made)
    lost = repaired & shapely.is_empty(shapes)
    problem[lost] = NOTHING_LEFT
    usable &= ~lost
    shapes[~usable] = None
    shapes[usable] = _as_multipolygons(shapes[usable])
    return RepairedPolygons(shapes, repaired & usable, problem)


def polygon_parts(geometries: Geometries) -> tuple[Geometries, Indices]:
    """Return all polygons in some shapes, and the position of the shape that each comes from.

    Args:
        geometries: shape (n,). Any shapes, or None; lines and points in collections are dropped.

    Returns:
        parts and owner, shape (m,), sorted by owner.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (nested := shapely.get_type_id(parts) > _POLYGON).any():
        deeper, position = shapely.get_parts(parts[nested], return_index=True)
        parts = np.concatenate([parts[~nested], deeper])
        owner = np.concatenate([owner[~nested], owner[nested][position]])
    kept = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    order = np.argsort(owner[kept], kind="stable")
    return parts[kept][order], owner[kept][order].astype(np.int64)


def polygonal(geometries: Geometries) -> Geometries:
    """Reduce shapes to MultiPolygons of their polygons, without hairline ones.

    Args:
        geometries: shape (n,). Any valid shapes; empty ones and None become empty.
    """
    parts, owner = polygon_parts(geometries)
    wide = width_m(parts) >= HAIRLINE_M
    reduced: Geometries = np.full(geometries.shape, shapely.MultiPolygon(), dtype=object)
    if wide.any():
        shapely.multipolygons(parts[wide], indices=owner[wide], out=reduced)
    return reduced


def width_m(polygons: Geometries) -> Floats:
    """Return the mean width of polygons: 2 * area / length of all rings.

    A strip's width is (nearly) its width, a square's half its side, a disc's its radius.

    Args:
        polygons: shape (n,). Longitude and latitude in degrees.

    Returns:
        shape (n,), metres; 0 where a shape has no rings.
    """
    perimeter = length_m(polygons)
    widths = np.zeros(perimeter.shape)
    np.divide(2 * area_m2(polygons), perimeter, out=widths, where=perimeter > 0)
    return widths


def _problems(shapes: Geometries) -> Geometries:
    """Return why each shape cannot be used, None where it can."""
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    not_finite = np.zeros(shapes.shape, dtype=bool)
    not_finite[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    beyond = np.zeros(shapes.shape, dtype=bool)
    beyond[owner[(np.abs(coordinates) > [180.0, 90.0]).any(axis=1)]] = True
    kind = shapely.get_type_id(shapes)
    flat = ~np.isin(kind, [_POLYGON, _MULTIPOLYGON, _COLLECTION])
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    problem: Geometries = np.full(shapes.shape, None, dtype=object)
    reasons = {OUT_OF_RANGE: beyond, NOT_FINITE: not_finite, NOT_AN_AREA: flat, NO_SHAPE: missing}
    for reason, mask in reasons.items():  # the last one that holds is the one to name
        problem[mask] = reason
    return problem


def _is_collection(shapes: Geometries) -> Masks:
    mask: Masks = shapely.get_type_id(shapes) == _COLLECTION
    return mask


def _as_multipolygons(shapes: Geometries) -> Geometries:
    """Wrap polygons; multipolygons stay as they are."""
    single = shapely.get_type_id(shapes) == _POLYGON
    wrapped = shapes.copy()
    wrapped[single] = shapely.multipolygons(shapes[single], indices=np.arange(single.sum()))
    return wrapped
