"""The kinds of cases: one declaration each; all are read and checked when gridmap starts."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from gridmap.auth.permissions import may
from gridmap.cases.checking import check
from gridmap.cases.declarations import Kind, read_kind
from gridmap.cases.errors import BadDeclaration
from gridmap.core.errors import BadSetting
from gridmap.core.settings import settings

FOLDER = Path(__file__).parent


def read_kinds(*folders: Path) -> dict[str, Kind]:
    """Return the kinds that some folders declare, by name, in the order of the files.

    Raises:
        BadDeclaration: one cannot be read or contradicts itself, or two share name or letter.
    """
    found: dict[str, Kind] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.toml")):
            kind = read_kind(file.read_text(encoding="utf-8"), file=file.name)
            check(kind, lambda role: may(role, "case", "change"))
            for other in found.values():
                if kind.name == other.name or kind.letter == other.letter:
                    why = f"{other.name} has its name or letter"
                    raise BadDeclaration(where=file.name, why=why)
            found[kind.name] = kind
    return found


@lru_cache(maxsize=1)
def all_kinds() -> Mapping[str, Kind]:
    """Return every kind of case that this city knows: those of gridmap, then its own."""
    own = settings().kinds
    if own is None:
        return read_kinds(FOLDER)
    if not own.is_dir():
        raise BadSetting(setting="GRIDMAP_KINDS", value=str(own), why="no such folder")
    return read_kinds(FOLDER, own)
