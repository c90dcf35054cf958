"""What the program offers stands in the documentation, and nothing else does."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from tests.contracts import reference
from tests.contracts.reference import CHECKOUT, DOCS

SETTING = re.compile(r"\bGRIDMAP_[A-Z][A-Z_]*[A-Z]\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture
def app(monkeypatch, tmp_path):
    """The application without a database: nothing here asks for one."""
    monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path))
    from gridmap.web import create_app

    return create_app()


def text_of(*folders: str) -> str:
    files = [file for folder in folders for file in (DOCS / folder).rglob("*.md")]
    assert files
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def test_reference_pages_are_what_the_program_says(app):
    stale = [
        path.relative_to(CHECKOUT).as_posix()
        for path, text in reference.pages(app).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]

    assert not stale, f"run script/docs and commit {stale}"


def test_every_command_and_option_says_what_it_is_for(app):
    silent = [
        f"{name} {parameter.opts[0]}"
        for name, command in reference.commands(app)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    silent += [name for name, command in reference.commands(app) if not command.help]

    assert not silent


def test_every_address_says_what_it_does(app):
    silent = [rule for rule, _, words in reference.addresses(app) if not words]

    assert not silent


def test_every_command_is_used_or_explained_by_hand(app):
    written = text_of("guide") + "".join(
        file.read_text(encoding="utf-8")
        for file in (DOCS / "operate").glob("*.md")
        if file.name not in ("commands.md", "errors.md")
    )

    missing = [
        name
        for name, _ in reference.commands(app)
        if not re.search(rf"script/gridmap {re.escape(name)}\b", written)
    ]

    assert not missing


def test_every_setting_is_documented():
    sources = [
        *CHECKOUT.glob("gridmap/**/*.py"),
        *(file for file in CHECKOUT.glob("script/*") if file.is_file()),
    ]
    used = {name for file in sources for name in SETTING.findall(file.read_text("utf-8"))}
    page = (DOCS / "operate" / "settings.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(GRIDMAP_[A-Z_]+)`", page, re.MULTILINE))

    assert len(used) > 5
    assert described == used


def test_every_setting_of_the_tests_is_documented():
    here = Path(__file__)
    used = {
        name
        for file in CHECKOUT.glob("tests/**/*.py")
        if file != here
        for name in re.findall(
            r"environ(?:\.get\(|\[)\"(GRIDMAP_[A-Z_]+)\"", file.read_text("utf-8")
        )
    }

    described = set(SETTING.findall(text_of("operate", "develop")))

    assert not used - described


def test_every_script_and_its_options_are_documented(capsys):
    from gridmap.web import serve

    written = text_of("develop", "operate", "guide")
    with pytest.raises(SystemExit):
        serve._parse(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)) - {"--help"}

    scripts = {f"script/{file.name}" for file in (CHECKOUT / "script").iterdir() if file.is_file()}
    missing = [name for name in sorted(scripts | options) if name not in written]

    assert "--port" in options
    assert not missing


def test_every_benchmark_is_described():
    written = (DOCS / "develop" / "benchmarks.md").read_text(encoding="utf-8")

    names = [
        file.stem
        for file in (CHECKOUT / "tests" / "bench").glob("*.py")
        if "__main__" in file.read_text(encoding="utf-8")
    ]

    assert names
    assert not [name for name in names if f"| `{name}` |" not in written]


def test_error_codes_are_unique_and_each_class_has_its_own_sentence():
    own = [error for error in reference.errors() if "code" in vars(error)]
    codes = [error.code for error in own]
    variants = [error for error in reference.errors() if "code" not in vars(error)]

    assert len(codes) > 40
    assert sorted(set(codes)) == sorted(codes)
    assert all(re.fullmatch(r"[a-z][a-z_]*[a-z]", code) for code in codes)
    assert all("message" in vars(error) for error in (*own, *variants))
    assert all(400 <= error.status < 600 for error in own)


def test_every_page_stands_in_the_navigation():
    config = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")

    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}

    assert not {page for page in pages if page not in config}


def test_decisions_are_numbered_without_gaps_and_each_has_its_three_parts():
    records = sorted(file for file in (DOCS / "decisions").glob("[0-9]*.md"))

    assert [int(file.name[:4]) for file in records] == list(range(1, len(records) + 1))
    for file in records:
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]} "), file.name
        for part in ("**Context.**", "**Decision.**", "**Given up.**"):
            assert part in text, f"{file.name} lacks {part}"


def test_links_of_the_readme_lead_somewhere():
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")

    targets = [target.split("#")[0] for target in LINK.findall(text)]

    assert targets
    for target in targets:
        assert not urlsplit(target).scheme, target
        assert (CHECKOUT / unquote(target)).exists(), target


def test_pictures_are_small():
    pictures = [*DOCS.rglob("*.png"), *DOCS.rglob("*.svg"), *DOCS.rglob("*.jpg")]

    assert pictures
    assert not {p.name: p.stat().st_size for p in pictures if p.stat().st_size > 300_000}


class Fetched(HTMLParser):
    """Collects what a browser would fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        names = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
        if tag == "link" and values.get("rel") in ("canonical", "prev", "next"):
            return
        if names.get(tag) in values:
            self.addresses.append(values[names[tag]] or "")


def test_the_site_builds_strictly_and_asks_no_other_host(tmp_path):
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site],
        cwd=CHECKOUT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert not [page.name for page, text in pages.items() if "```" in text], "a block is not closed"
    foreign = {}
    for page, text in pages.items():
        parser = Fetched()
        parser.feed(text)
        found = [a for a in parser.addresses if urlsplit(a).netloc]
        if found:
            foreign[page.name] = found
    for sheet in site.rglob("*.css"):
        found = re.findall(r"url\([\"']?(?:https?:)?//[^)]+", sheet.read_text(encoding="utf-8"))
        if found:
            foreign[sheet.name] = found
    assert (site / "index.html").is_file()
    assert not foreign
