"""What became of the rows of one file."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Counts:
    """read = stored + duplicate + rejected; stored = linked + unlinked.

    For registers that are not located, every stored row counts as linked.
    """

    read: int
    stored: int
    linked: int
    unlinked: int
    duplicate: int
    rejected: int

    def __post_init__(self) -> None:
        if self.read != self.stored + self.duplicate + self.rejected:
            raise ValueError(f"rows got lost: {self}")
        if self.stored != self.linked + self.unlinked:
            raise ValueError(f"stored rows got lost: {self}")

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)
