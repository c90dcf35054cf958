"""The roll-up by month agrees with the incidents, whatever came and went."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gridmap.incidents import rollups
from gridmap.incidents.rollups import MonthCounts, count_months, local_months

CHANGE = st.tuples(
    st.integers(1, 3), st.sampled_from(["", "A1", "A2", "B1"]), st.integers(640, 660),
    st.integers(1, 9),
)  # fmt: skip


def changes_of(rows) -> MonthCounts:
    ids = {"": -1, "A1": 11, "A2": 12, "B1": 21}
    return MonthCounts(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([ids[row[1]] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=object),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.int64),
    )


def stored(session) -> dict[tuple[int, str, int], int]:
    """What each month counts, read out of the sums with SQL alone."""
    rows = session.execute(
        text(
            "SELECT category_id, grid_code, first_month + k - 1, "
            "cumulative[k] - coalesce(cumulative[k - 1], 0) "
            "FROM incident_months, generate_subscripts(cumulative, 1) AS k"
        )
    )
    return {(category, code, month): n for category, code, month, n in rows if n}


def expected(batches) -> dict[tuple[int, str, int], int]:
    counts: dict[tuple[int, str, int], int] = {}
    for rows in batches:
        for category, code, month, n in rows:
            for key in ((category, code, month), (0, code, month)):
                counts[key] = counts.get(key, 0) + n
    return counts


@pytest.fixture
def nothing(session):
    session.execute(text("DELETE FROM incident_months"))
    return session


@settings(max_examples=30)
@given(batches=st.lists(st.lists(CHANGE, min_size=1, max_size=12), min_size=1, max_size=4))
def test_merging_batches_in_turn_counts_them_all(database_urls, batches):
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import NullPool

    from gridmap.core.database import hand_over
    from gridmap.core.keys import system_token

    engine = create_engine(database_urls["app"], poolclass=NullPool)
    with Session(engine) as session:
        hand_over(session.connection(), system_token())
        for rows in batches:
            rollups.merge(session, changes_of(rows))
        assert stored(session) == expected(batches)
        for rows in batches:
            rollups.merge(session, -changes_of(rows))
        assert stored(session) == {}


def test_parts_of_a_merge_do_not_depend_on_each_other(nothing, monkeypatch):
    rows = [(1, "A1", 650, 2), (2, "A2", 652, 3), (3, "", 641, 4), (1, "B1", 660, 5)]
    monkeypatch.setattr(rollups, "KEYS_AT_ONCE", 2)

    rollups.merge(nothing, changes_of(rows))
    rollups.merge(nothing, changes_of(rows))

    assert stored(nothing) == expected([rows, rows])


def test_months_are_local():
    instants = np.array(["2024-02-29T15:59:59", "2024-02-29T16:00:00"], dtype="datetime64[us]")

    months = local_months(instants, "Asia/Shanghai")

    assert months.tolist() == [54 * 12 + 1, 54 * 12 + 2]


def test_counting_rows_tells_grids_categories_and_months_apart():
    found = count_months(
        np.array([5, 5, 6, 5]),
        np.array([7, 7, 7, -1]),
        np.array(["C7", "C7", "C7", ""], dtype=object),
        np.array([1, 1, 1, 2]),
    )

    rows = zip(found.category_ids, found.grid_codes, found.months, found.counts, strict=True)
    assert sorted(map(tuple, rows)) == [(1, "C7", 5, 2), (1, "C7", 6, 1), (2, "", 5, 1)]


def test_no_rows_are_no_counts():
    empty = np.empty(0, dtype=np.int64)

    found = count_months(empty, empty, np.empty(0, dtype=object), empty)

    assert found.counts.size == 0
