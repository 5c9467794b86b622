"""Two answers to the same samples: whether one is right more often than chance explains, and by how much. Pure."""

from __future__ import annotations

import math

from reportgen.measures.intervals import CONFIDENCE, wilson_interval


def mcnemar_exact(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test: whether as many pairs changed one way as the other.

    Args:
        gained: pairs that changed from wrong to right.
        lost: pairs that changed from right to wrong.

    Source: McNemar 1947, Psychometrika 12, 153; the binomial distribution of the smaller count at 1/2, doubled.
    """
    changed = gained + lost
    tail = sum(math.comb(changed, count) for count in range(min(gained, lost) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def paired_difference(
    right: int, gained: int, lost: int, trials: int, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the interval of a paired difference of rates, after minus before, in [-1, 1].

    Args:
        right: samples that were right before, of which `lost` are wrong afterwards.
        gained: samples that were wrong before and are right afterwards.
        lost: samples that were right before and are wrong afterwards.
        trials: all samples, at least 0; without one the interval is all of [-1, 1].
        confidence: coverage of the interval, in (0, 1).

    Example:
        >>> [round(bound, 3) for bound in paired_difference(90, 0, 60, 100)]
        [-0.685, -0.49]

    Source: Newcombe 1998, Statistics in Medicine 17, 2635, method 10: Wilson's intervals of both rates, joined with regard to
    their correlation, whose estimate is corrected for continuity.
    """
    if not trials:
        return -1.0, 1.0
    before, after = right / trials, (right - lost + gained) / trials
    low_before, high_before = wilson_interval(right, trials, confidence=confidence)
    low_after, high_after = wilson_interval(right - lost + gained, trials, confidence=confidence)
    both, neither = right - lost, trials - right - gained
    margins = right * (trials - right) * (both + gained) * (lost + neither)
    product = both * neither - gained * lost
    excess = max(product - trials / 2, 0.0) if product > 0 else product
    correlation = excess / math.sqrt(margins) if margins else 0.0

    def joined(down: float, up: float) -> float:
        return math.sqrt(max(down**2 - 2 * correlation * down * up + up**2, 0.0))

    difference = after - before
    return (
        max(difference - joined(after - low_after, high_before - before), -1.0),
        min(difference + joined(high_after - after, before - low_before), 1.0),
    )
