"""Places and resources out of a file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.ids import read_ids
from gridmap.intake.labels import MAX_NAME_LENGTH, read_labels, read_words
from gridmap.intake.positions import read_positions
from gridmap.intake.rows import Columns, PointRows, ReadOptions
from gridmap.intake.tables import Table
from gridmap.intake.values import as_numbers

Integers = NDArray[np.int64]

MAX_DWELLINGS = 100_000


def read_points(
    path: Path, columns: Columns, options: ReadOptions, *, kind: str = "places"
) -> PointRows:
    """Read places or resources (`kind` guides the guess): each with a point, code or address.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source(kind, path, columns, options)
    table, columns = source.table, source.columns
    checks = RowChecks.of(len(table))
    positions = read_positions(table, columns, options, checks)
    none = np.full(len(table), "", dtype=object)
    name = read_labels(table, columns.name, checks, limit=MAX_NAME_LENGTH)
    words = read_words(table, columns.kind, checks)
    status = read_words(table, columns.status, checks)
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
