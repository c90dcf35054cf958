"""The pages of those who manage accounts."""

from datetime import date

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.auth import actions, queries
from gridmap.auth import second_factor as factors
from gridmap.auth.current import current_actor, requires
from gridmap.auth.errors import BadAccount, NotYours
from gridmap.auth.permissions import AUDITOR, ROLE_NAMES
from gridmap.core import city
from gridmap.core.actor import EVERYTHING
from gridmap.core.clock import day_written
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, GridmapError
from gridmap.core.i18n import N_
from gridmap.core.paging import SIZE, Page, page_number

blueprint = Blueprint("people", __name__, template_folder="templates", url_prefix="/accounts")

SHOWN_ONCE = "auth/new_password.html"
GIVEN_HERE = {role: name for role, name in ROLE_NAMES.items() if role != AUDITOR}
"""Roles that administrators give."""


@blueprint.before_request
def of_others_alone() -> None:
    """Raise NotYours where somebody manages themselves: the own account asks for the password."""
    account_id = (request.view_args or {}).get("account_id")
    if (
        request.method == "POST"
        and account_id is not None
        and account_id == current_actor().account_id
    ):
        raise NotYours


@blueprint.get("")
@requires("account")
def index() -> ResponseReturnValue:
    """List the accounts in sight."""
    words = request.args.get("q", "").strip()[:100]
    number = page_number(request.args.get("page"))
    with transaction(current_actor()) as session:
        found = queries.accounts(session, words)
        zone = city.timezone(session)
    page = Page(number, len(found), lambda n: url_for("people.index", page=n, q=words or None))
    rows = found[(number - 1) * SIZE : number * SIZE]
    return render_template("auth/accounts.html", rows=rows, page=page, words=words, zone=zone)


@blueprint.get("/new")
@requires("account", "add")
def new() -> ResponseReturnValue:
    """Ask for the name of a new account."""
    return render_template("auth/new_account.html", problem=None)


@blueprint.post("")
@requires("account", "add")
def add() -> ResponseReturnValue:
    """Make an account; shows its first password, once."""
    actor = current_actor()
    name, shown = request.form.get("name", ""), request.form.get("display_name", "")
    password = actions.random_password()
    try:
        with transaction(actor) as session:
            account_id = actions.add_person(session, actor, name, shown)
            actions.set_password(session, actor, account_id, password, names=())
            made = queries.account(session, account_id)
    except (BadAccount, NotYours) as problem:
        return render_template("auth/new_account.html", problem=problem), problem.status
    return render_template(SHOWN_ONCE, account=made, password=password)


@blueprint.get("/<int:account_id>")
@requires("account")
def show(account_id: int) -> ResponseReturnValue:
    """Show one account: its roles, its sessions, what can be done with it."""
    return _card(account_id)


def _card(account_id: int, problem: GridmapError | None = None) -> ResponseReturnValue:
    with transaction(current_actor()) as session:
        page = render_template(
            "auth/account.html",
            account=queries.account(session, account_id),
            open_sessions=queries.sessions(session, account_id),
            roles=GIVEN_HERE,
            today=city.today(session),
            zone=city.timezone(session),
            problem=problem,
        )
    return make_response(page, problem.status if problem else 200)


@blueprint.post("/<int:account_id>/roles")
@requires("account", "add")
def give_role(account_id: int) -> ResponseReturnValue:
    """Let an account hold a role in a scope."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            wanted = _role(city.today(session))
            queries.account(session, account_id)
            actions.give_role(session, actor, account_id, wanted)
    except GridmapError as problem:
        return _card(account_id, problem)
    return _back(account_id, "role")


def _role(today: date) -> actions.Role:
    """Return the role that the form asks for; a code may be followed by the place's name."""
    form = request.form
    written = [part.split()[0] for part in form.get("scope", "").split(",") if part.strip()]
    if not written and not form.get("everywhere"):
        raise BadRequest(field="scope", why=N_("Name at least one division or grid."))
    return actions.Role(
        form.get("role", ""),
        (EVERYTHING,) if form.get("everywhere") else tuple(written),
        _day("first") or today,
        _day("last"),
        form.get("stands_in_for", "").strip() or None,
    )


def _day(field: str) -> date | None:
    text = request.form.get(field, "").strip()
    return day_written(text, field=field) if text else None


@blueprint.post("/<int:account_id>/roles/<int:grant_id>/end")
@requires("account", "change")
def end_role(account_id: int, grant_id: int) -> ResponseReturnValue:
    """End a role today."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            actions.end_role(session, actor, account_id, grant_id, city.today(session))
    except NotYours as problem:
        return _card(account_id, problem)
    return _back(account_id, "role")


@blueprint.post("/<int:account_id>/lock")
@requires("account", "change")
def lock(account_id: int) -> ResponseReturnValue:
    """Lock an account."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            actions.lock(session, actor, account_id, request.form.get("reason", ""))
    except NotYours as problem:
        return _card(account_id, problem)
    return _back(account_id, "lock")


@blueprint.post("/<int:account_id>/unlock")
@requires("account", "change")
def unlock(account_id: int) -> ResponseReturnValue:
    """Let an account sign in again."""
    actor = current_actor()
    try:
        with transaction(actor) as session:
            actions.unlock(session, actor, account_id)
    except NotYours as problem:
        return _card(account_id, problem)
    return _back(account_id, "unlock")


@blueprint.post("/<int:account_id>/reset")
@requires("account", "change")
def reset(account_id: int) -> ResponseReturnValue:
    """Set a new password; shows it, once. The second factor goes too where the form says so."""
    actor = current_actor()
    password = actions.random_password()
    try:
        with transaction(actor) as session:
            found = queries.account(session, account_id)
            actions.set_password(session, actor, account_id, password, names=())
            if request.form.get("second_factor"):
                factors.remove(session, actor, account_id)
    except NotYours as problem:
        return _card(account_id, problem)
    return render_template(SHOWN_ONCE, account=found, password=password)


@blueprint.post("/<int:account_id>/identity")
@requires("account", "change")
def set_identity(account_id: int) -> ResponseReturnValue:
    """Say as whom the OpenID provider knows an account's owner."""
    actor = current_actor()
    subject = request.form.get("external_id", "").strip()[:500] or None
    try:
        with transaction(actor) as session:
            actions.set_external_id(session, actor, account_id, subject)
    except (NotYours, BadAccount) as problem:
        return _card(account_id, problem)
    return _back(account_id, "identity")


@blueprint.post("/<int:account_id>/sessions/<int:session_id>/end")
@requires("account", "change")
def end_session(account_id: int, session_id: int) -> ResponseReturnValue:
    """End one session of an account."""
    return _end_sessions(account_id, session_id)


@blueprint.post("/<int:account_id>/sessions/end")
@requires("account", "change")
def end_sessions(account_id: int) -> ResponseReturnValue:
    """End all sessions of an account."""
    return _end_sessions(account_id, None)


def _end_sessions(account_id: int, only: int | None) -> ResponseReturnValue:
    actor = current_actor()
    try:
        with transaction(actor) as session:
            actions.end_sessions(session, actor, account_id, only)
    except NotYours as problem:
        return _card(account_id, problem)
    return _back(account_id, "session")


def _back(account_id: int, done: str) -> ResponseReturnValue:
    return redirect(url_for("people.show", account_id=account_id, done=done))
