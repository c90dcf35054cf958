"""Bringing a file of residents in: arrays up to one INSERT a table; texts are encrypted before."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy.orm import Session

from gridmap.batches.models import Batch
from gridmap.core.bulk import Column
from gridmap.core.database import as_system
from gridmap.core.encryption import (
    Field,
    Sealed,
    blind_index,
    encrypt_column,
    lock_ring,
)
from gridmap.core.key_ring import KeyRing
from gridmap.grids.locator import Links, current_grids
from gridmap.grids.queries import take_ids
from gridmap.intake import ResidentRows
from gridmap.places.queries import places_of_addresses
from gridmap.residents import queries
from gridmap.residents.models import DETAIL, IDENTITY, NAME, NOTE, PHONE, ROW
from gridmap.residents.rules import name_compared

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
FIRST_VERSION = 1


@dataclass(frozen=True)
class Homes:
    """Where the rows of one file lie: equally long arrays.

    Attributes:
        place_ids: −1 without a dwelling that is known.
        links: rows without a grid carry the code of whoever imports.
    """

    lon: Floats
    lat: Floats
    place_ids: Ids
    links: Links


@dataclass(frozen=True)
class Stored:
    """What became of the usable rows; `new` has their shape."""

    new: Flags
    resident_ids: Ids


def find_homes(session: Session, rows: ResidentRows, *, scope: str) -> Homes:
    """Say where each row lies: by its point, else its address, else its grid's code."""
    lon, lat, place_ids = rows.lon.copy(), rows.lat.copy(), np.full(len(rows), -1, dtype=np.int64)
    words, which = np.unique(rows.address.astype(str), return_inverse=True)
    if words.size:
        known = places_of_addresses(session, [word for word in words.tolist() if word])
        nowhere = (-1, np.nan, np.nan)
        found = np.array([known.get(word, nowhere) for word in words.tolist()], dtype=np.float64)
        place_ids = found[which, 0].astype(np.int64)
        missing = np.isnan(lon)
        lon = np.where(missing, found[which, 1], lon)
        lat = np.where(missing, found[which, 2], lat)
    grids = current_grids(session)
    links = grids.at_points(lon, lat)
    if rows.grid_code is not None:
        named = grids.of_codes(np.where(np.isnan(lon), rows.grid_code, ""))
        links = Links(
            np.where(links.unlinked, named.grid_ids, links.grid_ids),
            np.where(links.unlinked, named.grid_codes, links.grid_codes),
        )
    codes = np.where(links.unlinked, scope, links.grid_codes)
    return Homes(lon, lat, place_ids, Links(links.grid_ids, codes))


def store(
    session: Session, batch: Batch, rows: ResidentRows, homes: Homes, *, since: date, today: date
) -> Stored:
    """Store persons and residences that are not here yet.

    Args:
        session: the transaction.
        batch: the open batch.
        rows: of the file.
        homes: where they lie.
        since: from when rows hold that do not say it.
        today: persons belong to the grid in which they live on this day.
    """
    keys = row_keys(batch.source, rows.source_id)
    known = queries.known_source_ids(session, batch.source, keys.tolist())
    new = np.array([key not in known for key in keys.tolist()], dtype=bool)
    if not new.any():
        return Stored(new, np.empty(0, dtype=np.int64))
    ring = lock_ring(session)
    at = np.flatnonzero(new)
    resident_ids, fresh = _store_persons(session, ring, batch, rows, homes, at)
    ids = take_ids(session, "residences", at.size)
    columns = {
        "id": Column("int8", ids),
        "resident_id": Column("int8", resident_ids),
        "source": Column("text", np.full(at.size, batch.source, dtype=object)),
        "source_id": Column("text", keys[at]),
        "key_number": Column("int2", np.full(at.size, ring.current)),
        "batch_id": Column("int4", np.full(at.size, batch.id)),
        "detail": _sealed(ring, DETAIL, ids, _details(rows, homes, at)),
        **_where(rows, homes, at),
        **_when(rows, at, since),
    }
    stored = np.isin(ids, queries.insert_residences(session, columns))
    if not stored.all():
        with as_system(session):
            queries.delete_homeless(session, fresh)
    new[at[~stored]] = False
    several = np.setdiff1d(resident_ids, fresh)
    repeated = np.unique(resident_ids, return_counts=True)
    several = np.union1d(several, repeated[0][repeated[1] > 1])
    if several.size:
        with as_system(session):
            queries.settle_grid_codes(session, day=today, ids=several)
    return Stored(new, resident_ids)


def erased_rows(session: Session, rows: ResidentRows, source: str) -> Flags:
    """Tell which rows of a file brought persons who were erased since, in whatever scope."""
    keys = row_keys(source, rows.source_id)
    with as_system(session):
        gone = queries.erased_source_ids(session, source, keys.tolist())
    return np.array([key in gone for key in keys.tolist()], dtype=bool)


def row_keys(source: str, source_ids: Texts) -> Texts:
    """Return what a row of a source is known by: an index that tells nothing of the row.

    A file's own number can be an identity number, and a digest of a row can be tried out.
    """
    texts = np.array([f"{source}|{one}" for one in source_ids.tolist()], dtype=object)
    return np.array([index.hex() for index in blind_index(ROW, texts)], dtype=object)


def _store_persons(
    session: Session,
    ring: KeyRing,
    batch: Batch,
    rows: ResidentRows,
    homes: Homes,
    at: Ids,
) -> tuple[Ids, Ids]:
    """Store the persons of some rows; rows with one identity number are one person.

    Returns:
        The person of each of those rows, and which persons are new.
    """
    identity_index = blind_index(IDENTITY, rows.identity[at])
    there = queries.residents_of_identities(
        session, list({index for index in identity_index if index is not None})
    )
    alike = np.array(
        [str(n) if index is None else index.hex() for n, index in enumerate(identity_index)],
        dtype=object,
    )
    person, _ = pd.factorize(alike)  # in the order of the file
    first = np.unique(person, return_index=True)[1]
    ids = np.array(
        [there.get(index, -1) if index else -1 for index in identity_index[first]], dtype=np.int64
    )
    fresh = ids < 0
    ids[fresh] = take_ids(session, "residents", int(fresh.sum()))
    rows_of = at[first[fresh]]
    if rows_of.size:
        columns = _residents(ring, batch, rows, rows_of, ids[fresh])
        columns["grid_code"] = Column("text", homes.links.grid_codes[rows_of])
        queries.insert_residents(session, columns)
    return ids[person], ids[fresh]


def _residents(
    ring: KeyRing, batch: Batch, rows: ResidentRows, at: Ids, ids: Ids
) -> dict[str, Column]:
    """Return the columns of new persons but for their grid's code."""
    names = np.array([name_compared(name) for name in rows.name[at].tolist()], dtype=object)
    return {
        "id": Column("int8", ids),
        "name": _sealed(ring, NAME, ids, rows.name[at]),
        "identity": _sealed(ring, IDENTITY, ids, rows.identity[at]),
        "phone": _sealed(ring, PHONE, ids, rows.phone[at]),
        "note": _sealed(ring, NOTE, ids, rows.note[at]),
        "name_index": _bytes(blind_index(NAME, names)),
        "identity_index": _bytes(blind_index(IDENTITY, rows.identity[at])),
        "phone_index": _bytes(blind_index(PHONE, rows.phone[at])),
        "version": Column("int4", np.full(ids.size, FIRST_VERSION)),
        "key_number": Column("int2", np.full(ids.size, ring.current)),
        "batch_id": Column("int4", np.full(ids.size, batch.id)),
    }


def _details(rows: ResidentRows, homes: Homes, at: Ids) -> Texts:
    """Return what is known of the dwelling besides its place; an address that is no place's."""
    unknown = np.where(homes.place_ids[at] < 0, rows.address[at], "")
    parts = zip(unknown, rows.detail[at], strict=True)
    return np.array([" ".join(filter(None, pair)) for pair in parts], dtype=object)


def _where(rows: ResidentRows, homes: Homes, at: Ids) -> dict[str, Column]:
    lon, lat, places = homes.lon[at], homes.lat[at], homes.place_ids[at]
    grids, codes = homes.links.grid_ids[at], np.full(at.size, "", dtype=object)
    if rows.grid_code is not None:
        codes = np.where(np.isnan(lon), rows.grid_code[at], "")
    return {
        "place_id": Column("int8", places, places < 0),
        "geom": Column("point", lon + 1j * lat),
        "code_given": Column("text", codes, codes == ""),
        "grid_id": Column("int4", grids, grids < 0),
        "grid_code": Column("text", homes.links.grid_codes[at]),
    }


def _when(rows: ResidentRows, at: Ids, since: date) -> dict[str, Column]:
    begins = rows.since[at]
    return {
        "kind": Column("text", rows.kind[at]),
        "since": Column("date", np.where(np.isnat(begins), np.datetime64(since), begins)),
        "until": Column("date", rows.until[at]),
    }


def _sealed(ring: KeyRing, field: Field, ids: Ids, texts: Texts) -> Column:
    versions = np.full(ids.size, FIRST_VERSION, dtype=np.int64)
    return _bytes(encrypt_column(ring, field, ids, versions, texts))


def _bytes(values: Sealed) -> Column:
    return Column("bytes", values)
