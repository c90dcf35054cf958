"""Arrays into PostgreSQL: COPY in its binary form, encoded a column at a time.

Rows of a million fixed and variable fields are written without a Python loop over rows; the
encoder fills the rows of a chunk column by column, so that memory stays at one chunk.
Source of the format: PostgreSQL manual, "COPY", Binary Format.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from gridmap.core.database import raw_cursor

Kind = Literal[
    "int2", "int4", "int8", "float8", "timestamptz", "date", "text", "point", "bytes", "int4[]"
]
Bytes = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.int64]

CHUNK_ROWS = 65_536
_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_PG_EPOCH_US = np.datetime64("2000-01-01", "us").astype(np.int64)
_PG_EPOCH_DAY = np.datetime64("2000-01-01", "D").astype(np.int64)
_INT4_OID = 23
_POINT = np.frombuffer(struct.pack("<BII", 1, 0x20000001, 4326), dtype=np.uint8)


@dataclass(frozen=True)
class Column:
    """One column of a table, ready for COPY.

    `values` has shape (n,): int2/int4/int8 integers; float8 floats (NaN = NULL); timestamptz
    datetime64[us] in UTC and date datetime64[D] (NaT = NULL); text and bytes objects (None =
    NULL); point a complex array lon + lat·1j in EPSG:4326 (NaN = NULL); int4[] integers of shape
    (n, m), each row an array of m elements. `null`, where given, marks further NULLs.
    """

    kind: Kind
    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_] | None = None


def copy_rows(session: Session, table: str, columns: Mapping[str, Column]) -> int:
    """COPY the rows of equally long columns into a table, in the session's transaction.

    Args:
        session: the open transaction.
        table: name of a table of ours; never a user's text.
        columns: column name → values, in the order of the COPY.

    Returns:
        The number of rows.

    Raises:
        ValueError: the columns are not equally long.
    """
    sizes = {len(column.values) for column in columns.values()}
    if len(sizes) != 1:
        raise ValueError(f"columns of different lengths: {sorted(sizes)}")
    (rows,) = sizes
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = raw_cursor(session)
    statement = f'COPY "{table}" ({names}) FROM STDIN (FORMAT binary)'
    with _ahead(_chunks(list(columns.values()), rows)) as chunks:
        cursor.copy_expert(statement, _Stream(chunks), 1 << 20)
    return int(rows)


@contextmanager
def _ahead(chunks: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    """Encode the next chunk in a thread while the server takes the last one in."""

    def one_ahead() -> Iterator[bytes]:
        coming = encoder.submit(next, chunks, b"")
        while chunk := coming.result():
            coming = encoder.submit(next, chunks, b"")
            yield chunk

    with ThreadPoolExecutor(max_workers=1) as encoder:
        yield one_ahead()


class _Stream:
    """The file that psycopg2 reads; hands out the encoder's chunks as they are."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, b'' at the end."""
        if not self.rest:
            self.rest = memoryview(next(self.chunks, b""))
        part, self.rest = self.rest[:size], self.rest[size:]
        return bytes(part)


def _chunks(columns: Sequence[Column], rows: int) -> Iterator[bytes]:
    yield _HEADER
    for start in range(0, rows, CHUNK_ROWS):
        part = slice(start, min(start + CHUNK_ROWS, rows))
        fields = [_encode(column, part) for column in columns]
        yield _interleave(fields, part.stop - part.start).tobytes()
    yield _TRAILER


@dataclass(frozen=True)
class _Field:
    """The payloads of one column in one chunk, end to end."""

    payload: Bytes
    starts: Lengths
    """shape (n,). Where each row's payload begins."""
    lengths: Lengths
    """shape (n,). Its length, −1 for NULL."""


def _interleave(fields: Sequence[_Field], rows: int) -> Bytes:
    """Put the fields of each row behind each other, every one with its length before it."""
    place, count = _kernels()
    sizes = np.full(rows, 2 + 4 * len(fields), dtype=np.int64)
    for field in fields:
        sizes += np.maximum(field.lengths, 0)
    cursor = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), dtype=np.uint8)
    count(out, cursor, len(fields))
    for field in fields:
        place(out, cursor, field.payload, field.starts, field.lengths)
    return out


def _encode(column: Column, part: slice) -> _Field:
    values = column.values[part]
    null = None if column.null is None else column.null[part]
    if column.kind in ("text", "bytes"):
        return _variable(values, null, column.kind)
    return _fixed(*_big_endian(column.kind, values), null)


def _big_endian(kind: Kind, values: npt.NDArray[Any]) -> tuple[Bytes, npt.NDArray[np.bool_] | None]:
    """Return shape (n, width) bytes and the rows that are NULL by their value."""
    if kind == "float8":
        return _rows(values.astype(">f8")), np.isnan(values)
    if kind == "timestamptz":
        stamps = values.astype("datetime64[us]")
        return _rows((stamps.astype(np.int64) - _PG_EPOCH_US).astype(">i8")), np.isnat(stamps)
    if kind == "date":
        days = values.astype("datetime64[D]")
        return _rows((days.astype(np.int64) - _PG_EPOCH_DAY).astype(">i4")), np.isnat(days)
    if kind == "point":
        body = np.empty((values.size, 25), dtype=np.uint8)
        body[:, :9] = _POINT
        body[:, 9:] = _rows(values.astype("<c16"))
        return body, np.isnan(values)
    if kind == "int4[]":
        return _arrays(values), None
    return _rows(values.astype({"int2": ">i2", "int4": ">i4", "int8": ">i8"}[kind])), None


def _rows(values: npt.NDArray[Any]) -> Bytes:
    return np.ascontiguousarray(values).view(np.uint8).reshape(values.size, -1)


def _arrays(values: npt.NDArray[Any]) -> Bytes:
    """Return one-dimensional int4 arrays as `array_recv` reads them."""
    rows, length = values.shape
    body = np.empty((rows, 5 + 2 * length), dtype=">i4")
    body[:, :5] = [1, 0, _INT4_OID, length, 1]  # dimensions, no NULLs, type, length, lower bound
    body[:, 5::2] = 4
    body[:, 6::2] = values
    return body.view(np.uint8).reshape(rows, -1)


def _fixed(
    body: Bytes, by_value: npt.NDArray[np.bool_] | None, null: npt.NDArray[np.bool_] | None
) -> _Field:
    rows, width = body.shape
    lengths = np.full(rows, width, dtype=np.int64)
    for mask in (by_value, null):
        if mask is not None:
            lengths[mask] = -1
    return _Field(body.reshape(-1), np.arange(rows, dtype=np.int64) * width, lengths)


def _variable(
    values: npt.NDArray[Any], null: npt.NDArray[np.bool_] | None, kind: Literal["text", "bytes"]
) -> _Field:
    import pyarrow as pa

    array = pa.array(values, type=pa.large_utf8() if kind == "text" else pa.large_binary())
    _, offsets_buffer, data = array.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[: values.size + 1]
    lengths = np.diff(offsets)
    if array.null_count:
        lengths[np.asarray(array.is_null())] = -1
    if null is not None:
        lengths[null] = -1
    payload = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8)
    return _Field(payload, offsets[:-1].copy(), lengths)


@cache
def _kernels() -> tuple[Callable[..., None], Callable[..., None]]:
    """Compile the two inner loops when the first COPY needs them (kept on disk by numba)."""
    import numba

    @numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
    def place(out: Any, cursor: Any, payload: Any, starts: Any, lengths: Any) -> None:
        for row in range(cursor.size):
            at = cursor[row]
            length = lengths[row]
            for byte in range(4):
                out[at + byte] = (length >> (24 - 8 * byte)) & 0xFF
            at += 4
            start = starts[row]
            for byte in range(length):
                out[at + byte] = payload[start + byte]
            cursor[row] = at + max(length, 0)

    @numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
    def count(out: Any, cursor: Any, fields: int) -> None:
        for row in range(cursor.size):
            at = cursor[row]
            out[at] = fields >> 8
            out[at + 1] = fields & 0xFF
            cursor[row] = at + 2

    return place, count
