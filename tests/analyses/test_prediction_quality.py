"""Predictions against labels: which heads, which numbers, and when they become a finding."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reportgen.analyses.base import AnalysisContext, AnalysisOptions, EvaluatedSamples, Skip
from reportgen.analyses.parts.quality_rules import (
    judge_accuracy,
    judge_calibration,
    judge_never_predicted,
    judge_recall,
)
from reportgen.analyses.prediction_quality import PredictionQuality, PredictionQualityResult
from reportgen.measures.calibration import Calibration, calibrate
from reportgen.measures.classification import ClassificationQuality, ClassQuality
from reportgen.measures.intervals import Outcome, measure
from reportgen.models.capture import Activations
from reportgen.models.head import UNKNOWN, Head
from reportgen.results import Finding, Inconclusive, ModelSummary, Palette, SamplesSummary, Severity
from reportgen.rules import default_limits

LIMITS = default_limits(PredictionQuality().rules)
IMAGES = np.random.default_rng(3).integers(0, 256, (400, 4, 4, 1), dtype=np.uint8)


def context(
    outputs: Any, labels: Any = None, *, head: Head = UNKNOWN, images: np.ndarray = IMAGES, names: Any = None
) -> AnalysisContext:
    outputs = np.asarray(outputs, np.float32)
    count = len(outputs)
    summary = SamplesSummary(
        "x.npz", 900, count, (0,), "first:1", images.shape[1:], "uint8", (0, 255), (0, 1), labelled=True, steps=()
    )
    samples = EvaluatedSamples(
        summary=summary,
        names=("x[0]",),
        images=images[:1],
        labels=None if labels is None else np.asarray(labels)[:1],
        class_names=names,
        expected_range=None,
        activations=Activations(outputs=outputs),
        all_labels=None if labels is None else np.asarray(labels),
        read=lambda positions: images[list(positions)],
        scale=np.float32,
        indices=tuple(range(500, 500 + count)),
        name_of=lambda position: f"x[{500 + position}]",
    )
    return AnalysisContext(
        model=ModelSummary("m", "Sequential", None, None, 0, 0, 0),
        layers=(),
        kernels=(),
        shown=(),
        rectifiers=frozenset(),
        samples=samples,
        no_samples_reason="Give --samples.",
        options=AnalysisOptions(),
        limits=LIMITS,
        head=head,
    )


def run(outputs: Any, labels: Any = None, **given: Any) -> Any:
    return PredictionQuality().run(context(outputs, labels, **given))


def scores(classes: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(classes)
    logits = generator.normal(size=(count, classes)).astype(np.float32)
    return logits, generator.integers(0, classes, count)


@pytest.mark.parametrize("classes", [2, 10, 100])
@pytest.mark.parametrize("head", [UNKNOWN, Head("linear", "scores")])
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
    assert (first.name, first.label, first.right) == (f"x[{500 + sure[0]}]", str(labels[sure[0]]), False)
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
    assert "last activation is linear" in result.rule
    assert list(PredictionQuality().findings(result, LIMITS)) == []


@pytest.mark.parametrize(
    ("outputs", "labels", "reason"),
    [
        ([[0.5, 0.5]], None, "The samples have no labels; --labels FILE would say what is right."),
        ([[np.nan, 0.5]], [0], "The output is NaN or infinite"),
        ([[0.9, 0.8]], [0], "The outputs are independent scores, as of a multi-label model."),
        (np.zeros((1, 4, 4, 2)), [0], "The model puts out 4 x 4 x 2 numbers for each sample."),
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
        name, support, predicted, measure(hits, predicted), measure(hits, support), measure(hits, either)
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
    return PredictionQualityResult("", 200, 200, replace(good, **changes), None, (), 0, None)


def said(**changes: Any) -> list[Finding | Inconclusive]:
    return list(PredictionQuality().findings(result(**changes), LIMITS))


def test_a_good_model_has_no_findings() -> None:
    assert said() == []


def test_accuracy_whose_upper_bound_is_under_the_limit_is_a_problem() -> None:
    # the limit is 0.5 + 0.1 x 0.5 = 0.55; of 200, 95 have the upper bound 0.5441 and 97 have 0.5540
    (finding,) = said(accuracy=measure(95, 200))
    assert (finding.code, finding.severity, finding.subject) == (
        "no-better-than-majority",
        Severity.PROBLEM,
        "accuracy",
    )
    assert finding.message == (
        "accuracy is 47.5% and at most 54.4% (95 %, 200 samples); always saying a gives 50.0%, and avoiding 10% of its "
        "errors would give 55.0%"
    )
    (open_,) = said(accuracy=measure(97, 200))
    assert isinstance(open_, Inconclusive)
    assert (open_.code, open_.subject) == ("no-better-than-majority", "accuracy")
    # z**2 x 0.55 x 0.45 / (0.485 - 0.55)**2 = 225.03
    assert open_.samples_needed == 226
    assert said(accuracy=measure(125, 200)) == []
    assert judge_accuracy(measure(123, 200), 0.5, 0.1).outcome is Outcome.INCONCLUSIVE


def test_a_class_with_ten_samples_that_is_never_predicted_is_a_warning() -> None:
    (finding,) = said(classes=(quality(10, 0, 0, "rare"), quality(190, 200, 190, "b")))
    assert (finding.code, finding.severity, finding.subject) == ("class-never-predicted", Severity.WARNING, "classes")
    assert finding.message == "1 of 2 classes is never predicted although there are 10 samples or more of it: rare"
    (open_,) = said(classes=(quality(8, 0, 0, "rare"), quality(192, 200, 192, "b")))
    assert isinstance(open_, Inconclusive)
    assert open_.message == "1 class never predicted, with fewer than 10 samples: rare"
    assert open_.samples_needed == 250  # 10 of 8 in 200
    assert judge_never_predicted([quality(0, 0, 0)], 200, 10).outcome is Outcome.PASS


def test_many_classes_are_cut_to_five_names() -> None:
    names = "abcdefg"
    found = said(classes=tuple(quality(20, 0, 0, name) for name in names), total_classes=7)
    assert found[0].message.endswith("of each: a, b, c, d, e and 2 more")


def test_recall_whose_upper_bound_is_under_guessing_is_a_warning() -> None:
    # z of 1 - 0.05 / 2 is 2.2414; of 100, 38 have the upper bound 0.4919 and 39 have 0.5018
    (finding,) = said(classes=(quality(100, 60, 38), quality(100, 100, 95, "b")))
    assert (finding.code, finding.severity, finding.subject) == ("recall-below-chance", Severity.WARNING, "classes")
    assert finding.evidence == {"classes": 1, "total": 2, "limit": 0.5}
    (open_,) = said(classes=(quality(100, 60, 39), quality(100, 100, 95, "b")))
    assert isinstance(open_, Inconclusive)
    assert open_.message == "1 class with a recall that cannot be told from guessing, 0.5: a"
    # 2.2414**2 x 0.25 / 0.11**2 = 103.8 samples of a class that has half of all
    assert open_.samples_needed == 208
    assert judge_recall([quality(100, 90, 62)], 200, 2, 1.0).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("error", "chance", "outcome", "needed"),
    [
        (0.1, 0.01, Outcome.PASS, None),
        (0.101, 0.1, Outcome.FAIL, None),
        (0.101, 0.101, Outcome.INCONCLUSIVE, 201),
        (0.15, 0.3, Outcome.INCONCLUSIVE, 801),
    ],
)
def test_calibration_error_must_be_over_its_limit_and_beyond_chance(
    error: float, chance: float, outcome: Outcome, needed: int | None
) -> None:
    judged = judge_calibration(calibration(error, chance), 200, 0.1)
    assert (judged.outcome, judged.needed) == (outcome, needed)
    found = said(calibration=calibration(error, chance))
    assert [type(one) for one in found] == {
        Outcome.PASS: [],
        Outcome.FAIL: [Finding],
        Outcome.INCONCLUSIVE: [Inconclusive],
    }[outcome]


def test_the_calibration_finding_says_which_way_the_model_errs() -> None:
    (finding,) = said(calibration=replace(calibration(0.2, 0.1), confidence=0.99))
    assert finding.message.endswith("mean confidence 99.0%, accuracy 95.0%, too sure")
    (finding,) = said(calibration=replace(calibration(0.2, 0.1), confidence=0.6))
    assert finding.message.endswith("not sure enough")


def test_one_confidently_wrong_answer_is_a_note() -> None:
    (finding,) = said(confident_wrong=1)
    assert (finding.code, finding.severity, finding.subject) == ("confidently-wrong", Severity.NOTE, "samples")
    assert finding.message == (
        "1 of 50 answers given with a probability over 0.99 is wrong (of a calibrated model, up to 0.5 would be)"
    )


def test_two_runs_give_the_same_numbers() -> None:
    logits, labels = scores(10)
    assert (
        run(logits, labels).classification.calibration.chance == run(logits, labels).classification.calibration.chance
    )


def test_targets_are_numbers_even_where_the_output_could_be_a_probability() -> None:
    given = context([[0.5], [0.25]], None, head=Head("linear", "age"))
    assert given.samples is not None
    result = PredictionQuality().run(replace(given, samples=replace(given.samples, targets=np.array([0.5, -1.0]))))
    assert isinstance(result, PredictionQualityResult)
    assert result.regression is not None
    assert result.regression.mean_absolute == pytest.approx(0.625)
    assert [(sample.label, sample.predicted) for sample in result.worst] == [("-1", "0.25"), ("0.5", "0.5")]
