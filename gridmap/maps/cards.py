"""What the card of one grid says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from gridmap.analysis.hotspots import class_names
from gridmap.core.clock import local_midnight
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.grids.locator import current_grids
from gridmap.grids.queries import divisions_above
from gridmap.hotspots.studies import Study
from gridmap.maps import queries
from gridmap.maps.queries import GridRow
from gridmap.maps.rules import Filter, ranks
from gridmap.maps.trends import MONTHS, Trend, months_until, trend_of
from gridmap.resources.models import RESOURCE_KINDS


@dataclass(frozen=True)
class CategoryLine:
    """One category in the card."""

    label: str
    n: int
    before: int
    width: float
    """Of 100, against the largest."""


@dataclass(frozen=True)
class Verdict:
    """What the statistic says of the grid; z and q are None where it says nothing."""

    name: str | None
    z: float | None
    q: float | None
    around: int
    expected: float
    neighbours: int


@dataclass(frozen=True)
class Card:
    """Everything that the template needs; see `maps/card.html`."""

    grid: GridRow
    above: str
    selection: dict[str, object]
    outside: bool
    verdict: Verdict | None
    n: int
    n_before: int
    rank: int | None
    tied: bool
    """Whether other grids have just as many incidents."""
    grids: int
    total: int
    before: Filter
    trend: Trend | None
    trend_words: str
    by_category: list[CategoryLine]
    population: tuple[float, date] | None
    dwellings: int | None
    resources: list[tuple[str, int, int]]
    previous: str | None
    next: str | None
    why: str

    @property
    def share(self) -> float | None:
        """Return the grid's share of all incidents of the scope."""
        return self.n / self.total if self.total and not self.outside else None


@dataclass(frozen=True)
class Asked:
    """What a card is asked for: the filter, its study, the categories."""

    chosen: Filter
    study: Study
    categories: list[int] | None
    """Ids of those that the filter names; None when it names none: all."""
    labels: dict[int, str]
    """Category id → name in the reader's language."""
    root: str
    """The viewer's scope that the grid lies in."""


def card_of(session: Session, counting: Session, code: str, asked: Asked) -> Card:
    """Collect the card of one grid.

    Args:
        session: of the viewer: what stands in the grid.
        counting: of the viewer in the role that counts: figures.
        code: of the grid.
        asked: the filter and its study.

    Raises:
        NotFound: there is no such grid now.
    """
    grid = queries.grid_by_code(session, code)
    if grid is None:
        raise NotFound(what=N_("grid"), name=code)
    chosen, study = asked.chosen, asked.study
    found = np.flatnonzero(study.grid_ids == grid.id)
    place = int(found[0]) if found.size else None
    now = _counts(counting, grid.id, chosen, study.zone, asked.categories)
    before = _counts(counting, grid.id, chosen.before, study.zone, asked.categories)
    neighbours = queries.neighbours_of(session, grid.id, scope=asked.root)
    months = queries.counts_by_month(
        counting, code, months_until(chosen.last, 2 * MONTHS), asked.categories
    )
    trend = trend_of(months, chosen.last, title=gettext("By month: between %(low)s and %(high)s"))
    resources = queries.resources_of(session, grid.id)
    return Card(
        grid=grid,
        above=", ".join(row.name for row in list(divisions_above(session, code))[-2:][::-1]),
        selection={
            "id": grid.id, "code": grid.code, "neighbours": neighbours, "bounds": grid.bounds,
        },
        outside=place is None,
        verdict=None if place is None else _verdict(session, study, place),
        n=sum(now.values()),
        n_before=sum(before.values()),
        rank=None if place is None else int(ranks(study.counts.astype(np.float64))[place]),
        tied=place is not None and int((study.counts == study.counts[place]).sum()) > 1,
        grids=int(study.codes.size),
        total=study.linked,
        before=chosen.before,
        trend=trend,
        trend_words="" if trend else _trend_words(list(months.values())[-MONTHS:]),
        by_category=_lines(now, before, asked.labels),
        population=queries.population_of(session, grid.id),
        dwellings=queries.dwellings_of(session, grid.id),
        resources=[(kind, *resources[kind]) for kind in RESOURCE_KINDS if kind in resources],
        previous=_step(study, place, -1),
        next=_step(study, place, +1),
        why=_why(study),
    )  # fmt: skip


def _counts(
    session: Session, grid_id: int, chosen: Filter, zone: str, wanted: Sequence[int] | None
) -> dict[int, int]:
    found = queries.counts_by_category(
        session,
        grid_id,
        start=local_midnight(chosen.start, zone),
        end=local_midnight(chosen.end, zone),
    )
    return {id_: n for id_, n in found.items() if wanted is None or id_ in wanted}


def _verdict(session: Session, study: Study, place: int) -> Verdict:
    """Sum the grid and its neighbours, and what the average would give them."""
    grids = current_grids(session)
    first, last = grids.in_scope(study.question.scope)
    one, other = grids.neighbours
    around = other[(one == place + first) & (first <= other) & (other < last)] - first
    values = study.values
    star = np.append(around, place)
    star = star[~np.isnan(values[star])]
    z, q = float(study.result.z[place]), float(study.result.q[place])
    return Verdict(
        name=class_names(study.result.class_code)[place],
        z=None if np.isnan(z) else z,
        q=None if np.isnan(q) else q,
        around=int(study.counts[star].sum()),
        expected=_expected(study, star),
        neighbours=int(around.size),
    )


def _expected(study: Study, star: Any) -> float:
    """Return how many incidents the average would give a neighbourhood."""
    known = ~np.isnan(study.values)
    if not known.any():
        return 0.0
    if study.question.per is None:
        return float(study.counts[known].mean() * star.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.where(study.values > 0, study.counts / study.values, np.nan)
    return float(np.nansum(base[star]) * np.nanmean(study.values))


def _trend_words(last_months: Sequence[int]) -> str:
    n = sum(last_months)
    said: str = gettext("None in the twelve months up to the end of the period.")
    if n:
        said = ngettext(
            "%(num)d incident in the twelve months until then: too few for a line.",
            "%(num)d incidents in the twelve months until then: too few for a line.",
            n,
        )
    return said


def _lines(
    now: dict[int, int], before: dict[int, int], labels: dict[int, str]
) -> list[CategoryLine]:
    ids = sorted(now.keys() | before.keys(), key=lambda id_: (-now.get(id_, 0), id_))
    most = max(now.values(), default=0) or 1
    return [
        CategoryLine(
            labels.get(id_, str(id_)),
            now.get(id_, 0),
            before.get(id_, 0),
            round(100 * now.get(id_, 0) / most, 1),
        )
        for id_ in ids[:10]
    ]


def _step(study: Study, place: int | None, by: int) -> str | None:
    """Return the code of the grid before or after one, in the order of the codes."""
    if place is None or not 0 <= place + by < study.codes.size:
        return None
    return str(study.codes[place + by])


def _why(study: Study) -> str:
    """Say why there is no result; the study's own warning is the best reason."""
    if not study.warnings:
        return ""
    said: str = gettext(study.warnings[0].message)
    return said % study.warnings[0].fields
