"""The desk: lists of cases, one case with its next steps and history, a new one."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.auth.current import current_actor, requires
from gridmap.cases import actions, queries, rules
from gridmap.cases.actions import Report, Seen
from gridmap.cases.declarations import PRIORITIES, Label
from gridmap.cases.diagrams import diagram_of
from gridmap.cases.kinds import all_kinds
from gridmap.cases.models import SOURCES, Case
from gridmap.cases.queries import Wanted
from gridmap.cases.rules import Given
from gridmap.cases.shown import (
    case_row,
    clock_rows,
    field_values,
    in_words,
    role_names,
    span_words,
    told,
    total_words,
)
from gridmap.core.actor import Actor
from gridmap.core.city import timezone
from gridmap.core.clock import utc_now
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, GridmapError, NotFound
from gridmap.core.i18n import N_
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.grids.register_queries import names_of_grids

blueprint = Blueprint("cases", __name__, template_folder="templates")
TABS = {
    "due": N_("Due"),
    "reported": N_("Reported"),
    "nobody": N_("No owner"),
    "mine": N_("Mine"),
    "waiting": N_("Waiting"),
    "to_check": N_("To check"),
    "open": N_("All open"),
    "all": N_("All"),
}


@blueprint.app_template_global("case_words")
def case_words(label: Any) -> str:
    """Return a declaration's label in the reader's language."""
    return in_words(label)


blueprint.app_template_global("role_names")(role_names)
blueprint.app_template_global("span_words")(span_words)


@blueprint.get("/desk")
@requires("case")
def desk() -> ResponseReturnValue:
    """List cases of the scope: what is due, whose nobody's is, what waits."""
    actor = current_actor()
    scope = actor.narrow(request.args.get("scope", ""), "case")
    tab = request.args.get("tab", "due")
    if tab not in TABS:
        raise BadRequest(field="tab", why=", ".join(TABS))
    number = page_number(request.args.get("page"))
    words = request.args.get("q", "").strip()[:100]
    with transaction(actor) as session:
        zone, now = timezone(session), utc_now()
        base = Wanted(scope=scope, words=tuple(words.split()), kinds=_kinds_asked())
        lists = _lists(base, actor, now, zone)
        counts = queries.counts(session, lists)
        _, cases = queries.case_page(session, lists[tab], limit=SIZE, offset=(number - 1) * SIZE)
        names = names_of_grids(session, [case.grid_code for case in cases])
    page = Page(number, counts[tab], lambda n: url_for("cases.desk", **_kept(page=n)))
    return render_template(
        "cases/desk.html",
        rows=[case_row(case, names=names, now=now, zone=zone) for case in cases],
        counts=counts, tabs=TABS, tab=tab, page=page, words=words, zone=zone, now=now,
        kinds=all_kinds().values(), chosen=base.kinds, total=total_words(counts["open"]),
        may_add=actor.may("case", "add"),
        address=lambda **changes: url_for("cases.desk", **_kept(**changes)),
    )  # fmt: skip


def _kinds_asked() -> tuple[str, ...]:
    asked = tuple(request.args.getlist("kind"))
    for name in asked:
        if name not in all_kinds():
            raise NotFound(what=N_("kind of case"), name=name)
    return asked


def _kept(**changes: Any) -> dict[str, Any]:
    """Return this list's parameters, some changed; another list begins at its first page."""
    kept: dict[str, Any] = {
        name: request.args.getlist(name)
        for name in ("scope", "tab", "kind", "q")
        if request.args.get(name)
    }
    return {name: value for name, value in (kept | changes).items() if value not in (None, "")}


def _lists(base: Wanted, actor: Actor, now: datetime, zone: str) -> dict[str, Wanted]:
    tomorrow = (now.astimezone(ZoneInfo(zone)) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return {
        "due": replace(base, due_before=tomorrow),
        "reported": replace(base, standing=_with_sign("reported")),
        "nobody": replace(base, holder=0),
        "mine": replace(base, holder=actor.account_id or -1),
        "waiting": replace(base, standing=_with_sign("waiting")),
        "to_check": replace(base, standing=_with_sign("to_check")),
        "open": base,
        "all": replace(base, open_only=False),
    }


def _with_sign(sign: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (kind.name, state.name)
        for kind in all_kinds().values()
        for state in kind.states.values()
        if state.sign == sign
    )


@blueprint.get("/cases/new")
@requires("case", "add")
def new() -> ResponseReturnValue:
    """Show the form for a new case."""
    return _new_page({"grid": request.args.get("grid", "")})


def _new_page(given: dict[str, str], problem: str | None = None) -> str:
    return render_template(
        "cases/new.html", kinds=all_kinds().values(), priorities=PRIORITIES, sources=SOURCES,
        given=given, problem=problem, key=given.get("key") or secrets.token_urlsafe(12),
    )  # fmt: skip


@blueprint.post("/cases")
@requires("case", "add")
def create() -> ResponseReturnValue:
    """Open a case."""
    actor, form = current_actor(), request.form.to_dict()
    try:
        report = _report(form)
        with transaction(actor) as session:
            case = actions.open_case(session, actor, report, key=form.get("key") or None)
    except GridmapError as problem:
        if problem.status >= 500:
            raise
        return _new_page(form, _said(problem)), problem.status
    return redirect(url_for("cases.show", code=case.code), code=303)


def _report(form: dict[str, str]) -> Report:
    """Read the form of a new case.

    Raises:
        BadRequest: a coordinate is no number, or a word is not on its list.
    """
    for name, known in (("priority", PRIORITIES), ("source", SOURCES)):
        if form.get(name, known[0]) not in known:
            raise BadRequest(field=name, why=N_("choose one of the list."))
    lon, lat = _coordinate(form, "lon", 180), _coordinate(form, "lat", 90)
    if (lon is None) != (lat is None):
        raise BadRequest(field="lon, lat", why=N_("a point has both."))
    return Report(
        kind=form.get("kind", ""), title=form.get("title", ""),
        priority=form.get("priority", "normal"), source=form.get("source", "officer"),
        lon=lon, lat=lat, grid_code=form.get("grid", "").strip(), place=form.get("place", "")[:300],
    )  # fmt: skip


def _coordinate(form: dict[str, str], name: str, most: float) -> float | None:
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


@blueprint.get("/cases/<code>")
@requires("case")
def show(code: str) -> ResponseReturnValue:
    """Show one case: what can be done next, its facts, its deadlines, its history."""
    with transaction(current_actor()) as session:
        return _case_page(session, code)


def _case_page(session: Session, code: str, problem: str | None = None) -> str:
    actor = current_actor()
    case = queries.case_by_code(session, code)
    if case is None:
        raise NotFound(what=N_("case"), name=code)
    kind, zone, now = all_kinds()[case.kind], timezone(session), utc_now()
    standing = actions.standing_of(case, actor)
    visible = rules.visible_fields(kind, dict.fromkeys(kind.fields), standing.roles)
    events = queries.events_of(session, case.id)
    last = next((event for event in events if event.undone_at is None), None)
    return render_template(
        "cases/case.html",
        case=case, kind=kind, zone=zone, problem=problem,
        row=case_row(case, names=names_of_grids(session, [case.grid_code]), now=now, zone=zone),
        steps=rules.open_steps(kind, standing),
        waits_for=_waits_for(case, standing.roles),
        people=queries.people_at(session, case.grid_code),
        facts=field_values(kind, rules.visible_fields(kind, case.fields, standing.roles)),
        clocks=clock_rows(kind, queries.clocks_of(session, case.id), now),
        history=[told(kind, event, list(visible)) for event in events],
        may_note=actor.may("case", "change", at=case.grid_code),
        undoable=last is not None and last.before is not None
        and (last.account_id == actor.account_id or rules.LEADING in standing.roles),
        key=secrets.token_urlsafe(12),
    )  # fmt: skip


def _waits_for(case: Case, roles: frozenset[str]) -> str:
    """Say who makes the next step, for somebody who cannot."""
    steps = all_kinds()[case.kind].leaving(case.state)
    others = {role for step in steps for role in step.by} - roles
    return role_names(others)


@blueprint.post("/cases/<code>/steps/<name>")
@requires("case", "change")
def move(code: str, name: str) -> ResponseReturnValue:
    """Move a case by one step."""
    form = request.form
    given = Given(
        note=form.get("note", ""),
        fields={key[6:]: value for key, value in form.items() if key.startswith("field_")},
        outcome=form.get("outcome") or None,
        holder=form.get("holder", type=int),
    )
    return _done(code, lambda session, actor: actions.take_step(
        session, actor, code, name, given, _seen()))  # fmt: skip


@blueprint.post("/cases/<code>/holder")
@requires("case", "change")
def hand_over(code: str) -> ResponseReturnValue:
    """Give a case to somebody else."""
    account = request.form.get("holder", type=int)
    if account is None:
        raise BadRequest(field="holder", why=N_("choose one of the list."))
    return _done(code, lambda session, actor: actions.hand_over(
        session, actor, code, account, _seen()))  # fmt: skip


@blueprint.post("/cases/<code>/notes")
@requires("case", "change")
def note(code: str) -> ResponseReturnValue:
    """Write a note into a case's history."""
    written = request.form.get("note", "")
    return _done(code, lambda session, actor: actions.add_note(
        session, actor, code, written, _seen()))  # fmt: skip


@blueprint.post("/cases/<code>/undo")
@requires("case", "change")
def undo(code: str) -> ResponseReturnValue:
    """Take a case's last step back."""
    return _done(code, lambda session, actor: actions.undo_step(session, actor, code, _seen()))


def _seen() -> Seen:
    return Seen(version=request.form.get("version", type=int), key=request.form.get("key") or None)


def _done(code: str, act: Any) -> ResponseReturnValue:
    """Carry something out and go back to the case; say on its page why it could not be done."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            act(session, actor)
    except GridmapError as problem:
        if problem.status in (404, 401) or problem.status >= 500:
            raise
        with transaction(actor) as session:
            return _case_page(session, code, _said(problem)), problem.status
    return redirect(url_for("cases.show", code=code), code=303)


def _said(problem: GridmapError) -> str:
    """Return an error's sentence with labels and reasons in the reader's language."""
    fields = {name: _part(name, value) for name, value in problem.fields.items()}
    sentence: str = gettext(problem.message)
    return sentence % fields


def _part(name: str, value: object) -> object:
    if isinstance(value, Label):
        return in_words(value)
    is_sentence = name in ("why", "what", "field") and isinstance(value, str) and value
    return gettext(value) if is_sentence else value


@blueprint.get("/cases/kinds/<name>")
@requires("case")
def kind(name: str) -> ResponseReturnValue:
    """Show how a kind of case goes: its states and steps as a picture and as a table."""
    found = all_kinds().get(name)
    if found is None:
        raise NotFound(what=N_("kind of case"), name=name)
    return render_template("cases/kind.html", kind=found, diagram=diagram_of(found, in_words))
