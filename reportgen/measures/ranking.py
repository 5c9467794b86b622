"""How well a score ranks samples of one class before those of the other. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.measures.intervals import CONFIDENCE, wilson_interval
from reportgen.messages import say
from reportgen.results import Curve, redactable

_POINTS = 25
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@redactable
@dataclass(frozen=True)
class Area:
    """An area under a curve, in [0, 1], with the bounds of what it may be at 95 %."""

    value: float
    low: float
    high: float


@redactable
@dataclass(frozen=True)
class Ranking:
    """How well the probability of class 1 of two tells it from class 0, at all thresholds together.

    Attributes:
        positives: samples of class 1.
        negatives: samples of class 0.
        roc: area under the curve of `curve`: the share of pairs in which class 1 has the higher score, ties as halves.
        precision: average precision: mean of the precision at each sample of class 1, by falling score.
        curve: true positive rate against false positive rate, at 25 thresholds at the most.
    """

    positives: int
    negatives: int
    roc: Area
    precision: Area
    curve: Curve


def measure_ranking(scores: np.ndarray, positive: np.ndarray) -> Ranking | None:
    """Return how well scores tell two classes apart, or None where one of them has no samples.

    Args:
        scores: (N,) float64, the higher the more likely class 1.
        positive: (N,) bool, whether a sample is of class 1.

    Source: Hanley and McNeil 1982, Radiology 143, 29 (area); Newcombe 2006, Statistics in Medicine 25, 559, method 5 (its
    interval); Boyd, Eng and Page 2013, ECML PKDD, LNCS 8190, 451 (interval of the average precision).
    """
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores
    hits = np.cumsum(positive[order])[last]
    said = np.flatnonzero(last) + 1
    true, false = np.append(0, hits) / ones, np.append(0, said - hits) / zeros
    area = float(((true[1:] + true[:-1]) / 2 * np.diff(false)).sum())
    average = float((np.diff(true) * hits / said).sum())
    return Ranking(
        positives=ones,
        negatives=zeros,
        roc=Area(area, *roc_interval(area, ones, zeros)),
        precision=Area(average, *precision_interval(average, ones)),
        curve=_curve(false, true, ones),
    )


def roc_interval(area: float, ones: int, zeros: int) -> tuple[float, float]:
    """Return the areas whose own standard error does not rule out the one observed, at 95 %: never empty, not even at 1.

    Args:
        area: area under the curve, in [0, 1].
        ones, zeros: samples of either class, at least 1.

    Source: Newcombe 2006, Statistics in Medicine 25, 559, method 5: the variance of Hanley and McNeil (1982) at the bound, with
    both numbers of samples replaced by their mean.
    """
    more = (ones + zeros) / 2 - 1

    def half(at: float) -> float:
        return _Z * math.sqrt(at * (1 - at) * (1 + more * ((1 - at) / (2 - at) + at / (1 + at))) / (ones * zeros))

    low = 0.0 if area <= 0 else _root(lambda at: area - at - half(at), 0.0, area)
    high = 1.0 if area >= 1 else _root(lambda at: at - area - half(at), 1.0, area)
    return low, high


def precision_interval(average: float, ones: int) -> tuple[float, float]:
    """Return the interval of an average precision, symmetric in its logit; Wilson's where that is not defined, at 0 and 1.

    Source: Boyd, Eng and Page 2013, ECML PKDD, LNCS 8190, 451 (logit interval).
    """
    if not 0 < average < 1:
        return wilson_interval(average * ones, ones)
    middle, half = math.log(average / (1 - average)), _Z / math.sqrt(ones * average * (1 - average))
    low, high = (0.5 * (1 + math.tanh((middle + side * half) / 2)) for side in (-1, 1))
    return low, high


def _root(difference: Callable[[float], float], positive: float, negative: float) -> float:
    """Return where a function changes its sign, by halving; the ends say where it is positive and where not."""
    for _ in range(60):
        middle = (positive + negative) / 2
        if difference(middle) > 0:
            positive = middle
        else:
            negative = middle
    return (positive + negative) / 2


def _curve(false: np.ndarray, true: np.ndarray, ones: int) -> Curve:
    if len(false) > _POINTS:
        along = false + true  # from 0 to 2, so that steep and flat parts have their share of the points
        chosen = np.unique(np.searchsorted(along, np.linspace(0, 2, _POINTS) - 1e-12))
        false, true = false[chosen], true[chosen]
    bounds = np.array([wilson_interval(rate * ones, ones) for rate in true.tolist()])
    return Curve(
        x=false,
        y=true,
        low=bounds[:, 0],
        high=bounds[:, 1],
        x_label=say("false positive rate"),
        y_label=say("true positive rate"),
        axis_range=(0.0, 1.0),
    )
