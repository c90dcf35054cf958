"""The process beside the web server that works on jobs: started, watched and ended by it."""

import os
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from gridmap.auth.acting import acting_for
from gridmap.core.job_runs import die_with_parent
from gridmap.core.worker import Worker
from gridmap.web.database_start import let_go

AGAIN_AFTER_S = 5.0
"""A worker that ended by itself is not started more often than this."""
ENDS_WITHIN_S = 2.0
OF_GUNICORN = ("SIGHUP", "SIGQUIT", "SIGTTIN", "SIGTTOU", "SIGUSR1", "SIGUSR2", "SIGWINCH")


class Background:
    """One worker, kept running until `end`."""

    def __init__(self) -> None:
        self._pid = 0
        self._started = -AGAIN_AFTER_S
        self._ending = False

    def ensure(self, listeners: Sequence[socket.socket]) -> None:
        """Start the worker unless it runs; `listeners` are closed in it."""
        if self._ending or self._runs() or time.monotonic() - self._started < AGAIN_AFTER_S:
            return
        self._started = time.monotonic()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _work(listeners, parent)

    def tell(self) -> None:
        """Tell the worker to end, without waiting."""
        self._ending = True
        if self._runs():
            os.kill(self._pid, signal.SIGTERM)

    def end(self) -> None:
        """Wait until the worker is gone; after a while it is killed."""
        self.tell()
        deadline = time.monotonic() + ENDS_WITHIN_S
        while self._runs():
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.02)

    def _runs(self) -> bool:
        """Tell whether it is there; gunicorn may have noted its end before us."""
        if not self._pid:
            return False
        try:
            ended, _ = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:
            ended = self._pid
        if ended:
            self._pid = 0
        return not ended


def _work(listeners: Sequence[socket.socket], parent: int) -> None:
    """Be the worker, to the end of this process."""
    code = 1
    try:
        for name in OF_GUNICORN:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        die_with_parent(signal.SIGTERM)
        for listener in listeners:
            with suppress(OSError):
                listener.close()
        let_go()  # the master holds the database for all
        if os.getppid() == parent:
            Worker(acting_for).run()
        code = 0
    finally:
        os._exit(code)
