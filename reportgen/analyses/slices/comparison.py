"""How often answers are right on groups of samples, each against all others, with bounds that hold for all groups at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analyses.slices.results import Slice
from reportgen.measures.intervals import CONFIDENCE, Rate, measure, rate_difference

Group = tuple[str, str, np.ndarray]
"""What samples are grouped by, what they have in common, and which they are, (N,) bool."""


def compared(groups: Sequence[Group], right: np.ndarray, labels: np.ndarray | None) -> tuple[Slice, ...]:
    """Return each group beside all other samples, those that certainly do worst first.

    A group and all others are one comparison, whichever of the two it is called by; each is looked at on one side.

    Args:
        groups: at least one, none of which holds no sample or all.
        right: (N,) bool, whether the answer to each sample is right.
        labels: (N,) int64, the class of each sample; None where a sample has several.
    """
    different = {min(inside.tobytes(), (~inside).tobytes()) for _, _, inside in groups}
    confidence = 1 - 2 * (1 - CONFIDENCE) / max(len(different), 2)
    found = [_slice(column, value, inside, right, labels, confidence=confidence) for column, value, inside in groups]
    return tuple(sorted(found, key=lambda one: -one.low))


def _slice(
    column: str, value: str, inside: np.ndarray, right: np.ndarray, labels: np.ndarray | None, *, confidence: float
) -> Slice:
    own, rest = right[inside], right[~inside]

    def bounded(answers: np.ndarray, at: float = CONFIDENCE) -> Rate:
        return measure(int(answers.sum()), len(answers), confidence=at)

    corrected = bounded(own, confidence)
    low, high = rate_difference(bounded(rest, confidence), corrected)
    expected = None if labels is None else _expected(inside, right, labels)
    return Slice(column, value, bounded(own), bounded(rest), expected, low, high, corrected.high)


def _expected(inside: np.ndarray, right: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the accuracy of a slice if each of its samples were as likely right as the others of its class; None without."""
    counts = np.bincount(labels[~inside], minlength=int(labels.max()) + 1)
    rates = np.bincount(labels[~inside & right], minlength=len(counts)) / np.maximum(counts, 1)
    known = counts[labels[inside]] > 0
    return float(rates[labels[inside]].mean()) if known.all() else None
