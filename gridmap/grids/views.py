"""The register of grids as a page."""

from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.auth.current import current_actor, requires
from gridmap.core.actor import EVERYTHING
from gridmap.core.database import transaction
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.grids.register_queries import divisions_and_grids, register_page

blueprint = Blueprint("grids", __name__, template_folder="templates")


@blueprint.get("/grids")
@requires("place")
def register() -> ResponseReturnValue:
    """List the grids in force in a scope."""
    actor = current_actor()
    scope = actor.narrow(request.args.get("scope", ""))
    number = page_number(request.args.get("page"))
    words = request.args.get("q", "").strip()[:100]
    with transaction(current_actor()) as session:
        total, rows = register_page(
            session, scope=scope, words=words, limit=SIZE, offset=(number - 1) * SIZE
        )
    kept: dict[str, Any] = {"scope": scope or None}
    page = Page(number, total, lambda n: url_for("grids.register", page=n, q=words or None, **kept))
    return render_template(
        "grids/register.html",
        rows=rows,
        page=page,
        words=words,
        kept=kept,
        own=actor.prefixes("place"),
        everything=actor.may("import", at=EVERYTHING),
    )


@blueprint.get("/divisions.json")
@requires("place")
def find_divisions() -> ResponseReturnValue:
    """Find divisions and grids of the actor's scope, for fields that ask for one."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:100]
    with transaction(actor) as session:
        prefixes = actor.prefixes("place") if words else ()
        rows = divisions_and_grids(session, words, prefixes=prefixes)
    return jsonify(places=[{"code": row.code, "name": row.name} for row in rows])
