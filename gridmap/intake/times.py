"""Times out of a column: recognised, placed in a zone, as half-open spans in UTC.

Rules, all documented in the guide:
* a date without a time is its whole local day, from midnight to the next midnight;
* when the clocks are put forward, a time in the gap is read with the offset that held before it
  (02:30 becomes 03:30); when they are put back, a time that occurs twice is the first of the two
  (both as Python's `fold=0`, PEP 495);
* a time with an offset of its own needs no zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.errors import BadOption, NoTimeZone
from gridmap.intake.rows import Note
from gridmap.intake.time_reading import Parsed
from gridmap.intake.time_texts import Place, parse_sheet, parse_texts
from gridmap.intake.values import trimmed

Times = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
_DAY = np.timedelta64(1, "D")
_MIN_ROWS_FOR_MIDNIGHT = 10


@dataclass(frozen=True)
class TimeColumn:
    """Where a column stands and how its texts are to be read.

    Attributes:
        file: name, for messages.
        header: of the column.
        line: shape (n,), for messages.
        format: strptime format, or None.
        tz: zone name, or None.
        excel: whether bare numbers are Excel's serial days.
    """

    file: str
    header: str
    line: NDArray[np.int64]
    format: str | None
    tz: str | None
    excel: bool = False


@dataclass(frozen=True)
class Spans:
    """What a column says about when.

    Attributes:
        start: shape (n,), datetime64[us] UTC; NaT where nothing could be read.
        end: exclusive end of a whole day; NaT for a moment.
        empty: rows without any value.
        problem: shape (n,), reason code, '' where there is none.
        detail: shape (n,), for the reason's sentence.
        needs_zone: whether any value carried no offset.
        notes: what is worth saying.
    """

    start: Times
    end: Times
    empty: Flags
    problem: Texts
    detail: Texts
    needs_zone: bool
    notes: tuple[Note, ...]


def zone_of(name: str, option: str = "--tz") -> ZoneInfo:
    """Return the zone of a name.

    Raises:
        BadOption: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        why = N_("it is no time zone. Use a name such as Asia/Shanghai or America/Chicago.")
        raise BadOption(option=option, value=name, why=why) from None


def read_times(values: pa.ChunkedArray, column: TimeColumn) -> Spans:
    """Read a column of times.

    Args:
        values: n values: text, timestamps, dates or (Excel) numbers.
        column: where it stands and how to read it.

    Raises:
        UnreadableFile: the form is unknown or ambiguous, the format or zone cannot be used, or
            a zone is needed and none is given.
    """
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        parsed = _typed(values)
    else:
        parsed = _texts(trimmed(values), column)
    notes = list(parsed.notes)
    whole_day = parsed.whole_day
    local = ~parsed.has_offset & ~np.isnat(parsed.time)
    if _all_midnight(parsed, local):
        whole_day = whole_day | local
        notes.append(
            Note(
                "times_all_midnight",
                N_("All times in %(column)s are midnight: they are taken for whole days."),
                {"column": column.header},
            )
        )
    start, end, odd = _in_utc(parsed.time, local, whole_day, column)
    if odd:
        notes.append(
            Note(
                "clock_changes",
                N_(
                    "%(count)s times in %(column)s fall where the clocks change: times that occur "
                    "twice are taken for the first, times that never occur for an hour later."
                ),
                {"count": odd, "column": column.header},
            )
        )
    return Spans(
        start=start,
        end=end,
        empty=parsed.empty,
        problem=parsed.problem,
        detail=parsed.detail,
        needs_zone=bool(local.any()),
        notes=tuple(notes),
    )


def _all_midnight(parsed: Parsed, local: Flags) -> bool:
    timed = local & ~parsed.whole_day
    if np.count_nonzero(timed) < _MIN_ROWS_FOR_MIDNIGHT or parsed.whole_day.any():
        return False
    times = parsed.time[timed]
    return bool((times == times.astype("datetime64[D]")).all())


def _texts(text: pa.ChunkedArray, column: TimeColumn) -> Parsed:
    place = Place(column.file, column.header, column.line)
    if column.excel and column.format is None:
        parsed = parse_sheet(text, place)
        if parsed is not None:
            return parsed
    return parse_texts(text, column.format, place)


def _typed(values: pa.ChunkedArray) -> Parsed:
    kind = values.type
    aware = pa.types.is_timestamp(kind) and kind.tz is not None
    dates = pa.types.is_date(kind)
    plain = values.cast(pa.timestamp("us", "UTC" if aware else None), safe=False)
    time = plain.to_numpy().astype("datetime64[us]")
    n = time.size
    return Parsed(
        time=time,
        whole_day=np.full(n, dates),
        has_offset=np.full(n, aware),
        empty=np.isnat(time),
        problem=np.full(n, "", dtype=object),
        detail=np.full(n, "", dtype=object),
        notes=(),
    )


def _in_utc(
    time: Times, local: Flags, whole_day: Flags, column: TimeColumn
) -> tuple[Times, Times, int]:
    """Return starts and ends in UTC, and how many local times needed a rule."""
    start = time.copy()
    end = np.full(time.size, np.datetime64("NaT", "us"))
    if not local.any():
        return start, end, 0
    if column.tz is None:
        raise NoTimeZone(file=column.file, column=column.header)
    zone = zone_of(column.tz)
    moments = local & ~whole_day
    start[moments], odd = to_utc(time[moments], zone)
    days = local & whole_day
    if days.any():
        midnight, which = np.unique(time[days].astype("datetime64[D]"), return_inverse=True)
        start[days] = to_utc(midnight.astype("datetime64[us]"), zone)[0][which]
        end[days] = to_utc((midnight + _DAY).astype("datetime64[us]"), zone)[0][which]
    return start, end, odd


def to_utc(local: Times, zone: ZoneInfo) -> tuple[Times, int]:
    """Return UTC times of local ones by the rules above, and how many of them needed a rule.

    Args:
        local: shape (n,), datetime64[us] on the clocks of the zone; no NaT.
        zone: of the clocks.
    """
    index = pd.DatetimeIndex(local)
    first = np.ones(local.size, dtype=bool)
    placed = index.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    utc = placed.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
    gap = np.isnat(utc)
    if gap.any():
        never, which = np.unique(local[gap], return_inverse=True)
        utc[gap] = np.array([_before_gap(t, zone) for t in never], "datetime64[us]")[which]
    last = index.tz_localize(zone, ambiguous=~first, nonexistent="NaT").tz_convert("UTC")
    twice = (last.tz_localize(None).to_numpy().astype("datetime64[us]") != utc) & ~gap
    return utc, int(np.count_nonzero(gap | twice))


def _before_gap(local: np.datetime64, zone: ZoneInfo) -> datetime:
    """Return the UTC time (naive) of one local time that never was, by the offset before it."""
    aware = local.astype("datetime64[us]").item().replace(tzinfo=zone, fold=0)
    return aware.astimezone(UTC).replace(tzinfo=None)  # type: ignore[no-any-return]
