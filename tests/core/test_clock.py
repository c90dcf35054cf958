"""Local days and instants."""

from datetime import UTC, date, datetime

import pytest

from gridmap.core.clock import local_midnight


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
