"""Files made by code, and a fixed now."""

import datetime as dt
from pathlib import Path

import pytest

from gridmap.intake import Columns, IncidentRows, ReadOptions, read_incidents

NOW = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


@pytest.fixture
def write(tmp_path):
    """Write bytes or text to a file in a folder of its own; return the path."""

    def write(content: str | bytes, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def incidents_of(write):
    """Read incidents out of CSV text, in Shanghai unless told otherwise."""

    def incidents_of(content: str | bytes | Path, **named) -> IncidentRows:
        path = content if isinstance(content, Path) else write(content)
        crs = named.pop("crs", None)
        tz = named.pop("source_tz", "Asia/Shanghai")
        options = ReadOptions(crs=crs, layer=named.pop("layer", None))
        return read_incidents(path, Columns(**named), options, now=NOW, source_tz=tz)

    return incidents_of
