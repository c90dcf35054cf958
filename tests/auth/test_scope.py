"""What the database refuses, whatever the application asks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from gridmap.auth.accounts import Grant, add_account, grant_role
from gridmap.auth.sessions import Lifetime, actor_of, end_session, open_session
from gridmap.core.actor import NOBODY, SYSTEM, Actor
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.core.keys import hash_of, proof
from tests.people import sign_in

INCIDENT = text(
    "INSERT INTO incidents (source, source_id, occurred_from, category_id, word_id, grid_code, "
    "batch_id) VALUES ('t', :code, now(), 1, 1, :code, :batch)"
)
BATCH = text(
    "INSERT INTO batches (kind, file_name, file_hash, source, mapping, counts, actor, grid_code) "
    "VALUES ('incidents', 'f', 'h', 's', '{}', '{}', 'a', :code) RETURNING id"
)
CODES = ("990101001001000", "990102001001000", "")


@pytest.fixture
def two_districts(session):
    """One incident and one import in each of two districts, and one in no grid."""
    for code in CODES:
        batch = session.scalar(BATCH, {"code": code})
        session.execute(INCIDENT, {"code": code, "batch": batch})
    session.flush()
    return session


def seen(actor, table="incidents"):
    with transaction(actor) as session:
        return sorted(session.scalars(text(f"SELECT grid_code FROM {table}")))


def test_without_a_token_there_is_no_row(two_districts):
    for token in ("", "made up", "\\x00"):
        assert seen(Actor("x", token=token)) == []


@pytest.mark.parametrize("table", ["incidents", "batches"])
def test_a_role_sees_its_scope_alone(two_districts, actor_as, table):
    assert seen(actor_as("coordinator", "990101"), table) == [CODES[0]]
    assert seen(actor_as("coordinator", "990101", "990102"), table) == sorted(CODES[:2])
    assert seen(actor_as("coordinator", ""), table) == sorted(CODES)
    assert seen(actor_as("coordinator", "99010100100100"), table) == [CODES[0]]
    assert seen(actor_as("coordinator", "9901010010010000"), table) == []


def test_a_person_without_a_role_sees_nothing(two_districts):
    nobody_yet = actor_of(sign_in())

    assert nobody_yet.account_id is not None
    assert seen(nobody_yet) == []


def test_a_role_that_the_class_is_not_for_sees_nothing(two_districts, actor_as):
    assert seen(actor_as("auditor", "")) == []


def test_setting_ones_own_scope_gains_nothing(two_districts, actor_as):
    with transaction(actor_as("planner", "990101")) as session:
        for name in ("gridmap.scopes", "gridmap.scope", "auth.scopes"):
            session.execute(text("SELECT set_config(:name, '{\"\"}', true)"), {"name": name})
        assert session.scalars(text("SELECT grid_code FROM incidents")).all() == [CODES[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM auth.sessions",
        "SELECT * FROM auth.accounts",
        "SELECT * FROM auth.grants",
        "SELECT inner_key FROM auth.installation",
        "INSERT INTO auth.permissions VALUES ('planner', 'personal', 'see')",
        "SELECT auth.require_proof('x', 'x')",
        "SELECT auth.protect('incidents', 'place')",
        "CREATE FUNCTION auth.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE incidents DISABLE ROW LEVEL SECURITY",
        "DROP POLICY see ON incidents",
        "TRUNCATE incidents",
        "SET ROLE gridmap_owner",
        "SELECT auth.open_session(1, 'browser', '\\x00', true, 60, null, null, null, '\\x00')",
        "SELECT auth.open_session(1, 'browser', '\\x00', true, 60, null, null, null, null)",
        "SELECT auth.add_account('me', 'me')",
        "SELECT auth.grant_role(auth.account(), 'coordinator', '{\"\"}', '2020-01-01', null, null)",
    ],
)
def test_sql_as_the_application_cannot_widen_a_scope(session, actor_as, statement):
    actor = actor_as("planner", "990101")

    with pytest.raises(DBAPIError), transaction(actor) as own:
        own.execute(text(statement))


def test_an_administrator_of_one_district_gives_no_role_in_another(session, actor_as):
    chief = actor_as("administrator", "990101")
    with transaction(chief) as own:
        account = add_account(own, "new-colleague")
        grant_role(own, account, Grant("planner", ("990101001",), date(2020, 1, 1)))

    for prefixes in (("990102",), ("",), ("990101", "99"), ()):
        with pytest.raises(DBAPIError), transaction(chief) as own:
            grant_role(own, account, Grant("planner", prefixes, date(2020, 1, 1)))
    with pytest.raises(DBAPIError), transaction(chief) as own:
        grant_role(own, account, Grant("system", ("990101",), date(2020, 1, 1)))


def test_a_proof_holds_for_one_token_and_one_account(session):
    with transaction(SYSTEM) as own:
        first, second = add_account(own, "one"), add_account(own, "two")
        mark = hash_of("token")
        signed = proof("open", first, "browser", mark.hex(), 0, 60, -1)
        call = text(
            "SELECT auth.open_session(:who, 'browser', :hash, :factor, 60, null, null, "
            "null, :proof)"
        )
        values = {"who": first, "hash": mark, "factor": False, "proof": signed}
        assert own.scalar(call, values)
    for other in ({"who": second}, {"factor": True}, {"hash": hash_of("other")}, {}):
        with pytest.raises(DBAPIError), transaction(SYSTEM) as own:
            own.execute(call, values | other)


def test_writing_outside_the_scope_is_refused(two_districts, actor_as):
    actor = actor_as("coordinator", "990101")

    with transaction(actor) as own:
        batch = own.scalar(BATCH, {"code": "990101"})
        own.execute(INCIDENT, {"code": "990101001001001", "batch": batch})
    for code in ("990102001001001", "99", ""):
        with pytest.raises(DBAPIError), transaction(actor) as own:
            own.execute(INCIDENT, {"code": code, "batch": batch})
    with pytest.raises(DBAPIError), transaction(actor) as own:
        own.execute(text("UPDATE incidents SET grid_code = '990102001001000'"))
    with transaction(actor) as own:
        assert own.execute(text("DELETE FROM incidents RETURNING 1")).all() == [(1,), (1,)]
    assert seen(SYSTEM) == sorted(CODES[1:])


def test_a_dated_role_holds_from_its_day_to_the_day_before_its_end(two_districts):
    today = datetime.now(UTC).date()
    day = timedelta(days=1)
    terms = {
        (today, None): 1, (today - day, today + day): 1, (today - day, today): 0,
        (today + day, None): 0,
    }  # fmt: skip
    for (first, after), rows in terms.items():
        with transaction(SYSTEM) as own:
            account = add_account(own, f"stand-in-{first}-{after}")
            grant_role(own, account, Grant("planner", ("990101",), first, after))
            token = open_session(own, account)
        assert len(seen(actor_of(token) if rows else Actor("x", token=token))) == rows


def test_roles_that_need_a_second_factor_hold_only_with_one(two_districts):
    with transaction(SYSTEM) as own:
        account = add_account(own, "chief")
        grant_role(own, account, Grant("administrator", ("",), date(2020, 1, 1)))
        without, with_it = (open_session(own, account, second_factor=it) for it in (False, True))

    assert seen(Actor("x", token=without)) == []
    assert actor_of(without).waits_for_second_factor
    assert not actor_of(without).may("account")
    assert len(seen(actor_of(with_it))) == len(CODES)


def test_an_ended_session_opens_nothing(two_districts):
    actor = actor_of(sign_in("planner"))
    assert len(seen(actor)) == len(CODES)

    end_session(actor)

    assert seen(actor) == []
    assert actor_of(actor.token) is NOBODY


def test_a_session_ends_by_itself(two_districts):
    with transaction(SYSTEM) as own:
        account = add_account(own, "late")
        grant_role(own, account, Grant("planner", ("",), date(2020, 1, 1)))
        over = open_session(own, account, lifetime=Lifetime(timedelta(0)))
        idle = open_session(own, account, lifetime=Lifetime(timedelta(hours=1), idle=timedelta(0)))

    assert seen(Actor("x", token=over)) == seen(Actor("x", token=idle)) == []


def test_the_scope_of_a_page_lies_within_the_actors(session, actor_as):
    actor = actor_as("planner", "990101", "9902")

    assert actor.narrow("", "figure") == "990101"
    assert actor.narrow("990101001", "figure") == "990101001"
    for foreign in ("99", "990102", "9"):
        with pytest.raises(NotFound):
            actor.narrow(foreign, "figure")
    with pytest.raises(NotFound):
        actor.narrow("", "personal")
    assert SYSTEM.narrow("", "figure") == ""


def test_nothing_of_the_last_actor_is_left_on_a_connection(fresh_database):
    with transaction(SYSTEM) as session:
        batch = session.scalar(BATCH, {"code": ""})
        session.execute(INCIDENT, {"code": CODES[0], "batch": batch})
        pid = session.scalar(text("SELECT pg_backend_pid()"))

    with transaction(NOBODY) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == pid
        assert session.scalar(text("SELECT count(*) FROM incidents")) == 0


def test_indexes_are_not_dropped_for_somebody_who_sees_an_empty_table(two_districts, actor_as):
    with transaction(actor_as("coordinator", "77")) as own:
        assert own.scalar(text("SELECT count(*) FROM incidents")) == 0
        assert own.scalar(text("SELECT incidents_drop_indexes()")) is False


def test_the_role_that_counts_sees_what_figures_are_made_of(fresh_database):
    with transaction(SYSTEM) as session:
        batch = session.scalar(BATCH, {"code": ""})
        for code in CODES:
            session.execute(INCIDENT, {"code": code, "batch": batch})
    token = sign_in("planner", prefixes=("990101",))

    with transaction(actor_of(token), role="analysis") as session:
        assert session.scalars(text("SELECT grid_code FROM incidents")).all() == [CODES[0]]
    with transaction(NOBODY, role="analysis") as session:
        assert session.scalars(text("SELECT grid_code FROM incidents")).all() == []
    engine = create_engine(fresh_database["owner"])
    with engine.connect() as owner:
        assert owner.scalar(text("SELECT count(*) FROM incidents")) == 0, "forced on the owner"
    engine.dispose()
