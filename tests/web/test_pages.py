"""What every page shares: policy, origin, language, errors, compression, formats."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from gridmap.web import csp, formats, language
from gridmap.web.errors import answer

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((CHECKOUT / "gridmap").glob("**/templates/**/*.html"))


@pytest.fixture
def pages(session, client):
    """A client on an empty database."""
    return client


@pytest.mark.parametrize(
    "address",
    ["/", "/table", "/import", "/grids", "/nowhere", "/static/css/tokens.css", "/healthz"],
)
def test_every_answer_carries_the_strict_policy(pages, address):
    policy = pages.get(address, buffered=True).headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_nonce_is_used_once(pages):
    policies = {pages.get("/").headers["Content-Security-Policy"] for _ in range(3)}

    assert len(policies) == 3


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("http://127.0.0.1:8080/{z}/{x}/{y}.png?key=1", "http://127.0.0.1:8080"),
        ("/own/{z}/{x}/{y}.png", None),
        ("javascript:alert(1)//{z}", None),
        (None, None),
    ],
)
def test_a_tile_address_opens_the_policy_for_its_own_host_alone(url, host):
    assert csp.tile_host(url) == host


def test_the_tile_host_stands_in_img_src_only():
    policy = csp.policy("x", "https://tiles.example")

    assert [part for part in policy.split("; ") if "tiles.example" in part] == [
        "img-src 'self' data: blob: https://tiles.example"
    ]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "http://localhost"}, 422),
        ({}, 422),
    ],
)
def test_another_site_cannot_make_a_browser_import(pages, headers, status):
    assert pages.post("/import", headers=headers).status_code == status


def test_every_form_that_changes_something_is_a_post():
    for template in TEMPLATES:
        for form in re.findall(r"<form[^>]*>", template.read_text(encoding="utf-8")):
            assert "method=" in form or "role=" in form, f"{template.name}: {form}"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-TW,en;q=0.5", "en"),
        ("de-DE,de", "en"),
        ("en-GB", "en"),
        ("", "en"),
    ],
)
def test_the_browser_chooses_the_language(pages, header, found):
    page = pages.get("/", headers={"Accept-Language": header}).get_data(as_text=True)

    assert f'<html lang="{found}"' in page


def test_a_choice_in_the_address_wins_and_is_kept(pages):
    chosen = pages.get("/?lang=zh_Hans&theme=dark").get_data(as_text=True)
    later = pages.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)

    for page in (chosen, later):
        assert '<html lang="zh-Hans" data-theme="dark">' in page


def test_nonsense_in_the_address_chooses_nothing(pages):
    answer = pages.get("/?lang=xx&theme=pink")

    assert "Set-Cookie" not in answer.headers
    assert '<html lang="en">' in answer.get_data(as_text=True)


@pytest.mark.parametrize(("address", "status"), [("/nowhere", 404), ("/?from=x", 400)])
@pytest.mark.parametrize("tongue", ["en", "zh_Hans"])
def test_errors_are_pages_for_people(pages, address, status, tongue):
    answer = pages.get(address, headers={"Accept-Language": tongue.replace("_", "-")})
    page = answer.get_data(as_text=True)

    assert answer.status_code == status
    assert "<h1>" in page
    assert ("错误代码" in page) == (tongue == "zh_Hans")


def test_errors_are_json_for_programs(pages):
    answer = pages.get("/api/nowhere")

    assert answer.status_code == 404
    assert set(answer.get_json()["error"]) == {"code", "message"}


def test_a_database_that_is_gone_is_said_on_a_page(pages, monkeypatch):
    from gridmap.core.errors import DatabaseUnavailable
    from gridmap.maps import views

    def gone(*_, **__):
        raise DatabaseUnavailable

    monkeypatch.setattr(views, "transaction", gone)
    answer = pages.get("/")

    assert answer.status_code == 503
    assert "The database does not answer" in answer.get_data(as_text=True)


def test_what_nobody_expected_tells_nothing_of_the_machine(app, pages, monkeypatch):
    from gridmap.maps import views

    def broken(*_, **__):
        raise RuntimeError("secret /path/of/this/machine")

    monkeypatch.setattr(views, "transaction", broken)
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = pages.get("/")

    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)


def test_text_is_sent_compressed_and_only_where_it_is_taken(pages):
    plain = pages.get("/static/css/gridmap.css", buffered=True)
    packed = pages.get(
        "/static/css/gridmap.css", headers={"Accept-Encoding": "gzip"}, buffered=True
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    again = pages.get(
        "/static/css/gridmap.css",
        headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]},
        buffered=True,
    )
    assert again.status_code == 304


def test_no_template_has_inline_styles_handlers_or_foreign_addresses():
    for template in TEMPLATES:
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=", text), template
        assert not re.search(r"\son[a-z]+=", text), template
        assert not re.search(r"""(src|href)=["']https?:""", text), template


def test_both_dark_blocks_of_the_tokens_are_equal():
    text = (CHECKOUT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    chosen, asked = (
        re.sub(r"\s+", " ", block).strip()
        for block in re.findall(r'(?:="dark"\]|not\(\[data-theme\]\)) \{(.*?)\}', text, re.DOTALL)
    )

    assert chosen == asked
    assert "--hot99" in chosen


def catalogue(path: Path, locale: str | None = None):
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def test_every_sentence_is_written_in_chinese(tmp_path):
    from babel.messages.frontend import CommandLineInterface

    found = tmp_path / "messages.pot"
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", "-F", str(CHECKOUT / "babel.cfg"), "-k", "N_", "-o",
         str(found), str(CHECKOUT)]
    )  # fmt: skip
    wanted = {message.id for message in catalogue(found) if message.id}
    chinese = CHECKOUT / "translations" / "zh_Hans" / "LC_MESSAGES" / "messages.po"
    written = {message.id: message for message in catalogue(chinese, "zh_Hans") if message.id}

    missing = [id_ for id_ in wanted if id_ not in written or not written[id_].string]
    assert missing == []
    assert [m.id for m in written.values() if m.fuzzy or list(m.check())] == []


def test_numbers_dates_and_shares_are_written_as_the_guide_says(app):
    with app.test_request_context("/?lang=en"):
        assert formats.number(45308) == "45,308"
        assert formats.number(-3.25, 1) == "−3.2"
        assert formats.figures(0.01234) == "0.0123"
        assert formats.figures(1234.5) == "1,234"
        assert formats.percent(0.0385, 1) == "3.8%"
        assert formats.change(450, 489) == "−8%"
        assert formats.change(3, 0) == "new"
        assert formats.day(date(2017, 1, 3)) == "3 Jan 2017"
        assert formats.day_range(date(2016, 12, 25), date(2017, 1, 1)) == "25–31 Dec 2016"
        assert formats.day_range(date(2016, 1, 1), date(2017, 1, 1)) == "1 Jan – 31 Dec 2016"
        assert formats.day_range(date(2016, 5, 1), date(2016, 5, 2)) == "1 May 2016"
        assert formats.span(date(2015, 1, 1), date(2016, 1, 1)) == "2015"
        assert formats.span(date(2016, 2, 1), date(2016, 3, 1)) == "Feb 2016"
    with app.test_request_context("/?lang=zh_Hans"):
        assert formats.day(date(2017, 1, 3)) == "2017年1月3日"
        assert formats.day_range(date(2016, 12, 25), date(2017, 1, 1)) == "2016年12月25—31日"
        assert formats.day_range(date(2015, 3, 1), date(2016, 3, 1)) == "2015年3月1日—2016年2月29日"


def test_languages_are_known_by_their_usual_names():
    assert language.known("zh-CN") == language.known("zh") == "zh_Hans"
    assert language.known("fr") is None


def test_icons_are_named_so_that_the_sprite_finds_them():
    """`script/vendor` reads names from the source: an expression inside icon(…) would be missed."""
    for template in TEMPLATES:
        for call in re.findall(r"\bicon\(([^)]*)\)", template.read_text(encoding="utf-8")):
            literal = re.match(r'"[a-z0-9-]+"\s*(,|$)', call)
            assert literal or call in ('name, class=""', 'item.icon, "i20"'), (template, call)


def test_the_sprite_has_every_icon(pages):
    sprite = (CHECKOUT / "static" / "icons.svg").read_text(encoding="utf-8")
    known = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))
    for address in ("/", "/import", "/grids", "/categories", "/nowhere"):
        used = set(re.findall(r"icons\.svg[^#\"]*#([a-z0-9-]+)", pages.get(address).text))
        assert used <= known, address


def test_a_file_above_the_limit_is_refused_on_a_page(app, client, session):
    app.config["MAX_CONTENT_LENGTH"] = 100

    answer = client.post("/import", data={"kind": "grids", "file": "x" * 500})

    assert answer.status_code == 413
    assert "This file is too large" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("status", "heading"),
    [(409, "This does not fit what is there"), (422, "This could not be done as it stands"),
     (503, "This cannot be answered just now"), (418, "This could not be done as it stands")],
)  # fmt: skip
def test_a_heading_says_no_more_than_is_known(app, session, status, heading):
    with app.test_request_context("/staff"):
        page, _ = answer(status, "some_code", "A sentence.")

    assert heading in page
