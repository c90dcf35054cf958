"""A study as GeoJSON and GeoPackage."""

import json

import geopandas
import pytest

from tests.factories import centre, chessboard_code, import_chessboard, import_incidents

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def city(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 0)
    import_incidents(tmp_path, [(k, lon, lat, "2025-03-04 08:00", "theft") for k in range(3)])


def test_geojson_has_the_figures_of_every_grid(city, tmp_path, run):
    path = tmp_path / "out.geojson"

    done = run("hotspots", "--out", path)

    assert done.exit_code == 0, done.output
    written = json.loads(path.read_text())
    assert written["gridmap"]["linked"] == 3
    assert [(f["id"], f["properties"]["n"]) for f in written["features"]] == [
        (chessboard_code(0, 0), 3), (chessboard_code(1, 0), 0),
        (chessboard_code(0, 1), 0), (chessboard_code(1, 1), 0),
    ]  # fmt: skip
    assert written["features"][0]["properties"]["z"] is None
    bounds = geopandas.read_file(path).total_bounds
    assert bounds.tolist() == pytest.approx([120, 32, 120.02, 32.02])


def test_a_geopackage_holds_the_same(city, tmp_path, run):
    path = tmp_path / "out.gpkg"

    assert run("hotspots", "--out", path).exit_code == 0

    frame = geopandas.read_file(path)
    assert frame["n"].tolist() == [3, 0, 0, 0]
    assert frame.crs.to_epsg() == 4326


@pytest.mark.parametrize("name", ["out.docx", "no/such/folder/out.geojson"])
def test_what_cannot_be_written_is_said(city, tmp_path, run, name):
    done = run("hotspots", "--out", tmp_path / name)

    assert done.exit_code == 2
    assert "--out" in done.output
    assert not list(tmp_path.glob("*.part*"))
