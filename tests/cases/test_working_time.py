"""Deadlines in working time: nights, weekends, holidays, swapped days, pauses, summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.cases.spans import Span, read_span
from gridmap.cases.working_time import WorkCalendar, due_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
# 2026: 1–7 October are free, Saturday 10 October is worked instead of one of them.
CITY = WorkCalendar(
    "Asia/Shanghai",
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    extra_days=frozenset({date(2026, 10, 10)}),
)
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2026-11-23 10:00", "2 working days", "2026-11-25 10:00"),
        ("2026-11-27 10:00", "1 working day", "2026-11-30 10:00"),
        ("2026-11-28 10:00", "1 working day", "2026-12-01 09:00"),
        ("2026-11-23 20:00", "1 working day", "2026-11-25 09:00"),
        ("2026-09-30 17:00", "1 working day", "2026-10-08 17:00"),
        ("2026-10-09 17:00", "1 working day", "2026-10-10 17:00"),
        ("2026-11-23 17:00", "4 working hours", "2026-11-24 12:00"),
        ("2026-11-27 17:30", "30 working minutes", "2026-11-27 18:00"),
        ("2026-11-28 03:00", "1 working hour", "2026-11-30 10:00"),
        ("2026-11-27 20:00", "4 hours", "2026-11-28 00:00"),
        ("2026-09-30 17:00", "7 days", "2026-10-07 17:00"),
    ],
)
def test_a_deadline_falls_where_a_person_would_expect_it(start, span, due):
    assert CITY.after(at(start), read_span(span)) == at(due)


def test_a_day_of_summer_time_is_no_hour_longer_on_the_clock():
    chicago = ZoneInfo("America/Chicago")
    calendar = WorkCalendar("America/Chicago", weekdays=frozenset(range(7)))

    due = calendar.after(at("2026-03-07 10:00", chicago), read_span("1 working day"))

    assert due == at("2026-03-08 10:00", chicago)
    assert due - at("2026-03-07 10:00", chicago).astimezone(UTC) == timedelta(hours=23)


def test_a_pause_stops_the_clock():
    start = at("2026-11-23 10:00")
    pause = (at("2026-11-23 12:00"), at("2026-11-25 12:00"))

    assert due_at(CITY, start, read_span("4 hours"), [pause]) == at("2026-11-25 14:00")
    assert due_at(CITY, start, read_span("1 working day"), [pause]) == at("2026-11-26 10:00")
    assert due_at(CITY, start, read_span("1 hour"), [pause]) == at("2026-11-23 11:00")


def test_a_pause_without_an_end_leaves_no_deadline():
    start = at("2026-11-23 10:00")

    assert due_at(CITY, start, read_span("4 hours"), [(at("2026-11-23 12:00"), None)]) is None
    assert due_at(CITY, start, read_span("1 hour"), [(at("2026-11-23 12:00"), None)]) is not None


@pytest.mark.parametrize("written", ["", "soon", "0 days", "2", "2 weeks", "-1 day", "2  days"])
def test_a_span_that_says_nothing_is_refused(written):
    with pytest.raises(ValueError, match="no span of time"):
        read_span(written)


def test_spans_are_written_as_they_are_read():
    for written in ("1 day", "4 hours", "2 working days", "1 working hour", "30 minutes"):
        assert str(read_span(written)) == written


def test_a_calendar_in_which_nobody_works_is_refused():
    with pytest.raises(ValueError, match="begin before"):
        WorkCalendar("UTC", opens=time(18), closes=time(9))
    with pytest.raises(ValueError, match="weekday"):
        WorkCalendar("UTC", weekdays=frozenset())
    never = frozenset(date(2026, 1, 1) + timedelta(days=k) for k in range(4000))
    with pytest.raises(ValueError, match="ten years"):
        WorkCalendar("UTC", holidays=never).after(at("2026-01-02 10:00"), Span(1, "hour", True))


@given(start=INSTANTS, minutes=st.integers(1, 5000))
def test_the_working_time_up_to_the_deadline_is_the_span(start, minutes):
    due = CITY.after(start, Span(minutes, "minute", working=True))

    assert CITY.between(start, due) == timedelta(minutes=minutes)


@given(
    start=INSTANTS,
    number=st.integers(1, 300),
    unit=st.sampled_from(["minute", "hour", "day"]),
    working=st.booleans(),
    gaps=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 5000)), max_size=4),
)
def test_pauses_only_put_a_deadline_off(start, number, unit, working, gaps):
    pauses, moment = [], start
    for before, length in gaps:
        begins = moment + timedelta(minutes=before)
        moment = begins + timedelta(minutes=length)
        pauses.append((begins, moment))
    span = Span(number, unit, working)

    due = due_at(CITY, start, span, pauses)

    assert due is not None
    if not (working and unit == "day"):
        assert due >= CITY.after(start, span)
    assert due > start
    assert not any(begins < due < ends for begins, ends in pauses)
