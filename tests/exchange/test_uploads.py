"""Uploaded files that wait for their import."""

import errno
import io
import os
import time

import pytest
from werkzeug.datastructures import FileStorage

from gridmap.core.errors import BadRequest, NoSpace, NotFound
from gridmap.exchange import uploads


@pytest.fixture(autouse=True)
def own_folder(test_home, tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "folder", lambda: tmp_path)
    return tmp_path


def storage(name: str, content: bytes = b"a,b\n1,2\n") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def test_a_file_is_found_by_its_token_alone():
    kept = uploads.keep(storage("城市.csv"), "incidents")

    found = uploads.find(kept.token)

    assert (found.file_name, found.kind, found.size) == ("城市.csv", "incidents", 8)
    assert found.path.name == "file.csv"
    assert len(kept.token) == 32


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\fakepath\\x.csv", "a/b/c.geojson", ".."])
def test_a_name_is_never_a_path(own_folder, name):
    try:
        kept = uploads.keep(storage(name), "grids")
    except BadRequest:
        return

    assert kept.path.parent.parent == own_folder
    assert "/" not in kept.file_name
    assert "\\" not in kept.file_name


@pytest.mark.parametrize("token", ["", "..", "x" * 32, "../" * 10 + "xx", "a" * 31 + "/"])
def test_other_tokens_open_nothing(token):
    with pytest.raises(NotFound):
        uploads.find(token)


def test_only_known_kinds_are_kept():
    with pytest.raises(BadRequest):
        uploads.keep(storage("a.csv"), "persons")


def test_what_waited_for_a_day_is_deleted(own_folder):
    old = uploads.keep(storage("old.csv"), "grids")
    yesterday = time.time() - uploads.KEPT_S - 1
    os.utime(own_folder / old.token, (yesterday, yesterday))

    new = uploads.keep(storage("new.csv"), "grids")

    assert uploads.find(new.token).file_name == "new.csv"
    with pytest.raises(NotFound):
        uploads.find(old.token)


def test_a_forgotten_file_is_gone():
    kept = uploads.keep(storage("a.csv"), "grids")

    uploads.forget(kept)

    assert not kept.path.exists()


def test_nothing_is_kept_of_a_file_that_the_disk_has_no_room_for(own_folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileStorage, "save", full)

    with pytest.raises(NoSpace):
        uploads.keep(storage("a.csv"), "incidents")
    assert list(own_folder.iterdir()) == []
