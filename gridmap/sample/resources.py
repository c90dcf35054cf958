"""What prevents harm, placed where one would put it: along streets, at crossings, at shops."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.sample.basemap import Streets
from gridmap.sample.divisions import Membership
from gridmap.sample.names import numbered
from gridmap.sample.people import Living
from gridmap.sample.plane import to_lon_lat
from gridmap.sample.scatter import Scatter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

OUT_OF_ORDER = {"camera": 0.04, "street_light": 0.03, "aed": 0.02, "fire_point": 0.02}
_ALONG = (("street_light", 3, 95.0), ("camera", 3, 330.0), ("police_box", 2, 2600.0))
_IN_GRIDS = (("fire_point", 0.55), ("aed", 0.35), ("volunteer_post", 0.3), ("shelter", 0.12))


@dataclass(frozen=True)
class Resources:
    """Equally long arrays."""

    source_id: Texts
    kind: Texts
    name: Texts
    status: Texts
    lon: Floats
    lat: Floats


def place_resources(
    rng: np.random.Generator,
    streets: Streets,
    living: Living,
    scatter: Scatter,
    *,
    member: Membership,
    land: BaseGeometry,
) -> Resources:
    """Place the seven kinds.

    Args:
        rng: where chance comes from.
        streets: all streets; lights, cameras and police boxes stand beside main ones.
        living: the other kinds stand where people live and shop.
        scatter: draws points from the grids.
        member: the communities that give the names.
        land: things beside a street stand on it; on bridges they cannot.
    """
    shapely.prepare(land)
    parts = [_along(rng, streets, land, kind, rank, gap) for kind, rank, gap in _ALONG]
    people = 0.3 + living.dwellings / max(1.0, living.dwellings.mean())
    people += 0.3 * living.shops
    for kind, rate in _IN_GRIDS:
        which = np.repeat(np.arange(people.size), rng.poisson(rate * people / people.mean()))
        x, y = scatter.draw(rng, which)
        parts.append((kind, x, y, member.latin[which] + " " + member.signs[which]))
    kinds = np.concatenate([np.full(x.size, kind, dtype=object) for kind, x, *_ in parts])
    x, y, names = (np.concatenate([part[k] for part in parts]) for k in (1, 2, 3))
    broken = rng.random(kinds.size) < [OUT_OF_ORDER.get(kind, 0.0) for kind in kinds]
    lon, lat = to_lon_lat(x, y)
    return Resources(
        source_id=numbered("R", kinds.size),
        kind=kinds,
        name=names,
        status=np.where(broken, "out_of_order", "in_service").astype(object),
        lon=lon,
        lat=lat,
    )


def _along(
    rng: np.random.Generator,
    streets: Streets,
    land: BaseGeometry,
    kind: str,
    rank: int,
    gap: float,
) -> tuple[str, Floats, Floats, Texts]:
    """Return points about every `gap` metres beside streets up to a rank, on either side."""
    main = np.flatnonzero(streets.rank <= rank)
    length = shapely.length(streets.line[main])
    count = np.floor(length / gap + rng.random(main.size)).astype(np.int64)
    which = np.repeat(np.arange(main.size), count)
    first = np.repeat(np.cumsum(count) - count, count)
    at = (np.arange(which.size) - first + rng.uniform(0.3, 0.7, which.size)) * length[which]
    at /= np.maximum(1, count[which])
    line = streets.line[main][which]
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, at + 2.0))
    along = ahead - here
    along /= np.maximum(1e-9, np.hypot(*along.T))[:, None]
    across = (
        np.column_stack([-along[:, 1], along[:, 0]]) * rng.choice([-7.0, 7.0], which.size)[:, None]
    )
    across[~shapely.contains_xy(land, here + across)] *= -1
    xy = here + across
    names = streets.latin[main][which] + " " + streets.signs[main][which]
    return kind, xy[:, 0], xy[:, 1], names
