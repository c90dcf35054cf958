"""Local days and instants."""

from datetime import UTC, date, datetime

import pytest

from gridmap.core.clock import day_written, first_of_month, local_midnight, month_number
from gridmap.core.errors import BadRequest


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2026, 11, 24), "Asia/Shanghai", datetime(2026, 11, 23, 16, tzinfo=UTC)),
        (date(1, 1, 1), "Asia/Shanghai", datetime.min.replace(tzinfo=UTC)),
        (date(1, 1, 1), "UTC", datetime(1, 1, 1, tzinfo=UTC)),
        (date(9999, 12, 31), "America/Chicago", datetime(9999, 12, 31, 6, tzinfo=UTC)),
        (date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ],
)
def test_every_day_that_can_be_written_begins_somewhere(day, zone, instant):
    assert local_midnight(day, zone) == instant


def test_months_are_counted_from_1970_in_both_directions():
    days = [date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29)]

    numbers = [month_number(day) for day in days]

    assert numbers == [-1, 0, 54 * 12 + 1]
    assert [first_of_month(number) for number in numbers] == [day.replace(day=1) for day in days]


@pytest.mark.parametrize("text", ["yesterday", "2024-02-30", ""])
def test_a_text_that_is_no_day_is_refused_with_its_field(text):
    with pytest.raises(BadRequest, match="from: a date is written"):
        day_written(text, field="from")
