"""Two years of incidents, drawn from the patterns."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample.names import numbered
from gridmap.sample.patterns import (
    KINDS,
    Kind,
    Planted,
    course_by_day,
    day_weights,
    hour_weights,
)
from gridmap.sample.people import Living, Places
from gridmap.sample.plane import to_lon_lat
from gridmap.sample.scatter import Scatter
from gridmap.sample.skeleton import Skeleton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]

DAYS = 730
UNLINKED = 0.015
AT_ADDRESS = 0.04
"""Share that happens at a few addresses again and again."""
ROUND = 0.45
"""Share of clock times that people give in whole half hours."""
NEAR_M = 200.0
NEAR_DAYS = 14
FADES_M = 110.0
"""Distance over which followers become rarer by the factor e."""
MINUTES = 24 * 60
UTC_OFFSET_MINUTES = 8 * 60
"""Asia/Shanghai, where no clock was changed since 1991."""


@dataclass(frozen=True)
class Incidents:
    """Equally long arrays, sorted by time."""

    source_id: Texts
    lon: Floats
    lat: Floats
    kind: Ints
    """Position in `patterns.KINDS`."""
    occurred_from: Times
    """datetime64[us], UTC."""
    occurred_to: Times
    """Exclusive; NaT: at that moment."""
    grid: Ints
    """The grid that it was put into; −1: into none."""
    repeat: Flags
    """Whether it was made to follow another one closely."""


@dataclass(frozen=True)
class Setting:
    """What incidents are drawn from."""

    skeleton: Skeleton
    scatter: Scatter
    living: Living
    places: Places
    road_m: Floats
    """shape (n,), length of main streets along each grid."""
    planted: list[Planted]


@dataclass
class _Drawn:
    """Incidents of one kind while they are made; day and minute are local."""

    grid: Ints
    day: Ints
    x: Floats
    y: Floats
    repeat: Flags


def draw_incidents(
    rng: np.random.Generator, setting: Setting, *, count: int, first: np.datetime64
) -> Incidents:
    """Draw incidents of all kinds over `DAYS` days.

    Args:
        rng: where chance comes from.
        setting: the city.
        count: how many.
        first: first local day.
    """
    shares = np.array([kind.share for kind in KINDS])
    counts = rng.multinomial(count, shares / shares.sum())
    drawn, spans = [], []
    for kind, n in zip(KINDS, counts.tolist(), strict=True):
        part = _draw_kind(rng, setting, kind, n, first)
        drawn.append(part)
        spans.append(_times(rng, kind, part.day))
    start = np.concatenate([span[0] for span in spans])
    end = np.concatenate([span[1] for span in spans])
    order = np.argsort(start, kind="stable")
    x, y, grid, repeat = (
        np.concatenate([getattr(part, name) for part in drawn])[order]
        for name in ("x", "y", "grid", "repeat")
    )
    _send_astray(rng, setting.skeleton, x, y, grid)
    lon, lat = to_lon_lat(x, y)
    midnight = first.astype("datetime64[us]") - np.timedelta64(UTC_OFFSET_MINUTES, "m")
    begins = midnight + start[order].astype("timedelta64[m]")
    ends = midnight + end[order].astype("timedelta64[m]")
    ends[end[order] < 0] = np.datetime64("NaT")
    return Incidents(
        source_id=numbered("S", count),
        lon=lon,
        lat=lat,
        kind=np.repeat(np.arange(len(KINDS)), counts)[order],
        occurred_from=begins,
        occurred_to=ends,
        grid=grid,
        repeat=repeat,
    )


def _draw_kind(
    rng: np.random.Generator, setting: Setting, kind: Kind, n: int, first: np.datetime64
) -> _Drawn:
    """Draw place and day of incidents of one kind: a mixture of the usual and the clusters."""
    usual = _usual(rng, setting, kind)
    days = day_weights(kind, first, DAYS)
    days = days / days.mean()
    here = [cluster for cluster in setting.planted if kind.code in cluster.kinds]
    where = [usual, *(_lifted(usual, cluster) for cluster in here)]
    when = [days, *(days * course_by_day(cluster.course, DAYS) for cluster in here)]
    mass = np.array([w.sum() * d.sum() for w, d in zip(where, when, strict=True)])
    parts = rng.multinomial(n, mass / mass.sum()).tolist()
    grid = np.concatenate([_pick(rng, w, m) for w, m in zip(where, parts, strict=True)])
    day = np.concatenate([_pick(rng, d, m) for d, m in zip(when, parts, strict=True)])
    x, y = setting.scatter.draw(rng, grid)
    drawn = _Drawn(grid, day, x, y, np.zeros(n, dtype=bool))
    _move_to_addresses(rng, setting.places, drawn)
    _make_repeats(rng, setting.scatter, drawn, share=kind.repeats)
    return drawn


def _usual(rng: np.random.Generator, setting: Setting, kind: Kind) -> Floats:
    """Return what a grid usually sees of a kind, in any unit."""
    living = setting.living
    homes = living.dwellings / living.dwellings.mean()
    shops = living.shops / max(1.0, living.shops.mean())
    road = setting.road_m / max(1.0, setting.road_m.mean())
    usual = {
        "homes": homes,
        "shops": 0.35 + 0.65 * shops,
        "roads": 0.25 + 0.75 * road,
        "people": 0.15 + 0.6 * homes + 0.25 * shops,
    }[kind.follows]
    noisy: Floats = usual * rng.lognormal(0.0, 0.25, usual.size)
    return noisy


def _lifted(usual: Floats, cluster: Planted) -> Floats:
    """Return what a cluster adds, grid by grid."""
    more = np.zeros(usual.size)
    level = np.maximum(usual[cluster.grids], usual.mean())
    more[cluster.grids] = level * (cluster.lift - 1)
    return more


def _pick(rng: np.random.Generator, weights: Floats, n: int) -> Ints:
    """Draw positions with the given weights."""
    reach = np.cumsum(weights)
    picked = np.searchsorted(reach, rng.random(n) * reach[-1], side="right")
    positions: Ints = np.minimum(picked, weights.size - 1)
    return positions


def _move_to_addresses(rng: np.random.Generator, places: Places, drawn: _Drawn) -> None:
    """Put a share exactly on one of the first three places of its grid."""
    first = np.searchsorted(places.grid, drawn.grid)
    size = np.searchsorted(places.grid, drawn.grid, side="right") - first
    moved = np.flatnonzero((rng.random(drawn.grid.size) < AT_ADDRESS) & (size > 0))
    at = first[moved] + rng.integers(0, np.minimum(3, size[moved]))
    drawn.x[moved], drawn.y[moved] = places.x[at], places.y[at]


def _make_repeats(
    rng: np.random.Generator, scatter: Scatter, drawn: _Drawn, *, share: float
) -> None:
    """Turn a share into followers of others: the same grid, near, a few days later.

    A follower that finds no place after six draws strikes the same address again.
    """
    n = drawn.grid.size
    chosen = rng.permutation(n)[: int(n * share)]
    if not chosen.size:
        return
    drawn.repeat[chosen] = True
    parents = np.flatnonzero(~drawn.repeat & (drawn.day < DAYS - 1))
    parent = rng.choice(parents, chosen.size)
    delay = 1 + np.floor(rng.exponential(4.0, chosen.size)) % NEAR_DAYS
    drawn.day[chosen] = np.minimum(drawn.day[parent] + delay.astype(np.int64), DAYS - 1)
    drawn.grid[chosen] = drawn.grid[parent]
    x, y = drawn.x[parent], drawn.y[parent]
    open_ = np.arange(chosen.size)
    for _ in range(6):
        if not open_.size:
            break
        new_x, new_y = scatter.draw(rng, drawn.grid[chosen[open_]])
        home_x, home_y = drawn.x[parent[open_]], drawn.y[parent[open_]]
        apart = np.hypot(new_x - home_x, new_y - home_y)
        close = (apart < NEAR_M * 0.98) & (rng.random(apart.size) < np.exp(-apart / FADES_M))
        x[open_[close]], y[open_[close]] = new_x[close], new_y[close]
        open_ = open_[~close]
    drawn.x[chosen], drawn.y[chosen] = x, y


def _times(rng: np.random.Generator, kind: Kind, day: Ints) -> tuple[Ints, Ints]:
    """Return begin and end in local minutes since the first day; end −1 where there is none."""
    n = day.size
    hour = _pick(rng, hour_weights(kind), n)
    minute = rng.integers(0, 60, n)
    minute = np.where(rng.random(n) < ROUND, minute // 30 * 30, minute)
    begin = day * MINUTES + hour * 60 + minute
    end = np.full(n, -1, dtype=np.int64)
    lot = rng.random(n)
    span = lot < kind.spans
    length = np.round(rng.lognormal(2.4, 0.7, n).clip(2, 120) * 4) * 15
    end[span] = np.minimum(begin + length.astype(np.int64), DAYS * MINUTES)[span]
    dated = (lot >= kind.spans) & (lot < kind.spans + kind.dates)
    begin[dated] = (day * MINUTES)[dated]
    end[dated] = begin[dated] + MINUTES
    return begin, end


def _send_astray(
    rng: np.random.Generator, skeleton: Skeleton, x: Floats, y: Floats, grid: Ints
) -> None:
    """Put a share outside every grid: half on the river, half beyond the city's edge."""
    away = rng.permutation(np.flatnonzero(rng.random(grid.size) < UNLINKED))
    grid[away] = -1
    half = away.size // 2
    hull = shapely.convex_hull(skeleton.land)
    dry = shapely.buffer(shapely.union(skeleton.land, skeleton.lake), 5.0)
    rim = shapely.difference(shapely.buffer(hull, 0.08 * skeleton.radius), dry)
    areas = (shapely.intersection(skeleton.river, hull), shapely.difference(rim, skeleton.river))
    for some, area in zip((away[:half], away[half:]), areas, strict=True):
        parts = shapely.get_parts(area)
        which = _pick(rng, shapely.area(parts), some.size)
        x[some], y[some] = Scatter(parts, inset_m=1.0).draw(rng, which)
