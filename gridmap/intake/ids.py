"""What makes a row unique within its source."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.intake.checks import RowChecks
from gridmap.intake.codes import read_texts
from gridmap.intake.digests import content_ids, row_digests
from gridmap.intake.tables import Table
from gridmap.intake.values import as_objects, is_empty

Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

MAX_ID_LENGTH = 200


def read_ids(table: Table, header: str | None, checks: RowChecks) -> tuple[Texts, Flags]:
    """Return each row's id, and which rows repeat an earlier one word for word.

    Without an id column the id is the digest of the row's content and its number among equal
    rows: equal rows are kept, and a file that grew brings only what is new. With one, the first
    usable row of an id counts; a later one with other content is a failure. Call this last, when
    all other failures are known.

    Args:
        table: the file.
        header: of the id column, or None.
        checks: gets the rows that cannot be used.

    Returns:
        ids of shape (n,); repeats of shape (n,).
    """
    none = np.zeros(len(table), dtype=bool)
    if header is None:
        return content_ids(row_digests(table.columns, len(table))), none
    text = read_texts(
        table.columns[header], header, checks, limit=MAX_ID_LENGTH, code="id_too_long"
    )
    checks.fail(is_empty(text), "no_id", column=header)
    ids = as_objects(text)
    return ids, _repeats(table, ids, checks, header, "id_repeated")


def repeated_codes(table: Table, codes: Texts, checks: RowChecks, header: str) -> Flags:
    """Return which rows repeat an earlier one; rows that only repeat its code are failures."""
    return _repeats(table, codes, checks, header, "code_repeated")


def _repeats(table: Table, ids: Texts, checks: RowChecks, header: str, reason: str) -> Flags:
    repeats = np.zeros(ids.size, dtype=bool)
    usable = np.flatnonzero(checks.ok)
    codes, _ = pd.factorize(ids[usable])
    first_of, first = np.unique(codes, return_index=True)
    if first_of.size == usable.size:
        return repeats
    earlier = usable[first[codes]]
    again = np.flatnonzero(earlier != usable)
    later, earlier = usable[again], earlier[again]
    involved, place = np.unique(np.concatenate([later, earlier]), return_inverse=True)
    take = pa.array(involved)
    columns = {name: values.take(take) for name, values in table.columns.items()}
    digests = row_digests(columns, involved.size)
    if table.geometry is not None:
        same_shape = _equal(table.geometry, later, earlier)
    else:
        same_shape = np.ones(later.size, dtype=bool)
    same = (digests[place[: later.size]] == digests[place[later.size :]]).all(axis=1) & same_shape
    repeats[later[same]] = True
    other = np.zeros(ids.size, dtype=bool)
    other[later[~same]] = True
    detail = np.full(ids.size, "", dtype=object)
    detail[later] = table.line[earlier].astype("U").astype(object)
    checks.fail(other, reason, column=header, value=ids, detail=detail)
    return repeats


def _equal(geometry: pa.ChunkedArray, one: NDArray[np.int64], other: NDArray[np.int64]) -> Flags:
    left = geometry.take(pa.array(one)).to_numpy(zero_copy_only=False)
    right = geometry.take(pa.array(other)).to_numpy(zero_copy_only=False)
    equal: Flags = np.asarray(left == right, dtype=bool)
    return equal
