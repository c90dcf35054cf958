"""The page of work in the background, for administrators."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.auth.current import current_actor, requires
from gridmap.core import city, jobs
from gridmap.core.database import transaction
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.oversight.jobs import cancel_job, retry_job

blueprint = Blueprint("jobs", __name__, template_folder="templates")


@blueprint.get("/jobs")
@requires("job")
def show() -> ResponseReturnValue:
    """List work in the background, the newest first; of one state where it is named."""
    number = page_number(request.args.get("page"))
    asked = request.args.get("state", "")
    states = [asked] if asked in jobs.STATES else list(jobs.STATES)
    actor = current_actor()
    with transaction(actor) as session:
        zone = city.timezone(session)
        counts = jobs.count_jobs(session)
        found = jobs.newest_jobs(session, states=states, limit=SIZE, offset=(number - 1) * SIZE)
    kept: dict[str, Any] = {"state": asked} if asked in jobs.STATES else {}
    total = sum(counts[state] for state in states)
    page = Page(number, total, lambda n: url_for("jobs.show", page=n, **kept))
    titles = {kind.name: kind.title for kind in jobs.KINDS.values()}
    return render_template(
        "oversight/jobs.html", jobs=found, counts=counts, page=page, zone=zone, titles=titles,
        chosen=asked, may_change=actor.may("job", "change"),
    )  # fmt: skip


@blueprint.post("/jobs/<int:job_id>/cancel")
@requires("job", "change")
def cancel(job_id: int) -> ResponseReturnValue:
    """Call a waiting or running job off."""
    actor = current_actor()
    with transaction(actor) as session:
        cancel_job(session, actor, job_id)
    return redirect(url_for("jobs.show"), code=303)


@blueprint.post("/jobs/<int:job_id>/retry")
@requires("job", "change")
def retry(job_id: int) -> ResponseReturnValue:
    """Let a failed or cancelled job begin anew."""
    actor = current_actor()
    with transaction(actor) as session:
        retry_job(session, actor, job_id)
    return redirect(url_for("jobs.show"), code=303)
