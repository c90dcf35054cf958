"""Which PostgreSQL programs this machine has, and whether PostGIS belongs to them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import PostgresNotFound

DEBIAN = Path("/usr/lib/postgresql")
LOOKED = "/usr/lib/postgresql/*/bin, PATH, pg_config"
NEEDED_EXTENSIONS = ("postgis", "btree_gist")


@dataclass(frozen=True)
class Installation:
    """The programs of one major version of PostgreSQL, with PostGIS beside them."""

    bin: Path
    major: int

    def program(self, name: str) -> str:
        """Return the full path of one of its programs."""
        return str(self.bin / name)


def find_installation(major: int | None = None) -> Installation:
    """Return the newest PostgreSQL with PostGIS, or the one of a given major version.

    Raises:
        PostgresNotFound: there is none.
    """
    for installation in installations():
        if major is None or installation.major == major:
            return installation
    raise PostgresNotFound(looked=LOOKED)


def installations() -> list[Installation]:
    """Return all that can run gridmap, the newest major version first."""
    found: dict[int, Installation] = {}
    for folder in _folders():
        major = _usable_major(folder)
        if major is not None:
            found.setdefault(major, Installation(bin=folder, major=major))
    return sorted(found.values(), key=lambda one: -one.major)


def _folders() -> Iterator[Path]:
    """Name the folders that may hold the programs; Debian's first, they need no question."""
    if DEBIAN.is_dir():
        yield from sorted(DEBIAN.glob("*/bin"))
    for folder in os.get_exec_path():
        if Path(folder).is_absolute() and shutil.which("initdb", path=folder):
            yield Path(folder).resolve()
    asked = _ask_pg_config(Path(shutil.which("pg_config") or "pg_config"), "--bindir")
    if asked:
        yield Path(asked)


def _usable_major(folder: Path) -> int | None:
    """Return the major version, or None unless server programs and extensions are complete."""
    if not all(shutil.which(name, path=str(folder)) for name in ("initdb", "postgres")):
        return None
    if folder.parent.parent == DEBIAN and folder.parent.name.isdecimal():
        shared = Path("/usr/share/postgresql") / folder.parent.name
        major: int | None = int(folder.parent.name)
    else:
        shared_text = _ask_pg_config(folder / "pg_config", "--sharedir")
        if shared_text is None:
            return None
        shared, major = Path(shared_text), _major_of(folder)
    controls = (shared / "extension" / f"{name}.control" for name in NEEDED_EXTENSIONS)
    return major if all(control.is_file() for control in controls) else None


def _major_of(folder: Path) -> int | None:
    answer = _ask(str(folder / "postgres"), "--version")
    match = re.search(r"\) (\d+)", answer or "")
    return int(match[1]) if match else None


def _ask_pg_config(program: Path, option: str) -> str | None:
    return _ask(str(program), option)


def _ask(program: str, option: str) -> str | None:
    """Return what a program prints for one option; None when it cannot be run."""
    try:
        answer = subprocess.run(  # noqa: S603 - found on this machine, fixed options
            [program, option], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
