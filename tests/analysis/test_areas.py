import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from gridmap.analysis.areas import area_m2, length_m

WGS84 = Geod(ellps="WGS84")


def by_pyproj(geometries):
    measured = [
        WGS84.geometry_area_perimeter(shapely.orient_polygons(geometry)) for geometry in geometries
    ]
    return np.abs(np.array(measured).reshape(-1, 2)).T


@pytest.mark.parametrize("latitude", [-60.0, 0.0, 22.5, 40.0, 60.0])
@pytest.mark.parametrize("size", [1e-4, 1e-2, 0.1, 1.0])
def test_boxes_have_the_areas_and_lengths_of_geodesics(size, latitude):
    boxes = np.array([shapely.box(120, latitude, 120 + size, latitude + size)])

    area, length = by_pyproj(boxes)

    assert area_m2(boxes) == pytest.approx(area, rel=1e-4)
    assert length_m(boxes) == pytest.approx(length, rel=1e-4)


def test_the_whole_ellipsoid_has_its_area():
    world = np.array([shapely.box(-180, -90, 180, 90)])

    assert area_m2(world)[0] == pytest.approx(510_065_621_724_000, rel=1e-9)


def test_holes_are_not_counted_and_their_rings_are():
    ring = np.array([shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))])
    parts = np.array([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)])

    assert area_m2(ring)[0] == pytest.approx(-np.diff(area_m2(parts))[0], rel=1e-9)
    assert length_m(ring)[0] == pytest.approx(length_m(parts).sum(), rel=1e-3)


def test_shapes_without_area_have_none():
    shapes = np.array(
        [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon(), None]
    )

    assert area_m2(shapes)[:3].tolist() == [0, 0, 0]
    assert np.isnan(area_m2(shapes)[3])
    assert area_m2(shapes[:0]).shape == (0,)


def test_the_shapes_given_stay_as_they_are():
    shapes = np.array([shapely.box(0, 0, 1, 1)])

    area_m2(shapes)

    assert shapes[0].bounds == (0, 0, 1, 1)


def test_real_areas_agree_with_geodesics_to_a_tenth_of_a_permille(reference_data):
    files = sorted((reference_data / "nantong/districts").glob("*.json"))
    areas = np.concatenate(
        [gpd.read_file(file).geometry.to_numpy() for file in files]
        + [gpd.read_file(reference_data / "chicago/areas.geojson").geometry.to_numpy()]
    )

    np.testing.assert_allclose(area_m2(areas), by_pyproj(areas)[0], rtol=1e-4)
