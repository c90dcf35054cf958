"""What the page's scripts need to know: addresses, the selection, and words."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from gridmap.core.settings import settings
from gridmap.maps.figures import count_labels, hotspot_labels
from gridmap.maps.overview import WORLD, View


def page_state(view: View) -> dict[str, Any]:
    """Return the object in the page's data block."""
    query = view.filter.query()
    versions, root = view.basics.versions, view.basics.root or None
    return {
        "figures": f"{url_for('maps.figures')}?{query}",
        "points": f"{url_for('maps.points')}?{query}" if view.shows_points else None,
        "resources": url_for("maps.resources", scope=root),
        "names": url_for("maps.names", v=versions["grids"], scope=root),
        "cards": url_for("maps.card", code="CODE"),
        "tiles": {
            "grids": _tiles("grids", versions["grids"], root),
            "base": _tiles("base", versions["base"], None) if versions["base"] else None,
        },
        "raster": settings().tile_url,
        "bounds": view.extent.bounds or view.whole.bounds or WORLD,
        "scope": view.filter.scope,
        "selected": view.card.selection if view.card else None,
        "text": _words(view),
    }


def _tiles(register: str, version: int, scope: str | None) -> str:
    """Return the address of tiles; it names the scope, so browsers keep those of each apart."""
    address = url_for(f"tiles.{register}", z=0, x=0, y=0, v=version, scope=scope)
    return address.replace("/0/0/0.pbf", "/{z}/{x}/{y}.pbf")


def _words(view: View) -> dict[str, Any]:
    """Return sentences for what only the browser knows; {n} and the like are filled in there."""
    if view.filter.measure == "hotspot":
        classes = hotspot_labels()
    else:
        classes = count_labels(view.painted.limits, whole=view.filter.measure == "count")
    per = {
        "population": gettext("Per 1,000 people: {v}"),
        "area": gettext("Per km²: {v}"),
    }
    return {
        "classes": classes,
        "noData": gettext("No data"),
        "count": gettext("Incidents: {n}"),
        "value": per.get(view.filter.per or "", ""),
        "outside": gettext("Outside the scope"),
        "loading": gettext("Loading…"),
        "failed": gettext("The map could not be drawn. Your filters are kept."),
        "dots": gettext("All {total} in view are drawn as dots."),
        "dotsCapped": gettext("{shown} of {total} in view are drawn as dots."),
        "dotsNone": gettext("{n} in view have no dot: only their grid is known."),
        "dotsFar": gettext("Zoom in to see incidents as dots."),
        "resources": gettext("Resources in view: {total}."),
        "resourcesCapped": gettext("{shown} of {total} resources in view are drawn."),
        "resourcesFar": gettext("Zoom in to see resources."),
        "broken": gettext("out of order"),
        "inView": gettext("Grids in view: {n}"),
        "km": gettext("{n} km"),
        "m": gettext("{n} m"),
        "kinds": kind_words(),
    }


def kind_words() -> dict[str, str]:
    """Return the kinds of resource in words, one thing."""
    return {
        "camera": gettext("Camera"),
        "police_box": gettext("Police box"),
        "street_light": gettext("Street light"),
        "fire_point": gettext("Fire point"),
        "aed": gettext("AED"),
        "shelter": gettext("Shelter"),
        "volunteer_post": gettext("Volunteer post"),
    }
