"""The worker's side of the jobs' table: take, keep, finish, hand back. All as the system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gridmap.core.city import timezone
from gridmap.core.jobs import KINDS, Kind

BACKOFF_S = 5
"""Before the second attempt; each further one waits twice as long, up to an hour."""
LONGEST_BACKOFF_S = 3_600
KEPT_DAYS = 30
"""After their end, however they ended."""


@dataclass(frozen=True)
class Claim:
    """A job that this worker runs, in its n-th attempt: whoever has a later one, has it."""

    id: int
    kind: str
    arguments: Mapping[str, Any]
    account_id: int
    actor: str
    second_factor: bool
    attempt: int


CLAIM = """
UPDATE jobs SET state = 'running', worker = :worker, attempts = attempts + 1, started_at = now(),
  lease_until = now() + :lease * interval '1 second',
  progress_done = NULL, progress_total = NULL, doing = NULL
WHERE id = (
  SELECT id FROM jobs WHERE state = 'waiting' AND run_after <= now() AND kind = ANY (:kinds)
  ORDER BY run_after, id FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, kind, arguments, account_id, actor, second_factor, attempts
"""


def claim(session: Session, worker: str, kinds: Sequence[str], *, lease_s: float) -> Claim | None:
    """Take the job that has waited longest; None where nothing is due."""
    values = {"worker": worker, "kinds": list(kinds), "lease": lease_s}
    row = session.execute(text(CLAIM), values).first()
    return None if row is None else Claim(*row)


def keep(
    session: Session, worker: str, claims: Sequence[Claim], *, lease_s: float
) -> dict[int, bool]:
    """Renew the lease of running jobs.

    Returns:
        The ids that this worker still has, and whether somebody called them off.
    """
    kept = {}
    for claim_ in claims:
        asked = session.scalar(
            text(
                "UPDATE jobs SET lease_until = now() + :lease * interval '1 second' "
                f"{_MINE} AND worker = :worker RETURNING cancel_asked"
            ),
            {"lease": lease_s, "worker": worker, **_mine(claim_)},
        )
        if asked is not None:
            kept[claim_.id] = bool(asked)
    return kept


AGAIN = ":again AND attempts < most_attempts AND NOT cancel_asked"
_MINE = "WHERE id = :id AND attempts = :attempt AND state = 'running'"


def _mine(claim: Claim) -> dict[str, Any]:
    return {"id": claim.id, "attempt": claim.attempt}


def report(session: Session, claim: Claim, *, done: int, total: int | None, doing: str) -> bool:
    """Write down how far a job is; returns False where it was called off or taken away."""
    asked = session.scalar(
        text(
            "UPDATE jobs SET progress_done = :done, progress_total = :total, doing = :doing "
            f"{_MINE} RETURNING cancel_asked"
        ),
        {"done": done, "total": total, "doing": doing, **_mine(claim)},
    )
    return asked is False


def finish(session: Session, claim: Claim, result: Mapping[str, Any] | None) -> bool:
    """Write down that a job is done; False where it is no longer this worker's."""
    statement = text(
        "UPDATE jobs SET state = 'done', finished_at = now(), error = NULL, result = :result "
        f"{_MINE} RETURNING id"
    ).bindparams(bindparam("result", type_=JSONB(none_as_null=True)))
    values = {"result": dict(result) if result else None, **_mine(claim)}
    finished = session.scalar(statement, values) is not None
    if finished and KINDS[claim.kind].every is not None:  # one row is enough of what repeats
        session.execute(
            text(
                "DELETE FROM jobs WHERE kind = :kind AND account_id = :account AND id < :id "
                "AND state = 'done'"
            ),
            {"kind": claim.kind, "account": claim.account_id, "id": claim.id},
        )
    return finished


def fail(session: Session, claim: Claim, error: str, *, again: bool = True) -> None:
    """Write down an error: the job waits for its next attempt, or stays as failed or cancelled."""
    backoff = min(BACKOFF_S * 2 ** (claim.attempt - 1), LONGEST_BACKOFF_S)
    session.execute(
        text(
            "UPDATE jobs SET error = :error, "
            "state = CASE WHEN cancel_asked THEN 'cancelled' "
            f"WHEN {AGAIN} THEN 'waiting' ELSE 'failed' END, "
            f"finished_at = CASE WHEN {AGAIN} THEN NULL ELSE now() END, "
            f"run_after = now() + :backoff * interval '1 second' {_MINE}"
        ),
        {"error": error[:2_000], "again": again, "backoff": backoff, **_mine(claim)},
    )


def set_cancelled(session: Session, claim: Claim) -> None:
    """Write down that a running job was stopped because somebody called it off."""
    session.execute(
        text(f"UPDATE jobs SET state = 'cancelled', finished_at = now() {_MINE}"), _mine(claim)
    )


def hand_back(session: Session, claim: Claim) -> None:
    """Let a job wait again because this worker ends; the attempt does not count.

    One that somebody called off meanwhile is over.
    """
    session.execute(
        text(
            "UPDATE jobs SET state = CASE WHEN cancel_asked THEN 'cancelled' ELSE 'waiting' END, "
            "finished_at = CASE WHEN cancel_asked THEN now() END, "
            f"attempts = attempts - CASE WHEN cancel_asked THEN 0 ELSE 1 END {_MINE}"
        ),
        _mine(claim),
    )


def take_over(session: Session) -> int:
    """Let jobs wait again whose worker was killed; returns how many."""
    rows = session.execute(
        text(
            "UPDATE jobs SET state = CASE WHEN cancel_asked THEN 'cancelled' "
            "WHEN attempts < most_attempts THEN 'waiting' ELSE 'failed' END, "
            "finished_at = CASE WHEN cancel_asked OR attempts >= most_attempts THEN now() END, "
            "error = 'the worker ended in the middle of it', run_after = now() "
            "WHERE state = 'running' AND lease_until < now() RETURNING id"
        )
    )
    return len(rows.all())


def due_periods(session: Session, kinds: Sequence[Kind]) -> list[str]:
    """Return kinds that repeat themselves and are due; of several workers one gets each.

    One that waits for a moment that is none any more is due too: the city's zone has changed.
    (A whole period later is the next one, which a faster worker has written down.)
    """
    due = []
    zone = timezone(session) if any(kind.at_midnight for kind in kinds) else ""
    for kind in kinds:
        if kind.every is None:
            continue
        values = {"kind": kind.name, "every": kind.every.total_seconds(), "zone": zone}
        found = session.scalar(
            text(
                "INSERT INTO job_periods AS p (kind, next_at) VALUES (:kind, "
                f"{_MIDNIGHT if kind.at_midnight else _NEXT}) "
                "ON CONFLICT (kind) DO UPDATE SET next_at = excluded.next_at "
                "WHERE p.next_at <= now() OR p.next_at > excluded.next_at "
                "AND p.next_at < excluded.next_at + :every * interval '1 second' RETURNING kind"
            ),
            values,
        )
        if found is not None:
            due.append(str(found))
    return due


_NEXT = "to_timestamp((floor(extract(epoch FROM now()) / :every) + 1) * :every)"
"""The next whole multiple of the period: all workers agree on it, whenever they were started."""
_MIDNIGHT = "(date_trunc('day', now() AT TIME ZONE :zone) + interval '1 day') AT TIME ZONE :zone"
"""When the next day of the city begins."""


def seconds_to_next(
    session: Session, kinds: Sequence[str], startable: Sequence[str]
) -> float | None:
    """Return how long nothing is due if nobody asks for more; None: for ever.

    Of jobs that wait, only those of `startable` kinds count.
    """
    found = session.scalar(
        text(
            "SELECT extract(epoch FROM least("
            "(SELECT min(run_after) FROM jobs "
            "WHERE state = 'waiting' AND kind = ANY (:startable)), "
            "(SELECT min(lease_until) FROM jobs WHERE state = 'running'), "
            "(SELECT min(next_at) FROM job_periods WHERE kind = ANY (:kinds))) - now())"
        ),
        {"kinds": list(kinds), "startable": list(startable)},
    )
    return None if found is None else max(0.0, float(found))


def forget_old(session: Session) -> int:
    """Delete jobs that ended long ago, failed ones too; returns how many."""
    rows = session.execute(
        text(
            "DELETE FROM jobs WHERE state IN ('done', 'cancelled', 'failed') "
            "AND finished_at < now() - :days * interval '1 day' RETURNING id"
        ),
        {"days": KEPT_DAYS},
    )
    return len(rows.all())


def stop_statements(session: Session, claim: Claim) -> None:
    """Cancel what the job's process has running in the database."""
    session.execute(
        text("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
        {"name": application_name(claim)},
    )


def application_name(claim: Claim) -> str:
    """Return what the connections of a job's process are called in the database."""
    return f"gridmap job {claim.id}.{claim.attempt}"
