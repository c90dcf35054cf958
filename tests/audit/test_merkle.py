"""The tree over rows: known roots, and that nothing can be moved without changing it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.audit import id_sets
from gridmap.audit.merkle import canonical, leaf_hash, root_of

RFC_6962_INPUTS = [
    b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70)),
]  # fmt: skip
RFC_6962_ROOTS = {  # from the tests of certificate-transparency
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

TEXTS = st.lists(st.none() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3))


@pytest.mark.parametrize(("count", "root"), RFC_6962_ROOTS.items())
def test_roots_are_those_published_for_certificate_transparency(count, root):
    leaves = [leaf_hash(row) for row in RFC_6962_INPUTS[:count]]

    assert root_of(leaves).hex() == root


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=20, unique=True), st.data())
def test_a_changed_missing_or_moved_row_changes_the_root(rows, data):
    leaves = [leaf_hash(row) for row in rows]
    at = data.draw(st.integers(0, len(rows) - 1))

    changed = [*leaves[:at], hashlib.sha256(b"other").digest(), *leaves[at + 1 :]]
    missing = leaves[:at] + leaves[at + 1 :]
    moved = [*missing, leaves[at]]

    assert root_of(changed) != root_of(leaves)
    assert root_of(missing) != root_of(leaves)
    assert (root_of(moved) == root_of(leaves)) == (moved == leaves)


@given(TEXTS, TEXTS)
def test_different_values_have_different_bytes(some, others):
    assert (canonical(some) == canonical(others)) == (some == others)


def test_a_letter_that_moves_into_the_next_column_changes_the_bytes():
    assert canonical(["ab", "c"]) != canonical(["a", "bc"])
    assert canonical([None]) != canonical([""])


@given(st.sets(st.integers(0, 60)))
def test_sets_of_numbers_come_back_as_they_were(chosen):
    text = id_sets.written(sorted(chosen))

    assert id_sets.numbers(text) == sorted(chosen)


def test_neighbours_are_written_as_one_range():
    assert id_sets.written([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"
