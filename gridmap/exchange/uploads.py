"""Files that somebody uploaded and has not imported yet: below home/uploads, one folder each.

The folder's name is a token that nobody can guess. A folder goes after the import, else
after a day.
"""

import json
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from werkzeug.datastructures import FileStorage

from gridmap.core.database import is_disk_full
from gridmap.core.errors import BadRequest, NoSpace, NotFound
from gridmap.core.i18n import N_
from gridmap.core.settings import settings

KEPT_S = 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}")
KINDS = ("grids", "incidents", "divisions", "places", "resources", "population", "residents")


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    token: str
    kind: str
    file_name: str
    """As the person's machine calls it; shown, never used as a path."""
    path: Path

    @property
    def size(self) -> int:
        """Return its bytes."""
        return self.path.stat().st_size


def folder() -> Path:
    """Return where uploads lie, readable by this user alone."""
    found = settings().home / "uploads"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def keep(file: FileStorage, kind: str, *, owner: str = "") -> Upload:
    """Write an uploaded file down; only its owner, an account's name, finds it again.

    Raises:
        BadRequest: there is no file, or the kind is unknown.
        NoSpace: the disk is full; nothing of the file is kept.
    """
    if kind not in KINDS:
        raise BadRequest(field="kind", why=N_("choose what the file holds."))
    name = Path((file.filename or "").replace("\\", "/")).name
    if not name:
        raise BadRequest(field="file", why=N_("choose a file first."))
    forget_old()
    token = secrets.token_urlsafe(24)
    place = folder() / token
    place.mkdir(mode=0o700)
    ending = Path(name).suffix
    path = place / ("file" + (ending.lower() if _ENDING.fullmatch(ending) else ""))
    about = {"kind": kind, "file_name": name[:200], "path": path.name, "owner": owner}
    try:
        file.save(path)
        (place / "about.json").write_text(json.dumps(about), encoding="utf-8")
    except OSError as problem:
        shutil.rmtree(place, ignore_errors=True)
        if is_disk_full(problem):
            raise NoSpace from problem
        raise
    return Upload(token, kind, name[:200], path)


def find(token: str, *, owner: str = "") -> Upload:
    """Return the upload that a token opens for its owner.

    Raises:
        NotFound: there is none (any more), or it is somebody else's.
    """
    place = folder() / token if _TOKEN.fullmatch(token) else None
    about: dict[str, str] = {}
    if place is not None and (place / "about.json").is_file():
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
    if place is None or about.get("owner") != owner:
        raise NotFound(what="upload", name="of this address (it is kept for a day)")
    return Upload(token, about["kind"], about["file_name"], place / about["path"])


def forget(upload: Upload) -> None:
    """Delete an upload."""
    shutil.rmtree(folder() / upload.token, ignore_errors=True)


def forget_old() -> None:
    """Delete what has waited longer than a day."""
    for place in folder().iterdir():
        if place.is_dir() and place.stat().st_mtime < time.time() - KEPT_S:
            shutil.rmtree(place, ignore_errors=True)
