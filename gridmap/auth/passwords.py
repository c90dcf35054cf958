"""Hashing passwords with argon2id; a wrong name takes as long as a wrong password."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from gridmap.auth.rules import normal_password

AT_ONCE = 4
"""Hashes that one process computes at a time: each takes 64 MiB."""

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_room = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """Return the hash of a password, with its parameters and a salt of its own."""
    with _room:
        return _hasher.hash(normal_password(password))


def is_right(kept: str | None, password: str) -> bool:
    """Return whether a password belongs to a hash; without a hash as slowly as with one."""
    try:
        with _room:
            _hasher.verify(kept or _nobodys(), normal_password(password))
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Return whether a hash was made with other parameters than new ones are."""
    return _hasher.check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash("nobody has this")
