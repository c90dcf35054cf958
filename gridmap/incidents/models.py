"""Tables of incidents, their categories, and the roll-up by month."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.grids.located import Located
from gridmap.grids.models import CODE


class Category(Base):
    """What kind of thing happened, in our own words."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(CODE, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_zh: Mapped[str] = mapped_column(Text)
    known: Mapped[bool] = mapped_column(
        Boolean, server_default=text("true"), comment="False: made by an import, not yet looked at"
    )


class CategoryWord(Base):
    """A word that a source uses, and the category that it stands for; people may change it."""

    __tablename__ = "category_words"
    __table_args__ = (UniqueConstraint("source", "word"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text(collation="C"), comment="'' = any source")
    word: Mapped[str] = mapped_column(Text(collation="C"))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)


class Incident(Located, Base):
    """One thing that happened. `source` and `source_id` make it unique.

    No foreign key leads to the grids: checked row by row it would cost more than the
    whole rest of an import. A grid that goes sends a signal, and its incidents are
    unlinked in the same transaction (`incidents.actions.follow_grids`).
    """

    __tablename__ = "incidents"
    __table_args__ = (
        Index("uq_incidents_source_id_source", "source_id", "source", unique=True),
        Index("ix_incidents_time", "occurred_from",
              postgresql_include=["grid_id", "grid_code", "category_id"]),
        Index("ix_incidents_grid", "grid_id", "occurred_from",
              postgresql_include=["grid_code", "category_id"]),
        Index("ix_incidents_batch", "batch_id", postgresql_using="brin"),
        Index("ix_incidents_unlinked", "occurred_from", postgresql_where="grid_id IS NULL"),
        CheckConstraint("occurred_to > occurred_from", name="ends_after_it_begins"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(Text(collation="C"))
    source_id: Mapped[str] = mapped_column(Text(collation="C"))
    occurred_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    occurred_to: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Half-open; NULL: at that moment"
    )
    category_id: Mapped[int] = mapped_column(Integer)
    word_id: Mapped[int] = mapped_column(Integer)
    batch_id: Mapped[int] = mapped_column(Integer)
    place_given: Mapped[str | None] = mapped_column(
        Text, comment="The grid code or address that the file gave instead of a point"
    )


class IncidentMonth(Base):
    """Incidents of one category in one grid, added up month by month (local months).

    `cumulative[k]` counts all incidents before the end of month `first_month + k - 1`, months
    numbered from January 1970 = 0. The count of any whole months is the difference of two
    elements, so it costs the same for a month and for ten years. Category 0 is all of them.
    """

    __tablename__ = "incident_months"

    category_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    grid_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    grid_id: Mapped[int | None] = mapped_column(Integer)
    first_month: Mapped[int] = mapped_column(Integer)
    cumulative: Mapped[list[int]] = mapped_column(ARRAY(Integer))
