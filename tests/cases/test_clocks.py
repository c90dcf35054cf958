"""Clocks begin, pause, go on, begin anew with a new holder and stop, as the declaration says."""

from datetime import UTC, datetime, timedelta

from gridmap.cases.clocks import Moved, after_move, first_due
from gridmap.cases.kinds import all_kinds
from gridmap.cases.working_time import WorkCalendar

KIND = all_kinds()["incident_handling"]
CALENDAR = WorkCalendar("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)  # 10:00 in Shanghai
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def travel(*steps, priority="normal"):
    """Move a case through (hours later, state, new holder) and return its clocks at the end."""
    clocks, at = [], MONDAY
    for hours, state, *new_holder in steps:
        at += hours * HOUR
        moved = Moved(at, state, priority, new_holder=bool(new_holder))
        clocks = after_move(KIND, clocks, moved, CALENDAR)
    return {clock.deadline: clock for clock in clocks}


def test_a_report_starts_the_reporters_clock():
    clocks = travel((0, "reported"))

    assert set(clocks) == {"file"}
    assert clocks["file"].due == MONDAY + 4 * HOUR
    assert first_due(clocks.values()) == MONDAY + 4 * HOUR


def test_filing_stops_one_clock_and_starts_the_next():
    clocks = travel((0, "reported"), (5, "filed"))

    assert clocks["file"].stopped == MONDAY + 5 * HOUR
    assert clocks["file"].is_late(MONDAY + 30 * DAY)
    assert clocks["answer"].due == MONDAY + 5 * HOUR + 3 * DAY
    assert first_due(clocks.values()) == clocks["answer"].due


def test_the_holders_clock_runs_on_while_work_goes_on_and_anew_with_a_new_holder():
    path = [(0, "reported"), (1, "filed"), (1, "dispatched", "new")]

    assert travel(*path, (2, "in_hand"))["handle"].started == MONDAY + 2 * HOUR
    assert travel(*path, (2, "dispatched", "new"))["handle"].started == MONDAY + 4 * HOUR


def test_a_wait_stops_both_clocks_and_work_goes_on_with_what_was_left():
    path = [(0, "reported"), (1, "filed"), (0, "dispatched", "new"), (0, "in_hand"), (1, "waiting")]

    waiting = travel(*path)
    assert waiting["handle"].due is None
    assert waiting["answer"].due is None
    assert first_due(waiting.values()) is None
    assert not waiting["handle"].is_late(MONDAY + 30 * DAY)

    going_on = travel(*path, (24, "in_hand"))
    assert going_on["handle"].due == MONDAY + HOUR + 3 * DAY
    assert going_on["answer"].due == MONDAY + HOUR + 4 * DAY


def test_a_case_that_is_closed_has_no_running_clock():
    clocks = travel(
        (0, "reported"), (1, "filed"), (0, "dispatched", "new"), (1, "in_hand"), (1, "to_check"),
        (1, "closed"),
    )  # fmt: skip

    assert not any(clock.runs for clock in clocks.values())
    assert not any(clock.is_late(MONDAY + 99 * DAY) for clock in clocks.values())


def test_work_that_comes_back_starts_the_clock_again_and_keeps_the_old_one():
    all_clocks = after_move(KIND, [], Moved(MONDAY, "dispatched", "urgent"), CALENDAR)
    all_clocks = after_move(KIND, all_clocks, Moved(MONDAY + HOUR, "to_check", "urgent"), CALENDAR)
    all_clocks = after_move(KIND, all_clocks, Moved(MONDAY + DAY, "in_hand", "urgent"), CALENDAR)

    handle = [clock for clock in all_clocks if clock.deadline == "handle"]
    assert [clock.stopped for clock in handle] == [MONDAY + HOUR, None]
    assert handle[1].due == MONDAY + DAY + 4 * HOUR
