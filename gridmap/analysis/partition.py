"""Overlapping grids made into a partition by one rule, with the area that each grid loses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.areas import area_m2, length_m
from gridmap.analysis.neighbours import TOUCH_DEGREES
from gridmap.analysis.polygons import HAIRLINE_M, polygon_parts, polygonal, width_m
from gridmap.analysis.topology import (
    SLIVER_WIDTH_M,
    SNAP_DEGREES,
    Grids,
    gather,
    holes,
    is_sliver,
    overlap_pieces,
    tell_gaps,
    unmatched_borders,
)

Floats: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]
Indices: TypeAlias = NDArray[np.int64]
Masks: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RepairedPartition:
    """The outcome of repair_overlaps: arrays of shape (n,), in the order of the input.

    Attributes:
        geometries: valid MultiPolygons; of a grid that nothing concerns, the object given.
        lost_m2: the area that was taken from the grid.
        gained_m2: the area of gap slivers that it was given.
        vanished: whether the grid is covered by others but for slivers; its shape is empty then.
    """

    geometries: Geometries
    lost_m2: Floats
    gained_m2: Floats
    vanished: Masks


def repair_overlaps(
    geometries: Geometries,
    codes: Sequence[str],
    *,
    existing: Geometries | None = None,
    existing_codes: Sequence[str] = (),
) -> RepairedPartition:
    """Make grids a partition: what several cover belongs to the one with the lowest code.

    So the locator decides about points there anyway, and no point changes its grid by this.
    Grids in force keep what they have, whatever their code. Slivers are treated alike. A gap
    sliver that grids enclose goes to the arriving grid with the longest border along it, the
    lowest code among equals; wider gaps stay. Repairing twice changes nothing more.

    Args:
        geometries: shape (n,). Valid polygons or multipolygons (`repair_polygons`), longitude and
            latitude in degrees.
        codes: their n codes.
        existing: shape (m,). Grids in force. One whose code also arrives is replaced: ignored.
        existing_codes: their m codes.

    Raises:
        ValueError: a shape is not valid, codes and shapes differ in number, or so many grids
            overlap (`TopologyReport.truncated`) that the file is no partition gone wrong.
    """
    grids = gather(geometries, codes, existing, existing_codes)
    given = grids.geometries
    cut = _without_overlaps(grids)
    lost = area_m2(given) - area_m2(cut)
    vanished = _vanished(cut, lost)
    cut[vanished] = shapely.MultiPolygon()
    lost[vanished] = area_m2(given[vanished])
    filled, gained = _with_gap_slivers(grids._replace(geometries=cut))
    n = len(codes)
    return RepairedPartition(filled[:n], np.maximum(lost[:n], 0.0), gained[:n], vanished[:n])


def _without_overlaps(grids: Grids) -> Geometries:
    """Take from every grid what a stronger one covers: in force before arriving, then by code."""
    strength = grids._replace(rank=grids.rank + grids.arriving * grids.rank.size)
    pieces = overlap_pieces(strength, unmatched_borders(grids.geometries))
    if pieces.truncated:
        raise ValueError("too many grids overlap: this is not a partition gone wrong")
    pairs = np.unique(np.stack([pieces.other, pieces.one]), axis=1)
    pairs = pairs[:, np.lexsort((strength.rank[pairs[1]], pairs[0]))]
    given, cut = grids.geometries, _cut(grids.geometries, pairs, grid_size=None)
    most, least = np.zeros(given.shape), np.zeros(given.shape)
    np.add.at(most, pieces.other, pieces.area_m2)
    np.maximum.at(least, pieces.other, pieces.area_m2)
    lost, doubt = area_m2(given) - area_m2(cut), HAIRLINE_M * length_m(given)
    wrong = (lost > most + doubt) | (lost < least - doubt)
    if wrong.any():
        snapped = _cut(given, pairs[:, wrong[pairs[0]]], grid_size=SNAP_DEGREES)
        cut[wrong] = snapped[wrong]
    return cut


def _cut(geometries: Geometries, pairs: Indices, *, grid_size: float | None) -> Geometries:
    """Subtract from the first of each pair the second; pairs are sorted by the first."""
    weaker, stronger = pairs
    cut = geometries.copy()
    turn = np.arange(weaker.size) - np.searchsorted(weaker, weaker)
    for now in range(int(turn.max(initial=-1)) + 1):  # turns, not rows: the most one grid yields to
        one, other = weaker[turn == now], stronger[turn == now]
        cut[one] = shapely.difference(cut[one], geometries[other], grid_size=grid_size)
    changed = np.unique(weaker)
    cut[changed] = _clean(cut[changed])
    return cut


def _vanished(cut: Geometries, lost: Floats) -> Masks:
    """Whether nothing wider than slivers is left of a grid that lost something."""
    parts, owner = polygon_parts(cut)
    wide = np.zeros(cut.shape, dtype=bool)
    wide[owner[width_m(parts) >= SLIVER_WIDTH_M]] = True
    left = area_m2(cut)
    vanished: Masks = (lost > 0) & ~wide & is_sliver(left, np.zeros(left.shape), left + lost)
    return vanished


def _with_gap_slivers(grids: Grids) -> tuple[Geometries, Floats]:
    """Give every gap sliver to one grid around it; return all shapes and what each gained."""
    shapes, gained = grids.geometries.copy(), np.zeros(grids.geometries.shape)
    _, slivers = tell_gaps(grids, holes(grids, unmatched_borders(shapes)))
    gap, taker = _takers(grids, slivers.geometries)
    if not gap.size:
        return shapes, gained
    np.add.at(gained, taker, slivers.area_m2[gap])
    order = np.argsort(taker, kind="stable")
    takers, group = np.unique(taker[order], return_inverse=True)
    given = np.asarray(shapely.multipolygons(slivers.geometries[gap[order]], indices=group))
    before = shapes[takers]
    united = shapely.union(before, given)
    missing = area_m2(before) + gained[takers] - area_m2(united)
    wrong = np.abs(missing) > HAIRLINE_M * length_m(before)
    united[wrong] = shapely.union(before[wrong], given[wrong], grid_size=SNAP_DEGREES)
    shapes[takers] = _clean(united)
    return shapes, gained


def _takers(grids: Grids, gaps: Geometries) -> tuple[Indices, Indices]:
    """Return each gap that arriving grids border, and the one with the longest border along it."""
    rings, ring_gap = shapely.get_rings(gaps, return_index=True)
    ends, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    edges = np.stack([ends[:-1][same], ends[1:][same]], axis=1)
    arriving = grids.geometries.copy()
    arriving[~grids.arriving] = None
    tree = shapely.STRtree(arriving)
    edge, grid = tree.query_nearest(
        shapely.points(edges.mean(axis=1)), max_distance=TOUCH_DEGREES, all_matches=False
    )
    pairs, pair = np.unique(
        np.stack([ring_gap[ring[1:][same][edge]], grid]), axis=1, return_inverse=True
    )
    border = np.zeros(pairs.shape[1])
    np.add.at(border, pair, length_m(shapely.linestrings(edges[edge])))
    order = np.lexsort((grids.rank[pairs[1]], -border, pairs[0]))
    gap, first = np.unique(pairs[0][order], return_index=True)
    return gap.astype(np.int64), pairs[1][order][first].astype(np.int64)


def _clean(shapes: Geometries) -> Geometries:
    """Drop hairline parts and holes, which cutting and uniting leave, and make sure of validity."""
    parts, owner = polygon_parts(shapes)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    inner = np.concatenate([[False], ring_part[1:] == ring_part[:-1]])[: rings.size]
    kept = ~inner | (width_m(np.asarray(shapely.polygons(rings))) >= HAIRLINE_M)
    whole = np.asarray(shapely.polygons(rings[kept], indices=ring_part[kept]))
    joined = np.full(shapes.shape, shapely.MultiPolygon(), dtype=object)
    if owner.size:
        shapely.multipolygons(whole, indices=owner, out=joined)
    broken = ~shapely.is_valid(joined)
    joined[broken] = shapely.make_valid(joined[broken], method="structure", keep_collapsed=False)
    return polygonal(joined)
