"""Two answers to the same samples: whether one is right more often than chance explains, and by how much. Pure.

Every measure is mirrored when the two change places: differences and the ends of their intervals change their signs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.measures.calibration import CALIBRATION_BINS
from reportgen.measures.intervals import (
    CONFIDENCE,
    Rate,
    binomial_tail,
    mean_margin,
    measure,
    wilson_interval,
)
from reportgen.results import redactable

_FEWEST_FOR_MEANS = 10
"""Samples under which a mean difference has no interval: Student's quantile is exact enough from 9 degrees of freedom."""
_MOST_NEEDED = 10**7
_EXCHANGES = 1000
_SMALLEST_STEP = 1e-12  # of a difference of two sums of probabilities: what is less is rounding


def gained_and_lost(before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """Return how many samples are right afterwards alone, and how many before alone.

    Args:
        before, after: (N,) bool, whether the answer to each sample is right.
    """
    return int((after & ~before).sum()), int((before & ~after).sum())


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


@redactable
@dataclass(frozen=True)
class PairedRates:
    """How often two models are right on the same samples.

    Attributes:
        base, new: the rate of each, with Wilson's interval.
        fixed: number of samples that the new model alone has right.
        broken: number of samples that the base alone has right.
        difference: rate of the new model minus that of the base, in [-1, 1]; NaN without a sample.
        low, high: interval of the difference.
        p_value: p-value of McNemar's exact test, two-sided, in [0, 1]; 1 where no answer differs.
        needed: about how many samples would decide, if as large a share of them were fixed and broken; None where it is
            decided, or where as many are fixed as broken.
    """

    base: Rate
    new: Rate
    fixed: int
    broken: int
    difference: float
    low: float
    high: float
    p_value: float
    needed: int | None


@redactable
@dataclass(frozen=True)
class PairedMeans:
    """The errors of two models on the same samples.

    Attributes:
        base, new: mean error of each.
        samples: number of samples.
        difference: mean of the new model's errors minus that of the base's; under 0 where the new one is better.
        low, high: Student's interval of the difference; NaN where there are under 10 samples.
        needed: about how many samples would decide, if mean and spread of the differences stayed; None where it is decided.
    """

    base: float
    new: float
    samples: int
    difference: float
    low: float
    high: float
    needed: int | None


def paired_rates(base: np.ndarray, new: np.ndarray, *, confidence: float = CONFIDENCE) -> PairedRates:
    """Return how often two models are right on the same samples.

    Args:
        base, new: (N,) bool, whether the answer to each sample is right.
        confidence: coverage of the interval, in (0, 1); the test is decided at 1 - confidence.
    """
    count = len(base)
    fixed, broken = gained_and_lost(base, new)
    first, second = (measure(int(right.sum()), count, confidence=confidence) for right in (base, new))
    low, high = paired_difference(first.successes, fixed, broken, count, confidence=confidence)
    p_value = mcnemar_exact(fixed, broken)
    return PairedRates(
        base=first,
        new=second,
        fixed=fixed,
        broken=broken,
        difference=(fixed - broken) / count if count else math.nan,
        low=low,
        high=high,
        p_value=p_value,
        needed=None if p_value < 1 - confidence else samples_to_decide(fixed, broken, count, confidence=confidence),
    )


def samples_to_decide(fixed: int, broken: int, count: int, *, confidence: float = CONFIDENCE) -> int | None:
    """Return about how many samples it takes until the exact test tells two models apart; None where none do.

    As large a share of the samples as now is fixed and broken.

    Args:
        fixed, broken: numbers of samples that one of the models alone has right.
        count: number of all samples.
        confidence: the test is decided at 1 - confidence.
    """
    if fixed == broken:
        return None
    differing = fixed + broken
    share = max(fixed, broken) / differing

    def decides(number: int) -> bool:
        return 2 * binomial_tail(math.floor(number * share + 1e-9), number, 0.5) < 1 - confidence

    most = math.ceil(_MOST_NEEDED * differing / count)
    high = differing
    while high < most and not decides(high):
        high *= 2
    low = max(high // 2, 1)
    while (
        low < high
    ):  # the test is nearly monotonous in the number, so that halving finds about where it begins to decide
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    needed = math.ceil(low * count / differing)
    return needed if needed <= _MOST_NEEDED else None


def paired_means(base: np.ndarray, new: np.ndarray, *, confidence: float = CONFIDENCE) -> PairedMeans:
    """Return the mean errors of two models on the same samples, with the interval of their difference.

    Args:
        base, new: (N,) float64, the error of each sample, at least 0.
        confidence: coverage of the interval, in (0, 1).

    Source: Student 1908, Biometrika 6, 1, on the differences.
    """
    differences = new - base
    count, mean = len(differences), float(differences.mean())
    low = high = math.nan
    needed = None
    if count >= _FEWEST_FOR_MEANS:
        half = mean_margin(float(differences.std(ddof=1)), count, confidence=confidence)
        low, high = mean - half, mean + half
        if low <= 0 <= high and mean and half:
            needed = math.ceil(count * (half / mean) ** 2)
            needed = needed if needed <= _MOST_NEEDED else None
    return PairedMeans(float(base.mean()), float(new.mean()), count, mean, low, high, needed)


def calibration_p_value(
    base: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray], *, seed: int
) -> tuple[float, float]:
    """Return the difference of two models' calibration errors on the same samples, and how probable as large a one is by chance.

    If the two were alike, it would not matter which of them gave which answer to a sample: 1,000 times the answers to each
    sample are exchanged or not, by the toss of a coin.

    Args:
        base, new: confidence in [0, 1] and whether the answer is right, (N,) float64 and (N,) bool each.
        seed: seed of the tosses.

    Returns:
        The new model's error minus the base's, in [-1, 1]; and the two-sided p-value, at least 1 / 1,001.

    Source: exchange of pairs, Pitman 1937, Supplement to the J. R. Stat. Soc. 4, 119; one is added to both counts, Phipson and
    Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39.
    """
    cells, deviations = [], []
    for confidence, right in (base, new):
        cells.append(np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1))
        deviations.append(right - confidence)
    count = len(cells[0])
    generator = np.random.default_rng(seed)

    def error(swapped: np.ndarray, first: int) -> float:
        place = np.where(swapped, cells[1 - first], cells[first])
        gap = np.where(swapped, deviations[1 - first], deviations[first])
        return float(np.abs(np.bincount(place, weights=gap)).sum() / count)

    kept = np.zeros(count, bool)
    difference = error(kept, 1) - error(kept, 0)
    larger = 0
    for _ in range(_EXCHANGES):
        swapped = generator.random(count) < 0.5
        larger += abs(error(swapped, 1) - error(swapped, 0)) >= abs(difference) - _SMALLEST_STEP
    return difference, (larger + 1) / (_EXCHANGES + 1)
