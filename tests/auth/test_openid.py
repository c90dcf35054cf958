"""Signing in through an OpenID provider, a real one on loopback."""

import dataclasses
import time

import pytest

from gridmap.auth import actions, openid, views
from gridmap.auth.current import COOKIE
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import NotConfigured
from gridmap.core.settings import settings
from tests.auth import provider as providers
from tests.people import make_account


@pytest.fixture(scope="module")
def running_provider():
    """One provider for all tests here."""
    with providers.running() as provider:
        yield provider


@pytest.fixture
def provider(running_provider, session, monkeypatch, tmp_path):
    """The provider, telling the truth, and an application that knows it."""
    secret = tmp_path / "secret"
    secret.write_text(providers.SECRET + "\n")
    chosen = dataclasses.replace(
        settings(),
        oidc_issuer=running_provider.issuer,
        oidc_client_id=providers.CLIENT,
        oidc_client_secret_file=secret,
    )
    for module in (openid, views):
        monkeypatch.setattr(module, "settings", lambda: chosen)
    openid._discover.cache_clear()
    running_provider.claims, running_provider.document = {}, {}
    running_provider.sign_with = running_provider.key
    running_provider.asked.clear()
    yield running_provider
    openid._discover.cache_clear()


def make_known(provider, name="li.na", *roles):
    account = make_account(name, *roles)
    with transaction(SYSTEM) as own:
        actions.set_external_id(own, SYSTEM, account, f"{provider.issuer}|7")
    return account


def go_through(provider, browser, following="/grids"):
    sent = browser.get(f"/login/provider?next={following}")
    assert sent.status_code == 302, sent.text
    back = provider.authorize(sent.location)
    return browser.get(back.replace("http://localhost", ""))


def test_somebody_whom_an_administrator_linked_comes_in(provider, stranger):
    make_known(provider, "li.na", "planner")

    answer = go_through(provider, stranger)

    assert answer.location == "/grids"
    assert actor_of(stranger.get_cookie(COOKIE).value).name == "li.na"
    assert set(provider.asked) == {"/.well-known/openid-configuration", "/token", "/keys"}


def test_nobody_else_gets_an_account(provider, stranger):
    make_account("li.na", "planner")

    answer = go_through(provider, stranger)

    assert answer.status_code == 403
    assert f"{provider.issuer}|7" in answer.text
    assert stranger.get_cookie(COOKIE) is None


@pytest.mark.parametrize(
    "lie",
    [{"iss": "https://other.example"}, {"aud": "another-client"}, {"nonce": "another"},
     {"exp": int(time.time()) - 3600}, {"azp": "another-client"}, {"sub": None}],
)  # fmt: skip
def test_a_token_that_is_not_for_this_log_in_is_refused(provider, stranger, lie):
    make_known(provider)
    provider.claims = lie

    answer = go_through(provider, stranger)

    assert answer.status_code == 403
    assert "provider did not work" in answer.text
    assert stranger.get_cookie(COOKIE) is None


def test_a_token_with_a_foreign_signature_is_refused(provider, stranger):
    make_known(provider)
    provider.sign_with = provider.foreign

    assert go_through(provider, stranger).status_code == 403


def test_an_answer_that_another_browser_asked_for_is_refused(provider, app):
    make_known(provider)
    mine, theirs = app.test_client(), app.test_client()
    back = provider.authorize(theirs.get("/login/provider").location)
    mine.get("/login/provider")

    answers = [
        mine.get(back.replace("http://localhost", "")),
        app.test_client().get(back.replace("http://localhost", "")),
        mine.get("/login/provider/back?error=access_denied"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert "/token" not in provider.asked


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "issuer"])
def test_a_document_that_names_another_host_is_refused_and_nothing_asked(provider, stranger, name):
    provider.document = {name: "http://169.254.169.254/latest"}

    answer = stranger.get("/login/provider")

    assert answer.status_code == 403
    assert provider.asked == ["/.well-known/openid-configuration"]


def test_the_second_factor_here_is_asked_all_the_same(provider, stranger):
    import pyotp

    from gridmap.auth import second_factor
    from gridmap.auth.sessions import Client, open_session

    account = make_known(provider)
    with transaction(SYSTEM) as own:
        actor = actor_of(open_session(own, account))
    second_factor.confirm(actor, pyotp.TOTP(second_factor.begin(actor)).now(), Client())

    answer = go_through(provider, stranger)

    assert answer.location == "/login/code?next=/grids"
    assert stranger.get_cookie(COOKIE) is None


def test_a_locked_account_stays_outside(provider, stranger):
    account = make_known(provider)
    with transaction(SYSTEM) as own:
        actions.lock(own, SYSTEM, account, "left")

    assert go_through(provider, stranger).status_code == 403


def test_without_the_setting_there_is_no_such_way(session, stranger):
    assert "through the provider" not in stranger.get("/login").text
    assert stranger.get("/login/provider").location == "/login?next=/"
    with pytest.raises(NotConfigured):
        openid.provider()


def test_an_issuer_without_tls_is_not_asked(monkeypatch):
    with pytest.raises(NotConfigured, match="https"):
        openid._discover("http://provider.example")
