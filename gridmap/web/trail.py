"""What the record gets from the web: the address of the machine that asks, and refusals."""

import logging

from flask import Flask, request

from gridmap.audit.actions import coming_from, record_refusal
from gridmap.auth.current import current_actor
from gridmap.core.actor import NOBODY
from gridmap.core.errors import DatabaseUnavailable, GridmapError, NotFound

log = logging.getLogger(__name__)

FORBIDDEN = 403
LONGEST_CODE = 40


def init_app(app: Flask) -> None:
    """Note for each request where it comes from."""
    app.before_request(note_address)


def note_address() -> None:
    """Let rows of the record that this request writes carry its address."""
    coming_from.set(request.remote_addr)


def note_refusal(problem: GridmapError) -> None:
    """Write down that a signed-in person was refused something: an action, a scope, a grid.

    In a transaction of its own: what was refused has rolled back. The page says of a foreign
    scope only that there is none such; the auditor learns which.
    """
    if problem.on_record:
        return
    foreign = isinstance(problem, NotFound) and problem.outside_scope
    if not (foreign or problem.status == FORBIDDEN) or request.endpoint is None:
        return
    where = problem.where[:LONGEST_CODE] if isinstance(problem, NotFound) else ""
    try:
        actor = current_actor()
        if actor is not NOBODY:
            record_refusal(actor, "page.refused", subject=("page", request.endpoint), where=where,
                           method=request.method, code=problem.code)  # fmt: skip
    except DatabaseUnavailable:  # it stays refused, on record or not
        log.warning("a refusal of %s is not on record", request.endpoint)
