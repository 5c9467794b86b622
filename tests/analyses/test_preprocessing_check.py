"""The same samples in other scales, and when one of them is better than chance."""

from dataclasses import replace
from typing import Any

import builders
import keras
import numpy as np
import pytest
from builders import LIMITS
from keras import layers
from scipy.stats import binomtest

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.preprocessing_check.analysis import PreprocessingCheck, mcnemar_exact
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.preprocessing_check.variants import preprocessing_variants, standardise
from reportgen.measures.intervals import measure
from reportgen.models.graphs import describe_model
from reportgen.models.passes import Activations, LiveModel
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.results.findings import Finding, Severity
from reportgen.run.evaluation import evaluate_samples
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, Targets

GENERATOR = np.random.default_rng(5)
BRIGHT = np.where(np.arange(60) % 2, 200, 50)
IMAGES = (BRIGHT[:, None, None, None] + GENERATOR.integers(-20, 21, (60, 3, 3, 1))).astype(np.uint8)
LABELS = np.arange(60) % 2


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a model that says 1 where the mean input is over 0.5."""
    scores = layers.Dense(2, activation="softmax", name="scores")
    built = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), scores])
    scores.set_weights([np.array([[0, 1 / 9]] * 9, np.float32), np.array([0, -0.5], np.float32)])
    return built


def context(
    model: Any, images: np.ndarray, labels: Any = LABELS, *, batch: int = 7, options: ReportOptions = DEFAULTS
) -> AnalysisContext:
    described = describe_model(model)
    source = open_samples(images, Accepts(input_shape=described.summary.input_shape), labels=labels)
    samples = evaluate_samples(described, source, shown=(), options=options)
    return builders.context(samples, live=LiveModel(model, described.layers, batch), head=described.head)


def run(*given: Any, **options: Any) -> Any:
    return PreprocessingCheck().run(context(*given, **options))


def shares(result: PreprocessingCheckResult) -> dict[str, float]:
    return {entry.name: entry.accuracy.value for entry in result.variants}


def test_every_variant_has_its_accuracy_and_the_declared_one_is_not_run_twice(model: Any) -> None:
    result = run(model, IMAGES)
    assert (result.checked, result.declared.value, result.same) == (60, 1.0, ("0 to 1",))
    # raw bytes are all over 0.5; half of -1 to 1 and of the standardised lie below, yet bright ones reach 0.57 at most
    symmetric = ((IMAGES / 127.5 - 1).mean(axis=(1, 2, 3)) > 0.5) == LABELS
    assert shares(result) == {
        "\N{MINUS SIGN}1 to 1": pytest.approx(symmetric.mean()),
        "0 to 255": 0.5,
        "each image standardised": 0.5,
        "inverted": 0.0,
    }
    assert list(PreprocessingCheck().findings(result, LIMITS)) == []


def test_samples_declared_raw_to_a_model_of_0_to_1_are_a_problem(model: Any) -> None:
    result = run(model, IMAGES, options=ReportOptions(scale="none"))
    assert (result.declared.value, result.same) == (0.5, ("0 to 255",))
    best = result.variants[0]
    assert (best.name, best.gained, best.lost) == ("0 to 1", 30, 0)
    (finding,) = PreprocessingCheck().findings(result, LIMITS)
    assert (finding.code, finding.severity, finding.subject) == ("other-preprocessing", Severity.PROBLEM, "0 to 1")
    assert finding.message == (
        "samples scaled '0 to 1' are right in 100.0%, as declared in 50.0% of 60: 30 gained, 0 lost "
        "(p = 7.5e\N{MINUS SIGN}09 after correction for 4 variants, limit 0.05)"
    )


def test_floats_in_0_to_1_are_tried_as_bytes(model: Any) -> None:
    result = run(model, (IMAGES / np.float32(255)).astype(np.float32))
    assert result.same == ("0 to 1",)
    assert shares(result)["0 to 255"] == 0.5


def test_values_of_unknown_range_are_tried_as_stored(model: Any) -> None:
    images = IMAGES.astype(np.float32) * 100
    result = run(model, images)
    assert result.same == ("as stored",)
    assert set(shares(result)) == {"each image standardised", "inverted"}
    assert (
        result.left_out[0]
        == "The stored values do not tell how black and white are stored, so other ranges were not tried."
    )


def test_floats_a_little_beyond_1_are_no_bytes(model: Any) -> None:
    images = IMAGES.astype(np.float32) / 255 * 2
    assert run(model, images).same == ("as stored",)


def test_a_variant_that_beats_a_scaling_which_is_often_right_too_is_a_warning() -> None:
    entry = VariantAccuracy("0 to 1", measure(95, 100), 20, 0, mcnemar_exact(20, 0))
    result = PreprocessingCheckResult(100, 100, measure(75, 100), (entry,), (), (), majority=0.1)
    (finding,) = PreprocessingCheck().findings(result, LIMITS)
    assert (
        finding.severity is Severity.WARNING
    )  # 75 of 100 are at least 65.7%, beyond the 55% that half the errors leave


def test_channels_are_reversed_where_there_are_three() -> None:
    pick = layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input((2, 2, 3)), layers.GlobalAveragePooling2D(), pick])
    pick.set_weights([np.array([[0, 9], [0, 0], [9, 0]], np.float32), np.zeros(2, np.float32)])  # red against blue
    images = np.zeros((20, 2, 2, 3), np.uint8)
    images[::2, ..., 0], images[1::2, ..., 2] = 255, 255
    result = run(model, images, (np.arange(20) + 1) % 2)
    assert result.declared.value == 1.0
    assert shares(result)["channels reversed"] == 0.0
    assert result.left_out == ()


def test_batches_do_not_matter_and_two_runs_are_equal(model: Any) -> None:
    assert run(model, IMAGES, batch=7) == run(model, IMAGES, batch=256) == run(model, IMAGES, batch=7)


def test_at_most_200_samples_are_checked(model: Any) -> None:
    result = run(model, np.tile(IMAGES, (5, 1, 1, 1)), np.tile(LABELS, 5))
    assert (result.checked, result.evaluated) == (200, 300)


def test_outputs_that_are_not_finite_are_never_right() -> None:
    @keras.saving.register_keras_serializable("tests")
    def overflow(values: Any) -> Any:
        return keras.ops.exp(values * 50)

    scores = layers.Dense(2, name="scores")
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Activation(overflow), scores])
    scores.set_weights([np.zeros((9, 2), np.float32), np.array([0, 1], np.float32)])
    assert shares(run(model, IMAGES))["0 to 255"] == 0.0


def test_an_image_is_standardised_as_tensorflow_does() -> None:
    import tensorflow as tf

    images = GENERATOR.normal(3, 5, (4, 5, 6, 3)).astype(np.float32)
    images[0] = 7
    np.testing.assert_allclose(standardise(images), tf.image.per_image_standardization(images), atol=1e-4)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (1, 7), (30, 12), (9, 9)])
def test_mcnemars_p_value_is_scipys_binomial(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar_exact(gained, lost) == pytest.approx(expected)


def found(gained: int, lost: int, variants: int = 4, limit: float = 0.05) -> list[Finding]:
    entry = VariantAccuracy("0 to 1", measure(50 + gained - lost, 100), gained, lost, mcnemar_exact(gained, lost))
    others = (VariantAccuracy("inverted", measure(10, 100), 0, 40, mcnemar_exact(0, 40)),) * (variants - 1)
    result = PreprocessingCheckResult(100, 100, measure(50, 100), (entry, *others), (), ())
    return list(PreprocessingCheck().findings(result, LIMITS | {"other-preprocessing": limit}))


def test_a_variant_is_better_when_chance_explains_it_in_under_5_of_100_after_correction() -> None:
    assert found(7, 0) == []  # p = 2 / 2**7, times 4: 0.0625
    (finding,) = found(8, 0)  # half of that
    assert finding.evidence["p_value"] == pytest.approx(0.03125)
    assert found(8, 0, limit=0.03) == []
    assert found(8, 0, variants=7) == []  # 0.0547
    assert found(0, 8) == []


def test_what_cannot_be_scored_is_a_skip_with_the_reason(model: Any) -> None:
    given = context(model, IMAGES, None)
    assert "no labels" in PreprocessingCheck().run(given).reason
    assert PreprocessingCheck().run(replace(given, samples=None)) == Skip("Give --samples.")
    number = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(number, IMAGES, np.arange(60)).reason == (
        "The labels are numbers, not classes, so no answer can be counted as right or wrong."
    )
    maps = keras.Sequential([keras.Input((3, 3, 1)), layers.Conv2D(2, 1)])
    assert "not one score for each class" in run(maps, IMAGES, np.arange(60) % 2).reason
    assert given.samples is not None
    numbers = replace(given, samples=replace(given.samples, labels=Targets(np.linspace(0, 1, 60))))
    assert PreprocessingCheck().run(numbers).reason.startswith("The labels are numbers")
    outputs = np.full((60, 2), np.nan, np.float32)
    nowhere = replace(context(model, IMAGES).samples, activations=Activations(outputs=outputs))
    assert PreprocessingCheck().run(replace(given, samples=nowhere)).reason == (
        "The output is NaN or infinite for some samples, so no answer can be counted as right."
    )


def test_a_variant_that_is_wrong_often_too_is_a_note_about_something_else() -> None:
    entry = VariantAccuracy("0 to 1", measure(64, 100), 40, 0, mcnemar_exact(40, 0))
    # 64 of 100 are at least 54.2%; half the errors of a class with 10% of the samples leave 55%, with 8% 54%
    for majority, severity in ((0.1, Severity.NOTE), (0.08, Severity.PROBLEM)):
        result = PreprocessingCheckResult(100, 100, measure(24, 100), (entry,), (), (), majority=majority)
        (finding,) = PreprocessingCheck().findings(result, LIMITS)
        assert finding.severity is severity
        other = "so that something else may be amiss"
        assert finding.message.endswith(other) is (severity is Severity.NOTE)


def test_bytes_stay_bytes_when_they_are_inverted(model: Any) -> None:
    samples = context(model, IMAGES).samples
    assert samples is not None
    variants, _ = preprocessing_variants(samples)
    np.testing.assert_allclose(variants["inverted"](IMAGES), 1 - IMAGES / 255, atol=1e-6)
