"""Cases over HTTP: every step of the kind, and what is refused."""

import re

import pytest

from gridmap.cases.kinds import all_kinds
from tests.factories import centre, chessboard_code, import_chessboard

KIND = all_kinds()["incident_handling"]
COMMUNITY = "990101001000"
HERE = chessboard_code(0, 0)


@pytest.fixture
def people(session, tmp_path, client_as):
    """A coordinator, an officer and a planner of one community, a coordinator of another."""
    import_chessboard(tmp_path, 2, 2)
    return {
        "coordinator": client_as("coordinator", COMMUNITY),
        "field": client_as("field", COMMUNITY),
        "clerk": client_as("clerk", COMMUNITY),
        "planner": client_as("planner", COMMUNITY),
        "foreign": client_as("coordinator", "990101001001"),
    }


def opened(client, **changes) -> str:
    lon, lat = centre(0, 0)
    form = {"kind": KIND.name, "title": "Lamp out", "lon": lon, "lat": lat, "priority": "normal",
            "source": "officer", **changes}  # fmt: skip
    answer = client.post("/cases", data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location.rsplit("/", 1)[1]


def version(client, code) -> int:
    page = client.get(f"/cases/{code}").get_data(as_text=True)
    return int(re.search(r'name="version" value="(\d+)"', page)[1])


def holder(client, code) -> str:
    """The account of whoever is not a coordinator among those who may have the case."""
    page = client.get(f"/cases/{code}").get_data(as_text=True)
    return re.search(r'<option value="(\d+)"[^>]*>field', page)[1]


def step(client, code, name, **form):
    return client.post(f"/cases/{code}/steps/{name}", data=form)


FORMS = {
    "accept": {},
    "refuse": {"note": "seen, nothing there", "outcome": "unfounded"},
    "dispatch": {},
    "start": {},
    "return": {"note": "a private lamp", "field_next_owner": "the house owner"},
    "suspend": {"note": "waits for a part"},
    "resume": {},
    "hand_in": {"field_measure": "lamp replaced"},
    "rework": {"note": "still dark", "field_check_result": "not_done"},
    "close": {"field_check_result": "done", "outcome": "fixed"},
    "rate": {"field_rating": "good"},
    "file_away": {},
    "reopen": {"note": "dark again"},
}
WAYS = {
    "accept": [], "refuse": [], "dispatch": ["accept"], "start": ["accept", "dispatch"],
    "return": ["accept", "dispatch", "start"], "suspend": ["accept", "dispatch", "start"],
    "resume": ["accept", "dispatch", "start", "suspend"],
    "hand_in": ["accept", "dispatch", "start"],
    "rework": ["accept", "dispatch", "start", "hand_in"],
    "close": ["accept", "dispatch", "start", "hand_in"],
    "rate": ["accept", "dispatch", "start", "hand_in", "close"],
    "file_away": ["accept", "dispatch", "start", "hand_in", "close", "rate"],
    "reopen": ["refuse"],
}  # fmt: skip


def form_of(name, people, code) -> dict:
    form = dict(FORMS[name])
    if name == "dispatch":
        form["holder"] = holder(people["coordinator"], code)
    return form


def test_every_step_of_the_kind_has_its_way_here():
    assert set(FORMS) == set(WAYS) == set(KIND.transitions)


@pytest.mark.parametrize("name", list(KIND.transitions))
def test_a_step_passes_in_its_order_and_not_otherwise(people, name):
    boss = people["coordinator"]
    code = opened(people["field"])
    for before in WAYS[name]:
        assert step(boss, code, before, **form_of(before, people, code)).status_code == 303
    form = form_of(name, people, code)

    for missing in [key for key in form if key != "key"]:
        rest = {key: value for key, value in form.items() if key != missing}
        refused = step(boss, code, name, **rest)
        assert refused.status_code == 422, missing
        assert "was not moved" in refused.get_data(as_text=True)
    assert step(people["planner"], code, name, **form).status_code == 403
    assert step(people["foreign"], code, name, **form).status_code == 404
    seen = version(boss, code)
    assert step(boss, code, name, version=seen, **form).status_code == 303
    second = step(boss, code, name, version=seen, **form)
    assert second.status_code == 409
    assert "was changed meanwhile" in second.get_data(as_text=True)
    target = KIND.states[KIND.transitions[name].target].label.en
    assert target in boss.get(f"/cases/{code}").get_data(as_text=True)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way])
def test_a_step_out_of_order_is_refused(people, name):
    code = opened(people["field"])

    answer = step(people["coordinator"], code, name, **FORMS[name], holder="1")

    assert answer.status_code == 409
    assert "cannot be made from there" in answer.get_data(as_text=True)


def test_an_officer_is_told_who_makes_the_next_step(people):
    code = opened(people["field"])

    page = people["field"].get(f"/cases/{code}").get_data(as_text=True)
    refused = step(people["field"], code, "accept")

    assert "The next step is made by: grid coordinator." in page
    assert refused.status_code == 403


def test_a_foreign_case_is_answered_like_one_that_is_not_there(people):
    code = opened(people["field"])
    foreign = people["foreign"]

    for path in ("/cases/{}", "/cases/{}/notes", "/cases/{}/undo", "/cases/{}/holder"):
        answers = []
        for number in (code, "I-26-ZZZZZZ"):
            call = foreign.get if path == "/cases/{}" else foreign.post
            answer = call(path.format(number), data={"note": "x", "holder": "1"})
            answers.append((answer.status_code, answer.get_data(as_text=True).replace(number, "")))
        assert answers[0][0] == 404
        strip = [re.sub(r"nonce[-=\"'A-Za-z0-9_+/]*", "", text) for _, text in answers]
        assert strip[0] == strip[1]
    assert "Lamp out" not in foreign.get("/desk?tab=all").get_data(as_text=True)


def test_the_desk_counts_what_it_lists(people):
    boss = people["coordinator"]
    codes = [opened(people["field"], priority=p) for p in ("urgent", "normal", "low")]
    step(boss, codes[0], "accept")

    page = boss.get("/desk?tab=open").get_data(as_text=True)

    assert page.count('data-href="1"') == 3
    assert re.search(r'All open <span class="cnt">3</span>', page)
    assert re.search(r'Reported <span class="cnt">2</span>', page)
    assert re.search(r'No owner <span class="cnt">3</span>', page)
    assert "Urgent" in page
    assert boss.get("/desk?tab=nonsense").status_code == 400
    assert boss.get("/desk?kind=nonsense").status_code == 404
    assert boss.get("/desk?scope=990101001001").status_code == 404
    narrowed = boss.get(f"/desk?tab=open&q={codes[1].lower()}").get_data(as_text=True)
    assert narrowed.count('data-href="1"') == 1


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"title": " "}, 422, "say in a few words"),
        ({"lon": "east"}, 400, "write degrees"),
        ({"lon": "999"}, 400, "write degrees"),
        ({"lat": ""}, 400, "a point has both"),
        ({"priority": "now"}, 400, "choose one of the list"),
        ({"kind": "parade"}, 404, "There is no kind of case parade here"),
    ],
)
def test_a_new_case_that_cannot_be_opened_keeps_what_was_typed(people, form, status, said):
    whole = {"kind": KIND.name, "title": "Lamp out", "lon": "120.005", "lat": "32.005",
             "place": "by the gate", **form}  # fmt: skip
    answer = people["field"].post("/cases", data=whole)

    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert said in page
    assert "by the gate" in page
    assert "Lamp out" not in people["coordinator"].get("/desk?tab=all").get_data(as_text=True)


def test_sending_the_form_twice_opens_one_case(people):
    codes = {opened(people["field"], key="twice") for _ in range(2)}

    assert len(codes) == 1


def test_words_of_people_are_escaped(people):
    code = opened(people["field"], title="<script>alert(1)</script>", place="<b>x</b>")
    people["coordinator"].post(f"/cases/{code}/notes", data={"note": "<img src=x onerror=1>"})

    for path in (f"/cases/{code}", "/desk?tab=open"):
        page = people["coordinator"].get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;" in page


def test_a_kind_is_drawn_and_told(people):
    page = people["planner"].get(f"/cases/kinds/{KIND.name}").get_data(as_text=True)

    for state in KIND.states.values():
        assert state.label.en in page
    assert "2 working days" in page
    assert people["planner"].get("/cases/kinds/parade").status_code == 404


def test_the_pages_speak_chinese(people):
    code = opened(people["field"])
    boss = people["coordinator"]

    page = boss.get(f"/cases/{code}?lang=zh_Hans").get_data(as_text=True)
    refused = step(boss, code, "refuse", outcome="unfounded")

    assert "已上报" in page
    assert "受理立案" in page
    assert refused.status_code == 422


def test_a_list_is_exported_as_it_is_shown(people, session):
    import csv
    import io

    import openpyxl

    boss = people["coordinator"]
    codes = [opened(people["field"], title=title) for title in ("=1+1", "Bench broken")]

    text = boss.get("/desk/export.csv?tab=open&q=bench")
    book = boss.get("/desk/export.xlsx?tab=open")

    rows = list(csv.DictReader(io.StringIO(text.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row["Number"] for row in rows] == [codes[1]]
    assert rows[0]["State"] == "Reported"
    sheet = openpyxl.load_workbook(io.BytesIO(book.data)).active
    assert {row[4] for row in sheet.iter_rows(min_row=2, values_only=True)} == {
        "'=1+1", "Bench broken"}  # fmt: skip
    assert people["field"].get("/desk/export.csv").status_code == 403
    assert boss.get("/desk/export.pdf").status_code == 404
    assert "Bench" not in people["foreign"].get("/desk/export.csv?tab=all").get_data(as_text=True)
    assert people["foreign"].get(f"/desk/export.csv?scope={COMMUNITY}").status_code == 404


def test_figures_say_what_there_was_and_nothing_of_others(people):
    code = opened(people["field"])
    opened(people["field"])
    step(people["coordinator"], code, "refuse", **FORMS["refuse"])

    found = people["planner"].get("/cases/figures?format=json").get_json()["kinds"][KIND.name]
    page = people["planner"].get("/cases/figures").get_data(as_text=True)
    foreign = people["foreign"].get("/cases/figures?format=json").get_json()["kinds"][KIND.name]

    assert (found["opened"], found["still_open"], found["closed"]) == (2, 1, 1)
    assert found["outcomes"] == {"unfounded": 1}
    assert found["deadlines"]["file"] == {"kept": 1, "late": 0, "share": None}
    assert found["median_hours"] is None
    assert "too few to say" in page
    assert foreign["opened"] == 0
    assert people["planner"].get("/cases/figures?from=2026-02-01&to=2026-01-01").status_code == 400
    assert people["planner"].get("/cases/figures?from=soon").status_code == 400


def test_the_map_has_what_the_list_has(people):
    boss = people["coordinator"]
    opened(people["field"])
    opened(people["field"], lon="", lat="", grid=HERE)
    opened(people["field"], lon="", lat="", grid="", place="by the river")

    found = boss.get("/cases/points?tab=open").get_json()
    page = boss.get("/desk?tab=open").get_data(as_text=True)

    assert found["total"] == page.count('data-href="1"') == 3
    assert found["by_grid"] == {HERE: 2, "": 1}
    assert (found["with_point"], len(found["cases"])) == (1, 1)
    assert people["foreign"].get("/cases/points?tab=all").get_json()["total"] == 0
