"""Every kernel among fresh draws of its own initialiser."""

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import GLOROT, LIMITS, context, kernel
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.learned.analysis import Learned
from reportgen.analyses.learned.results import FEWEST_WEIGHTS, LearnedKernel, LearnedResult
from reportgen.models.graphs import describe_model
from reportgen.models.weights import STATISTICS, ChanceAlone, LayerKernel, NullComparison, NullDraws, operator_norm
from reportgen.results.findings import Inconclusive, Severity
from reportgen.results.plottables import NullBands
from reportgen.results.rules import Limits

GENERATOR = np.random.default_rng(2)
VALUES = GENERATOR.normal(size=(3, 3, 4, 8)).astype(np.float32)
FRESH = np.asarray(keras.initializers.GlorotUniform(seed=5)((3, 3, 8, 8)))


def run(*kernels: LayerKernel, **options: Any) -> Any:
    return Learned().run(context(kernels=kernels, **options))


def run_model(model: Any, **options: Any) -> LearnedResult:
    described = describe_model(model)
    result = Learned().run(context(kernels=described.kernels, layers=described.calls, **options))
    assert isinstance(result, LearnedResult)
    return result


def test_a_trained_kernel_has_learned_and_a_fresh_one_has_not() -> None:
    result = run(kernel(VALUES), kernel(FRESH, path="fresh"))
    trained, fresh = result.kernels
    assert (trained.label, trained.learned, trained.initializer, trained.weights) == (
        "conv",
        True,
        "GlorotUniform",
        288,
    )
    assert (fresh.learned, fresh.weights) == (False, 576)
    assert trained.comparison.percentile[0] == 100
    assert 0 <= fresh.comparison.percentile[0] <= 100
    limit = math.sqrt(6 / (9 * 12))
    assert trained.comparison.mean[0] == pytest.approx(limit / math.sqrt(3), rel=0.03)
    assert trained.comparison.value[0] == pytest.approx(VALUES.std(), rel=1e-5)
    assert trained.norm_ratio == pytest.approx(trained.comparison.value[2] / trained.comparison.mean[2])


def test_the_bands_hold_the_distances_of_the_kernels_nearest_to_their_initialiser() -> None:
    kernels = [kernel(VALUES * np.float32(2**index), path=f"k{index}") for index in range(26)]
    result = run(*kernels, redraws=5)
    assert result.bands.rows == tuple(f"k{index}" for index in range(24))
    assert result.bands.columns == STATISTICS
    np.testing.assert_array_equal(result.bands.distances[3], result.kernels[3].comparison.distance)
    assert (result.limit, result.bands.limit, result.redraws, result.error) == (
        result.kernels[0].limit,
        result.limit,
        5,
        0.05,
    )


def test_two_runs_are_equal_and_another_seed_draws_again() -> None:
    first, again, other = (run(kernel(VALUES), seed=seed).kernels[0].comparison for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.distance, again.distance)
    assert first.mean[0] != other.mean[0]


@pytest.mark.parametrize(
    ("values", "initializer", "reason"),
    [
        (VALUES, None, "no initialiser is known"),
        (np.full((3, 3, 1, 8), np.nan, np.float32), GLOROT, "it holds NaN or infinite weights"),
        (np.zeros((700, 700), np.float32), keras.initializers.Orthogonal(), "a part of Orthogonal cannot be drawn"),
    ],
)
def test_what_cannot_be_compared_says_why(values: np.ndarray, initializer: Any, reason: str) -> None:
    (only,) = run(kernel(values, initializer=initializer, kind="dense" if values.ndim == 2 else "convolution")).kernels
    assert (only.comparison.reason, only.learned, only.largest_distance, only.norm_ratio, only.rank_share) == (
        reason,
        None,
        None,
        None,
        None,
    )


def test_weights_that_begin_as_zeros_have_learned_once_they_differ() -> None:
    zeros = keras.initializers.Zeros()
    assert run(kernel(VALUES, initializer=zeros)).kernels[0].largest_distance == math.inf
    assert run(kernel(np.zeros((3, 3, 4, 8), np.float32), initializer=zeros)).kernels[0].learned is False


def test_model_without_a_kernel_is_a_skip() -> None:
    assert run() == Skip("No layer of this model has a kernel, so there is nothing that could have learned.")


def untrained_model(initializer: str) -> Any:
    """Small kernels, depthwise and pointwise ones among them, where statistics scatter and are skewed most."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(8, 3, kernel_initializer=initializer),
            layers.DepthwiseConv2D(3, depthwise_initializer=initializer),
            layers.Conv2D(8, 1, kernel_initializer=initializer),
            layers.Flatten(),
            layers.Dense(5, kernel_initializer=initializer),
        ]
    )


@pytest.mark.slow
def test_untrained_models_are_called_learned_in_under_5_of_100() -> None:
    wrong = 0
    for seed in range(100):
        keras.utils.set_random_seed(seed)
        model = untrained_model(("glorot_uniform", "random_normal")[seed % 2])
        wrong += any(one.learned for one in run_model(model, seed=seed).kernels)
    assert wrong < 5


def test_an_untrained_copy_of_the_demo_is_one_problem_and_the_demo_none(demo_model: Any) -> None:
    result = run_model(demo_model)
    assert [one.learned for one in result.kernels] == [True] * 4
    assert all((one.largest_distance or 0) > 50 for one in result.kernels)
    assert list(Learned().findings(result, LIMITS)) == []
    keras.utils.set_random_seed(1)
    copy = run_model(keras.models.clone_model(demo_model))
    (finding,) = Learned().findings(copy, LIMITS)
    assert (finding.code, finding.subject, finding.severity) == ("untrained-layer", "model", Severity.PROBLEM)


def test_operator_norm_of_a_convolution_needs_its_inputs_size(demo_model: Any) -> None:
    result = run_model(demo_model)
    assert result.kernels[0].operator_norm == pytest.approx(6.271, abs=1e-3)
    assert result.kernels[1].operator_norm == pytest.approx(15.95, abs=1e-2)
    assert (result.kernels[2].operator_norm, result.kernels[2].operator_norm_reason) == (
        None,
        "a dense layer's is its spectral norm",
    )


def test_operator_norms_of_grouped_and_depthwise_kernels_are_the_largest_of_their_parts() -> None:
    grouped = kernel(VALUES, groups=2)
    parts = [operator_norm(kernel(VALUES[..., half]), (6, 6, 4))[0] for half in (slice(4), slice(4, None))]
    assert operator_norm(grouped, (6, 6, 8))[0] == pytest.approx(max(filter(None, parts)))
    depthwise = kernel(VALUES[..., :1], kind="depthwise")
    norms = [np.abs(np.fft.fft2(VALUES[..., channel, 0], (6, 6))).max() for channel in range(4)]
    assert operator_norm(depthwise, (6, 6, 4))[0] == pytest.approx(max(norms), rel=1e-5)
    assert operator_norm(depthwise, (4, 6, 6))[0] == pytest.approx(max(norms), rel=1e-5)  # channels first


@pytest.mark.parametrize(
    ("target", "inputs", "reason"),
    [
        (kernel(VALUES), None, "the input's size is not known"),
        (kernel(VALUES), (None, None, 4), "the input's size is not known"),
        (kernel(VALUES), (4,), "the input's size is not known"),
        (kernel(VALUES, dilated=True), (8, 8, 4), "transposed or dilated"),
        (kernel(VALUES, kind="transposed"), (8, 8, 8), "transposed or dilated"),
        (kernel(VALUES), (4000, 4000, 4), "it would cost too much"),
        (kernel(VALUES * np.nan), (8, 8, 4), "weights that are not finite"),
    ],
)
def test_an_operator_norm_that_is_not_computed_has_a_reason(target: LayerKernel, inputs: Any, reason: str) -> None:
    assert operator_norm(target, inputs) == (None, reason)


def test_tail_exponent_needs_fifty_eigenvalues() -> None:
    wide, narrow = GENERATOR.normal(size=(2, 60, 80)).astype(np.float32)
    assert run(kernel(wide, kind="dense")).kernels[0].comparison.exponent > 1
    assert run(kernel(narrow[:49], kind="dense")).kernels[0].comparison.exponent is None


NULL = np.array([0.1, -1.2, 2.0, 5.0, 0.01, 0.0])


def judged(label: str = "conv", *, distance: float = 99.0, weights: int = 288, **given: float) -> LearnedKernel:
    """A kernel with a distance, spectral norm and stable rank (null: 2 and 5)."""
    value = NULL.copy()
    value[2], value[3] = given.get("norm", 2.0), given.get("rank", 5.0)
    distances = np.array([0.0, 0.0, distance, 0.0, 0.0, np.nan])
    comparison = NullComparison(weights, value, NULL, NULL / 10, NULL, distances, "", None, 200)
    return LearnedKernel(
        label=label,
        kind="convolution",
        initializer="HeNormal",
        weights=weights,
        comparison=comparison,
        limit=7.5,
        operator_norm=None,
        operator_norm_reason="",
        chance=5.0,
    )


def findings(*kernels: LearnedKernel, limits: Limits = LIMITS) -> list[Any]:
    """Return what is said of kernels of whose 200 draws 5 in 100 reach 5.0 and 1 in 100 reaches 6.0."""
    bands = NullBands((), STATISTICS, np.empty((0, 6)), math.nan)
    largest = np.repeat([1.0, 5.0, 6.0], [150, 42, 8])
    alone = ChanceAlone((NullDraws(largest, tested=6),), NullDraws(np.full(20, 5.0), tested=6), math.inf)
    result = LearnedResult(kernels=kernels, bands=bands, redraws=20, seed=0, alone=alone)
    return list(Learned().findings(result, limits))


@pytest.mark.parametrize(("error", "chance"), [(0.5, None), (0.05, 5.0), (0.02, 6.0)])
def test_kernels_are_decided_at_the_error_given(error: float, chance: float | None) -> None:
    said = findings(judged(distance=4.9), judged("other"), limits={**LIMITS, "untrained-layer": error})
    assert [one.threshold for one in said] == ([] if chance is None else [chance])


def test_a_stricter_error_asks_the_draws_of_the_kernels_that_seemed_far() -> None:
    near = NullDraws(np.full(200, 3.0), tested=6)
    alone = ChanceAlone((near,), NullDraws(np.full(20, 4.0), tested=6), nearest_far=12.1)
    assert alone.reach(0.05) == near.bound(0.05)
    # Student's bound for 20 draws at so small an error is over a third of 12.1
    assert alone.reach(1e-4) == alone.first.bound(0.5e-4) > near.bound(0.5e-4)


def test_the_page_shows_the_band_at_the_error_in_force() -> None:
    limits = {**LIMITS, "untrained-layer": 0.2}
    result = Learned().run(context(kernels=(kernel(FRESH),), limits=limits))
    assert result.error == 0.2
    assert result.chance < run(kernel(FRESH)).chance
    assert result.limit == result.bands.limit == result.kernels[0].limit == 1.5 * result.chance


def test_a_distance_above_the_limit_is_no_finding() -> None:
    assert findings(judged(distance=7.501)) == []
    assert findings(judged(distance=-7.501)) == []


def test_a_distance_that_chance_reaches_is_an_untrained_layer() -> None:
    (finding,) = findings(judged(distance=-5.0), judged("other"))
    assert (finding.code, finding.severity, finding.subject) == ("untrained-layer", Severity.WARNING, "conv")
    assert finding.message == (
        "weights cannot be told from 200 fresh draws of HeNormal: of six statistics the spectral norm is furthest from their "
        "mean, by 5.00 of their standard deviations, and chance alone brings one of this model's 5.00 away (288 weights)"
    )
    assert (finding.evidence, finding.threshold) == ({"distance": 5.0, "weights": 288}, 5.0)
    assert "Westfall" in finding.source


def test_all_kernels_untrained_is_one_problem_of_the_model() -> None:
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=-4.0))
    assert (finding.code, finding.severity, finding.subject) == ("untrained-layer", Severity.PROBLEM, "model")
    assert finding.message == (
        "none of the 2 kernels that can be compared can be told from fresh draws of its initialiser: the statistic that is "
        "furthest from their mean is so by 4.00 of their standard deviations, and within 7.50 nothing has learned"
    )
    assert finding.evidence == {"kernels": 2, "largest_distance": 4.0}


def test_a_kernel_that_cannot_be_compared_leaves_it_at_a_warning() -> None:
    few = judged("c", distance=1.0, weights=FEWEST_WEIGHTS - 1)
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=-4.0), few)
    assert (finding.severity, finding.evidence["kernels"]) == (Severity.WARNING, 2)


def test_between_chance_and_the_limit_nothing_is_decided() -> None:
    assert (judged(distance=5.001).undecided, judged(distance=5.001).learned) == (True, None)
    assert (judged(distance=5.0).undecided, judged(distance=7.501).undecided) == (False, False)
    assert judged(distance=6.0, weights=FEWEST_WEIGHTS - 1).undecided is False
    (one,) = findings(judged("a", distance=6.0), judged("b"))
    assert (type(one), one.code, one.subject, one.samples_needed) == (Inconclusive, "untrained-layer", "a", None)
    assert one.message == (
        "1 kernel, a, stands further from its initialiser than chance reaches and not far enough to be sure: 6.00 of the "
        "draws' standard deviations (as initialised up to 5.00, learned beyond 7.50)"
    )
    assert one.remedy == "Weights alone decide this rule, and samples do not: more training would."
    several = [judged(name, distance=6.0) for name in "abcde"]
    (all_of_them,) = findings(*several, judged("told"))
    assert all_of_them.subject == "model"
    assert all_of_them.message.startswith("5 kernels, a, b, c, d and 1 more, stand further")


def test_a_kernel_between_does_not_hide_that_the_model_is_untrained() -> None:
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=6.0))
    assert (finding.subject, finding.severity, finding.evidence["largest_distance"]) == ("model", Severity.PROBLEM, 6.0)


def test_kernels_near_their_initialiser_are_drawn_200_times_and_far_ones_20_times() -> None:
    result = run(kernel(VALUES), kernel(FRESH, path="fresh"))
    assert [one.comparison.redraws for one in result.kernels] == [20, 200]
    assert (result.redraws, result.most_redraws) == (20, 200)
    assert result.limit == 1.5 * result.chance
    assert 2.8 < result.chance < 3.6
    large = kernel(np.asarray(GLOROT((3, 3, 100, 200))), path="large")
    assert run(large).kernels[0].comparison.redraws == 22  # four million weights in all


def test_a_verdict_does_not_turn_over_with_the_seed() -> None:
    rng = np.random.default_rng(0)
    verdicts = {True: set(), None: set(), False: set()}
    for scale in (1.0, 1.1, 1.2, 1.3, 1.4):
        values = (np.asarray(keras.initializers.GlorotUniform(seed=7)((3, 3, 1, 16))) * scale).astype(np.float32)
        target = kernel(values, path=f"k{rng.integers(1000)}")
        found = {run(target, seed=seed).kernels[0].learned for seed in range(10)}
        assert not {True, False} <= found
        for verdict in found:
            verdicts[verdict].add(scale)
    assert 1.0 in verdicts[False]
    assert 1.4 in verdicts[True]


def test_a_single_untrained_kernel_is_a_layer_and_not_a_model() -> None:
    (finding,) = findings(judged(distance=1.0))
    assert (finding.subject, finding.severity) == ("conv", Severity.WARNING)


def test_few_weights_can_have_learned_but_are_never_called_untrained() -> None:
    assert judged(distance=1.0, weights=FEWEST_WEIGHTS).learned is False
    assert judged(distance=1.0, weights=FEWEST_WEIGHTS - 1).learned is None
    assert judged(distance=9.0, weights=FEWEST_WEIGHTS - 1).learned is True
    assert findings(judged(distance=1.0, weights=FEWEST_WEIGHTS - 1)) == []


def test_under_a_twentieth_of_the_rank_is_a_collapse() -> None:
    # above 1, fresh draws have 4; a twentieth is 0.2
    assert findings(judged(rank=1.21)) == []
    (finding,) = findings(judged(rank=1.19))
    assert (finding.code, finding.severity, finding.subject) == ("collapsed-rank", Severity.WARNING, "conv")
    assert finding.message == "stable rank 1.19 where fresh draws have 5.00: above 1, 4.7% are left (limit 5%)"
    assert finding.evidence["share"] == pytest.approx(0.0475)
    assert findings(replace(judged(rank=1.0), kind="depthwise")) == []


def test_over_thirty_times_the_norm_is_an_explosion() -> None:
    assert findings(judged(norm=60.0)) == []
    (finding,) = findings(judged(norm=60.2))
    assert (finding.code, finding.severity, finding.subject) == ("exploded-norm", Severity.WARNING, "conv")
    assert finding.message == "spectral norm 60.2 where fresh draws have 2: 30.1 times as much (limit 30 times)"
    assert finding.threshold == 30
