"""Vector tiles over HTTP."""

import math

import pytest

from tests.factories import import_chessboard

Z = 11


@pytest.fixture
def city(session, client, tmp_path):
    """Sixteen grids at 120 E, 32 N."""
    import_chessboard(tmp_path)
    return client


def address_of(lon: float, lat: float, z: int = Z) -> str:
    """Where the tile over a point is."""
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)
    return f"/tiles/grids/{z}/{x}/{y}.pbf"


def test_a_near_tile_holds_codes_names_and_labels(city):
    tile = city.get(address_of(120.02, 32.02, z=13))

    assert tile.status_code == 200
    assert tile.mimetype == "application/vnd.mapbox-vector-tile"
    for word in (b"grid", b"label", b"code", b"9901010010"):
        assert word in tile.data


def test_a_tile_from_afar_leaves_the_codes_to_one_list(city):
    tile = city.get(address_of(120.02, 32.02, z=8))

    assert b"grid" in tile.data
    assert b"990101001000000" not in tile.data


def test_a_tile_without_grids_is_empty(city):
    assert city.get(address_of(100, 20)).status_code == 204


def test_a_tile_is_asked_about_and_not_sent_again(city):
    first = city.get(address_of(120.02, 32.02))

    again = city.get(address_of(120.02, 32.02), headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""
    assert "no-cache" in again.headers["Cache-Control"]


def test_a_tile_of_the_present_version_is_kept_for_good(city, session):
    from gridmap.core.city import versions

    (version,) = versions(session, "grids")

    kept = city.get(address_of(120.02, 32.02) + f"?v={version}")
    old = city.get(address_of(120.02, 32.02) + f"?v={version - 1}")

    assert "immutable" in kept.headers["Cache-Control"]
    assert "immutable" not in old.headers["Cache-Control"]


@pytest.mark.parametrize("address", ["/tiles/grids/3/8/0.pbf", "/tiles/grids/40/0/0.pbf"])
def test_there_is_no_tile_outside_the_world(city, address):
    answer = city.get(address)

    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "http_404"


def test_the_base_map_is_empty_without_streets(city):
    assert city.get(address_of(120, 32).replace("grids", "base")).status_code == 204


def test_a_tile_takes_the_index(city, session):
    from sqlalchemy import text

    from gridmap.tiles import queries

    session.execute(text("SET LOCAL enable_seqscan = off"))
    statement = queries._GRIDS.format(border="geom_3857_low", words="", scope="")
    values = {"z": 1, "x": 1, "y": 0, "extent": 4096, "buffer": 64, "margin": 0.0, "narrowest": 1.0}

    plan = session.scalars(text("EXPLAIN " + statement), values).all()

    assert any("ix_grid_versions_geom_3857" in line for line in plan)
