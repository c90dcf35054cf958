"""The proofs of trust: the record, jobs, backup; keys, retention, erasure of persons."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from gridmap import cluster
from tests.factories import write_chessboard
from tests.waiting import until

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
        until(lambda: workers_on(home) == "1", seconds=30)
        first = children(server.pid)
        for child in first:  # gunicorn starts its own again, and the worker is started again
            os.kill(child, signal.SIGKILL)
        until(lambda: len(children(server.pid) - first) == len(first), seconds=30)
        until(lambda: workers_on(home) == "1", seconds=30)

        begin = time.monotonic()
        server.send_signal(signal.SIGTERM)

        assert server.wait(10) == 0
        assert time.monotonic() - begin < 5
    finally:
        server.kill()
        server.wait()
    assert workers_on(home) == "0"


# -- Persons: keys, retention, erasure -----------------------------------------------------------
PEOPLE = 400
AT_ONCE = 20


@pytest.fixture
def people(fresh_database, test_home, tmp_path, monkeypatch):
    """A city with residents that are committed, and a key folder of its own."""
    from gridmap.auth import installation
    from gridmap.core import keys, settings
    from gridmap.web import wiring
    from tests.factories import centre, import_chessboard, import_residents

    monkeypatch.setenv("GRIDMAP_KEYS", str(tmp_path / "keys"))
    settings.settings.cache_clear()
    keys._read.cache_clear()
    wiring.connect()
    installation.install(fresh_database["owner"])
    import_chessboard(tmp_path)
    import_residents(
        tmp_path,
        [(f"Person {n}", "", f"555{n:04d}", *centre(n % 4, n // 4 % 4), f"Door {n}")
         for n in range(PEOPLE)],
    )  # fmt: skip
    yield fresh_database
    monkeypatch.undo()
    settings.settings.cache_clear()
    keys._read.cache_clear()


def all_in_full():
    """Every person's name, telephone number and door, decrypted."""
    from sqlalchemy import select

    from gridmap.core.actor import SYSTEM
    from gridmap.core.database import transaction
    from gridmap.residents.models import Resident
    from gridmap.residents.persons import opened

    with transaction(SYSTEM) as session:
        residents = session.scalars(select(Resident).order_by(Resident.id)).all()
        found = opened(session, residents)
        numbers = {resident.key_number for resident in residents}
    return [(one.name, one.phone, one.homes[0].detail) for one in found], numbers


EVERYBODY = [(f"Person {n}", f"555{n:04d}", f"Door {n}") for n in range(PEOPLE)]


def start_rotation(urls) -> subprocess.Popen[str]:
    program = [sys.executable, "-P", "-u", "-m", "flask", "--app", str(CHECKOUT / "app.py")]
    where = {"GRIDMAP_DATABASE_URL": urls["app"], "GRIDMAP_OWNER_URL": urls["owner"],
             "PYTHONPATH": str(CHECKOUT)}  # fmt: skip
    return subprocess.Popen(
        [*program, "keys", "rotate", "--rows", str(AT_ONCE)], env=os.environ | where,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_a_rotation_that_is_killed_goes_on_and_everything_stays_readable(people):
    from gridmap.core.key_ring import key_ring

    for batches in (1, 3):  # killed twice, each time a little later
        running = start_rotation(people)
        seen = 0
        for line in running.stdout:
            seen += " rows" in line
            if seen == batches:
                running.send_signal(signal.SIGKILL)
                break
        running.wait(60)
        running.stdout.close()
        assert running.returncode == -signal.SIGKILL
        texts, numbers = all_in_full()
        assert texts == EVERYBODY
        assert numbers == {1, 2}, "it was killed in the middle"
        assert key_ring().numbers == (1, 2)

    ended = start_rotation(people)
    said = ended.communicate(timeout=120)[0]

    assert ended.returncode == 0, said
    assert "going on with it" in said
    assert "Retired: 1" in said
    assert all_in_full() == (EVERYBODY, {2})
    assert key_ring().numbers == (2,)
    assert key_ring().current == 2


def test_without_its_key_a_rotation_changes_nothing(people):
    from gridmap.core.key_ring import key_ring

    key = key_ring().folder / "data-1.key"
    kept = key.read_bytes()
    key.unlink()

    refused = start_rotation(people)
    said = refused.communicate(timeout=120)[0]

    assert refused.returncode == 1
    assert "Key 1 is not in the key folder" in said
    key.write_bytes(kept)
    assert all_in_full()[0] == EVERYBODY


def test_an_erased_person_is_nowhere_in_the_database(people):
    from sqlalchemy import create_engine, text

    from gridmap.core.actor import SYSTEM
    from gridmap.core.database import transaction
    from gridmap.residents import changes, persons

    with transaction(SYSTEM) as session:
        found = persons.search(session, SYSTEM, field="name", words="Person 7")
        changes.erase(session, SYSTEM, found[0].id, reason="asked for it")

    with transaction(SYSTEM) as session:
        assert persons.search(session, SYSTEM, field="name", words="Person 7") == []
    engine = create_engine(people["postgres"])
    with engine.connect() as connection:  # past every policy
        for table in ("residents", "residences", "resident_versions"):
            key = "id" if table == "residents" else "resident_id"
            left = connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {key} = :n"),
                                     {"n": found[0].id})  # fmt: skip
            assert left == 0, table
        ledger = connection.execute(text("SELECT rule, subject_id FROM disposals")).all()
    engine.dispose()
    assert ledger == [("erasure", found[0].id)]


def test_retention_takes_what_is_too_old_once_and_says_so(people, run):
    from sqlalchemy import text

    from gridmap.core.actor import SYSTEM
    from gridmap.core.database import transaction

    with transaction(SYSTEM) as session:
        session.execute(text("UPDATE residences SET valid = daterange('1999-01-01', '2001-01-01') "
                             "WHERE resident_id % 4 = 0"))  # fmt: skip
        old = session.scalar(text("SELECT count(*) FROM residents WHERE id % 4 = 0"))

    foretold = run("retention", "run", "--dry-run").output
    done = run("retention", "run").output
    again = run("retention", "run").output

    assert f"{old} would go" in foretold
    assert f"{old} went" in done
    assert " 0 went" in again
    assert str(old) not in again
    assert len(all_in_full()[0]) == PEOPLE - old
    assert f"moved_out        residents             {old}" in " ".join(
        run("retention", "ledger").output.splitlines()
    )


# -- the record ---------------------------------------------------------------------------------

TAMPERING = {  # past triggers and policies, as only a superuser can
    "UPDATE audit_events SET actor = 'another' WHERE id = 2": "Row 2 was changed",
    "DELETE FROM audit_events WHERE id = 2": "Row 2 is missing",
    "DELETE FROM audit_seals WHERE number = 2; DELETE FROM audit_events WHERE id > 2": (
        "The trail was cut"
    ),
    "UPDATE audit_events SET id = CASE id WHEN 1 THEN -2 ELSE -1 END WHERE id IN (1, 2);"
    " UPDATE audit_events SET id = -id WHERE id < 0": "Rows 1 and 2 changed places",
    "UPDATE audit_seals SET number = -number; UPDATE audit_seals SET number = 3 + number"
    " WHERE number < 0": "Seal 1 was changed",
}


@pytest.mark.slow
def test_every_kind_of_tampering_is_named(new_home):
    home = new_home()
    for columns in (2, 3):
        write_chessboard(home / f"{columns}.geojson", columns, 2)
        gridmap(home, "import", "grids", home / f"{columns}.geojson", "--code", "code")
        gridmap(home, "import", "undo", columns - 1)
        said(gridmap(home, "audit", "seal"))
    assert "2 seals" in said(gridmap(home, "audit", "verify"))

    for statements, words in TAMPERING.items():
        with closing(psycopg2.connect(cluster.find(home).libpq("postgres"))) as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE TABLE events_before AS TABLE audit_events")
            cursor.execute("CREATE TABLE seals_before AS TABLE audit_seals")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statements)
            connection.commit()
            assert words in said(gridmap(home, "audit", "verify"), 1)
            for kept, table in (("events_before", "audit_events"), ("seals_before", "audit_seals")):
                cursor.execute(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {kept}")
                cursor.execute(f"DROP TABLE {kept}")
            connection.commit()
        assert "as they were sealed" in said(gridmap(home, "audit", "verify"))


# -- backup -------------------------------------------------------------------------------------


def ask(home: Path, question: str) -> list[tuple]:
    """Ask as a superuser, from whom no policy hides a row."""
    with closing(psycopg2.connect(cluster.find(home).libpq("postgres"))) as connection:
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchall()


def said(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_backup_is_restored_whole_and_every_bad_one_is_refused(new_home, tmp_path):
    home, other = new_home(), new_home()
    write_chessboard(home / "grids.geojson", 3, 3)
    write_incidents(home / "incidents.csv")
    said(gridmap(home, "import", "grids", home / "grids.geojson", "--code", "code"))
    said(gridmap(home, "import", "incidents", home / "incidents.csv", *COLUMNS))
    said(gridmap(home, "audit", "seal"))
    (home / "rejects").mkdir(exist_ok=True)
    (home / "rejects" / "1.csv").write_text("line,reason\n")
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse battery staple")
    backup, keys = tmp_path / "city.backup", tmp_path / "city.keys"

    assert "Every count is that of the database" in said(gridmap(home, "backup", backup))
    said(gridmap(home, "backup", "--keys", keys, "--passphrase-file", phrase))

    for secret in (home / "keys").glob("*.key"):
        assert secret.read_bytes() not in backup.read_bytes()
    assert "never written over" in said(gridmap(home, "backup", backup), 2)

    # -- refused, nothing touched
    assert "another key" in said(gridmap(other, "restore", backup), 2)
    assert "passphrase" in said(gridmap(other, "restore", backup, "--passphrase-file", phrase), 2)
    shutil.rmtree(other / "keys")
    said(gridmap(other, "restore", "--keys", keys, "--passphrase-file", phrase))
    for name, bad in damaged(backup.read_bytes()).items():
        file = tmp_path / name
        file.write_bytes(bad)
        assert "nothing was changed" in said(gridmap(other, "restore", file), 2).lower(), name
    (other / "keys" / "seals.key").rename(other / "seals.key")
    assert "seals.key" in said(gridmap(other, "restore", backup), 1)
    assert not (other / "database").exists()
    (other / "seals.key").rename(other / "keys" / "seals.key")

    # -- restored
    assert "counts and policies are those of then" in said(gridmap(other, "restore", backup))
    for question in (
        "SELECT count(*), sum(id), min(grid_code) FROM incidents",
        "SELECT string_agg(tablename || policyname || coalesce(qual, ''), ',' "
        "ORDER BY tablename, policyname) FROM pg_policies",
        "SELECT max(number) FROM audit_seals",
    ):
        assert ask(home, question)[0] not in [(None,), (0,)]
        assert ask(home, question) == ask(other, question)
    assert (other / "rejects" / "1.csv").read_text() == "line,reason\n"
    assert "as they were sealed" in said(gridmap(other, "audit", "verify"))
    said(gridmap(other, "import", "undo", "2"))
    assert "Sealed" in said(gridmap(other, "audit", "seal"))
    assert "as they were sealed" in said(gridmap(other, "audit", "verify"))
    assert "not empty" in said(gridmap(other, "restore", backup), 1)


COLUMNS = ("--x", "lon", "--y", "lat", "--time", "time", "--id", "id", "--category", "category",
           "--tz", "Asia/Shanghai")  # fmt: skip


def write_incidents(path: Path) -> None:
    rows = "".join(
        f"{number},2026-01-0{number % 9 + 1} 10:00,theft,{120.0 + number * 1e-5},32.001\n"
        for number in range(500)
    )
    path.write_text("id,time,category,lon,lat\n" + rows)


def damaged(whole: bytes) -> dict[str, bytes]:
    """Name → bytes of a backup that was cut or changed."""
    middle = len(whole) // 2
    return {
        "cut at the end": whole[:-1],
        "cut in the middle": whole[:middle],
        "one bit": whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:],
        "longer": whole + b"x",
        "nothing": b"",
        "another file": b"PGDMP" + whole,
    }
