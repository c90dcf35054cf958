"""What is done with places."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy.orm import Session

from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.bulk import Column
from gridmap.core.city import bump
from gridmap.grids.located_actions import PointRegister
from gridmap.grids.located_queries import null_where_empty
from gridmap.grids.news import GridsChanged
from gridmap.intake import PointRows
from gridmap.intake.addresses import normalise_address
from gridmap.places import queries
from gridmap.places.models import PLACE_KINDS, Place

PLACES = PointRegister("places", Place)


def import_places(session: Session, batch: Batch, rows: PointRows, *, rejected: int) -> Counts:
    """Store the usable rows of one file; a kind that is not said is an address or a poi."""
    kinds = np.where(rows.kind == "", np.where(rows.address != "", "address", "poi"), rows.kind)
    own = {
        "kind": Column("text", np.where(np.isin(kinds, PLACE_KINDS), kinds, "poi")),
        "name": Column("text", rows.name),
        "address": null_where_empty(rows.address),
        "address_key": null_where_empty(_key(rows.address)),
        "dwellings": Column("int4", rows.dwellings, rows.dwellings < 0),
    }
    return PLACES.store(session, batch, rows, own, rejected=rejected)


def _key(addresses: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return addresses as they are compared."""
    return normalise_address(pa.chunked_array([pa.array(addresses, type=pa.string())]))


def undo_places(session: Session, batch: Batch) -> int:
    """Delete what one import brought; returns the rows."""
    return PLACES.undo(session, batch)


def follow_grids(news: GridsChanged) -> None:
    """Link places anew."""
    PLACES.follow_grids(news)


def undo_base(session: Session, batch: Batch) -> int:
    """Delete the base map's features that one import brought; returns the rows."""
    rows = queries.delete_base_features_of(session, batch.id)
    bump(session, "base")
    return rows
