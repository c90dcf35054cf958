from dataclasses import replace

import pytest

from gridmap.intake import Columns, guess_columns
from gridmap.intake.errors import AmbiguousHeader, NoSuchColumn
from gridmap.intake.headers import find_header, unique_headers


def guessed(kind, headers, **given):
    columns, guesses = guess_columns(kind, headers, Columns(**given))
    assert {g.field: g.column for g in guesses} == {
        name: value for name, value in vars(columns).items() if value and name not in given
    }
    return {g.field: g.column for g in guesses}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ["Case Number", "Date", "Primary Type", "Latitude", "Longitude", "Community"],
            {"id": "Case Number", "time": "Date", "category": "Primary Type", "x": "Longitude",
             "y": "Latitude"},
        ),
        (
            ["案件编号", "案件类别", "发生时间", "经度", "纬度", "所属网格编码", "备注"],
            {"id": "案件编号", "category": "案件类别", "time": "发生时间", "x": "经度", "y": "纬度",
             "grid_code": "所属网格编码"},
        ),
        (["x", "y", "date_single"], {"x": "x", "y": "y", "time": "date_single"}),
        (["ＬＮＧ", "lat_", "OCCURRED_AT"], {"x": "ＬＮＧ", "y": "lat_", "time": "OCCURRED_AT"}),
    ],
)  # fmt: skip
def test_usual_headers_are_recognised(headers, expected):
    assert guessed("incidents", headers) == expected


def test_two_candidates_leave_a_field_open():
    assert "time" not in guessed("incidents", ["lon", "lat", "date", "time"])
    assert guessed("incidents", ["x", "lon", "y", "lat"]) == {}


def test_x_is_not_guessed_without_y():
    assert guessed("incidents", ["lon", "time"]) == {"time": "time"}


def test_what_was_named_is_kept_and_not_used_twice():
    found = guessed("incidents", ["type", "lon", "lat", "date"], id="type")

    assert found == {"x": "lon", "y": "lat", "time": "date"}


def test_no_point_is_guessed_beside_a_named_grid_code():
    assert guessed("incidents", ["area", "lon", "lat", "date"], grid_code="area") == {
        "time": "date"
    }


def test_one_word_for_all_needs_no_category_column():
    assert "category" not in guessed("incidents", ["x", "y", "type"], category_value="theft")


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        ("grids", ["code", "name", "area"], {"code": "code", "name": "name"}),
        ("grids", ["网格编码", "网格名称", "网格类型"],
         {"code": "网格编码", "name": "网格名称", "kind": "网格类型"}),
        ("divisions", ["adcode", "name"], {"code": "adcode", "name": "name"}),
        ("population", ["网格编码", "人口"], {"grid_code": "网格编码", "count": "人口"}),
        ("resources", ["编号", "名称", "类型", "经度", "纬度", "状态"],
         {"id": "编号", "name": "名称", "kind": "类型", "x": "经度", "y": "纬度",
          "status": "状态"}),
        ("places", ["id", "name", "lon", "lat", "户数"],
         {"id": "id", "name": "name", "x": "lon", "y": "lat", "dwellings": "户数"}),
    ],
)  # fmt: skip
def test_every_kind_of_import_has_its_words(kind, headers, expected):
    assert guessed(kind, headers) == expected


def test_a_name_may_differ_in_case_and_spaces():
    assert find_header("a.csv", "primary type", ["ID", "Primary_Type"]) == "Primary_Type"


def test_a_missing_column_names_the_nearest_and_all():
    with pytest.raises(NoSuchColumn, match=r"Is longitude meant\? It has: longitude, lat"):
        find_header("a.csv", "longitud", ["longitude", "lat"])
    with pytest.raises(NoSuchColumn, match=r"no column speed in a\.csv\. It has: longitude, lat"):
        find_header("a.csv", "speed", ["longitude", "lat"])


def test_a_repeated_column_cannot_be_named():
    headers, repeated = unique_headers(["x", "x", "y"])

    with pytest.raises(AmbiguousHeader, match="several columns called x"):
        find_header("a.csv", "x", headers, repeated)


def test_guessing_leaves_its_argument_alone():
    given = Columns(x="a")

    columns, _ = guess_columns("incidents", ["a", "lat"], given)

    assert given == Columns(x="a")
    assert columns == replace(given, y="lat")
