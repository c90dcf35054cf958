"""Files of residents: what is read, what is rejected, and that reasons say no personal value."""

import numpy as np
import pytest

from gridmap.intake import Columns, ReadOptions, UnreadableFile, read_residents
from gridmap.intake.residents import day_of, identity_written, phone_written
from gridmap.residents.rules import KIND_WORDS
from tests.factories import IDENTITIES, write_csv


def read(path, columns=None):
    return read_residents(path, columns or Columns(), ReadOptions(), kinds=KIND_WORDS)


def test_usual_chinese_headers_are_recognised(tmp_path):
    path = write_csv(
        tmp_path / "人口.csv",
        ("姓名", "身份证号码", "联系电话", "标准地址", "房号", "人口类型", "入住日期", "备注"),
        [("王小明", "11010519491231002x", "138 0000-0000", "柳桥路12号", "3单元302", "流动人口",
          "2021年3月5日", "")],
    )  # fmt: skip

    rows = read(path)

    assert (rows.name[0], rows.identity[0], rows.phone[0]) == (
        "王小明", IDENTITIES[0], "13800000000")  # fmt: skip
    assert rows.address[0] == "柳桥路12号"
    assert rows.detail[0] == "3单元302"
    assert rows.kind[0] == "temporary"
    assert rows.since[0] == np.datetime64("2021-03-05")
    assert np.isnat(rows.until[0])


def test_rows_at_fault_are_rejected_without_their_values(tmp_path):
    header = ("name", "identity", "phone", "grid_code", "since", "until")
    path = write_csv(tmp_path / "r.csv", header, [
        ("Ann", IDENTITIES[0], "555 0100", "G1", "2020-01-01", ""),
        ("", "", "", "G1", "", ""),
        ("Bob", "110105194912310021", "", "G1", "", ""),
        ("Cid", "", "none at all", "G1", "", ""),
        ("Dan", "", "", "G1", "soon", ""),
        ("Eve", "", "", "G1", "2020-01-02", "2020-01-02"),
        ("Fay", "", "", "", "", ""),
    ])  # fmt: skip

    rows = read(path)

    assert rows.name.tolist() == ["Ann"]
    assert rows.rejects.code.tolist() == [
        "no_name", "identity_impossible", "phone_impossible", "day_unreadable", "days_reversed",
        "no_code",
    ]  # fmt: skip
    said = " ".join(rows.rejects.reasons())
    assert not any(value in said for value in ("110105", "none at all", "soon", "Bob"))
    assert set(rows.rejects.value.tolist()) == {""}


def test_a_file_without_a_name_is_refused(tmp_path):
    path = write_csv(tmp_path / "r.csv", ("phone", "grid_code"), [("5550100", "G1")])

    with pytest.raises(UnreadableFile, match="--name"):
        read(path)


@pytest.mark.parametrize(
    ("text", "written"),
    [(IDENTITIES[0].lower(), IDENTITIES[0]),
     ("１１０１０５１９４９１２３１００２Ｘ", IDENTITIES[0]),
     ("11010519491231002-0", None), ("AB 12-34", "AB1234"), ("?!", None)],
)  # fmt: skip
def test_identity_numbers_are_written_in_one_form(text, written):
    assert identity_written(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [("+86 (010) 1234-5678", "+8601012345678"), ("１３８００００００００", "13800000000"),
     ("12", None), ("call me", None)],
)  # fmt: skip
def test_telephone_numbers_are_written_in_one_form(text, written):
    assert phone_written(text) == written


@pytest.mark.parametrize("text", ["2021-3-5", "2021/03/05", "20210305", "2021年3月5日",
                                  "2021-03-05 00:00:00"])  # fmt: skip
def test_usual_forms_of_a_day_are_read(text):
    assert str(day_of(text)) == "2021-03-05"


@pytest.mark.parametrize("text", ["2021-02-30", "05.03.2021", "yesterday"])
def test_no_day_is_guessed(text):
    assert day_of(text) is None
