"""Turns errors into pages, or into {"error": {"code", "message"}} for programs."""

import logging
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WSGIResponse

from gridmap.auth.current import current_actor
from gridmap.auth.errors import NotAllowed, NotSignedIn, PasswordMustChange, TooManyAttempts
from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_
from gridmap.web.navigation import first_place
from gridmap.web.trail import note_refusal

log = logging.getLogger(__name__)

HEADINGS = {
    400: N_("This address asks for something that is not there"),
    401: N_("Sign in first"),
    403: N_("This is not allowed from here"),
    404: N_("There is nothing at this address"),
    405: N_("This page cannot be asked in that way"),
    409: N_("This does not fit what is there"),
    413: N_("This file is too large"),
    429: N_("Too many tries"),
    422: N_("This could not be done as it stands"),
    500: N_("Something went wrong on our side"),
    503: N_("This cannot be answered just now"),
}
SENTENCES = {
    400: N_("Check the address, or start again from the map."),
    404: N_("The address may be old, or it names something outside your scope."),
    405: N_("Go back and use the button on the page."),
    413: N_("Split it, or import it on the command line, which has no limit."),
    500: N_("Nothing was changed. The error was written to the log."),
}


def init_app(app: Flask) -> None:
    """Handle our own errors, those of HTTP, and those that nobody expected."""
    app.jinja_env.globals["spoken"] = spoken
    app.register_error_handler(GridmapError, known_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)


def known_error(problem: GridmapError) -> WSGIResponse | tuple[Response | str, int]:
    """Answer one of our errors with its sentence, translated; lead a person to the log-in."""
    if problem.status >= 500:
        log.error("%s: %s", problem.code, problem)
    else:
        note_refusal(problem)
    if isinstance(problem, NotSignedIn) and is_visit():
        return redirect(url_for("auth.login", next=_way_back()))
    if isinstance(problem, PasswordMustChange) and is_visit():
        return redirect(url_for("account.password", next=_way_back()))
    if isinstance(problem, NotAllowed) and request.path == "/" and is_visit():
        return redirect(first_place(current_actor()))
    answered = make_response(answer(problem.status, problem.code, spoken(problem)))
    if isinstance(problem, NotSignedIn):
        answered.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, TooManyAttempts):
        answered.headers["Retry-After"] = str(problem.fields["retry_after"])
    return answered


def is_visit() -> bool:
    """Tell a person who opens a page from a script that fetches a part of one."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and not (wants_json() or request.args.get("part"))


def _way_back() -> str:
    """Return the page that was asked for, or the one from which something was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    sent_from = urlsplit(request.referrer or "")
    return sent_from.path if sent_from.netloc == request.host else "/"


def spoken(problem: GridmapError) -> str:
    """Return an error's sentence in the reader's language."""
    return problem.spoken(gettext)


def http_error(problem: HTTPException) -> WSGIResponse | tuple[Response | str, int]:
    """Answer an error of HTTP itself; redirects pass."""
    status = problem.code or 500
    if status < 400:
        return problem.get_response()
    sentence = gettext(SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]))
    return answer(status, f"http_{status}", sentence)


def unexpected_error(problem: Exception) -> tuple[Response | str, int]:
    """Answer what nobody expected, without a word about the machine."""
    log.exception("unexpected error in %s %s", request.method, request.path, exc_info=problem)
    return answer(500, "unexpected", gettext(SENTENCES[500]))


def answer(status: int, code: str, sentence: str) -> tuple[Response | str, int]:
    """Return JSON to a program and a page to a person."""
    if wants_json():
        return jsonify(error={"code": code, "message": sentence}), status
    heading = gettext(HEADINGS.get(status, HEADINGS[422 if status < 500 else 500]))
    page = render_template(
        "error.html", status=status, code=code, heading=heading, sentence=sentence
    )
    return page, status


def wants_json() -> bool:
    """Tell a program from a person: API addresses, or an Accept that prefers JSON."""
    if request.path.startswith(("/api/", "/tiles/", "/map/")) or request.path.endswith(".json"):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )
