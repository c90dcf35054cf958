"""Whether grids are a partition: overlaps and gaps between them, told apart from digitising noise.

Three sizes of error, by the mean width of each connected piece (2 * area / perimeter):

* below HAIRLINE_M it is floating point and not reported;
* below SLIVER_WIDTH_M (and small beside the grid) it is digitising noise: reported, stored as it
  is; a point in it goes to the grid with the lowest code, or to none, as the locator decides;
* anything else is an overlap, which an import refuses, or a gap, which may be meant.

Why one metre. A file with five decimals rounds to 0.6 m, digitisers click to decimetres, no
address is narrower; a lane between houses, which may be a grid's border on either side, is wider.
The real files leave a wide space: Chicago's areas and Memphis' precincts and cells have no overlap
and no gap less than 200 m wide, once the ring that overlaps itself is repaired (the "linework"
method would leave a crack of 0.155 square metres, 0.7 mm wide); Nantong's districts have neither.
A grid that is itself so thin is protected by its share: a sliver takes at most SLIVER_SHARE of the
smallest grid that it concerns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.areas import area_m2
from gridmap.analysis.codes import are_among, code_order
from gridmap.analysis.neighbours import TOUCH_DEGREES
from gridmap.analysis.polygons import HAIRLINE_M, polygon_parts, width_m

Floats: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]
Indices: TypeAlias = NDArray[np.int64]
Masks: TypeAlias = NDArray[np.bool_]

SLIVER_WIDTH_M = 1.0
"""Mean width, in metres, below which an overlap or gap is digitising noise."""

SLIVER_SHARE = 0.01
"""A sliver has at most this share of the area of the smallest grid that it concerns."""

MAX_PARTNERS = 10
"""Where more pairs overlap than this times the grids the search ends: that is no partition."""

SNAP_DEGREES = 1e-10
"""The lattice, 0.01 mm, on which an overlay is computed again that came out wrong.

Where borders that should coincide differ in the last digit, GEOS (3.14) sometimes gives one whole
shape as the intersection, or loses one in the union: not once in 200,000 pairs at 120 degrees east,
32 north, but in 14 of 300 strips by the origin, where floating point is denser. So each result is
checked, by a point inside or by its area.
"""

_INTERIORS_MEET = "T********"
_CHUNK, _BLOCK = 512, 20_000


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Areas that two grids both cover, one row a pair, the largest first; arrays of shape (k,).

    Attributes:
        codes: the lower code of each pair.
        other_codes: the higher code.
        area_m2: the area that both cover.
        width_m: the mean width of the widest piece.
        geometries: MultiPolygons.
    """

    codes: Geometries
    other_codes: Geometries
    area_m2: Floats
    width_m: Floats
    geometries: Geometries

    def __len__(self) -> int:
        """How many pairs."""
        return self.area_m2.size


@dataclass(frozen=True, eq=False)
class Gaps:
    """Areas that grids enclose and none covers, the largest first; arrays of shape (k,).

    Attributes:
        codes: for each gap a tuple of the codes of the grids around it, sorted.
        area_m2: its area.
        width_m: its mean width.
        geometries: Polygons.
    """

    codes: Geometries
    area_m2: Floats
    width_m: Floats
    geometries: Geometries

    def __len__(self) -> int:
        """How many gaps."""
        return self.area_m2.size


@dataclass(frozen=True, eq=False)
class TopologyReport:
    """What check_partition found.

    Attributes:
        overlaps: wider than slivers: the import must be refused, or repaired.
        overlap_slivers: digitising noise.
        gaps: wider than slivers: said, not refused (a lake, a town that is not ours).
        gap_slivers: digitising noise.
        truncated: more than MAX_PARTNERS pairs a grid overlap; the figures are a lower bound.
    """

    overlaps: Overlaps
    overlap_slivers: Overlaps
    gaps: Gaps
    gap_slivers: Gaps
    truncated: bool

    @property
    def is_partition(self) -> bool:
        """Whether no two grids overlap by more than slivers."""
        return len(self.overlaps) == 0 and not self.truncated


class Pieces(NamedTuple):
    """Connected overlaps: arrays of shape (k,). one and other are positions of grids."""

    one: Indices
    other: Indices
    geometries: Geometries
    area_m2: Floats
    width_m: Floats
    truncated: bool


class Grids(NamedTuple):
    """The grids that arrive and those in force, as one list: arrays of shape (n,)."""

    geometries: Geometries
    codes: Geometries
    arriving: Masks
    rank: Indices


def check_partition(
    geometries: Geometries,
    codes: Sequence[str],
    *,
    existing: Geometries | None = None,
    existing_codes: Sequence[str] = (),
) -> TopologyReport:
    """Measure how far grids are from a partition, among themselves and with grids in force.

    A gap is a hole in the union of all grids: what opens to the outside is not one. Pairs of
    grids in force, and gaps that no arriving grid touches, are not reported again.

    Args:
        geometries: shape (n,). Valid polygons or multipolygons (`repair_polygons`), longitude and
            latitude in degrees; None and empty ones are ignored.
        codes: their n codes.
        existing: shape (m,). Grids in force. One whose code also arrives is replaced: ignored.
        existing_codes: their m codes.

    Raises:
        ValueError: a shape is not valid, or codes and shapes differ in number.
    """
    grids = gather(geometries, codes, existing, existing_codes)
    unmatched = unmatched_borders(grids.geometries)
    pieces = overlap_pieces(grids, unmatched)
    overlaps, overlap_slivers = _overlaps(grids, pieces)
    gaps, gap_slivers = tell_gaps(grids, holes(grids, unmatched))
    return TopologyReport(overlaps, overlap_slivers, gaps, gap_slivers, pieces.truncated)


def gather(
    geometries: Geometries,
    codes: Sequence[str],
    existing: Geometries | None,
    existing_codes: Sequence[str],
) -> Grids:
    """Put arriving grids first, those in force that stay after them; check both."""
    old = np.asarray([] if existing is None else existing, dtype=object)
    if len(geometries) != len(codes) or len(old) != len(existing_codes):
        raise ValueError("each grid needs one code")
    old_codes = np.array([*existing_codes], dtype=object)
    stays = ~are_among(existing_codes, codes)
    shapes = np.concatenate([np.asarray(geometries, dtype=object), old[stays]])
    shapes[shapely.is_missing(shapes)] = shapely.MultiPolygon()
    if not shapely.is_valid(shapes).all():
        raise ValueError("repair the polygons first: some are not valid")
    names = np.concatenate([np.array([*codes], dtype=object), old_codes[stays]])
    return Grids(shapes, names, np.arange(names.size) < len(codes), code_order(names.tolist()))


def overlap_pieces(grids: Grids, unmatched: Masks) -> Pieces:
    """Intersect all pairs that may overlap, in blocks; one row a piece wider than a hairline.

    Args:
        grids: from gather.
        unmatched: shape (n,), whether some border of the grid is not that of a neighbour.

    Returns:
        pieces whose `one` has the lower rank.
    """
    found = [_intersect(grids.geometries, np.empty((2, 0), dtype=np.int64))]
    overlapping, limit = 0, 10_000 + MAX_PARTNERS * grids.rank.size
    for pairs in _candidates(grids.geometries):
        concerned = grids.arriving[pairs].any(axis=0) & unmatched[pairs].any(axis=0)
        found.append(_intersect(grids.geometries, _by_rank(grids, pairs[:, concerned])))
        overlapping += np.unique(found[-1][0], axis=1).shape[1]
        if overlapping > limit:
            break
    ends = np.concatenate([block[0] for block in found], axis=1)
    shapes = np.concatenate([block[1] for block in found])
    widths = np.concatenate([block[2] for block in found])
    return Pieces(ends[0], ends[1], shapes, area_m2(shapes), widths, overlapping > limit)


def holes(grids: Grids, unmatched: Masks) -> Geometries:
    """Return the holes of the union of all grids that are wider than a hairline, as Polygons.

    Args:
        grids: from gather.
        unmatched: from unmatched_borders.
    """
    union = _union(grids.geometries, unmatched)
    parts, _ = polygon_parts(np.array([union]))
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
    enclosed, _ = polygon_parts(np.array([shapely.difference(filled, union)]))
    return enclosed[width_m(enclosed) >= HAIRLINE_M]


def is_sliver(area: Floats, width: Floats, beside_m2: Floats) -> Masks:
    """Whether pieces are digitising noise: thin, and small beside the smallest grid concerned.

    Args:
        area: shape (k,), square metres.
        width: shape (k,), metres.
        beside_m2: shape (k,), the area of the smallest grid concerned.
    """
    mask: Masks = (width < SLIVER_WIDTH_M) & (area <= SLIVER_SHARE * beside_m2)
    return mask


def touching(grids: Grids, shapes: Geometries) -> Indices:
    """Return (shape, grid) positions, shape (2, m), of arriving and old grids that touch shapes."""
    tree = shapely.STRtree(grids.geometries)
    near = tree.query(shapes, predicate="dwithin", distance=TOUCH_DEGREES).astype(np.int64)
    return near[:, np.lexsort((grids.rank[near[1]], near[0]))]


def unmatched_borders(geometries: Geometries) -> Masks:
    """Whether some border of each grid runs inside another or is not matched by its vertices.

    Where no border is unmatched nothing overlaps, and the union is quick. Finding out takes the
    square of the number of shapes on one spot: with too many pairs of boxes all count as such.
    """
    count, limit = 0, 1000 + 12 * geometries.size
    for pairs in _candidates(geometries):
        count += pairs.shape[1]
        if count > limit:
            return np.ones(geometries.shape, dtype=bool)
    unmatched: Masks = ~shapely.is_empty(shapely.coverage_invalid_edges(geometries))
    return unmatched


def _candidates(geometries: Geometries) -> Iterator[Indices]:
    """Yield blocks of pairs one < other whose boxes meet, each of shape (2, at most _BLOCK)."""
    tree = shapely.STRtree(geometries)
    for start in range(0, geometries.size, _CHUNK):
        pairs = tree.query(geometries[start : start + _CHUNK]).astype(np.int64)
        pairs[0] += start
        pairs = pairs[:, pairs[0] < pairs[1]]
        for block in range(0, pairs.shape[1], _BLOCK):
            yield pairs[:, block : block + _BLOCK]


def _by_rank(grids: Grids, pairs: Indices) -> Indices:
    """Turn pairs so that the grid with the lower rank comes first."""
    ordered: Indices = np.where(grids.rank[pairs[0]] < grids.rank[pairs[1]], pairs, pairs[::-1])
    return ordered


def _intersect(geometries: Geometries, pairs: Indices) -> tuple[Indices, Geometries, Floats]:
    """Return the pieces that pairs have in common: pair, shape and width of each."""
    meet = shapely.relate_pattern(geometries[pairs[0]], geometries[pairs[1]], _INTERIORS_MEET)
    pairs = pairs[:, meet]
    one, other = geometries[pairs[0]], geometries[pairs[1]]
    common = shapely.intersection(one, other)
    parts, owner, widths = _wide_parts(common)
    inside = shapely.point_on_surface(parts)
    wrong = ~(shapely.intersects(one[owner], inside) & shapely.intersects(other[owner], inside))
    if wrong.any():
        again = np.unique(owner[wrong])
        common[again] = shapely.intersection(one[again], other[again], grid_size=SNAP_DEGREES)
        parts, owner, widths = _wide_parts(common)
    return pairs[:, owner], parts, widths


def _wide_parts(shapes: Geometries) -> tuple[Geometries, Indices, Floats]:
    """Return the polygons in shapes that are wider than a hairline, their owners and widths."""
    parts, owner = polygon_parts(shapes)
    widths = width_m(parts)
    wide = widths >= HAIRLINE_M
    return parts[wide], owner[wide], widths[wide]


def _union(geometries: Geometries, unmatched: Masks) -> shapely.Geometry:
    """Unite all grids; those whose borders match need no search for crossings."""
    try:
        matched = shapely.coverage_union_all(geometries[~unmatched])
    except shapely.GEOSException:  # not noded after all: the slow way
        matched, unmatched = shapely.MultiPolygon(), np.ones(geometries.shape, dtype=bool)
    union = shapely.union(matched, shapely.union_all(geometries[unmatched]))
    shapely.prepare(union)
    inside = shapely.point_on_surface(geometries[~shapely.is_empty(geometries)])
    if shapely.intersects(union, inside).all():
        return union
    return shapely.union_all(geometries, grid_size=SNAP_DEGREES)


def _overlaps(grids: Grids, pieces: Pieces) -> tuple[Overlaps, Overlaps]:
    """Sum pieces by pair: those pairs that are refused, and those that are slivers."""
    areas = area_m2(grids.geometries)
    smaller = np.minimum(areas[pieces.one], areas[pieces.other])
    keys = np.stack([pieces.one, pieces.other])
    _, pair = np.unique(keys, axis=1, return_inverse=True)
    thin = pieces.width_m < SLIVER_WIDTH_M
    thin_area = np.bincount(pair, weights=pieces.area_m2 * thin).astype(np.float64)
    sliver = is_sliver(thin_area[pair], pieces.width_m, smaller)
    return _by_pair(grids, pieces, ~sliver), _by_pair(grids, pieces, sliver)


def _by_pair(grids: Grids, pieces: Pieces, chosen: Masks) -> Overlaps:
    """Sum some pieces by pair, largest first."""
    keys = np.stack([pieces.one[chosen], pieces.other[chosen]])
    pairs, pair = np.unique(keys, axis=1, return_inverse=True)
    area, width = np.zeros(pairs.shape[1]), np.zeros(pairs.shape[1])
    np.add.at(area, pair, pieces.area_m2[chosen])
    np.maximum.at(width, pair, pieces.width_m[chosen])
    grouped = np.argsort(pair, kind="stable")
    shapes = shapely.multipolygons(pieces.geometries[chosen][grouped], indices=pair[grouped])
    order = np.lexsort((grids.rank[pairs[1]], grids.rank[pairs[0]], -area))
    one, other = grids.codes[pairs[:, order]]
    return Overlaps(one, other, area[order], width[order], np.asarray(shapes)[order])


def tell_gaps(grids: Grids, enclosed: Geometries) -> tuple[Gaps, Gaps]:
    """Tell gaps from slivers, and name the grids around them.

    Args:
        grids: from gather.
        enclosed: shape (k,), from holes; those that no arriving grid touches are left out.
    """
    near = touching(grids, enclosed)
    concerned = np.zeros(enclosed.shape, dtype=bool)
    concerned[near[0][grids.arriving[near[1]]]] = True
    smallest = np.full(enclosed.shape, np.inf)
    np.minimum.at(smallest, near[0], area_m2(grids.geometries)[near[1]])
    around = np.split(grids.codes[near[1]], np.searchsorted(near[0], np.arange(1, enclosed.size)))
    codes = np.fromiter(map(tuple, around), dtype=object, count=enclosed.size)
    area, width = area_m2(enclosed), width_m(enclosed)
    order = np.lexsort((np.arange(area.size), -area))
    order = order[concerned[order]]
    gaps = Gaps(codes[order], area[order], width[order], enclosed[order])
    sliver = is_sliver(gaps.area_m2, gaps.width_m, smallest[order])
    return _gaps_where(gaps, ~sliver), _gaps_where(gaps, sliver)


def _gaps_where(gaps: Gaps, chosen: Masks) -> Gaps:
    return Gaps(
        gaps.codes[chosen], gaps.area_m2[chosen], gaps.width_m[chosen], gaps.geometries[chosen]
    )
