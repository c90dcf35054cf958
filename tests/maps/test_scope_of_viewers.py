"""The map of somebody with one district, or with two that do not touch."""

import json

import pytest

from tests.factories import centre, import_chessboard, import_incidents

YEAR = "from=2024-01-01&to=2025-01-01"
MINE, OTHER = "990101001000", "990101001003"
GRID, FOREIGN = MINE + "001", OTHER + "001"


@pytest.fixture
def city(session, tmp_path):
    """Sixteen grids in four communities: three incidents in the first, five in the last."""
    import_chessboard(tmp_path)
    rows = [(k, *centre(1, 0), f"2024-03-0{k + 1} 10:00:00", "theft") for k in range(3)]
    rows += [(k, *centre(1, 3), f"2024-05-0{k} 10:00:00", "Burnt wall") for k in range(4, 9)]
    import_incidents(tmp_path, rows)


def page_state(page: str) -> dict:
    return json.loads(page.split('id="page-state">')[1].split("</script>")[0])


def test_a_page_without_a_scope_is_about_ones_own(city, client_as):
    page = client_as("planner", MINE).get(f"/?{YEAR}").get_data(as_text=True)

    assert "3 incidents in 4 grids" in page
    assert OTHER not in page
    assert "Burnt wall" not in page
    assert f"scope={MINE}" in page_state(page)["tiles"]["grids"]


def test_what_is_foreign_answers_like_what_is_not_there(city, client_as):
    client = client_as("planner", MINE)

    for one, other in (
        (f"/?scope={OTHER}", "/?scope=990101001777"),
        (f"/?grid={FOREIGN}", "/?grid=990101001777001"),
        (f"/grids/{FOREIGN}/card", "/grids/990101001777001/card"),
        (f"/map/figures?scope={OTHER}", "/map/figures?scope=990101001777"),
        ("/map/figures?category=burnt_wall", "/map/figures?category=burnt_wool"),
        ("/map/figures?category=Burnt+wall", "/map/figures?category=Burnt+wool"),
        (f"/api/hotspots?scope={OTHER}", "/api/hotspots?scope=990101001777"),
        (f"/export/grids.csv?scope={OTHER}", "/export/grids.csv?scope=990101001777"),
    ):
        found, missing = client.get(one), client.get(other)
        assert found.status_code == missing.status_code == 404, one
        plain = found.get_data(as_text=True)
        for name, stand_in in {OTHER: "990101001777", "nt_wall": "nt_wool",
                               "nt wall": "nt wool", "nt+wall": "nt+wool"}.items():  # fmt: skip
            plain = plain.replace(name, stand_in)
        assert without_nonce(plain) == without_nonce(missing.get_data(as_text=True))


def without_nonce(page: str) -> str:
    return "".join(part.partition('"')[2] for part in ("x" + page).split('nonce="'))


def test_figures_breaks_and_the_etag_know_nothing_of_other_scopes(city, client_as, tmp_path):
    client = client_as("planner", MINE)
    address = f"/map/figures?{YEAR}&measure=count"
    before = client.get(address)
    import_incidents(
        tmp_path,
        [(k, *centre(2, 3), f"2024-06-{k:02d} 10:00:00", "theft") for k in range(10, 25)],
    )

    after = client.get(address)

    assert after.get_json() == before.get_json()
    assert after.headers["ETag"] == before.headers["ETag"]


def test_two_scopes_are_shown_one_at_a_time(city, client_as):
    client = client_as("planner", MINE, OTHER)

    first = client.get(f"/?{YEAR}").get_data(as_text=True)
    second = client.get(f"/?{YEAR}&scope={OTHER}").get_data(as_text=True)

    assert "3 incidents in 4 grids" in first
    assert "5 incidents in 4 grids" in second
    assert "Your scopes" in first
    assert client.get(f"/grids/{FOREIGN}/card?{YEAR}").status_code == 200


def test_a_scope_without_grids_is_an_empty_page_and_no_error(city, client_as):
    client = client_as("planner", "880101")

    assert "There are no grids in this scope yet" in client.get("/").get_data(as_text=True)
    assert client.get("/map/figures").get_json()["n"] == []
    assert client.get("/api/hotspots").get_json()["grids"] == []
    assert client.get("/?scope=880101001").status_code == 404


def test_lists_names_and_search_hold_the_scope_alone(city, client_as):
    client = client_as("planner", MINE)

    assert "4 grids in force" in client.get("/grids").get_data(as_text=True)
    assert all(code.startswith(MINE) for code in client.get("/map/names").get_json()["codes"])
    found = client.get("/search?q=grid+001&part=1").get_data(as_text=True)
    assert GRID in found
    assert FOREIGN not in found
    assert "Burnt wall" not in client.get("/categories").get_data(as_text=True)


def test_a_grids_card_names_no_neighbour_outside(city, client_as, client):
    def neighbours(viewer) -> int:
        page = viewer.get(f"/?{YEAR}&grid={GRID}").get_data(as_text=True)
        return len(page_state(page)["selected"]["neighbours"])

    assert neighbours(client) == 5
    assert neighbours(client_as("planner", MINE)) == 2


def test_without_single_incidents_there_are_figures_and_no_points(city, client_as, monkeypatch):
    client = client_as("auditor", MINE)

    assert client.get(f"/map/points?{YEAR}&bbox=119,31,121,33").status_code == 403


def test_a_tile_draws_the_scope_alone(city, client_as, client):
    from tests.tiles.test_views import address_of

    address = address_of(120.015, 32.035, z=15)

    assert client.get(address).status_code == 200
    assert client_as("field", MINE).get(address).status_code == 204
    assert client_as("field", OTHER).get(address).status_code == 200
    assert client_as("field", MINE).get(f"{address}?scope={OTHER}").status_code == 404
