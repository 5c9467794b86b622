"""Distances from fresh draws, and how far chance alone reaches."""

import math

import numpy as np
import pytest
from scipy import stats

from reportgen.measures.intervals import student_quantile
from reportgen.models.weights.null_comparison import (
    chance_bound,
    draws_distances,
    largest_distances,
    law_bound,
    null_distance,
    null_spread,
)

GENERATOR = np.random.default_rng(3)
DRAWS = np.array([[1.0, 0, 10, 2, 0, np.nan], [3.0, 0, 10, 2, 0, np.nan], [2.0, 0, 10, 2, 0.01, np.nan]])


def test_distance_is_in_standard_deviations_of_the_draws() -> None:
    value = np.array([5.0, 0, 11, 2, 0.3, 1])
    mean, spread = null_spread(DRAWS, 100)
    assert (mean[0], spread[0]) == (2, 1)
    # draws that agree leave no doubt; a share scatters at least as a Poisson count of one more
    assert spread[4] == pytest.approx(math.sqrt(100 * 0.01 / 3 + 1) / 100)
    distance = null_distance(value, DRAWS, 100)
    assert distance[:4].tolist() == [3, 0, math.inf, 0]
    assert distance[4] == pytest.approx((0.3 - 0.01 / 3) / spread[4])
    assert math.isnan(distance[5])


def test_differences_within_single_precision_are_none() -> None:
    draws = np.full((5, 6), 1.0) + np.arange(5)[:, None] * 1e-8
    assert null_distance(np.full(6, 1 + 2e-7), draws, 1000)[2] == 0


def test_distances_of_draws_are_from_the_others() -> None:
    draws = GENERATOR.uniform(size=(6, 6))
    found = draws_distances(draws, 10**9)
    others = np.delete(draws, 2, axis=0)
    np.testing.assert_allclose(found[2, 0], (draws[2, 0] - others[:, 0].mean()) / others[:, 0].std(ddof=1))


def test_chance_is_the_larger_of_the_draws_distances_and_students_bound() -> None:
    quiet, loud = np.full((20, 6), 0.5), np.full((20, 6), 0.5)
    loud[7, 2] = -9.0
    quiet[:, 5] = np.nan
    student = stats.t.ppf(1 - 0.05 / 2 / 11, 19) * math.sqrt(1 + 1 / 20)
    few = [quiet, np.full((20, 6), 0.1)]
    assert chance_bound(largest_distances(few, 20), tested=11, error=0.05) == pytest.approx(student, rel=1e-3)
    assert chance_bound(largest_distances([quiet, loud], 20), tested=11, error=0.05) == 9
    assert chance_bound(largest_distances([], 20), tested=0, error=0.05) > 0


def test_of_200_draws_the_ten_furthest_are_beyond_chance() -> None:
    distances = np.zeros((200, 6))
    distances[:, 3] = np.arange(200) / 10
    # place 191 of 200: ceil(0.95 * 201)
    assert chance_bound(largest_distances([distances], 200), tested=6, error=0.05) == 19.0


def test_the_bound_of_a_law_is_the_normal_one_widened_for_skewness() -> None:
    quantile = stats.norm.ppf(1 - 0.05 / 600)
    assert law_bound(tested=300, error=0.05) == pytest.approx(quantile + 0.29346 / 6 * (quantile**2 - 1))
    assert law_bound(tested=300, error=0.05) == pytest.approx(4.41, abs=0.005)
    # of a gamma distribution with that skewness the upper tail beyond it is the error that was asked for
    shape = (2 / 0.29346) ** 2
    tail = stats.gamma.sf(shape + law_bound(tested=300, error=0.05) * math.sqrt(shape), shape)
    assert tail == pytest.approx(0.05 / 600, rel=0.25)


@pytest.mark.parametrize("freedom", [9, 19, 99])
@pytest.mark.parametrize("probability", [0.9, 0.99, 0.9999, 0.99999])
def test_student_quantile_equals_scipys(probability: float, freedom: int) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=0.01)
