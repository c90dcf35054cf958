"""Words and names that rows carry."""

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.checks import RowChecks
from gridmap.intake.codes import read_texts
from gridmap.intake.tables import Table
from gridmap.intake.values import as_objects, shared_objects

Texts = NDArray[np.object_]

MAX_WORD_LENGTH = 200
MAX_NAME_LENGTH = 500


def read_words(table: Table, header: str | None, checks: RowChecks, *, default: str = "") -> Texts:
    """Return a column of few distinct words; the default where there is no such column.

    Args:
        table: the file.
        header: of the column, or None.
        checks: gets the rows that cannot be used.
        default: the word of all rows when there is no column.
    """
    if header is None:
        return np.full(len(table), default, dtype=object)
    return shared_objects(read_texts(table.columns[header], header, checks, limit=MAX_WORD_LENGTH))


def read_labels(table: Table, header: str | None, checks: RowChecks, *, limit: int) -> Texts:
    """Return a column of texts, such as names; '' where there is no such column."""
    if header is None:
        return np.full(len(table), "", dtype=object)
    return as_objects(read_texts(table.columns[header], header, checks, limit=limit))
