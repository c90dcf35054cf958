"""Rows that lie in another grid since borders were drawn anew; shared by all registers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import ColumnElement, and_, func, insert, null, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gridmap.grids.change_models import GridChange, GridChangeRow
from gridmap.grids.located_queries import link
from gridmap.grids.locator import Links
from gridmap.grids.news import Redrawn

Ids = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Displaced:
    """Rows with a point whose grid is another now: equally long arrays of shape (n,).

    Attributes:
        ids: of the rows.
        old_ids: of the grids in which they lay.
        old_codes: the codes of these.
        links: the grids in which they lie now; none is unlinked.
    """

    ids: Ids
    old_ids: Ids
    old_codes: Texts
    links: Links


@dataclass(frozen=True)
class ByRule:
    """A row of which only the grid is known, and what becomes of it.

    Attributes:
        grid_id: None: no grid; `grid_code` is that of the community then.
        place_before: what stood as its place in words, where the register has that.
    """

    id: int
    old_grid_id: int | None
    old_code: str
    grid_id: int | None
    grid_code: str
    place_before: str | None = None


def displaced(session: Session, table: type[Any], redrawn: Redrawn) -> Displaced:
    """Return the rows of a located table that lie in another grid now, by the locator."""
    rows = session.execute(
        select(table.id, func.ST_X(table.geom), func.ST_Y(table.geom), table.grid_id,
               table.grid_code)
        .where(table.geom.is_not(None), _concerned(table, redrawn))
        .order_by(table.id)
    ).all()  # fmt: skip
    ids, lon, lat, old_ids, old_codes = _columns(rows)
    links = _links(redrawn, lon, lat)
    moved = links.grid_ids != old_ids
    return Displaced(
        ids[moved],
        old_ids[moved],
        old_codes[moved],
        Links(links.grid_ids[moved], links.grid_codes[moved]),
    )


def _concerned(table: type[Any], redrawn: Redrawn) -> ColumnElement[bool]:
    """Return the condition of rows in the grids, and of rows on their borders beside them."""
    within = table.grid_id.in_([*redrawn.gone_ids, *redrawn.moved_ids])
    stamped = shapely.set_srid(redrawn.edge, 4326)
    edge = func.ST_GeomFromEWKB(shapely.to_wkb(stamped, include_srid=True))
    on_edge = and_(
        table.grid_id.in_(redrawn.beside_ids),
        table.geom.op("&&")(edge),
        func.ST_DWithin(table.geom, edge, 0.0),
    )
    return or_(within, on_edge)


def _columns(rows: Sequence[Any]) -> tuple[Ids, Any, Any, Ids, Texts]:
    ids, lon, lat, grid_ids, codes = list(zip(*rows, strict=True)) or [()] * 5
    return (
        np.array(ids, dtype=np.int64),
        np.array(lon, dtype=np.float64),
        np.array(lat, dtype=np.float64),
        np.array(grid_ids, dtype=np.int64),
        np.array(codes, dtype=object),
    )


def _links(redrawn: Redrawn, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> Links:
    """Link points; one that falls between two borders by rounding goes to the nearest part.

    The parts tile what was there, so every point that lay in a grid lies in one still.
    """
    links = redrawn.grids.at_points(lon, lat)
    lost = links.unlinked
    if not lost.any():
        return links
    table = redrawn.grids.table
    parts = np.flatnonzero(np.isin(table.ids, redrawn.part_ids))
    tree = shapely.STRtree(table.geometries[parts])
    near = parts[tree.nearest(shapely.points(lon[lost], lat[lost]))]
    ids, codes = links.grid_ids.copy(), links.grid_codes.copy()
    ids[lost], codes[lost] = table.ids[near], table.codes[near]
    return Links(ids, codes)


def relocate(session: Session, table: type[Any], redrawn: Redrawn) -> int:
    """Give every row with a point the grid in which it lies now; returns how many changed."""
    found = displaced(session, table, redrawn)
    if found.ids.size:
        link(session, table, found.ids, found.links)
    return int(found.ids.size)


def rows_by_rule(
    session: Session, table: type[Any], redrawn: Redrawn, *, place: Any | None = None
) -> list[ByRule]:
    """Return the rows without a point whose grid is gone, and what becomes of each.

    A merge gives them to the grid that took the old one in. A split does not say in which part
    they belong: they are in no grid until somebody says so. Taken back, the change gives each row
    that it had moved to the grid from which it came.

    Args:
        session: the transaction.
        table: a table with `geom`, `grid_id` and `grid_code`.
        redrawn: what changed.
        place: column of the place in words, where the register has one.
    """
    shown = place if place is not None else null()
    rows = session.execute(
        select(table.id, table.grid_id, table.grid_code, shown)
        .where(table.geom.is_(None), table.grid_id.in_(redrawn.gone_ids))
    ).all()  # fmt: skip
    found = {}
    for id_, old_id, old_code, words in rows:
        new_id, new_code = redrawn.heirs.get(old_id, (None, redrawn.community))
        found[id_] = ByRule(id_, old_id, old_code, new_id, new_code, words)
    if redrawn.back:
        for kept in _still_there(session, table, redrawn):
            found[kept.row_id] = ByRule(
                kept.row_id, None, kept.grid_code, kept.old_grid_id, kept.old_code,
                kept.place_before,
            )  # fmt: skip
    return [found[id_] for id_ in sorted(found)]


def _still_there(session: Session, table: type[Any], redrawn: Redrawn) -> Sequence[GridChangeRow]:
    """Return the rows that a change moved by rule, without those that somebody moved since."""
    return session.scalars(
        select(GridChangeRow)
        .join(table, table.id == GridChangeRow.row_id)
        .where(
            GridChangeRow.change_id == redrawn.change_id,
            GridChangeRow.register == table.__tablename__,
            GridChangeRow.by_rule,
            or_(table.grid_id.is_(None), table.grid_id.in_(redrawn.gone_ids)),
        )
    ).all()


def move_by_rule(session: Session, table: type[Any], rows: Sequence[ByRule]) -> None:
    """Store grid and code of rows that have no point."""
    if not rows:
        return
    name = table.__tablename__
    session.execute(
        text(f"UPDATE {name} SET grid_id = :grid, grid_code = :code WHERE id = :row"),
        [{"row": row.id, "grid": row.grid_id, "code": row.grid_code} for row in rows],
    )


def list_moved(
    session: Session, redrawn: Redrawn, register: str, rows: Sequence[ByRule], *, by_rule: bool
) -> None:
    """Write down rows for a person to look at, and for taking the change back."""
    if redrawn.back or not rows:
        return
    session.execute(
        insert(GridChangeRow),
        [
            {
                "change_id": redrawn.change_id, "register": register, "row_id": row.id,
                "by_rule": by_rule, "old_grid_id": row.old_grid_id, "old_code": row.old_code,
                "grid_code": row.grid_code, "place_before": row.place_before,
            }
            for row in rows
        ],
    )  # fmt: skip


@dataclass(frozen=True)
class RowsThen:
    """Rows that lay in another grid on a day: arrays of shape (n,), sorted by the rows' ids."""

    ids: Ids
    grid_ids: Ids


def first_grids_since(session: Session, register: str, day: date) -> RowsThen:
    """Return where rows lay on a day that changes since then moved by rule.

    Of several changes the first after the day tells it.
    """
    rows = session.execute(
        select(GridChangeRow.row_id, GridChangeRow.old_grid_id)
        .ext(distinct_on(GridChangeRow.row_id))
        .join(GridChange, GridChange.id == GridChangeRow.change_id)
        .where(
            GridChangeRow.register == register,
            GridChangeRow.by_rule,
            GridChange.undone_at.is_(None),
            GridChange.holds_from > day,
        )
        .order_by(GridChangeRow.row_id, GridChange.id)
    ).all()
    pairs = np.array([(row, grid or -1) for row, grid in rows], dtype=np.int64).reshape(-1, 2)
    return RowsThen(pairs[:, 0], pairs[:, 1])
