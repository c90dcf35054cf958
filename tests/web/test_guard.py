"""Requests that no page of gridmap sends."""

import dataclasses

import pytest

from gridmap.core.settings import settings
from gridmap.web import guard


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1:8000", "127.8.9.1", "[::1]:8000", "LOCALHOST:1", "a.localhost"],
)
def test_this_machine_is_known(host):
    assert guard.is_known(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:8000", "localhost.evil.example",
     "evil.example#@localhost", "10.0.0.1", "[::1", "", "localhost@evil.example",
     "evil.example/localhost"],
)  # fmt: skip
def test_any_other_name_is_not(host):
    assert not guard.is_known(host)


@pytest.mark.parametrize("address", ["/", "/api/hotspots", "/nowhere", "/static/css/tokens.css"])
def test_a_page_whose_name_was_pointed_here_reads_nothing(session, client, address):
    answer = client.get(address, headers={"Host": "evil.example:8000"})

    assert answer.status_code == 403
    assert "Content-Security-Policy" in answer.headers


def test_nor_can_it_import(session, client):
    headers = {
        "Host": "evil.example",
        "Origin": "http://evil.example",
        "Sec-Fetch-Site": "same-origin",
    }

    assert client.post("/import", headers=headers).status_code == 403


def test_a_setting_lets_a_name_in(session, client, monkeypatch):
    named = dataclasses.replace(settings(), hosts=("map.city.example",))
    monkeypatch.setattr(guard, "settings", lambda: named)

    answers = [
        client.get("/healthz", headers={"Host": host})
        for host in ("Map.city.example:443", "x.map.city.example")
    ]

    assert [answer.status_code for answer in answers] == [200, 403]


@pytest.mark.parametrize(
    "address",
    ["/?scope=%00", "/table?category=a%00b", "/api/hotspots?category=%00", "/grids/a%00/card",
     "/search?q=%00", "/grids?q=%00", "/?%00=1", "/search?q=a&q=%00"],
)  # fmt: skip
@pytest.mark.parametrize("tongue", ["en", "zh-CN"])
def test_a_text_with_nul_is_refused_with_a_sentence(session, client, address, tongue):
    answer = client.get(address, headers={"Accept-Language": tongue})

    assert answer.status_code == 400
    assert ("control character" in answer.text) == (tongue == "en")


def test_a_form_with_nul_is_refused(session, client):
    assert client.post("/import", data={"kind": "grids\x00"}).status_code == 400
