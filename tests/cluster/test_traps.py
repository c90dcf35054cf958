"""What went wrong on real machines, once each."""

import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from gridmap.cluster import creation, find, liveness, start
from gridmap.cluster.configuration import fixed_options
from gridmap.cluster.errors import (
    ClusterInUse,
    CreationFailed,
    ForeignFolder,
    HomeNotWritable,
    NoServerUser,
    NoSpaceLeft,
    NotADatabase,
    OtherMajorVersion,
    PostgresNotFound,
    StartFailed,
    UnreachableHome,
)
from gridmap.cluster.installation import Installation, find_installation
from gridmap.cluster.layout import check_run_folder, layout_of
from gridmap.cluster.server_user import server_user
from tests.cluster.conftest import (
    AS_ROOT,
    NOBODY,
    as_nobody,
    as_root_only,
    in_child,
    remove_cluster,
    tree_of,
)
from tests.waiting import until


def kill_server(cluster):
    """End the server as a crash does, and wait until its process is gone or a zombie."""
    pid = cluster.status().pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not liveness.is_alive(pid))
    return pid


def execute(cluster, statement, *, role="gridmap_owner"):
    with closing(psycopg2.connect(cluster.libpq(role))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


# -- the server dies ---------------------------------------------------------------------------


def test_killed_server_starts_again_with_what_was_confirmed(made_home):
    cluster = start(made_home)
    execute(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
    killed = kill_server(cluster)
    assert cluster.layout.pid_file.exists(), "a killed server leaves its lock file"

    again = start(made_home)

    assert again.started_here
    assert again.status().pid != killed
    assert execute(again, "SELECT answer FROM kept") == [(42,)]


def test_killed_server_with_a_statement_still_running_starts_again(made_home):
    cluster = start(made_home)
    sleeper = psycopg2.connect(cluster.libpq())
    backend = sleeper.info.backend_pid
    burn = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"

    def work():
        with pytest.raises(psycopg2.OperationalError):
            sleeper.cursor().execute(burn)

    worker = threading.Thread(target=work)
    worker.start()
    activity = f"SELECT state FROM pg_stat_activity WHERE pid = {backend}"
    until(lambda: execute(cluster, activity, role="postgres") == [("active",)])
    kill_server(cluster)
    assert liveness.is_alive(backend), "else this tests nothing: the worker ended by itself"

    again = start(made_home)

    assert not liveness.is_alive(backend)
    assert execute(again, "SELECT 1") == [(1,)]
    worker.join()
    sleeper.close()


def stopped_with_lock_file_naming(home, pid):
    """A home whose server is down, with a lock file left that names some process."""
    cluster = start(home)
    lines = cluster.layout.pid_file.read_text().splitlines()
    cluster.stop()
    cluster.user.write(cluster.layout.pid_file, "\n".join([str(pid), *lines[1:], ""]))
    assert cluster.layout.pid_file.exists()
    return cluster


def test_lock_file_that_names_a_zombie_does_not_stop_a_start(made_home):
    child = subprocess.Popen(["true"])
    until(lambda: Path(f"/proc/{child.pid}/stat").read_text().split()[2] == "Z")
    stopped_with_lock_file_naming(made_home, child.pid)
    assert find(made_home).status().state == "stopped"

    cluster = start(made_home)

    assert cluster.started_here
    assert os.kill(child.pid, 0) is None, "still a zombie: that is the trap"
    child.wait()


def test_zombie_of_our_own_server_does_not_stop_a_start(made_home):
    cluster = start(made_home)
    layout, user = cluster.layout, cluster.user
    cluster.stop()
    check_run_folder(layout, user)
    program = find_installation().program("postgres")
    server = subprocess.Popen(  # as our own child, which nobody waits for
        [program, "-D", str(layout.data), *fixed_options(layout)],
        user=user.uid if user.switch else None,
        group=user.gid if user.switch else None,
        extra_groups=[] if user.switch else None,
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},
        stderr=subprocess.DEVNULL,
    )
    until(lambda: find(made_home).status().pid == server.pid and layout.socket.exists())
    server.send_signal(signal.SIGKILL)
    until(lambda: Path(f"/proc/{server.pid}/stat").read_text().split()[2] == "Z")

    again = start(made_home)

    assert again.started_here
    assert again.status().pid != server.pid
    server.wait()


def test_lock_file_that_names_a_strangers_process_does_not_stop_a_start(made_home):
    stopped_with_lock_file_naming(made_home, os.getpid())

    cluster = start(made_home)

    assert cluster.started_here


def test_lock_file_that_names_another_homes_server_leaves_that_one_alone(running, made_home):
    other = running.status().pid
    stopped_with_lock_file_naming(made_home, other)

    cluster = start(made_home)

    assert cluster.status().pid != other
    assert running.status().pid == other
    assert execute(running, "SELECT 1") == [(1,)]


def test_server_whose_socket_was_swept_away_is_started_afresh(made_home):
    cluster = start(made_home)
    shutil.rmtree(cluster.layout.run)

    again = start(made_home)

    assert again.started_here
    assert execute(again, "SELECT 1") == [(1,)]


def test_server_that_cannot_start_says_why_in_its_own_words(made_home):
    own = made_home / "database" / "conf.d" / "50-own.conf"
    find(made_home).user.write(own, "shared_buffers = 'a lot'\n")

    with pytest.raises(StartFailed, match=r"configuration file .* contains errors"):
        start(made_home)

    assert find(made_home).status().state == "stopped"


def test_server_that_is_just_going_down_is_waited_for(made_home):
    cluster = start(made_home)
    os.kill(cluster.status().pid, signal.SIGTERM)

    again = start(made_home)

    assert execute(again, "SELECT 1") == [(1,)]


# -- somebody else uses it ---------------------------------------------------------------------


def test_stop_is_refused_while_another_copy_uses_it(running):
    done, go = os.pipe()

    def use():
        with find(running.layout.home).hold():
            os.read(done, 1)

    child = in_child(use)
    until(lambda: child.pid in running.status().used_by)

    with pytest.raises(ClusterInUse, match=str(child.pid)):
        running.stop()

    assert execute(running, "SELECT 1") == [(1,)]
    os.write(go, b"x")
    child.result()
    assert running.status().used_by == []
    os.close(go)
    os.close(done)


def test_stop_by_force_stops_under_another_copy(made_home):
    cluster = start(made_home)

    done, go = os.pipe()

    def use():
        with find(made_home).hold():
            os.read(done, 1)

    child = in_child(use)
    until(lambda: child.pid in cluster.status().used_by)
    assert cluster.stop(force=True)

    assert find(made_home).status().state == "stopped"
    os.write(go, b"x")
    child.result()
    os.close(go)
    os.close(done)


def test_stop_by_the_only_one_who_uses_it_is_no_quarrel(made_home):
    cluster = start(made_home)

    with cluster.hold():
        assert cluster.stop()


def test_stop_of_a_stopped_cluster_says_so(made_home):
    cluster = start(made_home)

    assert cluster.stop() is True
    assert cluster.stop() is False


def test_holding_a_stopped_cluster_starts_it(made_home):
    cluster = start(made_home)
    cluster.stop()

    with cluster.hold():
        assert cluster.status().state == "running"


def test_stop_is_over_in_time_though_a_session_is_busy(made_home):
    cluster = start(made_home)
    with closing(psycopg2.connect(cluster.libpq())) as session:
        session.cursor().execute("SELECT 1")
        begin = time.monotonic()

        cluster.stop(timeout_s=2)

    assert time.monotonic() - begin < 5
    assert not cluster.layout.pid_file.exists()


# -- folders of others -------------------------------------------------------------------------


def run_folder_of(home):
    return layout_of(home, server_user()).run


def test_run_folder_open_to_others_is_refused(home):
    folder = run_folder_of(home)
    folder.mkdir()
    folder.chmod(0o777)
    os.chown(folder, server_user().uid, server_user().gid)
    before = tree_of(folder)

    with pytest.raises(ForeignFolder, match="open to others"):
        start(home)

    assert tree_of(folder) == before
    assert not (home / "database").exists()
    folder.rmdir()


@as_root_only("it gives folders away")
def test_run_folder_of_somebody_else_is_refused(home):
    folder = run_folder_of(home)
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    before = tree_of(folder)

    with pytest.raises(ForeignFolder, match="belongs to somebody else"):
        start(home)

    assert tree_of(folder) == before
    assert not (home / "database").exists()
    folder.rmdir()


def test_link_in_place_of_the_run_folder_is_refused(home, base):
    target = base / "target"
    target.mkdir(mode=0o700)
    os.chown(target, server_user().uid, server_user().gid)
    folder = run_folder_of(home)
    folder.symlink_to(target)

    with pytest.raises(ForeignFolder, match="is not a folder"):
        start(home)

    assert list(target.iterdir()) == []
    folder.unlink()


@as_root_only("it becomes somebody else")
def test_data_of_another_user_is_refused(running):
    def try_to_start():
        try:
            start(running.layout.home)
        except HomeNotWritable as problem:
            return str(problem)
        return "came in"

    assert "cannot be written by nobody" in as_nobody(try_to_start)


@as_root_only("it gives folders away")
def test_root_does_not_take_over_the_data_of_an_ordinary_user(base):
    base.chmod(0o777)
    home = base / "theirs"
    as_nobody(lambda: start(home).stop())
    before = tree_of(home / "database")

    with pytest.raises(ForeignFolder, match="belongs to somebody else"):
        start(home)

    assert tree_of(home / "database") == before


@as_root_only("postgres can enter every home of ours otherwise")
def test_home_that_was_closed_later_is_named(made_home):
    start(made_home).stop()
    made_home.chmod(0o700)

    with pytest.raises(UnreachableHome, match="postgres"):
        start(made_home)

    made_home.chmod(0o755)


def test_place_taken_by_other_files_is_refused(home):
    place = home / "database"
    place.mkdir(parents=True, mode=0o700)
    (place / "photo.jpg").write_text("mine")
    os.chown(place, server_user().uid, server_user().gid)
    before = tree_of(place)

    with pytest.raises(NotADatabase):
        start(home)

    assert tree_of(place) == before


@as_root_only("it becomes somebody else")
def test_home_that_cannot_be_made_is_named(base):
    def try_to_start():
        try:
            start(base / "no" / "right")
        except HomeNotWritable as problem:
            return str(problem)
        return "came in"

    assert "GRIDMAP_HOME" in as_nobody(try_to_start)


# -- other versions, none at all ---------------------------------------------------------------


def test_data_of_another_major_version_is_left_alone(made_home):
    cluster = start(made_home)
    cluster.stop()
    cluster.user.write(cluster.layout.data / "PG_VERSION", "9\n")
    before = tree_of(cluster.layout.data)
    here = find_installation().major

    with pytest.raises(OtherMajorVersion, match=rf"PostgreSQL 9.*PostgreSQL {here}") as problem:
        start(made_home)

    assert "Nothing was touched" in str(problem.value)
    assert tree_of(cluster.layout.data) == before


def test_machine_without_postgresql_is_told_the_packages(home, monkeypatch, tmp_path):
    monkeypatch.setattr("gridmap.cluster.installation.DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PostgresNotFound, match="apt-get install postgresql"):
        start(home)

    assert not (home / "database").exists()


def test_programs_without_postgis_do_not_count(tmp_path, monkeypatch):
    for name in ("initdb", "postgres", "pg_config"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {tmp_path}\n")
        program.chmod(0o755)
    monkeypatch.setattr("gridmap.cluster.installation.DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PostgresNotFound):
        find_installation()


def test_programs_on_the_path_are_found(monkeypatch, tmp_path):
    debian = find_installation()
    share = subprocess.run(
        [debian.program("pg_config"), "--sharedir"], capture_output=True, text=True, check=True
    )
    (tmp_path / "pg_config").write_text(f"#!/bin/sh\necho {share.stdout.strip()}\n")
    (tmp_path / "pg_config").chmod(0o755)
    for name in ("initdb", "postgres"):
        (tmp_path / name).symlink_to(debian.program(name))
    monkeypatch.setattr("gridmap.cluster.installation.DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_installation() == Installation(bin=tmp_path, major=debian.major)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the server as somebody else")
def test_root_without_the_user_postgres_is_told_so(home, monkeypatch):
    monkeypatch.setattr("gridmap.cluster.server_user.ROOT_RUNS_AS", "nobody-of-this-name")

    with pytest.raises(NoServerUser, match="there is no user"):
        start(home)


# -- interrupted, or out of space --------------------------------------------------------------


def test_interrupted_creation_is_repeated_from_the_beginning(home):
    making = home / "database.making"
    child = in_child(lambda: start(home))
    until(lambda: (making / "PG_VERSION").exists())
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    assert not (home / "database").exists(), "killed too late: this tests nothing"

    cluster = start(home)

    assert execute(cluster, "SELECT 1") == [(1,)]
    assert not making.exists()


def test_creation_that_failed_leaves_nothing_behind(home, monkeypatch):
    broken = Installation(bin=Path("/bin"), major=find_installation().major)
    monkeypatch.setattr(Installation, "program", lambda self, name: "/bin/false")
    monkeypatch.setattr("gridmap.cluster.control.find_installation", lambda *_: broken)

    with pytest.raises(CreationFailed):
        start(home)

    assert sorted(path.name for path in home.iterdir()) == ["cluster.lock"]


@as_root_only("it mounts a small disk")
def test_too_small_a_disk_is_named_before_anything_is_made(small_disk):
    home = small_disk(100) / "home"

    with pytest.raises(NoSpaceLeft, match=r"\d+ MB are free"):
        start(home)

    assert sorted(path.name for path in home.iterdir()) == ["cluster.lock"]


@as_root_only("it mounts a small disk")
@pytest.mark.parametrize("size_mb", [20, 40, 45])
def test_disk_that_fills_up_on_the_way_leaves_nothing_half_made(small_disk, monkeypatch, size_mb):
    monkeypatch.setattr(creation, "NEEDED_MB", 0)
    home = small_disk(size_mb) / "home"

    with pytest.raises(NoSpaceLeft, match="No space left"):
        start(home)

    assert not (home / "database.making").exists()
    cluster = find(home)
    assert cluster is None or cluster.status().state == "stopped"
    small_disk(300)
    assert execute(start(home), "SELECT 1") == [(1,)]
    remove_cluster(home)
