"""The line of months in a card."""

from datetime import date

import pytest

from gridmap.maps.trends import BOTTOM, TOP, months_until, trend_of


def test_months_end_with_the_one_of_the_last_day():
    assert months_until(date(2016, 2, 29), 3) == [
        date(2015, 12, 1),
        date(2016, 1, 1),
        date(2016, 2, 1),
    ]


def test_few_incidents_make_no_line():
    assert trend_of({date(2016, 5, 1): 9}, date(2016, 12, 31), title="") is None


def test_a_line_stands_on_zero_and_names_its_years():
    counts = {date(2016, month, 1): 10 * month for month in range(1, 13)}

    trend = trend_of(counts, date(2016, 12, 31), title="between %(low)s and %(high)s")

    assert trend is not None
    assert trend.title == "between 10 and 120"
    assert (trend.now_label, trend.before_label) == ("2016", "2015")
    assert trend.before == ""
    assert [row.n for row in trend.rows] == [10 * month for month in range(1, 13)]
    heights = [float(pair.split(",")[1]) for pair in trend.now[1:].split("L")]
    assert heights == sorted(heights, reverse=True)
    assert TOP <= min(heights) <= max(heights) <= BOTTOM
    assert trend.ticks[-1].y <= heights[-1]
    assert abs(trend.now_y - trend.before_y) >= 12


def test_twelve_months_over_new_year_are_named_by_both_years():
    counts = {date(2016, 6, 1): 50}

    trend = trend_of(counts, date(2016, 6, 30), title="")

    assert trend is not None
    assert trend.now_label == "15/16"


@pytest.mark.parametrize("most", [9, 900, 9_000, 90_000, 900_000])
def test_the_numbers_beside_a_line_have_room(most):
    trend = trend_of({date(2016, 5, 1): most, date(2016, 6, 1): 5}, date(2016, 12, 31), title="")

    assert trend is not None
    widest = max(len(f"{tick.value:,.0f}") for tick in trend.ticks)
    assert trend.left - 6 >= 6.2 * widest
    assert trend.now.startswith(f"M{trend.left:.1f},")
