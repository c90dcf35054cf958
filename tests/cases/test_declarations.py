"""A declaration is read whole, and refused with every contradiction in words."""

import re
from pathlib import Path

import pytest

from gridmap.auth.permissions import may
from gridmap.cases import kinds
from gridmap.cases.checking import problems
from gridmap.cases.declarations import SIGNS, read_kind
from gridmap.cases.errors import BadDeclaration
from gridmap.cases.kinds import all_kinds, read_kinds
from gridmap.cases.spans import Span

SMALL = """
kind = "inspection"
letter = "R"
label = { en = "Rental inspection", zh = "出租房检查" }
about = { en = "A look at a rented dwelling.", zh = "对出租房的检查。" }
keep_years = 2
[outcomes]
safe = { en = "Safe", zh = "安全" }
[fields.defects]
label = { en = "Defects", zh = "隐患" }
type = "long_text"
[states.planned]
label = { en = "Planned", zh = "已计划" }
sign = "reported"
begins = true
[states.done]
label = { en = "Done", zh = "已完成" }
sign = "closed"
ends = true
[transitions.finish]
label = { en = "Finish", zh = "完成" }
from = ["planned"]
to = "done"
by = ["field"]
asks = ["defects"]
needs = ["defects"]
outcomes = ["safe"]
[deadlines.visit]
label = { en = "Visit", zh = "走访时限" }
clock = "holder"
starts = ["planned"]
stops = ["done"]
within = { urgent = "1 day", normal = "5 working days", low = "10 working days" }
owner = "holder"
"""


def may_change(role: str) -> bool:
    return may(role, "case", "change")


def test_what_comes_with_gridmap_is_read_and_holds():
    found = all_kinds()

    assert set(found) == {path.stem for path in Path(kinds.__file__).parent.glob("*.toml")}
    handling = found["incident_handling"]
    assert handling.first_state == "reported"
    assert handling.deadlines["handle"].within["normal"] == Span(2, "day", working=True)
    assert {state.sign for state in handling.states.values()} == set(SIGNS)
    assert [step.name for step in handling.leaving("to_check")] == ["close", "rework"]


def test_a_small_declaration_holds():
    assert problems(read_kind(SMALL, file="inspection.toml"), may_change) == []


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


LOST = '[states.lost]\nlabel = { en = "Lost", zh = "丢失" }\nsign = "waiting"\n'
STUCK = (
    LOST + '[transitions.lose]\nlabel = { en = "Lose", zh = "丢失" }\nfrom = ["planned"]\n'
    'to = "lost"\nby = ["field"]\n'
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL + LOST, "state lost cannot be reached"),
        (SMALL + STUCK, "from state lost no end can be reached"),
        (changed("ends = true\n", ""), "no state ends"),
        (changed("begins = true\n", ""), "exactly one state begins; here: none"),
        (changed("ends = true\n", "ends = true\nbegins = true\n"), "here: planned, done"),
        (changed('owner = "holder"\n', ""), "has no owner"),
        (changed('owner = "holder"', 'owner = "planner"'), "planner, who may not change cases"),
        (changed('by = ["field"]', 'by = ["auditor"]'), "nobody may make step finish"),
        (changed('by = ["field"]', "by = []"), "nobody may make step finish"),
        (changed('by = ["field"]', 'by = ["field", "planner"]'), "is for planner, who may not"),
        (changed('to = "done"', 'to = "gone"'), "leads to gone, which is not declared"),
        (changed('asks = ["defects"]', "asks = []"), "needs defects, which no step before it"),
        (changed('asks = ["defects"]\nneeds = ["defects"]', ""), "can never be filled"),
        (changed('outcomes = ["safe"]', 'outcomes = ["fine"]'), "ends with fine"),
        (changed('sign = "closed"', 'sign = "star"'), "has the sign star"),
        (changed('type = "long_text"', 'type = "picture"'), "is a picture: there are"),
        (changed('type = "long_text"', 'type = "choice"'), "a choice has choices"),
        (changed(', low = "10 working days"', ""), "says nothing of priority low"),
        (changed('stops = ["done"]', "stops = []"), "cannot be kept"),
        (changed('letter = "R"', 'letter = "rr"'), "one capital letter"),
        (changed("keep_years = 2", "keep_years = 0"), "at least 1"),
        (changed('from = ["planned"]', 'from = ["planned"]\nassigns = "dice"'), "assigns dice"),
        (changed('from = ["planned"]', 'from = ["planned"]\nnote = "loud"'), "has the note loud"),
        (changed('from = ["planned"]', 'from = ["planned"]\nreopens = true'), "reopens, but"),
        (
            SMALL + '[transitions.again]\nlabel = { en = "Again", zh = "再次" }\nfrom = ["done"]\n'
            'to = "planned"\nby = ["field"]\n',
            "which ends: say reopens",
        ),
    ],
)
def test_a_contradiction_is_said(text, said):
    found = problems(read_kind(text, file="inspection.toml"), may_change)

    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = ", "Invalid value"),
        (changed('kind = "inspection"\n', ""), "inspection.toml cannot be used: kind is missing"),
        (changed("keep_years = 2", 'keep_years = "2"'), "keep_years must be a int"),
        (changed("keep_years = 2", "keep_years = true"), "keep_years must be a int"),
        (changed('from = ["planned"]', 'frm = ["planned"]'), "it does not know frm"),
        (changed('zh = "已完成" }', 'cn = "已完成" }'), "states.done.label.*zh is missing"),
        (changed('normal = "5 working days"', 'normal = "soon"'), "no span of time"),
        (changed('by = ["field"]', "by = [1]"), "must be a list of words"),
        (SMALL + "[fields.defects]\n", "Cannot declare"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(text, said):
    with pytest.raises(BadDeclaration) as refused:
        read_kind(text, file="inspection.toml")
    assert re.search(said, str(refused.value))


def test_two_kinds_with_one_letter_are_refused(tmp_path):
    (tmp_path / "a.toml").write_text(SMALL)
    (tmp_path / "b.toml").write_text(changed('kind = "inspection"', 'kind = "other"'))

    with pytest.raises(BadDeclaration, match="name or letter"):
        read_kinds(tmp_path)
