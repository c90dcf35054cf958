"""The breadcrumb."""

from gridmap.maps.queries import DivisionRow
from gridmap.maps.scopes import scope_of

DIVISIONS = [
    DivisionRow("99", "Land", "province", 10),
    DivisionRow("9901", "Town", "city", 10),
    DivisionRow("990101", "North", "district", 6),
    DivisionRow("990101001", "Hill", "street", 6),
    DivisionRow("990102", "South", "district", 4),
]


def test_the_division_with_all_grids_stands_for_everything():
    scope = scope_of(DIVISIONS, "", grids=10)

    assert (scope.here.code, scope.here.name) == ("", "Land")
    assert [row.code for row in scope.lists[0].entries] == ["9901"]


def test_a_district_has_its_city_above_its_streets_inside_and_its_siblings_beside():
    scope = scope_of(DIVISIONS, "990101", grids=10)

    assert [level.name for level in scope.path] == ["Land", "Town"]
    assert scope.here.name == "North"
    inside, beside = scope.lists
    assert [row.code for row in inside.entries] == ["990101001"]
    assert [row.code for row in beside.entries] == ["990101", "990102"]


def test_without_divisions_everything_is_one_level():
    scope = scope_of([], "", grids=77)

    assert scope.path == []
    assert scope.lists == []


def test_a_code_that_is_no_division_is_shown_as_it_is():
    assert scope_of(DIVISIONS, "9901010", grids=10).here.name == "9901010"
