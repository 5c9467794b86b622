"""Confidence beside labels: proper scores, answers that are held back and thresholds, of one class and of sets of classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reportgen.analyses.confidence.results import ClassCalibration, LabelledConfidence
from reportgen.measures.calibration import calibrate, chances
from reportgen.measures.outputs import mean_of_samples
from reportgen.measures.ranking import measure_ranking
from reportgen.measures.selective import (
    RiskCoverage,
    brier_of_sets,
    brier_scores,
    by_threshold,
    choose_threshold,
    labels_by_threshold,
    risk_coverage,
)
from reportgen.measures.temperature import Temperature
from reportgen.run import ClassScores, cross_entropy, right_answers, sets_of
from reportgen.samples import Classes, LabelSets

_MOST_CLASSES = 100


def labelled_confidence(
    scores: ClassScores, labels: Classes, temperature: Temperature, name_of: Callable[[int], str], *, seed: int
) -> LabelledConfidence:
    """Return what confidence says about right answers.

    Each class of independent scores is a question by itself, and losses are means over the classes; elsewhere one question has
    one answer. Where labels are sets of classes, each sample has as many answers as there are classes, which depend on one
    another.

    Args:
        scores: N samples' scores for K classes.
        labels: their labels.
        temperature: what the logits must be divided by.
        name_of: gives the name of a class.
        seed: seed of the draws behind what chance gives.
    """
    values, sets = scores.values, sets_of(scores, labels)
    shares = sets.mean(axis=0)
    if scores.independent:
        briers, constant_brier = brier_of_sets(values, sets), float((shares * (1 - shares)).mean())
        losses, constant_loss = cross_entropy(scores, LabelSets(sets)), float(_entropies(shares).mean())
    else:
        briers, constant_brier = brier_scores(values, sets.argmax(axis=1)), float(1 - (shares**2).sum())
        losses = cross_entropy(scores, labels)
        constant_loss = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    several = isinstance(labels, LabelSets)
    surest, right = values.max(axis=1), right_answers(scores, labels)
    classes = _classes(values, sets, name_of, judged=several, seed=seed)
    ranking = None if scores.independent or values.shape[1] != 2 else measure_ranking(values[:, 1], sets[:, 1])
    return LabelledConfidence(
        loss=mean_of_samples(losses),
        constant_loss=constant_loss,
        brier=mean_of_samples(briers),
        constant_brier=constant_brier,
        temperature=temperature,
        classes=classes,
        classwise=float(np.mean([one.error for one in classes])),
        thresholds=() if several else by_threshold(surest, right),
        labels_from=labels_by_threshold(values, sets) if several else (),
        selective=_selective(values, sets) if several else risk_coverage(surest, right),
        two=None if ranking is None else choose_threshold(values[:, 1], sets[:, 1]),
        roc=None if ranking is None else ranking.roc,
    )


def _entropies(shares: np.ndarray) -> np.ndarray:
    """Return the entropy of each class's presence, (K,) in nats."""
    parts = [np.where(share > 0, -share * np.log(np.where(share > 0, share, 1)), 0) for share in (shares, 1 - shares)]
    return np.asarray(sum(parts))


def _selective(values: np.ndarray, sets: np.ndarray) -> RiskCoverage:
    """Return the curve of the answers to all classes together, whether yes or no."""
    samples = np.repeat(np.arange(len(values)), values.shape[1])
    return risk_coverage(np.maximum(values, 1 - values).ravel(), ((values > 0.5) == sets).ravel(), samples=samples)


def _classes(
    values: np.ndarray, sets: np.ndarray, name_of: Callable[[int], str], *, judged: bool, seed: int
) -> tuple[ClassCalibration, ...]:
    """Return the calibration of the classes with samples, those that disagree most first; judged with another threshold each."""
    found = []
    occurring = np.flatnonzero(sets.any(axis=0))[:_MOST_CLASSES]
    by_chance = chances(values[:, occurring], seed=seed)
    for index, chance in zip(occurring.tolist(), by_chance.tolist(), strict=True):
        probabilities, present = values[:, index], sets[:, index]
        own = calibrate(probabilities, present, seed=seed, chance=chance)
        ranking = measure_ranking(probabilities, present) if judged else None
        found.append(
            ClassCalibration(
                name=name_of(index),
                said=own.confidence,
                share=float(present.mean()),
                error=own.error,
                chance=own.chance,
                threshold=None if ranking is None else choose_threshold(probabilities, present),
                roc=None if ranking is None else ranking.roc,
            )
        )
    return tuple(sorted(found, key=lambda one: one.chance - one.error))
