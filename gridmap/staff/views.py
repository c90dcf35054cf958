"""The page of staff: names, masked telephone numbers, grids."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from gridmap.audit.actions import record
from gridmap.audit.rules import SEEN
from gridmap.auth.current import current_actor, requires
from gridmap.core.city import today
from gridmap.core.clock import day_written
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, GridmapError
from gridmap.core.i18n import N_
from gridmap.core.masks import mask_number
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.staff import actions, queries

blueprint = Blueprint("staff", __name__, template_folder="templates")


@blueprint.get("/staff")
@requires("personal")
def register() -> ResponseReturnValue:
    """List those who work in a scope, and their grids."""
    return _page()


def _page(problem: str | None = None) -> str:
    actor = current_actor()
    number = page_number(request.args.get("page"))
    scope = actor.narrow(request.args.get("scope", "").strip()[:64], "personal")
    with transaction(actor) as session:
        total, members = queries.page_of_staff(
            session, scope=scope, limit=SIZE, offset=(number - 1) * SIZE
        )
        day = today(session)
        duties = queries.duties_of(session, [member.id for member in members], day=day)
        texts = {
            member: (name, mask_number(phone))
            for member, (name, phone) in actions.names_of(list(members)).items()
        }
        if members:
            record(session, actor, "staff.listed", subject=("staff", scope or "all"),
                   where=scope, outcome=SEEN, rows=len(members))  # fmt: skip
    page = Page(number, total, lambda n: url_for("staff.register", page=n, scope=scope or None))
    return render_template(
        "staff/register.html", members=members, duties=duties, texts=texts, page=page,
        today=day, may_change=actor.may("personal", "change"), problem=problem,
    )  # fmt: skip


@blueprint.post("/staff/assign")
@requires("personal", "change")
def assign() -> ResponseReturnValue:
    """Make somebody responsible for a grid."""
    actor, given = current_actor(), request.form
    try:
        until = given.get("until", "").strip()
        with transaction(actor) as session:
            actions.assign(
                session,
                actor,
                given.get("number", "").strip()[:64],
                given.get("grid", "").strip()[:64],
                since=day_written(given.get("since", ""), field="since"),
                until=day_written(until, field="until") if until else None,
            )
    except GridmapError as problem:
        return _again(problem)
    return redirect(url_for("staff.register"), code=303)


@blueprint.post("/staff/duties/end")
@requires("personal", "change")
def end_duty() -> ResponseReturnValue:
    """End a duty."""
    actor, duty = current_actor(), request.form.get("duty", type=int)
    try:
        if duty is None:
            raise BadRequest(field="duty", why=N_("this is no whole number."))
        with transaction(actor) as session:
            actions.end_duty(
                session, actor, duty, on=day_written(request.form.get("on", ""), field="on")
            )
    except GridmapError as problem:
        return _again(problem)
    return redirect(url_for("staff.register"), code=303)


def _again(problem: GridmapError) -> ResponseReturnValue:
    if problem.status not in (400, 404, 409, 422):
        raise problem
    return _page(problem.spoken(gettext)), problem.status
