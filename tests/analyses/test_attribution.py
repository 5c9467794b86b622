"""Attribution maps, and what makes them evidence or not."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from builders import LIMITS, live_context
from fixed_weights import fix_weights
from keras import layers

from reportgen.analyses.attribution.analysis import Attribution
from reportgen.analyses.attribution.passes import _score
from reportgen.analyses.attribution.results import (
    DELETION,
    RANDOMISED_WEIGHTS,
    AttributionResult,
    MethodMaps,
    SampleAttribution,
)
from reportgen.analyses.attribution.rules import undecided_tests
from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.measures.attribution_checks import completeness_error, rank_correlation
from reportgen.measures.attribution_maps import FORMULAS, gradcam, hirescam, layercam
from reportgen.measures.deletion import DELETED
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.plottables import Palette, Panel, PanelGrid
from reportgen.results.rules import Limits
from reportgen.run import class_scores

GENERATOR = np.random.default_rng(12)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


def context(model: Any, images: np.ndarray | None, **options: Any) -> AnalysisContext:
    return live_context(model, images, first=20, **options)


def pooled(units: int = 3, activation: str = "softmax") -> Any:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(units, activation=activation, name="head"),
        ]
    )
    return fix_weights(model, seed=3)


def result_of(model: Any, images: np.ndarray, *methods: str, **given: Any) -> AttributionResult:
    result = Attribution().run(context(model, images, attribution=methods or ("hirescam",), **given))
    assert isinstance(result, AttributionResult)
    return result


def test_hirescam_equals_the_class_activation_map_after_global_average_pooling() -> None:
    model, images = pooled(), draw(4, 8, 8, 1)
    (method,) = result_of(model, images).methods
    maps = model.layers[0](images).numpy()
    classes = model(images).numpy().argmax(axis=1)
    kernel, bias = (weight.numpy() for weight in model.layers[-1].weights)
    # Zhou et al., arXiv 1512.04150: the class's dense weights applied to every place; the mean over 36 places is the logit
    expected = np.stack([maps[n] @ kernel[:, c] / 36 for n, c in enumerate(classes)])
    np.testing.assert_allclose(method.figure.panels[1].images, np.maximum(expected, 0), atol=1e-5)
    for sample, whole, index in zip(method.samples, expected, classes, strict=True):
        assert sample.logit == pytest.approx(whole.sum() + bias[index], abs=1e-5)
        assert sample.target == f"class {index}"
        assert sample.completeness == pytest.approx(0, abs=1e-4)
    assert (method.key, method.subject, method.size, method.points) == ("hirescam", "conv", (6, 6), None)
    assert method.figure.panels[1].value_range == (0, pytest.approx(max(expected.max(), 0)))


def test_gradcam_equals_a_tape_written_by_hand() -> None:
    model, images = pooled(), draw(3, 8, 8, 1)
    convolution, pool, dense = model.layers
    maps = tf.convert_to_tensor(convolution(images))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = pool(maps) @ dense.kernel + dense.bias
        total = tf.reduce_sum(tf.reduce_max(logits, axis=1))
    weights = tape.gradient(total, maps).numpy().mean(axis=(1, 2))
    expected = np.maximum((maps.numpy() * weights[:, None, None]).sum(axis=-1), 0)
    (method,) = result_of(model, images, "gradcam").methods
    np.testing.assert_allclose(method.figure.panels[1].images, expected, atol=1e-6)
    assert method.samples[0].completeness is None


def test_formulas_equal_loops_over_places_and_channels() -> None:
    features, gradients = draw(2, 3, 4, 5), draw(2, 3, 4, 5)
    for n in range(2):
        for row in range(3):
            for column in range(4):
                a, g = features[n, row, column], gradients[n, row, column]
                assert hirescam(features, gradients)[n, row, column] == pytest.approx(sum(a * g), abs=1e-5)
                means = gradients[n].reshape(12, 5).mean(axis=0)
                assert gradcam(features, gradients)[n, row, column] == pytest.approx(sum(a * means), abs=1e-5)
                positive = sum(x * y for x, y in zip(a, g, strict=True) if y > 0)
                assert layercam(features, gradients)[n, row, column] == pytest.approx(positive, abs=1e-5)


@pytest.mark.slow
def test_integrated_gradients_of_the_demo_are_complete_within_one_percent(
    demo_model: Any, demo_samples_path: Any
) -> None:
    with np.load(demo_samples_path) as stored:
        chosen = [int(np.flatnonzero(stored["y_test"] == label)[0]) for label in range(10)]
        images = stored["x_test"][chosen, :, :, None].astype(np.float32) / 255
    (method,) = result_of(demo_model, images, "integrated-gradients").methods
    assert len(method.samples) == 10
    assert all(sample.completeness < 0.01 for sample in method.samples)
    assert (method.subject, method.size) == ("input", (28, 28))
    assert method.points in (50, 100, 200, 400)


@pytest.mark.dear
def test_methods_come_in_the_order_asked_for_and_are_the_same_twice() -> None:
    model, images = pooled(), draw(2, 8, 8, 1)
    methods = ("layercam", "integrated-gradients", "hirescam")
    first, second = (result_of(model, images, *methods) for _ in range(2))
    assert tuple(method.key for method in first.methods) == methods
    for one, other in zip(first.methods, second.methods, strict=True):
        assert one.samples == other.samples
        np.testing.assert_array_equal(one.figure.panels[1].images, other.figure.panels[1].images)


@pytest.mark.dear
def test_nested_and_subclassed_models_are_explained(nested_model: Any, subclassed_model: Any) -> None:
    (nested,) = result_of(nested_model, draw(2, 8, 8, 1)).methods
    assert (nested.subject, nested.size) == ("middle/conv", (6, 6))
    assert all(sample.completeness == pytest.approx(0, abs=1e-4) for sample in nested.samples)
    result = result_of(subclassed_model, draw(2, 6, 6, 1))
    assert result.explained == "the output (no softmax or sigmoid)"
    # its steps between the layers are not known, so that nothing is said about completeness
    assert [sample.completeness for sample in result.methods[0].samples] == [None, None]


def test_a_single_sigmoid_explains_the_class_that_it_predicts() -> None:
    model, images = pooled(1, "sigmoid"), draw(6, 8, 8, 1)
    (method,) = result_of(model, images).methods
    for sample, probability in zip(method.samples, model(images).numpy()[:, 0], strict=True):
        assert sample.target == f"class {int(probability > 0.5)}"
        assert sample.logit == pytest.approx(abs(np.log(probability / (1 - probability))), rel=1e-3)
        assert sample.completeness == pytest.approx(0, abs=1e-4)


def test_at_most_ten_samples_are_explained_and_told() -> None:
    result = result_of(pooled(), draw(12, 8, 8, 1))
    assert (len(result.methods[0].samples), result.chosen) == (10, 12)
    assert result.methods[0].figure.total == 12
    assert result.methods[0].samples[9].index == 29


def test_colours_of_samples_are_kept_under_their_maps() -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )
    images = GENERATOR.uniform(0, 1, (2, 8, 8, 3)).astype(np.float32)
    (method,) = result_of(fix_weights(model, seed=3), images).methods
    assert method.figure.panels[0].palette is Palette.COLOUR
    np.testing.assert_array_equal(method.figure.panels[0].images, images)


def along_time() -> Any:
    model = keras.Sequential(
        [
            keras.Input((40, 2)),
            layers.Conv1D(4, 5, activation="relu", name="conv"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )
    generator = np.random.default_rng(3)
    model.set_weights([generator.normal(0.1, 0.5, weight.shape).astype(np.float32) for weight in model.weights])
    return model


@pytest.mark.dear
def test_networks_along_time_are_explained_along_time() -> None:
    model, signals = along_time(), draw(3, 40, 2)
    hirescam, integrated = result_of(model, signals, "hirescam", "integrated-gradients").methods
    maps = model.layers[0](signals).numpy()
    kernel, bias = (weight.numpy() for weight in model.layers[-1].weights)
    classes = model(signals).numpy().argmax(axis=1)
    expected = np.stack([maps[n] @ kernel[:, c] / 36 for n, c in enumerate(classes)])
    np.testing.assert_allclose(hirescam.figure.panels[1].images[:, 0], np.maximum(expected, 0), atol=1e-5)
    np.testing.assert_array_equal(hirescam.figure.panels[0].images, signals.transpose(0, 2, 1))
    assert hirescam.figure.panels[0].palette is Palette.LINES
    assert (hirescam.size, integrated.size) == ((36,), (40,))
    for sample, whole, index in zip(hirescam.samples, expected, classes, strict=True):
        assert sample.logit == pytest.approx(whole.sum() + bias[index], abs=1e-5)
        assert sample.completeness == pytest.approx(0, abs=1e-4)
        assert sample.deletion is not None
        assert sample.orders >= 8


def in_volumes() -> Any:
    model = keras.Sequential(
        [
            keras.Input((6, 8, 10, 1)),
            layers.Conv3D(3, 3, strides=2, padding="same", activation="relu", name="conv"),
            layers.GlobalAveragePooling3D(),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )
    return fix_weights(model, seed=3)


def test_volumes_are_explained_and_cut_where_their_map_is_largest() -> None:
    model, volumes = in_volumes(), draw(3, 6, 8, 10, 1)
    hirescam, gradcam_maps, integrated = result_of(
        model, volumes, "hirescam", "gradcam", "integrated-gradients"
    ).methods
    maps = model.layers[0](volumes).numpy()
    kernel, bias = (weight.numpy() for weight in model.layers[-1].weights)
    classes = model(volumes).numpy().argmax(axis=1)
    expected = np.stack([maps[n] @ kernel[:, c] / 60 for n, c in enumerate(classes)])
    assert (hirescam.size, gradcam_maps.size, integrated.size) == ((3, 4, 5), (3, 4, 5), (6, 8, 10))
    drawn, over = (panel.images for panel in hirescam.figure.panels)
    assert drawn.shape == over.shape == (3, 8, 10 + 1 + 10 + 1 + 8)
    assert hirescam.figure.large
    for position, (sample, whole) in enumerate(zip(hirescam.samples, expected, strict=True)):
        assert sample.logit == pytest.approx(whole.sum() + bias[classes[position]], abs=1e-5)
        assert sample.completeness == pytest.approx(0, abs=1e-4)
        assert sample.largest == pytest.approx(whole.max(), abs=1e-5)
        cell = np.unravel_index(whole.argmax(), whole.shape)
        assert sample.voxel == tuple(
            2 * int(at) for at in cell
        )  # each value of the map covers two voxels along each axis
        depth, row, column = sample.voxel
        np.testing.assert_array_equal(drawn[position, :, :10], volumes[position, depth, :, :, 0])
        np.testing.assert_array_equal(drawn[position, :6, 11:21], volumes[position, :, row, :, 0])
        np.testing.assert_array_equal(drawn[position, :6, 22:], volumes[position, :, :, column, 0])
        cut = np.maximum(whole[cell[0]], 0).repeat(2, axis=0).repeat(2, axis=1)
        np.testing.assert_allclose(over[position, :, :10], cut, atol=1e-5)
        assert sample.orders >= 8
        assert sample.deletion is not None
    # gradients are the same at every place, so that Grad-CAM is HiResCAM
    np.testing.assert_allclose(gradcam_maps.figure.panels[1].images, over, atol=1e-5)
    assert [one.voxel for one in result_of(pooled(), draw(2, 8, 8, 1)).methods[0].samples] == [None, None]


@pytest.mark.parametrize(("factor", "drawn"), [(1e-9, False), (1e-3, True)])
def test_maps_that_are_rounding_are_not_drawn(factor: float, drawn: bool) -> None:
    """Of logits of a billionth, all that a map adds up to is far below a millionth."""
    model = pooled()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * factor, bias * 0])
    (method,) = result_of(model, draw(4, 8, 8, 1)).methods
    assert any(one.largest is not None for one in method.samples) == drawn
    assert bool(method.figure.panels[1].images.any()) == drawn
    if not drawn:
        assert {one.sign for one in method.samples} <= {"∅", "✖"}


def test_the_weights_are_the_same_afterwards() -> None:
    model = pooled()
    before = [weight.numpy() for weight in model.weights]
    assert result_of(model, draw(2, 8, 8, 1)).kernels == 2
    for weight, values in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_a_map_without_a_positive_value_is_no_evidence_and_not_a_blank() -> None:
    model = pooled()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([-np.abs(kernel), bias])
    model.layers[0].set_weights([model.layers[0].get_weights()[0], np.full(4, 9, np.float32)])
    images = np.abs(np.random.default_rng(6).normal(size=(2, 8, 8, 1))).astype(np.float32)
    (method,) = result_of(model, images).methods
    assert [sample.largest for sample in method.samples] == [None, None]
    assert method.blank == method.samples
    assert method.figure.labels == ("20 ∅", "21 ∅")
    assert "deletion" not in method.samples[0].failed
    assert method.samples[0].undecided == method.samples[0].untested == ()


def test_a_budget_for_one_map_is_spent_on_one_that_has_something_to_test() -> None:
    model, images = pooled(), np.random.default_rng(6).normal(size=(6, 8, 8, 1)).astype(np.float32)
    images[0] = 0  # nothing is seen, so that its map is empty
    model.layers[0].set_weights([model.layers[0].get_weights()[0], np.zeros(4, np.float32)])
    (whole,) = result_of(model, images, effort="full").methods
    blank = [one.largest is None for one in whole.samples]
    assert blank[0]
    assert [one.orders == 0 for one in whole.samples] == blank
    assert not any(one.untested for one in whole.samples)
    first = blank.index(False)
    dear = tuple(
        replace(one, multiply_adds=2_400_000_000, output_shape=None) for one in context(model, images).layers[:2]
    )
    result = Attribution().run(replace(context(model, images, attribution=("hirescam",)), layers=dear))
    (method,) = result.methods
    assert [number for number, one in enumerate(method.samples) if one.orders] == [first]
    assert (method.samples[first].orders, method.samples[first].as_good) == (8, 0)
    (said,) = Attribution().findings(result, LIMITS)
    assert said.message == (
        f"HiResCAM: the deletion test covered 1 of {blank.count(False)} maps, the budget of effort “standard”"
    )


def test_a_score_that_nothing_changes_leaves_deletion_undecided_and_is_no_finding() -> None:
    model = pooled()
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + np.float32([0, 40, 0])])  # class 1 is certain whatever is seen
    result = result_of(model, draw(3, 8, 8, 1))
    (method,) = result.methods
    assert [(one.target, one.deletion) for one in method.samples] == [("class 1", None)] * 3
    shown = [one for one in method.samples if one.largest is not None and not one.failed]
    assert [one.undecided for one in shown] == [("deletion",)] * len(shown)
    assert (len(method.undecided), method.passed) == (len(shown), ())
    assert [label.split()[-1] for label in method.figure.labels].count("?") == len(shown) > 0
    assert [one.code for one in Attribution().findings(result, LIMITS)].count("no-better-than-random-maps") == 0


def test_masked_copies_are_read_as_the_samples_are() -> None:
    scores = class_scores(np.array([[3.0, -1.0]]))
    assert scores is not None
    outputs = np.array([[0.25, 0.75], [np.inf, 0.0]], np.float32)  # by themselves they would be probabilities
    given = context(pooled(2), draw(1, 8, 8, 1))
    assert given.samples is not None
    live: Any = SimpleNamespace(answers=lambda inputs: outputs[: len(inputs)])
    score = _score(live, given.samples, scores, np.array([1]))
    found = score(np.zeros((2, 8, 8, 1), np.float32), np.array([0, 0]))
    assert found.tolist() == [pytest.approx(1 / (1 + np.exp(-0.5))), pytest.approx(np.nan, nan_ok=True)]


def test_what_no_test_decides_is_told_of_maps_that_fail_none() -> None:
    constant, near = replace(sample(), similarity=None), sample(deletion=1.9, orders=160, as_good=5)
    failed, blank = sample(similarity=0.9), replace(sample(), largest=None, similarity=None)
    told = [undecided_tests(one, LIMITS) for one in (constant, near, failed, blank)]
    assert told == [("randomised weights",), ("deletion",), (), ()]
    assert [replace(near, undecided=told[1]).sign, replace(failed, failed=("deletion",)).sign, blank.sign] == [
        "?",
        "✖",
        "∅",
    ]


@pytest.mark.parametrize(
    ("model", "images", "reason"),
    [
        (pooled(), None, "Give --samples."),
        (
            keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)]),
            draw(2, 4, 4, 1),
            "No map can be drawn: no convolution has an output with the input’s axes.",
        ),
        (
            keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3)]),
            draw(2, 6, 6, 1),
            "No class can be explained: the output is not one score per class.",
        ),
        (
            keras.Sequential([keras.Input((9,)), layers.Dense(2)]),
            draw(2, 9),
            "Attribution maps are made of images, sequences and volumes, and not of numbers.",
        ),
    ],
)
def test_what_cannot_be_explained_is_a_skip_with_its_reason(model: Any, images: Any, reason: str) -> None:
    assert Attribution().run(context(model, images)) == Skip(reason)


def test_without_a_method_or_a_gradient_the_section_is_a_skip() -> None:
    skipped = Attribution().run(context(pooled(), draw(2, 8, 8, 1), attribution=()))
    assert skipped == Skip("Attribution is switched off; --attribution hirescam switches it on.")

    class Rounded(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return tf.cast(tf.cast(inputs, tf.int32), tf.float32)

    model = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), Rounded(), layers.Dense(2)]
    )
    skipped = Attribution().run(context(model, 9 * draw(2, 6, 6, 1)))
    assert isinstance(skipped, Skip)
    assert skipped.reason.startswith(
        "The gradients could not be computed. Received: the logits have no gradient by conv"
    )


def test_rank_correlation_equals_scipys() -> None:
    for _ in range(20):
        first, second = GENERATOR.integers(0, 6, (5, 5)), GENERATOR.integers(0, 6, (5, 5))
        expected = scipy.stats.spearmanr(first.ravel(), second.ravel())[0]
        assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(rank_correlation(np.zeros((2, 2)), np.eye(2)))
    assert np.isnan(rank_correlation(np.full((2, 2), np.nan), np.eye(2)))


def test_completeness_error_is_a_share_of_the_difference() -> None:
    assert completeness_error(9.0, 10.0) == pytest.approx(0.1)
    assert completeness_error(-9.0, -10.0) == pytest.approx(0.1)
    assert completeness_error(0.0, 0.0) == 0


def findings(*samples: SampleAttribution, limits: Limits = LIMITS) -> list[Finding | Inconclusive]:
    panel = Panel(np.zeros((len(samples), 2, 2)), (0, 1), Palette.SEQUENTIAL)
    figure = PanelGrid((panel, panel), tuple(map(str, range(len(samples)))), 1, len(samples))
    method = MethodMaps("hirescam", "HiResCAM", "conv", (2, 2), figure, None, samples)
    result = AttributionResult((method,), "the logits", 2, 2, DELETED, 1, 0)
    return list(Attribution().findings(result, limits))


def sample(
    *failed: str,
    similarity: float = 0.1,
    deletion: float = 6.5,
    error: float | None = None,
    orders: int = 40,
    as_good: int = 0,
) -> SampleAttribution:
    return SampleAttribution(
        3, None, "cat", 5.0, 1.0, error, similarity, deletion, failed, orders=orders, as_good=as_good
    )


def test_maps_that_pass_are_no_finding() -> None:
    assert findings(sample(), sample()) == []


def test_maps_like_those_of_the_randomised_network_are_a_finding_where_chance_does_not_explain_them() -> None:
    (finding,) = findings(sample(similarity=-0.93), sample(similarity=0.8), *[sample()] * 4)
    assert (finding.code, finding.severity, finding.subject) == ("weight-free-maps", Severity.NOTE, "conv")
    assert finding.message == (
        "HiResCAM: 2 of 6 maps hardly change when the weights are randomised (worst correlation 0.93, limit 0.7): "
        "ignore them"
    )
    assert finding.evidence == {"maps": 6, "failed": 2, "worst": 0.93}
    assert (finding.threshold, "1810.03292" in finding.source, "2405.02383" in finding.source) == (0.7, True, True)
    assert findings(sample(similarity=-0.93), sample()) == []


AIMLESS = {"deletion": 0.2, "as_good": 12}
UNDECIDED = {"deletion": 1.9, "orders": 160, "as_good": 5}


def test_maps_no_better_than_random_are_a_note_on_the_maps_even_if_all_are() -> None:
    """Healthy networks have such maps too, so that the network must not fail a gate for them."""
    (finding,) = findings(sample(**AIMLESS), sample(**AIMLESS), sample(**UNDECIDED))
    assert (finding.code, finding.severity) == ("no-better-than-random-maps", Severity.NOTE)
    assert finding.message == (
        "HiResCAM: 2 of 2 tested maps do not show what the network uses: removing what they mark is no better than "
        "chance (limit: 0.05 of random orders do as well)"
    )
    assert finding.advice.why == (
        "The regions they mark matter no more to the class than others. The network itself may be fine."
    )
    assert finding.evidence == {"maps": 2, "failed": 2, "worst": 0.2}


@pytest.mark.parametrize(("failed", "said"), [(1, []), (2, []), (3, [Severity.NOTE]), (6, [Severity.NOTE])])
def test_maps_that_fail_are_a_finding_where_chance_does_not_explain_their_number(
    failed: int, said: list[Severity]
) -> None:
    """Of ten maps that fail by chance in 5 of 100 cases, 2 or more fail with 8.6 %, 3 or more with 1.2 %."""
    found = findings(*[sample(**AIMLESS)] * failed, *[sample()] * (10 - failed))
    assert [finding.severity for finding in found] == said


def test_incomplete_maps_are_a_finding() -> None:
    (finding,) = findings(sample("completeness", error=0.05), sample(error=0.001))
    assert finding.message == "HiResCAM: 1 of 2 maps is incomplete (worst error 0.05, limit 0.01): ignore it"
    assert (finding.code, finding.threshold) == ("incomplete-maps", 0.01)


@pytest.mark.parametrize(
    ("code", "measured", "passes", "fails"),
    [
        ("weight-free-maps", {"similarity": -0.6}, 0.6, 0.59),
        ("no-better-than-random-maps", {"deletion": -0.5, "as_good": 28}, 0.9, 0.3),
        ("incomplete-maps", {"error": 0.02}, 0.02, 0.01),
    ],
)
def test_the_limits_given_decide(code: str, measured: dict[str, float], passes: float, fails: float) -> None:
    samples = [sample(**measured)] * 4
    assert findings(*samples, limits=LIMITS | {code: passes}) == []
    (finding,) = findings(*samples, limits=LIMITS | {code: fails})
    assert (finding.code, finding.threshold) == (code, fails)


@pytest.mark.slow
def test_other_random_orders_never_turn_a_map_of_the_demo_from_passed_to_failed(
    demo_model: Any, demo_samples_path: Any
) -> None:
    with np.load(demo_samples_path) as stored:
        chosen = [int(np.flatnonzero(stored["y_test"] == label)[0]) for label in range(10)]
        images = stored["x_test"][chosen, :, :, None].astype(np.float32) / 255
    seeds = [result_of(demo_model, images, seed=seed).methods[0].samples for seed in range(4)]
    verdicts = [{"✖" if one.failed else one.sign for one in samples} for samples in zip(*seeds, strict=True)]
    assert all(len(signs - {"?"}) <= 1 for signs in verdicts)
    assert sum(len(signs) == 1 for signs in verdicts) >= 8
    assert max(one.orders for samples in seeds for one in samples) == 160


def test_maps_that_the_effort_does_not_reach_are_marked_told_once_and_not_counted() -> None:
    images = draw(4, 8, 8, 1)
    whole = result_of(pooled(), images, effort="full")
    assert not whole.untested
    # passes of a model that costs so much: quick pays for 1, standard for 12
    dear = [
        replace(layer, multiply_adds=2_400_000_000, output_shape=None) for layer in context(pooled(), images).layers[:2]
    ]
    for effort, randomised, deletion in (("quick", 1, 0), ("standard", 1, 1)):
        given = replace(context(pooled(), images, attribution=("hirescam",), effort=effort), layers=tuple(dear))
        result = Attribution().run(given)
        assert isinstance(result, AttributionResult)
        (method,) = result.methods
        assert (result.effort, result.cost, result.untested) == (effort, 4_800_000_000, True)
        assert result.passes == {"quick": 1, "standard": 12}[effort]
        assert [len(method.tested(test)) for test in (RANDOMISED_WEIGHTS, DELETION)] == [randomised, deletion]
        for number, (cut, full) in enumerate(zip(method.samples, whole.methods[0].samples, strict=True)):
            assert (cut.logit, cut.largest) == (full.logit, full.largest)
            assert cut.similarity == (full.similarity if number < randomised else None)
            tests = ((RANDOMISED_WEIGHTS, number < randomised), (DELETION, number < deletion))
            assert cut.untested == tuple(test for test, made in tests if not made)
            assert cut.orders == (
                min(full.orders, 8) if number < deletion else 0
            )  # 18 passes: the map's and 8 orders of 2 steps
            assert DELETION not in cut.undecided or number < deletion
        assert all(one.sign == "○" for one in method.untested)
        assert all("○" in method.figure.labels[method.samples.index(one)] for one in method.untested)
        (said,) = Attribution().findings(result, LIMITS)
        assert isinstance(said, Inconclusive)
        assert said.message == (
            f"HiResCAM: the deletion test covered {deletion} of 4 maps, the budget of effort “{effort}”"
        )
        assert (said.code, said.remedy) == ("no-better-than-random-maps", "--effort full tests all maps")


def test_only_tested_maps_count_in_findings() -> None:
    untested = replace(sample(), similarity=None, deletion=None, orders=0, untested=("randomised weights", "deletion"))
    (finding, _) = findings(*[sample(similarity=0.9)] * 2, *[untested] * 6)
    assert finding.evidence == {"maps": 2, "failed": 2, "worst": 0.9}
    assert finding.severity == Severity.WARNING
    (finding,) = findings(*[sample(**AIMLESS)] * 2, *[untested] * 6)
    assert (finding.code, finding.evidence["maps"]) == ("no-better-than-random-maps", 2)
    failed = replace(untested, failed=("completeness",))
    assert [one.sign for one in (untested, failed, replace(untested, largest=None))] == ["○", "✖", "∅"]
    assert [one.stamp for one in (untested, failed, sample())] == ["not tested", "not evidence", ""]


def test_exact_maps_that_fail_by_deletion_are_known() -> None:
    exact, other = sample("deletion", error=0.0001), sample("deletion")
    incomplete, passed = sample("completeness", "deletion", error=0.5), sample(error=0.0001)
    panel = Panel(np.zeros((4, 2, 2)), (0, 1), Palette.SEQUENTIAL)
    figure = PanelGrid((panel, panel), ("1", "2", "3", "4"), 1, 4)
    method = MethodMaps("hirescam", "HiResCAM", "conv", (2, 2), figure, None, (exact, other, incomplete, passed))
    assert method.exact_but_failed == (exact,)


def test_maps_of_the_demo_pass_where_hirescam_made_them_and_not_where_gradcam_did(
    demo_model: Any, demo_samples_path: Any
) -> None:
    with np.load(demo_samples_path) as stored:
        chosen = [int(np.flatnonzero(stored["y_test"] == label)[0]) for label in range(10)]
        images = stored["x_test"][chosen, :, :, None].astype(np.float32) / 255
    maps = {method.key: method.samples for method in result_of(demo_model, images, "hirescam", "gradcam").methods}
    passed = {key: sum("deletion" not in one.failed for one in samples) for key, samples in maps.items()}
    assert passed["hirescam"] >= 6
    assert passed["gradcam"] <= 2
    assert all("randomised weights" not in one.failed for one in maps["hirescam"])


def test_a_map_that_does_not_depend_on_the_weights_fails_though_it_marks_the_object(
    demo_model: Any, demo_samples_path: Any, monkeypatch: Any
) -> None:
    with np.load(demo_samples_path) as stored:
        images = stored["x_test"][:8, :, :, None].astype(np.float32) / 255

    def middle(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
        del gradients
        distance = np.hypot.outer(*(np.arange(size) - (size - 1) / 2 for size in features.shape[1:3]))
        return np.repeat(50 - distance[None], len(features), axis=0).astype(np.float32)

    monkeypatch.setitem(FORMULAS, "hirescam", middle)
    (method,) = result_of(demo_model, images).methods
    assert all("randomised weights" in sample.failed for sample in method.samples)
    assert any("deletion" not in sample.failed + sample.undecided for sample in method.samples)
