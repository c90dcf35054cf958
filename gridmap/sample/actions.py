"""What is done with the sample city: load it, take it away."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gridmap.batches.actions import FileFacts, close_batch, open_batch
from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.batches.queries import has_real_batches, newest_batches, sample_batches
from gridmap.core import city as settings
from gridmap.core.actor import SYSTEM, Actor
from gridmap.core.clock import local_date, utc_now
from gridmap.core.database import transaction, vacuum
from gridmap.exchange.actions import VACUUMED, undo
from gridmap.grids.actions import import_divisions, import_grids, import_population
from gridmap.incidents.actions import import_incidents, set_timezone
from gridmap.incidents.queries import any_incident
from gridmap.places.actions import import_places
from gridmap.places.queries import insert_base_features
from gridmap.residents.actions import import_residents
from gridmap.resources.actions import import_resources
from gridmap.sample.city import GRIDS, INCIDENTS, SEED, ZONE, City, make_city
from gridmap.sample.errors import RealDataHere, SampleLoaded
from gridmap.sample.persons import draw_staff
from gridmap.sample.rows import FILE_NAME, CityRows, city_rows, fingerprint
from gridmap.staff.actions import ManyMembers, store_many

Report = Callable[[str], None]
SOURCE = "sample"


def _quiet(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Loaded:
    """What was stored."""

    counts: dict[str, Counts]
    """Kind of batch → what became of its rows."""
    seconds: float


def load_sample(
    actor: Actor,
    *,
    grids: int = GRIDS,
    incidents: int = INCIDENTS,
    seed: int = SEED,
    beside: bool = False,
    report: Report = _quiet,
) -> Loaded:
    """Make a city and store it in one transaction, then tidy the tables.

    Args:
        actor: in whose name.
        grids: how many grids, at least 12.
        incidents: how many incidents.
        seed: the same seed makes the same city on the same day.
        beside: also where imported data is.
        report: told of each step when it is done, with its time.

    Raises:
        SampleLoaded: it is there already.
        RealDataHere: there is imported data, and `beside` is off.
    """
    started = time.perf_counter()
    with transaction(actor) as session:
        _refuse_twice(session, beside=beside)
    today = local_date(utc_now(), ZONE)
    with _step(report, f"drew {grids:,} grids and {incidents:,} incidents"):
        city = make_city(grids, incidents, seed, today=today)
    with transaction(actor) as session:
        _lock(session)
        _refuse_twice(session, beside=beside)
        counts = store_city(session, actor, city, report=report)
    with _step(report, "tidied the tables"):
        vacuum(*_tables())
    return Loaded(counts, time.perf_counter() - started)


def load_default(*, report: Report = _quiet) -> bool:
    """Load the default city where nothing was ever brought in; says whether it did."""
    with transaction(SYSTEM) as session:
        if newest_batches(session, limit=1):
            return False
    try:
        loaded = load_sample(SYSTEM, report=lambda line: report(f"sample city: {line}"))
    except SampleLoaded:
        return False  # somebody else was as quick
    report(f"sample city: ready ({loaded.seconds:.1f} s); script/gridmap sample --remove "
           "takes it away")  # fmt: skip
    return True


def remove_sample(actor: Actor, *, report: Report = _quiet) -> int:
    """Take the sample city away whole, in one transaction.

    Returns:
        How many rows went; 0 where it was not loaded.
    """
    rows = 0
    with transaction(actor) as session:
        _lock(session)
        batches = list(sample_batches(session))
        for batch in batches:
            with _step(report, f"took away {batch.kind}"):
                rows += undo(session, actor, batch.id)[1]
        if batches:
            _forget_zone(session)
    if batches:
        with _step(report, "tidied the tables"):
            vacuum(*_tables())
    return rows


def store_city(
    session: Session, actor: Actor, city: City, *, report: Report = _quiet
) -> dict[str, Counts]:
    """Store a city as sample batches, in the order in which they lean on each other.

    Args:
        session: the open transaction.
        actor: in whose name.
        city: what `make_city` made.
        report: told of each step when it is done, with its time.

    Returns:
        Kind of batch → what became of its rows.
    """
    if not settings.timezone_is_set(session):
        set_timezone(session, actor, city.zone, by="sample")
    rows = city_rows(city)
    done: dict[str, Counts] = {}
    for kind, store in _steps(session, city, rows).items():
        with _step(report, f"stored {kind}"):
            batch = open_batch(session, actor, kind, _facts(city))
            done[kind] = store(batch)
            close_batch(session, actor, batch, done[kind])
    return done


def _steps(session: Session, city: City, rows: CityRows) -> dict[str, Callable[[Batch], Counts]]:
    """Return what stores each kind, in the order in which they lean on each other."""

    def base(batch: Batch) -> Counts:
        drawn = city.base
        insert_base_features(session, batch.id, kinds=drawn.kind, names=drawn.name,
                             ranks=drawn.rank, geometries=drawn.geometry)  # fmt: skip
        settings.bump(session, "base")
        n = int(drawn.kind.size)
        return Counts(read=n, stored=n, linked=n, unlinked=0, duplicate=0, rejected=0)

    return {
        "divisions": lambda batch: import_divisions(session, batch, rows.divisions, rejected=0),
        "grids": lambda batch: (
            import_grids(session, batch, rows.grids, rejected=0, repair=False).counts
        ),
        "base": base,
        "places": lambda batch: import_places(session, batch, rows.places, rejected=0),
        "population": lambda batch: import_population(
            session, batch, rows.population, day=city.first, rejected=0
        ),
        "resources": lambda batch: import_resources(session, batch, rows.resources, rejected=0),
        "incidents": lambda batch: import_incidents(session, batch, rows.incidents, rejected=0)[0],
        "residents": lambda batch: import_residents(session, batch, rows.residents, rejected=0),
        "staff": lambda batch: store_many(session, batch, _staff(city), since=city.first),
    }


def _staff(city: City) -> ManyMembers:
    drawn = draw_staff(city)
    return ManyMembers(**vars(drawn), grid_code=city.grids.code)


def _facts(city: City) -> FileFacts:
    mapping: dict[str, Any] = {
        "grids": int(city.grids.code.size),
        "incidents": int(city.incidents.kind.size),
        "seed": city.seed,
    }
    return FileFacts(
        name=FILE_NAME, sha256=fingerprint(city), source=SOURCE, mapping=mapping, is_sample=True
    )


def _lock(session: Session) -> None:
    """Wait for others who load or remove the city, and for imports of grids.

    Grids that come or go lock the registers above them too. Whoever changes several registers
    locks the grids first, or two such transactions could wait for each other.
    """
    settings.lock_register(session, "sample")
    settings.lock_register(session, "grids")


def _refuse_twice(session: Session, *, beside: bool) -> None:
    there = sample_batches(session)
    if there:
        raise SampleLoaded(grids=there[0].mapping["grids"], seed=there[0].mapping["seed"])
    if not beside and has_real_batches(session):
        raise RealDataHere


def _forget_zone(session: Session) -> None:
    """Forget the sample's time zone, unless incidents of others were read in it."""
    if not settings.timezone_is_set(session) and not any_incident(session):
        settings.put_setting(session, "timezone", None)


def _tables() -> list[str]:
    return sorted({table for tables in VACUUMED.values() for table in tables})


@contextmanager
def _step(report: Report, words: str) -> Iterator[None]:
    """Report a step with its time when it is done."""
    started = time.perf_counter()
    yield
    report(f"{words} ({time.perf_counter() - started:.1f} s)")
