"""What may be known of accounts: one's own, and those in whose scope one manages."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gridmap.auth import rules
from gridmap.auth.asking import call
from gridmap.auth.permissions import NEED_SECOND_FACTOR
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_


@dataclass(frozen=True)
class Held:
    """A role of an account.

    Attributes:
        id: number of the grant.
        role: one of ROLE_NAMES.
        prefixes: codes of divisions or grids; '' is everywhere.
        first_day: when it begins.
        last_day: the last day with it; None: it does not end.
        lives: whether it holds today or will.
        begun: whether its first day has come.
        granted_by: name of the account that gave it.
        stands_in_for: name of the account whose work the holder does.
    """

    id: int
    role: str
    prefixes: tuple[str, ...]
    first_day: date
    last_day: date | None
    lives: bool
    begun: bool
    granted_by: str
    stands_in_for: str | None


@dataclass(frozen=True)
class Account:
    """An account as those see it who manage it.

    Attributes:
        id: its number.
        name: to sign in with.
        display_name: as people call that one.
        locked_at: when it was locked; None: it is not.
        lock_reason: why.
        has_password: whether it can sign in by one.
        has_second_factor: whether it needs one to sign in.
        external_id: as an OpenID provider knows its owner, "issuer|subject".
        must_change_password: somebody else set it.
        created_at: when it was made.
        seen_at: when it was last used; None: never.
        sessions: how many are open.
        managed: whether whoever asks may change it.
        grants: its roles, ended ones too, the newest first.
    """

    id: int
    name: str
    display_name: str
    locked_at: datetime | None
    lock_reason: str | None
    has_password: bool
    has_second_factor: bool
    external_id: str | None
    must_change_password: bool
    created_at: datetime
    seen_at: datetime | None
    sessions: int
    managed: bool
    grants: tuple[Held, ...]

    @property
    def roles(self) -> tuple[Held, ...]:
        """Those that hold today or will."""
        return tuple(held for held in self.grants if held.lives)

    @property
    def waits(self) -> bool:
        """Whether a role does not hold for want of a second factor."""
        return not self.has_second_factor and any(
            held.role in NEED_SECOND_FACTOR for held in self.roles
        )


@dataclass(frozen=True)
class OpenSession:
    """A session that has not ended.

    Attributes:
        id: its number.
        kind: browser or program.
        opened_at: when its owner signed in, or a token was made.
        seen_at: when it was last used, to the minute.
        expires_at: when it ends whatever happens.
        second_factor: whether it was opened with one.
        address: from where.
        agent: what the browser says of itself, or the label of a token.
        own: whether it is the one that asks.
    """

    id: int
    kind: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    second_factor: bool
    address: str | None
    agent: str | None
    own: bool


def accounts(session: Session, words: str = "", only: int | None = None) -> list[Account]:
    """Return the accounts in sight whose name contains some words, or the one with an id."""
    found: list[dict[str, Any]] = call(
        session, "accounts_in_sight(:words, :only)", words=words.strip(), only=only
    )
    return [
        Account(
            **_with_moments(one, "locked_at", "created_at", "seen_at"),
            grants=tuple(map(_held, one.pop("grants"))),
        )
        for one in found
    ]


def account(session: Session, account_id: int) -> Account:
    """Return one account.

    Raises:
        NotFound: there is none, or it may not be seen: the same answer.
    """
    found = accounts(session, only=account_id)
    if not found:
        raise NotFound(what=N_("account"), name=account_id)
    return found[0]


def account_named(session: Session, name: str) -> Account:
    """Return one account by its name; NotFound as for `account`."""
    normal = rules.normal_name(name)
    for found in accounts(session, normal):
        if found.name == normal:
            return found
    raise NotFound(what=N_("account"), name=name)


def sessions(session: Session, account_id: int | None) -> list[OpenSession]:
    """Return the open sessions of an account, the latest used first."""
    found: list[dict[str, Any]] = call(session, "sessions_of(:who)", who=account_id)
    return [
        OpenSession(**_with_moments(one, "opened_at", "seen_at", "expires_at")) for one in found
    ]


def grants(session: Session, account_id: int | None) -> list[Held]:
    """Return all roles of an account, ended ones too, the newest first."""
    return [_held(one) for one in call(session, "grants_of(:who)", who=account_id)]


def _held(one: dict[str, Any]) -> Held:
    after = one.pop("day_after")
    last = date.fromisoformat(after) - timedelta(days=1) if after else None
    first = date.fromisoformat(one.pop("first_day"))
    return Held(first_day=first, last_day=last, prefixes=tuple(one.pop("prefixes")), **one)


def _with_moments(one: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the plain values of a row, its times as times."""
    plain = {name: value for name, value in one.items() if name != "grants"}
    for name in names:
        plain[name] = None if plain[name] is None else datetime.fromisoformat(plain[name])
    return plain
