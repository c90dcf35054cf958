"""An id out of a row's content, the same on every machine and for every order of columns.

The content of a row is its values as text (see `values.as_text`), in the order of the headers'
names, each followed by a NUL byte; its digest is BLAKE2b of 16 bytes, personalised with a digest
of the headers. Empty columns count. `hashlib` computes the same, one row at a time.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.intake.values import as_text

Texts = NDArray[np.object_]
_DIGEST_BYTES = 16


def personal_of(headers: tuple[str, ...]) -> bytes:
    """Return the 16 bytes that tell rows of differently named columns apart."""
    names = "\0".join(sorted(headers)).encode()
    return hashlib.blake2b(names, digest_size=_DIGEST_BYTES).digest()


def row_digests(columns: Mapping[str, pa.ChunkedArray], rows: int) -> NDArray[np.uint64]:
    """Return the digest of every row.

    Args:
        columns: by header, any Arrow type.
        rows: their length.

    Returns:
        shape (rows, 2).
    """
    from gridmap.intake._blake2b import hash_rows  # compiled code: only where needed

    digests = np.empty((rows, 2), dtype=np.uint64)
    if rows == 0:
        return digests
    personal = np.frombuffer(personal_of(tuple(columns)), dtype=np.uint64)
    texts = [_buffers(as_text(columns[header])) for header in sorted(columns)]
    offsets = np.stack([offset for offset, _ in texts]) if texts else np.zeros((0, rows + 1), int)
    base = np.zeros(len(texts), dtype=np.int64)
    np.cumsum([data.size for _, data in texts[:-1]], out=base[1:])
    data = np.concatenate([data for _, data in texts]) if texts else np.empty(0, np.uint8)
    hash_rows(data, base, offsets, personal, digests)
    return digests


def _buffers(text: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    combined = pa.concat_arrays(text.chunks) if text.num_chunks != 1 else text.chunk(0)
    _, offsets, data = combined.buffers()
    start = combined.offset
    all_offsets = np.frombuffer(offsets, dtype=np.int64)[start : start + len(combined) + 1]
    content = np.frombuffer(data, dtype=np.uint8) if data else np.empty(0, dtype=np.uint8)
    first, last = int(all_offsets[0]), int(all_offsets[-1])
    return all_offsets - first, content[first:last]


def content_ids(digests: NDArray[np.uint64]) -> Texts:
    """Return an id for each row: 32 hexadecimal digits, and `-2`, `-3` … for equal rows.

    Args:
        digests: shape (n, 2).

    Returns:
        shape (n,), texts; the k-th of equal rows always gets the same id.
    """
    raw = np.ascontiguousarray(digests).view(np.uint8).reshape(-1, _DIGEST_BYTES)
    ids = _hexadecimal(raw)
    occurrence = occurrence_numbers(digests)
    again = np.flatnonzero(occurrence > 1)
    if again.size:
        number = occurrence[again].astype("U").astype(object)
        ids[again] = ids[again] + "-" + number
    return ids


def _hexadecimal(raw: NDArray[np.uint8]) -> Texts:
    pairs = np.frombuffer(bytes(range(256)).hex().encode(), dtype=np.uint16)
    buffer = pa.py_buffer(pairs[raw])
    fixed = pa.Array.from_buffers(
        pa.large_string(),
        raw.shape[0],
        [None, pa.py_buffer(np.arange(raw.shape[0] + 1, dtype=np.int64) * 32), buffer],
    )
    objects: Texts = np.asarray(fixed.to_numpy(zero_copy_only=False), dtype=object)
    return objects.copy()


def occurrence_numbers(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return for each row its number among the rows with the same digest, from 1.

    Args:
        digests: shape (n, 2).
    """
    n = digests.shape[0]
    numbers = np.ones(n, dtype=np.int64)
    first = digests[:, 0]
    if not pd.Series(first).duplicated().any():
        return numbers
    order = np.lexsort((np.arange(n), digests[:, 1], first))
    sorted_digests = digests[order]
    starts = np.ones(n, dtype=bool)
    starts[1:] = (sorted_digests[1:] != sorted_digests[:-1]).any(axis=1)
    group_start = np.maximum.accumulate(np.where(starts, np.arange(n), 0))
    numbers[order] = np.arange(n) - group_start + 1
    return numbers


def digest_of_row(values: Mapping[str, Any]) -> bytes:
    """Return one row's digest by hashlib: the definition, for tests and for other programs."""
    content = b"".join(str(values[name]).encode() + b"\0" for name in sorted(values))
    person = personal_of(tuple(values))
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES, person=person).digest()
