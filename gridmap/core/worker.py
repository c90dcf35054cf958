"""The worker: waits for jobs without asking again and again, runs each in its own process.

It keeps a lease on what it runs. A worker that is killed renews nothing, and another one takes
over. Told to end, it hands back what it runs.
"""

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gridmap.core import job_queue
from gridmap.core.actor import SYSTEM
from gridmap.core.database import detached_connection, transaction
from gridmap.core.errors import GridmapError
from gridmap.core.job_queue import Claim
from gridmap.core.job_runs import OVER, Acting, start_process
from gridmap.core.jobs import KINDS, enqueue

log = logging.getLogger(__name__)

LEASE_S = 30.0
SLOTS = 2
"""Jobs at the same time; urgent kinds get one more."""
LONGEST_SLEEP_S = 60.0
END_WITHIN_S = 1.0
"""After the signal to end; then a job's process is killed."""
CANCEL_WITHIN_S = 5.0
AGAIN_AFTER_S = 1.0
"""While the database does not answer."""


@dataclass
class Child:
    """One running process."""

    claim: Claim
    urgent: bool
    kill_at: float | None = None
    """When it is killed, once it was told to end."""
    cancelled: bool = False


class Worker:
    """Runs jobs until it is told to end.

    Args:
        acting: opens the session of the account that a job acts as.
        lease_s: how long a job stays with a worker that gives no sign of life.
        until_idle: end when nothing is due and nothing runs.
    """

    def __init__(
        self, acting: Acting, *, lease_s: float = LEASE_S, until_idle: bool = False
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
        self._acting = acting
        self._lease_s = lease_s
        self._until_idle = until_idle
        self._children: dict[int, Child] = {}
        self._ending = False
        self._kept_at = time.monotonic()
        self._listener: Connection | None = None

    def run(self) -> None:
        """Work until SIGTERM or SIGINT (or until nothing is due)."""
        awake, wake = socket.socketpair()
        for end in (awake, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            while not self._ending:
                sleep_s = self._safely(self._turn)
                if sleep_s is None:
                    break
                self._wait(awake, sleep_s)
        finally:
            self._hand_all_back()
            signal.set_wakeup_fd(-1)

    def _end(self, *_: object) -> None:
        self._ending = True

    def _safely(self, turn: Callable[[], float | None]) -> float | None:
        """Take one turn; a database that does not answer is asked again in a moment."""
        try:
            return turn()
        except (GridmapError, psycopg2.Error) as problem:
            log.warning("worker: %s", problem)
            self._listener = None
            return AGAIN_AFTER_S

    def _turn(self) -> float | None:
        """Do everything that is due; returns how long nothing will be, None for the end."""
        self._listen()
        self._reap()
        self._keep()
        with transaction(SYSTEM) as session:
            job_queue.take_over(session)
            for kind in job_queue.due_periods(session, list(KINDS.values())):
                enqueue(session, kind)
        while self._start_one():
            pass
        with transaction(SYSTEM) as session:
            due_s = job_queue.seconds_to_next(session, list(KINDS), self._startable())
        if self._until_idle and not self._children and (due_s is None or due_s > 0):
            return None
        return self._sleep_s(due_s)

    def _sleep_s(self, due_s: float | None) -> float:
        sleep_s = LONGEST_SLEEP_S if due_s is None else due_s
        if self._children:
            sleep_s = min(sleep_s, self._lease_s / 3)
        kills = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        return max(0.0, min([sleep_s, *(at - time.monotonic() for at in kills)]))

    def _listen(self) -> None:
        if self._listener is None or self._listener.closed:
            self._listener = detached_connection()
            self._listener.autocommit = True  # holds no row: it only listens
            self._listener.cursor().execute("LISTEN gridmap_jobs")

    def _wait(self, awake: socket.socket, sleep_s: float) -> None:
        """Sleep until a job comes, a process ends, a signal comes or the time is over."""
        watched: list[socket.socket | Connection] = [awake]
        if self._listener is not None:
            watched.append(self._listener)
        ready, _, _ = select.select(watched, [], [], sleep_s)
        with suppress(BlockingIOError):
            while awake.recv(4096):
                pass
        if self._listener is not None and self._listener in ready:
            self._hear(self._listener)

    def _hear(self, listener: Connection) -> None:
        try:
            listener.poll()
            listener.notifies.clear()
        except psycopg2.Error:
            self._listener = None

    def _startable(self) -> list[str]:
        """Return kinds for which a place is free."""
        urgent = [child.urgent for child in self._children.values()]
        free = {True: not any(urgent), False: urgent.count(False) < SLOTS}
        return [kind.name for kind in KINDS.values() if free[kind.urgent]]

    def _start_one(self) -> bool:
        """Take one job and start its process; False where none is due or no place is free."""
        kinds = self._startable()
        if self._ending or not kinds:
            return False
        with transaction(SYSTEM) as session:
            claim = job_queue.claim(session, self.name, kinds, lease_s=self._lease_s)
        if claim is None:
            return False
        pid = start_process(claim, self._acting)
        self._children[pid] = Child(claim, urgent=KINDS[claim.kind].urgent)
        return True

    def _reap(self) -> None:
        """Take note of processes that ended; of one that was killed nobody wrote down how."""
        for pid, child in list(self._children.items()):
            if child.kill_at is not None and time.monotonic() >= child.kill_at:
                _send(pid, signal.SIGKILL)
            ended, status = _ended(pid)
            if not ended:
                continue
            if status != OVER:
                self._write_end(child, status)
            del self._children[pid]

    def _write_end(self, child: Child, status: int) -> None:
        with transaction(SYSTEM) as session:
            if child.cancelled:
                job_queue.set_cancelled(session, child.claim)
            elif self._ending:
                job_queue.hand_back(session, child.claim)
            else:
                job_queue.fail(session, child.claim, f"its process ended with {status}")

    def _keep(self) -> None:
        """Renew leases, and stop what was called off or what another worker has taken."""
        running = {pid: child for pid, child in self._children.items() if child.kill_at is None}
        if not running:
            return
        claims = [child.claim for child in running.values()]
        with transaction(SYSTEM) as session:
            kept = job_queue.keep(session, self.name, claims, lease_s=self._lease_s)
            for pid, child in running.items():
                if kept.get(child.claim.id) is not False:
                    child.cancelled = True
                    job_queue.stop_statements(session, child.claim)
                    self._tell(pid, child, CANCEL_WITHIN_S)

    def _tell(self, pid: int, child: Child, seconds: float) -> None:
        child.kill_at = time.monotonic() + seconds
        _send(pid, signal.SIGTERM)

    def _hand_all_back(self) -> None:
        """End all processes, at once where they do not end soon; their jobs wait again."""
        self._ending = True
        try:
            with transaction(SYSTEM) as session:
                for pid, child in self._children.items():
                    job_queue.stop_statements(session, child.claim)
                    self._tell(pid, child, END_WITHIN_S)
            while self._children:
                self._reap()
                time.sleep(0.02)
        except GridmapError as problem:  # the lease runs out, and another worker takes over
            log.warning("worker: %s", problem)
            for pid in self._children:
                _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _ended(pid: int) -> tuple[bool, int]:
    """Return whether a child ended, and its exit code (negative: the signal)."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True, OVER
    return found != 0, os.waitstatus_to_exitcode(status) if found else OVER
