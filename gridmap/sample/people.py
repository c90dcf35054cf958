"""Numbers of people and where they live and shop: counts, buildings and points of interest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample.basemap import Streets
from gridmap.sample.names import numbered
from gridmap.sample.plane import to_lon_lat
from gridmap.sample.scatter import Scatter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Shapes = npt.NDArray[np.object_]

# Use of the land: dwellings in a grid (from, to), dwellings in a building, points of interest.
_LIVING = {
    "old": (260, 460, 7, 4.0),
    "town": (320, 520, 22, 2.6),
    "new": (340, 560, 44, 2.2),
    "suburb": (170, 380, 10, 1.0),
    "works": (20, 180, 16, 0.8),
    "park": (0, 1, 1, 2.0),
    "campus": (500, 700, 90, 5.0),
}
_POI = (
    ("Convenience store", "便利店", 0.24), ("Restaurant", "饭店", 0.20), ("Pharmacy", "药店", 0.09),
    ("Food market", "菜市场", 0.07), ("Bank", "银行", 0.06), ("Primary school", "小学", 0.05),
    ("Kindergarten", "幼儿园", 0.06), ("Clinic", "卫生服务站", 0.06), ("Hotel", "宾馆", 0.06),
    ("Bar", "酒吧", 0.05), ("Supermarket", "超市", 0.06),
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Dwellings, buildings and points of interest: equally long arrays, sorted by grid."""

    source_id: Texts
    kind: Texts
    name: Texts
    address: Texts
    dwellings: Ints
    """−1 where it is no home."""
    lon: Floats
    lat: Floats
    grid: Ints
    """Which grid it was put into."""
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Living:
    """What a grid holds: arrays of shape (n,)."""

    dwellings: Ints
    residents: Floats
    shops: Ints
    """Points of interest."""


def settle(rng: np.random.Generator, use: Texts) -> Living:
    """Return how many people live where.

    Args:
        rng: where chance comes from.
        use: shape (n,), what each grid is used for.
    """
    low, high, _, shops = _by_use(use)
    dwellings = rng.uniform(low, high).astype(np.int64)
    in_each = rng.normal(2.55, 0.18, use.size).clip(2.0, 3.2)
    return Living(
        dwellings=dwellings,
        residents=np.round(dwellings * in_each),
        shops=rng.poisson(shops),
    )


def build(
    rng: np.random.Generator, use: Texts, living: Living, scatter: Scatter, addresses: "Addresses"
) -> Places:
    """Return buildings for all dwellings, and points of interest.

    Args:
        rng: where chance comes from.
        use: shape (n,), what each grid is used for.
        living: what each grid holds.
        scatter: draws points from the grids.
        addresses: the streets of each grid.
    """
    per_building = _by_use(use)[2]
    buildings = np.ceil(living.dwellings / per_building).astype(np.int64)
    home = np.repeat(np.arange(use.size), buildings)
    shop = np.repeat(np.arange(use.size), living.shops)
    grid = np.concatenate([home, shop])
    in_grid = _running_number(home)
    share = living.dwellings[home] // buildings[home]
    share += in_grid < living.dwellings[home] % buildings[home]
    kind_of_shop = rng.choice(len(_POI), shop.size, p=[weight for *_, weight in _POI])
    shop_names = np.array([f"{en} {zh}" for en, zh, _ in _POI], dtype=object)[kind_of_shop]
    homes = np.where(share == 1, "dwelling", "building").astype(object)
    order = np.argsort(grid, kind="stable")
    x, y = scatter.draw(rng, grid)
    lon, lat = to_lon_lat(x, y)
    columns = {
        "kind": np.concatenate([homes, np.full(shop.size, "poi", dtype=object)]),
        "name": np.concatenate([np.full(home.size, "", dtype=object), shop_names]),
        "dwellings": np.concatenate([share, np.full(shop.size, -1)]),
        "lon": lon, "lat": lat, "grid": grid, "x": x, "y": y,
    }  # fmt: skip
    columns = {name: column[order] for name, column in columns.items()}
    address = addresses.of(rng, columns["grid"])
    return Places(source_id=numbered("P", grid.size), address=address, **columns)


def _by_use(use: Texts) -> Floats:
    """Return the four figures of `_LIVING` for each grid, as an array of shape (4, n)."""
    words, position = np.unique(use.astype(str), return_inverse=True)
    table = np.array([_LIVING[word] for word in words.tolist()], dtype=np.float64)
    return table[position].T


def _running_number(group: Ints) -> Ints:
    """Return 0, 1, 2 … within each run of equal numbers."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(np.append(first, group.size))
    return np.arange(group.size) - np.repeat(first, size)


class Addresses:
    """Hands out house numbers in the two nearest streets of each grid."""

    def __init__(self, grids: Shapes, streets: Streets) -> None:
        middle = shapely.centroid(grids)
        near = shapely.STRtree(streets.line).nearest(middle)
        main = np.flatnonzero(streets.rank < 4)
        large = main[shapely.STRtree(streets.line[main]).nearest(middle)]
        self._street = np.stack([near, large])
        self._streets = streets
        self._name = np.unique(streets.signs.astype(str), return_inverse=True)[1]

    def of(self, rng: np.random.Generator, grid: Ints) -> Texts:
        """Return one address for each of the named grids; no two are equal."""
        way = self._street[rng.integers(0, 2, grid.size), grid]
        street = self._name[way]
        order = np.argsort(street, kind="stable")
        number = np.empty(grid.size, dtype=np.int64)
        number[order] = _running_number(street[order]) + 1
        text = number.astype(str).astype(object)
        latin, signs = self._streets.latin[way], self._streets.signs[way]
        address: Texts = text + " " + latin + " " + signs + text + "号"
        return address
