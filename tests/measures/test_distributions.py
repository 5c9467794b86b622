"""Distances of two samples' distributions, against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from reportgen.measures.distributions import ks_distance

GENERATOR = np.random.default_rng(2)


@pytest.mark.parametrize(("first", "second"), [(50, 50), (7, 300), (1, 1)])
def test_distance_equals_scipys(first: int, second: int) -> None:
    left, right = GENERATOR.normal(size=first), GENERATOR.normal(0.3, 2, size=second)
    assert ks_distance(left, right) == pytest.approx(stats.ks_2samp(left, right).statistic, abs=1e-12)


def test_distance_counts_ties_as_scipy_does() -> None:
    left, right = GENERATOR.integers(0, 5, 40), GENERATOR.integers(1, 6, 60)
    assert ks_distance(left, right) == pytest.approx(stats.ks_2samp(left, right).statistic, abs=1e-12)
    assert ks_distance(np.zeros(3), np.zeros(5)) == 0
    assert ks_distance(np.zeros(3), np.ones(5)) == 1
