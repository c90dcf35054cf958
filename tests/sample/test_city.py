"""The synthetic city: a clean map, honest codes, and patterns that an analysis finds again."""

import itertools
import re
from datetime import date

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from gridmap.analysis.hotspots import hotspots
from gridmap.analysis.neighbours import queen_pairs
from gridmap.sample import plane
from gridmap.sample.city import City, make_city
from gridmap.sample.incidents import DAYS, NEAR_DAYS, NEAR_M
from gridmap.sample.patterns import KINDS

TODAY = date(2025, 3, 1)
CODES = [kind.code for kind in KINDS]


@pytest.fixture(scope="module")
def city() -> City:
    return make_city(300, 40_000, 7, today=TODAY)


def local_days(city: City):
    """Return local days since the first, with fractions."""
    local = city.incidents.occurred_from + np.timedelta64(8, "h")
    return (local - np.datetime64(city.first)) / np.timedelta64(1, "D")


def metres(lon, lat):
    x = (lon - plane.ORIGIN_LON) * plane.M_PER_DEGREE_LON
    return x, (lat - plane.ORIGIN_LAT) * plane.M_PER_DEGREE_LAT


@pytest.mark.parametrize(("grids", "seed"), [(12, 0), (13, 5), (77, 2), (300, 7), (601, 11)])
def test_grids_are_a_partition_without_overlaps_or_gaps(grids, seed):
    made = make_city(grids, 0, seed, today=TODAY).grids.geometry

    assert len(made) == grids
    assert shapely.is_valid(made).all()
    assert set(shapely.get_type_id(made)) == {shapely.GeometryType.POLYGON}
    assert shapely.coverage_is_valid(made)
    whole = shapely.coverage_union_all(made)
    assert shapely.area(made).sum() == pytest.approx(whole.area, rel=1e-12)
    assert sum(len(part.interiors) for part in shapely.get_parts(whole)) == 0


def test_every_grid_border_is_a_street_a_railway_or_the_edge_of_the_land(city):
    ways = city.base.geometry[np.isin(city.base.kind, ["street", "rail"])]
    tree = shapely.STRtree(ways)

    corners, ring = shapely.get_coordinates(
        shapely.get_rings(city.grids.geometry), return_index=True
    )
    middles = ((corners[1:] + corners[:-1]) / 2)[ring[1:] == ring[:-1]]
    _, distance = tree.query_nearest(
        shapely.points(middles), return_distance=True, all_matches=False
    )

    assert distance.max() < 2e-6  # degrees: 20 cm


def test_codes_have_fifteen_digits_and_begin_with_all_divisions_above(city):
    codes = city.grids.code.tolist()

    assert codes == sorted(set(codes))
    assert {len(code) for code in codes} == {15}
    above = {code[:length] for code in codes for length in (2, 4, 6, 9, 12)}
    assert sorted(above, key=lambda code: (len(code), code)) == city.divisions.code.tolist()
    assert (city.grids.community_code == [code[:12] for code in codes]).all()
    assert all(code.startswith("99") for code in codes)
    assert len(set(city.divisions.name)) == len(city.divisions.name)
    assert len(set(city.grids.name)) == len(codes)


def test_grids_are_numbered_in_rows_from_north_to_south_and_west_to_east(city):
    middle = shapely.get_coordinates(shapely.centroid(city.grids.geometry))
    for community in np.unique(city.grids.community_code.astype(str)):
        inside = np.flatnonzero(city.grids.community_code == community)
        n = inside.size
        row = np.arange(n) * round(np.sqrt(n)) // n

        assert [code[12:] for code in city.grids.code[inside]] == [
            f"{i:03d}" for i in range(1, n + 1)
        ]
        for i in range(n - 1):
            here, after = middle[inside[i]], middle[inside[i + 1]]
            assert here[0] <= after[0] if row[i] == row[i + 1] else True
        north = [middle[inside[row == r], 1] for r in range(row.max() + 1)]
        assert all(a.min() >= b.max() for a, b in itertools.pairwise(north))


def test_a_division_is_the_union_of_its_grids(city):
    codes = city.grids.code.astype(str)
    for code, border in zip(city.divisions.code, city.divisions.geometry, strict=True):
        inside = np.char.startswith(codes, code)

        assert border.area == pytest.approx(shapely.area(city.grids.geometry[inside]).sum())
        assert border.is_valid


def test_the_city_has_the_size_of_a_city_and_lies_in_the_open_sea(city):
    west, south, east, north = shapely.total_bounds(city.grids.geometry)

    assert 122.9 < west < east < 123.1
    assert 31.9 < south < north < 32.1
    assert 0.02 < east - west < 0.1  # 2 to 9 km


def test_the_plane_agrees_with_utm_to_a_thousandth():
    from pyproj import Transformer

    lon, lat = plane.to_lon_lat(np.array([-3000.0, 4000.0]), np.array([-2000.0, 5000.0]))
    east, north = Transformer.from_crs(4326, 32651, always_xy=True).transform(lon, lat)

    assert np.hypot(*np.diff([east, north])).item() == pytest.approx(np.hypot(7000, 7000), rel=1e-3)


def test_incidents_lie_in_the_grid_they_were_put_into_or_in_none(city):
    made = city.incidents
    points = shapely.points(made.lon, made.lat)
    linked = made.grid >= 0

    assert shapely.contains(city.grids.geometry[made.grid[linked]], points[linked]).all()
    tree = shapely.STRtree(city.grids.geometry)
    assert tree.query(points[~linked], predicate="intersects").size == 0
    assert (~linked).mean() == pytest.approx(0.015, abs=0.003)


def test_times_are_two_years_to_yesterday_with_dates_and_spans(city):
    made = city.incidents
    day = local_days(city)
    length = (made.occurred_to - made.occurred_from) / np.timedelta64(1, "h")

    assert (np.diff(made.occurred_from.astype(np.int64)) >= 0).all()
    assert day.min() >= 0
    assert day.max() < DAYS
    assert np.datetime64(city.first) + np.timedelta64(DAYS, "D") == np.datetime64(TODAY)
    known = ~np.isnat(made.occurred_to)
    assert (length[known] > 0).all()
    burglary = made.kind == CODES.index("burglary")
    assert known[burglary].mean() == pytest.approx(0.5, abs=0.05)
    dated = (length == 24) & (day % 1 == 0)
    assert 0.01 < dated.mean() < 0.06
    assert known[made.kind == CODES.index("traffic")].sum() == 0


def test_hours_follow_the_category(city):
    hour = np.floor(local_days(city) % 1 * 24 + 1e-9)
    moment = np.isnat(city.incidents.occurred_to)

    def share(code, hours):
        chosen = moment & (city.incidents.kind == CODES.index(code))
        return np.isin(hour[chosen], hours).mean()

    assert share("noise", [21, 22, 23]) > 2 * share("noise", [8, 9, 10])
    assert share("traffic", [17, 18]) > 3 * share("traffic", [2, 3])
    assert share("assault", [22, 23, 0]) > 3 * share("assault", [8, 9, 10])


def hot(city, code, start, end):
    """Return which grids are hot at the 99 % level between two days."""
    made, day = city.incidents, local_days(city)
    chosen = (made.grid >= 0) & (made.kind == CODES.index(code)) & (day >= start) & (day < end)
    counts = np.bincount(made.grid[chosen], minlength=city.grids.code.size).astype(float)
    found = hotspots(counts, *queen_pairs(city.grids.geometry))
    return np.array([c == "hot99" for c in found.class_])


def test_planted_hotspots_are_found_where_and_when_they_are(city):
    planted = {cluster.name: cluster for cluster in city.planted}
    spans = {"steady": (0, DAYS), "emerging": (DAYS - 70, DAYS), "fading": (0, 300)}

    for cluster in planted.values():
        found = hot(city, cluster.kinds[0], *spans[cluster.course])
        assert found[cluster.grids].mean() > 0.6, cluster.name
        assert found.mean() < 0.2, cluster.name
    assert hot(city, "burglary", 0, DAYS - 90)[planted["New town"].grids].mean() < 0.2
    assert hot(city, "damage", 430, DAYS)[planted["South gate"].grids].mean() < 0.2


def test_burglaries_repeat_nearby_more_often_than_by_chance(city):
    rng = np.random.default_rng(1)
    chosen = (city.incidents.kind == CODES.index("burglary")) & (city.incidents.grid >= 0)
    at = np.column_stack(metres(city.incidents.lon[chosen], city.incidents.lat[chosen]))
    day = np.floor(local_days(city)[chosen])
    one, other = cKDTree(at).query_pairs(NEAR_M, output_type="ndarray").T

    def soon(days):
        return int((np.abs(days[one] - days[other]) <= NEAR_DAYS).sum())

    chance = [soon(rng.permutation(day)) for _ in range(19)]

    assert soon(day) > np.mean(chance) + 8 * np.std(chance)
    assert soon(day) > 1.15 * max(chance)


def test_some_addresses_are_met_again(city):
    at = city.incidents.lon + 1j * city.incidents.lat
    _, times = np.unique(at, return_counts=True)

    assert 0.02 < times[times > 1].sum() / at.size < 0.08


def test_places_and_resources_stand_where_they_should(city):
    points = shapely.points(city.places.lon, city.places.lat)
    homes = city.places.dwellings > 0
    people = np.bincount(
        city.places.grid[homes], weights=city.places.dwellings[homes],
        minlength=city.grids.code.size,
    )  # fmt: skip

    assert shapely.contains(city.grids.geometry[city.places.grid], points).all()
    assert len(set(city.places.address)) == city.places.address.size
    assert ((city.grids.residents == 0) == (people == 0)).all()
    assert 2 < city.grids.residents.sum() / people.sum() < 3.2
    assert len(set(city.resources.kind)) == 7
    stands = shapely.points(city.resources.lon, city.resources.lat)
    on_land, _ = shapely.STRtree(city.grids.geometry).query(stands, predicate="intersects")
    assert np.unique(on_land).size > 0.97 * stands.size  # the others stand on bridges
    assert 0.01 < (city.resources.status == "out_of_order").mean() < 0.06


def test_the_same_seed_makes_the_same_city_and_another_one_another():
    first, again, other = (make_city(60, 500, seed, today=TODAY) for seed in (3, 3, 4))

    for part in ("divisions", "grids", "base", "places", "resources", "incidents"):
        for name, column in vars(getattr(first, part)).items():
            same = getattr(getattr(again, part), name)
            if name == "geometry":
                assert shapely.equals_exact(column, same).all()
            else:
                assert ((column == same) | (column != column)).all(), (part, name)
    assert not shapely.equals_exact(first.grids.geometry, other.grids.geometry).all()


def test_names_are_in_latin_letters_then_in_chinese_signs(city):
    form = re.compile(r"[A-Z][a-z]+( [A-Za-z ]+)? [\u4e00-\u9fff]{2,}( \d+)?")

    for name in [*city.divisions.name, *city.grids.name, *city.resources.name]:
        assert form.fullmatch(name) or " Lane " in name, name


@pytest.mark.parametrize("wrong", [(11, 5, 1), (20, -1, 1), (20, 5, -1)])
def test_impossible_cities_are_refused(wrong):
    with pytest.raises(ValueError, match="a city needs 12 grids"):
        make_city(*wrong, today=TODAY)
