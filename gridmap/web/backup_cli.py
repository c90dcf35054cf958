"""The commands `script/gridmap backup` and `restore`."""

import shutil
from pathlib import Path

import click

from gridmap.backup import actions
from gridmap.backup.actions import Server
from gridmap.backup.dumps import Programs
from gridmap.cluster.configuration import SUPERUSER
from gridmap.cluster.installation import find_installation
from gridmap.core import database, schema
from gridmap.core.commands import saying_errors
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

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
KEYS = click.option("--keys", is_flag=True, help="The keys alone; they are in no other backup.")
PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with a passphrase; without it the key `backup` of the key folder is used.",
)


@click.command("backup")
@FILE
@KEYS
@PASSPHRASE
@saying_errors
def backup(file: Path, passphrase_file: Path | None, *, keys: bool) -> None:
    """Write database, files and seals into one encrypted FILE."""
    if keys:
        _require_passphrase(passphrase_file)
        names = actions.take_keys(file, actions.secret_from(passphrase_file))
        click.echo(f"{len(names)} keys in {file}. Keep it apart from the backups.")
        return
    urls = ensure_database(settings(), report=_say)
    keep_running(urls)
    database.configure(app=urls.app, owner=urls.owner, analysis=urls.analysis)
    manifest = actions.take(
        file, actions.secret_from(passphrase_file), _server(urls), settings().home
    )
    rows = sum(manifest["counts"].values())
    click.echo(
        f"{rows} rows of {len(manifest['counts'])} tables and {sum(manifest['files'].values())} "
        f"files in {file} ({file.stat().st_size / 1e6:.1f} MB), revision {manifest['revision']}. "
        "Every count is that of the database."
    )


@click.command("restore")
@FILE
@KEYS
@PASSPHRASE
@saying_errors
def restore(file: Path, passphrase_file: Path | None, *, keys: bool) -> None:
    """Bring a backup back, into a new home or a database that was never used."""
    if keys:
        _require_passphrase(passphrase_file)
        names = actions.bring_keys_back(file, actions.secret_from(passphrase_file))
        click.echo(f"{len(names)} keys restored.")
        return
    secret = actions.secret_from(passphrase_file)
    manifest = actions.read(file, secret, actions.INSTALLATION)
    actions.require_keys(manifest, settings().keys)
    urls = database_urls(settings(), report=_say)
    keep_running(urls)
    server = _server(urls)
    actions.require_empty(server, settings().home)
    actions.bring_back(file, secret, server, settings().home)
    migrated = schema.current(server.owner_url) != schema.head()
    migrate(urls, report=_say)
    install(urls)
    actions.compare_restored(manifest, server, migrated=migrated)
    click.echo(
        f"Restored the backup of {manifest['made_at'][:19]} UTC: {sum(manifest['counts'].values())}"
        f" rows, {sum(manifest['files'].values())} files; counts and policies are those of then."
    )


def _require_passphrase(file: Path | None) -> None:
    if file is None:
        raise NotConfigured(
            setting="--passphrase-file", why="Keys are encrypted with a passphrase of their own."
        )


def _server(urls: DatabaseUrls) -> Server:
    """Say how pg_dump reaches the server, and who counts."""
    if urls.owner is None:
        raise NotConfigured(
            setting="GRIDMAP_OWNER_URL", why="Backups are made as the owner of the database."
        )
    owner = urls.owner.replace("postgresql+psycopg2://", "postgresql://", 1)
    if urls.cluster is None:
        return Server(owner, urls.owner, Programs(_on_path("pg_dump"), _on_path("pg_restore")))
    found = find_installation(int(urls.cluster.layout.major()))
    programs = Programs(found.program("pg_dump"), found.program("pg_restore"))
    return Server(owner, urls.cluster.url(SUPERUSER), programs)


def _on_path(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise NotConfigured(setting=name, why="It is not on the PATH.")
    return program


def _say(line: str) -> None:
    click.echo(f"gridmap: {line}", err=True)
