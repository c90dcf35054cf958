"""What has been read of a column of times so far."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.intake.rows import Note
from gridmap.intake.time_forms import Form, Read
from gridmap.intake.values import is_empty

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
Texts = NDArray[np.object_]
Times = NDArray[np.datetime64]

_SHORT_MONTHS = {2: "february", 4: "april", 6: "june", 9: "september", 11: "november"}
_TEXT_WIDTH = 48
"""Longer texts are no times."""


@dataclass(frozen=True)
class Parsed:
    """What texts say; all arrays have shape (n,).

    Attributes:
        time: datetime64[us]; UTC where has_offset, else on the local clock; NaT if unreadable.
        whole_day: a date without a time.
        has_offset: the text says its offset from UTC.
        empty: there is no text.
        problem: reason code, '' where there is none.
        detail: for the reason's sentence.
    """

    time: Times
    whole_day: Flags
    has_offset: Flags
    empty: Flags
    problem: Texts
    detail: Texts
    notes: tuple[Note, ...]


class Reading:
    """Fills in what has been read so far."""

    def __init__(self, text: pa.ChunkedArray) -> None:
        n = len(text)
        self.empty = is_empty(text)
        self.open = ~self.empty
        self.time = np.full(n, np.datetime64("NaT", "us"))
        self.whole_day = np.zeros(n, dtype=bool)
        self.has_offset = np.zeros(n, dtype=bool)
        self.problem = np.full(n, "", dtype=object)
        self.detail = np.full(n, "", dtype=object)

    def take(self, rows: Integers, read: Read, form: Form) -> None:
        """Note what some rows say in a form, wherever they fit it."""
        fits = read.fits
        into = rows[fits]
        self.time[into] = read.time[fits]
        self.whole_day[into] = not form.has_time
        self.has_offset[into] = form.has_offset
        self.open[into] = False
        bad = fits & ~read.valid
        if bad.any():
            self.problem[rows[bad]], self.detail[rows[bad]] = _why(read, bad)

    def done(self, notes: tuple[Note, ...], example: str) -> Parsed:
        """Return the result; what is still open is unreadable."""
        self.problem[self.open] = "time_unreadable"
        self.detail[self.open] = example
        return Parsed(
            self.time,
            self.whole_day,
            self.has_offset,
            self.empty,
            self.problem,
            self.detail,
            notes,
        )


def _why(read: Read, bad: Flags) -> tuple[Texts, Texts]:
    month, day, clock_ok = read.month[bad], read.day[bad], read.clock_ok[bad]
    code = np.full(month.size, "no_such_day", dtype=object)
    detail = day.astype("U").astype(object)
    for number, name in _SHORT_MONTHS.items():
        code[(month == number) & (day <= 31) & (day >= 1)] = f"no_such_day_{name}"
    wrong_month = (month < 1) | (month > 12)
    code[wrong_month] = "no_such_month"
    detail[wrong_month] = month[wrong_month].astype("U").astype(object)
    code[~clock_ok & ~wrong_month] = "no_such_time"
    return code, detail


def _matrix(text: pa.ChunkedArray) -> tuple[Bytes, Integers, Integers]:
    """Return all bytes, where each text begins, and its length."""
    combined = pa.concat_arrays(text.chunks) if text.num_chunks != 1 else text.chunk(0)
    _, offsets, data = combined.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[
        combined.offset : combined.offset + len(combined) + 1
    ]
    content = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, np.uint8)
    return content, ends[:-1], np.diff(ends)


def by_width(text: pa.ChunkedArray, still: Flags) -> Iterator[tuple[Integers, Bytes]]:
    """Yield rows of one width with their bytes, for each width among the open rows."""
    content, start, length = _matrix(text)
    for width in np.unique(length[still]).tolist():
        if width > _TEXT_WIDTH:
            continue
        rows = np.flatnonzero(still & (length == width))
        first = start[rows]
        packed = rows.size == length.size and int(start[-1] - start[0]) == width * (rows.size - 1)
        if packed:
            begin = int(first[0])
            yield rows, content[begin : begin + width * rows.size].reshape(rows.size, width)
        else:
            yield rows, content[first[:, None] + np.arange(width)]
