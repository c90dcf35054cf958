"""Making a new data folder: in a folder of its own first, so that half of one never counts."""

import os
import shutil
from pathlib import Path

from gridmap.cluster.configuration import (
    HBA,
    INCLUDE,
    SUPERUSER,
    configuration_files,
    ident_text,
    machine_settings,
)
from gridmap.cluster.errors import CreationFailed, HomeNotWritable, NoSpaceLeft, NotADatabase
from gridmap.cluster.installation import Installation
from gridmap.cluster.layout import Layout
from gridmap.cluster.server_user import ServerUser
from gridmap.cluster.space import NEEDED_MB, free_mb, says_no_space


def create(layout: Layout, user: ServerUser, installation: Installation, *, lock: int) -> None:
    """Make the data folder of a new cluster. The caller holds the start lock.

    initdb inherits the descriptor of that lock: when we are killed, the next start waits
    until the orphan has ended.

    Raises:
        NotADatabase: the place is taken by other files; nothing is touched.
        NoSpaceLeft: the disk is full; nothing is left behind.
        CreationFailed: initdb gave another reason; nothing is left behind.
    """
    if layout.data.exists() and any(layout.data.iterdir()):
        raise NotADatabase(data=layout.data)
    _make_parent(layout, user)
    _remove(layout.making)  # of a creation that was interrupted
    if free_mb(layout.making) < NEEDED_MB:
        raise _no_space(layout)
    try:
        layout.making.mkdir(mode=0o700)
        if user.switch:
            os.chown(layout.making, user.uid, user.gid)
        _initdb(layout, user, installation, lock=lock)
        configure(layout.making, user)
        layout.making.rename(layout.data)
    except BaseException:
        _remove(layout.making)
        raise


def configure(folder: Path, user: ServerUser) -> None:
    """Write settings and logins into a data folder; called again when these files change.

    Raises:
        CreationFailed: the files could not be written.
    """
    main, settings, hba, ident = configuration_files(folder)
    text = main.read_text(encoding="utf-8")
    if INCLUDE not in text:
        user.run(["/bin/mkdir", "-p", str(settings.parent)])
        _write(user, main, text + INCLUDE)
    _write(user, settings, machine_settings())
    _write(user, hba, HBA)
    _write(user, ident, ident_text(user))


def _write(user: ServerUser, path: Path, text: str) -> None:
    if not user.write(path, text):
        raise CreationFailed(data=path.parent, why=f"{path.name} could not be written")


def _make_parent(layout: Layout, user: ServerUser) -> None:
    parent = layout.data.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if parent != layout.home:  # the fallback below /var/lib: postgres must get through
            parent.chmod(0o755)
    except OSError as problem:
        raise HomeNotWritable(home=parent, user=user.name, why=problem.strerror) from problem


def _initdb(layout: Layout, user: ServerUser, installation: Installation, *, lock: int) -> None:
    command = [
        installation.program("initdb"),
        f"--pgdata={layout.making}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--auth-local=peer",
        "--auth-host=reject",
        "--no-instructions",
    ]
    done = user.run(command, keep_open=[lock])
    if done.returncode == 0:
        return
    if says_no_space(done.stderr):
        raise _no_space(layout)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    raise CreationFailed(data=layout.data, why=lines[-1] if lines else "initdb failed")


def _no_space(layout: Layout) -> NoSpaceLeft:
    _remove(layout.making)
    return NoSpaceLeft(path=layout.data, free_mb=free_mb(layout.data), needed_mb=NEEDED_MB)


def _remove(folder: Path) -> None:
    if os.path.lexists(folder):
        shutil.rmtree(folder, ignore_errors=True)
