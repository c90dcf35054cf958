"""Accounts and the roles that they hold."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session


def add_account(session: Session, name: str, display_name: str = "") -> int:
    """Make an account that nobody can use yet: no password, no role.

    Args:
        session: a transaction of somebody who may add accounts.
        name: to sign in with; kept in lower case.
        display_name: as people call that one.

    Returns:
        Its id.
    """
    name = name.strip().lower()
    made = session.scalar(
        text("SELECT auth.add_account(:name, :shown)"),
        {"name": name, "shown": display_name or name},
    )
    return int(made)


@dataclass(frozen=True)
class Grant:
    """A role in a scope, from a day to a day.

    Attributes:
        role: one of those that people can hold.
        prefixes: beginnings of codes; none grants nothing.
        first_day: when it begins.
        day_after: the first day without it; None: it does not end.
        stands_in_for: the account whose work the holder does meanwhile.
    """

    role: str
    prefixes: tuple[str, ...]
    first_day: date
    day_after: date | None = None
    stands_in_for: int | None = None


def grant_role(session: Session, account_id: int, grant: Grant) -> int:
    """Let an account hold a role; returns the grant's id.

    The session's account must be one that may add accounts over all of the grant's scope.
    """
    made = session.scalar(
        text("SELECT auth.grant_role(:who, :role, :prefixes, :first, :after, :instead)"),
        {"who": account_id, "role": grant.role, "prefixes": list(grant.prefixes),
         "first": grant.first_day, "after": grant.day_after, "instead": grant.stands_in_for},
    )  # fmt: skip
    return int(made)
