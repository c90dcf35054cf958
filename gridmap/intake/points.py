"""Places and resources out of a file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.headers import fold
from gridmap.intake.ids import read_ids
from gridmap.intake.labels import MAX_NAME_LENGTH, read_labels, read_words
from gridmap.intake.positions import read_positions
from gridmap.intake.rows import Columns, PointRows, ReadOptions, Texts
from gridmap.intake.tables import Table
from gridmap.intake.values import as_numbers

Integers = NDArray[np.int64]
Vocabulary = Mapping[str, str]

MAX_DWELLINGS = 100_000


def read_points(
    path: Path,
    columns: Columns,
    options: ReadOptions,
    *,
    kind: str = "places",
    kinds: Vocabulary | None = None,
    states: Vocabulary | None = None,
) -> PointRows:
    """Read places or resources: each with a point, code or address.

    Args:
        path: the file.
        columns: what the user named; the rest is guessed.
        options: how to read the file.
        kind: "places" or "resources": guides the guess.
        kinds: word as `headers.fold` writes it → kind; rows with any other word are rejected.
            None: words are kept as they are.
        states: likewise for the status; no word at all is in order.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source(kind, path, columns, options)
    table, columns = source.table, source.columns
    checks = RowChecks.of(len(table))
    positions = read_positions(table, columns, options, checks)
    none = np.full(len(table), "", dtype=object)
    name = read_labels(table, columns.name, checks, limit=MAX_NAME_LENGTH)
    words = known_words(read_words(table, columns.kind, checks), kinds, checks, columns.kind)
    status = read_words(table, columns.status, checks)
    if states is not None:
        status = known_words(status, {"": "", **states}, checks, columns.status)
    dwellings = _dwellings(table, columns.dwellings, checks)
    ids, repeats = read_ids(table, columns.id, checks)
    kept = keeper(checks.ok & ~repeats)
    return PointRows(
        origin=source.origin(positions, repeats & checks.ok),
        rejects=checks.rejects(table.headers, table.columns, table.line, table.ragged),
        line=kept(table.line),
        source_id=kept(ids),
        lon=kept(positions.lon),
        lat=kept(positions.lat),
        x_original=kept(positions.x),
        y_original=kept(positions.y),
        grid_code=None if positions.grid_code is None else kept(positions.grid_code),
        name=kept(name),
        kind=kept(words),
        address=kept(none if positions.address is None else positions.address),
        status=kept(status),
        dwellings=kept(dwellings),
    )


def known_words(
    words: Texts, vocabulary: Vocabulary | None, checks: RowChecks, header: str | None
) -> Texts:
    """Return what words stand for; rows whose word stands for nothing fail."""
    if vocabulary is None:
        return words
    distinct, index = np.unique(words.astype(str), return_inverse=True)
    meant = np.array([vocabulary.get(fold(word)) for word in distinct.tolist()], dtype=object)
    unknown = np.array([meaning is None for meaning in meant], dtype=bool)[index]
    known = ", ".join(dict.fromkeys(filter(None, vocabulary.values())))
    checks.fail(unknown, "word_unknown", column=header or "", value=words, detail=known)
    found: Texts = np.where(unknown, "", meant[index])
    return found


def _dwellings(table: Table, header: str | None, checks: RowChecks) -> Integers:
    """Return numbers of dwellings; -1 where there is none."""
    if header is None:
        return np.full(len(table), -1, dtype=np.int64)
    column = table.columns[header]
    number, unreadable = as_numbers(column)
    checks.fail(unreadable, "count_unreadable", column=header, value=column)
    known = ~np.isnan(number)
    odd = known & ~((number >= 0) & (number <= MAX_DWELLINGS) & (number == np.floor(number)))
    limit = str(MAX_DWELLINGS)
    checks.fail(odd, "count_impossible", column=header, value=column, detail=limit)
    return np.where(known & ~odd, number, -1).astype(np.int64)
