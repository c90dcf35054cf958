"""Accounts of the sample city: one for each role, with random passwords that are told once."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyotp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridmap.auth import actions, queries, second_factor
from gridmap.auth.permissions import NEED_SECOND_FACTOR, ROLE_NAMES
from gridmap.auth.sessions import Client, actor_of, end_session, open_session
from gridmap.batches.models import Batch
from gridmap.core.actor import EVERYTHING, SYSTEM
from gridmap.core.city import today
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.core.settings import settings
from gridmap.grids.models import Division

PREFIX = "sample-"
LENGTHS = {"planner": 6, "clerk": 6, "mediator": 9, "field": 12}
"""Role → digits of the division in which it holds: district, street, community; others
everywhere."""
FILE_NAME = "sample-accounts.txt"
HEAD = """\
Accounts of the sample city, one for each role. Its people are invented; so are these.
Take them away with the city: script/gridmap sample --remove

"""


@dataclass(frozen=True)
class Made:
    """One account as it is told once."""

    name: str
    role: str
    scope: str
    password: str
    device: str | None
    """otpauth address of the second factor, where the role needs one."""

    def __str__(self) -> str:
        """Return its lines in the file."""
        where = self.scope or "everywhere"
        line = f"{self.name:<22} {self.password:<28} {self.role}, {where}"
        return line if self.device is None else f"{line}\n    {self.device}"


def file_path() -> Path:
    """Return where the passwords are kept; only its owner can read it."""
    return settings().home / FILE_NAME


def make_accounts(report: Callable[[str], None]) -> list[Made]:
    """Make the accounts, or give those that are there new passwords; tell and keep them."""
    made = [_make(role) for role in ROLE_NAMES]
    text = HEAD + "\n".join(map(str, made)) + "\n"
    write_private(file_path(), text)
    report("sample accounts, a name and a password each:")
    for one in made:
        report(f"    {one.name:<22} {one.password}")
    report(f"    also in {file_path()}, with the keys of those that need a second factor")
    return made


def lock_accounts() -> int:
    """Lock the accounts and forget their passwords; returns how many were open until now."""
    file_path().unlink(missing_ok=True)
    with transaction(SYSTEM) as session:
        found = [
            one
            for one in queries.accounts(session, PREFIX)
            if one.name.startswith(PREFIX) and one.locked_at is None
        ]
        for one in found:
            actions.lock(session, SYSTEM, one.id, "The sample city was taken away.")
    return len(found)


def write_private(file: Path, text: str) -> None:
    """Write a file that never was readable for anybody else, whole or not at all."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        output.write(text)
    part.replace(file)


def _make(role: str) -> Made:
    name, password = PREFIX + role, actions.random_password()
    with transaction(SYSTEM) as session:
        scope = _scope(session, role)
        account_id = _fresh_account(session, name)
        actions.set_password(session, SYSTEM, account_id, password, names=(), for_good=True)
        wanted = actions.Role(role, (scope,), today(session))
        actions.give_role(session, SYSTEM, account_id, wanted)
    device = _second_factor(account_id, name) if role in NEED_SECOND_FACTOR else None
    return Made(name, role, scope, password, device)


def _fresh_account(session: Session, name: str) -> int:
    """Return an account without a role: a new one, or the one of an earlier sample city."""
    try:
        found = queries.account_named(session, name)
    except NotFound:
        return actions.add_person(session, SYSTEM, name, name)
    for held in found.roles:
        actions.end_role(session, SYSTEM, found.id, held.id, today(session))
    actions.unlock(session, SYSTEM, found.id)
    return found.id


def _scope(session: Session, role: str) -> str:
    """Return the code of the first division of the role's size; '' where there is none."""
    if role not in LENGTHS:
        return EVERYTHING
    smallest = (
        select(func.min(Division.code))
        .join(Batch, Batch.id == Division.batch_id)
        .where(Batch.is_sample, func.length(Division.code) == LENGTHS[role])
    )
    return session.scalar(smallest) or EVERYTHING


def _second_factor(account_id: int, name: str) -> str:
    """Set a second factor up as its owner would; returns the address for a device."""
    with transaction(SYSTEM) as session:
        second_factor.remove(session, SYSTEM, account_id)
        token = open_session(session, account_id)
    owner = actor_of(token or "")
    secret = second_factor.begin(owner)
    second_factor.confirm(owner, pyotp.TOTP(secret).now(), Client())
    end_session(owner)
    return second_factor.address_for_device(name, secret)
