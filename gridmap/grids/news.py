"""What the grids tell the registers that lie above them."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridmap.core.signals import Signal


@dataclass(frozen=True)
class GridsChanged:
    """Grids came or went, in this transaction; `removed_codes` are those that went."""

    session: Session
    removed_codes: list[str]


grids_changed: Signal[GridsChanged] = Signal("grids_changed")
