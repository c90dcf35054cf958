"""In which zone a file's times are read, and in which the city counts its days.

The first import of incidents decides, by its `--tz`; without one UTC is assumed, and said. From
then on the city's zone stays: another zone would move days that are counted already. A later
`--tz` only says how that one file is read. Undo of all imports frees the decision again.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridmap.batches.queries import has_real_batches
from gridmap.core import city
from gridmap.core.actor import EVERYTHING, Actor
from gridmap.core.i18n import N_
from gridmap.incidents.actions import set_timezone
from gridmap.intake import Note

ASSUMED = N_(
    "No time zone is known, so times and days are counted in %(zone)s. If that is wrong, take "
    "this import back and name the zone with --tz."
)
KEPT = N_(
    "This file's times were read in %(read)s. The city's days are still counted in %(city)s, as "
    "its first import decided; script/gridmap incidents timezone changes that."
)


@dataclass(frozen=True)
class Reading:
    """The zone in which one file is read, and whether somebody named it."""

    zone: str
    said: bool


def reading_zone(session: Session, said: str | None) -> Reading:
    """Return the named zone, else the one that the city chose, else UTC."""
    if said:
        return Reading(said, said=True)
    chosen = city.timezone(session) if city.timezone_is_set(session) else city.DEFAULT_ZONE
    return Reading(chosen, said=False)


def settle(session: Session, actor: Actor, reading: Reading) -> list[Note]:
    """Let the first import decide on the city's zone; say what a later one does not change.

    Somebody with a scope decides nothing for the city.
    """
    if not actor.may("incident", "add", at=EVERYTHING):
        zone = city.timezone(session)
        return [] if reading.zone == zone else [_kept(reading.zone, zone)]
    city.lock_register(session, "incidents")
    chosen = city.timezone(session) if city.timezone_is_set(session) else None
    if chosen is None or _is_free(session, reading):
        set_timezone(session, actor, reading.zone, by="import")
        return [] if reading.said else [Note("zone_assumed", ASSUMED, {"zone": reading.zone})]
    if reading.zone != chosen:
        return [_kept(reading.zone, chosen)]
    return []


def _kept(read: str, chosen: str) -> Note:
    return Note("zone_kept", KEPT, {"read": read, "city": chosen})


def _is_free(session: Session, reading: Reading) -> bool:
    """Return whether an earlier import decided whose incidents are all gone again."""
    by_import = city.setting(session, "timezone")["by"] == "import"
    return reading.said and by_import and not has_real_batches(session, kind="incidents")
