"""Encrypted texts: bound to their place, readable under old keys, clear errors without a key."""

import json
import stat
import time

import numpy as np
import pytest

from gridmap.core import encryption, key_ring
from gridmap.core.encryption import CannotDecrypt, Field
from gridmap.core.key_ring import MissingKey, WrongKey

NAME, PHONE = Field("residents", "name"), Field("residents", "phone")
ONE = np.array([7], dtype=np.int64)


@pytest.fixture
def ring(monkeypatch, tmp_path):
    """A new ring in a folder of its own."""
    monkeypatch.setattr(key_ring, "key_folder", lambda: tmp_path)
    return key_ring.key_ring()


def test_a_text_comes_back_and_none_stays_none(ring):
    ids, versions = np.arange(3), np.ones(3, dtype=np.int64)

    sealed = encryption.encrypt_column(ring, NAME, ids, versions, ["王小明", "", "Ann"])

    assert sealed[1] is None
    assert b"Ann" not in sealed[2]
    assert encryption.decrypt_column(NAME, ids, versions, sealed).tolist() == ["王小明", "", "Ann"]


def test_the_same_text_never_looks_the_same(ring):
    made = {encryption.encrypt(ring, NAME, 7, 1, "Ann") for _ in range(20)}

    assert len(made) == 20


@pytest.mark.parametrize(("field", "row", "version"), [(PHONE, 7, 1), (NAME, 8, 1), (NAME, 7, 2)])
def test_a_text_that_was_moved_does_not_open(ring, field, row, version):
    sealed = encryption.encrypt(ring, NAME, 7, 1, "Ann")

    with pytest.raises(CannotDecrypt):
        encryption.decrypt(field, row, version, sealed)


def test_a_changed_byte_does_not_open(ring):
    sealed = bytearray(encryption.encrypt(ring, NAME, 7, 1, "Ann"))
    sealed[-1] ^= 1

    with pytest.raises(CannotDecrypt):
        encryption.decrypt(NAME, 7, 1, bytes(sealed))


def test_old_and_new_keys_open_until_the_old_one_is_retired(ring):
    old = encryption.encrypt(ring, NAME, 7, 1, "Ann")
    newer = key_ring.add_key()
    new = encryption.encrypt(newer, NAME, 7, 1, "Ann")

    assert [encryption.key_number(old), encryption.key_number(new)] == [1, 2]
    assert encryption.decrypt(NAME, 7, 1, old) == encryption.decrypt(NAME, 7, 1, new) == "Ann"

    assert key_ring.retire_keys() == [1]
    assert key_ring.key_ring().numbers == (2,)
    assert key_ring.retire_keys() == []
    assert encryption.decrypt(NAME, 7, 1, new) == "Ann"
    assert encryption.decrypt(NAME, 7, 1, old) == "Ann"  # out of a backup from before
    (ring.folder / "retired" / "data-1.key").unlink()
    with pytest.raises(MissingKey, match="Key 1 is not in the key folder"):
        encryption.decrypt(NAME, 7, 1, old)
    assert key_ring.add_key().current == 3


def test_a_missing_and_a_wrong_key_are_said(ring):
    sealed = encryption.encrypt(ring, NAME, 7, 1, "Ann")
    (ring.folder / "data-1.key").write_bytes(b"x" * 32)

    with pytest.raises(WrongKey):
        encryption.decrypt(NAME, 7, 1, sealed)
    (ring.folder / "data-1.key").unlink()
    with pytest.raises(MissingKey):
        encryption.decrypt(NAME, 7, 1, sealed)


def test_another_installations_text_does_not_open(ring, monkeypatch, tmp_path):
    sealed = encryption.encrypt(ring, NAME, 7, 1, "Ann")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(key_ring, "key_folder", lambda: other)

    with pytest.raises(CannotDecrypt, match="key folder"):
        encryption.decrypt(NAME, 7, 1, sealed)


def test_the_files_are_their_owners_alone_and_a_broken_ring_is_said(ring):
    files = [file for file in ring.folder.iterdir() if file.is_file()]

    assert {file.name for file in files} == {"ring.json", "data-1.key", "index.key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    (ring.folder / "ring.json").write_text("{")
    with pytest.raises(WrongKey):
        key_ring.key_ring()


def test_a_key_that_was_made_but_not_named_yet_is_taken_up(ring):
    (ring.folder / "data-2.key").write_bytes(b"k" * 32)  # killed before ring.json was replaced

    assert key_ring.add_key().current == 2
    said = json.loads((ring.folder / "ring.json").read_text())
    assert sorted(said["keys"]) == ["1", "2", "index"]


def test_the_index_finds_equal_texts_of_one_column_alone(ring):
    one, same, other = encryption.blind_index(NAME, ["ann", "ann", "bob"])

    assert one == same != other
    assert encryption.blind_index(PHONE, ["ann"])[0] != one
    assert encryption.blind_index(NAME, [""])[0] is None


def test_a_hundred_thousand_texts_take_seconds_not_minutes(ring):
    n = 100_000
    ids, versions = np.arange(n), np.ones(n, dtype=np.int64)
    texts = np.array([f"王小明{i}" for i in range(n)], dtype=object)
    started = time.perf_counter()

    sealed = encryption.encrypt_column(ring, NAME, ids, versions, texts)

    assert encryption.decrypt_column(NAME, ids, versions, sealed).tolist() == texts.tolist()
    assert time.perf_counter() - started < 5
