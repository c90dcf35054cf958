"""One file as one table of text columns, whatever its format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.intake.rejects import Rejects
from gridmap.intake.rows import FileShape, Note, ReadOptions


@dataclass(frozen=True)
class Table:
    """All rows of a file.

    Attributes:
        headers: names of the columns; a repeated one is told apart by ` (2)`, ` (3)` …
        columns: by header; n values each: text, or typed where the format has types.
        line: shape (n,); the number a person would count.
        geometry: n WKB values, or None when the format has none.
        crs: the system that the file names: `EPSG:…` or WKT.
        ragged: rows that do not fit the header.
    """

    file_name: str
    sha256: str
    format: str
    headers: tuple[str, ...]
    columns: Mapping[str, pa.ChunkedArray]
    line: NDArray[np.int64]
    geometry: pa.ChunkedArray | None
    crs: str | None
    ragged: Rejects | None
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return int(self.line.size)


def read_table(path: Path, options: ReadOptions = ReadOptions()) -> Table:  # noqa: B008 - frozen
    """Read all rows of a file."""
    raise NotImplementedError


def inspect(path: Path, options: ReadOptions = ReadOptions()) -> FileShape:  # noqa: B008 - frozen
    """Look at the first rows of a file."""
    raise NotImplementedError
