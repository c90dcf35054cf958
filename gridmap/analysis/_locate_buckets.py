"""Bucket frames: lattices of cells that say which grids a point of the cell may lie in.

Most cells lie wholly inside one grid and are the answer themselves. The others list the grids
whose edges reach them, with the edges of the same row. A cell that many grids or edges crowd
into (one stray grid at 0, 0 stretches the lattice until a city fits one cell) gets a frame of
its own.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis import _locate_kernels as kernels
from gridmap.analysis._locate_borders import Borders
from gridmap.analysis._locate_index import Bands, Found, Index, Items, Scratch

_CELLS_PER_GRID = 32
_CELLS_PER_EDGE = 2
_MOST_CELLS = 4_194_304
_MOST_MEETINGS = 16_777_216
"""Bound for the sum, over the grids, of the cells in their boxes: time and memory of a build."""
_CROWDED_GRIDS = 12
_CROWDED_EDGES = 512
_MOST_CROWDED = 512
"""Crowded cells of one frame that get a frame of their own, the worst first."""
_LESS_CROWDED = 0.25
"""A new frame must leave at most this share of the grids to its average point."""
_DEEPEST = 4


class _Lattice(NamedTuple):
    """Where the cells of a frame lie."""

    place: tuple[float, ...]  # x0, y0, columns and rows per unit, x1, y1
    columns: int
    rows: int


class _Frame(NamedTuple):
    """One finished frame; `entries` count from its own first entry and edge."""

    lattice: _Lattice
    cells: NDArray[np.int32]
    entries: NDArray[np.int32]
    edges: NDArray[np.int32]
    bands: NDArray[np.int64]  # band b is edges[bands[b]:bands[b + 1]]


def build_index(borders: Borders, positions: NDArray[np.int32]) -> Index:
    """Build all frames.

    Args:
        borders: m grids in order of their codes.
        positions: shape (m,). What `locate` answers for each of them.
    """
    present = borders.boxes[~np.isnan(borders.boxes[:, 0])]
    frames: list[_Frame] = []
    bounds = np.full(4, np.nan)
    if present.size:
        bounds = _union(present)
        items = Items(
            positions=positions,
            first=borders.first,
            stop=borders.stop,
            exact=borders.exact,
            spans=np.empty((positions.size, 4), np.int32),
        )
        builder = _Builder(borders.coordinates, frames)
        builder.add(borders.edges, items, present, default=kernels.NOWHERE)
    return _join(frames, borders.coordinates, bounds)


class _Builder:
    """Appends frames over the same coordinates to a list."""

    def __init__(self, coordinates: NDArray[np.float64], frames: list[_Frame]) -> None:
        self._coordinates = coordinates
        self._frames = frames

    def add(
        self,
        edges: NDArray[np.int32],
        items: Items,
        boxes: NDArray[np.float64],
        *,
        default: int,
        depth: int = 1,
    ) -> int:
        """Append a frame and, behind it, those of its crowded cells; return its number.

        Args:
            edges: what `items.first` and `items.stop` count in.
            items: the grids that may cover a point of the frame.
            boxes: shape (b, 4). Their boxes, clipped to the frame's part of the plane.
            default: the answer for points that none of them covers.
            depth: 1 for the first frame.
        """
        lattice = _choose_lattice(boxes, edges.size)
        frame = _fill(self._coordinates, edges, items, lattice, default)
        number = len(self._frames)
        self._frames.append(frame)
        if depth < _DEEPEST:
            for cell in _crowded(frame):
                start = -2 - int(frame.cells[cell])
                child, child_default = _items_of_list(frame, start)
                child_boxes = self._boxes_in_cell(frame, child, int(cell))
                if child_boxes is not None:
                    nested = self.add(
                        frame.edges, child, child_boxes, default=child_default, depth=depth + 1
                    )
                    frame.entries[start] = (nested, kernels.NESTED, 0, 0)
        return number

    def _boxes_in_cell(self, frame: _Frame, items: Items, cell: int) -> NDArray[np.float64] | None:
        """Return the boxes of a cell's grids, clipped; None where a frame would not help.

        The new frame spans the ends of edges that lie in the cell, and in its frame too: the
        outer cells also catch ends beyond it, but the edges at hand are complete only inside.
        """
        counts = np.maximum(items.stop - items.first, 0)
        starts = np.cumsum(counts) - counts
        index = np.arange(counts.sum()) - np.repeat(starts - items.first, counts)
        ends = frame.edges[index][:, None] + np.arange(2)
        points = self._coordinates[ends]
        x0, y0, _, _, x1, y1 = frame.lattice.place
        within = ((points >= (x0, y0)) & (points <= (x1, y1))).all(axis=-1)
        inside = points[within & (_cells_of(frame.lattice, points) == cell)]
        if len(inside) < 2:
            return None
        low, high = inside.min(axis=0), inside.max(axis=0)
        filled = np.flatnonzero(counts)
        lows = np.minimum.reduceat(points.min(axis=1), starts[filled]).clip(low, high)
        highs = np.maximum.reduceat(points.max(axis=1), starts[filled]).clip(low, high)
        boxes = np.hstack((lows, highs))
        shares = _shares(boxes)
        if (shares == 1.0).all():
            return None
        crowd = float(shares.prod(axis=1).sum()) + len(counts) - len(filled)
        helps = crowd <= len(counts) * _LESS_CROWDED or int(counts.sum()) > _CROWDED_EDGES
        return boxes if helps else None


def _union(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the box around all boxes."""
    return np.concatenate((boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)))


def _shares(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each box's width and height as a share of the union's; 1 along an axis without extent.

    Returns:
        shape (b, 2), between 0 and 1.
    """
    union = _union(boxes)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        shares = (boxes[:, 2:] - boxes[:, :2]) / (union[2:] - union[:2])
    shares[:, ~np.isfinite(shares).all(axis=0)] = 1.0
    return shares


def _choose_lattice(boxes: NDArray[np.float64], edges: int) -> _Lattice:
    """Choose cells of about an eighth of a grid's width and height, within the bounds on cells."""
    x0, y0, x1, y1 = _union(boxes).tolist()
    shares = _shares(boxes)
    mean_x, mean_y = np.maximum(shares.mean(axis=0), 1e-9).tolist()
    cells = min(_CELLS_PER_GRID * len(boxes) + _CELLS_PER_EDGE * edges, _MOST_CELLS)
    while True:
        columns = max(1.0, min(np.sqrt(cells * mean_y / mean_x), cells))
        rows = max(1.0, cells / columns)
        meetings = ((shares[:, 0] * columns + 2) * (shares[:, 1] * rows + 2)).sum()
        if meetings <= _MOST_MEETINGS or cells <= 1:
            break
        cells //= 2
    columns, per_x = _divide(x1 - x0, int(columns))
    rows, per_y = _divide(y1 - y0, int(rows))
    return _Lattice((x0, y0, per_x, per_y, x1, y1), columns, rows)


def _divide(extent: float, parts: int) -> tuple[int, float]:
    """Return how many parts an extent can be cut into, and parts per unit."""
    if 0.0 < extent < math.inf:
        return parts, parts / extent
    return 1, 0.0 if extent else math.inf


def _cells_of(lattice: _Lattice, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the cell of every point, shape (…, 2) → (…)."""
    x0, y0, per_x, per_y, _, _ = lattice.place
    size = np.array([lattice.columns, lattice.rows])
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (points - np.array([x0, y0])) * np.array([per_x, per_y])
    slots = np.nan_to_num(scaled, nan=0.0).clip(0, size - 1).astype(np.int64)
    cells: NDArray[np.int64] = slots[..., 1] * lattice.columns + slots[..., 0]
    return cells


def _fill(
    coordinates: NDArray[np.float64],
    edges: NDArray[np.int32],
    items: Items,
    lattice: _Lattice,
    default: int,
) -> _Frame:
    """Sort the grids' edges into rows and the grids into cells."""
    index = _single(coordinates, edges, lattice)
    kernels.measure_spans(index, items)
    heights = np.maximum(items.spans[:, 1] - items.spans[:, 0] + 1, 0).astype(np.int64)
    widths = np.maximum(items.spans[:, 3] - items.spans[:, 2] + 1, 0).astype(np.int64)
    sizes = heights * widths
    bands = Bands(np.cumsum(heights) - heights, np.zeros(int(heights.sum()) + 1, np.int64))
    kernels.count_bands(index, items, bands)
    np.cumsum(bands.starts, out=bands.starts)
    banded = np.empty(int(bands.starts[-1]), np.int32)
    kernels.fill_bands(index, items, Bands(bands.bases, bands.starts.copy()), banded)
    kernels.sort_bands(index, bands, banded)

    index = _single(coordinates, np.concatenate((edges, banded)), lattice)
    found = Found(np.empty(sizes.sum(), np.int32), np.empty((sizes.sum(), 4), np.int32))
    scratch = Scratch(
        closed=np.zeros(lattice.columns * lattice.rows, np.uint8),
        touched=np.empty(sizes.max(initial=0), np.uint8),
    )
    bands.starts[:] += edges.size
    used = kernels.fill(index, items, bands, scratch, found)
    found = Found(found.cell[:used], found.entry[:used])
    tests = found.entry[:, 1] > kernels.ENDS
    tests &= found.entry[:, 2] >= found.entry[:, 1]
    found.entry[tests, 1:3] -= edges.size
    cells, entries = _chain(found, lattice, default)
    return _Frame(lattice, cells, entries, banded, bands.starts - edges.size)


def _single(coordinates: NDArray[np.float64], edges: NDArray[np.int32], lattice: _Lattice) -> Index:
    """Return an index of one empty frame, for the loops that fill it."""
    return Index(
        bounds=np.empty(4),
        frames=np.array([lattice.place]),
        shapes=np.array([[lattice.columns, lattice.rows, 0]], np.int64),
        cells=np.empty(0, np.int32),
        entries=np.empty((0, 4), np.int32),
        edges=edges,
        coordinates=coordinates,
    )


def _chain(
    found: Found, lattice: _Lattice, default: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Turn what was found, grid after grid, into the cells' answers and lists."""
    size = lattice.columns * lattice.rows
    counts = np.bincount(found.cell, minlength=size)
    cells = np.full(size, default, np.int32)
    ends = found.entry[:, 1] == kernels.ENDS
    whole = ends & (counts[found.cell] == 1)
    cells[found.cell[whole]] = found.entry[whole, 0]

    listed = Found(found.cell[~whole], found.entry[~whole])
    counts = np.bincount(listed.cell, minlength=size)
    closed = np.zeros(size, bool)
    closed[listed.cell[ends[~whole]]] = True
    lengths = np.where(counts > 0, counts + ~closed, 0)
    starts = np.cumsum(lengths) - lengths
    entries = np.empty((int(lengths.sum()), 4), np.int32)
    entries[:] = (default, kernels.ENDS, 0, 0)
    has_list = counts > 0
    cells[has_list] = -2 - starts[has_list]
    kernels.chain(listed, starts, entries)
    return cells, entries


def _crowded(frame: _Frame) -> NDArray[np.int64]:
    """Return the cells whose lists hold too many grids or edges, the worst first."""
    starts = np.flatnonzero(
        np.concatenate(([True], frame.entries[:-1, 1] == kernels.ENDS))[: len(frame.entries)]
    )
    if not starts.size:
        return np.empty(0, np.int64)
    grids = np.diff(starts, append=len(frame.entries))
    edges = np.add.reduceat(np.maximum(frame.entries[:, 2] - frame.entries[:, 1], 0), starts)
    load = np.maximum(grids / _CROWDED_GRIDS, edges / _CROWDED_EDGES)
    worst = np.argsort(-load, kind="stable")[:_MOST_CROWDED]
    worst = worst[load[worst] > 1.0]
    with_list = np.flatnonzero(frame.cells < kernels.NOWHERE)
    by_start = with_list[np.argsort(-frame.cells[with_list], kind="stable")]
    return by_start[worst]


def _items_of_list(frame: _Frame, start: int) -> tuple[Items, int]:
    """Return the grids of one list with all edges of their rows, and the answer at its end."""
    stop = start + int(np.argmax(frame.entries[start:, 1] == kernels.ENDS))
    positions, first, last, _ = frame.entries[start:stop].T.copy()
    exact = last < first
    band = np.searchsorted(frame.bands[:-1], first, side="right")
    first = np.where(exact, 0, frame.bands[band - 1]).astype(np.int32)
    last = np.where(exact, 0, frame.bands[band]).astype(np.int32)
    items = Items(positions, first, last, exact, np.empty((stop - start, 4), np.int32))
    return items, int(frame.entries[stop, 0])


def _join(
    frames: list[_Frame], coordinates: NDArray[np.float64], bounds: NDArray[np.float64]
) -> Index:
    """Put all frames into one index with read-only arrays."""
    cells, entries, edges, shapes = [], [], [], []
    first_cell = first_entry = first_edge = 0
    for frame in frames:
        listed = frame.cells < kernels.NOWHERE
        tests = (frame.entries[:, 1] > kernels.ENDS) & (frame.entries[:, 2] >= frame.entries[:, 1])
        cells.append(np.where(listed, frame.cells - np.int32(first_entry), frame.cells))
        moved = frame.entries.copy()
        moved[tests, 1:3] += first_edge
        entries.append(moved)
        edges.append(frame.edges)
        shapes.append((frame.lattice.columns, frame.lattice.rows, first_cell))
        first_cell += frame.cells.size
        first_entry += len(frame.entries)
        first_edge += frame.edges.size
    index = Index(
        bounds=bounds,
        frames=np.array([frame.lattice.place for frame in frames]).reshape(-1, 6),
        shapes=np.array(shapes, np.int64).reshape(-1, 3),
        cells=np.concatenate([np.empty(0, np.int32), *cells]),
        entries=np.concatenate([np.empty((0, 4), np.int32), *entries]),
        edges=np.concatenate([np.empty(0, np.int32), *edges]),
        coordinates=np.ascontiguousarray(coordinates),
    )
    for array in index:
        array.flags.writeable = False
    return index
