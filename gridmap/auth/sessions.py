"""Opening and ending sessions, and who stands behind a token."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.auth.proofs import hidden
from gridmap.core.actor import NOBODY, Actor
from gridmap.core.database import transaction
from gridmap.core.keys import hash_of, proof
from gridmap.core.settings import settings

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts.

    Attributes:
        longest: from its beginning, whatever happens.
        idle: without a request; None: no limit.
    """

    longest: timedelta
    idle: timedelta | None = None


OF_A_PROGRAM = Lifetime(timedelta(days=365))


def lifetime_of(kind: str) -> Lifetime:
    """Return how long sessions of a kind last; a browser's by the settings."""
    if kind != "browser":
        return OF_A_PROGRAM
    chosen = settings()
    idle = timedelta(minutes=chosen.session_idle_minutes)
    return Lifetime(timedelta(hours=chosen.session_hours), idle=idle)


@dataclass(frozen=True)
class Client:
    """From where a session was opened."""

    address: str | None = None
    agent: str | None = None


def open_session(
    session: Session,
    account_id: int,
    *,
    kind: str = "browser",
    second_factor: bool = False,
    client: Client | None = None,
    lifetime: Lifetime | None = None,
) -> str | None:
    """Open a session for an account whose owner has proved who they are.

    Returns:
        The token, which is nowhere kept; None for an account that is locked.
    """
    chosen = lifetime or lifetime_of(kind)
    client = client or Client()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    seconds = int(chosen.longest.total_seconds())
    idle = None if chosen.idle is None else int(chosen.idle.total_seconds())
    mark = hash_of(token)
    signed = proof(
        "open", account_id, kind, mark.hex(), int(second_factor), seconds,
        -1 if idle is None else idle,
    )  # fmt: skip
    made = session.scalar(
        hidden(
            "auth.open_session(:who, :kind, :hash, :factor, :seconds, :idle, :address, "
            ":agent, :proof)"
        ),
        {"who": account_id, "kind": kind, "hash": mark, "factor": second_factor,
         "seconds": seconds, "idle": idle, "address": client.address, "agent": client.agent,
         "proof": signed},
    )  # fmt: skip
    return token if made is not None else None


def end_session(actor: Actor) -> None:
    """End the actor's own session; its token opens nothing from now on."""
    with transaction(actor) as session:
        session.execute(text("SELECT auth.end_session()"))


def actor_of(token: str) -> Actor:
    """Return who stands behind a token; NOBODY for one that is unknown, ended or too old.

    The system does not come over the network: its token opens nothing here.
    """
    if not token:
        return NOBODY
    with transaction(Actor(name="", token=token)) as session:
        known = whoami(session)
        if known is None or known["kind"] == "system":
            return NOBODY
        session.execute(text("SELECT auth.touch()"))
    return _actor(token, known)


def whoami(session: Session) -> dict[str, Any] | None:
    """Return what the database knows of the transaction's account; None without one."""
    found: dict[str, Any] | None = session.scalar(text("SELECT auth.whoami()"))
    return found


def _actor(token: str, known: dict[str, Any]) -> Actor:
    return Actor(
        name=known["name"],
        token=token,
        account_id=known["account"],
        display_name=known["display_name"],
        allowed={what: tuple(prefixes) for what, prefixes in known["allowed"].items()},
        roles=tuple((grant["role"], tuple(grant["prefixes"])) for grant in known["roles"]),
        session_id=known["session"],
        session_kind=known["session_kind"],
        second_factor=known["second_factor"],
        must_change_password=known["must_change_password"],
        waits_for_second_factor=known["waits_for_second_factor"],
    )
