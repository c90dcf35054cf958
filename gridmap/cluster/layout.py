"""Where the files of one private cluster are: data, socket, locks, logs.

A home keeps its data in `HOME/database`. Under root the server runs as postgres, who may not be
able to get there (a home of mode 0700): then the data lies in /var/lib/gridmap, under a name made
from the path that was wanted. The socket lies in a short folder elsewhere, because its address
must fit into 107 bytes however long the home's path is.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import ForeignFolder, SocketPathTooLong, UnreachableHome
from gridmap.cluster.server_user import ServerUser

PORT = 5432
"""Only a part of the socket's name; no TCP port is ever opened."""
FALLBACK = Path("/var/lib/gridmap")
SOCKET_BYTES = 107
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Layout:
    """The places of one cluster's files."""

    home: Path
    data: Path
    run: Path

    @property
    def exists(self) -> bool:
        """Whether a cluster has been created here."""
        return os.path.isfile(self.data / "PG_VERSION")  # False where we may not look

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.run / f".s.PGSQL.{PORT}"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own lock file."""
        return self.data / "postmaster.pid"

    @property
    def making(self) -> Path:
        """The folder in which a new cluster is made before it gets its name."""
        return self.data.with_name(self.data.name + ".making")

    @property
    def start_lock(self) -> Path:
        """Locked while somebody creates, starts or stops the server."""
        return self.home / "cluster.lock"

    @property
    def users_lock(self) -> Path:
        """Locked, shared, by everybody who uses the server."""
        return self.home / "cluster.users"

    @property
    def startup_log(self) -> Path:
        """What the server says before its own log is open; new at each start."""
        return self.data / "startup.log"

    @property
    def logs(self) -> Path:
        """The server's log, one file a weekday, each overwritten after a week."""
        return self.data / "log"

    def major(self) -> str:
        """Return the major version that made the data, as PostgreSQL wrote it down."""
        return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()


def layout_of(home: Path, user: ServerUser) -> Layout:
    """Say where the files of a home are, or would be; makes nothing.

    Raises:
        SocketPathTooLong: cannot happen with the folders of today; guards a change.
    """
    home = home.expanduser().resolve()
    tag = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    near, far = home / "database", FALLBACK / tag
    base = Path("/run") if user.switch else Path("/tmp")  # noqa: S108 - owner and mode are checked
    run = base / (f"gridmap-{tag}" if user.switch else f"gridmap-{user.uid}-{tag}")
    layout = Layout(home=home, data=_choose_data(near, far, user), run=run)
    if len(os.fsencode(layout.socket)) > SOCKET_BYTES:
        raise SocketPathTooLong(path=layout.socket)
    return layout


def _choose_data(near: Path, far: Path, user: ServerUser) -> Path:
    """Prefer the place where data is already; else the nearest that the server's user can reach."""
    if not user.switch or os.path.exists(near / "PG_VERSION"):
        return near
    if (far / "PG_VERSION").exists():
        return far
    standing = next(folder for folder in (near.parent, *near.parents) if folder.exists())
    return near if user.may_pass(standing) else far


def check_run_folder(layout: Layout, user: ServerUser) -> None:
    """Make the socket's folder, or make sure that the one there is ours alone.

    Its name can be guessed and /tmp is open to all: somebody may have put another folder or
    a link there.

    Raises:
        ForeignFolder: it belongs to somebody else or lets others in; nothing is changed.
    """
    try:
        layout.run.mkdir(mode=0o700)
        if user.switch:
            os.chown(layout.run, user.uid, user.gid)
    except FileExistsError:
        _require_own(layout.run, user)


def check_data_folder(layout: Layout, user: ServerUser) -> None:
    """Make sure that existing data belongs to the server's user, who can also get there.

    Raises:
        ForeignFolder: it belongs to somebody else or lets others in; nothing is changed.
        UnreachableHome: a folder above it is closed.
    """
    _require_own(layout.data, user)
    if not user.may_pass(layout.data):
        raise UnreachableHome(data=layout.data, user=user.name)


def _require_own(folder: Path, user: ServerUser) -> None:
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode):
        why = "is not a folder"
    elif state.st_uid != user.uid:
        why = f"belongs to somebody else (user id {state.st_uid})"
    elif state.st_mode & OPEN_TO_OTHERS:
        why = f"is open to others (mode {stat.S_IMODE(state.st_mode):04o})"
    else:
        return
    raise ForeignFolder(folder=folder, why=why, user=user.name)
