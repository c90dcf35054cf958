"""Serves gridmap on this machine: database, sample city, gunicorn; stops all that it started.

`script/server` runs this. One process until gunicorn forks its workers.
"""

import argparse
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from flask import Flask

from gridmap.cluster import Cluster, ClusterError, find
from gridmap.core import database
from gridmap.core.errors import GridmapError
from gridmap.core.settings import Settings, settings
from gridmap.web.background import Background
from gridmap.web.database_start import DatabaseUrls, ensure_database, keep_running, let_go

__all__ = ["ensure_database", "main"]

HOST = "127.0.0.1"
PORT_IN_USE = 2
"""Exit code."""
WORKERS = 2
THREADS = 16
"""A worker. Streams hold a thread each: twice the expected viewers, not more than the server's
100 connections allow."""
GRACEFUL_S = 3
STOPPED_WITHIN_S = 4.2
"""From the signal on. What the workers leave of it, the database has for an orderly stop; then it
is stopped at once, which loses nothing but makes the next start slow."""
HEALTHY_WITHIN_S = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    wanted = _parse(arguments)
    listener = claim_port(wanted.port)
    if listener is None:
        click.echo(
            f"Port {wanted.port} is in use. Stop what runs there, or choose another: --port N",
            err=True,
        )
        return PORT_IN_USE
    signal.signal(signal.SIGTERM, _end)
    try:
        chosen = settings()
        with _database(chosen) as urls:
            app = _application()
            if not wanted.no_sample:
                _load_sample(urls)
            _serve(app, listener, wanted.port)
    except KeyboardInterrupt:
        return 0
    except GridmapError as problem:
        click.echo(str(problem), err=True)
        return 1
    return 0


def claim_port(port: int) -> socket.socket | None:
    """Bind the port before anything slow happens; None when somebody else has it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1)  # two may bind a port that nobody listens to
    except OSError:
        listener.close()
        return None
    return listener


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/server", description="Serve gridmap.")
    parser.add_argument("--port", type=_port, default=8000, help="default 8000")
    parser.add_argument(
        "--no-sample", action="store_true", help="leave an empty database empty: no sample city"
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    click.echo(f"gridmap: {line}")
    sys.stdout.flush()


def _application() -> Flask:
    """Return the application: handlers connected, commands and pages in place."""
    from gridmap.web import create_app  # after the database was started: it takes a second

    return create_app()


@contextmanager
def _database(chosen: Settings) -> Iterator[DatabaseUrls]:
    """Have the database ready inside the block; afterwards stop it if this process started it."""
    before = find(chosen.home) if chosen.private else None
    stop_it = chosen.private and (before is None or before.status().state == "stopped")
    try:
        urls = ensure_database(chosen, report=_say)
        keep_running(urls)
        stop_it = urls.cluster is not None and urls.cluster.started_here
        database.configure(app=urls.app, owner=urls.owner, analysis=urls.analysis)
        yield urls
    finally:
        _stopping.begin()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half
        database.close_all()
        let_go()
        cluster = find(chosen.home) if stop_it else None
        if cluster is not None:
            _stop(cluster)


class _Stopping:
    """When the end began, so that all of it together stays in time."""

    began: float | None = None

    def begin(self) -> None:
        """Note the moment, once."""
        self.began = self.began or time.monotonic()

    def seconds_left(self) -> float:
        """Return what is left of the time, at least a quarter of a second."""
        spent = time.monotonic() - (self.began or time.monotonic())
        return max(0.25, STOPPED_WITHIN_S - spent)


_stopping = _Stopping()


def _stop(cluster: Cluster) -> None:
    try:
        if cluster.stop(timeout_s=_stopping.seconds_left()):
            _say("stopped the database")
    except ClusterError as problem:
        _say(f"the database goes on running. {problem}")


def _load_sample(urls: DatabaseUrls) -> None:
    """Fill an empty private database with the sample city; leave any other alone."""
    if urls.cluster is None:
        return
    from gridmap.sample.accounts import make_accounts
    from gridmap.sample.actions import load_default

    if load_default(report=_say):
        make_accounts(_say)
        urls.cluster.checkpoint()


def _serve(app: Flask, listener: socket.socket, port: int) -> None:
    """Run gunicorn until a signal ends it."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        """gunicorn with settings of ours and no configuration file."""

        def load_config(self) -> None:
            for name, value in _gunicorn_settings(listener, port).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    master = os.getpid()
    try:
        _master_class(listener)(Server()).run()
    except SystemExit as end:
        if os.getpid() != master:
            _leave_worker(end)
        if end.code:
            raise


def _master_class(listener: socket.socket) -> Any:
    from gunicorn.arbiter import Arbiter

    background = Background()

    class Master(Arbiter):  # type: ignore[misc] # gunicorn has no types
        """gunicorn's first process; keeps the worker running, notes when it was told to end."""

        def manage_workers(self) -> None:
            super().manage_workers()
            background.ensure([listener, *(own.sock for own in self.LISTENERS)])

        def stop(self, graceful: bool = True) -> None:
            _stopping.begin()
            background.tell()
            super().stop(graceful)
            background.end()

    return Master


def _leave_worker(end: SystemExit) -> NoReturn:
    """End a worker here: the cleaning up above is the master's, and a stream would hold it back."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code if isinstance(end.code, int) else 1)


def _gunicorn_settings(listener: socket.socket, port: int) -> dict[str, Any]:
    return {
        "bind": f"fd://{listener.fileno()}",
        "worker_class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "graceful_timeout": GRACEFUL_S,
        "timeout": 120,
        "keepalive": 5,
        "limit_request_line": 8190,  # many categories in one address; the most that it takes
        "preload_app": True,
        "forwarded_allow_ips": "",  # gunicorn believes no header; `web.proxy` does, if told so
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108
        "loglevel": "warning",
        "proc_name": "gridmap",
        "post_fork": lambda _, __: let_go(),  # the master holds the database for all
        "post_worker_init": lambda worker: _announce_from(worker, port),
    }


def _announce_from(worker: Any, port: int) -> None:
    """In the first worker: say the address as soon as a request is answered."""
    if worker.age == 1:
        threading.Thread(target=_announce, args=(port,), daemon=True).start()


def _announce(port: int) -> None:
    address = f"http://{HOST}:{port}/"
    if _healthy(f"{address}healthz"):
        _say(f"ready: {address}   (Ctrl-C ends it)")
    else:
        _say(f"{address} does not answer as it should; see the messages above")


def _healthy(address: str) -> bool:
    """Ask until the answer is 200, for a while."""
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())
