"""Pages on what is held on people, and what was erased."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.audit.actions import record_look
from gridmap.auth.current import current_actor, requires, signed_in
from gridmap.core import city, job_queue
from gridmap.core.database import transaction
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.privacy import queries, retention
from gridmap.privacy.holdings import HOLDINGS, KIND_NAMES, NEVER

blueprint = Blueprint("privacy", __name__, template_folder="templates")


@blueprint.get("/privacy")
@signed_in
def holdings() -> ResponseReturnValue:
    """Say what is held on people and why: the register of personal fields."""
    with transaction(current_actor()) as session:
        days = retention.days_of(session) | {"jobs": job_queue.KEPT_DAYS}
    return render_template(
        "privacy/holdings.html", holdings=HOLDINGS, kinds=KIND_NAMES, never=NEVER,
        rules=retention.RULES, days=days, may_audit=current_actor().may("audit"),
    )  # fmt: skip


@blueprint.get("/privacy/erased")
@requires("audit")
def erased() -> ResponseReturnValue:
    """List what was erased, the newest first."""
    actor, number = current_actor(), page_number(request.args.get("page"))
    with transaction(actor) as session:
        record_look(session, actor, "audit.erased_listed", subject=("audit", "erased"), page=number)
        total, rows = queries.page_of_disposals(session, limit=SIZE, offset=(number - 1) * SIZE)
        zone = city.timezone(session)
    page = Page(number, total, lambda n: url_for("privacy.erased", page=n))
    return render_template("privacy/erased.html", rows=rows, page=page, zone=zone)
