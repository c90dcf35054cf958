"""The table that is equal to the map: every grid of the scope, sorted, 25 a page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from gridmap.analysis.hotspots import class_names
from gridmap.core.paging import SIZE, Page
from gridmap.grids.locator import current_grids
from gridmap.grids.queries import population_by_grid
from gridmap.hotspots.studies import Study

PER_PEOPLE = 1000.0
SORTS = ("class", "name", "code", "n", "people", "area", "z", "q")


@dataclass(frozen=True)
class GridLine:
    """One grid; None where a figure does not exist."""

    code: str
    name: str
    class_name: str | None
    n: int
    share: float | None
    people: float | None
    area: float | None
    z: float | None
    q: float | None


@dataclass(frozen=True)
class TablePage:
    """One page of the table."""

    rows: list[GridLine]
    sort: str
    falling: bool
    page: Page


def table_rows(
    session: Session,
    study: Study,
    *,
    sort: str,
    number: int,
    address: Callable[[int], str],
) -> TablePage:
    """Return one page of a study's grids.

    Args:
        session: the transaction.
        study: the figures.
        sort: one of SORTS, '-' before it for falling; anything else means strongest first.
        number: of the page, from 1; out of range means the nearest.
        address: page number → address.
    """
    n = study.codes.size
    grids = current_grids(session)
    at = grids.positions(study.grid_ids)
    area_km2 = grids.table.area_m2[at] / 1e6 if n else np.empty(0)
    counted = population_by_grid(session, on=study.end - timedelta(days=1))
    people = np.array([counted.get(int(i), 0.0) for i in study.grid_ids], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_people = np.where(people > 0, study.counts * PER_PEOPLE / people, np.nan)
        per_area = np.where(area_km2 > 0, study.counts / area_km2, np.nan)
    columns = {
        "class": study.result.z,
        "n": study.counts,
        "people": per_people,
        "area": per_area,
        "z": study.result.z,
        "q": study.result.q,
        "code": study.codes,
        "name": study.names,
    }
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS:
        name, falling = "class", True
    order = _ordered(columns[name], falling=falling)
    shown = Page(min(max(1, number), max(1, -(-n // SIZE))), n, address)
    chosen = order[shown.offset : shown.offset + SIZE]
    names = class_names(study.result.class_code)
    total = study.linked
    rows = [
        GridLine(
            code=str(study.codes[i]),
            name=str(study.names[i]),
            class_name=names[i],
            n=int(study.counts[i]),
            share=int(study.counts[i]) / total if total else None,
            people=_or_none(per_people[i]),
            area=_or_none(per_area[i]),
            z=_or_none(study.result.z[i]),
            q=_or_none(study.result.q[i]),
        )
        for i in chosen.tolist()
    ]
    return TablePage(rows, name, falling, shown)


def _ordered(values: Any, *, falling: bool) -> Any:
    """Return positions in order; equal values keep the order of the codes, missing ones end."""
    if values.dtype == object:
        order = np.argsort(values.astype(str), kind="stable")
        return order[::-1] if falling else order
    keys = -values.astype(np.float64) if falling else values.astype(np.float64)
    return np.argsort(keys, kind="stable")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
