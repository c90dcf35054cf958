"""Numbers of people out of a file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.columns import required
from gridmap.intake.ids import repeated_codes
from gridmap.intake.positions import read_positions
from gridmap.intake.rows import Columns, PopulationRows, ReadOptions
from gridmap.intake.tables import Table
from gridmap.intake.values import as_numbers

Floats = NDArray[np.float64]

MAX_COUNT = 100_000_000


def read_population(path: Path, columns: Columns, options: ReadOptions) -> PopulationRows:
    """Read counts by grid code, or at points (blocks, buildings), when x and y are named.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source("population", path, columns, options)
    table, columns = source.table, source.columns
    header = required(table.file_name, columns, "count", table.headers)
    checks = RowChecks.of(len(table))
    positions = read_positions(table, columns, options, checks)
    count = _counts(table, header, checks)
    repeats = np.zeros(len(table), dtype=bool)
    if positions.grid_code is not None and columns.grid_code is not None and not positions.crs:
        repeats = repeated_codes(table, positions.grid_code, checks, columns.grid_code)
    kept = keeper(checks.ok & ~repeats)
    return PopulationRows(
        origin=source.origin(positions, repeats & checks.ok),
        rejects=checks.rejects(table.headers, table.columns, table.line, table.ragged),
        line=kept(table.line),
        grid_code=None if positions.grid_code is None else kept(positions.grid_code),
        lon=kept(positions.lon),
        lat=kept(positions.lat),
        count=kept(count),
    )


def _counts(table: Table, header: str, checks: RowChecks) -> Floats:
    column = table.columns[header]
    number, unreadable = as_numbers(column)
    checks.fail(unreadable, "count_unreadable", column=header, value=column)
    with np.errstate(invalid="ignore"):
        odd = ~np.isnan(number) & ~((number >= 0) & (number <= MAX_COUNT))
    limit = str(MAX_COUNT)
    checks.fail(odd, "count_impossible", column=header, value=column, detail=limit)
    checks.fail(np.isnan(number), "no_count", column=header)
    return number
