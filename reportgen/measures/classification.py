"""Measures of predictions against labels. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from reportgen.measures.assignment import Reordered, certain_exchanges
from reportgen.measures.calibration import Calibration, Confidences, calibrate, calibration_error, confidences_of
from reportgen.measures.intervals import Rate, measure
from reportgen.measures.ranking import Ranking, measure_ranking
from reportgen.measures.temperature import Temperature, tempered
from reportgen.results import UNWRITTEN, Kept, Matrix, redactable

MATRIX_CLASSES = 100
"""Most classes of a confusion matrix that can still be read."""

TOP = 5
"""Answers that may hold the label where there are many classes."""

_MANY = 20

_CONFUSIONS = 10


@redactable
@dataclass(frozen=True)
class ClassQuality:
    """How well one class is predicted.

    Attributes:
        index: number of the class.
        name: the class's name.
        support: samples of the class.
        predicted: samples that were said to be of it.
        precision: share of those said to be of it that are; of `predicted`.
        recall: share of those of it that were said to be; of `support`.
        f1: harmonic mean of both, with its interval in `low` and `high`. Its trials are the samples that are of the class or
            were said to be.
    """

    index: int
    name: Kept[str]
    support: int
    predicted: int
    precision: Rate
    recall: Rate
    f1: Rate


@redactable
@dataclass(frozen=True)
class Averages:
    """Precision, recall and F1 over several classes, each in [0, 1] or NaN where it is not defined.

    They have no interval: the classes depend on one another.
    """

    precision: float
    recall: float
    f1: float


@redactable
@dataclass(frozen=True)
class Confusion:
    """Samples of one class that were taken for another: how many, and their share of the class in [0, 1]; both by number too."""

    label: Kept[str]
    predicted: Kept[str]
    count: int
    share: float
    label_index: int = -1
    predicted_index: int = -1


@redactable
@dataclass(frozen=True)
class ClassificationQuality:
    """How well classes are predicted.

    Attributes:
        accuracy: accuracy over all samples.
        total_classes: number of classes that the model knows.
        majority: name of the most frequent class.
        majority_share: its share of the samples, in [0, 1].
        classes: the classes with samples or predictions.
        matrix: confusion matrix of all classes, or None where there are too many.
        confusions: the most frequent ones.
        calibration: how far the probability of the answer and accuracy agree.
        confident: number of answers with a probability over `sure`.
        confident_wrong: number of wrong ones among them.
        sure: the probability that counts as confident in this report, in [0, 1].
        macro: means over the classes for which they are defined; None where that was not measured.
        constant: the answer, where all samples have the same one; None elsewhere.
        top: share of all samples whose label is among the five classes with the highest scores; None for up to 20 classes.
        ranking: how well the scores rank two classes with samples of both; None elsewhere.
        reordered: the classes, of up to 100, that labels and answers have in different orders; None where there are none.
        temperature: what the logits must be divided by to be as sure as they are right; None where that was not measured.
        fitted_error: calibration error that is left then, in [0, 1]; likewise.
        confidences: how sure the model is of each answer, from which rules count at any limit; too long for the JSON.
    """

    accuracy: Rate
    total_classes: int
    majority: Kept[str]
    majority_share: float
    classes: tuple[ClassQuality, ...]
    matrix: Matrix | None
    confusions: tuple[Confusion, ...]
    calibration: Calibration
    confident: int
    confident_wrong: int
    sure: float = 1.0
    macro: Averages | None = None
    constant: Kept[str | None] = None
    top: Rate | None = None
    ranking: Ranking | None = None
    reordered: Reordered | None = None
    temperature: Temperature | None = None
    fitted_error: float | None = None
    confidences: Confidences = field(default_factory=Confidences, compare=False, metadata=UNWRITTEN)

    @property
    def matrix_classes(self) -> int:
        """Most classes that have a confusion matrix."""
        return MATRIX_CLASSES

    @property
    def top_answers(self) -> int:
        """Number of answers among which `top` looks for the label."""
        return TOP


def classification_quality(
    values: np.ndarray,
    labels: np.ndarray,
    names: tuple[str, ...],
    *,
    sure: float,
    seed: int,
    temperature: Temperature | None = None,
    independent: bool = False,
) -> ClassificationQuality:
    """Return how well classes are predicted; the answer is the class of the highest score, the first of equals.

    Args:
        values: (N, K) float64, probabilities that sum to 1 for each sample unless `independent`.
        labels: (N,) int64 in [0, K).
        names: names of the K classes.
        sure: probability above which an answer counts as confident.
        seed: seed of the draws behind the calibration error.
        temperature: what the logits must be divided by, if that was measured.
        independent: whether each class has a probability of its own.
    """
    predicted, confidence = values.argmax(axis=1), values.max(axis=1)
    correct = predicted == labels
    classes = class_qualities(labels, predicted, names.__getitem__)
    majority = int(np.bincount(labels).argmax())
    confidences = confidences_of(confidence, correct)
    confident, confident_wrong = confidences.over(sure)
    few = len(names) <= MATRIX_CLASSES
    fitted_error = None
    if temperature is not None:
        fitted = tempered(values, temperature.value, independent=independent)
        fitted_error = calibration_error(fitted.max(axis=1), correct)
    return ClassificationQuality(
        accuracy=measure(int(correct.sum()), len(labels)),
        total_classes=len(names),
        majority=names[majority],
        majority_share=classes[majority].support / len(labels),
        classes=tuple(classes.values()),
        matrix=confusion_matrix(labels, predicted, names),
        confusions=largest_confusions(labels, predicted, names.__getitem__, most=_CONFUSIONS),
        calibration=calibrate(confidence, correct, seed=seed),
        confident=confident,
        confident_wrong=confident_wrong,
        temperature=temperature,
        fitted_error=fitted_error,
        sure=sure,
        macro=macro_averages(classes.values()),
        constant=names[predicted[0]] if len(labels) > 1 and (predicted == predicted[0]).all() else None,
        top=_top_accuracy(values, labels) if len(names) > _MANY else None,
        ranking=measure_ranking(values[:, 1], labels == 1) if len(names) == 2 else None,
        reordered=certain_exchanges(labels, predicted, names.__getitem__, classes=len(names)) if few else None,
        confidences=confidences,
    )


def macro_averages(classes: Iterable[ClassQuality]) -> Averages:
    """Return the means of precision, recall and F1, each over the classes for which it is defined.

    Source: Sokolova and Lapalme 2009, Information Processing and Management 45, 427.
    """
    known = [[one.precision.value, one.recall.value, one.f1.value] for one in classes]
    columns = [[value for value in column if not np.isnan(value)] for column in zip(*known, strict=True)]
    return Averages(*(float(np.mean(column)) if column else float("nan") for column in columns))


def _top_accuracy(values: np.ndarray, labels: np.ndarray) -> Rate:
    best = np.argsort(-values, axis=1, kind="stable")[:, :TOP]
    return measure(int((best == labels[:, None]).any(axis=1).sum()), len(labels))


def class_qualities(labels: np.ndarray, predicted: np.ndarray, names: Callable[[int], str]) -> dict[int, ClassQuality]:
    """Return the quality of every class that is a label or was predicted, by class, ascending.

    F1 = 2 J / (1 + J) rises with Jaccard's index J = hits / (samples that are of the class or were said to be), which is a
    plain rate; so F1's interval is J's Wilson interval put through the same formula.

    Args:
        labels: (N,) int64.
        predicted: (N,) int64.
        names: gives the name of a class.

    Source: Hand, Christen and Kirielle 2021, Machine Learning 110, 451 (F1 and J).
    """
    size = int(max(labels.max(), predicted.max())) + 1
    support, said = np.bincount(labels, minlength=size), np.bincount(predicted, minlength=size)
    hits = np.bincount(labels[labels == predicted], minlength=size)
    return {
        index: ClassQuality(
            index=index,
            name=names(index),
            support=int(support[index]),
            predicted=int(said[index]),
            precision=measure(int(hits[index]), int(said[index])),
            recall=measure(int(hits[index]), int(support[index])),
            f1=f1_rate(int(hits[index]), int(support[index] + said[index] - hits[index])),
        )
        for index in np.flatnonzero(support + said).tolist()
    }


def f1_rate(hits: int, either: int) -> Rate:
    """Return F1 with its interval, see `class_qualities`.

    Args:
        hits: samples that are of the class and were said to be.
        either: samples that are of the class or were said to be.
    """
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
        Confusion(names(label), names(said), int(count), int(count) / int((labels == label).sum()), label, said)
        for (label, said), count in zip(pairs[order].tolist(), counts[order], strict=True)
    )
