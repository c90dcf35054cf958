"""Work in the background: what kinds there are, asking for it, calling it off, trying it again.

A job acts as whoever asked for it; the database writes down who that was. The worker
(`core.worker`) runs jobs in processes of their own.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    Text,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from gridmap.core.actor import Actor
from gridmap.core.database import Base
from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
STATES = (WAITING, RUNNING, DONE, FAILED, CANCELLED)
UNDER_WAY = "state IN ('waiting', 'running')"


class NoSuchJob(GridmapError):
    """There is no such job, or it is not for this person to see."""

    status = 404
    code = "no_such_job"
    message = N_("There is no job %(job)s here. `script/gridmap jobs list` shows them.")


class JobIsOver(GridmapError):
    """It has ended; there is nothing to call off."""

    status = 409
    code = "job_is_over"
    message = N_(
        "Job %(job)s is %(state)s already. Only a waiting or running job can be cancelled."
    )


class JobNotOver(GridmapError):
    """It did not fail and was not called off, or the same work is under way again."""

    status = 409
    code = "job_not_over"
    message = N_(
        "Job %(job)s is %(state)s. Only a failed or cancelled job can be tried again, and only "
        "while the same work is not under way."
    )


class Run(Protocol):
    """What a job's function gets."""

    actor: Actor
    arguments: Mapping[str, Any]

    def report(self, done: int, total: int | None = None, doing: str = "") -> None:
        """Say how far it is; raises JobCancelled when somebody called it off."""


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    Attributes:
        name: register and verb, such as ``audit.seal``.
        title: as people call it; marked for translation.
        run: does it, returns what to keep of the result. A worker may be killed at any moment
            and the work begun again: what is done twice must be done once.
        attempts: so often at most, then it stays as failed.
        every: repeats itself, as the system.
        at_midnight: what repeats itself daily does so when the city's day begins.
        urgent: runs beside long work, never behind it.
    """

    name: str
    title: str
    run: Callable[[Run], Mapping[str, Any] | None]
    attempts: int = 5
    every: timedelta | None = None
    at_midnight: bool = False
    urgent: bool = False


KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make kinds of work known; doing it again changes nothing. All stand in `web.wiring`."""
    for kind in kinds:
        KINDS[kind.name] = kind


class Job(Base):
    """One piece of work that somebody asked for."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("uq_jobs_under_way", "kind", "key", unique=True, postgresql_where=text(UNDER_WAY)),
        Index("ix_jobs_next", "run_after", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_jobs_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    key: Mapped[str] = mapped_column(Text(collation="C"), comment="Equal while under way: one run")
    state: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("'waiting'"))
    account_id: Mapped[int] = mapped_column(Integer, comment="Whoever it acts as")
    actor: Mapped[str] = mapped_column(Text, comment="That one's name")
    second_factor: Mapped[bool] = mapped_column(
        Boolean, comment="Asked for in a session that had one"
    )
    most_attempts: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    run_after: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    worker: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Then another worker takes it over"
    )
    cancel_asked: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    progress_done: Mapped[int | None] = mapped_column(BigInteger)
    progress_total: Mapped[int | None] = mapped_column(BigInteger)
    doing: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class JobPeriod(Base):
    """When a kind of work that repeats itself is due next."""

    __tablename__ = "job_periods"

    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def enqueue(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
) -> int:
    """Ask for work, in the transaction that wants it done; it begins after the commit.

    Args:
        session: the transaction; the job acts as the account of its session.
        kind: a registered one.
        arguments: what JSON can hold.
        key: what makes two requests equal; default: the arguments.

    Returns:
        The job's id; that of the equal one where the same account has one waiting or running.
    """
    chosen = KINDS[kind]
    written = json.dumps(dict(arguments or {}), sort_keys=True)
    mark = key if key is not None else hashlib.sha256(written.encode()).hexdigest()
    values = {"kind": kind, "arguments": written, "key": mark, "most": chosen.attempts}
    while True:
        made = session.scalar(text(ENQUEUE), values) or session.scalar(text(EQUAL), values)
        if made is not None:
            return int(made)


ENQUEUE = f"""
INSERT INTO jobs (kind, arguments, key, account_id, actor, second_factor, most_attempts)
VALUES (:kind, CAST(:arguments AS jsonb), auth.account() || ':' || :key, auth.account(), '', false,
        :most)
ON CONFLICT (kind, key) WHERE {UNDER_WAY} DO NOTHING RETURNING id
"""
EQUAL = f"""
SELECT id FROM jobs
WHERE kind = :kind AND key = auth.account() || ':' || :key AND {UNDER_WAY}
"""


def job_by_id(session: Session, job_id: int, *, lock: bool = False) -> Job:
    """Return a job as it is now.

    Raises:
        NoSuchJob: there is none, or it is not for this session to see.
    """
    statement = select(Job).where(Job.id == job_id).execution_options(populate_existing=True)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NoSuchJob(job=job_id)
    return found


def newest_jobs(
    session: Session, *, states: Sequence[str] = STATES, limit: int = 50, offset: int = 0
) -> Sequence[Job]:
    """Return jobs that this session may see, the newest first."""
    statement = select(Job).where(Job.state.in_(states)).order_by(Job.id.desc())
    return session.scalars(statement.limit(limit).offset(offset)).all()


def count_jobs(session: Session) -> dict[str, int]:
    """Return how many jobs are in each state, of those that this session may see."""
    rows = session.execute(select(Job.state, func.count()).group_by(Job.state))
    counted = {str(state): int(number) for state, number in rows}
    return {state: counted.get(state, 0) for state in STATES}


def cancel(session: Session, job_id: int) -> Job:
    """Call a job off: at once where it waits, as soon as it can be stopped where it runs.

    Raises:
        NoSuchJob: there is none, or it is not for this session to see.
        JobIsOver: it ended before.
    """
    job = job_by_id(session, job_id, lock=True)
    if job.state not in (WAITING, RUNNING):
        raise JobIsOver(job=job_id, state=job.state)
    changes: dict[str, Any] = {"cancel_asked": True}
    if job.state == WAITING:
        changes |= {"state": CANCELLED, "finished_at": func.now()}
    session.execute(update(Job).where(Job.id == job_id).values(changes))
    return job_by_id(session, job_id)


def retry(session: Session, job_id: int) -> Job:
    """Let a job that failed or was called off begin anew, as whoever asked for it.

    Raises:
        NoSuchJob: there is none, or it is not for this session to see.
        JobNotOver: it did not fail, or the same work is under way.
    """
    job = job_by_id(session, job_id, lock=True)
    equal = select(Job.id).where(Job.kind == job.kind, Job.key == job.key, text(UNDER_WAY))
    if job.state not in (FAILED, CANCELLED) or session.scalar(equal) is not None:
        raise JobNotOver(job=job_id, state=job.state)
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            state=WAITING, attempts=0, run_after=func.now(), cancel_asked=False, finished_at=None
        )
    )
    return job_by_id(session, job_id)
