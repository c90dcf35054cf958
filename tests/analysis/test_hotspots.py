import json
import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import shapely
from esda import G_Local
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from libpysal.weights import W

from gridmap.analysis.hotspots import (
    CLASSES,
    NOT_COMPUTED,
    benjamini_hochberg,
    classify,
    gi_star,
    hotspots,
    two_sided_p,
)
from gridmap.analysis.neighbours import queen_pairs

COUNTS = st.integers(0, 1000)
NO_PAIRS = (np.array([], dtype=np.int64), np.array([], dtype=np.int64))


def lattice_pairs(columns, rows):
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    return queen_pairs(shapely.box(x, y, x + 1.0, y + 1.0))


def chain(n):
    left = np.arange(n - 1)
    return np.concatenate([left, left + 1]), np.concatenate([left + 1, left])


@st.composite
def graphs(draw, *, elements=COUNTS):
    """Values and a random symmetric graph without self pairs."""
    n = draw(st.integers(3, 12))
    links = np.array(draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))).reshape(n, n)
    links = np.triu(links, 1)
    from_cell, to_cell = np.nonzero(links | links.T)
    values = draw(hnp.arrays(np.float64, n, elements=elements))
    assume(values.min() != values.max())
    return values, from_cell, to_cell


def by_esda(values, from_cell, to_cell):
    neighbours = {cell: to_cell[from_cell == cell].tolist() for cell in range(values.size)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = W(neighbours, silence_warnings=True)
        return G_Local(values, weights, transform="B", star=True, permutations=0).Zs


@given(graphs())
def test_gi_star_agrees_with_esda_on_random_graphs(graph):
    values, from_cell, to_cell = graph
    complete = np.bincount(from_cell, minlength=values.size) == values.size - 1

    z = gi_star(values, from_cell, to_cell)

    assert np.isnan(z).tolist() == complete.tolist()
    expected = by_esda(values, from_cell, to_cell)
    np.testing.assert_allclose(z[~complete], expected[~complete], rtol=1e-9, atol=1e-9)


@given(graphs(), st.sampled_from([1e-250, 0.001, 1 / 3, 1000.0, 1e250]))
def test_gi_star_ignores_the_unit(graph, factor):
    values, from_cell, to_cell = graph

    scaled = gi_star(values * factor, from_cell, to_cell)

    np.testing.assert_allclose(scaled, gi_star(values, from_cell, to_cell), atol=1e-9)


@given(graphs(), st.floats(-1000, 1000))
def test_gi_star_ignores_the_zero_point(graph, offset):
    values, from_cell, to_cell = graph

    moved = gi_star(values + offset, from_cell, to_cell)

    np.testing.assert_allclose(moved, gi_star(values, from_cell, to_cell), atol=1e-9)


@given(graphs())
def test_turning_the_values_round_turns_hot_into_cold(graph):
    values, from_cell, to_cell = graph

    turned = hotspots(-values, from_cell, to_cell)

    result = hotspots(values, from_cell, to_cell)
    np.testing.assert_allclose(turned.z, -result.z, atol=1e-12)
    np.testing.assert_allclose(turned.q, result.q, atol=1e-12)
    computed = result.class_code != NOT_COMPUTED
    mirrored = len(CLASSES) - 1 - result.class_code[computed]
    assert turned.class_code[computed].tolist() == mirrored.tolist()


@given(graphs(), st.randoms(use_true_random=False))
def test_results_follow_the_cells_when_their_order_changes(graph, random):
    values, from_cell, to_cell = graph
    order = np.array(random.sample(range(values.size), values.size))
    position = np.argsort(order)

    shuffled = hotspots(values[order], position[from_cell], position[to_cell])

    result = hotspots(values, from_cell, to_cell)
    np.testing.assert_allclose(shuffled.z, result.z[order], atol=1e-12)
    np.testing.assert_allclose(shuffled.q, result.q[order], atol=1e-12)
    assert shuffled.neighbours.tolist() == result.neighbours[order].tolist()


@given(graphs(elements=st.one_of(st.integers(0, 9), st.just(np.nan), st.just(np.inf))))
def test_a_cell_without_a_value_is_as_if_it_were_not_there(graph):
    values, from_cell, to_cell = graph
    there = np.flatnonzero(np.isfinite(values))
    position = np.full(values.size, -1)
    position[there] = np.arange(there.size)
    kept = (position[from_cell] >= 0) & (position[to_cell] >= 0)

    result = hotspots(values, from_cell, to_cell)

    alone = hotspots(values[there], position[from_cell[kept]], position[to_cell[kept]])
    np.testing.assert_array_equal(result.z[there], alone.z)
    np.testing.assert_array_equal(result.q[there], alone.q)
    assert result.class_[there].tolist() == alone.class_.tolist()
    assert np.isnan(np.delete(result.z, there)).all()
    assert set(np.delete(result.class_, there)) <= {None}
    assert ("values_missing" in result.warnings) == (there.size < values.size)


def test_two_sided_p_counts_both_tails():
    z = np.array([0.0, 1.959963984540054, -1.959963984540054, 40.0, np.nan])

    p = two_sided_p(z)

    np.testing.assert_allclose(p[:3], [1.0, 0.05, 0.05], rtol=1e-12)
    assert p[3] == 2 * scipy.stats.norm.sf(40.0)
    assert np.isnan(p[4])


@given(hnp.arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1)))
def test_q_equals_scipy_and_leaves_nan_out_of_the_count(p):
    holed = np.insert(p, p.size // 2, np.nan)

    q = benjamini_hochberg(holed)

    expected = scipy.stats.false_discovery_control(p) if p.size else p
    np.testing.assert_allclose(np.delete(q, p.size // 2), expected, rtol=1e-12)
    assert np.isnan(q[p.size // 2])


def test_classes_come_from_q_and_the_side_from_z():
    z = np.array([5.0, 5.0, 5.0, 5.0, -5.0, -5.0, -5.0, np.nan])
    q = np.array([0.01, 0.05, 0.1, 0.1001, 0.1, 0.05, 0.0, np.nan])

    named = classify(z, q)

    expected = ["hot99", "hot95", "hot90", "ns", "cold90", "cold95", "cold99", None]
    assert named.tolist() == expected


@pytest.mark.parametrize(
    ("values", "pairs", "warning"),
    [
        ([], NO_PAIRS, ("no_grids",)),
        ([np.nan, np.nan], chain(2), ("no_values", "values_missing")),
        ([7], NO_PAIRS, ("one_grid",)),
        ([7, np.nan], chain(2), ("one_grid", "values_missing")),
        ([0, 0, 0], chain(3), ("nothing_counted",)),
        ([0.1, 0.1, 0.1], chain(3), ("all_equal",)),
        ([3 / 7 * 1000, 3 * 1000 / 7, 3000 / 7], chain(3), ("all_equal",)),
        ([1, 2], chain(2), ("everyone_a_neighbour",)),
    ],
)
def test_what_cannot_be_computed_is_null_with_a_warning(values, pairs, warning):
    result = hotspots(np.array(values, dtype=float), *pairs)

    assert result.warnings == warning
    assert np.isnan([result.z, result.p, result.q]).all()
    assert result.class_.tolist() == [None] * len(values)


def test_a_grid_without_neighbours_keeps_a_result_and_is_marked():
    result = hotspots(np.array([9.0, 1.0, 2.0, 1.0]), *(side + 1 for side in chain(3)))

    assert result.warnings == ("isolated_grids",)
    assert result.isolated.tolist() == [True, False, False, False]
    assert np.isfinite(result.z).all()


def test_only_the_cell_that_neighbours_all_others_has_no_result():
    result = hotspots(np.array([1.0, 2.0, 4.0]), *chain(3))

    assert result.warnings == ("everyone_a_neighbour",)
    assert np.isnan(result.z).tolist() == [False, True, False]
    assert result.class_.tolist()[1] is None


@pytest.mark.parametrize("counts", [[1.0, np.nan, 2.0], [2.0, 2.0, 2.0], []])
def test_gi_star_itself_refuses_what_it_cannot_compute(counts):
    with pytest.raises(ValueError, match="counts"):
        gi_star(np.array(counts), *NO_PAIRS)


def test_the_input_is_left_as_it_was():
    values = np.array([1.0, np.nan, 5.0, 2.0])

    hotspots(values, *chain(4))

    np.testing.assert_array_equal(values, [1.0, np.nan, 5.0, 2.0])


@pytest.mark.parametrize("window", ["2014_2017", "2016", "2016_06"])
def test_chicago_burglaries_equal_the_expected_file(reference_data, window):
    expected = pd.read_csv(
        reference_data / "chicago/expected/gi_star_burglaries_by_area.csv", dtype={"code": str}
    )
    areas = gpd.read_file(reference_data / "chicago/areas.geojson").set_index("code")
    areas = areas.loc[expected["code"]]

    result = hotspots(
        expected[f"n_{window}"].to_numpy(dtype=float), *queen_pairs(areas.geometry.to_numpy())
    )

    for name, column in {"z": result.z, "p": result.p, "q": result.q}.items():
        np.testing.assert_allclose(column, expected[f"{name}_{window}"], rtol=0, atol=1e-9)
    assert result.warnings == ()


def test_chicago_burglary_classes_have_the_published_counts(reference_data):
    summary = json.loads((reference_data / "chicago/expected/summary.json").read_text())
    expected = pd.read_csv(
        reference_data / "chicago/expected/gi_star_burglaries_by_area.csv", dtype={"code": str}
    )
    areas = gpd.read_file(reference_data / "chicago/areas.geojson").set_index("code")
    pairs = queen_pairs(areas.loc[expected["code"]].geometry.to_numpy())

    for window, figures in summary["windows"].items():
        result = hotspots(expected[f"n_{window}"].to_numpy(dtype=float), *pairs)

        at_most = [(result.q <= level) & (result.z > 0) for level in (0.01, 0.05, 0.1)]
        assert [int(mask.sum()) for mask in at_most] == figures["hot"]
        assert not np.char.startswith(result.class_.astype(str), "cold").any()
        assert result.z.max() == pytest.approx(figures["max_z"], abs=1e-12)
        assert expected["code"][result.z.argmax()] == figures["max_code"]


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("theft", "THEFT"),
        ("robbery", "ROBBERY"),
        ("motor_vehicle_theft", "MOTOR VEHICLE THEFT"),
    ],
)
def test_chicago_crimes_of_2022_equal_the_expected_file(reference_data, file, column):
    expected = pd.read_csv(reference_data / f"chicago/expected/crimes_2022_{file}_by_area.csv")
    areas = gpd.read_file(reference_data / "chicago/areas.geojson")
    areas = areas.set_index(areas["code"].str[-3:].astype(int)).loc[expected["area"]]

    result = hotspots(
        expected[column].to_numpy(dtype=float), *queen_pairs(areas.geometry.to_numpy())
    )

    np.testing.assert_allclose(result.z, expected["queen_GiStar_z_B"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.p, expected["queen_GiStar_p2"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.q, expected["queen_GiStar_q_BH"], rtol=0, atol=1e-9)
    assert result.neighbours.tolist() == expected["queen_n_neighbors"].tolist()


def test_vehicle_thefts_show_why_the_class_is_made_from_q(reference_data):
    expected = pd.read_csv(
        reference_data / "chicago/expected/crimes_2022_motor_vehicle_theft_by_area.csv"
    )
    areas = gpd.read_file(reference_data / "chicago/areas.geojson")
    areas = areas.set_index(areas["code"].str[-3:].astype(int)).loc[expected["area"]]

    result = hotspots(
        expected["MOTOR VEHICLE THEFT"].to_numpy(dtype=float),
        *queen_pairs(areas.geometry.to_numpy()),
    )

    assert int(((result.p < 0.05) & (result.z > 0)).sum()) == 15
    assert int((result.q < 0.05).sum()) == 0
    assert "hot95" not in result.class_.tolist()


def test_memphis_cells_equal_the_expected_file(reference_data):
    expected = pd.read_csv(reference_data / "memphis/expected/statistics_by_cell.csv")
    cells = gpd.read_file(reference_data / "memphis/grid_500m.gpkg").to_crs("EPSG:4326")
    cells = cells.set_index("cell_id").loc[expected["cell_id"]]

    result = hotspots(expected["n"].to_numpy(dtype=float), *queen_pairs(cells.geometry.to_numpy()))

    np.testing.assert_allclose(result.z, expected["queen_GiStar_z_B"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.p, expected["queen_GiStar_p2"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.q, expected["queen_GiStar_q_BH"], rtol=0, atol=1e-9)
    counts = pd.Series(result.class_).value_counts()
    assert counts.to_dict() == {"ns": 3071, "hot99": 226, "hot95": 89, "hot90": 27}


def test_ten_thousand_cells_take_a_few_milliseconds():
    pairs = lattice_pairs(100, 100)
    values = np.random.default_rng(1).poisson(3.0, 10_000).astype(float)

    hotspots(values, *pairs)
    started = time.perf_counter()
    for _ in range(20):
        hotspots(values, *pairs)
    seconds = (time.perf_counter() - started) / 20

    assert seconds < 0.05  # 0.0013 on two quiet cores
