"""A city whose borders are drawn anew at random, and what must hold after each change."""

import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from sqlalchemy import text

from gridmap.analysis.areas import area_m2
from gridmap.analysis.neighbours import queen_pairs
from gridmap.analysis.topology import check_partition
from gridmap.core.actor import SYSTEM
from gridmap.core.errors import GridmapError
from gridmap.exchange.actions import import_file
from gridmap.exchange.requests import ImportRequest
from gridmap.grids import change_queries, changes
from gridmap.grids.drawings import Drawing
from gridmap.grids.locator import current_grids, grids_on
from gridmap.grids.planning import Wish
from gridmap.hotspots.actions import study
from gridmap.hotspots.studies import Question
from gridmap.intake import Columns
from tests.factories import SIDE, import_incidents, square, write_grids

COMMUNITY = "990101001001"
COLUMNS, ROWS = 4, 3
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def code(number: int) -> str:
    return f"{COMMUNITY}{number:03d}"


def build(session, folder) -> None:
    """A chessboard of one community; incidents inside, on borders, on corners, and by code."""
    shapes = {
        code(1 + column + COLUMNS * row): square(column, ROWS - 1 - row)
        for row in range(ROWS)
        for column in range(COLUMNS)
    }
    path = write_grids(folder / "grids.geojson", shapes)
    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))
    random = np.random.default_rng(20260301)
    eighths = random.integers(0, [8 * COLUMNS + 1, 8 * ROWS + 1], size=(60, 2)) / 8
    anywhere = random.random((60, 2)) * [COLUMNS, ROWS]
    places = np.concatenate([eighths, anywhere]) * SIDE + [120, 32]
    rows = [
        (f"i{k}", repr(float(x)), repr(float(y)), f"2025-{1 + k % 12:02d}-05 10:00", "theft")
        for k, (x, y) in enumerate(places)
    ]
    import_incidents(folder, rows)
    session.execute(text("UPDATE incidents SET geom = NULL WHERE source_id LIKE 'i_7'"))


class Days:
    """The clock of the changes."""

    def __init__(self, monkeypatch) -> None:
        self.passed = 0
        for module in ("core.city", "grids.changes"):
            monkeypatch.setattr(
                f"gridmap.{module}.utc_now", lambda: NOON + timedelta(days=self.passed)
            )

    @property
    def today(self):
        return (NOON + timedelta(days=self.passed)).date()


def do(session, step: tuple) -> bool:
    """Take one step; a step that is refused changes nothing. Returns whether it was taken."""
    kind, which, beside, start, end, upright = step
    table = current_grids(session).table
    chosen = int(which * table.ids.size)
    near = change_queries.around(session, [int(table.ids[chosen])])
    other = int(np.flatnonzero(table.ids == near[int(beside * len(near))])[0]) if near else chosen
    try:
        with session.begin_nested():
            if kind == "undo":
                last = session.scalar(text("SELECT max(id) FROM grid_changes "
                                           "WHERE undone_at IS NULL"))  # fmt: skip
                changes.undo_change(session, SYSTEM, last or 0)
                return True
            codes = (table.codes[chosen],) if kind == "split" else table.codes[[chosen, other]]
            shapes = table.geometries[[chosen] if kind == "split" else [chosen, other]]
            drawing = None if kind == "merge" else _line(shapes, start, end, upright)
            changes.change_grids(session, SYSTEM, Wish(kind, tuple(codes), drawing))
    except GridmapError:
        return False
    return True


def _line(shapes, start: float, end: float, upright: bool) -> Drawing:
    west, south, east, north = shapely.total_bounds(shapes)
    wide, high = east - west, north - south
    if upright:
        places = [(west + start * wide, south - SIDE), (west + end * wide, north + SIDE)]
    else:
        places = [(west - SIDE, south + start * high), (east + SIDE, south + end * high)]
    return Drawing(np.array([shapely.LineString(places)], dtype=object), np.empty(0, object), [])


def state(session) -> tuple[dict[str, int], int]:
    """Incidents by grid code, and how many are in no grid."""
    rows = session.execute(
        text("SELECT grid_code, grid_id IS NULL, count(*) FROM incidents GROUP BY 1, 2")
    ).all()
    linked = {code: n for code, unlinked, n in rows if not unlinked}
    return linked, sum(n for _, unlinked, n in rows if unlinked)


def check_now(session, total: int, ground_m2: float) -> None:
    """Nothing lost, nothing doubled, everything where the locator says, months as counted anew."""
    grids = current_grids(session)
    check_tiling(grids.table, ground_m2)
    linked, unlinked = state(session)
    assert sum(linked.values()) + unlinked == total
    assert set(linked) <= set(grids.table.codes)
    wrong = session.execute(
        text("SELECT count(*) FROM incidents i LEFT JOIN grids g ON g.id = i.grid_id "
             "WHERE i.grid_id IS NOT NULL AND (g.code IS DISTINCT FROM i.grid_code "
             "OR g.valid_to IS NOT NULL)")
    ).scalar()  # fmt: skip
    assert wrong == 0
    placed = session.execute(
        text("SELECT ST_X(geom), ST_Y(geom), grid_id FROM incidents WHERE geom IS NOT NULL")
    ).all()
    lon, lat, ids = (np.array(column) for column in zip(*placed, strict=True))
    assert (grids.at_points(lon, lat).grid_ids == ids).all()
    assert_months(session)
    one, other = queen_pairs(grids.table.geometries)
    assert sorted(zip(*grids.neighbours, strict=True)) == sorted(zip(one, other, strict=True))


def check_tiling(table, ground_m2: float) -> None:
    found = check_partition(table.geometries, table.codes.tolist())
    assert [len(found.overlaps), len(found.overlap_slivers), len(found.gaps),
            len(found.gap_slivers)] == [0, 0, 0, 0]  # fmt: skip
    assert abs(area_m2(table.geometries).sum() - ground_m2) < 1e-3


def check_days(session, kept: dict, total: int, ground_m2: float) -> None:
    """Figures of each day within its borders are what they were on that day."""
    for day, (linked, unlinked) in kept.items():
        check_tiling(grids_on(session, day).table, ground_m2)
        found = study(session, Question(borders_on=day))
        then = dict(zip(found.codes.tolist(), found.counts.tolist(), strict=True))
        assert {code: n for code, n in then.items() if n} == linked, day
        assert found.unlinked == unlinked
        assert found.linked + found.unlinked == total


def assert_months(session) -> None:
    """The roll-up says what counting again says."""
    kept = session.execute(
        text(
            "SELECT grid_code, category_id, first_month + k - 1 AS month, "
            "cumulative[k] - coalesce(cumulative[k - 1], 0) AS n "
            "FROM incident_months, generate_series(1, cardinality(cumulative)) k "
            "WHERE cumulative[k] <> coalesce(cumulative[k - 1], 0)"
        )
    ).all()
    again = session.execute(
        text(
            "SELECT grid_code, c, (extract(year FROM t) * 12 + extract(month FROM t) "
            "- 23641)::int, count(*) FROM (SELECT grid_code, unnest(ARRAY[category_id, 0]) AS c, "
            "occurred_from AT TIME ZONE 'Asia/Shanghai' AS t FROM incidents) i GROUP BY 1, 2, 3"
        )
    ).all()
    assert sorted(map(tuple, kept)) == sorted(map(tuple, again))


def race(first, second) -> list[BaseException]:
    """Let one act hold its transaction open until the other waits for it; return what went wrong.

    Both get a function to be called inside their transaction.
    """
    inside, go_on, problems = threading.Event(), threading.Event(), []

    def hold() -> None:
        inside.set()
        assert go_on.wait(20)

    def careful(act, pause) -> None:
        try:
            act(pause)
        except BaseException as problem:  # a thread's own errors are seen by nobody
            problems.append(problem)

    one = threading.Thread(target=careful, args=(first, hold))
    other = threading.Thread(target=careful, args=(second, lambda: None))
    one.start()
    assert inside.wait(20)
    other.start()
    other.join(0.5)
    waits = other.is_alive()
    go_on.set()
    one.join(20)
    other.join(20)
    return problems if waits else [*problems, AssertionError("the second did not wait")]
