"""Splitting, merging, moving a border: what tiles the same ground, and what follows."""

import json

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from gridmap.analysis.topology import check_partition
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import BadRequest, NotFound
from gridmap.grids import changes
from gridmap.grids.drawings import read_drawing
from gridmap.grids.locator import current_grids
from gridmap.grids.planning import Wish
from gridmap.grids.redraw_errors import (
    BeginsInThePast,
    BeginsLater,
    CodeTaken,
    NotAdjacent,
    NotLastChange,
    OtherCommunity,
    TooThin,
)
from tests.factories import SIDE, centre, square, write_grids

COMMUNITY = "990101001001"


def code(number: int) -> str:
    return f"{COMMUNITY}{number:03d}"


def line(*places):
    return read_drawing({"type": "LineString", "coordinates": places})


def polygons(*shapes, codes=()):
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape),
         "properties": {"code": own}}
        for shape, own in zip(shapes, codes or [""] * len(shapes), strict=True)
    ]  # fmt: skip
    return read_drawing({"type": "FeatureCollection", "features": features})


UPRIGHT = line((120.015, 31.9), (120.015, 32.1))
"""Runs through the middle column: grids 2, 5 and 8."""


def counts(session):
    rows = session.execute(text("SELECT grid_code, count(*) FROM incidents GROUP BY 1 ORDER BY 1"))
    return {row[0][-3:]: row[1] for row in rows}


def months_are_right(session):
    """Whether the roll-up says what counting again says."""
    kept = session.execute(
        text(
            "SELECT grid_code, category_id, first_month + k - 1 AS month, "
            "cumulative[k] - coalesce(cumulative[k - 1], 0) AS n "
            "FROM incident_months, generate_series(1, cardinality(cumulative)) k "
            "WHERE category_id <> 0 AND cumulative[k] <> coalesce(cumulative[k - 1], 0)"
        )
    ).all()
    again = session.execute(
        text(
            "SELECT grid_code, category_id, (extract(year FROM t) * 12 + extract(month FROM t) "
            "- 23641)::int, count(*) FROM (SELECT grid_code, category_id, "
            "occurred_from AT TIME ZONE 'Asia/Shanghai' AS t FROM incidents) i GROUP BY 1, 2, 3"
        )
    ).all()
    return sorted(map(tuple, kept)) == sorted(map(tuple, again))


def split(session, **more):
    wish = Wish("split", (code(5),), UPRIGHT, **more)
    return changes.change_grids(session, SYSTEM, wish)


def test_a_split_tiles_the_same_ground_and_loses_no_row(city):
    before = current_grids(city).table

    change = split(city)

    after = current_grids(city).table
    assert change.after_codes == [code(10), code(11)]
    assert after.codes.tolist() == [code(k) for k in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11)]
    assert check_partition(after.geometries, after.codes.tolist()).gaps.area_m2.size == 0
    assert np.isclose(after.area_m2.sum(), before.area_m2.sum(), rtol=1e-12)
    assert counts(city) == {f"{k:03d}": 5 for k in (1, 2, 3, 4, 6, 7, 8, 9)} | {
        "010": 3, "011": 2,
    }  # fmt: skip
    assert months_are_right(city)


def test_the_old_grid_ends_and_its_border_stays_in_history(city):
    change = split(city)

    grid = city.execute(text("SELECT valid_to FROM grids WHERE code = :c"), {"c": code(5)}).scalar()
    held = city.execute(
        text("SELECT upper(valid), isempty(valid) FROM grid_versions v JOIN grids g "
             "ON g.id = v.grid_id WHERE g.code = :c"), {"c": code(5)}
    ).all()  # fmt: skip
    assert grid == change.holds_from
    assert held == [(change.holds_from, False)]
    assert city.execute(text("SELECT count(*) FROM grid_lineage")).scalar() == 2


def test_neighbours_are_known_around_a_change_as_if_counted_anew(city):
    from gridmap.analysis.neighbours import queen_pairs

    split(city)
    changes.change_grids(city, SYSTEM, Wish("merge", (code(1), code(2), code(4))))

    grids = current_grids(city)
    one, other = queen_pairs(grids.table.geometries)
    assert sorted(zip(*grids.neighbours, strict=True)) == sorted(zip(one, other, strict=True))


def test_a_merge_makes_one_grid_with_all_rows_and_people(city, tmp_path):
    for number, n in ((5, 100), (6, 50)):
        city.execute(
            text("INSERT INTO grid_population (grid_id, date, n, source, batch_id) SELECT id, "
                 "'2025-01-01', :n, '', batch_id FROM grids WHERE code = :c"),
            {"n": n, "c": code(number)},
        )  # fmt: skip

    change = changes.change_grids(
        city, SYSTEM, Wish("merge", (code(6), code(5)), names=("Both together",))
    )

    assert (change.before_codes, change.after_codes) == ([code(5), code(6)], [code(10)])
    assert counts(city)["010"] == 10
    assert months_are_right(city)
    people = city.execute(
        text("SELECT n FROM grid_population WHERE grid_id = :g"), {"g": change.after_ids[0]}
    ).scalar()
    assert people == 150


def test_a_moved_border_is_a_new_version_of_the_same_grids(city):
    drawing = line((120.0175, 31.9), (120.0175, 32.1))

    change = changes.change_grids(city, SYSTEM, Wish("move", (code(5), code(6)), drawing))

    assert change.after_ids == change.before_ids
    assert counts(city) == {f"{k:03d}": 5 for k in range(1, 10)}
    versions = city.execute(
        text("SELECT g.code, count(*) FROM grid_versions v JOIN grids g ON g.id = v.grid_id "
             "GROUP BY 1 HAVING count(*) > 1 ORDER BY 1")
    ).all()  # fmt: skip
    assert versions == [(code(5), 2), (code(6), 2)]

    again = changes.change_grids(
        city, SYSTEM, Wish("move", (code(5), code(6)), line((120.013, 31.9), (120.013, 32.1)))
    )

    assert counts(city)["005"] == 2
    assert counts(city)["006"] == 8
    assert months_are_right(city)
    changes.undo_change(city, SYSTEM, again.id)
    changes.undo_change(city, SYSTEM, change.id)
    assert counts(city) == {f"{k:03d}": 5 for k in range(1, 10)}


def test_polygons_drawn_by_hand_are_made_to_tile(city):
    half = shapely.box(120.0099996, 32.0100003, 120.0150002, 32.0200004)
    rest = shapely.box(120.0149999, 32.0099996, 120.0200001, 32.0199999)

    change = changes.change_grids(city, SYSTEM, Wish("split", (code(5),), polygons(half, rest)))

    after = current_grids(city).table
    found = check_partition(after.geometries, after.codes.tolist())
    assert len(change.after_ids) == 2
    assert [len(part) for part in (found.overlaps, found.overlap_slivers, found.gaps,
                                   found.gap_slivers)] == [0, 0, 0, 0]  # fmt: skip


def test_undo_puts_everything_back_and_never_gives_the_codes_again(city):
    before = current_grids(city).table
    was = counts(city)
    change = split(city)

    changes.undo_change(city, SYSTEM, change.id)

    after = current_grids(city).table
    assert after.codes.tolist() == before.codes.tolist()
    assert shapely.equals_identical(after.geometries, before.geometries).all()
    assert counts(city) == was
    assert months_are_right(city)
    assert split(city).after_codes == [code(12), code(13)]


def test_a_change_that_another_stands_on_is_not_taken_back(city):
    first = split(city)
    changes.change_grids(city, SYSTEM, Wish("merge", (code(11), code(6))))

    with pytest.raises(NotLastChange, match="stands on it"):
        changes.undo_change(city, SYSTEM, first.id)


def test_a_change_that_has_held_for_a_day_is_not_taken_back(city):
    change = split(city)
    city.execute(text("UPDATE grid_changes SET holds_from = holds_from - 1"))
    city.expire_all()

    with pytest.raises(NotLastChange, match="has held since"):
        changes.undo_change(city, SYSTEM, change.id)


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (Wish("merge", (code(1), code(9))), NotAdjacent),
        (Wish("merge", (code(1), code(5))), NotAdjacent),
        (Wish("split", (code(5),), line((120.01001, 31.9), (120.01001, 32.1))), TooThin),
        (Wish("split", (code(5),), UPRIGHT, new_codes=(code(9), code(20))), CodeTaken),
        (Wish("split", (code(5),), UPRIGHT, new_codes=(code(20), code(20) + "1")), CodeTaken),
        (Wish("split", ("990101001001999",), UPRIGHT), NotFound),
        (Wish("split", (code(5), code(6)), UPRIGHT), BadRequest),
        (Wish("merge", (code(5), code(5))), BadRequest),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_words(city, wish, problem):
    with pytest.raises(problem) as told:
        changes.change_grids(city, SYSTEM, wish)

    assert "%(" not in str(told.value)


def test_a_change_crosses_no_community(city, tmp_path):
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.intake import Columns

    path = write_grids(tmp_path / "other.geojson", {"990101001002001": square(3, 2)})
    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))

    with pytest.raises(OtherCommunity):
        changes.change_grids(city, SYSTEM, Wish("merge", (code(3), "990101001002001")))


def test_a_change_holds_from_today(city):
    from datetime import timedelta

    today = changes.today(city)
    wish = Wish("split", (code(5),), UPRIGHT)

    with pytest.raises(BeginsInThePast):
        changes.change_grids(city, SYSTEM, wish, holds_from=today - timedelta(days=1))
    with pytest.raises(BeginsLater):
        changes.change_grids(city, SYSTEM, wish, holds_from=today + timedelta(days=1))


def test_the_right_to_change_places_in_the_whole_community_is_needed(city, actor_as):
    wish = Wish("split", (code(5),), UPRIGHT)
    for role, prefix, problem in [
        ("planner", COMMUNITY, NotAllowed),
        ("coordinator", code(5), NotAllowed),
        ("coordinator", "990101001002", NotFound),
    ]:
        actor = actor_as(role, prefix)
        with pytest.raises(problem), transaction(actor) as own:
            changes.change_grids(own, actor, wish)

    actor = actor_as("coordinator", COMMUNITY)
    with transaction(actor) as own:
        change = changes.change_grids(own, actor, wish)
        seen = counts(own)

    assert change.made_by
    assert (seen["010"], seen["011"]) == (3, 2)
    who = city.execute(
        text("SELECT actor, action, grid_code FROM audit_events WHERE action = 'grids.split'")
    ).one()
    assert who[0] != "system"
    assert who[2] == COMMUNITY


def test_incidents_placed_by_code_follow_a_merge_and_wait_after_a_split(city):
    city.execute(text("UPDATE incidents SET geom = NULL WHERE source_id IN ('4-0', '4-1')"))
    change = split(city)

    listed = city.execute(text("SELECT old_code, grid_code, by_rule FROM grid_change_rows")).all()
    place = city.execute(
        text("SELECT grid_id, grid_code, place_given FROM incidents WHERE source_id = '4-0'")
    ).one()
    assert listed == [(code(5), COMMUNITY, True)] * 2
    assert place == (None, COMMUNITY, code(5))
    assert months_are_right(city)

    changes.undo_change(city, SYSTEM, change.id)
    assert counts(city)["005"] == 5
    assert months_are_right(city)

    merged = changes.change_grids(city, SYSTEM, Wish("merge", (code(5), code(6))))
    assert counts(city)["012"] == 10
    assert months_are_right(city)
    changes.undo_change(city, SYSTEM, merged.id)
    assert (counts(city)["005"], counts(city)["006"]) == (5, 5)
    assert months_are_right(city)


def test_a_file_cannot_bring_an_ended_grid_back(city, tmp_path):
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.grids.redraw_errors import CodeEnded
    from gridmap.intake import Columns

    split(city)
    path = write_grids(tmp_path / "again.geojson", {code(5): square(1, 1)})

    with pytest.raises(CodeEnded):
        import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))


def test_an_import_that_is_taken_back_takes_its_descendants_along(city):
    from gridmap.exchange.actions import undo

    split(city)
    batch = city.execute(text("SELECT min(batch_id) FROM grids")).scalar()

    undo(city, SYSTEM, batch)

    assert city.execute(text("SELECT count(*) FROM grids")).scalar() == 0
    assert city.execute(text("SELECT count(*) FROM grid_changes")).scalar() == 0
    assert counts(city) == {"": 45}
    assert months_are_right(city)


def test_a_drawing_that_holds_nothing_is_refused():
    from gridmap.grids.redraw_errors import NothingDrawn

    for found in (None, [], {}, {"type": "Point", "coordinates": [1, 2]},
                  {"type": "LineString", "coordinates": "x"},
                  {"type": "LineString", "coordinates": [[1, 2], [500000, 3]]},
                  json.loads('{"type": "FeatureCollection", "features": 3}')):  # fmt: skip
        with pytest.raises(NothingDrawn):
            read_drawing(found)


def test_cases_follow_with_their_clocks_and_history_and_open_ones_are_listed(city):
    from gridmap.cases.actions import Report, open_case

    x, y = centre(1, 1)
    made = open_case(city, SYSTEM, Report("incident_handling", "Lamp", lon=x + SIDE / 4, lat=y))
    coded = open_case(city, SYSTEM, Report("incident_handling", "Bin", grid_code=code(5)))

    change = split(city)

    rows = city.execute(
        text("SELECT c.code, c.grid_code, g.code, array(SELECT DISTINCT grid_code FROM case_clocks "
             "WHERE case_id = c.id), array(SELECT DISTINCT grid_code FROM case_events WHERE "
             "case_id = c.id) FROM cases c LEFT JOIN grids g ON g.id = c.grid_id ORDER BY c.id")
    ).all()  # fmt: skip
    assert rows == [
        (made.code, code(11), code(11), [code(11)], [code(11)]),
        (coded.code, COMMUNITY, None, [COMMUNITY], [COMMUNITY]),
    ]
    listed = city.execute(
        text("SELECT row_id, by_rule, old_code, grid_code FROM grid_change_rows ORDER BY 1")
    ).all()
    assert listed == [
        (made.id, False, code(5), code(11)),
        (coded.id, True, code(5), COMMUNITY),
    ]
    changes.undo_change(city, SYSTEM, change.id)
    assert set(city.scalars(text("SELECT grid_code FROM case_events"))) == {code(5)}


def test_duties_go_on_in_the_parts_and_come_back(city):
    from datetime import timedelta

    from gridmap.staff.actions import NewMember, add_member, assign

    today = changes.today(city)
    member = add_member(city, SYSTEM, NewMember("S1", "Li", area=COMMUNITY))
    assign(city, SYSTEM, member.number, code(5), since=today - timedelta(days=30), until=None)
    duties = text(
        "SELECT d.grid_code, lower(valid) = :t, upper(valid) = :t, d.grid_id = g.id "
        "FROM duties d JOIN grids g ON g.code = d.grid_code ORDER BY 1"
    )

    change = split(city)

    assert city.execute(duties, {"t": today}).all() == [
        (code(5), False, True, True),
        (code(10), True, None, True),
        (code(11), True, None, True),
    ]
    changes.undo_change(city, SYSTEM, change.id)
    assert city.execute(duties, {"t": today}).all() == [(code(5), False, None, True)]
    assign(city, SYSTEM, member.number, code(6), since=today, until=None)
    changes.change_grids(city, SYSTEM, Wish("merge", (code(5), code(6))))
    assert city.execute(duties, {"t": today}).all()[-1] == (code(12), True, None, True)


def test_what_was_done_with_duties_meanwhile_outlasts_a_change_that_is_taken_back(city):
    from datetime import timedelta

    from gridmap.staff.actions import NewMember, add_member, assign, end_duty

    today = changes.today(city)
    for number in ("S1", "S2", "S3"):
        add_member(city, SYSTEM, NewMember(number, "Li", area=COMMUNITY))
    for number in ("S1", "S2"):
        assign(city, SYSTEM, number, code(5), since=today - timedelta(days=30), until=None)
    change = split(city)
    assign(city, SYSTEM, "S3", code(10), since=today, until=None)
    begun = city.scalars(
        text("SELECT d.id FROM duties d JOIN staff s ON s.id = staff_id "
             "WHERE number = 'S2' AND d.grid_code <> :c"), {"c": code(5)}
    )  # fmt: skip
    tomorrow = today + timedelta(days=1)
    for duty in begun.all():
        end_duty(city, SYSTEM, duty, on=tomorrow)

    changes.undo_change(city, SYSTEM, change.id)

    left = city.execute(text(
        "SELECT s.number, d.grid_code, upper(valid), grid_id IS NULL FROM duties d "
        "JOIN staff s ON s.id = staff_id ORDER BY 1, 2"
    )).all()  # fmt: skip
    assert left == [
        ("S1", code(5), None, False),
        ("S2", code(5), today, False),
        ("S2", code(10), tomorrow, True),
        ("S2", code(11), tomorrow, True),
        ("S3", code(10), None, True),
    ]


def test_rights_follow_a_split_and_wait_for_a_person_after_a_merge(city, actor_as):
    from gridmap.auth.sessions import actor_of

    officer = actor_as("field", code(5))

    change = split(city)

    assert officer_sees(officer, city) == 5
    assert actor_of(officer.token).may("incident", at=code(11))
    changes.undo_change(city, SYSTEM, change.id)
    assert actor_of(officer.token).prefixes("incident") == (code(5),)
    assert officer_sees(officer, city) == 5
    merged = changes.change_grids(city, SYSTEM, Wish("merge", (code(5), code(6))))
    assert officer_sees(officer, city) == 0
    assert merged.rights_left == 1


def officer_sees(officer, city):
    with transaction(officer) as own:
        return own.execute(text("SELECT count(*) FROM incidents")).scalar()


def test_residents_follow_with_their_counts(city, tmp_path):
    from tests.factories import import_residents

    x, y = centre(1, 1)
    people = [
        ("Ann Lee", "", "", x - SIDE / 4, y, "", "resident", "2020-01-01"),
        ("Bob Hu", "", "", x + SIDE / 4, y, "", "resident", "2020-01-01"),
    ]
    import_residents(tmp_path, people)

    change = split(city)

    where = text("SELECT r.grid_code, h.grid_code FROM residents r JOIN residences h "
                 "ON h.resident_id = r.id ORDER BY 1")  # fmt: skip
    assert city.execute(where).all() == [(code(10), code(10)), (code(11), code(11))]
    counted = text("SELECT g.code, n FROM grid_population p JOIN grids g ON g.id = p.grid_id "
                   "WHERE g.valid_to IS NULL AND n > 0 ORDER BY 1")  # fmt: skip
    assert city.execute(counted).all() == [(code(10), 1), (code(11), 1)]
    changes.undo_change(city, SYSTEM, change.id)
    assert city.execute(where).all() == [(code(5), code(5))] * 2
    assert city.execute(counted).all() == [(code(5), 2)]
