"""Predictions that may name any number of classes, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    hamming_loss,
    multilabel_confusion_matrix,
    precision_recall_fscore_support,
)

from reportgen.measures.calibration import calibrate
from reportgen.measures.intervals import measure
from reportgen.measures.multilabel import MultiLabelQuality, multi_label_quality
from reportgen.run.answers import ClassScores, cross_entropy
from reportgen.samples.labels import LabelSets


def drawn(seed: int, count: int = 150, classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    sets = generator.random((count, classes)) < np.linspace(0.05, 0.7, classes)
    sets[:, 0] = False  # a class without a sample
    values = np.clip(sets * 0.3 + generator.random((count, classes)) * 0.7, 0, 1)
    values[:, 1] *= 0.4  # a class that is never predicted
    return values, sets


def quality_of(values: np.ndarray, sets: np.ndarray) -> MultiLabelQuality:
    losses = cross_entropy(ClassScores(values, True, ""), LabelSets(sets))
    names = tuple(f"c{index}" for index in range(sets.shape[1]))
    return multi_label_quality(values, sets, losses, names, sure=0.99, seed=4)


@pytest.mark.parametrize("seed", range(3))
def test_counts_averages_and_losses_are_scikit_learns(seed: int) -> None:
    values, sets = drawn(seed)
    said, quality = values > 0.5, quality_of(values, sets)
    for entry, ((tn, fp), (fn, tp)) in zip(quality.classes, multilabel_confusion_matrix(sets, said), strict=True):
        counts = (entry.true_negatives, entry.false_positives, entry.false_negatives, entry.true_positives)
        assert counts == (tn, fp, fn, tp)
        assert (entry.support, entry.predicted) == (tp + fn, tp + fp)
        assert entry.prevalence == measure(int(tp + fn), 150)
    expected = precision_recall_fscore_support(sets, said, zero_division=np.nan)
    for column, name in enumerate(("precision", "recall", "f1")):
        values_of = [getattr(entry, name).value for entry in quality.classes]
        np.testing.assert_allclose(values_of, expected[column], equal_nan=True)
    for averages, average in ((quality.micro, "micro"), (quality.macro, "macro")):
        *numbers, _ = precision_recall_fscore_support(sets, said, average=average, zero_division=np.nan)
        assert (averages.precision, averages.recall, averages.f1) == pytest.approx(numbers)
    assert quality.hamming == pytest.approx(hamming_loss(sets, said))
    assert quality.exact.value == pytest.approx(accuracy_score(sets, said))
    assert quality.exact == measure(int((sets == said).all(axis=1).sum()), 150)
    assert (quality.labels, quality.predicted) == pytest.approx((sets.sum() / 150, said.sum() / 150))


def test_the_loss_is_the_mean_binary_cross_entropy() -> None:
    import keras

    values, sets = drawn(3)
    expected = keras.losses.binary_crossentropy(sets.astype(np.float32), values.astype(np.float32)).numpy()
    np.testing.assert_allclose(cross_entropy(ClassScores(values, True, ""), LabelSets(sets)), expected, rtol=1e-4)
    assert quality_of(values, sets).loss == pytest.approx(expected.mean(), rel=1e-4)


def test_skill_is_the_share_of_the_majority_answers_errors_that_are_avoided() -> None:
    sets = np.array([[1, 0], [1, 0], [1, 1], [0, 0]] * 5, bool)
    values = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.1]] * 5)
    # always saying (yes, no) errs 5 + 5 times; the model errs 5 times
    assert quality_of(values, sets).skill.value == 0.5


def test_confident_answers_are_counted_whether_yes_or_no() -> None:
    quality = quality_of(np.array([[0.995, 0.001], [0.6, 0.999]]), np.array([[False, False], [True, True]]))
    assert (quality.confident, quality.confident_wrong) == (3, 1)


def test_chance_of_the_calibration_error_allows_for_classes_that_depend_on_one_another() -> None:
    # calibrated, but the 20 classes of a sample are present all together or not at all: 60 independent samples, not 1,200
    beyond = {"grouped": 0, "as if independent": 0}
    for seed in range(60):
        generator = np.random.default_rng(seed)
        probability = np.repeat(generator.uniform(0.1, 0.9, 60), 20)
        present = np.repeat(generator.random(60), 20) < probability
        groups = np.repeat(np.arange(60), 20)
        grouped = calibrate(probability, present, seed=seed, groups=groups)
        alone = calibrate(probability, present, seed=seed)
        beyond["grouped"] += grouped.error > grouped.chance
        beyond["as if independent"] += alone.error > alone.chance
    assert beyond["grouped"] <= 6
    assert beyond["as if independent"] == 60
