"""Pages of a list: which rows are shown, of how many, and where the next ones are."""

from collections.abc import Callable
from dataclasses import dataclass

SIZE = 25


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes:
        number: from 1.
        total: rows of the whole list, from the same query as the rows shown.
        address: page number → address.
    """

    number: int
    total: int
    address: Callable[[int], str]
    size: int = SIZE

    @property
    def offset(self) -> int:
        """Return how many rows come before."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """Return the number of the first row shown, 0 where there is none."""
        return self.offset + 1 if self.total > self.offset else 0

    @property
    def last(self) -> int:
        """Return the number of the last row shown."""
        return min(self.total, self.offset + self.size)

    @property
    def previous(self) -> str | None:
        """Return the address of the page before."""
        return self.address(self.number - 1) if self.number > 1 else None

    @property
    def next(self) -> str | None:
        """Return the address of the page behind."""
        return self.address(self.number + 1) if self.last < self.total else None


def page_number(given: str | None) -> int:
    """Return the page that an address names; 1 for none and for nonsense."""
    return max(1, int(given)) if given and given.isdecimal() and len(given) < 7 else 1
