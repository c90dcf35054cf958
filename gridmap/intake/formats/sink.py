"""Where the isolated reader puts its rows: an Arrow file, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from gridmap.core.i18n import N_
from gridmap.intake.errors import TooLarge
from gridmap.intake.guards import MAX_LINE_BYTES, MAX_ROWS

GEOMETRY = "geometry"
LINE = "line"


@dataclass
class Sink:
    """Writes batches of the same columns; columns go by number, so that names cannot clash."""

    folder: Path
    file: str
    limit: int | None
    rows: int = 0
    _writer: pa.RecordBatchFileWriter | None = field(default=None, repr=False)

    def __enter__(self) -> "Sink":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    @property
    def full(self) -> bool:
        """Whether no more rows are wanted."""
        return self.limit is not None and self.rows >= self.limit

    def write(self, columns: Sequence[pa.Array], geometry: pa.Array | None, line: pa.Array) -> None:
        """Add rows.

        Args:
            columns: in the order of the headers.
            geometry: WKB, or None.
            line: the number a person would count.

        Raises:
            TooLarge: a text is longer than any honest one, or there are too many rows.
        """
        for column in columns:
            self._check_texts(column)
        named = {str(i): column for i, column in enumerate(columns)}
        if geometry is not None:
            named[GEOMETRY] = geometry
        named[LINE] = line
        batch = pa.table(named)
        if self.limit is not None:
            batch = batch.slice(0, self.limit - self.rows)
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.folder / "rows.arrow"), batch.schema)
        self._writer.write_table(batch)
        self.rows += batch.num_rows
        if self.rows > MAX_ROWS:
            raise TooLarge(
                file=self.file,
                what=N_("too many rows"),
                limit=f"{MAX_ROWS}",
                way_out=N_("Split it."),
            )

    def _check_texts(self, column: pa.Array) -> None:
        kind = column.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > MAX_LINE_BYTES:
            raise TooLarge(
                file=self.file,
                what=N_("a text of more than 1 MB"),
                limit=f"{MAX_LINE_BYTES >> 20} MB",
                way_out=N_("Leave that column out."),
            )
