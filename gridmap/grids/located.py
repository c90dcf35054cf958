"""Columns that every located table has."""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import Double, ForeignKey, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from gridmap.grids.models import CODE


class Located:
    """A row with a place: a point, perhaps none, and the grid that covers it, perhaps none.

    `grid_code` is '' while no grid covers the row: never NULL, because a NULL code
    would match no policy, not even that of the insert.
    """

    geom: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    x_original: Mapped[float | None] = mapped_column(Double)
    y_original: Mapped[float | None] = mapped_column(Double)
    crs_original: Mapped[str | None] = mapped_column(Text(collation="C"))
    grid_id: Mapped[int | None] = mapped_column()
    grid_code: Mapped[str] = mapped_column(CODE, server_default=text("''"))

    @declared_attr
    def batch_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy hands the class in
        """Return the column of the import that brought the row."""
        return mapped_column(ForeignKey("batches.id"))
