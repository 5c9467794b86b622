"""What confidence is good for, on samples and on what is none."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples, live_context
from keras import layers
from scipy.optimize import minimize_scalar
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from reportgen.analyses.base import Skip
from reportgen.analyses.confidence import Confidence
from reportgen.analyses.confidence.results import ConfidenceResult
from reportgen.analyses.confidence.rules import THRESHOLD, findings
from reportgen.measures.calibration import calibrate
from reportgen.measures.intervals import measure
from reportgen.measures.paired import paired_difference
from reportgen.measures.ranking import roc_interval
from reportgen.models.graphs import Head
from reportgen.samples import Accepts, open_samples

GENERATOR = np.random.default_rng(5)
IMAGES = GENERATOR.integers(0, 256, (120, 12, 10, 1)).astype(np.uint8)
IMAGES[:, :6] //= 8  # dark above, so that patches in another order differ
VALUES = GENERATOR.dirichlet([0.5, 0.5, 0.5], 120)
LABELS = np.array([GENERATOR.choice(3, p=row) for row in VALUES])


def told(outputs: np.ndarray, labels: Any, images: np.ndarray = IMAGES, **given: Any) -> ConfidenceResult:
    result = Confidence().run(context(evaluated_samples(images, labels=labels, outputs=outputs), **given))
    assert isinstance(result, ConfidenceResult)
    return result


def test_losses_stand_beside_those_of_the_shares_of_the_classes() -> None:
    found = told(VALUES, LABELS).labelled
    assert found is not None
    shares = np.bincount(LABELS) / 120
    constant = np.tile(shares, (120, 1))
    assert found.loss.value == pytest.approx(log_loss(LABELS, VALUES.astype(np.float32)), rel=1e-5)
    assert found.constant_loss == pytest.approx(log_loss(LABELS, constant), rel=1e-6)
    assert found.constant_brier == pytest.approx(((constant - np.eye(3)[LABELS]) ** 2).sum(axis=1).mean())
    assert found.brier.low < found.brier.value < found.constant_brier
    assert found.temperature.low < 1 < found.temperature.high


def test_each_class_is_calibrated_by_itself() -> None:
    found = told(VALUES, LABELS).labelled
    assert found is not None
    own = {}
    for index in range(3):
        values = VALUES[:, index].astype(np.float32).astype(np.float64)
        one = calibrate(values, index == LABELS, seed=0)
        own[f"class {index}"] = (one.confidence, float((index == LABELS).mean()), one.error, one.chance)
    assert {one.name: (one.said, one.share, one.error, one.chance) for one in found.classes} == own
    assert found.classwise == pytest.approx(np.mean([error for _, _, error, _ in own.values()]))
    excess = [one.error - one.chance for one in found.classes]
    assert excess == sorted(excess, reverse=True)


def test_a_precision_is_certain_from_the_lowest_threshold_whose_bound_reaches_it() -> None:
    sure = np.where(np.arange(120) < 100, 0.97, 0.55)
    outputs = np.stack([sure, 1 - sure, np.zeros(120)], axis=1)
    found = told(outputs, np.where(np.arange(120) < 100, 0, np.arange(120) % 2)).labelled
    assert found is not None
    bound = found.thresholds[1].least
    assert [one.threshold if one else None for _, one in found.certain] == [0.6, None, None]
    assert 0.9 < bound < 0.95


def shifted(gap: float, shift: float, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return outputs that rank two classes at a distance, around another probability than a half, and labels."""
    labels = np.arange(count) % 2
    logits = np.random.default_rng(3).normal(size=count) + gap * labels - gap / 2 + shift
    return 1 / (1 + np.exp(-logits[:, None])), labels


def test_a_right_ranking_at_a_wrong_threshold_is_named() -> None:
    outputs, labels = shifted(8, -4)
    result = told(outputs, labels, IMAGES[:1].repeat(200, axis=0))
    assert result.labelled is not None
    two, roc = result.labelled.two, result.labelled.roc
    assert two is not None
    assert roc is not None
    assert roc.value == pytest.approx(roc_auc_score(labels, outputs[:, 0]))
    (finding,) = findings(result, LIMITS)
    assert (finding.code, finding.severity.label, str(finding.subject)) == (THRESHOLD.code, "warning", "threshold")
    least = paired_difference(two.usual.successes, two.gained, two.lost, 200)[0]
    assert finding.evidence == {
        "usual": two.usual.value,
        "chosen": two.chosen.value,
        "value": two.value,
        "gained_at_least": least,
        "area": roc.value,
    }
    assert (roc.value, two.chosen.value) > (0.999, 0.98)
    assert two.usual.value < 0.8
    assert finding.action == (f"Put the threshold at {two.value:.4g} instead of 0.5, once other samples confirm it.")
    assert list(findings(result, {**LIMITS, THRESHOLD.code: least})) == []


@pytest.mark.parametrize(("gap", "shift"), [(8, 0.0), (2, 0.0), (0, 0.0), (2, -0.3)])
def test_a_threshold_that_is_about_right_is_not(gap: float, shift: float) -> None:
    outputs, labels = shifted(gap, shift)
    assert list(findings(told(outputs, labels, IMAGES[:1].repeat(200, axis=0)), LIMITS)) == []


def several(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities and the presence of three classes, the last of which is said too often by a shift of its logit."""
    generator = np.random.default_rng(8)
    sets = generator.random((200, 3)) < [0.2, 0.5, 0.4]
    logits = generator.normal(size=(200, 3)) + np.where(sets, 2.5, -2.5) + [0, 0, shift]
    return (1 / (1 + np.exp(-logits))).astype(np.float32).astype(float), sets


def test_of_sets_of_classes_each_is_an_answer_by_itself() -> None:
    values, sets = several()
    found = told(values, sets, IMAGES[:1].repeat(200, axis=0)).labelled
    assert found is not None
    shares = sets.mean(axis=0)
    constant = np.tile(shares, (200, 1))
    for own, loss, brier in (
        (values, found.loss.value, found.brier.value),
        (constant, found.constant_loss, found.constant_brier),
    ):
        assert loss == pytest.approx(np.mean([log_loss(sets[:, each], own[:, each]) for each in range(3)]), rel=1e-5)
        assert brier == pytest.approx(np.mean([brier_score_loss(sets[:, each], own[:, each]) for each in range(3)]))
    logits = np.log(values / (1 - values))
    fitted = minimize_scalar(lambda t: log_loss(sets.ravel(), 1 / (1 + np.exp(-logits.ravel() / t))), bounds=(0.1, 9))
    assert found.temperature.value == pytest.approx(fitted.x, abs=1e-3)
    wrong = (values > 0.5) != sets
    order = np.argsort(-np.maximum(values, 1 - values).ravel(), kind="stable")
    risks = np.cumsum(wrong.ravel()[order]) / np.arange(1, 601)
    assert found.selective.area == pytest.approx(risks.mean(), rel=1e-9)
    assert (found.thresholds, found.two, len(found.labels_from)) == ((), None, 7)
    assert found.certain[0][1] == next(one for one in found.labels_from if one.least >= 0.9)
    assert {one.name: one.roc.value for one in found.classes if one.roc} == {
        f"class {each}": pytest.approx(roc_auc_score(sets[:, each], values[:, each])) for each in range(3)
    }
    assert list(findings(told(values, sets, IMAGES[:1].repeat(200, axis=0)), LIMITS)) == []


def test_of_sets_the_class_whose_threshold_is_worst_is_named() -> None:
    values, sets = several(3.0)
    result = told(values, sets, IMAGES[:1].repeat(200, axis=0))
    (finding,) = findings(result, LIMITS)
    assert str(finding.subject) == "threshold of class 2"
    assert result.labelled is not None
    (last,) = (one for one in result.labelled.classes if one.name == "class 2")
    two = last.threshold
    assert two is not None
    joint = paired_difference(two.usual.successes, two.gained, two.lost, 200, confidence=1 - 0.05 / 3)[0]
    assert finding.evidence["gained_at_least"] == two.least(3) == joint
    assert two.value > 0.8


def test_independent_scores_of_one_label_each_have_the_losses_of_sets_and_answers_by_the_highest() -> None:
    values, _ = several()
    labels = np.arange(200) % 3
    found = told(values, labels, IMAGES[:1].repeat(200, axis=0), head=Head("sigmoid")).labelled
    assert found is not None
    one_hot = np.eye(3)[labels]
    assert found.loss.value == pytest.approx(
        np.mean([log_loss(one_hot[:, each], values[:, each]) for each in range(3)]), rel=1e-5
    )
    assert (len(found.thresholds), found.labels_from) == (7, ())
    assert found.selective.curve.y[-1] == pytest.approx((values.argmax(axis=1) == labels).mean())


def test_of_more_classes_and_of_one_class_alone_no_threshold_is_judged() -> None:
    assert list(findings(told(VALUES, LABELS), LIMITS)) == []
    outputs, _ = shifted(2, -3, 120)
    alone = told(outputs, np.zeros(120, int)).labelled
    assert alone is None or alone.two is None


@pytest.fixture(scope="module")
def bright() -> Any:
    """Return a model that says 1 the surer the brighter the lower half of a picture is beside the upper."""
    model = keras.Sequential([keras.Input((12, 10, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    kernel = np.zeros((120, 2), np.float32)
    kernel[:60, 1], kernel[60:, 1] = -0.002, 0.002
    model.layers[-1].set_weights([kernel, np.zeros(2)])
    return model


def confidences(model: Any, images: np.ndarray) -> np.ndarray:
    return np.asarray(model(images.astype(np.float32))).max(axis=1)


def test_the_model_is_run_on_noise_and_on_patches_in_another_order(bright: Any) -> None:
    result = Confidence().run(live_context(bright, IMAGES, first=40))
    assert isinstance(result, ConfidenceResult)
    assert [(one.kind, one.count) for one in result.unfamiliar] == [("noise", 100), ("patches", 100)]
    own = confidences(bright, IMAGES)
    noise = np.random.default_rng(0).integers(0, 256, (100, 12, 10, 1)).astype(np.uint8)
    other = confidences(bright, noise)
    first, second = result.unfamiliar
    area = roc_auc_score([1] * 120 + [0] * 100, np.concatenate([own, other]))
    assert first.area.value == pytest.approx(area, abs=1e-6)
    assert (first.area.low, first.area.high) == pytest.approx(roc_interval(first.area.value, 120, 100))
    assert first.confidence == pytest.approx(float(other.mean()), rel=1e-5)
    assert first.sure == measure(int((other > 0.9).sum()), 100)
    assert result.sure == measure(int((own > 0.9).sum()), 120)
    assert second.confidence < result.confidence
    assert (result.labelled, result.passes, result.not_run) == (None, 200, "")


def test_patches_keep_their_values_and_change_their_places() -> None:
    from reportgen.analyses.confidence.analysis import _shuffled

    picture = np.arange(130).reshape(13, 10, 1)
    changed = _shuffled(picture, np.random.default_rng(2))
    assert sorted(changed.ravel().tolist()) == list(range(130))
    np.testing.assert_array_equal(changed[12], picture[12])  # 4 patches of 3 rows, and one row beside them
    np.testing.assert_array_equal(changed[:, 8:], picture[:, 8:])
    order = np.random.default_rng(2).permutation(16).tolist()
    row, column = divmod(order[0], 4)
    np.testing.assert_array_equal(changed[:3, :2], picture[3 * row : 3 * row + 3, 2 * column : 2 * column + 2])


def test_samples_from_outside_are_told_from_the_samples(bright: Any) -> None:
    grey = np.full((30, 12, 10, 1), 128, np.uint8)
    outside = open_samples(grey, Accepts(input_shape=(12, 10, 1)))
    result = Confidence().run(live_context(bright, IMAGES, outside=outside))
    assert isinstance(result, ConfidenceResult)
    last = result.unfamiliar[-1]
    assert (last.kind, last.count, last.confidence) == ("outside", 30, pytest.approx(0.5))
    assert last.area.value == 1.0
    floats = open_samples(grey / np.float32(255), Accepts(input_shape=(12, 10, 1)))
    other = Confidence().run(live_context(bright, IMAGES, outside=floats))
    assert isinstance(other, ConfidenceResult)
    assert [one.kind for one in other.unfamiliar] == ["noise", "patches"]
    assert other.not_run.startswith("The samples of --outside are stored in another way")


def test_without_passes_or_scores_it_says_why(bright: Any) -> None:
    quick = Confidence().run(live_context(bright, IMAGES, effort="quick"))
    assert isinstance(quick, ConfidenceResult)
    assert (quick.unfamiliar, str(quick.not_run)) == ((), "The budget of effort does not pay for what is no sample.")
    made = live_context(bright, IMAGES)
    assert made.samples is not None
    several = replace(made, samples=replace(made.samples, pack=lambda values, positions: [values, positions]))
    assert Confidence().run(several).not_run.startswith("The model has several inputs")
    signals = evaluated_samples(np.zeros((40, 6)), outputs=np.full((40, 2), 0.5))
    assert Confidence().run(replace(made, samples=signals)).not_run.startswith("The samples are no pictures")
    assert isinstance(Confidence().run(context(evaluated_samples(IMAGES, outputs=np.zeros((120, 2, 2))))), Skip)
    few = Confidence().run(live_context(bright, IMAGES[:29]))
    assert isinstance(few, ConfidenceResult)
    assert str(few.not_run) == "29 samples are too few to compare answers; 30 are needed."
    numbers = evaluated_samples(IMAGES, targets=np.zeros((120, 3)), outputs=np.zeros((120, 3)))
    assert isinstance(Confidence().run(context(numbers)), Skip)
    assert Confidence().run(context()) == Skip("Give --samples.")
