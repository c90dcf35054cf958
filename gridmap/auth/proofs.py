"""Proofs that a call comes from this server: made for its very arguments, good for five minutes."""

from gridmap.core.clock import utc_now
from gridmap.core.keys import proof


def signed(*parts: object) -> dict[str, object]:
    """Return the values of `:issued` and `:proof` for a function of the schema `auth`.

    Args:
        parts: what the function does, then its arguments, as `auth.require_fresh_proof` joins
            them. At most one is text that a person typed.
    """
    issued = int(utc_now().timestamp())
    return {"issued": issued, "proof": proof(*parts, issued)}
