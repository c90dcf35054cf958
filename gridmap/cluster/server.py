"""The server's process: launched without a shell's eye on any path, awaited, ended.

`pg_ctl` puts paths into a shell command and knows no waiting below a second; the three things
that it would do are few enough to do directly.
"""

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

from gridmap.cluster import liveness
from gridmap.cluster.configuration import fixed_options
from gridmap.cluster.errors import NoSpaceLeft, StartFailed, StopFailed
from gridmap.cluster.installation import Installation
from gridmap.cluster.layout import Layout
from gridmap.cluster.server_user import ServerUser
from gridmap.cluster.space import NEEDED_MB, free_mb, says_no_space

START_MAY_TAKE_S = 300.0
"""Long: after a crash the server first repeats up to 2 GB of its log."""
IMMEDIATE_STOP_S = 10.0
POLL_S = 0.02
LAST_WORDS_MAY_TAKE_S = 2.0
READY = "ready"
_STATUS_LINE = 7
_FATAL = re.compile(r"(?:FATAL|PANIC):\s+(.*)")
_LAUNCH = 'log=$1; shift; umask 077; "$@" </dev/null >"$log" 2>&1 & echo $!'


def launch(layout: Layout, user: ServerUser, installation: Installation) -> None:
    """Start the server and wait until it takes connections.

    Raises:
        StartFailed: it ended, or is not ready in time; says so in its own words.
        NoSpaceLeft: it ended because the disk is full.
    """
    program = [installation.program("postgres"), "-D", str(layout.data), *fixed_options(layout)]
    done = user.run(["/bin/sh", "-c", _LAUNCH, "sh", str(layout.startup_log), *program])
    pid = int(done.stdout) if done.stdout.strip().isdecimal() else 0
    deadline = time.monotonic() + START_MAY_TAKE_S
    while not _is_ready(layout, pid):
        if not liveness.is_alive(pid):
            raise _why_it_ended(layout)
        if time.monotonic() > deadline:
            why = f"it is still not ready after {START_MAY_TAKE_S:.0f} s"
            raise StartFailed(why=why, log=layout.logs)
        time.sleep(POLL_S)


def end(layout: Layout, user: ServerUser, *, timeout_s: float) -> None:
    """Stop the server: orderly, and when that takes too long at once; both lose nothing.

    Raises:
        StopFailed: it is still there.
    """
    for number, wait_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
        pid = liveness.server_pid(layout)
        if pid is not None:
            os.kill(pid, number)
        if _gone_within(layout, wait_s):
            liveness.clear_traces(layout, user)
            with suppress(OSError):  # somebody keeps a file there: leave it
                layout.run.rmdir()
            return
    raise StopFailed(seconds=round(timeout_s + IMMEDIATE_STOP_S), log=layout.logs)


def settle(layout: Layout, user: ServerUser) -> None:
    """Leave the server either ready or gone: wait while it comes up or goes down.

    Whoever started or stopped it may have been killed meanwhile. A server whose socket was
    swept away (a cleaner of old files) can be reached by nobody; it is stopped.
    """
    deadline = time.monotonic() + START_MAY_TAKE_S
    while (pid := liveness.server_pid(layout)) is not None and not _is_ready(layout, pid):
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_S)
    if pid is not None and not layout.socket.exists():
        end(layout, user, timeout_s=START_MAY_TAKE_S)


def _is_ready(layout: Layout, pid: int) -> bool:
    """Read the state that the server of this process wrote into its lock file."""
    try:
        lines = layout.pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    ours = lines[:1] == [str(pid)]
    return ours and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == READY


def _gone_within(layout: Layout, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while liveness.server_pid(layout) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _why_it_ended(layout: Layout) -> NoSpaceLeft | StartFailed:
    """Say why the server did not come up, in its own last words."""
    deadline = time.monotonic() + LAST_WORDS_MAY_TAKE_S
    words = _all_last_words(layout)
    while not _FATAL.search(words) and time.monotonic() < deadline:
        time.sleep(POLL_S)  # its log is written by another process, a moment later
        words = _all_last_words(layout)
    if says_no_space(words):
        return NoSpaceLeft(path=layout.data, free_mb=free_mb(layout.data), needed_mb=NEEDED_MB)
    fatal = _FATAL.findall(words)
    return StartFailed(why=fatal[-1] if fatal else "it gave no reason", log=layout.data)


def _all_last_words(layout: Layout) -> str:
    candidates = [layout.startup_log, *layout.logs.glob("*.log")]
    files = sorted((f for f in candidates if f.exists()), key=lambda f: f.stat().st_mtime)
    return "\n".join(_last_words(file) for file in files)


def _last_words(file: Path) -> str:
    """Return the end of a log, from the last start on."""
    with file.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 8_000))
        text = log.read().decode("utf-8", errors="replace")
    return text.rpartition("starting PostgreSQL")[2]
