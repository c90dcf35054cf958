import datetime as dt

import numpy as np
import pytest
import shapely

from gridmap.intake import (
    Columns,
    ReadOptions,
    inspect,
    read_areas,
    read_incidents,
    read_population,
)
from gridmap.intake.errors import MissingColumn, NoHeader, NoSystem

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
BURGLARIES = Columns(
    x="x",
    y="y",
    time="date_single",
    time_format="%d/%m/%Y",
    tz="America/Chicago",
    category_value="burglary",
)


def test_chicago_burglaries(reference_data):
    path = reference_data / "chicago/burglaries_2014_2017.csv"

    rows = read_incidents(path, BURGLARIES, ReadOptions(crs="EPSG:26971"), now=NOW, source_tz=None)

    assert (rows.read, len(rows), len(rows.rejects)) == (45_319, 45_319, 0)
    assert len(set(rows.source_id)) == 45_319
    assert (rows.line == np.arange(2, 45_321)).all()
    assert rows.occurred_from[0] == np.datetime64("2014-01-01T06:00", "us")
    assert rows.occurred_to[0] == np.datetime64("2014-01-02T06:00", "us")
    assert -88.5 < rows.lon.min() < rows.lon.max() < -87.4
    assert 41.6 < rows.lat.min() < rows.lat.max() < 42.1
    again = read_incidents(path, BURGLARIES, ReadOptions(crs="EPSG:26971"), now=NOW, source_tz=None)
    assert (again.source_id == rows.source_id).all()


def test_chicago_burglaries_without_a_system_are_refused(reference_data):
    with pytest.raises(NoSystem):
        read_incidents(
            reference_data / "chicago/burglaries_2014_2017.csv",
            BURGLARIES,
            ReadOptions(),
            now=NOW,
            source_tz=None,
        )


def test_chicago_burglaries_show_the_order_of_their_dates(reference_data):
    rows = read_incidents(
        reference_data / "chicago/burglaries_2014_2017.csv",
        Columns(),
        ReadOptions(crs="EPSG:26971"),
        now=NOW,
        source_tz="America/Chicago",
    )

    assert len(rows) == 45_319
    assert [note.code for note in rows.notes] == ["date_order_recognised"]


def test_chicago_crimes_by_area_code(reference_data):
    path = reference_data / "chicago/crimes_2022.parquet"
    columns = Columns(grid_code="Community Area", code_format="17031{:03d}")

    rows = read_incidents(path, columns, ReadOptions(), now=NOW, source_tz="America/Chicago")

    assert (rows.read, len(rows), len(rows.rejects)) == (215_551, 215_551, 0)
    assert rows.grid_code[0] == "17031035"
    assert len(set(rows.word)) == 31
    assert rows.occurred_from[0] == np.datetime64("2022-05-06T03:00", "us")
    assert rows.origin.columns.time == "Date"
    assert rows.origin.columns.category == "Primary Type"


def test_chicago_areas(reference_data):
    rows = read_areas(reference_data / "chicago/areas.geojson", Columns(), ReadOptions())

    assert len(rows) == 77
    assert (rows.code[0], rows.name[0]) == ("17031001", "Rogers Park")
    assert not rows.repaired.any()
    assert (shapely.get_type_id(rows.geometry) == shapely.GeometryType.MULTIPOLYGON).all()


def test_memphis_robberies(reference_data):
    rows = read_incidents(
        reference_data / "memphis/robberies.csv",
        Columns(),
        ReadOptions(),
        now=NOW,
        source_tz="America/Chicago",
    )

    assert (len(rows), len(rows.rejects)) == (2_245, 0)
    assert rows.source_id[0] == "15213800"
    assert rows.occurred_from[0] == np.datetime64("2019-01-01T07:30", "us")
    assert np.isnat(rows.occurred_to).all()


def test_memphis_precincts_have_one_border_to_repair(reference_data):
    path = reference_data / "memphis/precincts.geojson"
    with pytest.raises(MissingColumn, match=r"--code.*precinct"):
        read_areas(path, Columns(), ReadOptions())

    rows = read_areas(path, Columns(code="precinct"), ReadOptions())

    assert len(rows) == 9
    assert rows.repaired.sum() == 1
    assert 0 < rows.moved_m2.sum() < 1
    assert shapely.is_valid(rows.geometry).all()
    assert [note.code for note in rows.notes] == ["borders_repaired"]


def test_memphis_cells_in_a_projected_geopackage(reference_data):
    path = reference_data / "memphis/grid_500m.gpkg"

    rows, shape = read_areas(path, Columns(), ReadOptions()), inspect(path)

    assert len(rows) == 3_413
    assert rows.origin.columns.code == "cell_id"
    assert (rows.crs, rows.origin.converted) == ("EPSG:32615", True)
    assert -91 < shapely.total_bounds(rows.geometry)[0] < -89
    assert shape.layers == ("memphis_grid500",)
    assert (shape.rows, shape.geometry) == (3_413, True)


def test_memphis_population(reference_data):
    rows = read_population(
        reference_data / "memphis/population_blocks.csv", Columns(grid_code="geoid"), ReadOptions()
    )

    assert len(rows) == 10_393
    assert rows.grid_code[0] == "471570042003027"
    assert rows.count.sum() == 634_612


def test_memphis_population_at_points(reference_data):
    rows = read_population(
        reference_data / "memphis/population_blocks.csv", Columns(x="lon", y="lat"), ReadOptions()
    )

    assert len(rows) == 10_393
    assert not np.isnan(rows.lon).any()


def test_a_nantong_district_is_a_bare_geometry_named_by_its_file(reference_data):
    path = reference_data / "nantong/districts/320602.json"

    rows = read_areas(path, Columns(), ReadOptions(crs="gcj02"), kind="divisions")

    assert rows.code.tolist() == ["320602"]
    assert rows.origin.columns.code == "file_name"
    assert (rows.crs, rows.origin.converted) == ("gcj02", True)


def test_nantong_streets_are_divisions_without_borders(reference_data):
    rows = read_areas(
        reference_data / "nantong/streets_names.csv",
        Columns(code="ext_id", name="ext_name"),
        ReadOptions(),
        kind="divisions",
    )

    assert len(rows) == 108
    assert rows.name[1] == "通州区"
    assert rows.geometry.tolist() == [None] * 108


def test_a_file_without_a_header_is_refused(reference_data):
    with pytest.raises(NoHeader):
        inspect(reference_data / "near_repeat/chicago_arson.csv")
