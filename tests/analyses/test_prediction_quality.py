"""Predictions against labels: which heads, which numbers, and when they become a finding."""

import re
from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import builders
import numpy as np
import pytest
from builders import LIMITS

from reportgen.analyses.base import AnalysisContext, AnalysisOptions, Skip
from reportgen.analyses.prediction_quality.analysis import PredictionQuality
from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.baselines import judge_accuracy
from reportgen.analyses.prediction_quality.rules.classes import Judgement, judge_never_predicted
from reportgen.analyses.prediction_quality.rules.confidence import judge_calibration
from reportgen.errors import UsageError
from reportgen.measures.calibration import Calibration, Confidences, calibrate
from reportgen.measures.classification import ClassificationQuality, ClassQuality
from reportgen.measures.intervals import Outcome, measure, wilson_interval
from reportgen.measures.temperature import Temperature, tempered
from reportgen.models.graphs import UNKNOWN_HEAD, Head
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.plottables import Palette
from reportgen.samples.labels import Targets, Unused

IMAGES = np.random.default_rng(3).integers(0, 256, (400, 4, 4, 1), dtype=np.uint8)


def context(
    outputs: Any, labels: Any = None, *, head: Head = UNKNOWN_HEAD, images: np.ndarray = IMAGES, names: Any = None
) -> AnalysisContext:
    outputs = np.asarray(outputs, np.float32)
    count = len(outputs)
    samples = builders.evaluated_samples(
        images[:count], chosen=1, first=500, labels=labels, outputs=outputs, class_names=names
    )
    return builders.context(samples, head=head)


def run(outputs: Any, labels: Any = None, **given: Any) -> Any:
    return PredictionQuality().run(context(outputs, labels, **given))


def scores(classes: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(classes)
    logits = generator.normal(size=(count, classes)).astype(np.float32)
    return logits, generator.integers(0, classes, count)


@pytest.mark.parametrize("classes", [2, 10, 100])
@pytest.mark.parametrize("head", [UNKNOWN_HEAD, Head("linear", "scores")])
def test_logits_are_judged_as_probabilities(classes: int, head: Head) -> None:
    logits, labels = scores(classes)
    result = run(logits, labels, head=head)
    quality = result.classification
    right = logits.argmax(axis=1) == labels
    assert (quality.accuracy.successes, quality.accuracy.trials) == (right.sum(), 300)
    assert quality.total_classes == len(quality.matrix.names) == classes
    assert quality.matrix.counts.trace() == right.sum()
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert quality.calibration.confidence == pytest.approx(probabilities.max(axis=1).mean(), rel=1e-5)
    assert result.regression is None


def test_a_single_sigmoid_is_two_classes() -> None:
    result = run([[0.9], [0.2], [0.6]], [1, 0, 0], head=Head("sigmoid", "scores"), names=("cat", "dog"))
    assert result.classification.matrix.counts.tolist() == [[1, 1], [0, 1]]
    assert [entry.name for entry in result.classification.classes] == ["cat", "dog"]
    assert result.rule == "The single output ends in a sigmoid: it is the probability of class 1."


def test_the_most_confidently_wrong_samples_come_first_then_the_hardest() -> None:
    generator = np.random.default_rng(8)
    values = generator.dirichlet([0.5] * 3, 40).astype(np.float32)
    labels = generator.integers(0, 3, 40)
    result = run(values, labels)
    wrong = [i for i in range(40) if values[i].argmax() != labels[i]]
    sure = sorted(wrong, key=lambda i: -values[i].max())[:4]
    hardest = [i for i in sorted(range(40), key=lambda i: values[i, labels[i]]) if i not in sure][:4]
    assert [sample.index for sample in result.worst] == [500 + i for i in sure + hardest]
    assert result.confidently == 4
    first = result.worst[0]
    assert (first.name, first.label, first.right) == (f"x[{500 + sure[0]}]", f"class {labels[sure[0]]}", False)
    assert first.probability == pytest.approx(values[sure[0]].max())
    np.testing.assert_array_equal(result.pictures.images, IMAGES[sure + hardest, :, :, 0])
    assert (result.pictures.palette, result.pictures.value_range) == (Palette.GREY, (0, 255))


def test_samples_that_are_not_images_have_no_pictures() -> None:
    assert run([[0.9, 0.1]], [0], images=np.zeros((1, 7))).pictures is None


def test_a_linear_output_with_other_labels_than_0_and_1_is_a_regression() -> None:
    result = run([[3.0], [10.0], [4.0]], [3, 7, 5], head=Head("linear", "age"))
    assert result.classification is None
    assert (result.regression.bias, result.regression.mean_absolute) == pytest.approx((2 / 3, 4 / 3))
    assert [(sample.index, sample.label, sample.predicted) for sample in result.worst] == [
        (501, "7", "10"),
        (502, "5", "4"),
        (500, "3", "3"),
    ]
    assert "last activation: linear" in result.rule
    (open_,) = PredictionQuality().findings(result, LIMITS)
    assert isinstance(open_, Inconclusive)
    # the mean of the labels is 5, so that 1 - (0 + 9 + 1) / (4 + 4 + 0) = -0.25
    assert open_.message == "R² is −0.250 on 3 samples, too few for an interval (limit 0.1)"
    assert (open_.code, open_.samples_needed) == ("no-better-than-mean", 10)


@pytest.mark.parametrize(
    ("outputs", "labels", "reason"),
    [
        ([[0.5, 0.5]], None, "The samples have no labels. Add --labels FILE to measure accuracy."),
        ([[np.nan, 0.5]], [0], "Some outputs are NaN or infinite"),
        (np.zeros((1, 4, 4, 2)), [0], "the model outputs 4 x 4 x 2 numbers per sample."),
    ],
)
def test_what_labels_cannot_be_held_against_is_a_skip_with_the_reason(outputs: Any, labels: Any, reason: str) -> None:
    result = run(outputs, labels)
    assert isinstance(result, Skip)
    assert reason in result.reason


def test_without_samples_the_section_is_a_skip() -> None:
    assert PredictionQuality().run(replace(context([[1.0]]), samples=None)) == Skip("Give --samples.")


def quality(support: int, predicted: int, hits: int, name: str = "a") -> ClassQuality:
    either = support + predicted - hits
    return ClassQuality(
        0, name, support, predicted, measure(hits, predicted), measure(hits, support), measure(hits, either)
    )


def calibration(error: float, chance: float) -> Calibration:
    return replace(calibrate(np.array([0.5]), np.array([True]), seed=0), error=error, chance=chance)


def result(**changes: Any) -> PredictionQualityResult:
    good = ClassificationQuality(
        accuracy=measure(190, 200),
        total_classes=2,
        majority="a",
        majority_share=0.5,
        classes=(quality(100, 100, 95), quality(100, 100, 95, "b")),
        matrix=None,
        confusions=(),
        calibration=calibration(0.05, 0.04),
        confident=50,
        confident_wrong=0,
    )
    changed = replace(good, **changes)
    return PredictionQualityResult("", changed.accuracy.trials, 200, changed, None, (), 0, None)


def said(**changes: Any) -> list[Finding | Inconclusive]:
    return list(PredictionQuality().findings(result(**changes), LIMITS))


def test_a_good_model_has_no_findings() -> None:
    assert said() == []


def test_accuracy_whose_upper_bound_is_under_the_limit_is_a_problem() -> None:
    # the share of a, 100 of 200, is at least 0.4313, which asks for 0.4313 + 0.1 x 0.5687 = 0.4882; of 200, 83 have the upper
    # bound 0.4843 and 84 have 0.4893
    (finding,) = said(accuracy=measure(83, 200))
    assert (finding.code, finding.severity, finding.subject) == (
        "no-better-than-majority",
        Severity.PROBLEM,
        "accuracy",
    )
    assert finding.message == (
        "no better than the baseline: accuracy is 41.5%, at most 48.4% (95%, 200 samples); always answering a gives "
        "50.0%, and avoiding 10% of its errors 55.0%"
    )
    (open_,) = said(accuracy=measure(84, 200))
    assert isinstance(open_, Inconclusive)
    assert (open_.code, open_.subject) == ("no-better-than-majority", "accuracy")
    assert open_.message == (
        "accuracy is 42.0% (35.4% to 48.9% at 95%, 200 samples); clearly beating the baseline of a (43.1% to 56.9%) "
        "takes 48.8% to 61.2%"
    )
    # with the same rates, 203 samples have the upper bound 0.4888 and ask for 0.4887; 204 have 0.4886 and ask for 0.4888
    assert open_.samples_needed == 204
    # the share is at most 0.5687, which asks for 0.6118; of 200, 136 have the lower bound 0.6125 and 135 have 0.6074
    assert said(accuracy=measure(136, 200)) == []
    assert judge_accuracy(measure(135, 200), measure(100, 200), 0.1).outcome is Outcome.INCONCLUSIVE
    # no number of samples decides where the accuracy is what was asked for
    assert judge_accuracy(measure(110, 200), measure(100, 200), 0.1).needed is None


def test_an_accuracy_on_too_few_samples_is_not_said_to_be_within_its_limits() -> None:
    (open_,) = said(accuracy=measure(0, 8), majority_share=1.0, classes=())
    assert isinstance(open_, Inconclusive)
    # at most 32.4%, where at least 67.6% + 0.1 x 32.4% is asked for
    assert open_.message == ("accuracy is 0.0%, the baseline (always a) 100.0%, on 8 samples; at least 10 are needed")
    assert open_.samples_needed == 10


@pytest.mark.parametrize("count", [1, 4, 8])
def test_a_few_samples_that_are_all_wrong_decide_nothing(count: int) -> None:
    for labels in (np.arange(count), np.zeros(count, np.int64)):
        values = np.eye(10)[(labels + 1 + np.arange(count) % 2) % 10] * 0.9 + 0.01
        found = PredictionQuality().findings(run(values, labels), LIMITS)
        assert [one for one in found if isinstance(one, Finding)] == []


def test_a_class_with_ten_samples_that_is_never_predicted_is_a_warning() -> None:
    (finding,) = said(classes=(quality(10, 0, 0, "rare"), quality(190, 200, 190, "b")))
    assert (finding.code, finding.severity, finding.subject) == ("class-never-predicted", Severity.WARNING, "classes")
    assert finding.message == "1 of 2 classes is never predicted, despite 10 samples or more: rare"
    (open_,) = said(classes=(quality(8, 0, 0, "rare"), quality(192, 200, 192, "b")))
    assert isinstance(open_, Inconclusive)
    assert open_.message == "1 class never predicted, with fewer than 10 samples: rare"
    assert open_.samples_needed == 250  # 10 of 8 in 200
    assert judge_never_predicted([quality(0, 0, 0)], 200, 10) == Judgement((), (), None)


def test_many_classes_are_cut_to_five_names() -> None:
    names = "abcdefg"
    found = said(classes=tuple(quality(20, 0, 0, name) for name in names), total_classes=7)
    assert found[0].message.endswith("each: a, b, c, d, e and 2 more")


def test_recall_whose_upper_bound_is_under_guessing_is_a_warning() -> None:
    # z of 1 - 0.05 / 2 is 2.2414; of 100, 38 have the upper bound 0.4919 and 39 have 0.5018
    (finding,) = said(classes=(quality(100, 60, 38), quality(100, 100, 95, "b")))
    assert (finding.code, finding.severity, finding.subject) == ("recall-below-chance", Severity.WARNING, "classes")
    assert finding.evidence == {"classes": 1, "total": 2, "limit": 0.5}
    (open_,) = said(classes=(quality(100, 60, 39), quality(100, 100, 95, "b")))
    assert isinstance(open_, Inconclusive)
    assert open_.message == "1 class with a recall too close to guessing (0.5) to decide: a"
    # 2.2414**2 x 0.25 / 0.11**2 = 103.8 samples of a class that has half of all
    assert open_.samples_needed == 208
    assert said(classes=(quality(100, 90, 62), quality(100, 100, 95, "b"))) == []


def test_of_a_model_at_chance_as_a_whole_no_recall_is_said_to_be_below_it() -> None:
    classes = (quality(100, 60, 38), quality(100, 100, 95, "b"))
    for changes in ({"accuracy": measure(40, 200)}, {"constant": "a"}):
        codes = [one.code for one in said(classes=classes, **changes)]
        assert codes
        assert "recall-below-chance" not in codes


def temperature(low: float, high: float) -> Temperature:
    return Temperature((low + high) / 2, low, high, 0.5, 0.4)


@pytest.mark.parametrize(
    ("error", "chance", "fit", "outcome", "needed"),
    [
        (0.1, 0.01, (0.9, 1.1), Outcome.PASS, None),
        (0.201, 0.1, (0.9, 1.1), Outcome.FAIL, None),
        (0.2, 0.1, (0.9, 1.1), Outcome.INCONCLUSIVE, 201),
        (0.15, 0.3, (0.9, 1.1), Outcome.INCONCLUSIVE, 7201),
        # a temperature certainly over 1.5 makes any error beyond chance count
        (0.05, 0.04, (1.51, 4), Outcome.FAIL, None),
        (0.05, 0.04, (1.5, 4), Outcome.PASS, None),
        (0.05, 0.051, (2, 4), Outcome.PASS, None),
        # one certainly under 1 / 1.5 shows that an error over its limit is none of chance
        (0.101, 0.09, (0.2, 0.66), Outcome.FAIL, None),
        (0.101, 0.09, (0.2, 0.67), Outcome.INCONCLUSIVE, 1620001),
        (0.1, 0.01, (0.2, 0.66), Outcome.PASS, None),
    ],
)
def test_calibration_is_judged_by_its_error_and_by_the_temperature(
    error: float, chance: float, fit: tuple[float, float], outcome: Outcome, needed: int | None
) -> None:
    judged = judge_calibration(calibration(error, chance), temperature(*fit), 200, 0.1)
    assert judged.outcome is outcome
    assert judged.needed == (needed if needed is None else pytest.approx(needed, rel=1e-6))
    found = said(calibration=calibration(error, chance), temperature=temperature(*fit))
    assert [type(one) for one in found] == {
        Outcome.PASS: [],
        Outcome.FAIL: [Finding],
        Outcome.INCONCLUSIVE: [Inconclusive],
    }[outcome]


def test_the_calibration_finding_says_which_way_the_model_errs() -> None:
    (finding,) = said(calibration=replace(calibration(0.3, 0.1), confidence=0.99))
    assert finding.message == (
        "calibration error is 0.300 (limit 0.1; a calibrated model has up to 0.100 by chance): mean confidence "
        "99.0%, accuracy 95.0%, overconfident"
    )
    (finding,) = said(calibration=replace(calibration(0.3, 0.1), confidence=0.6))
    assert finding.message.endswith("underconfident")
    (finding,) = said(
        calibration=replace(calibration(0.049, 0.01), confidence=0.999), temperature=Temperature(5, 3.5, 7, 0.5, 0.2)
    )
    assert finding.message == (
        "the logits must be divided by 5.00 (at least 3.50 at 95%, limit 1.5) to match the accuracy: mean confidence "
        "99.9%, accuracy 95.0%, overconfident; calibration error 0.049 (chance up to 0.010)"
    )
    assert finding.evidence["temperature"] == 5


def test_a_calibration_error_on_fewer_than_two_samples_for_each_bin_is_inconclusive() -> None:
    assert judge_calibration(calibration(0.249, 0.001), None, 29, 0.1).needed == 30
    assert judge_calibration(calibration(0.249, 0.001), None, 30, 0.1).outcome is Outcome.FAIL
    (open_,) = said(accuracy=measure(29, 29), calibration=calibration(0.249, 0.001))
    assert isinstance(open_, Inconclusive)
    assert open_.message == "calibration error is 0.249 (limit 0.1) on 29 samples; at least 30 are needed"


def one_hot_scores(sharpness: float, count: int = 800, wrong: float = 0.06) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of a model that is wrong in a known share of its answers, all of them equally sure, and labels."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % 10
    answers = np.where(generator.random(count) < wrong, (labels + 3) % 10, labels)
    logits = sharpness * (np.eye(10)[answers] + generator.normal(0, 0.02, (count, 10)))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("wrong", [0.01, 0.06, 0.3])
def test_a_model_that_is_always_sure_is_told_at_every_accuracy(wrong: float) -> None:
    values, labels = one_hot_scores(49.5, 2000, wrong)
    found = {
        one.code: one for one in PredictionQuality().findings(run(values, labels, images=np.zeros((2000, 1))), LIMITS)
    }
    assert (values.max(axis=1) > 0.99).all()
    assert found["miscalibration"].severity is Severity.WARNING
    assert found["miscalibration"].evidence["lowest"] > 1.5
    assert ("confidently-wrong" in found) == (wrong > 0.02)  # 20 of 2000 is what 99 % allows


def test_a_model_that_is_as_sure_as_it_is_right_has_no_finding_on_its_confidence() -> None:
    # 94 % right among ten classes: log odds of 0.94 and 0.06 / 9
    values, labels = one_hot_scores(np.log(0.94 * 9 / 0.06))
    measured = run(values, labels, images=np.zeros((800, 1)))
    assert measured.classification.temperature.value == pytest.approx(1, abs=0.15)
    assert list(PredictionQuality().findings(measured, LIMITS)) == []


def test_the_same_answer_for_all_samples_is_a_problem() -> None:
    labels = np.arange(40) % 10
    values = np.full((40, 10), 0.05)
    values[:, 3] = 0.55
    found = list(PredictionQuality().findings(run(values, labels), LIMITS))
    (finding,) = (one for one in found if one.code == "constant-prediction")
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.subject) == (Severity.PROBLEM, "predictions")
    assert finding.message == "all 40 predictions are class 3, although 36 samples are of other classes (limit 10)"
    assert finding.evidence == {"others": 36, "samples": 40}
    # which share the majority has, and which classes are never the answer, says nothing more
    assert not [one for one in found if one.code in ("no-better-than-majority", "class-never-predicted")]


def test_the_same_answer_with_few_samples_of_other_classes_is_inconclusive() -> None:
    values, labels = np.array([[0.95, 0.05]] * 20), np.array([0] * 11 + [1] * 9)
    (open_,) = (
        one
        for one in PredictionQuality().findings(run(values, labels), LIMITS)
        if one.code in ("constant-prediction", "no-better-than-majority")
    )
    assert isinstance(open_, Inconclusive)
    assert open_.message == "every prediction is class 0, but only 9 of 20 samples are of other classes (limit 10)"
    assert open_.samples_needed == 23  # 10 of 9 in 20 is 22.2
    # right answers on labels of one class are no fault of the model, but they show nothing either
    (single,) = PredictionQuality().findings(run(values, np.zeros(20, np.int64)), LIMITS)
    assert (type(single), single.code) == (Inconclusive, "no-better-than-majority")


def answers(predicted: np.ndarray, classes: int) -> np.ndarray:
    return np.asarray(np.eye(classes)[predicted] * 0.5 + 0.5 / classes)


def permuted(predicted: np.ndarray, labels: np.ndarray, classes: int, **given: Any) -> list[Finding | Inconclusive]:
    found = PredictionQuality().findings(run(answers(predicted, classes), labels, **given), LIMITS)
    return [one for one in found if one.code == "permuted-labels"]


def test_labels_that_are_off_by_one_are_told() -> None:
    labels = np.random.default_rng(4).integers(0, 10, 400)
    predicted = np.where(np.arange(400) < 40, 0, (labels + 1) % 10)
    assert run(answers(predicted, 10), labels).classification.reordered.shift == 1
    (finding,) = permuted(predicted, labels, 10)
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.subject) == (Severity.PROBLEM, "labels")
    right = int((predicted == (labels + 1) % 10).sum())
    assert finding.evidence["accuracy"] == pytest.approx(right / 400)
    declared = float((predicted == labels).mean())
    assert finding.message == (
        f"moving every label by +1 gives an accuracy of {right / 400:.1%} instead of {declared:.1%} on 400 samples: "
        "labels or class names start at another number"
    )
    assert finding.action == finding.advice.action


def test_two_classes_in_the_wrong_order_are_named() -> None:
    labels = np.arange(100) // 50
    (finding,) = permuted(1 - labels, labels, 2, names=("cat", "dog"))
    assert finding.message == (
        "cat is predicted as dog in 100% of 50 samples, dog is predicted as cat in 100% of 50 samples: labels and "
        "outputs order these classes differently; exchanging them gives an accuracy of 100.0% instead of 0.0% on 100 "
        "samples"
    )
    assert finding.action == "Exchange cat and dog in the labels or in --class-names, then run the report again."


@pytest.mark.parametrize(("accuracy", "count"), [(0.85, 2000), (0.8, 500), (0.7, 500)])
def test_two_exchanged_classes_of_ten_are_found_among_other_errors(accuracy: float, count: int) -> None:
    generator = np.random.default_rng(0)
    shown = generator.integers(0, 10, count)
    predicted = np.where(generator.random(count) < accuracy, shown, (shown + generator.integers(1, 10, count)) % 10)
    labels = np.where(shown == 2, 7, np.where(shown == 7, 2, shown))
    (finding,) = permuted(predicted, labels, 10, images=np.zeros((count, 1)))
    assert finding.message.startswith("class 2 is predicted as class 7 in ")
    assert ", class 7 is predicted as class 2 in " in finding.message
    assert finding.message.count("predicted as") == 2
    # that labels and answers agree elsewhere accuses nothing
    assert permuted(predicted, shown, 10, images=np.zeros((count, 1))) == []
    found = PredictionQuality().findings(run(answers(predicted, 10), labels, images=np.zeros((count, 1))), LIMITS)
    assert next(iter(found)).code == "permuted-labels"


def test_the_limit_is_a_share_of_the_exchanged_classes_samples() -> None:
    labels = np.arange(200) % 2
    predicted = np.where(np.arange(200) < 120, 1 - labels, labels)
    found = run(answers(predicted, 2), labels)
    assert [one.code for one in PredictionQuality().findings(found, LIMITS) if one.code == "permuted-labels"]
    higher = PredictionQuality().findings(found, LIMITS | {"permuted-labels": 0.6})
    assert "permuted-labels" not in [one.code for one in higher]


@pytest.mark.parametrize("seed", range(20))
def test_a_model_that_guesses_is_not_right_in_another_order(seed: int) -> None:
    labels, predicted = np.random.default_rng(seed).integers(0, 10, (2, 60))
    found = PredictionQuality().findings(run(answers(predicted, 10), labels), LIMITS)
    assert "permuted-labels" not in [one.code for one in found]


def test_more_than_20_classes_have_a_top_5_accuracy() -> None:
    generator = np.random.default_rng(2)
    logits, labels = generator.normal(size=(300, 21)), generator.integers(0, 21, 300)
    quality = run(logits, labels).classification
    beaten = (logits > logits[np.arange(300), labels][:, None]).sum(axis=1)
    assert (quality.top.successes, quality.top.trials) == ((beaten < 5).sum(), 300)
    assert run(logits[:, :20], labels % 20).classification.top is None


SURE = Confidences(right=np.array([0.6, *[0.995] * 49]), wrong=np.array([0.7, 0.95, 0.999]))


def test_as_many_confident_errors_as_chance_allows_are_no_finding() -> None:
    # 1 of 50 or more, where a hundredth is wrong: 1 - 0.99**50 = 39.5 %
    assert said(confidences=SURE) == []


def test_more_confident_errors_than_chance_allows_are_a_warning() -> None:
    several = Confidences(
        right=np.array([0.6, *[0.995] * 45]), wrong=np.array([0.7, 0.992, 0.993, 0.994, 0.995, 0.999])
    )
    (finding,) = said(confidences=several)
    assert (finding.code, finding.severity, finding.subject) == ("confidently-wrong", Severity.WARNING, "samples")
    # 5 of 50 or more, where a hundredth is wrong, has a probability of 0.0001
    assert finding.message == (
        "5 of 50 predictions above 0.99 confidence are wrong, where a calibrated model has up to 0.5 (p = 0.0001)"
    )


def test_confident_errors_on_one_sample_count_as_one() -> None:
    sets = np.zeros((100, 10), bool)
    values = np.full((100, 10), 0.005)
    values[0] = 0.995  # ten wrong answers on one sample, which may be one wrong label
    assert run(values, sets, head=Head("sigmoid", "s")).multi_label.confident_wrong == 10
    codes = [one.code for one in PredictionQuality().findings(run(values, sets, head=Head("sigmoid", "s")), LIMITS)]
    assert "confidently-wrong" not in codes
    values = np.full((100, 10), 0.005)
    values[np.arange(30), np.arange(30) % 10] = 0.995
    found = PredictionQuality().findings(run(values, sets, head=Head("sigmoid", "s")), LIMITS)
    assert "30 of 1,000 single-class predictions" in next(
        one.message for one in found if one.code == "confidently-wrong"
    )


def test_the_limit_given_decides_which_wrong_answers_are_confident() -> None:
    many = Confidences(right=np.array([*[0.95] * 20, *[0.995] * 49]), wrong=np.array([0.7, *[0.95] * 12]))
    assert list(PredictionQuality().findings(result(confidences=many), LIMITS)) == []
    (finding,) = PredictionQuality().findings(result(confidences=many), LIMITS | {"confidently-wrong": 0.94})
    assert isinstance(finding, Finding)
    assert finding.message.startswith("12 of 81 predictions above 0.94 confidence are wrong")
    assert finding.threshold == 0.94
    assert (finding.evidence["wrong"], finding.evidence["confident"]) == (12, 81)


@pytest.mark.parametrize(
    ("changes", "code", "limits"),
    [
        ({"accuracy": measure(130, 200)}, "no-better-than-majority", (0.1, 0.6)),
        ({"constant": "a", "accuracy": measure(100, 200)}, "constant-prediction", (101, 100)),
        ({"classes": (quality(10, 0, 0), quality(190, 200, 190, "b"))}, "class-never-predicted", (11, 10)),
        ({"classes": (quality(100, 60, 38), quality(100, 100, 95, "b"))}, "recall-below-chance", (0.98, 1.0)),
        ({"calibration": calibration(0.3, 0.1)}, "miscalibration", (0.2, 0.19)),
    ],
)
def test_the_limits_given_decide(changes: dict[str, Any], code: str, limits: tuple[float, float]) -> None:
    found = [PredictionQuality().findings(result(**changes), LIMITS | {code: limit}) for limit in limits]
    assert [[one.code for one in each if isinstance(one, Finding)] for each in found] == [[], [code]]


def test_two_runs_give_the_same_numbers() -> None:
    logits, labels = scores(10)
    assert (
        run(logits, labels).classification.calibration.chance == run(logits, labels).classification.calibration.chance
    )


def test_targets_are_numbers_even_where_the_output_could_be_a_probability() -> None:
    given = context([[0.5], [0.25]], None, head=Head("linear", "age"))
    assert given.samples is not None
    result = PredictionQuality().run(
        replace(given, samples=replace(given.samples, labels=Targets(np.array([0.5, -1.0]))))
    )
    assert isinstance(result, PredictionQualityResult)
    assert result.regression is not None
    assert result.regression.mean_absolute == pytest.approx(0.625)
    assert [(sample.label, sample.predicted) for sample in result.worst] == [("-1", "0.25"), ("0.5", "0.5")]


def sets_of(count: int, *shares: float) -> np.ndarray:
    return np.random.default_rng(6).random((count, len(shares))) < np.array(shares)


def said_of(outputs: Any, sets: np.ndarray) -> list[Finding | Inconclusive]:
    result = run(outputs, sets, head=Head("sigmoid", "scores"), names=("cat", "dog", "cow"))
    return list(PredictionQuality().findings(result, LIMITS))


def test_sets_of_classes_are_compared_with_independent_scores() -> None:
    outputs = [[0.9, 0.2, 0.7], [0.1, 0.1, 0.4], [0.6, 0.8, 0.1]]
    sets = np.array([[1, 0, 1], [0, 1, 0], [0, 1, 0]])
    result = run(outputs, sets, head=Head("sigmoid", "scores"), names=("cat", "dog", "cow"))
    assert (result.classification, result.regression, result.confidently) == (None, None, 0)
    assert (result.multi_label.exact.successes, result.multi_label.exact.trials) == (1, 3)
    assert result.multi_label.hamming == pytest.approx(2 / 9)
    losses = [-np.log([0.9, 0.8, 0.7]).mean(), -np.log([0.9, 0.1, 0.6]).mean(), -np.log([0.4, 0.8, 0.9]).mean()]
    assert [sample.index for sample in result.worst] == [501, 502, 500]
    assert [sample.loss for sample in result.worst] == pytest.approx([losses[1], losses[2], losses[0]], rel=1e-5)
    assert [(sample.label, sample.predicted, sample.right) for sample in result.worst] == [
        ("dog", "none", False),
        ("dog", "cat, dog", False),
        ("cat, cow", "cat, cow", True),
    ]


@pytest.mark.parametrize("head", [UNKNOWN_HEAD, Head("linear", "scores")])
def test_logits_with_sets_of_classes_go_through_sigmoids(head: Head) -> None:
    sets = np.array([[1, 1], [0, 0]])
    result = run([[2.0, 0.5], [-1.0, -3.0]], sets, head=head)
    assert result.multi_label.exact.value == 1
    expected = np.log1p(np.exp([-2.0, -0.5])).mean()
    assert result.worst[0].loss == pytest.approx(expected, rel=1e-6)
    assert "each output was taken as a logit: sigmoid was applied" in result.rule


def test_a_good_multi_label_model_has_no_findings_and_one_of_noise_has() -> None:
    sets = sets_of(400, 0.5, 0.3, 0.2)
    generator = np.random.default_rng(7)
    assert said_of(np.where(sets, 0.97, 0.03) + generator.uniform(-0.02, 0.02, sets.shape), sets) == []
    found = said_of(generator.random(sets.shape), sets)
    assert [(one.code, one.subject) for one in found if isinstance(one, Finding)] == [
        ("no-better-than-majority", "answers"),
        ("low-precision", "classes"),
        ("miscalibration", "calibration"),
        ("confidently-wrong", "answers"),
    ]
    assert found[0].severity is Severity.PROBLEM
    assert "of the baseline's errors" in found[0].message


def test_a_class_that_is_missed_more_often_than_found_is_a_warning() -> None:
    sets = sets_of(400, 0.5, 0.5, 0.5)
    values = np.where(sets, 0.95, 0.05)
    values[np.flatnonzero(sets[:, 0])[20:], 0] = 0.05
    (finding, *_) = said_of(values, sets)
    assert (finding.code, finding.severity) == ("low-recall", Severity.WARNING)
    assert finding.message == ("1 of 3 classes has a recall below 50%, even at its upper bound: cat")
    assert finding.evidence == {"classes": 1, "total": 3, "limit": 0.5}


def test_few_samples_of_a_class_are_inconclusive_with_the_number_needed() -> None:
    sets = np.zeros((100, 3), bool)
    sets[:10, 0] = sets[50:, 1] = sets[:50, 2] = True
    values = np.where(sets, 0.95, 0.05)
    values[:6, 0] = 0.05  # 4 of 10 are found
    found = [one for one in said_of(values, sets) if isinstance(one, Inconclusive)]
    # z of 1 - 0.05 / 3 is 2.394: 2.394**2 x 0.25 / 0.1**2 = 143.3 samples of a class that one of ten has; of precision,
    # 4 of 4: 2.394**2 x 0.25 / 0.5**2 = 5.7 predictions, of which 100 samples have 4
    assert [(one.code, one.samples_needed) for one in found] == [("low-recall", 1440), ("low-precision", 150)]
    assert found[0].message == "1 class with a recall too close to 50% to decide: cat"


def test_a_class_that_is_never_predicted_is_a_warning_for_several_classes_too() -> None:
    sets = sets_of(200, 0.5, 0.5, 0.3)
    values = np.where(sets, 0.95, 0.05)
    values[:, 2] = 0.4
    codes = [one.code for one in said_of(values, sets)]
    assert codes == ["class-never-predicted"]


def test_a_calibration_error_over_classes_is_judged_as_that_over_samples() -> None:
    sets = np.random.default_rng(0).integers(0, 2, (10, 12)).astype(bool)
    found = list(PredictionQuality().findings(run(np.where(sets, 0.018, 0.982), sets), LIMITS))
    (open_,) = (one for one in found if one.code == "miscalibration")
    assert isinstance(open_, Inconclusive)
    assert open_.message == (
        "calibration error over all classes is 0.982 (limit 0.1) on 10 samples; at least 30 are needed"
    )
    assert open_.samples_needed == 30
    more = np.tile(sets, (3, 1))
    (finding,) = (
        one
        for one in PredictionQuality().findings(run(np.where(more, 0.018, 0.982), more), LIMITS)
        if one.code == "miscalibration"
    )
    assert isinstance(finding, Finding)
    assert finding.message.startswith("calibration error is 0.982 (limit 0.1; a calibrated model has")


def test_a_skill_without_an_interval_is_said_to_have_none() -> None:
    sets = np.eye(3, dtype=bool)[[0, 1, 2, 0, 1]]
    (open_,) = (one for one in said_of(np.where(sets, 0.02, 0.98), sets) if one.code == "no-better-than-majority")
    assert isinstance(open_, Inconclusive)
    assert open_.message.endswith(" on 5 samples, too few for an interval (limit 10%)")
    assert open_.samples_needed == 10


def test_a_class_that_no_sample_has_and_that_is_predicted_a_few_times_is_not_decided() -> None:
    sets = np.zeros((40, 3), bool)
    sets[:20, 0] = sets[20:, 1] = True
    values = np.where(sets, 0.95, 0.05)
    values[:3, 2] = 0.9
    (open_,) = (one for one in said_of(values, sets) if one.code == "low-precision")
    assert isinstance(open_, Inconclusive)
    # 2.394**2 x 0.25 / 0.5**2 = 5.7 predictions, of which 40 samples have 3
    assert (open_.message, open_.samples_needed) == (
        "1 class with a precision too close to 50% to decide: cow",
        80,
    )


def test_one_label_for_each_sample_is_held_against_the_highest_of_independent_scores() -> None:
    outputs = [[0.9, 0.8, 0.1], [0.2, 0.1, 0.3], [0.4, 0.9, 0.9]]
    result = run(outputs, [0, 1, 1], head=Head("sigmoid", "scores"))
    assert (result.classification.accuracy.successes, result.classification.accuracy.trials) == (2, 3)
    assert result.rule == (
        "The outputs end in a sigmoid: each class has its own score. Each sample has one label, so the class with "
        "the highest score is the prediction."
    )
    assert result.classification.temperature is not None


def skip(outputs: Any, labels: Any = None, **options: Any) -> Skip:
    given = context(outputs, labels)
    found = PredictionQuality().run(replace(given, options=replace(given.options, **options)))
    assert isinstance(found, Skip)
    return found


def test_labels_that_were_given_and_not_used_are_a_finding() -> None:
    (finding,) = skip(np.zeros((1, 4, 4, 2)), [0]).findings
    assert (finding.code, finding.severity, finding.subject) == ("labels-not-used", Severity.WARNING, "labels")
    assert finding.message.startswith("the label of 1 sample was not used (Labels can only be compared with one score")
    assert skip([[0.5, 0.5]]).findings == ()
    masks = replace(context([[0.5, 0.5]]), options=AnalysisOptions())
    assert masks.samples is not None
    unused = replace(
        masks.samples, labels=Unused("They are masks."), summary=replace(masks.samples.summary, evaluated=7)
    )
    found = PredictionQuality().run(replace(masks, samples=unused))
    assert isinstance(found, Skip)
    assert found.findings[0].message == "the labels of 7 samples were not used (They are masks.)"


def claimed(outputs: Any, labels: Any, *claims: str, names: Any = None, head: Head = UNKNOWN_HEAD) -> Any:
    given = context(outputs, labels, names=names, head=head, images=np.zeros((len(outputs), 1)))
    options = replace(given.options, expect=claims)
    return PredictionQuality().run(replace(given, options=options))


def said_of_claims(measured: Any, tolerance: float = 0.0) -> list[Finding | Inconclusive]:
    found = PredictionQuality().findings(measured, LIMITS | {"below-expectation": tolerance})
    return [one for one in found if one.code == "below-expectation"]


def test_a_claim_that_the_interval_excludes_is_a_problem() -> None:
    labels = np.arange(200) % 2
    values = answers(np.where(np.arange(200) < 20, 1 - labels, labels), 2)  # 180 of 200: 85.1 to 93.4 %
    held = claimed(values, labels, "accuracy=0.85")
    assert said_of_claims(held) == []
    assert held.claims[0].outcome is Outcome.PASS
    (open_,) = said_of_claims(claimed(values, labels, "accuracy=0.92"))
    assert isinstance(open_, Inconclusive)
    # 1.96**2 x 0.92 x 0.08 / 0.02**2 = 706.8
    assert (open_.subject, open_.samples_needed) == ("accuracy", 707)
    assert open_.message == (
        "accuracy is 90.0% (85.1% to 93.4% at 95%, 200 samples), too close to the claimed 92% to decide"
    )
    missed = claimed(values, labels, "accuracy=95%")
    (finding,) = said_of_claims(missed)
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.subject) == (Severity.PROBLEM, "accuracy")
    assert finding.message == "accuracy is 90.0%, at most 93.4% (95%, 200 samples): below the claimed 95%"
    assert said_of_claims(missed, tolerance=0.05) == [
        Inconclusive("below-expectation", "accuracy", ANY, ANY)
    ]  # 90.25 % is within the interval
    # more than what was claimed is none
    assert said_of_claims(claimed(values, labels, "accuracy=0.5")) == []


def test_claims_on_classes_are_judged_on_their_samples_and_together() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 50])
    predicted = labels.copy()
    predicted[100:140] = 0
    measured = claimed(
        answers(predicted, 3), labels, "recall:dog=0.6", "precision:cat=0.5", "f1:2=0.9", names=("cat", "dog", "cow")
    )
    assert [(one.name, one.samples, one.outcome) for one in measured.claims] == [
        ("dog", 50, Outcome.FAIL),
        ("cat", 140, Outcome.PASS),
        ("cow", 50, Outcome.PASS),
    ]
    assert (measured.claims[0].low, measured.claims[0].high) == pytest.approx(
        wilson_interval(10, 50, confidence=1 - 0.05 / 3)
    )
    (finding,) = said_of_claims(measured)
    assert (finding.subject, finding.message) == (
        "classes",
        "recall of dog is 20.0%, at most 36.3% (95%, 50 samples): below the claimed 60%",
    )


def test_claims_on_predicted_numbers_are_on_their_errors() -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(3, 90, 150)
    outputs = labels[:, None] + generator.choice([-2.0, -1.0, 1.0, 2.0], (150, 1))
    measured = claimed(outputs, labels, "mae<=2", "rmse=1", "error=1.5", head=Head("linear", "age"))
    assert [one.metric for one in measured.claims] == ["mae", "rmse", "mae"]
    assert measured.claims[0].value == measured.regression.mean_absolute
    assert measured.claims[1].value == pytest.approx(measured.regression.root_mean_square)
    finding, open_ = said_of_claims(measured)
    assert isinstance(finding, Finding)
    assert finding.message.startswith("the root mean square error is 1.5")
    assert finding.message.endswith("above the claimed 1")
    assert isinstance(open_, Inconclusive)
    assert open_.samples_needed is not None
    few = claimed(outputs[:5], labels[:5], "mae=0.1", head=Head("linear", "age"))
    (open_,) = said_of_claims(few)
    assert isinstance(open_, Inconclusive)
    assert open_.samples_needed == 10


def test_a_claim_on_a_class_without_samples_is_undecided() -> None:
    (open_,) = said_of_claims(claimed(answers(np.zeros(20, np.int64), 3), np.zeros(20, np.int64), "recall:2=0.5"))
    assert isinstance(open_, Inconclusive)
    assert (open_.message, open_.samples_needed) == (
        "recall of class 2 was claimed to be 50%, but no sample tests it",
        None,
    )


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("recall:dgo=0.5", "Did you mean 'dog'?"),
        ("recall:3=0.5", "--expect must name a class of the model."),
        ("mae=1", "--expect must name one of accuracy, recall, precision, f1, as the model predicts classes."),
        ("top5=1", "--expect must name one of accuracy,"),
    ],
)
def test_a_claim_that_cannot_be_measured_is_told(claim: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        claimed(answers(np.arange(9) % 3, 3), np.arange(9) % 3, claim, names=("cat", "dog", "cow"))


def test_claims_that_could_not_be_checked_are_undecided_and_no_problem() -> None:
    """Nothing was measured, so nothing speaks against the model."""
    (one,) = skip([[0.5, 0.5]], expect=("accuracy=0.9", "recall:1=0.5")).findings
    assert isinstance(one, Inconclusive)
    assert (one.code, one.subject, one.samples_needed) == ("below-expectation", "predictions", None)
    assert one.message == "the claims accuracy=0.9, recall:1=0.5 could not be checked"
    assert one.remedy == "The samples have no labels. Add --labels FILE to measure accuracy."
    assert skip([[0.5, 0.5]]).findings == ()


def test_numbers_that_are_no_better_than_their_mean_are_a_problem() -> None:
    generator = np.random.default_rng(9)
    labels = generator.integers(3, 90, 150)
    result = run(generator.uniform(3, 90, (150, 1)), labels, head=Head("linear", "age"))
    (finding,) = PredictionQuality().findings(result, LIMITS)
    assert isinstance(finding, Finding)
    assert (finding.code, finding.severity, finding.subject) == ("no-better-than-mean", Severity.PROBLEM, "errors")
    assert finding.message.endswith("(95%, 150 samples, limit 0.1)")
    good = run(labels[:, None] + generator.normal(0, 3, (150, 1)), labels, head=Head("linear", "age"))
    assert list(PredictionQuality().findings(good, LIMITS)) == []


def test_answers_that_are_all_right_bound_no_temperature_so_none_is_advised() -> None:
    labels = np.arange(60) % 2
    values = np.where(np.eye(2)[labels] > 0, 0.7, 0.3)
    (found,) = (
        one
        for one in PredictionQuality().findings(run(values, labels, images=np.zeros((60, 1))), LIMITS)
        if one.code == "miscalibration"
    )
    assert isinstance(found, Finding)
    assert found.action == ("Calibrate on other data: these samples bound no temperature.")


@pytest.mark.parametrize(("factor", "shift", "bias"), [(6.0, 0.0, False), (1.0, 4.0, True)])
def test_a_temperature_is_advised_only_where_it_mends_the_calibration(factor: float, shift: float, bias: bool) -> None:
    generator = np.random.default_rng(12)
    logits = generator.normal(0, 2, 400)
    labels = (generator.random(400) < 1 / (1 + np.exp(-logits))).astype(int)
    values = 1 / (1 + np.exp(-(factor * logits + shift)))
    result = run(values[:, None], labels, images=np.zeros((400, 1)), head=Head("sigmoid", "scores"))
    found = next(one for one in PredictionQuality().findings(result, LIMITS) if one.code == "miscalibration")
    assert isinstance(found, Finding)
    quality = result.classification
    fitted = tempered(np.stack([1 - values, values], axis=1), quality.temperature.value, independent=False)
    left = calibrate(fitted.max(axis=1), (values > 0.5) == labels, seed=0).error
    assert quality.fitted_error == pytest.approx(left, abs=1e-4)
    assert (left > max(quality.calibration.chance, LIMITS["miscalibration"] / 2)) == bias
    assert found.action == (
        "Calibrate on other data with a bias for each class too (Platt or vector scaling): a temperature alone leaves a "
        f"calibration error of {left:.3f}."
        if bias
        else f"Calibrate on other data: divide the logits by a temperature, here about {quality.temperature.value:.2g}."
    )


def test_labels_of_one_class_leave_nothing_to_beat() -> None:
    labels = np.zeros(60, int)
    values = np.tile([0.8, 0.2], (60, 1))
    (found,) = (
        one
        for one in PredictionQuality().findings(run(values, labels, images=np.zeros((60, 1))), LIMITS)
        if one.code == "no-better-than-majority"
    )
    assert isinstance(found, Inconclusive)
    assert (found.message, found.samples_needed) == (
        "all labels are class 0, so always answering that makes no error",
        None,
    )
    assert found.remedy == "Add samples of other classes."
