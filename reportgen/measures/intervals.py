"""Rates with their uncertainty, and decisions that wait until there are enough samples. Pure: no model, no samples."""

from __future__ import annotations

import enum
import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.results import redactable

CONFIDENCE = 0.95
"""Of every interval, unless a rule looks at several rates at once."""


@redactable
@dataclass(frozen=True)
class Rate:
    """A share of trials that succeeded, with the bounds of what it may be.

    Attributes:
        successes: number of trials that succeeded, 0 to `trials`.
        trials: number of samples that the rate was measured on.
        value: successes / trials in [0, 1]; NaN without a trial.
        low, high: Wilson's interval; 0 and 1 without a trial.
    """

    successes: int
    trials: int
    value: float
    low: float
    high: float


class Outcome(enum.Enum):
    """What is known of a rate and its limit."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Decision:
    """The outcome of one rule on one rate.

    Attributes:
        outcome: PASS or FAIL where the whole interval lies on one side of the limit, otherwise INCONCLUSIVE.
        limit: the limit that the rate was compared with.
        needed: about how many trials would decide if the rate stayed as it is; None where it is decided, or where the
            rate is the limit itself.
    """

    outcome: Outcome
    limit: float
    needed: int | None


def wilson_interval(successes: float, trials: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the two-sided score interval of a binomial rate, in [0, 1].

    Args:
        successes: number of trials that succeeded, 0 to `trials`.
        trials: at least 0; without one the interval is all of [0, 1].
        confidence: coverage of the interval, in (0, 1).

    Source: Wilson 1927, J. Am. Stat. Assoc. 22, 209; recommended for small samples by Brown, Cai and DasGupta 2001,
    Statistical Science 16, 101.
    """
    if not trials:
        return 0.0, 1.0
    z = _quantile(confidence)
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # the bound of none and of all is 0 and 1 exactly, whatever rounding says
    return (0.0 if successes == 0 else max(centre - half, 0.0)), (
        1.0 if successes == trials else min(centre + half, 1.0)
    )


def measure(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> Rate:
    """Return a rate with Wilson's interval."""
    low, high = wilson_interval(successes, trials, confidence=confidence)
    return Rate(successes, trials, successes / trials if trials else math.nan, low, high)


def measure_shared(successes: np.ndarray, trials: np.ndarray, *, confidence: float = CONFIDENCE) -> Rate:
    """Return the rate of trials that share samples, with Wilson's interval of as many as are independent.

    The trials count less by the factor by which the variance of the rate over samples is above that of independent trials, at
    least 1; where all or none succeed, which shows no variance, as many count as there are samples.

    Args:
        successes, trials: (N,), those of each sample.
        confidence: coverage of the interval, in (0, 1).

    Source: Rao and Scott 1992, Biometrics 48, 577.
    """
    hits, count, samples = float(successes.sum()), int(trials.sum()), int((trials > 0).sum())
    if not count:
        return measure(0, 0, confidence=confidence)
    rate, factor = hits / count, count / samples
    if 0 < hits < count and samples > 1:
        variance = samples / (samples - 1) * float(((successes - rate * trials) ** 2).sum()) / count**2
        factor = max(variance * count / (rate * (1 - rate)), 1.0)
    alone = max(round(count / factor), 1)
    return Rate(round(hits), count, rate, *wilson_interval(rate * alone, alone, confidence=confidence))


def rate_difference(first: Rate, second: Rate) -> tuple[float, float]:
    """Return the interval of the difference of two rates on different samples, first minus second, in [-1, 1].

    Example:
        >>> [round(bound, 4) for bound in rate_difference(measure(56, 70), measure(48, 80))]
        [0.0524, 0.3339]

    Source: Newcombe 1998, Statistics in Medicine 17, 873, method 10: Wilson's intervals of both, joined.
    """
    difference = first.value - second.value
    return (
        difference - math.hypot(first.value - first.low, second.high - second.value),
        difference + math.hypot(first.high - first.value, second.value - second.low),
    )


def never_seen_bound(trials: int, *, of: int = 1) -> float:
    """Return the largest share of trials, in [0, 1], that an event which was never seen may have, at 95% confidence.

    Args:
        trials: number of trials without the event.
        of: number of such events, of which the bound holds for all at once.

    Source: Clopper and Pearson, Biometrika 26 (1934) 404, with no success; for a single event about 3 / trials (rule of three,
        Hanley and Lippman-Hand, JAMA 249 (1983) 1743); Bonferroni for several.

    Example:
        >>> round(never_seen_bound(200, of=44), 3)
        0.033
    """
    return float(1 - ((1 - CONFIDENCE) / of) ** (1 / trials)) if trials else 1.0


def samples_needed(rate: float, limit: float, *, confidence: float = CONFIDENCE) -> int | None:
    """Return how many trials it takes until Wilson's interval around `rate` leaves out `limit`; None if none suffice.

    Wilson's interval holds exactly the limits that the score test does not reject, so it leaves out `limit` as soon as
    n > z**2 limit (1 - limit) / (rate - limit)**2.

    Args:
        rate: the observed rate, in [0, 1].
        limit: the limit to tell it from, in [0, 1].
        confidence: coverage of the interval, in (0, 1).

    Source: inversion of Wilson's score interval (1927).
    """
    if not math.isfinite(rate) or rate == limit:
        return None
    return math.floor(_quantile(confidence) ** 2 * limit * (1 - limit) / (rate - limit) ** 2) + 1


def decide_at_least(successes: int, trials: int, limit: float, *, confidence: float = CONFIDENCE) -> Decision:
    """Return whether a rate reaches `limit`: PASS when its interval lies above, FAIL when it lies below.

    Args:
        successes: number of trials that succeeded, 0 to `trials`.
        trials: at least 0.
        limit: the limit to tell it from, in [0, 1].
        confidence: coverage of the interval; for one of m rates that are judged together, 1 - 0.05 / m (Bonferroni).
    """
    low, high = wilson_interval(successes, trials, confidence=confidence)
    if low >= limit:
        return Decision(Outcome.PASS, limit, None)
    if high < limit:
        return Decision(Outcome.FAIL, limit, None)
    rate = successes / trials if trials else math.nan
    return Decision(Outcome.INCONCLUSIVE, limit, samples_needed(rate, limit, confidence=confidence))


def binomial_tail(successes: int, trials: int, rate: float) -> float:
    """Return the probability of at least so many successes, in [0, 1]: the p-value of the exact one-sided test.

    Args:
        successes: number of trials that succeeded, 0 to `trials`.
        trials: at least 0.
        rate: probability of a success under the hypothesis, in [0, 1].

    Source: Clopper and Pearson 1934, Biometrika 26, 404.

    Example:
        >>> binomial_tail(5, 5, 0.5)
        0.03125
    """
    if successes <= 0 or rate >= 1:
        return 1.0
    if rate <= 0 or successes > trials:
        return 0.0
    # whichever tail is shorter; its largest term comes first, from which the others fall
    if successes <= trials * rate:
        return 1 - _lower_tail(successes - 1, trials, rate)
    return _lower_tail(trials - successes, trials, 1 - rate)


def _lower_tail(successes: int, trials: int, rate: float) -> float:
    """Return the probability of at most so many successes, where that is less than is expected."""
    if successes < 0:
        return 0.0
    logarithm = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    term = math.exp(logarithm + successes * math.log(rate) + (trials - successes) * math.log1p(-rate))
    total, count = 0.0, successes
    while count >= 0 and term > total * 1e-17:
        total += term
        term *= count / (trials - count + 1) * (1 - rate) / rate
        count -= 1
    return min(total, 1.0)


def student_quantile(probability: float, freedom: int) -> float:
    """Return a quantile of Student's distribution, within 1 % from 9 degrees of freedom up to probabilities of 1 - 1e-5.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5 (Fisher's expansion).
    """
    x = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + math.fsum(term / float(freedom) ** power for power, term in zip(itertools.count(1), terms))


def mean_margin(deviation: float, count: int, *, confidence: float = CONFIDENCE) -> float:
    """Return how far Student's interval of a mean reaches to either side.

    Args:
        deviation: standard deviation of the values, estimated from them (ddof 1).
        count: number of values, at least 10: `student_quantile` is exact enough from 9 degrees of freedom.
        confidence: coverage of the interval, in (0, 1).

    Source: Student 1908, Biometrika 6, 1.
    """
    return student_quantile((1 + confidence) / 2, count - 1) * deviation / math.sqrt(count)


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
