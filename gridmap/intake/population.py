"""Numbers of people out of a file."""

from pathlib import Path

from gridmap.intake.rows import Columns, PopulationRows, ReadOptions


def read_population(path: Path, columns: Columns, options: ReadOptions) -> PopulationRows:
    """Read counts by grid code, or at points.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    raise NotImplementedError
