"""What browsers and proxies may keep of a response: nothing where a person is in it."""

from flask import Flask, Response, current_app, request

from gridmap.auth.current import OPEN, SIGNED_IN, permission_of

NOT_KEPT = frozenset({"personal", "sensitive", "audit", "account", "case"})
"""Classes of data of which nothing stays in a browser's cache."""


def init_app(app: Flask) -> None:
    """Say for each response whether it may be kept; a view that said so itself is left alone."""
    app.after_request(say_what_may_be_kept)


def say_what_may_be_kept(response: Response) -> Response:
    """Forbid to store pages with persons, log-ins and accounts; others stay with one reader."""
    if request.endpoint is None or request.endpoint == "static":
        return response
    asked = permission_of(current_app.view_functions[request.endpoint])
    log_in = request.blueprint == "auth"
    if asked is None or asked == SIGNED_IN or asked[0] in NOT_KEPT or log_in:
        response.headers["Cache-Control"] = "no-store"
    elif asked != OPEN and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
