"""Signing in, in a real browser: password, second factor, wrong ones, the end of a session."""

import re
from urllib.parse import urlsplit

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from tests.people import PASSWORD, make_account

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
NEW = "a quiet river at noon"


@pytest.fixture
def door(empty_city, watched):
    """Somebody in front of the log-in page of a city of their own."""
    watch = watched(empty_city)
    watch.allowed = (
        "403 (FORBIDDEN)",
        "422 (",
        "429 (TOO MANY",
        "401 (UNAUTHORIZED)",
        "404 (NOT FOUND)",
    )
    return watch


def violations(page) -> list[str]:
    """What axe finds."""
    found = Axe().run(page).response["violations"]
    return [f"{page.url} {p['id']} {n['html'][:120]}" for p in found for n in p["nodes"]]


def fill_in(page, name, password=PASSWORD):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_page_asks_to_sign_in_and_comes_back(door):
    make_account("li.na", "planner")
    page = door.open("/grids?q=a", signed_in=False)

    fill_in(page, "li.na", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Name")).to_have_value("li.na")
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{door.base}/grids?q=a")
    page.locator("#account summary").click()
    expect(page.locator("#account")).to_contain_text("planner · everywhere")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    page.goto(f"{door.base}/grids")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_administrator_sets_up_a_second_factor_and_needs_it_next_time(door):
    make_account("chief", "administrator")
    page = door.open("/", signed_in=False)
    fill_in(page, "chief")

    expect(page.get_by_role("heading", name="Set up the second factor")).to_be_visible()
    assert violations(page) == []
    secret = page.locator("#key").inner_text()
    page.get_by_label("Code that the app shows now").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Switch it on").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert violations(page) == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("link", name="Accounts").first).to_be_visible()
    page.locator("#account summary").click()
    page.get_by_role("button", name="Sign out").click()

    fill_in(page, "chief")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#account")).to_be_visible()


def test_too_many_tries_say_when_to_come_back(door):
    make_account("li.na")
    page = door.open("/login", signed_in=False)

    for _ in range(11):
        fill_in(page, "li.na", "wrong")

    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Try again in \d min"))


def test_a_password_that_somebody_else_set_is_changed_before_anything_else(door):
    from gridmap.auth import actions

    account = make_account("li.na", "planner")
    with transaction(SYSTEM) as session:
        actions.set_password(session, SYSTEM, account, PASSWORD, names=())
    page = door.open("/grids", signed_in=False)
    fill_in(page, "li.na")

    expect(page.get_by_role("heading", name="New password")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("password123")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("tried first")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()

    expect(page).to_have_url(f"{door.base}/grids")


def test_a_session_that_ended_leads_to_the_log_in_from_any_click(small_city, watched):
    watch = watched(small_city)
    watch.allowed = ("401 (UNAUTHORIZED)",)
    make_account(name := "li.na.ended", "planner")
    page = watch.open("/login", signed_in=False)
    fill_in(page, name)
    page.locator("#map-pane[data-ready=true]").wait_for()
    with transaction(SYSTEM) as session:
        session.execute(
            text("SELECT auth.end_sessions_of((auth.accounts_in_sight(:name, NULL)"
                 "->0->>'id')::int)"),
            {"name": name},
        )  # fmt: skip

    page.locator(".search input").press_sequentially("grid")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert urlsplit(page.url).query.startswith("next=")


def test_an_administrator_makes_an_account_gives_a_role_and_locks(small_city, watched):
    page = watched(small_city).open("/accounts")
    assert violations(page) == []
    page.get_by_role("link", name="New account").click()
    assert violations(page) == []
    page.get_by_label("Name to sign in with").fill("new.colleague")
    page.get_by_label("As people call that one").fill("New Colleague")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#once")).to_have_text(re.compile(r"^(\w{6}-){3}\w{6}$"))
    page.get_by_role("link", name="Go on to the account").click()

    page.get_by_text("Give a role").click()
    page.get_by_label("Role", exact=True).select_option("planner")
    field = page.get_by_label("Where: divisions or grids")
    field.press_sequentially("Grid 003")
    expect(page.locator("#where-list option").first).to_have_attribute(
        "value", re.compile(r"^99010100100\d+ Grid 003")
    )
    field.fill(page.locator("#where-list option").first.get_attribute("value"))
    assert violations(page) == []
    page.get_by_role("button", name="Give the role").click()
    expect(page.get_by_role("status")).to_contain_text("on record")
    expect(page.locator("table").first).to_contain_text("planner")
    page.get_by_role("button", name="Lock…").click()
    page.get_by_label("Why").fill("on leave")
    page.get_by_role("button", name="Lock the account").click()
    expect(page.locator(".pagehead")).to_contain_text("locked")


@pytest.mark.parametrize("frame", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tongue", ["en", "zh-CN"])
def test_no_page_of_accounts_has_a_violation(small_city, watched, tongue, theme, frame):
    watch = watched(small_city)
    outside = watch.open("/login", signed_in=False, locale=tongue, color_scheme=theme, **frame)
    found = violations(outside)
    page = watch.page(locale=tongue, color_scheme=theme, **frame)

    for address in ("/account", "/account/password", "/account/second-factor", "/accounts",
                    "/accounts/new"):  # fmt: skip
        page.goto(small_city + address)
        found += violations(page)
    page.goto(f"{small_city}/accounts")
    page.locator("tbody a").first.click()
    page.locator("#account summary").click()
    found += violations(page)
    wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")

    assert found == []
    assert not wide
