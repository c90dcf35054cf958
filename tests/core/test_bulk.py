"""COPY from arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gridmap.core import bulk
from gridmap.core.bulk import Column, copy_rows

TABLE = (
    "CREATE TEMP TABLE copied (i2 int2, i4 int4, i8 int8, f8 float8, t timestamptz, d date, "
    "words text, at geometry(Point, 4326)) ON COMMIT DROP"
)


def columns_of(n: int) -> dict[str, Column]:
    numbers = np.arange(n)
    return {
        "i2": Column("int2", numbers % 100),
        "i4": Column("int4", -numbers, numbers % 3 == 0),
        "i8": Column("int8", numbers * 10**12),
        "f8": Column("float8", np.where(numbers % 2 == 0, np.nan, numbers / 7)),
        "t": Column("timestamptz", np.datetime64("1969-12-31T23:59:59.000001", "us") + numbers),
        "d": Column("date", np.datetime64("1999-12-31", "D") + numbers),
        "words": Column("text", np.array([f"网格 {i}" if i % 5 else None for i in numbers])),
        "at": Column("point", 120.5 + 1j * np.where(numbers == 1, np.nan, 32.25)),
    }


def test_every_kind_of_column_arrives_as_it_was(session):
    session.execute(text(TABLE))

    assert copy_rows(session, "copied", columns_of(7)) == 7

    rows = session.execute(
        text(
            "SELECT i2, i4, i8, f8, t AT TIME ZONE 'UTC', d, words, ST_AsEWKT(at) "
            "FROM copied ORDER BY i8"
        )
    ).all()
    assert rows[1][:4] == (1, -1, 10**12, 1 / 7)
    assert str(rows[1][4]) == "1969-12-31 23:59:59.000002"
    assert str(rows[1][5]) == "2000-01-01"
    assert rows[1][6:] == ("网格 1", None)
    assert rows[0][1] is None
    assert rows[0][3] is None
    assert rows[0][6:] == (None, "SRID=4326;POINT(120.5 32.25)")


def test_rows_beyond_one_chunk_keep_their_order(session, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK_ROWS", 3)
    session.execute(text(TABLE))

    copy_rows(session, "copied", columns_of(10))

    found = session.scalars(text("SELECT i8 / 1000000000000 FROM copied ORDER BY ctid")).all()
    assert found == list(range(10))


def test_no_rows_are_no_error(session):
    session.execute(text(TABLE))

    assert copy_rows(session, "copied", columns_of(0)) == 0


def test_columns_of_different_lengths_are_refused(session):
    columns = {"i4": Column("int4", np.arange(2)), "i8": Column("int8", np.arange(3))}

    with pytest.raises(ValueError, match="different lengths"):
        copy_rows(session, "copied", columns)


@settings(max_examples=40)
@given(words=st.lists(st.none() | st.text(st.characters(exclude_characters="\0",
       exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=20))  # fmt: skip
def test_any_text_survives(database_urls, words):
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(database_urls["app"])
    with Session(engine) as session:
        session.execute(text("CREATE TEMP TABLE words (i int, word text) ON COMMIT DROP"))
        column = np.empty(len(words), dtype=object)
        column[:] = words
        copy_rows(
            session,
            "words",
            {"i": Column("int4", np.arange(len(words))), "word": Column("text", column)},
        )
        assert session.scalars(text("SELECT word FROM words ORDER BY i")).all() == words
    engine.dispose()
