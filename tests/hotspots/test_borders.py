"""Figures within the borders of then or of now, and what is said of them."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.grids import changes
from gridmap.grids.drawings import read_drawing
from gridmap.grids.planning import Wish
from gridmap.hotspots.actions import study
from gridmap.hotspots.studies import Question
from tests.factories import centre, import_incidents, square, write_grids

A, B = "990101001001001", "990101001001002"
LINE = {"type": "LineString", "coordinates": [[120.005, 31.9], [120.005, 32.1]]}


@pytest.fixture
def split(session, tmp_path):
    """Two grids, three incidents; the first grid is split today."""
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.intake import Columns

    path = write_grids(tmp_path / "grids.geojson", {A: square(0, 0), B: square(1, 0)})
    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))
    x, y = centre(0, 0)
    rows = [("a", x - 0.002, y), ("b", x + 0.002, y), ("c", *centre(1, 0))]
    import_incidents(tmp_path, [(*row, "2025-01-05 10:00", "theft") for row in rows])
    return changes.change_grids(session, SYSTEM, Wish("split", (A,), read_drawing(LINE)))


def figures(found):
    return dict(zip(found.codes.tolist(), found.counts.tolist(), strict=True))


def test_figures_of_yesterday_stay_what_they_were(session, split):
    yesterday = split.holds_from - timedelta(days=1)

    assert figures(study(session, Question())) == {B: 1, A[:-1] + "3": 1, A[:-1] + "4": 1}
    then = study(session, Question(borders_on=yesterday))

    assert figures(then) == {A: 2, B: 1}
    assert then.unlinked == 0
    assert [warning.code for warning in then.warnings if "borders" in warning.code] == [
        "borders_then"
    ]


def test_a_window_over_a_change_says_so(session, split):
    found = study(session, Question())

    said = [str(warning) for warning in found.warnings if warning.code == "borders_changed"]
    assert len(said) == 1
    assert split.holds_from.isoformat() in said[0]
    after = Question(start=split.holds_from, end=split.holds_from + timedelta(days=1))
    assert not [w for w in study(session, after).warnings if w.code == "borders_changed"]


def test_an_incident_that_was_placed_by_its_code_is_where_it_was(session, split):
    changes.undo_change(session, SYSTEM, split.id)
    session.execute(text("UPDATE incidents SET geom = NULL WHERE source_id = 'a'"))
    change = changes.change_grids(session, SYSTEM, Wish("split", (A,), read_drawing(LINE)))

    now = study(session, Question())
    then = study(session, Question(borders_on=change.holds_from - timedelta(days=1)))

    assert (sum(figures(now).values()), now.unlinked) == (2, 1)
    assert (figures(then), then.unlinked) == ({A: 2, B: 1}, 0)


def test_command_api_and_export_take_the_day(session, split, run, client, tmp_path):
    yesterday = (split.holds_from - timedelta(days=1)).isoformat()

    said = json.loads(run("hotspots", "--borders-on", yesterday, "--json").output)
    asked = client.get(f"/api/hotspots?from=2025-01-01&to=2025-02-01&borders_on={yesterday}").json
    done = run("hotspots", "--borders-on", yesterday, "--out", tmp_path / "then.geojson")

    assert {grid["code"]: grid["n"] for grid in said["grids"]} == {A: 2, B: 1}
    assert asked["borders_on"] == yesterday
    assert {grid["code"] for grid in asked["grids"]} == {A, B}
    assert done.exit_code == 0, done.output
    features = json.loads((tmp_path / "then.geojson").read_text())["features"]
    assert [feature["properties"]["code"] for feature in features] == [A, B]
