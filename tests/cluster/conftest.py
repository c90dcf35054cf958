"""Homes for private clusters, and acting as another operating system user."""

import os
import pickle
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gridmap.cluster import Cluster, find, start
from gridmap.cluster.layout import layout_of
from gridmap.cluster.server_user import server_user

AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that every user can pass; whatever clusters are left below it are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    folder.chmod(0o755)
    yield folder
    for home in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        if (home / "cluster.lock").exists() or (home / "database").exists():
            remove_cluster(home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(base: Path) -> Path:
    """A home that does not exist yet."""
    return base / "home"


@pytest.fixture(scope="session")
def seed() -> Iterator[Path]:
    """The data folder of a new, stopped cluster, to be copied: much quicker than a creation."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    folder.chmod(0o755)
    cluster = start(folder / "home")
    cluster.checkpoint()
    cluster.stop()
    yield cluster.layout.data
    remove_cluster(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def made_home(home: Path, seed: Path) -> Path:
    """A home with a cluster that is stopped."""
    home.mkdir()
    subprocess.run(["cp", "-a", str(seed), str(home / "database")], check=True)
    return home


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    """One cluster for all tests of a module that leave it running as it was."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-test-"))
    folder.chmod(0o755)
    yield start(folder / "home")
    remove_cluster(folder / "home")
    shutil.rmtree(folder)


def remove_cluster(home: Path) -> None:
    """Stop the cluster of a home and remove its folders outside it."""
    cluster = find(home)
    if cluster is not None:
        cluster.stop(force=True)
    layout = layout_of(home, server_user())
    for folder in (layout.run, layout.data):
        shutil.rmtree(folder, ignore_errors=True)


def in_child(action: Callable[[], Any]) -> "Child":
    """Run an action in a process of its own, with the modules that are loaded here."""
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside pytest's threads
        pid = os.fork()
    if pid == 0:
        answer: tuple[bool, Any]
        try:
            answer = (True, action())
        except BaseException as problem:
            answer = (False, f"{type(problem).__name__}: {problem}")
        os.write(write_end, pickle.dumps(answer))
        os._exit(0)
    os.close(write_end)
    return Child(pid, read_end)


class Child:
    """A process that runs one action."""

    def __init__(self, pid: int, read_end: int) -> None:
        self.pid = pid
        self._read_end = read_end

    def result(self) -> Any:
        """Wait for the end; return what the action returned, raise if it raised."""
        with os.fdopen(self._read_end, "rb") as stream:
            raw = stream.read()
        os.waitpid(self.pid, 0)
        worked, value = pickle.loads(raw)
        if not worked:
            raise AssertionError(value)
        return value


def as_nobody(action: Callable[[], Any]) -> Any:
    """Run an action as an ordinary user and return its result. Needs root."""

    def become_and_act() -> Any:
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)
        return action()

    return in_child(become_and_act).result()


def as_root_only(reason: str) -> pytest.MarkDecorator:
    """Skip where tests do not run as root."""
    return pytest.mark.skipif(not AS_ROOT, reason=f"needs root: {reason}")


def tree_of(folder: Path) -> list[tuple[str, int, int, int]]:
    """Describe every file below a folder, to see whether something was touched."""
    found = []
    for path in sorted([folder, *folder.rglob("*")]):
        state = path.lstat()
        found.append((str(path), state.st_mode, state.st_uid, state.st_mtime_ns))
    return found


@pytest.fixture
def small_disk(base: Path) -> Iterator[Callable[[int], Path]]:
    """Give a folder on a disk of so many MB; called again, the disk gets that size."""
    place = base / "disk"
    place.mkdir()
    mounted = False

    def resize(size_mb: int) -> Path:
        nonlocal mounted
        options = f"size={size_mb}m,mode=755" + (",remount" if mounted else "")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True
        )
        if done.returncode:
            pytest.skip("this machine does not let tests mount a small disk")
        mounted = True
        return place

    yield resize
    if mounted:
        remove_cluster(place / "home")
        subprocess.run(["umount", "--lazy", str(place)], check=True)
