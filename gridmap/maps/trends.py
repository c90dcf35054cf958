"""The line of months in a grid's card, as points of an SVG: no library, no inline style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gridmap.core.clock import first_of_month, month_number
from gridmap.maps.rules import round_up

LEFT, RIGHT, TOP, BOTTOM = 30.0, 316.0, 12.0, 100.0
"""Of the frame, in units of the drawing; LEFT grows with the numbers that stand there."""
DIGIT = 7.0
"""Room for one sign of such a number."""
MONTHS = 12
FEWEST = 10
"""Below this many incidents a line would be noise: words say it instead."""


@dataclass(frozen=True)
class Tick:
    """One horizontal line."""

    y: float
    value: float


@dataclass(frozen=True)
class MonthLabel:
    """One month at the foot."""

    x: float
    day: date


@dataclass(frozen=True)
class MonthRow:
    """One month of the table behind the chart."""

    month: date
    n: int
    before: int


@dataclass(frozen=True)
class Trend:
    """Twelve months against the twelve before."""

    rows: list[MonthRow]
    left: float
    ticks: list[Tick]
    months: list[MonthLabel]
    now: str
    before: str
    end_x: float
    end_y: float
    now_y: float
    before_y: float
    now_label: str
    before_label: str
    title: str


def months_until(last: date, count: int = MONTHS) -> list[date]:
    """Return the first days of the `count` months that end with the one of `last`."""
    number = month_number(last)
    return [first_of_month(i) for i in range(number - count + 1, number + 1)]


def trend_of(counts: Mapping[date, int], last: date, *, title: str) -> Trend | None:
    """Draw twelve months and the twelve before; None when there is too little to draw.

    Args:
        counts: first day of a month → incidents; absent months had none.
        last: any day of the last month.
        title: sentence for those who do not see the chart; gets low, high.
    """
    months = months_until(last, 2 * MONTHS)
    before = [counts.get(month, 0) for month in months[:MONTHS]]
    now = [counts.get(month, 0) for month in months[MONTHS:]]
    if sum(now) + sum(before) < FEWEST:
        return None
    step = round_up(max(*now, *before) / 3) or 1.0
    step = max(step, 1.0)
    top = step * -(-max(*now, *before) // step)
    left = max(LEFT, 12 + DIGIT * len(f"{top:,.0f}"))
    xs = [left + i * (RIGHT - left) / (MONTHS - 1) for i in range(MONTHS)]

    def height(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    ticks = [Tick(height(step * i), step * i) for i in range(1, int(top / step + 0.5) + 1)]
    end_now, end_before = height(now[-1]), height(before[-1])
    now_y, before_y = _apart(end_now + 4, end_before + 4)
    return Trend(
        rows=[
            MonthRow(month, n, b) for month, n, b in zip(months[MONTHS:], now, before, strict=True)
        ],
        left=left,
        ticks=ticks,
        months=[
            MonthLabel(round(x, 1), month) for x, month in zip(xs, months[MONTHS:], strict=True)
        ],
        now=_line(xs, [height(n) for n in now]),
        before=_line(xs, [height(n) for n in before]) if any(before) else "",
        end_x=xs[-1],
        end_y=end_now,
        now_y=now_y,
        before_y=before_y,
        now_label=_span(months[MONTHS:]),
        before_label=_span(months[:MONTHS]),
        title=title % {"low": min(now), "high": max(now)},
    )


def _span(months: Sequence[date]) -> str:
    """Name twelve months shortly: 2016, or 16/17 where they cross a year."""
    first, last = months[0].year, months[-1].year
    return str(last) if first == last else f"{first % 100:02d}/{last % 100:02d}"


def _apart(one: float, other: float) -> tuple[float, float]:
    """Move two labels apart until they are 12 units from each other."""
    gap = 12 - abs(one - other)
    if gap <= 0:
        return one, other
    shift = gap / 2
    return (one - shift, other + shift) if one <= other else (one + shift, other - shift)


def _line(xs: Sequence[float], ys: Sequence[float]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
