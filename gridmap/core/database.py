"""Sessions that always carry an actor, for three roles that may do different things.

`gridmap_app` serves, `gridmap_analysis` counts, `gridmap_owner` migrates and vacuums.
"""

import errno
import logging
import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Literal

import psycopg2
import psycopg2.errors
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.orm.session import SessionTransaction

from gridmap.core.actor import SYSTEM, Actor
from gridmap.core.errors import DatabaseUnavailable, NoSpace, NotConfigured
from gridmap.core.keys import system_token

Role = Literal["app", "analysis"]

HIDE = f"/*{'-' * 1020}*/"
"""Before a statement with a secret in it: other sessions of the same role see the first 1024 bytes
of what runs (pg_stat_activity, track_activity_query_size)."""

log = logging.getLogger(__name__)
_token: ContextVar[str] = ContextVar("gridmap_token", default="")


class Base(DeclarativeBase):
    """Parent of all tables; names constraints so that migrations can find them again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class _Place:
    """Where the database is, and the sessions that lead there; one a process."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.engines: dict[str, Engine] = {}
        self.borrowed: Callable[[], Session] | None = None
        self.hand_back: Callable[[str], None] = lambda _: None
        self.find: Callable[[], None] | None = None

    def engine(self, role: Role) -> Engine:
        """Return the engine of a role, made when it is first asked for."""
        if role not in self.engines:
            self.settle()
            if role not in self.urls:
                raise NotConfigured(setting="GRIDMAP_DATABASE_URL", why="No database is known yet.")
            self.engines[role] = create_engine(
                self.urls[role],
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=24,
                hide_parameters=True,
            )
        return self.engines[role]

    def settle(self) -> None:
        """Find out where the database is, if that was left open until now."""
        if not self.urls and self.find is not None:
            self.find()


_place = _Place()


def configure(*, app: str, owner: str | None, analysis: str | None = None) -> None:
    """Say where the database is; closes what an earlier place had open.

    Args:
        app: SQLAlchemy address as the application's role.
        owner: the same as the owner; None where this process may not migrate or vacuum.
        analysis: the same as the role that counts; the application's role serves where
            an existing server has none.
    """
    close_all()
    _place.urls = {"app": app, "analysis": analysis or app}
    if owner:
        _place.urls["owner"] = owner


def configure_when_needed(find: Callable[[], None]) -> None:
    """Leave it open where the database is: `find` calls `configure` before the first question."""
    _place.find = find


def is_configured() -> bool:
    """Return whether this process knows where its database is, or how to find out."""
    return bool(_place.urls) or _place.find is not None


def close_all() -> None:
    """Close every pooled connection of this process."""
    for engine in _place.engines.values():
        engine.dispose()
    _place.engines.clear()


def _forget_in_child() -> None:
    for engine in _place.engines.values():
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_in_child)


@contextmanager
def lend_session(
    factory: Callable[[], Session], connection: Connection, actor: Actor
) -> Iterator[None]:
    """Let `transaction` take its sessions from `factory` (tests: one connection, rolled back).

    Outside of `transaction`, the connection is the actor's.
    """
    mark = _token.set(token_of(actor))
    _place.borrowed = factory
    _place.hand_back = lambda token: hand_over(connection, token)
    try:
        yield
    finally:
        _place.borrowed = None
        _place.hand_back = lambda _: None
        _token.reset(mark)


@event.listens_for(Session, "after_begin")
def _hand_over_token(_: Session, __: SessionTransaction, connection: Connection) -> None:
    """Put the actor's token in place at every begin, so that nothing of the last one is left."""
    hand_over(connection, _token.get())


def hand_over(connection: Connection, token: str) -> None:
    """Let what follows in this transaction be done with a token."""
    statement = f"{HIDE} SELECT set_config('gridmap.token', %s, true)"
    connection.exec_driver_sql(statement, (token,))


def token_of(actor: Actor) -> str:
    """Return the token that opens the actor's scope."""
    return system_token() if actor is SYSTEM else actor.token


@contextmanager
def transaction(actor: Actor, *, role: Role = "app") -> Iterator[Session]:
    """Open one transaction in an actor's name; commits at the end, rolls back on any error.

    Raises:
        DatabaseUnavailable: the database does not answer or went away; nothing was stored.
        NoSpace: the disk is full; likewise.
    """
    mark = _token.set(token_of(actor))
    try:
        with _new_session(role) as session, session.begin():
            session.info["sight"] = sight(actor)
            session.connection()  # begin now: of two at once the first one opened is the outer
            yield session
    except (DBAPIError, psycopg2.Error, OSError) as problem:
        if is_disk_full(problem):
            raise NoSpace from problem
        if not (isinstance(problem, DBAPIError) and _lost_connection(problem)):
            raise
        log.warning("database lost: %s", type(problem.orig).__name__)
        raise DatabaseUnavailable from problem
    finally:
        _token.reset(mark)
        _place.hand_back(_token.get())


@contextmanager
def as_system(session: Session) -> Iterator[None]:
    """Let consequences of an action reach rows that whoever acts may not see or change.

    The right to the action itself was checked before; the record is written outside of this, in
    the actor's name. Ends with the actor's own scope again, also after an error.
    """
    session.flush()
    connection = session.connection()
    mark = _token.set(system_token())
    hand_over(connection, _token.get())
    try:
        yield
        session.flush()
    except BaseException:
        _token.reset(mark)
        with suppress(DBAPIError):  # a failed transaction takes no statement: it rolls back
            hand_over(connection, _token.get())
        raise
    _token.reset(mark)
    hand_over(connection, _token.get())


def sight(actor: Actor) -> Hashable:
    """Return what tells actors apart who may see different rows: a part of every cache's key."""
    if actor is SYSTEM:
        return SYSTEM.name
    return tuple(sorted((what, *prefixes) for what, prefixes in actor.allowed.items()))


def sight_of(session: Session) -> Hashable:
    """Return the sight of whoever opened the transaction."""
    found: Hashable = session.info["sight"]
    return found


def _new_session(role: Role) -> Session:
    if _place.borrowed is not None:
        return _place.borrowed()
    return sessionmaker(_place.engine(role), expire_on_commit=False)()


def is_disk_full(problem: BaseException) -> bool:
    """Tell a full disk, the server's or this machine's, from other errors."""
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    if isinstance(cause, OSError):
        return cause.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(cause, psycopg2.errors.DiskFull)


def violates(problem: DBAPIError, *constraints: str) -> bool:
    """Tell whether a statement broke one of these constraints."""
    return getattr(getattr(problem.orig, "diag", None), "constraint_name", None) in constraints


def _lost_connection(problem: DBAPIError) -> bool:
    """Tell a lost or unreachable server from an error in a statement."""
    if problem.connection_invalidated:
        return True
    code = getattr(problem.orig, "pgcode", None)
    if code is None:
        return isinstance(problem.orig, (psycopg2.OperationalError, psycopg2.InterfaceError))
    return code[:2] in {"08"} or code in {"57P01", "57P02", "57P03"}


def vacuum(*tables: str) -> bool:
    """Run VACUUM ANALYZE as the owner, so that counts are answered from the index alone.

    Returns:
        False where this process has no owner's address (or a test lends its session).
    """
    _place.settle()
    if "owner" not in _place.urls or _place.borrowed is not None:
        return False
    engine = create_engine(_place.urls["owner"], isolation_level="AUTOCOMMIT")  # VACUUM wants it
    try:
        with engine.connect() as connection:
            for table in tables:
                name = engine.dialect.identifier_preparer.quote_identifier(table)
                connection.execute(text(f"VACUUM (ANALYZE) {name}"))
    except OperationalError as problem:
        raise DatabaseUnavailable from problem
    finally:
        engine.dispose()
    return True


def name_of(session: Session) -> str:
    """Return what tells this database from others, whatever role asks: a key for caches."""
    url = session.get_bind().engine.url
    return f"{url.host} {url.port} {url.database} {sorted(url.query.items())}"


def detached_connection(role: Role = "app") -> Any:
    """Return a psycopg2 connection of its own, outside of every pool: to listen on.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    try:
        borrowed = _place.engine(role).raw_connection()
    except OperationalError as problem:
        raise DatabaseUnavailable from problem
    raw = borrowed.driver_connection
    borrowed.detach()
    return raw


def raw_cursor(session: Session) -> Any:
    """Return a psycopg2 cursor inside the session's transaction, for COPY."""
    return session.connection().connection.cursor()
