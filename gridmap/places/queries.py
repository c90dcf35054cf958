"""Every statement on places and the base map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows
from gridmap.core.geometry import Geometries, ewkb
from gridmap.places.models import BaseFeature, Place


def points_of_addresses(session: Session, keys: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return normalised address → longitude and latitude, where just one point is known for it."""
    rows = session.execute(
        select(
            Place.address_key,
            func.min(func.ST_X(Place.geom)),
            func.min(func.ST_Y(Place.geom)),
        )
        .where(Place.address_key.in_(keys), Place.geom.is_not(None))
        .group_by(Place.address_key)
        .having(func.count(Place.geom.distinct()) == 1)
    )
    return {key: (lon, lat) for key, lon, lat in rows}


def insert_base_features(
    session: Session, batch_id: int, *, kinds: Any, names: Any, ranks: Any, geometries: Geometries
) -> None:
    """Store lines and areas of the base map."""
    n = len(kinds)
    copy_rows(
        session,
        BaseFeature.__tablename__,
        {
            "kind": Column("text", kinds),
            "name": Column("text", names),
            "rank": Column("int2", np.asarray(ranks)),
            "geom": Column("bytes", ewkb(geometries, 4326)),
            "batch_id": Column("int4", np.full(n, batch_id)),
        },
    )


def delete_base_features_of(session: Session, batch_id: int) -> int:
    """Delete what one import brought; returns the rows."""
    gone = session.execute(
        delete(BaseFeature).where(BaseFeature.batch_id == batch_id).returning(BaseFeature.id)
    )
    return len(gone.all())


def places_of_addresses(
    session: Session, keys: Sequence[str]
) -> dict[str, tuple[int, float, float]]:
    """Return normalised address → place, longitude and latitude, where just one place has it."""
    rows = session.execute(
        select(
            Place.address_key,
            func.min(Place.id),
            func.min(func.ST_X(Place.geom)),
            func.min(func.ST_Y(Place.geom)),
        )
        .where(Place.address_key.in_(keys), Place.geom.is_not(None))
        .group_by(Place.address_key)
        .having(func.count() == 1)
    )
    return {key: (place_id, lon, lat) for key, place_id, lon, lat in rows}


def point_of_place(session: Session, place_id: int) -> tuple[float, float] | None:
    """Return longitude and latitude of a place that may be seen; None without a point."""
    row = session.execute(
        select(func.ST_X(Place.geom), func.ST_Y(Place.geom)).where(
            Place.id == place_id, Place.geom.is_not(None)
        )
    ).one_or_none()
    return None if row is None else (float(row[0]), float(row[1]))
