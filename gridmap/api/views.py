"""JSON for programs."""

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text

from gridmap.api.parameters import question_of
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.hotspots import actions

api = Blueprint("api", __name__)


@api.get("/api/hotspots")
def hotspots() -> Response:
    """Return hot and cold grids of a window, as `script/gridmap hotspots --json` does."""
    question = question_of(request.args)
    with transaction(SYSTEM, role="analysis") as session:
        found = actions.study(session, question)
    return jsonify(found.as_json())


@api.get("/healthz")
def healthz() -> Response:
    """Answer when the database does."""
    with transaction(SYSTEM) as session:
        session.execute(text("SELECT 1"))
    return jsonify(status="ok")
