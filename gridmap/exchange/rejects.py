"""The report of rejected rows, read back for a page."""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext

from gridmap.core.i18n import N_
from gridmap.intake.reasons import REASONS

LINE, COLUMN, VALUE, CODE, REASON = range(5)

NAMES = {
    "no_position": N_("No coordinate"),
    "coordinate_unreadable": N_("Coordinate unreadable"),
    "coordinate_not_finite": N_("Coordinate not finite"),
    "coordinate_out_of_range": N_("Coordinate out of range"),
    "geometry_unreadable": N_("Border unreadable"),
    "geometry_beyond_repair": N_("Border beyond repair"),
    "no_code": N_("No code"),
    "code_repeated": N_("Code twice in the file"),
    "id_repeated": N_("Twice in the file"),
    "no_id": N_("No number"),
    "no_time": N_("No time"),
    "time_unreadable": N_("Time unreadable"),
    "text_too_long": N_("Text too long"),
    "wrong_field_count": N_("Wrong number of fields"),
}
"""Short names for filters; other codes are shown by their own words."""


@dataclass(frozen=True)
class RejectLine:
    """One rejected row."""

    line: int
    column: str
    value: str
    reason: str
    way_out: str


@dataclass(frozen=True)
class RejectPage:
    """One page of a report, and how many rows each reason has."""

    total: int
    all: int
    rows: list[RejectLine]
    reasons: list[tuple[str, str, int]]
    """Code, short name, rows; the most frequent first."""


def read_page(path: Path, *, reason: str, offset: int, limit: int) -> RejectPage:
    """Read one page of a report of rejected rows.

    Args:
        path: as `intake` wrote it.
        reason: a code, '' for all.
        offset: rows of this reason before the page.
        limit: rows of the page.
    """
    counts: Counter[str] = Counter()
    chosen: list[list[str]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for row in rows:  # a stream, so that a report of any length fits
            counts[row[CODE]] += 1
            before = counts[reason] if reason else counts.total()
            if (not reason or row[CODE] == reason) and offset < before <= offset + limit:
                chosen.append(row)
    return RejectPage(
        total=counts[reason] if reason else counts.total(),
        all=counts.total(),
        rows=[_line(row) for row in chosen],
        reasons=[(code, short_name(code), n) for code, n in counts.most_common()],
    )


def short_name(code: str) -> str:
    """Return a reason in a few words."""
    return str(gettext(NAMES[code])) if code in NAMES else code.replace("_", " ").capitalize()


def _line(row: list[str]) -> RejectLine:
    code = row[CODE]
    known = REASONS.get(code)
    column, value = _plain(row[COLUMN]), _plain(row[VALUE])
    if known is None:
        return RejectLine(int(row[LINE]), column, value, _plain(row[REASON]), "")
    parts: dict[str, str] = {"column": column, "value": value}
    parts["detail"] = _detail(known.message, _plain(row[REASON]), parts)
    sentence = str(gettext(known.message)) % parts
    return RejectLine(int(row[LINE]), column, value, sentence, str(gettext(known.way_out)))


def _plain(cell: str) -> str:
    """Take away the apostrophe that guards a spreadsheet."""
    return cell[1:] if re.match(r"'[=+\-@\t\r\n＝＋－＠]", cell) else cell


def _detail(message: str, english: str, parts: Mapping[str, str]) -> str:
    """Find what stood for %(detail)s in the English sentence, so that it can be said anew."""
    pattern = re.escape(message)
    for name in parts:
        pattern = pattern.replace(re.escape(f"%({name})s"), ".*?")
    pattern = pattern.replace(re.escape("%(detail)s"), "(?P<detail>.*)")
    found = re.fullmatch(pattern.replace("%%", "%"), english, re.DOTALL)
    return found.groupdict().get("detail", "") if found else ""
