"""Whether a model is right as often as it says. Pure: arrays in, numbers with their uncertainty out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from reportgen.measures.intervals import Rate, binomial_tail, measure
from reportgen.messages import say
from reportgen.results import Curve, redactable

CALIBRATION_BINS = 15
"""Equally wide bins of confidence. Source: Guo et al. 2017, arXiv 1706.04599, table 1."""

_AT_ONCE = 2**19  # numbers that are drawn at once
_DRAWS = 200
"""Times that chance is drawn, of which the 95th percentile is told."""


@redactable
@dataclass(frozen=True)
class Confidences:
    """How sure a model is of each answer, those that are right and those that are wrong apart.

    Attributes:
        right, wrong: (n,) float64, the probability that the model gave each answer, in [0, 1], rising.
        wrong_samples: (n,) int64, the number of the sample of each of `wrong`; empty where each answer is a sample by itself.
    """

    right: np.ndarray = field(default_factory=lambda: np.empty(0))
    wrong: np.ndarray = field(default_factory=lambda: np.empty(0))
    wrong_samples: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def over(self, limit: float) -> tuple[int, int]:
        """Return how many answers have a probability over a limit, and how many of these are wrong.

        Example: with right answers at 0.6 and 0.995 and a wrong one at 0.999, (2, 1) are over 0.99.
        """
        right, wrong = (
            len(each) - int(np.searchsorted(each, limit, side="right")) for each in (self.right, self.wrong)
        )
        return right + wrong, wrong

    def chance_over(self, limit: float) -> float:
        """Return how probable so many wrong answers over a limit are, in [0, 1], if a share of 1 - limit of these is wrong.

        Wrong answers that share a sample depend on one another: the counts are then divided by the mean number that a wrong
        answer's sample has.

        Source: exact binomial test, one-sided; Rao and Scott 1992, Biometrics 48, 577 (answers that share a sample).
        """
        answers, wrong = self.over(limit)
        if not wrong:
            return 1.0
        shared = 1.0
        if len(self.wrong_samples):
            _, each = np.unique(self.wrong_samples[-wrong:], return_counts=True)
            shared = float((each**2).sum()) / wrong
        return binomial_tail(math.floor(wrong / shared), math.ceil(answers / shared), 1 - limit)


def confidences_of(confidence: np.ndarray, correct: np.ndarray, *, samples: np.ndarray | None = None) -> Confidences:
    """Return how sure a model is of its answers.

    Args:
        confidence: (n,) probability of each answer, in [0, 1].
        correct: (n,) bool.
        samples: (n,) int64, the number of the sample that each answer belongs to; None where each is a sample by itself.
    """
    wrong = np.flatnonzero(~correct)
    wrong = wrong[np.argsort(confidence[wrong], kind="stable")]
    owners = np.empty(0, np.int64) if samples is None else samples[wrong]
    return Confidences(np.sort(confidence[correct]), confidence[wrong], owners)


@redactable
@dataclass(frozen=True)
class CalibrationBin:
    """The samples whose confidence lies in (low, high]: their mean confidence, and the share that is right."""

    low: float
    high: float
    confidence: float
    accuracy: Rate


@redactable
@dataclass(frozen=True)
class Calibration:
    """How far confidence and accuracy agree.

    Attributes:
        error: expected calibration error, in [0, 1].
        chance: what a perfectly calibrated model with the same confidences would stay under 95 times in 100.
        confidence: mean, in [0, 1].
        bins: the bins that hold samples, by rising confidence.
        curve: accuracy against confidence, a point for each of these.
    """

    error: float
    chance: float
    confidence: float
    bins: tuple[CalibrationBin, ...]
    curve: Curve

    @property
    def possible_bins(self) -> int:
        """Number of bins, those without a sample counted."""
        return CALIBRATION_BINS

    @property
    def draws(self) -> int:
        """Number of draws behind `chance`."""
        return _DRAWS


def calibrate(
    confidence: np.ndarray,
    correct: np.ndarray,
    *,
    seed: int,
    groups: np.ndarray | None = None,
    chance: float | None = None,
) -> Calibration:
    """Return the expected calibration error over 15 equally wide bins: the mean of |accuracy - confidence|, by bin size.

    It is above zero by chance alone, the more so the fewer samples there are; `chance` is the 95th percentile of the error
    when 200 times each sample is right with exactly its own confidence. Where several values belong to one sample they depend
    on one another: 200 times the deviations of each sample then change their signs together.

    Args:
        confidence: (N,) probability of the predicted class, in [0, 1].
        correct: (N,) bool.
        seed: seed of the draws.
        groups: (N,) number of the sample that each value belongs to, from 0 up; None where each is a sample by itself.
        chance: what `chances` gives for these without groups, where it is known.

    Source: Guo et al. 2017, arXiv 1706.04599 (error); Broecker and Smith 2007, Weather and Forecasting 22, 651 (chance);
    Cameron, Gelbach and Miller 2008, Review of Economics and Statistics 90, 414 (chance with groups: wild cluster bootstrap).
    """
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    place = _bins(confidence)
    if groups is None:
        chance = float(chances(confidence[:, None], seed=seed)[0]) if chance is None else chance
    else:
        generator = np.random.default_rng(seed)
        chance = float(np.quantile(_errors_with_signs(place, correct - confidence, groups, generator), 0.95))
    bins = []
    for index in np.unique(place).tolist():
        inside = place == index
        accuracy = measure(int(correct[inside].sum()), int(inside.sum()))
        mean = float(confidence[inside].mean())
        bins.append(CalibrationBin(float(edges[index]), float(edges[index + 1]), mean, accuracy))
    return Calibration(
        error=_error(place, confidence, correct),
        chance=chance,
        confidence=float(confidence.mean()),
        bins=tuple(bins),
        curve=_reliability(bins),
    )


def chances(confidences: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the calibration error that perfectly calibrated answers stay under 95 times in 100, of each column, (K,).

    All columns share their draws, so that each has the error that it would have alone.

    Args:
        confidences: (N, K) probabilities of answers, in [0, 1].
        seed: seed of the draws.
    """
    count = len(confidences)
    generator = np.random.default_rng(seed)
    columns = np.ascontiguousarray(confidences.T)
    places = _bins(columns).astype(np.int8)
    said = [np.bincount(place, confidence, CALIBRATION_BINS) for place, confidence in zip(places, columns, strict=True)]
    errors = np.empty((len(columns), _DRAWS))
    step = max(_AT_ONCE // count, 1)
    for start in range(0, _DRAWS, step):
        numbers = generator.random((min(step, _DRAWS - start), count))
        for column, (place, confidence) in enumerate(zip(places, columns, strict=True)):
            member = (np.arange(CALIBRATION_BINS, dtype=np.int8)[:, None] == place).astype(np.float32)
            right = (numbers < confidence).astype(np.float32) @ member.T  # counts: float32 is exact up to 2^24
            errors[column, start : start + step] = np.abs(right - said[column]).sum(axis=1) / count
    return np.asarray(np.quantile(errors, 0.95, axis=1))


def calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Return the expected calibration error alone, in [0, 1], of (N,) probabilities and whether each answer is right."""
    return _error(_bins(confidence), confidence, correct)


def _bins(confidence: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1))


def _error(place: np.ndarray, confidence: np.ndarray, correct: np.ndarray) -> float:
    return float(np.abs(np.bincount(place, weights=correct - confidence)).sum() / len(place))


def _errors_with_signs(
    place: np.ndarray, deviations: np.ndarray, groups: np.ndarray, generator: np.random.Generator
) -> list[float]:
    """Return the errors of 200 draws in which each group's deviations keep or change their sign together."""
    count = int(groups.max()) + 1
    cells = np.bincount(groups * CALIBRATION_BINS + place, deviations, minlength=count * CALIBRATION_BINS)
    signs = generator.choice(np.array([-1.0, 1.0]), (_DRAWS, count))
    sums = signs @ cells.reshape(count, CALIBRATION_BINS)
    return (np.abs(sums).sum(axis=1) / len(place)).tolist()  # type: ignore[no-any-return]


def _reliability(bins: list[CalibrationBin]) -> Curve:
    return Curve(
        x=np.array([entry.confidence for entry in bins]),
        y=np.array([entry.accuracy.value for entry in bins]),
        low=np.array([entry.accuracy.low for entry in bins]),
        high=np.array([entry.accuracy.high for entry in bins]),
        x_label=say("confidence"),
        y_label=say("accuracy"),
        axis_range=(0.0, 1.0),
    )
