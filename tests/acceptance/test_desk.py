"""The desk: a kind by its declaration alone."""

import hypothesis
import hypothesis.strategies as st
import pytest

from gridmap.analysis.areas import area_m2
from gridmap.cases.kinds import all_kinds
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.settings import settings
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest
from gridmap.grids.locator import current_grids
from gridmap.web import wiring
from tests.acceptance import moving_grids
from tests.factories import (
    INCIDENT_COLUMNS,
    INCIDENT_HEADER,
    centre,
    chessboard_code,
    import_chessboard,
    write_csv,
)

INSPECTION = """
kind = "rental_inspection"
letter = "R"
label = { en = "Rental inspection", zh = "出租房检查" }
about = { en = "A look at a rented dwelling.", zh = "检查出租房并整改隐患。" }
keep_years = 3
[outcomes]
safe = { en = "Safe", zh = "合格" }
referred = { en = "Referred", zh = "移交" }
[fields.tenants]
label = { en = "People found", zh = "居住人数" }
type = "number"
[fields.defect]
label = { en = "Defect", zh = "隐患" }
type = "choice"
[fields.defect.choices]
none = { en = "None", zh = "无" }
wiring = { en = "Wiring", zh = "电线" }
[fields.put_right_by]
label = { en = "To be put right by", zh = "整改期限" }
type = "date"
[states.planned]
label = { en = "Planned", zh = "已计划" }
sign = "reported"
begins = true
[states.to_put_right]
label = { en = "To be put right", zh = "待整改" }
sign = "waiting"
[states.passed]
label = { en = "Passed", zh = "已通过" }
sign = "closed"
ends = true
[transitions.pass]
label = { en = "Nothing found", zh = "检查通过" }
from = ["planned", "to_put_right"]
to = "passed"
by = ["field"]
asks = ["tenants", "defect"]
needs = ["tenants", "defect"]
outcomes = ["safe", "referred"]
[transitions.order]
label = { en = "Order to put right", zh = "责令整改" }
from = ["planned"]
to = "to_put_right"
by = ["field"]
asks = ["tenants", "defect", "put_right_by"]
needs = ["defect", "put_right_by"]
assigns = "actor"
[deadlines.visit]
label = { en = "Visit", zh = "走访时限" }
clock = "reporter"
starts = ["planned"]
stops = ["passed", "to_put_right"]
within = { urgent = "1 day", normal = "5 working days", low = "10 working days" }
owner = "holder"
"""


@pytest.fixture
def with_inspection(test_home, database_urls, tmp_path, monkeypatch):
    """A city that has declared a kind of its own, in a folder of its own."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "rental_inspection.toml").write_text(INSPECTION, encoding="utf-8")
    monkeypatch.setenv("GRIDMAP_KINDS", str(folder))
    for kept in (settings, all_kinds):
        kept.cache_clear()
    yield folder
    monkeypatch.undo()
    for kept in (settings, all_kinds):
        kept.cache_clear()


def test_a_kind_that_nobody_foresaw_works_by_its_declaration_alone(
    with_inspection, session, tmp_path, client_as, run
):
    import_chessboard(tmp_path, 1, 1)
    officer = client_as("field", "990101001")
    lon, lat = centre(0, 0)

    form = officer.get("/cases/new").get_data(as_text=True)
    assert '<option value="rental_inspection">Rental inspection' in form
    made = officer.post("/cases", data={"kind": "rental_inspection", "title": "Flat 3",
                                        "lon": lon, "lat": lat})  # fmt: skip
    page = officer.get(made.location).get_data(as_text=True)
    for words in ("Planned", "Nothing found", "Order to put right", "People found", "Wiring",
                  "To be put right by", 'type="date"', "Visit"):  # fmt: skip
        assert words in page
    step = made.location + "/steps/order"
    wrong = officer.post(step, data={"field_defect": "wiring", "field_put_right_by": "soon"})
    assert (wrong.status_code, "year-month-day" in wrong.get_data(as_text=True)) == (422, True)
    done = officer.post(step, data={"field_defect": "wiring", "field_put_right_by": "2026-12-01",
                                    "field_tenants": "4"})  # fmt: skip
    assert done.status_code == 303
    assert "To be put right" in officer.get(made.location).get_data(as_text=True)
    assert "出租房检查" in officer.get("/desk?tab=open&lang=zh_Hans").get_data(as_text=True)

    code = made.location.rsplit("/", 1)[1]
    assert code.startswith("R-")
    drawn = officer.get("/cases/kinds/rental_inspection?lang=en").get_data(as_text=True)
    assert "5 working days" in drawn
    figures = officer.get("/cases/figures?format=json").get_json()["kinds"]["rental_inspection"]
    assert figures["opened"] == 1
    assert figures["deadlines"]["visit"]["kept"] == 1
    points = officer.get("/cases/points?tab=open&kind=rental_inspection").get_json()
    assert [point["code"] for point in points["cases"]] == [code]
    assert points["cases"][0]["grid"] == chessboard_code(0, 0)
    listed = client_as("coordinator", "990101001").get("/desk/export.csv?tab=open")
    assert "Rental inspection" in listed.get_data(as_text=True)
    assert "rental_inspection" in run("cases", "kinds").output


def test_a_kind_that_contradicts_itself_is_refused_at_the_start(with_inspection, run):
    file = with_inspection / "rental_inspection.toml"
    file.write_text(INSPECTION.replace('owner = "holder"', ""), encoding="utf-8")

    refused = run("cases", "kinds")

    assert refused.exit_code == 1
    assert "deadline visit has no owner" in refused.output


SHARE = st.floats(0, 0.999)
STEP = st.tuples(
    st.sampled_from(["split", "merge", "move", "undo"]),
    SHARE, SHARE, st.floats(0.15, 0.85), st.floats(0.15, 0.85), st.booleans(),
)  # fmt: skip


@pytest.mark.slow
def test_no_row_is_lost_or_doubled_however_borders_are_drawn_anew(session, tmp_path, monkeypatch):
    moving_grids.build(session, tmp_path)
    ground = float(area_m2(current_grids(session).table.geometries).sum())
    total = 120
    taken = []

    @hypothesis.settings(max_examples=25, phases=[hypothesis.Phase.generate])
    @hypothesis.given(
        st.lists(st.tuples(STEP, st.sampled_from([False, False, True])), min_size=2, max_size=6)
    )
    def draw_anew(steps):
        days = moving_grids.Days(monkeypatch)
        before = session.begin_nested()
        kept = {}
        try:
            for step, night in steps:
                if moving_grids.do(session, step):
                    taken.append(step[0])
                moving_grids.check_now(session, total, ground)
                kept[days.today] = moving_grids.state(session)
                days.passed += night
            moving_grids.check_days(session, kept, total, ground)
        finally:
            before.rollback()
            session.expire_all()

    draw_anew()
    assert set(taken) == {"split", "merge", "move", "undo"}


@pytest.mark.parametrize("first", ["import", "split"])
def test_splitting_while_a_file_is_being_imported_loses_no_row(fresh_database, tmp_path, first):
    wiring.connect()
    with transaction(SYSTEM) as session:
        moving_grids.build(session, tmp_path)
    (tmp_path / "more").mkdir()
    places = [(f"m{k}", *centre(k % 4, k % 3), "2025-05-05 10:00", "theft") for k in range(500)]
    path = write_csv(tmp_path / "more" / "incidents.csv", INCIDENT_HEADER, places)
    request = ImportRequest("incidents", path, INCIDENT_COLUMNS)

    def bring_in(hold) -> None:
        import_file(SYSTEM, request, report=lambda doing: hold() if doing == "confirming" else None)

    def split(hold) -> None:
        with transaction(SYSTEM) as session:
            moving_grids.do(session, ("split", 0.4, 0, 0.4, 0.6, True))
            hold()

    problems = moving_grids.race(*((bring_in, split) if first == "import" else (split, bring_in)))

    assert problems == []
    with transaction(SYSTEM) as session:
        ground = float(area_m2(current_grids(session).table.geometries).sum())
        assert current_grids(session).table.ids.size == 13
        moving_grids.check_now(session, 620, ground)
