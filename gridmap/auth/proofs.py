"""Proofs that a call comes from this server: made for its very arguments, good for five minutes."""

from sqlalchemy import TextClause, text

from gridmap.core.clock import utc_now
from gridmap.core.database import HIDE
from gridmap.core.keys import proof


def hidden(call: str) -> TextClause:
    """Return the statement that calls a function with a proof or a hash, unseen by others."""
    return text(f"{HIDE} SELECT {call}")


def signed(*parts: object) -> dict[str, object]:
    """Return the values of `:issued` and `:proof` for a function of the schema `auth`.

    Args:
        parts: what the function does, then its arguments, as `auth.require_fresh_proof` joins
            them. At most one is text that a person typed.
    """
    issued = int(utc_now().timestamp())
    return {"issued": issued, "proof": proof(*parts, issued)}
