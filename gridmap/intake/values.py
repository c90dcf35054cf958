"""Columns of any Arrow type as text, numbers or numpy arrays; nulls become empty text."""

from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as the text that most programs would write for it.

    Whole floats lose their `.0`; times are `2022-05-05 22:00:00` with a fraction where there is
    one; dates are ISO; nulls and values without a text (lists, structures) are empty.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = column.cast(pa.large_string())
    elif pa.types.is_timestamp(kind):
        text = pc.replace_substring_regex(
            pc.strftime(column.cast(pa.timestamp("us", kind.tz)), "%Y-%m-%d %H:%M:%S"),
            r"\.0+$",
            "",
        ).cast(pa.large_string())
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.chunked_array([pa.repeat(pa.scalar("", pa.large_string()), len(column))])
    else:
        text = column.cast(pa.large_string())
    return text.fill_null("") if text.null_count else text


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text without surrounding white space."""
    return pc.utf8_trim_whitespace(as_text(column))


def texts_at(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> Texts:
    """Return some values as Python texts."""
    return as_objects(as_text(column.take(pa.array(rows))))


def as_objects(column: pa.ChunkedArray) -> Texts:
    """Return a text column as an object array."""
    return cast(Texts, column.to_numpy(zero_copy_only=False)).astype(object, copy=False)


def shared_objects(column: pa.ChunkedArray) -> Texts:
    """Return a text column with few distinct values as an object array that shares them."""
    words, which = encoded(column)
    return words[which] if words.size else np.empty(0, dtype=object)


def encoded(column: pa.ChunkedArray) -> tuple[Texts, NDArray[np.int64]]:
    """Return the distinct texts, and which of them each row has."""
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        combined = combined.chunk(0) if combined.num_chunks else pa.array([], pa.large_string())
    coded = combined.dictionary_encode()
    words = coded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    return words, coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def is_empty(text: pa.ChunkedArray) -> Flags:
    """Tell which texts are empty."""
    return cast(Flags, pc.equal(pc.binary_length(text), 0).to_numpy())


def has_nul(text: pa.ChunkedArray) -> Flags:
    """Tell which texts contain a NUL character."""
    return cast(Flags, pc.match_substring(text, "\0").to_numpy())


def as_numbers(column: pa.ChunkedArray) -> tuple[Floats, Flags]:
    """Return numbers, NaN where there is none, and which rows hold something unreadable.

    Empty texts and nulls are NaN and readable. Full-width digits are read.
    """
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        values = column.cast(pa.float64()).to_numpy()
        return values.astype(np.float64), np.zeros(values.size, dtype=bool)
    text = as_text(column)
    try:
        filled = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text)
        values = filled.cast(pa.float64()).to_numpy()
        return values.astype(np.float64), np.zeros(values.size, dtype=bool)
    except pa.ArrowInvalid:
        pass
    text = pc.utf8_trim_whitespace(pc.utf8_normalize(text, form="NFKC"))
    number = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
    special = r"^[+-]?(?i:nan|inf|infinity)$"
    plain = pc.match_substring_regex(text, number)
    odd = pc.match_substring_regex(text, special)
    usable = pc.if_else(pc.or_(plain, odd), text, pa.scalar(None, pa.large_string()))
    values = pc.replace_substring_regex(usable, r"^\+", "").cast(pa.float64())
    numbers = values.to_numpy().astype(np.float64)
    unreadable = ~pc.or_(plain, odd).to_numpy() & ~is_empty(text)
    return numbers, unreadable
