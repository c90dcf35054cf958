"""The desk: lists of cases, one case with its next steps and history, a new one."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth.current import current_actor, requires
from gridmap.cases import actions, forms, queries, rules
from gridmap.cases.actions import Seen
from gridmap.cases.declarations import PRIORITIES, Label
from gridmap.cases.diagrams import diagram_of
from gridmap.cases.figure_queries import case_figures
from gridmap.cases.kinds import all_kinds
from gridmap.cases.models import SOURCES, Case
from gridmap.cases.rules import Given
from gridmap.cases.shown import (
    case_row,
    clock_rows,
    field_values,
    in_words,
    point_of,
    role_names,
    sheet_header,
    sheet_rows,
    span_words,
    told,
    total_words,
)
from gridmap.core.city import timezone
from gridmap.core.clock import local_date, local_midnight, utc_now
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, GridmapError, NotFound
from gridmap.core.i18n import N_
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.core.sheets import CSV_TYPE, XLSX_TYPE, as_csv, as_xlsx
from gridmap.grids.register_queries import names_of_grids
from gridmap.staff.queries import accounts_on_duty

blueprint = Blueprint("cases", __name__, template_folder="templates")
MOST_EXPORTED = 50_000
MOST_POINTS = 2_000
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
    tab = forms.tab(request.args, TABS)
    number = page_number(request.args.get("page"))
    with transaction(actor) as session:
        zone, now = timezone(session), utc_now()
        base = forms.wanted(request.args, actor)
        lists = forms.lists(base, actor, now, zone)
        counts = queries.counts(session, lists)
        _, cases = queries.case_page(session, lists[tab], limit=SIZE, offset=(number - 1) * SIZE)
        names = names_of_grids(session, [case.grid_code for case in cases])
    page = Page(number, counts[tab], lambda n: url_for("cases.desk", **_kept(page=n)))
    return render_template(
        "cases/desk.html",
        rows=[case_row(case, names=names, now=now, zone=zone) for case in cases],
        counts=counts, tabs=TABS, tab=tab, page=page, words=" ".join(base.words),
        zone=zone, now=now,
        kinds=all_kinds().values(), chosen=base.kinds, total=total_words(counts["open"]),
        may_add=actor.may("case", "add"), may_export=actor.may("case", "export"),
        export_address=lambda form: url_for("cases.export", format=form, **_kept()),
        address=lambda **changes: url_for("cases.desk", **_kept(**changes)),
    )  # fmt: skip


def _kept(**changes: Any) -> dict[str, Any]:
    """Return this list's parameters, some changed; another list begins at its first page."""
    kept: dict[str, Any] = {
        name: request.args.getlist(name)
        for name in ("scope", "tab", "kind", "q")
        if request.args.get(name)
    }
    return {name: value for name, value in (kept | changes).items() if value not in (None, "")}


@blueprint.get("/desk/export.<format>")
@requires("case", "export")
def export(format: str) -> ResponseReturnValue:
    """Return a list of the desk with its filter as a file: CSV or Excel."""
    if format not in ("csv", "xlsx"):
        raise NotFound(what=N_("export"), name=format)
    actor, tab = current_actor(), forms.tab(request.args, TABS)
    with transaction(actor) as session:
        zone, now = timezone(session), utc_now()
        wanted = forms.lists(forms.wanted(request.args, actor), actor, now, zone)[tab]
        total, found = queries.case_page(session, wanted, limit=MOST_EXPORTED)
        names = names_of_grids(session, [case.grid_code for case in found])
        record(session, actor, "cases.exported", subject=("cases", tab), where=wanted.scope,
               rows=len(found), of=total, format=format)  # fmt: skip
    rows = sheet_rows([case_row(case, names=names, now=now, zone=zone) for case in found], zone)
    if format == "csv":
        response = Response(as_csv(sheet_header(), rows), content_type=CSV_TYPE)
    else:
        response = Response(as_xlsx(gettext("Cases"), sheet_header(), rows), content_type=XLSX_TYPE)
    name = f"gridmap_cases_{now:%Y%m%d}.{format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Gridmap-Rows"] = f"{len(found)} of {total}"
    return response


@blueprint.get("/cases/points")
@requires("case")
def points() -> ResponseReturnValue:
    """Return a list of the desk for the map: points, or counts per grid where there are many."""
    actor, tab = current_actor(), forms.tab(request.args, TABS)
    with transaction(actor) as session:
        zone, now = timezone(session), utc_now()
        wanted = forms.lists(forms.wanted(request.args, actor), actor, now, zone)[tab]
        hidden = [kind.name for kind in all_kinds().values() if kind.never_a_point]
        found = queries.on_map(session, wanted, most=MOST_POINTS, hidden_kinds=hidden)
        names = names_of_grids(session, [case.grid_code for case, _, _ in found.cases])
    return jsonify(
        total=found.total,
        with_point=found.with_point,
        by_grid=found.by_grid,
        cases=[
            point_of(case_row(case, names=names, now=now, zone=zone), lon, lat)
            for case, lon, lat in found.cases
        ],
    )


@blueprint.get("/cases/figures")
@requires("case")
def figures() -> ResponseReturnValue:
    """Show how many cases of each kind there were, how they ended, which deadlines were kept."""
    actor = current_actor()
    scope = actor.narrow(request.args.get("scope", ""), "case")
    with transaction(actor) as session:
        zone, now = timezone(session), utc_now()
        start, end = forms.window(request.args, local_date(now, zone))
        found = [
            (kind, case_figures(session, kind.name, start=local_midnight(start, zone),
                                end=local_midnight(end, zone), now=now, scope=scope))
            for kind in all_kinds().values()
        ]  # fmt: skip
    if request.args.get("format") == "json":
        return jsonify(
            start=start.isoformat(), end=end.isoformat(), timezone=zone, scope=scope,
            kinds={kind.name: counted.as_json() for kind, counted in found},
        )  # fmt: skip
    return render_template(
        "cases/figures.html", shown=found, start=start, end=end, last=end - timedelta(days=1)
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
        report = forms.report(form)
        with transaction(actor) as session:
            case = actions.open_case(session, actor, report, key=form.get("key") or None)
    except GridmapError as problem:
        if problem.status >= 500:
            raise
        return _new_page(form, _said(problem)), problem.status
    return redirect(url_for("cases.show", code=case.code), code=303)


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
        on_duty=accounts_on_duty(session, case.grid_code, day=local_date(now, zone)),
        facts=field_values(kind, rules.visible_fields(kind, case.fields, standing.roles)),
        clocks=clock_rows(kind, queries.clocks_of(session, case.id), now),
        history=[told(kind, event, list(visible)) for event in events],
        may_note=actor.may("case", "change", at=case.grid_code),
        undoable=actions.may_undo(case, actor, last),
        may_hand_over=rules.may_hand_over(kind, standing),
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
    return problem.spoken(gettext, _in_words)


def _in_words(value: object) -> object:
    if isinstance(value, Label):
        return in_words(value)
    if isinstance(value, rules.Roles):
        return role_names(value)
    return gettext(value) if isinstance(value, str) and value in rules.MARKED else value


@blueprint.get("/cases/kinds/<name>")
@requires("case")
def kind(name: str) -> ResponseReturnValue:
    """Show how a kind of case goes: its states and steps as a picture and as a table."""
    found = all_kinds().get(name)
    if found is None:
        raise NotFound(what=N_("kind of case"), name=name)
    return render_template("cases/kind.html", kind=found, diagram=diagram_of(found, in_words))
