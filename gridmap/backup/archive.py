"""The parts of a backup: a tar stream inside the cipher, a manifest with hashes at its end."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gridmap.backup.cipher import Opener, Sealer, Secret
from gridmap.backup.errors import BackupDamaged, BackupExists, NoBackup

PIECE = 8 << 20
MANIFEST = "manifest.json"


class Writer:
    """Takes part after part; hashes each."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.hashes: dict[str, str] = {}

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write one part, in pieces, because a stream does not know its length."""
        digest = hashlib.sha256()
        buffer = bytearray()
        number = 0
        for block in blocks:
            digest.update(block)
            buffer += block
            if len(buffer) >= PIECE:
                self._piece(name, number, bytes(buffer))
                number += 1
                buffer.clear()
        self._piece(name, number, bytes(buffer))
        self.hashes[name] = digest.hexdigest()

    def add_folder(self, folder: Path, name: str) -> int:
        """Write the files of a folder; returns how many."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        for path in files:
            self.add(f"{name}/{path.relative_to(folder).as_posix()}", blocks_of(path))
        return len(files)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, with the hash of every part."""
        written = json.dumps(manifest | {"parts": self.hashes}, ensure_ascii=False, indent=1)
        self._piece(MANIFEST, 0, written.encode())

    def _piece(self, name: str, number: int, data: bytes) -> None:
        info = tarfile.TarInfo(f"{number:06d}/{name}")
        info.size = len(data)
        self._tar.addfile(info, io.BytesIO(data))


def blocks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes."""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


@contextmanager
def writing(file: Path, secret: Secret) -> Iterator[Writer]:
    """Write a backup; on any error the file is gone again.

    Raises:
        BackupExists: the file is there already.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as problem:
        raise BackupExists(file=file) from problem
    try:
        with os.fdopen(descriptor, "wb") as raw:
            sealer: Any = Sealer(raw, secret)
            with tarfile.open(fileobj=sealer, mode="w|") as tar:
                yield Writer(tar)
            sealer.finish()
            raw.flush()
            os.fsync(raw.fileno())
    except BaseException:
        with suppress(FileNotFoundError):
            file.unlink()
        raise


def parts(file: Path, secret: Secret) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield (name, bytes) of each part in order, the manifest last; all is checked as it comes.

    Raises:
        NoBackup: the file is not there, or none of ours.
        WrongBackupKey: the secret is another.
        BackupDamaged: it was cut or changed.
    """
    try:
        with file.open("rb") as raw:
            opener: Any = Opener(raw, file, secret)
            with tarfile.open(fileobj=opener, mode="r|") as tar:
                yield from _joined(tar)
            while opener.read(1 << 20):  # to the last chunk: a cut file says so there
                pass
    except FileNotFoundError as problem:
        raise NoBackup(file=file) from problem
    except tarfile.TarError as problem:
        raise BackupDamaged(file=file, why="its parts") from problem


def _joined(tar: tarfile.TarFile) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Put the pieces of each part together again."""
    waiting = tar.next()
    while waiting is not None:
        name = waiting.name.partition("/")[2]
        ahead: list[tarfile.TarInfo | None] = [waiting]
        stream = _pieces(tar, name, ahead)
        yield name, stream
        for _ in stream:  # whatever the caller left
            pass
        waiting = ahead[0]


def _pieces(
    tar: tarfile.TarFile, name: str, ahead: list[tarfile.TarInfo | None]
) -> Iterator[bytes]:
    """Yield pieces as long as they belong to one part; `ahead` keeps the first that does not."""
    while ahead[0] is not None and ahead[0].name.partition("/")[2] == name:
        found = tar.extractfile(ahead[0])
        if found is not None:
            yield found.read()
        ahead[0] = tar.next()


def check(file: Path, secret: Secret) -> dict[str, Any]:
    """Read a backup from end to end and return its manifest; writes nothing.

    Raises:
        NoBackup, WrongBackupKey, BackupDamaged: as `parts`; or a part has another hash.
    """
    found: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    for name, blocks in parts(file, secret):
        digest = hashlib.sha256()
        kept = bytearray()
        for block in blocks:
            digest.update(block)
            if name == MANIFEST:
                kept += block
        if name == MANIFEST:
            manifest = json.loads(bytes(kept))
        else:
            found[name] = digest.hexdigest()
    if manifest is None or manifest["parts"] != found:
        raise BackupDamaged(file=file, why="its manifest")
    return manifest
