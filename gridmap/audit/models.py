"""The audit trail's table."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.core.database import Base


class AuditEvent(Base):
    """One action of one actor. Rows are appended; the application may not change them."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text(collation="C"))
    subject_type: Mapped[str] = mapped_column(Text(collation="C"))
    subject_id: Mapped[str] = mapped_column(Text(collation="C"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
