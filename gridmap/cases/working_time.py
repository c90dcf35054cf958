"""Working time: which hours of which days count, and when a deadline falls.

Instants are aware; the hours are those of the city's clocks. A deadline in working days falls at
the same time of day that many working days later: filed on Monday at 10:00, two working days end
on Wednesday at 10:00; filed on Saturday, they begin on Monday when work begins. A deadline in
working hours uses up opening hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gridmap.cases.spans import Span

SEARCHED_DAYS = 3700
"""Ten years: a calendar without a working day in them is wrong."""

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class WorkCalendar:
    """When people work.

    Attributes:
        zone: IANA name of the city's zone.
        opens: when work begins, by the city's clocks.
        closes: when it ends, the same day.
        weekdays: Monday is 0.
        holidays: days without work though their weekday has it.
        extra_days: days with work though their weekday has none (days that were swapped).
    """

    zone: str
    opens: time = time(9)
    closes: time = time(18)
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = field(default_factory=frozenset)
    extra_days: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse a calendar in which nobody ever works."""
        if self.opens >= self.closes:
            raise ValueError("work must begin before it ends, on the same day")
        if not self.weekdays:
            raise ValueError("at least one weekday must be a working day")

    def works_on(self, day: date) -> bool:
        """Return whether people work on a day."""
        if day in self.extra_days:
            return True
        return day.weekday() in self.weekdays and day not in self.holidays

    def hours_of(self, day: date) -> tuple[datetime, datetime] | None:
        """Return the instants at which work begins and ends on a day; None on a free one."""
        if not self.works_on(day):
            return None
        zone = ZoneInfo(self.zone)
        begins = datetime.combine(day, self.opens, zone)
        return begins.astimezone(UTC), datetime.combine(day, self.closes, zone).astimezone(UTC)

    def shifts_from(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans of working time from an instant on, the first one cut at it.

        Raises:
            ValueError: there is no working day within ten years.
        """
        day = instant.astimezone(ZoneInfo(self.zone)).date()
        for k in range(SEARCHED_DAYS):
            hours = self.hours_of(day + timedelta(days=k))
            if hours and hours[1] > instant:
                yield max(hours[0], instant), hours[1]
        raise ValueError("the calendar has no working time in ten years")

    def after(self, start: datetime, span: Span) -> datetime:
        """Return the instant at which a span that begins at `start` is over."""
        start = start.astimezone(UTC)
        if not span.working:
            return start + span.length
        if span.unit == "day":
            return self._after_days(start, span.number)
        left = span.length
        for begins, ends in self.shifts_from(start):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        raise AssertionError("shifts_from raises before it ends")

    def _after_days(self, start: datetime, number: int) -> datetime:
        zone = ZoneInfo(self.zone)
        begins, _ = next(self.shifts_from(start))
        local = begins.astimezone(zone)
        day, clock = local.date(), local.time()
        for _ in range(SEARCHED_DAYS):
            day += timedelta(days=1)
            number -= self.works_on(day)
            if not number:
                return datetime.combine(day, clock, zone).astimezone(UTC)
        raise ValueError("the calendar has no working time in ten years")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies in start <= t < end."""
        total = timedelta(0)
        if end <= start:
            return total
        for begins, ends in self.shifts_from(start):
            if begins >= end:
                break
            total += min(ends, end) - begins
        return total


def due_at(
    calendar: WorkCalendar, start: datetime, span: Span, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """Return when a span is over that does not run during pauses.

    Args:
        calendar: for working time.
        start: when the clock began.
        span: how long it may run.
        pauses: when it stood still, in order, not overlapping; an end of None: it still does.

    Returns:
        None while a pause without an end stops the clock before the span is over.
    """
    left = _Left(calendar, start, span)
    for begins, ends in pauses:
        due = left.due()
        if due <= begins:
            return due
        left.run_until(begins)
        if ends is None:
            return None
        left.resume(ends)
    return left.due()


@dataclass
class _Left:
    """What is left of a span: working days are worked off as working time of whole days."""

    calendar: WorkCalendar
    since: datetime
    span: Span
    spent: timedelta | None = None

    def due(self) -> datetime:
        if self.spent is None:
            return self.calendar.after(self.since, self.span)
        left = self._whole() - self.spent
        if not self.span.working:
            return self.since + left
        for begins, ends in self.calendar.shifts_from(self.since):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        raise AssertionError("shifts_from raises before it ends")

    def run_until(self, instant: datetime) -> None:
        instant = max(instant, self.since)
        ran = self.calendar.between if self.span.working else _plainly
        self.spent = (self.spent or timedelta(0)) + ran(self.since, instant)
        self.since = instant

    def resume(self, instant: datetime) -> None:
        self.since = max(instant, self.since)

    def _whole(self) -> timedelta:
        if self.span.working and self.span.unit == "day":
            day = datetime.combine(date(2000, 1, 3), self.calendar.closes) - datetime.combine(
                date(2000, 1, 3), self.calendar.opens
            )
            return day * self.span.number
        return self.span.length


def _plainly(start: datetime, end: datetime) -> timedelta:
    return end - start
