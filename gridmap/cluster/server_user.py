"""The operating system user under whom the server runs, and acting as that user."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridmap.cluster.errors import NoServerUser

ROOT_RUNS_AS = "postgres"


@dataclass(frozen=True)
class ServerUser:
    """Whoever owns the data folder and runs the server: postgres under root, else ourselves."""

    name: str
    uid: int
    gid: int
    home: str
    switch: bool
    """Whether we are root and must become this user to act as it."""

    def run(
        self,
        command: Sequence[str],
        *,
        text_in: str | None = None,
        keep_open: Sequence[int] = (),
        timeout_s: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in a session of its own so that Ctrl-C does not reach it.

        Returns:
            The finished process with its output as text; the exit code is the caller's to read.
        """
        return subprocess.run(  # noqa: S603 - fixed programs, no shell text from outside
            list(command),
            input=text_in,
            stdin=subprocess.DEVNULL if text_in is None else None,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd="/",
            check=False,
            timeout=timeout_s,
            start_new_session=True,
            pass_fds=tuple(keep_open),
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def may_pass(self, folder: Path) -> bool:
        """Tell whether this user can enter a folder that exists."""
        if not self.switch:
            return os.access(folder, os.X_OK)
        return self.run(["/usr/bin/test", "-x", str(folder)]).returncode == 0

    def write(self, path: Path, text: str) -> bool:
        """Write a small file as this user, whole or not at all; False when that failed.

        Root never writes into the data folder itself: a link that its owner planted there
        would lead the write elsewhere.
        """
        script = 'umask 077; cat > "$1.new" && mv -f "$1.new" "$1"'
        done = self.run(["/bin/sh", "-c", script, "sh", str(path)], text_in=text)
        return done.returncode == 0

    def remove(self, *paths: Path) -> None:
        """Remove files and folders as this user; what is not there does not matter."""
        self.run(["/bin/rm", "-rf", "--", *map(str, paths)])

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": self.home,
            "TZ": "UTC",
        }


def server_user() -> ServerUser:
    """Return postgres when we are root, else the user who runs this.

    Raises:
        NoServerUser: root without a user postgres, or a user id without a name.
    """
    root = os.geteuid() == 0
    try:
        entry = pwd.getpwnam(ROOT_RUNS_AS) if root else pwd.getpwuid(os.geteuid())
    except KeyError as problem:
        why = (
            "there is no user postgres" if root else f"the user id {os.geteuid()} has no user name"
        )
        raise NoServerUser(why=why) from problem
    return ServerUser(
        name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, home=entry.pw_dir, switch=root
    )
