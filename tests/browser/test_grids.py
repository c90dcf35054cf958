"""A border drawn anew by one coordinator and accepted by another, in a real browser."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import COOKIE
from tests.factories import chessboard_code
from tests.people import sign_in

SHOTS = os.environ.get("GRIDMAP_SCREENSHOTS")
LINE = {"type": "LineString", "coordinates": [[120.004, 31.99], [120.0065, 32.02]]}


@pytest.mark.browser
def test_a_draft_is_drawn_looked_at_and_accepted(small_city_of_its_own, watched, tmp_path):
    drawing = tmp_path / "line.geojson"
    drawing.write_text(json.dumps(LINE))

    def page_of(token, address):
        page = watched(small_city_of_its_own).page(signed_in=False)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": small_city_of_its_own}])
        page.goto(small_city_of_its_own + address)
        return page

    one = page_of(sign_in("coordinator", prefixes=("990101001",)), "/grids/drafts")
    one.get_by_label("Codes of the grids").fill(chessboard_code(0, 0))
    one.get_by_label("Drawing: a GeoJSON file").set_input_files(drawing)
    one.get_by_label("Why").fill("1,900 people")
    one.get_by_role("button", name="Keep as a draft").click()
    expect(one.get_by_role("img", name="Borders before and after")).to_be_visible()
    look_at(one, "draft")
    one.get_by_role("button", name="Ask for a review").click()

    other = page_of(
        sign_in("coordinator", prefixes=("990101001",)), one.url[len(small_city_of_its_own) :]
    )
    other.get_by_label("A note").fill("Good")
    look_at(other, "review")
    other.get_by_role("button", name="Accept").click()
    expect(other.get_by_text("Good")).to_be_visible()
    other.goto(f"{small_city_of_its_own}/grids/{chessboard_code(0, 0)}/history")
    expect(other.get_by_text("Went into")).to_be_visible()
    look_at(other, "history")


def look_at(page, name: str) -> None:
    """Nobody is kept out of the page; a picture of it where somebody wants one."""
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found] == []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"grids-{name}.png"), full_page=True)
