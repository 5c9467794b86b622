"""Moments of weights in one pass, against NumPy's and SciPy's of all of them."""

import numpy as np
import pytest
from scipy import stats

from reportgen.models.weights.moments import WeightMoments, weight_moments

GENERATOR = np.random.default_rng(5)


@pytest.mark.parametrize("count", [1, 7, 2**15, 2**15 + 1, 200_003])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_moments_equal_those_of_numpy_and_scipy(count: int, kind: type) -> None:
    values = (GENERATOR.standard_t(9, size=count) / 30 + 0.1).astype(kind)
    values[:: max(count // 10, 5)] = 0
    found, exact = weight_moments(values), values.astype(np.float64)
    assert (found.count, found.non_finite, found.zeros) == (count, 0, np.count_nonzero(values == 0))
    assert found.near_zero == np.count_nonzero(np.abs(values) < 1e-3)
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert found.mean == pytest.approx(exact.mean(), rel=1e-9, abs=1e-12)
    assert found.variance == pytest.approx(exact.var(), rel=1e-6, abs=1e-15)
    assert found.root_mean_square == pytest.approx(np.sqrt(np.square(exact).mean()), rel=1e-6)
    if count > 1:
        assert found.excess_kurtosis == pytest.approx(stats.kurtosis(exact), rel=1e-5)


def test_blocks_of_another_level_are_merged_as_one_set() -> None:
    levels = np.repeat([0.0, 5.0, -3.0], [2**15, 2**16, 2**15]).astype(np.float32)
    values = levels + GENERATOR.normal(size=levels.size).astype(np.float32) / 10
    found = weight_moments(values)
    assert found.variance == pytest.approx(values.astype(np.float64).var(), rel=1e-6)
    assert found.third == pytest.approx(((values - values.mean(dtype=np.float64)) ** 3).sum(), rel=1e-4)
    assert found.excess_kurtosis == pytest.approx(stats.kurtosis(values.astype(np.float64)), rel=1e-5)


def test_the_kurtosis_of_sixteen_million_uniform_weights_is_that_of_their_law() -> None:
    values = GENERATOR.random(2**24, np.float32)
    # its standard error is 0.0004; a sum of their powers in single precision is wrong by more
    assert weight_moments(values).excess_kurtosis == pytest.approx(-1.2, abs=0.0015)


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    values = np.array([[np.nan, 1.0, np.inf], [-np.inf, 3.0, 0.0]], np.float32)
    found = weight_moments(values)
    assert (found.count, found.non_finite, found.zeros, found.mean) == (3, 3, 1, pytest.approx(4 / 3))
    assert (found.minimum, found.maximum) == (0, 3)
    far = np.zeros(2**15 + 2, np.float32)
    far[-2:] = np.nan
    assert (weight_moments(far).count, weight_moments(far).non_finite) == (2**15, 2)


def test_equal_weights_have_no_variation_at_all() -> None:
    found = weight_moments(np.full(100_000, 0.1, np.float32))
    assert (found.second, found.fourth) == (0, 0)
    assert np.isnan(found.excess_kurtosis)


def test_without_weights_there_are_no_moments() -> None:
    empty = weight_moments(np.empty((0, 3), np.float32))
    assert (empty.count, empty.zeros, np.isnan(empty.mean), np.isnan(empty.variance)) == (0, 0, True, True)
    assert isinstance(empty.merged(weight_moments(np.ones(2))), WeightMoments)
