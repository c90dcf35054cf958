"""The main questions with the policies of the database and without, at a small and a large scope.

usage: script/bench rls [--rows N] [--repeats N]
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from gridmap.auth.current import COOKIE
from gridmap.auth.sessions import actor_of
from gridmap.batches.queries import newest_batches
from gridmap.core import database
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import local_midnight
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest
from gridmap.hotspots.queries import Window, count_by_category, count_by_grid
from gridmap.incidents.queries import span_of_linked_days, unlinked_page
from gridmap.intake import Columns
from gridmap.maps import queries
from gridmap.web import create_app
from tests.bench.city import CELL, SIDE, SOUTH, WEST, ZONE, Bench, bench, write_incidents
from tests.bench.table import BenchRow, medians_of, print_table
from tests.factories import write_csv
from tests.people import sign_in

COMMUNITY = "990101050000"
SCOPES = {"a community, 100 grids": COMMUNITY, "everything, 10,000 grids": ""}
MONTH = Window(date(2025, 10, 12), date(2025, 11, 11), ZONE)
YEAR = Window(date(2024, 10, 12), date(2025, 10, 12), ZONE)
STREET = (WEST + 50 * CELL, SOUTH + 45 * CELL, WEST + 52 * CELL, SOUTH + 50 * CELL)
RESOURCES = 50_000
GUARDED = ("incidents", "incident_months", "places", "resources", "batches")


@dataclass(frozen=True)
class Asked:
    """One question: the role that asks it, how, and how many times slower it may get."""

    role: str
    ask: Callable[[Session, str], object]
    goal: str = "goal ≤ 1.5"


def points(session: Session, scope: str) -> object:
    """Incidents of a year at street zoom."""
    start, end = (local_midnight(day, ZONE) for day in (YEAR.start, YEAR.end))
    return queries.incidents_in_view(session, STREET, start=start, end=end, scope=scope)


def card(session: Session, _: str) -> object:
    """What the card of one grid asks of tables with policies."""
    start, end = (local_midnight(day, ZONE) for day in (YEAR.start, YEAR.end))
    found = queries.grid_by_code(session, f"{COMMUNITY}050")
    assert found is not None
    months = [date(2024, month, 1) for month in range(1, 13)]
    return (
        queries.counts_by_category(session, found.id, start=start, end=end),
        queries.counts_by_month(session, found.code, months, None),
        queries.dwellings_of(session, found.id),
        queries.resources_of(session, found.id),
    )


QUESTIONS = {
    "hotspot counts, 30 days": Asked(
        "analysis", lambda s, scope: count_by_grid(s, MONTH, scope=scope), "goal ≤ 2"
    ),
    "hotspot counts, 1 year": Asked(
        "analysis", lambda s, scope: count_by_grid(s, YEAR, scope=scope), "goal ≤ 2"
    ),
    "categories of a window": Asked(
        "analysis", lambda s, scope: count_by_category(s, MONTH, scope=scope)
    ),
    "categories, all time": Asked(
        "analysis", lambda s, scope: queries.categories_with_counts(s, scope=scope)
    ),
    "span of days": Asked(
        "analysis", lambda s, scope: span_of_linked_days(s, zone=ZONE, scope=scope)
    ),
    "points in view": Asked("app", points),
    "resources in view": Asked(
        "app",
        lambda s, scope: queries.resources_in_view(s, STREET, kinds=["camera"], scope=scope),
    ),
    "card of a grid": Asked("app", card),
    "unlinked, one page": Asked("app", lambda s, scope: unlinked_page(s, scope=scope)),
    "list of imports": Asked("app", lambda s, _: newest_batches(s, limit=25)),
}


def load(at: Bench, rows: int) -> None:
    """Fill the database `run` and make `open` of it, in which no policy stands."""
    at.clone("gridmap", "run")
    path = at.folder / "incidents.csv"
    write_incidents(path, rows, seed=1)
    at.import_incidents(path)
    chance = np.random.default_rng(3)
    x, y = chance.uniform(0, SIDE * CELL, (2, RESOURCES))
    things = [(k, WEST + x[k], SOUTH + y[k], "camera") for k in range(RESOURCES)]
    path = write_csv(at.folder / "things.csv", ("id", "lon", "lat", "kind"), things)
    columns = Columns(id="id", x="lon", y="lat", kind="kind", source="bench")
    import_file(SYSTEM, ImportRequest("resources", path, columns))


def without_policies(at: Bench) -> None:
    """Make the copy in which everything lies open."""
    at.clone("run", "open")
    engine = create_engine(at.cluster.url("gridmap_owner", "open"))
    with engine.begin() as connection:
        for table in GUARDED:
            connection.execute(
                text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
            )
    engine.dispose()


def measure(at: Bench, repeats: int) -> list[BenchRow]:
    """Ask every question in both databases, in turns."""
    at.use("run")
    tokens = {words: sign_in("planner", "coordinator", prefixes=(scope,))
              for words, scope in SCOPES.items()}  # fmt: skip
    whole = [row for words, token in tokens.items() for row in whole_card(words, token, repeats)]
    without_policies(at)
    engines = {
        (name, role): create_engine(at.cluster.url(f"gridmap_{role}", name))
        for name in ("open", "run") for role in ("app", "analysis")
    }  # fmt: skip
    found = []
    for words, scope in SCOPES.items():
        for case, asked in QUESTIONS.items():
            calls = {
                name: asking(engines[name, asked.role], tokens[words], asked, scope)
                for name in ("open", "run")
            }
            spent = medians_of(calls, repeats)
            title = f"{case}: {words}"
            found += [BenchRow(title, "without policies", spent["open"] * 1000, "ms"),
                      BenchRow(title, "with policies", spent["run"] * 1000, "ms",
                               note=asked.goal)]  # fmt: skip
    for engine in engines.values():
        engine.dispose()
    return [*found, *whole]


def asking(engine: Engine, token: str, asked: Asked, scope: str) -> Callable[[], object]:
    """Return a call that opens one transaction with a token and asks."""

    def call() -> object:
        mark = database._token.set(token)
        try:
            with Session(engine) as session, session.begin():
                return asked.ask(session, scope)
        finally:
            database._token.reset(mark)

    return call


def whole_card(words: str, token: str, repeats: int) -> list[BenchRow]:
    """Return the time of a card over HTTP, sessions, figures and template included."""
    assert actor_of(token).account_id is not None
    app = create_app()
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    address = f"/grids/{COMMUNITY}050/card?from=2024-10-12&to=2025-10-12"

    def call() -> None:
        assert client.get(address).status_code == 200

    spent = medians_of({"": call}, repeats)[""]
    title = f"a grid's card, the whole request: {words}"
    return [BenchRow(title, "with policies", spent * 1000, "ms", note="goal ≤ 20 ms")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    with bench() as at:
        load(at, options.rows)
        found = measure(at, options.repeats)
    print_table(f"Row-level security at {options.rows:,} incidents and 10,000 grids", found)


if __name__ == "__main__":
    main()
