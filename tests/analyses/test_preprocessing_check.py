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
from reportgen.analyses.preprocessing_check.analysis import PreprocessingCheck
from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.analyses.preprocessing_check.rules import findings
from reportgen.analyses.preprocessing_check.variants import preprocessing_variants, standardise
from reportgen.measures.intervals import measure
from reportgen.measures.paired import mcnemar_exact
from reportgen.models.graphs import describe_model, normalization_layers
from reportgen.models.passes import Activations, LiveModel, channel_moments, recording
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.results.findings import Finding, LayerSummary, Severity
from reportgen.run.evaluation import evaluate_samples
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, Targets

MANY = np.random.default_rng(7).integers(0, 256, (64, 6, 6, 1)).astype(np.uint8)


def normalised(largest: float, *, norm: bool = True) -> Any:
    """Return a convolution, a batch normalisation and a head, with the moments that noise of 0 to `largest` gives.

    Without the normalisation the head's kernel is divided by `largest`, so that the answers are the same.
    """
    conv, head = layers.Conv2D(4, 3, name="conv"), layers.Dense(3, activation="softmax", name="head")
    built = keras.Sequential([keras.Input((6, 6, 1)), conv])
    kernel = np.random.default_rng(1).normal(0, 1, (3, 3, 1, 4))
    conv.set_weights([kernel, np.zeros(4)])
    values = conv(np.random.default_rng(2).uniform(0, largest, (200, 6, 6, 1)).astype(np.float32)).numpy()
    if norm:
        batch = layers.BatchNormalization(name="norm")
        built.add(batch)
        batch.set_weights([np.ones(4), np.zeros(4), values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))])
    built.add(layers.GlobalAveragePooling2D())
    built.add(head)
    weights = np.random.default_rng(3).normal(0, 20, (4, 3)) / (1 if norm else values.std())
    head.set_weights([weights, np.zeros(3) if norm else -values.mean(axis=(0, 1, 2)) @ weights])
    return built


GENERATOR = np.random.default_rng(5)
BRIGHT = np.where(np.arange(60) % 2, 200, 50)
IMAGES = (BRIGHT[:, None, None, None] + GENERATOR.integers(-20, 21, (60, 3, 3, 1))).astype(np.uint8)
LABELS = np.arange(60) % 2
MISTAKEN = LABELS ^ (np.arange(60) % 10 < 2)
"""A fifth of them wrong, half of each class, so that another way to prepare the images could be better."""


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
    accepts = Accepts(input_shape=described.summary.input_shape, label_sets="several")
    source = open_samples(images, accepts, labels=labels)
    samples = evaluate_samples(described, source, shown=(), options=options)
    return builders.context(
        samples,
        options=options,
        live=LiveModel(model, described.layers, batch),
        head=described.head,
        normalizations=normalization_layers(described.layers),
        activations=described.activations,
    )


def run(*given: Any, **options: Any) -> Any:
    return PreprocessingCheck().run(context(*given, **options))


def drawn_first(result: PreprocessingCheckResult) -> np.ndarray:
    """Return the places of the samples that every variant was run on, at the default seed."""
    return np.random.default_rng(DEFAULTS.seed).permutation(result.evaluated)[: result.first]


def shares(result: PreprocessingCheckResult) -> dict[str, float]:
    return {entry.name: entry.accuracy.value for entry in result.variants}


def test_every_variant_has_its_accuracy_on_the_first_drawn_and_the_declared_one_is_not_run_twice(model: Any) -> None:
    images, labels = np.tile(IMAGES, (10, 1, 1, 1)), np.tile(MISTAKEN, 10)
    result = run(model, images, labels)
    order = np.random.default_rng(DEFAULTS.seed).permutation(600)[:200]
    # the model says 1 where the mean input is over 0.5
    means = images[order].mean(axis=(1, 2, 3)) / 255
    said = {
        "as declared": means > 0.5,
        "\N{MINUS SIGN}1 to 1": 2 * means - 1 > 0.5,
        "0 to 255": np.ones(200, bool),
        "the samples’ own mean and deviation": means > means[:50].mean() + 0.5 * images[order[:50]].std() / 255,
        "each image standardised": np.zeros(200, bool),
        "height and width transposed": means > 0.5,
        "inverted": means < 0.5,
    }
    right = {name: answers == labels[order] for name, answers in said.items()}
    assert (result.first, result.checked, result.same) == (50, 200, ("0 to 1",))
    assert result.declared.value == pytest.approx(right.pop("as declared").mean())
    # none gains more than it loses on the first 50; those that lose as many are run on the others
    ran = {entry.name: entry.accuracy.trials for entry in result.variants}
    assert {name for name, count in ran.items() if count == 200} == {
        "the samples’ own mean and deviation",
        "\N{MINUS SIGN}1 to 1",
        "height and width transposed",
    }
    assert shares(result) == {name: pytest.approx(right[name][: ran[name]].mean()) for name in ran}
    assert set(ran.values()) == {50, 200}
    assert list(PreprocessingCheck().findings(result, LIMITS)) == []


def test_another_scale_that_does_no_more_than_another_threshold_is_not_named() -> None:
    scores = layers.Dense(2, activation="softmax")
    biased = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), scores])
    scores.set_weights([np.array([[0, 1 / 9]] * 9, np.float32), np.array([0, -0.1], np.float32)])  # 1 over 0.1, not 0.5
    result = run(biased, IMAGES)
    other = next(entry for entry in result.variants if entry.name == "\N{MINUS SIGN}1 to 1")
    assert (result.declared.value, other.accuracy.value, other.gained, other.lost) == (0.4, 1.0, 18, 0)
    assert other.p_value == 1.0
    assert list(PreprocessingCheck().findings(result, LIMITS)) == []
    told = replace(result, variants=(replace(other, p_value=mcnemar_exact(18, 0)),))
    assert [one.code for one in PreprocessingCheck().findings(told, LIMITS)] == ["other-preprocessing"]


def test_of_sets_of_classes_each_may_have_another_threshold_before_another_scale_is_named() -> None:
    scores = layers.Dense(2, activation="sigmoid")
    biased = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), scores])
    # both classes are there over 0.5; the first is said over 0.1
    scores.set_weights([np.full((9, 2), 1 / 9, np.float32), np.array([-0.1, -0.5], np.float32)])
    result = run(biased, IMAGES, np.stack([LABELS, LABELS], axis=1))
    other = max(result.variants, key=lambda entry: entry.gained - entry.lost)
    assert (other.gained, other.lost, other.p_value) == (18, 0, 1.0)
    assert (result.declared.value, result.exact) == (0.4, True)
    assert list(PreprocessingCheck().findings(result, LIMITS)) == []


def test_a_variant_that_200_samples_leave_open_is_run_on_all_others(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.analyses.preprocessing_check.analysis._at_best", lambda *_: None)
    generator = np.random.default_rng(4)
    brightness = generator.permutation(np.repeat([40, 160, 160, 250], 200))  # 160 is 1 as declared, and 0 as -1 to 1
    images = np.tile(brightness[:, None, None, None], (1, 3, 3, 1)).astype(np.uint8)
    labels = np.where(brightness == 160, generator.random(800) < 0.4, brightness > 160).astype(int)
    result = run(model, images, labels)
    best = next(entry for entry in result.variants if entry.looks == 2)
    between = brightness == 160
    gained, lost = int((between & (labels == 0)).sum()), int((between & (labels == 1)).sum())
    assert (best.accuracy.trials, best.gained, best.lost) == (800, gained, lost)
    assert best.p_value == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert max(entry.accuracy.trials for entry in result.variants if entry is not best) == 200
    (finding,) = PreprocessingCheck().findings(result, LIMITS)
    assert (finding.subject, result.checked) == (best.name, 800)
    assert finding.evidence["p_value"] == best.p_value * 2 * len(result.variants)
    twice = sum(entry.accuracy.trials for entry in result.variants)
    assert twice <= 2 * 800


def test_where_no_variant_could_be_better_by_more_than_chance_none_is_scored(model: Any) -> None:
    # eight answers of 60 are wrong: made right by one of six variants they give p = 2 / 2^8 * 6 = 0.047, seven 0.09
    eight = run(model, IMAGES, LABELS ^ (np.arange(60) < 8))
    assert (eight.out_of_reach, len(eight.variants)) == (False, 6)
    seven = run(model, IMAGES, LABELS ^ (np.arange(60) < 7))
    assert (seven.out_of_reach, seven.variants, seven.checked) == (True, (), 60)
    assert (seven.declared.successes, seven.declared.trials) == (53, 60)
    assert list(PreprocessingCheck().findings(seven, LIMITS)) == []


@pytest.mark.dear
@pytest.mark.parametrize(("count", "first", "passes"), [(60, 10, 120), (120, 20, 240), (600, 50, 750)])
def test_all_variants_together_take_two_passes_for_each_evaluated_sample(
    model: Any, count: int, first: int, passes: int
) -> None:
    ran: list[int] = []
    scores = model.get_layer("scores")
    given = context(model, np.tile(IMAGES, (count // 60, 1, 1, 1)), np.tile(MISTAKEN, count // 60))
    with recording({"scores": scores}, lambda _, output: ran.append(len(output))):
        result = PreprocessingCheck().run(given)
    assert isinstance(result, PreprocessingCheckResult)
    # those that are not behind then share what the first round leaves, up to 200 samples each
    assert (result.first, sum(ran)) == (first, passes)


def priced(given: AnalysisContext, passes: int) -> AnalysisContext:
    """Return the context of a model of which `quick` pays for so many passes."""
    layer = LayerSummary("conv", "Conv2D", None, 1, True, multiply_adds=5_000_000_000 // passes)
    return replace(given, layers=(layer,), options=replace(given.options, effort="quick"))


@pytest.mark.parametrize(("passes", "first", "checked"), [(12, 0, 0), (13, 1, 2), (40, 3, 10)])
def test_variants_are_scored_where_the_effort_pays_for_as_many_as_can_decide(
    model: Any, passes: int, first: int, checked: int
) -> None:
    """Six variants: 8 samples gained and none lost are the fewest that chance does not explain, p = 2 / 2**8 * 6 = 0.047."""
    given = context(model, IMAGES, options=ReportOptions(scale="none", max_evaluated=60))
    found = PreprocessingCheck().run(priced(given, passes))
    if not first:
        assert found == Skip("The budget of effort “quick” does not pay for it; --effort standard does.")
        return
    assert isinstance(found, PreprocessingCheckResult)
    assert (found.first, found.checked, found.too_few) == (first, checked, checked < 8)


def test_a_scale_that_does_not_fit_is_told_where_the_effort_pays_for_too_few_to_score() -> None:
    given = priced(context(normalised(255), MANY, np.arange(64) % 3), 6)
    found = PreprocessingCheck().run(given)
    assert isinstance(found, PreprocessingCheckResult)
    assert (found.too_few, found.declared, found.variants) == (True, None, ())
    assert [one.subject for one in PreprocessingCheck().findings(found, LIMITS)] == ["0 to 255"]


def test_samples_declared_raw_to_a_model_of_0_to_1_are_a_problem(model: Any) -> None:
    result = run(model, IMAGES, options=ReportOptions(scale="none"))
    # all bytes are over 0.5, so that 1 is always said; four variants gain on the first 10 and share the 60 passes left
    wrong = int((LABELS[np.random.default_rng(DEFAULTS.seed).permutation(60)[:25]] == 0).sum())
    assert (result.declared.successes, result.declared.trials, result.same) == (25 - wrong, 25, ("0 to 255",))
    best = result.variants[0]
    assert (best.name, best.gained, best.lost) == ("0 to 1", wrong, 0)
    (finding,) = PreprocessingCheck().findings(result, LIMITS)
    assert (finding.code, finding.severity, finding.subject) == ("other-preprocessing", Severity.PROBLEM, "0 to 1")
    assert finding.message == (
        "samples scaled '0 to 1' give an accuracy of 100.0% instead of 44.0% on 25 samples: 14 gained, 0 lost (p = 0.00073 "
        "after correction for 6 variants, limit 0.05); use --scale unit"
    )
    assert finding.action == "Run the report again with --scale unit, and compare."


def test_floats_in_0_to_1_are_tried_as_bytes(model: Any) -> None:
    result = run(model, (IMAGES / np.float32(255)).astype(np.float32), MISTAKEN)
    assert result.same == ("0 to 1",)
    assert shares(result)["0 to 255"] == pytest.approx(MISTAKEN[drawn_first(result)].mean())


def test_values_of_unknown_range_are_tried_as_stored(model: Any) -> None:
    images = IMAGES.astype(np.float32) * 100
    result = run(model, images, MISTAKEN)
    assert result.same == ("as stored",)
    assert set(shares(result)) == {
        "the samples’ own mean and deviation",
        "each image standardised",
        "height and width transposed",
        "inverted",
    }
    assert (
        result.left_out[0]
        == "The stored values do not show how black and white are stored, so no other range was tried."
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
    images = np.zeros((60, 2, 2, 3), np.uint8)
    images[1::2, ..., 0], images[::2, ..., 2] = 255, 255
    result = run(model, images, MISTAKEN)
    assert shares(result)["channels reversed"] == pytest.approx(1 - (LABELS == MISTAKEN)[drawn_first(result)].mean())
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
    assert "no labels" in run(normalised(1.0), MANY, None).reason
    assert PreprocessingCheck().run(replace(given, samples=None)) == Skip("Give --samples.")
    number = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(number, IMAGES, np.arange(60)).reason == (
        "The labels are numbers, not classes, so no prediction is right or wrong."
    )
    maps = keras.Sequential([keras.Input((3, 3, 1)), layers.Conv2D(2, 1)])
    assert "not one score per class" in run(maps, IMAGES, np.arange(60) % 2).reason
    assert given.samples is not None
    numbers = replace(given, samples=replace(given.samples, labels=Targets(np.linspace(0, 1, 60))))
    assert PreprocessingCheck().run(numbers).reason.startswith("The labels are numbers")
    outputs = np.full((60, 2), np.nan, np.float32)
    nowhere = replace(context(model, IMAGES).samples, activations=Activations(outputs=outputs))
    assert PreprocessingCheck().run(replace(given, samples=nowhere)).reason == (
        "Some outputs are NaN or infinite, so no prediction can be scored."
    )


def test_a_variant_that_is_wrong_often_too_is_a_note_about_something_else() -> None:
    entry = VariantAccuracy("0 to 1", measure(64, 100), 40, 0, mcnemar_exact(40, 0))
    # 64 of 100 are at least 54.2%; half the errors of a class with 10% of the samples leave 55%, with 8% 54%
    for majority, severity in ((0.1, Severity.NOTE), (0.08, Severity.PROBLEM)):
        result = PreprocessingCheckResult(100, 100, measure(24, 100), (entry,), (), (), majority=majority)
        (finding,) = PreprocessingCheck().findings(result, LIMITS)
        assert finding.severity is severity
        other = "so something else may be wrong"
        assert finding.message.endswith(other) is (severity is Severity.NOTE)


def test_bytes_stay_bytes_when_they_are_inverted(model: Any) -> None:
    samples = context(model, IMAGES).samples
    assert samples is not None
    variants, _ = preprocessing_variants(samples, channel_moments(IMAGES.astype(np.float32)))
    np.testing.assert_allclose(variants["inverted"].apply(IMAGES), 1 - IMAGES / 255, atol=1e-6)


def one_finding(model: Any, images: np.ndarray, labels: Any = None, **options: Any) -> Any:
    (finding,) = PreprocessingCheck().findings(run(model, images, labels, options=ReportOptions(**options)), LIMITS)
    return finding


def test_a_batch_normalisation_tells_without_labels_that_bytes_were_meant() -> None:
    finding = one_finding(normalised(255.0), MANY)
    assert (finding.code, finding.severity, finding.subject) == ("other-preprocessing", Severity.PROBLEM, "0 to 255")
    assert finding.message.startswith(
        "samples scaled '0 to 255' match the training data of norm, the first batch normalisation: "
    )
    assert finding.message.endswith("; reportgen itself divided by 255 (--scale auto); use --scale none")
    assert finding.evidence["variance_ratio"] == pytest.approx(1, abs=0.1)
    assert finding.evidence["declared_variance_ratio"] == pytest.approx(1 / 65025, rel=0.2)
    assert finding.follows_from == ("non-finite-weights",)
    scored = one_finding(normalised(255.0), MANY, np.arange(64) % 3)
    assert "; so scaled" in scored.message


def test_dead_channels_of_the_batch_normalisation_do_not_hide_that_bytes_were_meant() -> None:
    """Three of four filters are zero, whose variance is about 0 in any scale, as of a published model of ages."""
    model = normalised(255.0)
    conv, norm = model.get_layer("conv"), model.get_layer("norm")
    kernel, bias = conv.get_weights()
    alive = np.arange(4) == 3
    conv.set_weights([kernel * alive, bias])
    gamma, beta, mean, variance = norm.get_weights()
    norm.set_weights([gamma, beta, mean * alive, np.where(alive, variance, 1e-30)])
    finding = one_finding(model, MANY)
    assert (finding.severity, finding.subject) == (Severity.PROBLEM, "0 to 255")
    assert finding.evidence["declared_variance_ratio"] == pytest.approx(1 / 65025, rel=0.5)


@pytest.mark.parametrize(
    ("largest", "images", "scale", "name", "option"),
    [
        (1.0, MANY, "none", "0 to 1", "; use --scale unit"),
        (1.0, MANY.astype(np.float32), "auto", "0 to 1", "; use --scale unit"),
        (1.0, (MANY / 255).astype(np.float32), "unit", "0 to 1", "; use --scale none"),
        (255.0, (MANY / 255).astype(np.float32), "auto", "0 to 255", "limit 0.15)"),
        (1.0, (MANY / 255 / 255).astype(np.float32), "auto", "0 to 1", "limit 0.15)"),
        (1.0, MANY, "symmetric", "0 to 1", "; use --scale unit"),
    ],
)
def test_scales_that_the_user_gave_and_floats_are_told_apart_too(
    largest: float, images: np.ndarray, scale: str, name: str, option: str
) -> None:
    finding = one_finding(normalised(largest), images, scale=scale)
    assert (finding.subject, finding.severity) == (name, Severity.PROBLEM)
    assert finding.message.endswith(option)


def test_half_the_scale_and_another_mean_are_a_warning_that_names_the_option() -> None:
    """As of a published classifier of expressions, which was trained on -1 to 1 and has 0.2 nats on faces of 0 to 1."""
    result = run(normalised(1.0), MANY, None, options=ReportOptions(scale="none"))
    far = replace(result.as_declared, distance=0.194, ratio=0.376, spread=0.7)
    near = replace(result.scales[0], name="−1 to 1", option="--scale symmetric", distance=0.033, ratio=0.69)
    (finding,) = findings(replace(result, as_declared=far, scales=(near,)), LIMITS)
    assert (finding.code, finding.severity, finding.threshold) == ("other-preprocessing", Severity.WARNING, 0.15)
    assert finding.message.endswith("(divergence 0.033 against 0.19, limit 0.15); use --scale symmetric")
    for declared, other in ((0.14, 0.03), (0.38, 0.22)):
        scales = (replace(near, distance=other),)
        assert not list(findings(replace(result, as_declared=replace(far, distance=declared), scales=scales), LIMITS))


def test_a_scale_that_fits_is_not_questioned_and_nothing_is_run_again() -> None:
    for model, images in ((normalised(1.0), MANY), (normalised(255.0), MANY.astype(np.float32))):
        assert isinstance(run(model, images, None), Skip)
        assert run(model, images, np.arange(64) % 3).as_declared is None


def test_statistics_that_were_never_updated_tell_nothing() -> None:
    model = normalised(255.0)
    norm = model.get_layer("norm")
    norm.set_weights([*norm.get_weights()[:2], np.zeros(4), np.ones(4)])
    assert run(model, MANY, np.arange(64) % 3).normalization == ""


def test_without_a_batch_normalisation_scores_that_hardly_differ_are_a_doubt() -> None:
    finding = one_finding(normalised(255.0, norm=False), MANY)
    assert (finding.subject, finding.code) == ("0 to 255", "other-preprocessing")
    assert finding.severity < Severity.PROBLEM
    assert "only labels can prove it; reportgen itself divided by 255" in finding.message


def test_a_scale_that_helps_a_layer_which_never_fires_is_a_note_that_follows_from_it() -> None:
    entry = VariantAccuracy("0 to 255", measure(90, 100), 80, 0, mcnemar_exact(80, 0), "--scale none")
    result = PreprocessingCheckResult(100, 100, measure(10, 100), (entry,), (), (), majority=0.1, dead_layer="conv")
    (finding,) = PreprocessingCheck().findings(result, LIMITS)
    assert (finding.severity, finding.explains, finding.follows_from[0]) == (Severity.NOTE, False, "silent-channels")
    assert finding.message.endswith("; but conv never fires as used, which may be the cause")


def test_a_variant_that_may_be_no_better_than_the_most_frequent_label_is_not_named() -> None:
    entry = VariantAccuracy("inverted", measure(28, 200), 27, 0, mcnemar_exact(27, 0))
    result = PreprocessingCheckResult(200, 200, measure(1, 200), (entry,), (), (), majority=0.12)
    assert list(PreprocessingCheck().findings(result, LIMITS)) == []


def test_imagenets_means_are_subtracted_as_keras_does_and_each_channel_normalised() -> None:
    images = np.random.default_rng(4).integers(0, 256, (8, 4, 4, 3)).astype(np.uint8)
    model = keras.Sequential([keras.Input((4, 4, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    samples = context(model, images, None).samples
    assert samples is not None
    variants, _ = preprocessing_variants(samples, channel_moments(images.astype(np.float32)))
    expected = keras.applications.imagenet_utils.preprocess_input(images.astype(np.float32), mode="caffe")
    np.testing.assert_allclose(variants["ImageNet means subtracted, blue first"].apply(images), expected, atol=1e-4)
    own = variants["the samples’ own mean and deviation"].apply(images)
    np.testing.assert_allclose([own.mean(axis=(0, 1, 2)), own.std(axis=(0, 1, 2))], [[0] * 3, [1] * 3], atol=1e-5)
    turned = variants["height and width transposed"].apply(images)
    np.testing.assert_allclose(turned, images.transpose(0, 2, 1, 3) / np.float32(255))
