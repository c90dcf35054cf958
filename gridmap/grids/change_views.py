"""Pages of grids that change: the history of one, drafts, one draft with a picture."""

import json
from typing import Any

import numpy as np
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.auth.current import current_actor, requires
from gridmap.core.actor import Actor
from gridmap.core.clock import day_written
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError, NotFound
from gridmap.core.i18n import N_
from gridmap.grids import change_queries as queries
from gridmap.grids import drafts
from gridmap.grids.change_models import CHANGE_KINDS, FOR_REVIEW, GridDraft
from gridmap.grids.drafts import Proposal
from gridmap.grids.pictures import Picture, picture_of
from gridmap.grids.redraw_errors import NothingDrawn

blueprint = Blueprint("grid_changes", __name__, template_folder="templates")
KINDS = {"split": N_("Split"), "merge": N_("Merge"), "move": N_("Move a border")}
STATES = {
    "draft": N_("Draft"),
    "for_review": N_("For review"),
    "accepted": N_("Accepted"),
    "refused": N_("Refused"),
}
REGISTERS = {
    "incidents": N_("Incident"),
    "cases": N_("Case"),
    "residences": N_("Residence"),
    "duties": N_("Duty"),
}


@blueprint.get("/grids/<code>/history")
@requires("place")
def history(code: str) -> ResponseReturnValue:
    """Show the borders of one grid, what it was made of, what it went into, what to look at."""
    actor = current_actor()
    if not actor.may("place", at=code):
        raise NotFound.outside(what=N_("grid"), name=code)
    with transaction(actor) as session:
        grid = queries.grid_by_code(session, code)
        if grid is None:
            raise NotFound(what=N_("grid"), name=code)
        made_of, went_into = queries.relatives(session, grid.id)
        found = queries.changes_of(session, grid.id)
        return render_template(
            "grids/history.html",
            grid=grid, made_of=made_of, went_into=went_into, changes=found,
            versions=queries.versions_of(session, grid.id), kinds=KINDS, registers=REGISTERS,
            listed={one.id: queries.rows_listed(session, one.id, limit=50) for one in found[:10]},
        )  # fmt: skip


@blueprint.get("/grids/drafts")
@requires("place")
def all_drafts() -> ResponseReturnValue:
    """List drafts of borders, those that wait first; with a form for a new one."""
    return _list({}, None)


def _list(given: dict[str, Any], problem: GridmapError | None) -> ResponseReturnValue:
    actor = current_actor()
    with transaction(actor) as session:
        found = drafts.newest_drafts(session)
    page = render_template(
        "grids/drafts.html",
        drafts=found, kinds=KINDS, states=STATES, given=given, problem=problem,
        may_draw=actor.may("place", "change"),
    )  # fmt: skip
    return page, problem.status if problem else 200


@blueprint.post("/grids/drafts")
@requires("place", "change")
def draw() -> ResponseReturnValue:
    """Keep a drawing as a draft and show it."""
    actor, given = current_actor(), request.form.to_dict()
    try:
        with transaction(actor) as session:
            draft = drafts.draw(session, actor, _proposal(given))
    except GridmapError as problem:
        return _list(given, problem)
    return redirect(url_for("grid_changes.show", draft_id=draft.id))


def _proposal(given: dict[str, str]) -> Proposal:
    kind = given.get("kind", "")
    if kind not in CHANGE_KINDS:
        raise NotFound(what=N_("kind of change"), name=kind)
    day = given.get("day")
    return Proposal(
        kind=kind,
        codes=tuple(given.get("codes", "").replace(",", " ").split()),
        drawing=_drawing(given.get("drawing", "")),
        names=tuple(name.strip() for name in given.get("names", "").splitlines() if name.strip()),
        holds_from=day_written(day, field="day") if day else None,
        reason=given.get("reason", ""),
    )


def _drawing(written: str) -> dict[str, Any]:
    """Return the GeoJSON that was pasted or brought as a file; {} for none.

    Raises:
        NothingDrawn: it is no GeoJSON object.
    """
    file = request.files.get("file")
    try:
        text = file.read().decode("utf-8-sig") if file else written
        found = json.loads(text) if text.strip() else {}
    except ValueError as problem:
        raise NothingDrawn from problem
    if not isinstance(found, dict):
        raise NothingDrawn
    return found


@blueprint.get("/grids/drafts/<int:draft_id>")
@requires("place")
def show(draft_id: int) -> ResponseReturnValue:
    """Show one draft: borders before and after, and who said what."""
    actor = current_actor()
    with transaction(actor) as session:
        draft = drafts.draft_by_id(session, draft_id)
        picture, problem = _picture(session, actor, draft)
    may_change = actor.may("place", "change", at=draft.grid_code)
    return render_template(
        "grids/draft.html",
        draft=draft, picture=picture, problem=problem, kinds=KINDS, states=STATES,
        may_hand_in=may_change and draft.state == "draft",
        may_review=may_change and draft.state == FOR_REVIEW and draft.drawn_by != actor.name,
    )  # fmt: skip


def _picture(
    session: Session, actor: Actor, draft: GridDraft
) -> tuple[Picture | None, GridmapError | None]:
    """Return the picture of a draft that waits; why there is none, if it cannot be made."""
    if draft.change_id is not None or draft.state == "refused":
        return None, None
    try:
        found = drafts.preview(session, actor, draft)
    except GridmapError as problem:
        return None, problem
    before = np.array([grid.geometry for grid in found.before], dtype=object)
    codes = [grid.code for grid in found.before]
    return picture_of(before, codes, found.geometries, found.codes), None


@blueprint.post("/grids/drafts/<int:draft_id>/hand-in")
@requires("place", "change")
def hand_in(draft_id: int) -> ResponseReturnValue:
    """Ask for a review."""
    actor = current_actor()
    with transaction(actor) as session:
        drafts.hand_in(session, actor, draft_id)
    return redirect(url_for("grid_changes.show", draft_id=draft_id))


@blueprint.post("/grids/drafts/<int:draft_id>/answer")
@requires("place", "change")
def answer(draft_id: int) -> ResponseReturnValue:
    """Say yes or no to somebody else's draft."""
    actor, said = current_actor(), request.form.get("answer", "")
    decide = drafts.accept if request.form.get("decision") == "accept" else drafts.refuse
    with transaction(actor) as session:
        decide(session, actor, draft_id, answer=said)
    return redirect(url_for("grid_changes.show", draft_id=draft_id))
