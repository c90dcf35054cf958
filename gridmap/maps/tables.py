"""The table that is equal to the map: every grid of the scope, sorted, 25 a page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from gridmap.analysis.hotspots import class_names
from gridmap.analysis.rates import per_km2, per_people
from gridmap.core.paging import SIZE, Page
from gridmap.grids.locator import current_grids
from gridmap.grids.queries import people_in
from gridmap.hotspots.studies import Study

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
    columns = _columns(session, study)
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
            people=_or_none(columns["people"][i]),
            area=_or_none(columns["area"][i]),
            z=_or_none(study.result.z[i]),
            q=_or_none(study.result.q[i]),
        )
        for i in chosen.tolist()
    ]
    return TablePage(rows, name, falling, shown)


def _columns(session: Session, study: Study) -> dict[str, Any]:
    """Return what can be sorted by: one array of shape (n,) for each of SORTS."""
    grids = current_grids(session)
    area_m2 = grids.table.area_m2[grids.positions(study.grid_ids)]
    people = people_in(session, study.grid_ids, on=study.end - timedelta(days=1))
    counts = study.counts.astype(np.float64)
    return {
        "class": study.result.z,
        "name": study.names,
        "code": study.codes,
        "n": study.counts,
        "people": per_people(counts, people),
        "area": per_km2(counts, area_m2),
        "z": study.result.z,
        "q": study.result.q,
    }


def _ordered(values: Any, *, falling: bool) -> Any:
    """Return positions in order; equal values keep the order of the codes, missing ones end."""
    if values.dtype == object:
        order = np.argsort(values.astype(str), kind="stable")
        return order[::-1] if falling else order
    keys = -values.astype(np.float64) if falling else values.astype(np.float64)
    return np.argsort(keys, kind="stable")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
