import csv

import numpy as np
import pytest

from gridmap.intake.reasons import REASONS
from gridmap.intake.rejects import write_rejects
from gridmap.intake.tables import read_table

TEXT = (
    "id,lon,lat,time,类别\n"
    "1,abc,32,2024-05-31,盗窃\n"
    '2,121,32,2024-02-31,"=HYPERLINK(""http://example.org"")"\n'
    "3,-91.5,95.5,2024-05-31,+86 138\n"
    "4,121,32\n"
    '5,121,,2024-05-31,"@SUM(A1)\n next"\n'
    "6,121,32,2024-05-31,ok\n"
)


@pytest.fixture
def report(incidents_of, tmp_path):
    rows = incidents_of(TEXT)
    write_rejects(rows.rejects, tmp_path / "rejects.csv")
    return tmp_path / "rejects.csv"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_has_line_reason_and_row(report):
    rows = rows_of(report)

    assert list(rows[0]) == [
        "line", "column", "value", "code", "reason", "what to do",
        "id", "lon", "lat", "time", "类别",
    ]  # fmt: skip
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6"]
    assert rows[0]["reason"] == "abc in lon is not a number."
    assert rows[0]["what to do"] == "Correct the value and import the row again."
    assert rows[1]["reason"] == "There is no 31 February."
    assert rows[3]["reason"] == "The row has 3 fields, the header has 5."
    assert rows[0]["类别"] == "盗窃"
    assert report.read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_cell_of_the_report_runs_in_a_spreadsheet(report):
    rows = rows_of(report)

    assert rows[1]["类别"] == '\'=HYPERLINK("http://example.org")'
    assert rows[2]["类别"] == "'+86 138"
    assert rows[4]["类别"].startswith("'@SUM(A1)")
    assert not any(
        value[:1] in set("=+@\t\r") or (value[:1] == "-" and not value[1:2].isdigit())
        for row in rows
        for value in row.values()
    )


def test_a_header_is_guarded_too(incidents_of, tmp_path):
    rows = incidents_of("lon,lat,time,=cmd\n1,2,,x\n")

    write_rejects(rows.rejects, tmp_path / "r.csv")

    assert "'=cmd" in rows_of(tmp_path / "r.csv")[0]


def test_negative_numbers_stay_numbers(report):
    assert rows_of(report)[2]["lon"] == "-91.5"


def test_the_report_itself_can_be_read_and_its_rows_imported(report, incidents_of):
    table = read_table(report)
    rows = incidents_of(report, id="id", category="类别")

    assert len(table) == 5
    assert rows.rejects.code.tolist() == [
        "coordinate_unreadable", "no_such_day_february", "coordinate_out_of_range",
        "no_time", "no_position",
    ]  # fmt: skip


def test_rejects_are_counted_by_reason(incidents_of):
    rows = incidents_of("lon,lat,time\n" + "1,2,\n" * 3 + ",,2024-05-31\n")

    assert rows.rejects.summary() == {"no_time": 3, "no_position": 1}


def test_sentences_are_translated_once_a_reason(incidents_of, tmp_path):
    asked = []
    rows = incidents_of("lon,lat,time\n" + "1,2,\n" * 5)

    def translate(text):
        asked.append(text)
        return text.upper().replace("%(COLUMN)S", "%(column)s")

    write_rejects(rows.rejects, tmp_path / "r.csv", translate)

    assert rows_of(tmp_path / "r.csv")[0]["REASON"] == "time IS EMPTY."
    assert len(asked) == 6 + 2


def test_examples_are_for_a_page(incidents_of):
    rows = incidents_of("lon,lat,time\n" + "1,2,\n" * 5)

    assert rows.rejects.examples(1) == [
        {"line": 2, "code": "no_time", "column": "time", "value": "", "detail": ""}
    ]


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_is_a_sentence_with_a_way_out(code):
    reason = REASONS[code]
    said = reason.message % {"column": "C", "value": "V", "detail": "D"}

    assert said.endswith(".")
    assert reason.way_out.endswith(".")
    assert "(" not in said.replace("(V)", "").replace("(D)", "")


def test_half_a_million_rejects_are_no_matter_of_minutes(incidents_of, tmp_path):
    rows = incidents_of("lon,lat,time,note\n" + "1,2,,=x\n" * 200_000)

    write_rejects(rows.rejects, tmp_path / "r.csv")

    assert len(rows.rejects) == 200_000
    assert (np.diff(rows.rejects.line) == 1).all()
