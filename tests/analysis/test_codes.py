from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gridmap.analysis.codes import code_conflicts, code_order, padding_format

CODES = st.lists(st.text("0123a甲", min_size=1, max_size=5), max_size=20)


def shortest_prefixes(codes, existing):
    """Try all pairs."""
    everything = sorted({*codes, *existing})
    pairs = []
    for longer in everything:
        begins = [code for code in everything if longer.startswith(code)]
        shortest = min(begins, key=len)
        if shortest != longer and {shortest, longer} & set(codes):
            pairs.append((shortest, longer))
    return tuple(pairs)


@given(CODES, CODES)
def test_conflicts_are_those_that_trying_all_pairs_finds(codes, existing):
    conflicts = code_conflicts(codes, existing)

    assert conflicts.prefixes == shortest_prefixes(codes, existing)
    twice = sorted(code for code, times in Counter(codes).items() if times > 1)
    assert conflicts.duplicates == tuple(twice)
    assert bool(conflicts) == bool(conflicts.prefixes or twice)


def test_one_and_ten_share_a_scope():
    conflicts = code_conflicts(["2", "10", "1", "100"])

    assert conflicts.prefixes == (("1", "10"), ("1", "100"))


def test_a_code_in_force_arriving_again_is_the_same_grid():
    assert not code_conflicts(["10", "20"], ["10", "30"])


def test_an_empty_code_conflicts_with_every_other():
    assert code_conflicts(["", "7"]).prefixes == (("", "7"),)


def test_no_codes_have_no_conflicts():
    assert not code_conflicts([])


def test_a_hundred_thousand_nested_codes_are_found_at_once():
    codes = ["9"] + [f"9{number:05d}" for number in range(100_000)]

    assert len(code_conflicts(codes).prefixes) == 100_000


@given(CODES)
def test_order_is_that_of_code_points(codes):
    rank = code_order(codes).tolist()

    assert sorted(rank) == list(range(len(codes)))
    assert [codes[rank.index(place)] for place in range(len(codes))] == sorted(codes)


def test_numbers_are_padded_to_the_longest():
    assert padding_format(["1", "10", "0123"]) == "{:04d}"
    assert padding_format(["1", "A"]) is None
    assert padding_format([]) is None
