"""Counting a window through the roll-up equals counting its rows, whatever the window."""

from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.core.clock import local_midnight
from gridmap.core.errors import BadRequest, NotFound
from gridmap.hotspots.actions import study
from gridmap.hotspots.queries import Window, count_by_category, count_by_grid
from gridmap.hotspots.studies import Question
from gridmap.incidents.actions import set_timezone
from gridmap.incidents.categories import categories_named
from tests.factories import centre, chessboard_code, import_chessboard, import_incidents

ZONES = ("Asia/Shanghai", "America/Chicago", "Pacific/Apia", "UTC")
KINDS = ("theft", "burglary", "noise")


@pytest.fixture
def city(session, tmp_path):
    """A chessboard of 4 × 4 and 400 incidents over 14 months, some in no grid."""
    import_chessboard(tmp_path)
    rng = np.random.default_rng(11)
    rows = []
    for k in range(400):
        lon, lat = centre(int(rng.integers(0, 5)), int(rng.integers(0, 4)))
        moment = np.datetime64("2024-11-20T00:00") + int(rng.integers(0, 425 * 24 * 60))
        rows.append((k, lon, lat, str(moment), KINDS[int(rng.integers(0, 3))]))
    import_incidents(tmp_path, rows)
    return session


def brute_force(session, window: Window, scope: str, categories) -> tuple[dict[int, int], int]:
    rows = session.execute(
        text(
            "SELECT coalesce(grid_id, -1), count(*) FROM incidents "
            "WHERE occurred_from >= :begins AND occurred_from < :ends "
            "AND starts_with(grid_code, :scope) AND (:every OR category_id = ANY(:categories)) "
            "GROUP BY 1"
        ),
        {"begins": window.begins, "ends": window.ends, "scope": scope,
         "every": categories is None, "categories": categories or []},
    ).all()  # fmt: skip
    found = {grid: n for grid, n in rows}  # noqa: C416 - rows are not tuples
    unlinked = found.pop(-1, 0)
    return found, unlinked


def test_categories_count_the_same_through_the_rollup_as_row_by_row(city):
    rng = np.random.default_rng(7)
    for scope in ("", "990101001002"):
        for _ in range(10):
            start = date(2024, 10, 1) + timedelta(days=int(rng.integers(0, 500)))
            window = Window(start, start + timedelta(days=int(rng.integers(1, 200))), ZONES[0])
            rows = city.execute(
                text(
                    "SELECT category_id, count(*) FROM incidents WHERE grid_id IS NOT NULL "
                    "AND occurred_from >= :begins AND occurred_from < :ends "
                    "AND starts_with(grid_code, :scope) GROUP BY 1"
                ),
                {"begins": window.begins, "ends": window.ends, "scope": scope},
            ).all()

            assert count_by_category(city, window, scope=scope) == dict(map(tuple, rows))


@pytest.mark.parametrize("zone", ZONES)
def test_windows_count_the_same_through_the_rollup_as_row_by_row(city, zone):
    set_timezone(city, SYSTEM, zone, by="person")
    rng = np.random.default_rng(5)
    burglary = categories_named(city, ["burglary"])
    for _ in range(20):
        start = date(2024, 10, 1) + timedelta(days=int(rng.integers(0, 500)))
        days = int(rng.choice([1, 2, 27, 31, 62, 200, 366]))
        window = Window(start, start + timedelta(days=days), zone)
        for scope in ("", chessboard_code(0, 2)[:12], chessboard_code(1, 1)):
            for chosen in (None, burglary):
                found = count_by_grid(city, window, scope=scope, categories=chosen)
                counts = dict(zip(found.grid_ids.tolist(), found.counts.tolist(), strict=True))
                assert (counts, found.unlinked) == brute_force(city, window, scope, chosen)


def test_whole_months_of_a_window():
    zone = "UTC"
    months = {
        (date(2025, 1, 1), date(2025, 3, 1)): (date(2025, 1, 1), date(2025, 3, 1)),
        (date(2025, 1, 2), date(2025, 3, 1)): (date(2025, 2, 1), date(2025, 3, 1)),
        (date(2025, 1, 2), date(2025, 2, 28)): None,
        (date(2024, 12, 31), date(2025, 2, 1)): (date(2025, 1, 1), date(2025, 2, 1)),
    }

    found = {days: Window(*days, zone).whole_months for days in months}

    assert found == months


def test_a_scope_compares_its_own_grids_alone(city):
    scope = chessboard_code(0, 2)[:12]

    found = study(city, Question(scope=scope))

    assert [str(code)[:12] for code in found.codes] == [scope] * 4
    assert found.result.neighbours.tolist() == [1, 2, 2, 1]
    assert found.unlinked == 0


def test_a_scope_that_does_not_exist_is_not_found(city):
    with pytest.raises(NotFound, match="no scope 404"):
        study(city, Question(scope="404"))


def test_an_unknown_category_is_not_found(city):
    with pytest.raises(NotFound, match="category unicorns"):
        study(city, Question(categories=("unicorns",)))


def test_a_window_that_ends_before_it_begins_is_refused(city):
    with pytest.raises(BadRequest, match="ends before it begins"):
        study(city, Question(start=date(2025, 2, 1), end=date(2025, 2, 1)))


def test_without_dates_the_window_is_everything(city):
    found = study(city, Question())

    assert found.linked + found.unlinked == 400
    assert (found.start, found.end) <= (date(2024, 11, 21), date(2026, 1, 20))


def test_rates_by_area_divide_by_square_kilometres(city):
    counts = study(city, Question()).counts
    found = study(city, Question(per="area"))

    side_km2 = 1.1088 * 0.9437  # a hundredth of a degree at 32 N
    assert found.values == pytest.approx(counts / side_km2, rel=0.01)


def test_answers_have_no_nan(session, tmp_path):
    import_chessboard(tmp_path, 1, 1)

    answer = study(session, Question()).as_json()

    assert answer["grids"] == [
        {"code": chessboard_code(0, 0), "n": 0, "value": 0.0, "z": None, "p": None, "q": None,
         "class": None}
    ]  # fmt: skip
    assert answer["warnings"]


def test_local_midnight_skips_a_gap():
    assert local_midnight(date(2011, 12, 30), "Pacific/Apia") == local_midnight(
        date(2011, 12, 31), "Pacific/Apia"
    )
