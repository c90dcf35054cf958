"""Drafts of borders: drawn by one, decided by another, carried out on their day."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.grids import changes, drafts
from gridmap.grids.drafts import Proposal
from gridmap.grids.planning import Wish
from gridmap.grids.redraw_errors import BeginsInThePast, DraftNotThere, NotCrossing
from gridmap.grids.redraw_errors import SecondPersonNeeded as OwnDraft

COMMUNITY = "990101001001"
LINE = {"type": "LineString", "coordinates": [[120.015, 31.9], [120.015, 32.1]]}


def code(number):
    return f"{COMMUNITY}{number:03d}"


SPLIT = Proposal("split", (code(5),), LINE, reason="Too many people")


@pytest.fixture
def two(city, actor_as):
    return actor_as("coordinator", COMMUNITY), actor_as("coordinator", COMMUNITY)


def drawn(actor, proposal=SPLIT):
    with transaction(actor) as session:
        draft = drafts.draw(session, actor, proposal)
        drafts.hand_in(session, actor, draft.id)
    return draft.id


def in_force(session):
    return set(session.scalars(text("SELECT code FROM grids WHERE valid_to IS NULL")))


def test_a_second_person_accepts_and_the_change_is_made(city, two):
    one, other = two
    number = drawn(one)

    with pytest.raises(OwnDraft), transaction(one) as session:
        drafts.accept(session, one, number)
    with transaction(other) as session:
        draft = drafts.accept(session, other, number)

    assert draft.change_id is not None
    assert {code(10), code(11)} <= in_force(city)
    with pytest.raises(DraftNotThere), transaction(other) as session:
        drafts.refuse(session, other, number, answer="late")


def test_a_refused_draft_changes_nothing_and_says_why(city, two):
    one, other = two
    number = drawn(one)

    with transaction(other) as session:
        draft = drafts.refuse(session, other, number, answer="Keep the school in one grid")

    assert (draft.state, draft.answer) == ("refused", "Keep the school in one grid")
    assert code(10) not in in_force(city)


def test_only_what_could_be_carried_out_is_kept(city, two, actor_as):
    bad = Proposal("split", (code(5),), {"type": "LineString", "coordinates": [[0, 0], [1, 1]]})
    yesterday = changes.today(city) - timedelta(days=1)
    planner = actor_as("planner", COMMUNITY)

    for actor, proposal, problem in [
        (two[0], bad, NotCrossing),
        (two[0], Proposal("split", (code(5),), LINE, holds_from=yesterday), BeginsInThePast),
        (planner, SPLIT, NotAllowed),
    ]:
        with pytest.raises(problem), transaction(actor) as session:
            drafts.draw(session, actor, proposal)
    assert city.scalar(text("SELECT count(*) FROM grid_drafts")) == 0


def test_an_accepted_draft_waits_for_its_day(city, two, monkeypatch):
    one, other = two
    later = changes.today(city) + timedelta(days=3)
    number = drawn(one, Proposal("split", (code(5),), LINE, holds_from=later))

    with transaction(other) as session:
        drafts.accept(session, other, number)
    with transaction(SYSTEM) as session:
        assert drafts.carry_out_due(session) == (0, 0)
    assert code(5) in in_force(city)

    now = changes.utc_now() + timedelta(days=3)
    monkeypatch.setattr("gridmap.core.city.utc_now", lambda: now)
    with transaction(SYSTEM) as session:
        assert drafts.carry_out_due(session) == (1, 0)
        assert drafts.carry_out_due(session) == (0, 0)

    assert code(10) in in_force(city)
    since = city.scalar(text("SELECT valid_from FROM grids WHERE code = :c"), {"c": code(10)})
    assert since == later


def test_a_draft_that_cannot_be_carried_out_any_more_is_refused_on_its_day(city, two, monkeypatch):
    one, other = two
    later = changes.today(city) + timedelta(days=3)
    number = drawn(one, Proposal("split", (code(5),), LINE, holds_from=later))
    with transaction(other) as session:
        drafts.accept(session, other, number)
    with transaction(SYSTEM) as session:
        changes.change_grids(session, SYSTEM, Wish("merge", (code(5), code(6))))

    now = changes.utc_now() + timedelta(days=3)
    monkeypatch.setattr("gridmap.core.city.utc_now", lambda: now)
    with transaction(SYSTEM) as session:
        assert drafts.carry_out_due(session) == (0, 1)

    state, answer = city.execute(text("SELECT state, answer FROM grid_drafts")).one()
    assert state == "refused"
    assert code(5) in answer


def test_the_commands_split_show_history_and_undo(city, run, tmp_path):
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps(LINE))

    tried = run("grids", "split", code(5), "--file", path, "--dry-run")
    assert (tried.exit_code, code(10) in in_force(city)) == (0, False), tried.output
    done = run("grids", "split", code(5), "--file", path, "--name", "West", "--name", "East")
    assert done.exit_code == 0, done.output
    assert f"{code(5)} → {code(12)}, {code(13)}" in done.output.replace(code(10), code(12)).replace(
        code(11), code(13)
    )
    history = run("grids", "history", code(5)).output
    assert "Went into" in history
    assert "split" in history
    number = city.scalar(text("SELECT max(id) FROM grid_changes"))
    assert run("grids", "undo", number).exit_code == 0
    assert code(5) in in_force(city)
    refused = run("grids", "merge", code(1), code(9))
    assert refused.exit_code == 2
    assert "no common border" in refused.output


def test_the_commands_keep_drafts(city, run, tmp_path, actor_as):
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps(LINE))

    kept = run("grids", "split", code(5), "--file", path, "--draft", "--reason", "too large")

    assert "waits for somebody else's review" in kept.output
    assert "for review" in run("grids", "drafts").output
    number = city.scalar(text("SELECT max(id) FROM grid_drafts"))
    assert "your own" in run("grids", "accept", number).output
    other = actor_as("coordinator", COMMUNITY)
    with transaction(other) as session:
        drafts.accept(session, other, number)
    assert "accepted, change" in run("grids", "drafts").output
