"""How grids are numbered, and when a change may begin or be taken back; no database."""

from collections.abc import Iterable, Sequence
from datetime import date

from gridmap.analysis.codes import code_conflicts
from gridmap.grids.redraw_errors import (
    BeginsInThePast,
    BeginsLater,
    CodeTaken,
    NoCodeLeft,
    WrongNumberOfCodes,
)

COMMUNITY_DIGITS, SEQUENCE_DIGITS = 12, 3
"""The usual scheme: the code of the community, and a number in it."""


def community_of(code: str) -> str:
    """Return the beginning that the codes of one community share.

    12 digits of a 15-digit code; of any other code what stands before its last digits, at most
    three: 'G-07' → 'G-'.
    """
    return code[: len(code) - _digits(code)]


def next_codes(like: str, used: Iterable[str], n: int) -> list[str]:
    """Return n codes in the community of a grid, none of which was ever given out.

    Numbers go on after the highest: the first new grid, from west to east and from north to
    south, gets the lowest.

    Args:
        like: the code of a grid there.
        used: every code that was ever given out there.
        n: how many.

    Raises:
        NoCodeLeft: the numbers of the community are used up, or its codes end in no number.
    """
    community, width = community_of(like), _digits(like)
    numbers = [
        int(code[len(community) :])
        for code in used
        if code.startswith(community)
        and len(code) == len(like)
        and code[len(community) :].isdecimal()
    ]
    first = max(numbers, default=0) + 1
    if not width or first + n - 1 >= 10**width:
        raise NoCodeLeft(community=community or like)
    return [f"{community}{first + k:0{width}d}" for k in range(n)]


def chosen_codes(given: Sequence[str], used: Sequence[str], *, like: str, n: int) -> list[str]:
    """Return the codes that somebody chose, or the next ones of the scheme.

    Args:
        given: the choice; empty for the scheme.
        used: every code that was ever given out, in the whole city.
        like: the code of a grid of the same community.
        n: how many are needed.

    Raises:
        WrongNumberOfCodes: more or fewer than needed.
        CodeTaken: one was given out before, lies in another community, or begins another.
        NoCodeLeft: see `next_codes`.
    """
    if not given:
        return next_codes(like, used, n)
    if len(given) != n:
        raise WrongNumberOfCodes(given=len(given), needed=n)
    conflicts = code_conflicts(given, used)
    clashing = [*conflicts.duplicates, *(pair[1] for pair in conflicts.prefixes)]
    clashing += sorted(set(given) & set(used))
    clashing += [code for code in given if not code.startswith(community_of(like))]
    if clashing:
        raise CodeTaken(grid=clashing[0], community=community_of(like))
    return list(given)


def first_day(wanted: date | None, today: date) -> date:
    """Return the day from which a change holds: today, unless somebody asks for another.

    Raises:
        BeginsInThePast: yesterday's figures were drawn within yesterday's borders.
        BeginsLater: only a draft waits for its day.
    """
    if wanted is None or wanted == today:
        return today
    if wanted < today:
        raise BeginsInThePast(day=wanted, today=today)
    raise BeginsLater(day=wanted)


def _digits(code: str) -> int:
    """Return how many digits at the end of a code are the number in the community."""
    if len(code) == COMMUNITY_DIGITS + SEQUENCE_DIGITS and code.isdecimal():
        return SEQUENCE_DIGITS
    end = len(code) - len(code.rstrip("0123456789"))
    return min(end, SEQUENCE_DIGITS)
