"""When and where each kind of incident happens: the truth that an analysis may find again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """One category of incidents and its habits."""

    code: str
    """In the catalogue of categories."""
    word: str
    """What the source calls it."""
    share: float
    """Of all incidents."""
    follows: str
    """What the number in a grid follows: homes, shops, roads or people."""
    hours: tuple[tuple[float, float, float], ...]
    """Peaks over the day: hour, width in hours, weight; the rest is even."""
    weekend: float
    """How much more happens on Fridays to Sundays."""
    summer: float
    """How much more happens in July than on average; less in January."""
    spans: float = 0.0
    """Share of which only from–to is known."""
    dates: float = 0.0
    """Share of which only the date is known."""
    repeats: float = 0.0
    """Share that follows another within 200 m and 14 days."""


KINDS = (
    Kind("noise", "噪声扰民", 0.15, "people", ((22.5, 1.8, 3.0), (14.0, 3.0, 0.6)), 0.45, 0.35),
    Kind("theft", "盗窃", 0.14, "shops", ((17.5, 2.5, 2.0), (11.0, 2.0, 1.0)), 0.15, 0.05,
         dates=0.04),
    Kind("vehicle_theft", "盗窃电动车", 0.13, "homes", ((23.0, 3.0, 1.5), (9.0, 2.5, 0.8)), 0.0,
         0.15, spans=0.30, repeats=0.06),
    Kind("traffic", "交通事故", 0.13, "roads", ((8.0, 1.0, 1.6), (18.0, 1.3, 2.0)), -0.15, -0.05),
    Kind("dispute", "邻里纠纷", 0.12, "homes", ((20.0, 2.0, 1.8), (10.5, 2.0, 0.8)), 0.15, 0.15),
    Kind("burglary", "入室盗窃", 0.10, "homes", ((14.0, 2.5, 1.2), (2.5, 2.0, 0.8)), -0.10, -0.25,
         spans=0.45, dates=0.05, repeats=0.20),
    Kind("fraud", "电信诈骗", 0.08, "people", ((10.5, 1.8, 1.6), (15.5, 2.0, 1.4)), -0.20, 0.0,
         dates=0.20),
    Kind("assault", "打架斗殴", 0.06, "shops", ((23.5, 2.0, 2.6), (20.0, 1.5, 0.8)), 0.60, 0.25),
    Kind("damage", "故意毁坏财物", 0.04, "people", ((1.0, 2.5, 1.6),), 0.25, 0.10, spans=0.20,
         dates=0.08, repeats=0.05),
    Kind("fire", "火警", 0.03, "people", ((18.5, 2.0, 1.2), (11.5, 1.2, 0.6)), 0.0, -0.20),
    Kind("robbery", "抢夺", 0.02, "shops", ((22.0, 2.0, 2.2),), 0.20, 0.0),
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One raised cluster of grids."""

    name: str
    kinds: tuple[str, ...]
    """Codes of the categories that are raised in it."""
    course: str
    """steady; emerging: in the last 90 days; fading: gone after the first year."""
    grids: Ints
    """Positions of the grids, the middle first."""
    lift: Floats
    """How many times the usual number falls there while it lasts: one figure a grid."""


# Where (in city radii), how large, what, how, how strong.
_DESIGN = (
    ("Railway station", -0.02, 0.72, 7, ("theft", "fraud", "robbery"), "steady", 9.0),
    ("Bar street", 0.10, 0.16, 9, ("noise", "assault", "theft", "robbery"), "steady", 8.0),
    ("Old estate", -0.30, 0.30, 10, ("burglary", "vehicle_theft"), "steady", 8.0),
    ("New town", 0.42, -0.52, 10, ("vehicle_theft", "burglary"), "emerging", 9.0),
    ("South gate", -0.18, -0.42, 9, ("burglary", "damage", "assault"), "fading", 6.0),
    ("Ring road junction", 0.50, 0.46, 6, ("traffic",), "steady", 7.0),
    ("West works", -0.62, -0.18, 8, ("dispute", "noise"), "steady", 6.5),
)
_COURSES = ("steady", "steady", "emerging", "fading")


def plant(
    rng: np.random.Generator, xy: Floats, *, radius: float, can_hold: npt.NDArray[np.bool_]
) -> list[Planted]:
    """Choose the clusters: seven by design, and in large cities more at random.

    Args:
        rng: where chance comes from.
        xy: shape (n, 2), middles of the grids on the plane.
        radius: of the city in metres.
        can_hold: shape (n,), grids in which people live.
    """
    open_ = np.flatnonzero(can_hold)
    found = []
    for name, x, y, size, kinds, course, lift in [*_DESIGN, *_more(rng, xy, radius)]:
        distance = np.hypot(*(xy[open_] - np.array([x, y]) * radius).T)
        n = max(1, min(size, open_.size // 12))
        grids = open_[np.argsort(distance, kind="stable")[:n]]
        lifts = np.linspace(lift, 1 + (lift - 1) * 0.45, n)
        found.append(Planted(name, kinds, course, grids, lifts))
    return found


def _more(
    rng: np.random.Generator, xy: Floats, radius: float
) -> list[tuple[str, float, float, int, tuple[str, ...], str, float]]:
    """Return further clusters: one for every 400 grids beyond the first 1,000."""
    n = max(0, (len(xy) - 1000) // 400)
    at = xy[rng.integers(0, len(xy), n)] / radius
    codes = [kind.code for kind in KINDS]
    return [
        (f"Cluster {i + 8}", float(x), float(y), int(rng.integers(8, 24)),
         tuple(rng.choice(codes, 2, replace=False).tolist()), str(rng.choice(_COURSES)),
         float(rng.uniform(4.0, 7.0)))
        for i, (x, y) in enumerate(at)
    ]  # fmt: skip


def course_by_day(course: str, days: int) -> Floats:
    """Return how strong a cluster is on each day, between 0 and 1."""
    day = np.arange(days, dtype=np.float64)
    if course == "emerging":
        return np.clip((day - (days - 90)) / 20, 0.0, 1.0)
    if course == "fading":
        return np.clip(1.0 - (day - 270) / 150, 0.0, 1.0)
    return np.ones(days)


def day_weights(kind: Kind, first: np.datetime64, days: int) -> Floats:
    """Return how much of a kind happens on each day, on average about 1."""
    dates = first + np.arange(days)
    weekday = (dates.astype(np.int64) - 4) % 7
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    season = 1 + kind.summer * np.cos(2 * np.pi * (of_year - 200) / 365.25)
    weights: Floats = season * np.where(weekday >= 4, 1 + kind.weekend, 1.0)
    return weights


def hour_weights(kind: Kind) -> Floats:
    """Return the share of each hour of the day, shape (24,)."""
    hour = np.arange(24) + 0.5
    weights = np.full(24, 0.25)
    for peak, width, weight in kind.hours:
        apart = np.abs(hour - peak)
        weights += weight * np.exp(-((np.minimum(apart, 24 - apart) / width) ** 2) / 2)
    quiet = (hour > 3) & (hour < 6)
    weights[quiet] *= 0.45
    shares: Floats = weights / weights.sum()
    return shares
