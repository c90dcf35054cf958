"""The locator answers as GEOS does, everywhere; GEOS asked pair by pair is the truth here."""

import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gridmap.analysis import _locate_buckets, locate
from gridmap.analysis._locate_kernels import ENDS, NESTED
from gridmap.analysis.locate import GridLocator

CHECKOUT = Path(__file__).resolve().parents[2]
SEEDS = st.integers(0, 2**32 - 1)
ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
SMALL = st.integers(0, 6)


def truth(geometries, codes, x, y):
    """Ask GEOS for every grid and point; the lowest code wins, of equal codes the first."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    found = np.full(x.size, -1)
    usable = np.isfinite(x) & np.isfinite(y)
    points = np.full(x.size, None, dtype=object)
    points[usable] = shapely.points(x[usable], y[usable])
    order = sorted(range(len(geometries)), key=lambda k: codes[k])
    for k in reversed(order):
        with np.errstate(all="ignore"):
            found[shapely.intersects(geometries[k], points)] = k
    return found


def probes(geometries, rng, most=20_000):
    """Return points that hurt: vertices, points along edges, their neighbours in floating point."""
    vertices = shapely.get_coordinates(geometries)
    with np.errstate(all="ignore"):
        share = rng.random((len(vertices) - 1, 1))
        along = vertices[1:] * share + vertices[:-1] * (1 - share)
        middle = vertices[1:] / 2 + vertices[:-1] / 2
        near = np.concatenate((vertices, middle, along))
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        anywhere = low + rng.random((200, 2)) * (high - low)
        beyond = low + (rng.random((20, 2)) * 3 - 1) * (high - low)
        nudged = [np.nextafter(near, near + np.array(step)) for step in STEPS]
    levels = np.column_stack((rng.permutation(near[:, 0]), near[:, 1]))
    points = np.concatenate((near, *nudged, levels, anywhere, beyond))
    points = rng.permutation(points)[:most]
    return points[:, 0].copy(), points[:, 1].copy()


STEPS = [(np.inf, 0), (-np.inf, 0), (0, np.inf), (0, -np.inf), (np.inf, np.inf)]


def check(geometries, codes, x, y):
    """Compare both ways of the locator with the truth; return what it found."""
    geometries = np.array(geometries, dtype=object)
    few, many = GridLocator(geometries, codes), GridLocator(geometries, codes)
    many.prepare()
    expected = truth(geometries, codes, x, y)
    np.testing.assert_array_equal(few.locate(x, y), expected)
    np.testing.assert_array_equal(many.locate(x, y), expected)
    return expected


def shuffled_codes(size, rng):
    return [f"{code:05d}" for code in rng.permutation(size)]


def voronoi(rng, size):
    """Return the Voronoi cells of random points, clipped to the unit square."""
    square = shapely.box(0, 0, 1, 1)
    cells = shapely.voronoi_polygons(shapely.multipoints(rng.random((size, 2))), extend_to=square)
    return shapely.intersection(shapely.get_parts(cells), square)


def cut(rng, box, depth):
    """Cut a box into boxes, at random or at round numbers."""
    low_x, low_y, high_x, high_y = box
    if not depth or rng.random() < 0.1:
        return [shapely.box(*box)]
    share = rng.choice([0.5, 0.25, rng.random()])
    if rng.random() < 0.5:
        x = low_x + share * (high_x - low_x)
        return cut(rng, (low_x, low_y, x, high_y), depth - 1) + cut(
            rng, (x, low_y, high_x, high_y), depth - 1
        )
    y = low_y + share * (high_y - low_y)
    return cut(rng, (low_x, low_y, high_x, y), depth - 1) + cut(
        rng, (low_x, y, high_x, high_y), depth - 1
    )


@pytest.fixture(params=["usual", "crowded"])
def frames(request, monkeypatch):
    """Run a test with the usual cells, and with so few that frames nest."""
    if request.param == "crowded":
        monkeypatch.setattr(_locate_buckets, "_CELLS_PER_GRID", 2)
        monkeypatch.setattr(_locate_buckets, "_CELLS_PER_EDGE", 0)
        monkeypatch.setattr(_locate_buckets, "_CROWDED_GRIDS", 1)
        monkeypatch.setattr(_locate_buckets, "_LESS_CROWDED", 1)
    return request.param


@hypothesis_settings(max_examples=8)
@given(SEEDS, st.integers(4, 60), st.sampled_from([(1, 0), (1e-4, 120), (500, 4e6), (3e8, -1e9)]))
def test_every_point_of_a_voronoi_partition_goes_where_geos_says(frames, seed, size, placing):
    rng = np.random.default_rng(seed)
    scale, offset = placing
    grids = shapely.transform(voronoi(rng, size), lambda xy: xy * scale + offset)

    check(grids, shuffled_codes(len(grids), rng), *probes(grids, rng))


@hypothesis_settings(max_examples=8)
@given(SEEDS)
def test_every_point_of_nested_rectangles_has_exactly_one_grid(frames, seed):
    rng = np.random.default_rng(seed)
    grids = np.array(cut(rng, (-1.0, -1.0, 3.0, 1.0), 6), dtype=object)
    x, y = probes(grids, rng)
    inside = (x >= -1) & (x <= 3) & (y >= -1) & (y <= 1)

    found = check(grids, shuffled_codes(len(grids), rng), x, y)

    assert ((found >= 0) == inside).all()


@hypothesis_settings(max_examples=12)
@given(SEEDS, st.integers(10, 30), st.sampled_from([2, 4, 6]))
def test_points_under_overlapping_grids_go_to_the_lowest_code(frames, seed, size, ends):
    rng = np.random.default_rng(seed)
    hulls = shapely.convex_hull(shapely.multipoints(rng.normal(size=(size, ends, 2))))
    grids = shapely.envelope(hulls) if ends == 2 else hulls

    check(grids, shuffled_codes(size, rng), *probes(grids, rng, 2000))


@hypothesis_settings(max_examples=40)
@given(st.lists(st.lists(st.tuples(SMALL, SMALL), min_size=3, max_size=9), min_size=1, max_size=6))
def test_any_ring_is_judged_as_geos_judges_it(frames, rings):
    """Bow ties, spikes, repeated points, flat rings: valid or not."""
    grids = [shapely.Polygon(ring) for ring in rings]
    x, y = np.meshgrid(np.arange(-1, 7.5, 0.5), np.arange(-1, 7.5, 0.5))

    check(grids, [str(k) for k in range(len(grids))], x.ravel(), y.ravel())


@hypothesis_settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.lists(st.tuples(SMALL, SMALL), min_size=3, max_size=6), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_holes_and_parts_are_judged_as_geos_judges_them(parts, as_parts):
    """Most of these are invalid: parts overlap, holes cross the shell."""
    if as_parts:
        grids = [shapely.MultiPolygon([shapely.Polygon(ring) for ring in rings]) for rings in parts]
    else:
        grids = [shapely.Polygon(rings[0], rings[1:]) for rings in parts]
    x, y = np.meshgrid(np.arange(-1, 7.5, 0.5), np.arange(-1, 7.5, 0.5))

    check(grids, [str(k) for k in range(len(grids))], x.ravel(), y.ravel())


@hypothesis_settings(max_examples=80)
@given(st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), min_size=3, max_size=12), SEEDS)
def test_coordinates_of_any_size_are_judged_as_geos_judges_them(points, seed):
    """Up to the ends of the number range, where GEOS's own arithmetic overflows or underflows."""
    half = max(3, len(points) // 2)
    grids = [shapely.Polygon(points[:half]), shapely.Polygon(points[-half:])]
    x, y = probes(grids, np.random.default_rng(seed))
    finite = np.isfinite(x) & np.isfinite(y)

    check(grids, ["b", "a"], x[finite], y[finite])


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-160, 1e-100, 1e100, 1e153, 1e200, 1e300])
def test_a_partition_at_the_ends_of_the_number_range(scale):
    rng = np.random.default_rng(4)
    grids = [shapely.transform(grid, lambda xy: xy * scale * 7) for grid in voronoi(rng, 12)]
    x, y = probes(grids, rng)

    check(grids, shuffled_codes(len(grids), rng), x, y)


def test_points_whose_side_plain_arithmetic_gets_wrong():
    """Differences of coordinates are rounded here, so the sign of a determinant can flip."""
    below = [(-12.3, -12.3), (24.7, 24.7), (24.7, -12.3)]
    above = [(-12.3, -12.3), (24.7, 24.7), (-12.3, 24.7)]
    steps = 0.5 + np.arange(-64, 64) * 2.0**-53
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    left, right = (-12.3 - x) * (24.7 - y), (-12.3 - y) * (24.7 - x)
    assert (np.sign(left - right) != np.sign(y - x)).any()

    found = check([shapely.Polygon(below), shapely.Polygon(above)], ["2", "1"], x, y)

    assert ((found == 0) == (x > y)).all()


def test_where_an_edge_is_too_short_for_geos_its_answer_still_holds():
    """GEOS takes the whole level of the edge for border: a product underflows to 0."""
    roof = [(x, 1) for x in np.linspace(1, -1, 2000)]
    grid = shapely.Polygon([(0, 0), (1, 5e-324), *roof, (-1, 0.5)])

    found = check([grid], ["1"], [-0.5, -0.25, -0.5, 0.5], [0.0, 0.0, 0.1, 0.5])

    assert found.tolist() == [0, 0, -1, 0]


def test_spikes_that_geos_takes_for_a_rectangle():
    spikes = shapely.Polygon([(0, 0), (3, 0), (3, 3), (3, 0), (0, 0)])

    assert check([spikes], ["1"], [1, 2, 4], [1, 2, 1]).tolist() == [0, 0, -1]


def test_slivers_one_float_wide_keep_their_points():
    one, two = np.nextafter(1.0, 2.0), np.nextafter(np.nextafter(1.0, 2.0), 2.0)
    grids = [
        shapely.box(0, 0, 1, 1),
        shapely.box(1, 0, one, 1),
        shapely.box(one, 0, two, 1),
        shapely.box(two, 0, 2, 1),
        shapely.Polygon([(0, 1), (2, 1), (2, one)]),
        shapely.Polygon([(0, 0), (1, 1), (1, one)]),
    ]
    for codes in (list("abcdef"), list("fedcba"), list("cafebd")):
        check(grids, codes, *probes(grids, np.random.default_rng(0)))


def test_a_shared_border_and_corner_go_to_the_lowest_code():
    grids = [shapely.box(x, y, x + 1, y + 1) for x in (0, 1) for y in (0, 1)]
    codes = ["40", "30", "20", "10"]

    found = check(grids, codes, [1, 1, 0.5, 1.5, 0, 2, 1], [1, 0.5, 1, 1, 0, 2, 2])

    assert found.tolist() == [3, 2, 1, 3, 0, 3, 3]


def test_codes_are_compared_as_text():
    grids = [shapely.box(0, 0, 1, 1)] * 3
    for codes, winner in [(["9", "10", "11"], 1), (["a", "Z", "é"], 1), (["7", "0", "0"], 1)]:
        assert check(grids, codes, [0.5, 1.0], [0.5, 1.0]).tolist() == [winner, winner]


def test_holes_parts_and_islands_of_valid_grids():
    ring = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 6, 6).exterior])
    island = shapely.box(4, 4, 5, 5)
    parts = shapely.MultiPolygon([shapely.box(10, 0, 12, 2), shapely.box(12, 2, 14, 4)])
    grids = [ring, island, parts]
    x, y = np.meshgrid(np.arange(-1, 15, 0.25), np.arange(-1, 10, 0.25))

    found = check(grids, ["1", "2", "3"], x.ravel(), y.ravel())

    assert set(found) == {-1, 0, 1, 2}
    check(grids, ["1", "2", "3"], *probes(grids, np.random.default_rng(1)))


def longest_list(index):
    """Return how many grids the worst cell has to look at."""
    starts = -2 - index.cells[index.cells < -1]
    starts = starts[index.entries[starts, 1] != NESTED]
    ends = np.flatnonzero(index.entries[:, 1] == ENDS)
    return int((ends[np.searchsorted(ends, starts)] - starts).max(initial=0))


@pytest.mark.parametrize("stray", [(0, 0), (-170, -80), (1e9, 1e9), (1e140, 1e140), (1e300, 0)])
def test_a_stray_grid_far_away_neither_misleads_nor_slows(stray):
    rng = np.random.default_rng(8)
    city = shapely.transform(voronoi(rng, 400), lambda xy: xy * 0.1 + (121, 32))
    size = max(abs(np.array(stray)).max() / 100, 0.01)
    far = shapely.box(stray[0], stray[1], stray[0] + size, stray[1] + size)
    grids = np.append(city, far)
    codes = shuffled_codes(len(grids), rng)
    locator = GridLocator(grids, codes)
    locator.prepare()

    check(grids, codes, *probes(grids, rng))

    assert longest_list(locator._built()) < 20


def test_many_equal_grids_on_one_place_are_no_trap():
    grids = [shapely.Point(0, 0).buffer(1)] * 500
    codes = [f"{k:03d}" for k in range(500)]
    x, y = probes(grids[:1], np.random.default_rng(2))

    found = check(grids, codes, x, y)

    assert set(found) == {-1, 0}


def test_strips_as_tall_as_the_city():
    rng = np.random.default_rng(5)
    edges = np.sort(rng.random(401))
    grids = shapely.box(edges[:-1], 0, edges[1:], 1)

    check(grids, shuffled_codes(400, rng), *probes(grids, rng))


def test_what_is_not_a_place_has_no_grid():
    grids = [shapely.box(-1e308, -1e308, 1e308, 1e308), shapely.box(0, 0, 1, 1)]
    x = [np.nan, 0.5, np.inf, -np.inf, np.nan, 0.5]
    y = [0.5, np.nan, 0.5, 0.5, np.inf, 0.5]

    assert check(grids, ["b", "a"], x, y).tolist() == [-1, -1, -1, -1, -1, 1]


def test_empty_and_missing_grids_cover_nothing():
    grids = [None, shapely.Polygon(), shapely.MultiPolygon(), shapely.box(0, 0, 1, 1)]

    assert check(grids, list("abcd"), [0.5, 0.0, 2.0], [0.5, 0.0, 0.0]).tolist() == [3, 3, -1]
    assert check(grids[:3], list("abc"), [0.0, np.nan], [0.0, 0.0]).tolist() == [-1, -1]
    assert check([], [], [0.0], [0.0]).tolist() == [-1]
    assert np.isnan(GridLocator([], []).bounds).all()
    assert GridLocator(grids, list("abcd")).bounds == (0, 0, 1, 1)


def test_coordinates_come_in_any_form():
    grids = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)]
    numbers = np.arange(0, 21, dtype=np.float64)
    frozen = numbers.copy()
    frozen.flags.writeable = False
    forms = [
        numbers.tolist(),
        frozen,
        numbers.astype(np.float32),
        numbers.astype(np.int16),
        numbers.astype(">f8"),
        np.repeat(numbers, 3)[::3],
        np.column_stack((numbers, numbers))[:, 0],
        numbers[::-1][::-1],
        numbers.astype(object),
    ]
    for ready in (False, True):
        locator = GridLocator(grids, ["1", "2"])
        if ready:
            locator.prepare()
        for form in forms:
            found = locator.locate(form, np.full(21, 5))
            assert found.dtype == np.int64
            assert found.tolist() == [0] * 11 + [1] * 10
        assert locator.locate(15, 5).tolist() == [1]
        assert locator.locate([], []).tolist() == []
        assert frozen.tolist() == numbers.tolist()


def test_a_third_dimension_is_ignored():
    grids = [shapely.Polygon([(0, 0, 5), (1, 0, np.nan), (1, 1, 5)])]

    check(grids, ["1"], *probes(grids, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("geometries", "codes", "words"),
    [
        ([shapely.box(0, 0, 1, 1)], [], "1 geometries but 0 codes"),
        ([shapely.box(0, 0, 1, 1)], [7], "not text"),
        ([shapely.Point(0, 0)], ["7"], "'7' is neither a polygon"),
        (["POLYGON EMPTY"], ["7"], "'7' is neither a polygon"),
        ([shapely.Polygon([(0, 0), (1, 0), (1, np.inf)])], ["7"], "'7' has a coordinate"),
    ],
)
def test_grids_that_cannot_be_used_are_named(geometries, codes, words):
    with pytest.raises(ValueError, match=words):
        GridLocator(geometries, codes)


def test_a_grid_with_a_coordinate_that_is_no_number_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grid = shapely.Polygon([(0, 0), (1, 0), (np.nan, 1), (0, 1)])

    with pytest.raises(ValueError, match="finite"):
        GridLocator([grid], ["1"])


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([1.0], [1.0, 2.0], "differ in length: 1 and 2"),
        ([[1.0]], [[1.0]], "one-dimensional"),
        (["one"], ["two"], "real numbers"),
        ([1j], [1.0], "real numbers"),
        (np.array([object()]), [1.0], "real numbers"),
    ],
)
def test_coordinates_that_are_none_are_refused(x, y, words):
    with pytest.raises(ValueError, match=words):
        GridLocator([shapely.box(0, 0, 1, 1)], ["1"]).locate(x, y)


def city_and_points(points):
    rng = np.random.default_rng(3)
    grids = voronoi(rng, 200)
    return (
        GridLocator(grids, shuffled_codes(len(grids), rng)),
        rng.random(points),
        rng.random(points),
    )


def test_the_index_takes_over_without_a_seam():
    locator, x, y = city_and_points(300_000)

    few = locator.locate(x[:1000], y[:1000])
    assert locator._index is None
    many = locator.locate(x, y)

    assert locator._index is not None
    np.testing.assert_array_equal(few, many[:1000])
    np.testing.assert_array_equal(many, locator._ask_geos(x, y))


def test_several_threads_may_ask_a_new_locator_at_once():
    locator, x, y = city_and_points(200_000)
    expected = locator._ask_geos(x, y)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: locator.locate(x, y), range(16)))

    for answer in answers:
        np.testing.assert_array_equal(answer, expected)


def locate_in_child(locator, x, y):
    return locator.locate(x, y)


def test_a_forked_process_can_go_on_asking():
    locator, x, y = city_and_points(200_000)
    here = locator.locate(x, y)

    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.starmap(locate_in_child, [(locator, x, y)] * 2)

    for answer in there:
        np.testing.assert_array_equal(answer, here)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(locator)).locate(x, y), here)


def run_python(code, *, folder=CHECKOUT, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_second_process_compiles_nothing():
    locate.warm_up()

    said = run_python(
        "from gridmap.analysis import locate, _locate_kernels as kernels\n"
        "locate.warm_up()\n"
        "stats = [f.stats for f in vars(kernels).values() if hasattr(f, 'stats')]\n"
        "print(sum(sum(s.cache_hits.values()) for s in stats),"
        " sum(sum(s.cache_misses.values()) for s in stats))",
    )

    hits, misses = map(int, said.split())
    assert (hits >= 6, misses) == (True, 0)


def test_asking_for_a_few_points_does_not_load_numba():
    said = run_python(
        "import sys, shapely\n"
        "from gridmap.analysis.locate import GridLocator\n"
        "print(GridLocator([shapely.box(0, 0, 1, 1)], ['1']).locate([0.5], [0.5]))\n"
        "print('numba' in sys.modules)",
    )

    assert said.split("\n")[:2] == ["[0]", "False"]


@pytest.mark.parametrize("cache_works", [True, False])
def test_compiled_code_goes_to_the_user_s_cache_where_the_checkout_is_closed(tmp_path, cache_works):
    """A file in the way of a folder stops root, too."""
    (tmp_path / "gridmap" / "analysis").mkdir(parents=True)
    for file in ["__init__.py", *(f"analysis/{p.name}" for p in ANALYSIS.glob("*locate*.py"))]:
        shutil.copy(CHECKOUT / "gridmap" / file, tmp_path / "gridmap" / file)
    (tmp_path / "gridmap" / "analysis" / "__init__.py").touch()
    (tmp_path / "gridmap" / "analysis" / "__pycache__").touch()
    cache = tmp_path / "cache"
    if not cache_works:
        cache.touch()

    said = run_python(
        "from gridmap.analysis import _locate_kernels as kernels\n"
        "print(kernels.locate.stats.cache_path)",
        folder=tmp_path,
        XDG_CACHE_HOME=str(cache),
        NUMBA_CACHE_DIR="",
    )

    assert said.startswith(str(cache) if cache_works else "None")


ANALYSIS = CHECKOUT / "gridmap" / "analysis"


def read_areas(path):
    import geopandas

    return geopandas.read_file(path)


def test_chicago_s_burglaries_all_but_eleven_have_an_area(reference_data):
    import pandas as pd
    import pyproj

    areas = read_areas(reference_data / "chicago" / "areas.geojson")
    rows = pd.read_csv(reference_data / "chicago" / "burglaries_2014_2017.csv")
    to_degrees = pyproj.Transformer.from_crs("EPSG:26971", "EPSG:4326", always_xy=True)
    x, y = to_degrees.transform(rows.x.to_numpy(), rows.y.to_numpy())

    locator = GridLocator(areas.geometry.to_numpy(), areas.code.tolist())
    locator.prepare()
    found = locator.locate(x, y)

    assert (int((found >= 0).sum()), int((found < 0).sum())) == (45_308, 11)
    border = probes(areas.geometry.to_numpy(), np.random.default_rng(6), 5000)
    check(areas.geometry.to_numpy(), areas.code.tolist(), *border)


def test_memphis_s_robberies_fall_into_the_cells_as_counted(reference_data):
    import pandas as pd
    import pyproj

    cells = read_areas(reference_data / "memphis" / "grid_500m.gpkg")
    rows = pd.read_csv(reference_data / "memphis" / "robberies.csv")
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True)
    x, y = to_metres.transform(rows.lon.to_numpy(), rows.lat.to_numpy())
    locator = GridLocator(cells.geometry.to_numpy(), cells.cell_id.tolist())
    locator.prepare()

    found = locator.locate(x, y)

    counts = np.bincount(found[found >= 0], minlength=len(cells))
    np.testing.assert_array_equal(counts, cells.n)
    np.testing.assert_array_equal(found, locator._ask_geos(x, y))
    x, y = probes(cells.geometry.to_numpy(), np.random.default_rng(7))
    np.testing.assert_array_equal(locator.locate(x, y), locator._ask_geos(x, y))


def test_memphis_s_invalid_precinct_is_judged_as_geos_judges_it(reference_data):
    precincts = read_areas(reference_data / "memphis" / "precincts.geojson")
    grids = precincts.geometry.to_numpy()
    assert not shapely.is_valid(grids).all()

    check(
        grids, [str(k) for k in range(len(grids))], *probes(grids, np.random.default_rng(8), 1000)
    )


def test_nantong_s_districts(reference_data):
    files = sorted((reference_data / "nantong" / "districts").glob("*.json"))
    grids = [shapely.from_geojson(file.read_text()) for file in files]
    x, y = probes(np.array(grids, dtype=object), np.random.default_rng(9), 4000)

    found = check(grids, [file.stem for file in files], x, y)

    assert set(found) >= {-1, 0}
