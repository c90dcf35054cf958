"""The whole synthetic city, ready to be stored: `make_city`."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample.basemap import BaseMap, Streets, draw_base_map, name_streets
from gridmap.sample.blocks import Blocks, lay_blocks
from gridmap.sample.divisions import Divisions, Membership, found_divisions, with_borders
from gridmap.sample.incidents import DAYS, Incidents, Setting, draw_incidents
from gridmap.sample.names import NameMaker
from gridmap.sample.patterns import Planted, plant
from gridmap.sample.people import Addresses, Living, Places, build, settle
from gridmap.sample.plane import on_globe
from gridmap.sample.quarters import Quarter, cut_quarters
from gridmap.sample.resources import Resources, place_resources
from gridmap.sample.scatter import Scatter
from gridmap.sample.skeleton import Skeleton, Way, draw_skeleton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Shapes = npt.NDArray[np.object_]

ZONE = "Asia/Shanghai"
GRIDS = 600
INCIDENTS = 40_000
SEED = 7
FEWEST_GRIDS = 12
MEAN_RADIUS_M = 3300.0
"""Radius of a city of 600 grids; it grows with the root of their number."""

_SPECIAL = (
    ("Hospital", "医院"), ("Food market", "菜市场"), ("Stadium", "体育场"), ("Museum", "博物馆"),
    ("Logistics park", "物流园"), ("Middle school", "中学"), ("Shopping centre", "购物中心"),
    ("Garden", "花园"),
)  # fmt: skip
_SPECIAL_SHARE = 0.02


@dataclass(frozen=True)
class Grids:
    """The grids, in the order of their codes: equally long arrays."""

    code: Texts
    name: Texts
    kind: Texts
    """base or special."""
    use: Texts
    """old, town, new, suburb, works, park or campus."""
    community_code: Texts
    geometry: Shapes
    """Polygons in WGS84, a clean coverage."""
    residents: Floats


@dataclass(frozen=True)
class City:
    """A synthetic city: everything in WGS84, times in UTC."""

    seed: int
    first: date
    """First local day with incidents; the last is `first` + 729 days."""
    zone: str
    divisions: Divisions
    grids: Grids
    base: BaseMap
    places: Places
    resources: Resources
    incidents: Incidents
    planted: list[Planted]
    """The clusters that an analysis should find."""


def make_city(grids: int, incidents: int, seed: int, *, today: date) -> City:
    """Make a city; the same arguments give the same city.

    Args:
        grids: how many grids, at least 12.
        incidents: how many incidents.
        seed: of the only random generator.
        today: the incidents end on the day before.

    Returns:
        The city; it lies around 123° E, 32° N, in the open sea.

    Raises:
        ValueError: fewer than 12 grids, or a negative number.
    """
    if grids < FEWEST_GRIDS or incidents < 0 or seed < 0:
        raise ValueError(f"a city needs {FEWEST_GRIDS} grids or more, and no negative number")
    rng = np.random.default_rng(seed)
    naming = NameMaker(rng)
    skeleton, quarters, blocks, ways = _draw_map(rng, grids)
    member, divisions = found_divisions(blocks, quarters, skeleton, naming)
    streets = name_streets(ways, naming)
    order = np.argsort(member.code.astype(str))
    blocks = Blocks(blocks.shapes[order], blocks.quarter[order])
    member = _reordered(member, order)
    use = np.array([q.use for q in quarters], dtype=object)[blocks.quarter]
    scatter = Scatter(blocks.shapes)
    living = settle(rng, use)
    table = _name_grids(rng, skeleton, blocks, member, use, living)
    places = build(rng, use, living, scatter, Addresses(blocks.shapes, streets))
    middles = shapely.get_coordinates(shapely.centroid(blocks.shapes))
    planted = plant(rng, middles, radius=skeleton.radius, can_hold=living.dwellings > 0)
    road_m = _road_lengths(blocks.shapes, streets)
    setting = Setting(skeleton, scatter, living, places, road_m, planted)
    first = today - timedelta(days=DAYS)
    return City(
        seed=seed,
        first=first,
        zone=ZONE,
        divisions=with_borders(divisions, table.code, table.geometry),
        grids=table,
        base=draw_base_map(skeleton, streets, _park_names(skeleton, blocks, table)),
        places=places,
        resources=place_resources(rng, streets, living, scatter, member=member, land=skeleton.land),
        incidents=draw_incidents(rng, setting, count=incidents, first=np.datetime64(first, "D")),
        planted=planted,
    )


def _draw_map(
    rng: np.random.Generator, grids: int
) -> tuple[Skeleton, list[Quarter], Blocks, list[Way]]:
    """Return all that is drawn on the plane before anybody lives there."""
    skeleton = draw_skeleton(rng, radius=MEAN_RADIUS_M * float(np.sqrt(grids / GRIDS)))
    quarters, avenues = cut_quarters(rng, skeleton, grids=grids)
    blocks, lanes = lay_blocks(rng, quarters, grids=grids)
    return skeleton, quarters, blocks, [*skeleton.ways, *avenues, *lanes]


def _reordered(member: Membership, order: Ints) -> Membership:
    return replace(member, **{name: column[order] for name, column in vars(member).items()})


def _name_grids(
    rng: np.random.Generator,
    skeleton: Skeleton,
    blocks: Blocks,
    member: Membership,
    use: Texts,
    living: Living,
) -> Grids:
    """Return the table of grids; some are special: parks, the campus, the station, others.

    A base grid is called "Doutan 豆潭 8", a special one "Doutan Hospital 豆潭医院".
    """
    english = np.full(use.size, "", dtype=object)
    chinese = english.copy()
    special = np.zeros(use.size, dtype=bool)
    lived_in = np.flatnonzero((use != "park") & (use != "campus"))
    some = rng.choice(lived_in, int(lived_in.size * _SPECIAL_SHARE), replace=False)
    which = rng.integers(0, len(_SPECIAL), some.size)
    once = np.unique(member.community[some] * len(_SPECIAL) + which, return_index=True)[1]
    _mark(special, english, chinese, some[once], [_SPECIAL[k] for k in which[once]])
    parks = np.flatnonzero(use == "park")
    _mark(special, english, chinese, parks, [("Park", "公园")] * parks.size)
    campus = np.flatnonzero(use == "campus")
    _mark(special, english, chinese, campus, [("University", "大学")] * campus.size)
    middles = shapely.get_coordinates(shapely.centroid(blocks.shapes[lived_in]))
    from_rails = np.hypot(*(middles - np.array([-0.02, 0.72]) * skeleton.radius).T)
    station = lived_in[[int(np.argmin(from_rails))]]
    _mark(special, english, chinese, station, [("Railway station", "火车站")])
    return Grids(
        code=member.code,
        name=np.where(
            special,
            member.latin + " " + english + " " + member.signs + chinese,
            member.latin + " " + member.signs + " " + member.number.astype(str).astype(object),
        ),
        kind=np.where(special, "special", "base").astype(object),
        use=use,
        community_code=member.community_code,
        geometry=on_globe(blocks.shapes),
        residents=living.residents,
    )


def _mark(
    special: npt.NDArray[np.bool_],
    english: Texts,
    chinese: Texts,
    which: Ints,
    words: list[tuple[str, str]],
) -> None:
    special[which] = True
    english[which] = [word for word, _ in words]
    chinese[which] = [word for _, word in words]


def _park_names(skeleton: Skeleton, blocks: Blocks, table: Grids) -> list[str]:
    """Return the name of the grid around each park of the skeleton."""
    inside = shapely.point_on_surface(skeleton.parks)
    return [str(table.name[int(np.argmax(shapely.covers(blocks.shapes, p)))]) for p in inside]


def _road_lengths(grids: Shapes, streets: Streets) -> Floats:
    """Return metres of main streets along or through each grid."""
    main = streets.line[streets.rank <= 2]
    near = shapely.buffer(grids, 12.0, quad_segs=1)
    line, grid = shapely.STRtree(near).query(main, predicate="intersects")
    length = shapely.length(shapely.intersection(main[line], near[grid]))
    total: Floats = np.bincount(grid, weights=length, minlength=grids.size).astype(np.float64)
    return total
