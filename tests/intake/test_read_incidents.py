import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridmap.intake.errors import (
    BadOption,
    BadSystem,
    MissingColumn,
    NoSuchColumn,
    NoSystem,
    SwappedAxes,
)

GOOD = "id,lon,lat,time,type\n1,120.9,32.0,2024-05-31 14:30,盗窃\n2,121.0,32.1,2024-06-01,诈骗\n"


def test_good_rows_become_arrays(incidents_of):
    rows = incidents_of(GOOD)

    assert len(rows) == rows.read == 2
    assert len(rows.rejects) == 0
    assert rows.source_id.tolist() == ["1", "2"]
    assert rows.lon.tolist() == [120.9, 121.0]
    assert rows.word.tolist() == ["盗窃", "诈骗"]
    assert rows.line.tolist() == [2, 3]
    assert rows.occurred_from.tolist() == [
        dt.datetime(2024, 5, 31, 6, 30),  # noqa: DTZ001 - numpy has no zones
        dt.datetime(2024, 5, 31, 16),  # noqa: DTZ001
    ]
    assert np.isnat(rows.occurred_to).tolist() == [True, False]
    assert rows.crs == "EPSG:4326"
    assert not rows.origin.converted
    assert len(rows.sha256) == 64


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (",120.9,32.0,2024-05-31,x", "no_id", "id"),
        ("i" * 201 + ",120.9,32.0,2024-05-31,x", "id_too_long", "id"),
        ("9,,32.0,2024-05-31,x", "no_position", "lon"),
        ("9,,,2024-05-31,x", "no_position", "lon"),
        ("9,120.9,,2024-05-31,x", "no_position", "lon"),
        ("9,abc,32.0,2024-05-31,x", "coordinate_unreadable", "lon"),
        ("9,120.9,NaN,2024-05-31,x", "coordinate_not_finite", "lat"),
        ("9,inf,32.0,2024-05-31,x", "coordinate_not_finite", "lon"),
        ("9,120.9,95,2024-05-31,x", "coordinate_out_of_range", "lat"),
        ("9,1e300,32,2024-05-31,x", "coordinate_out_of_range", "lon"),
        ("9,120.9,32.0,,x", "no_time", "time"),
        ("9,120.9,32.0,2024-02-31,x", "no_such_day_february", "time"),
        ("9,120.9,32.0,2024-02-30 25:00,x", "no_such_time", "time"),
        ("9,120.9,32.0,someday,x", "time_unreadable", "time"),
        ("9,120.9,32.0,1899-12-31,x", "time_too_early", "time"),
        ("9,120.9,32.0,2026-01-17 23:00,x", "time_in_future", "time"),
        ("9,120.9,32.0,2024-05-31," + "w" * 201, "text_too_long", "type"),
        ("9,120.9,32.0,2024-05-31,a\0b", "nul_character", "type"),
        ("9\0,120.9,32.0,2024-05-31,x", "nul_character", "id"),
        ("9,120.9,32.0,2024-05-31", "wrong_field_count", ""),
        ("1,120.9,32.0,2024-05-31,x", "id_repeated", "id"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_reject_with_its_reason(incidents_of, row, code, column):
    rows = incidents_of(GOOD + row + "\n")

    assert len(rows) == 2
    assert rows.read == 3
    assert rows.rejects.line.tolist() == [4]
    assert rows.rejects.code.tolist() == [code]
    assert rows.rejects.column.tolist() == [column]
    assert "%" not in rows.rejects.reasons()[0]


def test_a_row_may_lie_a_day_in_the_future_for_other_zones(incidents_of):
    assert len(incidents_of(GOOD + "3,121,32,2026-01-16 10:00,x\n")) == 3


def test_the_first_line_of_a_repeated_id_is_named(incidents_of):
    rows = incidents_of(GOOD + "3,121,32,2024-06-01,x\n1,121,32,2024-06-01,x\n")

    assert rows.rejects.reasons()[0] == (
        "The number 1 stands on line 2 already, with other content."
    )


def test_the_same_row_twice_is_a_duplicate(incidents_of):
    rows = incidents_of(GOOD + GOOD.splitlines()[1] + "\n")

    assert len(rows) == 2
    assert rows.duplicate_in_file == 1
    assert rows.read == len(rows) + rows.duplicate_in_file + len(rows.rejects)


def test_a_rejected_row_does_not_block_its_id(incidents_of):
    rows = incidents_of("id,lon,lat,time\n1,,,2024-05-31\n1,121,32,2024-05-31\n")

    assert rows.source_id.tolist() == ["1"]
    assert rows.line.tolist() == [3]
    assert rows.rejects.summary() == {"no_position": 1}


def test_equal_rows_without_an_id_are_kept_apart(incidents_of):
    text = "lon,lat,time\n121,32,2024-05-31\n121,32,2024-05-31\n121,32,2024-06-01\n"

    ids = incidents_of(text).source_id.tolist()

    assert len(set(ids)) == 3
    assert ids[1] == f"{ids[0]}-2"


def test_a_file_that_grew_brings_only_new_ids(incidents_of, write):
    text = "lon,lat,time\n121,32,2024-05-31\n122,32,2024-05-31\n"
    before = set(incidents_of(text).source_id)

    after = incidents_of(text + "121,32,2024-05-31\n123,32,2024-05-31\n").source_id.tolist()

    assert before <= set(after)
    assert len(set(after) - before) == 2


def test_ids_do_not_depend_on_the_order_of_columns_or_the_format(incidents_of, tmp_path):
    one = incidents_of("lon,lat,time,type\n121.5,32,2024-05-31 10:00:00,a\n").source_id
    two = incidents_of("type,time,lat,lon\na,2024-05-31 10:00:00,32,121.5\n").source_id
    table = pa.table(
        {
            "lon": [121.5],
            "lat": [32],
            "time": [dt.datetime(2024, 5, 31, 10)],  # noqa: DTZ001 - as in the file
            "type": ["a"],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")

    assert one == two == incidents_of(tmp_path / "rows.parquet").source_id


def test_projected_originals_are_kept(incidents_of):
    rows = incidents_of("x,y,time\n500000,3540000,2024-05-31\n", crs="EPSG:32651")

    assert rows.origin.converted
    assert (rows.x_original[0], rows.y_original[0], rows.crs) == (500000, 3540000, "EPSG:32651")
    np.testing.assert_allclose([rows.lon[0], rows.lat[0]], [123, 31.996], atol=1e-3)


def test_a_point_outside_what_the_system_can_express_is_a_reject(incidents_of):
    rows = incidents_of(
        "x,y,time\n500000,3540000,2024-05-31\n1e30,3540000,2024-05-31\n", crs="EPSG:32651"
    )

    assert rows.rejects.summary() == {"coordinate_out_of_range": 1}


def test_numbers_that_are_no_degrees_refuse_the_file(incidents_of):
    with pytest.raises(NoSystem, match="--crs"):
        incidents_of("x,y,time\n365535.5,563965.2,2024-05-31\n365536,563966,2024-05-31\n")


def test_a_system_in_degrees_for_other_numbers_refuses_the_file(incidents_of):
    with pytest.raises(BadSystem, match="degrees"):
        incidents_of("x,y,time\n365535.5,563965.2,2024-05-31\n", crs="EPSG:4326")


def test_swapped_axes_that_cannot_be_refuse_the_file(incidents_of):
    with pytest.raises(SwappedAxes, match="--x lon --y lat"):
        incidents_of("lat,lon,time\n32,121,2024-05-31\n", x="lat", y="lon")


def test_rows_may_be_located_by_code(incidents_of):
    rows = incidents_of(
        "area,time\n1,2024-05-31\n35.0,2024-05-31\n,2024-05-31\nx,2024-05-31\n",
        grid_code="area",
        code_format="17031{:03d}",
    )

    assert rows.grid_code.tolist() == ["17031001", "17031035"]
    assert np.isnan(rows.lon).all()
    assert rows.crs == ""
    assert rows.rejects.summary() == {"code_not_a_number": 1, "no_code": 1}


def test_whole_floats_are_codes_without_a_point(incidents_of):
    rows = incidents_of("area,time\n1.0,2024-05-31\n35.0,2024-05-31\n", grid_code="area")

    assert rows.grid_code.tolist() == ["1", "35"]


def test_codes_keep_their_zeros(incidents_of):
    rows = incidents_of("area,time\n007,2024-05-31\n 1.0 ,2024-05-31\nA,2024-05-31\n",
                        grid_code="area")  # fmt: skip

    assert rows.grid_code.tolist() == ["007", "1.0", "A"]


@pytest.mark.parametrize(
    "code_format",
    ["", "17031", "{}{}", "{:03d", "{.__class__}", "{[0]}", "{!r}", "{:999999999d}", "{x}",
     "{:03f}", "{:{}}", "y" * 100 + "{}"],
)  # fmt: skip
def test_a_code_format_that_is_not_harmless_is_refused(incidents_of, code_format):
    with pytest.raises(BadOption, match="--code-format"):
        incidents_of("area,time\n1,2024-05-31\n", grid_code="area", code_format=code_format)


def test_rows_may_be_located_by_address(incidents_of):
    rows = incidents_of(
        "地址,时间\n 人民路１２号　Ａ座 ,2024-05-31\n人民路 12号A座,2024-05-31\n,2024-05-31\n"
        "12  Main   STREET,2024-05-31\n"
    )

    assert rows.address.tolist() == ["人民路12号a座", "人民路12号a座", "12 main street"]
    assert rows.rejects.summary() == {"no_address": 1}


def test_a_point_or_a_code_will_do(incidents_of):
    rows = incidents_of(
        "lon,lat,网格编码,time\n121,32,,2024-05-31\n,,G1,2024-05-31\n,,,2024-05-31\n"
    )

    assert rows.grid_code.tolist() == ["", "G1"]
    assert np.isnan(rows.lon).tolist() == [False, True]
    assert rows.rejects.summary() == {"no_position": 1}


def test_spans_are_half_open_and_must_not_end_before_they_begin(incidents_of):
    rows = incidents_of(
        "lon,lat,time,end_time\n"
        "121,32,2024-05-31 10:00,2024-05-31 12:00\n"
        "121,32,2024-05-31 10:00,2024-05-31 10:00\n"
        "121,32,2024-05-31 10:00,\n"
        "121,32,2024-05-31,2024-06-02\n"
        "121,32,2024-05-31 10:00,2024-05-31 09:00\n"
        "121,32,2024-05-31 10:00,2024-06-31 09:00\n",
        source_tz="UTC",
    )

    assert np.datetime_as_string(rows.occurred_to, "m").tolist() == [
        "2024-05-31T12:00", "NaT", "NaT", "2024-06-03T00:00",
    ]  # fmt: skip
    assert rows.rejects.code.tolist() == ["end_before_start", "no_such_day_june"]
    assert rows.rejects.reasons()[0] == (
        "It ends (2024-05-31 09:00) before it begins (2024-05-31 10:00)."
    )


def test_one_word_for_all(incidents_of):
    rows = incidents_of("lon,lat,time\n121,32,2024-05-31\n", category_value="burglary")

    assert rows.word.tolist() == ["burglary"]


def test_a_missing_time_column_is_named_with_its_option(incidents_of):
    with pytest.raises(MissingColumn, match=r"the time.*--time\. The file has: lon, lat, when"):
        incidents_of("lon,lat,when\n121,32,2024-05-31\n")


def test_no_way_to_locate_is_said(incidents_of):
    with pytest.raises(MissingColumn, match="--x and --y, --grid-code or --address"):
        incidents_of("time,what\n2024-05-31,x\n")


def test_a_named_column_that_is_not_there_is_said(incidents_of):
    with pytest.raises(NoSuchColumn, match="Is time meant"):
        incidents_of("lon,lat,time\n121,32,2024-05-31\n", time="tiem")


def test_nothing_left_is_no_error(incidents_of):
    rows = incidents_of("lon,lat,time\n,,2024-05-31\n")

    assert len(rows) == 0
    assert len(rows.rejects) == rows.read == 1


def test_a_formula_is_text_like_any_other(incidents_of):
    rows = incidents_of("lon,lat,time,type\n121,32,2024-05-31,=1+1\n=1+1,32,2024-05-31,x\n")

    assert rows.word.tolist() == ["=1+1"]
    assert rows.rejects.value.tolist() == ["=1+1"]
