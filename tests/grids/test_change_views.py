"""Pages of grids that change: history, drafts, a picture, a second person's answer."""

import json

import pytest

from gridmap.core.actor import SYSTEM
from gridmap.grids import changes
from gridmap.grids.drawings import read_drawing
from gridmap.grids.planning import Wish

COMMUNITY = "990101001001"
LINE = {"type": "LineString", "coordinates": [[120.015, 31.9], [120.015, 32.1]]}


def code(number):
    return f"{COMMUNITY}{number:03d}"


@pytest.fixture
def given():
    return {"kind": "split", "codes": code(5), "drawing": json.dumps(LINE), "reason": "Too many"}


def test_a_draft_is_drawn_handed_in_and_accepted_by_another(city, client_as, given):
    one, other = client_as("coordinator", COMMUNITY), client_as("coordinator", COMMUNITY)

    made = one.post("/grids/drafts", data=given)
    page = one.get(made.location)
    assert 'class="borders"' in page.text
    assert page.text.count('class="after"') == 2
    one.post(made.location + "/hand-in")

    assert "Accept" not in one.get(made.location).text
    assert one.post(made.location + "/answer", data={"decision": "accept"}).status_code == 403
    assert "Accept" in other.get(made.location).text
    done = other.post(made.location + "/answer", data={"decision": "accept", "answer": "Good"})

    assert done.status_code == 302
    assert "Good" in one.get(made.location).text
    history = one.get(f"/grids/{code(5)}/history").text
    assert code(10) in history
    assert "Went into" in history
    assert f"/grids/{code(10)}/history" in one.get("/grids").text


def test_what_cannot_be_drawn_is_said_on_the_form_and_keeps_what_was_written(
    city, client_as, given
):
    one = client_as("coordinator", COMMUNITY)

    for wrong in (
        {"drawing": "no JSON"},
        {"drawing": "[1]"},
        {"drawing": ""},
        {"drawing": json.dumps({"type": "LineString", "coordinates": [[0, 0], [1, 1]]})},
        {"codes": code(99)},
        {"codes": ""},
        {"kind": "bend"},
        {"day": "2020-01-01"},
    ):
        answer = one.post("/grids/drafts", data=given | wrong)

        assert answer.status_code in (400, 404, 422), wrong
        assert 'role="alert"' in answer.text
        assert "Too many" in answer.text


def test_who_may_not_change_places_reads_but_does_not_draw(city, client_as, given):
    planner = client_as("planner", COMMUNITY)

    assert "New draft" not in planner.get("/grids/drafts").text
    assert planner.post("/grids/drafts", data=given).status_code == 403
    assert planner.get(f"/grids/{code(1)}/history").status_code == 200
    stranger = client_as("planner", "990101001002")
    assert stranger.get(f"/grids/{code(1)}/history").status_code == 404


def test_the_history_lists_what_is_to_be_looked_at(city, client_as):
    from gridmap.cases.actions import Report, open_case

    open_case(city, SYSTEM, Report("incident_handling", "Bin", grid_code=code(5)))
    changes.change_grids(city, SYSTEM, Wish("split", (code(5),), read_drawing(LINE)))

    page = client_as("coordinator", COMMUNITY).get(f"/grids/{code(5)}/history").text

    assert "To be looked at" in page
    assert "Case" in page
