"""File locks between processes: one for whoever starts or stops, one for all who use."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Report = Callable[[str], None]


@contextmanager
def exclusive(path: Path, *, report: Report | None = None) -> Iterator[int]:
    """Hold a lock that only one process can have; waits for the other.

    Yields:
        The lock's file descriptor: a child that inherits it keeps the lock when we are killed.
    """
    handle = _open(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if report:
                report("another process is starting or stopping the database; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold a lock that many processes can have at once, against one that wants it alone.

    A program that replaces this process (psql) goes on holding it.
    """
    handle = _open(path)
    os.set_inheritable(handle, True)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Try to hold the lock of `shared` alone, without waiting; yields whether that worked."""
    handle = _open(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(handle)


def holders(path: Path) -> list[int]:
    """Return the processes that hold a lock on this file, as far as the kernel tells."""
    try:
        state = path.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    wanted = f"{os.major(state.st_dev):02x}:{os.minor(state.st_dev):02x}:{state.st_ino}"
    found = {int(line.split()[4]) for line in lines if wanted in line and "->" not in line}
    return sorted(found - {-1, 0})


def _open(path: Path) -> int:
    """Open a lock file without following a link that stands in its place."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
