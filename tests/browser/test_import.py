"""An import on pages, from the file to its being taken back."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories import INCIDENT_HEADER, centre, write_chessboard, write_csv

pytestmark = pytest.mark.browser


@pytest.fixture
def incidents_file(tmp_path):
    """Five rows: three in grids, one in none, one without a time."""
    rows = [(k, *centre(k, 0), f"2024-05-0{k + 1} 08:00:00", "theft") for k in range(3)]
    rows += [(8, 121.5, 33.5, "2024-05-08 08:00:00", "theft"), (9, *centre(1, 1), "", "theft")]
    return write_csv(tmp_path / "may.csv", INCIDENT_HEADER, rows)


def upload(page, base: str, path, kind: str) -> None:
    page.goto(f"{base}/import?kind={kind}")
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Upload and look at it").click()
    page.locator("#preview-map[data-ready=true]").wait_for()


def test_a_file_is_looked_at_checked_brought_in_and_taken_back(
    empty_city, watched, tmp_path, incidents_file
):
    page = watched(empty_city).page()

    upload(page, empty_city, write_chessboard(tmp_path / "grids.geojson", 3, 3), "grids")
    expect(page.locator("#c-code")).to_have_value("code")
    expect(page.locator("#sample-line")).to_contain_text("9 of 9 borders")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("h1")).to_have_text("9 of 9 rows were taken in")

    upload(page, empty_city, incidents_file, "incidents")
    expect(page.locator("h1")).to_have_text("may.csv")
    expect(page.locator("#c-x")).to_have_value("lon")
    page.fill("#c-tz", "Asia/Shanghai")
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#checked")).to_be_focused()
    checked = page.locator(".facts.four dd").all_inner_texts()
    assert [text.split()[0] for text in checked] == ["3", "1", "1", "0"]
    expect(page.locator("#c-tz")).to_have_value("Asia/Shanghai")

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("h1")).to_have_text("4 of 5 rows were taken in")
    expect(page.locator("#refused tbody tr")).to_have_count(1)
    expect(page.locator("#refused tbody")).to_contain_text("time")
    page.set_viewport_size({"width": 390, "height": 844})
    for part in ("#refused .hd .btn", ".pagehead .btn", ".pagehead h1"):
        for box in [found.bounding_box() for found in page.locator(part).all()]:
            assert box["x"] + box["width"] <= 378
    page.set_viewport_size({"width": 1440, "height": 900})
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused rows as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")

    page.get_by_role("button", name=re.compile("Undo this import")).click()
    expect(page.get_by_role("button", name="Keep the import")).to_be_focused()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.locator("h1")).to_have_text("This import was taken back")
    expect(page.locator(".facts.four a")).to_have_count(0)


def test_a_problem_is_said_and_what_was_typed_is_kept(small_city, watched, incidents_file):
    watch = watched(small_city)
    watch.allowed = ("422",)
    page = watch.page()
    upload(page, small_city, incidents_file, "incidents")

    page.fill("#c-crs", "EPSG:4610")
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.locator("#problem")).to_be_focused()
    expect(page.locator("#problem")).to_contain_text("CGCS2000")
    expect(page.locator("#problem")).to_contain_text("Nothing was stored.")
    expect(page.locator("#c-crs")).to_have_value("EPSG:4610")


def test_a_file_that_is_no_table_is_refused_at_once(small_city, watched, tmp_path):
    watch = watched(small_city)
    watch.allowed = ("422",)
    page = watch.open("/import")
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))

    page.set_input_files("#file", path)
    page.get_by_role("button", name="Upload and look at it").click()

    expect(page.locator("#problem")).to_contain_text("photo.csv")


def test_text_without_columns_is_refused_at_once(small_city, watched, tmp_path):
    watch = watched(small_city)
    watch.allowed = ("422",)
    page = watch.open("/import")
    path = tmp_path / "README.md"
    path.write_text("# A city\n\nThis is no table.\n", encoding="utf-8")

    page.set_input_files("#file", path)
    page.get_by_role("button", name="Upload and look at it").click()

    expect(page.locator("#problem")).to_contain_text("README.md is text without columns")
