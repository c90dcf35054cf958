"""Bringing located points in: the same for places and resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.bulk import Column
from gridmap.core.city import bump, lock_register
from gridmap.grids.displaced import relocate
from gridmap.grids.located_queries import delete_rows_of, insert_new, located_columns, relink
from gridmap.grids.locator import current_grids
from gridmap.grids.news import GridsChanged
from gridmap.intake import PointRows


@dataclass(frozen=True)
class PointRegister:
    """One register of located points: its table and its name in `data_versions`."""

    name: str
    table: type[Any]

    def store(
        self,
        session: Session,
        batch: Batch,
        rows: PointRows,
        own: Mapping[str, Column],
        *,
        rejected: int,
    ) -> Counts:
        """Store points with the columns that only this register has."""
        lock_register(session, self.name)
        n = len(rows)
        links = current_grids(session).at_points(rows.lon, rows.lat).unlinked_as(batch.grid_code)
        columns = {
            "source": Column("text", np.full(n, batch.source, dtype=object)),
            "source_id": Column("text", rows.source_id),
            "batch_id": Column("int4", np.full(n, batch.id)),
            **located_columns(rows.lon, rows.lat, links),
            **own,
        }
        if rows.origin.converted:
            columns["x_original"] = Column("float8", rows.x_original)
            columns["y_original"] = Column("float8", rows.y_original)
            columns["crs_original"] = Column("text", np.full(n, rows.crs, dtype=object))
        new = insert_new(session, self.table, columns) if n else np.empty(0, dtype=bool)
        stored, unlinked = int(new.sum()), int((new & links.unlinked).sum())
        if stored:
            bump(session, self.name)
        return Counts(
            read=rows.read,
            stored=stored,
            linked=stored - unlinked,
            unlinked=unlinked,
            duplicate=n - stored + rows.duplicate_in_file,
            rejected=rejected,
        )

    def undo(self, session: Session, batch: Batch) -> int:
        """Delete what one import brought; returns the rows."""
        lock_register(session, self.name)
        rows = delete_rows_of(session, self.table, batch.id)
        bump(session, self.name)
        return rows

    def follow_grids(self, news: GridsChanged) -> None:
        """Link points that a grid covers by now, unlink those whose grid is gone."""
        session = news.session
        lock_register(session, self.name)
        if news.redrawn is not None:
            if relocate(session, self.table, news.redrawn):
                bump(session, self.name)
            return
        moved = relink(session, self.table, current_grids(session), news.removed_ids)
        if moved or news.removed_ids:
            bump(session, self.name)
