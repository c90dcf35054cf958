"""What auditors find, and only they: the record, unusual looks, refusals."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gridmap.audit.actions import record
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.oversight import queries, rules
from gridmap.oversight.queries import Search, search_record, unusual_days
from tests.people import sign_in

GRIDS = ("990101001001", "990202002001")


@pytest.fixture
def rows(session, actor_as):
    """Looks of two officers at two people in two divisions; returns the officers."""
    officers = [actor_as("field", "9901"), actor_as("mediator", "9902")]
    for officer, grid, person in zip(officers, GRIDS, (7, 8), strict=True):
        with transaction(officer) as own:
            record(own, officer, "resident.seen", subject=("resident", person), where=grid,
                   outcome="seen")  # fmt: skip
            record(own, officer, "resident.revealed", subject=("resident", person), where=grid,
                   purpose=f"visit {person}", outcome="seen")  # fmt: skip
    return officers


def found(actor, **wanted) -> list[tuple]:
    with transaction(actor) as own:
        total, events = search_record(own, Search(**wanted), limit=50, offset=0)
        assert total == len(events)
        return [(event.actor, event.action, event.subject_id) for event in events]


def test_an_auditor_searches_by_officer_person_place_and_action(rows, actor_as):
    auditor = actor_as("auditor", "99")
    first, second = (officer.name for officer in rows)

    assert found(auditor, officer=first) == [
        (first, "resident.revealed", "7"),
        (first, "resident.seen", "7"),
    ]
    assert {row[2] for row in found(auditor, kind="resident", number="8")} == {"8"}
    assert {row[0] for row in found(auditor, where="9902")} == {second}
    assert [row[1] for row in found(auditor, action="resident.rev")] == ["resident.revealed"] * 2
    assert len(found(auditor, action="resident.", outcome="seen")) == 4
    assert found(auditor, outcome="refused") == []


def test_an_auditor_searches_by_time(rows, actor_as):
    auditor, now = actor_as("auditor", "99"), datetime.now(UTC)

    assert len(found(auditor, kind="resident", start=now - timedelta(hours=1))) == 4
    assert found(auditor, kind="resident", end=now - timedelta(hours=1)) == []


def test_an_auditor_of_one_division_finds_nothing_of_another(rows, actor_as):
    assert {row[2] for row in found(actor_as("auditor", "9901"), kind="resident")} == {"7"}


def test_who_looked_at_a_person_is_answered_by_an_index(session):
    session.execute(text("SET LOCAL enable_seqscan = off"))

    plan = "\n".join(
        session.scalars(
            text(
                "EXPLAIN SELECT * FROM audit_events WHERE subject_type = 'resident'"
                " AND subject_id = '7' ORDER BY id DESC LIMIT 25"
            )
        )
    )

    assert "ix_audit_events_subject" in plan


def test_the_pages_show_rows_and_record_that_they_were_looked_at(rows, client_as):
    auditor = client_as("auditor", "")

    page = auditor.get("/audit?kind=resident&number=7").get_data(as_text=True)
    again = auditor.get("/audit?action=audit.").get_data(as_text=True)

    assert "resident.revealed" in page
    assert "visit 7" in page
    assert "visit 8" not in page
    assert "audit.searched" in again
    assert "&#39;number&#39;: &#39;7&#39;" in again


@pytest.mark.parametrize("role", ["administrator", "coordinator", "planner", "field", "clerk"])
def test_nobody_else_opens_the_record_and_the_attempt_is_on_it(session, client_as, actor_as, role):
    assert client_as(role, "99").get("/audit").status_code == 403
    assert client_as(role, "99").get("/audit/unusual").status_code == 403

    with transaction(actor_as("auditor", "")) as own:
        _, events = search_record(own, Search(outcome="refused"), limit=5, offset=0)
    assert [event.subject_id for event in events[::-1]] == ["oversight.show", "oversight.unusual"]
    assert events[0].roles == [role]


def test_a_foreign_scope_is_on_record_with_its_code(session, client_as, actor_as):
    assert client_as("planner", "9901").get("/?scope=9902").status_code == 404

    assert [row[1] for row in found(actor_as("auditor", ""), where="9902")] == ["page.refused"]


# -- unusual looks ------------------------------------------------------------------------------


def look(officer, count: int, *, where=GRIDS[0], action="resident.seen", **said) -> None:
    with transaction(officer) as own:
        for number in range(count):
            record(own, officer, action, subject=("resident", number), where=where,
                   outcome="seen", **said)  # fmt: skip


def unusual(zone: str = "UTC") -> dict[str, set[str]]:
    """Rule → names of accounts, of looks in the last two days."""
    now = datetime.now(UTC)
    with transaction(actor_of(sign_in("auditor"))) as own:
        days = unusual_days(
            own, start=now - timedelta(days=2), end=now + timedelta(days=1), zone=zone
        )
    return {rule.name: {day.actor for day in days if day.fits(rule.name)} for rule in rules.RULES}


def zone_where_it_is(hour: int) -> str:
    """Return a zone whose clock shows an hour now (signs of Etc are those of POSIX)."""
    shift = (datetime.now(UTC).hour - hour + 11) % 24 - 11
    return f"Etc/GMT{shift:+d}"


def test_many_opened_people_are_unusual_and_the_same_person_often_is_not(session, actor_as):
    busy, calm = actor_as("field", "99"), actor_as("field", "99")
    look(busy, rules.OPENED_A_DAY + 1)
    look(calm, rules.OPENED_A_DAY)
    for _ in range(rules.OPENED_A_DAY + 1):
        look(calm, 1)

    assert unusual(zone_where_it_is(12))["many"] == {busy.name}


def test_long_lists_are_unusual(session, actor_as):
    busy, calm = actor_as("field", "99"), actor_as("field", "99")
    look(busy, 3, action="residents.listed", rows=rules.LISTED_A_DAY // 2)
    look(calm, 2, action="residents.listed", rows=rules.LISTED_A_DAY // 2)

    assert unusual(zone_where_it_is(12))["many"] == {busy.name}


@pytest.mark.parametrize(("hour", "night"), [(5, True), (6, False), (21, False), (22, True)])
def test_looks_at_night_by_the_citys_clock_are_unusual(session, actor_as, hour, night):
    officer = actor_as("field", "99")
    look(officer, 1)

    assert unusual(zone_where_it_is(hour))["night"] == ({officer.name} if night else set())


def test_a_refusal_outside_the_scope_is_unusual_and_one_inside_is_not(session, actor_as):
    curious, calm = actor_as("field", "9901"), actor_as("field", "9901")
    for officer, where in ((curious, GRIDS[1]), (calm, GRIDS[0])):
        with transaction(officer) as own:
            record(own, officer, "page.refused", subject=("page", "x"), where=where,
                   outcome="refused")  # fmt: skip

    assert unusual(zone_where_it_is(12))["outside"] == {curious.name}


def test_people_in_many_communities_on_one_day_are_unusual(session, actor_as):
    wide, calm = actor_as("field", "99"), actor_as("field", "99")
    for number in range(rules.COMMUNITIES_A_DAY + 1):
        look(wide, 1, where=f"99010100{number}001")
        look(calm, 1, where=f"990101001{number:03}")

    assert unusual(zone_where_it_is(12))["outside"] == {wide.name}


def test_other_actions_at_night_are_not_listed(session, actor_as):
    officer = actor_as("coordinator", "99")
    with transaction(officer) as own:
        record(own, officer, "incidents.imported", subject=("batch", 1))

    assert unusual(zone_where_it_is(2)) == {"many": set(), "night": set(), "outside": set()}


def test_the_page_says_each_rule_in_words(rows, client_as):
    page = client_as("auditor", "").get("/audit/unusual").get_data(as_text=True)

    assert "more than 50 different people on one day" in page
    assert "between 22:00 and 6:00" in page
    assert "lies outside their scope" in page


def test_kinds_of_subjects_are_found(rows):
    with transaction(SYSTEM) as own:
        assert {"account", "resident"} & set(queries.kinds_of_subject(own)) == {"resident"}


def test_a_search_over_two_scopes_is_on_record_in_both(session, client_as):
    auditor = client_as("auditor", "990101", "990102", "990102001")

    auditor.get("/audit")
    auditor.get("/audit/unusual")

    for action in ("audit.searched", "audit.unusual_listed"):
        assert session.scalars(
            text("SELECT grid_code FROM audit_events WHERE action = :a ORDER BY 1"), {"a": action}
        ).all() == ["990101", "990102"]
