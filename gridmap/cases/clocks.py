"""The clocks of a case: which begin, stand still and stop when it enters a state. No database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gridmap.cases.declarations import Deadline, Kind
from gridmap.cases.working_time import Pause, WorkCalendar, due_at


@dataclass(frozen=True)
class Clock:
    """One running or stopped deadline.

    Attributes:
        id: of its row; None before it has one.
        due: None while a pause holds it.
    """

    deadline: str
    started: datetime
    due: datetime | None
    stopped: datetime | None = None
    pauses: tuple[Pause, ...] = field(default_factory=tuple)
    id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `clock_of` makes the clock of again."""
        return {
            "id": self.id,
            "deadline": self.deadline,
            "started": self.started.isoformat(),
            "due": written(self.due),
            "stopped": written(self.stopped),
            "pauses": self.pauses_as_json(),
        }

    def pauses_as_json(self) -> list[list[str | None]]:
        """Return the pauses as [from, to or None]."""
        return [[written(begins), written(ends)] for begins, ends in self.pauses]

    @property
    def runs(self) -> bool:
        """Return whether it has not been stopped."""
        return self.stopped is None

    @property
    def stands_still(self) -> bool:
        """Return whether a pause holds it."""
        return bool(self.pauses) and self.pauses[-1][1] is None

    def is_late(self, now: datetime) -> bool:
        """Return whether it was or is stopped too late."""
        return self.due is not None and (self.stopped or now) > self.due


def written(instant: datetime | None) -> str | None:
    """Return an instant as JSON holds it."""
    return instant.isoformat() if instant else None


def read_pauses(pauses: Sequence[Sequence[str | None]]) -> tuple[Pause, ...]:
    """Return pauses out of JSON."""
    return tuple(
        (datetime.fromisoformat(begins), datetime.fromisoformat(ends) if ends else None)
        for begins, ends in pauses
        if begins
    )


def clock_of(said: Mapping[str, Any]) -> Clock:
    """Return the clock that `Clock.as_json` wrote."""
    return Clock(
        deadline=said["deadline"],
        started=datetime.fromisoformat(said["started"]),
        due=datetime.fromisoformat(said["due"]) if said["due"] else None,
        stopped=datetime.fromisoformat(said["stopped"]) if said["stopped"] else None,
        pauses=read_pauses(said["pauses"]),
        id=said["id"],
    )


@dataclass(frozen=True)
class Moved:
    """A case that enters a state.

    Attributes:
        at: when.
        state: which one it enters.
        priority: of the case.
        new_holder: whether somebody else has it from now on.
    """

    at: datetime
    state: str
    priority: str
    new_holder: bool = False


def after_move(
    kind: Kind, clocks: Iterable[Clock], moved: Moved, calendar: WorkCalendar
) -> list[Clock]:
    """Return the clocks of a case after it entered a state; stopped ones stay as they are."""
    found = [_moved(kind.deadlines, clock, moved, calendar) for clock in clocks]
    running = {clock.deadline for clock in found if clock.runs}
    begun = [
        _begin(deadline, moved, calendar)
        for deadline in kind.deadlines.values()
        if moved.state in deadline.starts and deadline.name not in running
    ]
    return found + begun


def _begin(deadline: Deadline, moved: Moved, calendar: WorkCalendar) -> Clock:
    due = calendar.after(moved.at, deadline.within[moved.priority])
    return Clock(deadline.name, moved.at, due)


def _moved(
    deadlines: Mapping[str, Deadline], clock: Clock, moved: Moved, calendar: WorkCalendar
) -> Clock:
    deadline = deadlines[clock.deadline]
    if not clock.runs:
        return clock
    if moved.state in deadline.stops:
        return replace(_going_on(deadline, clock, moved, calendar), stopped=moved.at)
    if moved.new_holder and deadline.clock == "holder" and moved.state in deadline.starts:
        return replace(_begin(deadline, moved, calendar), id=clock.id)
    if moved.state in deadline.pauses:
        return clock if clock.stands_still else _paused(deadline, clock, moved, calendar)
    return _going_on(deadline, clock, moved, calendar)


def _paused(deadline: Deadline, clock: Clock, moved: Moved, calendar: WorkCalendar) -> Clock:
    pauses = (*clock.pauses, (moved.at, None))
    span = deadline.within[moved.priority]
    return replace(clock, pauses=pauses, due=due_at(calendar, clock.started, span, pauses))


def _going_on(deadline: Deadline, clock: Clock, moved: Moved, calendar: WorkCalendar) -> Clock:
    """End a pause that holds the clock."""
    if not clock.stands_still:
        return clock
    pauses = (*clock.pauses[:-1], (clock.pauses[-1][0], moved.at))
    span = deadline.within[moved.priority]
    return replace(clock, pauses=pauses, due=due_at(calendar, clock.started, span, pauses))


def first_due(clocks: Iterable[Clock]) -> datetime | None:
    """Return when the first of the running clocks is over; None where none runs."""
    return min((clock.due for clock in clocks if clock.runs and clock.due), default=None)
