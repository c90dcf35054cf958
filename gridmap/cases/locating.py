"""Where a new case belongs: the grid of its point, the grid that was named, else a scope."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from geoalchemy2 import WKTElement
from sqlalchemy.orm import Session

from gridmap.cases.errors import ElsewhereReported
from gridmap.core.actor import EVERYTHING, Actor
from gridmap.core.city import share_register
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.grids.locator import CurrentGrids, current_grids


@dataclass(frozen=True)
class Report:
    """What is known of a new case.

    Attributes:
        lon, lat: degrees; None where only a grid or nothing is known.
        grid_code: the grid, where there is no point.
        place: in words.
    """

    kind: str
    title: str
    priority: str = "normal"
    source: str = "officer"
    lon: float | None = None
    lat: float | None = None
    grid_code: str = ""
    place: str = ""
    category_id: int | None = None
    incident_id: int | None = None


def place_of(session: Session, actor: Actor, report: Report) -> tuple[int | None, str, Any]:
    """Return grid, code and point of a new case; without a grid it belongs to the actor's scope.

    Raises:
        NotFound: there is no such grid for the actor.
        ElsewhereReported: the point lies in a grid of others.
    """
    share_register(session, "grids")  # a change of borders waits for us, or we for it
    grids = current_grids(session)
    if report.lon is not None and report.lat is not None:
        links = grids.at_points(np.array([report.lon]), np.array([report.lat]))
        geom = WKTElement(f"POINT({report.lon!r} {report.lat!r})", srid=4326)
        found = str(links.grid_codes[0])
        if found and not actor.may("case", "add", at=found):
            raise ElsewhereReported.outside(where=found)
        if not found:
            return None, _nearest_own(actor, grids, report.lon, report.lat), geom
        return int(links.grid_ids[0]), found, geom
    if not report.grid_code:
        return None, actor.narrow(EVERYTHING, "case", "add"), None
    if not actor.may("case", "add", at=report.grid_code):
        raise NotFound.outside(what=N_("grid"), name=report.grid_code)
    links = grids.of_codes(np.array([report.grid_code], dtype=object))
    if links.unlinked[0]:
        raise NotFound(what=N_("grid"), name=report.grid_code)
    return int(links.grid_ids[0]), report.grid_code, None


def _nearest_own(actor: Actor, grids: CurrentGrids, lon: float, lat: float) -> str:
    """Return that one of the actor's scopes whose grids lie nearest to a point in no grid."""
    own = actor.prefixes("case", "add")
    if len(own) < 2:
        return actor.narrow(EVERYTHING, "case", "add")
    point = shapely.Point(lon, lat)

    def distance(prefix: str) -> float:
        first, last = grids.in_scope(prefix)
        borders = grids.table.geometries[first:last]
        return float(shapely.distance(borders, point).min()) if last > first else math.inf

    return min(own, key=distance)
