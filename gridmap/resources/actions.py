"""What is done with resources."""

import numpy as np
from sqlalchemy.orm import Session

from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.bulk import Column
from gridmap.grids.located_actions import PointRegister
from gridmap.grids.news import GridsChanged
from gridmap.intake import PointRows
from gridmap.resources.models import Resource

RESOURCES = PointRegister("resources", Resource)


def import_resources(session: Session, batch: Batch, rows: PointRows, *, rejected: int) -> Counts:
    """Store the usable rows of one file."""
    own = {
        "kind": Column("text", rows.kind),
        "name": Column("text", rows.name),
        "status": Column("text", np.where(rows.status == "", "in_service", rows.status)),
    }
    return RESOURCES.store(session, batch, rows, own, rejected=rejected)


def undo_resources(session: Session, batch: Batch) -> int:
    """Delete what one import brought; returns the rows."""
    return RESOURCES.undo(session, batch)


def follow_grids(news: GridsChanged) -> None:
    """Link resources anew."""
    RESOURCES.follow_grids(news)
