"""Roles, database and extensions: made in the private cluster, printed for another server."""

from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class in lower case

from gridmap.cluster.configuration import ROLES, SUPERUSER
from gridmap.cluster.errors import NoSpaceLeft, StartFailed
from gridmap.cluster.installation import NEEDED_EXTENSIONS
from gridmap.cluster.layout import PORT, Layout
from gridmap.cluster.space import NEEDED_MB, free_mb, says_no_space

DATABASE = "gridmap"
CREATE_DATABASE = (
    f"CREATE DATABASE {DATABASE} OWNER gridmap_owner TEMPLATE template0 "
    "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
)
_SQL = Path(__file__).parent / "sql"


def roles_sql() -> str:
    """Return the SQL that makes the three roles; may run any number of times."""
    return (_SQL / "roles.sql").read_text(encoding="utf-8")


def database_sql() -> str:
    """Return the SQL to run inside the database; may run any number of times."""
    return (_SQL / "database.sql").read_text(encoding="utf-8")


def connect(layout: Layout, *, database: str, role: str = SUPERUSER) -> Connection:
    """Open one connection through the cluster's socket.

    Raises:
        psycopg2.OperationalError: nobody answers, or there is no such database.
    """
    connection = psycopg2.connect(
        host=str(layout.run), port=PORT, dbname=database, user=role, connect_timeout=10
    )
    connection.autocommit = True
    return connection


def is_prepared(layout: Layout) -> bool:
    """Tell whether the server answers and has database, roles and extensions.

    Raises:
        psycopg2.OperationalError: nobody answers.
    """
    question = """
        SELECT (SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s))
             + (SELECT count(*) FROM pg_extension WHERE extname = ANY (%s))
    """
    try:
        connection = connect(layout, database=DATABASE)
    except psycopg2.OperationalError as problem:
        if f'database "{DATABASE}" does not exist' in str(problem):
            return False
        raise
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(question, (list(ROLES), list(NEEDED_EXTENSIONS)))
        row = cursor.fetchone()
    return row is not None and row[0] == len(ROLES) + len(NEEDED_EXTENSIONS)


def prepare(layout: Layout) -> None:
    """Make what is missing of roles, database and extensions; whole steps, safe to repeat.

    Raises:
        NoSpaceLeft: the disk is full; the next start goes on from here.
        StartFailed: the server refused a step.
    """
    try:
        with closing(connect(layout, database="postgres")) as connection:
            cursor = connection.cursor()
            cursor.execute(roles_sql())
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(CREATE_DATABASE)
        with closing(connect(layout, database=DATABASE)) as connection:
            connection.cursor().execute(database_sql())
    except psycopg2.Error as problem:
        if says_no_space(str(problem)):
            raise NoSpaceLeft(
                path=layout.data, free_mb=free_mb(layout.data), needed_mb=NEEDED_MB
            ) from problem
        raise StartFailed(why=str(problem).strip(), log=layout.logs) from problem


def prepare_script() -> str:
    """Return what the administrator of an existing server runs once, in psql, as a superuser."""
    return f"""\
-- gridmap on an existing server. Run once as a superuser:
--   script/gridmap database prepare | psql -v ON_ERROR_STOP=1 -d postgres
-- Afterwards give each role a password or another way in (pg_hba.conf), for example
--   \\password gridmap_app
-- and set GRIDMAP_DATABASE_URL (gridmap_app), GRIDMAP_OWNER_URL (gridmap_owner) and
-- GRIDMAP_ANALYSIS_URL (gridmap_analysis).
{roles_sql()}
SELECT $make${CREATE_DATABASE}$make$
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = '{DATABASE}')
\\gexec
\\connect {DATABASE}
{database_sql()}"""
