"""What addresses and forms of the desk say, as values."""

from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from werkzeug.datastructures import MultiDict

from gridmap.cases.declarations import PRIORITIES
from gridmap.cases.kinds import all_kinds
from gridmap.cases.locating import Report
from gridmap.cases.models import SOURCES
from gridmap.cases.queries import Wanted
from gridmap.core.actor import Actor
from gridmap.core.clock import day_written, local_date, local_midnight
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_

Parameters = MultiDict[str, str]
LONGEST_SEARCH = 100
LONGEST_PLACE = 300
USUAL_WINDOW = timedelta(days=90)


def tab(given: Parameters, known: Container[str]) -> str:
    """Return which list is meant.

    Raises:
        BadRequest: there is no such list.
    """
    name = given.get("tab", "due")
    if name not in known:
        raise BadRequest(field="tab", why=N_("choose one of the list."))
    return name


def wanted(given: Parameters, actor: Actor) -> Wanted:
    """Return the filter of a list.

    Raises:
        NotFound: there is no such kind, or the scope is not the actor's.
    """
    kinds = tuple(name for name in given.getlist("kind") if name)
    for name in kinds:
        if name not in all_kinds():
            raise NotFound(what=N_("kind of case"), name=name)
    words = given.get("q", "").strip()[:LONGEST_SEARCH]
    scope = actor.narrow(given.get("scope", ""), "case")
    return Wanted(scope=scope, words=tuple(words.split()), kinds=kinds)


def window(given: Parameters, today: date) -> tuple[date, date]:
    """Return the window that an address names by from and to; else the last 90 days, today too.

    Raises:
        BadRequest: a day cannot be read, or the window ends before it begins.
    """
    end = today + timedelta(days=1)
    if given.get("to"):
        end = day_written(given["to"], field="to")
    elif given.get("last"):
        end = day_written(given["last"], field="last") + timedelta(days=1)
    start = end - USUAL_WINDOW
    if given.get("from"):
        start = day_written(given["from"], field="from")
    if start >= end:
        raise BadRequest(field="from, to", why=N_("the window ends before it begins."))
    return start, end


def report(form: Mapping[str, str]) -> Report:
    """Read the form of a new case.

    Raises:
        BadRequest: a coordinate is no number, or a word is not on its list.
    """
    for name, known in (("priority", PRIORITIES), ("source", SOURCES)):
        if form.get(name, known[0]) not in known:
            raise BadRequest(field=name, why=N_("choose one of the list."))
    lon, lat = coordinate(form, "lon", 180), coordinate(form, "lat", 90)
    if (lon is None) != (lat is None):
        raise BadRequest(field="lon, lat", why=N_("a point has both."))
    return Report(
        kind=form.get("kind", ""), title=form.get("title", ""),
        priority=form.get("priority", "normal"), source=form.get("source", "officer"),
        lon=lon, lat=lat, grid_code=form.get("grid", "").strip(),
        place=form.get("place", "")[:LONGEST_PLACE],
    )  # fmt: skip


def coordinate(form: Mapping[str, str], name: str, most: float) -> float | None:
    """Return a coordinate in degrees; None where the field is empty.

    Raises:
        BadRequest: it is no number, or too large.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        found = float(written)
    except ValueError as problem:
        raise BadRequest(field=name, why=N_("write degrees, such as 120.86.")) from problem
    if not -most <= found <= most:
        raise BadRequest(field=name, why=N_("write degrees, such as 120.86."))
    return found


def lists(base: Wanted, actor: Actor, now: datetime, zone: str) -> dict[str, Wanted]:
    """Return the desk's lists: what is due by the end of the day, whose nobody's is, and so on."""
    tomorrow = local_midnight(local_date(now, zone) + timedelta(days=1), zone)
    return {
        "due": replace(base, due_before=tomorrow),
        "reported": replace(base, standing=with_sign("reported")),
        "nobody": replace(base, holder=0),
        "mine": replace(base, holder=actor.account_id or -1),
        "waiting": replace(base, standing=with_sign("waiting")),
        "to_check": replace(base, standing=with_sign("to_check")),
        "open": base,
        "all": replace(base, open_only=False),
    }


def with_sign(sign: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, state) of all states that are shown with a sign."""
    return tuple(
        (kind.name, state.name)
        for kind in all_kinds().values()
        for state in kind.states.values()
        if state.sign == sign
    )
