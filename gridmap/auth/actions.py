"""What is done with accounts: one function for each intention, recorded; the database checks."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from gridmap.auth import passwords, queries, rules
from gridmap.auth.accounts import Grant, add_account, grant_role
from gridmap.auth.asking import as_refusal, ask, call
from gridmap.auth.errors import BadAccount, BadPassword
from gridmap.auth.on_record import record_account
from gridmap.auth.permissions import PERMISSIONS, ROLE_NAMES
from gridmap.auth.proofs import hidden, signed
from gridmap.auth.sessions import Client, Lifetime, open_session
from gridmap.core.actor import Actor
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_

SIGNS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS = 4
GROUP = 6
LONGEST_TOKEN_DAYS = 366


@dataclass(frozen=True)
class Role:
    """A role that somebody is to hold.

    Attributes:
        role: one of ROLE_NAMES.
        prefixes: codes of divisions or grids; '' is everywhere.
        first_day: when it begins.
        last_day: when it ends, that day included; None: it does not end.
        stands_in_for: name of the account whose work the holder does meanwhile.
    """

    role: str
    prefixes: tuple[str, ...]
    first_day: date
    last_day: date | None = None
    stands_in_for: str | None = None


def random_password() -> str:
    """Return a password to be written down once: 138 bits in groups that can be read out."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(GROUP)) for _ in range(GROUPS))


def add_person(session: Session, actor: Actor, name: str, display_name: str = "") -> int:
    """Make an account without password and role; returns its id.

    Raises:
        BadAccount: the name cannot be used, or is taken.
        NotYours: accounts are not for this actor.
    """
    name = rules.normal_name(name)
    if not rules.is_name(name):
        raise BadAccount(
            name=name,
            why=N_("A name has letters, digits, dots, hyphens and @, no blanks, at most 64."),
        )
    try:
        with session.begin_nested():
            account_id = add_account(session, name, display_name.strip()[:200])
    except IntegrityError as problem:
        raise BadAccount(name=name, why=N_("There is an account of this name.")) from problem
    except ProgrammingError as problem:
        raise as_refusal(problem) from problem
    record_account(session, actor, "account.added", account_id)
    return account_id


def give_role(session: Session, actor: Actor, account_id: int, wanted: Role) -> None:
    """Let an account hold a role in a scope; records whether it shows personal data.

    Raises:
        BadAccount: there is no such role, or the days are the wrong way round.
        NotYours: the scope reaches beyond the actor's, the account is the actor's own, or the
            role is that of auditors, which the system alone gives.
    """
    if wanted.role not in ROLE_NAMES:
        raise BadAccount(name=wanted.role, why=N_("There is no such role."))
    if wanted.last_day is not None and wanted.last_day < wanted.first_day:
        raise BadAccount(name=wanted.role, why=N_("The last day lies before the first."))
    instead = None
    if wanted.stands_in_for:
        instead = queries.account_named(session, wanted.stands_in_for).id
    grant = Grant(
        wanted.role,
        wanted.prefixes,
        wanted.first_day,
        wanted.last_day + timedelta(days=1) if wanted.last_day else None,
        instead,
    )
    ask(session, lambda: grant_role(session, account_id, grant))
    record_account(
        session, actor, "account.role_given", account_id, places=wanted.prefixes, role=wanted.role,
        scope=list(wanted.prefixes), since=wanted.first_day.isoformat(),
        until=wanted.last_day.isoformat() if wanted.last_day else None,
        stands_in_for=instead, shows_persons=bool(PERMISSIONS[wanted.role, "personal"]),
    )  # fmt: skip


def end_role(session: Session, actor: Actor, account_id: int, grant_id: int, day: date) -> None:
    """Let a role end: `day` is the first without it.

    Raises:
        NotFound: the account has no such role, or it has ended.
        NotYours: its scope reaches beyond the actor's, it is an auditor's or the actor's own.
    """
    held = next((one for one in queries.grants(session, account_id) if one.id == grant_id), None)
    if held is None or not call(
        session, "end_grant(:who, :grant, :day)", who=account_id, grant=grant_id, day=day
    ):
        raise NotFound(what=N_("role"), name=grant_id)
    record_account(
        session, actor, "account.role_ended", account_id, places=held.prefixes, grant=grant_id,
        role=held.role, day=day.isoformat(),
    )  # fmt: skip


def set_password(
    session: Session,
    actor: Actor,
    account_id: int,
    password: str,
    *,
    names: tuple[str, ...],
    for_good: bool = False,
) -> None:
    """Set a password: one's own, or one that its owner must change at the next log-in.

    Args:
        session: the transaction.
        actor: who sets it.
        account_id: whose it is.
        password: as it was typed.
        names: those of the account, which may not be all of it.
        for_good: of somebody else's account: it need not be changed (sample accounts).

    Raises:
        BadPassword: it may not be chosen.
        NotYours: the account is not the actor's to manage.
    """
    why = rules.why_bad(password, *names)
    if why:
        raise BadPassword(why=why)
    kept = passwords.hash_password(password)
    others = account_id != actor.account_id
    must = others and not for_good
    values = {"id": account_id, "hash": kept, "must": must,
              **signed("password", account_id, kept, int(must))}  # fmt: skip
    ask(
        session,
        lambda: session.execute(
            hidden("auth.set_password(:id, :hash, :must, :issued, :proof)"), values
        ),
    )
    action = "account.password_reset" if others else "account.password_changed"
    record_account(session, actor, action, account_id)


def lock(session: Session, actor: Actor, account_id: int, reason: str) -> None:
    """Lock an account and end its sessions.

    Raises:
        NotYours: it is not the actor's to manage.
    """
    reason = reason.strip()[:200]
    call(session, "lock_account(:who, :reason)", who=account_id, reason=reason)
    record_account(session, actor, "account.locked", account_id, reason=reason)


def unlock(session: Session, actor: Actor, account_id: int) -> None:
    """Let an account sign in again."""
    call(session, "unlock_account(:who)", who=account_id)
    record_account(session, actor, "account.unlocked", account_id)


def set_external_id(session: Session, actor: Actor, account_id: int, subject: str | None) -> None:
    """Say as whom an OpenID provider knows the account's owner: "issuer|subject".

    Raises:
        BadAccount: another account has it.
    """
    try:
        with session.begin_nested():
            call(session, "set_external_id(:who, :subject)", who=account_id, subject=subject)
    except IntegrityError as problem:
        raise BadAccount(name=subject, why=N_("Another account has this identity.")) from problem
    record_account(session, actor, "account.identity_set", account_id)


def end_sessions(session: Session, actor: Actor, account_id: int, only: int | None = None) -> int:
    """End one session of an account, or all but the actor's; returns how many."""
    if only is None:
        ended = int(call(session, "end_sessions_of(:who)", who=account_id))
    else:
        ended = int(call(session, "end_session_of(:who, :one)", who=account_id, one=only))
    record_account(session, actor, "account.sessions_ended", account_id, n=ended)
    return ended


def make_token(session: Session, actor: Actor, account_id: int, *, label: str, days: int) -> str:
    """Open a program's session and return its token, which is kept nowhere.

    Raises:
        BadAccount: the days are out of range, or the account is locked.
    """
    if not 0 < days <= LONGEST_TOKEN_DAYS:
        raise BadAccount(name=label, why=N_("A token lasts from 1 to 366 days."))
    token = open_session(session, account_id, kind="program", client=Client(agent=label[:200]),
                         lifetime=Lifetime(timedelta(days=days)))  # fmt: skip
    if token is None:
        raise BadAccount(name=label, why=N_("The account is locked."))
    record_account(session, actor, "account.token_made", account_id, days=days)
    return token


def set_language(session: Session, language: str | None) -> None:
    """Keep the language of the own account; the next log-in brings it to the browser."""
    call(session, "set_language(:tongue)", tongue=language)
