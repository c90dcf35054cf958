import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.analysis.areas import area_m2
from gridmap.analysis.partition import repair_overlaps
from gridmap.analysis.topology import check_partition

METRE = 1 / 111_320


def box(west, south, east, north):
    return shapely.box(west / 1000, south / 1000, east / 1000, north / 1000)


def codes_of(geometries):
    return [f"{number:05d}" for number in range(len(geometries))]


@st.composite
def heaps(draw):
    """Turned boxes that overlap as they like."""
    count = draw(st.integers(1, 8))
    number = st.integers(0, 100)
    shapes = []
    for _ in range(count):
        west, south = draw(number), draw(number)
        shape = shapely.box(west, south, west + draw(number) + 5, south + draw(number) + 5)
        shapes.append(shapely.affinity.rotate(shape, draw(number)))
    return shapely.transform(np.array(shapes), lambda place: place / 10_000 + [120.8, 32.0])


@given(heaps(), st.randoms(use_true_random=False))
def test_after_repair_nothing_overlaps_and_the_union_is_the_same(shapes, random):
    codes = codes_of(shapes)
    random.shuffle(codes)

    repaired = repair_overlaps(shapes, codes)

    report = check_partition(repaired.geometries, codes)
    assert len(report.overlaps) == len(report.overlap_slivers) == 0
    assert shapely.is_valid(repaired.geometries).all()
    assert set(shapely.get_type_id(repaired.geometries)) <= {3, 6}
    before, after = shapely.union_all(shapes), shapely.union_all(repaired.geometries)
    changed = area_m2(np.array([shapely.symmetric_difference(before, after)]))[0]
    emptied = area_m2(shapes[repaired.vanished]) * 0.01
    assert changed <= repaired.gained_m2.sum() + emptied.sum() + 0.1


@given(heaps(), st.randoms(use_true_random=False))
def test_the_area_lost_is_the_area_that_lower_codes_cover(shapes, random):
    order = list(range(shapes.size))
    random.shuffle(order)
    codes = [codes_of(shapes)[place] for place in order]

    repaired = repair_overlaps(shapes, codes)

    for place, code in enumerate(codes):
        lower = shapes[[other < code for other in codes]]
        rest = shapely.difference(shapes[place], shapely.union_all(lower))
        lost = area_m2(shapes[[place]])[0] - area_m2(np.array([rest]))[0]
        if not repaired.vanished[place]:
            assert repaired.lost_m2[place] == pytest.approx(lost, abs=0.1)
    balance = area_m2(shapes) - repaired.lost_m2 + repaired.gained_m2
    np.testing.assert_allclose(area_m2(repaired.geometries), balance, atol=0.1)


@given(heaps())
def test_repairing_twice_changes_nothing_more(shapes):
    once = repair_overlaps(shapes, codes_of(shapes)).geometries

    twice = repair_overlaps(once, codes_of(shapes))

    assert all(one is two for one, two in zip(once, twice.geometries, strict=True))
    assert twice.lost_m2.sum() == twice.gained_m2.sum() == 0


def test_grids_that_nothing_concerns_are_the_objects_given():
    shapes = np.array([box(0, 0, 10, 10), box(9, 0, 20, 10), box(20, 0, 30, 10)])

    repaired = repair_overlaps(shapes, ["A", "B", "C"])

    assert repaired.geometries[0] is shapes[0]
    assert repaired.geometries[2] is shapes[2]
    assert repaired.geometries[1].equals(box(10, 0, 20, 10))
    assert repaired.lost_m2 == pytest.approx([0, area_m2(np.array([box(9, 0, 10, 10)]))[0], 0])


def test_where_three_overlap_each_place_goes_to_the_lowest_code():
    shapes = np.array([box(0, 0, 6, 6), box(4, 0, 10, 6), box(2, 4, 8, 10)])

    repaired = repair_overlaps(shapes, ["2", "3", "1"])

    assert repaired.geometries[2] is shapes[2]
    assert repaired.geometries[0].equals(shapes[0] - shapes[2])
    assert repaired.geometries[1].equals(shapes[1] - shapes[0] - shapes[2])


def test_grids_in_force_keep_what_they_have():
    force = np.array([box(0, 0, 10, 10)])
    arriving = np.array([box(8, 0, 20, 10)])

    repaired = repair_overlaps(arriving, ["A"], existing=force, existing_codes=["Z"])

    assert repaired.geometries.shape == (1,)
    assert repaired.geometries[0].equals(box(10, 0, 20, 10))


def test_a_grid_covered_by_others_vanishes():
    shapes = np.array([box(0, 0, 6, 10), box(5, 0, 10, 10), box(1, 1, 9, 9)])

    repaired = repair_overlaps(shapes, ["A", "B", "C"])

    assert repaired.vanished.tolist() == [False, False, True]
    assert repaired.geometries[2].is_empty
    assert repaired.lost_m2[2] == pytest.approx(area_m2(shapes[2:])[0])


def test_a_grid_of_which_only_slivers_are_left_vanishes():
    shapes = np.array([box(0, 0, 10, 10), box(0, 0, 10 + 0.3 * METRE * 1000, 10)])

    repaired = repair_overlaps(shapes, ["A", "B"])

    assert repaired.vanished.tolist() == [False, True]
    assert repaired.geometries[1].is_empty


def test_a_sliver_of_a_gap_goes_to_the_grid_with_the_longest_border_along_it():
    whole = box(0, 0, 20, 10)
    crack = shapely.box(0.002, 0.005, 0.014, 0.005 + 0.5 * METRE)
    south = box(0, 0, 20, 5)
    north_west = shapely.difference(box(0, 5, 8, 10), crack)
    north_east = shapely.difference(box(8, 5, 20, 10), crack)

    repaired = repair_overlaps(np.array([north_west, south, north_east]), ["A", "B", "C"])

    assert repaired.gained_m2.tolist()[0] == repaired.gained_m2.tolist()[2] == 0
    assert repaired.gained_m2[1] == pytest.approx(area_m2(np.array([crack]))[0])
    assert repaired.geometries[1].symmetric_difference(south | crack).area < 1e-15
    assert shapely.union_all(repaired.geometries).symmetric_difference(whole).area < 1e-15


def test_wide_gaps_stay():
    ring = np.array([box(0, 0, 10, 10) - box(4, 4, 6, 6)])

    repaired = repair_overlaps(ring, ["A"])

    assert repaired.geometries[0] is ring[0]


@pytest.mark.parametrize("decimals", [6, 7, 9])
def test_a_tilted_wall_with_rounded_corners_becomes_a_partition(decimals):
    row, column = (axis.ravel() for axis in np.mgrid[0:20, 0:20])
    left = column + row % 2 * 0.37
    wall = shapely.box(left, row, left + 1.0, row + 1.0)
    wall = shapely.transform(
        wall, lambda place: np.round(place @ [[0.0024, 0.0018], [-0.0018, 0.0024]], decimals)
    )

    repaired = repair_overlaps(wall, codes_of(wall))

    report = check_partition(repaired.geometries, codes_of(wall))
    assert len(report.overlap_slivers) == len(report.gap_slivers) == len(report.gaps) == 0
    assert shapely.is_valid(repaired.geometries).all()
    assert repaired.lost_m2.sum() < 200
    assert shapely.get_num_geometries(repaired.geometries).max() == 1


def test_borders_that_differ_in_the_last_digit_overlap_nowhere_and_lose_nothing():
    """GEOS gives one whole strip as the intersection of two such neighbours."""
    corners = np.array([(0, 0), (0.4, 0.4), (0.4005, 0.4), (0.0005, 0)])
    strips = shapely.polygons(corners + np.arange(60)[:, None, None] * [0.0005, 0])
    assert shapely.area(shapely.intersection(strips[:-1], strips[1:])).max() > 1e-4
    moved = strips.copy()
    moved[30] = shapely.polygons(corners + np.array([30.2 * 0.0005, 0]))

    clean = check_partition(strips, codes_of(strips))
    repaired = repair_overlaps(moved, codes_of(moved))

    assert clean.is_partition
    assert len(clean.overlap_slivers) == len(clean.gaps) == len(clean.gap_slivers) == 0
    fifth = area_m2(strips[[31]])[0] / 5
    assert repaired.lost_m2[31] == pytest.approx(fifth, rel=1e-4)
    assert repaired.lost_m2.sum() == pytest.approx(fifth, rel=1e-4)


def test_too_many_overlaps_are_no_partition_gone_wrong():
    heap = np.array([box(0, 0, 10, 10)] * 800)

    with pytest.raises(ValueError, match="too many grids overlap"):
        repair_overlaps(heap, codes_of(heap))


def test_no_grids_need_no_repair():
    assert repair_overlaps(np.array([], dtype=object), []).geometries.shape == (0,)


def test_chicago_areas_need_no_repair(reference_data):
    areas = gpd.read_file(reference_data / "chicago/areas.geojson")
    shapes = areas.geometry.to_numpy()

    repaired = repair_overlaps(shapes, areas["code"].tolist())

    assert all(one is two for one, two in zip(shapes, repaired.geometries, strict=True))


def test_chicago_areas_simplified_each_for_itself_are_repaired(reference_data):
    areas = gpd.read_file(reference_data / "chicago/areas.geojson")
    codes = areas["code"].tolist()
    rough = shapely.simplify(shapely.transform(areas.geometry.to_numpy(), np.array), 2e-5)
    rough = shapely.make_valid(rough, method="structure")

    repaired = repair_overlaps(rough, codes)

    before, after = check_partition(rough, codes), check_partition(repaired.geometries, codes)
    assert len(before.overlap_slivers) > 10
    assert len(after.overlaps) == len(after.overlap_slivers) == len(after.gap_slivers) == 0
    lost = before.overlaps.area_m2.sum() + before.overlap_slivers.area_m2.sum()
    assert repaired.lost_m2.sum() == pytest.approx(lost, rel=0.01)
