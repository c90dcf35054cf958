"""The breadcrumb."""

from gridmap.maps.queries import DivisionRow
from gridmap.maps.scopes import Level, Reach, scope_of

DIVISIONS = [
    DivisionRow("99", "Land", "province", 10),
    DivisionRow("9901", "Town", "city", 10),
    DivisionRow("990101", "North", "district", 6),
    DivisionRow("990101001", "Hill", "street", 6),
    DivisionRow("990102", "South", "district", 4),
]


def test_the_division_with_all_grids_stands_for_everything():
    scope = scope_of(DIVISIONS, "", Reach("", 10))

    assert (scope.here.code, scope.here.name) == ("", "Land")
    assert [row.code for row in scope.lists[0].entries] == ["9901"]


def test_a_district_has_its_city_above_its_streets_inside_and_its_siblings_beside():
    scope = scope_of(DIVISIONS, "990101", Reach("", 10))

    assert [level.name for level in scope.path] == ["Land", "Town"]
    assert scope.here.name == "North"
    inside, beside = scope.lists
    assert [row.code for row in inside.entries] == ["990101001"]
    assert [row.code for row in beside.entries] == ["990101", "990102"]


def test_without_divisions_everything_is_one_level():
    scope = scope_of([], "", Reach("", 77))

    assert scope.path == []
    assert scope.lists == []


def test_a_code_that_is_no_division_is_shown_as_it_is():
    assert scope_of(DIVISIONS, "9901010", Reach("", 10)).here.name == "9901010"


def test_levels_above_the_viewers_scope_lead_nowhere():
    own = [row for row in DIVISIONS if row.code.startswith("990101")]
    reach = Reach("990101", 6, above=[Level("99", "Land"), Level("9901", "Town")])

    street = scope_of(own, "990101001", reach)
    whole = scope_of(own, "990101", reach)

    assert [level.name for level in street.above] == ["Land", "Town"]
    assert [(level.code, level.name) for level in street.path] == [("990101", "North")]
    assert (whole.here.code, whole.here.name, whole.path) == ("990101", "North", [])
    assert [entry.code for entry in whole.lists[0].entries] == ["990101001"]


def test_several_scopes_can_be_chosen_from():
    reach = Reach("990101001", 6, own=[DIVISIONS[3], DIVISIONS[4]])

    scope = scope_of([DIVISIONS[3]], "990101001", reach)

    assert [entry.code for entry in scope.lists[-1].entries] == ["990101001", "990102"]
    assert scope.lists[-1].where == "own"
