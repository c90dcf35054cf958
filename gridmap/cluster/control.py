"""Start, find, use and stop the private cluster of one home."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psycopg2

from gridmap.cluster import liveness, locks, server
from gridmap.cluster.creation import configure, create
from gridmap.cluster.errors import (
    ClusterInUse,
    HomeNotWritable,
    OtherMajorVersion,
    PostgresNotFound,
    StartFailed,
)
from gridmap.cluster.installation import Installation, find_installation, installations
from gridmap.cluster.layout import (
    PORT,
    Layout,
    check_data_folder,
    check_run_folder,
    layout_of,
)
from gridmap.cluster.locks import Report
from gridmap.cluster.preparation import DATABASE, connect, is_prepared, prepare
from gridmap.cluster.server_user import ServerUser, server_user


@dataclass(frozen=True)
class Status:
    """What a look at one home shows."""

    state: Literal["running", "stopped"]
    pid: int | None
    major: str
    data: Path
    socket_folder: Path
    used_by: list[int]
    """Processes that hold it (`Cluster.hold`)."""


@dataclass(frozen=True)
class Cluster:
    """The private cluster of one home; created, perhaps not running."""

    layout: Layout
    user: ServerUser
    started_here: bool = False
    """Whether the call that returned this started the server."""

    def url(self, role: str = "gridmap_app", database: str = DATABASE) -> str:
        """Return the SQLAlchemy address for one role."""
        return f"postgresql+psycopg2://{self._address(role, database)}"

    def libpq(self, role: str = "gridmap_app", database: str = DATABASE) -> str:
        """Return the libpq address for one role, as psql takes it."""
        return f"postgresql://{self._address(role, database)}"

    def _address(self, role: str, database: str) -> str:
        folder = quote(str(self.layout.run), safe="")
        return f"{quote(role)}@/{quote(database)}?host={folder}&port={PORT}"

    def status(self) -> Status:
        """Look at the server's process and files."""
        pid = liveness.server_pid(self.layout)
        return Status(
            state="stopped" if pid is None else "running",
            pid=pid,
            major=self.layout.major(),
            data=self.layout.data,
            socket_folder=self.layout.run,
            used_by=locks.holders(self.layout.users_lock),
        )

    def checkpoint(self) -> None:
        """Write everything to its place now, so that the next stop is quick."""
        with closing(connect(self.layout, database=DATABASE)) as connection:
            connection.cursor().execute("CHECKPOINT")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Say "I use this cluster" until the block ends: nobody else can stop it meanwhile.

        Somebody may have stopped it just before; then it is started again.
        """
        with locks.shared(self.layout.users_lock):
            start(self.layout.home)
            yield

    def stop(self, *, timeout_s: float = 60, force: bool = False) -> bool:
        """Stop the server; sessions that are open are ended, their transactions undone.

        Args:
            timeout_s: how long an orderly stop may take. After that the server is stopped at
                once; nothing that was confirmed is lost, the next start takes longer.
            force: stop even while another copy uses it.

        Returns:
            False when it was not running.

        Raises:
            ClusterInUse: another process holds it.
            StopFailed: it is still there.
        """
        with (
            locks.exclusive(self.layout.start_lock),
            locks.alone(self.layout.users_lock) as free,
        ):
            if liveness.server_pid(self.layout) is None:
                return False
            if not (free or force):
                self._refuse_if_others_use_it()
            server.end(self.layout, self.user, timeout_s=timeout_s)
            return True

    def _refuse_if_others_use_it(self) -> None:
        """Raise ClusterInUse unless this process alone holds the cluster."""
        users = set(locks.holders(self.layout.users_lock))
        if users == {os.getpid()}:
            return
        names = ", ".join(map(str, sorted(users - {os.getpid()}))) or "unknown"
        raise ClusterInUse(home=self.layout.home, processes=names)


def start(home: Path, *, report: Report | None = None) -> Cluster:
    """Make sure that the cluster of a home exists, runs and is prepared; creates what is missing.

    May be called any number of times, from many processes at once. Where everything is there,
    it asks the server one question and takes no lock.

    Args:
        home: the folder that is to hold the data; made if missing.
        report: told of each step that took time.

    Raises:
        ClusterError: one of its subclasses; each says what to do.
    """
    user = server_user()
    layout = layout_of(home, user)
    if _answers(layout, user):
        return Cluster(layout=layout, user=user)
    _make_home(layout, user)
    with locks.exclusive(layout.start_lock, report=report) as lock:
        layout = layout_of(home, user)
        if _answers(layout, user):  # somebody else was faster
            return Cluster(layout=layout, user=user)
        started = _bring_up(layout, user, lock=lock, report=report or _silent)
        return Cluster(layout=layout, user=user, started_here=started)


def find(home: Path) -> Cluster | None:
    """Return the cluster of a home, running or not; None when none was created. Makes nothing."""
    user = server_user()
    layout = layout_of(home, user)
    return Cluster(layout=layout, user=user) if layout.exists else None


def _answers(layout: Layout, user: ServerUser) -> bool:
    """Tell whether the server runs, answers and has all that it needs."""
    if not layout.exists or liveness.server_pid(layout) is None:
        return False
    check_run_folder(layout, user)
    try:
        return is_prepared(layout)
    except psycopg2.OperationalError:
        return False


def _bring_up(layout: Layout, user: ServerUser, *, lock: int, report: Report) -> bool:
    """Create, start and prepare, as far as needed; returns whether the server was started."""
    if os.path.lexists(layout.data):
        check_data_folder(layout, user)
    if not layout.exists:
        begin = time.perf_counter()
        installation = find_installation()
        check_run_folder(layout, user)
        create(layout, user, installation, lock=lock)
        report(
            f"made a database folder with PostgreSQL {installation.major} in {layout.data}"
            f" ({time.perf_counter() - begin:.1f} s)"
        )
    installation = _installation_for(layout)
    server.settle(layout, user)
    check_run_folder(layout, user)
    started = liveness.server_pid(layout) is None
    if started:
        _start_server(layout, user, installation, report=report)
    try:
        _prepare(layout, report=report)
    except BaseException:
        if started:  # a start that fails leaves nothing running
            server.end(layout, user, timeout_s=server.IMMEDIATE_STOP_S)
        raise
    return started


def _start_server(
    layout: Layout, user: ServerUser, installation: Installation, *, report: Report
) -> None:
    begin = time.perf_counter()
    if liveness.clear_traces(layout, user):
        report("the last server ended without saying goodbye; its log is played back")
    configure(layout.data, user)
    server.launch(layout, user, installation)
    report(f"started the database ({time.perf_counter() - begin:.1f} s)")


def _prepare(layout: Layout, *, report: Report) -> None:
    begin = time.perf_counter()
    try:
        if is_prepared(layout):
            return
    except psycopg2.OperationalError as problem:
        raise StartFailed(why=str(problem).strip(), log=layout.logs) from problem
    prepare(layout)
    report(f"made the roles, the database and PostGIS ({time.perf_counter() - begin:.1f} s)")


def _installation_for(layout: Layout) -> Installation:
    """Return the programs that made this data.

    Raises:
        OtherMajorVersion: only others are installed; nothing is touched.
    """
    made_by = layout.major()
    try:
        return find_installation(int(made_by))
    except (PostgresNotFound, ValueError) as problem:
        names = ", ".join(f"PostgreSQL {one.major}" for one in installations())
        raise OtherMajorVersion(
            data=layout.data, made_by=made_by, installed=names or "no PostgreSQL"
        ) from problem


def _make_home(layout: Layout, user: ServerUser) -> None:
    try:
        layout.home.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise HomeNotWritable(home=layout.home, user=user.name, why=problem.strerror) from problem
    if not os.access(layout.home, os.W_OK | os.X_OK):
        raise HomeNotWritable(home=layout.home, user=user.name, why="permission denied")


def _silent(_: str) -> None:
    """Report to nobody."""
