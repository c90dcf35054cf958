"""The keys of personal texts: one that encrypts, older ones that still open what they closed.

In the key folder: `ring.json` names the current key and a check value for each key; `data-1.key`,
`data-2.key` … are keys, `index.key` is that of the blind index. All are readable by their owner
alone. Neither the database nor its backups hold any of them.
"""

import contextlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridmap.core.clock import utc_now
from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_
from gridmap.core.key_files import replace, sync_folder, write_new
from gridmap.core.keys import KEY_BYTES, key_folder

RING = "ring.json"
INDEX = "index"
RETIRED = "retired"
_CHECK = b"gridmap key check"
_CHECK_BYTES = 8
MOST_KEYS = 0xFFFF


class MissingKey(GridmapError):
    """A key that texts were encrypted with is not in the key folder."""

    status = 503
    code = "missing_key"
    message = N_(
        "Key %(key)s is not in the key folder, so what it closed cannot be read. Bring the file "
        "back from where copies of the keys are kept; nothing was changed."
    )


class WrongKey(GridmapError):
    """A key file does not hold the key that the ring knows under this name."""

    status = 503
    code = "wrong_key"
    message = N_(
        "The file of key %(key)s holds another key, or the ring was damaged. Bring the key folder "
        "back from where copies of the keys are kept; nothing was changed."
    )


@dataclass(frozen=True)
class KeyRing:
    """What `ring.json` says; keys are read from their files when they are used."""

    folder: Path
    current: int
    checks: dict[str, str]
    """Number of a key, or INDEX → check value."""
    retired: frozenset[int]
    """Keys whose files lie apart: only backups from before a rotation need them."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the keys that are in use, the oldest first."""
        known = {int(name) for name in self.checks if name != INDEX}
        return tuple(sorted(known - self.retired))

    def key(self, number: int) -> bytes:
        """Return a key.

        Raises:
            MissingKey: it is not there (any more).
            WrongKey: its file holds something else.
        """
        return self._read(str(number))

    @property
    def index_key(self) -> bytes:
        """Return the key of the blind index; likewise."""
        return self._read(INDEX)

    def _read(self, name: str) -> bytes:
        if name not in self.checks:
            raise MissingKey(key=name)
        file = _file(self.folder, name)
        if not file.exists():
            file = file.parent / RETIRED / file.name
        try:
            key = file.read_bytes()
        except FileNotFoundError:
            raise MissingKey(key=name) from None
        if len(key) != KEY_BYTES or not hmac.compare_digest(check_of(key), self.checks[name]):
            raise WrongKey(key=name)
        return key


def check_of(key: bytes) -> str:
    """Return what tells a key from others; reveals nothing of it."""
    return hmac.digest(key, _CHECK, "sha256")[:_CHECK_BYTES].hex()


_kept: dict[Path, tuple[tuple[int, int], KeyRing]] = {}
_making = threading.Lock()


def key_ring() -> KeyRing:
    """Return the ring as its file is now; made with a first key where there is none.

    Raises:
        WrongKey: the file of the ring cannot be read.
    """
    folder = key_folder()
    path = folder / RING
    try:
        mark = _mark(path)
    except FileNotFoundError:
        with _making:
            _make_first(folder)
        mark = _mark(path)
    kept = _kept.get(path)
    if kept is None or kept[0] != mark:
        kept = (mark, _parse(folder, path))
        _kept[path] = kept
    return kept[1]


def _mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _parse(folder: Path, path: Path) -> KeyRing:
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        checks = {name: str(key["check"]) for name, key in said["keys"].items()}
        retired = frozenset(int(name) for name, key in said["keys"].items() if "retired" in key)
        return KeyRing(folder, int(said["current"]), checks, retired)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise WrongKey(key=RING) from problem


def _make_first(folder: Path) -> None:
    """Make a ring of one key and the index's; of several processes at once, one wins."""
    keys = {}
    for name in ("1", INDEX):
        file = _file(folder, name)
        with contextlib.suppress(FileExistsError):
            write_new(file, secrets.token_bytes(KEY_BYTES))
        keys[name] = _entry(file.read_bytes())
    with contextlib.suppress(FileExistsError):
        write_new(folder / RING, _text_of({"current": 1, "keys": keys}))


def add_key() -> KeyRing:
    """Make a new key the current one; what older ones closed stays readable."""
    ring = key_ring()
    number = max((*ring.numbers, *ring.retired)) + 1
    if number > MOST_KEYS:
        raise MissingKey(key=number)
    file = _file(ring.folder, str(number))
    with contextlib.suppress(FileExistsError):  # left by one that was killed: never used yet
        write_new(file, secrets.token_bytes(KEY_BYTES))
    said = _said(ring)
    said["keys"][str(number)] = _entry(file.read_bytes())
    said["current"] = number
    replace(ring.folder / RING, _text_of(said))
    return key_ring()


def retire_keys() -> list[int]:
    """Put all keys but the current one aside: nothing is encrypted with them any more.

    Their files go to the folder `retired`. A backup from before the rotation needs them; they
    can be deleted when there is none left.

    Returns:
        Their numbers.
    """
    ring = key_ring()
    old = [number for number in ring.numbers if number != ring.current]
    if not old:
        return []
    said = _said(ring)
    for number in old:
        said["keys"][str(number)]["retired"] = _now()
    replace(ring.folder / RING, _text_of(said))
    retired = ring.folder / RETIRED
    retired.mkdir(mode=0o700, exist_ok=True)
    for number in old:
        file = _file(ring.folder, str(number))
        if file.exists():
            file.replace(retired / file.name)
    sync_folder(retired)
    sync_folder(ring.folder)
    return old


def _said(ring: KeyRing) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((ring.folder / RING).read_text(encoding="ascii"))
    return said


def _entry(key: bytes) -> dict[str, str]:
    return {"check": check_of(key), "made": _now()}


def _now() -> str:
    return f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"


def _text_of(ring: dict[str, Any]) -> bytes:
    return json.dumps(ring, indent=1, sort_keys=True).encode("ascii")


def _file(folder: Path, name: str) -> Path:
    return folder / (f"{name}.key" if name == INDEX else f"data-{name}.key")
