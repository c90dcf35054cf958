"""Where the records of a delimited file begin: compiled, one pass over its bytes."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

_LF, _CR, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class Records:
    """The records of a delimited text, blank lines left out.

    Attributes:
        line: shape (n,); number of the line on which a record begins; the first line is 0.
        start: shape (n,); its first byte.
        end: shape (n,); the byte after its last one, without the line end.
        fields: shape (n,); number of its fields.
        open_quote_line: line of a quote that is never closed, -1 if there is none.
    """

    line: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    fields: NDArray[np.int32]
    open_quote_line: int


def records_of(text: NDArray[np.uint8], delimiter: str) -> Records:
    """Find the records; quotes count as the Arrow reader counts them.

    A quote opens only at the beginning of a field; inside, a doubled one is a quote. LF, CR LF
    and CR alone end a line.

    Args:
        text: bytes in UTF-8.
        delimiter: one ASCII character.
    """
    capacity = int(_count_ends(text)) + 1
    line = np.empty(capacity, np.int64)
    start = np.empty(capacity, np.int64)
    end = np.empty(capacity, np.int64)
    fields = np.empty(capacity, np.int32)
    n, open_line = _find(text, ord(delimiter), line, start, end, fields)
    return Records(line[:n], start[:n], end[:n], fields[:n], int(open_line))


@numba.njit(cache=True, nogil=True)
def _count_ends(text: NDArray[np.uint8]) -> int:
    count = 0
    for byte in text:
        if byte in (_LF, _CR):
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _find(  # noqa: C901 - a state machine reads best in one piece
    text: NDArray[np.uint8],
    delimiter: int,
    line: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    fields: NDArray[np.int32],
) -> tuple[int, int]:
    n = 0
    line_no = 0
    record_line = 0
    record_start = 0
    count = 1
    at_field_start = True
    quoted = False
    quote_line = -1
    i = 0
    size = text.size
    while i < size:
        byte = text[i]
        ends_line = byte in (_LF, _CR)
        width = 2 if byte == _CR and i + 1 < size and text[i + 1] == _LF else 1
        if quoted:
            if byte == _QUOTE:
                if i + 1 < size and text[i + 1] == _QUOTE:
                    width = 2
                else:
                    quoted = False
            elif ends_line:
                line_no += 1
        elif ends_line:
            if i > record_start:
                line[n] = record_line
                start[n] = record_start
                end[n] = i
                fields[n] = count
                n += 1
            line_no += 1
            record_line = line_no
            record_start = i + width
            count = 1
            at_field_start = True
        elif byte == delimiter:
            count += 1
            at_field_start = True
        elif byte == _QUOTE and at_field_start:
            quoted = True
            quote_line = line_no
            at_field_start = False
        else:
            at_field_start = False
        i += width
    if size > record_start:
        line[n] = record_line
        start[n] = record_start
        end[n] = size
        fields[n] = count
        n += 1
    return n, (quote_line if quoted else -1)
