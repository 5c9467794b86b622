"""The distribution of weights, trained beside untrained."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import GLOROT, LIMITS, context, kernel
from scipy import stats

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.weight_histograms.analysis import (
    WeightHistograms,
    _at_most,
    drawn_kernels,
    weight_statistics,
)
from reportgen.analyses.weight_histograms.results import KernelWeights, WeightHistogramsResult, WeightStatistics
from reportgen.models.weights import LayerKernel, draw_initial, weight_moments
from reportgen.results.findings import Severity
from reportgen.results.plottables import Histogram

GENERATOR = np.random.default_rng(2)


def run_context(*kernels: LayerKernel, **given: Any) -> AnalysisContext:
    return context(kernels=kernels, **given)


def run(*kernels: LayerKernel, **options: Any) -> Any:
    return WeightHistograms().run(context(kernels=kernels, **options))


VALUES = GENERATOR.normal(size=(3, 3, 4, 8)).astype(np.float32)


@pytest.mark.parametrize("bins", [1, 10, 60, 1000])
def test_histogram_counts_sum_to_kernel_size(bins: int) -> None:
    histogram = run(kernel(VALUES), bins=bins).first.histogram
    assert len(histogram.edges) == bins + 1
    assert {name: counts.sum() for name, counts in histogram.counts.items()} == {"trained": 288, "untrained": 288}


def test_histogram_equals_numpys_on_shared_edges() -> None:
    target = kernel(VALUES)
    drawn = draw_initial(target, seed=4)
    assert drawn is not None
    histogram = run(target, seed=4, bins=12).first.histogram
    edges = np.linspace(float(min(VALUES.min(), drawn.min())), float(max(VALUES.max(), drawn.max())), 13)
    np.testing.assert_allclose(histogram.edges, edges)
    for name, values in (("trained", VALUES), ("untrained", drawn)):
        expected = [((values >= low) & (values < high)).sum() for low, high in itertools.pairwise(edges)]
        expected[-1] += (values == edges[-1]).sum()
        assert histogram.counts[name].tolist() == expected


def test_statistics_are_those_of_the_values() -> None:
    values = np.array([-2.0, 0.0, 0.0009, 0.001, 3.0], np.float32)
    statistics = weight_statistics(weight_moments(values))
    assert (statistics.count, statistics.minimum, statistics.maximum) == (5, -2, 3)
    assert statistics.mean == pytest.approx(1.0019 / 5)
    assert statistics.standard_deviation == pytest.approx(np.std([-2, 0, 0.0009, 0.001, 3]))
    assert statistics.near_zero == pytest.approx(2 / 5)


def test_statistics_of_nothing_are_nan() -> None:
    statistics = weight_statistics(weight_moments(np.empty(0)))
    assert statistics.count == 0
    assert math.isnan(statistics.mean)
    assert math.isnan(statistics.near_zero)


def test_run_compares_each_kernel_with_its_own_draw() -> None:
    result = run(kernel(VALUES), kernel(np.asarray(GLOROT((3, 3, 8, 8))), path="fresh"))
    trained, fresh = result.kernels
    drawn = draw_initial(kernel(VALUES), seed=0)
    assert drawn is not None
    assert trained.distance == pytest.approx(stats.ks_2samp(VALUES.ravel(), drawn.ravel()).statistic)
    assert (trained.initializer, trained.non_finite) == ("GlorotUniform", 0)
    assert trained.untrained == weight_statistics(weight_moments(drawn))
    assert fresh.label == "fresh"


def test_first_is_the_first_convolution_and_the_others_keep_their_order() -> None:
    dense = kernel(np.ones((4, 4)), path="dense", kind="dense")
    result = run(dense, kernel(VALUES, path="a"), kernel(VALUES, path="b"), seed=3)
    assert (result.first.label, result.first.is_spatial) == ("a", True)
    assert [other.label for other in result.others] == ["dense", "b"]
    assert (result.seed, result.near_zero_limit) == (3, 1e-3)
    assert run(dense).first.label == "dense"


def test_kernel_without_an_initialiser_has_nothing_to_compare_with() -> None:
    only = run(kernel(VALUES, initializer=None)).first
    assert (only.untrained, only.distance) == (None, None)
    assert list(only.histogram.counts) == ["trained"]


def test_non_finite_weights_are_counted_and_left_out() -> None:
    values = VALUES.copy()
    values[0, 0, 0, :3] = [np.nan, np.inf, -np.inf]
    only = run(kernel(values)).first
    assert (only.non_finite, only.trained.count) == (3, 285)
    assert only.histogram.counts["trained"].sum() == 285


def test_kernel_of_nan_alone_still_has_a_histogram() -> None:
    only = run(kernel(np.full((3, 3, 1, 8), np.nan), initializer=None)).first
    assert (only.trained.count, only.non_finite, only.histogram.counts["trained"].sum()) == (0, 72, 0)
    with_draw = run(kernel(np.full((3, 3, 1, 8), np.nan))).first
    assert with_draw.distance is None
    assert with_draw.histogram.counts["untrained"].sum() == 72


def test_kernel_of_one_value_has_a_histogram() -> None:
    only = run(kernel(np.full((3, 3, 1, 8), 0.25), initializer=None)).first
    assert only.histogram.counts["trained"].sum() == 72


def test_large_kernels_are_compared_on_100_000_weights_of_all_filters() -> None:
    values = GENERATOR.normal(0, 0.1, size=(500, 500)).astype(np.float32)
    only = run(kernel(values, kind="dense")).first
    assert only.trained.count == 250_000
    # Glorot's uniform draw ends at 0.0775, where the normal weights do not: 1 % of both are beyond the drawn range
    assert only.histogram.cut == 500_000 - sum(int(counts.sum()) for counts in only.histogram.counts.values())
    assert 0.008 * 500_000 < only.histogram.cut < 0.012 * 500_000
    drawn = draw_initial(kernel(values, kind="dense"), seed=0)
    assert drawn is not None
    assert only.distance == pytest.approx(stats.ks_2samp(values.ravel(), drawn.ravel()).statistic, abs=0.005)
    # of 500 filters each has as many weights among every 3rd as another; of every 5th only 100 filters had any
    assert len(_at_most(values.ravel())) == 83_334
    filters = np.broadcast_to(np.arange(500), (500, 500)).ravel()
    assert set(np.bincount(_at_most(filters))) == {166, 167}


def test_beside_a_very_large_kernel_a_million_weights_are_drawn_and_counted_for_all() -> None:
    values = np.asarray(GLOROT((2048, 1024)))
    only = run(kernel(values, kind="dense")).first
    assert (only.trained.count, only.untrained.count) == (2**21, 2**20)
    drawn = only.histogram.counts["untrained"]
    assert (drawn % 2).sum() == 0
    assert drawn.sum() == 2**21
    assert np.abs(drawn - only.histogram.counts["trained"]).max() < 0.002 * 2**21


def test_model_without_a_kernel_is_a_skip() -> None:
    assert run() == Skip("No layer of this model has a kernel, so there are no weights to show.")


STATISTICS = WeightStatistics(1152, 0.0, 0.1, -0.3, 0.3, 0.01)


def judged(label: str, non_finite: int = 0) -> KernelWeights:
    histogram = Histogram(np.array([0.0, 1.0]), {"trained": np.array([1152])})
    return KernelWeights(label, True, "HeNormal", histogram, STATISTICS, STATISTICS, non_finite, 0.1)


def findings(*kernels: KernelWeights) -> list[Any]:
    return list(WeightHistograms().findings(WeightHistogramsResult(kernels[0], kernels[1:], seed=0), LIMITS))


def test_finite_weights_are_no_finding() -> None:
    assert findings(judged("conv")) == []


def test_a_kernel_without_variation_is_a_problem() -> None:
    zeros = replace(judged("conv"), trained=WeightStatistics(288, 0.0, 0.0, 0.0, 0.0, 1.0))
    (finding,) = findings(zeros)
    assert (finding.code, finding.severity, finding.subject) == ("constant-kernel", Severity.PROBLEM, "conv")
    assert finding.message == "all 288 weights are zero (limit: a difference of 0)"
    (alike,) = findings(replace(zeros, trained=WeightStatistics(288, 0.5, 0.0, 0.5, 0.5, 0.0)))
    assert alike.message == "all 288 weights lie between 0.5 and 0.5 (limit: a difference of 0)"
    assert findings(replace(zeros, trained=WeightStatistics(1, 0.5, 0.0, 0.5, 0.5, 0.0))) == []


def test_any_non_finite_weight_is_a_problem() -> None:
    (finding,) = findings(judged("conv", non_finite=2000))
    assert (finding.code, finding.severity, finding.subject) == ("non-finite-weights", Severity.PROBLEM, "conv")
    assert finding.message == "2,000 of 3,152 values are NaN or infinite (limit 0)"
    assert (finding.evidence, finding.threshold) == ({"non_finite": 2000, "weights": 3152}, 0)
    assert finding.source.startswith("IEEE 754")


def test_zeros_are_said_once_for_the_model() -> None:
    sparse = [replace(judged(name), zeros=zeros) for name, zeros in (("a", 200), ("b", 31))]
    (finding,) = findings(*sparse)
    assert (finding.code, finding.severity, finding.subject) == ("sparse-weights", Severity.NOTE, "model")
    assert finding.message == "231 of 2,304 weights of the kernels are exactly zero (10.0%, limit 10%)"
    assert findings(sparse[0], judged("b")) == []
    values = VALUES.copy()
    values[np.abs(values) < np.quantile(np.abs(values), 0.95)] = 0
    assert run(kernel(values)).first.zeros == np.count_nonzero(values == 0)


def test_few_different_weights_are_said_once_for_the_model() -> None:
    four_bits = (np.round(VALUES / np.abs(VALUES).max() * 7) * np.abs(VALUES).max() / 7).astype(np.float32)
    assert run(kernel(four_bits)).first.levels == len(np.unique(four_bits)) <= 15
    wide = np.random.default_rng(0).uniform(-1, 1, (3, 3, 16, 4)).astype(np.float32)
    steps = np.abs(wide).max(axis=(0, 1, 2)) / np.float32(7)  # of each filter, as quantisation by channels has
    by_filter = run(kernel((np.round(wide / steps) * steps).astype(np.float32))).first
    assert 10 <= by_filter.levels <= 15
    assert run(kernel(wide)).first.levels is None
    (finding,) = findings(replace(judged("a"), levels=15), replace(judged("b"), levels=16), judged("c"))
    assert (finding.code, finding.severity, finding.subject) == ("coarse-weights", Severity.NOTE, "model")
    assert finding.message == "1 of 3 kernels has at most 15 different weights (limit 15): a"


def test_up_to_16_kernels_are_all_drawn_in_full() -> None:
    result = run(*(kernel(VALUES, path=f"conv{number}") for number in range(16)))
    assert result.undrawn == 0


def test_of_more_kernels_first_last_and_detailed_ones_are_drawn_and_those_nearest_to_their_draw() -> None:
    fresh = [kernel(np.asarray(GLOROT((3, 3, 4, 8))), path=f"fresh{number}") for number in range(13)]
    moved = [kernel(VALUES * 9, path=f"moved{number}") for number in range(7)]
    context = run_context(*moved[:3], *fresh, *moved[3:], shown=("moved1",))
    result = WeightHistograms().run(context)
    assert isinstance(result, WeightHistogramsResult)
    assert (result.first.label, result.others[-1].label, result.undrawn) == ("moved0", "moved6", 4)
    drawn = [each.label for each in result.kernels if each.drawn]
    assert drawn == ["moved0", "moved1", *(each.path for each in fresh), "moved6"]


def test_kernels_with_nan_are_drawn_before_those_near_their_draw() -> None:
    kernels = [judged(f"conv{number}", non_finite=int(number == 19)) for number in range(30)]
    assert drawn_kernels(kernels, {"conv0", "conv29"}) == {f"conv{number}" for number in (*range(14), 19, 29)}
    wanted = {f"conv{number}" for number in range(10, 30)}
    assert drawn_kernels(kernels, wanted) == wanted
