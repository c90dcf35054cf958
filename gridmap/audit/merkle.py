"""Merkle trees over rows: a root that changes when any row, or their order, changes. Pure."""

import hashlib
from collections.abc import Sequence

LEAF = b"\x00"
NODE = b"\x01"
TEXT, LIST, NOTHING = b"t", b"l", b"n"


def canonical(values: Sequence[str | Sequence[str] | None]) -> bytes:
    """Return bytes that no other sequence of values has.

    Args:
        values: texts, lists of texts, or None; each is written behind its kind and length, so
            that nothing can be moved from one into the next.
    """
    return b"".join(_field(value) for value in values)


def _field(value: str | Sequence[str] | None) -> bytes:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        written = value.encode()
        return TEXT + len(written).to_bytes(4, "big") + written
    return LIST + len(value).to_bytes(4, "big") + b"".join(_field(part) for part in value)


def leaf_hash(row: bytes) -> bytes:
    """Return the hash of one row's canonical bytes."""
    return hashlib.sha256(LEAF + row).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over hashes of leaves, in their order; for none the hash of nothing.

    Source: RFC 6962, section 2.1. A tree of n leaves is split at the largest power of two
    below n; building it upwards and carrying an odd one along gives the same tree.
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
