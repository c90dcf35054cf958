"""Personal texts, encrypted before they reach the database; and the index by which one is found.

AES-256-GCM. A ciphertext is bound to its place, "table.column|row id|version of the row", so one
that was copied to another row, another column or back from an older version does not open. It
carries the number of its key: old and new keys are readable beside each other.

    format (1 byte) | key number (2 bytes, big-endian) | nonce (12 bytes) | ciphertext and tag

Keys come from `core.key_ring`. Source of the mode: NIST SP 800-38D; random nonces of 96 bits keep
well below its limit of 2^32 texts a key.
"""

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_
from gridmap.core.key_ring import KeyRing, key_ring

Texts = npt.NDArray[np.object_]
Sealed = npt.NDArray[np.object_]
"""Objects: bytes, or None for a text that is not there."""
Ids = npt.NDArray[np.int64]

FORMAT = 1
INDEX_BYTES = 16
_NONCE = 12
_HEAD = 3 + _NONCE


class CannotDecrypt(GridmapError):
    """A ciphertext does not open: another key, or it was moved or changed."""

    status = 500
    code = "cannot_decrypt"
    message = N_(
        "%(field)s of row %(row)s does not open with key %(key)s. The key folder is not the one "
        "that belongs to this database, or the row was changed outside of gridmap."
    )


@dataclass(frozen=True)
class Field:
    """One encrypted column."""

    table: str
    column: str

    def __str__(self) -> str:
        """Return the name that ciphertexts are bound to."""
        return f"{self.table}.{self.column}"


def lock_ring(session: Session, *, alone: bool = False) -> KeyRing:
    """Return the key ring, which does not change its current key until the transaction ends.

    Whoever encrypts asks here, so that no row is written under a key that is being retired.

    Args:
        session: the transaction that will write.
        alone: wait until nobody else writes; a rotation asks so.
    """
    lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
    session.execute(select(lock(func.hashtext("gridmap key ring"))))
    return key_ring()


def encrypt_column(
    ring: KeyRing, field: Field, ids: Ids, versions: Ids, texts: Sequence[str] | Texts
) -> Sealed:
    """Encrypt one column of many rows with the current key.

    Args:
        ring: from `lock_ring`.
        field: the column.
        ids: shape (n,). Row ids, taken from the sequence beforehand.
        versions: shape (n,). Versions of the rows.
        texts: n texts; '' becomes None.

    Returns:
        shape (n,).
    """
    number, cipher = ring.current, AESGCM(ring.key(ring.current))
    head = bytes([FORMAT]) + number.to_bytes(2, "big")
    nonces = os.urandom(_NONCE * len(texts))
    sealed = np.full(len(texts), None, dtype=object)
    for at, (text, row, version) in enumerate(
        zip(texts, ids.tolist(), versions.tolist(), strict=True)
    ):
        if text:
            nonce = nonces[at * _NONCE : (at + 1) * _NONCE]
            bound = f"{field}|{row}|{version}".encode()
            sealed[at] = head + nonce + cipher.encrypt(nonce, text.encode(), bound)
    return sealed


def decrypt_column(
    field: Field, ids: Ids, versions: Ids, sealed: Sequence[bytes | None] | Sealed
) -> Texts:
    """Decrypt one column of many rows, whatever keys of the ring they were encrypted with.

    Returns:
        shape (n,), texts; '' for None.

    Raises:
        MissingKey: the ring has no such key.
        CannotDecrypt: the text was moved or changed, or belongs to another installation.
    """
    ciphers: dict[int, AESGCM] = {}
    texts = np.full(len(sealed), "", dtype=object)
    for at, (value, row, version) in enumerate(
        zip(sealed, ids.tolist(), versions.tolist(), strict=True)
    ):
        if value is None:
            continue
        value = bytes(value)
        number = key_number(value)
        if number not in ciphers:
            ciphers[number] = AESGCM(key_ring().key(number))
        bound = f"{field}|{row}|{version}".encode()
        try:
            texts[at] = ciphers[number].decrypt(value[3:_HEAD], value[_HEAD:], bound).decode()
        except InvalidTag:
            raise CannotDecrypt(field=field, row=row, key=number) from None
    return texts


def encrypt(ring: KeyRing, field: Field, row: int, version: int, text: str) -> bytes:
    """Encrypt one text.

    Raises:
        ValueError: it is empty.
    """
    sealed = encrypt_optional(ring, field, row, version, text)
    if sealed is None:
        raise ValueError(f"{field} is empty")
    return sealed


def encrypt_optional(
    ring: KeyRing, field: Field, row: int, version: int, text: str
) -> bytes | None:
    """Encrypt one text; None for ''."""
    one: bytes | None = encrypt_column(ring, field, _one(row), _one(version), [text])[0]
    return one


def decrypt(field: Field, row: int, version: int, sealed: bytes | None) -> str:
    """Decrypt one text; '' for None.

    Raises:
        MissingKey: the ring has no such key.
        CannotDecrypt: the text was moved or changed, or belongs to another installation.
    """
    return str(decrypt_column(field, _one(row), _one(version), [sealed])[0])


def _one(value: int) -> Ids:
    return np.array([value], dtype=np.int64)


def key_number(sealed: bytes) -> int:
    """Return the number of the key that a ciphertext was made with.

    Raises:
        CannotDecrypt: these bytes are no ciphertext of ours.
    """
    if len(sealed) < _HEAD or sealed[0] != FORMAT:
        raise CannotDecrypt(field="?", row="?", key="?")
    return int.from_bytes(sealed[1:3], "big")


def blind_index(field: Field, texts: Sequence[str] | Texts) -> Sealed:
    """Return what a text is found by: an HMAC that nobody without the key can compute.

    Args:
        field: equal texts of two columns have different indexes.
        texts: n texts, normalised by the caller, or equal ones are not found.

    Returns:
        shape (n,), 16 bytes each; None for ''.
    """
    key = key_ring().index_key
    name = f"{field}|".encode()
    found = np.full(len(texts), None, dtype=object)
    for at, text in enumerate(texts):
        if text:
            found[at] = hmac.digest(key, name + text.encode(), "sha256")[:INDEX_BYTES]
    return found
