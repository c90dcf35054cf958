import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from libpysal.weights import Queen

from gridmap.analysis.neighbours import queen_pairs


def pair_set(geometries, **options):
    return set(zip(*(side.tolist() for side in queen_pairs(geometries, **options)), strict=True))


def libpysal_pairs(geometries):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = Queen.from_iterable(list(geometries), silence_warnings=True)
    return {(one, other) for one, others in weights.neighbors.items() for other in others}


def boxes(columns, rows):
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    return shapely.box(x, y, x + 1.0, y + 1.0)


def brick_wall(columns, rows, *, angle, decimals):
    """Rows of unequal joints, tilted: corners that lie inside the sides of others."""
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    left = column + row % 2 * 0.37
    corners = np.stack(
        [
            np.stack([left, left + 1, left + 1, left], axis=1),
            np.stack([row, row, row + 1, row + 1], axis=1),
        ],
        axis=-1,
    )
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.polygons(np.round(corners * 0.003 @ turn + [120.8, 32.0], decimals))


def test_corners_count_and_a_cell_is_not_its_own_neighbour():
    from_cell, to_cell = queen_pairs(boxes(2, 2))

    assert from_cell.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert to_cell.tolist() == [1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2]
    assert from_cell.dtype == to_cell.dtype == np.int64


@pytest.mark.parametrize(
    "geometries",
    [
        np.array([], dtype=object),
        np.array([shapely.box(0, 0, 1, 1)]),
        np.array([shapely.Polygon(), None, shapely.box(0, 0, 1, 1)], dtype=object),
        np.array([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]),
    ],
    ids=["none", "one", "empty", "apart"],
)
def test_areas_that_touch_nothing_have_no_pairs(geometries):
    from_cell, to_cell = queen_pairs(geometries)

    assert from_cell.shape == to_cell.shape == (0,)
    assert from_cell.dtype == np.int64


@given(st.permutations(range(12)))
def test_pairs_follow_the_areas_when_their_order_changes(order):
    geometries = boxes(4, 3)

    shuffled = pair_set(geometries[list(order)])

    assert {(order[one], order[other]) for one, other in shuffled} == pair_set(geometries)


@pytest.mark.parametrize("decimals", [15, 9, 7])
@pytest.mark.parametrize("angle", [0.1, 0.3, 0.7])
def test_rounded_corners_on_the_sides_of_others_still_touch(angle, decimals):
    wall = brick_wall(30, 30, angle=angle, decimals=decimals)

    pairs = pair_set(wall)

    assert pairs == pair_set(brick_wall(30, 30, angle=0.0, decimals=15), tolerance=1e-5)
    assert len(pair_set(wall, tolerance=0.0)) < 0.9 * len(pairs)


def test_a_gap_wider_than_the_tolerance_parts_neighbours():
    near = np.array([shapely.box(0, 0, 1, 1), shapely.box(1 + 9e-7, 0, 2, 1)])
    far = np.array([shapely.box(0, 0, 1, 1), shapely.box(1 + 1.2e-6, 0, 2, 1)])

    assert len(pair_set(near)) == 2
    assert len(pair_set(far)) == 0


def test_chicago_areas_have_the_398_pairs_of_libpysal(reference_data):
    areas = gpd.read_file(reference_data / "chicago/areas.geojson").geometry.to_numpy()

    pairs = pair_set(areas)

    assert len(pairs) == 398
    assert pairs == libpysal_pairs(areas)


@pytest.mark.parametrize("system", ["EPSG:4326", "EPSG:32615"])
def test_memphis_cells_have_the_neighbours_of_the_expected_file(reference_data, system):
    cells = gpd.read_file(reference_data / "memphis/grid_500m.gpkg").to_crs(system)
    expected = pd.read_csv(reference_data / "memphis/expected/statistics_by_cell.csv")

    from_cell, _ = queen_pairs(cells.geometry.to_numpy())

    neighbours = pd.Series(np.bincount(from_cell, minlength=len(cells)), index=cells["cell_id"])
    assert neighbours.loc[expected["cell_id"]].tolist() == expected["queen_n_neighbors"].tolist()


def test_nantong_districts_agree_with_libpysal(reference_data):
    files = sorted((reference_data / "nantong/districts").glob("*.json"))
    districts = np.array(
        [gpd.read_file(file).geometry.iloc[0] for file in files if file.stem != "320600"]
    )

    assert pair_set(districts) == libpysal_pairs(districts)


@pytest.mark.slow
def test_ten_thousand_cells_take_less_than_a_second_or_so():
    cells = shapely.segmentize(boxes(100, 100), 0.04)

    started = time.perf_counter()
    from_cell, _ = queen_pairs(cells)
    seconds = time.perf_counter() - started

    assert from_cell.size == 78_804
    assert seconds < 10  # 0.6 on two quiet cores
