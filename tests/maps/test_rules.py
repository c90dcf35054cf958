"""The map's filter, its class breaks and its compact figures."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.core.errors import BadRequest
from gridmap.maps import rules
from gridmap.maps.rules import Filter

WINDOW = (date(2024, 1, 1), date(2024, 4, 1))


def parse(**given: str | list[str]) -> Filter:
    values = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    return rules.parse_filter({name.rstrip("_"): value for name, value in values.items()}, WINDOW)


def test_an_empty_address_shows_hotspots_of_the_usual_window():
    assert parse() == Filter(*WINDOW)


def test_an_address_is_read_and_written_back_the_same():
    query = "scope=9901&from=2016-01-01&to=2017-01-01&category=a&category=b&measure=rate&per=area"
    given = {
        "scope": ["9901"],
        "from": ["2016-01-01"],
        "to": ["2017-01-01"],
        "category": ["a", "b"],
        "measure": ["rate"],
        "per": ["area"],
    }

    assert rules.parse_filter(given, WINDOW).query() == query


def test_a_rate_without_a_base_is_one_of_people_and_a_count_has_none():
    assert parse(measure="rate").per == "population"
    assert parse(measure="count", per="area").per is None


@pytest.mark.parametrize(
    "given",
    [
        {"from_": "31/12/2016"},
        {"from_": "2016-02-30"},
        {"from_": "0001-01-01"},
        {"from_": "2017-01-01", "to": "2017-01-01"},
        {"measure": "heat"},
        {"per": "head"},
    ],
)
def test_what_cannot_be_used_is_refused(given):
    with pytest.raises(BadRequest):
        parse(**given)


def test_the_last_day_of_a_form_is_the_day_before_the_end():
    assert rules.last_day_given({"last": ["2016-12-31"]}) == date(2017, 1, 1)
    assert rules.last_day_given({}) is None


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        (date(2016, 1, 1), date(2017, 1, 1), date(2015, 1, 1)),
        (date(2016, 3, 1), date(2016, 4, 1), date(2016, 2, 1)),
        (date(2016, 3, 10), date(2016, 3, 17), date(2016, 3, 3)),
    ],
)
def test_the_window_before_is_as_many_months_or_days(start, end, before):
    found = Filter(start, end).before

    assert (found.start, found.end) == (before, start)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=200))
def test_breaks_rise_and_every_value_has_a_class(counts):
    values = np.array(counts, dtype=np.float64)

    limits = rules.breaks(values, whole=True)
    classes = rules.classify(values, limits)

    assert limits == sorted(set(limits))
    assert len(limits) <= 4
    assert all(limit == int(limit) for limit in limits)
    assert classes.min() >= 0
    assert classes.max() <= len(limits)


@given(st.lists(st.floats(0, 5000), max_size=200))
def test_none_is_a_class_of_its_own_among_counts(usual):
    limits = rules.breaks(np.array(usual, dtype=np.float64), whole=True)

    assert limits[0] == 1
    assert rules.classify(np.array([0.0, 1.0]), limits).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ([], [1]),
        ([0, 0, 0], [1]),
        ([0, 0, 0.2, 0.3], [1, 2, 3, 4]),
        ([0, 3, 8, 12, 19, 33, 47, 61, 99, 180], [1, 20, 50, 100]),
    ],
)
def test_breaks_of_counts_are_round_whole_numbers(counts, limits):
    assert rules.breaks(np.array(counts, dtype=np.float64), whole=True) == limits


def test_a_missing_value_has_no_class_and_never_the_lowest():
    assert rules.classify(np.array([np.nan, 0.0, 7.0]), [5.0]).tolist() == [-1, 0, 1]


@given(st.sets(st.integers(1, 500)))
def test_runs_hold_just_the_ids(ids):
    rising = np.array(sorted(ids), dtype=np.int64)

    runs = rules.runs_of(rising)

    assert [i for first, n in runs for i in range(first, first + n)] == rising.tolist()


def test_equal_values_share_a_rank():
    assert rules.ranks(np.array([5.0, 9.0, 5.0, np.nan])).tolist() == [2, 1, 2, 4]
