"""`script/gridmap database …` on the worker's cluster, and on an existing server."""

import subprocess
import threading

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url, text

from gridmap.cluster import Cluster
from gridmap.core import schema
from gridmap.core.errors import DatabaseBehind
from gridmap.core.settings import settings
from gridmap.web.database_cli import database
from gridmap.web.database_start import DatabaseUrls, ensure_database, migrate


@pytest.fixture
def run(monkeypatch):
    """Run one command with these settings, and no others (the home is that of the tests)."""

    def invoke(*words: str, **environment: str):
        for name in ("DATABASE_URL", "OWNER_URL", "ANALYSIS_URL"):
            monkeypatch.delenv(f"GRIDMAP_{name}", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(f"GRIDMAP_{name}", value)
        settings.cache_clear()
        return CliRunner().invoke(database, list(words))

    yield invoke
    settings.cache_clear()


@pytest.fixture
def superuser(test_cluster: Cluster):
    """Runs a statement as the administrator of the server."""
    engine = create_engine(test_cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")

    def execute(statement: str) -> None:
        with engine.connect() as connection:
            connection.execute(text(statement))

    yield execute
    engine.dispose()


@pytest.fixture
def bare(test_cluster: Cluster, superuser):
    """An existing server's database without a table of ours; addresses by role."""
    superuser("CREATE DATABASE bare OWNER gridmap_owner TEMPLATE template0")
    engine = create_engine(test_cluster.url("postgres", "bare"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist"))
    engine.dispose()
    yield {role: test_cluster.url(f"gridmap_{role}", "bare") for role in ("app", "owner")}
    superuser("DROP DATABASE bare WITH (FORCE)")


def test_status_of_the_running_cluster(run, test_cluster, database_urls):
    said = run("status", HOME=str(test_cluster.layout.home))

    assert said.exit_code == 0
    assert f"running (process {test_cluster.status().pid})" in said.output
    assert f"revision: {schema.head()}" in said.output


def test_status_where_there_is_no_database_makes_none(run, tmp_path):
    said = run("status", HOME=str(tmp_path / "home"))

    assert said.exit_code == 3
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("role", ["app", "owner", "analysis"])
def test_url_is_the_last_line_and_leads_in_as_that_role(run, test_cluster, database_urls, role):
    said = run("url", "--role", role, HOME=str(test_cluster.layout.home))

    address = said.stdout.splitlines()[-1]
    url = make_url(address)
    assert address.startswith("postgresql://")
    assert (url.username, url.database) == (f"gridmap_{role}", "gridmap")


def test_prepare_makes_an_existing_server_ready_any_number_of_times(
    run, test_cluster, superuser, tmp_path
):
    script = tmp_path / "prepare.sql"
    script.write_text(run("prepare").output.replace("gridmap_", "other_").replace(
        "DATABASE gridmap", "DATABASE other").replace("'gridmap'", "'other'").replace(
        "connect gridmap", "connect other"))  # fmt: skip
    address = test_cluster.libpq("postgres", "postgres")

    for _ in range(2):
        subprocess.run(
            ["psql", "-v", "ON_ERROR_STOP=1", "-q", "-f", str(script), address],
            check=True,
            capture_output=True,
        )

    ask = (
        "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles"
        " WHERE rolname LIKE 'other%' AND rolcanlogin AND NOT rolsuper AND NOT rolbypassrls"
    )
    told = subprocess.run(
        ["psql", "-At", "-c", ask, test_cluster.libpq("postgres", "other")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "other_analysis other_app other_owner"
    superuser("DROP DATABASE other WITH (FORCE)")
    for role in told.stdout.split():
        superuser(f"DROP ROLE {role}")


def test_migrate_brings_an_existing_server_to_this_revision(run, bare):
    first = run("migrate", DATABASE_URL=bare["app"], OWNER_URL=bare["owner"])
    again = run("migrate", DATABASE_URL=bare["app"], OWNER_URL=bare["owner"])

    assert "Applied 0001." in first.output
    assert again.output == f"The database has revision {schema.head()}.\n"
    assert schema.current(bare["app"]) == schema.head()


def test_migrate_without_the_owners_address_names_the_setting(run, bare):
    said = run("migrate", DATABASE_URL=bare["app"])

    assert said.exit_code == 1
    assert "GRIDMAP_OWNER_URL" in said.output
    assert schema.current(bare["app"]) is None


def test_existing_server_is_neither_started_nor_stopped(run, bare):
    said = run("stop", DATABASE_URL=bare["app"])

    assert said.exit_code == 1
    assert "its administrator" in said.output


def test_unasked_an_existing_server_is_migrated_only_when_it_is_empty(run, bare, monkeypatch):
    run("start", DATABASE_URL=bare["app"], OWNER_URL=bare["owner"])
    assert schema.current(bare["app"]) == schema.head()
    engine = create_engine(bare["owner"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()

    with pytest.raises(DatabaseBehind, match="0000"):
        ensure_database(settings())


def test_two_migrations_at_once_apply_each_revision_once(bare):
    urls = DatabaseUrls(app=bare["app"], owner=bare["owner"], analysis=None)
    applied: list[list[str]] = []

    workers = [threading.Thread(target=lambda: applied.append(migrate(urls))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(len(revisions) for revisions in applied)[0] == 0
    assert sum(len(revisions) for revisions in applied) >= 1
