# ruff: noqa: DTZ001 - cells have no zones
import datetime as dt

import numpy as np
import openpyxl
import pytest

from gridmap.intake import ReadOptions, inspect, read_table
from gridmap.intake.errors import DamagedFile, NoHeader, NoSuchLayer
from tests.intake.intake_books import book_bytes

HEADER = ["编号", "经度", "纬度", "发生时间", "类别"]


def test_a_book_of_incidents(incidents_of, write):
    rows = [
        [1, 121.5, 32, dt.datetime(2024, 5, 31, 14, 30), "盗窃"],
        [2, 121.25, 32, dt.date(2024, 5, 31), "诈骗"],
        [3, "121.25", "32", "2024-05-31 08:00", "诈骗"],
        [4, 121.25, 32, 45443.5, "诈骗"],
        [5, 121.25, 32, 45443, "诈骗"],
        [None, None, None, None, None],
        [6, None, 32, "2024-05-31", True],
    ]

    found = incidents_of(write(book_bytes([HEADER, *rows]), "a.xlsx"))

    assert found.source_id.tolist() == ["1", "2", "3", "4", "5"]
    assert found.line.tolist() == [2, 3, 4, 5, 6]
    assert np.datetime_as_string(found.occurred_from, "m").tolist() == [
        "2024-05-31T06:30", "2024-05-30T16:00", "2024-05-31T00:00", "2024-05-31T04:00",
        "2024-05-30T16:00",
    ]  # fmt: skip
    assert np.isnat(found.occurred_to).tolist() == [True, False, True, True, False]
    assert found.rejects.line.tolist() == [8]
    assert found.rejects.raw.to_pylist()[0]["类别"] == "true"


def test_a_title_above_the_header_is_left_out(write):
    table = read_table(write(book_bytes([["月报表"], [], HEADER, [1, 2, 3, 4, 5]]), "a.xlsx"))

    assert table.headers == tuple(HEADER)
    assert table.line.tolist() == [4]
    assert [note.code for note in table.notes] == ["title_rows"]


def test_a_sheet_can_be_chosen(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "一月"
    book.active.append(["a"])
    book.active.append(["1"])
    second = book.create_sheet("二月")
    second.append(["b"])
    second.append(["2"])
    book.save(tmp_path / "a.xlsx")

    assert inspect(tmp_path / "a.xlsx").layers == ("一月", "二月")
    assert read_table(tmp_path / "a.xlsx", ReadOptions(layer="二月")).headers == ("b",)
    with pytest.raises(NoSuchLayer, match="一月, 二月"):
        read_table(tmp_path / "a.xlsx", ReadOptions(layer="三月"))


def test_whole_numbers_have_no_point(write):
    table = read_table(write(book_bytes([["a", "b"], [1.0, 0.1], [10**14, 1e-7]]), "a.xlsx"))

    assert table.columns["a"].to_pylist() == ["1", "100000000000000"]
    assert table.columns["b"].to_pylist() == ["0.1", "1e-07"]


def test_a_sheet_without_a_header_is_refused(write):
    with pytest.raises(NoHeader):
        read_table(write(book_bytes([[1, 2], [3, 4]]), "a.xlsx"))


def test_a_cell_beyond_the_header_refuses_the_sheet(write):
    with pytest.raises(DamagedFile, match="beyond the last header"):
        read_table(write(book_bytes([["a", "b"], [1, 2, 3]]), "a.xlsx"))


def test_many_rows_come_in_order(write):
    rows = [[i, f"t{i}"] for i in range(45_000)]

    table = read_table(write(book_bytes([["a", "b"], *rows]), "a.xlsx"))

    assert table.columns["a"].to_pylist() == [str(i) for i in range(45_000)]
    assert (np.diff(table.line) == 1).all()
    assert inspect(write(book_bytes([["a", "b"], *rows[:25]]), "b.xlsx")).sample[-1] == (
        "19",
        "t19",
    )
