"""The one place that asks what time it is, and what a local date means."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def local_midnight(day: date, zone: str) -> datetime:
    """Return the instant at which a local day begins, in UTC.

    Where the zone skips midnight (a change of the clock at 00:00), the first
    instant after the gap. Before the year 1 in UTC lies the first instant of all.
    """
    try:
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def local_date(moment: datetime, zone: str) -> date:
    """Return the date that the clock on the wall shows."""
    return moment.astimezone(ZoneInfo(zone)).date()


def day_written(text: str, *, field: str) -> date:
    """Return the day that a text names.

    Raises:
        BadRequest: it names none; `field` is what the text stood in.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise BadRequest(field=field, why=N_("a date is written 2016-12-31.")) from problem


def month_number(day: date) -> int:
    """Return the month of a day, counted from January 1970 = 0."""
    return (day.year - 1970) * 12 + day.month - 1


def first_of_month(number: int) -> date:
    """Return the first day of a month, counted from January 1970 = 0."""
    return date(1970 + number // 12, number % 12 + 1, 1)
