"""Who may make which step, and what it takes."""

import pytest

from gridmap.cases.errors import BadValue, NoSuchStep, StepIncomplete, StepNotYours
from gridmap.cases.kinds import all_kinds
from gridmap.cases.rules import (
    Given,
    Standing,
    filled,
    open_steps,
    roles_at,
    step_of,
    value_of,
    visible_fields,
)

KIND = all_kinds()["incident_handling"]


def standing(state: str, *roles: str, is_holder: bool = False, **fields) -> Standing:
    return Standing("I-26-TEST", state, fields, frozenset(roles), is_holder)


def names(state: str, *roles: str, is_holder: bool = False) -> list[str]:
    return [step.name for step in open_steps(KIND, standing(state, *roles, is_holder=is_holder))]


def test_the_coordinator_decides_and_the_holder_works():
    assert names("reported", "coordinator") == ["accept", "refuse"]
    assert names("reported", "field") == []
    assert names("dispatched", "field") == []
    assert names("dispatched", "field", is_holder=True) == ["start", "return"]
    assert names("in_hand", "field", is_holder=True) == ["hand_in", "return"]
    assert names("in_hand", "coordinator") == ["hand_in", "return", "suspend"]
    assert names("closed", "planner") == []
    assert names("closed", "auditor") == []


def test_a_step_from_elsewhere_is_refused_before_it_is_asked_who_makes_it():
    with pytest.raises(NoSuchStep, match="Reported"):
        step_of(KIND, "close", standing("reported", "coordinator"))
    with pytest.raises(NoSuchStep):
        step_of(KIND, "no such step", standing("reported", "coordinator"))
    with pytest.raises(StepNotYours, match="coordinator"):
        step_of(KIND, "accept", standing("reported", "field"))


@pytest.mark.parametrize(
    ("state", "step", "given", "missing"),
    [
        ("reported", "refuse", Given(outcome="unfounded"), "a note"),
        ("reported", "refuse", Given(note="no such lamp"), "the outcome"),
        ("filed", "dispatch", Given(), "who gets it"),
        ("in_hand", "hand_in", Given(), "What was done"),
        ("in_hand", "hand_in", Given(fields={"measure": "  "}), "What was done"),
        ("in_hand", "return", Given(note="not ours"), "Whose it is"),
        ("to_check", "rework", Given(note="still broken"), "Seen on the spot"),
        ("closed", "reopen", Given(note="  "), "a note"),
    ],
)
def test_what_is_missing_is_named(state, step, given, missing):
    case = standing(state, "coordinator")

    with pytest.raises(StepIncomplete, match=missing):
        filled(KIND, step_of(KIND, step, case), case, given)


def test_fields_of_the_step_are_kept_and_others_are_not_taken():
    case = standing("in_hand", "coordinator", rating="good")
    given = Given(fields={"measure": " lamp replaced ", "rating": "poor", "made_up": "x"})

    after = filled(KIND, step_of(KIND, "hand_in", case), case, given)

    assert after == {"rating": "good", "measure": "lamp replaced"}


@pytest.mark.parametrize(
    ("field", "written"),
    [("check_result", "perfect"), ("rating", ""), ("measure", "x" * 4001)],
)
def test_a_value_that_does_not_fit_is_refused(field, written):
    with pytest.raises(BadValue):
        value_of(KIND.fields[field], written)


def test_an_outcome_of_another_step_is_refused():
    case = standing("to_check", "coordinator")
    given = Given(outcome="duplicate", fields={"check_result": "done"})

    with pytest.raises(BadValue, match="outcome"):
        filled(KIND, step_of(KIND, "close", case), case, given)


def test_roles_hold_at_a_place():
    grants = [("coordinator", ("990101",)), ("field", ("990102001", "990103"))]

    assert roles_at(grants, "990101001001000") == {"coordinator"}
    assert roles_at(grants, "990102001001000") == {"field"}
    assert roles_at(grants, "990104001001000") == set()
    assert roles_at([("planner", ())], "990104001001000") == set()


def test_fields_for_some_roles_are_kept_from_others():
    from dataclasses import replace

    hidden = replace(KIND.fields["measure"], sees=frozenset({"mediator"}))
    kind = replace(KIND, fields={**KIND.fields, "measure": hidden})

    assert visible_fields(kind, {"measure": "x", "rating": "good"}, frozenset({"field"})) == {
        "rating": "good"
    }
    assert "measure" in visible_fields(kind, {"measure": "x"}, frozenset({"mediator"}))
