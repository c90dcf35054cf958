"""Rates: what happened against how many people or how much ground could see it happen."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

PEOPLE = 1000.0
"""A rate by people is per so many."""
M2_PER_KM2 = 1e6


def per_people(counts: Floats, people: Floats) -> Floats:
    """Return incidents per 1,000 people.

    Args:
        counts: shape (n,).
        people: shape (n,).

    Returns:
        shape (n,); NaN where nobody lives.
    """
    return _ratio(counts * PEOPLE, people)


def per_km2(counts: Floats, area_m2: Floats) -> Floats:
    """Return incidents per square kilometre.

    Args:
        counts: shape (n,).
        area_m2: shape (n,), square metres.

    Returns:
        shape (n,); NaN where there is no ground.
    """
    return _ratio(counts, area_m2 / M2_PER_KM2)


def _ratio(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
