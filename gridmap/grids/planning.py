"""What a drawing would make of grids: the grids before, and those after. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy.orm import Session

from gridmap.analysis import redraw
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import Actor
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.geometry import Geometries
from gridmap.core.i18n import N_
from gridmap.grids import change_queries as queries
from gridmap.grids.change_queries import GridRow
from gridmap.grids.drawings import Drawing
from gridmap.grids.redraw_errors import (
    NotBetween,
    NothingDrawn,
    OtherCommunity,
    WrongNumberOfCodes,
    in_words,
)
from gridmap.grids.rules import chosen_codes, community_of

SPLIT, MERGE, MOVE = "split", "merge", "move"
HOW_MANY = N_("a split takes one grid; a merge and a moved border take two or more.")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to change.

    Attributes:
        kind: "split", "merge" or "move".
        codes: the grids concerned.
        drawing: None for a merge.
        new_codes: of the new grids; empty for the next ones of the scheme.
        names: of the new grids; empty for names made of the old one's.
    """

    kind: str
    codes: tuple[str, ...]
    drawing: Drawing | None = None
    new_codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Grids before and after, tiling the same ground.

    Attributes:
        community: beginning of all their codes.
        before: the grids in force that change.
        codes, names, geometries: of the grids after, equally long, in reading order; the same
            grids as before, in their order, where borders move.
    """

    kind: str
    community: str
    before: tuple[GridRow, ...]
    codes: list[str]
    names: list[str]
    geometries: Geometries = field(repr=False)

    @property
    def makes_new(self) -> bool:
        """Return whether the grids before end."""
        return self.kind != MOVE


def plan(session: Session, actor: Actor, wish: Wish) -> Plan:
    """Work out what a wish would make of the grids in force.

    Raises:
        BadRequest: too few or too many grids.
        NotFound: one of the grids is not there, or not in the actor's scope.
        NotAllowed: the actor may not change places in the whole community.
        OtherCommunity: the grids belong to several.
        CannotBeDrawn, CodeTaken, NoCodeLeft, WrongNumberOfCodes: see there.
    """
    if (len(set(wish.codes)) == 1) != (wish.kind == SPLIT) or not wish.codes:
        raise BadRequest(field="codes", why=HOW_MANY)
    before = _grids(session, actor, wish.codes)
    community = _one_community(before)
    if not actor.may("place", "change", at=community):
        raise NotAllowed
    try:
        geometries = _geometries(wish, before)
        redraw.require_same_ground(np.array([grid.geometry for grid in before]), geometries)
    except redraw.CannotRedraw as problem:
        raise in_words(problem, [grid.code for grid in before]) from problem
    if wish.kind == MOVE:
        codes, names = [grid.code for grid in before], [grid.name for grid in before]
        return Plan(wish.kind, community, before, codes, names, geometries)
    used = queries.codes_ever_used(session)
    codes = chosen_codes(wish.new_codes, used, like=before[0].code, n=len(geometries))
    return Plan(wish.kind, community, before, codes, _names(wish, before, codes), geometries)


def _grids(session: Session, actor: Actor, codes: Sequence[str]) -> tuple[GridRow, ...]:
    found = {grid.code: grid for grid in queries.grids_in_force(session, codes)}
    for code in codes:
        if code not in found or not actor.may("place", at=code):
            raise NotFound(what=N_("grid"), name=code)
    return tuple(found[code] for code in sorted(set(codes)))


def _one_community(grids: Sequence[GridRow]) -> str:
    """Return the community that all grids share."""
    first = grids[0]
    for other in grids[1:]:
        if community_of(other.code) != community_of(first.code):
            raise OtherCommunity(grid=first.code, other=other.code)
    return community_of(first.code)


def _geometries(wish: Wish, before: Sequence[GridRow]) -> Geometries:
    """Return the borders after the change."""
    borders = np.array([_single(grid.geometry) for grid in before], dtype=object)
    if wish.kind == MERGE:
        return np.array([redraw.unite(borders)], dtype=object)
    drawing = wish.drawing
    if drawing is None:
        raise NothingDrawn
    if wish.kind == SPLIT:
        return _split(drawing, borders[0])
    return _moved(drawing, borders, [grid.code for grid in before])


def _split(drawing: Drawing, border: shapely.Geometry) -> Geometries:
    if drawing.lines.size:
        return redraw.cut(border, drawing.lines)
    parts = redraw.share_out(border, drawing.polygons, rest=drawing.polygons.size == 1,
                             most_parts=_parts(border))  # fmt: skip
    return parts[redraw.reading_order(parts)]


def _moved(drawing: Drawing, borders: Geometries, codes: list[str]) -> Geometries:
    """Share the ground of some grids out among them anew."""
    ground = redraw.unite(borders)
    if drawing.lines.size:
        return redraw.by_overlap(redraw.cut(ground, drawing.lines), borders)
    rest = drawing.polygons.size == len(codes) - 1
    most = max(_parts(border) for border in borders.tolist())
    pieces = redraw.share_out(ground, drawing.polygons, rest=rest, most_parts=most)
    named = [*drawing.codes, *([""] if rest else [])]
    if not any(named):
        return redraw.by_overlap(pieces, borders)
    left = [code for code in codes if code not in named]
    taken = [code or (left.pop() if left else "") for code in named]
    if sorted(taken) != sorted(codes):
        raise NotBetween(grids=", ".join(codes))
    ordered: Geometries = pieces[[taken.index(code) for code in codes]]
    return ordered


def _single(border: shapely.Geometry) -> shapely.Geometry:
    """Return a MultiPolygon of one as its Polygon."""
    single = shapely.get_geometry(border, 0)
    return single if _parts(border) == 1 and single is not None else border


def _parts(border: shapely.Geometry) -> int:
    return int(shapely.get_num_geometries(border))


def _names(wish: Wish, before: Sequence[GridRow], codes: Sequence[str]) -> list[str]:
    """Return the names of new grids: chosen, or the old one's with a number."""
    if wish.names:
        if len(wish.names) != len(codes):
            raise WrongNumberOfCodes(given=len(wish.names), needed=len(codes))
        return list(wish.names)
    largest = max(before, key=lambda grid: grid.area_m2)
    if len(codes) == 1:
        return [largest.name]
    return [f"{largest.name} {k}" for k in range(1, len(codes) + 1)]
