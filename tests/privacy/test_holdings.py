"""The register of personal fields names every column that says something of a person."""

import re

import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.core.database import Base
from gridmap.privacy import retention
from gridmap.privacy.holdings import HOLDINGS, KIND_NAMES, RECORD, TECHNICAL, table_of
from gridmap.privacy.rotation import SEALED

OF_PEOPLE = {"account_id", "resident_id", "staff_id", "actor", "phone", "identity",
             "password_hash", "replaced_by", "granted_by", "holder_id", "opened_by"}  # fmt: skip
"""A table with such a column has a person in it."""
NEVER = re.compile(r"relig|faith|ethni|race|politic|party|health|disease|diagnos|convict|criminal")


@pytest.fixture
def columns(session) -> dict[str, set[str]]:
    """Table → columns, from the database's own catalogue."""
    rows = session.execute(
        text(
            "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, "
            "a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
            "AND n.nspname IN ('public', 'auth') AND c.relpersistence <> 't'"
        )
    )
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def registered() -> dict[str, set[str]]:
    found = {table: set(names.split()) for table, names in TECHNICAL.items()}
    for one in HOLDINGS:
        found[table_of(one.column)].add(one.column.rpartition(".")[2])
    return found


def test_every_table_with_a_person_in_it_is_registered(columns):
    with_people = {table for table, names in columns.items() if names & OF_PEOPLE}

    assert with_people - set(registered()) == set()


def test_every_column_of_such_a_table_is_registered_and_no_other(columns):
    for table, names in registered().items():
        assert names == columns[table], table


def test_the_test_would_miss_no_new_column(columns):
    columns["residents"].add("shoe_size")

    with pytest.raises(AssertionError, match="residents"):
        test_every_column_of_such_a_table_is_registered_and_no_other(columns)


def test_nothing_that_must_not_be_held_has_a_column(columns):
    found = {f"{table}.{name}" for table, names in columns.items() for name in names
             if NEVER.search(name)}  # fmt: skip

    assert found == set()


def test_every_field_says_what_for_and_how_long():
    for one in HOLDINGS:
        assert one.kind in KIND_NAMES
        assert all((one.what, one.purpose, one.basis, one.seen_by, one.kept))
    assert len({one.column for one in HOLDINGS}) == len(HOLDINGS)


def test_every_encrypted_column_is_rotated():
    sealed = {(table.name, field.column) for table in SEALED for field in table.fields}
    with_key = {name for name, table in Base.metadata.tables.items() if "key_number" in table.c}
    by_bytes = {
        (name, column.name)
        for name in with_key
        for column in Base.metadata.tables[name].c
        if str(column.type) == "BYTEA" or str(column.type) == "BLOB"
        if not column.name.endswith("_index")
    }

    assert with_key == {table.name for table in SEALED}
    assert by_bytes == sealed


def test_the_page_says_what_is_held(session, client_as):
    page = client_as("field", "9901").get("/privacy")

    assert page.status_code == 200
    for one in HOLDINGS:
        assert one.column in page.text
    assert client_as("field", "9901").get("/privacy/erased").status_code == 403
    assert client_as("auditor", "9901").get("/privacy/erased").status_code == 200


def test_the_page_is_not_for_strangers(session, stranger):
    assert stranger.get("/privacy").status_code in (302, 401)


def test_the_page_tells_the_days_that_hold_in_this_city(session, client_as):
    retention.set_days(session, SYSTEM, "moved_out", 1234)

    page = client_as("field", "9901").get("/privacy").text

    assert "Until 1,234 days after the last residence ended" in page
    assert "three years" not in page.lower()
    assert "%(days)s" not in page


def test_what_is_kept_by_a_rule_names_one_that_there_is():
    codes = {rule.code for rule in retention.RULES} | {"jobs"}

    for one in HOLDINGS:
        assert one.kept.rule in codes or not one.kept.rule
        assert ("%(days)s" in one.kept.words) is bool(one.kept.rule)


def test_no_sentence_says_that_old_rows_of_the_record_go(client_as, session):
    assert "is not built yet" in RECORD.words
    assert not session.scalar(text("SELECT has_table_privilege('audit_events', 'DELETE')"))
