"""What an import may touch: whose scope it belongs to, and which of its rows lie outside."""

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy.orm import Session

from gridmap.auth.errors import NotAllowed
from gridmap.batches.models import Batch
from gridmap.batches.queries import has_rows
from gridmap.core.actor import EVERYTHING, Actor
from gridmap.core.database import as_system
from gridmap.exchange.errors import RowsElsewhere
from gridmap.grids.locator import Links, current_grids
from gridmap.incidents.actions import place_rows
from gridmap.intake import IncidentRows, PointRows, ResidentRows
from gridmap.intake.rejects import Rejects
from gridmap.residents.imports import erased_rows, find_homes

Rows = TypeVar("Rows")
Flags = npt.NDArray[np.bool_]

CLASSES = {
    "incidents": "incident",
    "resources": "resource",
    "places": "place",
    "residents": "personal",
    "staff": "personal",
}
"""Kinds whose rows lie in a scope, and the class of their data."""
TABLES = {"residents": "residences"}
"""Tables of rows of a kind, where they are called otherwise than the kind."""
EVERYWHERE = ("grids", "divisions", "population", "base")
"""Kinds without a policy: what one of them changes is everybody's."""


def class_of(kind: str) -> str:
    """Return the class of data that a kind of import brings."""
    return CLASSES.get(kind, "place")


def may_bring(actor: Actor, kind: str) -> bool:
    """Return whether somebody may import a kind of file at all."""
    at = EVERYTHING if kind in EVERYWHERE else None
    return actor.may(class_of(kind), "add", at=at) and actor.may("import", "add", at=at)


def scope_of_import(actor: Actor, kind: str, wanted: str = EVERYTHING) -> str:
    """Return the scope that an import belongs to: everything that it brings lies in it.

    Args:
        actor: who imports.
        kind: of the file.
        wanted: one of several scopes; '' for the first that the actor has.

    Raises:
        NotAllowed: no role allows it, or the kind is for a scope over everything alone.
        NotFound: the scope is not the actor's.
    """
    if not may_bring(actor, kind):
        raise NotAllowed
    if kind in EVERYWHERE:
        return EVERYTHING
    scope = actor.narrow(wanted, class_of(kind), "add")
    if not actor.may("import", "add", at=scope):
        raise NotAllowed
    return scope


def require_undo(actor: Actor, batch: Batch) -> None:
    """Raise NotAllowed unless somebody may erase what an import brought."""
    at = EVERYTHING if batch.kind in EVERYWHERE else batch.grid_code
    if not actor.may(class_of(batch.kind), "erase", at=at):
        raise NotAllowed


def require_whole(session: Session, batch: Batch) -> None:
    """Raise RowsElsewhere when an undo left rows of an import behind.

    They came into another scope since, so the policies hide them from whoever takes it back.
    """
    if batch.kind not in CLASSES:
        return
    with as_system(session):
        left = has_rows(session, TABLES.get(batch.kind, batch.kind), batch.id)
    if left:
        raise RowsElsewhere(batch=batch.id)


def within(session: Session, rows: Rows, scope: str) -> Rows:
    """Reject the rows of a file that lie outside a scope.

    A row in a grid of others is one, and so is a code of others, whether there is such a grid
    or not. A point in no grid is taken in, to be linked when a grid covers it; but not into
    the scope of a single grid.
    """
    if not scope or not isinstance(rows, IncidentRows | PointRows | ResidentRows) or not len(rows):
        return rows
    links, lon = _places_of(session, rows)
    outside = _outside(links, scope)
    if isinstance(rows, IncidentRows | ResidentRows) and rows.grid_code is not None:
        outside |= np.isnan(lon) & (rows.grid_code != "") & ~_begin(rows.grid_code, scope)
    whole = current_grids(session).of_codes(np.array([scope], dtype=object))
    if not whole.unlinked[0]:
        outside |= links.unlinked
    inside: Rows = _without(rows, outside, "outside_scope")
    return inside


def without_erased(session: Session, rows: Rows, source: str) -> Rows:
    """Reject the rows of a file that brought persons who were erased since."""
    if not isinstance(rows, ResidentRows) or not len(rows):
        return rows
    kept: Rows = _without(rows, erased_rows(session, rows, source), "erased")
    return kept


def _places_of(
    session: Session, rows: IncidentRows | PointRows | ResidentRows
) -> tuple[Links, npt.NDArray[np.float64]]:
    """Return the grids of rows, and the longitudes of their points."""
    if isinstance(rows, IncidentRows):
        placed = place_rows(session, rows)
        return placed.links, placed.lon
    if isinstance(rows, ResidentRows):
        homes = find_homes(session, rows, scope=EVERYTHING)
        return homes.links, homes.lon
    return current_grids(session).at_points(rows.lon, rows.lat), rows.lon


def _outside(links: Links, scope: str) -> Flags:
    return ~links.unlinked & ~_begin(links.grid_codes, scope)


def _begin(codes: npt.NDArray[np.object_], scope: str) -> Flags:
    return np.strings.startswith(codes.astype(str), scope)


def _without(rows: Any, unwanted: Flags, reason: str) -> Any:
    """Return rows without some of them, which become rejects; their raw texts are gone."""
    if not unwanted.any():
        return rows
    n = unwanted.size
    lines = rows.line[unwanted]
    empty = np.full(lines.size, "", dtype=object)
    code = np.full(lines.size, reason, dtype=object)
    raw = {name: pa.nulls(lines.size, pa.large_string()) for name in rows.rejects.raw.column_names}
    rejects = Rejects(lines, code, empty, empty, empty, pa.table(raw))
    kept = {
        part.name: getattr(rows, part.name)[~unwanted]
        for part in fields(rows)
        if isinstance(getattr(rows, part.name), np.ndarray) and getattr(rows, part.name).size == n
    }
    return replace(rows, rejects=rows.rejects.merged(rejects), **kept)
