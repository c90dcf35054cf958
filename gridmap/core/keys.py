"""Secrets of this installation: files outside the database, its backups and the checkout."""

import contextlib
import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path

from gridmap.core.errors import NotConfigured
from gridmap.core.i18n import N_
from gridmap.core.key_files import write_new
from gridmap.core.settings import settings

KEY_BYTES = 32
BLOCK_BYTES = 64
"""Block of SHA-256: HMAC (RFC 2104) pads its key to this length."""


def key_folder() -> Path:
    """Return the folder of the keys, made on first use; only its owner can look into it."""
    folder = settings().keys
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def named_key(name: str) -> bytes:
    """Return the key with a name, made of random bytes when it is first asked for.

    Of several processes at once, all get the key of the first.

    Raises:
        NotConfigured: the file is there and is not a key.
    """
    return _read(str(key_folder() / f"{name}.key"))


@lru_cache
def _read(path: str) -> bytes:
    file = Path(path)
    if not file.exists():
        with contextlib.suppress(FileExistsError):  # another process was faster
            write_new(file, secrets.token_bytes(KEY_BYTES))
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise NotConfigured(
            setting=str(file), why=N_("The file is no key: restore it from where keys are kept.")
        )
    return key


def server_key() -> bytes:
    """Return the key that proves to the database that this server asks, not SQL alone."""
    return named_key("server")


def proof(*parts: object) -> bytes:
    """Return the HMAC-SHA256 of some arguments, as `auth.require_proof` expects it."""
    message = "|".join(str(part) for part in parts)
    return hmac.digest(server_key(), message.encode(), "sha256")


def padded_keys() -> tuple[bytes, bytes]:
    """Return the server's key as the inner and outer beginning of HMAC (RFC 2104)."""
    key = server_key().ljust(BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)


def system_token() -> str:
    """Return the token of the system account: whoever reads the key file is the system."""
    return proof("token of the system account").hex()


def hash_of(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()
