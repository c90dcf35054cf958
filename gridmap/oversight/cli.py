"""The commands `script/gridmap jobs …`."""

import json

import click

from gridmap.auth.acting import acting_for
from gridmap.core import jobs as kernel
from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction
from gridmap.core.jobs import Job
from gridmap.core.worker import LEASE_S, Worker
from gridmap.oversight.jobs import cancel_job, retry_job

jobs = Commands("jobs", help="Work in the background: see it, do it, call it off, try it again.")
NUMBER = click.argument("job", type=int)


@jobs.command("list")
@click.option("--state", type=click.Choice(kernel.STATES), help="Only jobs in this state.")
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
def list_command(state: str | None, limit: int) -> None:
    """List jobs, the newest first."""
    with transaction(SYSTEM) as session:
        counts = kernel.count_jobs(session)
        found = kernel.newest_jobs(session, states=[state] if state else kernel.STATES, limit=limit)
    for job in found:
        click.echo(_line(job))
    click.echo(", ".join(f"{number} {name}" for name, number in counts.items()))


@jobs.command("show")
@NUMBER
def show_command(job: int) -> None:
    """Show everything about one JOB as JSON."""
    with transaction(SYSTEM) as session:
        found = kernel.job_by_id(session, job)
    values = {column.key: getattr(found, column.key) for column in Job.__table__.columns}
    click.echo(json.dumps(values, default=str, ensure_ascii=False, indent=1))


@jobs.command("work")
@click.option("--until-idle", is_flag=True, help="End when nothing is due and nothing runs.")
@click.option(
    "--lease",
    type=click.FloatRange(min=0.5),
    default=LEASE_S,
    show_default=True,
    help="Seconds after which another worker takes over the jobs of one that was killed.",
)
def work_command(*, until_idle: bool, lease: float) -> None:
    """Do the work, until Ctrl-C; `script/server` has a worker of its own already."""
    Worker(acting_for, lease_s=lease, until_idle=until_idle).run()


@jobs.command("cancel")
@NUMBER
def cancel_command(job: int) -> None:
    """Call a waiting or running JOB off."""
    with transaction(SYSTEM) as session:
        found = cancel_job(session, SYSTEM, job)
    if found.state == kernel.RUNNING:
        click.echo(f"Job {job} is told to stop.")
    else:
        click.echo(f"Job {job} is cancelled.")


@jobs.command("retry")
@NUMBER
def retry_command(job: int) -> None:
    """Let a failed or cancelled JOB begin anew."""
    with transaction(SYSTEM) as session:
        retry_job(session, SYSTEM, job)
    click.echo(f"Job {job} waits for a worker.")


def _line(job: Job) -> str:
    done = "" if job.progress_done is None else f"  {job.progress_done}/{job.progress_total or '?'}"
    error = f"  {job.error}" if job.error and job.state != kernel.DONE else ""
    return (
        f"{job.id:>6}  {job.state:<9}  {job.kind:<18}  {job.actor:<16}  "
        f"{job.queued_at:%Y-%m-%d %H:%M:%S} UTC  {job.attempts}/{job.most_attempts}{done}{error}"
    )
