"""Exports open in a spreadsheet as what they are: texts stay texts."""

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest

from gridmap.core.sheets import as_csv, as_xlsx

HEADER = ("case", "title", "n", "when")
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "＋1"]


@pytest.mark.parametrize("text", EVIL)
def test_a_text_that_looks_like_a_formula_stays_a_text(text):
    written = as_csv(HEADER, [("a", text, 1, None)])
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx("cases", HEADER, [("a", text, 1, None)])))

    assert list(csv.reader(io.StringIO(written.removeprefix("\ufeff"))))[1][1] == "'" + text
    cell = sheet.active["B2"]
    assert cell.data_type == "s"
    assert cell.value == "'" + text


def test_numbers_instants_and_nothing_keep_their_kind():
    row = ("a", "灯不亮", -3, datetime(2026, 11, 24, 8, 5, tzinfo=UTC))
    book = openpyxl.load_workbook(
        io.BytesIO(as_xlsx("x" * 40, HEADER, [row, ("b", None, 0, None)]))
    )

    cells = list(book.active.iter_rows(values_only=True))
    assert cells[0] == HEADER
    assert cells[1] == (*row[:3], row[3].replace(tzinfo=None))
    assert cells[2] == ("b", None, 0, None)
    assert as_csv(HEADER, [row]).endswith("a,灯不亮,-3,2026-11-24 08:05\r\n")


def test_letters_that_excel_refuses_are_left_out_and_long_texts_cut():
    book = openpyxl.load_workbook(
        io.BytesIO(as_xlsx("x", HEADER, [("a", "x\x00\x0by" + "z" * 40_000, 1, None)]))
    )

    assert book.active["B2"].value.startswith("xyz")
    assert len(book.active["B2"].value) <= 32_000
