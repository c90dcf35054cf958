"""Recording."""

from contextvars import ContextVar
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from gridmap.audit.models import AuditEvent
from gridmap.audit.rules import DONE, REFUSED, SEEN, class_of
from gridmap.core.actor import Actor
from gridmap.core.database import transaction

coming_from: ContextVar[str | None] = ContextVar("gridmap_address", default=None)
"""Address of the machine whose request is being answered; set by the web."""


def record(  # noqa: PLR0913 - one keyword for each column that an auditor searches by
    session: Session,
    actor: Actor,
    action: str,
    *,
    subject: tuple[str, object],
    where: str = "",
    purpose: str | None = None,
    outcome: str = DONE,
    **detail: Any,
) -> None:
    """Write one row, in the transaction of what it tells about.

    The database writes who: account, name, roles and scope come from the session's token, so
    nobody can record in another's name.

    Args:
        session: the transaction of the action or of the look.
        actor: who did it; its name counts only where nobody is signed in (``login.failed``).
        action: register and verb in the past, such as ``incidents.imported``. Rows whose verb
            is ``exported`` or ``revealed`` are kept for three years.
        subject: the kind of thing and its id.
        where: code of the grid or division that it is about; '' for the whole city. Only
            auditors of that scope find the row.
        purpose: why, as the person said it.
        outcome: ``done``, ``seen`` or ``refused``.
        detail: counts, hashes, reasons; never names or coordinates of people.
    """
    kind, identity = subject
    session.flush()
    # without RETURNING: most who write may not read
    session.execute(
        cast(Table, AuditEvent.__table__).insert().inline(),
        {
            "actor": actor.name,
            "action": action,
            "subject_type": kind,
            "subject_id": str(identity),
            "detail": detail,
            "outcome": outcome,
            "grid_code": where,
            "purpose": purpose,
            "address": coming_from.get(),
            "class": class_of(action),
        },
    )


def record_look(
    session: Session, actor: Actor, action: str, *, subject: tuple[str, object], **detail: Any
) -> None:
    """Write down that an auditor read the record or the ledger: a row in each of their scopes.

    Arguments as for `record`.
    """
    for prefix in actor.widest("audit"):
        record(session, actor, action, subject=subject, where=prefix, outcome=SEEN, **detail)


def record_refusal(
    actor: Actor,
    action: str,
    *,
    subject: tuple[str, object],
    where: str = "",
    **detail: Any,
) -> None:
    """Write down what somebody was not allowed to do, in a transaction of its own.

    What was refused rolls back; this stays. Arguments as for `record`.
    """
    with transaction(actor) as session:
        record(session, actor, action, subject=subject, where=where, outcome=REFUSED, **detail)
