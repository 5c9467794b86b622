"""Which labels a classifier doubts: confident learning. Pure: probabilities and labels in, positions out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DoubtedLabel:
    """A sample that the classifier is as sure to be of another class as it usually is of that class's own samples.

    Attributes:
        position: the sample.
        answer: the other class.
        margin: probability of the label minus the largest of the others, in [-1, 1].
    """

    position: int
    answer: int
    margin: float


def doubted_labels(probabilities: np.ndarray, labels: np.ndarray) -> tuple[DoubtedLabel, ...]:
    """Return the samples off the diagonal of the confident joint, the smallest margin first.

    A class's threshold is the mean probability of it among the samples that have it as their label. A sample counts for the
    likeliest of the classes whose thresholds its probabilities reach, and is doubted where that is not its label.

    Args:
        probabilities: (N, K), of samples that the classifier was not trained on; a row that is not finite is left out.
        labels: (N,) classes in [0, K).

    Source: Northcutt, Jiang and Chuang, Confident Learning, JAIR 70 (2021), arXiv 1911.00068: equations 1 and 2, and the order
    by normalised margin.

    Example:
        >>> doubted_labels(np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.9, 0.1]]), np.array([0, 0, 1, 1]))
        (DoubtedLabel(position=3, answer=0, margin=-0.8),)
    """
    rows = np.flatnonzero(np.isfinite(probabilities).all(axis=1))
    known, given = np.asarray(probabilities[rows], np.float64), labels[rows]
    own = known[np.arange(len(rows)), given]
    counts = np.bincount(given, minlength=known.shape[1])
    sums = np.bincount(given, weights=own, minlength=known.shape[1])
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    reached = known >= thresholds
    answers = np.where(reached, known, -np.inf).argmax(axis=1)
    others = known.copy()
    others[np.arange(len(rows)), given] = -np.inf
    margins = own - others.max(axis=1)
    doubted = np.flatnonzero(reached.any(axis=1) & (answers != given))
    order = doubted[np.argsort(margins[doubted], kind="stable")]
    return tuple(DoubtedLabel(int(rows[one]), int(answers[one]), float(margins[one])) for one in order)
