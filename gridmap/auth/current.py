"""The actor of a request, and what each view asks of it. A view that asks nothing is refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

from gridmap.auth.errors import NotAllowed, NotSignedIn, PasswordMustChange
from gridmap.auth.permissions import ACTIONS, DATA
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import NOBODY, Actor

View = TypeVar("View", bound=Callable[..., Any])
COOKIE = "gridmap_session"
SECURE_COOKIE = "__Host-gridmap_session"
OPEN = ("", "")
SIGNED_IN = ("", "signed in")
"""What stands at a view in place of (data, action)."""
LARGEST_FORM = 64 * 1024
"""Bytes that a view takes which is open to all."""
PASSWORD_PAGES = ("account.password", "account.change_password")


def requires(data: str, action: str = "see") -> Callable[[View], View]:
    """Say what a view needs: an action with a class of data, somewhere in the actor's scope."""
    if data not in DATA or action not in ACTIONS.values():
        raise ValueError(f"{data}.{action} is not in the permission table")

    def declare(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            require(data, action)
            return view(*args, **kwargs)

        return cast(View, _declared(checked, (data, action)))

    return declare


def open_to_all(view: View) -> View:
    """Say that a view needs no session: it shows nothing that is anybody's."""
    return cast(View, _declared(view, OPEN))


def signed_in(view: View) -> View:
    """Say that a view is for everybody with a browser's session, about their own account."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        actor = current_actor()
        if actor is NOBODY:
            raise NotSignedIn
        if actor.session_kind == "program":
            raise NotAllowed  # a token that leaked changes no password
        return view(*args, **kwargs)

    return cast(View, _declared(checked, SIGNED_IN))


def _declared(view: Callable[..., Any], permission: tuple[str, str]) -> Callable[..., Any]:
    """Keep what a view asks for at the view itself, where `permission_of` finds it."""
    view.__dict__["permission"] = permission
    return view


def permission_of(view: Callable[..., Any]) -> tuple[str, str] | None:
    """Return what a view declared; None: nothing, so nobody may call it."""
    found: tuple[str, str] | None = getattr(view, "permission", None)
    return found


def require(data: str, action: str) -> None:
    """Raise NotSignedIn or NotAllowed unless the request's actor may do something somewhere."""
    actor = current_actor()
    if actor is NOBODY:
        raise NotSignedIn
    if not actor.may(data, action):
        raise NotAllowed


def current_actor() -> Actor:
    """Return who makes this request; NOBODY without a session. Asks the database once."""
    if "actor" not in g:
        g.actor = actor_of(token_of_request())
    found: Actor = g.actor
    return found


def token_of_request() -> str:
    """Return the session's token: of a program's Authorization header, else of the cookie."""
    given = request.headers.get("Authorization", "")
    if given:
        kind, _, token = given.partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""
    return request.cookies.get(SECURE_COOKIE if request.is_secure else COOKIE, "")


def init_app(app: Flask) -> None:
    """Refuse views that declare nothing, and all but one until a password is somebody's own."""
    app.before_request(refuse_undeclared)
    app.before_request(require_own_password)


def refuse_undeclared() -> None:
    """Raise NotAllowed for a view that is not in the permission table, before a body is read.

    Nobody without a session fills the disk: NotSignedIn comes before an upload is taken, and what
    is open to all takes no more than a form.
    """
    if request.endpoint is None or request.endpoint == "static":
        return
    asked = permission_of(current_app.view_functions[request.endpoint])
    if asked is None:
        raise NotAllowed
    if asked == OPEN:
        request.max_content_length = LARGEST_FORM
    elif current_actor() is NOBODY:
        raise NotSignedIn


def require_own_password() -> None:
    """Raise PasswordMustChange on other pages while somebody else knows the password."""
    if request.endpoint is None or request.endpoint in ("static", *PASSWORD_PAGES):
        return
    if permission_of(current_app.view_functions[request.endpoint]) == OPEN:
        return
    if current_actor().must_change_password:
        raise PasswordMustChange
