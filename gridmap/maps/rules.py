"""Decisions of the map page without database or browser: its filter, its class breaks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt

from gridmap.core.clock import day_written, first_of_month, month_number
from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_
from gridmap.hotspots.rules import DEFAULT_DAYS, default_window

Floats = npt.NDArray[np.float64]

MEASURES = ("hotspot", "count", "rate")
BASES = ("population", "area")
HOTSPOT_CLASSES = ("hot99", "hot95", "hot90", "ns", "cold90", "cold95", "cold99")
COUNT_CLASSES = ("q1", "q2", "q3", "q4", "q5")
NO_DATA = "none"
PRESET_DAYS = (7, 28, 90)


@dataclass(frozen=True)
class Filter:
    """What the map shows: grids of a scope, incidents of a window and of categories."""

    start: date
    end: date
    """The first day after the window."""
    scope: str = ""
    """Code that all grids in scope begin with; '' is everything."""
    categories: tuple[str, ...] = ()
    """Codes of categories; none means all."""
    measure: str = "hotspot"
    per: str | None = None
    """What a rate, or a hotspot of rates, is divided by: one of BASES."""
    whole: bool = False
    """Whether the scope is all that the viewer has: it may have no grid yet."""

    @property
    def days(self) -> int:
        """Return the length of the window."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Return the last day of the window."""
        return self.end - timedelta(days=1)

    @property
    def before(self) -> "Filter":
        """Return the same for the window just before: as many months, else as many days."""
        if self.start.day == self.end.day == 1:
            months = month_number(self.end) - month_number(self.start)
            start = first_of_month(month_number(self.start) - months)
        else:
            start = self.start - timedelta(days=self.days)
        return replace(self, start=start, end=self.start)

    def query(self, **changes: object) -> str:
        """Return the address parameters, some changed; None or '' drops one."""
        values: dict[str, object] = {
            "scope": self.scope,
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "category": list(self.categories),
            "measure": self.measure if self.measure != "hotspot" else "",
            "per": self.per or "",
        }
        values.update(changes)
        kept = {name: value for name, value in values.items() if value not in (None, "", [])}
        return urlencode(kept, doseq=True)


def parse_filter(given: Mapping[str, Sequence[str]], default: tuple[date, date]) -> Filter:
    """Read the parameters of an address.

    Args:
        given: name → values, as in the address.
        default: the window where none is named.

    Raises:
        BadRequest: a date is none, the window is empty, a measure is unknown.
    """
    start = _day(given, "from") or default[0]
    end = _day(given, "to") or default[1]
    if "from" in given and "to" not in given and start >= end:
        end = start + timedelta(days=DEFAULT_DAYS)
    if start >= end:
        raise BadRequest(field="to", why=N_("the window ends before it begins."))
    measure = _one_of(given, "measure", MEASURES, default="hotspot")
    per = _one_of(given, "per", BASES, default=None)
    if measure == "rate" and per is None:
        per = "population"
    return Filter(
        start=start,
        end=end,
        scope=first_given(given, "scope") or "",
        categories=tuple(dict.fromkeys(filter(None, given.get("category", ())))),
        measure=measure or "hotspot",
        per=None if measure == "count" else per,
    )


def last_day_given(given: Mapping[str, Sequence[str]]) -> date | None:
    """Return the day after the `last` day of a form; pages name it, addresses do not."""
    last = _day(given, "last")
    return last + timedelta(days=1) if last else None


def first_given(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    """Return the first value of a parameter; None where it is missing or empty."""
    values = given.get(name) or ()
    return values[0].strip() or None if values else None


def _day(given: Mapping[str, Sequence[str]], name: str) -> date | None:
    value = first_given(given, name)
    if value is None:
        return None
    found = day_written(value, field=name)
    if not date(1900, 1, 1) <= found <= date(2200, 1, 1):
        raise BadRequest(field=name, why=N_("this day is too far away."))
    return found


def _one_of(
    given: Mapping[str, Sequence[str]], name: str, known: Sequence[str], default: str | None
) -> str | None:
    value = first_given(given, name)
    if value is not None and value not in known:
        raise BadRequest(field=name, why=f"{value} is none of {', '.join(known)}")
    return value or default


@dataclass(frozen=True)
class Preset:
    """A window that one click chooses."""

    label: str
    n: int
    start: date
    end: date


def presets(span: tuple[date, date] | None, today: date) -> list[Preset]:
    """Return the usual windows, up to the newest day with data."""
    end = default_window(span, today)[1]
    found = [
        Preset(N_("Last %(n)d days"), days, end - timedelta(days=days), end) for days in PRESET_DAYS
    ]
    year = (end - timedelta(days=1)).year
    found.append(Preset(N_("Year %(n)d"), year, date(year, 1, 1), date(year + 1, 1, 1)))
    if span:
        before = year - 1
        if date(before, 12, 31) >= span[0]:
            found.append(
                Preset(N_("Year %(n)d"), before, date(before, 1, 1), date(before + 1, 1, 1))
            )
        found.append(Preset(N_("All"), 0, span[0], span[1]))
    return found


def round_up(value: float) -> float:
    """Return the next round number: 1, 2, 2.5, 5 or 10 times a power of ten."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    for step in (1.0, 2.0, 2.5, 5.0, 10.0):
        if value <= step * power * (1 + 1e-9):
            return step * power
    return 10 * power


def breaks(values: Floats, *, whole: bool) -> list[float]:
    """Return up to four rising round numbers that part values into classes of like size.

    Args:
        values: shape (n,); NaN where there is nothing to show.
        whole: values are counts: breaks are whole numbers, and 0 is a class of its own.

    Returns:
        Lower bounds of the second to the fifth class; fewer where values are few.
    """
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if whole:
        return _whole_breaks(positive)
    if not positive.size:
        return []
    found: list[float] = []
    for share in (0.2, 0.45, 0.7, 0.9):
        limit = _nearest_round(float(np.quantile(finite, share)))
        if limit > (found[-1] if found else 0):
            found.append(limit)
    return found


def _whole_breaks(positive: Floats) -> list[float]:
    """Return 1, then round whole numbers that part positive values, each above the one before."""
    found = [1.0]
    for share in (0.35, 0.65, 0.9) if positive.size else ():
        limit = round(_nearest_round(float(np.quantile(positive, share))))
        found.append(float(limit) if limit > found[-1] else _next_round(found[-1]))
    return found


ROUND_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0)


def _nearest_round(value: float) -> float:
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return min(ROUND_STEPS, key=lambda step: abs(math.log(value / (step * power)))) * power


def _next_round(value: float) -> float:
    """Return the smallest round whole number above a positive whole number."""
    power = 10.0 ** math.floor(math.log10(value))
    higher = (step * power for step in ROUND_STEPS if step * power > value)
    return next(limit for limit in higher if limit == int(limit))


def classify(values: Floats, limits: Sequence[float]) -> npt.NDArray[np.int8]:
    """Return each value's class, 0 for the lowest; −1 for NaN."""
    classes = np.searchsorted(np.asarray(limits, dtype=np.float64), values, side="right")
    return np.where(np.isnan(values), -1, classes).astype(np.int8)


def runs_of(ids: npt.NDArray[np.int64]) -> list[list[int]]:
    """Write rising ids as [first, how many] pairs: 10,000 grids take a few bytes."""
    if not ids.size:
        return []
    cuts = np.flatnonzero(np.diff(ids) != 1) + 1
    return [[int(part[0]), int(part.size)] for part in np.split(ids, cuts)]


def ranks(values: Floats) -> npt.NDArray[np.int64]:
    """Return each value's place from the top: 1 for the largest, equal values share one."""
    filled = np.where(np.isnan(values), -np.inf, values)
    ordered = np.sort(filled)[::-1]
    return np.searchsorted(-ordered, -filled, side="left") + 1
