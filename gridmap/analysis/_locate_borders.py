"""Borders of grids as flat arrays: what the compiled loops of the locator read."""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

_LARGEST = 1e150
"""Products of differences of larger coordinates may overflow."""
_SMALLEST = 1e-120
"""Products of differences along shorter edges may underflow."""


class Borders(NamedTuple):
    """The edges of m grids, grid after grid in order of their codes."""

    coordinates: NDArray[np.float64]  # (n, 2)
    edges: NDArray[np.int32]  # (e,): an edge goes from coordinate k to k + 1
    first: NDArray[np.int32]  # (m,): the edges of a grid are edges[first:stop]
    stop: NDArray[np.int32]  # (m,)
    exact: NDArray[np.bool_]  # (m,): counting crossings might not answer as GEOS does
    boxes: NDArray[np.float64]  # (m, 4): min x, min y, max x, max y; NaN where empty


def read_borders(geometries: NDArray[np.object_]) -> Borders:
    """Flatten polygons and multipolygons.

    A grid is `exact` where it has several rings and is not valid (the parity of crossings then
    differs from GEOS's ring by ring), is no rectangle but passes for one, or has coordinates so
    large or edges so short that GEOS's own arithmetic overflows or underflows: only GEOS knows
    what GEOS says there.

    Args:
        geometries: shape (m,). Polygons and multipolygons with finite coordinates, None or empty.
    """
    size = len(geometries)
    polygons, grid_of_polygon = shapely.get_parts(geometries, return_index=True)
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    grid_of_ring = grid_of_polygon[polygon_of_ring]
    edges = np.flatnonzero(ring[1:] == ring[:-1]).astype(np.int32)
    grid = grid_of_ring[ring[edges]]
    stop = np.cumsum(np.bincount(grid, minlength=size))

    boxes = shapely.bounds(geometries)
    exact = _collapsed_rectangles(geometries, boxes)
    extreme = np.abs(coordinates).max(axis=1, initial=0.0) > _LARGEST
    exact[grid_of_ring[ring[extreme]]] = True
    with np.errstate(over="ignore"):
        step = np.abs(coordinates[edges + 1] - coordinates[edges])
    tiny = ((step > 0.0) & (step < _SMALLEST)).any(axis=1)
    exact[grid[tiny]] = True
    several = np.flatnonzero(~exact & (np.bincount(grid_of_ring, minlength=size) > 1))
    exact[several] = ~_are_valid(geometries[several])
    return Borders(
        coordinates=np.ascontiguousarray(coordinates),
        edges=edges,
        first=np.concatenate(([0], stop[:-1])).astype(np.int32)[:size],
        stop=stop.astype(np.int32),
        exact=exact,
        boxes=boxes,
    )


def _are_valid(geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which geometries are valid; one that GEOS cannot judge is not.

    (At the edge of the number range it raises an error instead of an answer.)
    """
    try:
        return np.asarray(shapely.is_valid(geometries), bool)
    except shapely.errors.GEOSException:
        if len(geometries) == 1:
            return np.zeros(1, bool)
        half = len(geometries) // 2
        return np.concatenate((_are_valid(geometries[:half]), _are_valid(geometries[half:])))


def _collapsed_rectangles(
    geometries: NDArray[np.object_], boxes: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which rings of four edges only run along the sides of their box, there and back.

    GEOS looks at the corners alone, takes them for rectangles and answers by their box.
    """
    collapsed = np.zeros(len(geometries), bool)
    four = np.flatnonzero(shapely.get_num_coordinates(geometries) == 5)
    corners = shapely.get_coordinates(geometries[four]).reshape(-1, 5, 2)
    low, high = boxes[four, :2], boxes[four, 2:]
    cornered = ((corners == low[:, None]) | (corners == high[:, None])).all(axis=(1, 2))
    with np.errstate(over="ignore", invalid="ignore"):
        half = (high - low).prod(axis=1) / 2
        collapsed[four] = cornered & (shapely.area(geometries[four]) < half)
    return collapsed
