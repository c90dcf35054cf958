import itertools
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.analysis.areas import area_m2
from gridmap.analysis.polygons import repair_polygons
from gridmap.analysis.topology import check_partition

METRE = 1 / 111_320


def lattice(columns, rows, *, size=0.001):
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    return shapely.box(x * size, y * size, (x + 1) * size, (y + 1) * size)


def codes_of(geometries):
    return [f"{number:05d}" for number in range(len(geometries))]


def pairs_of(overlaps):
    return set(zip(overlaps.codes.tolist(), overlaps.other_codes.tolist(), strict=True))


@st.composite
def disturbed_lattices(draw):
    """Cells of 111 m, some of them grown, moved or missing by whole metres."""
    cells = lattice(4, 3)
    offset = st.integers(-40, 40)
    for cell in draw(st.sets(st.integers(0, cells.size - 1), max_size=6)):
        west, south, east, north = cells[cell].bounds
        moved = [draw(offset) * METRE for _ in range(4)]
        cells[cell] = shapely.box(west + moved[0], south + moved[1], east + moved[2], north)
    kept = draw(st.sets(st.integers(0, cells.size - 1), min_size=1))
    return cells[sorted(kept)]


@given(disturbed_lattices(), st.randoms(use_true_random=False))
def test_overlaps_are_those_that_trying_all_pairs_finds(cells, random):
    codes = codes_of(cells)
    random.shuffle(codes)

    report = check_partition(cells, codes)

    expected = {}
    for one, other in itertools.combinations(range(cells.size), 2):
        area = area_m2(shapely.intersection(cells[[one]], cells[[other]]))[0]
        if area > 0.1:
            expected[tuple(sorted((codes[one], codes[other])))] = area
    found = pairs_of(report.overlaps) | pairs_of(report.overlap_slivers)
    assert found == set(expected)
    total = report.overlaps.area_m2.sum() + report.overlap_slivers.area_m2.sum()
    assert total == pytest.approx(sum(expected.values()), rel=1e-6)
    assert report.is_partition == (len(report.overlaps) == 0)


@given(disturbed_lattices())
def test_gaps_are_the_holes_of_the_union(cells):
    report = check_partition(cells, codes_of(cells))

    parts = shapely.get_parts(shapely.union_all(cells))
    rings = shapely.get_rings(parts)
    outside = shapely.get_exterior_ring(parts)
    islands = area_m2(shapely.polygons(outside)).sum() - area_m2(
        np.array([shapely.union_all(shapely.polygons(outside))])
    )
    holes = area_m2(shapely.polygons(rings)).sum() - area_m2(shapely.polygons(outside)).sum()
    found = report.gaps.area_m2.sum() + report.gap_slivers.area_m2.sum()
    assert found == pytest.approx(holes - islands[0], abs=0.1)


def test_a_clean_lattice_is_a_partition():
    cells = lattice(5, 5)

    report = check_partition(cells, codes_of(cells))

    assert report.is_partition
    sizes = [report.overlaps, report.overlap_slivers, report.gaps, report.gap_slivers]
    assert [len(found) for found in sizes] == [0, 0, 0, 0]
    assert not report.truncated


def test_an_overlap_names_both_grids_and_its_area():
    cells = np.array([shapely.box(0, 0, 0.01, 0.01), shapely.box(0.009, 0, 0.02, 0.01)])

    report = check_partition(cells, ["B", "A"])

    assert not report.is_partition
    assert pairs_of(report.overlaps) == {("A", "B")}
    strip = np.array([shapely.box(0.009, 0, 0.01, 0.01)])
    assert report.overlaps.area_m2 == pytest.approx(area_m2(strip))
    assert report.overlaps.geometries[0].equals(shapely.MultiPolygon(strip.tolist()))


@pytest.mark.parametrize(("metres", "refused"), [(0.5, False), (2.0, True)])
def test_a_strip_is_digitising_noise_up_to_a_metre(metres, refused):
    cells = np.array(
        [shapely.box(0, 0, 0.01, 0.01), shapely.box(0.01 - metres * METRE, 0, 0.02, 0.01)]
    )

    report = check_partition(cells, ["A", "B"])

    assert (len(report.overlaps), len(report.overlap_slivers)) == (refused, not refused)


def test_a_grid_that_is_itself_thin_is_not_noise():
    alley = shapely.box(0.005, 0, 0.005 + 0.8 * METRE, 0.01)
    cells = np.array([shapely.box(0, 0, 0.01, 0.01), alley])

    report = check_partition(cells, ["A", "B"])

    assert len(report.overlaps) == 1
    assert report.overlaps.width_m[0] < 1


def test_traces_of_floating_point_are_not_reported():
    cells = shapely.transform(lattice(20, 20), lambda place: place @ [[0.8, 0.6], [-0.6, 0.8]])
    cells[::3] = shapely.segmentize(cells[::3], 0.0003)

    report = check_partition(cells, codes_of(cells))

    sizes = [report.overlaps, report.overlap_slivers, report.gaps, report.gap_slivers]
    assert [len(found) for found in sizes] == [0, 0, 0, 0]


def test_a_missing_cell_is_a_gap_with_its_neighbours():
    cells = np.delete(lattice(3, 3), 4)

    report = check_partition(cells, list("ABCDEFGH"))

    assert report.is_partition
    assert report.gaps.codes.tolist() == [tuple("ABCDEFGH")]
    assert report.gaps.area_m2 == pytest.approx(area_m2(lattice(3, 3)[4:5]))
    assert report.gaps.geometries[0].equals(lattice(3, 3)[4])


def test_a_cell_missing_at_the_edge_is_no_gap():
    cells = np.delete(lattice(3, 3), 1)

    assert len(check_partition(cells, codes_of(cells)).gaps) == 0


def test_an_island_in_a_gap_is_not_part_of_it():
    lake = shapely.box(0.003, 0.003, 0.007, 0.007)
    island = shapely.box(0.004, 0.004, 0.005, 0.005)
    cells = np.array([shapely.box(0, 0, 0.01, 0.01) - lake, island])

    report = check_partition(cells, ["A", "B"])

    assert report.gaps.area_m2 == pytest.approx(area_m2(np.array([lake - island])))
    assert report.gaps.codes.tolist() == [("A", "B")]


def test_a_thin_gap_is_a_sliver():
    cells = np.array([shapely.box(0, 0, 0.01, 0.01)])
    crack = shapely.box(0.002, 0.002, 0.008, 0.002 + 0.5 * METRE)

    report = check_partition(cells - crack, ["A"])

    assert (len(report.gaps), len(report.gap_slivers)) == (0, 1)
    assert report.gap_slivers.codes.tolist() == [("A",)]


def test_grids_in_force_are_checked_against_those_that_arrive_only():
    west, east = shapely.box(0, 0, 0.01, 0.01), shapely.box(0.005, 0, 0.02, 0.01)
    arriving = np.array([shapely.box(0.019, 0, 0.03, 0.01)])

    report = check_partition(
        arriving, ["C"], existing=np.array([west, east]), existing_codes=["A", "B"]
    )

    assert pairs_of(report.overlaps) == {("B", "C")}


def test_a_grid_in_force_that_arrives_again_is_replaced():
    old = np.array([shapely.box(0, 0, 0.01, 0.01)])
    moved = np.array([shapely.box(0.001, 0, 0.01, 0.01)])

    report = check_partition(moved, ["A"], existing=old, existing_codes=["A"])

    assert report.is_partition


def test_a_gap_between_grids_in_force_is_not_said_again():
    ring = np.delete(lattice(3, 3), 4)
    arriving = np.array([shapely.box(0.02, 0, 0.021, 0.001)])

    report = check_partition(arriving, ["Z"], existing=ring, existing_codes=list("ABCDEFGH"))

    assert len(report.gaps) == 0


def test_missing_and_empty_shapes_are_ignored():
    cells = np.array([shapely.box(0, 0, 1, 1), None, shapely.MultiPolygon()], dtype=object)

    report = check_partition(cells, ["A", "B", "C"])

    assert report.is_partition


def test_no_grids_are_a_partition():
    assert check_partition(np.array([], dtype=object), []).is_partition


def test_invalid_shapes_are_refused():
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])

    with pytest.raises(ValueError, match="repair the polygons first"):
        check_partition(np.array([bow_tie]), ["A"])


def test_each_grid_needs_a_code():
    with pytest.raises(ValueError, match="one code"):
        check_partition(lattice(2, 1), ["A"])


def test_a_heap_of_equal_shapes_ends_early_and_says_so():
    heap = np.array([shapely.box(0, 0, 0.01, 0.01)] * 800)

    report = check_partition(heap, codes_of(heap))

    assert report.truncated
    assert not report.is_partition


def test_many_boxes_that_meet_are_no_overlaps():
    strip = shapely.Polygon([(0, 0), (0.4, 0.4), (0.4005, 0.4), (0.0005, 0)])
    places = shapely.get_coordinates(strip) + np.arange(300)[:, None, None] * [0.0005, 0]
    strips = shapely.polygons(places)

    report = check_partition(strips, codes_of(strips))

    assert report.is_partition
    assert not report.truncated
    assert len(report.overlap_slivers) == 0


def test_chicago_areas_are_a_partition_with_three_enclaves(reference_data):
    areas = gpd.read_file(reference_data / "chicago/areas.geojson")

    report = check_partition(areas.geometry.to_numpy(), areas["code"].tolist())

    assert report.is_partition
    assert len(report.overlap_slivers) == len(report.gap_slivers) == 0
    assert report.gaps.area_m2 == pytest.approx([7_989_331, 510_090, 328_939], rel=1e-4)
    assert report.gaps.codes.tolist()[1:] == [("17031010",), ("17031072", "17031074", "17031075")]
    assert report.gaps.width_m.min() > 200


def test_memphis_precincts_are_a_partition_once_the_loop_is_repaired(reference_data):
    precincts = gpd.read_file(reference_data / "memphis/precincts.geojson")
    repaired = repair_polygons(precincts.geometry.to_numpy()).geometries

    report = check_partition(repaired, precincts["precinct"].tolist())

    assert report.is_partition
    assert len(report.overlap_slivers) == len(report.gap_slivers) == 0
    assert report.gaps.area_m2 == pytest.approx([8_093_819], rel=1e-4)
    by_crossings = shapely.make_valid(precincts.geometry.to_numpy(), method="linework")
    holed = check_partition(by_crossings, precincts["precinct"].tolist())
    assert holed.gap_slivers.area_m2 == pytest.approx([0.155], abs=0.001)


def test_nantong_districts_are_a_partition_without_gaps(reference_data):
    files = sorted((reference_data / "nantong/districts").glob("*.json"))
    districts = [gpd.read_file(file).geometry.iloc[0] for file in files]
    codes = [file.stem for file in files]

    report = check_partition(np.array(districts[1:]), codes[1:])

    assert report.is_partition
    assert len(report.overlap_slivers) == len(report.gaps) == len(report.gap_slivers) == 0
    with_city = check_partition(np.array(districts), codes)
    assert pairs_of(with_city.overlaps) == {("320600", code) for code in codes[1:]}


def test_memphis_cells_are_a_partition(reference_data):
    cells = gpd.read_file(reference_data / "memphis/grid_500m.gpkg").to_crs("EPSG:4326")

    report = check_partition(cells.geometry.to_numpy(), cells["cell_id"].tolist())

    assert report.is_partition
    assert len(report.overlap_slivers) == len(report.gap_slivers) == 0
    assert report.gaps.area_m2 == pytest.approx([4_494_319, 1_248_965, 499_588], rel=1e-4)


@pytest.mark.slow
def test_ten_thousand_grids_are_checked_within_seconds():
    cells = shapely.segmentize(lattice(100, 100), 0.00004)

    started = time.perf_counter()
    report = check_partition(cells, codes_of(cells))
    seconds = time.perf_counter() - started

    assert report.is_partition
    assert seconds < 20  # 1 on two quiet cores
