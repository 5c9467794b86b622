"""Every kernel among fresh draws of its own initialiser."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import GLOROT, LIMITS, context, kernel
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.learned.analysis import Learned
from reportgen.analyses.learned.results import LearnedKernel, LearnedResult
from reportgen.models.graphs import describe_model
from reportgen.models.weights import (
    STATISTICS,
    ChanceAlone,
    LayerKernel,
    NullComparison,
    NullDraws,
    Support,
    operator_norm,
)
from reportgen.models.weights.null_comparison import law_bound
from reportgen.results.findings import Inconclusive, Severity
from reportgen.results.plottables import NullBands
from reportgen.results.rules import Limits

GENERATOR = np.random.default_rng(2)
VALUES = GENERATOR.normal(size=(3, 3, 4, 8)).astype(np.float32)
ORTHOGONAL = keras.initializers.Orthogonal(seed=1)
FRESH = np.asarray(keras.initializers.GlorotUniform(seed=5)((3, 3, 8, 8)))


def run(*kernels: LayerKernel, **options: Any) -> Any:
    return Learned().run(context(kernels=kernels, **options))


def run_model(model: Any, **options: Any) -> LearnedResult:
    described = describe_model(model)
    result = Learned().run(
        context(
            kernels=described.kernels,
            layers=described.calls,
            variables=described.variables,
            normalised=described.normalised,
            **options,
        )
    )
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
    assert trained.comparison.value[0] == pytest.approx(np.sqrt(np.square(VALUES).mean()), rel=1e-5)
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
    ("values", "initializer", "reason", "verdict"),
    [
        (VALUES, None, "no initialiser is known", "not comparable"),
        (np.full((3, 3, 1, 8), np.nan, np.float32), GLOROT, "it holds NaN or infinite weights", "not comparable"),
        (np.zeros((700, 700), np.float32), ORTHOGONAL, "a part of Orthogonal cannot be redrawn", "differs"),
        (np.eye(700, dtype=np.float32), ORTHOGONAL, "a part of Orthogonal cannot be redrawn", "as initialised"),
    ],
)
def test_what_cannot_be_drawn_says_why(values: np.ndarray, initializer: Any, reason: str, verdict: str) -> None:
    (only,) = run(kernel(values, initializer=initializer, kind="dense" if values.ndim == 2 else "convolution")).kernels
    assert (only.comparison.reason, only.verdict, only.largest_distance, only.norm_ratio, only.can_collapse) == (
        reason,
        verdict,
        None,
        None,
        False,
    )


def test_weights_that_begin_as_zeros_have_learned_once_they_differ() -> None:
    zeros = keras.initializers.Zeros()
    assert run(kernel(VALUES, initializer=zeros)).kernels[0].largest_distance == math.inf
    assert run(kernel(np.zeros((3, 3, 4, 8), np.float32), initializer=zeros)).kernels[0].learned is False


def test_model_without_a_kernel_is_a_skip() -> None:
    assert run() == Skip("No layer of this model has a kernel, so nothing can have been trained.")


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


def drawn_anew(initializer: str, seeds: range) -> Iterator[tuple[int, Any]]:
    """Yield for each seed the untrained model with other kernels, which are drawn in half the time that a new model takes."""
    model = untrained_model(initializer)
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        for weight in model.weights:
            if len(weight.shape) > 1:
                weight.assign(keras.initializers.get(initializer)(weight.shape))
        yield seed, model


@pytest.mark.slow
def test_untrained_models_are_called_learned_in_under_5_of_100() -> None:
    wrong = 0
    for initializer, seeds in (("glorot_uniform", range(50)), ("random_normal", range(50, 100))):
        for seed, model in drawn_anew(initializer, seeds):
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
        (kernel(np.broadcast_to(np.float32(1), (3, 3, 1200, 1200))), (80, 80, 1200), "it would cost too much"),
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
        moved=0,
        operator_norm=None,
        operator_norm_reason="",
    ).at(limit=7.5, chance=5.0)


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
        "no sign of training: none of six statistics differs from 200 fresh HeNormal initialisations (largest: spectral "
        "norm, 5.00 σ; chance reaches 5.00 σ; 288 weights), and its biases or scales are unchanged"
    )
    assert (finding.evidence, finding.threshold) == ({"distance": 5.0, "weights": 288}, 5.0)
    assert "Westfall" in finding.source


def test_all_kernels_untrained_is_one_problem_of_the_model() -> None:
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=-4.0))
    assert (finding.code, finding.severity, finding.subject) == ("untrained-layer", Severity.PROBLEM, "model")
    assert finding.message == (
        "the model looks untrained: all 2 kernels that can be tested are indistinguishable from freshly initialised ones "
        "(largest deviation 4.00 σ, limit 7.50 σ)"
    )
    assert finding.evidence == {"kernels": 2, "largest_distance": 4.0}


def test_a_kernel_that_cannot_be_compared_leaves_it_at_a_warning() -> None:
    unknown = judged("c", distance=math.nan)
    unknown = replace(unknown, comparison=replace(unknown.comparison, distance=np.full(6, math.nan)))
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=-4.0), unknown)
    assert (finding.severity, finding.evidence["kernels"]) == (Severity.WARNING, 2)


def test_between_chance_and_the_limit_nothing_is_decided() -> None:
    assert (judged(distance=5.001).undecided, judged(distance=5.001).learned) == (True, None)
    assert (judged(distance=5.0).undecided, judged(distance=7.501).undecided) == (False, False)
    (one,) = findings(judged("a", distance=6.0), judged("b"))
    assert (type(one), one.code, one.subject, one.samples_needed) == (Inconclusive, "untrained-layer", "a", None)
    assert one.message == (
        "1 kernel, a, is undecided: 6.00 σ from its initialiser (untrained up to 5.00 σ, trained beyond 7.50 σ)"
    )
    assert one.remedy == "This rule uses weights only; samples do not change it."
    several = [judged(name, distance=6.0) for name in "abcde"]
    (all_of_them,) = findings(*several, judged("told"))
    assert all_of_them.subject == "model"
    assert all_of_them.message.startswith("5 kernels, a, b, c, d and 1 more, are undecided: up to 6.00 σ")


def test_a_kernel_between_does_not_hide_that_the_model_is_untrained() -> None:
    (finding,) = findings(judged("a", distance=3.0), judged("b", distance=6.0))
    assert (finding.subject, finding.severity, finding.evidence["largest_distance"]) == ("model", Severity.PROBLEM, 6.0)


def test_kernels_near_their_initialiser_are_drawn_200_times_and_far_ones_20_times() -> None:
    result = run(kernel(VALUES), kernel(FRESH, path="fresh"))
    assert [one.comparison.redraws for one in result.kernels] == [20, 200]
    assert (result.redraws, result.most_redraws) == (20, 200)
    assert result.limit == 1.5 * result.chance
    assert 2.8 < result.chance < 3.6
    large = kernel(np.asarray(GLOROT((18_000, 10))), path="large", kind="dense")
    assert run(large).kernels[0].comparison.redraws == 22  # four million weights in all


def test_where_the_law_of_the_draws_is_known_none_is_made_and_all_weights_are_compared() -> None:
    drawn = np.asarray(keras.initializers.GlorotUniform(seed=3)((3, 3, 200, 300)))
    moved = np.random.default_rng(0).normal(0, 0.05 * drawn.std(), drawn.shape).astype(np.float32)
    fresh, trained, small = run(kernel(drawn), kernel(drawn + moved, path="t"), kernel(FRESH, path="s")).kernels
    assert (fresh.comparison.by_law, fresh.comparison.redraws, fresh.comparison.compared) == (True, 0, 540_000)
    assert (small.comparison.by_law, small.comparison.redraws) == (False, 200)
    assert [one.verdict for one in (fresh, trained, small)] == ["as initialised", "differs", "as initialised"]
    result = run(kernel(drawn), kernel(FRESH, path="s"))
    assert (result.by_law, result.drawn) == (1, 1)
    # the error is shared between the draws of the one and the law of the other
    assert result.chance == max(result.alone.near[0].bound(0.025), law_bound(tested=12, error=0.025))
    only = run(kernel(drawn))
    assert only.chance == law_bound(tested=6, error=0.05)
    np.testing.assert_array_equal(
        only.kernels[0].comparison.mean, run(kernel(drawn), seed=9).kernels[0].comparison.mean
    )
    (finding,) = Learned().findings(run(kernel(drawn), kernel(VALUES, path="v")), LIMITS)
    assert finding.message.startswith(
        "no sign of training: none of six statistics differs from a fresh GlorotUniform initialisation (largest: "
    )
    assert " σ; chance reaches " in finding.message


@pytest.mark.dear
def test_a_verdict_does_not_turn_over_with_the_seed() -> None:
    drawn = np.asarray(keras.initializers.GlorotUniform(seed=7)((3, 3, 1, 16)))
    moved = np.random.default_rng(0).normal(0, drawn.std(), drawn.shape)
    for share, verdict in ((0.0, "as initialised"), (0.1, "differs"), (0.5, "differs")):
        target = kernel((drawn + share * moved).astype(np.float32), path="k")
        assert {run(target, seed=seed).kernels[0].verdict for seed in range(10)} <= {verdict, "no test could tell"}
    larger = kernel((1.4 * drawn).astype(np.float32), path="k")
    assert {run(larger, seed=seed).kernels[0].verdict for seed in range(10)} == {"only the scale differs"}


def test_a_single_untrained_kernel_is_a_layer_and_not_a_model() -> None:
    (finding,) = findings(judged(distance=1.0))
    assert (finding.subject, finding.severity) == ("conv", Severity.WARNING)


def test_without_a_bias_a_kernel_needs_power_to_be_called_untrained() -> None:
    # the draws' size scatters by a tenth: five times that hides a movement of sqrt(1.5^2 - 1)
    silent = replace(judged(distance=1.0), moved=None).at(limit=7.5, chance=5.0)
    assert (silent.verdict, silent.learned, silent.seen) == ("no test could tell", None, pytest.approx(1.118, abs=1e-3))
    (one,) = findings(silent, judged("other"))
    assert (type(one), one.code, one.subject, one.samples_needed) == (Inconclusive, "untrained-layer", "conv", None)
    assert one.message == (
        "1 kernel, conv, is too small to test: with 288 weights only a change of 112% of its norm would show"
    )
    sharp = replace(silent, support=Support("weights", 0, 288, 0.99, 0.045)).at(limit=7.5, chance=5.0)
    assert (sharp.verdict, sharp.seen) == ("as initialised", 0.045)
    assert [one.severity for one in findings(sharp, judged("other"))] == [Severity.WARNING]


def test_a_bias_that_moved_or_a_weight_out_of_reach_proves_training() -> None:
    assert replace(judged(distance=1.0), moved=1).at(limit=7.5, chance=5.0).verdict == "in training"
    beyond = Support("weights", 1, 288, 1.2, 0.045)
    assert replace(judged(distance=1.0), support=beyond).at(limit=7.5, chance=5.0).verdict == "differs"
    assert findings(replace(judged(distance=1.0), moved=1)) == []


def test_most_of_a_model_as_initialised_is_one_finding_that_names_the_first() -> None:
    untrained = [judged(name, distance=1.0) for name in "abcdef"]
    (finding,) = findings(*untrained, judged("told"))
    assert (finding.subject, finding.severity) == ("model", Severity.WARNING)
    assert finding.message == ("6 of 7 kernels show no sign of training: a, b, c, d and 2 more")
    assert [one.subject for one in findings(judged("a", distance=1.0), judged("b"), judged("c"))] == ["a"]


def trained_model() -> Any:
    """A network with one weight in thirty at 1.15 times the initialiser's limit, its spread as drawn."""
    keras.utils.set_random_seed(6)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(40, name="hidden"),
            layers.Dense(10, name="answer"),
        ]
    )
    generator = np.random.default_rng(6)
    for name in ("conv", "hidden", "answer"):
        values, bias = model.get_layer(name).get_weights()
        limit, size = np.abs(values).max(), np.square(values).sum()
        moved = generator.random(values.shape) < 1 / 30
        values[moved] = 1.15 * limit
        values[~moved] *= np.sqrt((size - np.square(values[moved]).sum()) / np.square(values[~moved]).sum())
        model.get_layer(name).set_weights([values, bias])
    return model


def test_weights_that_the_initialiser_cannot_draw_are_counted() -> None:
    model = trained_model()
    result = run_model(model)
    assert [(one.label, one.verdict, one.support.beyond) for one in result.kernels] == [
        ("conv", "differs", 2),
        ("hidden", "differs", 20),
        ("answer", "differs", 10),
    ]
    assert list(Learned().findings(result, LIMITS)) == []


def one_kernel(initializer: Any, change: Any, *, use_bias: bool = True) -> Any:
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 32)),
            layers.Conv2D(64, 3, kernel_initializer=initializer, use_bias=use_bias, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    values, *bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([change(values), *bias])
    return model


@pytest.mark.parametrize(
    ("initializer", "change", "verdict"),
    [
        ("glorot_uniform", lambda values: values * 0.98, "only the scale differs"),
        ("glorot_uniform", lambda values: values * 0.9, "only the scale differs"),
        ("he_normal", lambda values: values * 0.95, "only the scale differs"),
        ("orthogonal", lambda values: values * np.sqrt(2), "only the scale differs"),
        ("orthogonal", lambda values: values.astype("float16").astype("float32"), "as initialised"),
        ("orthogonal", lambda values: (values.view("uint32") & 0xFFFF0000).view("float32"), "as initialised"),
        (
            "glorot_uniform",
            lambda values: np.round(values / values.max() * 127) * (values.max() / 127),
            "as initialised",
        ),
        ("orthogonal", lambda values: values + 0.02 * np.random.default_rng(0).normal(size=values.shape), "differs"),
    ],
)
def test_scale_and_rounding_are_told_from_training(initializer: str, change: Any, verdict: str) -> None:
    assert run_model(one_kernel(initializer, change)).kernels[0].verdict == verdict


def test_the_shape_of_a_few_weights_tells_nothing() -> None:
    assert (
        run(kernel((3 * np.asarray(GLOROT((3, 3, 1, 2)))).astype(np.float32), path="k")).kernels[0].verdict == "differs"
    )


def test_a_kernel_of_a_few_weights_is_not_called_untrained_though_its_bias_is_zero() -> None:
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Conv2D(2, 3, name="few"), layers.Flatten(), layers.Dense(10)]
    )
    assert [one.verdict for one in run_model(model).kernels] == ["no test could tell", "as initialised"]


def test_only_the_scale_differs_is_said_so() -> None:
    result = run_model(one_kernel("glorot_uniform", lambda values: values * 0.9))
    (finding,) = Learned().findings(result, LIMITS)
    assert (finding.subject, finding.severity) == ("model", Severity.PROBLEM)
    assert finding.message.endswith(" σ); 1 differs in scale only")
    told = replace(result, kernels=(result.kernels[0], judged("head"), judged("other")))
    (finding,) = Learned().findings(told, LIMITS)
    assert finding.message == (
        "no sign of training: a fresh draw of GlorotUniform times 0.902; only the scale differs, as by weight decay alone "
        "(18,432 weights), and its biases or scales are unchanged"
    )


@pytest.mark.slow
def test_untrained_orthogonal_models_are_called_different_in_no_case_of_40() -> None:
    for seed, model in drawn_anew("orthogonal", range(40)):
        assert not any(one.learned for one in run_model(model, seed=seed).kernels), seed


def test_the_normalisation_behind_speaks_for_a_kernel_without_bias_only_while_it_is_as_it_began() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3, use_bias=False, kernel_initializer="random_normal", name="conv"),
            layers.BatchNormalization(name="norm"),
        ]
    )
    (conv,) = run_model(model).kernels
    assert (conv.normalised, conv.biases, conv.moved, conv.verdict) == ("norm", 16, 0, "as initialised")
    model.get_layer("norm").gamma.assign(np.full(8, 1.1))
    (conv,) = run_model(model).kernels
    assert (conv.biases, conv.moved, conv.verdict) == (16, None, "no test could tell")


def test_few_directions_are_a_collapse_and_one_leading_direction_is_none() -> None:
    few = replace(judged().comparison, outside=4.9e-3)
    assert findings(replace(judged(), comparison=replace(few, outside=5e-3))) == []
    (finding,) = findings(replace(judged(rank=1.2), comparison=few))
    assert (finding.code, finding.severity, finding.subject) == ("collapsed-rank", Severity.WARNING, "conv")
    assert finding.message == (
        "only 0.0049 of the squared weights lie outside the leading 5% of directions (limit 0.005); stable rank "
        "5.00, freshly drawn 5.00"
    )
    assert findings(replace(judged(), kind="depthwise", comparison=few)) == []
    small = replace(few, value=np.where(np.arange(6) == 0, 0.05, few.value))
    assert [one.severity for one in findings(replace(judged(), comparison=small))] == [Severity.NOTE]
    generator = np.random.default_rng(0)
    spread = generator.uniform(-1, 1, size=(400, 40)).astype(np.float32)
    positive = spread + 2
    left, values, right = np.linalg.svd(spread, full_matrices=False)
    single = (left[:, :1] * values[:1]) @ right[:1] + 0.01 * spread
    outsides = [
        run(kernel(one.astype(np.float32), kind="dense")).kernels[0].comparison.outside
        for one in (spread, positive, single)
    ]
    assert outsides[0] > 0.9
    assert outsides[1] > 5e-3
    assert outsides[2] < 5e-3


def test_a_norm_forty_times_as_large_as_is_usual_for_the_model_is_an_explosion() -> None:
    assert findings(judged(norm=80.0), judged("other")) == []
    (finding,) = findings(judged(norm=80.2), judged("other"))
    assert (finding.code, finding.severity, finding.subject) == ("exploded-norm", Severity.WARNING, "conv")
    assert finding.message == (
        "spectral norm 80.2, 40.1 times that of fresh draws (2); usual in this model is 1 times (limit 40 times that)"
    )
    assert finding.threshold == 40
    # all of them have grown by twenty: no single one exploded
    assert findings(judged(norm=80.2), judged("other", norm=40.0), judged("third", norm=40.0)) == []


def test_before_a_normalisation_a_norm_means_nothing() -> None:
    assert findings(replace(judged(norm=90.0), normalised="norm"), judged("other")) == []
