"""Accounts of others: who sees them, who changes them, what the database refuses."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridmap.audit.actions import record
from gridmap.auth import actions, queries
from gridmap.auth.errors import NotYours
from gridmap.auth.proofs import signed
from gridmap.auth.sessions import actor_of, open_session
from gridmap.core.actor import SYSTEM
from gridmap.core.city import put_setting, today
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
            session, own, own.account_id, actions.Role("clerk", (EAST,), today(session))
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


def test_auditors_are_made_by_the_system_alone(chief, staff, actor_as):
    actor = actor_as("administrator", "")

    answer = chief.post(
        f"/accounts/{staff['blank']}/roles", data={"role": "auditor", "scope": EAST}
    )
    wanted = actions.Role("auditor", (EAST,), date(2020, 1, 1))
    with transaction(actor) as own, pytest.raises(NotYours):
        actions.give_role(own, actor, staff["blank"], wanted)
    with pytest.raises(DBAPIError) as refused, transaction(actor) as own:
        own.execute(
            text("SELECT auth.grant_role(:who, 'auditor', '{990101}', '2020-01-01', NULL, NULL)"),
            {"who": staff["blank"]},
        )

    assert answer.status_code == 403
    assert refused.value.orig.pgcode == "42501"
    assert 'value="auditor"' not in chief.get(f"/accounts/{staff['blank']}").text
    with transaction(SYSTEM) as own:
        assert queries.grants(own, staff["blank"]) == []


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


def test_a_role_is_ended_at_the_address_of_its_account_alone(chief, staff):
    chief.get("/accounts")
    own = actor_of(chief.get_cookie("gridmap_session").value)
    make_account("neighbour", "planner", prefixes=(EAST,))
    with transaction(SYSTEM) as session:
        grants = {
            who: queries.grants(session, who)[0].id for who in (own.account_id, staff["east"])
        }
        other = queries.account_named(session, "neighbour").id

    answers = [
        chief.post(f"/accounts/{other}/roles/{grant}/end").status_code for grant in grants.values()
    ]

    assert answers == [404, 404]
    with transaction(SYSTEM) as session:
        assert all(queries.grants(session, who)[0].lives for who in grants)
    call = text("SELECT auth.end_grant(:who, :grant, current_date)")
    grant = grants[own.account_id]
    with transaction(own) as session:
        assert session.scalar(call, {"who": other, "grant": grant}) is False
    with pytest.raises(DBAPIError, match="not for this session"), transaction(own) as session:
        session.scalar(call, {"who": own.account_id, "grant": grant})


def test_ending_a_role_does_not_prolong_it(session):
    account = make_account("li.na")
    with transaction(SYSTEM) as own:
        day = today(own)
        wanted = actions.Role("planner", (EAST,), day - timedelta(days=3), day)
        actions.give_role(own, SYSTEM, account, wanted)
        [held] = queries.grants(own, account)
        actions.end_role(own, SYSTEM, account, held.id, day + timedelta(days=9))

        assert queries.grants(own, account)[0].last_day == day


def test_password_and_second_factor_are_reset_together_or_not_at_all(chief, staff, monkeypatch):
    def spoilt(*parts):
        found = signed(*parts)
        return found | {"proof": b"x"} if parts[0] == "remove totp" else found

    monkeypatch.setattr("gridmap.auth.second_factor.signed", spoilt)

    answer = chief.post(f"/accounts/{staff['east']}/reset", data={"second_factor": "1"})

    assert answer.status_code == 403
    with transaction(SYSTEM) as own:
        assert not queries.account(own, staff["east"]).must_change_password


@pytest.mark.parametrize("district", [EAST, WEST])
def test_auditors_of_each_district_find_what_was_done_with_an_account(
    session, staff, actor_as, district
):
    with transaction(SYSTEM) as own:
        actions.lock(own, SYSTEM, staff["both"], "on leave")
        role = queries.grants(own, staff["west"])[0]
        actions.end_role(own, SYSTEM, staff["west"], role.id, today(own))
    administrator = actor_as("administrator", EAST)
    with transaction(administrator) as own:
        added = actions.add_person(own, administrator, "new.one")

    with transaction(actor_as("auditor", district)) as own:
        found = own.execute(
            text("SELECT action, subject_id, grid_code FROM audit_events"
                 " WHERE action ^@ 'account.' AND subject_id = ANY (:ids)"
                 " AND action IN ('account.locked', 'account.role_ended', 'account.added')"
                 " ORDER BY id"),
            {"ids": [str(one) for one in (staff["both"], staff["west"], added)]},
        ).all()  # fmt: skip

    locked = ("account.locked", str(staff["both"]), district)
    if district == EAST:
        assert found == [locked, ("account.added", str(added), EAST)]
    else:
        assert found == [locked, ("account.role_ended", str(staff["west"]), WEST)]


ZONES = ("Pacific/Kiritimati", "Etc/GMT+12", "UTC", None)
"""Of the first two at least one has another date than UTC, at any hour."""


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("connection", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_roles_begin_and_end_with_the_citys_day(session, zone, connection):
    put_setting(session, "timezone", zone and {"name": zone, "by": "person"})
    session.execute(text(f"SET LOCAL TimeZone = '{connection}'"))
    day = datetime.now(ZoneInfo(zone or "UTC")).date()
    spans = {"today": (0, 0), "until_yesterday": (-5, -1), "from_tomorrow": (1, 5)}
    holding = set()

    for name, (first, last) in spans.items():
        account = make_account(name.replace("_", "."))
        with transaction(SYSTEM) as own:
            wanted = actions.Role(
                "planner", (EAST,), day + timedelta(days=first), day + timedelta(days=last)
            )
            actions.give_role(own, SYSTEM, account, wanted)
            actor = actor_of(open_session(own, account))
        with transaction(actor) as own:
            scopes = own.scalar(text("SELECT auth.scopes('place', 'see')"))
            record(own, actor, "login.trial", subject=("trial", name))
        with transaction(SYSTEM) as own:
            roles = own.scalar(
                text("SELECT roles FROM audit_events WHERE subject_id = :name"), {"name": name}
            )
        assert bool(scopes) == bool(actor.roles) == bool(roles)
        holding |= {name} if scopes else set()

    assert holding == {"today"}
    assert today(session) == day


def test_a_zone_that_the_database_does_not_know_closes_no_door(session):
    with pytest.raises(DBAPIError, match="not recognized"), transaction(SYSTEM) as own:
        put_setting(own, "timezone", {"name": "Mars/Base", "by": "person"})


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
