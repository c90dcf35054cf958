"""The usual forms of times: ISO 8601 and its relatives, day or month first."""

from collections.abc import Iterator
from functools import cache
from typing import cast

import numpy as np
import pyarrow as pa

from gridmap.core.i18n import N_
from gridmap.intake.rows import Note
from gridmap.intake.time_forms import Form, compile_form, read_form
from gridmap.intake.time_reading import Bytes, Flags, Integers, Reading, by_width

_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y")
"""Forms whose order is beyond doubt; with points it is always day, month, year."""
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y")
_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p")
_SURE = 0.99
_WRONG = 0.9

Undecided = tuple[Integers, Bytes, Form, Form]
"""Rows, their bytes, and the same form with the day or with the month first."""


@cache
def _clock_forms(date: str) -> tuple[Form, ...]:
    """Return all forms that begin with a date."""
    return tuple(_all_forms(date))


def _all_forms(date: str) -> Iterator[Form]:
    formats = [date]
    for gap in (" ", "T"):
        formats += [f"{date}{gap}{clock}" for clock in _CLOCKS]
    if date == "%Y%m%d":
        formats += ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S"]
    for format_ in formats:
        endings = [(format_, 0)]
        if format_.endswith("%S"):
            endings += [(f"{format_}.%f", digits) for digits in (1, 2, 3, 4, 5, 6)]
        for ending, digits in endings:
            yield _compiled(ending, digits, "Z")
            if "%H" in ending:
                for offset in ("Z", ":", "z", "h"):
                    yield _compiled(f"{ending}%z", digits, offset)
                    yield _compiled(f"{ending} %z", digits, offset)


def _compiled(format_: str, fraction: int, offset: str) -> Form:
    return cast(Form, compile_form(format_, fraction=fraction, offset=offset))


def _fitting(date: str, sample: bytes) -> Iterator[Form]:
    """Yield the forms of a date that one text fits."""
    text = np.frombuffer(sample, dtype=np.uint8)[None, :]
    for form in _clock_forms(date):
        if form.width == len(sample) and read_form(form, text).fits[0]:
            yield form


def read_usual(text: pa.ChunkedArray, reading: Reading) -> list[Note]:
    """Read what is written in the usual forms; see which of day and month comes first."""
    undecided: list[Undecided] = []
    for rows, content in by_width(text, reading.open):
        left = np.ones(rows.size, dtype=bool)
        for _ in range(8):
            here = np.flatnonzero(left)
            if not here.size:
                break
            sample = content[here[0]].tobytes()
            part = content if here.size == rows.size else content[here]
            taken = _take_year_first(rows[here], part, sample, reading)
            if taken is None:
                taken = _set_aside(rows[here], part, sample, undecided)
            if taken is None:
                same = (part == np.frombuffer(sample, np.uint8)).all(axis=1)
                left[here[same]] = False
            else:
                left[here[taken]] = False
    return _decide_order(undecided, reading)


def _take_year_first(
    rows: Integers, content: Bytes, sample: bytes, reading: Reading
) -> Flags | None:
    for date in _YEAR_FIRST:
        for form in _fitting(date, sample):
            read = read_form(form, content)
            reading.take(rows, read, form)
            return read.fits
    return None


def _set_aside(
    rows: Integers,
    content: Bytes,
    sample: bytes,
    undecided: list[Undecided],
) -> Flags | None:
    for day_first, month_first in zip(_DAY_FIRST, _MONTH_FIRST, strict=True):
        pairs = zip(_fitting(day_first, sample), _fitting(month_first, sample), strict=True)
        for one, other in pairs:
            fits = read_form(one, content).fits
            undecided.append((rows[fits], content[fits], one, other))
            return fits
    return None


def _decide_order(undecided: list[Undecided], reading: Reading) -> list[Note]:
    """Read day/month texts the only way that makes sense of nearly all, or mark them ambiguous."""
    if not undecided:
        return []
    total = sum(rows.size for rows, *_ in undecided)
    valid = [
        sum(int(read_form(pair[which], content).valid.sum()) for _, content, *pair in undecided)
        / total
        for which in (0, 1)
    ]
    order = int(valid[1] > valid[0])
    if not (valid[order] >= _SURE and valid[1 - order] < _WRONG):
        for rows, *_ in undecided:
            reading.problem[rows] = "ambiguous"
            reading.open[rows] = False
        return []
    for rows, content, *pair in undecided:
        reading.take(rows, read_form(pair[order], content), pair[order])
    example = undecided[0][2 + order].format  # type: ignore[union-attr]
    message = N_("Dates are read as %(format)s: the other order makes sense of too few of them.")
    return [Note("date_order_recognised", message, {"format": example})]
