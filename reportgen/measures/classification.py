"""Measures of predictions against labels. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.measures.calibration import Calibration, calibrate
from reportgen.measures.intervals import Rate, measure
from reportgen.results import Histogram, Matrix

MATRIX_CLASSES = 100
"""Most classes of a confusion matrix that can still be read."""

_CONFUSIONS = 10
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ERROR_BINS = 30


@dataclass(frozen=True)
class ClassQuality:
    """How well one class is predicted.

    Attributes:
        name: of the class.
        support: samples of the class.
        predicted: samples that were said to be of it.
        precision: share of those said to be of it that are; of `predicted`.
        recall: share of those of it that were said to be; of `support`.
        f1: harmonic mean of both, with its interval in `low` and `high`. Its trials are the samples that are of the class or
            were said to be.
    """

    name: str
    support: int
    predicted: int
    precision: Rate
    recall: Rate
    f1: Rate


@dataclass(frozen=True)
class Confusion:
    """Samples of one class that were taken for another: how many, and their share of the class in [0, 1]."""

    label: str
    predicted: str
    count: int
    share: float


@dataclass(frozen=True)
class ClassificationQuality:
    """How well classes are predicted.

    Attributes:
        accuracy: over all samples.
        total_classes: that the model knows.
        majority: name of the most frequent class.
        majority_share: its share of the samples, in [0, 1].
        classes: those with samples or predictions.
        matrix: of all classes, or None where there are too many.
        confusions: the most frequent ones.
        calibration: of the probability of the answer.
        confident: number of answers with a probability over the limit for confidence.
        confident_wrong: of these, how many are wrong.
    """

    accuracy: Rate
    total_classes: int
    majority: str
    majority_share: float
    classes: tuple[ClassQuality, ...]
    matrix: Matrix | None
    confusions: tuple[Confusion, ...]
    calibration: Calibration
    confident: int
    confident_wrong: int


@dataclass(frozen=True)
class RegressionErrors:
    """How far single numbers are from what they should be, in units of the output.

    Attributes:
        bias: mean of output minus target.
        mean_absolute: mean of its magnitude.
        root_mean_square: of it.
        explained: share of the targets' variance that the output explains (R squared), at most 1; NaN where all targets
            are equal.
        quantiles: of the magnitude, by probability such as '0.5'.
        histogram: of output minus target.
    """

    bias: float
    mean_absolute: float
    root_mean_square: float
    explained: float
    quantiles: dict[str, float]
    histogram: Histogram


def classification_quality(
    values: np.ndarray, labels: np.ndarray, names: tuple[str, ...], *, sure: float, seed: int
) -> ClassificationQuality:
    """Return how well classes are predicted; the answer is the class of the highest score, the first of equals.

    Args:
        values: (N, K) float64, probabilities that sum to 1 for each sample.
        labels: (N,) int64 in [0, K).
        names: of the K classes.
        sure: probability above which an answer counts as confident.
        seed: of the draws behind the calibration error.
    """
    predicted, confidence = values.argmax(axis=1), values.max(axis=1)
    correct = predicted == labels
    classes = class_qualities(labels, predicted, names.__getitem__)
    majority = int(np.bincount(labels).argmax())
    confident = confidence > sure
    return ClassificationQuality(
        accuracy=measure(int(correct.sum()), len(labels)),
        total_classes=len(names),
        majority=names[majority],
        majority_share=classes[majority].support / len(labels),
        classes=tuple(classes.values()),
        matrix=confusion_matrix(labels, predicted, names),
        confusions=largest_confusions(labels, predicted, names.__getitem__, most=_CONFUSIONS),
        calibration=calibrate(confidence, correct, seed=seed),
        confident=int(confident.sum()),
        confident_wrong=int((confident & ~correct).sum()),
    )


def class_qualities(labels: np.ndarray, predicted: np.ndarray, names: Callable[[int], str]) -> dict[int, ClassQuality]:
    """Return the quality of every class that is a label or was predicted, by class, ascending.

    F1 = 2 J / (1 + J) rises with Jaccard's index J = hits / (samples that are of the class or were said to be), which is a
    plain rate; so F1's interval is J's Wilson interval put through the same formula.

    Args:
        labels: (N,) int64.
        predicted: (N,) int64.
        names: of a class.

    Source: Hand, Christen and Kirielle 2021, Machine Learning 110, 451 (F1 and J).
    """
    size = int(max(labels.max(), predicted.max())) + 1
    support, said = np.bincount(labels, minlength=size), np.bincount(predicted, minlength=size)
    hits = np.bincount(labels[labels == predicted], minlength=size)
    return {
        index: ClassQuality(
            name=names(index),
            support=int(support[index]),
            predicted=int(said[index]),
            precision=measure(int(hits[index]), int(said[index])),
            recall=measure(int(hits[index]), int(support[index])),
            f1=_f1(int(hits[index]), int(support[index] + said[index] - hits[index])),
        )
        for index in np.flatnonzero(support + said).tolist()
    }


def _f1(hits: int, either: int) -> Rate:
    jaccard = measure(hits, either)
    return Rate(hits, either, *(2 * share / (1 + share) for share in (jaccard.value, jaccard.low, jaccard.high)))


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, names: tuple[str, ...]) -> Matrix | None:
    """Return counts of label (row) and prediction (column), or None where there are too many classes to read them."""
    classes = len(names)
    if classes > MATRIX_CLASSES:
        return None
    counts = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    return Matrix(counts, names)


def largest_confusions(
    labels: np.ndarray, predicted: np.ndarray, names: Callable[[int], str], *, most: int
) -> tuple[Confusion, ...]:
    """Return the pairs of classes that are confused most often, by falling count; equals by class."""
    wrong = labels != predicted
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return tuple(
        Confusion(names(label), names(said), int(count), int(count) / int((labels == label).sum()))
        for (label, said), count in zip(pairs[order].tolist(), counts[order], strict=True)
    )


def regression_errors(outputs: np.ndarray, targets: np.ndarray) -> RegressionErrors:
    """Return how far outputs are from targets.

    Args:
        outputs: (N,) float64.
        targets: (N,) numbers.
    """
    errors = outputs - targets
    spread = float(((targets - targets.mean()) ** 2).sum())
    counts, edges = np.histogram(errors, _ERROR_BINS)
    return RegressionErrors(
        bias=float(errors.mean()),
        mean_absolute=float(np.abs(errors).mean()),
        root_mean_square=float(np.sqrt((errors**2).mean())),
        explained=1 - float((errors**2).sum()) / spread if spread else float("nan"),
        quantiles={f"{share:g}": float(np.quantile(np.abs(errors), share)) for share in _QUANTILES},
        histogram=Histogram(edges, {"error": counts}, "output minus target"),
    )
