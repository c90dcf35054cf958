"""Importing: what lands where, what is refused, what can be taken back."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import func, select, text

from gridmap.batches.errors import BatchInUse
from gridmap.core.actor import SYSTEM
from gridmap.exchange.actions import import_file, undo_import
from gridmap.exchange.requests import ImportRequest
from gridmap.grids.errors import BorderDiffers, CodesConflict, GridsOverlap, NoSuchGrids
from gridmap.grids.models import Grid, GridNeighbour, GridPopulation
from gridmap.hotspots.actions import study
from gridmap.hotspots.studies import Question
from gridmap.incidents import queries
from gridmap.incidents.actions import map_word, set_timezone
from gridmap.incidents.models import Incident
from gridmap.intake import Columns, UnreadableFile
from gridmap.places.models import Place
from gridmap.resources.models import Resource
from tests.factories import (
    INCIDENT_COLUMNS,
    INCIDENT_HEADER,
    centre,
    chessboard_code,
    import_chessboard,
    import_incidents,
    square,
    write_csv,
    write_grids,
)

pytestmark = pytest.mark.usefixtures("session")


def grids_request(path, **more) -> ImportRequest:
    return ImportRequest("grids", path, Columns(code="code", name="name"), **more)


def some_incidents(n: int = 3, *, column: int = 1, row: int = 1, day: str = "2025-03-04"):
    lon, lat = centre(column, row)
    return [(f"i{column}-{row}-{k}", lon, lat, f"{day} 10:0{k % 10}", "theft") for k in range(n)]


def totals(session) -> tuple[int, int]:
    """Linked and unlinked incidents, as the hotspots count them, over months and over days."""
    by_months = study(session, Question())
    by_rows = session.execute(
        select(func.count(Incident.grid_id), func.count()).select_from(Incident)
    ).one()
    assert by_months.linked == by_rows[0]
    assert by_months.unlinked == by_rows[1] - by_rows[0]
    return by_months.linked, by_months.unlinked


def test_a_chessboard_has_queen_neighbours(session, tmp_path):
    result = import_chessboard(tmp_path, 3, 3)

    assert (result.read, result.stored, result.duplicate) == (9, 9, 0)
    middle = session.scalar(select(Grid.id).where(Grid.code == chessboard_code(1, 1)))
    neighbours = session.scalar(select(func.count()).where(GridNeighbour.grid_id == middle))
    assert neighbours == 8


def test_the_same_grids_again_add_nothing(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)

    again = import_chessboard(tmp_path, 2, 2)

    assert (again.stored, again.duplicate) == (0, 4)


def test_a_grid_with_another_border_is_refused(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    moved = write_grids(tmp_path / "moved.geojson", {chessboard_code(0, 0): square(7, 7)})

    with pytest.raises(BorderDiffers):
        import_file(SYSTEM, grids_request(moved))


def test_codes_that_begin_others_are_refused_with_a_way_out(session, tmp_path):
    path = write_grids(tmp_path / "g.geojson", {"1": square(0, 0), "10": square(1, 0)})

    with pytest.raises(CodesConflict, match=r"--code-format '\{:02d\}'"):
        import_file(SYSTEM, grids_request(path))


def test_overlaps_are_refused_or_given_to_the_lowest_code(session, tmp_path):
    west, east = square(0, 0), shapely.box(120.005, 32, 120.02, 32.01)
    path = write_grids(tmp_path / "g.geojson", {"A1": west, "A2": east})

    with pytest.raises(GridsOverlap, match="A1 and A2"):
        import_file(SYSTEM, grids_request(path))
    assert session.scalar(select(func.count()).select_from(Grid)) == 0
    result = import_file(SYSTEM, grids_request(path, repair=True))

    assert result.stored == 2
    note = next(note for note in result.notes if note["code"] == "overlaps_repaired")
    assert note["fields"]["grid"] == "A2"
    area = shapely.from_wkb(bytes(session.scalar(
        text("SELECT ST_AsBinary(geom) FROM grid_versions v JOIN grids g ON g.id = v.grid_id "
             "WHERE code = 'A2'")
    ))).area  # fmt: skip
    assert area == pytest.approx(0.01 * 0.01, rel=1e-6)


def test_a_dry_run_says_all_and_stores_nothing(session, tmp_path):
    import_chessboard(tmp_path)
    path = write_csv(tmp_path / "i.csv", ("id", "lon", "lat", "time", "category"),
                     some_incidents(4))  # fmt: skip
    columns = Columns(id="id", x="lon", y="lat", time="time", category="category")

    result = import_file(SYSTEM, ImportRequest("incidents", path, columns, dry_run=True))

    assert (result.batch, result.stored, result.linked) == (None, 4, 4)
    assert totals(session) == (0, 0)


def test_a_point_in_no_grid_waits_until_one_covers_it(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    import_incidents(tmp_path, some_incidents(2) + some_incidents(3, column=5, row=5))
    assert totals(session) == (2, 3)
    assert queries.unlinked_page(session)[0] == 3

    late = write_grids(tmp_path / "late.geojson", {chessboard_code(5, 5): square(5, 5)})
    import_file(SYSTEM, grids_request(late))

    assert totals(session) == (5, 0)


def test_taking_grids_back_unlinks_what_lay_in_them(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    late = write_grids(tmp_path / "late.geojson", {chessboard_code(5, 5): square(5, 5)})
    batch = import_file(SYSTEM, grids_request(late)).batch
    import_incidents(tmp_path, some_incidents(2) + some_incidents(3, column=5, row=5))

    undo_import(SYSTEM, batch)

    assert totals(session) == (2, 3)
    undone = session.scalar(select(func.count()).where(Grid.code == chessboard_code(5, 5)))
    assert undone == 0


def test_taking_incidents_back_leaves_those_of_others(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    import_incidents(tmp_path, some_incidents(2))
    second = import_incidents(tmp_path, some_incidents(5))
    assert (second.stored, second.duplicate) == (3, 2)

    undo_import(SYSTEM, second.batch)

    assert totals(session) == (2, 0)


def test_incidents_by_grid_code_wait_for_their_grid_too(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    rows = [(1, chessboard_code(0, 0), "2025-03-04", "theft"),
            (2, chessboard_code(5, 5), "2025-03-04", "theft"),
            (3, "", "2025-03-04", "theft")]  # fmt: skip
    path = write_csv(tmp_path / "i.csv", ("id", "grid", "time", "category"), rows)
    columns = Columns(id="id", grid_code="grid", time="time", category="category")
    result = import_file(SYSTEM, ImportRequest("incidents", path, columns))
    assert result.stored + result.rejected == 3
    assert totals(session)[0] == 1

    late = write_grids(tmp_path / "late.geojson", {chessboard_code(5, 5): square(5, 5)})
    import_file(SYSTEM, grids_request(late))

    assert totals(session)[0] == 2


def test_incidents_are_found_by_address(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(1, 0)
    places = write_csv(tmp_path / "p.csv", ("id", "lon", "lat", "name", "kind", "address"),
                       [("p1", lon, lat, "House", "building", "虹桥路 12号")])  # fmt: skip
    columns = Columns(id="id", x="lon", y="lat", name="name", kind="kind", address="address")
    assert import_file(SYSTEM, ImportRequest("places", places, columns)).linked == 1
    rows = [(1, "虹桥路１２号", "2025-03-04 08:00", "theft"),
            (2, "nowhere 1", "2025-03-04 08:00", "theft")]  # fmt: skip
    path = write_csv(tmp_path / "i.csv", ("id", "addr", "time", "category"), rows)
    columns = Columns(id="id", address="addr", time="time", category="category")

    result = import_file(SYSTEM, ImportRequest("incidents", path, columns))

    assert (result.linked, result.unlinked) == (1, 1)
    code = session.scalar(select(Incident.grid_code).where(Incident.source_id == "1"))
    assert code == chessboard_code(1, 0)


def test_resources_are_stored_with_kind_and_state(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 1)
    path = write_csv(tmp_path / "r.csv", ("id", "lon", "lat", "name", "kind", "status"),
                     [("r1", lon, lat, "Camera 1", "camera", "in_service"),
                      ("r2", lon, lat, "AED 1", "aed", "out_of_order"),
                      ("r3", 99, 0, "Far", "shelter", "")])  # fmt: skip
    columns = Columns(id="id", x="lon", y="lat", name="name", kind="kind", status="status")

    result = import_file(SYSTEM, ImportRequest("resources", path, columns))

    assert (result.stored, result.linked, result.unlinked) == (3, 2, 1)
    rows = session.execute(select(Resource.source_id, Resource.status))
    assert {name: state for name, state in rows} == {  # noqa: C416 - rows are not tuples
        "r1": "in_service",
        "r2": "out_of_order",
        "r3": "in_service",
    }
    assert session.scalar(select(func.count()).select_from(Place)) == 0


def test_population_makes_rates(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    import_incidents(tmp_path, some_incidents(3, column=0, row=0) + some_incidents(3))
    rows = [(chessboard_code(0, 0), 150), (chessboard_code(0, 0), 50), (chessboard_code(1, 1), 300),
            (chessboard_code(0, 1), 10)]  # fmt: skip
    path = write_csv(tmp_path / "pop.csv", ("grid", "people"), rows)
    columns = Columns(grid_code="grid", count="people")
    request = ImportRequest("population", path, columns, day=date(2025, 1, 1))
    result = import_file(SYSTEM, request)
    assert (result.read, result.stored, result.rejected) == (4, 3, 1)
    assert session.scalar(select(func.sum(GridPopulation.n))) == 460

    found = study(session, Question(per="population"))

    assert found.values.tolist()[0] == pytest.approx(20)
    assert np.isnan(found.values).sum() == 1
    assert found.warnings[0].code == "values_missing"
    again = import_file(SYSTEM, request)
    assert (again.stored, again.duplicate) == (0, 3)


def test_population_for_grids_that_do_not_exist_is_refused(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    path = write_csv(tmp_path / "pop.csv", ("grid", "people"), [("404", 1)])
    columns = Columns(grid_code="grid", count="people")

    with pytest.raises(NoSuchGrids, match="404"):
        import_file(SYSTEM, ImportRequest("population", path, columns, day=date(2025, 1, 1)))


def test_unknown_words_become_categories_that_can_be_mapped(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 0)
    words = ["THEFT", "盗窃", "Goat rustling", "goat_rustling"]
    rows = [(k, lon, lat, "2025-03-04 08:00", word) for k, word in enumerate(words)]
    result = import_incidents(tmp_path, rows)
    assert any(note["code"] == "words_unknown" for note in result.notes)
    assert study(session, Question(categories=("theft",))).linked == 2
    assert study(session, Question(categories=("Goat rustling",))).linked == 2
    word, _ = queries.category_words(session)[0]
    theft = next(c for c in queries.all_categories(session) if c.code == "theft")

    moved = map_word(session, SYSTEM, word.id, theft.id)

    assert moved == 2
    assert study(session, Question(categories=("theft",))).linked == 4


def test_the_first_import_sets_the_citys_zone_and_months_follow_it(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 0)
    import_incidents(tmp_path, [(1, lon, lat, "2025-04-01 00:30", "theft")])
    april = Question(start=date(2025, 4, 1), end=date(2025, 5, 1))
    march = Question(start=date(2025, 3, 1), end=date(2025, 4, 1))
    assert study(session, april).zone == "Asia/Shanghai"
    assert (study(session, march).linked, study(session, april).linked) == (0, 1)

    set_timezone(session, SYSTEM, "UTC", by="person")

    assert (study(session, march).linked, study(session, april).linked) == (1, 0)


def test_rejects_are_kept_with_line_reason_and_row(session, tmp_path, run, test_home):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 0)
    rows = [(1, lon, lat, "2025-04-01 00:30", "theft"), (2, "nan", lat, "2025-04-01", "theft"),
            (3, lon, lat, "2025-02-31", "theft"),
            ("", lon, lat, "2025-04-01", "theft")]  # fmt: skip

    result = import_incidents(tmp_path, rows)

    assert (result.read, result.stored, result.rejected) == (4, 1, 3)
    shown = run("import", "rejects", result.batch)
    assert shown.exit_code == 0
    lines = shown.output.strip().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ['"3"', '"4"', '"5"']


def test_an_import_that_fails_at_the_last_moment_leaves_no_rejects_behind(
    session, tmp_path, monkeypatch
):
    import_chessboard(tmp_path, 2, 2)
    monkeypatch.setattr("gridmap.exchange.actions.rejects_folder", lambda: tmp_path)
    path = write_csv(tmp_path / "i.csv", INCIDENT_HEADER, [(1, "nan", 32, "2025-04-01", "theft")])

    def fail_at_the_end(step: str) -> None:
        if step == "confirming":
            assert list(tmp_path.glob("batch-*.csv"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(
            SYSTEM, ImportRequest("incidents", path, INCIDENT_COLUMNS), report=fail_at_the_end
        )

    assert not list(tmp_path.glob("batch-*.csv"))


def test_a_list_of_rejects_that_was_lost_is_said_to_be_missing(session, tmp_path, run, client):
    import_chessboard(tmp_path, 2, 2)
    result = import_incidents(tmp_path, [(1, "nan", 32, "2025-04-01", "theft")])
    Path(result.rejects_file).unlink()

    shown = run("import", "rejects", result.batch)
    answer = client.get(f"/import/batches/{result.batch}/rejects.csv")

    assert shown.exit_code == 1
    assert "There is no list of the rejected rows" in shown.output
    assert answer.status_code == 404


@pytest.mark.parametrize("content", ["", "id,lon\n1", "\0\0\0\0" * 50])
def test_a_file_that_cannot_be_read_changes_nothing(session, tmp_path, run, content):
    path = tmp_path / "bad.csv"
    path.write_text(content)

    done = run("import", "incidents", path, "--json")

    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert session.scalar(text("SELECT count(*) FROM batches")) == 0
    with pytest.raises(UnreadableFile):
        import_file(SYSTEM, ImportRequest("incidents", path))


def test_options_can_come_from_a_file(session, tmp_path, run):
    import_chessboard(tmp_path, 2, 2)
    path = write_csv(tmp_path / "i.csv", ("nr", "o", "n", "wann", "was"), some_incidents(2))
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps(
        {"id": "nr", "x": "o", "y": "n", "time": "wann", "category": "was"}
    ))  # fmt: skip

    done = run("import", "incidents", path, "--map", mapping, "--crs", "4326", "--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.output.strip().splitlines()[-1])["linked"] == 2


def test_every_import_is_one_row_in_the_audit_trail(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    result = import_incidents(tmp_path, some_incidents(2))
    undo_import(SYSTEM, result.batch)

    actions = session.execute(
        text("SELECT action, detail->>'stored' FROM audit_events WHERE subject_type = 'batch' "
             "ORDER BY id")
    ).all()  # fmt: skip
    assert [tuple(row) for row in actions] == [
        ("grids.imported", "4"), ("incidents.imported", "2"), ("incidents.undone", None),
    ]  # fmt: skip


def test_unknown_kinds_and_states_of_resources_are_rejected_row_by_row(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 1)
    rows = [("r1", lon, lat, "CCTV", "In Service"), ("r2", lon, lat, "toaster", ""),
            ("r3", lon, lat, "路灯", "故障"), ("r4", lon, lat, "aed", "sleepy")]  # fmt: skip
    path = write_csv(tmp_path / "r.csv", ("id", "lon", "lat", "kind", "status"), rows)
    columns = Columns(id="id", x="lon", y="lat", kind="kind", status="status")

    result = import_file(SYSTEM, ImportRequest("resources", path, columns))

    assert (result.stored, result.rejected) == (2, 2)
    rows = session.execute(select(Resource.kind, Resource.status).order_by(Resource.source_id))
    assert [tuple(row) for row in rows] == [
        ("camera", "in_service"), ("street_light", "out_of_order"),
    ]  # fmt: skip


def test_places_with_address_and_point_keep_their_point(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    lon, lat = centre(0, 1)
    path = write_csv(tmp_path / "p.csv", ("id", "lon", "lat", "where"), [("p", lon, lat, "A 1")])

    result = import_file(SYSTEM, ImportRequest("places", path, Columns(id="id", address="where")))

    assert (result.stored, result.linked) == (1, 1)


def test_grids_that_people_were_counted_in_cannot_be_taken_back(session, tmp_path):
    grids = import_chessboard(tmp_path, 2, 2)
    path = write_csv(tmp_path / "pop.csv", ("grid", "people"), [(chessboard_code(0, 0), 150)])
    columns = Columns(grid_code="grid", count="people")
    day = date(2025, 1, 1)
    people = import_file(SYSTEM, ImportRequest("population", path, columns, day=day))

    with pytest.raises(BatchInUse, match=f"import {people.batch} first"):
        undo_import(SYSTEM, grids.batch)
    undo_import(SYSTEM, people.batch)
    undo_import(SYSTEM, grids.batch)

    assert session.scalar(select(func.count()).select_from(Grid)) == 0


@pytest.mark.parametrize("content", ["", "[1]", "{", "x: lon"])
def test_a_file_of_options_that_is_none_is_said(session, tmp_path, run, content):
    path = write_csv(tmp_path / "i.csv", ("a",), [(1,)])
    mapping = tmp_path / "map.json"
    mapping.write_text(content)

    done = run("import", "incidents", path, "--map", mapping)

    assert done.exit_code == 2
    assert "map.json holds no JSON object" in done.output


def test_an_unknown_zone_is_said_beside_the_form(session, client, tmp_path):
    path = write_csv(tmp_path / "i.csv", ("id", "lon", "lat", "time", "category"), some_incidents())
    with path.open("rb") as file:
        sent = client.post("/import", data={"kind": "incidents", "file": file})
    columns = {"x": "lon", "y": "lat", "time": "time", "category": "category", "id": "id"}

    answer = client.post(sent.location, data={**columns, "tz": "Mars/Base"})

    assert answer.status_code == 422
    assert "Mars/Base cannot be used" in answer.get_data(as_text=True)


def day_rows(n: int = 3):
    """Rows with a date alone."""
    lon, lat = centre(0, 0)
    return [(f"d{k}", lon, lat, f"2025-03-0{k + 1}", "theft") for k in range(n)]


def import_days(folder, *, tz, source, name="days.csv", n=3):
    path = write_csv(folder / name, ("id", "lon", "lat", "time", "category"), day_rows(n))
    columns = Columns(id="id", x="lon", y="lat", time="time", category="category", tz=tz,
                      source=source)  # fmt: skip
    return import_file(SYSTEM, ImportRequest("incidents", path, columns))


def codes_of(result) -> list[str]:
    return [note["code"] for note in result.notes]


MARCH_1 = Question(start=date(2025, 3, 1), end=date(2025, 3, 2))


def test_without_a_zone_utc_is_assumed_and_said(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)

    result = import_days(tmp_path, tz=None, source="a")

    assert "zone_assumed" in codes_of(result)
    assert (study(session, MARCH_1).zone, study(session, MARCH_1).linked) == ("UTC", 1)


def test_a_later_zone_does_not_move_days_that_are_counted_already(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    import_days(tmp_path, tz=None, source="a")
    before = study(session, Question(start=date(2025, 3, 1), end=date(2025, 4, 1))).as_json()

    later = import_days(tmp_path, tz="America/Chicago", source="b", name="later.csv")

    assert "zone_kept" in codes_of(later)
    undo_import(SYSTEM, later.batch)
    after = study(session, Question(start=date(2025, 3, 1), end=date(2025, 4, 1))).as_json()
    assert after == before


def test_taking_the_first_import_back_frees_the_zone(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    first = import_days(tmp_path, tz=None, source="a")
    undo_import(SYSTEM, first.batch)

    again = import_days(tmp_path, tz="America/Chicago", source="a")

    assert not {"zone_kept", "zone_assumed"} & set(codes_of(again))
    found = study(session, MARCH_1)
    assert (found.zone, found.linked) == ("America/Chicago", 1)


def test_a_dry_run_decides_on_no_zone(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    path = write_csv(tmp_path / "d.csv", ("id", "lon", "lat", "time", "category"), day_rows())
    columns = Columns(id="id", x="lon", y="lat", time="time", category="category")
    import_file(SYSTEM, ImportRequest("incidents", path, columns, dry_run=True))

    result = import_days(tmp_path, tz="America/Chicago", source="a")

    assert "zone_kept" not in codes_of(result)


def test_a_person_may_change_the_zone_and_is_told_what_moves(session, tmp_path, run):
    import_chessboard(tmp_path, 2, 2)
    import_days(tmp_path, tz="Asia/Shanghai", source="a")
    assert run("incidents", "timezone").output.strip() == "Asia/Shanghai"

    done = run("incidents", "timezone", "America/Chicago")

    assert "keep their instants" in done.output
    assert study(session, MARCH_1).zone == "America/Chicago"
    assert run("incidents", "timezone", "Mars/Base").exit_code == 2


def test_codes_that_fit_no_grid_are_told_before_anything_is_kept(session, tmp_path):
    import_chessboard(tmp_path, 2, 2)
    path = write_csv(tmp_path / "i.csv", ("id", "grid", "time", "category"),
                     [(k, 40 + k, "2025-03-04", "theft") for k in range(3)])  # fmt: skip
    columns = Columns(id="id", grid_code="grid", time="time", category="category")

    result = import_file(SYSTEM, ImportRequest("incidents", path, columns, dry_run=True))

    note = next(note for note in result.notes if note["code"] == "codes_unknown")
    assert note["fields"]["count"] == "3"
    assert note["fields"]["grid"] == chessboard_code(0, 0)
