"""The main navigation: the places that somebody may visit."""

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import gettext

from gridmap.auth.current import permission_of
from gridmap.core.actor import Actor
from gridmap.core.i18n import N_
from gridmap.web.people import signed_in_as


@dataclass(frozen=True)
class Place:
    """One entry of the main navigation."""

    endpoint: str
    icon: str
    label: str
    within: tuple[str, ...]
    """Blueprints whose pages belong to it."""
    wide: bool = False
    """Left out of the narrow bar of a phone."""


PLACES = (
    Place("maps.show", icon="map", label=N_("Map"), within=("maps",)),
    Place("cases.desk", icon="clipboard-list", label=N_("Desk"), within=("cases",)),
    Place(
        "grids.register",
        icon="database",
        label=N_("Registers"),
        within=("grids", "grid_changes", "incidents", "residents", "staff", "privacy"),
    ),
    Place("exchange.imports", icon="upload", label=N_("Import"), within=("exchange",)),
    Place(
        "oversight.show",
        icon="scroll-text",
        label=N_("Audit"),
        within=("oversight",),
    ),
    Place("jobs.show", icon="list-todo", label=N_("Work"), within=("jobs",)),
    Place("people.index", icon="users", label=N_("Accounts"), within=("people",), wide=True),
)


def navigation() -> list[dict[str, object]]:
    """Return the places of the main navigation that the actor may visit, the present one marked."""
    return [
        {
            "url": url_for(place.endpoint),
            "icon": place.icon,
            "label": gettext(place.label),
            "wide": place.wide,
            "current": request.blueprint in place.within,
        }
        for place in places_of(signed_in_as())
    ]


def places_of(actor: Actor | None) -> list[Place]:
    """Return the places that somebody may visit."""
    asked = {place: permission_of(current_app.view_functions[place.endpoint]) for place in PLACES}
    return [place for place, needed in asked.items() if actor and needed and actor.may(*needed)]


def first_place(actor: Actor) -> str:
    """Return where somebody begins who may not see the map."""
    places = places_of(actor)
    return url_for(places[0].endpoint if places else "account.show")
