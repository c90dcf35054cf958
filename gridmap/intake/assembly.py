"""What all imports share: the way from a file to columns, and from checks to a result."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.codes import check_code_format
from gridmap.intake.columns import guess_columns, resolve
from gridmap.intake.positions import Positions
from gridmap.intake.rows import Columns, Guess, Note, Origin, ReadOptions
from gridmap.intake.tables import Table, read_table

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """A file that was read, and which of its columns hold what."""

    table: Table
    columns: Columns
    guesses: tuple[Guess, ...]

    def origin(
        self, positions: Positions | None, repeats: Flags, notes: tuple[Note, ...] = ()
    ) -> Origin:
        """Return what a result says about its file.

        Args:
            positions: of the rows, where they were read.
            repeats: usable rows that only repeat an earlier one.
            notes: besides those of the file and the positions.
        """
        table = self.table
        return Origin(
            file_name=table.file_name,
            sha256=table.sha256,
            format=table.format,
            read=table.read,
            crs=positions.crs if positions else "",
            converted=positions is not None and positions.converted,
            duplicate_in_file=int(np.count_nonzero(repeats)),
            notes=(*table.notes, *(positions.notes if positions else ()), *notes),
            columns=self.columns,
            guesses=self.guesses,
        )


def open_source(kind: str, path: Path, columns: Columns, options: ReadOptions) -> Source:
    """Read a file and settle which of its columns are used.

    Raises:
        UnreadableFile: the file, or a column or format that was named, cannot be used.
    """
    if columns.code_format is not None:
        check_code_format(columns.code_format)
    table = read_table(path, options)
    named = resolve(table.file_name, columns, table.headers, table.repeated)
    free = [header for header in table.headers if header not in table.repeated]
    full, guesses = guess_columns(kind, free, named, geometry=table.geometry is not None)
    return Source(table, full, tuple(guesses))


def keeper(usable: Flags) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return what picks the usable rows out of an array; it copies only when some are not."""
    rows = np.flatnonzero(usable)
    if rows.size == usable.size:
        return lambda values: values
    return lambda values: values[rows]
