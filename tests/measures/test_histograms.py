"""Histograms of weights on shared bins."""

import numpy as np

from reportgen.measures.distributions import histogram_of

GENERATOR = np.random.default_rng(6)


def test_sets_share_bins_over_the_range_of_all() -> None:
    histogram = histogram_of({"a": np.array([0.0, 1.0]), "b": np.array([3.0, 4.0])}, 4)
    assert histogram.edges.tolist() == [0, 1, 2, 3, 4]
    assert {name: counts.tolist() for name, counts in histogram.counts.items()} == {
        "a": [1, 1, 0, 0],
        "b": [0, 0, 0, 2],
    }
    assert histogram.cut == 0


def test_tails_are_cut_where_they_take_most_of_the_range() -> None:
    values = np.concatenate([np.linspace(-1, 1, 998), [-50.0, 80.0]])
    histogram = histogram_of({"trained": values}, 60)
    low, high = np.quantile(values, (0.005, 0.995))
    assert (histogram.edges[0], histogram.edges[-1]) == (low, high)
    assert histogram.cut == np.count_nonzero((values < low) | (values > high)) == 10


def test_a_distribution_without_tails_is_whole() -> None:
    values = GENERATOR.uniform(-1, 1, 10_000)
    histogram = histogram_of({"trained": values}, 10)
    assert (histogram.edges[0], histogram.edges[-1], histogram.cut) == (values.min(), values.max(), 0)


def test_equal_and_missing_values_have_bins() -> None:
    assert histogram_of({"trained": np.zeros(5)}, 3).counts["trained"].tolist() == [0, 5, 0]
    assert histogram_of({"trained": np.empty(0)}, 3).counts["trained"].tolist() == [0, 0, 0]
