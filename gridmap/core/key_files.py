"""Files that only their owner can read: written whole or not at all, down to the disk."""

import os
import secrets
from pathlib import Path


def write_new(path: Path, content: bytes) -> None:
    """Write a file, unless there is one.

    Raises:
        FileExistsError: there is one already; it stays as it is.
    """
    part = _part(path, content)
    try:
        os.link(part, path)
    finally:
        part.unlink()
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put a new content in a file's place, in one step."""
    _part(path, content).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part(path: Path, content: bytes) -> Path:
    """Write content to a file beside the one that it is for."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return part
