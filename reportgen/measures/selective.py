"""What confidence is good for: proper scores, answers that are held back, and thresholds. Pure: arrays in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.measures.folds import folds_of
from reportgen.measures.intervals import CONFIDENCE, Rate, measure, measure_shared, wilson_interval
from reportgen.measures.paired import gained_and_lost, paired_difference
from reportgen.messages import say
from reportgen.results import Curve, redactable

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Confidences from which on answers may be given. Fixed beforehand, so that none is chosen for how well it does."""

LABEL_THRESHOLDS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Probabilities from which on a class may be said to be present, of labels that name any number. Fixed beforehand too."""

PRECISIONS = (0.9, 0.95, 0.99)
"""Precisions that a threshold is looked for, in [0, 1]."""

_POINTS = 25
_LEAST = 1e-12  # of a probability whose logit is taken


def brier_scores(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each sample's squared distance from certainty of its label, (N,) in [0, 2].

    Args:
        values: (N, K) float64, probabilities.
        labels: (N,) int64 in [0, K).

    Source: Brier 1950, Monthly Weather Review 78, 1, in its original form over all classes.
    """
    wanted = values[np.arange(len(labels)), labels]
    return np.asarray((values**2).sum(axis=1) - 2 * wanted + 1)


def brier_of_sets(values: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Return each sample's mean squared distance from certainty of the presence of each class, (N,) in [0, 1].

    Args:
        values: (N, K) float64, the probability of each class, in [0, 1].
        sets: (N, K) bool, the classes of each sample.

    Source: Brier 1950, Monthly Weather Review 78, 1, of each class as a question by itself, mean over the classes.
    """
    return np.asarray(((values - sets) ** 2).mean(axis=1))


@redactable
@dataclass(frozen=True)
class AtThreshold:
    """What becomes of the answers when only those from a confidence on are given.

    Attributes:
        threshold: that confidence, in [0, 1].
        answered: share of the samples that are answered.
        right: share of these answers that are right: their precision.
        least: its lower bound at 95 % for all thresholds at once; 0 without an answer.
    """

    threshold: float
    answered: Rate
    right: Rate
    least: float


def by_threshold(confidence: np.ndarray, right: np.ndarray) -> tuple[AtThreshold, ...]:
    """Return coverage and precision at every threshold.

    Args:
        confidence: (N,) probability of each answer.
        right: (N,) bool.

    Source: Wilson 1927, with Bonferroni for the lower bounds, each on one side.
    """
    found = []
    for threshold in THRESHOLDS:
        given = confidence >= threshold
        count, hits = int(given.sum()), int(right[given].sum())
        joint = 1 - 2 * (1 - CONFIDENCE) / len(THRESHOLDS)
        least = wilson_interval(hits, count, confidence=joint)[0]
        found.append(AtThreshold(threshold, measure(count, len(right)), measure(hits, count), least))
    return tuple(found)


@redactable
@dataclass(frozen=True)
class LabelsFrom:
    """What becomes of the classes said to be present when they are said from another probability on, all classes together.

    Attributes:
        threshold: that probability, in [0, 1].
        said: classes said to be present, mean number for a sample.
        precision: share of them that are.
        recall: share of the present ones that are said.
        least: lower bound of the precision at 95 % for all thresholds at once; 0 where none is said.
    """

    threshold: float
    said: float
    precision: Rate
    recall: Rate
    least: float


def labels_by_threshold(values: np.ndarray, sets: np.ndarray) -> tuple[LabelsFrom, ...]:
    """Return precision and recall of all classes together (micro averages) at every threshold.

    Args:
        values: (N, K) float64, the probability of each class, in [0, 1].
        sets: (N, K) bool, the classes of each sample.

    Source: Sorower 2010, A Literature Survey on Algorithms for Multi-label Learning, Oregon State University (micro averages);
    Rao and Scott 1992, Biometrics 48, 577 (answers that share a sample), with Bonferroni for the lower bounds, each on one side.
    """
    found = []
    joint = 1 - 2 * (1 - CONFIDENCE) / len(LABEL_THRESHOLDS)
    present = sets.sum(axis=1)
    for threshold in LABEL_THRESHOLDS:
        said = values >= threshold
        hits, count = (said & sets).sum(axis=1), said.sum(axis=1)
        least = measure_shared(hits, count, confidence=joint).low
        found.append(
            LabelsFrom(
                threshold, float(count.mean()), measure_shared(hits, count), measure_shared(hits, present), least
            )
        )
    return tuple(found)


@redactable
@dataclass(frozen=True)
class RiskCoverage:
    """How right the surest answers are.

    Attributes:
        area: mean share of wrong answers among the k surest, over all k, in [0, 1].
        best: the least that it could be with as many wrong answers, were these the least sure ones.
        curve: accuracy of the surest answers against their share of the samples.
    """

    area: float
    best: float
    curve: Curve


def risk_coverage(confidence: np.ndarray, right: np.ndarray, *, samples: np.ndarray | None = None) -> RiskCoverage:
    """Return the curve of risk against coverage; answers that are equally sure have their mean risk in any order.

    Args:
        confidence: (N,) probability of each answer.
        right: (N,) bool.
        samples: (N,) int64, the number of the sample that each answer belongs to; None where each is a sample by itself.

    Source: El-Yaniv and Wiener 2010, JMLR 11, 1605 (curve); Geifman, Uziel and El-Yaniv, arXiv 1805.08206 (area, and the best).
    """
    count = len(right)
    order = np.argsort(-confidence, kind="stable")
    _, groups, sizes = np.unique(-confidence[order], return_inverse=True, return_counts=True)
    wrong = (np.bincount(groups, ~right[order]) / sizes)[groups]
    kept = np.arange(1, count + 1)
    risks = np.cumsum(wrong) / kept
    best = np.cumsum(np.sort(~right)) / kept
    places = np.unique(np.linspace(max(count // _POINTS, 1), count, min(_POINTS, count)).round().astype(int))
    hits = places * (1 - risks[places - 1])
    if samples is None:
        bounds = np.array([wilson_interval(*one) for one in zip(hits.tolist(), places.tolist(), strict=True)])
    else:
        bounds = _shared_bounds(samples[order], 1 - wrong, places)
    curve = Curve(
        x=places / count,
        y=hits / places,
        low=bounds[:, 0],
        high=bounds[:, 1],
        x_label=say("share answered"),
        y_label=say("accuracy"),
    )
    return RiskCoverage(float(risks.mean()), float(best.mean()), curve)


def _shared_bounds(samples: np.ndarray, right: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return Wilson's bounds of the rate of right answers among the first of all, (P, 2), where answers share samples."""
    found = []
    for place in places.tolist():
        own = samples[:place]
        rate = measure_shared(np.bincount(own, right[:place]), np.bincount(own))
        found.append((rate.low, rate.high))
    return np.array(found)


@redactable
@dataclass(frozen=True)
class ChosenThreshold:
    """Answers of two classes from another probability of class 1 on than 0.5.

    Attributes:
        value: the probability over which class 1 is answered, chosen on all samples.
        usual: accuracy at 0.5.
        chosen: accuracy at thresholds that were chosen on the samples of other folds.
        gained: samples that are right with these alone.
        lost: samples that are right at 0.5 alone.
    """

    value: float
    usual: Rate
    chosen: Rate
    gained: int
    lost: int

    def least(self, of: int = 1) -> float:
        """Return the lower bound of the gain in accuracy, in [-1, 1], of several thresholds for all at once.

        Source: Newcombe 1998, Statistics in Medicine 17, 2635, method 10, with Bonferroni.
        """
        confidence = 1 - (1 - CONFIDENCE) / of
        bounds = paired_difference(
            self.usual.successes, self.gained, self.lost, self.usual.trials, confidence=confidence
        )
        return bounds[0]


def choose_threshold(scores: np.ndarray, positive: np.ndarray) -> ChosenThreshold:
    """Return how often answers are right at the best threshold, which each of five folds takes from the other four.

    Args:
        scores: (N,) float64, the probability of class 1, in [0, 1].
        positive: (N,) bool, whether a sample is of class 1.

    Source: Stone 1974, J. Royal Stat. Soc. B 36, 111 (cross-validation).
    """
    usual, chosen = (scores > 0.5) == positive, right_at_best(scores, positive)
    gained, lost = gained_and_lost(usual, chosen)
    return ChosenThreshold(
        value=_best_threshold(scores, positive),
        usual=measure(int(usual.sum()), len(scores)),
        chosen=measure(int(chosen.sum()), len(scores)),
        gained=gained,
        lost=lost,
    )


def right_at_best(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return which answers are right at the best threshold of the other four of five folds, (N,) bool; see `choose_threshold`."""
    folds = folds_of(positive)
    said = np.zeros(len(scores), bool)
    for fold in np.unique(folds):
        held = folds == fold
        said[held] = scores[held] > _best_threshold(scores[~held], positive[~held])
    return np.asarray(said == positive)


def _best_threshold(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the threshold with most right answers: halfway between two scores in their logits, of equals that nearest to 0.5."""
    values, places = np.unique(scores, return_inverse=True)
    bounded = np.clip(values, _LEAST, 1 - _LEAST)
    logits = np.log(bounded) - np.log1p(-bounded)
    ones = np.bincount(places, positive, minlength=len(values))
    zeros = np.bincount(places, ~positive, minlength=len(values))
    # right answers if the first k scores are answered by class 0
    right = np.append(0, np.cumsum(zeros)) + ones.sum() - np.append(0, np.cumsum(ones))
    cuts = np.concatenate([[-np.inf], (logits[1:] + logits[:-1]) / 2, [np.inf]])
    usual = int((logits <= 0).sum())
    cuts[usual] = 0.0  # 0.5 itself stands for all thresholds beside it
    best = np.flatnonzero(right == right.max())
    return float(1 / (1 + np.exp(-cuts[best[np.abs(cuts[best]).argmin()]])))
