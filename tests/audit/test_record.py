"""What a row of the record says, who may write it and who may read it."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from gridmap.audit.actions import coming_from, record, record_refusal
from gridmap.core import database
from gridmap.core.actor import NOBODY, SYSTEM, Actor
from gridmap.core.database import transaction


def rows(session, action: str) -> list[dict]:
    found = session.execute(
        text("SELECT * FROM audit_events WHERE action = :action ORDER BY id"), {"action": action}
    )
    return [dict(row._mapping) for row in found]


def test_a_row_says_who_with_which_rights_where_and_why(session, actor_as):
    actor = actor_as("field", "990101", "990102")

    coming_from.set("192.0.2.7")
    with transaction(actor) as own:
        record(
            own, actor, "residents.seen", subject=("person", 7), where="990101001001",
            purpose="a visit was asked for", outcome="seen", shown=1,
        )  # fmt: skip
    coming_from.set(None)

    with transaction(SYSTEM) as own:
        [row] = rows(own, "residents.seen")
    assert (row["actor"], row["account_id"]) == (actor.name, actor.account_id)
    assert (row["roles"], row["scope"]) == (["field"], ["990101", "990102"])
    assert (row["grid_code"], row["purpose"]) == ("990101001001", "a visit was asked for")
    assert (row["outcome"], row["class"], row["address"]) == ("seen", "ordinary", "192.0.2.7")


@pytest.mark.parametrize(
    ("action", "kept"), [("residents.revealed", "reveal"), ("incidents.exported", "export")]
)
def test_reveals_and_exports_are_kept_longer(session, action, kept):
    record(session, SYSTEM, action, subject=("person", 1))

    assert rows(session, action)[0]["class"] == kept


def test_nobody_can_record_in_anothers_name(session, actor_as):
    culprit, other = actor_as("planner", "99"), actor_as("planner", "98")
    forged = {"at": "'2001-01-01'", "account_id": ":account", "roles": "'{auditor}'",
              "scope": "'{}'", "id": "7"}  # fmt: skip

    for column, value in forged.items():
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction(culprit) as own,
        ):
            own.execute(
                text(
                    f"INSERT INTO audit_events ({column}, actor, action, subject_type, subject_id, "
                    f"detail) VALUES ({value}, 'x', 'forged', 'x', '1', '{{}}')"
                ),
                {"account": other.account_id} if ":account" in value else {},
            )
    with transaction(culprit) as own:
        record(own, other, "forged", subject=("x", 1))

    with transaction(SYSTEM) as own:
        [row] = rows(own, "forged")
    assert (row["actor"], row["account_id"]) == (culprit.name, culprit.account_id)
    assert (row["roles"], row["scope"]) == (["planner"], ["99"])


def test_without_a_session_only_log_ins_are_recorded(session):
    stranger = Actor(name="somebody")

    with transaction(NOBODY) as own:
        record(own, stranger, "login.failed", subject=("account", "somebody"), outcome="refused")
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(NOBODY) as own:
        record(own, stranger, "incidents.imported", subject=("batch", 1))

    with transaction(SYSTEM) as own:
        [row] = rows(own, "login.failed")
    assert (row["actor"], row["account_id"], row["roles"]) == ("somebody", None, [])


def test_only_auditors_read_and_only_in_their_scope(session, actor_as):
    for where in ("990101001001", "990202001001"):
        record(session, SYSTEM, "places.seen", subject=("grid", where), where=where)

    seen = {}
    for role in ("auditor", "administrator", "coordinator", "clerk"):
        with transaction(actor_as(role, "9901")) as own:
            seen[role] = [row["grid_code"] for row in rows(own, "places.seen")]

    assert seen == {
        "auditor": ["990101001001"],
        "administrator": [],
        "coordinator": [],
        "clerk": [],
    }


def test_a_refusal_stays_although_the_rest_rolls_back(fresh_database):
    class Refused(Exception):
        pass

    def close() -> None:
        with transaction(SYSTEM) as session:
            record(session, SYSTEM, "cases.closed", subject=("case", 1))
            record_refusal(SYSTEM, "cases.close", subject=("case", 1), why="not yours")
            raise Refused

    with pytest.raises(Refused):
        close()

    with transaction(SYSTEM) as session:
        assert rows(session, "cases.closed") == []
        [row] = rows(session, "cases.close")
    assert (row["outcome"], row["detail"]) == ("refused", {"why": "not yours"})


@pytest.mark.parametrize("table", ["audit_events", "audit_seals"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"], ids=str.split
)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_past_cannot_be_changed(session, database_urls, table, statement, role):
    column = "actor" if table == "audit_events" else "ids"
    engine = create_engine(database_urls[role])

    with engine.connect() as connection:
        database.hand_over(connection, database.token_of(SYSTEM))
        with pytest.raises(DBAPIError, match=r"append|permission"):
            connection.exec_driver_sql(statement.format(table, column, column))

    engine.dispose()


CHANGES = {
    "as it is": "SELECT 1",
    "no second factor": "UPDATE auth.sessions SET second_factor = false WHERE account_id = {}",
    "role until yesterday": "UPDATE auth.grants SET valid_to = auth.today() WHERE account_id = {}",
    "role from tomorrow": "UPDATE auth.grants SET valid_from = auth.today() + 1"
    " WHERE account_id = {}",
    "session ended": "UPDATE auth.sessions SET ended_at = now() WHERE account_id = {}",
    "session too old": "UPDATE auth.sessions SET expires_at = now() WHERE account_id = {}",
    "session idle": "UPDATE auth.sessions SET idle = '0' WHERE account_id = {}",
    "account locked": "UPDATE auth.accounts SET locked_at = now() WHERE id = {}",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_trigger_says_of_a_session_what_the_functions_of_sign_in_say(
    fresh_database, actor_as, change
):
    """It has their conditions written out, for speed: they must not part."""
    engine = create_engine(fresh_database["postgres"])
    for actor in (actor_as("field", "9901", "98"), actor_as("auditor", "99")):
        with engine.begin() as connection:
            connection.exec_driver_sql(change.format(actor.account_id))

        with transaction(actor) as session:
            record(session, actor, "login.failed", subject=("trial", 1))
        with engine.begin() as connection:
            database.hand_over(connection, actor.token)
            wanted = connection.execute(
                text(
                    "SELECT auth.account(), coalesce(array_agg(DISTINCT role), '{}'),"
                    " coalesce(array_agg(DISTINCT prefix ORDER BY prefix)"
                    " FILTER (WHERE prefix IS NOT NULL), '{}')"
                    " FROM auth.grants_of_token() LEFT JOIN LATERAL unnest(prefixes) prefix ON true"
                )
            ).one()

        with transaction(SYSTEM) as session:
            row = rows(session, "login.failed")[-1]
        assert (row["account_id"], row["roles"], row["scope"]) == tuple(wanted)
    engine.dispose()
