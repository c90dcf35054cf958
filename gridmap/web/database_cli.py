"""Commands around the database itself: start, stop, status, psql, url, migrate, prepare."""

import os
import shutil
from typing import NoReturn

import click

from gridmap.cluster import Cluster, find
from gridmap.cluster.installation import find_installation
from gridmap.cluster.preparation import prepare_script
from gridmap.core import schema
from gridmap.core.commands import Commands
from gridmap.core.errors import NotConfigured
from gridmap.core.settings import settings
from gridmap.web.database_start import (
    DatabaseUrls,
    database_urls,
    ensure_database,
    install,
    keep_running,
    migrate,
)

NOT_RUNNING = 3
"""Exit code of `status`, as service managers use it."""


database = Commands("database", help="The database: start, stop, look at it, migrate it.")
command = database.command
role_option = click.option(
    "--role",
    type=click.Choice(["app", "owner", "analysis"]),
    default="app",
    show_default=True,
    help="Who to be: app serves, owner migrates, analysis counts.",
)


@command("start", with_appcontext=False)
def start_command() -> None:
    """Create, start and migrate the private database, as far as needed."""
    urls = ensure_database(settings(), report=_say)
    if urls.cluster is None:
        click.echo("An existing server is used (GRIDMAP_DATABASE_URL); it answers.")
    else:
        _print_status(urls.cluster)


@command("stop", with_appcontext=False)
@click.option("--force", is_flag=True, help="Even while another copy of gridmap uses it.")
def stop_command(*, force: bool) -> None:
    """Stop the private database."""
    cluster = _own_cluster()
    if cluster is not None and cluster.stop(force=force):
        click.echo("The database is stopped.")
    else:
        click.echo("The database was not running.")


@command("status", with_appcontext=False)
@click.pass_context
def status_command(ctx: click.Context) -> None:
    """Say whether the database runs, where it is and which revision it has; starts nothing."""
    if not settings().private:
        _print_revision(database_urls(settings()))
        return
    cluster = find(settings().home)
    if cluster is None:
        click.echo(f"No database in {settings().home} yet.")
        ctx.exit(NOT_RUNNING)
    _print_status(cluster)
    if cluster.status().state == "stopped":
        ctx.exit(NOT_RUNNING)
    _print_revision(database_urls(settings()))


@command(
    "psql",
    with_appcontext=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@role_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql_command(role: str, arguments: tuple[str, ...]) -> NoReturn:
    """Open psql, with ARGUMENTS handed on to it."""
    urls = ensure_database(settings(), report=_say)
    keep_running(urls)  # psql inherits the lock: nobody stops the server under it
    program = shutil.which("psql")
    if urls.cluster is not None:
        program = find_installation(int(urls.cluster.layout.major())).program("psql")
    if program is None:
        raise NotConfigured(setting="psql", why="It is not on the PATH.")
    address = _libpq(_url_of(urls, role))
    os.execv(program, ["psql", address, *arguments])  # noqa: S606 - no shell in between


@command("url", with_appcontext=False)
@role_option
def url_command(role: str) -> None:
    """Print the address for libpq (psql, GDAL, QGIS) as the last line."""
    urls = ensure_database(settings(), report=_say)
    click.echo(_libpq(_url_of(urls, role)))


@command("migrate", with_appcontext=False)
def migrate_command() -> None:
    """Bring the schema to this program's revision."""
    urls = database_urls(settings(), report=_say)
    if urls.owner is None:
        raise NotConfigured(
            setting="GRIDMAP_OWNER_URL", why="Migrations run as the owner of the database."
        )
    applied = migrate(urls)
    install(urls)
    for revision in applied:
        click.echo(f"Applied {revision}.")
    click.echo(f"The database has revision {schema.head()}.")


@command("prepare", with_appcontext=False)
def prepare_command() -> None:
    """Print the SQL that the administrator of an existing server runs once, with psql."""
    click.echo(prepare_script(), nl=False)


def _own_cluster() -> Cluster | None:
    if not settings().private:
        raise click.ClickException(
            "GRIDMAP_DATABASE_URL names an existing server; its administrator starts and stops it."
        )
    return find(settings().home)


def _url_of(urls: DatabaseUrls, role: str) -> str:
    url = {"app": urls.app, "owner": urls.owner, "analysis": urls.analysis}[role]
    if url is None:
        name = f"GRIDMAP_{role.upper()}_URL"
        raise NotConfigured(setting=name, why="The address of the existing server for this role.")
    return url


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _print_status(cluster: Cluster) -> None:
    status = cluster.status()
    click.echo(f"state:    {status.state}" + (f" (process {status.pid})" if status.pid else ""))
    click.echo(f"version:  PostgreSQL {status.major}")
    click.echo(f"data:     {status.data}")
    click.echo(f"socket:   {status.socket_folder}")
    if status.used_by:
        click.echo(f"used by:  process {', '.join(map(str, status.used_by))}")


def _print_revision(urls: DatabaseUrls) -> None:
    found = schema.current(urls.app)
    click.echo(f"revision: {found or 'none'} (this program needs {schema.head()})")


def _say(line: str) -> None:
    click.echo(f"gridmap: {line}", err=True)
