"""The database as a stream of pg_dump, and back; what it holds, counted where nothing is hidden."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, create_engine, text

from gridmap.backup.errors import DumpFailed
from gridmap.core.keys import system_token

NOT_CARRIED = ("auth.installation", "auth.sessions")
"""Tables whose rows stay behind: the server's key, and who is signed in."""
SCHEMAS = ("public", "auth")
LEFT_OUT = (" EXTENSION ", " SCHEMA - public ", "SCHEMA public", "spatial_ref_sys")
"""Entries of a dump that belong to the server and are there already."""
_COPY = b"COPY "
_END = b"\\.\n"

TABLES = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND n.nspname IN ('public', 'auth') AND relname <> 'spatial_ref_sys'
ORDER BY 1
"""
GUARDS = """
SELECT format('%s.%s %s', schemaname, tablename, policyname) || ' ' || cmd || ' ' || roles::text
  || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
FROM pg_policies WHERE schemaname IN ('public', 'auth')
UNION ALL
SELECT format('%s forced %s %s', c.oid::regclass, relrowsecurity, relforcerowsecurity)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND n.nspname IN ('public', 'auth') AND relname <> 'spatial_ref_sys'
ORDER BY 1
"""


@dataclass(frozen=True)
class Programs:
    """pg_dump and pg_restore of the server's own version."""

    dump: str
    restore: str


@dataclass(frozen=True)
class Holdings:
    """What a database holds at one moment.

    Attributes:
        counts: table → rows.
        guards: every policy and every table's row security, as text.
        snapshot: that moment, for pg_dump.
    """

    counts: dict[str, int]
    guards: list[str]
    snapshot: str


@contextmanager
def holdings(url: str) -> Iterator[Holdings]:
    """Count every table; inside the block pg_dump can see the same moment.

    Args:
        url: of a role that row-level security does not silence, or of the owner.
    """
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            connection.execute(
                text("SELECT set_config('gridmap.token', :token, true)"), {"token": system_token()}
            )
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            yield Holdings(_counts(connection), guards_of(connection), str(snapshot))
    finally:
        engine.dispose()


def _counts(connection: Connection) -> dict[str, int]:
    tables = connection.scalars(text(TABLES)).all()
    return {
        table: int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
        for table in tables
        if table not in NOT_CARRIED
    }


def guards_of(connection: Connection) -> list[str]:
    """Return every policy and every table's row security, as text."""
    return list(connection.scalars(text(GUARDS)).all())


def _environment() -> dict[str, str]:
    """Let programs of PostgreSQL act as the system; not among the arguments, which others see."""
    return os.environ | {"PGOPTIONS": f"-c gridmap.token={system_token()}"}


class Dump:
    """What pg_dump writes; counts the rows of each table that goes by."""

    def __init__(self, programs: Programs, owner: str, snapshot: str) -> None:
        self._dump = [
            programs.dump, "--format=custom", "--compress=6", "--enable-row-security",
            "--no-owner", f"--snapshot={snapshot}",
            *(f"--schema={name}" for name in SCHEMAS),
            *(f"--exclude-table-data={name}" for name in NOT_CARRIED),
            "--exclude-table=public.spatial_ref_sys", f"--dbname={owner}",
        ]  # fmt: skip
        self._read = [programs.restore, "--data-only", "--file=-"]
        self.counts: dict[str, int] = {}

    def blocks(self) -> Iterator[bytes]:
        """Yield the dump; afterwards `counts` says what it holds.

        Raises:
            DumpFailed: pg_dump failed, or what it wrote cannot be read.
        """
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(  # noqa: S603 - fixed programs and options
                self._dump, stdout=subprocess.PIPE, stderr=errors, env=_environment()
            ) as dump,
            subprocess.Popen(  # noqa: S603 - likewise
                self._read, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            ) as reader,
        ):
            counter = threading.Thread(target=self._count, args=(_pipe(reader.stdout),))
            counter.start()
            try:
                yield from _copied(_pipe(dump.stdout), _pipe(reader.stdin))
            finally:
                counter.join()
            if any([dump.wait(), reader.wait()]):
                raise DumpFailed(program="pg_dump", why=_said(errors))

    def _count(self, lines: IO[Any]) -> None:
        """Count rows in the text form: lines between COPY and its end."""
        table: str | None = None
        for line in lines:
            if table is None:
                if line.startswith(_COPY):
                    table = line[len(_COPY) :].split(b" (")[0].decode()
                    self.counts[table] = 0
            elif line == _END:
                table = None
            else:
                self.counts[table] += 1


def _copied(source: IO[Any], copy: IO[Any]) -> Iterator[bytes]:
    """Yield a stream and write it to a second reader; one that ends early says why itself."""
    with suppress(BrokenPipeError), copy:
        while block := source.read(1 << 16):
            yield block
            copy.write(block)


def _said(errors: IO[Any]) -> str:
    errors.seek(0)
    return str(errors.read().decode("utf-8", errors="replace").strip()[-500:])


def _pipe(stream: IO[Any] | None) -> IO[Any]:
    if stream is None:
        raise ValueError("the process was started without this pipe")
    return stream


def restore(
    programs: Programs, owner: str, dump: Callable[[], Iterator[bytes]], folder: Path
) -> None:
    """Bring a dump into a database that has none of our tables; all or nothing.

    Args:
        programs: of the server's version.
        owner: libpq address of the owner.
        dump: yields the dump; it is called twice.
        folder: for the list of entries.
    """
    entries = _run([programs.restore, "--list"], dump(), "pg_restore").decode()
    chosen = [
        line for line in entries.splitlines() if not any(mark in f"{line} " for mark in LEFT_OUT)
    ]
    listed = folder / "entries"
    listed.write_text("\n".join(chosen) + "\n", encoding="utf-8")
    _run(
        [programs.restore, "--no-owner", "--single-transaction", "--exit-on-error",
         f"--use-list={listed}", f"--dbname={owner}"],
        dump(), "pg_restore",
    )  # fmt: skip


def _run(arguments: list[str], blocks: Iterator[bytes], program: str) -> bytes:
    """Feed a program; returns what it says."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - fixed programs and options
            arguments, stdin=subprocess.PIPE, stdout=output, stderr=errors, env=_environment()
        )
        with suppress(BrokenPipeError), _pipe(process.stdin) as fed:
            for block in blocks:  # it ends early where it has read what it wanted, or failed
                fed.write(block)
        if process.wait():
            raise DumpFailed(program=program, why=_said(errors))
        output.seek(0)
        return output.read()
