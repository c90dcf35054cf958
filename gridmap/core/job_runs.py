"""One job in a process of its own: acts as somebody, reports, ends well, badly or not at all."""

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any, NoReturn

from gridmap.core import job_queue
from gridmap.core.actor import SYSTEM, Actor
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from gridmap.core.job_queue import Claim
from gridmap.core.jobs import KINDS

log = logging.getLogger(__name__)

Acting = Callable[[Claim], AbstractContextManager[Actor]]
"""Opens a short session for the account that a job acts as."""
REPORT_EVERY_S = 0.5
OVER = 0
STOPPED = 75
"""Exit code of a process that was told to end: its parent knows why."""
PARENT_DIED = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class JobCancelled(BaseException):
    """Somebody called the job off, or another worker has it; not for a handler to catch."""


class LiveRun:
    """What a job's function gets (`jobs.Run`)."""

    def __init__(self, claim: Claim, actor: Actor) -> None:
        self.actor = actor
        self.arguments: Mapping[str, Any] = claim.arguments
        self._claim = claim
        self._reported = 0.0

    def report(self, done: int, total: int | None = None, doing: str = "") -> None:
        """Write down how far it is, twice a second at most.

        Raises:
            JobCancelled: somebody called it off.
        """
        if done != total and time.monotonic() - self._reported < REPORT_EVERY_S:
            return
        self._reported = time.monotonic()
        with transaction(SYSTEM) as session:
            goes_on = job_queue.report(session, self._claim, done=done, total=total, doing=doing)
        if not goes_on:
            raise JobCancelled


def perform(claim: Claim, acting: Acting) -> None:
    """Run a job here and write down how it ended."""
    kind = KINDS[claim.kind]
    begin = time.perf_counter()
    try:
        with acting(claim) as actor:
            result = kind.run(LiveRun(claim, actor))
    except JobCancelled:
        with transaction(SYSTEM) as session:
            job_queue.set_cancelled(session, claim)
        return
    except Exception as problem:
        log.exception("job %s (%s) failed, attempt %s", claim.id, claim.kind, claim.attempt)
        words, again = _told(problem)
        with transaction(SYSTEM) as session:
            job_queue.fail(session, claim, words, again=again)
        return
    with transaction(SYSTEM) as session:
        job_queue.finish(session, claim, result)
    level = logging.INFO if kind.every is None else logging.DEBUG
    log.log(level, "job %s (%s) done in %.1f s", claim.id, kind.name, time.perf_counter() - begin)


def _told(problem: Exception) -> tuple[str, bool]:
    """Return an error's words, and whether another attempt could end better.

    The words of errors that are not ours may hold data, so only their name is kept.
    """
    if isinstance(problem, GridmapError):
        return str(problem), problem.status >= 500
    return type(problem).__name__, True


def start_process(claim: Claim, acting: Acting) -> int:
    """Fork a process that performs a job; returns its id."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become_child(claim, parent)
        perform(claim, acting)
        code = OVER
    except _Stopped:
        code = STOPPED
    except BaseException:
        log.exception("job %s: its end could not be written down", claim.id)
    finally:
        os._exit(code)


class _Stopped(BaseException):
    """The worker told this process to end."""


def _stop(_: int, __: FrameType | None) -> NoReturn:
    raise _Stopped


def _become_child(claim: Claim, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    os.environ["PGAPPNAME"] = job_queue.application_name(claim)
    die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it died before we said so
        os._exit(STOPPED)


def die_with_parent(number: int) -> None:
    """Ask the kernel (Linux) to end this process when its parent ends."""
    import ctypes

    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PARENT_DIED, number)
