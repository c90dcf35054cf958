"""Imports by somebody with one district: nothing outside is touched, and little is told."""

import io

import pytest
from sqlalchemy import text

from gridmap.auth.errors import NotAllowed
from gridmap.batches.errors import NoSuchBatch
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.exchange.actions import import_file, undo_import
from gridmap.exchange.errors import RowsElsewhere
from gridmap.exchange.requests import ImportRequest
from gridmap.incidents.actions import map_word
from gridmap.intake import Columns
from tests.factories import (
    INCIDENT_COLUMNS,
    INCIDENT_HEADER,
    centre,
    import_chessboard,
    import_incidents,
    square,
    write_csv,
    write_grids,
)

MINE, OTHER = "990101001000", "990101001003"
NOWHERE = (121.9, 33.9)
WHEN = "2024-03-05 10:00:00"


@pytest.fixture
def city(session, tmp_path):
    import_chessboard(tmp_path)
    return tmp_path


def bring(actor, folder, rows, *, columns=INCIDENT_COLUMNS, header=INCIDENT_HEADER, **more):
    path = write_csv(folder / "mine.csv", header, rows)
    return import_file(actor, ImportRequest("incidents", path, columns, **more))


def codes(session):
    return sorted(session.scalars(text("SELECT grid_code FROM incidents")))


def months(session):
    return dict(
        session.execute(
            text("SELECT grid_code, cumulative[cardinality(cumulative)] FROM incident_months "
                 "WHERE category_id = 0")
        ).all()
    )  # fmt: skip


def test_rows_outside_are_rejected_and_rows_in_no_grid_belong_to_the_scope(session, city, actor_as):
    actor = actor_as("coordinator", MINE)
    rows = [
        (1, *centre(0, 0), WHEN, "theft"),
        (2, *centre(0, 3), WHEN, "theft"),
        (3, *NOWHERE, WHEN, "theft"),
    ]

    result = bring(actor, city, rows)

    assert (result.stored, result.linked, result.unlinked, result.rejected) == (2, 1, 1, 1)
    assert codes(session) == [MINE, MINE + "000"]
    assert months(session) == {MINE: 1, MINE + "000": 1}
    with open(result.rejects_file, encoding="utf-8-sig") as file:
        report = file.read()
    assert "The row lies outside your scope." in report
    assert OTHER not in report
    with transaction(actor) as own:
        assert own.scalar(text("SELECT count(*) FROM batches")) == 1
        assert own.scalar(text("SELECT grid_code FROM batches")) == MINE


def test_a_code_of_others_is_rejected_whether_there_is_such_a_grid_or_not(city, actor_as):
    columns = Columns(
        id="id", grid_code="grid", time="time", category_value="theft", source="coded", tz="UTC"
    )
    rows = [(1, OTHER + "001", WHEN), (2, OTHER + "777", WHEN), (3, MINE + "777", WHEN)]

    result = bring(
        actor_as("coordinator", MINE), city, rows, columns=columns, header=("id", "grid", "time")
    )

    assert (result.rejected, result.unlinked) == (2, 1)


def test_into_a_single_grid_come_only_rows_that_lie_in_it(session, city, actor_as):
    actor = actor_as("coordinator", MINE + "000")

    result = bring(actor, city, [(1, *centre(0, 0), WHEN, "theft"), (2, *NOWHERE, WHEN, "theft")])

    assert (result.linked, result.unlinked, result.rejected) == (1, 0, 1)


def test_a_row_that_others_brought_is_a_duplicate_and_stays_theirs(session, city, actor_as):
    import_incidents(city, [(1, *centre(0, 3), WHEN, "theft")])

    result = bring(actor_as("coordinator", MINE), city, [(1, *centre(0, 0), WHEN, "theft")])

    assert (result.stored, result.duplicate) == (0, 1)
    assert codes(session) == [OTHER + "000"]


def test_of_several_scopes_one_is_chosen(session, city, actor_as):
    actor = actor_as("coordinator", MINE, OTHER)
    rows = [(1, *centre(0, 0), WHEN, "theft"), (2, *centre(0, 3), WHEN, "theft")]

    assert bring(actor, city, rows, scope=OTHER).stored == 1
    assert codes(session) == [OTHER + "000"]
    assert bring(actor, city, rows).stored == 1
    with pytest.raises(NotFound):
        bring(actor, city, rows, scope="990101001001")


@pytest.mark.parametrize("kind", ["grids", "divisions", "population", "places"])
def test_what_is_everybodys_is_not_for_somebody_with_a_scope(city, actor_as, kind):
    path = write_grids(city / "new.geojson", {"990101001009000": square(9, 9)})

    for actor in (actor_as("coordinator", MINE), actor_as("planner", "")):
        with pytest.raises(NotAllowed):
            import_file(actor, ImportRequest(kind, path, Columns(code="code")))
    if kind != "places":
        with pytest.raises(NotAllowed):
            import_file(
                actor_as("administrator", MINE), ImportRequest(kind, path, Columns(code="code"))
            )


def test_the_citys_zone_and_words_are_not_for_somebody_with_a_scope(session, city, actor_as):
    actor = actor_as("coordinator", MINE)
    bring(actor, city, [(1, *centre(0, 0), WHEN, "odd word")])

    assert session.scalar(text("SELECT count(*) FROM settings WHERE key = 'timezone'")) == 0
    word = session.scalar(text("SELECT id FROM category_words WHERE word = 'odd word'"))
    with pytest.raises(NotAllowed), transaction(actor) as own:
        map_word(own, actor, word, 1)


def test_an_import_is_taken_back_within_the_scope(session, city, actor_as):
    actor, other = actor_as("coordinator", MINE), actor_as("coordinator", OTHER)
    result = bring(actor, city, [(1, *centre(0, 0), WHEN, "theft"), (2, *NOWHERE, WHEN, "theft")])

    with pytest.raises(NoSuchBatch):
        undo_import(other, result.batch)
    _, rows = undo_import(actor, result.batch)

    assert rows == 2
    assert (codes(session), months(session)) == ([], {})
    seen = {}
    for district in (MINE, OTHER):
        with transaction(actor_as("auditor", district)) as own:
            seen[district] = own.scalars(
                text("SELECT action FROM audit_events WHERE subject_type = 'batch' ORDER BY id")
            ).all()
    assert seen == {MINE: ["incidents.imported", "incidents.undone"], OTHER: []}


def test_resources_may_be_added_but_not_taken_back_by_who_may_not_erase(city, actor_as):
    actor = actor_as("coordinator", MINE)
    path = write_csv(city / "r.csv", ("id", "lon", "lat", "kind"), [(1, *centre(0, 0), "aed")])
    columns = Columns(id="id", x="lon", y="lat", kind="kind", source="r")

    result = import_file(actor, ImportRequest("resources", path, columns))

    assert result.stored == 1
    with pytest.raises(NotAllowed):
        undo_import(actor, result.batch)


def test_new_grids_take_rows_out_of_a_scope_and_then_the_import_is_not_taken_back_in_part(
    session, city, actor_as
):
    actor = actor_as("coordinator", MINE)
    result = bring(actor, city, [(1, *centre(0, 0), WHEN, "theft"), (2, *centre(9, 9), WHEN, "x")])
    path = write_grids(city / "new.geojson", {OTHER + "099": square(9, 9)})
    grids = import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))
    assert codes(session) == [MINE + "000", OTHER + "099"]

    with pytest.raises(RowsElsewhere):
        undo_import(actor, result.batch)
    assert codes(session) == [MINE + "000", OTHER + "099"]
    undo_import(SYSTEM, grids.batch)

    assert codes(session) == [MINE, MINE + "000"], "back in the scope that brought it"
    assert months(session) == {MINE: 1, MINE + "000": 1}
    assert undo_import(actor, result.batch)[1] == 2


def test_a_scope_that_becomes_the_code_of_a_grid_keeps_the_roll_up_right(session, city, actor_as):
    rows = [(1, *NOWHERE, WHEN, "theft"), (2, *centre(9, 9), WHEN, "theft")]
    bring(actor_as("coordinator", "990101001009"), city, rows)
    assert months(session) == {"990101001009": 2}
    path = write_grids(city / "new.geojson", {"990101001009": square(9, 9)})

    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))

    assert months(session) == {"990101001009": 1, "": 1}
    assert codes(session) == ["", "990101001009"]


def test_pages_offer_what_may_be_brought_and_files_belong_to_who_uploaded_them(city, client_as):
    mine, other = client_as("coordinator", MINE), client_as("coordinator", MINE)
    page = mine.get("/import").get_data(as_text=True)
    assert 'value="incidents"' in page
    assert 'value="grids"' not in page
    data = b"id,lon,lat,time,category\n1,120.005,32.005,2024-03-05 10:00:00,theft\n"

    refused = mine.post("/import", data={"kind": "grids", "file": (io.BytesIO(data), "a.csv")})
    kept = mine.post("/import", data={"kind": "incidents", "file": (io.BytesIO(data), "a.csv")})

    assert refused.status_code == 403
    assert mine.get(kept.location).status_code == 200
    assert other.get(kept.location).status_code == 404
    done = mine.post(kept.location, data={"do": "import", "x": "lon", "y": "lat", "time": "time",
                                          "category": "category", "id": "id"})  # fmt: skip
    assert mine.get(done.location).status_code == 200
    assert client_as("coordinator", OTHER).get(done.location).status_code == 404
    assert client_as("planner", MINE).get("/import").status_code == 403
