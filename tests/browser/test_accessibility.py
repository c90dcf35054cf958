"""axe-core finds nothing, in both themes, both languages, on desk and phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

YEAR = "from=2024-01-01&to=2025-01-01"
PAGES = (
    f"/?{YEAR}&grid=990101001000000",
    f"/?{YEAR}&measure=count",
    f"/table?{YEAR}&grid=990101001000000",
    "/import",
    "/import/batches/2",
    "/grids",
    "/incidents/unlinked",
    "/categories",
    "/search?q=grid",
    "/nowhere",
)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def violations(page) -> list[str]:
    """What axe finds, one line a node."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url} {problem['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for problem in found
        for node in problem["nodes"]
    ]


@pytest.mark.parametrize("frame", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tongue", ["en", "zh-CN"])
def test_no_page_has_a_violation(small_city, watched, tongue, theme, frame):
    watch = watched(small_city)
    watch.allowed = ("404 (NOT FOUND)",)
    page = watch.page(**frame, locale=tongue, color_scheme=theme)
    found: list[str] = []

    for address in PAGES:
        page.goto(small_city + address)
        if address.startswith("/?"):
            page.locator("#map-pane[data-ready=true]").wait_for()
        found += violations(page)

    assert found == []


def test_opened_menus_and_dialogs_have_no_violation(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}")
    found: list[str] = []

    for opener in ("#f-category", "#f-period", "#f-per", "#export", ".ctl .menu summary"):
        page.locator(opener).click()
        found += violations(page)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="How to read this").click()
    found += violations(page)

    assert found == []


def test_the_empty_city_has_no_violation(empty_city, watched):
    page = watched(empty_city).open("/")

    assert violations(page) == []


def test_every_control_on_a_phone_is_large_enough(small_city, watched):
    page = watched(small_city).map(f"/?{YEAR}", **PHONE)

    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input, select")]
          .filter((node) => node.checkVisibility() && !node.closest("p, .vh, .skip, dialog"))
          .map((node) => [node, node.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.height < 35.5 || box.width < 35.5))
          .map(([node, box]) => `${node.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""
    )

    assert small == []


def test_four_hundred_per_cent_needs_one_direction_of_scrolling(small_city, watched):
    page = watched(small_city).open("/import", width=360, height=225)

    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
