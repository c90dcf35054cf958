"""The map's pages and its small JSON, on a chessboard city."""

import json
import re

import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest
from gridmap.intake import Columns
from tests.factories import centre, import_chessboard, import_incidents, write_csv

YEAR = "from=2024-01-01&to=2025-01-01"


@pytest.fixture
def city(session, client, tmp_path):
    """Sixteen grids, nine incidents in the first, two in none."""
    import_chessboard(tmp_path)
    lon, lat = centre(0, 0)
    rows = [(k, lon, lat, f"2024-03-{k + 1:02d} 10:00:00", "theft") for k in range(9)]
    rows += [(20, 121.9, 33.9, "2024-03-05 10:00:00", "theft")]
    rows += [(21, 121.9, 33.9, "2024-03-06 10:00:00", "burglary")]
    import_incidents(tmp_path, rows)
    return client


def page_state(page: str) -> dict:
    return json.loads(page.split('id="page-state">')[1].split("</script>")[0])


def test_the_page_names_period_and_counts(city):
    page = city.get(f"/?{YEAR}").get_data(as_text=True)

    assert "<h1>Hotspots: all categories, 1 Jan – 31 Dec 2024</h1>" in page
    assert "9 incidents in 16 grids" in page
    assert "2 without a grid" in page
    assert "FeatureCollection" not in page


def test_the_page_has_one_inline_script_and_it_carries_the_nonce(city):
    answer = city.get("/")
    page = answer.get_data(as_text=True)

    inline = [tag for tag in page.split("<script")[1:] if "src=" not in tag.split(">")[0]]
    running = [tag for tag in inline if "application/json" not in tag.split(">")[0]]
    assert len(running) == 1
    nonce = running[0].split('nonce="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
    assert "style=" not in page.replace("data-style=", "")


def test_a_form_with_a_last_day_is_sent_on_to_the_half_open_address(city):
    answer = city.get("/?from=2024-01-01&last=2024-12-31&category=theft")

    assert answer.status_code == 302
    assert "to=2025-01-01" in answer.location
    assert "last=" not in answer.location


def test_figures_are_compact_and_say_every_grid(city):
    figures = city.get(f"/map/figures?{YEAR}").get_json()

    assert sum(n for _, n in figures["runs"]) == 16
    assert len(figures["class"]) == len(figures["n"]) == 16
    assert sum(figures["n"]) == figures["incidents"] == 9
    assert "value" not in figures


def test_figures_are_not_sent_twice(city):
    first = city.get(f"/map/figures?{YEAR}")

    again = city.get(f"/map/figures?{YEAR}", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


def test_names_come_in_one_list_that_is_kept(city):
    state = page_state(city.get("/").get_data(as_text=True))

    answer = city.get(state["names"])
    names = answer.get_json()

    assert "immutable" in answer.headers["Cache-Control"]
    assert sum(n for _, n in names["runs"]) == len(names["codes"]) == len(names["names"]) == 16
    assert "990101001000000" in names["codes"]


def test_other_incidents_make_other_figures(city, tmp_path):
    first = city.get(f"/map/figures?{YEAR}")
    lon, lat = centre(1, 1)
    import_incidents(tmp_path, [(99, lon, lat, "2024-04-01 10:00:00", "theft")])

    again = city.get(f"/map/figures?{YEAR}", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 200
    assert again.get_json()["incidents"] == 10


def test_a_rate_without_population_is_no_data_and_never_a_number(city):
    figures = city.get(f"/map/figures?{YEAR}&measure=rate&per=population").get_json()

    assert set(figures["class"]) == {"5"}
    assert figures["classes"][5] == "none"
    assert figures["value"] == [None] * 16


def test_the_card_says_count_rank_and_share(city):
    card = city.get(f"/grids/990101001000000/card?{YEAR}").get_data(as_text=True)

    assert "Grid 000" in card
    assert "place 1 of 16 grids" in card
    assert "100.0%" in card
    assert "not imported" in card


def test_grids_with_as_many_incidents_share_a_place(city):
    one = city.get(f"/grids/990101001000000/card?{YEAR}").get_data(as_text=True)
    other = city.get(f"/grids/990101001001001/card?{YEAR}").get_data(as_text=True)

    assert ">place 1 of 16 grids<" in one
    assert "shared place 2 of 16 grids" in other


def test_points_say_the_total_and_stay_in_the_window(city):
    box = "bbox=119.9,31.9,120.5,32.5"

    assert city.get(f"/map/points?{YEAR}&{box}").get_json()["total"] == 9
    other = city.get(f"/map/points?from=2023-01-01&to=2024-01-01&{box}").get_json()
    assert (other["total"], other["x"]) == (0, [])


def test_points_above_the_cap_are_counted_but_not_sent(city, monkeypatch):
    monkeypatch.setattr("gridmap.maps.queries.POINT_CAP", 4)

    found = city.get(f"/map/points?{YEAR}&bbox=119.9,31.9,120.5,32.5").get_json()

    assert (found["total"], found["shown"], len(found["x"])) == (9, 4, 4)


def test_incidents_of_which_only_the_grid_is_known_are_counted_beside_the_points(city, tmp_path):
    path = write_csv(
        tmp_path / "coded.csv",
        ("id", "grid", "time", "category"),
        [(k, "990101001000000", f"2024-03-{k + 1:02d} 12:00:00", "theft") for k in range(3)]
        + [(9, "990101001003003", "2024-03-03 12:00:00", "theft")],
    )
    columns = Columns(id="id", grid_code="grid", time="time", category="category", source="coded")
    import_file(SYSTEM, ImportRequest("incidents", path, columns))

    def points(query: str) -> tuple[int, int, int]:
        found = city.get(f"/map/points?{query}").get_json()
        return found["total"], found["pointless"], len(found["x"])

    assert points(f"{YEAR}&bbox=119.9,31.9,120.5,32.5") == (9, 4, 9)
    assert points(f"{YEAR}&bbox=120.031,32.031,120.5,32.5") == (0, 1, 0)
    assert points("from=2023-01-01&to=2024-01-01&bbox=119.9,31.9,120.5,32.5") == (0, 0, 0)


def test_a_category_without_incidents_shows_no_dots_and_no_trend(city, session):
    session.execute(text("INSERT INTO categories (code, name, name_zh) VALUES ('e', 'E', 'E')"))
    box = "bbox=119.9,31.9,120.5,32.5"

    points = city.get(f"/map/points?{YEAR}&{box}&category=e").get_json()
    card = city.get(f"/grids/990101001000000/card?{YEAR}&category=e").get_data(as_text=True)

    assert (points["total"], points["x"]) == (0, [])
    assert "None in the twelve months up to the end of the period." in card


def test_dots_and_card_know_a_category_by_the_names_that_the_figures_know(city):
    box = "bbox=119.9,31.9,120.5,32.5"
    name = "category=Theft"

    counted = city.get(f"/map/figures?{YEAR}&{name}").get_json()["incidents"]
    points = city.get(f"/map/points?{YEAR}&{box}&{name}").get_json()
    card = city.get(f"/grids/990101001000000/card?{YEAR}&{name}").get_data(as_text=True)

    assert counted == points["total"] == 9
    assert "100.0%" in card


ODD = {
    "/?from=yesterday": 400,
    "/?scope=77": 404,
    "/?grid=77": 404,
    "/?category=nonsense": 404,
    "/map/points?bbox=1,2,3": 400,
    "/map/points?bbox=0,0,1,1&category=nonsense": 404,
    "/map/points?bbox=nan,0,1,1": 400,
    "/map/resources?kind=tank&bbox=0,0,1,1": 400,
    "/grids/77/card": 404,
    "/export/grids.exe": 404,
    "/table?page=9999": 200,
    "/table?page=-1": 200,
    "/table?sort=nonsense": 200,
}


def test_odd_addresses_get_a_clear_answer(city):
    assert {address: city.get(address).status_code for address in ODD} == ODD


def test_the_table_lists_every_grid_with_the_strongest_first(city):
    page = city.get(f"/table?{YEAR}").get_data(as_text=True)

    assert page.count("<tr data-href") == 16
    assert "1–16 of 16" in page


def test_search_finds_grids_by_code_and_name_and_escapes_patterns(city):
    assert "Grid 003" in city.get("/search?q=grid+003&part=1").get_data(as_text=True)
    assert "990101001000001" in city.get("/search?q=990101001000001").get_data(as_text=True)
    assert "Nothing in this scope" in city.get("/search?q=%25&part=1").get_data(as_text=True)


@pytest.mark.parametrize("address", ["/search?part=1&q=", "/grids?q="])
def test_every_word_of_a_search_must_match_in_any_order(city, address):
    def found(words: str) -> set[str]:
        page = city.get(address + words).get_data(as_text=True)
        return set(re.findall(r"Grid 00\d", page))

    assert found("003+grid") == {"Grid 003"}
    assert found("++GRID++990101001002002+") == {"Grid 002"}
    assert found("grid+elsewhere") == set()
    assert found("_rid+%25") == set()


def test_exports_are_files_with_every_grid(city):
    table = city.get(f"/export/grids.csv?{YEAR}")
    shapes = city.get(f"/export/grids.geojson?{YEAR}")

    assert table.get_data(as_text=True).count("\n") == 17
    assert "attachment" in table.headers["Content-Disposition"]
    assert len(shapes.get_json(force=True)["features"]) == 16


def test_state_points_to_tiles_by_version(city):
    state = page_state(city.get("/").get_data(as_text=True))

    assert "{z}/{x}/{y}.pbf?v=" in state["tiles"]["grids"]
    assert state["tiles"]["base"] is None
    west, south, east, north = state["bounds"]
    assert (round(west, 2), round(south, 2), round(east, 2), round(north, 2)) == (
        120.0,
        32.0,
        120.04,
        32.04,
    )


def test_breaks_are_the_same_in_each_period_of_one_length(city):
    first = city.get("/?from=2024-03-01&to=2024-03-08&measure=count").get_data(as_text=True)
    second = city.get("/?from=2024-03-08&to=2024-03-15&measure=count").get_data(as_text=True)

    def labels(page: str) -> list[str]:
        legend = page.split('id="legend"')[1].split("</details>")[0]
        return [part.split("</span>")[0] for part in legend.split("<span>")[2:]]

    assert labels(first)[:4] == labels(second)[:4]


def test_the_legend_of_counts_names_none_apart(city):
    page = city.get(f"/?{YEAR}&measure=count").get_data(as_text=True)
    classes = page_state(page)["text"]["classes"]

    assert list(classes.values()) == ["0", "1–9", "10–14", "15–19", "20 and more"]
    assert "under" not in page.split('id="legend"')[1].split("</details>")[0]


def test_all_modules_of_the_map_are_asked_for_at_once(city):
    from pathlib import Path

    from gridmap.maps.views import MODULES

    static = Path(__file__).resolve().parents[2] / "static"
    wanted, seen = ["js/map.js"], set()
    while wanted:
        name = wanted.pop()
        seen.add(name)
        text = (static / name).read_text(encoding="utf-8")
        for other in re.findall(r"^import [^;]*['\"](\.[^'\"]+)['\"];", text, re.MULTILINE):
            found = str((static / name).parent.joinpath(other).resolve().relative_to(static))
            wanted += [found] if found not in seen else []

    assert seen == set(MODULES)


def test_a_name_that_a_spreadsheet_would_run_is_guarded(city):
    from gridmap.maps.views import safe_cell

    assert [safe_cell(text) for text in ("=1+1", "@x", "-5", "＝1+1", "\n=1", "Auburn")] == [
        "'=1+1", "'@x", "'-5", "'＝1+1", "'\n=1", "Auburn"
    ]  # fmt: skip


def test_grids_without_incidents_say_what_is_missing(session, client, tmp_path):
    import_chessboard(tmp_path)

    page = client.get("/").get_data(as_text=True)

    assert "There are no incidents yet" in page
    assert "Import incidents" in page


def test_the_card_of_a_grid_whose_code_has_a_slash_opens(city):
    answer = city.get("/grids/06%2F1/card")

    assert answer.status_code == 404
    assert "06/1" in answer.get_data(as_text=True)


def test_the_usual_period_is_that_of_incidents_in_grids_of_the_scope(city, tmp_path):
    lon, lat = centre(1, 3)
    rows = [
        (50, lon, lat, "2023-11-20 10:00:00", "theft"),
        (51, 121.9, 33.9, "2025-05-05 10:00:00", "theft"),
    ]
    import_incidents(tmp_path, rows)

    whole = city.get("/").get_data(as_text=True)
    scope = city.get("/?scope=990101001003").get_data(as_text=True)
    nothing = city.get("/?scope=990101001002").get_data(as_text=True)

    assert "11 Dec 2023 – 9 Mar 2024" in whole.split("<h1>")[1].split("</h1>")[0]
    assert "23 Aug – 20 Nov 2023" in scope.split("<h1>")[1].split("</h1>")[0]
    assert "11 Dec 2023 – 9 Mar 2024" in nothing.split("<h1>")[1].split("</h1>")[0]


def said(page: str) -> str:
    note = page.split('id="said"')[1].split("</p>")[0]
    return " ".join(re.sub("<[^>]*>", " ", note).split())


@pytest.mark.parametrize("address", ["/", "/table"])
def test_a_period_without_incidents_says_so_and_offers_another(city, address):
    quiet = city.get(f"{address}?from=2022-01-01&to=2023-01-01&category=theft")
    busy = city.get(f"{address}?{YEAR}").get_data(as_text=True)

    words = said(quiet.get_data(as_text=True))
    assert "No incident of Theft lies in these grids in this period, 1 Jan – 31 Dec 2022." in words
    assert "Show the newest 90 days with incidents" in words
    assert busy.split('id="said"')[1].split(">")[0].endswith("hidden")


def test_a_rate_without_population_says_what_is_missing(city):
    rate = city.get(f"/?{YEAR}&measure=rate&per=population").get_data(as_text=True)
    density = city.get(f"/?{YEAR}&measure=rate&per=area").get_data(as_text=True)

    assert "No population is known for these grids up to 31 Dec 2024" in said(rate)
    assert "Import population" in said(rate)
    assert "No population" not in said(density)


def test_the_menu_of_categories_counts_the_window_and_the_scope(city):
    def menu(query: str) -> dict[str, str]:
        page = city.get(f"/?{query}").get_data(as_text=True)
        options = page.split('id="f-category"')[1].split("</fieldset>")[0].split("<label")[1:]
        return {
            re.findall("<span>(.*?)</span>", option)[0]: re.findall('"n">(.*?)<', option)[0]
            for option in options
        }

    assert menu(YEAR) == {"Theft": "9", "Burglary": "0"}
    assert menu("from=2024-03-01&to=2024-03-04") == {"Theft": "3", "Burglary": "0"}
    assert menu("from=2024-03-01&to=2024-03-04&category=burglary")["Theft"] == "3"
    assert menu(f"{YEAR}&scope=990101001002") == {"Theft": "0", "Burglary": "0"}


def test_one_incident_is_said_in_the_singular(city):
    one = city.get("/grids/990101001000000/card?from=2024-03-01&to=2024-03-02")
    two = city.get("/grids/990101001000000/card?from=2024-03-01&to=2024-03-03")

    assert "had <b>1</b> incident in" in one.get_data(as_text=True)
    assert "had <b>2</b> incidents in" in two.get_data(as_text=True)


def test_a_missing_grid_is_called_a_grid_in_chinese_too(city):
    page = city.get("/?grid=77&lang=zh_Hans").get_data(as_text=True)

    assert "这里没有 网格 77。" in page


@pytest.mark.parametrize("scope", ["", "990101001003", "990101001002"])
def test_the_programs_window_is_that_of_the_map_where_no_day_is_named(city, tmp_path, scope):
    import_incidents(tmp_path, [(50, *centre(1, 3), "2023-11-20 10:00:00", "theft")])

    figures = page_state(city.get(f"/?scope={scope}").get_data(as_text=True))["figures"]
    answer = city.get(f"/api/hotspots?scope={scope}").get_json()

    assert f"from={answer['start']}&to={answer['end']}" in figures
