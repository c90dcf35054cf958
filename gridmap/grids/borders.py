"""What is derived from borders once, when they are stored, so that maps need not do it."""

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.core.geometry import Geometries, to_web_mercator

SIMPLIFY_M = 18.0
"""About half a pixel at zoom 12, the deepest zoom at which simplified borders are drawn."""


def multipolygons(geometries: Geometries) -> Geometries:
    """Return every polygon as a MultiPolygon, as the tables want it."""
    single = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    result = geometries.copy()
    if single.any():
        positions = np.flatnonzero(single)
        result[positions] = shapely.multipolygons(
            geometries[positions], indices=np.arange(positions.size)
        )
    return result


def simplified(mercator: Geometries) -> Geometries:
    """Simplify borders together, so that neighbours keep their shared line (EPSG:3857).

    A border that nothing would be left of stays as it is (beyond the web map's edge it is a line).
    """
    if not mercator.size:
        return mercator
    low = np.asarray(shapely.coverage_simplify(mercator, SIMPLIFY_M), dtype=object)
    return multipolygons(np.where(shapely.area(low) > 0, low, mercator))


def labels(mercator: Geometries) -> tuple[Geometries, npt.NDArray[np.float64]]:
    """Return where a grid's name may stand, and how wide it may be there.

    GEOS puts an interior point in the middle of the widest stretch of a horizontal line
    through the polygon; the length of that stretch is the room for the name.

    Returns:
        shape (n,) points and shape (n,) widths, both in EPSG:3857 metres.
    """
    points = shapely.point_on_surface(mercator)
    xs, ys = shapely.get_x(points), shapely.get_y(points)
    west, _, east, _ = shapely.bounds(mercator).T
    ends = np.stack([np.column_stack([west - 1, ys]), np.column_stack([east + 1, ys])], axis=1)
    stretches = shapely.intersection(mercator, shapely.linestrings(ends))
    parts, owner = shapely.get_parts(stretches, return_index=True)
    left, _, right, _ = shapely.bounds(parts).T
    holds = (left <= xs[owner]) & (xs[owner] <= right)
    widths = np.zeros(mercator.size)
    np.maximum.at(widths, owner[holds], (right - left)[holds])
    return np.asarray(points, dtype=object), widths


def derived(
    geometries: Geometries,
) -> tuple[Geometries, Geometries, npt.NDArray[np.float64]]:
    """Return borders in EPSG:3857, label points and label widths of WGS84 borders."""
    mercator = to_web_mercator(geometries)
    points, widths = labels(mercator)
    return mercator, points, widths
