import json

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import box

from gridmap.intake import Columns, ReadOptions, inspect, read_areas, read_points
from gridmap.intake.errors import MissingColumn, NoSuchLayer, NoSystem, UnknownFormat

HERE = Columns(code="code")


def frame(shapes, codes, crs="EPSG:4326"):
    return geopandas.GeoDataFrame({"code": codes, "name": codes}, geometry=shapes, crs=crs)


SQUARES = [box(120.9 + i / 10, 32, 121 + i / 10, 32.1) for i in range(3)]


def saved(tmp_path, shapes=SQUARES, codes=("a1", "a2", "a3"), suffix="gpkg", crs="EPSG:4326"):
    path = tmp_path / f"areas.{suffix}"
    data = frame(list(shapes), list(codes), crs)
    if suffix == "parquet":
        data.to_parquet(path)
    elif suffix == "zip":
        folder = tmp_path / "shp"
        folder.mkdir()
        data.to_file(folder / "areas.shp")
        import zipfile

        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.iterdir():
                archive.write(part, f"some folder/{part.name}")
    else:
        data.to_file(path)
    return path


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "zip", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32651"])
def test_every_format_gives_the_same_areas(tmp_path, suffix, crs):
    shapes = geopandas.GeoSeries(SQUARES, crs="EPSG:4326").to_crs(crs)
    if suffix == "geojson" and crs != "EPSG:4326":
        pytest.skip("GeoJSON is in degrees")
    path = saved(tmp_path, shapes, suffix=suffix, crs=crs)

    rows = read_areas(path, Columns(), ReadOptions())

    assert rows.code.tolist() == ["a1", "a2", "a3"]
    assert rows.name.tolist() == ["a1", "a2", "a3"]
    assert rows.line.tolist() == [2, 3, 4]
    assert rows.crs == crs
    expected = shapely.multipolygons(SQUARES, indices=[0, 1, 2])
    same = shapely.equals_exact(
        shapely.normalize(rows.geometry), shapely.normalize(expected), tolerance=1e-9
    )
    assert same.all()


def test_the_name_of_a_file_does_not_decide_its_format(tmp_path):
    path = saved(tmp_path).rename(tmp_path / "areas.csv")

    assert inspect(path).format == "gpkg"
    assert len(read_areas(path, Columns(), ReadOptions())) == 3


def test_a_shapefile_without_its_siblings_is_refused(tmp_path):
    path = saved(tmp_path, suffix="shp")
    path.with_suffix(".dbf").unlink()

    with pytest.raises(UnknownFormat, match=r"without its \.shx and \.dbf"):
        read_areas(path, Columns(), ReadOptions())


def test_a_layer_can_be_chosen(tmp_path):
    path = saved(tmp_path)
    frame([box(0, 0, 1, 1)], ["b1"]).to_file(path, layer="more")

    assert inspect(path).layers == ("areas", "more")
    assert read_areas(path, HERE, ReadOptions(layer="more")).code.tolist() == ["b1"]
    with pytest.raises(NoSuchLayer, match="areas, more"):
        read_areas(path, HERE, ReadOptions(layer="less"))


def test_a_system_of_the_user_wins_and_is_noted(tmp_path):
    rows = read_areas(saved(tmp_path), HERE, ReadOptions(crs="EPSG:4269"))

    assert rows.crs == "EPSG:4269"
    assert [note.code for note in rows.notes] == ["crs_overridden"]


def test_a_shapefile_without_a_system_and_degrees_is_refused(tmp_path):
    path = saved(tmp_path, [box(5e5, 35e5, 51e4, 36e5)], ["a"], suffix="shp", crs="EPSG:32651")
    path.with_suffix(".prj").unlink()

    with pytest.raises(NoSystem, match="--crs"):
        read_areas(path, HERE, ReadOptions())


def test_projected_geojson_without_a_system_is_refused(tmp_path):
    shape = shapely.to_geojson(box(5e5, 35e5, 51e4, 36e5))
    path = tmp_path / "areas.geojson"
    path.write_text(f'{{"type": "Feature", "properties": {{"code": 1}}, "geometry": {shape}}}')

    with pytest.raises(NoSystem):
        read_areas(path, HERE, ReadOptions())


def test_areas_that_cannot_be_used_are_rejects(tmp_path):
    features = [
        ("ok", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
        ("", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
        ("line", {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
        ("none", None),
        ("flat", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}),
        ("far", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 99], [0, 0]]]}),
        ("ok", {"type": "Polygon", "coordinates": [[[5, 5], [6, 5], [6, 6], [5, 5]]]}),
        ("bow", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
        ("3d", {"type": "Polygon", "coordinates": [[[0, 0, 9], [1, 0, 9], [1, 1, 9], [0, 0, 9]]]}),
    ]
    path = tmp_path / "areas.geojson"
    collection = [
        {"type": "Feature", "properties": {"code": code}, "geometry": shape}
        for code, shape in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": collection}))

    rows = read_areas(path, HERE, ReadOptions())

    assert rows.code.tolist() == ["ok", "bow", "3d"]
    assert rows.repaired.tolist() == [False, True, False]
    assert not shapely.has_z(rows.geometry).any()
    assert dict(zip(rows.rejects.line.tolist(), rows.rejects.code, strict=True)) == {
        3: "no_code",
        4: "geometry_not_an_area",
        5: "geometry_missing",
        6: "geometry_beyond_repair",
        7: "coordinate_out_of_range",
        8: "code_repeated",
    }


def test_codes_of_a_float_column_lose_their_point(tmp_path):
    path = tmp_path / "areas.gpkg"
    data = geopandas.GeoDataFrame({"code": [1.0, 2.0]}, geometry=SQUARES[:2], crs="EPSG:4326")
    data.to_file(path)

    assert read_areas(path, HERE, ReadOptions()).code.tolist() == ["1", "2"]


def test_numbers_can_be_padded(tmp_path):
    path = saved(tmp_path, codes=[1, 10, 7])
    columns = Columns(code="code", code_format="320602{:03d}")

    assert read_areas(path, columns, ReadOptions()).code.tolist() == [
        "320602001",
        "320602010",
        "320602007",
    ]


def test_borders_may_stand_in_a_csv_as_wkt(write):
    path = write('code,wkt\na,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\nb,"POLYGON ((0 0, 1"\nc,\n')

    rows = read_areas(path, Columns(), ReadOptions())

    assert rows.code.tolist() == ["a"]
    assert rows.rejects.code.tolist() == ["geometry_unreadable", "geometry_missing"]


def test_grids_need_borders_and_divisions_do_not(write):
    path = write("code,name\n1,a\n2,b\n")

    assert len(read_areas(path, Columns(), ReadOptions(), kind="divisions")) == 2
    with pytest.raises(MissingColumn, match="the border"):
        read_areas(path, Columns(), ReadOptions(), kind="grids")


def test_points_of_a_geometry_file_become_places(tmp_path):
    data = geopandas.GeoDataFrame(
        {"id": ["1", "2", "3"], "name": ["a", "b", "c"], "户数": [3, None, -1]},
        geometry=[shapely.Point(121, 32), shapely.Point(121, 33), shapely.Point(1, 2)],
        crs="EPSG:4326",
    )
    data.to_file(tmp_path / "places.gpkg")

    rows = read_points(tmp_path / "places.gpkg", Columns(), ReadOptions())

    assert rows.lon.tolist() == [121, 121]
    assert rows.dwellings.tolist() == [3, -1]
    assert rows.rejects.summary() == {"count_impossible": 1}


def test_a_line_is_no_place(tmp_path):
    data = geopandas.GeoDataFrame(
        {"id": ["1", "2"]},
        geometry=[shapely.Point(121, 32), shapely.LineString([(0, 0), (1, 1)])],
        crs="EPSG:4326",
    )
    data.to_file(tmp_path / "places.gpkg")

    rows = read_points(tmp_path / "places.gpkg", Columns(), ReadOptions())

    assert rows.rejects.code.tolist() == ["geometry_not_a_point"]
    assert "Linestring" in rows.rejects.reasons()[0]


def test_geoparquet_with_another_encoding_is_refused(tmp_path):
    path = tmp_path / "areas.parquet"
    data = frame([shapely.Point(1, 2)], ["a"])
    data.to_parquet(path, geometry_encoding="geoarrow", schema_version="1.1.0")
    assert b"point" in pq.read_schema(path).metadata[b"geo"]

    with pytest.raises(Exception, match="not WKB"):
        read_areas(path, HERE, ReadOptions())


def test_moved_area_is_measured(tmp_path):
    loop = shapely.Polygon([(121, 32), (121.01, 32), (121.01, 32.01), (121, 32.01), (121, 32),
                            (121.001, 32.001), (121.002, 32.001), (121.001, 32.001)])  # fmt: skip

    rows = read_areas(saved(tmp_path, [loop], ["a"]), HERE, ReadOptions())

    assert rows.repaired.tolist() == [True]
    assert np.isfinite(rows.moved_m2).all()
