"""Tables of persons. What names or describes a person is encrypted (`core.encryption`)."""

from datetime import date, datetime
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
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base
from gridmap.core.encryption import Field
from gridmap.grids.models import CODE
from gridmap.residents.rules import KINDS

NAME = Field("residents", "name")
IDENTITY = Field("residents", "identity")
PHONE = Field("residents", "phone")
NOTE = Field("residents", "note")
DETAIL = Field("residences", "detail")
ROW = Field("residents", "source_id")
"""Not encrypted: the field of the keyed index by which a row of a file is known again."""


BY_HAND = "by hand"
"""Source of residences that no file brought."""


class Resident(Base):
    """One person. The grid's code is that of the residence in force, else of the last one."""

    __tablename__ = "residents"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version"),
        Index("ix_residents_grid_code", "grid_code", "id"),
        Index("ix_residents_name_index", "name_index"),
        Index("ix_residents_identity_index", "identity_index"),
        Index("ix_residents_phone_index", "phone_index"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    identity: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(LargeBinary)
    identity_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    key_number: Mapped[int] = mapped_column(SmallInteger)
    grid_code: Mapped[str] = mapped_column(CODE)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ResidentVersion(Base):
    """What stood of a person before a correction, as encrypted as it was."""

    __tablename__ = "resident_versions"
    __table_args__ = (UniqueConstraint("resident_id", "version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    identity: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_number: Mapped[int] = mapped_column(SmallInteger)
    grid_code: Mapped[str] = mapped_column(CODE, comment="That of the person")
    replaced_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    replaced_by: Mapped[str] = mapped_column(Text, comment="Name of the account")


class Residence(Base):
    """Who lives where, as what, from when to when. An ended one stays in its grid."""

    __tablename__ = "residences"
    __table_args__ = (
        UniqueConstraint("source_id", "source"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="valid"),
        ExcludeConstraint(
            ("resident_id", "="), ("kind", "="), ("valid", "&&"),
            name="ex_residences_one_of_a_kind_at_a_time",
        ),
        Index("ix_residences_grid_id", "grid_id"),
        Index("ix_residences_grid_code", "grid_code"),
        Index("ix_residences_unlinked", "id", postgresql_where="grid_id IS NULL"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    resident_id: Mapped[int] = mapped_column(ForeignKey("residents.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(Text(collation="C"))
    source_id: Mapped[str] = mapped_column(
        Text(collation="C"), comment="Keyed index of the file's id or row: tells nothing of either"
    )
    kind: Mapped[str] = mapped_column(Text(collation="C"))
    valid: Mapped[Range[date]] = mapped_column(DATERANGE, comment="Half-open; open while it lasts")
    place_id: Mapped[int | None] = mapped_column(
        ForeignKey("places.id", ondelete="SET NULL"), index=True
    )
    detail: Mapped[bytes | None] = mapped_column(LargeBinary, comment="Staircase, door")
    key_number: Mapped[int] = mapped_column(SmallInteger)
    geom: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    code_given: Mapped[str | None] = mapped_column(
        Text(collation="C"), comment="The grid's code where the file gave no point"
    )
    grid_id: Mapped[int | None] = mapped_column()
    grid_code: Mapped[str] = mapped_column(CODE)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)


class ErasedRow(Base):
    """A row of a file that brought somebody who was erased: it is not taken in again."""

    __tablename__ = "erased_rows"

    source_id: Mapped[str] = mapped_column(
        Text(collation="C"), primary_key=True, comment="Keyed index, as residences have it"
    )
    source: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    grid_code: Mapped[str] = mapped_column(CODE, comment="That of the person")
    erased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
