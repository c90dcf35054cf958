"""Compiled loops of the locator: looking points up, and filling one bucket frame.

Importing this module imports numba (about half a second), so `locate.py` does it only when
there is enough to do. numba notices a change of this file alone, so all compiled code stands
in it; and nothing is allocated in it (see `_locate_compiling.py`): the caller brings the arrays.

Why the answers are those of GEOS: a point's side of a border follows from the signs of
orientation determinants, as in GEOS's RayCrossingCounter, with the same arithmetic. Where a
determinant's floating error could hide its sign, the answer is UNSURE and GEOS itself decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis._locate_compiling import entry, inlined
from gridmap.analysis._locate_index import Bands, Found, Index, Items, Scratch

NOWHERE: Final = -1
UNSURE: Final = -2
ENDS: Final = -1
"""In `entries[:, 1]`: nothing left to test, the answer is `entries[:, 0]`."""
NESTED: Final = -2
"""In `entries[:, 1]`: look on in the frame `entries[:, 0]`."""
ON: Final = 2
APART: Final = 3

_RELATIVE_ERROR = 1e-15
"""Above (3 + 16u)u = 3.3e-16, Shewchuk's bound for the sign of orient2d, and GEOS's own 1e-15."""
_SMALLEST_SURE = 1e-280
"""Determinants below this may have lost bits to underflow."""

_BLOCK = 512


@inlined
def _slot(value: float, start: float, per_unit: float, size: int) -> int:
    """Return the row or column of a coordinate; NaN (overflow) counts as the first."""
    scaled = (value - start) * per_unit
    if not scaled >= 1.0:
        return 0
    if scaled >= size:
        return size - 1
    return int(scaled)


@inlined
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Return 1 if the point lies left of an edge that reaches its level, 0 if right, or ON.

    APART where the edge only ends at that level (it owns its lower end, not its upper one);
    UNSURE where rounding could decide.
    """
    if (ay > y) == (by > y):
        on_level = ay == by and min(ax, bx) <= x <= max(ax, bx)
        return ON if on_level or (x == bx and y == by) or (x == ax and y == ay) else APART
    left = (ax - x) * (by - y)
    right = (ay - y) * (bx - x)
    determinant = left - right
    size = abs(determinant)
    if size > _RELATIVE_ERROR * (abs(left) + abs(right)) and size > _SMALLEST_SURE:
        return 1 if (determinant > 0.0) == (by > ay) else 0
    if (ax == x or by == y) and (ay == y or bx == x):
        return ON
    return UNSURE


@inlined
def _covers(index: Index, first: int, stop: int, left: int, x: float, y: float) -> int:
    """Return 1 if the border surrounds or touches the point, 0 if not, or UNSURE.

    Counts the edges that a ray from the point meets: towards -x if left is 1, else towards +x.
    Edges wholly on the other side may be missing: they neither touch the point nor the ray.
    """
    if stop < first:
        return UNSURE
    odd = 0
    for k in range(first, stop):
        edge = index.edges[k]
        ay, by = index.coordinates[edge, 1], index.coordinates[edge + 1, 1]
        if (ay > y) == (by > y) and ay != y and by != y:
            continue
        ax, bx = index.coordinates[edge, 0], index.coordinates[edge + 1, 0]
        side = _side(ax, ay, bx, by, x, y)
        if side == ON:
            return 1
        if side == UNSURE:
            return UNSURE
        odd ^= side == 1 - left
    return odd


@inlined
def _cell(index: Index, frame: int, x: float, y: float) -> int:
    """Return the cell of a point in a frame."""
    columns = index.shapes[frame, 0]
    row = _slot(y, index.frames[frame, 1], index.frames[frame, 3], index.shapes[frame, 1])
    column = _slot(x, index.frames[frame, 0], index.frames[frame, 2], columns)
    cell: int = index.shapes[frame, 2] + row * columns + column
    return cell


@inlined
def _resolve(index: Index, value: int, x: float, y: float) -> int:
    """Return the position of the grid that covers a point of a cell with a list, or UNSURE."""
    while value < NOWHERE and index.entries[-2 - value, 1] == NESTED:
        value = index.cells[_cell(index, index.entries[-2 - value, 0], x, y)]
    if value >= NOWHERE:
        return value
    k = -2 - value
    while index.entries[k, 1] != ENDS:
        _, first, stop, left = index.entries[k]
        inside = _covers(index, first, stop, left, x, y)
        if inside == UNSURE:
            return UNSURE
        if inside:
            break
        k += 1
    position: int = index.entries[k, 0]
    return position


@inlined
def _fetch(index: Index, value: int) -> int:
    """Read what resolving a list will read first, without waiting for it; return any of it."""
    read = 0
    for k in range(-2 - value, -value):
        first = index.entries[k, 1]
        if first < 0:
            break
        read += index.coordinates[index.edges[first], 0] > 0.0
    return read


@entry
def locate(
    index: Index, x: NDArray[np.float64], y: NDArray[np.float64], found: NDArray[np.int64]
) -> tuple[int, int]:
    """Write the position for every point into `found`; return how many are UNSURE.

    Block by block, in three rounds: look up the cells, fetch the lists, resolve the lists. The
    processor waits for memory many times at once instead of once for each point, which halves
    the time. (The second number returned keeps the compiler from leaving out the fetching.)
    """
    bounds = index.bounds
    unsure = read = 0
    for start in range(0, x.size, _BLOCK):
        stop = min(start + _BLOCK, x.size)
        for i in range(start, stop):
            inside = bounds[0] <= x[i] <= bounds[2] and bounds[1] <= y[i] <= bounds[3]
            found[i] = index.cells[_cell(index, 0, x[i], y[i])] if inside else NOWHERE
        for i in range(start, stop):
            if found[i] < NOWHERE:
                read += _fetch(index, found[i])
        for i in range(start, stop):
            if found[i] < NOWHERE:
                found[i] = _resolve(index, found[i], x[i], y[i])
                unsure += found[i] == UNSURE
    return unsure, read


@inlined
def _column(index: Index, x: float) -> int:
    """Return the column of the only frame."""
    return _slot(x, index.frames[0, 0], index.frames[0, 2], index.shapes[0, 0])


@inlined
def _row(index: Index, y: float) -> int:
    """Return the row of the only frame."""
    return _slot(y, index.frames[0, 1], index.frames[0, 3], index.shapes[0, 1])


@entry
def measure_spans(index: Index, items: Items) -> None:
    """Write the rows and columns that each grid's edges reach into `items.spans`."""
    columns, rows, _ = index.shapes[0]
    for item in range(items.positions.size):
        low_row, high_row, low_column, high_column = rows, -1, columns, -1
        for k in range(items.first[item], items.stop[item]):
            for end in range(2):
                point = index.coordinates[index.edges[k] + end]
                row, column = _row(index, point[1]), _column(index, point[0])
                low_row, high_row = min(low_row, row), max(high_row, row)
                low_column, high_column = min(low_column, column), max(high_column, column)
        if items.exact[item] and items.stop[item] == items.first[item]:
            low_row, high_row, low_column, high_column = 0, rows - 1, 0, columns - 1
        span = items.spans[item]
        span[0], span[1], span[2], span[3] = low_row, high_row, low_column, high_column


@inlined
def _edge_rows(index: Index, edge: int) -> tuple[int, int]:
    """Return the first and last row that an edge reaches."""
    a, b = _row(index, index.coordinates[edge, 1]), _row(index, index.coordinates[edge + 1, 1])
    return min(a, b), max(a, b)


@entry
def count_bands(index: Index, items: Items, bands: Bands) -> None:
    """Count the edges of band b in `bands.starts[b + 1]`."""
    for item in range(items.positions.size):
        base = bands.bases[item] - items.spans[item, 0]
        for k in range(items.first[item], items.stop[item]):
            low, high = _edge_rows(index, index.edges[k])
            for row in range(low, high + 1):
                bands.starts[base + row + 1] += 1


@entry
def fill_bands(index: Index, items: Items, bands: Bands, edges: NDArray[np.int32]) -> None:
    """Write the edges of every band; `bands.starts` moves on to where each band ends."""
    for item in range(items.positions.size):
        base = bands.bases[item] - items.spans[item, 0]
        for k in range(items.first[item], items.stop[item]):
            edge = index.edges[k]
            low, high = _edge_rows(index, edge)
            for row in range(low, high + 1):
                edges[bands.starts[base + row]] = edge
                bands.starts[base + row] += 1


@inlined
def _low_x(index: Index, edge: int) -> float:
    """Return the smaller x of an edge."""
    x: float = min(index.coordinates[edge, 0], index.coordinates[edge + 1, 0])
    return x


@inlined
def _high_x(index: Index, edge: int) -> float:
    """Return the larger x of an edge."""
    x: float = max(index.coordinates[edge, 0], index.coordinates[edge + 1, 0])
    return x


@entry
def sort_bands(index: Index, bands: Bands, edges: NDArray[np.int32]) -> None:
    """Sort every band by the smaller x of its edges, in place (Shell's sort: most are short)."""
    for band in range(bands.starts.size - 1):
        start, stop = bands.starts[band], bands.starts[band + 1]
        for gap in (701, 301, 132, 57, 23, 10, 4, 1):
            for k in range(start + gap, stop):
                edge = edges[k]
                x = _low_x(index, edge)
                place = k
                while place >= start + gap and _low_x(index, edges[place - gap]) > x:
                    edges[place] = edges[place - gap]
                    place -= gap
                edges[place] = edge


@inlined
def _columns_in_row(
    ends: tuple[float, float, float, float], row: int, rows: int, margin: float
) -> tuple[float, float]:
    """Return where an edge enters and leaves a row, in cell units, margin included.

    ends: x and y of both ends in cell units, the lower one first, at least one row apart.
    """
    low_x, low_y, high_x, high_y = ends
    slope = (high_x - low_x) / (high_y - low_y)
    enter = low_x
    if row > 0 and row - margin > low_y:
        enter = low_x + (row - margin - low_y) * slope
    leave = high_x
    if row < rows - 1 and row + 1 + margin < high_y:
        leave = low_x + (row + 1 + margin - low_y) * slope
    return min(enter, leave) - margin, max(enter, leave) + margin


@inlined
def _touch(index: Index, edge: int, span: NDArray[np.int32], touched: NDArray[np.uint8]) -> None:
    """Mark every cell of the grid's span that the edge may reach; a few more do no harm.

    Ends are in cell units with an error below 4uM (M: the largest of them, u = 1.1e-16); at a
    slope of at most 2M that makes 16uM² along a row. The margin is five times that; where
    it is not small, the whole box of the edge is marked.
    """
    columns, rows, _ = index.shapes[0]
    x0, y0, per_x, per_y, _, _ = index.frames[0]
    a, b = index.coordinates[edge], index.coordinates[edge + 1]
    if a[1] > b[1]:
        a, b = b, a
    low_row, high_row = _edge_rows(index, edge)
    low, high = _column(index, min(a[0], b[0])), _column(index, max(a[0], b[0]))
    ends = ((a[0] - x0) * per_x, (a[1] - y0) * per_y, (b[0] - x0) * per_x, (b[1] - y0) * per_y)
    largest = max(max(abs(ends[0]), abs(ends[1])), max(abs(ends[2]), abs(ends[3])))
    margin = 1e-9 + 1e-14 * largest * largest
    straight = low < high and ends[3] - ends[1] >= 1.0 and margin < 0.25
    width = span[3] - span[2] + 1
    for row in range(low_row, high_row + 1):
        first, last = low, high
        if straight:
            enter, leave = _columns_in_row(ends, row, rows, margin)
            first = max(first, _slot(enter, 0.0, 1.0, columns))
            last = min(last, _slot(leave, 0.0, 1.0, columns))
        start = (row - span[0]) * width - span[2]
        for column in range(first, last + 1):
            touched[start + column] = 1


@inlined
def _state(index: Index, row: int, column: int, first: int, stop: int) -> int:
    """Return 1 if a cell without edges lies inside the grid, 0 if outside, or UNSURE.

    The middle of the cell decides, if it is a point of the cell and of the frame: outside the
    frame other edges count.
    """
    x0, y0, per_x, per_y, x1, y1 = index.frames[0]
    x, y = x0 + (column + 0.5) / per_x, y0 + (row + 0.5) / per_y
    if not (x <= x1 and y <= y1 and _column(index, x) == column and _row(index, y) == row):
        return UNSURE
    return _covers(index, first, stop, 0, x, y)


@inlined
def _fill_row(
    index: Index,
    place: tuple[int, int, int, int, int, int],
    touched: NDArray[np.uint8],
    closed: NDArray[np.uint8],
    found: Found,
) -> int:
    """Write the entries of one grid in one row; return the new number of entries.

    A cell needs only the edges that reach it or lie to one side of it: the shorter of the two.
    Those before `from_cell` end left of the cell, those from `to_cell` on begin right of it.

    place: position, row, first column, first edge, last edge + 1, entries so far.
    touched: this row of the grid's span.
    """
    position, row, low, first, stop, n = place
    state = UNSURE
    from_cell, to_cell = first, first
    for offset in range(touched.size):
        column = low + offset
        while from_cell < stop and _column(index, _high_x(index, index.edges[from_cell])) < column:
            from_cell += 1
        while to_cell < stop and _column(index, _low_x(index, index.edges[to_cell])) <= column:
            to_cell += 1
        if touched[offset]:
            state = UNSURE
        elif state == UNSURE:  # neighbours without an edge between them share their state
            state = _state(index, row, column, first, stop)
        cell = row * index.shapes[0, 0] + column
        if closed[cell] or first == stop or state == 0:
            continue
        to_left = from_cell == stop or to_cell - first < stop - from_cell
        found.cell[n] = cell
        entry = found.entry[n]
        entry[0], entry[3] = position, to_left
        entry[1] = first if to_left else from_cell
        entry[2] = to_cell if to_left else stop
        if state == 1:
            entry[1], entry[2] = ENDS, 0
            closed[cell] = 1
        n += 1
    return n


@entry
def fill(index: Index, items: Items, bands: Bands, scratch: Scratch, found: Found) -> int:
    """Write which grids meet which cells into `found`; return how many entries that makes."""
    n = 0
    for item in range(items.positions.size):
        span = items.spans[item]
        if span[1] < span[0]:
            continue
        width = span[3] - span[2] + 1
        exact = items.exact[item]
        scratch.touched[: (span[1] - span[0] + 1) * width] = 1 if exact else 0
        for k in range(items.first[item], items.stop[item]):
            _touch(index, index.edges[k], span, scratch.touched)
        for row in range(span[0], span[1] + 1):
            band = bands.bases[item] + row - span[0]
            first, stop = (0, -1) if exact else (bands.starts[band], bands.starts[band + 1])
            start = (row - span[0]) * width
            n = _fill_row(
                index,
                (items.positions[item], row, span[2], first, stop, n),
                scratch.touched[start : start + width],
                scratch.closed,
                found,
            )
    return n


@entry
def chain(found: Found, starts: NDArray[np.int64], entries: NDArray[np.int32]) -> None:
    """Copy the entries cell by cell, keeping their order; `starts` moves on to each list's end."""
    for k in range(found.cell.size):
        cell = found.cell[k]
        for part in range(4):
            entries[starts[cell], part] = found.entry[k, part]
        starts[cell] += 1
