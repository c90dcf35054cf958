"""Tables of divisions and grids."""

from datetime import date
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base

CODE = Text(collation="C")


def area(srid: int) -> Any:
    """Return the column type of a border; its index is declared with the table."""
    return Geometry("MULTIPOLYGON", srid=srid, spatial_index=False)


class Division(Base):
    """An administrative area above the grid. Its code is a prefix of all codes below it."""

    __tablename__ = "divisions"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_not_empty"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_divisions_geom_3857", "geom_3857", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(CODE, unique=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    geom: Mapped[Any | None] = mapped_column(area(4326))
    geom_3857: Mapped[Any | None] = mapped_column(
        area(3857), Computed("ST_Transform(geom, 3857)", persisted=True)
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)


class Grid(Base):
    """The smallest area that one officer looks after; its borders stand in `grid_versions`."""

    __tablename__ = "grids"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_not_empty"),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(CODE, unique=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    community_code: Mapped[str | None] = mapped_column(CODE)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date, comment="First day after it ended")
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)


class GridVersion(Base):
    """The border of one grid over one span of time."""

    __tablename__ = "grid_versions"
    __table_args__ = (
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        ExcludeConstraint(("grid_id", "="), ("valid", "&&"), name="ex_grid_versions_one_at_a_time"),
        Index("ix_grid_versions_geom", "geom", postgresql_using="gist"),
        Index("ix_grid_versions_geom_3857", "geom_3857", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    grid_id: Mapped[int] = mapped_column(ForeignKey("grids.id", ondelete="CASCADE"))
    valid: Mapped[Range[date]] = mapped_column(
        DATERANGE, comment="Half-open; open-ended while in force"
    )
    geom: Mapped[Any] = mapped_column(area(4326))
    geom_3857: Mapped[Any] = mapped_column(area(3857), comment="For tiles of zoom 13 and above")
    geom_3857_low: Mapped[Any] = mapped_column(area(3857), comment="Simplified, for zoom 12 down")
    label: Mapped[Any] = mapped_column(
        Geometry("POINT", srid=3857, spatial_index=False), comment="Where the name may stand"
    )
    label_width_m: Mapped[float] = mapped_column(
        Double, comment="Room for it, in units of EPSG:3857"
    )
    area_m2: Mapped[float] = mapped_column(Double)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)


class GridNeighbour(Base):
    """Two grids in force that share at least a point of their borders; both directions stand."""

    __tablename__ = "grid_neighbours"

    grid_id: Mapped[int] = mapped_column(
        ForeignKey("grids.id", ondelete="CASCADE"), primary_key=True
    )
    neighbour_id: Mapped[int] = mapped_column(
        ForeignKey("grids.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class GridLineage(Base):
    """One grid went into another when borders were drawn anew."""

    __tablename__ = "grid_lineage"

    from_id: Mapped[int] = mapped_column(ForeignKey("grids.id"), primary_key=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("grids.id"), primary_key=True)


class GridPopulation(Base):
    """How many people lived in a grid on a day, as one source says: a count, no persons."""

    __tablename__ = "grid_population"
    __table_args__ = (
        UniqueConstraint("grid_id", "date", "source"),
        CheckConstraint("n >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    grid_id: Mapped[int] = mapped_column(ForeignKey("grids.id", ondelete="CASCADE"))
    date: Mapped[date] = mapped_column(Date)
    n: Mapped[float] = mapped_column(Double)
    source: Mapped[str] = mapped_column(Text, server_default=text("''"))
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("batches.id"), index=True, comment="NULL: counted from the register of residents"
    )
