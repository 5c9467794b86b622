"""Histograms of weights on shared bins."""

import numpy as np
import pytest

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


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_each_weight_is_counted_once_or_cut_once_whatever_the_range(kind: type) -> None:
    generator = np.random.default_rng(9)
    for _ in range(300):
        weights = (generator.normal(size=generator.integers(2, 300)) * generator.uniform(1e-3, 10)).astype(kind)
        histogram = histogram_of({"trained": weights}, 60)
        expected, _ = np.histogram(weights, bins=histogram.edges)
        assert histogram.counts["trained"].tolist() == expected.tolist()
        assert histogram.cut == len(weights) - expected.sum()


def test_nothing_is_cut_of_what_stands_for_more_weights_and_lies_within() -> None:
    part = np.linspace(0, 1, 7)
    histogram = histogram_of({"untrained": part}, 5, stands_for={"untrained": 10})
    assert histogram.counts["untrained"].tolist() == [3, 1, 1, 1, 3]  # 2, 1, 1, 1, 2 of seven; each rounded by itself
    assert histogram.cut == 0
