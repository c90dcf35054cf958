"""The proofs of trust: the record, jobs, backup."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gridmap import cluster

CHECKOUT = Path(__file__).resolve().parents[2]


def environment(home: Path) -> dict[str, str]:
    hidden = ("GRIDMAP_DATABASE_URL", "GRIDMAP_OWNER_URL", "GRIDMAP_ANALYSIS_URL", "GRIDMAP_KEYS")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"GRIDMAP_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}


def gridmap(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command in a home."""
    program = [sys.executable, "-P", "-m", "flask", "--app", str(CHECKOUT / "app.py")]
    return subprocess.run(
        program + [str(argument) for argument in arguments],
        env=environment(home), text=True, capture_output=True, timeout=180,
    )  # fmt: skip


@pytest.fixture
def new_home():
    """Make homes; with the test they end, databases included."""
    made = []

    def make() -> Path:
        home = Path(tempfile.mkdtemp(prefix="gridmap-trust-", dir="/tmp"))
        home.chmod(0o755)
        made.append(home)
        return home

    yield make
    for home in made:
        found = cluster.find(home)
        if found is not None:
            found.stop(force=True)
            shutil.rmtree(found.layout.data, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def until(true, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


# -- jobs ---------------------------------------------------------------------------------------


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN gridmap_jobs'"


def workers_on(home: Path) -> str:
    return gridmap(home, "database", "psql", "--", "-Atc", LISTENING).stdout.strip()


@pytest.mark.slow
def test_the_server_has_a_worker_starts_it_again_and_ends_it_in_time(new_home):
    home = new_home()
    gridmap(home, "database", "start")
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "gridmap.web.serve", "--port", "8793", "--no-sample"],
        env=environment(home),
    )
    try:
        until(lambda: workers_on(home) == "1")
        first = children(server.pid)
        for child in first:  # gunicorn starts its own again, and the worker is started again
            os.kill(child, signal.SIGKILL)
        until(lambda: len(children(server.pid) - first) == len(first))
        until(lambda: workers_on(home) == "1")

        begin = time.monotonic()
        server.send_signal(signal.SIGTERM)

        assert server.wait(10) == 0
        assert time.monotonic() - begin < 5
    finally:
        server.kill()
        server.wait()
    assert workers_on(home) == "0"
