"""Pages of the register of residents. Values in full are never in an address and never kept."""

import json
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.audit.actions import record_look
from gridmap.auth.current import current_actor, requires
from gridmap.core import city
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.residents import changes, forms, page_queries, persons
from gridmap.residents.changes import STAYS
from gridmap.residents.forms import CorrectionForm
from gridmap.residents.persons import Person
from gridmap.residents.rules import KIND_NAMES, PURPOSES, SEARCHED

blueprint = Blueprint("residents", __name__, template_folder="templates")


@blueprint.get("/residents")
@requires("personal")
def register() -> ResponseReturnValue:
    """List the residents of a scope, masked."""
    actor = current_actor()
    number = page_number(request.args.get("page"))
    scope = actor.narrow(request.args.get("scope", "").strip()[:64], "personal")
    with transaction(actor) as session:
        total, rows = persons.list_page(
            session, actor, scope=scope, limit=SIZE, offset=(number - 1) * SIZE
        )
    page = Page(number, total, lambda n: url_for("residents.register", page=n, scope=scope or None))
    return render_template(
        "residents/register.html", rows=rows, page=page, scope=scope, found=None,
        fields=SEARCHED, field="name", kinds=KIND_NAMES,
    )  # fmt: skip


@blueprint.post("/residents/search")
@requires("personal")
def search() -> ResponseReturnValue:
    """Find residents by a whole name or number; what was looked for is in no address."""
    actor = current_actor()
    field, problem, rows = request.form.get("field", "name"), None, []
    try:
        with transaction(actor) as session:
            rows = persons.search(
                session, actor, field=field, words=forms.text_of(request.form, "words")
            )
    except GridmapError as trouble:
        if trouble.status != 400:
            raise
        problem = gettext(str(trouble.fields.get("why", "")))
    page = Page(1, len(rows), lambda _: url_for("residents.register"))
    answer = render_template(
        "residents/register.html", rows=rows, page=page, scope="", found=len(rows),
        fields=SEARCHED, field=field, kinds=KIND_NAMES, problem=problem,
    )  # fmt: skip
    return answer, 400 if problem else 200


@blueprint.get("/residents/<int:resident_id>")
@requires("personal")
def show(resident_id: int) -> ResponseReturnValue:
    """Show one resident, masked."""
    actor = current_actor()
    with transaction(actor) as session:
        person = persons.look(session, actor, resident_id)
        return _page(person, day=city.today(session))


def _page(person: Person, *, day: Any, **more: Any) -> str:
    actor, code = current_actor(), person.grid_code
    may = {
        "reveal": actor.may("sensitive", at=code),
        "export": actor.may("sensitive", "export", at=code),
        "change": actor.may("personal", "change", at=code),
        "erase": actor.may("personal", "erase", at=code),
        "audit": actor.may("audit", at=code),
    }
    return render_template(
        "residents/show.html", person=person, may=may, purposes=PURPOSES, kinds=KIND_NAMES,
        stays=STAYS, today=day, **more,
    )  # fmt: skip


@blueprint.post("/residents/<int:resident_id>/reveal")
@requires("sensitive")
def reveal(resident_id: int) -> ResponseReturnValue:
    """Show one resident in full, once, for a purpose that is written down."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            person = persons.reveal(
                session,
                actor,
                resident_id,
                purpose=request.form.get("purpose", ""),
                words=forms.text_of(request.form, "words"),
            )
            day = city.today(session)
    except GridmapError as problem:
        return _again(resident_id, problem)
    return _page(person, day=day, revealed=True)


def _again(resident_id: int, problem: GridmapError) -> ResponseReturnValue:
    """Show the masked page with what was wrong with a form."""
    if problem.status not in (400, 409, 422):
        raise problem
    actor = current_actor()
    with transaction(actor) as session:
        person = persons.look(session, actor, resident_id)
        day = city.today(session)
    return _page(person, day=day, problem=problem.spoken(gettext)), problem.status


@blueprint.post("/residents/<int:resident_id>/held")
@requires("sensitive", "export")
def held(resident_id: int) -> ResponseReturnValue:
    """Give out everything that is held on one person, as a page or as JSON."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            found = persons.held_on(
                session, actor, resident_id, words=forms.text_of(request.form, "words")
            )
    except GridmapError as problem:
        return _again(resident_id, problem)
    if request.form.get("form") != "json":
        return render_template("residents/held.html", held=found, kinds=KIND_NAMES)
    answer = make_response(json.dumps(found, ensure_ascii=False, indent=1))
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    answer.headers["Content-Disposition"] = f"attachment; filename=person_{resident_id}.json"
    return answer


@blueprint.post("/residents/<int:resident_id>/correct")
@requires("personal", "change")
def correct(resident_id: int) -> ResponseReturnValue:
    """Correct what stands of a person."""
    actor = current_actor()
    try:
        form = CorrectionForm.parse(request.form)
        with transaction(actor) as session:
            changes.correct(
                session,
                actor,
                resident_id,
                form.correction,
                version=form.version,
                reason=form.reason,
            )
    except GridmapError as problem:
        return _again(resident_id, problem)
    return redirect(url_for("residents.show", resident_id=resident_id), code=303)


@blueprint.post("/residents/<int:resident_id>/move-in")
@requires("personal", "change")
def move_in(resident_id: int) -> ResponseReturnValue:
    """Write down that a person lives somewhere from a day on."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            changes.move_in(session, actor, resident_id, forms.new_home(request.form))
            there = _where_next(session, resident_id)
    except GridmapError as problem:
        return _again(resident_id, problem)
    return redirect(there, code=303)


def _where_next(session: Session, resident_id: int) -> str:
    """Return the person's page, or the register where a move took them out of the scope."""
    if page_queries.resident_by_id(session, resident_id) is None:
        return url_for("residents.register")
    return url_for("residents.show", resident_id=resident_id)


@blueprint.post("/residents/<int:resident_id>/move-out")
@requires("personal", "change")
def move_out(resident_id: int) -> ResponseReturnValue:
    """End one of a person's residences."""
    actor = current_actor()
    try:
        residence = forms.whole_number(request.form, "residence")
        with transaction(actor) as session:
            changes.move_out(session, actor, residence, on=forms.day_of(request.form, "on"))
            there = _where_next(session, resident_id)
    except GridmapError as problem:
        return _again(resident_id, problem)
    return redirect(there, code=303)


@blueprint.post("/residents/<int:resident_id>/erase")
@requires("personal", "erase")
def erase(resident_id: int) -> ResponseReturnValue:
    """Erase a person, and say what stays and why."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            rows = changes.erase(
                session, actor, resident_id, reason=forms.text_of(request.form, "reason")
            )
    except GridmapError as problem:
        return _again(resident_id, problem)
    return render_template("residents/erased.html", number=resident_id, rows=rows, stays=STAYS)


@blueprint.get("/residents/<int:resident_id>/looks")
@requires("audit")
def looks(resident_id: int) -> ResponseReturnValue:
    """List who looked at a person or changed the record: for auditors, by number alone."""
    actor = current_actor()
    number = page_number(request.args.get("page"))
    with transaction(actor) as session:
        record_look(session, actor, "audit.looks_listed", subject=("looks", resident_id),
                    page=number)  # fmt: skip
        total, rows = page_queries.looks_at(
            session, resident_id, limit=SIZE, offset=(number - 1) * SIZE
        )
        zone = city.timezone(session)
    page = Page(
        number, total, lambda n: url_for("residents.looks", resident_id=resident_id, page=n)
    )
    return render_template(
        "residents/looks.html", number=resident_id, rows=rows, page=page, zone=zone
    )
