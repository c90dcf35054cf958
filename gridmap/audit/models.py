"""The audit trail's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from gridmap.audit.rules import KEPT, OUTCOMES
from gridmap.core.database import Base


class Xid8(UserDefinedType[str]):
    """Number of a transaction; never comes again in one cluster."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type in SQL."""
        return "xid8"


ischema_names["xid8"] = Xid8


class AuditEvent(Base):
    """One action, look or refusal of one actor. Rows are appended; nobody may change them.

    The database itself writes who it was: account, name, roles and scope come from the token.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint(f"class IN {tuple(KEPT)}", name="class"),
        Index("ix_audit_events_at", "at"),
        Index("ix_audit_events_xid", "xid"),
        Index("ix_audit_events_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_events_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text(collation="C"))
    subject_type: Mapped[str] = mapped_column(Text(collation="C"))
    subject_id: Mapped[str] = mapped_column(Text(collation="C"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    account_id: Mapped[int | None] = mapped_column(
        Integer, comment="NULL: nobody was signed in (a log-in that failed)"
    )
    roles: Mapped[list[str]] = mapped_column(
        ARRAY(Text(collation="C")), server_default=text("'{}'"), comment="Held at that moment"
    )
    scope: Mapped[list[str]] = mapped_column(
        ARRAY(Text(collation="C")), server_default=text("'{}'"), comment="Prefixes in force"
    )
    outcome: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("'done'"))
    grid_code: Mapped[str] = mapped_column(
        Text(collation="C"), server_default=text("''"), comment="Where; '' = the whole city"
    )
    purpose: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    kept_as: Mapped[str] = mapped_column(
        "class",
        Text(collation="C"),
        server_default=text("'ordinary'"),
        comment="How long it is kept: ordinary, export, reveal",
    )
    xid: Mapped[str] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class AuditSeal(Base):
    """What the trail held at one moment, signed with a key that the database does not have."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ids: Mapped[str] = mapped_column(Text(collation="C"), comment='Rows, as "1-4,7"')
    count: Mapped[int] = mapped_column(Integer)
    leaves: Mapped[bytes] = mapped_column(
        LargeBinary, comment="8 bytes of each row's hash: they name the row that changed"
    )
    root: Mapped[bytes] = mapped_column(LargeBinary, comment="Merkle root of the rows")
    previous: Mapped[bytes] = mapped_column(LargeBinary, comment="MAC of the seal before")
    horizon: Mapped[str] = mapped_column(Xid8, comment="Transactions below it are sealed")
    settled_id: Mapped[int] = mapped_column(
        BigInteger, comment="Rows up to it came from another cluster and are sealed"
    )
    mac: Mapped[bytes] = mapped_column(LargeBinary, comment="HMAC-SHA256 over all the others")
