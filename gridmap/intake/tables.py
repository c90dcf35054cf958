"""One file as one table, whatever its format."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.errors import EmptyFile
from gridmap.intake.formats.delimited import (
    DelimitedRows,
    dialect_of,
    read_delimited,
    split_ragged,
)
from gridmap.intake.formats.isolated import Isolated, read_isolated
from gridmap.intake.formats.scan import scan
from gridmap.intake.formats.sniff import format_of
from gridmap.intake.guards import local_file
from gridmap.intake.rejects import Rejects
from gridmap.intake.rows import FileShape, Note, ReadOptions
from gridmap.intake.values import as_objects, as_text

SAMPLE_ROWS = 20
_DEFAULTS = ReadOptions()


@dataclass(frozen=True)
class Table:
    """All rows of a file that fit its header.

    Attributes:
        format: csv, xlsx, geojson, gpkg, shp or parquet.
        headers: names of the columns; a repeated one is told apart by ` (2)`, ` (3)` …
        repeated: the names that stand there more than once.
        columns: n values by header: text, or typed where the format has types.
        line: shape (n,); the number a person would count.
        geometry: n WKB values, or None when the format has none.
        crs: the system that the file names: `EPSG:…`, WKT or PROJJSON.
        ragged: rows that do not fit the header.
    """

    file_name: str
    sha256: str
    format: str
    headers: tuple[str, ...]
    repeated: tuple[str, ...]
    columns: Mapping[str, pa.ChunkedArray]
    line: NDArray[np.int64]
    geometry: pa.ChunkedArray | None
    crs: str | None
    ragged: Rejects | None
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return int(self.line.size)

    @property
    def read(self) -> int:
        """Rows seen, those that do not fit the header included."""
        return len(self) + (len(self.ragged) if self.ragged else 0)


def read_table(path: Path, options: ReadOptions = _DEFAULTS) -> Table:
    """Read all rows of a file.

    Args:
        path: an ordinary file of this machine.
        options: how to read it.

    Raises:
        UnreadableFile: it cannot be used as a whole.
    """
    real = local_file(path)
    format_ = format_of(real)
    if format_ == "csv":
        return _delimited_table(real, path.name, options)
    return _isolated_table(read_isolated(real, format_, options.layer), real, path.name)


def inspect(path: Path, options: ReadOptions = _DEFAULTS) -> FileShape:
    """Look at the first rows of a file, for a preview.

    Args:
        path: an ordinary file of this machine.
        options: how to read it.

    Raises:
        UnreadableFile: it cannot be used as a whole.
    """
    real = local_file(path)
    format_ = format_of(real)
    if format_ != "csv":
        found = read_isolated(real, format_, options.layer, limit=SAMPLE_ROWS)
        sample = [as_objects(as_text(found.columns[h])).tolist() for h in found.headers]
        return FileShape(
            file_name=path.name,
            sha256=scan(real, limit_lines=False).sha256,
            format=found.format,
            headers=found.headers,
            sample=tuple(zip(*sample, strict=True)),
            rows=found.rows,
            geometry=found.geometry is not None,
            crs=found.crs,
            layers=found.layers,
            notes=found.notes,
        )
    scanned = scan(real)
    dialect = dialect_of(real, scanned, options.encoding, options.delimiter)
    return FileShape(
        file_name=path.name,
        sha256=scanned.sha256,
        format="csv",
        headers=dialect.headers,
        sample=dialect.sample[:SAMPLE_ROWS],
        rows=None,
        geometry=False,
        crs=None,
        encoding=dialect.encoding.removesuffix("-sig"),
        delimiter=dialect.delimiter,
    )


def _delimited_table(real: Path, name: str, options: ReadOptions) -> Table:
    scanned = scan(real)
    dialect = dialect_of(real, scanned, options.encoding, options.delimiter)
    found = read_delimited(real, scanned, dialect)
    ragged = _ragged_rejects(found)
    if not found.table.num_rows and ragged is None:
        raise EmptyFile(file=name)
    notes: list[Note] = []
    if not dialect.encoding.startswith("utf-8"):
        message = N_("The text is read as %(encoding)s.")
        notes.append(Note("encoding_recognised", message, {"encoding": dialect.encoding.upper()}))
    return Table(
        file_name=name,
        sha256=scanned.sha256,
        format="csv",
        headers=dialect.headers,
        repeated=dialect.repeated,
        columns=dict(zip(dialect.headers, found.table.columns, strict=True)),
        line=found.line,
        geometry=None,
        crs=None,
        ragged=ragged,
        notes=tuple(notes),
    )


def _ragged_rejects(found: DelimitedRows) -> Rejects | None:
    """Return the rows that do not fit the header as rejects."""
    count = len(found.ragged_text)
    if not count:
        return None
    headers = found.dialect.headers
    rows = split_ragged(found.ragged_text, found.dialect.delimiter, len(headers))
    raw = {
        header: pa.chunked_array([pa.array(values, pa.large_string())])
        for header, values in zip(headers, zip(*rows, strict=True), strict=True)
    }
    return Rejects(
        line=found.ragged_line,
        code=np.full(count, "wrong_field_count", dtype=object),
        column=np.full(count, "", dtype=object),
        value=found.ragged_fields.astype("U").astype(object),
        detail=np.full(count, str(len(headers)), dtype=object),
        raw=pa.table(raw),
    )


def _isolated_table(found: Isolated, real: Path, name: str) -> Table:
    if not found.line.size:
        raise EmptyFile(file=name)
    headers, columns = found.headers, dict(found.columns)
    if not headers:
        # A bare geometry: its name is all that the file says about it.
        headers = ("file_name",)
        values = pa.array([Path(name).stem] * found.line.size, pa.large_string())
        columns = {"file_name": pa.chunked_array([values])}
    return Table(
        file_name=name,
        sha256=scan(real, limit_lines=False).sha256,
        format=found.format,
        headers=headers,
        repeated=found.repeated,
        columns=columns,
        line=found.line,
        geometry=found.geometry,
        crs=found.crs,
        ragged=None,
        notes=found.notes,
    )
