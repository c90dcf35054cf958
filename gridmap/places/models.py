"""Tables of places and of the base map."""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.grids.located import Located

PLACE_KINDS = ("dwelling", "building", "address", "poi")
BASE_KINDS = ("street", "water", "park", "rail")


class Place(Located, Base):
    """A dwelling, building, address or point of interest."""

    __tablename__ = "places"
    __table_args__ = (
        UniqueConstraint("source_id", "source"),
        CheckConstraint(f"kind IN {PLACE_KINDS}", name="kind"),
        Index("ix_places_grid_id", "grid_id"),
        Index("ix_places_address_key", "address_key"),
        Index("ix_places_unlinked", "geom", postgresql_using="gist",
              postgresql_where="grid_id IS NULL"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text(collation="C"))
    source_id: Mapped[str] = mapped_column(Text(collation="C"))
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    address_key: Mapped[str | None] = mapped_column(
        Text(collation="C"), comment="The address as intake.normalise_address writes it"
    )
    dwellings: Mapped[int | None] = mapped_column(Integer)


class BaseFeature(Base):
    """A line or area of the city's own base map: orientation, nothing that is counted."""

    __tablename__ = "base_features"
    __table_args__ = (
        CheckConstraint(f"kind IN {BASE_KINDS}", name="kind"),
        Index("ix_base_features_geom_3857", "geom_3857", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    name: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(SmallInteger, comment="1 = seen from afar, 4 = near only")
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326, spatial_index=False))
    geom_3857: Mapped[Any] = mapped_column(
        Geometry("GEOMETRY", srid=3857, spatial_index=False),
        Computed("ST_Transform(geom, 3857)", persisted=True),
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
