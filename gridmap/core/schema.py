"""Which revision the database has, which one this program needs, and how to get there."""

from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from gridmap.core.errors import DatabaseAhead, DatabaseBehind, DatabaseUnavailable
from gridmap.core.settings import CHECKOUT

MIGRATIONS = CHECKOUT / "migrations"


def head() -> str:
    """Return the revision that this program needs."""
    return (MIGRATIONS / "HEAD").read_text(encoding="ascii").strip()


def current(url: str) -> str | None:
    """Return the revision of the database, None when it was never migrated.

    Raises:
        DatabaseUnavailable: nobody answers at this address.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            known = connection.scalar(text("SELECT to_regclass('public.alembic_version')"))
            if known is None:
                return None
            found = connection.scalar(text("SELECT version_num FROM public.alembic_version"))
            return None if found is None else str(found)
    except ProgrammingError:
        return None
    except OperationalError as problem:
        raise DatabaseUnavailable from problem
    finally:
        engine.dispose()


def require_head(url: str) -> None:
    """Raise DatabaseBehind or DatabaseAhead unless the database has this program's revision."""
    found = current(url)
    if _is_newer(found):
        raise DatabaseAhead(current=found, head=head())
    if found != head():
        raise DatabaseBehind(current=found or "none", head=head())


def _is_newer(revision: str | None) -> bool:
    """Tell a revision that comes after ours: revisions are numbers of four digits."""
    return revision is not None and revision > head()


def upgrade(owner_url: str) -> list[str]:
    """Bring the database to the newest revision, as its owner.

    Returns:
        The revisions that were applied, in order; empty when nothing was to be done.

    Raises:
        DatabaseAhead: a newer program has migrated it; nothing is changed.
    """
    before = current(owner_url)
    if before == head():
        return []
    if _is_newer(before):
        raise DatabaseAhead(current=before, head=head())
    from alembic import command  # slow to load, and seldom needed
    from alembic.script import ScriptDirectory

    config = alembic_config(owner_url)
    command.upgrade(config, "head")
    script = ScriptDirectory.from_config(config)
    steps = script.iterate_revisions("head", before or "base")
    return [step.revision for step in steps if step.revision != before][::-1]


def alembic_config(owner_url: str) -> Any:
    """Return Alembic's configuration for this checkout; no .ini file is needed."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = owner_url
    return config
