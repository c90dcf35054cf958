"""Places and resources out of a file."""

from pathlib import Path

from gridmap.intake.rows import Columns, PointRows, ReadOptions


def read_points(
    path: Path, columns: Columns, options: ReadOptions, *, kind: str = "places"
) -> PointRows:
    """Read places or resources (`kind` guides the guess): each with a point, code or address.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    raise NotImplementedError
