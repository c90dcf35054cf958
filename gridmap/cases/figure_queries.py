"""Figures about cases: how many, how they ended, how long they took, which deadlines were kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.codes import AFTER_EVERYTHING

FEWEST_FOR_SHARES = 10
"""With fewer cases than this, a share or a median says nothing and is left out."""

_INSIDE = "grid_code >= :lo AND grid_code < :hi"
_TOTALS = f"""
SELECT count(*) AS opened,
  count(*) FILTER (WHERE closed_at IS NULL) AS still_open,
  count(*) FILTER (WHERE closed_at IS NULL AND due_at < :now) AS late,
  count(closed_at) AS closed,
  percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
    ORDER BY extract(epoch FROM closed_at - opened_at) / 3600)
    FILTER (WHERE closed_at IS NOT NULL) AS hours
FROM cases
WHERE kind = :kind AND opened_at >= :start AND opened_at < :end AND {_INSIDE}
"""
_GROUPS = f"""
SELECT {{column}}, count(*) FROM cases
WHERE kind = :kind AND opened_at >= :start AND opened_at < :end AND {_INSIDE}
  AND {{column}} IS NOT NULL
GROUP BY 1
"""
_DEADLINES = """
SELECT k.deadline,
  count(*) FILTER (WHERE stopped_at <= k.due_at) AS kept,
  count(*) FILTER (WHERE coalesce(stopped_at, :now) > k.due_at) AS late
FROM case_clocks k JOIN cases c ON c.id = k.case_id
WHERE c.kind = :kind AND c.opened_at >= :start AND c.opened_at < :end
  AND c.grid_code >= :lo AND c.grid_code < :hi AND k.due_at IS NOT NULL
GROUP BY 1
"""


@dataclass(frozen=True)
class Kept:
    """How often a deadline was kept and missed; running ones that are not late count nowhere."""

    kept: int
    late: int

    @property
    def share(self) -> float | None:
        """Return the share that was kept; None where too few ended to say."""
        n = self.kept + self.late
        return self.kept / n if n >= FEWEST_FOR_SHARES else None


@dataclass(frozen=True)
class CaseFigures:
    """Cases of one kind that were opened in a window.

    Attributes:
        median_hours, most_hours: from the report to the end, of those that ended: the middle one,
            and what nine of ten stay below; None where too few ended to say.
        states, outcomes: name → cases.
        deadlines: name → kept and late.
    """

    opened: int
    still_open: int
    late: int
    closed: int
    median_hours: float | None
    most_hours: float | None
    states: Mapping[str, int]
    outcomes: Mapping[str, int]
    deadlines: Mapping[str, Kept]

    def as_json(self) -> dict[str, Any]:
        """Return the object that programs get."""
        return {
            "opened": self.opened,
            "still_open": self.still_open,
            "late": self.late,
            "closed": self.closed,
            "median_hours": self.median_hours,
            "ninety_percent_hours": self.most_hours,
            "states": dict(self.states),
            "outcomes": dict(self.outcomes),
            "deadlines": {
                name: {"kept": found.kept, "late": found.late, "share": found.share}
                for name, found in self.deadlines.items()
            },
        }


def case_figures(
    session: Session, kind: str, *, start: datetime, end: datetime, now: datetime, scope: str = ""
) -> CaseFigures:
    """Return the figures of one kind.

    Args:
        session: the transaction; cases that its actor may not see count nowhere.
        kind: its name.
        start: opened_at of the first.
        end: opened_at < end.
        now: the instant at which running clocks are looked at.
        scope: beginning of the grid codes.
    """
    values = {"kind": kind, "start": start, "end": end, "now": now,
              "lo": scope, "hi": scope + AFTER_EVERYTHING}  # fmt: skip
    total = session.execute(text(_TOTALS), values).one()
    enough = total.closed >= FEWEST_FOR_SHARES
    return CaseFigures(
        opened=total.opened,
        still_open=total.still_open,
        late=total.late,
        closed=total.closed,
        median_hours=float(total.hours[0]) if enough else None,
        most_hours=float(total.hours[1]) if enough else None,
        states=_groups(session, "state", values),
        outcomes=_groups(session, "outcome", values),
        deadlines={
            row.deadline: Kept(row.kept, row.late)
            for row in session.execute(text(_DEADLINES), values)
        },
    )


def _groups(session: Session, column: str, values: Mapping[str, Any]) -> dict[str, int]:
    rows = session.execute(text(_GROUPS.format(column=column)), values)
    return {name: n for name, n in rows}  # noqa: C416 - rows are no tuples to mypy
