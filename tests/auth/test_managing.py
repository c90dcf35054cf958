"""Accounts of others: who sees them, who changes them, what the database refuses."""

import re

import pytest
from sqlalchemy import text

from gridmap.auth import actions, queries
from gridmap.auth.errors import NotYours
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from tests.people import PASSWORD, make_account, sign_in

EAST, WEST = "990101", "990102"


@pytest.fixture
def chief(session, client_as):
    """A browser of the administrator of the east."""
    return client_as("administrator", EAST)


@pytest.fixture
def staff(session):
    """One account in the east, one in the west, one in both, one auditor, one without a role."""
    return {
        "east": make_account("east", "planner", prefixes=(EAST + "001",)),
        "west": make_account("west", "planner", prefixes=(WEST,)),
        "both": make_account("both", "planner", prefixes=(EAST, WEST)),
        "watch": make_account("watch", "auditor", prefixes=(EAST,)),
        "blank": make_account("blank"),
    }


def names(page) -> set[str]:
    return set(re.findall(r'/accounts/\d+">([^<]+)</a>', page))


def test_an_administrator_sees_the_accounts_of_the_own_scope(chief, staff):
    seen = names(chief.get("/accounts").text)

    assert {"east", "both", "watch", "blank"} <= seen
    assert "west" not in seen
    assert chief.get(f"/accounts/{staff['west']}").status_code == 404
    assert chief.get("/accounts/999999").status_code == 404


@pytest.mark.parametrize("step", ["lock", "unlock", "reset", "sessions/end", "identity"])
def test_what_reaches_beyond_the_scope_is_refused(chief, staff, step):
    allowed = chief.post(f"/accounts/{staff['east']}/{step}").status_code
    refused = {
        who: chief.post(f"/accounts/{staff[who]}/{step}").status_code
        for who in ("west", "both", "watch")
    }

    assert allowed in (200, 302)
    assert set(refused.values()) <= {403, 404}


def test_nobody_manages_or_promotes_themselves(session, chief):
    chief.get("/accounts")
    own = actor_of(chief.get_cookie("gridmap_session").value)

    answers = [
        chief.post(f"/accounts/{own.account_id}/lock"),
        chief.post(f"/accounts/{own.account_id}/reset"),
        chief.post(
            f"/accounts/{own.account_id}/roles", data={"role": "coordinator", "scope": EAST}
        ),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    with transaction(own) as session, pytest.raises(NotYours):
        actions.give_role(
            session, own, own.account_id, actions.Role("clerk", (EAST,), actions.today())
        )


def test_a_new_account_gets_a_password_once_and_a_role_in_the_scope(chief, stranger):
    page = chief.post("/accounts", data={"name": "New.One", "display_name": "New One"}).text
    password = re.search(r'id="once">(\S+)<', page).group(1)
    number = re.search(r'/accounts/(\d+)"', page).group(1)

    given = chief.post(
        f"/accounts/{number}/roles",
        data={"role": "planner", "scope": f"{EAST}001 Somewhere, {EAST}002"},
    )
    beyond = chief.post(f"/accounts/{number}/roles", data={"role": "planner", "scope": WEST})
    everywhere = chief.post(f"/accounts/{number}/roles", data={"role": "planner", "everywhere": 1})

    assert given.status_code == 302
    assert (beyond.status_code, everywhere.status_code) == (403, 403)
    assert stranger.post("/login", data={"name": "new.one", "password": password}).location == (
        "/account/password?next=/"
    )
    assert password not in chief.get(f"/accounts/{number}").text


@pytest.mark.parametrize(
    ("form", "status"),
    [({"role": "planner"}, 400), ({"role": "king", "scope": EAST}, 422),
     ({"role": "system", "scope": EAST}, 422),
     ({"role": "planner", "scope": EAST, "first": "2026-05-02", "last": "2026-05-01"}, 422),
     ({"role": "planner", "scope": EAST, "first": "tomorrow"}, 400),
     ({"role": "planner", "scope": EAST, "stands_in_for": "nobody"}, 404)],
)  # fmt: skip
def test_a_role_that_makes_no_sense_is_refused(chief, staff, form, status):
    answer = chief.post(f"/accounts/{staff['east']}/roles", data=form)

    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_a_dated_role_holds_in_its_days_and_names_whom_it_stands_in_for(chief, staff):
    chief.post(
        f"/accounts/{staff['east']}/roles",
        data={"role": "clerk", "scope": EAST, "first": "2999-01-01", "last": "2999-01-14",
              "stands_in_for": "both"},
    )  # fmt: skip

    page = chief.get(f"/accounts/{staff['east']}").text
    with transaction(SYSTEM) as own:
        held = queries.account(own, staff["east"]).roles[0]

    assert "stands in for both" in page
    assert "from later on" in page
    assert (held.role, str(held.last_day), held.begun) == ("clerk", "2999-01-14", False)


def test_a_role_is_ended_by_whoever_manages_its_scope(chief, staff):
    with transaction(SYSTEM) as own:
        grants = {who: queries.grants(own, staff[who])[0].id for who in staff if who != "blank"}

    answers = {
        who: chief.post(f"/accounts/{staff[who]}/roles/{grant}/end").status_code
        for who, grant in grants.items()
    }

    assert answers == {"east": 302, "west": 404, "both": 403, "watch": 403}
    assert "ended" in chief.get(f"/accounts/{staff['east']}").text


def test_every_change_is_on_record_and_says_whether_it_shows_persons(chief, staff, session):
    east = staff["east"]
    chief.post(f"/accounts/{east}/roles", data={"role": "coordinator", "scope": EAST})
    chief.post(f"/accounts/{east}/lock", data={"reason": "on leave"})
    chief.post(f"/accounts/{east}/unlock")
    chief.post(f"/accounts/{east}/reset")
    chief.post(f"/accounts/{east}/sessions/end")

    rows = session.execute(
        text("SELECT action, detail, actor FROM audit_events WHERE subject_type = 'account' "
             "AND subject_id = :id AND actor LIKE 'administrator-%' ORDER BY id"),
        {"id": str(east)},
    ).all()  # fmt: skip

    assert [row.action for row in rows] == [
        "account.role_given", "account.locked", "account.unlocked", "account.password_reset",
        "account.sessions_ended"]  # fmt: skip
    assert rows[0].detail["shows_persons"] is True
    assert PASSWORD not in str(rows)


@pytest.mark.parametrize("role", ["coordinator", "planner", "field", "mediator", "clerk"])
def test_other_roles_see_no_account_but_their_own(session, client_as, staff, role):
    browser = client_as(role, EAST)

    assert browser.get("/accounts").status_code == 403
    assert browser.get(f"/accounts/{staff['east']}").status_code == 403
    assert browser.get("/account").status_code == 200
    with transaction(actor_of(sign_in(role, prefixes=(EAST,)))) as own:
        assert queries.accounts(own) == []
        with pytest.raises(NotFound):
            queries.account(own, staff["east"])
        assert queries.sessions(own, staff["east"]) == []


def test_an_auditor_reads_accounts_and_changes_none(session, client_as, staff):
    browser = client_as("auditor", EAST)

    assert browser.get("/").location == "/grids"
    assert browser.get(f"/accounts/{staff['east']}").status_code == 200
    assert browser.post(f"/accounts/{staff['east']}/lock").status_code == 403


def test_places_for_a_scope_are_searched_within_ones_own(session, client_as):

    answer = client_as("administrator", EAST).get("/divisions.json?q=9901")

    assert answer.status_code == 200
    assert all(place["code"].startswith(EAST) for place in answer.json["places"])
