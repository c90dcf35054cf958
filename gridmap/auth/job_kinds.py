"""Work in the background: sessions that have ended."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from gridmap.core.database import transaction
from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run


def forget_sessions(run: Run) -> Mapping[str, int]:
    """Delete sessions that ended a month ago."""
    with transaction(run.actor) as session:
        return {"deleted": session.scalar(text("SELECT auth.forget_sessions()")) or 0}


FORGET_SESSIONS = Kind(
    "sessions.forget", N_("Delete old sessions"), forget_sessions, every=timedelta(days=1)
)
