"""Limits on tries that hold over all workers: a row of the database counts them."""

import hmac

from gridmap.auth.errors import TooManyAttempts
from gridmap.auth.proofs import hidden, signed
from gridmap.core.actor import NOBODY
from gridmap.core.database import transaction
from gridmap.core.keys import named_key

MOST = 10
WITHIN_S = 300

COUNT = hidden("auth.count_attempt(:key, :most, :seconds, :issued, :proof)")
FORGET = hidden("auth.forget_attempt(:key, :issued, :proof)")


def count(*, account: str, address: str | None) -> None:
    """Count one try at an account from an address, in a transaction of its own.

    The address comes first: whoever is stopped there uses up no try of somebody else's account.

    Raises:
        TooManyAttempts: there were ten in five minutes; says how long to wait.
    """
    for key in _keys(account, address):
        with transaction(NOBODY) as session:
            proofs = signed("attempt", key, MOST, WITHIN_S)
            values = {"key": key, "most": MOST, "seconds": WITHIN_S, **proofs}
            wait = int(session.scalar(COUNT, values))
        if wait:
            raise TooManyAttempts(retry_after=wait, minutes=-(-wait // 60))


def take_back(*, address: str | None) -> None:
    """Take back the last try from an address that turned out right.

    Behind one address a whole office signs in; at one account nobody needs ten times.
    """
    for key in _keys(None, address):
        with transaction(NOBODY) as session:
            session.execute(FORGET, {"key": key, **signed("forget", key)})


def _keys(account: str | None, address: str | None) -> list[str]:
    """Return what is counted, hashed with a key: people type passwords into the wrong field."""
    whose = [("address", address), ("account", account)]
    key = named_key("attempts")
    return [
        hmac.digest(key, f"{kind} {value}".encode(), "sha256").hex()
        for kind, value in whose
        if value
    ]
