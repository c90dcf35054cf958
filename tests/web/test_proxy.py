"""TLS in front: forwarded headers are believed of named proxies alone, and what follows from it."""

import dataclasses

import pytest

from gridmap.core.errors import BadSetting
from gridmap.core.settings import settings
from gridmap.web import proxy
from tests.people import PASSWORD, make_account

HEADERS = {
    "X-Forwarded-For": "203.0.113.9, 192.0.2.44",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "localhost",
}


@pytest.fixture
def behind(session, monkeypatch):
    """Make an application that knows some proxies."""
    from gridmap.web import create_app

    def make(*names):
        chosen = dataclasses.replace(settings(), proxies=names)
        monkeypatch.setattr(proxy, "settings", lambda: chosen)
        app = create_app()
        app.config["TESTING"] = True
        return app.test_client()

    return make


def log_in(browser, name="li.na"):
    return browser.post("/login", data={"name": name, "password": PASSWORD}, headers=HEADERS)


def test_without_the_setting_no_header_is_believed(behind, session):
    from sqlalchemy import text

    make_account("li.na")

    answer = log_in(behind())

    assert "Strict-Transport-Security" not in answer.headers
    assert "Secure" not in answer.headers["Set-Cookie"]
    address = session.scalar(text("SELECT address FROM audit_events WHERE action LIKE 'login.s%'"))
    assert address == "127.0.0.1"


def test_a_named_proxy_brings_the_address_and_tls(behind, session):
    from sqlalchemy import text

    make_account("li.na")

    answer = log_in(behind("127.0.0.0/8"))

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if "gridmap_session=" in c)
    assert cookie.startswith("__Host-gridmap_session=")
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in cookie
    address = session.scalar(text("SELECT address FROM audit_events WHERE action LIKE 'login.s%'"))
    assert address == "192.0.2.44"


def test_another_proxy_is_not_believed(behind):
    answer = behind("10.1.2.3").get("/login", headers=HEADERS)

    assert "Strict-Transport-Security" not in answer.headers


def test_a_host_that_a_believed_proxy_names_is_checked_too(behind):
    headers = HEADERS | {"X-Forwarded-Host": "evil.example"}

    assert behind("127.0.0.1").get("/login", headers=headers).status_code == 403


def test_a_setting_that_is_no_address_is_said():
    with pytest.raises(BadSetting, match="a network such as"):
        proxy.BelievedProxies(lambda *_: [], ["proxy.example"])
