"""What the grids tell the registers that lie above them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import shapely
from sqlalchemy.orm import Session

from gridmap.core.signals import Signal
from gridmap.grids.locator import CurrentGrids


@dataclass(frozen=True)
class Redrawn:
    """Borders that were drawn anew: which rows to look at, and where they lie now.

    Attributes:
        change_id: of the change that was made or taken back.
        back: it was taken back.
        community: beginning of the codes of all grids concerned; rows that no grid is known
            for any more carry it.
        grids: those that are new or were moved, and their neighbours: every row that the change
            concerns lies in one of them.
        part_ids: the new and moved ones among them.
        gone_ids: grids that are not in force any more.
        gone_codes: their codes.
        moved_ids: grids whose border is another.
        beside_ids: neighbours; only rows exactly on the old or new borders may change to or
            from them.
        edge: the borders, before and after, in WGS84.
        heirs: old grid id → (id, code) of the grid that takes rows of which only the grid is known.
    """

    change_id: int
    back: bool
    community: str
    grids: CurrentGrids
    part_ids: list[int]
    gone_ids: list[int]
    gone_codes: list[str]
    moved_ids: list[int]
    beside_ids: list[int]
    edge: shapely.Geometry
    heirs: Mapping[int, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class GridsChanged:
    """Grids came, went or were drawn anew, in this transaction.

    Attributes:
        removed_ids: those that an import which was taken back had brought.
        redrawn: set when borders were drawn anew: what tiles the same ground as before, so that
            only rows in these grids are concerned.
    """

    session: Session
    removed_ids: list[int]
    redrawn: Redrawn | None = None


grids_changed: Signal[GridsChanged] = Signal("grids_changed")
