"""Codes that would share a scope: equal ones, and those that begin with another's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridmap.core.codes import AFTER_EVERYTHING

Indices: TypeAlias = NDArray[np.int64]
Masks: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]


@dataclass(frozen=True)
class CodeConflicts:
    """What is wrong with the codes of some grids.

    Attributes:
        prefixes: (shorter, longer), in the order of the longer codes; one pair for each code that
            begins with another, with the shortest such.
        duplicates: each code that occurs more than once, sorted.
    """

    prefixes: tuple[tuple[str, str], ...]
    duplicates: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is any conflict."""
        return bool(self.prefixes or self.duplicates)


def code_conflicts(codes: Sequence[str], existing: Sequence[str] = ()) -> CodeConflicts:
    """Find duplicates among codes, and codes that are prefixes of others (1 and 10).

    One sort: in the order of code points all codes that begin with a code follow it directly.

    Args:
        codes: the codes of the grids that arrive. An empty code is a prefix of every other.
        existing: codes that are in force already. An equal one is the same grid, no duplicate;
            conflicts among themselves are not reported.
    """
    arriving, times = np.unique(_text(codes), return_counts=True)
    duplicates = tuple(arriving[times > 1].tolist())
    both = np.unique(np.concatenate([arriving, _text(existing)]))
    owner = _shortest_prefix(both)
    is_new = are_among(both.tolist(), arriving.tolist())
    conflict = (owner != np.arange(both.size)) & (is_new | is_new[owner])
    pairs = zip(both[owner[conflict]].tolist(), both[conflict].tolist(), strict=True)
    return CodeConflicts(tuple(pairs), duplicates)


def are_among(codes: Sequence[str], others: Sequence[str]) -> Masks:
    """Say for each code whether it is one of the others (numpy's isin tries all pairs of texts).

    Args:
        codes: n codes.
        others: any number of codes.

    Returns:
        shape (n,).
    """
    ordered = np.sort(_text(others))
    place = np.searchsorted(ordered, _text(codes))
    found = place < ordered.size
    found[found] = ordered[place[found]] == _text(codes)[found]
    return found


def code_order(codes: Sequence[str]) -> Indices:
    """Return the rank of each code in the order of code points (the "C" collation).

    Args:
        codes: n codes; equal ones rank in their given order.

    Returns:
        shape (n,): 0 for the lowest code.
    """
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[np.argsort(_text(codes), kind="stable")] = np.arange(len(codes))
    return ranks


def padding_format(codes: Sequence[str]) -> str | None:
    """Return the format that gives all codes one length, as `--code-format` takes it.

    Args:
        codes: codes of different lengths.

    Returns:
        for example "{:04d}"; None unless all codes are plain numbers.
    """
    if not len(codes) or not all(code.isascii() and code.isdigit() for code in codes):
        return None
    return f"{{:0{max(map(len, codes))}d}}"


def _text(codes: Sequence[str]) -> Texts:
    """Return codes as an array of Python's strings: one long code costs its own length only."""
    return np.array([*codes], dtype=object)


def _shortest_prefix(ordered: Texts) -> Indices:
    """Return the position of the shortest code that each of some sorted, unequal codes begins with.

    The codes that begin with a code are a span after it; spans nest or are apart. A code whose
    place lies past all spans so far begins a new outermost one.
    """
    place = np.arange(ordered.size)
    end = np.searchsorted(ordered, ordered + AFTER_EVERYTHING)
    furthest = np.concatenate([[0], np.maximum.accumulate(end)[:-1]])[: ordered.size]
    outermost: Indices = np.maximum.accumulate(np.where(place >= furthest, place, 0))
    return outermost
