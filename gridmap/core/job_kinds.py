"""Work of the jobs' table itself."""

from collections.abc import Mapping
from datetime import timedelta

from gridmap.core import job_queue
from gridmap.core.database import transaction
from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run


def forget_old_jobs(run: Run) -> Mapping[str, int]:
    """Delete jobs that ended a month ago."""
    with transaction(run.actor) as session:
        return {"deleted": job_queue.forget_old(session)}


FORGET_JOBS = Kind(
    "jobs.forget", N_("Delete finished jobs"), forget_old_jobs, every=timedelta(days=1)
)
