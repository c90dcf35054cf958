"""The hot questions go by an index under the policies, as the application's roles with a token."""

import json
from datetime import date

import pytest
from sqlalchemy import event, text

from gridmap.auth.sessions import actor_of
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import local_midnight
from gridmap.core.database import transaction, vacuum
from gridmap.hotspots.queries import Window, count_by_grid
from gridmap.incidents.queries import span_of_linked_days, unlinked_page
from gridmap.maps import queries
from gridmap.web import wiring
from tests.factories import import_chessboard
from tests.people import sign_in

COMMUNITY = "990101001000"
MONTH = Window(date(2024, 3, 2), date(2024, 3, 28), "UTC")
YEAR = Window(date(2024, 1, 1), date(2025, 1, 1), "UTC")
STREET = (120.0, 32.0, 120.02, 32.02)
START, END = (local_midnight(day, "UTC") for day in (YEAR.start, YEAR.end))

HOT = {
    "counts of a month": ("analysis", lambda s, scope: count_by_grid(s, MONTH, scope=scope)),
    "counts of a year": ("analysis", lambda s, scope: count_by_grid(s, YEAR, scope=scope)),
    "span of days": ("analysis", lambda s, scope: span_of_linked_days(s, zone="UTC", scope=scope)),
    "points in view": (
        "app",
        lambda s, scope: queries.incidents_in_view(s, STREET, start=START, end=END, scope=scope),
    ),
    "resources in view": (
        "app", lambda s, scope: queries.resources_in_view(s, STREET, kinds=["aed"], scope=scope)
    ),
    "resources of a grid": ("app", lambda s, _: queries.resources_of(s, 1)),
    "dwellings of a grid": ("app", lambda s, _: queries.dwellings_of(s, 1)),
    "categories of a grid": (
        "analysis", lambda s, _: queries.counts_by_category(s, 1, start=START, end=END)
    ),
    "months of a grid": (
        "analysis",
        lambda s, _: queries.counts_by_month(s, COMMUNITY + "000", [date(2024, 1, 1)], None),
    ),
    "unlinked of a scope": ("app", lambda s, scope: unlinked_page(s, scope=scope)),
}  # fmt: skip
GUARDED = {"incidents", "incident_months", "places", "resources"}


@pytest.fixture
def city(fresh_database, tmp_path):
    """Sixteen grids; 60,000 incidents, 20,000 resources and 20,000 places, by SQL alone."""
    wiring.connect()
    import_chessboard(tmp_path)
    with transaction(SYSTEM) as session:
        batch = session.scalar(text("SELECT min(id) FROM batches"))
        located = (
            "ST_SetSRID(ST_MakePoint(120 + random() * 0.04, 32 + random() * 0.04), 4326), g.id, "
            "g.code, :batch FROM generate_series(1, :n) k JOIN grids g ON g.id = 1 + k % 16"
        )
        session.execute(
            text("INSERT INTO incidents (source, source_id, occurred_from, category_id, word_id, "
                 "geom, grid_id, grid_code, batch_id) SELECT 's', k::text, timestamptz "
                 f"'2023-01-01' + k * interval '20 minutes', 1, 1, {located}"),
            {"batch": batch, "n": 60_000},
        )  # fmt: skip
        session.execute(
            text("INSERT INTO incident_months SELECT c, g.code, g.id, 636, "
                 "array_agg(k * 9) FROM generate_series(0, 30) c, grids g, "
                 "generate_series(1, 28) k GROUP BY 1, 2, 3")
        )  # fmt: skip
        for table, kind in (("resources", "aed"), ("places", "dwelling")):
            status = ", status" if table == "resources" else ""
            value = ", 'in_service'" if table == "resources" else ""
            session.execute(
                text(f"INSERT INTO {table} (source, source_id, kind, name{status}, geom, grid_id, "
                     f"grid_code, batch_id) SELECT 's', k::text, '{kind}', ''{value}, {located}"),
                {"batch": batch, "n": 20_000},
            )  # fmt: skip
    vacuum(*sorted(GUARDED), "grids", "grid_versions")
    return sign_in("coordinator", prefixes=(COMMUNITY,))


def test_a_small_scope_reads_no_guarded_table_whole(city):
    read_whole, without_index = {}, []
    for question, (role, ask) in HOT.items():
        with transaction(actor_of(city), role=role) as session:
            plans = plans_of(session, lambda ask=ask, own=session: ask(own, COMMUNITY))
        steps = [node for plan in plans for node in nodes(plan)]
        scanned = [node["Relation Name"] for node in steps if node["Node Type"] == "Seq Scan"]
        if GUARDED & set(scanned):
            read_whole[question] = scanned
        if not any(node.get("Index Name") for node in steps):
            without_index.append(question)

    assert read_whole == {}
    assert without_index == []


def plans_of(session, ask) -> list[dict]:
    """The plan of each question that reads a guarded table, made by the role that asks it."""
    asked = []

    def note(_, __, statement, parameters, *___):
        if "EXPLAIN" not in statement and any(f"{name} " in statement for name in GUARDED):
            asked.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    ask()
    event.remove(connection, "before_cursor_execute", note)
    return [
        json.loads(json.dumps(connection.exec_driver_sql(
            "EXPLAIN (FORMAT JSON) " + statement, parameters).scalar()))[0]["Plan"]
        for statement, parameters in asked
    ]  # fmt: skip


def nodes(plan: dict):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)
