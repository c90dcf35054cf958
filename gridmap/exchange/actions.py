"""One file = one transaction = one batch = one audit row."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth.errors import NotAllowed
from gridmap.batches import queries as batch_queries
from gridmap.batches.actions import FileFacts, batch_to_undo, close_batch, mark_undone, open_batch
from gridmap.batches.counts import Counts
from gridmap.batches.errors import NoRejects, NoSuchBatch
from gridmap.batches.models import OF_PERSONS, Batch
from gridmap.batches.rejects import rejects_folder
from gridmap.core.actor import Actor
from gridmap.core.clock import utc_now
from gridmap.core.database import transaction, vacuum
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.exchange import rights
from gridmap.exchange.errors import DryRun, MissingOption
from gridmap.exchange.requests import ImportRequest, ImportResult
from gridmap.exchange.zones import Reading, reading_zone, settle
from gridmap.grids import actions as grids
from gridmap.grids.locator import CurrentGrids, current_grids
from gridmap.incidents import actions as incidents
from gridmap.intake import (
    AreaRows,
    Columns,
    IncidentRows,
    Note,
    PointRows,
    PopulationRows,
    ResidentRows,
    diagnose,
    read_areas,
    read_incidents,
    read_points,
    read_population,
    read_residents,
)
from gridmap.intake.rejects import write_rejects
from gridmap.intake.times import zone_of
from gridmap.places import actions as places
from gridmap.residents import actions as residents
from gridmap.residents.rules import KIND_WORDS
from gridmap.resources import actions as resources
from gridmap.resources.rules import KINDS, STATES
from gridmap.staff import actions as staff

Report = Callable[[str], None]
AnyRows = IncidentRows | PointRows | AreaRows | PopulationRows | ResidentRows

VACUUMED = {
    "incidents": ("incidents", "incident_months"),
    "grids": ("grids", "grid_versions", "grid_neighbours", "incidents"),
    "divisions": ("divisions",),
    "places": ("places",),
    "resources": ("resources",),
    "population": ("grid_population",),
    "base": ("base_features",),
    "residents": ("residents", "residences", "grid_population"),
    "staff": ("staff", "duties"),
}
SAMPLE_STANDS = Note(
    code="sample_stands",
    message=N_(
        "The sample city is still loaded. Its grids and incidents stay apart from yours, but both "
        "are on the map. Take it away with: script/gridmap sample --remove"
    ),
)
WORDS_UNKNOWN = N_(
    "%(count)d category words were met for the first time and became categories of their own: "
    "%(words)s. Say what they stand for under Registers, Categories."
)
WORD_UNKNOWN = N_(
    "A category word was met for the first time and became a category of its own: %(words)s. Say "
    "what it stands for under Registers, Categories."
)
NO_GRIDS = Note(
    code="no_grids",
    message=N_("There are no grids yet, so no row lies in one; all are linked as grids arrive."),
)
CODES_UNKNOWN = N_(
    "%(count)s of %(total)s grid codes (for example %(codes)s) are those of no grid; a grid's code "
    "looks like %(grid)s. --code-format makes such codes of plain numbers."
)
ONE_WITHOUT_DIVISION = N_("One grid stands below no division that is known; import divisions too.")
NO_DIVISION = N_("%(count)d grids stand below no division that is known; import divisions too.")


def _quiet(_: str) -> None:
    """Report nothing."""


def import_file(actor: Actor, request: ImportRequest, *, report: Report = _quiet) -> ImportResult:
    """Bring one file in, whole or not at all.

    Args:
        actor: who brings it.
        request: the file and how to read it.
        report: told each step before it begins.

    Raises:
        UnreadableFile: the file as a whole cannot be used; the database is unchanged.
        GridmapError: the rows contradict what is there; likewise.
        DatabaseUnavailable: the database went away; likewise.
        NotAllowed: no role of the actor allows such an import.
    """
    started = time.perf_counter()
    scope = rights.scope_of_import(actor, request.kind, request.scope)
    report("reading the file")
    request, reading = _with_zone(actor, request)
    rows, notes = _read(request)
    kept: list[ImportResult] = []
    try:
        with transaction(actor) as session:
            report("linking and storing")
            rows = rights.within(session, rows, scope)
            rows = rights.without_erased(session, rows, request.source)
            given = replace(request, scope=scope)
            result = _store(session, actor, given, rows, notes, reading=reading)
            kept.append(result)
            if request.dry_run:
                raise DryRun
            if result.rejects_file:
                write_rejects(rows.rejects, Path(result.rejects_file))
            report("confirming")
    except DryRun:
        pass
    except BaseException:
        if kept and kept[0].rejects_file:  # what was not stored leaves no rows behind
            Path(kept[0].rejects_file).unlink(missing_ok=True)
        raise
    result = kept[0]
    if not request.dry_run and result.stored:
        report("tidying the tables")
        vacuum(*VACUUMED[request.kind])
    return replace(result, seconds=time.perf_counter() - started)


def _with_zone(actor: Actor, request: ImportRequest) -> tuple[ImportRequest, Reading | None]:
    """Decide in which zone times without an offset are read.

    Raises:
        BadOption: there is no such zone.
    """
    if request.kind != "incidents":
        return request, None
    if request.columns.tz:
        zone_of(request.columns.tz)
    with transaction(actor) as session:
        reading = reading_zone(session, request.columns.tz)
    columns = replace(request.columns, tz=reading.zone)
    return replace(request, columns=columns), reading


def _read(request: ImportRequest) -> tuple[AnyRows, list[Note]]:
    """Read the file into arrays; no database."""
    path, columns, options = request.path, request.columns, request.options
    rows: AnyRows
    if request.kind == "incidents":
        rows = read_incidents(path, columns, options, now=utc_now(), source_tz=None)
    elif request.kind == "places":
        rows = read_points(path, columns, options, kind="places")
    elif request.kind == "resources":
        rows = read_points(path, columns, options, kind="resources", kinds=KINDS, states=STATES)
    elif request.kind == "population":
        rows = read_population(path, columns, options)
    elif request.kind == "residents":
        rows = read_residents(path, columns, options, kinds=KIND_WORDS)
    else:
        rows = read_areas(path, columns, options, kind=request.kind)
    return rows, list(rows.notes)


@dataclass(frozen=True)
class _Stored:
    counts: Counts
    notes: list[Note]


def _store(
    session: Session,
    actor: Actor,
    request: ImportRequest,
    rows: AnyRows,
    notes: list[Note],
    *,
    reading: Reading | None,
) -> ImportResult:
    """Store the rows of one file in the session's transaction; the caller writes the rejects."""
    if reading is not None:
        notes.extend(settle(session, actor, reading))
    if batch_queries.sample_batches(session):
        notes.append(SAMPLE_STANDS)
    notes.extend(_diagnosis(session, rows, request.scope))
    facts = FileFacts(
        name=request.shown_name,
        sha256=rows.sha256,
        source=request.source,
        mapping=mapping_of(rows.origin.columns, rows.crs),
    )
    batch = open_batch(session, actor, request.kind, facts, scope=request.scope)
    stored = _into_register(session, request, batch, rows)
    notes.extend(stored.notes)
    batch.notes = [note_as_json(note) for note in notes]
    rejects = None
    if len(rows.rejects) and not request.dry_run:
        rejects = f"batch-{batch.id}.csv"
    close_batch(session, actor, batch, stored.counts, rejects_file=rejects)
    return ImportResult(
        batch=None if request.dry_run else batch.id,
        **stored.counts.as_dict(),
        rejects_file=str(rejects_folder() / rejects) if rejects else None,
        seconds=0.0,
        kind=request.kind,
        notes=batch.notes,
        dry_run=request.dry_run,
        guesses=[(guess.field, guess.column) for guess in rows.origin.guesses],
    )


def _into_register(
    session: Session, request: ImportRequest, batch: Batch, rows: AnyRows
) -> _Stored:
    """Hand the rows to the register that keeps them."""
    rejected = len(rows.rejects)
    if isinstance(rows, IncidentRows):
        counts, unknown = incidents.import_incidents(session, batch, rows, rejected=rejected)
        return _Stored(counts, _word_notes(unknown))
    if isinstance(rows, ResidentRows):
        counts = residents.import_residents(
            session, batch, rows, rejected=rejected, day=request.day
        )
        return _Stored(counts, [])
    if isinstance(rows, PopulationRows):
        if request.day is None:
            raise MissingOption(option="--date", why=N_("the day that the counts hold for."))
        day = request.day
        return _Stored(
            grids.import_population(session, batch, rows, day=day, rejected=rejected), []
        )
    if isinstance(rows, PointRows):
        register = places.import_places if request.kind == "places" else resources.import_resources
        return _Stored(register(session, batch, rows, rejected=rejected), [])
    if request.kind == "divisions":
        return _Stored(grids.import_divisions(session, batch, rows, rejected=rejected), [])
    done = grids.import_grids(session, batch, rows, rejected=rejected, repair=request.repair)
    notes = list(done.topology.notes)
    if done.without_division:
        message = ONE_WITHOUT_DIVISION if done.without_division == 1 else NO_DIVISION
        notes.append(Note("no_division", message, {"count": done.without_division}))
    return _Stored(done.counts, notes)


def _word_notes(unknown: list[str]) -> list[Note]:
    if not unknown:
        return []
    shown = ", ".join(unknown[:12]) + (" …" if len(unknown) > 12 else "")
    message = WORD_UNKNOWN if len(unknown) == 1 else WORDS_UNKNOWN
    return [Note("words_unknown", message, {"count": len(unknown), "words": shown})]


def _diagnosis(session: Session, rows: AnyRows, scope: str) -> list[Note]:
    """Hold coordinates against the grids that are there; say what looks wrong, repair nothing."""
    if isinstance(rows, AreaRows) or not len(rows):
        return []
    present = current_grids(session)
    first, last = present.in_scope(scope)
    if first == last:
        return [NO_GRIDS]
    if not np.isfinite(rows.lon).any():
        return _unknown_codes(rows.grid_code, present, example=present.table.codes[first])
    return diagnose(
        rows.lon,
        rows.lat,
        bounds=present.bounds,
        own_codes=rows.grid_code,
        locate=lambda lon, lat: present.at_points(lon, lat).grid_codes,
        crs=rows.crs or "EPSG:4326",
    )


def _unknown_codes(
    codes: npt.NDArray[np.object_] | None, grids: CurrentGrids, *, example: str
) -> list[Note]:
    """Say it when most of the grid codes of a file are those of no grid."""
    if codes is None:
        return []
    coded = codes[codes != ""]
    unknown = coded[grids.of_codes(coded).unlinked]
    if 2 * unknown.size <= coded.size or not unknown.size:
        return []
    fields = {
        "count": f"{unknown.size:,}",
        "total": f"{coded.size:,}",
        "codes": ", ".join(dict.fromkeys(unknown[:50].tolist()[:3])),
        "grid": example,
    }
    return [Note("codes_unknown", CODES_UNKNOWN, fields)]


def mapping_of(columns: Columns, crs: str) -> dict[str, Any]:
    """Return how a file was read, for the batch: what was said and what was guessed."""
    said = {name: value for name, value in asdict(columns).items() if value is not None}
    return said | ({"crs": crs} if crs else {})


def note_as_json(note: Note) -> dict[str, object]:
    """Return a note as the batch keeps it: translated when it is shown."""
    return {"code": note.code, "message": note.message, "fields": dict(note.fields)}


UNDO: dict[str, Callable[[Session, Batch], int]] = {
    "incidents": incidents.undo_incidents,
    "grids": grids.undo_grids,
    "divisions": grids.undo_divisions,
    "population": grids.undo_population,
    "places": places.undo_places,
    "resources": resources.undo_resources,
    "base": places.undo_base,
    "residents": residents.undo_residents,
    "staff": staff.undo_staff,
}


def undo(session: Session, actor: Actor, batch_id: int) -> tuple[Batch, int]:
    """Take one import back whole; returns the batch and how many rows went."""
    batch = batch_to_undo(session, batch_id)
    rights.require_undo(actor, batch)
    rows = UNDO[batch.kind](session, batch)
    rights.require_whole(session, batch)
    mark_undone(session, actor, batch, rows=rows)
    return batch, rows


def undo_import(actor: Actor, batch_id: int) -> tuple[Batch, int]:
    """Take one import back in a transaction of its own, and tidy the tables."""
    with transaction(actor) as session:
        batch, rows = undo(session, actor, batch_id)
    vacuum(*VACUUMED[batch.kind])
    return batch, rows


def may_see_rejects(actor: Actor, batch: Batch) -> bool:
    """Tell whether rejected rows may be shown: those of persons are personal values in full."""
    return batch.kind not in OF_PERSONS or actor.may("sensitive", at=batch.grid_code)


def rejects_path(session: Session, actor: Actor, batch_id: int) -> Path:
    """Return the report of rejected rows of one import; of persons', the look is on record.

    Raises:
        NoSuchBatch: there is no such import.
        NoRejects: all its rows could be used.
        NotFound: the report is not in the home any more.
        NotAllowed: its rows are persons, and those are not for this actor.
    """
    batch = batch_queries.batch_by_id(session, batch_id)
    if batch is None:
        raise NoSuchBatch(batch=batch_id)
    if batch.rejects_file is None:
        raise NoRejects(batch=batch_id)
    if not may_see_rejects(actor, batch):
        raise NotAllowed
    path = rejects_folder() / batch.rejects_file
    if not path.is_file():
        raise NotFound(what=N_("list of the rejected rows of import"), name=batch_id)
    if batch.kind in OF_PERSONS:
        record(session, actor, "residents.rejects_seen", subject=("batch", batch_id),
               where=batch.grid_code)  # fmt: skip
    return path
