"""Where the reports of rejected rows lie."""

from pathlib import Path

from gridmap.core.settings import settings


def rejects_folder() -> Path:
    """Return the folder of reject reports, made if need be; only its owner can look into it."""
    folder = settings().home / "rejects"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
