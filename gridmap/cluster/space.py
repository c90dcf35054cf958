"""Whether there is room on the disk for a new database."""

import shutil
from pathlib import Path

NEEDED_MB = 150
"""A new cluster with PostGIS takes about 75 MB [m]; as much again is for the first rows."""

_COMPLAINTS = ("No space left on device", "Check free disk space", "Disk quota exceeded")


def free_mb(path: Path) -> int:
    """Return the free space, in MB, at a path or the nearest folder above it that exists."""
    standing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(standing).free // 1024**2


def says_no_space(output: str) -> bool:
    """Tell whether a program's message complains about a full disk."""
    return any(complaint in output for complaint in _COMPLAINTS)
