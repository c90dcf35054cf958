"""Divisions and grids out of a file."""

from pathlib import Path

from gridmap.intake.rows import AreaRows, Columns, ReadOptions


def read_areas(
    path: Path, columns: Columns, options: ReadOptions, *, kind: str = "grids"
) -> AreaRows:
    """Read grids, or divisions (`kind`), which may come without a border.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    raise NotImplementedError
