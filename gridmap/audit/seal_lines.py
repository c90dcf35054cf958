"""One seal: what is signed, how it is signed, and how it stands in a line of the file. Pure."""

import base64
import hmac
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gridmap.audit.merkle import canonical

START = b"\0" * 32
"""What the first seal names as the one before it."""
NAMING_BYTES = 8
"""Of the hash of each row's content: enough to say which one changed; that one did, the root
proves."""


@dataclass(frozen=True)
class Seal:
    """What the trail held at one moment.

    Attributes:
        number: 1, 2, 3 …
        at: when, aware, UTC.
        ids: the rows, as ``id_sets`` writes them, in ascending order.
        count: how many.
        leaves: 8 bytes of the hash of each row without its id, in that order.
        root: Merkle root of the whole hashes.
        previous: MAC of the seal before.
        horizon: all rows of transactions below this number are sealed.
        settled_id: rows up to this one came with a restored database; all of them are sealed.
        mac: HMAC-SHA256 over all of it.
    """

    number: int
    at: datetime
    ids: str
    count: int
    leaves: bytes
    root: bytes
    previous: bytes
    horizon: int
    settled_id: int
    mac: bytes = b""

    def names(self) -> list[bytes]:
        """Return the first bytes of each row's content's hash."""
        return [
            self.leaves[start : start + NAMING_BYTES]
            for start in range(0, len(self.leaves), NAMING_BYTES)
        ]


def _mac(seal: Seal, key: bytes) -> bytes:
    values = asdict(seal) | {"at": f"{seal.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"}
    del values["mac"]
    message = canonical(
        [value.hex() if isinstance(value, bytes) else str(value) for value in values.values()]
    )
    return hmac.digest(key, message, "sha256")


def signed(seal: Seal, key: bytes) -> Seal:
    """Return the seal with its MAC."""
    return replace(seal, mac=_mac(seal, key))


def is_genuine(seal: Seal, key: bytes) -> bool:
    """Tell whether the seal is as it was signed."""
    return hmac.compare_digest(seal.mac, _mac(seal, key))


def to_line(seal: Seal) -> str:
    """Return the seal as one line of JSON."""
    values = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in asdict(seal).items()
    }
    values["at"] = seal.at.astimezone(UTC).isoformat()
    return json.dumps(values, separators=(",", ":"))


def from_line(line: str) -> Seal:
    """Return the seal that stands in a line.

    Raises:
        ValueError: the line is no seal.
    """
    try:
        values: dict[str, Any] = json.loads(line)
        for name in ("leaves", "root", "previous", "mac"):
            values[name] = base64.b64decode(values[name], validate=True)
        values["at"] = datetime.fromisoformat(values["at"])
        return Seal(**values)
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError("this line is no seal") from problem
