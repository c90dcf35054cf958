"""Whether the server lives, told from its process and not from `pg_ctl status`.

`pg_ctl status` and PostgreSQL itself ask `kill(pid, 0)`, which a zombie passes: a server that was
killed in a container whose first process does not reap its children stays a zombie for ever, and
its lock file stays too. A number in an old lock file may also belong to somebody else by now.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from gridmap.cluster.layout import Layout
from gridmap.cluster.server_user import ServerUser

PROC = Path("/proc")
DEAD = {"Z", "X", ""}
ORPHANS_MAY_TAKE_S = 10.0


def server_pid(layout: Layout) -> int | None:
    """Return the process of the running server; None when the lock file names nobody like it."""
    pid = _pid_in(layout.pid_file)
    if pid is None or not is_alive(pid):
        return None
    return pid if _serves(pid, layout.data) else None


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and more than a zombie."""
    return _state_of(pid) not in DEAD


def clear_traces(layout: Layout, user: ServerUser) -> bool:
    """Remove the lock files of a server that is gone, so that the next one can start.

    Processes of a killed server that still work for it are ended first: two servers on
    one data folder would destroy it.

    Returns:
        Whether there was anything to remove.
    """
    _end_orphans(layout.data, user)
    traces = (layout.pid_file, layout.socket, Path(f"{layout.socket}.lock"))
    left = [path for path in traces if os.path.lexists(path)]
    if left:
        user.remove(*left)
    return bool(left)


def _pid_in(pid_file: Path) -> int | None:
    """Return the first line of a lock file as a number; None when there is none."""
    try:
        first = pid_file.read_text(encoding="ascii", errors="replace").partition("\n")[0].strip()
    except OSError:
        return None
    return int(first) if first.isdecimal() else None


def _state_of(pid: int) -> str:
    """Return the process's one-letter state, '' when there is no such process."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return fields.rpartition(")")[2].split()[0]


def _serves(pid: int, data: Path) -> bool:
    """Tell whether a process is a server at work in this folder, not a stranger's old number."""
    program = Path(_command_of(pid).partition("\0")[0]).name
    return program in {"postgres", "postmaster"} and _folder_of(pid) == data


def _folder_of(pid: int) -> Path | None:
    """Return where a process works; None when it is gone or somebody else's."""
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _command_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _end_orphans(data: Path, user: ServerUser) -> None:
    """End what is left of a killed server and wait until it is gone."""
    for pid in orphans(data, user):
        try:
            os.kill(pid, signal.SIGQUIT)  # what the server itself sends in an immediate stop
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + ORPHANS_MAY_TAKE_S
    while any(True for _ in orphans(data, user)) and time.monotonic() < deadline:
        time.sleep(0.05)


def orphans(data: Path, user: ServerUser) -> Iterator[int]:
    """Name the processes of the server's user that work inside the data folder."""
    for entry in PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        pid = int(entry.name)
        if _owner_of(entry) != user.uid or _folder_of(pid) != data:
            continue
        if _command_of(pid).startswith("postgres:") and is_alive(pid):
            yield pid


def _owner_of(entry: Path) -> int | None:
    try:
        return entry.stat().st_uid
    except OSError:
        return None
