"""Pages for auditors: the record, and what is unusual in it. Looking is on record too."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gridmap.audit.actions import record_look
from gridmap.audit.rules import OUTCOME_NAMES
from gridmap.auth.current import current_actor, requires
from gridmap.core import city
from gridmap.core.clock import day_written, local_date, local_midnight, utc_now
from gridmap.core.database import transaction
from gridmap.core.paging import SIZE, Page, page_number
from gridmap.oversight import queries
from gridmap.oversight.rules import RULES

blueprint = Blueprint("oversight", __name__, template_folder="templates")

FIELDS = ("officer", "kind", "number", "where", "action", "outcome")
DAYS = 30
"""Of unusual looks, where no day is named."""
LONGEST = 200


@blueprint.get("/audit")
@requires("audit")
def show() -> ResponseReturnValue:
    """Search the record: by officer, person, place, time, action."""
    actor = current_actor()
    given = {name: request.args.get(name, "").strip()[:LONGEST] for name in FIELDS}
    number = page_number(request.args.get("page"))
    with transaction(actor) as session:
        zone = city.timezone(session)
        first, last = _day("from"), _day("to")
        wanted = queries.Search(
            **given,
            start=local_midnight(first, zone) if first else None,
            end=local_midnight(last + timedelta(days=1), zone) if last else None,
        )
        said = {name: str(value) for name, value in asdict(wanted).items() if value}
        record_look(session, actor, "audit.searched", subject=("audit", "record"),
                    sought=said, page=number)  # fmt: skip
        total, rows = queries.search_record(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        kinds = queries.kinds_of_subject(session)
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page"}
    page = Page(number, total, lambda n: url_for("oversight.show", page=n, **kept))
    return render_template(
        "oversight/record.html", rows=rows, page=page, zone=zone, given=given, first=first,
        last=last, kinds=kinds, outcomes=OUTCOME_NAMES,
    )  # fmt: skip


@blueprint.get("/audit/unusual")
@requires("audit")
def unusual() -> ResponseReturnValue:
    """List unusual looks at people: many, out of hours, outside one's grids."""
    actor = current_actor()
    with transaction(actor) as session:
        zone = city.timezone(session)
        last = _day("to") or local_date(utc_now(), zone)
        first = _day("from") or last - timedelta(days=DAYS - 1)
        record_look(session, actor, "audit.unusual_listed", subject=("audit", "unusual"),
                    since=str(first), until=str(last))  # fmt: skip
        days = queries.unusual_days(
            session, zone=zone, start=local_midnight(first, zone),
            end=local_midnight(last + timedelta(days=1), zone),
        )  # fmt: skip
    return render_template(
        "oversight/unusual.html", days=days, rules=RULES, first=first, last=last,
        most=queries.MOST_UNUSUAL,
    )  # fmt: skip


def _day(name: str) -> date | None:
    value = request.args.get(name)
    return day_written(value, field=name) if value else None
