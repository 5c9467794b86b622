"""Measures of predictions, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix as sklearn_matrix
from sklearn.metrics import precision_recall_fscore_support, r2_score

from reportgen.measures import calibration
from reportgen.measures.calibration import calibrate
from reportgen.measures.classification import (
    Confusion,
    class_qualities,
    classification_quality,
    confusion_matrix,
    largest_confusions,
)
from reportgen.measures.intervals import wilson_interval
from reportgen.measures.regression import regression_errors


def draw(classes: int, count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(classes)
    labels = generator.integers(0, classes, count)
    return labels, np.where(generator.random(count) < 0.6, labels, generator.integers(0, classes, count))


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_precision_recall_f1_and_the_matrix_are_scikit_learns(classes: int) -> None:
    labels, predicted = draw(classes)
    qualities = class_qualities(labels, predicted, str)
    expected = precision_recall_fscore_support(labels, predicted, labels=list(qualities), zero_division=np.nan)
    for row, name in zip(expected[:3], ("precision", "recall", "f1"), strict=True):
        np.testing.assert_allclose([getattr(entry, name).value for entry in qualities.values()], row)
    assert [entry.support for entry in qualities.values()] == expected[3].tolist()
    matrix = confusion_matrix(labels, predicted, tuple(map(str, range(classes))))
    assert matrix is not None
    np.testing.assert_array_equal(matrix.counts, sklearn_matrix(labels, predicted, labels=range(classes)))
    np.testing.assert_allclose(
        np.nan_to_num(matrix.rates), sklearn_matrix(labels, predicted, labels=range(classes), normalize="true")
    )


def test_the_interval_of_f1_is_that_of_jaccards_index_put_through_the_formula() -> None:
    quality = class_qualities(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0]), str)[0]
    low, high = wilson_interval(2, 4)
    assert (quality.f1.value, quality.f1.trials) == (pytest.approx(2 / 3), 4)
    assert (quality.f1.low, quality.f1.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_intervals_of_f1_hold_the_true_value_in_95_of_100_draws() -> None:
    generator, held = np.random.default_rng(0), 0
    for _ in range(400):  # of 100 samples, class 0 in 40 %, found in 70 %, others taken for it in 20 %
        labels = (generator.random(100) > 0.4).astype(int)
        predicted = np.where(labels == 0, generator.random(100) > 0.7, generator.random(100) > 0.2).astype(int)
        f1 = class_qualities(labels, predicted, str)[0].f1
        held += f1.low <= 2 * 0.28 / (0.28 + 0.12 + 0.28 + 0.12) <= f1.high
    assert 0.93 <= held / 400 <= 0.98


def test_more_than_100_classes_have_no_matrix() -> None:
    assert confusion_matrix(np.array([0]), np.array([0]), ("a",) * 101) is None


def test_confusions_are_listed_by_falling_count_with_their_share_of_the_label() -> None:
    labels, predicted = np.array([0, 0, 0, 1, 2, 2]), np.array([1, 1, 0, 0, 2, 0])
    assert largest_confusions(labels, predicted, "abc".__getitem__, most=2) == (
        Confusion("a", "b", 2, pytest.approx(2 / 3), 0, 1),
        Confusion("b", "a", 1, 1.0, 1, 0),
    )
    assert largest_confusions(labels, labels, str, most=2) == ()


def brute_force_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    total = 0.0
    for index in range(15):
        inside = [i for i in range(len(confidence)) if index / 15 < confidence[i] <= (index + 1) / 15]
        if inside:
            total += len(inside) / len(confidence) * abs(np.mean(correct[inside]) - np.mean(confidence[inside]))
    return total


def test_the_calibration_error_is_that_of_a_loop_over_the_bins() -> None:
    generator = np.random.default_rng(4)
    confidence = generator.uniform(0.1, 1, 300)
    correct = generator.random(300) < confidence**2
    result = calibrate(confidence, correct, seed=0)
    assert result.error == pytest.approx(brute_force_error(confidence, correct))
    accuracies, means = calibration_curve(correct, confidence, n_bins=15)
    assert [entry.accuracy.value for entry in result.bins] == pytest.approx(accuracies)
    assert [entry.confidence for entry in result.bins] == pytest.approx(means)
    assert sum(entry.accuracy.trials for entry in result.bins) == 300
    assert result.curve.x.tolist() == [entry.confidence for entry in result.bins]
    assert calibrate(confidence, correct, seed=0).chance == result.chance


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    (entry,) = calibrate(np.array([0.4, 6 / 15]), np.array([True, False]), seed=0).bins
    assert (entry.low, entry.high) == pytest.approx((5 / 15, 6 / 15))


def test_the_chance_of_several_columns_is_that_of_each_drawn_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).dirichlet([0.2, 0.5, 1], 40)
    expected = []
    for confidence in values.T:
        generator, bins = np.random.default_rng(5), np.ceil(confidence * 15)
        errors = []
        for _ in range(200):
            right = generator.random(40) < confidence
            errors.append(sum(abs((right - confidence)[bins == index].sum()) for index in range(16)) / 40)
        expected.append(np.quantile(errors, 0.95))
    for at_once in (2**20, 90, 1):  # all draws, two and one at a time
        monkeypatch.setattr(calibration, "_AT_ONCE", at_once)
        np.testing.assert_allclose(calibration.chances(values, seed=5), expected, rtol=1e-12)
    assert calibrate(values[:, 1], values[:, 1] > 0.5, seed=5).chance == pytest.approx(expected[1], rel=1e-12)


def test_a_calibrated_model_stays_under_chance_19_times_in_20() -> None:
    generator, under = np.random.default_rng(1), 0
    for seed in range(100):
        confidence = generator.uniform(0.3, 1, 200)
        result = calibrate(confidence, generator.random(200) < confidence, seed=seed)
        under += result.error <= result.chance
    assert 89 <= under <= 100


def test_confident_answers_are_counted_above_the_limit() -> None:
    values = np.array([[0.995, 0.005], [0.995, 0.005], [0.99, 0.01], [0.2, 0.8]])
    quality = classification_quality(values, np.array([0, 1, 1, 1]), ("a", "b"), sure=0.99, seed=0)
    assert (quality.confident, quality.confident_wrong) == (2, 1)
    assert (quality.majority, quality.majority_share, quality.accuracy.successes) == ("b", 0.75, 2)


def test_errors_of_a_regression_are_numpys_and_scikit_learns() -> None:
    generator = np.random.default_rng(2)
    targets = generator.integers(0, 90, 200)
    outputs = targets + generator.normal(1, 5, 200)
    result = regression_errors(outputs, targets)
    assert result.explained == pytest.approx(r2_score(targets, outputs))
    assert result.bias == pytest.approx((outputs - targets).mean())
    assert result.root_mean_square == pytest.approx(np.sqrt(np.mean((outputs - targets) ** 2)))
    assert result.quantiles["0.95"] == pytest.approx(np.quantile(abs(outputs - targets), 0.95))
    assert result.histogram.counts["error"].sum() == 200
    assert np.isnan(regression_errors(outputs[:2], np.array([1, 1])).explained)
