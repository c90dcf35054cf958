"""Sets of row numbers in few characters: "1-4,7,9-12"."""

from collections.abc import Iterable


def written(ids: Iterable[int]) -> str:
    """Return ascending numbers as ranges; '' for none."""
    ranges: list[tuple[int, int]] = []
    for number in ids:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def ranges(text: str) -> list[tuple[int, int]]:
    """Return the ranges that a text names, both ends included.

    Raises:
        ValueError: it is no such text.
    """
    found = []
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        found.append((int(low), int(high or low)))
    return found


def numbers(text: str) -> list[int]:
    """Return all numbers of a text, in its order."""
    return [number for low, high in ranges(text) for number in range(low, high + 1)]
