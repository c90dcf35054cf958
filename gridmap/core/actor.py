"""Who acts. The token opens the actor's scope in the database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """Somebody, or the system itself, in whose name a transaction runs."""

    name: str
    token: str = ""

    def __repr__(self) -> str:
        """Leave the token out: representations end in logs."""
        return f"Actor({self.name!r})"


SYSTEM = Actor(name="gridmap")
"""Jobs and the command line."""
