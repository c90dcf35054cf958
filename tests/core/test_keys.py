"""Files of keys: whole or not at all, and still there after a loss of power."""

import os
import stat

import pytest

from gridmap.core import key_files, key_ring, keys


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """The folder of the keys, and the folders that were brought down to the disk."""
    monkeypatch.setattr(keys, "key_folder", lambda: tmp_path)
    monkeypatch.setattr(key_ring, "key_folder", lambda: tmp_path)
    synced, fsync = [], os.fsync

    def note(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return tmp_path, synced


def test_a_new_key_survives_a_loss_of_power(kept):
    folder, synced = kept

    keys.named_key("trial")

    assert synced == [str(folder)]
    assert stat.S_IMODE((folder / "trial.key").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["trial.key"]


def test_of_several_processes_all_get_the_key_of_the_first(kept):
    folder, _ = kept
    first = keys.named_key("trial")

    with pytest.raises(FileExistsError):
        key_files.write_new(folder / "trial.key", b"x" * keys.KEY_BYTES)

    keys._read.cache_clear()
    assert keys.named_key("trial") == first
    assert len(list(folder.iterdir())) == 1


def test_a_ring_survives_a_loss_of_power(kept):
    folder, synced = kept

    key_ring.key_ring()
    made = len(synced)
    key_ring.add_key()

    assert made == 3
    assert set(synced) == {str(folder)}
    assert len(synced) == 5
