# ruff: noqa: DTZ001 - naive times are the subject here
import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.intake.errors import (
    AmbiguousDates,
    BadOption,
    NoTimeZone,
    TimesDoNotFit,
    UnknownDates,
)
from gridmap.intake.times import Spans, TimeColumn, read_times, to_utc


def read(values, format_=None, tz="Asia/Shanghai", excel=False) -> Spans:
    column = pa.chunked_array([pa.array(values)])
    line = np.arange(len(values)) + 2
    return read_times(column, TimeColumn("a.csv", "when", line, format_, tz, excel))


def utc(text: str) -> np.datetime64:
    return np.datetime64(text, "us")


@pytest.mark.parametrize(
    ("text", "start", "whole_day"),
    [
        ("2024-05-31", "2024-05-30T16:00", True),
        ("2024/05/31", "2024-05-30T16:00", True),
        ("2024/5/3", "2024-05-02T16:00", True),
        ("20240531", "2024-05-30T16:00", True),
        ("31.05.2024", "2024-05-30T16:00", True),
        ("2024年5月31日", "2024-05-30T16:00", True),
        ("2024年5月31日 14时30分", "2024-05-31T06:30", False),
        ("2024年5月31日14时30分05秒", "2024-05-31T06:30:05", False),
        ("２０２４-０５-３１", "2024-05-30T16:00", True),
        ("2024-05-31 14:30", "2024-05-31T06:30", False),
        ("2024-05-31T14:30:15", "2024-05-31T06:30:15", False),
        ("2024-05-31 14:30:15.25", "2024-05-31T06:30:15.25", False),
        ("2024-05-31 14:30:15.123456789", "2024-05-31T06:30:15.123456", False),
        ("2024-05-31T14:30:15Z", "2024-05-31T14:30:15", False),
        ("2024-05-31T14:30:15+02:00", "2024-05-31T12:30:15", False),
        ("2024/05/31 14:30:15+08", "2024-05-31T06:30:15", False),
        ("2024-05-31 14:30:15-0500", "2024-05-31T19:30:15", False),
        ("20240531143015", "2024-05-31T06:30:15", False),
        ("2024-05-31 02:30:15 PM", "2024-05-31T06:30:15", False),
        ("2024-05-31 12:05 am", "2024-05-30T16:05", False),
        ("5/31/2024 2:30:15 PM", "2024-05-31T06:30:15", False),
        ("31/5/2024 9:05", "2024-05-31T01:05", False),
    ],
)
def test_a_usual_form_is_recognised(text, start, whole_day):
    spans = read([text])

    assert spans.start[0] == utc(start)
    assert np.isnat(spans.end[0]) != whole_day


def test_a_date_alone_is_its_whole_local_day_half_open():
    spans = read(["2024-03-10"], tz="America/Chicago")

    assert spans.start[0] == utc("2024-03-10T06:00")
    assert spans.end[0] == utc("2024-03-11T05:00"), "the day of the change has 23 hours"


def test_a_time_in_the_gap_is_read_with_the_offset_before_it():
    spans = read(["2024-03-10 02:30", "2024-03-10 03:30"], tz="America/Chicago")

    assert spans.start[0] == spans.start[1] == utc("2024-03-10T08:30")
    assert spans.notes[0].code == "clock_changes"
    assert spans.notes[0].fields["count"] == 1


def test_a_time_that_occurs_twice_is_the_first():
    spans = read(["2024-11-03 01:30"], tz="America/Chicago")

    assert spans.start[0] == utc("2024-11-03T06:30")


@given(
    st.lists(
        st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2037, 1, 1)), min_size=1, max_size=30
    ),
    st.sampled_from(["America/Chicago", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_local_times_become_utc_as_python_says(times, name):
    zone = ZoneInfo(name)
    expected = [t.replace(tzinfo=zone).astimezone(dt.UTC).replace(tzinfo=None) for t in times]

    found, _ = to_utc(np.array(times, dtype="datetime64[us]"), zone)

    assert found.tolist() == expected


@given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)), min_size=1, max_size=20))
def test_every_day_of_the_calendar_is_read(days):
    spans = read([day.strftime("%d.%m.%Y") for day in days], tz="UTC")

    assert spans.start.astype("datetime64[D]").tolist() == days


def test_the_column_decides_whether_the_day_comes_first():
    days = [f"{day:02d}/06/2024" for day in range(1, 31)]

    spans = read(days, tz="UTC")

    assert spans.start[4] == utc("2024-06-05")
    assert spans.notes[0].code == "date_order_recognised"
    assert spans.notes[0].fields["format"] == "%d/%m/%Y"


def test_day_and_month_that_cannot_be_told_apart_refuse_the_file():
    with pytest.raises(AmbiguousDates, match=r"line 2: 01/02/2024.*--time-format"):
        read(["01/02/2024", "03/04/2024"])


def test_a_single_odd_row_does_not_decide_the_order():
    with pytest.raises(AmbiguousDates):
        read([*["01/02/2024"] * 50, "13/02/2024"])


def test_an_impossible_day_is_named():
    days = [f"{day:02d}/05/2024" for day in range(1, 31)] + ["31/02/2024", "30/02/2024"]

    spans = read(days, format_="%d/%m/%Y", tz="UTC")

    assert spans.problem[-2:].tolist() == ["no_such_day_february"] * 2
    assert spans.detail[-2] == "31"
    assert np.isnat(spans.start[-2:]).all()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2023-02-29", "no_such_day_february"),
        ("2024-04-31", "no_such_day_april"),
        ("2024-13-01", "no_such_month"),
        ("2024-01-45", "no_such_day"),
        ("2024-01-01 24:30", "no_such_time"),
        ("2024-01-01 10:75:00", "no_such_time"),
        ("soon", "time_unreadable"),
    ],
)
def test_what_is_no_time_has_a_reason(text, problem):
    spans = read(["2024-02-29", "2024-01-01 10:00", text])

    assert spans.problem.tolist() == ["", "", problem]


@pytest.mark.parametrize(
    ("text", "format_", "start"),
    [
        ("31/05/2024", "%d/%m/%Y", "2024-05-31"),
        ("1/5/2024", "%d/%m/%Y", "2024-05-01"),
        ("05/31/24", "%m/%d/%y", "2024-05-31"),
        ("31-May-2024 14:30", "%d-%b-%Y %H:%M", "2024-05-31T14:30"),
        ("2024152", "%Y%j", "2024-05-31"),
        ("2024-05-31 14:30:15.5", "%Y-%m-%d %H:%M:%S.%f", "2024-05-31T14:30:15.5"),
        ("2024-05-31T14:30:15+0800", "%Y-%m-%dT%H:%M:%S%z", "2024-05-31T06:30:15"),
        ("12:05 AM 05/31/2024", "%I:%M %p %m/%d/%Y", "2024-05-31T00:05"),
    ],
)
def test_a_given_format_is_followed(text, format_, start):
    assert read([text], format_=format_, tz="UTC").start[0] == utc(start)


@pytest.mark.parametrize("format_", ["%d/%m", "%Q-%Y-%m-%d", "tomorrow", "%", "%H:%M"])
def test_a_format_that_cannot_be_used_is_refused(format_):
    with pytest.raises((BadOption, TimesDoNotFit)):
        read(["31/05/2024"], format_=format_)


def test_a_format_that_nothing_fits_refuses_the_file():
    with pytest.raises(TimesDoNotFit, match=r"%d/%m/%Y \(line 2: 2024-05-31\)"):
        read(["2024-05-31", "2024-06-01"], format_="%d/%m/%Y")


def test_a_column_of_words_refuses_the_file():
    with pytest.raises(UnknownDates, match="--time-format"):
        read(["theft", "burglary"])


def test_local_times_without_a_zone_refuse_the_file():
    with pytest.raises(NoTimeZone, match="--tz"):
        read(["2024-05-31 10:00"], tz=None)


def test_times_with_offsets_need_no_zone():
    assert read(["2024-05-31T10:00Z"], tz=None).start[0] == utc("2024-05-31T10:00")


def test_an_unknown_zone_is_refused():
    with pytest.raises(BadOption, match="Mars/Olympus"):
        read(["2024-05-31"], tz="Mars/Olympus")


def test_excel_days_are_read_and_texts_beside_them():
    spans = read(["45443", "45443.6041666667", "2024-05-31 14:30"], tz="UTC", excel=True)

    assert spans.start.tolist() == [
        dt.datetime(2024, 5, 31),
        dt.datetime(2024, 5, 31, 14, 30),
        dt.datetime(2024, 5, 31, 14, 30),
    ]
    assert np.isnat(spans.end).tolist() == [False, True, True]


def test_timestamps_of_a_typed_column_keep_their_meaning():
    naive = read([dt.datetime(2024, 5, 31, 14, 30)])
    aware = read([dt.datetime(2024, 5, 31, 14, 30, tzinfo=dt.UTC)])
    day = read([dt.date(2024, 5, 31)])

    assert naive.start[0] == utc("2024-05-31T06:30")
    assert aware.start[0] == utc("2024-05-31T14:30")
    assert day.end[0] - day.start[0] == np.timedelta64(1, "D")


def test_a_column_of_midnights_is_taken_for_days():
    spans = read([dt.datetime(2024, 5, day) for day in range(1, 20)])

    assert not np.isnat(spans.end).any()
    assert spans.notes[0].code == "times_all_midnight"


def test_empty_values_are_empty_not_wrong():
    spans = read(["2024-05-31", "", None])

    assert spans.empty.tolist() == [False, True, True]
    assert spans.problem.tolist() == ["", "", ""]


def test_forms_may_be_mixed():
    spans = read(["2024-05-31", "2024-05-31 14:30", "2024-05-31T14:30:15Z", "2024/6/1"], tz="UTC")

    assert (~np.isnat(spans.start)).all()
    assert np.isnat(spans.end).tolist() == [False, True, True, False]
