"""Statements behind changes of borders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import shapely
from sqlalchemy import Row, delete, func, insert, or_, select, text, union, update
from sqlalchemy.orm import Session, aliased

from gridmap.core.geometry import Geometries
from gridmap.grids.change_models import GridChange, GridChangeRow
from gridmap.grids.models import Grid, GridLineage, GridNeighbour, GridPopulation, GridVersion
from gridmap.grids.queries import in_force


@dataclass(frozen=True)
class GridRow:
    """One grid with its border; `since` is the first day of that border."""

    id: int
    code: str
    name: str
    kind: str
    community_code: str | None
    batch_id: int
    area_m2: float
    since: date
    geometry: shapely.Geometry = field(repr=False)


_GRID = (Grid.id, Grid.code, Grid.name, Grid.kind, Grid.community_code, Grid.batch_id,
         GridVersion.area_m2, func.lower(GridVersion.valid),
         func.ST_AsBinary(GridVersion.geom))  # fmt: skip


def _as_grids(rows: Sequence[Row[Any]]) -> list[GridRow]:
    columns: list[list[Any]] = [[*row[:-1], shapely.from_wkb(bytes(row[-1]))] for row in rows]
    return [GridRow(*column) for column in columns]


def grids_in_force(session: Session, codes: Sequence[str]) -> list[GridRow]:
    """Return those grids of some codes that are in force, by code."""
    rows = session.execute(
        select(*_GRID).join(GridVersion, GridVersion.grid_id == Grid.id)
        .where(Grid.code.in_(codes), in_force()).order_by(Grid.code)
    ).all()  # fmt: skip
    return _as_grids(rows)


def grids_by_id(session: Session, ids: Sequence[int]) -> list[GridRow]:
    """Return grids in force by their ids, in the order of their codes."""
    rows = session.execute(
        select(*_GRID).join(GridVersion, GridVersion.grid_id == Grid.id)
        .where(Grid.id.in_(ids), in_force()).order_by(Grid.code)
    ).all()  # fmt: skip
    return _as_grids(rows)


def codes_ever_used(session: Session) -> list[str]:
    """Return every code that a grid has or had, also by a change that was taken back."""
    given = select(func.unnest(GridChange.after_codes).label("code"))
    return list(session.scalars(union(select(Grid.code), given)))


def around(session: Session, grid_ids: Sequence[int]) -> list[int]:
    """Return the neighbours of some grids, without these."""
    return list(session.scalars(
        select(GridNeighbour.neighbour_id).distinct()
        .where(GridNeighbour.grid_id.in_(grid_ids), GridNeighbour.neighbour_id.not_in(grid_ids))
        .order_by(GridNeighbour.neighbour_id)
    ))  # fmt: skip


def mercator_of(session: Session, grid_ids: Sequence[int]) -> tuple[list[int], Geometries]:
    """Return ids and borders in EPSG:3857 of grids in force, by id."""
    rows = session.execute(
        select(GridVersion.grid_id, func.ST_AsBinary(GridVersion.geom_3857))
        .where(GridVersion.grid_id.in_(grid_ids), in_force())
        .order_by(GridVersion.grid_id)
    ).all()  # fmt: skip
    shapes: Geometries = shapely.from_wkb([bytes(row[1]) for row in rows])
    return [row[0] for row in rows], shapes


def close_versions(session: Session, grid_ids: Sequence[int], day: date) -> None:
    """Let borders hold until a day.

    One that began on that day held no day at all: its span is empty, its border is kept.
    """
    session.execute(
        text(
            "UPDATE grid_versions SET valid = CASE WHEN lower(valid) >= :day "
            "THEN 'empty'::daterange ELSE daterange(lower(valid), :day) END "
            "WHERE grid_id = ANY(:ids) AND upper_inf(valid)"
        ),
        {"day": day, "ids": list(grid_ids)},
    )


def reopen_versions(session: Session, grid_ids: Sequence[int], day: date) -> None:
    """Let the newest border of each grid hold again; one whose span was emptied: from the day."""
    session.execute(
        text(
            "UPDATE grid_versions v SET valid = daterange(coalesce(lower(v.valid), :day), NULL) "
            "FROM (SELECT max(id) AS id FROM grid_versions WHERE grid_id = ANY(:ids) "
            "GROUP BY grid_id) AS newest WHERE v.id = newest.id"
        ),
        {"day": day, "ids": list(grid_ids)},
    )


def delete_newest_versions(session: Session, grid_ids: Sequence[int]) -> None:
    """Delete the border that grids have now, so that the one before can hold again."""
    session.execute(delete(GridVersion).where(GridVersion.grid_id.in_(grid_ids), in_force()))


def end_grids(session: Session, grid_ids: Sequence[int], day: date | None) -> None:
    """Let grids end on a day; None: let them go on."""
    session.execute(update(Grid).where(Grid.id.in_(grid_ids)).values(valid_to=day))


def delete_grids(session: Session, grid_ids: Sequence[int]) -> None:
    """Delete grids and where they came from."""
    session.execute(delete(GridLineage).where(GridLineage.to_id.in_(grid_ids)))
    session.execute(delete(Grid).where(Grid.id.in_(grid_ids)))


def add_lineage(session: Session, from_ids: Sequence[int], to_ids: Sequence[int]) -> None:
    """Write down that each of some grids went into each of others."""
    session.execute(
        insert(GridLineage),
        [{"from_id": one, "to_id": other} for one in from_ids for other in to_ids],
    )


def renew_neighbours(
    session: Session, changed: Sequence[int], pairs: Sequence[tuple[int, int]]
) -> None:
    """Store who borders on some grids, in place of what was known of them."""
    session.execute(
        delete(GridNeighbour).where(
            or_(GridNeighbour.grid_id.in_(changed), GridNeighbour.neighbour_id.in_(changed))
        )
    )
    if pairs:
        session.execute(
            insert(GridNeighbour), [{"grid_id": a, "neighbour_id": b} for a, b in pairs]
        )


def add_up_people(session: Session, from_ids: Sequence[int], to_id: int) -> None:
    """Give a merged grid the counts that all its parts have for one day from one source."""
    session.execute(
        text(
            "INSERT INTO grid_population (grid_id, date, n, source, batch_id) "
            "SELECT :to, date, sum(n), source, min(batch_id) FROM grid_population "
            "WHERE grid_id = ANY(:ids) AND batch_id IS NOT NULL "
            "GROUP BY date, source HAVING count(*) = :all"
        ),
        {"to": to_id, "ids": list(from_ids), "all": len(from_ids)},
    )


def people_counted_since(session: Session, after: Sequence[int], before: Sequence[int]) -> int:
    """Count the counts of people of some grids that none of others has."""
    older = aliased(GridPopulation)
    known = (
        select(older.id)
        .where(older.grid_id.in_(before), older.date == GridPopulation.date,
               older.source == GridPopulation.source)
        .exists()
    )  # fmt: skip
    return session.scalar(
        select(func.count()).select_from(GridPopulation)
        .where(
            GridPopulation.grid_id.in_(after), GridPopulation.batch_id.is_not(None), ~known
        )
    ) or 0  # fmt: skip


def rights_follow_split(session: Session, change: GridChange) -> None:
    """Let roles that hold in the grid that was split hold in its parts; the system alone may."""
    session.execute(
        text("SELECT auth.grants_follow_split(:old, :parts)"),
        {"old": change.before_codes[0], "parts": list(change.after_codes)},
    )


def rights_naming(session: Session, codes: Sequence[str]) -> int:
    """Count the roles that hold in exactly these grids; 0 for all but the system."""
    return session.scalar(text("SELECT auth.grants_naming(:codes)"), {"codes": list(codes)}) or 0


def rights_forget(session: Session, codes: Sequence[str]) -> None:
    """Take grids that are gone out of the scopes of roles; the system alone may."""
    session.execute(text("SELECT auth.grants_forget(:codes)"), {"codes": list(codes)})


def change_by_id(session: Session, change_id: int, *, lock: bool = False) -> GridChange | None:
    """Return one change that may be seen."""
    statement = select(GridChange).where(GridChange.id == change_id)
    return session.scalar(statement.with_for_update() if lock else statement)


def later_change(session: Session, change: GridChange) -> int | None:
    """Return a change that stands on the grids that another one made or moved."""
    return session.scalar(
        select(GridChange.id)
        .where(GridChange.id > change.id, GridChange.undone_at.is_(None),
               GridChange.before_ids.overlap(change.after_ids))
        .limit(1)
    )  # fmt: skip


def changes_of(session: Session, grid_id: int) -> Sequence[GridChange]:
    """Return the changes that concerned a grid, the newest first."""
    return session.scalars(
        select(GridChange)
        .where(
            or_(
                GridChange.before_ids.contains([grid_id]),
                GridChange.after_ids.contains([grid_id]),
            )
        )
        .order_by(GridChange.id.desc())
    ).all()


def changes_since(session: Session, scope: str, day: date) -> Sequence[GridChange]:
    """Return the changes that stand and hold from after a day, below a scope, the oldest first."""
    return session.scalars(
        select(GridChange)
        .where(GridChange.undone_at.is_(None), GridChange.holds_from > day,
               or_(func.starts_with(GridChange.grid_code, scope),
                   func.starts_with(scope, GridChange.grid_code)))
        .order_by(GridChange.holds_from, GridChange.id)
    ).all()  # fmt: skip


def rows_listed(session: Session, change_id: int, *, limit: int = 500) -> Sequence[GridChangeRow]:
    """Return the rows that a person should look at after a change."""
    return session.scalars(
        select(GridChangeRow).where(GridChangeRow.change_id == change_id)
        .order_by(GridChangeRow.register, GridChangeRow.row_id).limit(limit)
    ).all()  # fmt: skip


def grid_by_code(session: Session, code: str) -> Grid | None:
    """Return a grid, in force or ended."""
    return session.scalar(select(Grid).where(Grid.code == code))


def versions_of(session: Session, grid_id: int) -> Sequence[Any]:
    """Return the borders of a grid, the newest first: since, until, area_m2; held no day: None."""
    return session.execute(
        select(func.lower(GridVersion.valid).label("since"),
               func.upper(GridVersion.valid).label("until"), GridVersion.area_m2)
        .where(GridVersion.grid_id == grid_id)
        .order_by(GridVersion.id.desc())
    ).all()  # fmt: skip


def relatives(session: Session, grid_id: int) -> tuple[list[str], list[str]]:
    """Return the codes of the grids that a grid was made of, and of those that it went into."""
    parents = session.scalars(
        select(Grid.code).join(GridLineage, GridLineage.from_id == Grid.id)
        .where(GridLineage.to_id == grid_id).order_by(Grid.code)
    ).all()  # fmt: skip
    children = session.scalars(
        select(Grid.code).join(GridLineage, GridLineage.to_id == Grid.id)
        .where(GridLineage.from_id == grid_id).order_by(Grid.code)
    ).all()  # fmt: skip
    return list(parents), list(children)


def ended_among(session: Session, codes: Sequence[str]) -> Sequence[Any]:
    """Return code and last day of those of some codes whose grid has ended."""
    return session.execute(
        select(Grid.code, Grid.valid_to)
        .where(Grid.code.in_(codes), Grid.valid_to.is_not(None))
        .order_by(Grid.code)
    ).all()


def batch_joined_with(session: Session, batch_id: int) -> int | None:
    """Return an import whose grids were joined with grids of another one."""
    parent, child = aliased(Grid), aliased(Grid)
    pairs = session.execute(
        select(parent.batch_id, child.batch_id)
        .select_from(GridLineage)
        .join(parent, parent.id == GridLineage.from_id)
        .join(child, child.id == GridLineage.to_id)
        .where(
            parent.batch_id != child.batch_id,
            or_(parent.batch_id == batch_id, child.batch_id == batch_id),
        )
        .limit(1)
    ).all()
    others = [other for pair in pairs for other in pair if other != batch_id]
    return others[0] if others else None


def forget_changes_of(session: Session, batch_id: int) -> None:
    """Delete what was written of changes to the grids of an import that goes."""
    ids = list(session.scalars(select(Grid.id).where(Grid.batch_id == batch_id)))
    session.execute(delete(GridLineage).where(GridLineage.to_id.in_(ids)))
    session.execute(delete(GridChange).where(GridChange.before_ids.overlap(ids)))
