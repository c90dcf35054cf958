"""Who acts, and what that one may do where. The token opens the same scope in the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_

EVERYTHING = ""
"""The prefix of every code: a scope over the whole city."""


@dataclass(frozen=True)
class Actor:
    """Somebody, or the system itself, in whose name a transaction runs.

    What stands here only spares a question: the database decides by the token (`auth.scopes`).

    Attributes:
        name: how the account signs in.
        token: of the session; '' opens nothing.
        account_id: None for an actor that is no account.
        display_name: how people call that one.
        allowed: "data.action" → beginnings of the codes where it is allowed.
        roles: roles that hold now, each with its prefixes.
        must_change_password: it was set by somebody else.
        session_kind: browser, program or system.
        waits_for_second_factor: some roles hold only with one, and this session has none.
    """

    name: str
    token: str = ""
    account_id: int | None = None
    display_name: str = ""
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: tuple[tuple[str, tuple[str, ...]], ...] = ()
    session_id: int | None = None
    session_kind: str = ""
    second_factor: bool = False
    must_change_password: bool = False
    waits_for_second_factor: bool = False

    def __repr__(self) -> str:
        """Leave the token out: representations end in logs."""
        return f"Actor({self.name!r})"

    def prefixes(self, data: str, action: str = "see") -> tuple[str, ...]:
        """Return where something is allowed; empty: nowhere."""
        return tuple(sorted(self.allowed.get(f"{data}.{action}", ())))

    def may(self, data: str, action: str = "see", *, at: str | None = None) -> bool:
        """Return whether something is allowed anywhere, or at a code."""
        found = self.prefixes(data, action)
        return bool(found) if at is None else at.startswith(found or (IMPOSSIBLE,))

    def narrow(self, scope: str, data: str = "place", action: str = "see") -> str:
        """Return the scope that a page may show when somebody asks for one.

        Args:
            scope: beginning of codes; '' asks for all that the actor has.
            data: class of what is shown.
            action: what is done with it.

        Returns:
            The scope itself if it lies within the actor's; for '' the first of the actor's.

        Raises:
            NotFound: the scope is not the actor's; the same answer as for one that is not there.
        """
        own = self.prefixes(data, action)
        if scope == EVERYTHING and own:
            return own[0]
        if not scope.startswith(own or (IMPOSSIBLE,)):
            raise NotFound.outside(what=N_("scope"), name=scope)
        return scope

    def widest(self, data: str, action: str = "see") -> tuple[str, ...]:
        """Return where something is allowed, without scopes that lie in others of them."""
        found = self.prefixes(data, action)
        return tuple(own for own in found if not own.startswith(tuple({*found} - {own} or ())))

    def root(self, scope: str, data: str = "place", action: str = "see") -> str:
        """Return the widest of the actor's scopes that a scope lies in, as `narrow` returns it."""
        return min((own for own in self.prefixes(data, action) if scope.startswith(own)), key=len)


IMPOSSIBLE = "\N{REPLACEMENT CHARACTER}"
"""Begins no code."""

NOBODY = Actor(name="")
"""Not signed in: sees nothing."""


class _Everywhere(Mapping[str, tuple[str, ...]]):
    """Allows everything everywhere: what the system account may do."""

    def __getitem__(self, _: str) -> tuple[str, ...]:
        return (EVERYTHING,)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


SYSTEM = Actor(name="system", display_name="gridmap", allowed=_Everywhere())
"""Jobs and the command line: an account without log-in, over everything.

Its token is made of the server's key when a transaction opens (`core.keys`)."""
