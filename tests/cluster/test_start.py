import os
import statistics
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from gridmap.cluster import Cluster, find, start
from gridmap.cluster.layout import SOCKET_BYTES
from tests.cluster.conftest import AS_ROOT, as_nobody, as_root_only, in_child, remove_cluster

ROLES = ("gridmap_owner", "gridmap_app", "gridmap_analysis")


def ask(cluster: Cluster, question: str, *, role: str = "gridmap_app") -> object:
    with closing(psycopg2.connect(cluster.libpq(role))) as connection:
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchone()[0]


def test_new_home_gets_a_cluster_with_roles_database_and_extensions(home):
    said = []

    cluster = start(home, report=said.append)

    assert cluster.started_here
    assert [line.split(" ")[0] for line in said] == ["made", "started", "made"]
    extensions = ask(cluster, "SELECT array_agg(extname::text) FROM pg_extension")
    assert {"postgis", "btree_gist"} <= set(extensions)
    owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'gridmap'"
    assert ask(cluster, owner) == "gridmap_owner"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_logs_in_and_has_no_power_over_rows(running, role):
    name = ask(running, "SELECT session_user::text", role=role)
    power = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"

    assert name == role
    assert ask(running, f"{power} WHERE rolname = current_user", role=role) is False


def test_application_role_may_not_create_tables(running):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(running, "CREATE TABLE mine (id int)")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("synchronous_commit", "on"),
        ("fsync", "on"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", ""),
        ("log_truncate_on_rotation", "on"),
    ],
)
def test_setting_is_as_documented(running, setting, value):
    assert ask(running, f"SHOW {setting}") == value


def test_database_sorts_by_code_point(running):
    question = "SELECT datcollate FROM pg_database WHERE datname = current_database()"

    assert ask(running, question).lower().replace("-", "") == "c.utf8"


def test_no_tcp_port_is_open(running):
    pid = running.status().pid
    links = [entry.readlink().name for entry in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {name.removeprefix("socket:[").rstrip("]") for name in links if "socket" in name}

    tcp = [
        line.split()[9]
        for table in ("tcp", "tcp6")
        if Path(f"/proc/{pid}/net/{table}").exists()
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]

    assert sockets, "the server has at least its own socket: else this test looks elsewhere"
    assert not sockets & set(tcp)


def test_only_its_owner_may_enter_the_socket_folder(running):
    state = running.layout.run.stat()

    assert state.st_mode & 0o777 == 0o700
    assert state.st_uid == running.user.uid


def test_second_start_changes_nothing_and_is_quick(running):
    took = []
    for _ in range(5):
        begin = time.perf_counter()
        again = start(running.layout.home)
        took.append(time.perf_counter() - begin)

    assert not again.started_here
    assert again.status().pid == running.status().pid
    assert statistics.median(took) < 0.3


def test_home_without_a_cluster_is_not_found_and_not_made(home):
    assert find(home) is None
    assert not home.exists()


def test_two_homes_run_side_by_side(running, home):
    other = start(home)

    assert other.status().pid != running.status().pid
    assert ask(other, "SHOW data_directory", role="postgres") == str(home / "database")
    assert ask(running, "SELECT 1") == 1


def test_four_starts_at_once_make_one_cluster(home):
    children = [in_child(lambda: start(home).started_here) for _ in range(4)]

    started = [child.result() for child in children]

    assert sorted(started) == [False, False, False, True]


def test_home_path_longer_than_a_socket_works(base):
    home = base / ("long" * 20) / ("路径" * 20)
    assert len(os.fsencode(home)) > SOCKET_BYTES

    cluster = start(home)

    assert len(os.fsencode(cluster.layout.socket)) <= SOCKET_BYTES
    assert ask(cluster, "SELECT 1") == 1


def test_home_path_with_shell_characters_is_only_a_path(base):
    home = base / 'it\'s $(touch /tmp/gridmap-was-here) "q" \\'

    cluster = start(home)

    assert ask(cluster, "SELECT 1") == 1
    assert not Path("/tmp/gridmap-was-here").exists()


@as_root_only("the server's user differs from ours")
def test_under_root_the_server_runs_as_postgres(running):
    owner = Path(f"/proc/{running.status().pid}").stat().st_uid

    assert running.user.name == "postgres"
    assert owner == running.user.uid != 0


@as_root_only("postgres can enter every home of ours otherwise")
def test_home_closed_to_postgres_keeps_its_data_elsewhere(tmp_path):
    tmp_path.chmod(0o700)
    home = tmp_path / "home"

    cluster = start(home)

    try:
        assert cluster.layout.data.parent == Path("/var/lib/gridmap")
        assert ask(cluster, "SELECT 1") == 1
        assert find(home).layout == cluster.layout
        home.chmod(0o755)
        tmp_path.chmod(0o755)
        assert find(home).layout.data == cluster.layout.data
    finally:
        remove_cluster(home)


@as_root_only("it becomes somebody else")
def test_ordinary_user_has_a_cluster_of_its_own(base):
    base.chmod(0o777)

    def whole_life() -> tuple[object, int, bool]:
        cluster = start(base / "theirs")
        owner = Path(f"/proc/{cluster.status().pid}").stat().st_uid
        answer = ask(cluster, "SELECT session_user::text", role="gridmap_owner")
        return answer, owner, cluster.stop()

    role, owner, stopped = as_nobody(whole_life)

    assert role == "gridmap_owner"
    assert owner == os.stat(base / "theirs" / "database").st_uid != 0
    assert stopped


@as_root_only("it becomes somebody else")
def test_another_user_is_kept_out(running):
    def try_to_enter() -> str:
        try:
            ask(running, "SELECT 1")
        except psycopg2.OperationalError as problem:
            return str(problem)
        return "came in"

    assert "Permission denied" in as_nobody(try_to_enter)


@pytest.mark.skipif(AS_ROOT, reason="root is another case")
def test_ordinary_user_runs_the_server_itself(running):
    assert running.user.uid == os.geteuid()
