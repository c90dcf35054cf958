"""Which window is meant where nobody names one."""

from datetime import date, timedelta

DEFAULT_DAYS = 90


def default_window(span: tuple[date, date] | None, today: date) -> tuple[date, date]:
    """Return the 90 days up to the newest incident, or up to today where there is none.

    Args:
        span: first day with an incident and the day after the last.
        today: by the city's clock.
    """
    end = min(span[1], today + timedelta(days=1)) if span else today + timedelta(days=1)
    return end - timedelta(days=DEFAULT_DAYS), end
