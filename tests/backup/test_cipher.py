"""The encrypted file: what was cut, moved or made with another key does not open."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.backup import actions, archive, cipher
from gridmap.backup.cipher import KEY, PASSPHRASE, Opener, Sealer, Secret
from gridmap.backup.errors import (
    BackupDamaged,
    BackupExists,
    BackupTooNew,
    GridmapError,
    KeysMissing,
    NoBackup,
    WrongBackupKey,
)

SECRET = Secret(KEY, bytes(32))
NAME = Path("b")


def sealed(data: bytes, secret: Secret = SECRET) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, secret)
    for start in range(0, len(data), 7):
        sealer.write(data[start : start + 7])
    sealer.finish()
    return file.getvalue()


def opened(whole: bytes, secret: Secret = SECRET) -> bytes:
    opener = Opener(io.BytesIO(whole), NAME, secret)
    return b"".join(iter(lambda: opener.read(11), b""))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(cipher, "CHUNK", 16)


@given(st.binary(max_size=100))
def test_what_was_sealed_comes_back(data):
    assert opened(sealed(data)) == data


@given(st.data())
def test_no_changed_byte_and_no_cut_goes_unnoticed(data):
    whole = sealed(bytes(range(64)))
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(1, 255))

    for bad in (whole[:at], whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :], whole + b"x"):
        with pytest.raises(GridmapError):
            opened(bad)


def test_chunks_cannot_change_places():
    whole = sealed(bytes(64))
    head = whole.index(b"\n") + 1
    size = 5 + 16 + 16

    first, second = whole[head : head + size], whole[head + size : head + 2 * size]

    with pytest.raises(WrongBackupKey):
        opened(whole[:head] + second + first + whole[head + 2 * size :])
    with pytest.raises(BackupDamaged):
        opened(whole[:head] + first + first + whole[head + 2 * size :])


def test_another_key_opens_nothing():
    with pytest.raises(WrongBackupKey):
        opened(sealed(b"x"), Secret(KEY, bytes([1]) * 32))
    with pytest.raises(WrongBackupKey):
        opened(sealed(b"x"), Secret(PASSPHRASE, b"x"))


def test_a_passphrase_opens_what_it_sealed():
    whole = sealed(b"x", Secret(PASSPHRASE, b"correct horse"))

    assert opened(whole, Secret(PASSPHRASE, b"correct horse")) == b"x"
    with pytest.raises(WrongBackupKey):
        opened(whole, Secret(PASSPHRASE, b"other horse"))


def test_two_files_of_the_same_have_nothing_in_common():
    assert sealed(b"x")[-10:] != sealed(b"x")[-10:]


# -- parts --------------------------------------------------------------------------------------


def make(file: Path, manifest: dict, *parts: tuple[str, bytes]) -> Path:
    with archive.writing(file, SECRET) as writer:
        for name, data in parts:
            writer.add(name, [data[:3], data[3:]])
        writer.finish(manifest)
    return file


def test_parts_come_back_in_order_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "PIECE", 4)
    file = make(tmp_path / "b", {"a": 1}, ("one", b"0123456789"), ("two", b""), ("three", b"abc"))

    found = {name: b"".join(blocks) for name, blocks in archive.parts(file, SECRET)}

    assert list(found) == ["one", "two", "three", archive.MANIFEST]
    assert (found["one"], found["two"], found["three"]) == (b"0123456789", b"", b"abc")
    assert archive.check(file, SECRET)["a"] == 1


def test_a_part_that_is_not_read_does_not_stand_in_the_way(tmp_path):
    file = make(tmp_path / "b", {}, ("one", b"0123456789"), ("two", b"x"))

    assert [name for name, _ in archive.parts(file, SECRET)] == ["one", "two", archive.MANIFEST]


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    file = tmp_path / "b"
    file.write_text("precious")

    with pytest.raises(BackupExists):
        make(file, {})

    assert file.read_text() == "precious"


def test_a_backup_that_fails_leaves_no_file(tmp_path):
    def half(file: Path) -> None:
        with archive.writing(file, SECRET) as writer:
            writer.add("one", [b"x"])
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        half(tmp_path / "b")

    assert not (tmp_path / "b").exists()


def test_a_newer_revision_is_refused(tmp_path):
    file = make(tmp_path / "b", {"what": "installation", "revision": "9999"})

    with pytest.raises(BackupTooNew, match="9999"):
        actions.read(file, SECRET, actions.INSTALLATION)


def test_keys_are_no_installation(tmp_path):
    file = make(tmp_path / "b", {"what": "keys"})

    with pytest.raises(NoBackup):
        actions.read(file, SECRET, actions.INSTALLATION)
    with pytest.raises(NoBackup):
        actions.read(tmp_path / "none", SECRET, actions.KEY_RING)


def test_missing_keys_are_named(tmp_path):
    with pytest.raises(KeysMissing, match=r"ring/1\.key"):
        actions.require_keys({"keys": {"ring/1.key": "00", "server.key": "00"}}, tmp_path)
