"""The one place that asks what time it is, and what a local date means."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


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
