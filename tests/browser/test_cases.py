"""A coordinator's and an officer's work in a real browser."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import COOKIE
from tests.people import sign_in

SHOTS = os.environ.get("GRIDMAP_SCREENSHOTS")


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def open_step(page, label: str) -> None:
    """Unfold a step's form; the only one there is stands open."""
    step = page.locator("details.stepd", has=page.locator("summary", has_text=label))
    if step.get_attribute("open") is None:
        step.locator("summary").click()


@pytest.fixture
def page_of(watched):
    """Open a page as somebody who holds a role in the small city."""

    def make(base, token, address, **options):
        watch = watched(base)
        page = watch.page(signed_in=False, **options)
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": base}])
        page.goto(base + address)
        return page

    return make


def test_a_case_goes_from_the_street_to_its_end(small_city, page_of):
    officer_token = sign_in("field", prefixes=("990101001",))
    boss_token = sign_in("coordinator", prefixes=("990101001",))

    phone = page_of(small_city, officer_token, "/cases/new", width=390, height=844)
    phone.get_by_label("What it is, in a few words").fill("Lamp out at the north gate")
    phone.get_by_label("Priority").select_option("urgent")
    phone.get_by_label("Longitude").fill("120.005")
    phone.get_by_label("Latitude").fill("32.005")
    shot(phone, "case-new-390")
    phone.get_by_role("button", name="Open the case").click()
    expect(phone.locator("h1")).to_have_text("Lamp out at the north gate")
    expect(phone.get_by_text("The next step is made by: grid coordinator.")).to_be_visible()

    desk = page_of(small_city, boss_token, "/desk")
    shot(desk, "desk-1440")
    desk.get_by_role("link", name="Lamp out at the north gate").click()
    open_step(desk, "Accept and file")
    desk.get_by_role("button", name="Accept and file").click()
    expect(desk.get_by_text("Filed", exact=True).first).to_be_visible()
    open_step(desk, "Dispatch")
    desk.locator("#dispatch-holder option", has_text="field").first.wait_for(state="attached")
    value = desk.locator("#dispatch-holder option", has_text="field").first.get_attribute("value")
    desk.locator("#dispatch-holder").select_option(value)
    desk.get_by_role("button", name="Dispatch", exact=True).click()
    shot(desk, "case-1440")

    phone.goto(small_city + "/desk?tab=mine")
    phone.get_by_role("link", name="Lamp out at the north gate").click()
    open_step(phone, "Take in hand")
    phone.get_by_role("button", name="Take in hand").click()
    open_step(phone, "Send to check")
    phone.get_by_role("button", name="Send to check").click()
    expect(phone.locator("#hand_in-measure:invalid")).to_be_visible()
    phone.get_by_label("What was done").fill("Lamp replaced")
    shot(phone, "case-390")
    phone.get_by_role("button", name="Send to check").click()

    desk.reload()
    open_step(desk, "Check passed")
    desk.locator("#close-check_result").select_option("done")
    desk.locator("#close-outcome").select_option("fixed")
    desk.get_by_role("button", name="Check passed").click()
    expect(desk.get_by_text("Fixed", exact=True)).to_be_visible()
    expect(desk.get_by_text("Closed", exact=True).first).to_be_visible()
    desk.goto(desk.url + "?lang=zh_Hans")
    shot(desk, "case-zh-1440")
    desk.goto(small_city + "/cases/kinds/incident_handling?lang=en")
    shot(desk, "kind-1440")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_cases_are_accessible(small_city, page_of, width, theme):
    token = sign_in("coordinator", "field")
    page = page_of(small_city, token, f"/cases/new?theme={theme}", width=width)
    page.get_by_label("What it is, in a few words").fill("Bench broken")
    page.get_by_role("button", name="Open the case").click()
    for address in (page.url, f"{small_city}/desk?tab=open", f"{small_city}/cases/new",
                    f"{small_city}/cases/figures",
                    f"{small_city}/cases/kinds/incident_handling"):  # fmt: skip
        page.goto(address)
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == [], address
        sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert sideways <= 0, address
