"""What holds of residents without a database."""

import pytest

from gridmap.core.masks import mask_name, mask_number
from gridmap.residents.rules import KIND_WORDS, KINDS, is_purpose, name_compared


@pytest.mark.parametrize(("name", "shown"), [("王小明", "王**"), ("Ann", "A**"), ("", "")])
def test_a_name_shows_its_first_character(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("11010519491231002X", "**2X"), ("1234", "**"), ("", "")]
)
def test_a_number_shows_its_last_two_places(number, shown):
    assert mask_number(number) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ann  Lee", "ann lee"), ("阿依古丽·买买提", "阿依古丽买买提"), ("ＡＮＮ", "ann")],
)
def test_names_compare_without_spaces_and_signs(one, other):
    assert name_compared(one) == name_compared(other)


def test_every_word_stands_for_a_kind():
    assert set(KIND_WORDS.values()) == set(KINDS)


@pytest.mark.parametrize(
    ("purpose", "words", "good"),
    [("service", "help", True), ("service", " a ", False), ("", "help", False),
     ("nosiness", "help", False), ("service", "x" * 301, False)],
)  # fmt: skip
def test_a_purpose_is_chosen_and_described(purpose, words, good):
    assert is_purpose(purpose, words) is good
