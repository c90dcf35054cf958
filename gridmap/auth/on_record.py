"""What is done with accounts, on record where auditors look for it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth import queries
from gridmap.core.actor import EVERYTHING, Actor


def record_account(
    session: Session,
    actor: Actor,
    action: str,
    account_id: int | None,
    *,
    places: Sequence[str] | None = None,
    **detail: Any,
) -> None:
    """Write down what was done with an account: a row for each place where it matters.

    The auditors of each of two districts find what happened to somebody who works in both.

    Args:
        session: the transaction of the action.
        actor: who did it.
        action: such as ``account.locked``.
        account_id: whose account.
        places: beginnings of codes; default: of the roles that the account has or will have,
            else of those whose accounts the actor manages.
        detail: as for `record`.
    """
    if places is None:
        held = [one for one in queries.grants(session, account_id) if one.lives]
        places = [prefix for one in held for prefix in one.prefixes]
    for where in _innermost(places or actor.prefixes("account") or (EVERYTHING,)):
        record(session, actor, action, subject=("account", account_id), where=where, **detail)


def _innermost(places: Sequence[str]) -> list[str]:
    """Return places without those around others: whose auditors find the rows of these."""
    ordered = sorted(set(places))
    return [
        place
        for place, following in zip(ordered, [*ordered[1:], ""], strict=True)
        if not following.startswith(place) or not following
    ]
