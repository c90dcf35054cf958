"""Every statement on the record and its seals."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.orm import Session

from gridmap.audit.merkle import canonical, leaf_hash
from gridmap.audit.models import AuditSeal
from gridmap.audit.seal_lines import NAMING_BYTES, Seal

COLUMNS = """
id, xid::text::numeric AS xid, extract(epoch FROM at) AS epoch,
ARRAY[(extract(epoch FROM at) * 1000000)::bigint::text, actor, action, subject_type,
      subject_id, detail::text, account_id::text, outcome, grid_code, purpose, address, class,
      xid::text] AS plain, roles, scope
"""
"""A row as texts that do not depend on settings of the connection."""
AT_ONCE = 5_000


class Leaf(NamedTuple):
    """One row of the trail, as the tree knows it."""

    id: int
    xid: int
    epoch: float
    """When, in seconds since 1970."""
    hash: bytes
    name: bytes
    """First bytes of the hash of everything but the id: it goes along when rows change places."""


def lock_seals(session: Session) -> None:
    """Let one sealer after the other work, to the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("gridmap audit seals"))))


def last_seal(session: Session) -> Seal | None:
    """Return the newest seal."""
    found = session.scalar(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))
    return None if found is None else _as_seal(found)


def seals_after(session: Session, number: int) -> Iterator[Seal]:
    """Yield seals above a number, in order."""
    statement = select(AuditSeal).where(AuditSeal.number > number).order_by(AuditSeal.number)
    for row in session.scalars(statement.execution_options(yield_per=1_000)):
        yield _as_seal(row)


def _as_seal(row: AuditSeal) -> Seal:
    return Seal(
        number=row.number,
        at=row.at,
        ids=row.ids,
        count=row.count,
        leaves=bytes(row.leaves),
        root=bytes(row.root),
        previous=bytes(row.previous),
        horizon=int(row.horizon),
        settled_id=row.settled_id,
        mac=bytes(row.mac),
    )


def store_seal(session: Session, seal: Seal) -> None:
    """Append one seal."""
    session.execute(
        insert(AuditSeal).values(
            number=seal.number,
            at=seal.at,
            ids=seal.ids,
            count=seal.count,
            leaves=seal.leaves,
            root=seal.root,
            previous=seal.previous,
            horizon=text(f"'{seal.horizon:d}'::xid8"),
            settled_id=seal.settled_id,
            mac=seal.mac,
        )
    )


def horizon(session: Session) -> int:
    """Return the number below which every transaction has ended.

    Ask in a statement before the one that reads the rows: what has ended is then seen.
    """
    found = session.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
    return int(found or 0)


def lock_trail(session: Session) -> None:
    """Wait until nobody writes to the trail, and let nobody begin, to the end of it."""
    session.execute(text("SELECT audit_hold()"))


def finished_rows(
    session: Session, *, since: int, before: int, above: int, limit: int
) -> list[Leaf]:
    """Return rows of transactions with since <= number < before and an id above one, by number.

    Of the last transaction all rows are returned, even above the limit.
    """
    statement = f"""
        SELECT {COLUMNS} FROM audit_events
        WHERE audit_events.xid >= CAST(CAST(:since AS text) AS xid8)
          AND audit_events.xid < CAST(CAST(:before AS text) AS xid8) AND id > :above
        ORDER BY audit_events.xid FETCH FIRST :limit ROWS WITH TIES
    """
    values = {"since": str(since), "before": str(before), "above": above, "limit": limit}
    return [_leaf(row) for row in session.execute(text(statement), values)]


def all_rows(session: Session) -> Iterator[Leaf]:
    """Yield every row in the order of its id."""
    statement = text(f"SELECT {COLUMNS} FROM audit_events ORDER BY id")
    for row in session.execute(statement.execution_options(yield_per=AT_ONCE)):
        yield _leaf(row)


def highest_id(session: Session) -> int:
    """Return the highest number of a row, 0 without one."""
    return int(session.scalar(text("SELECT coalesce(max(id), 0) FROM audit_events")) or 0)


def _leaf(row: Row[Any]) -> Leaf:
    number, xid, epoch, plain, roles, scope = tuple(row)
    content = canonical([*plain, roles, scope])
    whole = leaf_hash(canonical([str(number)]) + content)
    return Leaf(number, int(xid), float(epoch), whole, leaf_hash(content)[:NAMING_BYTES])
