"""The map in a real browser: painted, filtered without a reload, by keyboard too."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COLUMNS, ROWS

pytestmark = pytest.mark.browser

YEAR = "from=2024-01-01&to=2025-01-01"
RED = "178,24,43"


def colours_on_map(page) -> dict[str, int]:
    """How many sampled pixels of the grids' tiles have each colour."""
    return page.evaluate(
        """() => {
          const counts = {};
          for (const canvas of document.querySelectorAll(".leaflet-grids-pane canvas")) {
            const {width, height} = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            for (let i = 0; i < data.length; i += 4 * 97) {
              if (!data[i + 3]) continue;
              const key = [data[i], data[i + 1], data[i + 2]].join();
              counts[key] = (counts[key] ?? 0) + 1;
            }
          }
          return counts;
        }"""
    )


def click_grid(page, column: int, row: int) -> None:
    """Click into the middle of a square of the chessboard."""
    place = page.evaluate(
        """([lon, lat]) => {
          const point = window.gridmap.map.latLngToContainerPoint([lat, lon]);
          return [point.x, point.y];
        }""",
        [120 + (column + 0.5) * 0.01, 32 + (row + 0.5) * 0.01],
    )
    page.locator("#map_gridmap").click(position={"x": place[0], "y": place[1]})


def test_hot_grids_are_red_and_the_legend_counts_every_grid(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    expect(page.locator("h1")).to_have_text("Hotspots: all categories, 1 Jan – 31 Dec 2024")
    counts = page.locator(".legend .lg").first.locator(".n").all_inner_texts()
    numbers = [int(re.sub(r"\D", "", text)) for text in counts]
    assert sum(numbers) == COLUMNS * ROWS
    assert numbers[0] >= 4
    assert colours_on_map(page)[RED] > 50


def test_a_click_opens_the_card_and_escape_gives_the_focus_back(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    click_grid(page, 0, 0)

    expect(page.locator("#drawer h2")).to_have_text("Grid 000")
    expect(page.locator("#drawer h2")).to_be_focused()
    expect(page.locator("#drawer .verdict")).to_contain_text("Hot, 99%\u00a0level")
    expect(page.locator("#drawer .facts dd").first).to_contain_text("60")
    expect(page).to_have_url(re.compile(r"grid=990101001000000"))
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#map_gridmap")).to_be_focused()
    assert "grid=" not in page.url


def test_a_card_that_was_opened_by_a_click_stays_when_the_filter_changes(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")
    card = re.compile(r"grid=990101001000000")
    click_grid(page, 0, 0)
    expect(page.locator("#drawer h2")).to_have_text("Grid 000")

    page.locator("#m-count").click()
    expect(page.locator(".legend h2")).to_have_text("Incidents in a grid")
    expect(page.locator("#drawer h2")).to_have_text("Grid 000")
    expect(page).to_have_url(card)

    page.locator("#f-category").click()
    page.locator("label.opt", has_text="Theft").locator("input").check()
    page.locator("#filters details[open] button[type=submit]").click()
    expect(page.locator("h1")).to_contain_text("Theft")
    expect(page.locator("#drawer .facts dd").first).to_contain_text("20")
    expect(page).to_have_url(card)

    page.locator("#f-period").click()
    page.locator(".presets a", has_text="Last 90 days").click()
    expect(page.locator("h1")).not_to_contain_text("1 Jan")
    expect(page.locator("#drawer h2")).to_have_text("Grid 000")
    expect(page).to_have_url(card)

    page.locator("#view-table").click()
    expect(page.locator("#drawer h2")).to_have_text("Grid 000")


def test_a_card_that_was_closed_stays_closed_when_the_filter_changes(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}&grid=990101001000000")
    expect(page.locator("#drawer h2")).to_have_text("Grid 000")
    page.keyboard.press("Escape")

    page.locator("#m-count").click()

    expect(page.locator(".legend h2")).to_have_text("Incidents in a grid")
    expect(page.locator("#drawer")).to_be_hidden()
    assert "grid=" not in page.url


def test_back_undoes_the_last_step_and_an_address_rebuilds_the_page(small_city, watched):
    watch = watched(small_city)
    page = watch.map(f"/?{YEAR}")
    click_grid(page, 1, 1)
    expect(page.locator("#drawer h2")).to_have_text("Grid 001")

    page.go_back()
    expect(page.locator("#drawer")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#drawer h2")).to_have_text("Grid 001")

    again = watch.map(page.url.removeprefix(small_city))
    expect(again.locator("#drawer h2")).to_have_text("Grid 001")
    expect(again.locator("h1")).to_have_text(page.locator("h1").inner_text())


def test_a_filter_changes_the_map_without_a_reload_and_without_new_tiles(small_city, watched):
    watch = watched(small_city)
    page = watch.map(f"/?{YEAR}")
    page.evaluate("() => { window.sameDocument = true; }")
    before = len([url for url in watch.requests if "/tiles/" in url])

    page.locator("#f-category").click()
    page.locator("label.opt", has_text="Theft").locator("input").check()
    page.locator("#filters details[open] button[type=submit]").click()

    expect(page.locator("h1")).to_have_text("Hotspots: Theft, 1 Jan – 31 Dec 2024")
    expect(page).to_have_url(re.compile("category=theft"))
    expect(page.locator("#f-category")).to_be_focused()
    assert page.evaluate("() => window.sameDocument") is True
    assert len([url for url in watch.requests if "/tiles/" in url]) == before


def test_measures_repaint_in_their_own_colours(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    page.locator("#m-count").click()

    expect(page.locator("h1")).to_have_text("Incidents: all categories, 1 Jan – 31 Dec 2024")
    expect(page.locator(".legend h2")).to_have_text("Incidents in a grid")
    expect(page.locator("#m-count")).to_be_focused()
    page.wait_for_timeout(300)
    colours = colours_on_map(page)
    assert RED not in colours
    assert colours.get("158,154,200", 0) > 50
    assert colours.get("84,39,143", 0) > 5


def test_a_period_is_given_with_its_last_day_and_stored_half_open(small_city, watched):
    page = watched(small_city).map()

    page.locator("#f-period").click()
    page.locator("input[type=date][name=from]").fill("2024-03-01")
    page.locator("input[name=last]").fill("2024-03-31")
    page.locator("#filters details[open] button[type=submit]").click()

    expect(page.locator("h1")).to_contain_text("1–31 Mar 2024")
    expect(page).to_have_url(re.compile(r"from=2024-03-01&to=2024-04-01"))


def test_incidents_without_a_point_are_said_beside_the_dots(small_city, watched):
    watch = watched(small_city)
    page = watch.map(f"/?{YEAR}")
    expect(page.locator("#dots-line")).to_have_text("All 368 in view are drawn as dots.")

    def without_points(route):
        answer = route.fetch()
        found = answer.json() | {"total": 0, "pointless": 1204, "x": [], "y": []}
        route.fulfill(response=answer, json=found)

    page.route("**/map/points*", without_points)
    page.locator("#zoom-in").click()

    expect(page.locator("#dots-line")).to_have_text(
        "1,204 in view have no dot: only their grid is known."
    )


def test_a_quiet_period_is_said_on_the_map_and_the_way_back_takes_it_away(small_city, watched):
    page = watched(small_city).map("/?from=2020-01-01&to=2021-01-01", width=390, height=844)
    note = page.locator("#said")
    expect(note).to_contain_text("No incident lies in these grids in this period")
    legend, said = page.locator("#legend").bounding_box(), note.bounding_box()
    assert said["y"] + said["height"] <= legend["y"]

    note.get_by_text("Show the newest 90 days").click()

    expect(note).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("2024")


def test_the_map_is_one_tab_stop_and_enter_lists_what_is_visible(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")
    stops = page.locator("#map_gridmap [tabindex='0'], #map_gridmap a, #map_gridmap button")
    assert stops.count() == 0

    page.locator("#map_gridmap").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#drawer h2")).to_have_text("Grids in view")
    entries = page.locator("#drawer .inview button")
    expect(entries).to_have_count(COLUMNS * ROWS)
    entries.first.click()
    expect(page.locator("#drawer .verdict")).to_contain_text("Hot, 99%")


def test_arrows_and_signs_move_and_zoom_and_the_address_keeps_the_place(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")
    zoom = page.evaluate("() => window.gridmap.map.getZoom()")

    page.locator("#map_gridmap").focus()
    page.keyboard.press("+")

    page.wait_for_timeout(400)
    assert page.evaluate("() => window.gridmap.map.getZoom()") > zoom
    assert "at=" in page.url


def test_dots_are_drawn_and_their_number_is_said(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    expect(page.locator("#dots-line")).to_have_text("All 368 in view are drawn as dots.")


def test_without_a_grid_leads_to_the_list(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    page.get_by_role("link", name="2 without a grid").click()

    expect(page.locator("h1")).to_have_text("Incidents without a grid")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_search_says_what_a_hit_is_and_opens_it(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    page.keyboard.press("/")
    page.keyboard.type("Grid 003")
    first = page.locator("#hits [role=option]").first
    expect(first).to_contain_text("Grid 003")  # not the answer to half of the words
    expect(first).to_contain_text("grid")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#drawer h2")).to_have_text("Grid 003")
    expect(page).to_have_url(re.compile("from=2024-01-01"))


def test_theme_and_language_change_and_are_kept(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")

    page.locator("#theme-switch").click()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    page.locator("#language-switch").click()

    expect(page.locator("h1")).to_have_text("热点：全部类别，2024年1月1日—12月31日")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("() => document.documentElement.lang") == "zh-Hans"
    assert "lang=" not in page.url


def test_the_table_is_equal_to_the_map(small_city, watched):
    watch = watched(small_city)
    page = watch.map(f"/?{YEAR}")
    hot = page.locator(".legend .lg").first.locator(".n").first.inner_text()

    page.locator("#view-table").click()

    expect(page.locator("h1")).to_have_text("Hotspots: all categories, 1 Jan – 31 Dec 2024")
    expect(page.locator(".pager")).to_contain_text("1–25 of 36")
    rows = page.locator("tbody tr", has_text="Hot, 99%")
    assert str(rows.count()) == re.sub(r"\D", "", hot)
    page.locator("#sort-name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Grid")
    page.locator("tbody a").first.click()
    expect(page.locator("#drawer h2")).to_be_visible()


def test_a_failing_server_is_said_and_the_filters_are_kept(small_city, watched):
    watch = watched(small_city)
    watch.allowed = ("Failed to load resource",)
    page = watch.map(f"/?{YEAR}")
    page.route("**/map/figures*", lambda route: route.fulfill(status=503, body="{}", headers={
        "content-security-policy": "default-src 'none'"}))  # fmt: skip

    page.locator("#m-count").click()

    expect(page.locator("#map-note")).to_contain_text("could not be drawn")
    page.unroute("**/map/figures*")
    page.locator("#map-note button").click()
    expect(page.locator("#map-note")).to_be_hidden()
    assert "measure=count" in page.url


def test_an_empty_city_says_what_to_do_first(empty_city, watched):
    page = watched(empty_city).open("/")

    expect(page.locator("#pane h2")).to_have_text("There are no grids yet")
    page.get_by_role("link", name="Import grids").click()
    expect(page.locator("input[name=kind]:checked")).to_have_value("grids")


@pytest.mark.parametrize("address", ["/", "/table", "/import", "/grids", "/categories"])
def test_nothing_scrolls_sideways_on_a_phone(small_city, watched, address):
    page = watched(small_city).open(address, width=390, height=844, has_touch=True, is_mobile=True)

    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("address", ["/grids", "/categories", "/incidents/unlinked"])
def test_on_a_phone_each_register_is_a_tap_away(small_city, watched, address):
    page = watched(small_city).open(address, width=390, height=844, has_touch=True, is_mobile=True)
    tabs = page.locator(".tabs a")
    bar = page.locator(".tabs").bounding_box()
    assert bar["height"] >= 44

    for k in range(tabs.count()):
        tabs.nth(k).tap()
        expect(tabs.nth(k)).to_have_attribute("aria-current", "page")


PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def test_on_a_phone_nothing_lies_over_the_menu_of_layers(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}&grid=990101001000000", **PHONE)
    page.locator("#legend").evaluate("legend => { legend.open = true }")

    page.locator(".map-tr summary").tap()

    for box in page.locator("[data-layer]").all():
        box.tap()
    hidden = page.evaluate("""() => [...document.querySelectorAll("[data-layer]")].filter((box) => {
      const { x, y, width, height } = box.getBoundingClientRect();
      return document.elementFromPoint(x + width / 2, y + height / 2) !== box;
    }).map((box) => box.dataset.layer)""")
    assert hidden == []


def test_on_a_phone_the_table_begins_with_the_signs_and_shows_the_counts(small_city, watched):
    page = watched(small_city).open(f"/table?{YEAR}", **PHONE)

    expect(page.locator("tbody tr").first).to_contain_text("▲▲▲")
    for column in ("sort-class", "sort-name", "sort-n"):
        box = page.locator(f"#{column}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_on_a_phone_the_card_is_a_sheet_and_the_legend_one_line(small_city, watched):
    page = watched(small_city).map(
        f"/?{YEAR}", width=390, height=844, has_touch=True, is_mobile=True
    )

    expect(page.locator(".legend .lbody")).to_be_hidden()
    click_grid(page, 3, 3)
    expect(page.locator("#drawer h2")).to_be_visible()
    box = page.locator("#drawer").bounding_box()
    assert box is not None
    assert box["width"] == 390
    assert box["y"] > 200


def test_chicago_has_its_published_numbers(chicago, watched):
    page = watched(chicago).map("/?from=2016-01-01&to=2017-01-01&category=burglary&grid=17031071")

    expect(page.locator("h1")).to_have_text("Hotspots: Burglary, 1 Jan – 31 Dec 2016")
    expect(page.locator("#head .sub")).to_contain_text("11,699 incidents in 77 grids")
    expect(page.locator("#head .sub")).to_contain_text("2 without a grid")
    counts = page.locator(".legend .lg").first.locator(".n").all_inner_texts()
    assert [int(re.sub(r"\D", "", n)) for n in counts] == [1, 2, 1, 73, 0, 0, 0, 0]
    card = page.locator("#drawer")
    expect(card).to_contain_text("its 9 neighbours had 2,897 incidents in 2016")
    expect(card).to_contain_text("about 1,519")
    expect(card).to_contain_text("z 3.88, q 0.008")
    expect(card.locator(".facts dd").nth(0)).to_contain_text("450")
    expect(card.locator(".facts dd").nth(1)).to_contain_text("489 in 2015")
