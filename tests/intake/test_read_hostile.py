"""Files that mean harm: each ends in one clear sentence, within a gigabyte of memory."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridmap.intake import Columns, ReadOptions, inspect, read_incidents, read_table
from gridmap.intake.errors import (
    DamagedFile,
    EmptyFile,
    FileNotAllowed,
    NoSuchFile,
    TooLarge,
    UnknownFormat,
    UnreadableFile,
)
from gridmap.intake.formats import isolated
from tests.intake.intake_books import book_bytes, changed_book

GIGABYTE = 1 << 30

PROBE = """
import json, re, resource, sys
from pathlib import Path
from gridmap.intake import Columns, ReadOptions, UnreadableFile, inspect, read_table
answers = []
for act in (inspect, read_table):
    try:
        act(Path(sys.argv[1]))
        answers.append("")
    except UnreadableFile as error:
        answers.append(type(error).__name__ + ": " + str(error))
# Its own peak from the kernel: ru_maxrss also counts the process that started this one.
own = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
readers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([answers, [int(own) * 1024, readers * 1024]]))
"""


def refused(path: Path, *, seconds: float = 60) -> str:
    """Try to look at and to read a file in a process of its own; return the sentence."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)],
        capture_output=True,
        timeout=seconds,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    answers, peak = json.loads(run.stdout.splitlines()[-1])
    assert sum(peak) < GIGABYTE, peak
    assert answers[1], "it was read"
    assert "Traceback" not in answers[1]
    assert "/tmp" not in answers[1]
    return answers[1]


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.slow
def test_an_excel_bomb(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(150):
                sheet.write(b" " * (10 << 20))

    assert path.stat().st_size < 4 << 20
    assert "unpacks to far more than it seems" in refused(path)


def test_a_bomb_that_keeps_to_the_ratio_is_stopped_by_its_memory(tmp_path, monkeypatch):
    # Shared strings, which openpyxl keeps all in memory, packed 1 : 2; with a lower limit.
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    path = changed_book(
        tmp_path / "a.xlsx",
        {"[Content_Types].xml": lambda xml: xml.replace(b"</Types>", part)},
    )
    texts = (b"<si><t>%s</t></si>" % os.urandom(1000).hex().encode() for _ in range(3_000))
    strings = b"".join(texts)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as shared,
    ):
        xml = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        shared.write(xml)
        for _ in range(40):
            shared.write(strings)
        shared.write(b"</sst>")

    monkeypatch.setattr(isolated, "READER_MEMORY_BYTES", 150 << 20)

    with pytest.raises(TooLarge, match="more memory than one file may take"):
        read_table(path)


def test_a_shapefile_bomb(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dbf", b"")
        with archive.open("a.shp", "w") as shapes:
            for _ in range(20):
                shapes.write(bytes(10 << 20))

    assert "unpacks to far more than it seems" in refused(path)


def test_an_archive_in_an_archive_is_not_opened(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"a.shp": b"x"})
    path = zipped(tmp_path / "a.zip", {"inner.zip": inner.read_bytes()})

    assert "without an Excel book or a shapefile" in refused(path)


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/a.shp", "/etc/a.shp", "..\\a.shp", "C:\\a.shp", "a/../../b.shp"]
)
def test_a_path_that_leads_out_of_an_archive(tmp_path, name):
    path = zipped(tmp_path / "a.zip", {name: b"x", "b.shp": b"x"})

    assert "leads out of it" in refused(path)


def test_a_locked_archive(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.shp": b"x"})
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    path.write_bytes(raw)

    assert "password" in refused(path)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">'
    + b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 12))
    + b"]>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [LAUGHS, OUTSIDE], ids=["laughs", "outside"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_xml_entities_in_a_book(tmp_path, head, part):
    def poisoned(xml: bytes) -> bytes:
        start = xml.index(b"?>") + 2 if xml.startswith(b"<?xml") else 0
        return head + xml[start:]

    sentence = refused(changed_book(tmp_path / "a.xlsx", {part: poisoned}))

    assert "DamagedFile" in sentence
    assert "root:" not in sentence


def test_a_formula_shows_its_last_value_and_is_never_run(tmp_path):
    content = book_bytes([["id", "lon", "lat", "time", "type"], [1, 121, 32, "2024-05-31", "=1+1"]])
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)

    def computed(xml: bytes) -> bytes:
        return re.sub(rb"<f>1\+1</f><v ?/?>(</v>)?", b"<f>1+1</f><v>2</v>", xml)

    cached = changed_book(tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": computed}, content)

    assert read_table(path).columns["type"].to_pylist() == [""]
    assert read_table(cached).columns["type"].to_pylist() == ["2"]


def test_a_hundred_thousand_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n")

    assert "100000 columns; the limit is 1000" in refused(path)


def test_a_hundred_thousand_columns_of_parquet(tmp_path):
    pq.write_table(pa.table({f"c{i}": [1] for i in range(20_000)}), tmp_path / "a.parquet")

    assert "20000 columns" in refused(tmp_path / "a.parquet")


def test_a_sheet_that_claims_to_be_huge(tmp_path):
    path = changed_book(
        tmp_path / "a.xlsx",
        {
            "xl/worksheets/sheet1.xml": lambda xml: xml.replace(
                b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"'
            )
        },
        book_bytes([["a", "b"], [1, 2]]),
    )

    assert read_table(path).columns["b"].to_pylist() == ["2"]


def test_a_cell_far_to_the_right(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["XFD3"] = "a", "b", 1
    book.save(tmp_path / "a.xlsx")

    assert "DamagedFile" in refused(tmp_path / "a.xlsx")


@pytest.mark.slow
def test_one_line_of_a_gigabyte(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n")
        for _ in range(16):
            file.write(b"x" * (64 << 20))

    assert "a line of more than 1 MB" in refused(path)


def test_a_gigabyte_of_nothing(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        file.truncate(GIGABYTE)

    assert "TooLarge" in refused(path) or "DamagedFile" in refused(path)


def test_a_quote_that_opens_a_huge_value(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"' + "x\n" * 20_000_000)

    sentence = refused(path)

    assert "TooLarge" in sentence or "DamagedFile" in sentence


def test_millions_of_rows_that_do_not_fit_the_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"1\n" * 20_000_000)

    assert "more or fewer fields" in refused(path)


def test_a_parquet_bomb(tmp_path):
    path = tmp_path / "a.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 900_000])
    pq.write_table(pa.table({"a": text}), path, compression="zstd")
    assert path.stat().st_size < 1 << 20

    assert "TooLarge" in refused(path)


def test_deeply_nested_json(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text('{"type":"FeatureCollection","features":' + "[" * 200_000 + "]" * 200_000 + "}")

    assert "DamagedFile" in refused(path)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"},
        {"type": "Topology", "objects": {}, "arcs": []},
        {"type": "FeatureCollection", "features": 3},
        {"type": "Nothing"},
        {"a": 1},
    ],
)
def test_json_that_is_no_geojson(tmp_path, content):
    path = tmp_path / "a.gdalg.json"
    path.write_text(json.dumps(content))

    sentence = refused(path)

    assert "DamagedFile" in sentence or "EmptyFile" in sentence


@pytest.mark.parametrize(
    "head",
    [
        '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource>',
        '<?xml version="1.0"?><kml/>',
        "<!DOCTYPE html>",
    ],
)
@pytest.mark.parametrize("name", ["a.vrt", "a.csv", "a.gpkg"])
def test_xml_never_reaches_gdal(tmp_path, head, name):
    path = tmp_path / name
    path.write_text(head)

    assert "XML or HTML" in refused(path)


@pytest.mark.parametrize(
    "address",
    [
        "/vsicurl/http://127.0.0.1:9/a.csv",
        "http://127.0.0.1:9/a.csv",
        "/vsizip//etc/a.zip",
        "GPKG:/etc/passwd",
        "PG:host=127.0.0.1",
        "/dev/zero",
        "/proc/self/mem",
        "/dev/stdin",
        "-",
        "",
        "a\0b",
    ],
)
def test_what_is_no_ordinary_file_is_refused(address):
    with pytest.raises(UnreadableFile):
        read_table(Path(address))


def test_a_folder_and_a_missing_file(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(NoSuchFile):
            read_table(path)


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.csv")

    with pytest.raises(NoSuchFile):
        read_table(tmp_path / "a.csv")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything
        monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(FileNotAllowed):
        read_table(path)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.gpkg", "a.parquet", "a.geojson"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()

    with pytest.raises(EmptyFile):
        inspect(tmp_path / name)


def test_an_old_excel_file_is_refused_with_a_way_out(write):
    with pytest.raises(UnknownFormat, match=r"\.xls.*\.xlsx"):
        read_table(write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xls"))


@pytest.mark.parametrize(
    "content",
    [os.urandom(5000), bytes(5000), b"PK\x03\x04" + os.urandom(500), b"PAR1" + os.urandom(500),
     b"PAR1PAR1", b"SQLite format 3\0" + os.urandom(5000), b"\0\0\x27\x0a" + os.urandom(500),
     b"{" + os.urandom(50), b'{"type":'],
    ids=["noise", "zeros", "zip", "parquet", "short parquet", "sqlite", "shp", "json", "cut json"],
)  # fmt: skip
def test_garbage_is_refused(write, content):
    with pytest.raises(UnreadableFile):
        read_table(write(content, "a.bin"))


def whole_files(folder: Path) -> dict[str, Path]:
    data = geopandas.GeoDataFrame(
        {"code": [f"c{i}" for i in range(500)]},
        geometry=[shapely.Point(121 + i / 1000, 32) for i in range(500)],
        crs="EPSG:4326",
    )
    data.to_file(folder / "a.gpkg")
    data.to_file(folder / "a.geojson")
    data.to_parquet(folder / "a.parquet")
    (folder / "a.xlsx").write_bytes(book_bytes([["a"], *[[i] for i in range(500)]]))
    return {kind: folder / f"a.{kind}" for kind in ("gpkg", "geojson", "parquet", "xlsx")}


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "parquet", "xlsx"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_was_cut_off(tmp_path, kind, share):
    path = whole_files(tmp_path)[kind]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(DamagedFile, match="damaged or incomplete"):
        read_table(path)


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i AS geom FROM n"
)


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE a", f"CREATE VIEW a AS {ENDLESS}"],
        [
            "ALTER TABLE gpkg_contents RENAME TO other",
            "CREATE VIEW gpkg_contents AS SELECT * FROM other",
        ],
        ["ALTER TABLE a ADD COLUMN x TEXT GENERATED ALWAYS AS (hex(zeroblob(900000000)))"],
    ],
    ids=["endless view", "view for contents", "computed column"],
)
def test_a_geopackage_that_runs_foreign_sql(tmp_path, statements):
    path = whole_files(tmp_path)["gpkg"]
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
    connection.close()

    sentence = refused(path)

    assert "views or computed columns" in sentence


def test_an_sqlite_database_is_no_geopackage(tmp_path):
    with sqlite3.connect(tmp_path / "a.gpkg") as connection:
        connection.execute("CREATE TABLE a (b)")
    connection.close()

    with pytest.raises(UnknownFormat, match="no GeoPackage"):
        read_table(tmp_path / "a.gpkg")


def test_the_reader_knows_one_driver_only(tmp_path):
    code = (
        "from gridmap.intake.formats.vector import keep_one_driver\n"
        "import pyogrio\n"
        "keep_one_driver('GPKG')\n"
        "print(sorted(pyogrio.list_drivers()))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[2], check=True
    )

    assert run.stdout.decode().strip() == "['GPKG']"


def test_an_error_names_the_file_and_has_a_status(write):
    with pytest.raises(UnreadableFile) as caught:
        read_incidents(
            write(b"PAR1PAR1", "fälle.parquet"), Columns(), ReadOptions(), now=None, source_tz=None
        )

    assert caught.value.status == 422
    assert "fälle.parquet" in str(caught.value)


def test_no_temporary_file_is_left(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    files = whole_files(tmp_path)
    for path in files.values():
        read_table(path)
    with pytest.raises(UnreadableFile):
        read_table(zipped(tmp_path / "a.zip", {"../a.shp": b""}))

    assert list((tmp_path / "t").iterdir()) == []


def test_too_large_says_what_to_do():
    error = TooLarge(file="a.csv", what="5 columns", limit="1", way_out="Split it.")

    assert str(error) == "a.csv has 5 columns; the limit is 1. Split it."
