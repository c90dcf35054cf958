"""Signing in: a name and a password, then a code where the account has a second factor."""

import logging
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth import attempts, passwords, rules
from gridmap.auth.errors import WrongLogin
from gridmap.auth.proofs import hidden, signed
from gridmap.auth.sessions import Client, actor_of, end_session, open_session
from gridmap.core.actor import NOBODY, Actor
from gridmap.core.database import transaction
from gridmap.core.keys import named_key

log = logging.getLogger(__name__)

HALF_WAY_S = 300
"""How long the second step may take."""


@dataclass(frozen=True)
class Candidate:
    """An account that somebody wants to sign in to.

    Attributes:
        id: of the account.
        name: of the account.
        password_hash: None where it has no password.
        locked: nobody signs in.
        language: that its owner chose.
        totp_secret: encrypted; None without a confirmed second factor.
        totp_pending: encrypted; one that is not confirmed yet.
        codes_left: recovery codes that were not used.
    """

    id: int
    name: str
    password_hash: str | None
    locked: bool
    language: str | None
    totp_secret: bytes | None
    totp_pending: bytes | None
    codes_left: int


def candidate(session: Session, way: str, value: object) -> Candidate | None:
    """Return the account that is found by its id, its name or what it is called elsewhere."""
    found: dict[str, Any] | None = session.scalar(
        hidden("auth.account_to_sign_in(:way, :value, :issued, :proof)"),
        {"way": way, "value": str(value), **signed("sign in", way, value)},
    )
    if found is None:
        return None
    del found["totp_last_step"]
    for name in ("totp_secret", "totp_pending"):
        found[name] = None if found[name] is None else bytes.fromhex(found[name])
    return Candidate(**found)


def check_password(name: str, password: str, client: Client) -> Candidate:
    """Return the account to which a name and a password belong; nobody is signed in yet.

    Raises:
        TooManyAttempts: at this account or from this address.
        WrongLogin: unknown name, wrong password or locked account; all take equally long.
    """
    name = rules.normal_name(name)
    attempts.count(account=name, address=client.address)
    with transaction(NOBODY) as session:
        found = candidate(session, "name", name)
    right = passwords.is_right(found.password_hash if found else None, password)
    if found is None or not right or found.locked:
        _note_failure(found, "password")
        raise WrongLogin
    attempts.take_back(address=client.address)
    _rehash(found, password)
    return found


def _rehash(found: Candidate, password: str) -> None:
    """Hash a password anew where the parameters of hashing have changed."""
    old = found.password_hash
    if old is None or not passwords.is_outdated(old):
        return
    new = passwords.hash_password(password)
    with transaction(NOBODY) as session:
        session.execute(
            hidden("auth.rehash_password(:who, :old, :new, :issued, :proof)"),
            {"who": found.id, "old": old, "new": new, **signed("rehash", found.id, old, new)},
        )


def _note_failure(found: Candidate | None, step: str) -> None:
    with transaction(NOBODY) as session:
        record(session, Actor(name=found.name if found else "unknown"), "login.failed",
               subject=("account", found.id if found else ""), step=step)  # fmt: skip
    log.info("login.failed account=%s step=%s", found.id if found else "unknown", step)


def enter(found: Candidate, client: Client, *, second_factor: bool, way: str = "password") -> Actor:
    """Open a new session for somebody who has proved who they are, and record it.

    Raises:
        WrongLogin: the account was locked meanwhile.
    """
    with transaction(NOBODY) as session:
        token = open_session(session, found.id, second_factor=second_factor, client=client)
    actor = actor_of(token or "")
    if actor is NOBODY:
        raise WrongLogin
    with transaction(actor) as session:
        record(session, actor, "login.succeeded", subject=("account", found.id), way=way,
               second_factor=second_factor)  # fmt: skip
    log.info("login.succeeded account=%s", found.id)
    return actor


def renew(actor: Actor, client: Client, *, second_factor: bool, way: str) -> Actor:
    """Give somebody who changed what they sign in with a new session, and end the old one."""
    with transaction(actor) as session:
        found = candidate(session, "id", actor.account_id)
    if found is None:
        raise WrongLogin
    renewed = enter(found, client, second_factor=second_factor, way=way)
    end_session(actor)
    return renewed


def confirm_identity(actor: Actor, password: str, client: Client) -> None:
    """Make sure, before something that lasts, that it is the account's owner who asks.

    An account without a password came through its provider; there is nothing to ask for here.

    Raises:
        TooManyAttempts: as when signing in.
        WrongLogin: it is not the password.
    """
    with transaction(actor) as session:
        found = candidate(session, "id", actor.account_id)
    if found is None or found.password_hash is None:
        return
    check_password(found.name, password, client)


# -- between the two steps: a signed note that the browser keeps, which opens nothing ----------
def half_way(found: Candidate, *, way: str = "password") -> str:
    """Return a note that the first step was done."""
    return _notes().dumps([found.id, way])


def who_is_half_way(note: str) -> tuple[Candidate, str] | None:
    """Return whose note it is and how they came; None when forged, too old, or locked."""
    try:
        account_id, way = _notes().loads(note, max_age=HALF_WAY_S)
    except BadSignature:
        return None
    with transaction(NOBODY) as session:
        found = candidate(session, "id", account_id)
    if found is None or found.locked or found.totp_secret is None:
        return None
    return found, way


def _notes() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(named_key("half-way"), salt="first step of signing in")
