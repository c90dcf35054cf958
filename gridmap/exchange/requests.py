"""What somebody asks to be imported."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gridmap.intake import Columns, ReadOptions


@dataclass(frozen=True)
class ImportRequest:
    """One file and how to read it.

    Attributes:
        kind: divisions, grids, incidents, places, resources, population or residents.
        path: the file.
        columns: which column holds what; the rest is guessed.
        options: coordinate system, layer, encoding.
        file_name: the name to be shown, where the path is a temporary one.
        repair: give overlaps between grids away instead of refusing them.
        day: the day that counts of people hold for, or residences begin that do not say it.
        dry_run: do everything, store nothing.
        scope: one of several that the importer has; '' for the first.
    """

    kind: str
    path: Path
    columns: Columns = field(default_factory=Columns)
    options: ReadOptions = field(default_factory=ReadOptions)
    file_name: str | None = None
    repair: bool = False
    day: date | None = None
    dry_run: bool = False
    scope: str = ""

    @property
    def shown_name(self) -> str:
        """Return the name of the file without its folders."""
        return self.file_name or self.path.name

    @property
    def source(self) -> str:
        """Return what makes ids unique: what was said, else the file's name without ending."""
        return self.columns.source or Path(self.shown_name).name.split(".")[0]


@dataclass(frozen=True)
class ImportResult:
    """What became of a file: the object that `--json` prints, and what a person reads."""

    batch: int | None
    read: int
    stored: int
    linked: int
    unlinked: int
    duplicate: int
    rejected: int
    rejects_file: str | None
    seconds: float
    kind: str
    notes: list[dict[str, object]]
    dry_run: bool
    guesses: list[tuple[str, str]]
    """Field and column, where a column was recognised by its header."""

    def as_json(self) -> dict[str, object]:
        """Return the object of the command line."""
        return {
            "batch": self.batch,
            "read": self.read,
            "stored": self.stored,
            "linked": self.linked,
            "unlinked": self.unlinked,
            "duplicate": self.duplicate,
            "rejected": self.rejected,
            "rejects_file": self.rejects_file,
            "seconds": round(self.seconds, 3),
        }
