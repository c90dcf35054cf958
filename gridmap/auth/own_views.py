"""The pages of the own account: password, second factor, sessions, language."""

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from gridmap.auth import actions, cookies, log_in, queries
from gridmap.auth import second_factor as factors
from gridmap.auth.current import current_actor, signed_in
from gridmap.auth.errors import BadPassword, TooManyAttempts, WrongCode, WrongLogin
from gridmap.auth.rules import own_path
from gridmap.core import city
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError

blueprint = Blueprint("account", __name__, template_folder="templates", url_prefix="/account")

LANGUAGES = {"en": "English", "zh_Hans": "中文"}
LONGEST_TYPED = 1024
YEAR_S = 365 * 24 * 3600


@blueprint.get("")
@signed_in
def show() -> ResponseReturnValue:
    """Show the own account."""
    return _overview()


@blueprint.get("/password")
@signed_in
def password() -> ResponseReturnValue:
    """Ask for a new password."""
    return _ask_password(None)


@blueprint.post("/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """Change the own password; all other browsers are signed out, this one gets a new session."""
    actor = current_actor()
    client = cookies.client()
    new = request.form.get("new", "")[:LONGEST_TYPED]
    try:
        log_in.confirm_identity(actor, request.form.get("password", "")[:LONGEST_TYPED], client)
        with transaction(actor) as session:
            names = (actor.name, actor.display_name)
            actions.set_password(session, actor, _own(session).id, new, names=names)
        renewed = log_in.renew(
            actor, client, second_factor=actor.second_factor, way="password changed"
        )
    except (BadPassword, WrongLogin, TooManyAttempts) as problem:
        return _ask_password(problem)
    following = own_path(request.form.get("next"))
    response = make_response(
        redirect(_after_password(following, waits=renewed.waits_for_second_factor))
    )
    cookies.keep_session(response, renewed.token)
    return response


def _after_password(following: str, *, waits: bool) -> str:
    if waits:
        return url_for("account.second_factor", next=following)
    return url_for("account.show", done="password") if following == "/" else following


@blueprint.get("/second-factor")
@signed_in
def second_factor() -> ResponseReturnValue:
    """Show the code for a device; the secret waits until a first code is typed."""
    return _ask_first_code(None)


@blueprint.post("/second-factor")
@signed_in
def confirm_second_factor() -> ResponseReturnValue:
    """Switch the second factor on; shows the recovery codes, once."""
    actor = current_actor()
    client = cookies.client()
    try:
        with transaction(actor) as session:
            another = _own(session).totp_secret is not None
        if another:
            log_in.confirm_identity(actor, request.form.get("password", ""), client)
        codes = factors.confirm(actor, request.form.get("code", "")[:64], client)
        renewed = log_in.renew(actor, client, second_factor=True, way="second factor set")
    except (WrongCode, WrongLogin, TooManyAttempts) as problem:
        return _ask_first_code(problem)
    response = _show_codes(codes)
    cookies.keep_session(response, renewed.token)
    return response


@blueprint.post("/second-factor/codes")
@signed_in
def renew_codes() -> ResponseReturnValue:
    """Replace the recovery codes; shows the new ones, once."""
    actor = current_actor()
    try:
        log_in.confirm_identity(actor, request.form.get("password", ""), cookies.client())
        codes = factors.renew_codes(actor)
    except (WrongLogin, TooManyAttempts) as problem:
        return _overview(problem)
    return _show_codes(codes)


@blueprint.post("/second-factor/remove")
@signed_in
def remove_second_factor() -> ResponseReturnValue:
    """Take the own second factor away; roles that need one do not hold any more."""
    actor = current_actor()
    client = cookies.client()
    try:
        log_in.confirm_identity(actor, request.form.get("password", ""), client)
        with transaction(actor) as session:
            factors.remove(session, actor, _own(session).id)
        renewed = log_in.renew(actor, client, second_factor=False, way="second factor removed")
    except (WrongLogin, TooManyAttempts) as problem:
        return _overview(problem)
    response = make_response(redirect(url_for("account.show", done="removed")))
    cookies.keep_session(response, renewed.token)
    return response


@blueprint.post("/sessions/<int:session_id>/end")
@signed_in
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of the own sessions."""
    actor = current_actor()
    with transaction(actor) as session:
        actions.end_sessions(session, actor, _own(session).id, session_id)
    return redirect(url_for("account.show", done="session"))


@blueprint.post("/sessions/end-others")
@signed_in
def end_other_sessions() -> ResponseReturnValue:
    """End all own sessions but this one."""
    actor = current_actor()
    with transaction(actor) as session:
        actions.end_sessions(session, actor, _own(session).id)
    return redirect(url_for("account.show", done="session"))


@blueprint.post("/language")
@signed_in
def set_language() -> ResponseReturnValue:
    """Keep the language of the own account, here and after the next log-in."""
    chosen = request.form.get("language", "")
    language = chosen if chosen in LANGUAGES else None
    with transaction(current_actor()) as session:
        actions.set_language(session, language)
    response = make_response(redirect(url_for("account.show", done="language")))
    if language:
        response.set_cookie(
            "lang", language, max_age=YEAR_S, samesite="Lax", secure=request.is_secure
        )
    return response


def _own(session: Session) -> log_in.Candidate:
    """Return what the database keeps of the own account."""
    found = log_in.candidate(session, "id", current_actor().account_id)
    if found is None:
        raise WrongLogin
    return found


def _overview(problem: GridmapError | None = None) -> Response:
    actor = current_actor()
    with transaction(actor) as session:
        page = render_template(
            "auth/own.html",
            actor=actor,
            own=_own(session),
            open_sessions=queries.sessions(session, actor.account_id),
            grants=queries.grants(session, actor.account_id),
            languages=LANGUAGES,
            zone=city.timezone(session),
            problem=problem,
        )
    return _answer(page, problem)


def _ask_password(problem: GridmapError | None) -> Response:
    following = own_path(request.values.get("next"))
    actor = current_actor()
    with transaction(actor) as session:
        own = _own(session)
    page = render_template(
        "auth/password.html",
        actor=actor,
        own=own,
        following=following,
        problem=problem,
    )
    return _answer(page, problem)


def _ask_first_code(problem: GridmapError | None) -> Response:
    actor = current_actor()
    secret = factors.begin(actor)
    with transaction(actor) as session:
        own = _own(session)
    page = render_template(
        "auth/second_factor.html",
        actor=actor,
        own=own,
        secret=secret,
        picture=qr_code(factors.address_for_device(actor.name, secret)),
        following=own_path(request.values.get("next")),
        problem=problem,
    )
    return _answer(page, problem)


def _show_codes(codes: list[str]) -> Response:
    following = own_path(request.form.get("next"))
    return make_response(render_template("auth/codes.html", codes=codes, following=following))


def qr_code(text: str) -> Markup:
    """Return a QR code as an SVG element without any style, so that the strict policy holds."""
    drawn = segno.make(text, error="m").svg_inline(scale=4, border=2, light="#fff", dark="#000")
    return Markup(drawn)  # noqa: S704 - segno writes numbers only, the text is in the modules


def _answer(page: str, problem: GridmapError | None) -> Response:
    response = make_response(page, problem.status if problem else 200)
    if isinstance(problem, TooManyAttempts):
        response.headers["Retry-After"] = str(problem.fields["retry_after"])
    return response
