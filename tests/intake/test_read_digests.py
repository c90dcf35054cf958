import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from gridmap.intake.digests import (
    content_ids,
    digest_of_row,
    occurrence_numbers,
    row_digests,
)

texts = st.text(st.characters(codec="utf-8"), max_size=90)


def columns(rows):
    return {h: pa.chunked_array([pa.array([r[h] for r in rows], pa.string())]) for h in rows[0]}


@given(
    st.lists(st.fixed_dictionaries({"b": texts, "a": texts, "é": texts}), min_size=1, max_size=5)
)
def test_a_digest_is_blake2b_as_hashlib_computes_it(rows):
    digests = row_digests(columns(rows), len(rows))

    assert [row.tobytes() for row in digests] == [digest_of_row(row) for row in rows]


def test_a_known_row_has_the_digest_it_has_always_had():
    row = {"x": "365535.5205650503", "y": "563965.210714206", "date_single": "01/01/2014"}

    assert content_ids(row_digests(columns([row]), 1)).tolist() == [
        "60932676a707f7ecf0020dba93ff2880"
    ]


def test_the_order_of_columns_does_not_matter():
    rows = [{"a": "1", "b": "2"}]
    turned = [{"b": "2", "a": "1"}]

    assert (row_digests(columns(rows), 1) == row_digests(columns(turned), 1)).all()


def test_a_value_in_another_column_is_another_row():
    digests = [row_digests(columns([row]), 1)[0].tobytes() for row in (
        {"a": "1", "b": ""}, {"a": "", "b": "1"}, {"a": "1", "c": ""}, {"a": "1"}
    )]  # fmt: skip

    assert len(set(digests)) == 4


def test_chunks_do_not_matter():
    values = [str(i) * (i % 200) for i in range(1000)]
    whole = {"a": pa.chunked_array([pa.array(values)])}
    parts = {"a": pa.chunked_array([pa.array(values[:3]), pa.array(values[3:]).slice(0)])}

    assert (row_digests(whole, 1000) == row_digests(parts, 1000)).all()


@given(st.lists(st.integers(0, 5), max_size=40))
def test_equal_rows_are_numbered_in_the_order_of_the_file(numbers):
    digests = np.array([[n % 2, n] for n in numbers], dtype=np.uint64).reshape(-1, 2)

    found = occurrence_numbers(digests)

    assert found.tolist() == [numbers[: i + 1].count(n) for i, n in enumerate(numbers)]


def test_the_second_of_equal_rows_has_a_suffix():
    ids = content_ids(np.array([[1, 2], [3, 4], [1, 2], [1, 2]], dtype=np.uint64))

    assert ids[2] == f"{ids[0]}-2"
    assert ids[3] == f"{ids[0]}-3"
    assert len(set(ids)) == 4


def test_no_rows_have_no_digests():
    assert (
        content_ids(row_digests({"a": pa.chunked_array([pa.array([], pa.string())])}, 0)).size == 0
    )
