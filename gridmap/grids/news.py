"""What the grids tell the registers that lie above them."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridmap.core.signals import Signal


@dataclass(frozen=True)
class GridsChanged:
    """Grids came or went, in this transaction; `removed_ids` are those that went."""

    session: Session
    removed_ids: list[int]


grids_changed: Signal[GridsChanged] = Signal("grids_changed")
