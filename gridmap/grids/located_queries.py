"""Statements that all registers of located points share: places, resources."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from gridmap.batches.models import Batch
from gridmap.core.bulk import Column, copy_rows
from gridmap.grids.locator import CurrentGrids, Links

Texts = npt.NDArray[np.object_]


def null_where_empty(values: Texts) -> Column:
    """Return a column of text in which '' is NULL."""
    return Column("text", values, values == "")


def located_columns(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], links: Links
) -> dict[str, Column]:
    """Return the columns that every located table has, but for the batch and the originals."""
    return {
        "geom": Column("point", lon + 1j * lat),
        "grid_id": Column("int4", links.grid_ids, links.unlinked),
        "grid_code": Column("text", links.grid_codes),
    }


def insert_new(
    session: Session, table: type[Any], columns: Mapping[str, Column]
) -> npt.NDArray[np.bool_]:
    """Insert rows whose source and id are not there yet.

    Args:
        session: the transaction.
        table: a located table with UNIQUE (source_id, source).
        columns: among them `source_id`, all of the same length n.

    Returns:
        shape (n,): which rows were new.
    """
    name = table.__tablename__
    names = ", ".join(columns)
    session.execute(text(f"CREATE TEMP TABLE staged (LIKE {name}) ON COMMIT DROP"))
    session.execute(text("ALTER TABLE staged ALTER id DROP NOT NULL"))
    copy_rows(session, "staged", columns)
    taken = session.scalars(
        text(
            f"INSERT INTO {name} ({names}) SELECT {names} FROM staged "
            "ON CONFLICT (source_id, source) DO NOTHING RETURNING source_id"
        )
    ).all()
    session.execute(text("DROP TABLE staged"))
    return np.isin(columns["source_id"].values.astype(str), np.array(taken, dtype=str))


def delete_rows_of(session: Session, table: type[Any], batch_id: int) -> int:
    """Delete what one import brought; returns the rows."""
    gone = session.execute(delete(table).where(table.batch_id == batch_id).returning(table.id))
    return len(gone.all())


def relink(session: Session, table: type[Any], grids: CurrentGrids, removed: list[int]) -> int:
    """Put rows into grids that cover them by now, and out of grids that are gone.

    Returns:
        How many rows were linked.
    """
    if removed:
        scope = select(Batch.grid_code).where(Batch.id == table.batch_id).scalar_subquery()
        session.execute(
            update(table).where(table.grid_id.in_(removed)).values(grid_id=None, grid_code=scope)
        )
    waiting = session.execute(
        select(table.id, func.ST_X(table.geom), func.ST_Y(table.geom)).where(
            table.grid_id.is_(None), table.geom.is_not(None)
        )
    ).all()
    points = np.array([tuple(row) for row in waiting], dtype=np.float64).reshape(-1, 3)
    links = grids.at_points(points[:, 1], points[:, 2])
    found = ~links.unlinked
    if found.any():
        ids = points[found, 0].astype(np.int64)
        link(session, table, ids, Links(links.grid_ids[found], links.grid_codes[found]))
    return int(found.sum())


def link(session: Session, table: type[Any], ids: npt.NDArray[np.int64], links: Links) -> None:
    """Give rows their grid; `ids` and links are equally long, every row has a grid."""
    session.execute(
        text("CREATE TEMP TABLE new_links (id int8, grid_id int4, grid_code text) ON COMMIT DROP")
    )
    columns = {
        "id": Column("int8", ids),
        "grid_id": Column("int4", links.grid_ids),
        "grid_code": Column("text", links.grid_codes),
    }
    copy_rows(session, "new_links", columns)
    session.execute(
        text(
            f"UPDATE {table.__tablename__} t SET grid_id = l.grid_id, grid_code = l.grid_code "
            "FROM new_links l WHERE t.id = l.id"
        )
    )
    session.execute(text("DROP TABLE new_links"))
