"""Asking for jobs and performing them here, without a process of their own."""

from sqlalchemy import text

from gridmap.auth.acting import acting_for
from gridmap.core import job_queue, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.job_runs import perform


def ask(actor=SYSTEM, arguments=None, **said) -> int:
    """Ask for a trial in somebody's name; returns its number."""
    with transaction(actor) as session:
        return jobs.enqueue(session, "trial", arguments, **said)


def work() -> bool:
    """Take one job and perform it here, without a process of its own."""
    with transaction(SYSTEM) as session:
        claim = job_queue.claim(session, "worker", list(jobs.KINDS), lease_s=30)
    if claim is not None:
        perform(claim, acting_for)
    return claim is not None


def job(job_id: int) -> jobs.Job:
    """A job as it stands."""
    with transaction(SYSTEM) as session:
        return jobs.job_by_id(session, job_id)


def set_column(job_id: int, assignment: str) -> None:
    """Change a job behind the back of its worker."""
    with transaction(SYSTEM) as session:
        session.execute(text(f"UPDATE jobs SET {assignment} WHERE id = :id"), {"id": job_id})
