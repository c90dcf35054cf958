"""A small city in a database of its own, served to a real Chromium that is watched."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from werkzeug.serving import make_server

from gridmap.auth.current import COOKIE
from tests.factories import (
    INCIDENT_COLUMNS,
    INCIDENT_HEADER,
    centre,
    import_chessboard,
    write_csv,
)
from tests.people import PEOPLE_ROLES, sign_in

CHROMIUM = os.environ.get("GRIDMAP_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COLUMNS = ROWS = 6


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def clone(test_cluster, database_urls) -> Iterator[Callable[[], dict[str, str]]]:
    """Make databases that live as long as the tests; returns their addresses by role."""
    from sqlalchemy import create_engine, text

    from gridmap.web import wiring

    wiring.connect()
    admin = create_engine(test_cluster.url("postgres", "postgres"), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> dict[str, str]:
        name = f"browser_{os.urandom(4).hex()}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE gridmap OWNER gridmap_owner"))
        made.append(name)
        return {
            role: test_cluster.url(f"gridmap_{role}", name) for role in ("app", "owner", "analysis")
        }

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def served(test_home) -> Iterator[str]:
    """The application behind an address; its database is what the test points it at."""
    from gridmap.web import create_app

    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


def use(urls: dict[str, str]) -> None:
    """Point this process at a database."""
    from gridmap.core import database

    database.configure(app=urls["app"], owner=urls["owner"], analysis=urls["analysis"])


@pytest.fixture(scope="session")
def small_city_database(clone, tmp_path_factory) -> dict[str, str]:
    """36 square grids, a hot corner, a cold one, two categories, two incidents without a grid."""
    return make_small_city(clone(), tmp_path_factory.mktemp("city"))


@pytest.fixture
def small_city_of_its_own(clone, served, tmp_path_factory) -> str:
    """The address of a server of a small city that a test may change."""
    use(make_small_city(clone(), tmp_path_factory.mktemp("city")))
    return served


def make_small_city(urls: dict[str, str], folder: Path) -> dict[str, str]:
    """Bring the small city into an empty database."""
    from gridmap.core.actor import SYSTEM
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest

    use(urls)
    import_chessboard(folder, COLUMNS, ROWS)
    path = write_csv(folder / "incidents.csv", INCIDENT_HEADER, incident_rows())
    import_file(SYSTEM, ImportRequest("incidents", path, INCIDENT_COLUMNS))
    return urls


def incident_rows() -> list[tuple[object, ...]]:
    """Sixty in each grid of the lower left corner, four elsewhere, two outside."""
    rng = np.random.default_rng(3)
    rows: list[tuple[object, ...]] = []
    for column in range(COLUMNS):
        for row in range(ROWS):
            lon, lat = centre(column, row)
            count = 60 if column < 2 and row < 2 else 4
            for k in range(count):
                x, y = rng.uniform(-0.004, 0.004, 2)
                day = 1 + int(rng.integers(28))
                month = 1 + k % 12
                word = "burglary" if k % 3 else "theft"
                stamp = f"2024-{month:02d}-{day:02d} 12:00:00"
                rows.append((len(rows), lon + x, lat + y, stamp, word))
    rows.append((len(rows), 121.9, 33.9, "2024-06-01 12:00:00", "burglary"))
    rows.append((len(rows), 121.9, 33.9, "2024-06-02 12:00:00", "theft"))
    return rows


@pytest.fixture
def small_city(small_city_database, served) -> str:
    """The address of a server of the small city."""
    use(small_city_database)
    return served


@pytest.fixture
def empty_city(clone, served) -> str:
    """The address of a server without any data."""
    use(clone())
    return served


@pytest.fixture(scope="session")
def chicago_database(clone, reference_data: Path) -> dict[str, str]:
    """Chicago's areas and four years of burglaries."""
    from gridmap.core.actor import SYSTEM
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.intake import Columns, ReadOptions

    urls = clone()
    use(urls)
    folder = reference_data / "chicago"
    grids = ImportRequest("grids", folder / "areas.geojson", Columns(code="code", name="name"))
    import_file(SYSTEM, grids)
    columns = Columns(
        x="x",
        y="y",
        time="date_single",
        time_format="%d/%m/%Y",
        tz="America/Chicago",
        category_value="burglary",
    )
    path = folder / "burglaries_2014_2017.csv"
    import_file(SYSTEM, ImportRequest("incidents", path, columns, ReadOptions(crs="EPSG:26971")))
    return urls


@pytest.fixture
def chicago(chicago_database, served) -> str:
    """The address of a server of Chicago."""
    use(chicago_database)
    return served


_tokens: dict[str, str] = {}


def everything() -> str:
    """The token of somebody with every role over everything, made once for each database."""
    from gridmap.core.actor import SYSTEM
    from gridmap.core.database import name_of, transaction

    with transaction(SYSTEM) as session:
        name = name_of(session)
    if name not in _tokens:
        _tokens[name] = sign_in(*PEOPLE_ROLES)
    return _tokens[name]


class Watched:
    """Opens pages and notes what should not happen on them."""

    def __init__(self, browser, base: str) -> None:
        self.browser = browser
        self.base = base
        self.contexts: list[object] = []
        self.wrong: list[str] = []
        self.requests: list[str] = []
        self.allowed: tuple[str, ...] = ()

    def page(self, *, width: int = 1440, height: int = 900, signed_in: bool = True, **options):
        """A page of its own context, of somebody with every role over everything."""
        options.setdefault("locale", "en")
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        self.contexts.append(context)
        if signed_in:
            context.add_cookies([{"name": COOKIE, "value": everything(), "url": self.base}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._console)
        page.on("pageerror", lambda problem: self.wrong.append(f"script: {problem}"))
        page.on("request", self._request)
        page.on("response", self._response)
        return page

    def open(self, address: str, **options):
        """Open an address of the server in a page of its own."""
        page = self.page(**options)
        page.goto(self.base + address)
        return page

    def map(self, address: str = "/", **options):
        """Open the map and wait until its tiles and figures are painted."""
        page = self.open(address, **options)
        page.locator("#map-pane[data-ready=true]").wait_for()
        return page

    def _console(self, message) -> None:
        said = message.text
        if message.type in ("error", "warning") and not any(ok in said for ok in self.allowed):
            self.wrong.append(f"console: {said}")

    def _request(self, request) -> None:
        address = urlsplit(request.url)
        self.requests.append(request.url)
        if address.scheme in ("http", "https") and address.netloc != urlsplit(self.base).netloc:
            self.wrong.append(f"foreign request: {request.url}")

    def _response(self, response) -> None:
        policy = response.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            self.wrong.append(f"policy of {response.url}: {policy}")


@pytest.fixture
def watched(chromium) -> Iterator[Callable[[str], Watched]]:
    """Watch pages of a server; afterwards nothing wrong may have been noted."""
    all_of_them: list[Watched] = []

    def watch(base: str) -> Watched:
        found = Watched(chromium, base)
        all_of_them.append(found)
        return found

    yield watch
    for found in all_of_them:
        for context in found.contexts:
            context.close()
    assert [wrong for found in all_of_them for wrong in found.wrong] == []
