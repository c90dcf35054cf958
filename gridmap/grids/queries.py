"""Every statement on divisions and grids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Row, delete, exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from gridmap.core.bulk import Column, copy_rows
from gridmap.core.geometry import Geometries, ewkb
from gridmap.grids.models import (
    Division,
    Grid,
    GridNeighbour,
    GridPopulation,
    GridVersion,
)

Ids = npt.NDArray[np.int64]

REGISTER = "residents"
"""Source of counts that were made from the register of residents (their batch is NULL)."""


@dataclass(frozen=True)
class GridTable:
    """The grids in force, in the order of their codes.

    Attributes:
        ids: shape (n,).
        codes: shape (n,), text.
        names: shape (n,), text.
        geometries: shape (n,), shapely MultiPolygons in WGS84.
        area_m2: shape (n,).
    """

    ids: Ids
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    geometries: Geometries
    area_m2: npt.NDArray[np.float64]


def in_force() -> Any:
    """Return the condition that a version's border holds now."""
    return func.upper_inf(GridVersion.valid)


def current_grids(session: Session) -> GridTable:
    """Return all grids in force with their borders."""
    return _table(session, in_force())


def grids_on(session: Session, day: date) -> GridTable:
    """Return all grids that were in force on a day, with the borders of then."""
    return _table(session, GridVersion.valid.contains(day))


def redrawn_since(session: Session, day: date) -> Ids:
    """Return the grids in force whose border did not hold on a day."""
    rows = session.scalars(
        select(GridVersion.grid_id).where(in_force(), ~GridVersion.valid.contains(day))
    )
    return np.array(rows.all(), dtype=np.int64)


def _table(session: Session, condition: Any) -> GridTable:
    rows = session.execute(
        select(
            Grid.id, Grid.code, Grid.name, func.ST_AsBinary(GridVersion.geom), GridVersion.area_m2
        )
        .join(GridVersion, GridVersion.grid_id == Grid.id)
        .where(condition)
        .order_by(Grid.code)
    ).all()
    return GridTable(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        codes=np.array([row[1] for row in rows], dtype=object),
        names=np.array([row[2] for row in rows], dtype=object),
        geometries=np.asarray(shapely.from_wkb([bytes(row[3]) for row in rows]), dtype=object),
        area_m2=np.array([row[4] for row in rows], dtype=np.float64),
    )


def neighbour_pairs(session: Session) -> tuple[Ids, Ids]:
    """Return both ends of every neighbour pair, as grid ids, both directions present."""
    rows = session.execute(select(GridNeighbour.grid_id, GridNeighbour.neighbour_id)).all()
    pairs = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def replace_neighbours(session: Session, from_ids: Ids, to_ids: Ids) -> None:
    """Store who borders on whom, in place of what was known."""
    session.execute(delete(GridNeighbour))
    if from_ids.size:
        columns = {"grid_id": Column("int4", from_ids), "neighbour_id": Column("int4", to_ids)}
        copy_rows(session, GridNeighbour.__tablename__, columns)


def take_ids(session: Session, table: str, n: int) -> Ids:
    """Take n ids from the sequence of a table of ours."""
    rows = session.scalars(
        text("SELECT nextval(pg_get_serial_sequence(:t, 'id')) FROM generate_series(1, :n)"),
        {"t": table, "n": n},
    )
    return np.array(rows.all(), dtype=np.int64)


@dataclass(frozen=True)
class NewGrids:
    """Grids to be stored: equally long arrays, ids already taken."""

    ids: Ids
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    kinds: npt.NDArray[np.object_]
    communities: npt.NDArray[np.object_]
    geometries: Geometries
    mercator: Geometries
    simplified: Geometries
    labels: Geometries
    label_widths_m: npt.NDArray[np.float64]
    area_m2: npt.NDArray[np.float64]


def insert_grids(session: Session, new: NewGrids, *, batch_id: int, since: date) -> None:
    """Store grids and the borders that they begin with."""
    n = new.ids.size
    copy_rows(
        session,
        Grid.__tablename__,
        {
            "id": Column("int4", new.ids),
            "code": Column("text", new.codes),
            "name": Column("text", new.names),
            "kind": Column("text", new.kinds),
            "community_code": Column("text", new.communities),
            "valid_from": Column("date", np.full(n, np.datetime64(since))),
            "batch_id": Column("int4", np.full(n, batch_id)),
        },
    )
    insert_versions(session, new, since=since)


def insert_versions(session: Session, new: NewGrids, *, since: date) -> None:
    """Store the borders that grids have from a day on; they belong to the grid's import."""
    session.execute(
        text(
            "CREATE TEMP TABLE new_borders (grid_id int, geom geometry, geom_3857 geometry, "
            "geom_3857_low geometry, label geometry, label_width_m float8, area_m2 float8) "
            "ON COMMIT DROP"
        )
    )
    copy_rows(
        session,
        "new_borders",
        {
            "grid_id": Column("int4", new.ids),
            "geom": Column("bytes", ewkb(new.geometries, 4326)),
            "geom_3857": Column("bytes", ewkb(new.mercator, 3857)),
            "geom_3857_low": Column("bytes", ewkb(new.simplified, 3857)),
            "label": Column("bytes", ewkb(new.labels, 3857)),
            "label_width_m": Column("float8", new.label_widths_m),
            "area_m2": Column("float8", new.area_m2),
        },
    )
    session.execute(
        text(
            "INSERT INTO grid_versions (grid_id, valid, geom, geom_3857, geom_3857_low, label, "
            "label_width_m, area_m2, batch_id) "
            "SELECT b.grid_id, daterange(:since, NULL), b.geom, b.geom_3857, b.geom_3857_low, "
            "b.label, b.label_width_m, b.area_m2, g.batch_id "
            "FROM new_borders b JOIN grids g ON g.id = b.grid_id"
        ),
        {"since": since},
    )
    session.execute(text("DROP TABLE new_borders"))


def replace_simplified(session: Session, grid_ids: Ids, simplified: Geometries) -> None:
    """Store the borders for small scales anew: they are simplified together, not one by one."""
    session.execute(
        text("CREATE TEMP TABLE low_borders (grid_id int, geom geometry) ON COMMIT DROP")
    )
    copy_rows(
        session,
        "low_borders",
        {"grid_id": Column("int4", grid_ids), "geom": Column("bytes", ewkb(simplified, 3857))},
    )
    session.execute(
        text(
            "UPDATE grid_versions v SET geom_3857_low = l.geom FROM low_borders l "
            "WHERE v.grid_id = l.grid_id AND upper_inf(v.valid)"
        )
    )
    session.execute(text("DROP TABLE low_borders"))


def delete_grids_of(session: Session, batch_id: int) -> list[int]:
    """Delete the grids that one import brought; returns their ids."""
    ids = list(session.scalars(select(Grid.id).where(Grid.batch_id == batch_id)))
    session.execute(delete(Grid).where(Grid.batch_id == batch_id))
    return ids


def insert_divisions(
    session: Session, batch_id: int, *, codes: Any, names: Any, kinds: Any, geometries: Geometries
) -> None:
    """Store divisions."""
    n = len(codes)
    copy_rows(
        session,
        Division.__tablename__,
        {
            "code": Column("text", codes),
            "name": Column("text", names),
            "kind": Column("text", kinds),
            "geom": Column("bytes", ewkb(geometries, 4326)),
            "batch_id": Column("int4", np.full(n, batch_id)),
        },
    )


def existing_divisions(session: Session, codes: Sequence[str]) -> set[str]:
    """Return those of the codes that are divisions already."""
    return set(session.scalars(select(Division.code).where(Division.code.in_(codes))))


def population_batches_on(session: Session, batch_id: int) -> Sequence[int]:
    """Return the imports that brought counts of people for the grids of an import."""
    found = session.scalars(
        select(GridPopulation.batch_id)
        .join(Grid, Grid.id == GridPopulation.grid_id)
        .where(Grid.batch_id == batch_id, GridPopulation.batch_id.is_not(None))
        .distinct()
        .order_by(GridPopulation.batch_id)
    ).all()
    return [batch for batch in found if batch is not None]


def delete_divisions_of(session: Session, batch_id: int) -> None:
    """Delete the divisions that one import brought."""
    session.execute(delete(Division).where(Division.batch_id == batch_id))


def codes_without_division(session: Session) -> int:
    """Count grids in force above whose code no division stands."""
    above = exists().where(func.starts_with(Grid.code, Division.code))
    return session.scalar(
        select(func.count()).select_from(Grid).where(Grid.valid_to.is_(None), ~above)
    ) or 0  # fmt: skip


def insert_population(
    session: Session, batch_id: int, *, grid_ids: Ids, day: date, counts: Any, source: str
) -> Ids:
    """Store counts of people; a count for the same grid, day and source is left as it was.

    Returns:
        The grids whose count is new.
    """
    session.execute(text("CREATE TEMP TABLE new_counts (grid_id int, n float8) ON COMMIT DROP"))
    copy_rows(
        session,
        "new_counts",
        {"grid_id": Column("int4", grid_ids), "n": Column("float8", counts)},
    )
    stored = session.scalars(
        text(
            "INSERT INTO grid_population (grid_id, date, n, source, batch_id) "
            "SELECT grid_id, :day, n, :source, :batch FROM new_counts "
            "ON CONFLICT DO NOTHING RETURNING grid_id"
        ),
        {"day": day, "source": source, "batch": batch_id},
    ).all()
    session.execute(text("DROP TABLE new_counts"))
    return np.array(stored, dtype=np.int64)


def delete_population_of(session: Session, batch_id: int) -> None:
    """Delete the counts that one import brought."""
    session.execute(delete(GridPopulation).where(GridPopulation.batch_id == batch_id))


def counts_once() -> Any:
    """Leave out counts from the register of residents where somebody imported counts for a grid.

    Both tell of the same people: added up, everybody would count twice. What was imported goes
    first, because a register is seldom complete.
    """
    other = aliased(GridPopulation)
    imported = exists().where(other.grid_id == GridPopulation.grid_id, other.batch_id.is_not(None))
    return or_(GridPopulation.batch_id.is_not(None), ~imported.correlate(GridPopulation))


def replace_register_counts(
    session: Session, *, day: date, counts: Mapping[int, int], of_grids: Ids | None
) -> None:
    """Store how many residents the register has in each grid on a day, in place of that day's.

    Args:
        session: the transaction.
        day: the day of the counts.
        counts: grid → people; grids that are absent have none.
        of_grids: those that were counted; None for all.
    """
    old = delete(GridPopulation).where(
        GridPopulation.batch_id.is_(None), GridPopulation.date == day
    )
    if of_grids is not None:
        old = old.where(GridPopulation.grid_id == func.any(of_grids.tolist()))
    before = select(GridPopulation.grid_id).where(GridPopulation.batch_id.is_(None)).distinct()
    if of_grids is not None:
        before = before.where(GridPopulation.grid_id == func.any(of_grids.tolist()))
    found = dict.fromkeys(session.scalars(before), 0) | dict(counts)
    session.execute(old)
    session.execute(
        text(
            "INSERT INTO grid_population (grid_id, date, n, source) "
            "SELECT g, :day, n, :source "
            "FROM unnest(CAST(:grids AS int[]), CAST(:counts AS float8[])) AS c (g, n) "
            "ON CONFLICT DO NOTHING"  # a file of the same source and day was imported: it stands
        ),
        {"day": day, "source": REGISTER, "grids": list(found), "counts": list(found.values())},
    )


def people_in(session: Session, grid_ids: Ids, *, on: date) -> npt.NDArray[np.float64]:
    """Return each grid's newest count not after a day; the sources of one day are added up.

    Returns:
        shape (n,), in the order of `grid_ids`; 0 where nobody was counted.
    """
    newest = (
        select(GridPopulation.grid_id, func.max(GridPopulation.date).label("date"))
        .where(GridPopulation.date <= on, counts_once())
        .group_by(GridPopulation.grid_id)
        .subquery()
    )
    rows = session.execute(
        select(GridPopulation.grid_id, func.sum(GridPopulation.n))
        .join(
            newest,
            (newest.c.grid_id == GridPopulation.grid_id) & (newest.c.date == GridPopulation.date),
        )
        .where(counts_once())
        .group_by(GridPopulation.grid_id)
    )
    counted = {grid_id: n for grid_id, n in rows}  # noqa: C416 - rows are not tuples
    return np.array([counted.get(grid_id, 0) for grid_id in grid_ids.tolist()], dtype=np.float64)


def divisions_above(session: Session, code: str) -> Sequence[Row[str, str, str]]:
    """Return code, name and kind of the divisions whose code begins this one, from the top."""
    return session.execute(
        select(Division.code, Division.name, Division.kind)
        .where(func.starts_with(code, Division.code))
        .order_by(func.length(Division.code))
    ).all()


def names_of_divisions(session: Session, codes: Sequence[str]) -> dict[str, str]:
    """Return code → name of the divisions among some codes."""
    found = session.execute(select(Division.code, Division.name).where(Division.code.in_(codes)))
    return {row.code: row.name for row in found}
