"""The own account: password, second factor, recovery codes, sessions."""

import re
from contextlib import contextmanager

import pyotp
import pytest

from gridmap.auth import actions, second_factor
from gridmap.auth.current import COOKIE
from gridmap.auth.log_in import candidate
from gridmap.auth.sessions import Client, actor_of, open_session
from gridmap.core.actor import NOBODY, SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from tests.people import PASSWORD, make_account

NEW = "a quiet river at noon"


def log_in_as(browser, name, password=PASSWORD):
    return browser.post("/login", data={"name": name, "password": password})


def enrol(browser) -> tuple[str, list[str]]:
    """Switch the second factor on; the secret and the recovery codes."""
    page = browser.get("/account/second-factor").text
    secret = re.search(r'id="key">([A-Z2-7]+)<', page).group(1)
    answer = browser.post("/account/second-factor", data={"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r'<li class="code">(\S+)</li>', answer.text)


@pytest.fixture
def clock(monkeypatch):
    """Move the clock of the second factor by some steps of 30 seconds."""
    from datetime import timedelta

    from gridmap.core.clock import utc_now

    moved = [0]
    monkeypatch.setattr(
        second_factor, "utc_now", lambda: utc_now() + timedelta(seconds=30 * moved[0])
    )

    def code(secret, steps):
        moved[0] += steps
        return pyotp.TOTP(secret).at(int(second_factor.utc_now().timestamp()))

    return code


def test_a_password_that_somebody_else_set_is_changed_first(session, stranger):
    account = make_account("li.na", "planner")
    with transaction(SYSTEM) as own:
        actions.set_password(own, SYSTEM, account, PASSWORD, names=())

    arrived = log_in_as(stranger, "li.na").location
    elsewhere = [stranger.get(address) for address in ("/grids", "/account")]
    program = stranger.get("/api/hotspots")
    changed = stranger.post("/account/password", data={"password": PASSWORD, "new": NEW})

    assert arrived == "/account/password?next=/"
    assert all(answer.location.startswith("/account/password?next=") for answer in elsewhere)
    assert program.status_code == 403
    assert program.json["error"]["code"] == "password_must_change"
    assert changed.location == "/account?done=password"
    assert stranger.get("/grids").status_code == 200


def test_a_new_password_signs_all_other_browsers_out(session, app):
    make_account("li.na")
    here, there = app.test_client(), app.test_client()
    log_in_as(here, "li.na")
    log_in_as(there, "li.na")
    before = here.get_cookie(COOKIE).value

    here.post("/account/password", data={"password": PASSWORD, "new": NEW})

    assert here.get("/account").status_code == 200
    assert here.get_cookie(COOKIE).value != before
    assert actor_of(before) is NOBODY
    assert there.get("/account").status_code == 302
    assert log_in_as(there, "li.na").status_code == 403
    assert log_in_as(there, "li.na", NEW).status_code == 302


@pytest.mark.parametrize(
    ("new", "status"),
    [("short", 422), ("password123", 422), ("li.na.wang", 422), ("gridmap2026", 422),
     ("aaaaaaaaaaaa", 422), ("x" * 300, 422), ("葡萄架下的小板凳", 302),
     ("all small letters are fine", 302), ("w" + "ords " * 12 + "64", 302)],
)  # fmt: skip
def test_a_new_password_has_length_and_is_not_well_known(session, stranger, new, status):
    make_account("li.na.wang")
    log_in_as(stranger, "li.na.wang")

    answer = stranger.post("/account/password", data={"password": PASSWORD, "new": new})

    assert answer.status_code == status


def test_the_present_password_is_asked_before_a_new_one(session, stranger):
    make_account("li.na")
    log_in_as(stranger, "li.na")

    assert stranger.post("/account/password", data={"new": NEW}).status_code == 403
    assert (
        stranger.post("/account/password", data={"password": "no", "new": NEW}).status_code == 403
    )


def test_a_role_that_needs_a_second_factor_holds_only_with_one(session, stranger):
    make_account("chief", "administrator")
    make_account("both", "administrator", "planner")

    arrived = log_in_as(stranger, "chief").location
    before = stranger.get("/accounts").status_code
    enrol(stranger)
    after = stranger.get("/accounts").status_code
    stranger.post("/logout")
    log_in_as(stranger, "both")

    assert arrived == "/account/second-factor?next=/"
    assert (before, after) == (403, 200)
    assert stranger.get("/grids").status_code == 200
    assert stranger.get("/accounts").status_code == 403


def test_with_a_second_factor_the_password_alone_opens_nothing(session, app, clock):
    make_account("li.na", "planner")
    browser = app.test_client()
    log_in_as(browser, "li.na")
    secret, _ = enrol(browser)
    browser.post("/logout")

    half_way = log_in_as(browser, "li.na")
    nothing = browser.get("/grids")
    wrong = browser.post("/login/code", data={"code": "000000"})
    right = browser.post("/login/code", data={"code": clock(secret, 1), "next": "/grids"})

    assert half_way.location == "/login/code?next=/"
    assert nothing.location.startswith("/login")
    assert wrong.status_code == 403
    assert right.location == "/grids"
    assert actor_of(browser.get_cookie(COOKIE).value).second_factor


def test_a_code_is_good_once_and_so_is_a_recovery_code(session, app, clock):
    make_account("li.na")
    browser = app.test_client()
    log_in_as(browser, "li.na")
    secret, codes = enrol(browser)

    def come_back(code):
        other = app.test_client()
        log_in_as(other, "li.na")
        return other.post("/login/code", data={"code": code}).status_code

    first = clock(secret, 1)
    assert come_back(first) == 302
    assert come_back(first) == 403
    assert len(codes) == 10
    assert come_back(codes[0].upper().replace("-", " ")) == 302
    assert come_back(codes[0]) == 403
    assert come_back(codes[1]) == 302
    assert "8 recovery codes are left" in browser.get("/account").text


def test_tries_at_codes_are_limited(session, app):
    make_account("li.na")
    browser = app.test_client()
    log_in_as(browser, "li.na")
    enrol(browser)
    other = app.test_client()
    log_in_as(other, "li.na")

    answers = [other.post("/login/code", data={"code": f"{n:06}"}).status_code for n in range(12)]

    assert answers[-1] == 429
    assert 429 not in answers[:5]


def test_a_forged_or_foreign_note_does_not_lead_half_way(session, stranger):
    make_account("li.na")

    stranger.set_cookie("gridmap_half_way", "WzEsInBhc3N3b3JkIl0.abc.def", path="/login")
    answer = stranger.post("/login/code", data={"code": "000000"})

    assert answer.location.startswith("/login?")


def test_the_secret_is_encrypted_for_one_account(session):
    one, two = make_account("one"), make_account("two")
    sealed = second_factor.seal(one, "JBSWY3DPEHPK3PXP")

    assert second_factor.unseal(one, sealed) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(second_factor.WrongCode):
        second_factor.unseal(two, sealed)


def test_another_device_and_new_codes_ask_for_the_password(session, stranger):
    make_account("li.na")
    log_in_as(stranger, "li.na")
    enrol(stranger)
    page = stranger.get("/account/second-factor").text
    secret = re.search(r'id="key">([A-Z2-7]+)<', page).group(1)
    code = pyotp.TOTP(secret).now()

    assert stranger.post("/account/second-factor", data={"code": code}).status_code == 403
    assert stranger.post("/account/second-factor/codes").status_code == 403
    assert stranger.post("/account/second-factor/remove").status_code == 403
    renewed = stranger.post("/account/second-factor/codes", data={"password": PASSWORD})
    removed = stranger.post("/account/second-factor/remove", data={"password": PASSWORD})

    assert len(re.findall(r'<li class="code">', renewed.text)) == 10
    assert removed.location == "/account?done=removed"
    assert not actor_of(stranger.get_cookie(COOKIE).value).second_factor


def test_of_two_equal_first_codes_only_the_stored_recovery_codes_are_told(session, monkeypatch):
    account = make_account("li.na")
    with transaction(SYSTEM) as own:
        actor = actor_of(open_session(own, account))
    code = pyotp.TOTP(second_factor.begin(actor)).now()
    told, step_of = [], second_factor.step_of

    def after_the_other(secret, typed):
        monkeypatch.setattr(second_factor, "step_of", step_of)
        told.extend(second_factor.confirm(actor, code, Client()))
        return step_of(secret, typed)

    monkeypatch.setattr(second_factor, "step_of", after_the_other)
    for _ in range(2):
        with pytest.raises(GridmapError) as refused:
            second_factor.confirm(actor, code, Client())
        assert refused.value.code == "nothing_to_confirm"

    with transaction(SYSTEM) as own:
        found = candidate(own, "id", account)
    assert (len(told), found.codes_left) == (10, 10)
    for each in told[:3]:
        second_factor.check_code(found, each, Client())


def test_a_first_code_that_is_sent_twice_is_answered_with_words(session, stranger):
    make_account("li.na")
    log_in_as(stranger, "li.na")
    secret, _ = enrol(stranger)

    answer = stranger.post(
        "/account/second-factor", data={"code": pyotp.TOTP(secret).now(), "password": PASSWORD}
    )

    assert answer.status_code == 409
    assert "sent twice" in answer.text


def test_no_page_of_the_own_account_opens_a_transaction_in_another(session, client, monkeypatch):
    depth, deepest = [0], [0]

    @contextmanager
    def counted(actor):
        depth[0] += 1
        deepest[0] = max(deepest[0], depth[0])
        try:
            with transaction(actor) as own:
                yield own
        finally:
            depth[0] -= 1

    monkeypatch.setattr("gridmap.auth.own_views.transaction", counted)
    client.get("/account")
    client.get("/account/password")
    client.get("/account/second-factor")
    client.post("/account/sessions/end-others")

    assert deepest == [1]


def test_sessions_are_listed_and_ended(session, app):
    make_account("li.na")
    here, there, third = (app.test_client() for _ in range(3))
    for browser in (here, there, third):
        log_in_as(browser, "li.na")
    page = here.get("/account").text
    address = re.search(r'action="(/account/sessions/\d+/end)"', page).group(1)

    here.post(address)
    left = [browser.get("/account").status_code for browser in (here, there, third)]
    here.post("/account/sessions/end-others")

    assert sorted(left) == [200, 200, 302]
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == third.get("/account").status_code == 302


def test_sessions_of_others_cannot_be_ended(session, app, stranger):
    make_account("li.na")
    make_account("zhao.wei")
    other = app.test_client()
    log_in_as(other, "zhao.wei")
    foreign = actor_of(other.get_cookie(COOKIE).value).session_id
    log_in_as(stranger, "li.na")

    stranger.post(f"/account/sessions/{foreign}/end")

    assert other.get("/account").status_code == 200


def test_the_language_of_the_account_comes_with_the_log_in(session, app):
    make_account("li.na")
    browser, other = app.test_client(), app.test_client()
    log_in_as(browser, "li.na")
    browser.post("/account/language", data={"language": "zh_Hans"})

    log_in_as(other, "li.na")

    assert "我的账号" in browser.get("/account").text
    assert "我的账号" in other.get("/account").text


def test_a_programs_token_does_not_reach_the_own_account(session, stranger):
    account = make_account("li.na")
    with transaction(SYSTEM) as own:
        token = actions.make_token(own, SYSTEM, account, label="report", days=1)

    answer = stranger.get("/account", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 403


def test_pages_of_accounts_are_kept_by_no_browser(session, stranger):
    make_account("li.na", "administrator")
    log_in_as(stranger, "li.na")
    enrol(stranger)

    for address in ("/account", "/account/second-factor", "/accounts", "/account/password"):
        assert "no-store" in stranger.get(address).headers["Cache-Control"]
    assert "no-store" in stranger.get("/login").headers["Cache-Control"]


def test_recovery_codes_are_long_and_random():
    import math

    codes = [second_factor.new_code() for _ in range(200)]

    signs = len(codes[0].replace("-", ""))
    assert signs * math.log2(len(second_factor.ALPHABET)) > 112
    assert len(set(codes)) == 200
    assert set("".join(codes)) == {*second_factor.ALPHABET, "-"}
