"""What is done with incidents: bring them in, take them back, follow grids and words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth.errors import NotAllowed
from gridmap.batches.counts import Counts
from gridmap.batches.models import Batch
from gridmap.core.actor import EVERYTHING, Actor
from gridmap.core.bulk import Column
from gridmap.core.city import bump, lock_register, put_setting, timezone
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.grids.displaced import displaced, list_moved, move_by_rule, rows_by_rule
from gridmap.grids.located_queries import link
from gridmap.grids.locator import Links, current_grids
from gridmap.grids.news import GridsChanged, Redrawn
from gridmap.incidents import queries, rollups
from gridmap.incidents.categories import Words, assign_word, resolve_words
from gridmap.incidents.models import Category, CategoryWord, Incident
from gridmap.intake import IncidentRows
from gridmap.places.queries import points_of_addresses

BULK_ROWS = 20_000
"""From here on it pays to build the indexes of an empty table afterwards."""


@dataclass(frozen=True)
class Placed:
    """Where the rows of one file are: equally long arrays."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    links: Links
    place_given: npt.NDArray[np.object_]
    """The address, or the code of a grid that is not there; None for everything else."""


def import_incidents(
    session: Session, batch: Batch, rows: IncidentRows, *, rejected: int
) -> tuple[Counts, list[str]]:
    """Store the usable rows of one file.

    Args:
        session: the transaction of the import; takes a lock that other imports wait for.
        batch: the open batch.
        rows: what intake made of the file.
        rejected: rows that cannot be used.

    Returns:
        What became of the rows, and the category words that were new.
    """
    lock_register(session, "incidents")
    placed = place_rows(session, rows)
    placed = replace(placed, links=placed.links.unlinked_as(batch.grid_code))
    words = resolve_words(session, batch.source, rows.word)
    new = _store(session, batch, rows, placed, words)
    stored = int(new.sum())
    unlinked = int((new & placed.links.unlinked).sum())
    if stored:
        bump(session, "incidents")
    counts = Counts(
        read=rows.read,
        stored=stored,
        linked=stored - unlinked,
        unlinked=unlinked,
        duplicate=len(rows) - stored + rows.duplicate_in_file,
        rejected=rejected,
    )
    return counts, words.unknown


def place_rows(session: Session, rows: IncidentRows) -> Placed:
    """Find the grid of every row: by its point, else its grid code, else its address."""
    lon, lat = rows.lon, rows.lat
    given = np.full(len(rows), None, dtype=object)
    if rows.address is not None:
        lon, lat = _points_of(session, rows.address, lon, lat)
        given[rows.address != ""] = rows.address[rows.address != ""]
    grids = current_grids(session)
    links = grids.at_points(lon, lat)
    if rows.grid_code is not None:
        by_code = np.isnan(lon) & (rows.grid_code != "")
        coded = grids.of_codes(np.where(by_code, rows.grid_code, ""))
        links = Links(
            np.where(by_code, coded.grid_ids, links.grid_ids),
            np.where(by_code, coded.grid_codes, links.grid_codes),
        )
        given = np.where(by_code & links.unlinked, rows.grid_code, given)
    return Placed(lon, lat, links, given)


def _points_of(
    session: Session,
    addresses: npt.NDArray[np.object_],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fill in the points of rows that have an address only; unknown ones stay NaN."""
    words, inverse = np.unique(addresses.astype(str), return_inverse=True)
    known = points_of_addresses(session, words.tolist())
    nowhere = (np.nan, np.nan)
    points = np.array([known.get(word, nowhere) for word in words.tolist()]).reshape(-1, 2)
    missing = np.isnan(lon)
    return np.where(missing, points[inverse, 0], lon), np.where(missing, points[inverse, 1], lat)


def _store(
    session: Session, batch: Batch, rows: IncidentRows, placed: Placed, words: Words
) -> npt.NDArray[np.bool_]:
    """Store rows and roll-ups; returns which rows were new."""
    new = np.ones(len(rows), dtype=bool)
    if not new.size:
        return new
    first = new.size >= BULK_ROWS and queries.drop_indexes_if_empty(session)
    queries.stage_incidents(session, _columns(rows, placed, words))
    crs = rows.crs if rows.origin.converted else None
    inserted = queries.insert_staged(
        session, batch.id, source=batch.source, crs=crs, skip_known=not first
    )
    if inserted == 0:
        new[:] = False
    elif inserted < new.size:
        new[:] = False
        new[queries.staged_that_were_new(session, batch.id, batch.source)] = True
    queries.drop_stage(session)
    _add_to_rollups(session, rows, placed, words, new)
    if first:
        queries.create_indexes(session)
    return new


def _columns(rows: IncidentRows, placed: Placed, words: Words) -> dict[str, Column]:
    unlinked = placed.links.unlinked
    columns = {
        "position": Column("int4", np.arange(len(rows))),
        "source_id": Column("text", rows.source_id),
        "occurred_from": Column("timestamptz", rows.occurred_from),
        "category_id": Column("int4", words.category_ids),
        "word_id": Column("int4", words.word_ids),
        "geom": Column("point", placed.lon + 1j * placed.lat),
        "grid_id": Column("int4", placed.links.grid_ids, unlinked),
        "grid_code": Column("text", placed.links.grid_codes),
    }
    if not np.isnat(rows.occurred_to).all():
        columns["occurred_to"] = Column("timestamptz", rows.occurred_to)
    if placed.place_given.astype(bool).any():
        columns["place_given"] = Column("text", placed.place_given)
    if rows.origin.converted:
        columns["x_original"] = Column("float8", rows.x_original)
        columns["y_original"] = Column("float8", rows.y_original)
    return columns


def _add_to_rollups(
    session: Session,
    rows: IncidentRows,
    placed: Placed,
    words: Words,
    new: npt.NDArray[np.bool_],
) -> None:
    if not new.any():
        return
    months = rollups.local_months(rows.occurred_from[new], timezone(session))
    found = rollups.count_months(
        months,
        placed.links.grid_ids[new],
        placed.links.grid_codes[new],
        words.category_ids[new],
    )
    rollups.merge(session, found)


def undo_incidents(session: Session, batch: Batch) -> int:
    """Delete what one import brought; returns the rows."""
    lock_register(session, "incidents")
    rows, worth = queries.delete_batch(session, batch.id, zone=timezone(session))
    rollups.merge(session, -worth)
    bump(session, "incidents")
    return rows


def follow_grids(news: GridsChanged) -> None:
    """Put incidents into new grids that cover them, and out of grids that are gone."""
    session = news.session
    lock_register(session, "incidents")
    zone = timezone(session)
    if news.redrawn is not None:
        _follow_redrawn(session, news.redrawn, zone)
        return
    lost = queries.incidents_in(session, news.removed_ids) if news.removed_ids else None
    if lost is not None and lost.size:
        with _counted_anew(session, lost, zone):
            queries.unlink(session, lost)
    widened = queries.unlinked_with_codes_of_grids(session)
    if widened.size:
        with _counted_anew(session, widened, zone):
            queries.leave_scope(session, widened)
    link_unlinked(session, zone=zone)


def _follow_redrawn(session: Session, redrawn: Redrawn, zone: str) -> None:
    """Link the incidents anew whose border was moved, split or merged; counts follow."""
    found = displaced(session, Incident, redrawn)
    by_rule = rows_by_rule(session, Incident, redrawn, place=Incident.place_given)
    ids = np.concatenate([found.ids, np.array([row.id for row in by_rule], dtype=np.int64)])
    if ids.size:
        with _counted_anew(session, ids, zone):
            if found.ids.size:
                link(session, Incident, found.ids, found.links)
            move_by_rule(session, Incident, by_rule)
            queries.keep_places(session, by_rule)
    list_moved(session, redrawn, "incidents", by_rule, by_rule=True)
    rollups.forget_empty(session, redrawn.gone_codes)


@contextmanager
def _counted_anew(session: Session, ids: npt.NDArray[np.int64], zone: str) -> Iterator[None]:
    """Keep the roll-up right while the grid or category of some incidents changes."""
    before = rollups.month_counts_of(session, ids, zone=zone)
    yield
    rollups.merge(session, -before + rollups.month_counts_of(session, ids, zone=zone))
    bump(session, "incidents")


def link_unlinked(session: Session, *, zone: str) -> int:
    """Link incidents that a grid covers by now; returns how many."""
    waiting = queries.unlinked_points(session)
    grids = current_grids(session)
    by_point = grids.at_points(waiting.lon, waiting.lat)
    by_code = grids.of_codes(waiting.place_given)
    nowhere = np.isnan(waiting.lon)
    grid_ids = np.where(nowhere, by_code.grid_ids, by_point.grid_ids)
    codes = np.where(nowhere, by_code.grid_codes, by_point.grid_codes)
    found = grid_ids >= 0
    if not found.any():
        return 0
    ids = waiting.ids[found]
    with _counted_anew(session, ids, zone):
        link(session, Incident, ids, Links(grid_ids[found], codes[found]))
    return int(ids.size)


def set_timezone(session: Session, actor: Actor, zone: str, *, by: str) -> None:
    """Decide in which zone local days begin; counts by month are made anew.

    Args:
        session: the transaction.
        actor: who decides.
        zone: IANA name, known to exist.
        by: "sample", "import" or "person".
    """
    before = timezone(session)
    put_setting(session, "timezone", {"name": zone, "by": by})
    if before == zone:
        return
    lock_register(session, "incidents")
    if queries.any_incident(session):
        rollups.rebuild(session, zone)
        bump(session, "incidents")
    record(session, actor, "timezone.set", subject=("setting", "timezone"), zone=zone, by=by)


def map_word(session: Session, actor: Actor, word_id: int, category_id: int) -> int:
    """Let a source's word stand for another category; its incidents move with it.

    Returns:
        How many incidents changed their category.

    Raises:
        NotFound: there is no such word or category.
        NotAllowed: a word is for all scopes, and the actor's is not over everything.
    """
    if not actor.may("incident", "change", at=EVERYTHING):
        raise NotAllowed
    lock_register(session, "incidents")
    word, category = session.get(CategoryWord, word_id), session.get(Category, category_id)
    if word is None:
        raise NotFound(what=N_("word"), name=word_id)
    if category is None:
        raise NotFound(what=N_("category"), name=category_id)
    ids = queries.incidents_with_word(session, word_id)
    with _counted_anew(session, ids, timezone(session)):
        queries.set_category(session, ids, category_id)
    assign_word(session, word_id, category_id)
    record(
        session, actor, "category.word_mapped", subject=("word", word_id),
        word=word.word, source=word.source, category=category.code, incidents=int(ids.size),
    )  # fmt: skip
    return int(ids.size)
