"""One encrypted stream: AES-256-GCM in chunks, each bound to its place, the last one marked.

A file begins with a line of JSON that says how its key is made; the line is authenticated with
every chunk. Each file has a key of its own (a random salt), so chunks are simply numbered.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gridmap.backup.errors import BackupDamaged, NoBackup, WrongBackupKey

FORMAT = "gridmap backup 1"
CHUNK = 1 << 20
LONGEST_HEADER = 1_000
SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}
PASSPHRASE, KEY = "passphrase", "key"


class Secret:
    """What a file is encrypted with: a key of 32 bytes, or a passphrase."""

    def __init__(self, kind: str, value: bytes) -> None:
        self.kind = kind
        self._value = value

    def key(self, salt: bytes) -> bytes:
        """Return the key of one file."""
        if self.kind == PASSPHRASE:
            return hashlib.scrypt(self._value, salt=salt, **SCRYPT)
        return hashlib.blake2b(salt, key=self._value, digest_size=32).digest()


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


class Sealer:
    """Encrypts what is written to it."""

    def __init__(self, file: BinaryIO, secret: Secret) -> None:
        salt = os.urandom(16)
        header = json.dumps({"format": FORMAT, "secret": secret.kind, "salt": salt.hex()})
        self._header = header.encode() + b"\n"
        self._file = file
        self._cipher = AESGCM(secret.key(salt))
        self._buffer = bytearray()
        self._number = 0
        file.write(self._header)

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._chunk(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk: without it the file counts as cut."""
        self._chunk(bytes(self._buffer), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> None:
        mark = b"\x01" if last else b"\x00"
        sealed = self._cipher.encrypt(_nonce(self._number), data, self._header + mark)
        self._file.write(mark + len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class Opener:
    """Decrypts; what it returns was checked.

    Raises:
        NoBackup: the file is none of ours.
        WrongBackupKey: not even the first chunk opens.
        BackupDamaged: a later one does not, or the last one is missing.
    """

    def __init__(self, file: BinaryIO, name: Path, secret: Secret) -> None:
        self._file = file
        self._name = name
        self._header = file.readline(LONGEST_HEADER)
        header = read_header(self._header, name)
        if header["secret"] != secret.kind:
            raise WrongBackupKey(file=name)
        self._cipher = AESGCM(secret.key(bytes.fromhex(header["salt"])))
        self._buffer = b""
        self._number = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return up to some bytes; b'' at the end."""
        while len(self._buffer) < size and not self._ended:
            self._buffer += self._chunk()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _chunk(self) -> bytes:
        head = self._file.read(5)
        sealed = self._file.read(int.from_bytes(head[1:], "big")) if len(head) == 5 else b""
        if len(head) < 5 or len(sealed) < int.from_bytes(head[1:], "big"):
            raise BackupDamaged(file=self._name, why="its end is missing")
        try:
            data = self._cipher.decrypt(_nonce(self._number), sealed, self._header + head[:1])
        except InvalidTag as problem:
            if self._number == 0:
                raise WrongBackupKey(file=self._name) from problem
            raise BackupDamaged(file=self._name, why=f"chunk {self._number}") from problem
        self._number += 1
        self._ended = head[:1] == b"\x01"
        if self._ended and self._file.read(1):
            raise BackupDamaged(file=self._name, why="something follows its end")
        return data


def read_header(line: bytes, name: Path) -> dict[str, str]:
    """Return what the first line says; raises NoBackup where it is none of ours."""
    try:
        header: dict[str, str] = json.loads(line)
        bytes.fromhex(header["salt"])
        if header["format"] == FORMAT and header["secret"] in (PASSPHRASE, KEY):
            return header
    except (ValueError, KeyError, TypeError):
        pass
    raise NoBackup(file=name)
