"""Taking a backup and bringing one back; the keys by themselves."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridmap.audit.actions import record
from gridmap.audit.seals import seal_all
from gridmap.backup import archive, dumps
from gridmap.backup.cipher import KEY, PASSPHRASE, Secret
from gridmap.backup.dumps import Dump, Programs
from gridmap.backup.errors import (
    BackupDamaged,
    BackupIncomplete,
    BackupTooNew,
    KeysMissing,
    NoBackup,
    NotEmpty,
)
from gridmap.core import schema
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import utc_now
from gridmap.core.database import transaction
from gridmap.core.key_ring import RETIRED
from gridmap.core.keys import key_folder, named_key

DATABASE = "database.dump"
FOLDERS = ("rejects", "uploads", "seals")
"""Below the home; everything else there is the database, the keys, or made anew."""
KEYS = "keys"
BACKUP_KEY = "backup"
INSTALLATION, KEY_RING = "installation", "keys"
_MADE_ANEW = ("server.key", "backup.key")
"""Keys that another installation may have of its own: nothing in the database is sealed with the
first but what is written anew; the second encrypts backups."""


@dataclass(frozen=True)
class Server:
    """Where the database is.

    Attributes:
        owner: libpq address of the owner.
        count: SQLAlchemy address of whoever counts: best a role that no policy silences.
        programs: of the server's version.
    """

    owner: str
    count: str
    programs: Programs

    @property
    def owner_url(self) -> str:
        """Return the owner's address for SQLAlchemy."""
        return self.owner.replace("postgresql://", "postgresql+psycopg2://", 1)


def secret_from(passphrase_file: Path | None) -> Secret:
    """Return the passphrase that stands in a file, else the key `backup` of the key folder."""
    if passphrase_file is None:
        return Secret(KEY, named_key(BACKUP_KEY))
    try:
        words = passphrase_file.read_bytes().strip()
    except OSError as problem:
        raise NoBackup(file=passphrase_file) from problem
    return Secret(PASSPHRASE, words)


def take(file: Path, secret: Secret, server: Server, home: Path) -> dict[str, Any]:
    """Write database, files and seals into one encrypted file; returns its manifest.

    The rows of each table that pg_dump wrote are compared with those that are there: row-level
    security hides rows without an error.

    Raises:
        BackupIncomplete: a count differs; the file is gone again.
    """
    with archive.writing(file, secret) as writer:
        with transaction(SYSTEM) as session:
            record(session, SYSTEM, "backups.taken", subject=("backup", file.name))
        seal_all()
        with dumps.holdings(server.count) as held:
            dump = Dump(server.programs, server.owner, held.snapshot)
            writer.add(DATABASE, dump.blocks())
        _compare(held.counts, dump.counts)
        files = {name: writer.add_folder(home / name, name) for name in FOLDERS}
        manifest: dict[str, Any] = {
            "what": INSTALLATION,
            "made_at": utc_now().isoformat(),
            "revision": schema.head(),
            "counts": held.counts,
            "guards": held.guards,
            "files": files,
            "keys": key_marks(),
        }
        writer.finish(manifest)
    return manifest


def _compare(there: dict[str, int], written: dict[str, int]) -> None:
    for table, count in there.items():
        found = written.get(table, 0)
        if found != count:
            raise BackupIncomplete(why=f"{table}: {found} of {count} rows")


def key_marks() -> dict[str, str]:
    """Return what tells each key that is in use from others, and reveals none."""
    return {path.name: _mark(path.read_bytes()) for path in sorted(key_folder().glob("*.key"))}


def _key_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _mark(key: bytes) -> str:
    return hashlib.blake2b(b"mark", key=hashlib.sha256(key).digest(), digest_size=8).hexdigest()


def read(file: Path, secret: Secret, what: str) -> dict[str, Any]:
    """Check a backup from end to end; returns its manifest.

    Raises:
        BackupTooNew: a newer program made it.
        NoBackup: it holds something else.
    """
    manifest = archive.check(file, secret)
    if manifest.get("what") != what:
        raise NoBackup(file=file)
    if manifest.get("revision", "") > schema.head():
        raise BackupTooNew(file=file, found=manifest["revision"], head=schema.head())
    return manifest


def require_keys(manifest: dict[str, Any], folder: Path) -> None:
    """Raise KeysMissing unless the keys that the rows need are here; makes none."""
    missing = [
        name
        for name, mark in manifest["keys"].items()
        if name not in _MADE_ANEW and mark not in _marks_under(name, folder)
    ]
    if missing:
        raise KeysMissing(keys=", ".join(missing))


def _marks_under(name: str, folder: Path) -> list[str]:
    """Return the marks of the key with a name, in use or retired by a later rotation."""
    places = (folder / name, folder / RETIRED / name)
    return [_mark(path.read_bytes()) for path in places if path.is_file()]


def require_empty(server: Server, home: Path) -> None:
    """Raise NotEmpty unless nothing is there that a restore would mix with."""
    if schema.current(server.owner_url) is not None:
        raise NotEmpty(what="the database")
    for name in FOLDERS:
        if (home / name).is_dir() and any((home / name).iterdir()):
            raise NotEmpty(what=home / name)


def bring_back(file: Path, secret: Secret, server: Server, home: Path) -> None:
    """Restore the database, all or nothing, then the files; `read` has checked the backup."""

    def dump() -> Iterator[bytes]:
        for name, blocks in archive.parts(file, secret):
            if name == DATABASE:
                yield from blocks
                return

    with tempfile.TemporaryDirectory() as folder:
        dumps.restore(server.programs, server.owner, dump, Path(folder))
    for name, blocks in archive.parts(file, secret):
        if name.partition("/")[0] in FOLDERS:
            _write(home, name, blocks, mode=0o640)


def compare_restored(manifest: dict[str, Any], server: Server, *, migrated: bool) -> None:
    """Raise BackupDamaged unless rows and policies are those of the backup."""
    with dumps.holdings(server.count) as held:
        for table, count in manifest["counts"].items():
            if held.counts.get(table) != count:
                why = f"{table} has {held.counts.get(table)} rows, not {count}"
                raise BackupDamaged(file="the restored database", why=why)
        if not migrated and held.guards != manifest["guards"]:
            raise BackupDamaged(file="the restored database", why="its policies differ")


def _write(root: Path, name: str, blocks: Iterator[bytes], *, mode: int) -> None:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise BackupDamaged(file=name, why="it leads out of the home")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def take_keys(file: Path, secret: Secret) -> list[str]:
    """Write every key into one encrypted file; returns their names."""
    named_key(BACKUP_KEY)  # so that it is among them
    with archive.writing(file, secret) as writer:
        writer.add_folder(key_folder(), KEYS)
        names = [name.partition("/")[2] for name in writer.hashes]
        writer.finish({"what": KEY_RING, "made_at": utc_now().isoformat()})
    return names


def bring_keys_back(file: Path, secret: Secret) -> list[str]:
    """Restore the keys into an empty key folder; returns their names.

    Raises:
        NotEmpty: there are keys already.
    """
    manifest = read(file, secret, KEY_RING)
    folder = key_folder()
    if _key_files(folder):
        raise NotEmpty(what=folder)
    for name, blocks in archive.parts(file, secret):
        if name != archive.MANIFEST:
            _write(folder, name.partition("/")[2], blocks, mode=0o600)
    return [name.partition("/")[2] for name in manifest["parts"]]
