"""Rates have a denominator, or do not exist."""

import numpy as np

from gridmap.analysis.rates import per_km2, per_people


def test_a_rate_by_people_is_per_thousand_and_none_where_nobody_lives():
    counts, people = np.array([3.0, 0.0, 2.0]), np.array([150.0, 10.0, 0.0])

    np.testing.assert_array_equal(per_people(counts, people), [20.0, 0.0, np.nan])


def test_a_rate_by_area_is_per_square_kilometre_and_none_without_ground():
    counts, area_m2 = np.array([3.0, 0.0, 2.0]), np.array([500_000.0, 1.0, 0.0])

    np.testing.assert_array_equal(per_km2(counts, area_m2), [6.0, 0.0, np.nan])
