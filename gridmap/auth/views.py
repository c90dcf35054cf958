"""The pages of signing in and out."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from gridmap.auth import cookies, log_in, second_factor
from gridmap.auth.current import current_actor, open_to_all
from gridmap.auth.errors import (
    ProviderFailed,
    TooManyAttempts,
    UnknownIdentity,
    WrongCode,
    WrongLogin,
)
from gridmap.auth.rules import own_path
from gridmap.auth.sessions import end_session
from gridmap.core.actor import NOBODY, Actor
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from gridmap.core.settings import settings

blueprint = Blueprint("auth", __name__, template_folder="templates")

LONGEST_TYPED = 1024


@blueprint.get("/login")
@open_to_all
def login() -> ResponseReturnValue:
    """Ask for name and password."""
    following = own_path(request.args.get("next"))
    if current_actor() is not NOBODY:
        return redirect(following)
    return _ask_password(following)


@blueprint.post("/login")
@open_to_all
def check_password() -> ResponseReturnValue:
    """Check name and password; then in, or on to the code."""
    following = own_path(request.form.get("next"))
    name = request.form.get("name", "")[:LONGEST_TYPED]
    password = request.form.get("password", "")[:LONGEST_TYPED]
    client = cookies.client()
    try:
        found = log_in.check_password(name, password, client)
        if found.totp_secret is None:
            return let_in(log_in.enter(found, client, second_factor=False), found, following)
    except (WrongLogin, TooManyAttempts) as problem:
        return _ask_password(following, problem=problem, name=name)
    return ask_second_factor(found, following)


def ask_second_factor(
    found: log_in.Candidate, following: str, *, way: str = "password"
) -> Response:
    """Lead somebody whose first step was right to the second."""
    response = make_response(redirect(url_for("auth.login_code", next=following)))
    cookies.keep_note(response, log_in.half_way(found, way=way), seconds=log_in.HALF_WAY_S)
    return response


@blueprint.get("/login/code")
@open_to_all
def login_code() -> ResponseReturnValue:
    """Ask for the code of the second factor."""
    following = own_path(request.args.get("next"))
    if log_in.who_is_half_way(request.cookies.get(cookies.NOTE, "")) is None:
        return redirect(url_for("auth.login", next=following))
    return _ask_code(following)


@blueprint.post("/login/code")
@open_to_all
def check_code() -> ResponseReturnValue:
    """Check the code; then in."""
    following = own_path(request.form.get("next"))
    half_way = log_in.who_is_half_way(request.cookies.get(cookies.NOTE, ""))
    if half_way is None:
        return redirect(url_for("auth.login", next=following))
    found, way = half_way
    client = cookies.client()
    try:
        second_factor.check_code(found, request.form.get("code", "")[:64], client)
        actor = log_in.enter(found, client, second_factor=True, way=way)
    except (WrongCode, WrongLogin, TooManyAttempts) as problem:
        return _ask_code(following, problem=problem)
    return let_in(actor, found, following)


@blueprint.get("/login/provider")
@open_to_all
def provider() -> ResponseReturnValue:
    """Send somebody to the OpenID provider."""
    from gridmap.auth import openid  # its libraries take a tenth of a second to load

    following = own_path(request.args.get("next"))
    if settings().oidc_issuer is None:
        return redirect(url_for("auth.login", next=following))
    try:
        address, note = openid.set_out(_return_address(), following)
    except ProviderFailed as problem:
        return _ask_password(following, problem=problem)
    response = make_response(redirect(address))
    cookies.keep_note(response, note, seconds=openid.ON_THE_WAY_S, name=cookies.PROVIDER)
    return response


@blueprint.get("/login/provider/back")
@open_to_all
def provider_back() -> ResponseReturnValue:
    """Let somebody in who comes back from the provider, or ask for the second factor."""
    from gridmap.auth import openid

    client = cookies.client()
    note = request.cookies.get(cookies.PROVIDER, "")
    if settings().oidc_issuer is None:
        return redirect(url_for("auth.login"))
    try:
        found, following = openid.come_back(request.args, note, _return_address(), client)
        if found.totp_secret is None:
            actor = log_in.enter(found, client, second_factor=False, way="provider")
            response = let_in(actor, found, following)
        else:
            response = ask_second_factor(found, following, way="provider")
    except (ProviderFailed, UnknownIdentity, TooManyAttempts, WrongLogin) as problem:
        response = _ask_password("/", problem=problem)
    cookies.drop_note(response, cookies.PROVIDER)
    return response


def _return_address() -> str:
    return url_for("auth.provider_back", _external=True)


@blueprint.post("/logout")
@open_to_all
def logout() -> ResponseReturnValue:
    """End the session and go to the log-in."""
    actor = current_actor()
    if actor is not NOBODY:
        end_session(actor)
    response = make_response(redirect(url_for("auth.login", out=1)))
    cookies.drop_session(response)
    return response


def let_in(actor: Actor, found: log_in.Candidate, following: str) -> Response:
    """Give the browser its new session and end the one that it had."""
    before = current_actor()
    if before is not NOBODY:
        end_session(before)
    response = make_response(redirect(_first_page(actor, following)))
    cookies.keep_session(response, actor.token)
    cookies.drop_note(response)
    if found.language:
        response.set_cookie("lang", found.language, max_age=365 * 24 * 3600, samesite="Lax",
                            secure=request.is_secure)  # fmt: skip
    return response


def _first_page(actor: Actor, following: str) -> str:
    """Return where somebody goes who just came in: first to what their account still lacks."""
    if actor.must_change_password:
        return url_for("account.password", next=following)
    if actor.waits_for_second_factor:
        return url_for("account.second_factor", next=following)
    return following


def _ask_password(
    following: str, *, problem: GridmapError | None = None, name: str = ""
) -> Response:
    with transaction(NOBODY) as session:
        anybody = session.scalar(text("SELECT auth.has_people()"))
    page = render_template(
        "auth/login.html",
        following=following,
        problem=problem,
        name=name,
        anybody=anybody,
        provider=settings().oidc_issuer is not None,
    )
    return _answer(page, problem)


def _ask_code(following: str, *, problem: GridmapError | None = None) -> ResponseReturnValue:
    return _answer(render_template("auth/code.html", following=following, problem=problem), problem)


def _answer(page: str, problem: GridmapError | None) -> Response:
    """Return the page again, with the status that a program understands."""
    response = make_response(page, problem.status if problem else 200)
    if isinstance(problem, TooManyAttempts):
        response.headers["Retry-After"] = str(problem.fields["retry_after"])
    return response
