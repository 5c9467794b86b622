"""Whether labels and answers have classes in different orders. Pure: counts in, the classes exchanged out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.measures.intervals import CONFIDENCE, Rate, binomial_tail, measure
from reportgen.results import Kept, redactable

_FEWEST = 5
"""Samples of a class under which no share of its answers can be told from a half at 5 %: 0.5**5 is 3 %, 0.5**4 is 6 %."""


@redactable
@dataclass(frozen=True)
class ClassPair:
    """A class of the labels and the answer that mostly stands for it.

    Attributes:
        label: the class's name.
        answer: the answer's.
        answered: share of the class's samples that have this answer.
    """

    label: Kept[str]
    answer: Kept[str]
    answered: Rate


@redactable
@dataclass(frozen=True)
class Exchange:
    """Classes that stand for one another: each is answered by the next, and the last by the first.

    Attributes:
        pairs: the classes, at least two, in this order.
        answered: share of their samples that have the next class as the answer.
        right: number of their samples that are answered by their own class.
    """

    pairs: tuple[ClassPair, ...]
    answered: Rate
    right: int


@redactable
@dataclass(frozen=True)
class Reordered:
    """Classes that labels and answers certainly have in different orders.

    Attributes:
        exchanges: the classes that are exchanged among one another.
        accuracy: accuracy over all samples, were they put right.
        declared: accuracy over all samples as they are, in [0, 1].
        shift: by how much all labels move alike, the last ones to the front; 0 where they do not.
    """

    exchanges: tuple[Exchange, ...]
    accuracy: Rate
    declared: float
    shift: int


def certain_exchanges(
    labels: np.ndarray, predicted: np.ndarray, names: Callable[[int], str], *, classes: int
) -> Reordered | None:
    """Return the classes that are certainly exchanged, or None where there are none.

    The order that makes most answers right falls into cycles, each of which is tested on its own samples alone, so that errors
    elsewhere hide none. Among the samples answered by their own class or by the next one, the next must be so frequent that of
    all cycles of this length chance gives one with 5 % (exact binomial test against a half; Bonferroni). So must it be, at 5 %,
    for more than two thirds of the classes by themselves, for both of a pair, and for none the other way round; those apart that
    have too few samples to tell.

    Args:
        labels: (N,) int64.
        predicted: (N,) int64.
        names: gives the name of a class.
        classes: K.
    """
    counts = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
    # of several orders that are equally good, the one that moves fewer classes
    order = best_assignment(counts * (classes + 1) + np.eye(classes, dtype=np.int64))
    certain = [cycle for cycle in _cycles(order) if _is_certain(counts, cycle, order)]
    if not certain:
        return None
    exchanges = tuple(_exchange(counts, cycle, order, names) for cycle in certain)
    right = int(counts.trace())
    gained = sum(one.answered.successes - one.right for one in exchanges)
    known = np.asarray(counts.any(axis=1))
    all_moved = set(np.flatnonzero(known).tolist()) <= {one for cycle in certain for one in cycle}
    return Reordered(
        exchanges=exchanges,
        accuracy=measure(right + gained, len(labels)),
        declared=right / len(labels),
        shift=_shift(order, known, classes) if all_moved else 0,
    )


def _cycles(order: np.ndarray) -> Iterator[list[int]]:
    """Yield the cycles of at least two classes in an order, each from its lowest class on."""
    seen: set[int] = set()
    for first in range(len(order)):
        cycle, place = [], first
        while place not in seen:
            seen.add(place)
            cycle.append(place)
            place = int(order[place])
        if len(cycle) > 1:
            yield cycle


def _is_certain(counts: np.ndarray, cycle: list[int], order: np.ndarray) -> bool:
    moved, kept = (
        np.array([counts[one, to] for one, to in zip(cycle, ends, strict=True)]) for ends in (order[cycle], cycle)
    )
    number = math.comb(len(counts), len(cycle)) * math.factorial(len(cycle) - 1)
    together = binomial_tail(int(moved.sum()), int((moved + kept).sum()), 0.5)
    if together * number >= 1 - CONFIDENCE:
        return False
    told = counts[cycle].sum(axis=1) >= _FEWEST
    certain = [
        binomial_tail(int(one), int(one + own), 0.5) < 1 - CONFIDENCE for one, own in zip(moved, kept, strict=True)
    ]
    agreed = int(np.array(certain)[told].sum())
    return agreed >= 2 and 3 * agreed > 2 * int(told.sum()) and bool((moved > kept)[told].all())


def _exchange(counts: np.ndarray, cycle: list[int], order: np.ndarray, names: Callable[[int], str]) -> Exchange:
    pairs = tuple(
        ClassPair(names(one), names(int(order[one])), measure(int(counts[one, order[one]]), int(counts[one].sum())))
        for one in cycle
    )
    answered = measure(sum(pair.answered.successes for pair in pairs), int(counts[cycle].sum()))
    return Exchange(pairs, answered, int(counts[cycle, cycle].sum()))


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
