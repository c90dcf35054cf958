"""Computing hotspots: counts from the database, statistics from `analysis`."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from gridmap.analysis.hotspots import hotspots
from gridmap.analysis.rates import per_km2, per_people
from gridmap.core import city
from gridmap.core.clock import local_date, utc_now
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_
from gridmap.grids.locator import CurrentGrids
from gridmap.grids.queries import people_in
from gridmap.hotspots import borders
from gridmap.hotspots.queries import Window, count_by_grid
from gridmap.hotspots.rules import default_window
from gridmap.hotspots.sources import has_real, has_sample
from gridmap.hotspots.studies import PER, Question, Study, Warned
from gridmap.incidents.categories import chosen_categories
from gridmap.incidents.queries import span_of_days, span_of_linked_days

SENTENCES = {
    "no_grids": N_("There is no grid in this scope, so nothing can be compared."),
    "no_values": N_("No grid of this scope has a value, so nothing can be compared."),
    "one_grid": N_("A single grid cannot be compared with others."),
    "nothing_counted": N_("Nothing happened here in this window, so nothing can be compared."),
    "all_equal": N_("All grids have the same value, so none stands out."),
    "values_missing": N_("Grids without a population have no rate; they are left out."),
    "isolated_grids": N_("Some grids have no neighbours; their result rests on themselves alone."),
    "everyone_a_neighbour": N_("Some grids border on all others; they have no result."),
}
SAMPLE_MIXED = N_("The sample city and imported data are both in these figures.")
SAMPLE_ONLY = N_("These are invented data: the sample city.")


def study(session: Session, question: Question) -> Study:
    """Answer a question about a window.

    Raises:
        BadRequest: the window ends before it begins, or `per` is unknown.
        NotFound: there is no such category, or no grid or division begins with this scope.
    """
    if question.per not in (None, *PER):
        raise BadRequest(field="per", why=N_("population or area."))
    zone = city.timezone(session)
    start, end = _days(session, question, zone)
    grids = borders.grids_of(session, question)
    first, last = _positions(grids, question)
    chosen = chosen_categories(session, question.categories)
    window = Window(start, end, zone)
    found = count_by_grid(session, window, scope=question.scope, categories=chosen)
    if question.borders_on is not None:
        found = borders.counts_then(
            session, found, grids, window, day=question.borders_on, categories=chosen
        )
    counts = np.zeros(last - first, dtype=np.int64)
    where = grids.positions(found.grid_ids)
    here = (first <= where) & (where < last)
    counts[where[here] - first] = found.counts[here]
    values = _values(session, question, grids, counts, first=first, day=end - timedelta(days=1))
    result = hotspots(values, *_pairs_within(grids, first, last))
    table = grids.table
    return Study(
        question=question,
        start=start,
        end=end,
        zone=zone,
        grid_ids=table.ids[first:last],
        codes=table.codes[first:last],
        names=table.names[first:last],
        counts=counts,
        values=values,
        result=result,
        unlinked=found.unlinked,
        warnings=(
            *_warnings(session, question.scope, result.warnings),
            *borders.warnings_of(session, question, start),
        ),
        computed_at=utc_now(),
    )


def usual_window(session: Session, scope: str, *, root: str = "") -> tuple[date, date]:
    """Return the window that is meant where none is named, as on the map.

    Args:
        session: the transaction.
        scope: beginning of the grid codes.
        root: the asker's scope that it lies in: its window where nothing happened in the scope.
    """
    zone = city.timezone(session)
    span = (
        span_of_linked_days(session, zone=zone, scope=scope)
        or span_of_linked_days(session, zone=zone, scope=root)
        or span_of_days(session, zone=zone, scope=root)
    )
    return default_window(span, local_date(utc_now(), zone))


def _days(session: Session, question: Question, zone: str) -> tuple[date, date]:
    start, end = question.start, question.end
    if start is None or end is None:
        today = local_date(utc_now(), zone)
        span = span_of_days(session, zone=zone, scope=question.scope)
        span = span or (today, today + timedelta(days=1))
        start, end = start or span[0], end or span[1]
    if start >= end:
        raise BadRequest(field="from, to", why=N_("the window ends before it begins."))
    return start, end


def _positions(grids: CurrentGrids, question: Question) -> tuple[int, int]:
    first, last = grids.in_scope(question.scope)
    if question.scope and first == last and not question.whole:
        raise NotFound(what=N_("scope"), name=question.scope)
    return first, last


def _pairs_within(
    grids: CurrentGrids, first: int, last: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the neighbour pairs whose ends both lie in the scope, counted from its beginning."""
    one, other = grids.neighbours
    if (first, last) == (0, grids.table.ids.size):
        return one, other
    inside = (first <= one) & (one < last) & (first <= other) & (other < last)
    return one[inside] - first, other[inside] - first


def _values(
    session: Session,
    question: Question,
    grids: CurrentGrids,
    counts: npt.NDArray[np.int64],
    *,
    first: int,
    day: date,
) -> npt.NDArray[np.float64]:
    """Return counts or rates; NaN where there is no denominator."""
    values = counts.astype(np.float64)
    part = slice(first, first + counts.size)
    if question.per == "area":
        return per_km2(values, grids.table.area_m2[part])
    if question.per == "population":
        return per_people(values, people_in(session, grids.table.ids[part], on=day))
    return values


def _warnings(session: Session, scope: str, codes: tuple[str, ...]) -> tuple[Warned, ...]:
    found = [Warned(code, SENTENCES[code]) for code in codes]
    if has_sample(session, scope=scope):
        if has_real(session, scope=scope):
            found.append(Warned("sample_mixed", SAMPLE_MIXED))
        else:
            found.append(Warned("sample_only", SAMPLE_ONLY))
    return tuple(found)
