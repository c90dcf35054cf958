"""Makes sure that there is a database, up to date, before anything asks it a question."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from gridmap.auth import installation
from gridmap.cluster import Cluster, start
from gridmap.core import schema
from gridmap.core.errors import DatabaseUnavailable
from gridmap.core.settings import Settings

Report = Callable[[str], None]

MIGRATION_LOCK = 4_712_003
"""Any number that nobody else takes as an advisory lock in this database."""

_kept = ExitStack()


@dataclass(frozen=True)
class DatabaseUrls:
    """SQLAlchemy addresses of one database, a role each; and its cluster if that is ours."""

    app: str
    owner: str | None
    analysis: str | None
    cluster: Cluster | None = None


def ensure_database(settings: Settings, *, report: Report | None = None) -> DatabaseUrls:
    """Return addresses at which a migrated database answers; make it first where it is ours.

    A private cluster is created, started and migrated as far as needed. An existing server is
    never started; it is migrated without being asked only when it has no table of ours yet.

    Raises:
        ClusterError: the private server cannot be had.
        DatabaseUnavailable: the existing server does not answer.
        DatabaseBehind: the existing server's schema is not that of this program.
        KeysDiffer: it decides by another key or permission table, and we are not its owner.
    """
    urls = database_urls(settings, report=report)
    if urls.cluster is not None or (urls.owner and schema.current(urls.owner) is None):
        migrate(urls, report=report)
    schema.require_head(urls.app)
    install(urls)
    return urls


def database_urls(settings: Settings, *, report: Report | None = None) -> DatabaseUrls:
    """Return the addresses only; a private cluster is started, nothing is migrated."""
    if settings.database_url is not None:
        return DatabaseUrls(
            app=settings.database_url, owner=settings.owner_url, analysis=settings.analysis_url
        )
    cluster = start(settings.home, report=report)
    return DatabaseUrls(
        app=cluster.url("gridmap_app"),
        owner=cluster.url("gridmap_owner"),
        analysis=cluster.url("gridmap_analysis"),
        cluster=cluster,
    )


def migrate(urls: DatabaseUrls, *, report: Report | None = None) -> list[str]:
    """Bring the schema to the newest revision; of two processes at once, one waits.

    Returns:
        The revisions that were applied.
    """
    if urls.owner is None or schema.current(urls.owner) == schema.head():
        return []
    begin = time.perf_counter()
    engine = create_engine(urls.owner)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            applied = schema.upgrade(urls.owner)
    except OperationalError as problem:
        raise DatabaseUnavailable from problem
    finally:
        engine.dispose()
    if applied and report:
        report(f"migrated to revision {applied[-1]} ({time.perf_counter() - begin:.1f} s)")
    return applied


def install(urls: DatabaseUrls) -> None:
    """Give the database this program's key and permission table where it has others."""
    if installation.is_installed(urls.app):
        return
    if urls.owner is None:
        raise installation.KeysDiffer
    installation.install(urls.owner)


def keep_running(urls: DatabaseUrls) -> None:
    """Say that this process uses the private cluster: nobody else can stop it until we end."""
    if urls.cluster is not None:
        _kept.enter_context(urls.cluster.hold())


def let_go() -> None:
    """Take back `keep_running`."""
    _kept.close()
