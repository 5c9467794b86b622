"""Whether another order of the classes would make wrong answers right. Pure: counts in, an order and its accuracy out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.measures.intervals import Rate, measure
from reportgen.results import Kept, redactable


@redactable
@dataclass(frozen=True)
class ClassPair:
    """A class of the labels and the answer that mostly stands for it."""

    label: Kept[str]
    answer: Kept[str]


@redactable
@dataclass(frozen=True)
class Reordered:
    """The best other order of the classes, chosen on every second sample and tried on the rest.

    Attributes:
        accuracy: accuracy in that order, on the samples that it was not chosen on.
        declared: accuracy in the model's own order on the same samples, in [0, 1].
        pairs: the classes that are moved, of those with samples.
        shift: by how much all labels move alike, the last ones to the front; 0 where they do not.
    """

    accuracy: Rate
    declared: float
    pairs: tuple[ClassPair, ...]
    shift: int


def best_order(
    labels: np.ndarray, predicted: np.ndarray, names: Callable[[int], str], *, classes: int
) -> Reordered | None:
    """Return the order of the classes that makes most answers right, or None where it is the one that they have.

    The order is chosen on the samples at even positions and its accuracy measured on the others, as the best of many orders
    looks good by chance on the samples that it was chosen on.

    Args:
        labels: (N,) int64.
        predicted: (N,) int64.
        names: gives the name of a class.
        classes: K.
    """
    counts = np.bincount(labels[::2] * classes + predicted[::2], minlength=classes**2).reshape(classes, classes)
    # of several orders that are equally good, the one that moves fewer classes
    order = best_assignment(counts * (classes + 1) + np.eye(classes, dtype=np.int64))
    moved = [one for one in np.flatnonzero(order != np.arange(classes)).tolist() if counts[one].any()]
    left, answers = labels[1::2], predicted[1::2]
    if not moved or not len(left):
        return None
    return Reordered(
        accuracy=measure(int((order[left] == answers).sum()), len(left)),
        declared=float((left == answers).mean()),
        pairs=tuple(ClassPair(names(one), names(int(order[one]))) for one in moved),
        shift=_shift(order, np.asarray(counts.any(axis=1)), classes),
    )


def _shift(order: np.ndarray, known: np.ndarray, classes: int) -> int:
    steps = np.unique((order - np.arange(classes))[known] % classes)
    if len(steps) != 1 or classes == 2 or known.sum() < 3:
        return 0
    step = int(steps[0])
    return step - classes if step > classes // 2 else step


def best_assignment(gains: np.ndarray) -> np.ndarray:
    """Return the column of each row, each once, with the largest sum of gains, (K,) int64.

    Args:
        gains: (K, K) numbers.

    Source: Kuhn 1955, Naval Research Logistics 2, 83; with shortest augmenting paths, Jonker and Volgenant 1987, Computing
    38, 325.
    """
    size = len(gains)
    costs = np.zeros((size + 1, size + 1))
    costs[1:, 1:] = gains.max(initial=0) - gains
    of_row, of_column = np.zeros(size + 1), np.zeros(size + 1)
    row_of = np.zeros(size + 1, np.int64)
    for row in range(1, size + 1):
        row_of[0], column = row, 0
        least, before = np.full(size + 1, np.inf), np.zeros(size + 1, np.int64)
        used = np.zeros(size + 1, bool)
        while row_of[column]:
            used[column] = True
            reduced = costs[row_of[column]] - of_row[row_of[column]] - of_column
            better = ~used & (reduced < least)
            least[better], before[better] = reduced[better], column
            following = int(np.where(used, np.inf, least)[1:].argmin()) + 1
            step = least[following]
            of_row[row_of[used]] += step
            of_column[used] -= step
            least[~used] -= step
            column = following
        while column:
            row_of[column] = row_of[before[column]]
            column = int(before[column])
    order = np.zeros(size, np.int64)
    order[row_of[1:] - 1] = np.arange(size)
    return order
