"""Rows that cannot be used: why, what to do, and the row itself."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.reasons import REASONS

_HEADINGS = (
    N_("line"),
    N_("column"),
    N_("value"),
    N_("code"),
    N_("reason"),
    N_("what to do"),
)


@dataclass(frozen=True)
class Rejects:
    """The rejected rows of one file, in the order of the file.

    Attributes:
        line: shape (m,), int64.
        code: shape (m,), stable reason codes: the keys of `gridmap.intake.reasons.REASONS`.
        column: shape (m,), the column at fault, '' when it is the row as a whole.
        value: shape (m,), the text at fault.
        detail: shape (m,), what the reason's sentence needs besides.
        raw: m rows of the file's columns, as text.
    """

    line: NDArray[np.int64]
    code: NDArray[np.object_]
    column: NDArray[np.object_]
    value: NDArray[np.object_]
    detail: NDArray[np.object_]
    raw: pa.Table

    def __len__(self) -> int:
        return int(self.line.size)

    def summary(self) -> dict[str, int]:
        """Return the number of rejects by reason code, the most frequent first."""
        codes, counts = np.unique(self.code.astype(str), return_counts=True)
        order = np.lexsort((codes, -counts))
        return {str(codes[i]): int(counts[i]) for i in order}

    def examples(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return the first rejects for a page: line, code, column, value, detail."""
        names = ("line", "code", "column", "value", "detail")
        columns = [getattr(self, name)[:limit].tolist() for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def reasons(self, translate: Callable[[str], str] = str) -> NDArray[np.object_]:
        """Return each row's reason as a sentence.

        Args:
            translate: called once for each distinct code.
        """
        messages = {code: translate(REASONS[code].message) for code in set(self.code.tolist())}
        parts = zip(self.code, self.column, self.value, self.detail, strict=True)
        return np.array(
            [
                messages[code] % {"column": column, "value": _short(value), "detail": detail}
                for code, column, value, detail in parts
            ],
            dtype=object,
        )

    def merged(self, other: "Rejects | None") -> "Rejects":
        """Return the rejects of both, in the order of the file; both have the same columns."""
        both = [self] if other is None else [self, other]
        fields = {
            name: np.concatenate([getattr(part, name) for part in both])
            for name in ("line", "code", "column", "value", "detail")
        }
        order = np.argsort(fields["line"], kind="stable")
        fields = {name: values[order] for name, values in fields.items()}
        raw = pa.concat_tables([part.raw for part in both])
        return Rejects(**fields, raw=raw.take(pa.array(order)))


def write_rejects(rejects: Rejects, path: Path, translate: Callable[[str], str] = str) -> None:
    """Write the rejects as CSV that Excel and its relatives open rightly and safely.

    UTF-8 with BOM; a cell that a spreadsheet would take for a formula gets an apostrophe in front
    (numbers do not), so that nothing in a foreign file runs on the reader's machine.

    Args:
        rejects: of one file.
        path: the file to write.
        translate: for headings and sentences.
    """
    ways_out = {c: translate(REASONS[c].way_out) for c in set(rejects.code.tolist())}
    columns: list[Any] = [
        pa.array(rejects.line).cast(pa.large_string()),
        pa.array(rejects.column, pa.large_string()),
        pa.array(rejects.value, pa.large_string()),
        pa.array(rejects.code, pa.large_string()),
        pa.array(rejects.reasons(translate), pa.large_string()),
        pa.array([ways_out[code] for code in rejects.code], pa.large_string()),
        *rejects.raw.columns,
    ]
    names = [*map(translate, _HEADINGS), *rejects.raw.column_names]
    heading = pa.table([pa.array([name], pa.large_string()) for name in names], names=names)
    body = pa.table([column.cast(pa.large_string()) for column in columns], names=names)
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\xef\xbb\xbf")
        for part in (heading, body):
            pa.csv.write_csv(_guarded(part), file, write_options=options)


def _guarded(table: pa.Table) -> pa.Table:
    """Put an apostrophe before what a spreadsheet would run."""
    columns = []
    for column in table.columns:
        risky = pc.match_substring_regex(column, r"^[=+\-@\t\r\n＝＋－＠]")
        if pc.any(risky).as_py():
            number = pc.match_substring_regex(column, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
            mark, nothing = pa.scalar("'", column.type), pa.scalar("", column.type)
            guarded = pc.binary_join_element_wise(mark, column, nothing)
            column = pc.if_else(pc.and_(risky, pc.invert(number)), guarded, column)
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _short(value: str) -> str:
    return value if len(value) <= 80 else f"{value[:77]}…"
