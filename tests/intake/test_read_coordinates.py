import coordTransform
import numpy as np
import prcoords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.intake.china import (
    bd09_from_wgs84,
    gcj02_from_wgs84,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)
from gridmap.intake.coordinates import diagnose
from gridmap.intake.errors import BadSystem
from gridmap.intake.systems import system_of, to_wgs84

MICROMETRE = 1e-6 / 111_320


def places(n=2_000):
    chance = np.random.default_rng(4)
    return chance.uniform(75, 133, n), chance.uniform(4, 53, n)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (gcj02_from_wgs84, coordTransform.wgs84_to_gcj02),
        (bd09_from_wgs84, coordTransform.wgs84_to_bd09),
    ],
)
def test_the_shift_is_that_of_coordtransform(ours, theirs):
    lon, lat = places()
    inside = np.array([not coordTransform.out_of_china(*p) for p in zip(lon, lat, strict=True)])
    expected = np.array([theirs(*p) for p in zip(lon[inside], lat[inside], strict=True)])

    x, y = ours(lon[inside], lat[inside])

    assert inside.sum() > 1000
    np.testing.assert_allclose(np.stack([x, y], axis=1), expected, rtol=0, atol=1e-11)


def test_the_shift_is_that_of_prcoords():
    lon, lat = places(200)
    expected = [
        prcoords.wgs_gcj(prcoords.Coords(b, a), False) for a, b in zip(lon, lat, strict=True)
    ]

    x, y = gcj02_from_wgs84(lon, lat)

    np.testing.assert_allclose(x, [p.lon for p in expected], rtol=0, atol=1e-9)
    np.testing.assert_allclose(y, [p.lat for p in expected], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("there", "back"),
    [(gcj02_from_wgs84, wgs84_from_gcj02), (bd09_from_wgs84, wgs84_from_bd09)],
)
def test_the_way_back_errs_by_less_than_two_micrometres(there, back):
    lon, lat = places(100_000)

    x, y = back(*there(lon, lat))

    assert np.abs(x - lon).max() < 2 * MICROMETRE
    assert np.abs(y - lat).max() < 2 * MICROMETRE


def test_a_single_step_back_would_err_by_metres():
    lon, lat = places(100_000)
    x, y = gcj02_from_wgs84(lon, lat)
    again_x, again_y = gcj02_from_wgs84(x, y)

    assert np.hypot(x - (again_x - x) - lon, y - (again_y - y) - lat).max() > 1e6 * MICROMETRE


def test_outside_china_nothing_is_shifted():
    lon, lat = np.array([-87.6, 2.35]), np.array([41.9, 48.85])

    assert np.array_equal(gcj02_from_wgs84(lon, lat), (lon, lat))


@pytest.mark.parametrize("name", ["gcj02", "GCJ-02", "gcj_02", "BD09", "bd-09"])
def test_shifted_systems_go_by_any_spelling(name):
    assert system_of(name).name in {"gcj02", "bd09"}


@pytest.mark.parametrize("name", ["EPSG:4326", "4326", "epsg:4490", "CRS84", "EPSG:4979"])
def test_wgs84_and_cgcs2000_are_left_alone(name):
    lon, lat = np.array([120.9]), np.array([32.0])

    assert to_wgs84(lon, lat, system_of(name)) == (lon, lat)


def test_a_projected_system_becomes_degrees():
    lon, lat = to_wgs84(np.array([500_000.0]), np.array([0.0]), system_of("EPSG:32651"))

    np.testing.assert_allclose([lon[0], lat[0]], [123.0, 0.0], atol=1e-9)


def test_what_cannot_be_converted_is_nan():
    lon, lat = to_wgs84(np.array([1e30, np.nan]), np.array([0.0, 0.0]), system_of("EPSG:32651"))

    assert np.isnan(lon).all()
    assert np.isnan(lat).all()


@pytest.mark.parametrize("name", ["EPSG:4214", "EPSG:4610", "EPSG:2327", "EPSG:2401", "EPSG:4555"])
def test_secret_systems_are_refused_with_the_reason(name):
    with pytest.raises(BadSystem, match=r"not public.*EPSG:4490"):
        system_of(name)


@pytest.mark.parametrize(
    "name",
    ["", "EPSG:99999", "EPSG:4978", "EPSG:5703", "http://example.org/crs", "+proj=utm", "/etc/x",
     "urn:ogc:def:crs:EPSG::4326", "x" * 10_000, "EPSG:-1", "{}", 'GEOGCS["x"]'],
)  # fmt: skip
def test_what_is_no_flat_system_is_refused(name):
    with pytest.raises(BadSystem):
        system_of(name)


BOUNDS = (120.8, 31.8, 121.2, 32.2)


def cells(lon, lat):
    """Codes of a lattice of 0.005 degrees, 500 m; '' outside."""
    column = np.floor((lon - 120.8) / 0.005).astype(int)
    row = np.floor((lat - 31.8) / 0.005).astype(int)
    codes = np.char.add(np.char.add("R", row.astype(str)), np.char.add("C", column.astype(str)))
    inside = (lon >= 120.8) & (lon < 121.2) & (lat >= 31.8) & (lat < 32.2)
    return np.where(inside, codes, "").astype(object)


def points(n=500):
    chance = np.random.default_rng(8)
    return chance.uniform(120.85, 121.15, n), chance.uniform(31.85, 32.15, n)


def codes_of(notes):
    return [note.code for note in notes]


def test_good_points_raise_no_note():
    lon, lat = points()

    assert diagnose(lon, lat, bounds=BOUNDS, own_codes=cells(lon, lat), locate=cells) == []


def test_swapped_axes_are_told():
    lon, lat = points()

    (note,) = diagnose(lat, lon, bounds=BOUNDS)

    assert note.code == "swapped_axes"
    assert "100 %" in str(note)


def test_points_far_outside_are_counted():
    lon, lat = points()
    lon[:7] += 30

    (note,) = diagnose(lon, lat, bounds=BOUNDS)

    assert (note.code, note.fields["count"], note.fields["total"]) == ("far_outside", 7, 500)


def test_zeros_are_told():
    lon, lat = points()
    lon[:3] = lat[:3] = 0

    assert codes_of(diagnose(lon, lat, bounds=BOUNDS)) == ["at_zero", "far_outside"]


@pytest.mark.parametrize(
    ("shift", "name"), [(gcj02_from_wgs84, "gcj02"), (bd09_from_wgs84, "bd09")]
)
def test_a_shifted_file_is_told_by_its_own_codes(shift, name):
    lon, lat = points()
    own = cells(lon, lat)

    (note,) = diagnose(*shift(lon, lat), bounds=BOUNDS, own_codes=own, locate=cells)

    assert note.code == "fits_better_as"
    assert note.fields["option"] == name
    assert note.fields["other_fit"] == 100


def test_a_file_wrongly_said_to_be_shifted_is_told():
    lon, lat = points()
    own = cells(lon, lat)
    read = wgs84_from_gcj02(lon, lat)

    (note,) = diagnose(*read, bounds=BOUNDS, own_codes=own, locate=cells, crs="gcj02")

    assert note.fields["option"] == "EPSG:4326"


def test_codes_that_fit_no_system_are_not_blamed_on_one():
    lon, lat = points()
    own = np.random.default_rng(2).permutation(cells(lon, lat))

    assert diagnose(lon, lat, bounds=BOUNDS, own_codes=own, locate=cells) == []


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_diagnosis_never_fails(numbers):
    lon, lat = np.array(numbers, dtype=float).reshape(-1, 2).T

    diagnose(lon, lat, bounds=BOUNDS)
    diagnose(lon, lat, bounds=None)
