"""The batches' table."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, DateTime, Identity, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base

KINDS = (
    "divisions", "grids", "incidents", "places", "resources", "population", "base", "residents",
    "staff",
)  # fmt: skip
OF_PERSONS = ("residents", "staff")
"""Kinds whose rows, and so whose rejected rows, are personal."""


class Batch(Base):
    """One file that was brought in, or one part of the sample city."""

    __tablename__ = "batches"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    file_name: Mapped[str] = mapped_column(Text)
    file_hash: Mapped[str] = mapped_column(Text(collation="C"), comment="SHA-256 of the bytes")
    source: Mapped[str] = mapped_column(Text)
    is_sample: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="How its columns were read")
    counts: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="read = stored + duplicate + rejected; stored = linked + unlinked"
    )
    notes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    actor: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    grid_code: Mapped[str] = mapped_column(
        Text(collation="C"), server_default=text("''"), comment="Scope of whoever brought it"
    )
    rejects_file: Mapped[str | None] = mapped_column(Text, comment="Name below home/rejects")
