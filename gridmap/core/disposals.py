"""The ledger of what was erased: when, by which rule, for what reason; without personal values."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, Text, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from gridmap.core.actor import Actor
from gridmap.core.database import Base

ERASURE = "erasure"
"""In place of a rule: somebody asked for it."""


class Disposal(Base):
    """Rows of one table that went at one time for one reason."""

    __tablename__ = "disposals"
    __table_args__ = (Index("ix_disposals_at", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    rule: Mapped[str] = mapped_column(Text(collation="C"), comment="Of retention, or 'erasure'")
    table_name: Mapped[str] = mapped_column(Text(collation="C"))
    rows: Mapped[int] = mapped_column(Integer)
    subject_id: Mapped[int | None] = mapped_column(BigInteger, comment="Number of the person")
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    grid_code: Mapped[str] = mapped_column(Text(collation="C"), comment="Scope of what went")


@dataclass(frozen=True)
class Gone:
    """What is written down of something erased.

    Attributes:
        rule: of retention, or ERASURE.
        table: that of the rows, or a kind of file.
        rows: how many.
        reason: in words.
        subject_id: number of the person, where it was one.
        grid_code: scope of what went.
    """

    rule: str
    table: str
    rows: int
    reason: str
    subject_id: int | None = None
    grid_code: str = ""


def write_down(session: Session, actor: Actor, gone: Gone) -> None:
    """Add a line to the ledger, in the transaction that erases."""
    session.add(
        Disposal(
            rule=gone.rule,
            table_name=gone.table,
            rows=gone.rows,
            subject_id=gone.subject_id,
            reason=gone.reason,
            actor=actor.name,
            grid_code=gone.grid_code,
        )
    )
