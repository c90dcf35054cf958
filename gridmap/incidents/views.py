"""Pages of the incidents' register: those without a grid, and the categories."""

from datetime import date, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.auth.current import current_actor, requires
from gridmap.core import city
from gridmap.core.actor import EVERYTHING
from gridmap.core.clock import day_written, local_midnight
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.incidents import actions, queries

blueprint = Blueprint("incidents", __name__, template_folder="templates")


@blueprint.get("/incidents/unlinked")
@requires("incident")
def unlinked() -> ResponseReturnValue:
    """List incidents that no grid covers, the newest first; of a window where one is named."""
    number = page_number(request.args.get("page"))
    scope = current_actor().narrow(request.args.get("scope", ""), "incident")
    with transaction(current_actor()) as session:
        zone = city.timezone(session)
        start, end = _instant("from", zone), _instant("to", zone)
        total, rows = queries.unlinked_page(
            session, scope=scope, start=start, end=end, limit=SIZE, offset=(number - 1) * SIZE
        )
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("from", "to", "scope") if request.args.get(name)
    }
    page = Page(number, total, lambda n: url_for("incidents.unlinked", page=n, **kept))
    return render_template(
        "incidents/unlinked.html",
        rows=rows,
        page=page,
        zone=zone,
        window=(_day("from"), _day("to")) if {"from", "to"} <= kept.keys() else None,
        scope=kept.get("scope"),
    )


def _instant(name: str, zone: str) -> datetime | None:
    day = _day(name)
    return local_midnight(day, zone) if day else None


def _day(name: str) -> date | None:
    value = request.args.get(name)
    return day_written(value, field=name) if value else None


@blueprint.get("/categories")
@requires("incident")
def categories() -> ResponseReturnValue:
    """List the words that sources use and the categories that they stand for.

    Somebody with a scope reads those that incidents of the scope came with, and changes none.
    """
    actor = current_actor()
    with transaction(actor) as session:
        if actor.may("incident", at=EVERYTHING):
            words = queries.category_words(session)
        else:
            words = queries.category_words_in(session, actor.prefixes("incident"))
        known = queries.all_categories(session)
    return render_template(
        "incidents/categories.html",
        words=words,
        known=known,
        moved=request.args.get("moved", type=int),
        may_change=actor.may("incident", "change", at=EVERYTHING),
    )


@blueprint.post("/categories/words/<int:word_id>")
@requires("incident", "change")
def map_word(word_id: int) -> ResponseReturnValue:
    """Let a word stand for another category; its incidents move with it."""
    category_id = request.form.get("category", type=int)
    if category_id is None:
        raise BadRequest(field="category", why=N_("choose one from the list."))
    with transaction(current_actor()) as session:
        moved = actions.map_word(session, current_actor(), word_id, category_id)
    return redirect(url_for("incidents.categories", moved=moved), code=303)
