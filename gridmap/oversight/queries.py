"""Every question about the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from gridmap.audit.models import AuditEvent
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.oversight import rules

MOST_UNUSUAL = 200
_UNUSUAL = (Path(__file__).parent / "sql" / "unusual.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Search:
    """What an auditor looks for; what is empty narrows nothing.

    Attributes:
        officer: name of the account that did it.
        kind: kind of the subject, such as ``resident``.
        number: its id.
        where: beginning of the code of the place.
        action: beginning of the action's name.
        outcome: ``done``, ``seen`` or ``refused``.
        start: first instant.
        end: first instant after it.
    """

    officer: str = ""
    kind: str = ""
    number: str = ""
    where: str = ""
    action: str = ""
    outcome: str = ""
    start: datetime | None = None
    end: datetime | None = None


def search_record(
    session: Session, wanted: Search, *, limit: int, offset: int
) -> tuple[int, Sequence[AuditEvent]]:
    """Return how many rows fit, of those in the session's scope, and some, the newest first."""
    conditions = list(_conditions(wanted))
    total = session.scalar(select(func.count()).select_from(AuditEvent).where(*conditions)) or 0
    statement = select(AuditEvent).where(*conditions).order_by(AuditEvent.id.desc())
    return total, session.scalars(statement.limit(limit).offset(offset)).all()


def _conditions(wanted: Search) -> Sequence[ColumnElement[bool]]:
    """Return conditions that indexes serve and that row-level security lets through first."""
    equal = (
        (AuditEvent.actor, wanted.officer),
        (AuditEvent.subject_type, wanted.kind),
        (AuditEvent.subject_id, wanted.number),
        (AuditEvent.outcome, wanted.outcome),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in equal if value]
    for column, start in ((AuditEvent.grid_code, wanted.where), (AuditEvent.action, wanted.action)):
        if start:
            found += [column >= start, column < start + AFTER_EVERYTHING]
    if wanted.start is not None:
        found.append(AuditEvent.at >= wanted.start)
    if wanted.end is not None:
        found.append(AuditEvent.at < wanted.end)
    return found


def kinds_of_subject(session: Session) -> Sequence[str]:
    """Return the kinds of things that the record knows of, in order; by jumps in the index."""
    return session.scalars(
        text("""
            WITH RECURSIVE kinds AS (
              (SELECT subject_type FROM audit_events ORDER BY 1 LIMIT 1)
              UNION ALL
              SELECT (SELECT subject_type FROM audit_events
                      WHERE subject_type > kinds.subject_type ORDER BY 1 LIMIT 1)
              FROM kinds WHERE kinds.subject_type IS NOT NULL
            )
            SELECT subject_type FROM kinds WHERE subject_type IS NOT NULL
        """)
    ).all()


@dataclass(frozen=True)
class UnusualDay:
    """What one account did on one day, and which rules it fits."""

    account_id: int
    actor: str
    day: date
    opened: int
    listed: int
    at_night: int
    refused: int
    communities: int
    many: bool
    night: bool
    outside: bool

    def fits(self, rule: str) -> bool:
        """Tell whether a rule is fitted."""
        return {"many": self.many, "night": self.night, "outside": self.outside}[rule]


def unusual_days(
    session: Session, *, start: datetime, end: datetime, zone: str
) -> list[UnusualDay]:
    """Return days on which an account looked at people in an unusual way, the newest first."""
    rows = session.execute(
        text(_UNUSUAL),
        {
            "zone": zone,
            "start": start,
            "end": end,
            "persons": list(rules.PERSONS),
            "lists": list(rules.LISTS),
            "late": rules.NIGHT[0],
            "early": rules.NIGHT[1],
            "opened": rules.OPENED_A_DAY,
            "listed": rules.LISTED_A_DAY,
            "communities": rules.COMMUNITIES_A_DAY,
            "most": MOST_UNUSUAL,
        },
    )
    return [UnusualDay(**row._mapping) for row in rows]
