"""Where incidents gather more, or less, than chance explains: Getis-Ord Gi* with FDR classes.

Binary weights, the cell itself included, population standard deviation, n - 1 in the variance,
two-sided p from the normal distribution, Benjamini-Hochberg q over the cells of the scope alone.
The same numbers as ``esda.G_Local(y, w, transform="B", star=True).Zs``, by a closed form over
neighbour pairs: no weights object, no loop.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Masks: TypeAlias = NDArray[np.bool_]

CLASSES = ("cold99", "cold95", "cold90", "ns", "hot90", "hot95", "hot99")
"""Class names; a class code is a position in this tuple."""

NOT_COMPUTED = -1
"""The class code of a cell without a result (its name is None)."""

LEVELS = (0.10, 0.05, 0.01)
"""False discovery rates of the classes 90, 95 and 99; a cell is in a class when q <= level."""

EQUAL_WITHIN = 1e-12
"""Values whose range is below this share of the largest one differ by rounding only."""

NO_GRIDS = "no_grids"
NO_VALUES = "no_values"
ONE_GRID = "one_grid"
NOTHING_COUNTED = "nothing_counted"
ALL_EQUAL = "all_equal"
VALUES_MISSING = "values_missing"
ISOLATED_GRIDS = "isolated_grids"
EVERYONE_A_NEIGHBOUR = "everyone_a_neighbour"

_NAMES = np.array([*CLASSES, None], dtype=object)


@dataclass(frozen=True, eq=False)
class HotspotResult:
    """One Gi* study: arrays of shape (n,), in the order of the values that were given.

    Attributes:
        z: standard deviations; NaN where it cannot be computed.
        p: two-sided; NaN where z is.
        q: Benjamini-Hochberg over all p; NaN where z is.
        class_code: int8, a position in CLASSES, or NOT_COMPUTED.
        neighbours: how many neighbours took part in the cell's own neighbourhood; 0 for a cell
            that was itself left out.
        took_part: whether the cell had a value.
        warnings: stable codes (module constants), empty when there is nothing to say:
            no_grids, no_values, one_grid, nothing_counted, all_equal: no cell has a result;
            values_missing: some cells had no value and were left out; isolated_grids: some cells
            have no neighbours, their result rests on themselves alone; everyone_a_neighbour:
            some cells neighbour all others and have no result.
    """

    z: Floats
    p: Floats
    q: Floats
    class_code: NDArray[np.int8]
    neighbours: Indices
    took_part: Masks
    warnings: tuple[str, ...]

    @property
    def class_(self) -> NDArray[np.object_]:
        """Shape (n,): the class names, None where there is no result."""
        return class_names(self.class_code)

    @property
    def isolated(self) -> Masks:
        """Shape (n,): whether a cell took part and has no neighbour that did."""
        mask: Masks = self.took_part & (self.neighbours == 0)
        return mask


def gi_star(counts: Floats, from_cell: Indices, to_cell: Indices) -> Floats:
    """Return the Getis-Ord Gi* z-score of every cell, with binary weights.

    Args:
        counts: shape (n,). Incidents per cell; finite. Rates work too.
        from_cell: shape (m,). Indices into counts: one end of each neighbour pair. Both
            directions present, each once, no self pairs: each cell joins its own neighbourhood
            here (that is the star).
        to_cell: shape (m,). The other end.

    Returns:
        shape (n,), in standard deviations. NaN where every cell is a neighbour.

    Raises:
        ValueError: a count is not finite, or all counts are equal (but for rounding).

    Source: Ord & Getis (1995), Geographical Analysis 27(4).
    """
    if not np.isfinite(counts).all():
        raise ValueError("counts must be finite")
    if _all_equal(counts):
        raise ValueError("all counts are equal, so Gi* is undefined")
    return _gi_star(counts, from_cell, to_cell, np.bincount(from_cell, minlength=counts.size))


def two_sided_p(z: Floats) -> Floats:
    """Return the probability of a normal deviate at least as far from 0 as z, on either side.

    Args:
        z: any shape, in standard deviations; NaN stays NaN.
    """
    from scipy.special import ndtr  # slow to load; most commands compare nothing

    p: Floats = 2.0 * ndtr(-np.abs(z))
    return p


def benjamini_hochberg(p: Floats) -> Floats:
    """Return the smallest false discovery rate at which each test would still be rejected.

    Args:
        p: shape (n,). NaN is a test that was not made: it stays NaN and does not count.

    Returns:
        shape (n,), at most 1, in the order of p; equal p have equal q.

    Source: Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1).
    """
    q = np.full(p.shape, np.nan)
    made = ~np.isnan(p)
    tests = p[made]
    if tests.size == 0:
        return q
    descending = np.argsort(tests)[::-1]
    scaled = tests[descending] * (tests.size / np.arange(tests.size, 0, -1))
    adjusted = np.empty_like(tests)
    adjusted[descending] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    q[made] = adjusted
    return q


def classify(z: Floats, q: Floats) -> NDArray[np.object_]:
    """Name each cell's class: the side from the sign of z, the level from q.

    Args:
        z: shape (n,), in standard deviations.
        q: shape (n,), false discovery rates.

    Returns:
        shape (n,): hot99 hot95 hot90 ns cold90 cold95 cold99, None where z or q is NaN.
    """
    return class_names(class_codes(z, q))


def class_codes(z: Floats, q: Floats) -> NDArray[np.int8]:
    """Return each cell's class as a position in CLASSES, NOT_COMPUTED where z or q is NaN.

    Args:
        z: shape (n,), in standard deviations.
        q: shape (n,), false discovery rates.
    """
    strength = np.zeros(q.shape, dtype=np.int8)
    for level in LEVELS:
        strength += q <= level
    codes = np.where(z < 0, -strength, strength) + CLASSES.index("ns")
    return np.where(np.isnan(z) | np.isnan(q), NOT_COMPUTED, codes).astype(np.int8)


def class_names(codes: NDArray[np.int8]) -> NDArray[np.object_]:
    """Return the names of class codes, None for NOT_COMPUTED.

    Args:
        codes: shape (n,), positions in CLASSES or NOT_COMPUTED.
    """
    names: NDArray[np.object_] = _NAMES[codes]
    return names


def hotspots(values: Floats, from_cell: Indices, to_cell: Indices) -> HotspotResult:
    """Find hot and cold cells; what cannot be computed is NaN with a warning, never an error.

    A cell whose value is not finite (a rate without a denominator) is left out entirely, as if
    it lay outside the study area: it counts neither in n, mean and deviation nor among anybody's
    neighbours nor in the tests of q, and has no result. Nothing is imputed for it.

    Args:
        values: shape (n,). Counts or rates; not finite where there is none.
        from_cell: shape (m,). Indices into values: one end of each neighbour pair, both
            directions present, each once, no self pairs (`neighbours.queen_pairs`).
        to_cell: shape (m,). The other end.

    Source: Ord & Getis (1995); Caldas de Castro & Singer (2006), Geographical Analysis 38(2),
        for the false discovery rate.
    """
    took_part = np.isfinite(values)
    missing = () if took_part.all() else (VALUES_MISSING,)
    if missing:
        kept = took_part[from_cell] & took_part[to_cell]
        from_cell, to_cell = from_cell[kept], to_cell[kept]
    neighbours = np.bincount(from_cell, minlength=values.size)
    z = np.full(values.shape, np.nan)
    refusal = _why_not(values, took_part)
    if refusal:
        return _result(z, neighbours, took_part, (refusal, *missing))
    if missing:
        position = np.cumsum(took_part) - 1
        from_cell, to_cell = position[from_cell], position[to_cell]
    z[took_part] = _gi_star(values[took_part], from_cell, to_cell, neighbours[took_part])
    isolated = (ISOLATED_GRIDS,) if (neighbours[took_part] == 0).any() else ()
    complete = (EVERYONE_A_NEIGHBOUR,) if np.isnan(z[took_part]).any() else ()
    return _result(z, neighbours, took_part, (*missing, *isolated, *complete))


def _gi_star(counts: Floats, from_cell: Indices, to_cell: Indices, neighbours: Indices) -> Floats:
    """Do the work of gi_star; counts are finite and not all equal."""
    n = counts.size
    _, exponent = np.frexp(np.abs(counts).max())
    deviation = np.ldexp(counts, -int(exponent))  # exact; tiny and huge units neither vanish
    deviation = deviation - deviation.mean()
    size = neighbours + 1.0
    excess = np.bincount(from_cell, weights=deviation[to_cell], minlength=n) + deviation
    variance = (n * size - size**2) / (n - 1)
    spread = np.sqrt(np.mean(deviation**2) * variance)
    z = np.full(n, np.nan)
    np.divide(excess, spread, out=z, where=variance > 0)
    return z


def _all_equal(values: Floats) -> bool:
    """Whether values, finite, are all the same but for rounding; no values count as equal."""
    if values.size == 0:
        return True
    low, high = float(values.min()), float(values.max())
    return high / 2 - low / 2 <= EQUAL_WITHIN / 2 * max(abs(low), abs(high))


def _why_not(values: Floats, took_part: Masks) -> str | None:
    """Return the warning that says why no cell can have a result, if so."""
    present = values[took_part]
    if values.size == 0:
        return NO_GRIDS
    if present.size < 2:
        return ONE_GRID if present.size else NO_VALUES
    if not present.any():
        return NOTHING_COUNTED
    return ALL_EQUAL if _all_equal(present) else None


def _result(
    z: Floats, neighbours: Indices, took_part: Masks, warnings: tuple[str, ...]
) -> HotspotResult:
    """Add p, q and class to z."""
    p = two_sided_p(z)
    q = benjamini_hochberg(p)
    return HotspotResult(z, p, q, class_codes(z, q), neighbours, took_part, warnings)
