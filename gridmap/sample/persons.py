"""Invented residents of a few communities, and staff for every grid. No number is anybody's.

Residents of the whole city would be more than a million with many grids; two communities show
all pages and keep `sample` quick. Their identity numbers begin with 99, which no region has.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridmap.sample.city import City
from gridmap.sample.names import numbered

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

COMMUNITIES = 2
IN_EACH_DWELLING = 2.5
_FAMILIES = (
    ("Wang", "王"), ("Li", "李"), ("Zhang", "张"), ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨"),
    ("Zhao", "赵"), ("Huang", "黄"), ("Zhou", "周"), ("Wu", "吴"), ("Xu", "徐"), ("Sun", "孙"),
    ("Hu", "胡"), ("Zhu", "朱"), ("Gao", "高"), ("Lin", "林"), ("He", "何"), ("Guo", "郭"),
)  # fmt: skip
_GIVEN = (
    ("Ming", "明"), ("Hua", "华"), ("Fang", "芳"), ("Jing", "静"), ("Lei", "磊"), ("Na", "娜"),
    ("Jun", "军"), ("Yan", "燕"), ("Ping", "平"), ("Hong", "红"), ("Qing", "青"), ("Yue", "月"),
    ("Shan", "山"), ("Lan", "兰"), ("Bo", "波"), ("Xue", "雪"), ("Tao", "涛"), ("Mei", "梅"),
    ("Song", "松"), ("Ning", "宁"), ("Kai", "凯"), ("Rui", "瑞"), ("Chun", "春"), ("Qiu", "秋"),
)  # fmt: skip
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_LAST = np.array(list("10X98765432"), dtype=object)


@dataclass(frozen=True)
class Residents:
    """Persons and where they live: equally long arrays."""

    source_id: Texts
    name: Texts
    identity: Texts
    phone: Texts
    address: Texts
    detail: Texts
    kind: Texts
    since: npt.NDArray[np.datetime64]
    lon: Floats
    lat: Floats


@dataclass(frozen=True)
class Staff:
    """One member of staff a grid: arrays in the order of the grids."""

    number: Texts
    name: Texts
    phone: Texts
    area: Texts


def draw_residents(city: City) -> Residents:
    """Return residents of the first communities in which people live; the same for one seed."""
    rng = np.random.default_rng([city.seed, 1])
    grids, places = city.grids, city.places
    lived_in = grids.community_code[grids.residents > 0].astype(str)
    chosen = np.isin(grids.community_code.astype(str), np.unique(lived_in)[:COMMUNITIES])
    homes = np.flatnonzero(chosen[places.grid] & (places.dwellings > 0))
    flats = np.repeat(homes, places.dwellings[homes])
    people = rng.binomial(4, IN_EACH_DWELLING / 4, flats.size)
    home, n = np.repeat(flats, people), int(people.sum())
    flat = np.repeat(np.arange(flats.size), people)
    first_day = np.datetime64("2002-01-01") + rng.integers(0, 7000, flats.size)
    rented = rng.random(flats.size) < 0.2
    return Residents(
        source_id=numbered("R", n),
        name=_names(rng, n, family=rng.integers(0, len(_FAMILIES), flats.size)[flat]),
        identity=_identities(rng, n),
        phone=_phones(n),
        address=places.address[home],
        detail=(1 + flat % 3).astype("U").astype(object) + "-"
        + (101 + flat % 40).astype("U").astype(object),
        kind=np.where(rented[flat], "temporary", "resident").astype(object),
        since=first_day[flat],
        lon=places.lon[home],
        lat=places.lat[home],
    )  # fmt: skip


def draw_staff(city: City) -> Staff:
    """Return one member of staff for each grid."""
    rng = np.random.default_rng([city.seed, 2])
    n = city.grids.code.size
    return Staff(
        number=numbered("G", n),
        name=_names(rng, n, family=rng.integers(0, len(_FAMILIES), n)),
        phone=_phones(n),
        area=city.grids.community_code,
    )


def _names(rng: np.random.Generator, n: int, *, family: Ints) -> Texts:
    """Return names such as "Wang Ming 王明"."""
    families, given = np.array(_FAMILIES, dtype=object), np.array(_GIVEN, dtype=object)
    which = rng.integers(0, len(_GIVEN), n)
    made: Texts = (
        families[family, 0] + " " + given[which, 0] + " " + families[family, 1] + given[which, 1]
    )
    return made


def _phones(n: int) -> Texts:
    return np.char.add("555", np.char.zfill(np.arange(n).astype("U7"), 7)).astype(object)


def _identities(rng: np.random.Generator, n: int) -> Texts:
    """Return numbers of the form of GB 11643 for the region 990201, no two equal."""
    born = np.datetime64("1940-01-01") + rng.integers(0, 28_000, n)
    days = np.char.replace(born.astype("U10"), "-", "")
    order = np.char.zfill((np.arange(n) % 1000).astype("U3"), 3)
    body = np.char.add(np.char.add("990201", days), order)
    digits = body.astype("U17").view("U1").reshape(n, 17).astype(np.int64)
    made: Texts = body.astype(object) + _LAST[digits @ _WEIGHTS % 11]
    _, first = np.unique(made.astype(str), return_index=True)
    again = np.ones(n, dtype=bool)
    again[first] = False
    made[again] = ""
    return made
