"""What one file may cost, and the checks before a library sees it."""

import os
import stat
from pathlib import Path

from gridmap.intake.errors import EmptyFile, FileNotAllowed, NoSuchFile, TooLarge

MAX_COLUMNS = 1_000
MAX_LINE_BYTES = 1 << 20
"""One record of a text file, or one text value of any file."""
MAX_UNPACKED_BYTES = 4 << 30
"""What an archive or a compressed file may unpack to."""
MAX_RATIO = 250
"""Unpacked to packed size of one member of an archive; honest tables stay under 50."""
MAX_ROWS = 100_000_000
READER_MEMORY_BYTES = 600 << 20
"""Resident memory of the isolated reader; it streams, so honest files stay under it."""
READER_SECONDS = 900
"""Time for the isolated reader."""


def local_file(path: Path) -> Path:
    """Return the absolute path of an ordinary, readable, non-empty file of this machine.

    Addresses (`http://…`), virtual paths (`/vsicurl/…`, `/vsizip/…`), pipes and devices are no
    ordinary files and never get past here.

    Raises:
        UnreadableFile: it is missing, empty, no file, or may not be read.
    """
    name = path.name or str(path)
    try:
        real = path.resolve(strict=True)
        state = real.stat()
    except PermissionError:
        raise FileNotAllowed(file=name) from None
    except (OSError, ValueError, RuntimeError):
        raise NoSuchFile(file=name) from None
    if not stat.S_ISREG(state.st_mode):
        raise NoSuchFile(file=name)
    if not os.access(real, os.R_OK):
        raise FileNotAllowed(file=name)
    if state.st_size == 0:
        raise EmptyFile(file=name)
    return real


def check_column_count(file: str, count: int) -> None:
    """Refuse a table that is too wide to be one of observations.

    Raises:
        TooLarge: more than MAX_COLUMNS.
    """
    if count > MAX_COLUMNS:
        raise TooLarge(
            file=file,
            what=f"{count} columns",
            limit=f"{MAX_COLUMNS}",
            way_out="Keep only the columns that are needed.",
        )
