"""Incidents out of a file."""

from datetime import datetime
from pathlib import Path

from gridmap.intake.rows import Columns, IncidentRows, ReadOptions


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
    raise NotImplementedError
