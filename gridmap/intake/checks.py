"""Row checks: who failed first at what, for whole columns at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.intake.rejects import Rejects
from gridmap.intake.values import as_text, texts_at

Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class _Failure:
    code: str
    rows: NDArray[np.int64]
    column: str
    value: Texts
    detail: Texts


@dataclass
class RowChecks:
    """Collects the first failure of each row.

    Attributes:
        ok: shape (n,), rows without a failure so far.
    """

    ok: Flags
    _failures: list[_Failure] = field(default_factory=list)

    @classmethod
    def of(cls, rows: int) -> "RowChecks":
        """Start with all rows in order."""
        return cls(ok=np.ones(rows, dtype=bool))

    def fail(
        self,
        bad: Flags,
        code: str,
        *,
        column: str = "",
        value: pa.ChunkedArray | Texts | None = None,
        detail: Texts | str = "",
    ) -> None:
        """Reject the marked rows that have not failed before.

        Args:
            bad: shape (n,), the rows at fault.
            code: a key of REASONS.
            column: header of the column at fault.
            value: n values of that column.
            detail: what the sentence needs besides: one text, or n.
        """
        rows = np.flatnonzero(bad & self.ok)
        if not rows.size:
            return
        if value is None:
            shown = np.full(rows.size, "", dtype=object)
        elif isinstance(value, np.ndarray):
            shown = value[rows]
        else:
            shown = texts_at(value, rows)
        more = detail[rows] if isinstance(detail, np.ndarray) else np.full(rows.size, detail, "O")
        self._failures.append(_Failure(code, rows, column, shown, more))
        self.ok[rows] = False

    def rejects(
        self,
        headers: tuple[str, ...],
        columns: Mapping[str, pa.ChunkedArray],
        line: NDArray[np.int64],
        ragged: Rejects | None,
    ) -> Rejects:
        """Return all failures with the raw rows, in the order of the file."""
        rows = np.concatenate([f.rows for f in self._failures] or [np.empty(0, np.int64)])

        def joined(parts: list[Texts]) -> Texts:
            return np.concatenate(parts) if parts else np.empty(0, dtype=object)

        code = joined([np.full(f.rows.size, f.code, dtype=object) for f in self._failures])
        column = joined([np.full(f.rows.size, f.column, dtype=object) for f in self._failures])
        value = joined([f.value for f in self._failures])
        detail = joined([f.detail for f in self._failures])
        take = pa.array(rows)
        raw = pa.table(
            {header: as_text(columns[header].take(take)) for header in headers}
            if headers
            else {"": pa.nulls(rows.size, pa.large_string())}
        )
        own = Rejects(line[rows], code, column, value, detail, raw)
        return own.merged(ragged)
