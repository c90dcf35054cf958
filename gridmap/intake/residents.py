"""Who lives where, out of a file. Faults of a row are said without its personal values."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.columns import required
from gridmap.intake.ids import read_ids
from gridmap.intake.labels import read_labels, read_words
from gridmap.intake.points import known_words
from gridmap.intake.positions import read_positions
from gridmap.intake.rows import Columns, Flags, ReadOptions, ResidentRows, Texts, Times
from gridmap.intake.tables import Table

MAX_NAME = 200
MAX_DETAIL = 300
MAX_NOTE = 1000

_SPACES = re.compile(r"[\s\-·.()（）/]+")
_IDENTITY = re.compile(r"[0-9A-Z]{4,40}")
_RESIDENT_IDENTITY = re.compile(r"\d{17}[0-9X]")
_PHONE = re.compile(r"\+?\d{3,15}")
_DAY = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))(?:[ T]00:00(?::00)?)?"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LAST = "10X98765432"


@dataclass(frozen=True)
class _Persons:
    """What is said of persons: texts of shape (n,)."""

    name: Texts
    identity: Texts
    phone: Texts
    detail: Texts
    note: Texts


def read_residents(
    path: Path, columns: Columns, options: ReadOptions, *, kinds: Mapping[str, str]
) -> ResidentRows:
    """Read persons and their residences, each located by a point, an address or a grid code.

    Args:
        path: the file.
        columns: what the user named; the rest is guessed.
        options: how to read the file.
        kinds: word as `headers.fold` writes it → kind of residence; '' for rows without a word.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source("residents", path, columns, options)
    table, columns = source.table, source.columns
    header = required(table.file_name, columns, "name", table.headers)
    checks = RowChecks.of(len(table))
    positions = read_positions(table, columns, options, checks)
    persons = _persons(table, columns, header, checks)
    words = read_words(table, columns.kind, checks)
    kind = known_words(words, kinds, checks, columns.kind)
    since, until = _days(table, columns.since, checks), _days(table, columns.until, checks)
    with np.errstate(invalid="ignore"):
        checks.fail(until <= since, "days_reversed", column=columns.until or "")
    ids, repeats = read_ids(table, columns.id, checks)
    kept = keeper(checks.ok & ~repeats)
    none = np.full(len(table), "", dtype=object)
    return ResidentRows(
        origin=source.origin(positions, repeats & checks.ok),
        rejects=checks.rejects(table.headers, table.columns, table.line, table.ragged),
        line=kept(table.line),
        source_id=kept(ids),
        lon=kept(positions.lon),
        lat=kept(positions.lat),
        grid_code=None if positions.grid_code is None else kept(positions.grid_code),
        address=kept(none if positions.address is None else positions.address),
        **{name: kept(column) for name, column in vars(persons).items()},
        kind=kept(kind),
        since=kept(since),
        until=kept(until),
    )


def _persons(table: Table, columns: Columns, header: str, checks: RowChecks) -> _Persons:
    name = read_labels(table, header, checks, limit=MAX_NAME)
    checks.fail(name == "", "no_name", column=header)
    identity = _written(table, columns.identity, checks, identity_written, "identity_impossible")
    phone = _written(table, columns.phone, checks, phone_written, "phone_impossible")
    return _Persons(
        name=name,
        identity=identity,
        phone=phone,
        detail=read_labels(table, columns.detail, checks, limit=MAX_DETAIL),
        note=read_labels(table, columns.note, checks, limit=MAX_NOTE),
    )


def _written(
    table: Table,
    header: str | None,
    checks: RowChecks,
    write: Callable[[str], str | None],
    reason: str,
) -> Texts:
    """Return a column in the one form in which it is compared; rows that have none fail."""
    texts = read_labels(table, header, checks, limit=MAX_NOTE)
    if header is None:
        return texts
    written = np.array([write(text) if text else "" for text in texts.tolist()], dtype=object)
    impossible = np.array([text is None for text in written], dtype=bool)
    checks.fail(impossible, reason, column=header)
    return np.where(impossible, "", written).astype(object)


def identity_written(text: str) -> str | None:
    """Return an identity number in the one form in which it is compared; None: it is none.

    A number of 18 places has a check digit (ISO 7064, MOD 11-2; GB 11643), any other only a form.
    """
    plain = _plain(text).upper()
    if not _IDENTITY.fullmatch(plain):
        return None
    if _RESIDENT_IDENTITY.fullmatch(plain):
        total = sum(int(digit) * w for digit, w in zip(plain, _WEIGHTS, strict=False))
        return plain if plain[17] == _LAST[total % 11] else None
    return plain


def phone_written(text: str) -> str | None:
    """Return a telephone number in the one form in which it is compared; None: it is none."""
    plain = _plain(text)
    return plain if _PHONE.fullmatch(plain) else None


def _plain(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text))


def _days(table: Table, header: str | None, checks: RowChecks) -> Times:
    """Return a column of days; NaT where there is none."""
    if header is None:
        return np.full(len(table), np.datetime64("NaT", "D"))
    words, which = np.unique(read_words(table, header, checks).astype(str), return_inverse=True)
    days = [day_of(word) for word in words.tolist()]
    found = np.array([day or np.datetime64("NaT") for day in days], dtype="datetime64[D]")
    bad: Flags = np.array(
        [day is None and word != "" for day, word in zip(days, words, strict=True)]
    )
    if words.size:
        checks.fail(bad[which], "day_unreadable", column=header)
        return found[which]
    return found


def day_of(text: str) -> date | None:
    """Return the day that a text names: 2016-12-31, 2016/12/31, 20161231, 2016年12月31日."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    year, month, day = found[1], found[2] or found[4], found[3] or found[5]
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
