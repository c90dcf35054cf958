"""What holds for the whole city: its time zone, its metric system, how new its data is."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Sequence, Text, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from gridmap.core.clock import local_date, utc_now
from gridmap.core.database import Base

DEFAULT_ZONE = "UTC"
VERSIONS = Sequence("data_version_numbers", metadata=Base.metadata)


class CitySetting(Base):
    """One setting that belongs to the data, not to a process."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)


class DataVersion(Base):
    """How often one register changed: key of every cache and ETag."""

    __tablename__ = "data_versions"

    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


def setting(session: Session, key: str) -> Any:
    """Return a setting's value, None where it was never set."""
    return session.scalar(select(CitySetting.value).where(CitySetting.key == key))


def put_setting(session: Session, key: str, value: Any) -> None:
    """Store a setting; None removes it."""
    statement = insert(CitySetting).values(key=key, value=value)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[CitySetting.key], set_={"value": statement.excluded.value}
        )
    )


def timezone(session: Session) -> str:
    """Return the name of the city's time zone; UTC until an import or a person set it."""
    found = setting(session, "timezone")
    return str(found["name"]) if found else DEFAULT_ZONE


def today(session: Session) -> date:
    """Return the day that it is in the city; roles begin and end with it (`auth.today`)."""
    return local_date(utc_now(), timezone(session))


def timezone_is_set(session: Session) -> bool:
    """Return whether somebody decided on the zone (the sample city does not count)."""
    found = setting(session, "timezone")
    return bool(found) and found["by"] != "sample"


def bump(session: Session, *names: str) -> None:
    """Say that registers changed, in the transaction that changed them.

    The numbers come from a sequence, so that one which was rolled back never comes again:
    a cache that was filled inside that transaction can only grow old, not wrong.
    """
    for name in names:
        statement = insert(DataVersion).values(name=name, version=VERSIONS.next_value())
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[DataVersion.name], set_={"version": VERSIONS.next_value()}
            )
        )


def versions(session: Session, *names: str) -> tuple[int, ...]:
    """Return the versions of registers, 0 where one never changed, in the given order."""
    rows = session.execute(
        select(DataVersion.name, DataVersion.version).where(DataVersion.name.in_(names))
    )
    found = {name: version for name, version in rows}  # noqa: C416 - rows are no tuples to mypy
    return tuple(found.get(name, 0) for name in names)


def state(session: Session, *names: str) -> tuple[tuple[int, ...], str]:
    """Return the versions of registers and the city's zone, both by one question."""
    rows = session.execute(
        select(DataVersion.name, func.to_jsonb(DataVersion.version))
        .where(DataVersion.name.in_(names))
        .union_all(select(literal(""), CitySetting.value).where(CitySetting.key == "timezone"))
    )
    found = {name: value for name, value in rows}  # noqa: C416 - rows are no tuples to mypy
    zone = found.get("")
    return (
        tuple(int(found.get(name, 0)) for name in names),
        str(zone["name"]) if zone else DEFAULT_ZONE,
    )


def lock_register(session: Session, name: str) -> None:
    """Let imports into one register wait for each other, to the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("gridmap " + name))))


def share_register(session: Session, name: str) -> None:
    """Let a change of a register wait until this transaction ends; others share it with us."""
    session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext("gridmap " + name))))
