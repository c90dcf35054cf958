"""How long persons are kept, and taking away what is too old: by rule, written into a ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Delete
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.batches.rejects import rejects_folder
from gridmap.core.actor import Actor
from gridmap.core.city import bump, lock_register, put_setting, setting, timezone
from gridmap.core.clock import local_date, local_midnight, utc_now
from gridmap.core.database import transaction
from gridmap.core.disposals import Gone, write_down
from gridmap.core.errors import BadRequest, NotFound
from gridmap.core.i18n import N_
from gridmap.privacy import queries

SETTING = "retention"
FEWEST_DAYS = 7


@dataclass(frozen=True)
class Rule:
    """What goes when it is older than so many days.

    Attributes:
        code: its name in the ledger.
        what: in words.
        table: whose rows go; '' for files.
        days: unless the city has set others.
        too_old: day or moment → what to delete.
        by_moment: whether `too_old` wants a moment.
    """

    code: str
    what: str
    table: str
    days: int
    too_old: Callable[..., Delete] | None
    by_moment: bool = False


RULES = (
    Rule("moved_out", N_("People whose last residence ended"), "residents", 1096,
         queries.residents_gone),
    Rule("old_residences", N_("Residences that ended"), "residences", 1096,
         queries.residences_ended),
    Rule("old_versions", N_("What corrections replaced"), "resident_versions", 365,
         queries.versions_replaced, by_moment=True),
    Rule("staff_left", N_("Staff who left"), "staff", 365, queries.staff_left),
    Rule("old_duties", N_("Duties that ended"), "duties", 1096, queries.duties_ended),
    Rule("rejected_rows", N_("Lists of rejected rows of imports of people"), "", 30, None),
)  # fmt: skip
"""In the order in which they run: whole people before parts of them."""


@dataclass(frozen=True)
class Applied:
    """What a rule found, or took away."""

    rule: Rule
    days: int
    before: date
    rows: int


def days_of(session: Session) -> dict[str, int]:
    """Return rule → days that hold in this city."""
    said = setting(session, SETTING) or {}
    return {rule.code: max(FEWEST_DAYS, int(said.get(rule.code, rule.days))) for rule in RULES}


def set_days(session: Session, actor: Actor, code: str, days: int) -> None:
    """Let a rule hold for another number of days.

    Raises:
        NotFound: there is no such rule.
        BadRequest: fewer than a week.
    """
    if code not in {rule.code for rule in RULES}:
        raise NotFound(what=N_("rule"), name=code)
    if days < FEWEST_DAYS:
        raise BadRequest(field="days", why=N_("a week at least, so that a mistake can be mended."))
    put_setting(session, SETTING, (setting(session, SETTING) or {}) | {code: days})
    record(session, actor, "retention.set", subject=("rule", code), days=days)


def run(actor: Actor, *, dry_run: bool) -> list[Applied]:
    """Apply every rule in one transaction; a dry run only counts.

    Args:
        actor: in whose name.
        dry_run: take nothing away and write nothing down.
    """
    with transaction(actor) as session:
        lock_register(session, "residents")
        lock_register(session, "staff")
        zone, days = timezone(session), days_of(session)
        today = local_date(utc_now(), zone)
        done = []
        for rule in RULES:
            before = today - timedelta(days=days[rule.code])
            rows = _apply(session, rule, before, local_midnight(before, zone), dry_run=dry_run)
            done.append(Applied(rule, days[rule.code], before, rows))
        if not dry_run:
            _write_down(session, actor, done)
    return done


def _apply(session: Session, rule: Rule, before: date, moment: datetime, *, dry_run: bool) -> int:
    if rule.too_old is None:
        return _old_reports(session, moment, dry_run=dry_run)
    statement = rule.too_old(moment if rule.by_moment else before)
    apply = queries.count_of if dry_run else queries.delete_rows
    return apply(session, statement)


def _old_reports(session: Session, moment: datetime, *, dry_run: bool) -> int:
    """Delete files; one that is gone when the transaction fails was to go anyway."""
    paths = [rejects_folder() / name for name in queries.reports_of_persons(session, before=moment)]
    there = [path for path in paths if path.is_file()]
    if not dry_run:
        for path in there:
            path.unlink()
    return len(there)


def _write_down(session: Session, actor: Actor, done: list[Applied]) -> None:
    for one in done:
        if one.rows:
            reason = f"older than {one.days} days"
            write_down(
                session,
                actor,
                Gone(one.rule.code, one.rule.table or "rejects", one.rows, reason),
            )
    counts = {one.rule.code: one.rows for one in done}
    record(session, actor, "retention.ran", subject=("retention", "rules"), counts=counts)
    if any(counts.values()):
        bump(session, "residents", "staff")
