"""Texts of times: in the form that was given, or in one that is recognised."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gridmap.core.i18n import N_
from gridmap.intake.errors import (
    AmbiguousDates,
    BadOption,
    TimesDoNotFit,
    UnknownDates,
)
from gridmap.intake.rows import Note
from gridmap.intake.time_forms import Form, compile_form, read_form
from gridmap.intake.time_reading import Integers, Parsed, Reading, Texts, by_width
from gridmap.intake.time_usual import read_usual
from gridmap.intake.values import as_numbers, as_objects, encoded

_EXAMPLE = "2024-05-31 14:30"
_SERIAL_EPOCH = np.datetime64("1899-12-30", "us")
_SERIAL_FIRST, _SERIAL_LAST = 10_000, 80_000
"""Excel's days from 1927 to 2119; other numbers are no dates."""
_DATE_PARTS = (
    {"Y", "m", "d"},
    {"y", "m", "d"},
    {"Y", "b", "d"},
    {"y", "b", "d"},
    {"Y", "B", "d"},
    {"y", "B", "d"},
    {"Y", "j"},
    {"y", "j"},
)


class Place(NamedTuple):
    """Where a column stands, for messages; `line` has shape (n,)."""

    file: str
    header: str
    line: Integers


def parse_texts(text: pa.ChunkedArray, format_: str | None, place: Place) -> Parsed:
    """Read texts, in the given format or in the usual forms.

    Args:
        text: n texts without surrounding space, type large_string.
        format_: as in strptime, or None: ISO 8601 and its relatives, day or month first where
            the column itself decides which.
        place: of the column.

    Raises:
        UnreadableFile: the form is unknown or ambiguous, or nothing fits the format.
    """
    reading = Reading(text)
    if not reading.open.any():
        return reading.done((), "")
    if format_ is not None:
        _read_given(text, format_, reading)
        unread = np.flatnonzero(reading.open)
        if unread.size == np.count_nonzero(~reading.empty):
            raise TimesDoNotFit(**_example(text, unread, place)[1], format=format_)
        return reading.done((), format_)
    notes = read_usual(text, reading)
    if reading.open.any():
        words, which = encoded(text)
        plain = pa.chunked_array([pa.array(_plain(words), pa.large_string())])
        again = Reading(plain)
        again.open &= np.bincount(which[reading.open], minlength=words.size) > 0
        notes += read_usual(plain, again)
        _spread(again, which, reading)
    return _judged(text, reading, notes, place)


def _judged(text: pa.ChunkedArray, reading: Reading, notes: list[Note], place: Place) -> Parsed:
    ambiguous = np.flatnonzero(reading.problem == "ambiguous")
    if ambiguous.size:
        value, fields = _example(text, ambiguous, place)
        suggestion = "%d/%m/%Y" if "/" in value else "%d-%m-%Y"
        raise AmbiguousDates(**fields, format=suggestion)
    unread = np.flatnonzero(reading.open)
    if unread.size * 2 > np.count_nonzero(~reading.empty):
        serial = parse_sheet(text, place, fall_back=False)
        if serial is not None:
            return serial
        _, fields = _example(text, unread, place)
        raise UnknownDates(**fields, format="%Y-%m-%d")
    return reading.done(tuple(notes), _EXAMPLE)


def _example(text: pa.ChunkedArray, rows: Integers, place: Place) -> tuple[str, dict[str, object]]:
    row = int(rows[0])
    value = text[row].as_py()[:60]
    fields = {"column": place.header, "line": int(place.line[row]), "value": value}
    return value, {"file": place.file, **fields}


def _spread(source: Reading, which: Integers, target: Reading) -> None:
    """Copy what distinct texts say to the rows that have them."""
    rows = np.flatnonzero(target.open)
    word = which[rows]
    known = ~source.open[word]
    into, word = rows[known], word[known]
    for name in ("time", "whole_day", "has_offset", "problem", "detail"):
        getattr(target, name)[into] = getattr(source, name)[word]
    target.open[into] = False


def _read_given(text: pa.ChunkedArray, format_: str, reading: Reading) -> None:
    parts = set(re.findall(r"%(.)", format_.replace("%%", "")))
    if not any(needed <= parts for needed in _DATE_PARTS) and not parts & set("cxDF"):
        why = N_("it must say year, month and day, as %Y-%m-%d does.")
        raise BadOption(option="--time-format", value=format_, why=why)
    offsets = ("Z", ":", "z", "h") if "z" in parts else ("Z",)
    fractions = range(1, 7) if "f" in parts else (0,)
    forms = [compile_form(format_, fraction=f, offset=o) for f in fractions for o in offsets]
    known = [form for form in forms if form is not None]
    _read_forms(text, known, reading)
    if not reading.open.any():
        return
    words, which = encoded(text)
    again = Reading(pa.chunked_array([pa.array(words, pa.large_string())]))
    again.open &= np.bincount(which[reading.open], minlength=words.size) > 0
    if known:
        _read_forms(pa.chunked_array([pa.array(_padded(words), pa.large_string())]), known, again)
    _read_slowly(words, format_, parts, again)
    _spread(again, which, reading)


def _read_forms(text: pa.ChunkedArray, forms: list[Form], reading: Reading) -> None:
    for rows, content in by_width(text, reading.open):
        for form in forms:
            if form.width == content.shape[1]:
                reading.take(rows, read_form(form, content), form)


def _read_slowly(words: Texts, format_: str, parts: set[str], reading: Reading) -> None:
    """Read what has no fixed width (names of months …) by pandas, each distinct text once."""
    rows = np.flatnonzero(reading.open)
    if not rows.size:
        return
    try:
        found = pd.to_datetime(
            pd.Series(words[rows].astype(object)), format=format_, errors="coerce", utc="z" in parts
        )
    except ValueError as error:
        raise BadOption(option="--time-format", value=format_, why=f"{error}.") from None
    values = found.dt.tz_localize(None) if "z" in parts else found
    time = values.to_numpy().astype("datetime64[us]")
    known = ~np.isnat(time)
    into = rows[known]
    reading.time[into] = time[known]
    reading.whole_day[into] = not parts & set("HIcsTRrX")
    reading.has_offset[into] = "z" in parts
    reading.open[into] = False


def _padded(words: Texts) -> Texts:
    """Return texts with single digits made double: 1/2/2019 → 01/02/2019."""
    text = pa.chunked_array([pa.array(words, pa.large_string())])
    return as_objects(pc.replace_substring_regex(text, r"\b(\d)\b", r"0\1"))


def _plain(words: Texts) -> Texts:
    """Return texts with Chinese units, full-width signs and single digits made plain."""
    text = pa.chunked_array([pa.array(words, pa.large_string())])
    text = pc.utf8_normalize(text, form="NFKC")
    for pattern, plain in (
        (r"\s*[年月]\s*", "-"),
        (r"日\s*", " "),
        (r"\s*[时点時]\s*", ":"),
        (r"分$", ""),
        (r"\s*分\s*", ":"),
        (r"秒", ""),
        (r"^(.{8,}\.\d{6})\d+", r"\1"),
        (r"\s+", " "),
    ):
        text = pc.replace_substring_regex(text, pattern, plain)
    text = pc.utf8_trim(text, characters=" :")
    return as_objects(pc.replace_substring_regex(text, r"\b(\d)\b", r"0\1"))


def parse_sheet(text: pa.ChunkedArray, place: Place, *, fall_back: bool = True) -> Parsed | None:
    """Read Excel's serial days (whole ones are days, others moments), and texts beside them.

    Args:
        text: n texts.
        place: of the column.
        fall_back: read other texts as usual; else return None unless nearly all are serial days.
    """
    number, unreadable = as_numbers(text)
    reading = Reading(text)
    serial = ~unreadable & (number >= _SERIAL_FIRST) & (number < _SERIAL_LAST)
    rest = reading.open & ~serial
    if not fall_back and np.count_nonzero(rest) * 100 > np.count_nonzero(reading.open):
        return None
    milliseconds = np.rint(np.where(serial, number, 0) * 86_400_000).astype("timedelta64[ms]")
    reading.time[serial] = (_SERIAL_EPOCH + milliseconds)[serial]
    reading.whole_day[serial] = (number == np.floor(number))[serial]
    reading.open[serial] = False
    notes: tuple[Note, ...] = ()
    if serial.any():
        message = N_("The numbers in %(column)s are read as Excel's days (1 = 1 January 1900).")
        notes = (Note("serial_days", message, {"column": place.header}),)
    rows = np.flatnonzero(rest)
    if rows.size and fall_back:
        others = parse_texts(text.take(pa.array(rows)), None, place._replace(line=place.line[rows]))
        for name in ("time", "whole_day", "has_offset", "problem", "detail"):
            getattr(reading, name)[rows] = getattr(others, name)
        reading.open[rows] = False
        notes += others.notes
    return reading.done(notes, _EXAMPLE)
