"""Coordinate systems: what a file's numbers mean, and signs that they mean something else."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.rows import Note

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]


def diagnose(
    lon: Floats,
    lat: Floats,
    *,
    bounds: tuple[float, float, float, float],
    own_codes: Texts | None = None,
    locate: Callable[[Floats, Floats], Texts] | None = None,
) -> list[Note]:
    """Compare points with the grids they should lie in; say what looks wrong, repair nothing.

    Args:
        lon: shape (n,), WGS84 degrees as they were read; NaN where there is no point.
        lat: likewise.
        bounds: of all grids: west, south, east, north.
        own_codes: shape (n,), the grid code that each row names; '' where it names none.
        locate: gives the code of the grid that covers each point; '' without one.
    """
    raise NotImplementedError
