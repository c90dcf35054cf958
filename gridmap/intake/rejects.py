"""Rows that cannot be used: why, what to do, and the row itself."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rejects:
    """The rejected rows of one file, in the order of the file.

    Attributes:
        line: shape (m,), int64.
        code: shape (m,), stable reason codes; see `gridmap.intake.reasons.REASONS`.
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
