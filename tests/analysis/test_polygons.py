import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.analysis.areas import area_m2
from gridmap.analysis.polygons import polygon_parts, repair_polygons, width_m

BOX = shapely.box(0, 0, 1, 1)
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
LOOP = shapely.Polygon([(0, 0), (4, 0), (4, 4), (2, 4), (2, -1), (3, -1), (3, 5), (0, 5)])


def not_finite(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return shapely.Polygon([(0, 0), (1, value), (1, 1)])


def one(geometry):
    result = repair_polygons(np.array([geometry], dtype=object))
    return result.geometries[0], bool(result.repaired[0]), result.problem[0]


@pytest.mark.parametrize(
    ("geometry", "problem"),
    [
        (None, "no_shape"),
        (shapely.Polygon(), "no_shape"),
        (shapely.GeometryCollection(), "no_shape"),
        (shapely.Point(1, 2), "not_an_area"),
        (shapely.LineString([(0, 0), (1, 1)]), "not_an_area"),
        (shapely.MultiPoint([(0, 0), (1, 1)]), "not_an_area"),
        (shapely.GeometryCollection([shapely.Point(1, 2)]), "nothing_left"),
        (shapely.Polygon([(0, 0), (1, 1), (0, 0)]), "nothing_left"),
        (shapely.Polygon([(0, 0), (1, 1), (2, 2)]), "nothing_left"),
        (not_finite(np.nan), "not_finite"),
        (not_finite(np.inf), "not_finite"),
        (shapely.box(100, 89, 101, 91), "out_of_range"),
        (shapely.box(347_000, 577_000, 348_000, 578_000), "out_of_range"),
    ],
)
def test_what_is_beyond_repair_is_named(geometry, problem):
    assert one(geometry) == (None, False, problem)


@pytest.mark.parametrize("geometry", [BOX, shapely.MultiPolygon([BOX]), shapely.force_3d(BOX, 7.0)])
def test_a_valid_area_only_becomes_a_flat_multipolygon(geometry):
    made, repaired, problem = one(geometry)

    assert shapely.equals_identical(made, shapely.MultiPolygon([BOX]))
    assert (repaired, problem) == (False, None)


@pytest.mark.parametrize(
    ("geometry", "area"),
    [
        (BOW_TIE, 2.0),
        (LOOP, 20.0),
        (shapely.GeometryCollection([BOX, shapely.Point(5, 5)]), 1.0),
        (shapely.GeometryCollection([shapely.GeometryCollection([BOW_TIE])]), 2.0),
        (shapely.MultiPolygon([BOX, shapely.box(0.5, 0, 2, 1)]), 2.0),
        (shapely.Polygon([(0, 0), (1, 0), (1, 1), (3, 1), (1, 1), (0, 1)]), 1.0),
    ],
    ids=["bow tie", "loop", "collection", "nested", "overlapping parts", "spike"],
)
def test_what_can_be_repaired_keeps_all_that_its_rings_enclose(geometry, area):
    made, repaired, problem = one(geometry)

    assert made.geom_type == "MultiPolygon"
    assert made.is_valid
    assert made.area == pytest.approx(area)
    assert (repaired, problem) == (True, None)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12),
        max_size=5,
    )
)
def test_any_ring_becomes_valid_or_is_refused(rings):
    geometries = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)

    result = repair_polygons(geometries)

    usable = ~result.problem.astype(bool)
    assert shapely.is_valid(result.geometries[usable]).all()
    assert (area_m2(result.geometries[usable]) > 0).all()
    assert (shapely.get_type_id(result.geometries[usable]) == 6).all()
    assert shapely.is_missing(result.geometries[~usable]).all()
    assert not result.repaired[~usable].any()
    again = repair_polygons(result.geometries[usable])
    assert shapely.equals_identical(again.geometries, result.geometries[usable]).all()


def test_no_shapes_give_no_shapes():
    result = repair_polygons(np.array([], dtype=object))

    assert result.geometries.shape == result.repaired.shape == result.problem.shape == (0,)


def test_parts_of_nested_collections_come_in_the_order_of_their_shapes():
    nested = shapely.GeometryCollection([shapely.MultiPolygon([BOX, shapely.box(2, 0, 3, 1)])])

    parts, owner = polygon_parts(np.array([None, nested, BOX, shapely.Point(0, 0)]))

    assert owner.tolist() == [1, 1, 2]
    assert shapely.area(parts).tolist() == [1, 1, 1]


def test_width_of_a_strip_is_its_width():
    strips = np.array([shapely.box(0, 0, 0.01, 1e-5), shapely.box(0, 0, 0.01, 0.01)])

    assert width_m(strips) == pytest.approx([1.1055, 555], rel=2e-3)


def test_the_one_invalid_precinct_of_memphis_is_repaired(reference_data):
    precincts = gpd.read_file(reference_data / "memphis/precincts.geojson").geometry.to_numpy()

    result = repair_polygons(precincts)

    assert result.repaired.tolist() == (~shapely.is_valid(precincts)).tolist()
    assert result.repaired.sum() == 1
    assert not result.problem.astype(bool).any()
    assert shapely.is_valid(result.geometries).all()
    assert area_m2(result.geometries) == pytest.approx(area_m2(precincts), abs=0.2)


def test_real_areas_that_are_valid_stay_as_they_are(reference_data):
    areas = gpd.read_file(reference_data / "chicago/areas.geojson").geometry.to_numpy()

    result = repair_polygons(areas)

    assert not result.repaired.any()
    assert [shapely.get_parts(made)[0] for made in result.geometries] == list(areas)
