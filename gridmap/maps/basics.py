"""What every page of the map needs before any figure: the filter, narrowed to the viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import get_locale
from sqlalchemy.orm import Session

from gridmap.core import city
from gridmap.core.actor import Actor
from gridmap.core.clock import local_date, utc_now
from gridmap.hotspots.rules import default_window
from gridmap.incidents.queries import span_of_days, span_of_linked_days
from gridmap.maps import queries, rules
from gridmap.maps.kept import kept
from gridmap.maps.queries import CategoryRow
from gridmap.maps.rules import Filter

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Basics:
    """The city's zone, its data's span in the viewer's scope, categories and versions.

    Attributes:
        root: the viewer's scope that the page lies in; '' is everything.
        span: first day with an incident in it and the day after the last: of those in a grid,
            if any are.
        span_here: the same of the page's scope alone; that of the root where nothing happened.
    """

    root: str
    zone: str
    span: tuple[date, date] | None
    span_here: tuple[date, date] | None
    today: date
    categories: list[CategoryRow]
    versions: dict[str, int]

    @property
    def default_window(self) -> tuple[date, date]:
        """Return the window that is shown when none is asked for."""
        return default_window(self.span_here, self.today)


def read_filter(
    session: Session,
    actor: Actor,
    given: Parameters,
    data: str = "figure",
    action: str = "see",
) -> tuple[Basics, Filter]:
    """Return what an address asks for, its scope narrowed to what the viewer has.

    Args:
        session: of the viewer in the role that counts.
        actor: the viewer.
        given: the address's parameters.
        data: class of what is shown.
        action: what is done with it.

    Raises:
        BadRequest: a parameter cannot be used.
        NotFound: the scope is not the viewer's.
    """
    scope = actor.narrow(rules.first_given(given, "scope") or "", data, action)
    root = actor.root(scope, data, action)
    basics = _read_basics(session, scope, root=root)
    chosen = rules.parse_filter(given, basics.default_window)
    return basics, replace(chosen, scope=scope, whole=scope == root)


def _read_basics(session: Session, scope: str, *, root: str) -> Basics:
    zone = city.timezone(session)
    names = ("grids", "base")
    span = _span(session, zone, root) or span_of_days(session, zone=zone, scope=root)
    return Basics(
        root=root,
        zone=zone,
        span=span,
        span_here=(_span(session, zone, scope) if scope != root else None) or span,
        today=local_date(utc_now(), zone),
        categories=kept(
            session,
            ["incidents"],
            ("categories", root),
            lambda: queries.categories_with_counts(session, scope=root),
        ),
        versions=dict(zip(names, city.versions(session, *names), strict=True)),
    )


def _span(session: Session, zone: str, scope: str) -> tuple[date, date] | None:
    def find() -> tuple[date, date] | None:
        return span_of_linked_days(session, zone=zone, scope=scope)

    return kept(session, ["grids", "incidents"], ("span", scope), find)


def label_of(row: CategoryRow) -> str:
    """Return a category's name in the reader's language."""
    chinese = str(get_locale()).startswith("zh")
    return (row.name_zh if chinese else row.name) or row.name or row.code
