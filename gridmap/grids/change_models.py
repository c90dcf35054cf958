"""Tables of changes to grids: what was drawn anew, what moved by rule, what is proposed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.grids.models import CODE

CHANGE_KINDS = ("split", "merge", "move")
DRAFT, FOR_REVIEW, ACCEPTED, REFUSED = "draft", "for_review", "accepted", "refused"
DRAFT_STATES = (DRAFT, FOR_REVIEW, ACCEPTED, REFUSED)


class GridChange(Base):
    """Borders drawn anew on one day; the grids before and after tile the same ground.

    Codes that a change gave out are never given out again, also if it is taken back.
    """

    __tablename__ = "grid_changes"
    __table_args__ = (
        CheckConstraint(f"kind IN {CHANGE_KINDS}", name="kind"),
        Index("ix_grid_changes_grid_code", "grid_code", "id"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    grid_code: Mapped[str] = mapped_column(CODE, comment="Of the community: who sees it")
    holds_from: Mapped[date] = mapped_column(Date, comment="First day with the new borders")
    before_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    before_codes: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    after_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    after_codes: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    rights_left: Mapped[int] = mapped_column(
        Integer,
        server_default=text("0"),
        comment="Roles that still name grids which a merge ended: a person decides",
    )
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class GridChangeRow(Base):
    """A row that a change moved by rule, not by its point, or that a person should look at."""

    __tablename__ = "grid_change_rows"
    __table_args__ = (
        Index("ix_grid_change_rows_row_id", "row_id"),
        Index("ix_grid_change_rows_grid_code", "grid_code"),
    )

    change_id: Mapped[int] = mapped_column(
        ForeignKey("grid_changes.id", ondelete="CASCADE"), primary_key=True
    )
    register: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    by_rule: Mapped[bool] = mapped_column(comment="False: by its point; listed to be looked at")
    old_grid_id: Mapped[int | None] = mapped_column(Integer)
    old_code: Mapped[str] = mapped_column(CODE)
    grid_code: Mapped[str] = mapped_column(CODE, comment="Where it lies now")
    place_before: Mapped[str | None] = mapped_column(Text)


class GridDraft(Base):
    """Borders that somebody proposes, and what a second person said of them."""

    __tablename__ = "grid_drafts"
    __table_args__ = (
        CheckConstraint(f"state IN {DRAFT_STATES}", name="state"),
        CheckConstraint(f"kind IN {CHANGE_KINDS}", name="kind"),
        Index("ix_grid_drafts_grid_code", "grid_code", "id"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    grid_code: Mapped[str] = mapped_column(CODE, comment="Of the community: who sees it")
    codes: Mapped[list[str]] = mapped_column(ARRAY(CODE), comment="Grids that are to change")
    drawing: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="GeoJSON, as it was drawn")
    new_codes: Mapped[list[str]] = mapped_column(ARRAY(CODE), comment="Empty: by the scheme")
    names: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="Empty: from the old ones")
    holds_from: Mapped[date | None] = mapped_column(Date, comment="NULL: the day it is accepted")
    state: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("'draft'"))
    reason: Mapped[str] = mapped_column(Text, server_default=text("''"))
    drawn_by_id: Mapped[int | None] = mapped_column(Integer)
    drawn_by: Mapped[str] = mapped_column(Text)
    drawn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer: Mapped[str] = mapped_column(Text, server_default=text("''"))
    change_id: Mapped[int | None] = mapped_column(
        ForeignKey("grid_changes.id", ondelete="SET NULL"), comment="Set when it was carried out"
    )
