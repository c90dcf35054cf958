"""Cases as pages show them: names in the reader's language, deadlines in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext, ngettext

from gridmap.auth.permissions import ROLE_NAMES
from gridmap.cases.actions import OWN_STEPS
from gridmap.cases.clocks import Clock
from gridmap.cases.declarations import Kind, Label
from gridmap.cases.kinds import all_kinds
from gridmap.cases.models import Case, CaseEvent
from gridmap.cases.spans import Span

DAY = timedelta(days=1)


def in_words(label: Label) -> str:
    """Return a label in the reader's language."""
    return label.zh if str(get_locale()).startswith("zh") else label.en


def role_names(roles: Iterable[str]) -> str:
    """Return roles in words, in the order of the permission table."""
    return ", ".join(gettext(name) for role, name in ROLE_NAMES.items() if role in set(roles))


def span_words(span: Span) -> str:
    """Return a span in words."""
    n = span.number
    found: dict[tuple[str, bool], str] = {
        ("minute", False): ngettext("%(n)d minute", "%(n)d minutes", n, n=n),
        ("hour", False): ngettext("%(n)d hour", "%(n)d hours", n, n=n),
        ("day", False): ngettext("%(n)d day", "%(n)d days", n, n=n),
        ("minute", True): ngettext("%(n)d working minute", "%(n)d working minutes", n, n=n),
        ("hour", True): ngettext("%(n)d working hour", "%(n)d working hours", n, n=n),
        ("day", True): ngettext("%(n)d working day", "%(n)d working days", n, n=n),
    }
    return found[span.unit, span.working]


@dataclass(frozen=True)
class Due:
    """A deadline in words: "3 d late", "today 15:00", "4 Jan"; `level` is late, today or later."""

    at: datetime
    level: str
    words: str


def due_words(at: datetime | None, now: datetime, zone: str) -> Due | None:
    """Say how near a deadline is; None where no clock runs."""
    if at is None:
        return None
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if at < now:
        return Due(at, "late", late_words(now - at))
    if local.date() == today.date():
        return Due(at, "today", f"{local:%H:%M}")
    return Due(at, "later", f"{local:%Y-%m-%d}")


def late_words(by: timedelta) -> str:
    """Say how late something is."""
    hours = by // timedelta(hours=1)
    if by >= DAY:
        words: str = gettext("%(n)d d late", n=by // DAY)
    elif hours:
        words = gettext("%(n)d h late", n=hours)
    else:
        words = gettext("%(n)d min late", n=max(1, by // timedelta(minutes=1)))
    return words


@dataclass(frozen=True)
class CaseRow:
    """A case in a list."""

    case: Case
    kind: str
    state: str
    sign: str
    grid: str
    due: Due | None


def case_row(case: Case, *, names: dict[str, str], now: datetime, zone: str) -> CaseRow:
    """Return a case for a list.

    Args:
        case: the case.
        names: grid code → name.
        now: the instant from which deadlines are told.
        zone: the city's.
    """
    kind = all_kinds()[case.kind]
    state = kind.states[case.state]
    due = None if case.closed_at else due_words(case.due_at, now, zone)
    grid = names.get(case.grid_code, "") or (case.grid_code if case.grid_id else "")
    return CaseRow(case, in_words(kind.label), in_words(state.label), state.sign, grid, due)


@dataclass(frozen=True)
class Told:
    """One entry of the history, in words."""

    event: CaseEvent
    what: str
    moved: tuple[str, str] | None
    changes: list[tuple[str, str, str]]


def told(kind: Kind, event: CaseEvent, visible: Sequence[str]) -> Told:
    """Return an event in words, without the values of fields that the reader may not see."""
    step = kind.transitions.get(event.step)
    what = in_words(step.label if step else OWN_STEPS[event.step])
    moved = None
    if event.from_state and event.from_state != event.to_state:
        ends = (kind.states[event.from_state].label, kind.states[event.to_state].label)
        moved = (in_words(ends[0]), in_words(ends[1]))
    changes = [
        (_name(kind, name), _value(kind, name, before), _value(kind, name, after))
        for name, (before, after) in event.changes.items()
        if name == "holder" or name in visible
    ]
    return Told(event, what, moved, changes)


def _name(kind: Kind, name: str) -> str:
    return gettext("Who has it") if name == "holder" else in_words(kind.fields[name].label)


def _value(kind: Kind, name: str, value: Any) -> str:
    if value is None:
        return "–"
    field = kind.fields.get(name)
    if field and value in field.choices:
        return in_words(field.choices[value])
    return str(value)


def field_values(kind: Kind, fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of the fields that are filled, in the declaration's order."""
    return [
        (in_words(field.label), _value(kind, name, fields[name]))
        for name, field in kind.fields.items()
        if name in fields
    ]


@dataclass(frozen=True)
class ClockRow:
    """One deadline of a case, in words."""

    name: str
    due: datetime | None
    state: str


def clock_rows(kind: Kind, clocks: Sequence[Clock], now: datetime) -> list[ClockRow]:
    """Return the deadlines of a case: kept, late, running, standing still."""
    found = []
    for clock in clocks:
        if clock.stands_still and clock.runs:
            state = gettext("stands still")
        elif clock.is_late(now):
            state = late_words((clock.stopped or now) - (clock.due or now))
        else:
            state = gettext("runs") if clock.runs else gettext("kept")
        found.append(ClockRow(in_words(kind.deadlines[clock.deadline].label), clock.due, state))
    return found


def total_words(total: int) -> str:
    """Return "12 cases"."""
    words: str = ngettext("%(n)s case", "%(n)s cases", total, n=f"{total:,}")
    return words


def sheet_header() -> list[str]:
    """Return the head of an exported list."""
    return [
        gettext("Number"), gettext("Kind"), gettext("State"), gettext("Outcome"), gettext("Title"),
        gettext("Priority"), gettext("Grid"), gettext("Code"), gettext("Place"), gettext("Owner"),
        gettext("Reported"), gettext("Due"), gettext("Closed"),
    ]  # fmt: skip


def sheet_rows(rows: Sequence[CaseRow], zone: str) -> list[list[object]]:
    """Return cases as the rows of an exported list; times by the city's clocks."""
    clock = ZoneInfo(zone)

    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(clock) if moment else None

    found: list[list[object]] = []
    for row in rows:
        case = row.case
        outcome = all_kinds()[case.kind].outcomes.get(case.outcome or "")
        found.append([
            case.code, row.kind, row.state, in_words(outcome) if outcome else "", case.title,
            case.priority, row.grid, case.grid_code if case.grid_id else "", case.place_given,
            case.holder_name, local(case.opened_at), local(case.due_at), local(case.closed_at),
        ])  # fmt: skip
    return found


def point_of(row: CaseRow, lon: float, lat: float) -> dict[str, object]:
    """Return a case for the map."""
    return {
        "code": row.case.code,
        "title": row.case.title,
        "state": row.state,
        "sign": row.sign,
        "grid": row.case.grid_code,
        "late": row.due is not None and row.due.level == "late",
        "x": round(lon, 6),
        "y": round(lat, 6),
    }
