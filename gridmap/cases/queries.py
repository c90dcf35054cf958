"""Every statement on cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, text, tuple_
from sqlalchemy.orm import Session

from gridmap.cases.clocks import Clock, read_pauses
from gridmap.cases.models import Case, CaseClock, CaseEvent
from gridmap.core.codes import AFTER_EVERYTHING


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows.

    Attributes:
        scope: beginning of their codes; '' for all that may be seen.
        kinds: names; empty for all.
        standing: (kind, state) pairs; None for all.
        holder: account that has them; 0 for those that nobody has; None for all.
        open_only: without those that ended.
        due_before: only those with a deadline before this instant.
        words: every word must stand in title, code or place.
    """

    scope: str = ""
    kinds: tuple[str, ...] = ()
    standing: tuple[tuple[str, str], ...] | None = None
    holder: int | None = None
    open_only: bool = True
    due_before: datetime | None = None
    words: tuple[str, ...] = ()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.scope:
        found += [Case.grid_code >= wanted.scope, Case.grid_code < wanted.scope + AFTER_EVERYTHING]
    if wanted.kinds:
        found.append(Case.kind.in_(wanted.kinds))
    if wanted.standing is not None:
        found.append(tuple_(Case.kind, Case.state).in_(wanted.standing))
    if wanted.open_only:
        found.append(Case.closed_at.is_(None))
    if wanted.holder is not None:
        has = Case.holder_id == wanted.holder
        found.append(has if wanted.holder else Case.holder_id.is_(None))
    if wanted.due_before is not None:
        found.append(Case.due_at < wanted.due_before)
    for word in wanted.words:
        place = func.coalesce(Case.place_given, "")
        found.append(
            func.strpos(func.lower(Case.title + " " + Case.code + " " + place), word.lower()) > 0
        )
    return found


def case_page(
    session: Session, wanted: Wanted, *, limit: int = 25, offset: int = 0
) -> tuple[int, Sequence[Case]]:
    """Return how many cases are wanted, and one page: the next due first, then the newest."""
    where = _conditions(wanted)
    total = session.scalar(select(func.count()).select_from(Case).where(*where)) or 0
    rows = session.scalars(
        select(Case).where(*where)
        .order_by(Case.due_at.asc().nulls_last(), Case.opened_at.desc(), Case.id.desc())
        .limit(limit).offset(offset)
    ).all()  # fmt: skip
    return total, rows


@dataclass(frozen=True)
class OnMap:
    """A list of cases on the map: points, and how many have none; together the whole list.

    Attributes:
        cases: with a point, at most as many as were asked for: (case, lon, lat).
        by_grid: grid code → cases, of the whole list; '' for those without a grid.
        with_point: how many have a point in all.
    """

    cases: list[tuple[Case, float, float]]
    by_grid: dict[str, int]
    with_point: int

    @property
    def total(self) -> int:
        """Return how many cases the list has."""
        return sum(self.by_grid.values())


def on_map(
    session: Session, wanted: Wanted, *, most: int, hidden_kinds: Sequence[str] = ()
) -> OnMap:
    """Return the wanted cases for a map.

    Args:
        session: the transaction.
        wanted: the same filter as the list's.
        most: from how many points on only counts per grid are given.
        hidden_kinds: kinds that are never shown as a point.
    """
    where = _conditions(wanted)
    grid = case((Case.grid_id.is_(None), ""), else_=Case.grid_code)
    by_grid = session.execute(select(grid, func.count()).where(*where).group_by(grid)).all()
    has_point = [*where, Case.geom.is_not(None), Case.kind.not_in(hidden_kinds)]
    with_point = session.scalar(select(func.count()).select_from(Case).where(*has_point)) or 0
    points = select(Case, func.ST_X(Case.geom), func.ST_Y(Case.geom)).where(*has_point)
    rows = session.execute(points).all() if with_point <= most else ()
    return OnMap(
        [(row[0], row[1], row[2]) for row in rows], {row[0]: row[1] for row in by_grid}, with_point
    )


def counts(session: Session, lists: Mapping[str, Wanted]) -> dict[str, int]:
    """Return how many cases each of several lists has, from one statement."""
    columns = [
        func.count().filter(*_conditions(wanted)).label(f"list_{k}")
        for k, wanted in enumerate(lists.values())
    ]
    row = session.execute(select(*columns).select_from(Case)).one()
    return dict(zip(lists, row, strict=True))


def case_by_code(session: Session, code: str, *, lock: bool = False) -> Case | None:
    """Return one case that may be seen."""
    statement = select(Case).where(Case.code == code)
    return session.scalar(statement.with_for_update() if lock else statement)


def events_of(session: Session, case_id: int) -> Sequence[CaseEvent]:
    """Return what happened to a case, the newest first."""
    return session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id.desc())
    ).all()


def events_since(session: Session, case_id: int, version: int) -> Sequence[CaseEvent]:
    """Return what happened to a case after a version of it, in order."""
    return session.scalars(
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id, CaseEvent.version > version)
        .order_by(CaseEvent.id)
    ).all()


def last_event(session: Session, case_id: int) -> CaseEvent | None:
    """Return the newest event of a case that was not undone."""
    return session.scalar(
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id, CaseEvent.undone_at.is_(None))
        .order_by(CaseEvent.id.desc())
        .limit(1)
    )


def wait_for_key(session: Session, account_id: int | None, key: str) -> None:
    """Let two requests with one key come one after the other, to the end of the transaction."""
    name = f"case {account_id} {key}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def event_with_key(session: Session, account_id: int | None, key: str) -> CaseEvent | None:
    """Return what an account did under an idempotency key."""
    return session.scalar(
        select(CaseEvent).where(CaseEvent.account_id == account_id, CaseEvent.key == key)
    )


def clocks_of(session: Session, case_id: int) -> list[Clock]:
    """Return the clocks of a case in the order in which they began."""
    rows = session.scalars(
        select(CaseClock).where(CaseClock.case_id == case_id).order_by(CaseClock.id)
    )
    return [
        Clock(
            deadline=row.deadline,
            started=row.started_at,
            due=row.due_at,
            stopped=row.stopped_at,
            pauses=read_pauses(row.pauses),
            id=row.id,
        )
        for row in rows
    ]


def holder_before(session: Session, case: Case) -> tuple[int | None, str | None] | None:
    """Return account and name of whoever had a case before its present holder; None: nobody."""
    snapshots = session.scalars(
        select(CaseEvent.before)
        .where(CaseEvent.case_id == case.id, CaseEvent.before.is_not(None),
               CaseEvent.undone_at.is_(None))
        .order_by(CaseEvent.id.desc())
    )  # fmt: skip
    for before in snapshots:
        if before and before["holder_id"] not in (None, case.holder_id):
            return before["holder_id"], before["holder_name"]
    return None


def keep_clocks(session: Session, case: Case, clocks: Iterable[Clock]) -> None:
    """Write the clocks of a case as they are now; those that are not among them go."""
    kept = {row.id: row for row in session.scalars(
        select(CaseClock).where(CaseClock.case_id == case.id))}  # fmt: skip
    for clock in clocks:
        row = kept.pop(clock.id, None) if clock.id else None
        if row is None:
            row = CaseClock(case_id=case.id, deadline=clock.deadline)
            session.add(row)
        row.grid_code = case.grid_code
        row.started_at, row.due_at, row.stopped_at = clock.started, clock.due, clock.stopped
        row.pauses = clock.pauses_as_json()
    for row in kept.values():
        session.delete(row)
    session.flush()


def lock_open_cases(session: Session, grid_ids: Sequence[int]) -> set[int]:
    """Return the ids of the open cases in grids, locked: a step that somebody makes waits."""
    found = session.scalars(
        select(Case.id)
        .where(Case.grid_id.in_(grid_ids), Case.closed_at.is_(None))
        .order_by(Case.id)
        .with_for_update()
    )
    return set(found)


def move_history(session: Session, case_ids: Sequence[int]) -> None:
    """Give clocks and events of cases the code that the cases have by now."""
    for table in ("case_clocks", "case_events"):
        session.execute(
            text(
                f"UPDATE {table} t SET grid_code = c.grid_code FROM cases c "
                "WHERE c.id = t.case_id AND c.id = ANY(:ids)"
            ),
            {"ids": list(case_ids)},
        )


@dataclass(frozen=True)
class Person:
    """Somebody who may have a case at a place."""

    account_id: int
    name: str
    roles: tuple[str, ...]


def people_at(session: Session, code: str) -> list[Person]:
    """Return who may have cases at a code; nobody for one where the asker may not move cases."""
    rows = session.execute(
        text("SELECT account_id, display_name, roles FROM auth.people_at(:code, 'case', 'change')"),
        {"code": code},
    )
    return [Person(account, name, tuple(roles)) for account, name, roles in rows]
