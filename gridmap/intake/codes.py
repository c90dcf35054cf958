"""Codes of grids and divisions: text, made from numbers by a format where one is given."""

import re
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.checks import RowChecks
from gridmap.intake.errors import BadOption
from gridmap.intake.values import encoded, has_nul, trimmed

Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

MAX_CODE_LENGTH = 64
_SPEC = re.compile(r"0?\d{0,2}[ds]?")
_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0+)?")


def check_code_format(text: str) -> None:
    """Refuse a format that is not one number between fixed texts.

    Python's formats can reach into objects and ask for gigabytes of padding; this is the harmless
    part of them.

    Raises:
        BadOption: anything else.
    """
    why = N_("it must hold one number between fixed texts, as 17031{:03d} does.")
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise BadOption(option="--code-format", value=text[:60], why=why) from None
    fields = [(name, spec, conversion) for _, name, spec, conversion in parts if name is not None]
    fixed = sum(len(literal) for literal, *_ in parts)
    good = len(fields) == 1 and fixed <= MAX_CODE_LENGTH
    good = good and all(
        name in {"", "0"} and conversion is None and _SPEC.fullmatch(spec or "")
        for name, spec, conversion in fields
    )
    if not good:
        raise BadOption(option="--code-format", value=text[:60], why=why)


def read_codes(
    column: pa.ChunkedArray,
    header: str,
    code_format: str | None,
    checks: RowChecks,
    needed: Flags,
    *,
    may_be_empty: bool = False,
) -> Texts:
    """Read a column of codes; work is done once for each distinct value.

    Whole numbers that a table program wrote as `35.0` are `35`, provided that all values of the
    column look so.

    Args:
        column: n values.
        header: for messages.
        code_format: a checked format for whole numbers, or None.
        checks: gets the rows that cannot be used.
        needed: shape (n,); rows whose code must be usable.
        may_be_empty: whether such a row may have none.

    Returns:
        shape (n,); '' where there is none.
    """
    words, which = encoded(trimmed(column))
    if words.size == 0:
        return np.empty(0, dtype=object)
    empty = words == ""
    codes, unusable = _made(words, code_format)
    long = np.array([len(code) > MAX_CODE_LENGTH for code in codes])
    if not may_be_empty:
        checks.fail(needed & empty[which], "no_code", column=header)
    for bad, reason, detail in (
        (unusable, "code_not_a_number", code_format or ""),
        (long, "code_too_long", str(MAX_CODE_LENGTH)),
    ):
        value = words[which] if bad.any() else None
        checks.fail(needed & bad[which], reason, column=header, value=value, detail=detail)
    codes[unusable | long] = ""
    return codes[which]


def _made(words: Texts, code_format: str | None) -> tuple[Texts, Flags]:
    """Return the codes of distinct texts, and which of them make none."""
    whole = np.array([bool(_WHOLE.fullmatch(word)) for word in words])
    if code_format is None:
        plain = (whole | (words == "")).all()
        codes = [re.sub(r"\.0+$", "", word) if plain else word for word in words]
        return np.array(codes, dtype=object), np.zeros(words.size, dtype=bool)
    codes = [
        _formatted(code_format, int(word.split(".")[0])) if ok else ""
        for word, ok in zip(words, whole, strict=True)
    ]
    return np.array(codes, dtype=object), ~whole & (words != "")


def _formatted(code_format: str, number: int) -> str:
    kind = str(number) if code_format.rstrip("}").endswith("s") else number
    return code_format.format(kind)


def read_texts(
    column: pa.ChunkedArray,
    header: str,
    checks: RowChecks,
    *,
    limit: int,
    code: str = "text_too_long",
) -> pa.ChunkedArray:
    """Return a column's texts without surrounding space; too long ones and NULs are failures."""
    text = trimmed(column)
    checks.fail(has_nul(text), "nul_character", column=header)
    if (pc.max(pc.binary_length(text)).as_py() or 0) > limit:
        long = pc.greater(pc.utf8_length(text), limit).to_numpy()
        checks.fail(long, code, column=header, value=text, detail=str(limit))
    return text
