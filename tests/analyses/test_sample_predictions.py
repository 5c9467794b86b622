"""The chosen samples, what the model says of them, and inputs it was not made for."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples

from reportgen.analyses.base import Skip
from reportgen.analyses.sample_predictions.analysis import SamplePredictions
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult
from reportgen.analyses.sample_predictions.rules import spreads_of, variation_of
from reportgen.models.graphs import UNKNOWN_HEAD, Head
from reportgen.results.findings import Finding, Severity
from reportgen.results.plottables import Palette
from reportgen.samples import PictureTargets

IMAGES = np.zeros((9, 4, 4, 1), np.uint8)
SUMMARY = evaluated_samples(IMAGES, chosen=2, first=30, labels=[1] * 9).summary
GENERATOR = np.random.default_rng(6)


def run(outputs: Any, *, images: np.ndarray | None = None, **given: Any) -> Any:
    count = min(len(outputs), 2) if images is None else len(images)
    images = IMAGES if images is None else images
    fields = {"expected_range": (0, 255), "rescaled": True, **given}
    samples = evaluated_samples(images, chosen=count, first=30, outputs=outputs, **fields)
    return SamplePredictions().run(context(samples))


def test_top_five_classes_are_listed_by_falling_probability() -> None:
    row = [0.05, 0.3, 0.1, 0.25, 0.1, 0.2]
    result = run([row, row[::-1], row], labels=[1, 1], class_names=("a", "b", "c", "d", "e", "f"))
    first, second = result.shown
    assert [entry.name for entry in first.top] == ["b", "d", "f", "c", "e"]
    assert [entry.probability for entry in first.top] == pytest.approx([0.3, 0.25, 0.2, 0.1, 0.1])
    assert (first.index, first.name, first.label, first.correct) == (30, "x[30]", "b", True)
    assert [entry.name for entry in second.top][:2] == ["e", "c"]
    assert (second.index, second.label, second.correct) == (31, "b", False)
    assert (result.rule, result.summary, result.expected_range, result.rescaled) == ("", SUMMARY, (0, 255), True)


def test_without_labels_nothing_is_right_or_wrong() -> None:
    (shown,) = run([[0.4, 0.6]]).shown
    assert (shown.label, shown.correct, shown.output) == (None, None, None)
    assert [entry.name for entry in shown.top] == ["class 1", "class 0"]


def test_logits_are_shown_as_probabilities_with_the_rule() -> None:
    result = run([[0.0, np.log(3)], [-1, -1]])
    assert result.shown[0].top == (
        ClassProbability("class 1", pytest.approx(0.75), 1),
        ClassProbability("class 0", pytest.approx(0.25), 0),
    )
    assert result.rule == "The outputs are not probabilities and were taken as logits: softmax was applied."


def test_single_sigmoid_is_two_classes() -> None:
    (shown,) = run([[0.25]], labels=[0]).shown
    assert shown.top == (ClassProbability("class 0", 0.75, 0), ClassProbability("class 1", 0.25, 1))
    assert shown.correct is True


def test_regression_shows_the_output_itself() -> None:
    result = run([[3.5], [-1.25]], labels=[0, 0])
    first, second = result.shown
    assert (first.output, second.output) == ((3.5,), (-1.25,))
    assert (first.top, first.correct, first.label) == ((), None, "0")
    assert result.rule == "The output is not one score per class, so no class is predicted."


def test_large_outputs_are_not_shown() -> None:
    assert run(np.ones((1, 2, 3))).shown[0].output is None
    assert run(np.ones((1, 1, 5))).shown[0].output == (1, 1, 1, 1, 1)


def test_non_finite_outputs_are_said_to_be_so() -> None:
    result = run([[np.nan, 1.0]])
    assert result.rule == "Some outputs are NaN or infinite, so no class is predicted."
    assert result.shown[0].top == ()


def picture_of(images: np.ndarray) -> Any:
    result = run([[0.5, 0.5]] * len(images), images=images)
    return result.shown[0].picture


def test_grey_picture_is_the_stored_image() -> None:
    images = GENERATOR.integers(0, 256, (2, 4, 5, 1)).astype(np.uint8)
    picture = picture_of(images)
    np.testing.assert_array_equal(picture.images, images[:1, :, :, 0])
    assert (picture.palette, picture.value_range, picture.labels, picture.total) == (Palette.GREY, (0, 255), ("30",), 1)
    assert picture.maxima.tolist() == [images[0].max()]


@pytest.mark.parametrize("channels", [3, 4])
def test_colour_picture_has_three_channels(channels: int) -> None:
    images = GENERATOR.integers(0, 256, (1, 4, 5, channels)).astype(np.uint8)
    picture = picture_of(images)
    np.testing.assert_array_equal(picture.images, images[..., :3])
    assert picture.palette is Palette.COLOUR


def test_other_numbers_of_channels_are_averaged() -> None:
    images = GENERATOR.normal(size=(1, 4, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(picture_of(images).images, images.mean(axis=-1), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.25, 0.5], (0, 1)), ([-1, 0.5], (-1, 0.5)), ([0, 4095], (0, 4095)), ([7, 7], (7, 8)), ([np.nan, 3], (3, 4))],
)
def test_scale_of_a_picture_is_known_or_measured(values: list[float], expected: tuple[float, float]) -> None:
    assert picture_of(np.array(values).reshape(1, 1, 2, 1)).value_range == expected


def test_picture_without_any_number_has_a_scale() -> None:
    assert picture_of(np.full((1, 2, 2, 1), np.nan)).value_range == (0, 1)


def test_large_picture_is_reduced_to_block_means() -> None:
    images = GENERATOR.normal(size=(1, 256, 200, 1)).astype(np.float32)
    result = run([[0.5, 0.5]], images=images)
    assert result.reduction == 2
    expected = images[0, :, :, 0].reshape(128, 2, 100, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(result.shown[0].picture.images[0], expected, atol=1e-6)


def test_one_dimensional_sample_is_a_strip_with_a_row_for_each_channel() -> None:
    images = GENERATOR.normal(size=(1, 9, 2)).astype(np.float32)
    np.testing.assert_array_equal(picture_of(images).images, images.transpose(0, 2, 1))


def test_a_three_dimensional_sample_is_its_central_slices() -> None:
    images = GENERATOR.normal(size=(1, 3, 5, 7, 2)).astype(np.float32)
    picture = picture_of(images).images[0]
    assert picture.shape == (5, 7 + 1 + 7 + 1 + 5)
    np.testing.assert_allclose(picture[:, :7], images[0, 1].mean(axis=-1), atol=1e-6)
    np.testing.assert_allclose(picture[:3, 8:15], images[0, :, 2].mean(axis=-1), atol=1e-6)
    assert np.isnan(picture[:, 7]).all()


def test_other_samples_have_no_picture() -> None:
    assert picture_of(np.zeros((2, 7))) is None


def pictures(outputs: np.ndarray, labels: Any = None, images: np.ndarray | None = None, activation: str = "") -> Any:
    samples = evaluated_samples(IMAGES if images is None else images, chosen=2, first=30, outputs=outputs)
    head = Head(activation, "out") if activation else UNKNOWN_HEAD
    result = SamplePredictions().run(context(replace(samples, labels=labels), head=head))
    assert isinstance(result, SamplePredictionsResult)
    return result.outputs


def test_masks_stand_beside_input_target_and_error_with_the_worst_first() -> None:
    masks = GENERATOR.integers(0, 3, (9, 4, 4))
    scores = np.eye(3)[masks]
    scores[1, :2] = np.roll(scores[1, :2], 1, axis=-1)
    shown = pictures(scores, PictureTargets(masks, (), 3))
    assert (shown.parts, shown.classes, shown.measure) == (("input", "output", "target", "error"), 3, "overlap")
    assert shown.figure.labels[1] == "30 (1)"
    assert (shown.figure.labels[0][:2], shown.values[0] < 0.9, shown.values[1]) == ("31", True, 1)
    np.testing.assert_array_equal(shown.figure.panels[1].images, scores[[1, 0]].argmax(axis=-1))
    np.testing.assert_array_equal(shown.figure.panels[2].images, masks[[1, 0]])
    np.testing.assert_array_equal(shown.figure.panels[3].images[0][:2], 1)
    assert not shown.figure.panels[3].images[1].any()


def test_pixels_without_a_class_are_empty_in_target_and_error_and_count_for_no_overlap() -> None:
    masks = GENERATOR.integers(0, 3, (9, 4, 4))
    scores = np.eye(3)[np.where(np.arange(4) < 2, masks, (masks + 1) % 3)]
    masks[:, :, 2:] = -1
    masks[1] = -1
    shown = pictures(scores, PictureTargets(masks, (), 3))
    assert (shown.values[0], np.isnan(shown.values[1]), shown.mean) == (1, True, 1)
    for panel in shown.figure.panels[2:]:
        assert np.isnan(panel.images[0, :, 2:]).all()
        assert np.isfinite(panel.images[0, :, :2]).all()
    assert np.isfinite(shown.figure.panels[1].images).all()


def test_of_volumes_the_middle_slice_with_an_object_is_shown_of_input_output_and_target() -> None:
    volumes = GENERATOR.random((9, 8, 4, 4, 1)).astype(np.float32)
    masks = np.zeros((9, 4, 4, 4), np.int64)
    masks[0, 1:, 2, 2] = 1
    scores = np.eye(2)[masks]
    shown = pictures(scores, PictureTargets(masks, (), 2), images=volumes)
    assert (shown.parts, shown.slices) == (
        ("input", "output", "target", "error"),
        (2, 2),
    )  # of 1, 2, 3; of none the central one
    np.testing.assert_array_equal(shown.figure.panels[0].images, volumes[:2, 4, :, :, 0])
    np.testing.assert_array_equal(shown.figure.panels[2].images, masks[:2, 2])
    rebuilt = pictures(volumes + np.float32(0.1), PictureTargets(volumes), images=volumes)
    assert (rebuilt.slices, rebuilt.values) == ((4, 4), pytest.approx((0.1, 0.1), abs=1e-6))
    assert pictures(scores, PictureTargets(masks, (), 2)).slices == (2, 2)  # of pictures as inputs


def test_images_stand_beside_target_and_error_by_their_root_mean_square_error() -> None:
    targets = GENERATOR.random((9, 4, 4, 1)).astype(np.float32)
    outputs = targets + np.float32([0.1, 0.2, *[0] * 7]).reshape(9, 1, 1, 1)
    shown = pictures(outputs, PictureTargets(targets))
    assert (shown.parts, shown.classes, shown.measure) == (("input", "output", "target", "error"), 0, "error")
    assert shown.values == pytest.approx((0.2, 0.1), abs=1e-6)
    np.testing.assert_allclose(shown.figure.panels[3].images[0], 0.2, atol=1e-6)


def test_a_generator_shows_its_images_alone() -> None:
    outputs = GENERATOR.normal(size=(9, 6, 5, 3))
    shown = pictures(outputs, images=np.zeros((9, 16), np.float32))
    assert (shown.parts, shown.measure, shown.figure.labels) == (("output",), "", ("30", "31"))
    np.testing.assert_allclose(shown.figure.panels[0].images, outputs[:2], atol=1e-6)
    assert shown.figure.panels[0].palette is Palette.COLOUR


def test_without_labels_several_channels_are_classes_behind_a_softmax_alone() -> None:
    outputs = GENERATOR.random((9, 4, 4, 2)).astype(np.float32)
    assert [pictures(outputs, activation=name).classes for name in ("softmax", "sigmoid")] == [2, 0]
    assert pictures(GENERATOR.random((9, 4))) is None


def test_without_samples_the_section_is_a_skip() -> None:
    assert SamplePredictions().run(context()) == Skip("Give --samples.")


def findings(
    input_range: tuple[float, float], expected: tuple[float, float] | None = None, *, rescaled: bool = False
) -> list[Finding]:
    summary = replace(SUMMARY, input_range=input_range)
    return list(SamplePredictions().findings(SamplePredictionsResult(summary, (), "", 1, expected, rescaled), LIMITS))


@pytest.mark.parametrize("high", [16.0, 1.0])
def test_inputs_up_to_the_limit_are_no_finding(high: float) -> None:
    assert findings((0, high)) == []


def test_inputs_over_the_limit_look_like_bytes() -> None:
    (finding,) = findings((0, 16.1))
    assert (finding.code, finding.severity, finding.subject) == ("unscaled-input", Severity.WARNING, "samples")
    assert finding.message == (
        "inputs look unscaled: they span 0 to 16.1, never negative, and the model has no rescaling layer (limit 16)"
    )
    assert (finding.evidence, finding.threshold) == ({"lowest": 0, "highest": 16.1}, 16)
    assert "unit variance" in finding.source


def test_inputs_below_zero_do_not_look_like_bytes() -> None:
    assert findings((-0.1, 255)) == []


def test_inputs_of_a_model_that_rescales_in_its_own_way_are_no_finding() -> None:
    assert findings((0, 255), rescaled=True) == []


@pytest.mark.parametrize("input_range", [(0, 255), (0, 31.9), (0, 2039)])
def test_inputs_within_a_factor_of_eight_of_what_is_expected_are_no_finding(input_range: tuple[float, float]) -> None:
    assert findings(input_range, (0, 255), rescaled=True) == []


@pytest.mark.parametrize(
    ("input_range", "ratio", "span"),
    [((0, 31.8), 31.8 / 255, "0 to 31.8"), ((-1, 2040), 2041 / 255, "\N{MINUS SIGN}1 to 2040")],
)
def test_inputs_far_from_what_the_rescaling_expects_are_a_problem(
    input_range: tuple[float, float], ratio: float, span: str
) -> None:
    (finding,) = findings(input_range, (0, 255), rescaled=True)
    assert (finding.code, finding.severity, finding.subject) == ("input-range", Severity.PROBLEM, "samples")
    assert finding.message == (
        f"inputs span {span}, but the model's own rescaling expects 0 to 255 (limit: a factor of 8)"
    )
    assert finding.evidence == {"lowest": input_range[0], "highest": input_range[1], "ratio": pytest.approx(ratio)}
    assert finding.threshold == 8
    assert "rescaling layer" in finding.source
    assert finding.action == "Run the report again with --scale none: the model itself rescales what is stored."


@pytest.mark.parametrize(
    ("changes", "code", "passes", "fails"),
    [
        ({"non_finite": 3}, "non-finite-output", 3, 2),
        ({"variation": 0.02}, "constant-output", 0.02, 0.021),
        ({"expected_range": (0.0, 0.25)}, "input-range", 4, 3.9),
        ({"expected_range": None, "rescaled": False}, "unscaled-input", 1, 0.9),
    ],
)
def test_the_limits_given_decide(changes: dict[str, Any], code: str, passes: float, fails: float) -> None:
    summary = replace(SUMMARY, input_range=(0.0, 1.0))
    result = replace(SamplePredictionsResult(summary, (), "", 1, None, True), **changes)
    assert list(SamplePredictions().findings(result, LIMITS | {code: passes})) == []
    (finding,) = SamplePredictions().findings(result, LIMITS | {code: fails})
    assert (finding.code, finding.threshold) == (code, fails)


def test_two_runs_that_differ_are_a_problem_of_the_first_layer_that_differs() -> None:
    result = SamplePredictionsResult(evaluated_samples(np.zeros((1, 2))).summary, (), "", 1, None, True)
    for change, expected in ((1e-4, 0), (2e-4, 1)):
        found = list(SamplePredictions().findings(replace(result, repeat_change=change, unsteady_layer="drop"), LIMITS))
        assert len(found) == expected
    (finding,) = SamplePredictions().findings(replace(result, repeat_change=0.5), LIMITS)
    assert (finding.code, finding.severity.label, finding.subject) == ("non-deterministic-output", "problem", "outputs")
    assert finding.message == (
        "outputs differ between two runs by up to 0.5 of the largest (limit 0.0001), as with dropout left on; maps, "
        "masked channels and other scales are not judged"
    )


def test_a_target_stands_beside_the_output() -> None:
    (shown,) = run([[0.4, 0.6]]).shown
    assert shown.target is None
    result = run([[3.5]], targets=[0.25], expected_range=None)
    assert isinstance(result, SamplePredictionsResult)
    assert [(one.output, one.target) for one in result.shown] == [((3.5,), (0.25,))]


def test_outputs_that_are_the_same_for_all_samples_are_a_problem() -> None:
    # the mean is (0.5, 0.5), 0.5 + 0.5 short of certainty; each sample is 2 x 0.004 away
    result = run([[0.504, 0.496], [0.496, 0.504]] * 3)
    assert result.variation == pytest.approx(0.008, rel=1e-4)
    finding = next(iter(SamplePredictions().findings(result, LIMITS)))
    assert (finding.code, finding.severity, finding.subject) == ("constant-output", Severity.PROBLEM, "outputs")
    assert finding.message == (
        "the model gives nearly the same output for all 9 samples (distance from the mean 0.008, limit 0.01)"
    )
    found = SamplePredictions().findings(replace(result, variation=0.01), LIMITS)
    assert "constant-output" not in [one.code for one in found]


def test_few_samples_and_certain_answers_say_nothing_about_constant_outputs() -> None:
    assert variation_of(np.array([[0.5, 0.5]] * 4)) is None
    assert variation_of(np.array([[0.5, 0.5]] * 5)) == 0.0
    assert variation_of(np.array([[1.0, 0.0]] * 50)) is None
    # certain answers, half of them each: each is 1 away from a mean that is 1 short of certainty
    assert variation_of(np.array([[1.0, 0.0], [0.0, 1.0]] * 3)) == pytest.approx(1.0)


def test_the_spread_of_numbers_is_their_deviation_over_the_targets() -> None:
    targets = GENERATOR.normal(size=(40, 3)) * [1, 100, 1]
    outputs = np.stack([targets[:, 0] / 2, np.full(40, 7.0), targets[:, 2]], axis=1).astype(np.float32)
    assert spreads_of(outputs, targets) == pytest.approx((0.5, 0.0, 1.0))
    assert spreads_of(outputs[:, :1], targets[:, 0]) == pytest.approx((0.5,))
    assert spreads_of(outputs[:4], targets[:4]) == ()
    unknown = spreads_of(outputs, None)
    assert (np.isnan(unknown[0]), unknown[1]) == (True, 0.0)


def test_the_spread_of_images_is_that_over_the_samples_of_that_over_all_pixels() -> None:
    fixed = GENERATOR.random((1, 6, 6, 2))
    assert spreads_of(np.repeat(fixed, 10, axis=0), None) == (0.0,)
    assert spreads_of(np.zeros((10, 6, 6, 2)), None) == (0.0,)
    assert spreads_of(GENERATOR.random((2000, 6, 6, 2)), None) == pytest.approx((1.0,), abs=0.01)


def test_one_constant_output_of_several_is_named() -> None:
    targets = GENERATOR.normal(size=(30, 3))
    outputs = targets.astype(np.float32)
    outputs[:, 1] = 2
    samples = evaluated_samples(GENERATOR.random((30, 4, 4, 1)), chosen=2, first=0, outputs=outputs, targets=targets)
    analysis = SamplePredictions()
    result = analysis.run(context(samples))
    (finding,) = [one for one in analysis.findings(result, LIMITS) if one.code == "constant-output"]
    assert finding.message == "1 of 3 outputs is nearly the same for all 30 samples: 1 (limit 0.01)"
    assert result.variation == pytest.approx(1.0)
