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

_DAY = N_("Date impossible")
NAMES = {
    "wrong_field_count": N_("Wrong number of fields"),
    "nul_character": N_("NUL character"),
    "no_position": N_("No coordinate"),
    "coordinate_unreadable": N_("Coordinate unreadable"),
    "coordinate_not_finite": N_("Coordinate not finite"),
    "coordinate_out_of_range": N_("Coordinate out of range"),
    "geometry_unreadable": N_("Border unreadable"),
    "geometry_not_a_point": N_("Not a point"),
    "geometry_not_an_area": N_("Not an area"),
    "geometry_missing": N_("No border"),
    "geometry_beyond_repair": N_("Border beyond repair"),
    "no_code": N_("No code"),
    "code_not_a_number": N_("Code not a number"),
    "code_too_long": N_("Code too long"),
    "word_unknown": N_("Word unknown"),
    "code_repeated": N_("Code twice in the file"),
    "no_address": N_("No address"),
    "no_id": N_("No number"),
    "id_too_long": N_("Number too long"),
    "id_repeated": N_("Twice in the file"),
    "text_too_long": N_("Text too long"),
    "no_time": N_("No time"),
    "time_unreadable": N_("Time unreadable"),
    "no_such_time": N_("Time impossible"),
    "no_such_month": _DAY,
    "no_such_day": _DAY,
    "no_such_day_february": _DAY,
    "no_such_day_april": _DAY,
    "no_such_day_june": _DAY,
    "no_such_day_september": _DAY,
    "no_such_day_november": _DAY,
    "time_too_early": N_("Too early"),
    "time_in_future": N_("In the future"),
    "end_before_start": N_("Ends before it begins"),
    "outside_scope": N_("Outside your scope"),
    "erased": N_("Erased on request"),
    "no_count": N_("No number of people"),
    "count_unreadable": N_("Number unreadable"),
    "count_impossible": N_("Number impossible"),
    "no_name": N_("No name"),
    "identity_impossible": N_("Identity number impossible"),
    "phone_impossible": N_("Telephone number impossible"),
    "day_unreadable": N_("Date unreadable"),
    "days_reversed": N_("Ends before it begins"),
}
"""Short names for filters; codes of one name are one filter."""


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
            group = group_of(row[CODE])
            counts[group] += 1
            before = counts[reason] if reason else counts.total()
            if reason in ("", group) and offset < before <= offset + limit:
                chosen.append(row)
    return RejectPage(
        total=counts[reason] if reason else counts.total(),
        all=counts.total(),
        rows=[_line(row) for row in chosen],
        reasons=[(group, short_name(group), n) for group, n in counts.most_common()],
    )


def group_of(code: str) -> str:
    """Return the first code that has the same short name: one filter for all of them."""
    name = NAMES.get(code)
    return next((other for other in NAMES if NAMES[other] == name), code) if name else code


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
