"""Incidents out of a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.columns import required
from gridmap.intake.ids import read_ids
from gridmap.intake.labels import read_words
from gridmap.intake.positions import read_positions
from gridmap.intake.rows import Columns, IncidentRows, Note, ReadOptions
from gridmap.intake.tables import Table
from gridmap.intake.times import Spans, TimeColumn, read_times
from gridmap.intake.values import trimmed

Times = NDArray[np.datetime64]

EARLIEST_YEAR = 1900
_TOLERANCE = timedelta(days=1)


def read_incidents(
    path: Path,
    columns: Columns,
    options: ReadOptions,
    *,
    now: datetime,
    source_tz: str | None,
) -> IncidentRows:
    """Read incidents: each with a time and a point, a grid code or an address.

    Args:
        path: the file.
        columns: what the user named; the rest is guessed (see `IncidentRows.origin.columns`).
        options: how to read the file.
        now: aware; times more than a day later are rejected.
        source_tz: the zone of local times when `columns.tz` does not name one.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source("incidents", path, columns, options)
    table, columns = source.table, source.columns
    checks = RowChecks.of(len(table))
    positions = read_positions(table, columns, options, checks)
    start, end, notes = _when(table, columns, checks, columns.tz or source_tz, now)
    word = read_words(table, columns.category, checks, default=columns.category_value or "")
    ids, repeats = read_ids(table, columns.id, checks)
    kept = keeper(checks.ok & ~repeats)
    return IncidentRows(
        origin=source.origin(positions, repeats & checks.ok, notes),
        rejects=checks.rejects(table.headers, table.columns, table.line, table.ragged),
        line=kept(table.line),
        source_id=kept(ids),
        lon=kept(positions.lon),
        lat=kept(positions.lat),
        x_original=kept(positions.x),
        y_original=kept(positions.y),
        grid_code=None if positions.grid_code is None else kept(positions.grid_code),
        address=None if positions.address is None else kept(positions.address),
        occurred_from=kept(start),
        occurred_to=kept(end),
        word=kept(word),
    )


def _spans(table: Table, columns: Columns, header: str, tz: str | None) -> Spans:
    place = TimeColumn(
        file=table.file_name,
        header=header,
        line=table.line,
        format=columns.time_format,
        tz=tz,
        excel=table.format == "xlsx",
    )
    return read_times(table.columns[header], place)


def _when(
    table: Table, columns: Columns, checks: RowChecks, tz: str | None, now: datetime
) -> tuple[Times, Times, tuple[Note, ...]]:
    """Return starts, ends (NaT: a moment) and notes; rows without a possible time fail."""
    header = required(table.file_name, columns, "time", table.headers)
    spans = _spans(table, columns, header, tz)
    notes = (*spans.notes, *_utc_note(table, header, spans))
    checks.fail(spans.empty, "no_time", column=header)
    _fail_problems(table, checks, spans, header)
    start, end = spans.start, spans.end
    earliest = np.datetime64(f"{EARLIEST_YEAR}-01-01", "us")
    latest = np.datetime64((now.astimezone(UTC) + _TOLERANCE).replace(tzinfo=None), "us")
    values = table.columns[header]
    early = str(EARLIEST_YEAR)
    checks.fail(start < earliest, "time_too_early", column=header, value=values, detail=early)
    checks.fail(start > latest, "time_in_future", column=header, value=values)
    if columns.time_end is None:
        return start, end, notes
    last = _spans(table, columns, columns.time_end, tz)
    _fail_problems(table, checks, last, columns.time_end)
    until = np.where(np.isnat(last.end), last.start, last.end)
    checks.fail(
        last.start < start,
        "end_before_start",
        column=columns.time_end,
        value=table.columns[columns.time_end],
        detail=trimmed(values).to_numpy(zero_copy_only=False) if (last.start < start).any() else "",
    )
    given = ~np.isnat(until)
    end = np.where(given, until, end)
    end[end <= start] = np.datetime64("NaT")
    return start, end, (*notes, *last.notes)


def _utc_note(table: Table, header: str, spans: Spans) -> tuple[Note, ...]:
    """Tell what surprises: GeoPackage keeps times in UTC, whatever the writer meant."""
    if table.format != "gpkg" or spans.needs_zone or not _has_times(table, header):
        return ()
    message = N_(
        "The times in %(column)s are read as UTC, as GeoPackage defines them; --tz is not used."
    )
    return (Note("times_in_utc", message, {"column": header}),)


def _has_times(table: Table, header: str) -> bool:
    """Tell whether a column is of a type for times, not text."""
    return bool(pa.types.is_timestamp(table.columns[header].type))


def _fail_problems(table: Table, checks: RowChecks, spans: Spans, header: str) -> None:
    if not (spans.problem != "").any():
        return
    for code in np.unique(spans.problem[spans.problem != ""].astype(str)).tolist():
        checks.fail(
            spans.problem == code,
            code,
            column=header,
            value=table.columns[header],
            detail=spans.detail,
        )
