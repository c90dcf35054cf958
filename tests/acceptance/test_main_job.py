"""The main job on real data, as its issue says it: files in, numbers out, all through commands."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

CHICAGO_INCIDENTS = (
    "--x",
    "x",
    "--y",
    "y",
    "--crs",
    "EPSG:26971",
    "--time",
    "date_single",
    "--time-format",
    "%d/%m/%Y",
    "--tz",
    "America/Chicago",
    "--category-value",
    "burglary",
)
WINDOWS = {
    "2014_2017": ("2014-01-01", "2018-01-01"),
    "2016": ("2016-01-01", "2017-01-01"),
    "2016_06": ("2016-06-01", "2016-07-01"),
}


def last_object(result) -> dict:
    """The JSON object that a command prints as its last line."""
    assert result.exit_code == 0, result.output
    return json.loads(result.output.strip().splitlines()[-1])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def chicago(reference_data, fresh_database, run):
    """Chicago's areas and four years of burglaries, imported by the commands of the issue."""
    folder = reference_data / "chicago"
    grids = run(
        "import", "grids", folder / "areas.geojson", "--code", "code", "--name", "name", "--json"
    )
    assert last_object(grids)["stored"] == 77
    return folder, last_object(
        run(
            "import", "incidents", folder / "burglaries_2014_2017.csv", *CHICAGO_INCIDENTS, "--json"
        )
    )


def test_chicago_links_as_it_should_and_the_same_file_adds_nothing(chicago, run):
    folder, first = chicago
    assert (first["read"], first["linked"], first["unlinked"]) == (45_319, 45_308, 11)
    assert (first["duplicate"], first["rejected"], first["rejects_file"]) == (0, 0, None)

    again = last_object(
        run(
            "import", "incidents", folder / "burglaries_2014_2017.csv", *CHICAGO_INCIDENTS, "--json"
        )
    )

    assert (again["stored"], again["duplicate"]) == (0, 45_319)
    unlinked = last_object(run("incidents", "unlinked", "--json"))
    assert unlinked["total"] == 11


@pytest.mark.parametrize("window", WINDOWS)
def test_hotspots_of_chicago_equal_the_expected_figures(chicago, run, window):
    folder, _ = chicago
    start, end = WINDOWS[window]
    expected = {
        row["code"]: row for row in read_csv(folder / "expected/gi_star_burglaries_by_area.csv")
    }

    found = last_object(run("hotspots", "--from", start, "--to", end, "--json"))

    assert found["timezone"] == "America/Chicago"
    assert [grid["code"] for grid in found["grids"]] == sorted(expected)
    for grid in found["grids"]:
        row = expected[grid["code"]]
        assert grid["n"] == int(row[f"n_{window}"])
        for name in "zpq":
            assert grid[name] == pytest.approx(float(row[f"{name}_{window}"]), abs=1e-9)
    summary = json.loads((folder / "expected/summary.json").read_text())["windows"][window]
    assert found["incidents"] == summary["incidents"]
    assert found["linked"] == summary["linked"]
    hot = [
        sum(grid["class"] == name for grid in found["grids"])
        for name in ("hot99", "hot95", "hot90")
    ]
    assert np.cumsum(hot).tolist() == summary["hot"]


def test_the_api_answers_like_the_command(chicago, run, client):
    command = last_object(
        run(
            "hotspots",
            "--from",
            "2016-01-01",
            "--to",
            "2017-01-01",
            "--category",
            "burglary",
            "--json",
        )
    )

    answer = client.get(
        "/api/hotspots?from=2016-01-01&to=2017-01-01&category=burglary",
        base_url="http://127.0.0.1",
    )

    assert answer.status_code == 200
    assert answer.get_json() == command


def test_crimes_by_area_number_equal_the_expected_figures(reference_data, fresh_database, run):
    folder = reference_data / "chicago"
    run("import", "grids", folder / "areas.geojson", "--code", "code", "--name", "name")
    done = last_object(
        run(
            "import",
            "incidents",
            folder / "crimes_2022.parquet",
            "--grid-code",
            "Community Area",
            "--code-format",
            "17031{:03d}",
            "--time",
            "Date",
            "--category",
            "Primary Type",
            "--tz",
            "America/Chicago",
            "--json",
        )
    )
    assert done["read"] == 215_551
    assert done["stored"] + done["rejected"] == 215_551

    for word, name in {
        "THEFT": "theft",
        "ROBBERY": "robbery",
        "MOTOR VEHICLE THEFT": "motor_vehicle_theft",
    }.items():
        found = last_object(
            run(
                "hotspots",
                "--from",
                "2022-01-01",
                "--to",
                "2023-01-01",
                "--category",
                word,
                "--json",
            )
        )
        rows = read_csv(folder / f"expected/crimes_2022_{name}_by_area.csv")
        by_code = {f"17031{int(row['area']):03d}": row for row in rows}
        for grid in found["grids"]:
            row = by_code[grid["code"]]
            assert grid["n"] == int(row[word])
            assert grid["z"] == pytest.approx(float(row["queen_GiStar_z_B"]), abs=1e-9)
            assert grid["p"] == pytest.approx(float(row["queen_GiStar_p2"]), abs=1e-9)
            assert grid["q"] == pytest.approx(float(row["queen_GiStar_q_BH"]), abs=1e-9)


def test_memphis_cells_equal_the_expected_figures(reference_data, fresh_database, run):
    folder = reference_data / "memphis"
    cells = last_object(
        run("import", "grids", folder / "grid_500m.gpkg", "--code", "cell_id", "--json")
    )
    assert cells["stored"] == 3413
    done = last_object(
        run(
            "import",
            "incidents",
            folder / "robberies.csv",
            "--x",
            "lon",
            "--y",
            "lat",
            "--time",
            "date",
            "--id",
            "uid",
            "--category",
            "offense_type",
            "--tz",
            "America/Chicago",
            "--crs",
            "EPSG:4326",
            "--json",
        )
    )
    assert done["read"] == 2245
    assert done["stored"] + done["duplicate"] + done["rejected"] == 2245
    expected = {row["cell_id"]: row for row in read_csv(folder / "expected/statistics_by_cell.csv")}

    found = last_object(run("hotspots", "--from", "2019-01-01", "--to", "2020-01-01", "--json"))

    assert {grid["code"]: grid["n"] for grid in found["grids"]} == {
        code: int(row["n"]) for code, row in expected.items()
    }
    for grid in found["grids"]:
        row = expected[grid["code"]]
        assert grid["z"] == pytest.approx(float(row["queen_GiStar_z_B"]), abs=1e-9)
        assert grid["q"] == pytest.approx(float(row["queen_GiStar_q_BH"]), abs=1e-9)


def test_undo_takes_an_import_back_whole(chicago, run):
    _, first = chicago

    result = run("import", "undo", first["batch"])

    assert result.exit_code == 0, result.output
    assert "45,319 rows are gone" in result.output
    found = last_object(run("hotspots", "--from", "2014-01-01", "--to", "2018-01-01", "--json"))
    assert found["incidents"] == 0
    assert all(grid["z"] is None and grid["class"] is None for grid in found["grids"])
    assert found["warnings"]
