import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.intake import ReadOptions, inspect, read_table
from gridmap.intake.errors import (
    BadEncoding,
    BadOption,
    DamagedFile,
    EmptyFile,
    NoHeader,
    UnreadableFile,
)


def values(table, header):
    return table.columns[header].to_pylist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(write, delimiter):
    text = "x,y,note\n1,2,a\n3,4,b\n".replace(",", delimiter)

    shape = inspect(write(text))

    assert shape.delimiter == delimiter
    assert shape.headers == ("x", "y", "note")
    assert shape.sample == (("1", "2", "a"), ("3", "4", "b"))


def test_a_comma_inside_quotes_does_not_mislead(write):
    assert inspect(write('a;b\n"1,2,3";x\n"4,5,6";y\n')).delimiter == ";"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(write, encoding, said):
    path = write("编号,类别\n1,盗窃\n2,电信诈骗\n".encode(encoding))

    table, shape = read_table(path), inspect(path)

    assert table.headers == ("编号", "类别")
    assert values(table, "类别") == ["盗窃", "电信诈骗"]
    assert shape.encoding == said
    assert table.line.tolist() == [2, 3]


def test_latin_text_is_not_taken_for_chinese(write):
    with pytest.raises(BadEncoding, match="--encoding"):
        read_table(write("lieu,genre\nOrléans,vol à l'étalage\nMünchen,Straße\n".encode("latin-1")))


def test_an_encoding_can_be_named(write):
    path = write("lieu\nOrléans\n".encode("latin-1"))

    assert values(read_table(path, ReadOptions(encoding="latin-1")), "lieu") == ["Orléans"]


def test_an_unknown_encoding_is_refused(write):
    with pytest.raises(BadOption, match="klingon"):
        read_table(write("a\n1\n"), ReadOptions(encoding="klingon"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_numbered_as_an_editor_does(write, end):
    lines = ["a,b", "1,x", "", '2,"two', 'lines"', "3,z", ""]

    table = read_table(write(end.join(lines)))

    assert table.line.tolist() == [2, 4, 6]
    assert values(table, "a") == ["1", "2", "3"]


def test_a_header_with_a_line_break_counts_its_lines(write):
    table = read_table(write('"date\nof it",b\n1,2\n'))

    assert table.headers == ("date of it", "b")
    assert table.line.tolist() == [3]


def test_rows_of_another_width_are_told_with_their_line(write):
    table = read_table(write("a,b\n1,2\n3\n4,5,6\n7,8\n"))

    assert table.line.tolist() == [2, 5]
    assert table.ragged.line.tolist() == [3, 4]
    assert table.ragged.value.tolist() == ["1", "3"]
    assert table.ragged.raw.to_pylist() == [{"a": "3", "b": ""}, {"a": "4", "b": "5,6"}]


def test_a_quote_that_never_closes_is_named_with_its_line(write):
    with pytest.raises(DamagedFile, match="opens on line 3"):
        read_table(write('a,b\n1,2\n3,"open\n4,5\n6,7\n'))


def test_a_quote_inside_a_text_is_a_quote(write):
    table = read_table(write('a,b\n1,5" pipe\n2,"say ""no"""\n\n3,x\n'))

    assert values(table, "b") == ['5" pipe', 'say "no"', "x"]
    assert table.line.tolist() == [2, 3, 5]


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "﻿", "a,b\n", "a,b"])
def test_a_file_without_rows_is_refused(write, text):
    with pytest.raises(EmptyFile):
        read_table(write(text))


def test_a_missing_header_is_noticed(write):
    with pytest.raises(NoHeader, match=r"121\.5"):
        read_table(write("121.5,31.2,2024-05-31\n121.6,31.3,2024-06-01\n"))


def test_repeated_and_empty_headers_get_names(write):
    table = read_table(write("x,x,,x (2)\n1,2,3,4\n"))

    assert table.headers == ("x", "x (3)", "column 3", "x (2)")
    assert table.repeated == ("x",)


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=8)
)


@given(rows=tables, end=st.sampled_from(["\n", "\r\n"]), always=st.booleans())
def test_what_the_csv_module_writes_comes_back(tmp_path_factory, rows, end, always):
    if not always:  # csv does not quote a lone return where lines end otherwise
        rows = [[text.replace("\r", "") for text in row] for row in rows]
    buffer = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL
    writer = csv.writer(buffer, lineterminator=end, quoting=quoting)
    headers = [f"h{i}" for i in range(len(rows[0]))]
    lines = []
    writer.writerow(headers)
    for row in rows:
        so_far = buffer.getvalue()
        breaks = so_far.count("\n") + so_far.count("\r") - so_far.count("\r\n")
        lines.append(breaks + 1)
        writer.writerow(row)
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(buffer.getvalue().encode())

    table = read_table(path, ReadOptions(encoding="utf-8", delimiter=","))

    assert [list(row) for row in zip(*(values(table, h) for h in headers), strict=True)] == rows
    assert table.line.tolist() == lines


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_end_in_a_table_or_a_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "rows.csv"
    path.write_bytes(b"a,b\n" + content)
    refused = ""
    try:
        table = read_table(path)
    except UnreadableFile as error:
        refused = str(error)

    assert "rows.csv" in refused or len(table) == len(values(table, table.headers[0]))
