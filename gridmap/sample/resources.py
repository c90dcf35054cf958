"""What prevents harm, placed where one would put it: along streets, at crossings, at shops."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample.basemap import Streets
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
    rng: np.random.Generator, streets: Streets, living: Living, scatter: Scatter, latin: Texts,
    signs: Texts,
) -> Resources:  # fmt: skip
    """Place the seven kinds.

    Args:
        rng: where chance comes from.
        streets: all streets; lights, cameras and police boxes stand beside main ones.
        living: the other kinds stand where people live and shop.
        scatter: draws points from the grids.
        latin: shape (n,), name of each grid's community in Latin letters.
        signs: the same in Chinese signs.
    """
    parts = [_along(rng, streets, kind, rank, gap) for kind, rank, gap in _ALONG]
    people = 0.3 + living.dwellings / max(1.0, living.dwellings.mean())
    people += 0.3 * living.shops
    for kind, rate in _IN_GRIDS:
        which = np.repeat(np.arange(people.size), rng.poisson(rate * people / people.mean()))
        x, y = scatter.draw(rng, which)
        parts.append((kind, x, y, latin[which], signs[which]))
    kinds = np.concatenate([np.full(x.size, kind, dtype=object) for kind, x, *_ in parts])
    columns = (np.concatenate([part[k] for part in parts]) for k in range(1, 5))
    x, y, latin_of, signs_of = columns
    broken = rng.random(kinds.size) < [OUT_OF_ORDER.get(kind, 0.0) for kind in kinds]
    lon, lat = to_lon_lat(x, y)
    return Resources(
        source_id=numbered("R", kinds.size),
        kind=kinds,
        name=latin_of + " " + signs_of,
        status=np.where(broken, "out_of_order", "in_service").astype(object),
        lon=lon,
        lat=lat,
    )


def _along(
    rng: np.random.Generator, streets: Streets, kind: str, rank: int, gap: float
) -> tuple[str, Floats, Floats, Texts, Texts]:
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
    side = rng.choice([-7.0, 7.0], which.size)
    x, y = here[:, 0] - along[:, 1] * side, here[:, 1] + along[:, 0] * side
    return kind, x, y, streets.latin[main][which], streets.signs[main][which]
