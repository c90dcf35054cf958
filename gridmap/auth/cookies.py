"""The browser's session: one cookie that scripts cannot read and other sites cannot send along."""

from flask import Response, request

from gridmap.auth.current import COOKIE, SECURE_COOKIE
from gridmap.auth.sessions import Client

NOTE = "gridmap_half_way"
PROVIDER = "gridmap_provider"
LONGEST_AGENT = 300


def keep_session(response: Response, token: str) -> None:
    """Give the browser its token; behind TLS under a name that no other site can set."""
    name = SECURE_COOKIE if request.is_secure else COOKIE
    response.set_cookie(name, token, httponly=True, secure=request.is_secure, samesite="Lax")


def drop_session(response: Response) -> None:
    """Take the token away, and whatever the browser kept of pages."""
    name = SECURE_COOKIE if request.is_secure else COOKIE
    response.delete_cookie(name, httponly=True, secure=request.is_secure, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache"'


def keep_note(response: Response, note: str, *, seconds: int, name: str = NOTE) -> None:
    """Give the browser a note: that the first step was done, or that it set out to a provider."""
    response.set_cookie(
        name, note, max_age=seconds, path="/login",
        httponly=True, secure=request.is_secure, samesite="Lax",
    )  # fmt: skip


def drop_note(response: Response, name: str = NOTE) -> None:
    """Take a note away."""
    response.delete_cookie(name, path="/login", httponly=True, samesite="Lax")


def client() -> Client:
    """Return from where the request comes."""
    agent = request.user_agent.string[:LONGEST_AGENT]
    return Client(address=request.remote_addr, agent=agent or None)
