"""Tables of cases: the case as it stands, its clocks, and everything that happened to it."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.cases.declarations import PRIORITIES
from gridmap.core.database import Base
from gridmap.grids.models import CODE

SOURCES = ("officer", "resident", "phone", "patrol", "import", "system")


class Case(Base):
    """Work that somebody must do, as it stands now.

    `version` grows by one with each change: whoever changes a case says which version they saw.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"priority IN {PRIORITIES}", name="priority"),
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        Index("ix_cases_open", "grid_code", "due_at", postgresql_where="closed_at IS NULL"),
        Index("ix_cases_opened", "grid_code", "opened_at"),
        Index("ix_cases_holder", "holder_id", "due_at", postgresql_where="closed_at IS NULL"),
        Index("ix_cases_grid", "grid_id"),
        Index("ix_cases_incident", "incident_id", postgresql_where="incident_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(
        CODE, unique=True, comment="Drawn, not counted: a number in a row would tell how many"
    )
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(Text(collation="C"))
    outcome: Mapped[str | None] = mapped_column(Text(collation="C"))
    priority: Mapped[str] = mapped_column(Text(collation="C"))
    source: Mapped[str] = mapped_column(Text(collation="C"))
    title: Mapped[str] = mapped_column(Text)
    category_id: Mapped[int | None] = mapped_column(Integer)
    incident_id: Mapped[int | None] = mapped_column(BigInteger)
    geom: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    place_given: Mapped[str | None] = mapped_column(Text, comment="The place in words")
    grid_id: Mapped[int | None] = mapped_column(Integer)
    grid_code: Mapped[str] = mapped_column(CODE)
    holder_id: Mapped[int | None] = mapped_column(Integer, comment="Account that has it")
    holder_name: Mapped[str | None] = mapped_column(Text, comment="As it was called then")
    held_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_by: Mapped[int | None] = mapped_column(Integer)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    moved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="The first of its running clocks; NULL: none runs"
    )
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class CaseClock(Base):
    """One deadline of a case, from the state that began it to the state that kept it."""

    __tablename__ = "case_clocks"
    __table_args__ = (Index("ix_case_clocks_case_id", "case_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    grid_code: Mapped[str] = mapped_column(CODE)
    deadline: Mapped[str] = mapped_column(Text(collation="C"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stopped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="NULL while a pause holds it"
    )
    pauses: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'"), comment="[from, to or null] in order"
    )


class CaseEvent(Base):
    """One thing that happened to a case; never changed, but for the mark that it was undone."""

    __tablename__ = "case_events"
    __table_args__ = (
        Index("ix_case_events_case_id", "case_id", "id"),
        Index("uq_case_events_key", "account_id", "key", unique=True,
              postgresql_where="key IS NOT NULL"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    grid_code: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    account_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text(collation="C"))
    from_state: Mapped[str | None] = mapped_column(Text(collation="C"))
    to_state: Mapped[str] = mapped_column(Text(collation="C"))
    note: Mapped[str] = mapped_column(Text, server_default=text("''"))
    changes: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), comment="name → [before, after]"
    )
    before: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB, comment="What an undo puts back; NULL: it cannot be undone"
    )
    version: Mapped[int] = mapped_column(Integer, comment="Of the case afterwards")
    key: Mapped[str | None] = mapped_column(
        Text(collation="C"), comment="Idempotency: the same key again is the same step"
    )
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
