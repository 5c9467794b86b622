"""Distances of two samples' distributions, against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from reportgen.measures.distributions import histogram_of, ks_distance


@pytest.mark.parametrize(("first", "second"), [(50, 50), (7, 300), (1, 1), (30_000, 20_000), (5, 20_000)])
def test_distance_equals_scipys(first: int, second: int) -> None:
    generator = np.random.default_rng(2)
    left, right = generator.normal(size=first), generator.normal(0.3, 2, size=second)
    assert ks_distance(left, right) == pytest.approx(stats.ks_2samp(left, right).statistic, abs=1e-12)


def test_distance_counts_ties_as_scipy_does() -> None:
    generator = np.random.default_rng(2)
    left, right = generator.integers(0, 5, 40), generator.integers(1, 6, 60)
    assert ks_distance(left, right) == pytest.approx(stats.ks_2samp(left, right).statistic, abs=1e-12)
    assert ks_distance(np.zeros(3), np.zeros(5)) == 0
    assert ks_distance(np.zeros(3), np.ones(5)) == 1


@pytest.mark.parametrize("kind", ["the same law", "another law", "few values", "one far away"])
def test_distance_of_many_single_precision_values_is_that_of_all_sorted(kind: str) -> None:
    generator = np.random.default_rng(2)
    left, right = generator.normal(size=(2, 20_000)).astype(np.float32)
    if kind == "another law":
        right = generator.uniform(-1.7, 1.7, 20_000).astype(np.float32)
    if kind == "few values":
        left, right = np.round(left), np.round(right * np.float32(1.2))
    if kind == "one far away":
        right[7] = 1e6
    steps = np.unique(np.concatenate([left, right]))
    shares = [np.searchsorted(np.sort(each), steps, side="right") / 20_000 for each in (left, right)]
    assert ks_distance(left, right) == np.abs(shares[0] - shares[1]).max()


@pytest.mark.parametrize("tails", [1.0, 40.0])
def test_bins_end_at_the_quantiles_of_many_values_where_tails_are_cut(tails: float) -> None:
    values = (np.random.default_rng(2).normal(size=50_000) ** 3).astype(np.float32)
    values[::400] *= np.float32(tails)
    histogram = histogram_of({"all": values}, 30)
    low, high = np.quantile(values, (0.005, 0.995))
    assert (histogram.edges[0], histogram.edges[-1]) == (low, high)
    within = values[(values >= low) & (values <= high)]
    assert histogram.counts["all"].sum() == len(within)
    assert histogram.cut == 50_000 - len(within)
    assert np.abs(histogram.counts["all"] - np.histogram(within, 30, (low, high))[0]).max() <= 1


def test_bins_of_all_values_hold_both_ends() -> None:
    values = np.linspace(-1, 1, 20_001, dtype=np.float32)
    histogram = histogram_of({"all": values}, 4)
    assert histogram.counts["all"].tolist() == [5000, 5000, 5000, 5001]
