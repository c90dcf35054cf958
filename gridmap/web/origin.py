"""Refuse what another site makes a browser send (cross-site request forgery).

No token and no session: browsers say themselves where a request comes from, and no page
can forge that. Why this instead of a token: docs/decisions/0003-origin-instead-of-token.md.
"""

from urllib.parse import urlsplit

from flask import Flask, request

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignRequest(GridmapError):
    """A page of another site sent this."""

    status = 403
    code = "foreign_request"
    message = N_("This was sent by a page of another site. Open gridmap itself and do it there.")


def init_app(app: Flask) -> None:
    """Check each request that may change something."""
    app.before_request(require_own_origin)


def require_own_origin() -> None:
    """Raise ForeignRequest unless a changing request comes from our own pages.

    A client that sends neither header is no browser of the last years (a script, curl);
    it carries no cookies of a victim, so there is nothing to forge.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin")
        allowed = origin is None or urlsplit(origin).netloc == request.host
    if not allowed:
        raise ForeignRequest
