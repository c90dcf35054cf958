"""The arrays of the locator's bucket index, by name.

Compiled code knows their fields by order: after a change here, touch `_locate_kernels.py`, or
numba goes on with the code that it kept.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Index(NamedTuple):
    """All that looking up needs; every array is read-only.

    A frame is a lattice of cells over a part of the plane. The column of x is
    `floor((x - x0) * columns_per_unit)`, clamped to the frame: it never falls as x grows, in
    floating point too. So whatever lies between two x lies between their columns, and no
    argument below depends on where exactly a cell ends.

    cells: >= -1 is the answer for the whole cell; otherwise a list starts at entry `-2 - value`.
    entries: a list of (position, first, stop, left) in order of the codes. `edges[first:stop]`
    are the edges of that grid in the cell's row that a ray from the cell towards +x (or -x
    where `left` is 1) may meet; stop < first means "ask GEOS".
    """

    bounds: NDArray[np.float64]  # (4,): min x, min y, max x, max y
    frames: NDArray[np.float64]  # (f, 6): x0, y0, columns and rows per unit, x1, y1
    shapes: NDArray[np.int64]  # (f, 3): columns, rows, first cell
    cells: NDArray[np.int32]  # (c,)
    entries: NDArray[np.int32]  # (e, 4)
    edges: NDArray[np.int32]  # (m,): an edge goes from coordinate k to k + 1
    coordinates: NDArray[np.float64]  # (n, 2)


class Items(NamedTuple):
    """Grids to be put into a frame, in order of their codes."""

    positions: NDArray[np.int32]  # (m,): position of the grid in the input
    first: NDArray[np.int32]  # (m,): its edges are edges[first:stop]
    stop: NDArray[np.int32]
    exact: NDArray[np.bool_]  # (m,): always ask GEOS; without edges, in every cell
    spans: NDArray[np.int32]  # (m, 4): first row, last row, first column, last column


class Bands(NamedTuple):
    """The edges of each grid row by row: those of grid i in its r-th row are one band.

    They are edges[starts[b]:starts[b + 1]] with b = bases[i] + r, in order of their smaller x.
    """

    bases: NDArray[np.int64]  # (m,)
    starts: NDArray[np.int64]  # (b + 1,)


class Scratch(NamedTuple):
    """Marks that `fill` needs on its way."""

    closed: NDArray[np.uint8]  # (cells,), zeros: a grid with a lower code covers all of the cell
    touched: NDArray[np.uint8]  # (largest span,): an edge of the current grid may reach the cell


class Found(NamedTuple):
    """Which grid meets which cell, grid after grid; written by `fill`."""

    cell: NDArray[np.int32]
    entry: NDArray[np.int32]  # (n, 4), as Index.entries
