"""The database is killed in the middle of an import: all or nothing, and again it works.

The test looks into the server to see which statement runs, kills the server's processes with
SIGKILL at that moment, and checks that the import really was hit: it failed, saying so.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg2
import pytest

from gridmap import cluster
from tests.factories import INCIDENT_HEADER, write_chessboard

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS = 100_000
PHASES = {  # the first finds an empty table, the others what those before left
    "while indexes are built": "SELECT incidents_create_indexes",
    "while rows are copied": 'COPY "staged_incidents"',
    "while rows are inserted": "INSERT INTO incidents",
    "while months are added up": "DELETE FROM incident_months",
}
COLUMNS = (
    "--x", "lon", "--y", "lat", "--time", "time", "--id", "id", "--category", "category",
    "--tz", "Asia/Shanghai",
)  # fmt: skip
TOO_QUICK_TO_SEE = {
    "DELETE FROM incident_months": "LOCK TABLE incident_months IN SHARE MODE",
}
"""Statements that are made to wait until they are killed: each the first that changes its table."""
SEEN_WITHIN_S = 120
RUNNING = """
SELECT pid FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE %s || '%%'
"""


def command(home: Path, *arguments: object) -> list[str]:
    flask = [sys.executable, "-P", "-m", "flask", "--app", str(CHECKOUT / "app.py")]
    return flask + [str(argument) for argument in arguments]


def environment(home: Path) -> dict[str, str]:
    hidden = ("GRIDMAP_DATABASE_URL", "GRIDMAP_OWNER_URL", "GRIDMAP_ANALYSIS_URL")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"GRIDMAP_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}


def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, *arguments),
        env=environment(home),
        text=True,
        capture_output=True,
        timeout=180,
    )


def last_object(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def city():
    """A home with grids, and a file of incidents that takes a few seconds to import."""
    home = Path(tempfile.mkdtemp(prefix="gridmap-killed-", dir="/tmp"))
    home.chmod(0o755)
    grids = write_chessboard(home / "grids.geojson", 20, 20)
    rng = np.random.default_rng(3)
    lon, lat = 120 + rng.random(ROWS) * 0.2, 32 + rng.random(ROWS) * 0.2
    minute = rng.integers(0, 60 * 24 * 365, ROWS).astype("timedelta64[m]")
    times = np.datetime64("2025-01-01T00:00") + minute
    incidents = home / "incidents.csv"
    with incidents.open("w") as file:
        file.write(",".join(INCIDENT_HEADER) + "\n")
        file.writelines(
            f"{i},{x:.6f},{y:.6f},{t},theft\n"
            for i, (x, y, t) in enumerate(zip(lon, lat, times, strict=True))
        )
    last_object(run(home, "import", "grids", grids, "--code", "code", "--json"))
    yield home, incidents
    found = cluster.find(home)
    found.stop()
    shutil.rmtree(found.layout.data, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def kill_during(home: Path, importing: subprocess.Popen[str], statement: str) -> None:
    """Kill the server and the working backend as soon as a statement runs."""
    found = cluster.find(home)
    postmaster = found.status().pid
    deadline = time.monotonic() + SEEN_WITHIN_S
    with (
        closing(psycopg2.connect(found.libpq("postgres"))) as watcher,
        closing(psycopg2.connect(found.libpq("gridmap_owner"))) as holder,
    ):
        watcher.autocommit = True  # inside one transaction the activity would not change
        cursor = watcher.cursor()
        if statement in TOO_QUICK_TO_SEE:
            holder.cursor().execute(TOO_QUICK_TO_SEE[statement])
        while importing.poll() is None and time.monotonic() < deadline:
            cursor.execute(RUNNING, (statement,))
            backend = cursor.fetchone()
            if backend:
                os.kill(postmaster, signal.SIGKILL)
                os.kill(backend[0], signal.SIGKILL)
                return
            time.sleep(0.002)
    importing.kill()
    raise AssertionError(f"{statement!r} was not seen before the import ended, or in time")


def count(home: Path) -> tuple[int, int, int]:
    """Incidents, batches of incidents, audit rows about them."""
    found = cluster.start(home)
    with psycopg2.connect(found.libpq("postgres")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT (SELECT count(*) FROM incidents), "
            "(SELECT count(*) FROM batches WHERE kind = 'incidents'), "
            "(SELECT count(*) FROM audit_events WHERE action = 'incidents.imported')"
        )
        row = cursor.fetchone()
    connection.close()
    return row


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_an_import_is_whole_or_not_there(city, phase):
    home, incidents = city
    before = count(home)
    wanted = ("import", "incidents", incidents, *COLUMNS, "--source", phase, "--json")
    importing = subprocess.Popen(
        command(home, *wanted), env=environment(home), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip

    kill_during(home, importing, PHASES[phase])

    _, errors = importing.communicate(timeout=120)
    assert importing.returncode == 1
    assert "The database does not answer" in errors
    assert "Traceback" not in errors
    assert count(home) == before
    again = last_object(run(home, *wanted))
    assert (again["stored"], again["linked"]) == (ROWS, ROWS)
    assert count(home) == (before[0] + ROWS, before[1] + 1, before[2] + 1)
