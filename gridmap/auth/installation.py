"""Gives the database what it decides by: the permission table, the server's key, the system.

Done as the owner whenever one of them changed. The application only compares fingerprints.
"""

import hashlib

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from gridmap.auth.permissions import NEED_SECOND_FACTOR, PERMISSIONS, ROLES, SYSTEM_ROLE
from gridmap.core.actor import EVERYTHING, SYSTEM
from gridmap.core.errors import DatabaseUnavailable, GridmapError
from gridmap.core.i18n import N_
from gridmap.core.keys import hash_of, padded_keys, system_token


class KeysDiffer(GridmapError):
    """The database was installed with another key, or another permission table."""

    status = 503
    code = "keys_differ"
    message = N_(
        "The database was set up with another server key or another permission table than this "
        "program has. Bring the right key folder (GRIDMAP_KEYS), or run `script/gridmap database "
        "migrate` with GRIDMAP_OWNER_URL set."
    )


def fingerprint() -> str:
    """Return what tells this key and this table from others; reveals neither."""
    table = sorted((role, data, sorted(actions)) for (role, data), actions in PERMISSIONS.items())
    seed = f"{hash_of(system_token()).hex()} {table} {sorted(NEED_SECOND_FACTOR)}"
    return hashlib.sha256(seed.encode()).hexdigest()


def is_installed(url: str) -> bool:
    """Return whether the database decides by this key and this table."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("SELECT auth.fingerprint()"))
            return bool(found == fingerprint())
    except OperationalError as problem:
        raise DatabaseUnavailable from problem
    finally:
        engine.dispose()


def install(owner_url: str) -> None:
    """Write key, table and system account into the database; repeating it changes nothing."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE auth.installation IN EXCLUSIVE MODE"))
            _install_key(connection)
            _install_table(connection)
            _install_system(connection)
    finally:
        engine.dispose()


def _install_key(connection: Connection) -> None:
    inner, outer = padded_keys()
    connection.execute(text("DELETE FROM auth.installation"))
    connection.execute(
        text(
            "INSERT INTO auth.installation (inner_key, outer_key, fingerprint) "
            "VALUES (:inner, :outer, :fingerprint)"
        ),
        {"inner": inner, "outer": outer, "fingerprint": fingerprint()},
    )


def _install_table(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO auth.roles (code, needs_second_factor) VALUES (:code, :needs) "
            "ON CONFLICT (code) DO UPDATE SET needs_second_factor = excluded.needs_second_factor"
        ),
        [{"code": role, "needs": role in NEED_SECOND_FACTOR} for role in ROLES],
    )
    connection.execute(text("DELETE FROM auth.permissions"))
    connection.execute(
        text("INSERT INTO auth.permissions (role, data, action) VALUES (:role, :data, :action)"),
        [
            {"role": role, "data": data, "action": action}
            for (role, data), actions in PERMISSIONS.items()
            for action in sorted(actions)
        ],
    )


def _install_system(connection: Connection) -> None:
    """Make the account that jobs and the command line act as, with its one session."""
    who = connection.scalar(
        text(
            "INSERT INTO auth.accounts (name, display_name, kind) "
            "VALUES (:name, :shown, 'system') ON CONFLICT (name) DO UPDATE SET kind = 'system' "
            "RETURNING id"
        ),
        {"name": SYSTEM.name, "shown": SYSTEM.display_name},
    )
    values = {"who": who, "role": SYSTEM_ROLE, "all": [EVERYTHING],
              "hash": hash_of(system_token())}  # fmt: skip
    for statement in (
        "DELETE FROM auth.grants WHERE account_id = :who",
        "INSERT INTO auth.grants (account_id, role, prefixes, valid_from, granted_by) "
        "VALUES (:who, :role, :all, '2000-01-01', 'installation')",
        "DELETE FROM auth.sessions WHERE account_id = :who AND kind = 'system'",
        "INSERT INTO auth.sessions (account_id, token_hash, kind, expires_at, second_factor) "
        "VALUES (:who, :hash, 'system', 'infinity', true)",
    ):
        connection.execute(text(statement), values)
