"""What every answer carries, and what no address and no log line holds."""

import logging

import pytest

from tests.people import PASSWORD, make_account


@pytest.mark.parametrize(
    "address", ["/login", "/", "/nowhere", "/static/css/tokens.css", "/healthz", "/api/hotspots"]
)
def test_every_answer_carries_them(session, stranger, address):
    with stranger.get(address) as answer:
        headers = answer.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    for part in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert part in policy


def test_addresses_and_logs_hold_no_secret_and_no_name(session, stranger, caplog):
    make_account("li.na", "planner")
    caplog.set_level(logging.DEBUG)

    wrong = stranger.post("/login", data={"name": "li.na", "password": "wrong-secret"})
    right = stranger.post("/login", data={"name": "li.na", "password": PASSWORD, "next": "/grids"})
    token = stranger.get_cookie("gridmap_session").value
    stranger.get("/account")

    said = caplog.text
    assert "login.failed account=" in said
    for secret in ("wrong-secret", PASSWORD, token, "li.na"):
        assert secret not in said
        assert secret not in right.location
    assert wrong.location is None
