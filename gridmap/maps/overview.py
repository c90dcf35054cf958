"""Collects what the map page and its table show, for one filter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from flask import url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from gridmap.core.actor import Actor
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.core.settings import settings
from gridmap.grids.queries import divisions_above
from gridmap.hotspots.queries import Window, count_by_category
from gridmap.hotspots.studies import Study
from gridmap.incidents.categories import chosen_categories
from gridmap.maps import queries, rules
from gridmap.maps.basics import Basics, label_of, read_filter
from gridmap.maps.cards import Asked, Card, card_of
from gridmap.maps.figures import LegendRow, Painted, legend_rows, painted_of
from gridmap.maps.kept import kept
from gridmap.maps.queries import DivisionRow, Extent
from gridmap.maps.rules import Filter, Preset
from gridmap.maps.scopes import Level, Reach, Scope, scope_of
from gridmap.resources.models import RESOURCE_KINDS

Parameters = Mapping[str, Sequence[str]]
KEPT = ("at", "layers", "sort")
"""Parameters that are no filter but belong to the view; links pass them on."""
SILENT = ("nothing_counted", "no_values")
"""Warnings that the note on the map makes superfluous."""
WORLD = (-20.0, -40.0, 140.0, 60.0)


@dataclass(frozen=True)
class CategoryChoice:
    """One category in the filter."""

    id: int
    code: str
    label: str
    n: int
    chosen: bool


@dataclass(frozen=True)
class Legend:
    """The legend: what is compared, the classes, how."""

    title: str
    rows: list[LegendRow]
    method: str


@dataclass(frozen=True)
class View:
    """The map page, ready for its templates."""

    filter: Filter
    given: Parameters
    basics: Basics
    actor: Actor
    extent: Extent
    whole: Extent
    in_window: Mapping[int, int]
    """Category id → incidents of the window in grids of the scope."""
    scope: Scope
    study: Study
    painted: Painted
    card: Card | None
    has_base: bool
    sample: bool

    @property
    def zone(self) -> str:
        """Return the city's time zone."""
        return self.basics.zone

    @property
    def span(self) -> tuple[date, date] | None:
        """Return the first day with an incident in the scope and the day after the last."""
        return self.basics.span_here

    @property
    def shows_points(self) -> bool:
        """Whether the viewer may see single incidents here, not only how many there are."""
        return self.actor.may("incident", at=self.filter.scope)

    @property
    def may_export(self) -> bool:
        """Whether the viewer may take these figures away."""
        return self.actor.may("figure", "export", at=self.filter.scope)

    @property
    def last_day(self) -> date | None:
        """Return the newest day with an incident."""
        return self.span[1] - timedelta(days=1) if self.span else None

    @property
    def categories(self) -> list[CategoryChoice]:
        """Return all categories that ever had incidents, the chosen ones marked."""
        return [
            CategoryChoice(
                row.id,
                row.code,
                label_of(row),
                self.in_window.get(row.id, 0),
                row.code in self.filter.categories,
            )
            for row in self.basics.categories
        ]

    @property
    def chosen(self) -> list[CategoryChoice]:
        """Return the categories that narrow the view."""
        return [row for row in self.categories if row.chosen]

    @property
    def window_given(self) -> bool:
        """Whether another window than the usual one is shown."""
        return (self.filter.start, self.filter.end) != self.basics.default_window

    @property
    def narrowed(self) -> bool:
        """Whether there is anything to reset."""
        return bool(
            self.filter.categories
            or self.window_given
            or self.filter.measure != "hotspot"
            or self.filter.per
        )

    @property
    def presets(self) -> list[Preset]:
        """Return the windows that one click chooses."""
        return rules.presets(self.span, self.basics.today)

    @property
    def legend(self) -> Legend:
        """Return the legend in words."""
        rows = legend_rows(self.painted, self.filter)
        n = self.study.codes.size
        if self.filter.measure == "hotspot":
            method = gettext("Gi*, corrected for %(n)s grids tested at once.", n=f"{n:,}")
            return Legend(gettext("Compared with the average"), rows, method)
        method = gettext(
            "Breaks are round and the same for all windows of this length; %(n)s grids.", n=f"{n:,}"
        )
        titles = {
            None: gettext("Incidents in a grid"),
            "population": gettext("Incidents per 1,000 people"),
            "area": gettext("Incidents per km²"),
        }
        return Legend(titles[self.filter.per], rows, method)

    @property
    def silence(self) -> str | None:
        """Return why there is nothing to see: no_incidents, nothing_counted, no_people."""
        if not self.span:
            return "no_incidents"
        if not self.study.linked and self.extent.grids:
            return "nothing_counted"
        if self.filter.per == "population" and np.isnan(self.study.values).all():
            return "no_people"
        return None

    @property
    def warnings(self) -> list[str]:
        """Return what must be said with the figures; the sample notice stands apart."""
        return [
            gettext(warning.message) % warning.fields
            for warning in self.study.warnings
            if warning.code not in {"sample_only", *(SILENT if self.silence else ())}
        ]

    @property
    def attribution(self) -> str:
        """Return whose base map is shown."""
        return settings().tile_attribution

    @property
    def resource_kinds(self) -> tuple[str, ...]:
        """Return the seven kinds."""
        return RESOURCE_KINDS

    @property
    def selected_code(self) -> str | None:
        """Return the code of the grid whose card is open."""
        return self.card.grid.code if self.card else None

    def url(self, endpoint: str, **changes: Any) -> str:
        """Return the address of a page with this filter, some parameters changed."""
        route = {name: changes.pop(name) for name in ("format",) if name in changes}
        changes = self.kept() | changes
        query = self.filter.query(**changes)
        return url_for(endpoint, **route) + (f"?{query}" if query else "")

    def card_address(self, table: bool) -> Callable[[str | None], str]:
        """Return the function grid code → address of this page with that card; None closes it."""
        page = "maps.table" if table else "maps.show"
        return lambda code: self.url(page, grid=code)

    def kept(self) -> dict[str, object]:
        """Return the parameters of the view that links pass on."""
        found: dict[str, object] = {
            name: self.given[name][0] for name in KEPT if self.given.get(name)
        }
        if self.card:
            found["grid"] = self.card.grid.code
        return found

    def hidden_fields(self, leave_out: Sequence[str]) -> Markup:
        """Return the rest of the filter as hidden fields of a form."""
        values: dict[str, object] = {
            "scope": self.filter.scope,
            "from": self.filter.start.isoformat(),
            "to": self.filter.end.isoformat(),
            "category": list(self.filter.categories),
            "measure": "" if self.filter.measure == "hotspot" else self.filter.measure,
            "per": self.filter.per or "",
            **self.kept(),
        }
        field = Markup('<input type="hidden" name="{}" value="{}">')
        rows = [
            field.format(name, value)
            for name, given in values.items()
            if name not in leave_out
            for value in (given if isinstance(given, list) else [given])
            if value
        ]
        return Markup("").join(rows)


def read_view(session: Session, counting: Session, actor: Actor, given: Parameters) -> View:
    """Read everything that an address asks for, as far as the viewer may see it.

    Args:
        session: of the viewer.
        counting: of the viewer in the role that counts.
        actor: the viewer.
        given: the address's parameters.

    Raises:
        BadRequest: a parameter cannot be used.
        NotFound: there is no such scope, category or grid.
    """
    code = rules.first_given(given, "grid")
    if code:
        require_grid(actor, code)
    basics, chosen = read_filter(counting, actor, given)
    extent = extent_of(session, chosen.scope)
    painted = painted_of(counting, chosen, basics)
    study = painted.study
    whole = extent if chosen.scope == basics.root else extent_of(session, basics.root)
    return View(
        filter=chosen,
        given=given,
        basics=basics,
        actor=actor,
        extent=extent,
        whole=whole,
        in_window=categories_in_window(counting, chosen, basics.zone),
        scope=_place_of(session, actor, chosen, Reach(basics.root, whole.grids)),
        study=study,
        painted=painted,
        card=read_card(session, counting, actor, code, asked_of(counting, basics, chosen, study))
        if code
        else None,
        has_base=queries.has_base_map(session) or settings().tile_url is not None,
        sample=any(warning.code == "sample_only" for warning in study.warnings),
    )


def require_grid(actor: Actor, code: str) -> None:
    """Raise NotFound for a grid outside the viewer's scope, whether there is one or not."""
    if not actor.may("figure", at=code):
        raise NotFound.outside(what=N_("grid"), name=code)


def read_card(session: Session, counting: Session, actor: Actor, code: str, asked: Asked) -> Card:
    """Return the card of a grid that the viewer may see.

    Raises:
        NotFound: there is none; the same where it lies outside the viewer's scope.
    """
    require_grid(actor, code)
    asked = replace(asked, root=actor.root(code, "figure"))
    return card_of(session, counting, code, asked)


def categories_in_window(session: Session, chosen: Filter, zone: str) -> dict[int, int]:
    """Return category id → incidents of a filter's window and scope, whatever it narrows to."""
    window = Window(chosen.start, chosen.end, zone)
    return kept(
        session,
        ["grids", "incidents"],
        ("categories", window, chosen.scope),
        lambda: count_by_category(session, window, scope=chosen.scope),
    )


def extent_of(session: Session, scope: str) -> Extent:
    """Return number and bounds of the grids of a scope."""
    return kept(session, ["grids"], ("extent", scope), lambda: queries.extent_of(session, scope))


def _place_of(session: Session, actor: Actor, chosen: Filter, reach: Reach) -> Scope:
    """Return the breadcrumb: what lies in the viewer's scope, and what stands above it."""
    divisions = kept(
        session,
        ["divisions", "grids"],
        ("divisions", reach.root),
        lambda: queries.divisions_in(session, reach.root),
    )
    above = [
        Level(code, name, kind)
        for code, name, kind in (divisions_above(session, reach.root) if reach.root else ())
        if code != reach.root
    ]
    own = actor.prefixes("figure")
    names = queries.divisions_named(session, own) if len(own) > 1 else {}
    scopes = [
        DivisionRow(code, *names.get(code, (code, "")), extent_of(session, code).grids)
        for code in (own if len(own) > 1 else ())
    ]
    return scope_of(divisions, chosen.scope, replace(reach, above=above, own=scopes))


def asked_of(session: Session, basics: Basics, chosen: Filter, study: Study) -> Asked:
    """Return what a card needs to know of the filter."""
    wanted = chosen_categories(session, chosen.categories)
    labels = {row.id: label_of(row) for row in basics.categories}
    return Asked(chosen, study, wanted, labels, basics.root)
