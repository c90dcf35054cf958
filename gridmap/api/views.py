"""JSON for programs."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text

from gridmap.api.parameters import question_of
from gridmap.auth.current import current_actor, open_to_all, requires
from gridmap.core.database import transaction
from gridmap.hotspots import actions

api = Blueprint("api", __name__)


@api.get("/api/hotspots")
@requires("figure")
def hotspots() -> Response:
    """Return hot and cold grids of a window, as `script/gridmap hotspots --json` does.

    Where no day is named: of the window with which the map opens.
    """
    asked = question_of(request.args)
    scope = current_actor().narrow(asked.scope, "figure")
    root = current_actor().root(scope, "figure")
    question = replace(asked, scope=scope, whole=scope == root)
    with transaction(current_actor(), role="analysis") as session:
        if question.start is None and question.end is None:
            start, end = actions.usual_window(session, scope, root=root)
            question = replace(question, start=start, end=end)
        found = actions.study(session, question)
    return jsonify(found.as_json())


@api.get("/healthz")
@open_to_all
def healthz() -> Response:
    """Answer when the database does."""
    with transaction(current_actor()) as session:
        session.execute(text("SELECT 1"))
    return jsonify(status="ok")
