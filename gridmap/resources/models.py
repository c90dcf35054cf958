"""The resources' table."""

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.grids.located import Located

RESOURCE_KINDS = (
    "camera",
    "police_box",
    "street_light",
    "fire_point",
    "aed",
    "shelter",
    "volunteer_post",
)
RESOURCE_STATES = ("in_service", "out_of_order")


class Resource(Located, Base):
    """One thing that prevents harm, where it stands."""

    __tablename__ = "resources"
    __table_args__ = (
        UniqueConstraint("source_id", "source"),
        CheckConstraint(f"kind IN {RESOURCE_KINDS}", name="kind"),
        CheckConstraint(f"status IN {RESOURCE_STATES}", name="status"),
        Index("ix_resources_grid_id", "grid_id"),
        Index("ix_resources_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text(collation="C"))
    source_id: Mapped[str] = mapped_column(Text(collation="C"))
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text(collation="C"))
