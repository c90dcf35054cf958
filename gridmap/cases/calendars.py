"""When the city works: a setting of the city, read and set."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.cases.working_time import WorkCalendar
from gridmap.core.actor import Actor
from gridmap.core.city import put_setting, setting, timezone
from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_

NOBODY_WORKS = N_("work begins before it ends, on the same day, on at least one weekday.")


def work_calendar(session: Session) -> WorkCalendar:
    """Return when the city works: its setting `working_time`, else Monday to Friday, 9 to 18."""
    zone = timezone(session)
    said: Mapping[str, Any] | None = setting(session, "working_time")
    if not said:
        return WorkCalendar(zone)
    return WorkCalendar(
        zone,
        opens=time.fromisoformat(said["opens"]),
        closes=time.fromisoformat(said["closes"]),
        weekdays=frozenset(said["weekdays"]),
        holidays=frozenset(map(date.fromisoformat, said.get("holidays", ()))),
        extra_days=frozenset(map(date.fromisoformat, said.get("extra_days", ()))),
    )


def set_working_time(  # noqa: PLR0913 - one keyword for each part of a calendar
    session: Session,
    actor: Actor,
    *,
    opens: time,
    closes: time,
    weekdays: frozenset[int],
    free: frozenset[date],
    worked: frozenset[date],
) -> WorkCalendar:
    """Decide when the city works; clocks that run already keep their deadlines.

    Raises:
        BadRequest: nobody would ever work.
    """
    try:
        calendar = WorkCalendar(timezone(session), opens, closes, weekdays, free, worked)
    except ValueError as problem:
        raise BadRequest(field="working time", why=NOBODY_WORKS) from problem
    put_setting(
        session,
        "working_time",
        {
            "opens": f"{opens:%H:%M}",
            "closes": f"{closes:%H:%M}",
            "weekdays": sorted(weekdays),
            "holidays": sorted(day.isoformat() for day in free),
            "extra_days": sorted(day.isoformat() for day in worked),
        },
    )
    record(session, actor, "working_time.set", subject=("setting", "working_time"))
    return calendar
