"""The map, its table, its figures, and the card of one grid."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from gridmap.auth.current import current_actor, requires
from gridmap.core import city
from gridmap.core.clock import local_midnight
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_
from gridmap.core.paging import page_number
from gridmap.hotspots.export import as_geojson
from gridmap.incidents.categories import chosen_categories
from gridmap.maps import queries, rules
from gridmap.maps.basics import read_filter
from gridmap.maps.figures import hotspot_labels, painted_of, study_of
from gridmap.maps.folium_map import Rendered, render_map
from gridmap.maps.overview import WORLD, View, asked_of, read_card, read_view, require_grid
from gridmap.maps.page_state import page_state
from gridmap.maps.queries import Box
from gridmap.maps.tables import table_rows
from gridmap.resources.models import RESOURCE_KINDS

blueprint = Blueprint("maps", __name__, template_folder="templates")
Parameters = dict[str, list[str]]
MODULES = (
    *(f"js/{name}.js" for name in ("map", "page", "ask", "card", "grid-layer", "base-layer")),
    "js/labels.js",
    *(f"js/{name}.js" for name in ("outline", "points", "names", "tiles", "canvas-tiles")),
    *("js/view-canvas.js", "vendor/vector-tile.js", "vendor/pbf.js", "vendor/point-geometry.js"),
)
YEAR_S = 365 * 24 * 3600


@blueprint.app_template_global("class_name")
def class_name(name: str | None) -> str:
    """Return a class of hotspots in words."""
    return hotspot_labels()[name or rules.NO_DATA]


@blueprint.app_template_global("map_modules")
def map_modules() -> tuple[str, ...]:
    """Return the modules that the map needs, so that a browser asks for all of them at once."""
    return MODULES


@blueprint.app_template_global("division_kind")
def division_kind(kind: str) -> str:
    """Return the level of a division in words; a word that we do not know stays as it is."""
    known: dict[str, str] = {
        "province": gettext("province"),
        "city": gettext("city"),
        "district": gettext("district"),
        "county": gettext("county"),
        "street": gettext("street"),
        "town": gettext("town"),
        "community": gettext("community"),
        "village": gettext("village"),
    }
    return known.get(kind.lower(), kind)


def parameters() -> Parameters:
    """Return the address's parameters, name → values."""
    return request.args.to_dict(flat=False)


def canonical() -> ResponseReturnValue | None:
    """Send a form's last day on as the day after it: addresses are half-open."""
    given = parameters()
    after = rules.last_day_given(given)
    if after is None:
        return None
    given.pop("last")
    given["to"] = [after.isoformat()]
    return redirect(url_for(request.endpoint or "maps.show", **given))  # type: ignore[arg-type]


@blueprint.get("/")
@requires("figure")
def show() -> ResponseReturnValue:
    """Show the map."""
    sent_on = canonical()
    if sent_on is not None:
        return sent_on
    actor = current_actor()
    with transaction(actor) as session, transaction(actor, role="analysis") as counting:
        view = read_view(session, counting, actor, parameters())
    return render_template(
        "maps/show.html", view=view, table=False, folium=shell(view), state=page_state(view)
    )


def shell(view: View) -> Rendered:
    """Return the Folium map, which begins where the scope lies."""
    return render_map(view.extent.bounds or view.whole.bounds or WORLD)


@blueprint.get("/table")
@requires("figure")
def table() -> ResponseReturnValue:
    """Show the same as a table."""
    sent_on = canonical()
    if sent_on is not None:
        return sent_on
    given, actor = parameters(), current_actor()
    with transaction(actor) as session, transaction(actor, role="analysis") as counting:
        view = read_view(session, counting, actor, given)
        rows = table_rows(
            session,
            view.study,
            sort=(given.get("sort") or [""])[0],
            number=page_number(request.args.get("page")),
            address=lambda page: view.url("maps.table", page=page),
        )
    return render_template(
        "maps/table.html", view=view, table=True, rows=rows, state=page_state(view)
    )


@blueprint.get("/map/figures")
@requires("figure")
def figures() -> ResponseReturnValue:
    """Return the figures that the map paints."""
    with transaction(current_actor(), role="analysis") as counting:
        basics, chosen = read_filter(counting, current_actor(), parameters())
        painted = painted_of(counting, chosen, basics)
    body = json.dumps(painted.as_json(), separators=(",", ":"), allow_nan=False)
    response = Response(body, mimetype="application/json")
    # of the content alone: whoever sees the same is told the same, and nothing of other scopes
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:24], weak=True)
    response.cache_control.private = True
    response.cache_control.no_cache = True
    return response.make_conditional(request)


@blueprint.get("/map/names")
@requires("place")
def names() -> ResponseReturnValue:
    """Return codes and names of a scope's grids, once for each state of the register (`?v=`)."""
    scope = current_actor().narrow(request.args.get("scope", ""))
    with transaction(current_actor()) as session:
        (version,) = city.versions(session, "grids")
        rows = queries.codes_and_names(session, scope)
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    found = {
        "runs": rules.runs_of(ids),
        "codes": [row[1] for row in rows],
        "names": [row[2] for row in rows],
    }
    body = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    response = Response(body, mimetype="application/json")
    response.cache_control.private = True
    if request.args.get("v") == str(version):
        response.cache_control.max_age = YEAR_S
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response


@blueprint.get("/grids/<path:code>/card")
@requires("figure")
def card(code: str) -> ResponseReturnValue:
    """Return the card of one grid, a part of the page."""
    given, actor = parameters(), current_actor()
    require_grid(actor, code)
    with transaction(actor) as session, transaction(actor, role="analysis") as counting:
        basics, chosen = read_filter(counting, actor, given)
        asked = asked_of(counting, basics, chosen, study_of(counting, chosen))
        found = read_card(session, counting, actor, code, asked)
    page = "maps.table" if given.get("view") == ["table"] else "maps.show"

    def address(other: str | None) -> str:
        return f"{url_for(page)}?{chosen.query(grid=other)}"

    return render_template("maps/card.html", card=found, chosen=chosen, address=address)


@blueprint.get("/map/points")
@requires("incident")
def points() -> ResponseReturnValue:
    """Return incidents in view, up to a cap; `total` counts those beyond it too."""
    box = bounding_box()
    actor = current_actor()
    with transaction(actor) as session, transaction(actor, role="analysis") as counting:
        basics, chosen = read_filter(counting, actor, parameters(), "incident")
        found = queries.incidents_in_view(
            session,
            box,
            start=local_midnight(chosen.start, basics.zone),
            end=local_midnight(chosen.end, basics.zone),
            scope=chosen.scope,
            categories=chosen_categories(session, chosen.categories),
        )
    return jsonify(
        total=found.total,
        pointless=found.pointless,
        shown=found.lon.size,
        x=(found.lon * 1e5).round().astype(int).tolist(),
        y=(found.lat * 1e5).round().astype(int).tolist(),
        k=[],
    )


@blueprint.get("/map/resources")
@requires("resource")
def resources() -> ResponseReturnValue:
    """Return resources in view, of the kinds asked for."""
    box = bounding_box()
    kinds = request.args.getlist("kind")
    for kind in kinds:
        if kind not in RESOURCE_KINDS:
            raise BadRequest(field="kind", why=f"{kind} is none of {', '.join(RESOURCE_KINDS)}")
    scope = current_actor().narrow(request.args.get("scope", ""), "resource")
    with transaction(current_actor()) as session:
        found = queries.resources_in_view(session, box, kinds=kinds, scope=scope)
    columns: list[Any] = [list(column) for column in zip(*found.rows, strict=True)] or [[]] * 6
    return jsonify(
        total=found.total,
        shown=len(found.rows),
        x=[round(x * 1e5) for x in columns[0]],
        y=[round(y * 1e5) for y in columns[1]],
        k=[RESOURCE_KINDS.index(kind) for kind in columns[2]],
        s=[int(status == "out_of_order") for status in columns[3]],
        names=columns[4],
        kinds=RESOURCE_KINDS,
    )


def bounding_box() -> Box:
    """Read `bbox`: west, south, east, north in degrees.

    Raises:
        BadRequest: there are not four numbers, or they are the wrong way round.
    """
    try:
        west, south, east, north = (float(part) for part in request.args["bbox"].split(","))
    except (KeyError, ValueError) as problem:
        raise BadRequest(
            field="bbox", why=N_("write west,south,east,north in degrees.")
        ) from problem
    if not (-540 <= west < east <= 540 and -91 <= south < north <= 91):
        raise BadRequest(field="bbox", why=N_("west and south come first, in degrees."))
    return west, south, east, north


@blueprint.get("/search")
@requires("place")
def search() -> ResponseReturnValue:
    """Find grids, divisions and addresses of the scope; `part` asks for the list alone."""
    words = request.args.get("q", "").strip()[:100]
    scope = current_actor().narrow(request.args.get("scope", ""))
    with transaction(current_actor()) as session:
        found = queries.search(session, words, scope=scope) if words else []
    kept = {
        name: request.args.getlist(name)
        for name in ("from", "to", "category", "measure", "per", "layers")
        if request.args.get(name)
    }
    hits = []
    for hit in found:
        wanted = {"scope": hit.code} if hit.kind == "division" else {"grid": hit.code}
        if hit.kind != "division" and scope:
            wanted["scope"] = scope
        hits.append({"kind": hit.kind, "code": hit.code, "name": hit.name,
                     "url": url_for("maps.show", **wanted, **kept)})  # type: ignore[arg-type]  # fmt: skip
    return render_template(
        "maps/search.html" if not request.args.get("part") else "maps/hits.html",
        hits=hits,
        words=words,
    )


@blueprint.get("/export/grids.<format>")
@requires("figure", "export")
def export(format: str) -> ResponseReturnValue:
    """Return the figures of the view as a file: CSV, or GeoJSON with borders."""
    if format not in ("csv", "geojson"):
        raise NotFound(what=N_("export"), name=format)
    with transaction(current_actor(), role="analysis") as counting:
        _, chosen = read_filter(counting, current_actor(), parameters(), "figure", "export")
        study = study_of(counting, replace(chosen, measure="hotspot"))
        body = as_geojson(counting, study) if format == "geojson" else ""
    if format == "csv":
        body = _as_csv(study.as_json(), dict(zip(study.codes, study.names, strict=True)))
    name = f"gridmap_{chosen.start:%Y%m%d}_{chosen.last:%Y%m%d}.{format}"
    kind = "application/geo+json" if format == "geojson" else "text/csv; charset=utf-8"
    response = Response(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _as_csv(answer: dict[str, Any], names: dict[str, str]) -> str:
    """Write one row a grid; the class in words stands beside its code."""
    labels = hotspot_labels()
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(
        ["code", "name", "n", "value", "z", "p", "q", "class", gettext("class in words")]
    )
    for row in answer["grids"]:
        writer.writerow(
            [safe_cell(row["code"]), safe_cell(names[row["code"]]), row["n"], row["value"],
             row["z"], row["p"], row["q"], row["class"], labels[row["class"] or rules.NO_DATA]]
        )  # fmt: skip
    return "\ufeff" + target.getvalue()


def safe_cell(value: str) -> str:
    """Keep a spreadsheet from taking a name for a formula; Chinese ones take wide signs too."""
    return "'" + value if value.startswith(tuple("=+-@\t\r\n＝＋－＠")) else value
