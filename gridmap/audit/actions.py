"""Recording."""

from typing import Any

from sqlalchemy.orm import Session

from gridmap.audit.models import AuditEvent
from gridmap.core.actor import Actor


def record(
    session: Session, actor: Actor, action: str, *, subject: tuple[str, object], **detail: Any
) -> None:
    """Write one row, in the transaction of what it tells about.

    Args:
        session: the transaction of the action.
        actor: who did it.
        action: register and verb in the past, such as ``incidents.imported``.
        subject: the kind of thing and its id.
        detail: counts, hashes, reasons; never names or coordinates of people.
    """
    kind, identity = subject
    session.add(
        AuditEvent(
            actor=actor.name,
            action=action,
            subject_type=kind,
            subject_id=str(identity),
            detail=detail,
        )
    )
