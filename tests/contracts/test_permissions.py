"""Every address asks for something of the permission table, and the table is whole."""

import pytest

from gridmap.auth.current import OPEN, permission_of
from gridmap.auth.permissions import (
    ACTIONS,
    DATA,
    NEED_SECOND_FACTOR,
    PERMISSIONS,
    ROLE_NAMES,
    ROLES,
    read_table,
)

OPEN_VIEWS = {"api.healthz", "auth.login", "auth.check_password", "auth.login_code",
              "auth.check_code", "auth.logout", "auth.provider", "auth.provider_back"}  # fmt: skip
"""Views that anybody may call; a new one is added here on purpose."""


def test_every_view_says_what_it_needs(app):
    silent = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and permission_of(view) is None
    ]

    assert silent == []


def test_only_known_views_are_open_to_all(app):
    opened = {name for name, view in app.view_functions.items() if permission_of(view) == OPEN}

    assert opened == OPEN_VIEWS


def test_a_view_that_says_nothing_is_refused(app, session):
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    answer = app.test_client().get("/forgotten")

    assert answer.status_code == 403
    assert b"secret" not in answer.data


def test_the_table_names_every_role_and_every_class_once():
    assert set(PERMISSIONS) == {(role, data) for role in ROLES for data in DATA}
    assert set(ROLE_NAMES) == set(ROLES) - {"system"}
    assert set(ROLE_NAMES) >= NEED_SECOND_FACTOR


def test_the_one_who_manages_accounts_sees_no_person_and_the_auditor_no_place_data():
    assert PERMISSIONS["administrator", "personal"] == frozenset()
    assert PERMISSIONS["administrator", "audit"] == frozenset()
    assert PERMISSIONS["auditor", "personal"] == frozenset()
    assert PERMISSIONS["planner", "personal"] == frozenset()


@pytest.mark.parametrize(
    "table",
    ["role place\nclerk s", f"role {' '.join(DATA)}\nclerk {' '.join('z' for _ in DATA)}",
     f"role {' '.join(DATA)}\nclerk s"],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_refused(table):
    with pytest.raises(ValueError, match=r"columns|made of|zip"):
        read_table(table)


def test_the_database_decides_by_the_same_table(session):
    from sqlalchemy import text

    from gridmap.auth.installation import fingerprint

    assert session.scalar(text("SELECT auth.fingerprint()")) == fingerprint()


@pytest.mark.parametrize("role", list(ROLE_NAMES))
def test_every_cell_holds_in_the_database_both_ways(session, actor_as, role):
    actor = actor_as(role, "990101")

    for data in DATA:
        for action in ACTIONS.values():
            allowed = action in PERMISSIONS[role, data]
            assert actor.may(data, action) is allowed, (data, action)
            assert actor.prefixes(data, action) == (("990101",) if allowed else ())
