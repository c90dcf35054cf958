"""Roles, tokens, transactions."""

import errno

import psycopg2.errors
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from gridmap.core import database, schema
from gridmap.core.actor import NOBODY, SYSTEM, Actor
from gridmap.core.errors import DatabaseAhead, DatabaseUnavailable, NoSpace

TOKEN = text("SELECT current_setting('gridmap.token', true)")


def test_the_token_is_there_after_every_begin_and_gone_afterwards(fresh_database):
    with database.transaction(Actor("somebody", token="t-1")) as session:
        assert session.scalar(TOKEN) == "t-1"
        with session.begin_nested():
            assert session.scalar(TOKEN) == "t-1"

    with database.transaction(NOBODY) as session:
        assert session.scalar(TOKEN) == ""


def test_an_error_takes_everything_back(fresh_database):
    def store_and_fail():
        with database.transaction(SYSTEM) as session:
            session.execute(text("INSERT INTO settings VALUES ('k', '1')"))
            raise LookupError

    with pytest.raises(LookupError):
        store_and_fail()

    with database.transaction(SYSTEM) as session:
        assert session.scalar(text("SELECT count(*) FROM settings")) == 0


def test_a_database_that_is_gone_is_said_in_one_sentence(fresh_database):
    url = fresh_database["app"].replace("clone_", "nowhere_")
    database.configure(app=url, owner=None)

    with (
        pytest.raises(DatabaseUnavailable, match="does not answer"),
        database.transaction(SYSTEM) as session,
    ):
        session.execute(text("SELECT 1"))


def test_a_connection_that_dies_in_the_middle_is_said_too(fresh_database):
    admin = create_engine(fresh_database["postgres"])

    def die_in_the_middle():
        with database.transaction(SYSTEM) as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            with admin.begin() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        die_in_the_middle()
    admin.dispose()
    with database.transaction(SYSTEM) as session:
        assert session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("statement", [
    "TRUNCATE incidents", "DROP TABLE incidents", "CREATE TABLE mine (i int)",
    "ALTER TABLE grids OWNER TO gridmap_app", "SET ROLE gridmap_owner",
    "UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events",
])  # fmt: skip
def test_the_application_may_not(session, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        session.execute(text(statement))


@pytest.mark.parametrize("statement", [
    "DELETE FROM incidents", "INSERT INTO settings VALUES ('a', '1')", "SELECT * FROM audit_events",
])  # fmt: skip
def test_the_role_that_counts_may_only_count(fresh_database, statement):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        database.transaction(SYSTEM, role="analysis") as session,
    ):
        session.execute(text(statement))


def test_no_role_is_more_than_it_should_be(database_urls):
    engine = create_engine(database_urls["postgres"])
    with engine.connect() as connection:
        powers = connection.execute(
            text(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE 'gridmap%' "
                "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
            )
        ).all()
        owned = connection.scalar(
            text(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                "AND pg_get_userbyid(relowner) IN ('gridmap_app', 'gridmap_analysis')"
            )
        )
    engine.dispose()
    assert powers == []
    assert owned == 0


def test_definer_functions_have_a_fixed_search_path(database_urls):
    engine = create_engine(database_urls["owner"])
    with engine.connect() as connection:
        loose = connection.scalars(
            text(
                "SELECT proname FROM pg_proc WHERE prosecdef "
                "AND pronamespace = 'public'::regnamespace "
                "AND NOT coalesce(array_to_string(proconfig, ','), '') LIKE '%search_path=%' "
                "AND pg_get_userbyid(proowner) LIKE 'gridmap%'"
            )
        ).all()
    engine.dispose()
    assert loose == []


def test_vacuum_runs_as_the_owner(fresh_database):
    assert database.vacuum("incidents", "grids")


def test_migrations_go_up_down_and_up_again_and_match_the_models(fresh_database):
    from alembic import command

    config = schema.alembic_config(fresh_database["owner"])

    command.downgrade(config, "base")
    assert schema.current(fresh_database["owner"]) is None
    assert schema.upgrade(fresh_database["owner"])[-1] == schema.head()
    assert schema.upgrade(fresh_database["owner"]) == []
    command.check(config)


def test_the_head_file_names_the_newest_migration():
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(schema.alembic_config("unused"))

    assert script.get_current_head() == schema.head()


def test_a_database_that_a_newer_program_migrated_is_left_alone(fresh_database):
    engine = create_engine(fresh_database["owner"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    for act in (schema.upgrade, schema.require_head):
        with pytest.raises(DatabaseAhead, match="9999"):
            act(fresh_database["owner"])


@pytest.mark.parametrize(
    "problem",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        psycopg2.errors.DiskFull("could not extend file"),
        OperationalError("INSERT", {}, psycopg2.errors.DiskFull("could not extend file")),
    ],
)
def test_a_full_disk_is_said_in_one_sentence(session, problem):
    def fill():
        with database.transaction(SYSTEM) as own:
            own.execute(text("INSERT INTO settings VALUES ('k', '1')"))
            raise problem

    with pytest.raises(NoSpace, match="Nothing was changed"):
        fill()

    assert session.scalar(text("SELECT count(*) FROM settings WHERE key = 'k'")) == 0
