"""Copies of the seals outside the database: lines appended to a file a month."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from gridmap.audit.seal_lines import Seal, from_line, to_line
from gridmap.core.settings import settings


def seal_folder() -> Path:
    """Return the folder of the copies."""
    return settings().home / "seals"


def append(folder: Path, seals: Iterable[Seal]) -> None:
    """Append seals to the files of their months; on the disk before it returns."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for seal in seals:
        _append_line(folder / f"{seal.at:%Y-%m}.jsonl", to_line(seal))


def _append_line(file: Path, line: str) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # the machine went down
        os.write(descriptor, (("\n" if torn else "") + line + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_number(folder: Path) -> int:
    """Return the highest number of a seal in the newest file, 0 where there is none."""
    for file in sorted(folder.glob("*.jsonl"), reverse=True):
        numbers = [seal.number for _, seal in _seals_of(file) if seal is not None]
        if numbers:
            return max(numbers)
    return 0


def read(folder: Path) -> Iterator[tuple[str, Seal | None]]:
    """Yield (file:line, seal) in order; None for a line that is no seal."""
    for file in sorted(folder.glob("*.jsonl")):
        yield from _seals_of(file)


def _seals_of(file: Path) -> Iterator[tuple[str, Seal | None]]:
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield f"{file.name}:{number}", from_line(line)
            except ValueError:
                yield f"{file.name}:{number}", None
