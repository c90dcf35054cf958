"""Staff and duties: encrypted, in scope, once at a time."""

from datetime import date

import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.exchange.actions import undo_import
from gridmap.staff import actions, queries
from gridmap.staff.actions import NewMember
from gridmap.staff.errors import BadSpan, DutyOverlaps, MemberRefused, NumberTaken
from tests.factories import chessboard_code, import_chessboard

GRID = chessboard_code(0, 0)
START = date(2024, 1, 1)
ELSEWHERE = chessboard_code(0, 1)[:12]


@pytest.fixture
def grids(session, tmp_path):
    return import_chessboard(tmp_path)


@pytest.fixture
def member(session, grids):
    return actions.add_member(
        session, SYSTEM, NewMember("G7", "Wang Fang", "5550142", area=GRID[:12])
    )


def test_a_name_is_encrypted_and_comes_back(session, member):
    assert b"Wang" not in bytes(member.name)
    assert actions.names_of([member]) == {member.id: ("Wang Fang", "5550142")}
    with pytest.raises(NumberTaken, match="G7"):
        actions.add_member(session, SYSTEM, NewMember("G7", "Other"))


def test_a_duty_holds_from_a_day_to_a_day(session, member):
    duty = actions.assign(session, SYSTEM, "G7", GRID, since=START, until=None)

    with pytest.raises(DutyOverlaps):
        actions.assign(session, SYSTEM, "G7", GRID, since=date(2025, 1, 1), until=None)
    actions.end_duty(session, SYSTEM, duty.id, on=date(2024, 6, 1))
    actions.assign(session, SYSTEM, "G7", GRID, since=date(2024, 6, 1), until=None)

    assert [one.number for one in queries.on_duty(session, GRID, day=START)] == ["G7"]
    assert queries.on_duty(session, GRID, day=date(2023, 12, 31)) == []


def test_impossible_duties_are_refused(session, member):
    with pytest.raises(NotFound):
        actions.assign(session, SYSTEM, "G8", GRID, since=START, until=None)
    with pytest.raises(NotFound):
        actions.assign(session, SYSTEM, "G7", "nowhere", since=START, until=None)
    with pytest.raises(BadSpan):
        actions.assign(session, SYSTEM, "G7", GRID, since=START, until=START)
    duty = actions.assign(session, SYSTEM, "G7", GRID, since=START, until=None)
    with pytest.raises(BadSpan):
        actions.end_duty(session, SYSTEM, duty.id, on=START)


def test_duties_outlast_their_grid_and_find_it_again(session, grids, member, tmp_path):
    actions.assign(session, SYSTEM, "G7", GRID, since=START, until=None)

    undo_import(SYSTEM, grids.batch)
    assert session.execute(text("SELECT grid_id, grid_code FROM duties")).all() == [(None, GRID)]
    import_chessboard(tmp_path)

    assert session.scalar(text("SELECT g.code FROM duties d JOIN grids g ON g.id = d.grid_id")) == (
        GRID
    )


def test_the_page_shows_staff_of_the_scope(session, member, client_as):
    actions.assign(session, SYSTEM, "G7", GRID, since=START, until=None)

    here = client_as("field", GRID[:12]).get("/staff")
    there = client_as("coordinator", chessboard_code(0, 1)[:12]).get("/staff")

    assert "Wang Fang" in here.text
    assert "5550142" not in here.text
    assert "**42" in here.text
    assert "Wang Fang" not in there.text


def test_a_coordinator_gives_and_takes_grids_of_the_scope(session, member, client_as):
    client = client_as("coordinator", GRID[:12])
    form = {"number": "G7", "grid": GRID, "since": "2024-01-01", "until": ""}

    assert client.post("/staff/assign", data=form).status_code == 303
    assert client.post("/staff/assign", data=form).status_code == 409
    foreign = {**form, "grid": chessboard_code(1, 1)}
    assert client.post("/staff/assign", data=foreign).status_code == 404
    duty = session.scalar(text("SELECT id FROM duties"))
    ended = client.post("/staff/duties/end", data={"duty": duty, "on": "2024-02-01"})

    assert ended.status_code == 303
    assert client_as("field", GRID[:12]).post("/staff/assign", data=form).status_code == 403


def test_the_commands_do_the_same(session, grids, run):
    added = run("staff", "add", "G9", "--name", "Li Na", "--area", GRID[:12])
    given = run("staff", "assign", "G9", GRID, "--since", "2024-01-01")
    listed = run("staff", "list")

    assert [added.exit_code, given.exit_code, listed.exit_code] == [0, 0, 0]
    assert "G9" in listed.output
    assert GRID in listed.output
    assert "Li Na" not in listed.output
    assert run("staff", "leave", "G9", "--on", "2024-05-01").exit_code == 0


def test_a_number_outside_the_scope_is_not_told_from_one_that_cannot_be(session, member, actor_as):
    actor = actor_as("coordinator", ELSEWHERE)

    with transaction(actor) as own, pytest.raises(MemberRefused) as refusal:
        actions.add_member(own, actor, NewMember("G7", "Other", area=ELSEWHERE))

    assert "taken" not in str(refusal.value)


def test_an_account_that_is_somebody_elses_is_no_number_that_is_taken(session, member):
    actions.add_member(session, SYSTEM, NewMember("G8", "Li Na", account_id=7))

    with pytest.raises(MemberRefused):
        actions.add_member(session, SYSTEM, NewMember("G9", "Other", account_id=7))
