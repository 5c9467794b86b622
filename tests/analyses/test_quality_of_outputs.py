"""Masks, images and several numbers against their labels: when they become a finding, and what is claimed of them."""

from typing import Any

import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples

from reportgen.analyses.prediction_quality.analysis import PredictionQuality
from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.errors import UsageError
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.samples.labels import PictureTargets, Targets

COUNT = 40


def generator() -> np.random.Generator:
    return np.random.default_rng(5)


MASKS = np.where(generator().random((COUNT, 8, 8)) < 0.7, 0, generator().integers(1, 4, (COUNT, 8, 8)))
IMAGES = generator().random((COUNT, 8, 8, 1)).astype(np.float32)
NUMBERS = generator().normal(size=(COUNT, 3)) * [1, 10, 100]


def measured(outputs: np.ndarray, labels: Any, *, claims: tuple[str, ...] = (), count: int = COUNT) -> Any:
    samples = evaluated_samples(IMAGES[:count], chosen=2, first=100, outputs=outputs[:count])
    samples = type(samples)(**{**vars(samples), "labels": labels.take(slice(count))})
    result = PredictionQuality().run(context(samples, expect=claims))
    assert isinstance(result, PredictionQualityResult)
    return result


def said(outputs: np.ndarray, labels: Any, **given: Any) -> list[Finding | Inconclusive]:
    return list(PredictionQuality().findings(measured(outputs, labels, **given), LIMITS))


def of_masks(predicted: np.ndarray, masks: np.ndarray = MASKS, **given: Any) -> list[Finding | Inconclusive]:
    return said(np.eye(4)[predicted], PictureTargets(masks, (), 4), **given)


def noisy(masks: np.ndarray, share: float) -> np.ndarray:
    drawn = generator()
    return np.where(drawn.random(masks.shape) < share, drawn.integers(0, 4, masks.shape), masks)


def test_good_masks_images_and_numbers_raise_nothing() -> None:
    assert of_masks(noisy(MASKS, 0.2)) == []
    assert said(IMAGES + 0.1, PictureTargets(IMAGES, ())) == []
    assert said(NUMBERS + generator().normal(size=NUMBERS.shape) * [0.3, 3, 30], Targets(NUMBERS)) == []


def test_masks_without_regard_to_the_image_are_no_better_than_the_most_frequent_class() -> None:
    (finding,) = of_masks(np.random.default_rng(9).integers(0, 4, MASKS.shape))
    assert (finding.code, finding.subject) == ("no-better-than-majority", "masks")
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.PROBLEM
    assert finding.message.endswith("baseline 70.8% and 25.0%; 10% of its errors must be avoided")
    (open_,) = of_masks(np.random.default_rng(9).integers(0, 4, MASKS.shape), count=9)
    assert (type(open_), open_.code, open_.samples_needed) == (Inconclusive, "no-better-than-majority", 10)


def test_a_rare_class_that_is_mostly_found_counts_though_as_many_pixels_are_wrong() -> None:
    masks = (np.random.default_rng(3).random((COUNT, 8, 8)) < 0.05).astype(int)
    found = np.where(generator().random(masks.shape) < 0.94, masks, 1 - masks)
    result = measured(np.eye(4)[found], PictureTargets(masks, (), 4))
    assert result.segmentation.pixel_skill.value < 0
    assert result.segmentation.recall_skill.low > 0.5
    assert of_masks(found, masks) == []


def test_masks_of_one_class_are_a_constant_prediction() -> None:
    (finding,) = of_masks(np.zeros_like(MASKS))
    assert finding.code == "constant-prediction"
    assert finding.message == (
        "every pixel of all 40 samples is predicted as class 0, although 40 samples contain another class (limit 10)"
    )
    rare = np.zeros_like(MASKS)
    rare[:5, 0, 0] = 2
    (open_,) = of_masks(np.zeros_like(MASKS), rare)
    assert (type(open_), open_.samples_needed) == (Inconclusive, 80)


def test_a_class_that_no_pixel_is_predicted_to_have_is_named() -> None:
    (finding,) = of_masks(np.where(MASKS == 2, 0, MASKS))
    assert (finding.code, finding.message) == (
        "class-never-predicted",
        "1 of 4 classes is predicted for no pixel, although 10 masks or more contain it: class 2",
    )


def test_exchanged_classes_of_masks_are_named_with_the_masks_that_hold_them() -> None:
    found = of_masks(np.array([0, 3, 2, 1])[noisy(MASKS, 0.1)])
    assert [one.code for one in found] == ["permuted-labels"]
    assert found[0].message == (
        "class 1 is mostly predicted as class 3 in 100% of 40 masks, class 3 is mostly predicted as class 1 in 100% "
        "of 40 masks: labels and outputs order these classes differently (limit 50%)"
    )


def test_images_of_other_samples_are_no_better_than_the_mean_image() -> None:
    found = said(np.roll(IMAGES, 1, axis=0), PictureTargets(IMAGES, ()))
    assert [one.code for one in found] == ["no-better-than-mean"]
    halved = said(IMAGES * 0.3, PictureTargets(IMAGES * 0.9, ()))
    assert [one.code for one in halved] == ["no-better-than-mean", "no-better-than-input"]


def test_numbers_no_better_than_their_mean_are_a_warning_and_a_problem_where_none_is_better() -> None:
    outputs = NUMBERS.copy()
    outputs[:, 1] = np.roll(outputs[:, 1], 1)
    (finding,) = said(outputs, Targets(NUMBERS))
    assert isinstance(finding, Finding)
    assert (finding.code, finding.severity) == ("no-better-than-mean", Severity.WARNING)
    assert finding.message.startswith("1 of 3 outputs is no better than the mean label: 1; R² is ")
    finding, open_ = said(np.roll(NUMBERS, 1, axis=0), Targets(NUMBERS))
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.evidence["failing"]) == (Severity.PROBLEM, 2)
    assert (type(open_), open_.samples_needed) == (Inconclusive, 45)


def test_the_worst_of_all_samples_are_shown() -> None:
    outputs = IMAGES.copy()
    outputs[[7, 30]] += np.array([0.1, 0.3]).reshape(2, 1, 1, 1)
    result = measured(outputs, PictureTargets(IMAGES, ()))
    assert [one.index for one in result.worst[:2]] == [130, 107]
    assert result.worst[0].loss == pytest.approx(0.3)
    assert result.worst_outputs.parts == ("input", "output", "target", "error")
    np.testing.assert_array_equal(result.worst_outputs.figure.panels[1].images[0], outputs[30, ..., 0])
    numbers = NUMBERS.copy()
    numbers[12] += [0, 0, 500]
    worst = measured(numbers, Targets(NUMBERS)).worst[0]
    assert (worst.index, worst.label, worst.predicted) == (
        112,
        ", ".join(f"{value:.4g}" for value in NUMBERS[12]),
        ", ".join(f"{value:.4g}" for value in numbers[12]),
    )
    assert worst.loss == pytest.approx(500 / NUMBERS[:, 2].std() / np.sqrt(3))


@pytest.mark.parametrize(
    ("kind", "claim", "outcome"),
    [
        ("masks", "miou=0.9", "fail"),
        ("masks", "iou:1=0.4", "pass"),
        ("masks", "dice=0.95", "fail"),
        ("masks", "accuracy=0.8", "pass"),
        ("images", "psnr=25", "fail"),
        ("images", "psnr=19.9", "pass"),
        ("images", "ssim=0.999", "fail"),
        ("images", "rmse=0.11", "pass"),
        ("images", "r2=0.99", "fail"),
        ("numbers", "mae:1=2", "fail"),
        ("numbers", "r2:0=0.8", "pass"),
        ("numbers", "rmse=100", "pass"),
    ],
)
def test_claims_are_held_against_their_own_metric(kind: str, claim: str, outcome: str) -> None:
    outputs, labels = {
        "masks": (np.eye(4)[noisy(MASKS, 0.2)], PictureTargets(MASKS, (), 4)),
        "images": (IMAGES + 0.1, PictureTargets(IMAGES, ())),
        "numbers": (
            NUMBERS + generator().normal(size=NUMBERS.shape) * [0.3, 4, 30],
            Targets(NUMBERS),
        ),
    }[kind]
    (measured_claim,) = measured(np.asarray(outputs), labels, claims=(claim,)).claims
    assert measured_claim.outcome.value == outcome


def test_a_claim_on_another_kind_of_output_is_refused() -> None:
    with pytest.raises(UsageError, match="as the model predicts masks"):
        measured(np.eye(4)[MASKS], PictureTargets(MASKS, (), 4), claims=("psnr=20",))
