"""What an attacker tried as the application's role, and what the database says to it now."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridmap.audit.actions import record
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import NOBODY, SYSTEM, Actor
from gridmap.core.database import transaction
from gridmap.core.keys import system_token

WITHOUT_SESSION = [
    "UPDATE grids SET code = code",
    "INSERT INTO grids (code, name, kind, valid_from, batch_id) VALUES ('1', '', '', now(), 1)",
    "DELETE FROM divisions",
    "DELETE FROM base_features",
    "UPDATE grid_population SET n = 0",
    "DELETE FROM grid_versions",
    "UPDATE categories SET name = 'x'",
    "DELETE FROM category_words",
    "INSERT INTO settings VALUES ('retention', '{\"moved_out\": -40000}')",
    "UPDATE data_versions SET version = 0",
    "INSERT INTO audit_events (id, actor, action, subject_type, subject_id, detail) "
    "VALUES (5000000000000000000, 'x', 'login.failed', 'a', 'b', '{}')",
    "INSERT INTO audit_events (actor, action, subject_type, subject_id, detail) "
    "VALUES ('coordinator.b', 'login.succeeded', 'a', 'b', '{}')",
    "INSERT INTO audit_events (actor, action, subject_type, subject_id, detail) "
    "VALUES ('coordinator.b', 'login.reveal', 'a', 'b', '{}')",
    "SELECT _postgis_selectivity('residences', 'geom', ST_MakeEnvelope(0, 0, 1, 1, 4326))",
    "SELECT ST_EstimatedExtent('residences', 'geom')",
]


@pytest.mark.parametrize("statement", WITHOUT_SESSION)
def test_without_a_session_nothing_is_written_or_counted(session, statement):
    with pytest.raises(DBAPIError) as refused, transaction(NOBODY) as own:
        own.execute(text(statement))
    assert refused.value.orig.pgcode == "42501"


def test_a_planner_writes_no_table_of_the_city(session, actor_as):
    planner = actor_as("planner", "")

    for statement in WITHOUT_SESSION[:10]:
        with pytest.raises(DBAPIError), transaction(planner) as own:
            own.execute(text(statement))


def test_nobody_tells_the_record_but_that_a_log_in_failed(session):
    with transaction(NOBODY) as own:
        own.execute(text(
            "INSERT INTO audit_events (actor, action, subject_type, subject_id, detail, outcome, "
            "grid_code, purpose, class) VALUES ('coordinator.b', 'login.failed', 'a', 'b', '{}', "
            "'seen', '990106', 'taking copies home', 'reveal')"
        ))  # fmt: skip
    row = session.execute(text(
        "SELECT account_id, outcome, grid_code, purpose, class FROM audit_events ORDER BY id DESC"
    )).first()  # fmt: skip

    assert tuple(row) == (None, "refused", "", None, "ordinary")


def test_numbers_of_the_record_are_the_databases(session):
    with pytest.raises(DBAPIError), transaction(SYSTEM) as own:
        own.execute(text(
            "INSERT INTO audit_events (id, actor, action, subject_type, subject_id, detail) "
            "VALUES (-7, 'x', 'x', 'a', 'b', '{}')"
        ))  # fmt: skip
    with transaction(SYSTEM) as own:
        record(own, SYSTEM, "thing.done", subject=("thing", 1))


def test_the_systems_token_is_nobody_over_the_network(session, stranger):
    token = system_token()

    assert actor_of(token) is NOBODY
    answer = stranger.get("/jobs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (302, 303, 401)


def test_a_person_of_another_scope_is_tied_to_nothing_here(session, actor_as):
    person = session.scalar(text(
        "INSERT INTO residents (name, name_index, key_number, grid_code) "
        "VALUES ('x', 'x', 1, '990106001001001') RETURNING id"
    ))  # fmt: skip
    coordinator = actor_as("coordinator", "990102")
    statement = text(
        "INSERT INTO residences (resident_id, source, source_id, kind, valid, key_number, "
        "grid_code) VALUES (:person, 's', 'i', 'resident', '[2026-01-01,)', 1, '990102001001001')"
    )

    with pytest.raises(DBAPIError) as refused, transaction(coordinator) as own:
        own.execute(statement, {"person": person})
    assert refused.value.orig.pgcode == "42501"
    with transaction(SYSTEM) as own:
        own.execute(statement, {"person": person})
    with pytest.raises(DBAPIError), transaction(SYSTEM) as own:
        own.execute(text("UPDATE residences SET resident_id = resident_id + 1"))


def test_an_account_out_of_sight_is_given_no_role(session, actor_as):
    from datetime import date

    from gridmap.auth.accounts import Grant, add_account, grant_role

    chief = actor_as("administrator", "990102")
    foreign = actor_as("coordinator", "990106")

    with pytest.raises(DBAPIError), transaction(chief) as own:
        grant_role(own, foreign.account_id, Grant("planner", ("990102",), date(2020, 1, 1)))
    with transaction(chief) as own:
        mine = add_account(own, "new-here")
    with pytest.raises(DBAPIError), transaction(chief) as own:
        grant_role(own, mine, Grant("planner", ("990102",), date(2020, 1, 1), None,
                                    foreign.account_id))  # fmt: skip


def test_values_do_not_stand_in_the_errors_of_statements(fresh_database):
    with pytest.raises(DBAPIError) as refused, transaction(Actor("x", token="hidden")) as own:
        own.execute(text("INSERT INTO settings VALUES (:key, '1')"), {"key": "the widow Li Hua"})
    assert "widow" not in str(refused.value)
