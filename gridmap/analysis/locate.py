"""The heart: which grid covers each of very many points.

A point belongs to the grid that covers it; on a shared border or corner, or where grids
overlap, to the covering grid with the lowest code. The answer is always that of GEOS's
`intersects`. Few points are asked of GEOS directly; many go through a bucket index
(`_locate_buckets.py`) that answers most of them by their cell alone, counts crossings for the
rest, and hands to GEOS only those so near to a border that rounding could decide.
"""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import MultiPolygon, Polygon

from gridmap.analysis._locate_borders import read_borders
from gridmap.analysis._locate_index import Index

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

NOWHERE = -1
"""What `locate` answers where no grid covers the point."""

_EDGES_BEFORE_INDEX = 5_000_000
_EDGES_PER_POINT = 50
"""GEOS takes about as long for a point as for 50 edges. A locator asks GEOS until it has spent
what the index would cost: 0.1 s, and once per process 0.5 s to load numba. Then it builds it."""
_POINTS_AT_A_TIME = 2_048
"""For GEOS: bounds the memory of the pairs of points and boxes."""
_POINTS_PER_THREAD = 65_536
_MOST_THREADS = 16


class GridLocator:
    """Finds the grid that covers each point.

    Safe to use from several threads, and in processes forked from the one that made it. It can
    be pickled, but building it again is quicker than reading a pickle.

    Attributes:
        codes: the codes as given.
    """

    def __init__(self, geometries: Iterable[object], codes: Sequence[str]) -> None:
        """Take the grids; nothing is computed yet.

        Args:
            geometries: m polygons or multipolygons; None and empty ones cover nothing. A third
                dimension is ignored. An invalid polygon is not refused: it covers what GEOS
                says that it covers.
            codes: m texts. Among grids that cover a point the lowest code wins, by code point
                (the database's "C" collation); among equal codes the first.

        Raises:
            ValueError: lengths differ, a code is not text, a geometry is not polygonal or has
                a coordinate that is not finite.
        """
        self.codes = tuple(codes)
        grids = _as_grids(geometries, self.codes)
        self._order = np.array(
            sorted(range(len(grids)), key=self.codes.__getitem__), dtype=np.int64
        )
        self._grids = grids[self._order]
        self._bounds = _bounds_of(grids)
        self._tree: shapely.STRtree | None = None
        self._index: Index | None = None
        edges_per_grid = int(shapely.get_num_coordinates(grids).sum()) // max(len(grids), 1)
        self._patience = _EDGES_BEFORE_INDEX // (_EDGES_PER_POINT + edges_per_grid)
        self._asked = 0

    def __len__(self) -> int:
        """Return the number of grids."""
        return len(self.codes)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x, smallest y, largest x, largest y of all grids; NaN if all are empty."""
        return self._bounds

    def locate(self, x: ArrayLike, y: ArrayLike) -> Positions:
        """Return the position (in the constructor's arguments) of the grid that covers each point.

        Args:
            x: shape (n,) or a single number; any real type and layout.
            y: the same shape, in the coordinate system of the grids.

        Returns:
            shape (n,); -1 where no grid covers the point, or a coordinate is NaN or infinite.

        Raises:
            ValueError: shapes differ, or are not one-dimensional, or not numbers.
        """
        x, y = _as_coordinates(x), _as_coordinates(y)
        if x.shape != y.shape:
            raise ValueError(f"x and y differ in length: {x.size} and {y.size}.")
        self._asked += x.size
        if self._index is None and self._asked <= self._patience:
            return self._ask_geos(x, y)
        return self._look_up(x, y)

    def prepare(self) -> None:
        """Build the index now instead of at the first large question."""
        self._built()

    def _built(self) -> Index:
        """Return the index; two threads that both find none both build it, which does no harm."""
        if self._index is None:
            from gridmap.analysis._locate_buckets import build_index

            self._index = build_index(read_borders(self._grids), self._order.astype(np.int32))
        return self._index

    def _look_up(self, x: Floats, y: Floats) -> Positions:
        """Answer by the index, in parallel; by GEOS where the index is not sure."""
        index = self._built()
        from gridmap.analysis import _locate_kernels as kernels

        found = np.empty(x.size, np.int64)

        def look_up(part: slice) -> int:
            return kernels.locate(index, x[part], y[part], found[part])[0]

        if sum(_each_part(look_up, x.size)):
            unsure = np.flatnonzero(found == kernels.UNSURE)
            found[unsure] = self._ask_geos(x[unsure], y[unsure])
        return found

    def _ask_geos(self, x: Floats, y: Floats) -> Positions:
        """Answer by GEOS alone: every grid whose box holds the point, lowest code first."""
        if self._tree is None:
            self._tree = shapely.STRtree(self._grids)
        found = np.full(x.size, NOWHERE, np.int64)
        usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        for start in range(0, usable.size, _POINTS_AT_A_TIME):
            some = usable[start : start + _POINTS_AT_A_TIME]
            points = cast("NDArray[np.object_]", shapely.points(x[some], y[some]))
            point, rank = self._tree.query(points)
            with np.errstate(all="ignore"):  # GEOS may overflow on huge coordinates: so be it
                covers = shapely.intersects(self._grids[rank], points[point])
            lowest = np.full(some.size, len(self), np.int64)
            np.minimum.at(lowest, point[covers], rank[covers])
            hit = lowest < len(self)
            found[some[hit]] = self._order[lowest[hit]]
        return found


def _each_part(look_up: Callable[[slice], int], size: int) -> list[int]:
    """Call a function for consecutive slices of a range, on several threads where it pays.

    The threads live for one call only: nothing is left that a fork could break.
    """
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS, -(-size // _POINTS_PER_THREAD))
    if threads < 2:
        return [look_up(slice(0, size))]
    step = min(-(-size // threads), 4 * _POINTS_PER_THREAD)
    parts = [slice(start, start + step) for start in range(0, size, step)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(look_up, parts))


def _as_grids(geometries: Iterable[object], codes: Sequence[str]) -> NDArray[np.object_]:
    """Check the constructor's arguments; return the geometries as an array."""
    listed = list(geometries)
    if len(listed) != len(codes):
        raise ValueError(
            f"There are {len(listed)} geometries but {len(codes)} codes: each grid needs one code."
        )
    for code in codes:
        if not isinstance(code, str):
            raise ValueError(f"The code {code!r} is not text. Pass codes as text.")
    grids = np.empty(len(listed), dtype=object)
    grids[:] = listed
    areal = [grid is None or isinstance(grid, Polygon | MultiPolygon) for grid in listed]
    _refuse(~np.array(areal, bool), codes, "is neither a polygon nor a multipolygon")
    coordinates, grid = shapely.get_coordinates(grids, return_index=True)
    infinite = np.zeros(len(grids), bool)
    infinite[grid[~np.isfinite(coordinates).all(axis=1)]] = True
    _refuse(infinite, codes, "has a coordinate that is not a finite number")
    return grids


def _refuse(wrong: NDArray[np.bool_], codes: Sequence[str], reason: str) -> None:
    """Raise an error that names the first wrong grid, if there is one."""
    if wrong.any():
        first = codes[int(np.argmax(wrong))]
        more = int(wrong.sum()) - 1
        others = f" So are {more} others." if more else ""
        raise ValueError(f"The border of grid {first!r} {reason}.{others} Repair or remove it.")


def _bounds_of(grids: NDArray[np.object_]) -> tuple[float, float, float, float]:
    """Return the box around all grids; NaN without any."""
    boxes = shapely.bounds(grids)
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return (math.nan,) * 4
    low_x, low_y = boxes[:, :2].min(axis=0).tolist()
    high_x, high_y = boxes[:, 2:].max(axis=0).tolist()
    return low_x, low_y, high_x, high_y


def _as_coordinates(values: ArrayLike) -> Floats:
    """Return numbers as a contiguous, aligned, read-only float64 array.

    Always read-only, so that the compiled code has one form and the caller's array is safe.
    """
    array = np.atleast_1d(np.asarray(values))
    if array.dtype.kind not in "fiub" and array.dtype != object:
        raise ValueError(f"Coordinates must be real numbers, not {array.dtype}.")
    if array.ndim != 1:
        raise ValueError(f"Coordinates must be one-dimensional, not of shape {array.shape}.")
    try:
        view = np.require(array, np.float64, ("C", "A")).view()
    except TypeError as error:
        raise ValueError("Coordinates must be real numbers.") from error
    view.flags.writeable = False
    return view


def warm_up() -> None:
    """Compile the locator's loops and keep the code on disk: about 5 s, once per installation."""
    locator = GridLocator([shapely.box(0, 0, 1, 1)], ["1"])
    locator.prepare()
    locator.locate([0.5], [0.5])
