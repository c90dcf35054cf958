"""Calling jobs off and trying them again, on record."""

from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.core import jobs
from gridmap.core.actor import Actor
from gridmap.core.jobs import Job


def cancel_job(session: Session, actor: Actor, job_id: int) -> Job:
    """Call a job off; a running one ends as soon as it can be stopped."""
    job = jobs.cancel(session, job_id)
    record(session, actor, "jobs.cancelled", subject=("job", job_id), kind=job.kind)
    return job


def retry_job(session: Session, actor: Actor, job_id: int) -> Job:
    """Let a job that failed or was called off begin anew."""
    job = jobs.retry(session, job_id)
    record(session, actor, "jobs.retried", subject=("job", job_id), kind=job.kind)
    return job
