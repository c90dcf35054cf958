"""Tables of staff. What names or reaches a person is encrypted (`core.encryption`)."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.core.encryption import Field
from gridmap.grids.models import CODE

NAME = Field("staff", "name")
PHONE = Field("staff", "phone")


class StaffMember(Base):
    """Somebody who works here; the code is the area to which they belong."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("number <> ''", name="number_not_empty"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_staff_grid_code", "grid_code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(
        Text(collation="C"), unique=True, comment="That of the service; says nothing of the person"
    )
    name: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    key_number: Mapped[int] = mapped_column(SmallInteger)
    account_id: Mapped[int | None] = mapped_column(
        Integer, unique=True, comment="auth.accounts.id of the same person, where there is one"
    )
    left_on: Mapped[date | None] = mapped_column(Date, comment="The first day no longer here")
    grid_code: Mapped[str] = mapped_column(CODE)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Duty(Base):
    """Who is responsible for a grid, from when to when."""

    __tablename__ = "duties"
    __table_args__ = (
        CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="valid"),
        ExcludeConstraint(
            ("staff_id", "="), ("grid_code", "="), ("valid", "&&"),
            name="ex_duties_once_at_a_time",
        ),
        Index("ix_duties_grid_id", "grid_id"),
        Index("ix_duties_grid_code", "grid_code"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    grid_id: Mapped[int | None] = mapped_column(comment="NULL: the grid is gone")
    grid_code: Mapped[str] = mapped_column(CODE)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE, comment="Half-open; open while it lasts")
